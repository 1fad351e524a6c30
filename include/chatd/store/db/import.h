/*
 * Filling an empty database with the records of an export (transfer.h).
 *
 * All of it is one transaction, with the full-text index: the database has everything or nothing.
 * The file may be anybody's: each line is checked before its record is taken.
 */
#ifndef CHATD_STORE_DB_IMPORT_H
#define CHATD_STORE_DB_IMPORT_H

#include "chatd/store/db/error.h"

#include <stdint.h>

struct import;
struct store;

struct import_result {
	uint64_t lines, rooms, accounts, records; /* taken; records: of all kinds, without the header */
	bool blames_file;        /* what failed is the file, and not the database or its disk */
};

/* Begins one, into a store that was opened to write. *result is written to until it ends. NULL: err
 * says why: the database has something already, or belongs to a cluster, or cannot be written to. */
struct import *import_begin(struct store *s, struct import_result *result, struct store_error *err);

/* Takes a line of the file, of n bytes without its end. False: err says what is wrong with it; nothing
 * more can be taken. */
bool import_line(struct import *i, const char *line, size_t n, struct store_error *err);

/* Ends it after the last line, and frees it: builds the index and commits. progress is called now
 * and then with how much of the index is built, 0 to 100; may be NULL. False: err says why, and the
 * database is as it was. */
bool import_end(struct import *i, void (*progress)(void *ctx, unsigned percent), void *ctx,
                struct store_error *err);

/* Ends it without a result, and frees it: the database is as it was. NULL is fine. */
void import_abort(struct import *i);

#endif
