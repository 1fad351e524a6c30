/*
 * Rooms that end: removed by somebody who keeps order, or silent for too long.
 *
 * With a room goes all that belongs to it: lines, settings, grants, bans. Reports of its lines
 * stay, for they are evidence.
 */
#ifndef CHATD_CORE_ROOMS_ROOM_END_H
#define CHATD_CORE_ROOMS_ROOM_END_H

#include "chatd/core/state.h"

/* r, which is not the lobby, goes; who is in it is put out, to the lobby. by: the nick of who wants
 * it so. There may be many of them, so it happens in this step (room_end_run) or in the next. */
void room_end_mark(struct chat *c, struct room *r, const char *by);
void room_end_run(struct chat *c);

/* The account of that key and nick, which owned r, goes, and nobody owns r now: what it decided ends
 * with it (that r is permanent, an offer of it), for nobody else could. So does r, if nobody is
 * there and nothing of it is kept. That r is closed stays: what was said there was not for all. */
void room_end_ownerless(struct chat *c, struct room *r, const struct account *owner);

/* For how many days without a line r stays; 0: for good. */
uint32_t room_end_days(const struct chat *c, const struct room *r);

/* Those that are marked, and those that have been silent for too long. */
void room_end_tick(struct chat *c);
int64_t room_end_due_ms(const struct chat *c);

#endif
