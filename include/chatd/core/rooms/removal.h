/*
 * Removing rooms and accounts for good: by /remove, or rooms that have been silent for too long.
 *
 * Everything that belongs to a room is removed with it: lines, settings, roles, bans. Reports of
 * its lines stay, because they are evidence.
 */
#ifndef CHATD_CORE_ROOMS_REMOVAL_H
#define CHATD_CORE_ROOMS_REMOVAL_H

#include <stdbool.h>
#include <stdint.h>

struct account;
struct chat;
struct room;

/* Part of struct chat: rooms that are to be removed. */
struct room_removal {
	uint32_t ndoomed;           /* rooms that are marked, but not removed yet */
	bool clock_doubted;         /* the host's clock may be wrong: nothing is removed for its age */
	int64_t due_ms;             /* when a single chatd looks for silent rooms next; 0: before the first event */
	int64_t ahead_ms;           /* wall_ms - now_ms at the last look */
};

/* Marks r, which must not be the lobby, to be removed; its members move to the lobby. by: the nick
 * of the person who removes it. removal_run does the work, in several steps if there are many
 * members. */
void removal_mark(struct chat *c, struct room *r, const char *by);
void removal_run(struct chat *c);

/* Deletes the account, in the store too; a session that is signed in to it becomes a guest of the
 * same name. */
void account_drop(struct chat *c, struct account *a);

/* How many days r is kept without a line; 0: forever. */
uint32_t removal_days(const struct chat *c, const struct room *r);

/* Removes rooms that are marked, and those that have been silent for too long. */
void removal_tick(struct chat *c);
/* In a cluster: looks for those at the first act of each minute, so that all nodes do at the same one, whenever they have
 * started. before_ms: the time of the act before. */
void removal_act(struct chat *c, int64_t before_ms);
int64_t removal_due_ms(const struct chat *c);

#endif
