/*
 * Answers to queries: rows of lines, or a text, or a sentence that says why there is no answer.
 */
#ifndef CHATD_STORE_DB_ANSWER_H
#define CHATD_STORE_DB_ANSWER_H

#include "chatd/base/bytes.h"
#include "chatd/core/event.h"

struct sqlite3_stmt;
struct store;

/* Releases an answer and clears its texts, which may be secrets. NULL is fine. */
void rows_release(struct rows *rows);

/* An answer to q that only says why there is none. */
struct rows *rows_sorry(const struct query *q, const char *sentence);
/* An answer to q without lines: what the union of `what` says, with copies of the strings. */
struct rows *rows_of(const struct query *q, const struct rows *what);

/* -- an answer while it is made, by query.c and search.c ------------------------------- */

/* Where a row's strings start in the answer's text. */
struct answer_at {
	size_t room_name, sender, body, changed;
};

/* An answer that is being filled; its rows are valid once answer_finish was called. */
struct answer {
	struct rows rows;        /* first, so that rows_release can free the rest */
	struct row *row;         /* cap of them */
	struct answer_at *at;    /* cap of them */
	size_t cap;              /* rows allocated */
	struct bytes text;       /* all strings, NUL-terminated */
	size_t body_bytes;       /* bytes of bodies taken */
	bool late;               /* true if it was broken off because it took too long */
	char *error;             /* what rows.error points to */
};

/* An empty answer to q. Giving its rows to rows_release frees it. */
struct answer *answer_new(const struct query *q);
/* Copies the line in st's current row (columns as in SQL_LINES_FIRST). False: the answer is full,
 * nothing was added, and rows.more is set. */
bool answer_add(struct answer *a, struct store *s, struct sqlite3_stmt *st, bool hit);
void answer_set_more(struct answer *a);
/* Notes that this percentage of all lines was not searched (rows.search.unindexed). */
void answer_set_unindexed(struct answer *a, uint8_t percent);
/* Sets the counts of unread lines in the row added last. */
void answer_set_unread(struct answer *a, uint32_t lines, uint32_t mentions);
/* Reverses the order of the rows. */
void answer_reverse(struct answer *a);
/* Makes it an answer that only says why there is none; the first reason counts. */
void answer_fail(struct answer *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same after a step ended with an error, worded for the person who asked. */
void answer_broken(struct answer *a, struct store *s, const char *too_long);
/* Ends the filling: sets the pointers in rows. */
void answer_finish(struct answer *a);

#endif
