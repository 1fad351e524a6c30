/*
 * The records of an export, which an import takes: one table for both directions.
 *
 * A file is JSON Lines: an object in each line, whose member "kind" says which of these it is. It
 * begins with a header and ends with "end", and rooms come before their lines. docs/data.md
 * describes it for people; tests/check/docs-check holds that against this table.
 */
#ifndef CHATD_STORE_DB_TRANSFER_H
#define CHATD_STORE_DB_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TRANSFER_VERSION = 1,    /* of the format; a file with another one is refused */
	TRANSFER_MEMBERS = 7,    /* of a record at most, without "kind" */
	TRANSFER_NAME_BYTES_MAX = 64, /* of a member's name, */
};

#define TRANSFER_NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789_-" /* which is made of these */

#define TRANSFER_FORMAT "chatd-export"
#define TRANSFER_WHOLE "whole" /* the header's "scope": everything that a database has, */
#define TRANSFER_PART "lines"  /* or lines and their rooms alone, which is not imported */

enum transfer_type {
	TRANSFER_NONE,           /* ends a record's members */
	TRANSFER_TEXT,           /* a text of least to most bytes */
	TRANSFER_NUMBER,         /* a whole number from least to most */
	TRANSFER_FIELDS,         /* a fact's value (fields.h), as an object of texts; or as one text, if
	                          * it is not of that form. Of least to most bytes in the database */
};

struct transfer_member {
	const char *name;
	enum transfer_type type;
	int64_t least, most;
};

struct transfer_kind {
	const char *name;        /* the member "kind" */
	const char *select;      /* its rows, in columns as its members; NULL: it has none of its own */
	const char *insert;      /* one row, with parameters as its members; NULL: it has none */
	const char *misfit;      /* why that may insert nothing: text behind "kind NAME: "; NULL: never */
	struct transfer_member member[TRANSFER_MEMBERS + 1];
};

/* All kinds in the order of an export; the last has name NULL. */
extern const struct transfer_kind transfer_kinds[];

enum {
	TRANSFER_KINDS_MAX = 20,
	/* Those that are more than a row of a table. */
	TRANSFER_HEADER = 0,     /* first in transfer_kinds, and in a file */
	TRANSFER_META,           /* numbers of the database itself */
	TRANSFER_ROOM,
};

/* A number in `meta` that is about the machine and not about the data: it is not exported, and one in a
 * file, as earlier versions wrote them, is passed over. */
bool transfer_is_of_machine(const char *name);

/* Its place in transfer_kinds; -1: there is none of that name. */
int transfer_find(const char *name);

#endif
