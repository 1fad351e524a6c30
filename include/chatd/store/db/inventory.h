/*
 * What is in a database, for people who list it and for programs: numbers, rooms, actions, read marks.
 * Facts are read with store_facts, lines with store_export.
 *
 * For a connection from outside.h. Strings are borrowed for the call. False: err says why.
 */
#ifndef CHATD_STORE_DB_INVENTORY_H
#define CHATD_STORE_DB_INVENTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/store/db/erase_sender.h"
#include "chatd/store/db/error.h"

struct store;

struct inventory_numbers {
	uint64_t lines, rooms, actions; /* of actions: the audit's records */
	int64_t first_ms, last_ms; /* when the oldest and the newest line were said; 0: there is none */
	uint64_t database_bytes, wal_bytes; /* of the files */
	uint64_t unindexed;      /* lines that are not in the full-text index yet */
};
bool inventory_numbers(struct store *s, struct inventory_numbers *n, struct store_error *err);

struct inventory_room {
	uint32_t number;
	const char *name, *topic;
	uint64_t lines;
	int64_t last_ms;         /* when its newest line was said; 0: it has none */
};
bool inventory_rooms(struct store *s, void (*each)(void *ctx, const struct inventory_room *r), void *ctx,
                     struct store_error *err);

struct inventory_action {
	uint64_t id;
	int64_t time_ms;
	const char *who, *what;
};
/* From the oldest to the newest. */
bool inventory_actions(struct store *s, void (*each)(void *ctx, const struct inventory_action *a),
                       void *ctx, struct store_error *err);

struct inventory_mark {
	const char *room;        /* its name */
	uint64_t last_id;        /* what was seen up to */
};
bool inventory_marks(struct store *s, const char *key,
                     void (*each)(void *ctx, const struct inventory_mark *m), void *ctx,
                     struct store_error *err);

/* Counts what was said under the name with this key up to the line up_to; 0: before before_ms (since the
 * epoch). Looks through all these lines. */
bool inventory_said(struct store *s, store_same *same, const char *key, uint64_t up_to, int64_t before_ms,
                    uint64_t *lines, struct store_error *err);

#endif
