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

/* Completes the line that s is typing with chatd's editor as far as it is clear how; if that adds nothing,
 * a second Tab lists what there is. Takes bytes out of the buckets of s (rate_limit.h) for each name that
 * is looked at. */
void complete_line(struct chat *c, struct session *s);

#endif
