/*
 * What terminal a person has, by what their client says (telnet.h) and what they have set, and how lines
 * are shown on it.
 */
#ifndef CHATD_CORE_ENTRY_TERMINAL_H
#define CHATD_CORE_ENTRY_TERMINAL_H

#include <stdbool.h>

struct chat;
struct preferences;
struct session;

/* s wants chatd's editor, or does not want it any more, and is told what comes of that: at once, or when its
 * client has answered. */
void terminal_wish(struct chat *c, struct session *s, bool editor);

/* How s wants lines shown, or edited, may have changed: gives it chatd's editor and a view, or takes them
 * away. */
void terminal_update(struct chat *c, struct session *s);

/* What s has set (preferences.h) has changed. */
void terminal_preferred(struct chat *c, struct session *s);

/* Fills what s has not set with what holds instead. width 0 and zone "" stay: there is none, or it is the
 * server's. */
void terminal_in_force(const struct session *s, struct preferences *p);

/* Its client has answered, or what is known of it has changed. */
void terminal_answered(struct chat *c, struct session *s);

#endif
