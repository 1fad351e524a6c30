/*
 * Old lines go, and those beyond the most that a room may have.
 */
#ifndef CHATD_STORE_DB_PRUNE_H
#define CHATD_STORE_DB_PRUNE_H

#include "chatd/store/db/error.h"

#include <stdint.h>

struct store;

/*
 * Counts the lines of rooms which nobody has counted since the start, at most so
 * many of them; reads only, in no transaction. Lines may be saved between two
 * calls. Returns 1 where there is more to count, 0 where all is counted, -1 on error.
 */
int store_count(struct store *s, int lines, struct store_error *err);

/*
 * Deletes, in one transaction, up to rows lines that are older than before_ms
 * or beyond the newest lines_per_room of their room (0: no such limit; a room
 * that store_count has not counted is left as it is), and calls emptied for each
 * room that has no line left. For a room that says so itself, its own days and
 * lines count in place of these. Returns how many lines went, -1 on error; fewer
 * than rows means that nothing is left to do. (Where it had to look at very many
 * lines that are kept it returns rows, so that it is called again.)
 */
int store_prune(struct store *s, int64_t before_ms, uint64_t lines_per_room, int rows,
                void (*emptied)(void *ctx, uint32_t room), void *ctx, struct store_error *err);

#endif
