/*
 * What a database has, as text for people or as records for another chatd (transfer.h).
 */
#ifndef CHATD_STORE_DB_EXPORT_H
#define CHATD_STORE_DB_EXPORT_H

#include "chatd/store/db/erase_sender.h"
#include "chatd/store/db/error.h"

#include <stdint.h>

struct store;

struct export_wish {
	bool text;               /* lines as the chat log has them (chatlog.h); otherwise JSON Lines */
	const char *room_key;    /* only that room's lines; NULL: those of all rooms */
	bool since;              /* only lines said at since_ms (since the epoch) or later */
	int64_t since_ms;
	const char *sender_key;  /* only what was said under the name with this key, without a header
	                          * and an end, and with the name of the room instead of its number;
	                          * NULL: by everybody */
	uint64_t after_id;       /* only lines with greater ids */
	store_same *same;        /* what a name and a key have to do with each other */
	const char *by;          /* "chatd 1.2.3", for the header */
	int64_t now_ms;          /* since the epoch, likewise */
	/* Takes n bytes, whole lines; may wait as long as it wants to: nothing of the database is held
	 * meanwhile. False: nothing more can be written. */
	bool (*write)(void *ctx, const char *p, size_t n);
	/* Is called now and then; percent 0 to 100. May be NULL. */
	void (*progress)(void *ctx, uint64_t lines, unsigned percent);
	void *ctx;               /* of both */
};

enum export_end {
	EXPORT_DONE,
	EXPORT_UNWRITTEN,        /* write said no */
	EXPORT_FAILED,           /* err says why */
};

struct export_result {
	uint64_t lines;          /* exported */
	uint64_t mended;         /* texts that were not UTF-8, in which U+FFFD stands for what was not */
};

/*
 * Exports the database of a connection from outside.h. Memory is bounded, whatever the database has.
 *
 * All but the lines is of one moment, and no line is of a later one. That is copied first, in one
 * read transaction, to a file without a name next to the database; the lines are then read in ranges
 * of their ids, each in a short transaction of its own. So however slowly the result is taken, a
 * running chatd can start its WAL again. Lines and rooms that are deleted meanwhile may be missing.
 */
enum export_end store_export(struct store *s, const struct export_wish *w, struct export_result *r,
                             struct store_error *err);

#endif
