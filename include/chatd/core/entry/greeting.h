/*
 * The first moment of a connection.
 *
 * Who comes over a network reads the banner when it has sent something, or after GREETING_MS:
 * what speaks another protocol speaks first and at once, and an answer of that protocol must
 * have nothing before it.
 */
#ifndef CHATD_CORE_ENTRY_GREETING_H
#define CHATD_CORE_ENTRY_GREETING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chat;
struct session;

/* s is new, and (unless it is the host) the last in unnamed_sessions.login; user is its login name if it is a
 * user of the host, or NULL. */
void greeting_begin(struct chat *c, struct session *s, const char *user);

/* The banner and the first prompt, unless it has read them. */
void greeting_now(struct chat *c, struct session *s);

/* The first bytes of s have come, or more. True: it took us for something else, was told so in
 * its own way, and has ended. */
bool greeting_probe(struct chat *c, struct session *s, const char *in, size_t n);

/* A line of s that is about to be taken for its name. True: as before. */
bool greeting_probe_line(struct chat *c, struct session *s, const char *line, size_t n);

/* Banners that are due. */
void greeting_tick(struct chat *c);
int64_t greeting_due_ms(const struct chat *c);

#endif
