/*
 * Rooms and accounts that go for good: removed by an administrator, or rooms silent for too long.
 *
 * With a room goes all that belongs to it: lines, settings, grants, bans. Reports of its lines
 * stay, for they are evidence.
 */
#ifndef CHATD_CORE_ROOMS_REMOVAL_H
#define CHATD_CORE_ROOMS_REMOVAL_H

#include <stdbool.h>
#include <stdint.h>

struct account;
struct chat;
struct room;

/* Part of struct chat. */
struct room_removal {
	uint32_t ndoomed;           /* rooms that are about to be removed, and were not yet */
	bool clock_doubted;         /* what goes because it is old waits */
	int64_t due_ms;             /* when silent rooms are looked for next; 0: no event was yet */
	int64_t ahead_ms;           /* so much was wall_ms ahead of now_ms at the last look */
};

/* Marks r, which is not the lobby, to be removed; its members move to the lobby. by: the nick of the
 * person who removes it. There may be many members, so it may take several steps (removal_run). */
void removal_mark(struct chat *c, struct room *r, const char *by);
void removal_run(struct chat *c);

/* Deletes it, in the store too; a session that is signed in to it becomes a guest of that name. */
void account_drop(struct chat *c, struct account *a);

/* How many days without a line r is kept; 0: for good. */
uint32_t removal_days(const struct chat *c, const struct room *r);

/* Those that are marked, and those that have been silent for too long. */
void removal_tick(struct chat *c);
int64_t removal_due_ms(const struct chat *c);

#endif
