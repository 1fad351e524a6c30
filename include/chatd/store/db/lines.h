/*
 * Lines in the database, for the store's files that read or delete them.
 */
#ifndef CHATD_STORE_DB_LINES_H
#define CHATD_STORE_DB_LINES_H

#include "chatd/core/event.h"

struct sqlite3_stmt;
struct store;

/* Binds a range of a room's lines to SQL_LINES_FIRST or SQL_LINES_LAST, unbounded in time. */
void lines_bind_range(struct sqlite3_stmt *st, uint32_t room, uint64_t after_id, uint64_t before_id,
                      uint32_t limit);

/* Counts the lines in the ranges, up to MISSED_MAX, without those of nick, which may also end at a
 * line end. The second function uses a statement that takes from, to and a bound as its parameters
 * 2 to 4. -1: error. */
int64_t lines_count(struct store *s, uint32_t room, const char *nick, const struct ranges *in);
int64_t lines_count_by(struct store *s, struct sqlite3_stmt *st, const struct ranges *in);

/* In the order in which they should be deleted: FTS5 ends a part of the index wherever a line comes before the last one. */
void lines_sort(int64_t *id, int n);
/* Deletes a line and its index entry, within the open transaction. Returns its room; 0: there is no
 * such line, or not in `room` (0: in any); -1: error. */
int64_t lines_delete(struct store *s, uint64_t id, uint32_t room);

/* The rooms that lost lines, each once, *n of them; and those of them that have none left. */
void lines_note_room(uint32_t *room, int *n, uint32_t one);
bool lines_filter_empty_rooms(struct store *s, uint32_t *room, int *n);

#endif
