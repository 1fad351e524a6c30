/*
 * The first moment of a connection.
 *
 * A client that connects over a network gets the banner when it has sent something, or after
 * GREETING_MS: a client of another protocol speaks first and at once, and an answer in that protocol
 * must have nothing before it.
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

/* Sends the banner and the first prompt, unless they were sent. */
void greeting_now(struct chat *c, struct session *s);

/* The first bytes of s have come. True: they are another protocol's; s has been told in that protocol,
 * and has ended. */
bool greeting_probe(struct chat *c, struct session *s, const char *in, size_t n);

/* The same for a line of s that is about to be taken for its name. */
bool greeting_probe_line(struct chat *c, struct session *s, const char *line, size_t n);

/* Banners that are due. */
void greeting_tick(struct chat *c);
int64_t greeting_due_ms(const struct chat *c);

#endif
