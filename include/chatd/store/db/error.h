/*
 * What went wrong, as a sentence for the operator: what happened, and what to do.
 */
#ifndef CHATD_STORE_DB_ERROR_H
#define CHATD_STORE_DB_ERROR_H

#include <stdbool.h>

struct store_error {
	char text[512];
	bool lasting;            /* it does not go away by itself: another start would fail the same
	                          * way */
	bool in_use;             /* another chatd has the database open */
};

/* Formats the text, cut at its size and made safe for a terminal: SQLite's own messages quote the
 * contents of the file. lasting and in_use become false. */
void store_error_set(struct store_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The error of a database that another chatd has open. */
void store_error_set_in_use(struct store_error *err, const char *path);

#endif
