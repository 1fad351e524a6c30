/*
 * Tab: what the word before the cursor can become.
 *
 * A command, or what its usage takes at that place (usage.h); elsewhere the name of somebody in the room.
 * Nobody is told of people, rooms or commands that they may not know of.
 */
#ifndef CHATD_CORE_COMPLETE_H
#define CHATD_CORE_COMPLETE_H

struct chat;
struct session;

/* Completes the line that s is typing in chatd's editor as far as there is only one way to go on; if that
 * adds nothing, a second Tab lists the candidates. Each Tab takes a few bytes out of the buckets of s
 * (rate_limit.h), and more for every name that it looks at. */
void complete_line(struct chat *c, struct session *s);

#endif
