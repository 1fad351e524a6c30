/*
 * What went wrong, for the operator: what happened, and what to do.
 */
#ifndef CHATD_STORE_DB_ERROR_H
#define CHATD_STORE_DB_ERROR_H

#include <stdbool.h>
#include <stddef.h>

struct store_error {
	char text[512];          /* the cause; and behind "; " the advice, if there is one */
	size_t advice;           /* where in the text the advice begins; 0: there is none */
	bool lasting;            /* it does not go away by itself: another start would fail the same
	                          * way */
	bool in_use;             /* another chatd has the database open */
};

/* Formats the text, cut at its size and made safe for a terminal: SQLite's own messages quote the
 * contents of the file. There is no advice then, and lasting and in_use become false. */
void store_error_set(struct store_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds what to do about it. An error has one advice at most. */
void store_error_advise(struct store_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The cause alone, or the advice alone; NULL: there is no advice. To be freed. */
char *store_error_cause(const struct store_error *err);
char *store_error_advice(const struct store_error *err);

/* The error of a database that another chatd has open. */
void store_error_set_in_use(struct store_error *err, const char *path);

#endif
