/*
 * "chatd export" and "chatd import": a database's contents to standard output, and from a file.
 */
#ifndef CHATD_PROGRAM_TRANSFER_FILE_H
#define CHATD_PROGRAM_TRANSFER_FILE_H

#include "chatd/program/admin_db.h"
#include "chatd/program/options.h"
#include "chatd/store/db/export.h"

struct store;

/* Exports what the options say. False: stderr says why not all of it was written. */
bool transfer_export(const struct conf *c, const struct admin_db *p, const struct options *o);

/* Imports the file ("-": standard input). Returns an exit status; STATUS_DATA: the file is wrong. */
int transfer_import(const struct conf *c, const struct admin_db *p, const char *file);

/* Writes `first`, and then what the wish says; its write, progress and ctx are set here. False: as
 * above. */
bool transfer_write(struct store *s, struct export_wish *wish, const struct bytes *first);

#endif
