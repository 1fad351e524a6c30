/*
 * What a store consists of: a part for each module, declared in that module's header.
 *
 * The modules from top to bottom; each calls only those below it:
 *
 *	export, import, inventory, integrity    for commands on a database
 *	outside          a connection of a program that is not the chatd
 *	store            opening, closing, what a start reads
 *	recovery         a database that was removed is rebuilt
 *	connect          a connection made ready, exchanged, interrupted
 *	query            answers: ranges, the audit, sizes
 *	search, backup   the answers that take long
 *	answer           an answer while it is made
 *	save             records
 *	prune, erase_sender, remove_room    what goes, in steps
 *	retention        may old lines go?
 *	room_retention, wipe
 *	lines            ranges and deleting
 *	cluster          a position, and whose it is
 *	index            the full-text index
 *	schema, lines_table, wal_mark, location, checkpoint
 *	index_parts      merging the index
 *	transaction      begin, commit, errors
 *	db               a connection and its statements
 *	known_rooms, files, statements, tokenizer, transfer, wal_frames
 *	error
 *
 * Private to src/store/db.
 */
#ifndef CHATD_STORE_DB_STATE_H
#define CHATD_STORE_DB_STATE_H

#include "chatd/store/db/connect.h"
#include "chatd/store/db/db.h"
#include "chatd/store/db/erase_sender.h"
#include "chatd/store/db/index.h"
#include "chatd/store/db/known_rooms.h"
#include "chatd/store/db/lines_table.h"
#include "chatd/store/db/location.h"
#include "chatd/store/db/remove_room.h"
#include "chatd/store/db/retention.h"
#include "chatd/store/db/room_retention.h"
#include "chatd/store/db/transaction.h"
#include "chatd/store/db/wal_mark.h"
#include "chatd/store/db/wipe.h"

struct store {
	struct db db;            /* the connection */
	int lock_fd;             /* the database file under flock(2); -1: none. Closing it would
	                          * drop SQLite's own locks, so it is closed after the database */
	bool made;               /* it created its file, and nobody had used that before */
	struct location location; /* the location of its files */
	struct query_bounds bounds; /* bounds of the running query, for a connection that reads */
	int wal_copied;          /* pages of the WAL that were copied at its last checkpoint */
	bool writer;             /* true for the connection that writes; all fields below are only
	                          * for that */
	int wal_pages;           /* pages in the WAL as of the last commit */
	struct transaction transaction;
	struct known_rooms rooms;
	struct lines_table lines_table;
	struct fulltext_index index;
	struct room_retentions room_retentions;
	struct retention retention;
	struct removal removal;
	struct erasure erasure;
	struct wipe wipe;
	struct wal_mark wal_mark;
};

#endif
