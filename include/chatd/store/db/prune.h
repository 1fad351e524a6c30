/*
 * Deleting old lines, and those beyond a room's limit.
 */
#ifndef CHATD_STORE_DB_PRUNE_H
#define CHATD_STORE_DB_PRUNE_H

#include "chatd/store/db/error.h"

#include <stdint.h>

struct store;

/*
 * Counts lines of rooms that were not counted since the start, at most `lines` of them; only reads,
 * outside of any transaction. Lines may be saved between two calls. Returns 1 if there is more to
 * count, 0 if all is counted, -1 on error.
 */
int store_count(struct store *s, int lines, struct store_error *err);

/*
 * Deletes, in one transaction, up to rows lines that are older than before_ms or beyond the newest
 * lines_per_room of their room (0: no such limit; a room that store_count has not counted is left
 * alone), and calls emptied for each room that has no lines left. A room's own settings for days
 * and lines take precedence. Returns how many lines it deleted, -1 on error; fewer than rows means
 * that nothing is left to do. (If it had to look at very many lines that are kept, it returns rows,
 * so that it is called again.)
 */
int store_prune(struct store *s, int64_t before_ms, uint64_t lines_per_room, int rows,
                void (*emptied)(void *ctx, uint32_t room), void *ctx, struct store_error *err);

#endif
