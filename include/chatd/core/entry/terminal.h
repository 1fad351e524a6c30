/*
 * What terminal a person has: negotiated by telnet, or asked for, and how lines are shown on it.
 */
#ifndef CHATD_CORE_ENTRY_TERMINAL_H
#define CHATD_CORE_ENTRY_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

struct chat;
struct session;

/* s has come to a port where chatd speaks telnet: asks what its client can do. It is greeted once that is
 * known, or after TELNET_ASK_MS. */
void terminal_begin(struct chat *c, struct session *s);

/* What is known of the client of s has changed. */
void terminal_told(struct chat *c, struct session *s);

/* s wants chatd's editor, or does not want it any more, and is told what comes of that: at once, or when its
 * client has answered. */
void terminal_wish(struct chat *c, struct session *s, bool editor);

/* How s wants lines shown, or edited, may have changed: gives it chatd's editor and a view, or takes them
 * away. */
void terminal_update(struct chat *c, struct session *s);

/* Clients that have not answered in time. */
void terminal_tick(struct chat *c);
int64_t terminal_due_ms(const struct chat *c);

#endif
