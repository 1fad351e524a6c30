/*
 * Lines on their way into the database, as a table that SQL can read.
 */
#ifndef CHATD_STORE_DB_LINES_TABLE_H
#define CHATD_STORE_DB_LINES_TABLE_H

#include "chatd/core/event.h"

struct store;

/* What the table `lines` shows. */
struct lines_table {
	const struct record *record; /* n of them, borrowed */
	size_t n;                /* more than 0 only within store_save */
};

/* Lets SQL read s->lines_table as a table of the name `lines`. */
bool lines_table_make(struct store *s);

#endif
