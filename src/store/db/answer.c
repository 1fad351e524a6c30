/*
 * The answer under construction.
 *
 * It is made in three growing pieces (the rows, where their strings start, the strings) and gets
 * its pointers at the end, when nothing moves any more.
 */
#include "chatd/store/db/answer.h"

#include "chatd/base/bounds.h"
#include "chatd/base/log.h"
#include "chatd/store/db/state.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
	UNDO_COLUMN = 6,   /* of the audit's rows: what an action has changed */
};

struct answer *answer_new(const struct query *q)
{
	struct answer *a = mem_zero(1, sizeof(*a));
	a->rows.kind = q->kind;
	a->rows.conn = q->conn;
	a->rows.number = q->number;
	return a;
}

static void answer_grow(struct answer *a)
{
	if (a->rows.n < a->cap)
		return;
	a->cap = a->cap ? a->cap * 2 : 32;
	a->row = mem_resize(a->row, a->cap * sizeof(*a->row));
	a->at = mem_resize(a->at, a->cap * sizeof(*a->at));
}

static size_t answer_text(struct answer *a, const char *p, size_t n)
{
	size_t at = a->text.len;
	bytes_append(&a->text, p ? p : "", n);
	bytes_append(&a->text, "", 1);
	return at;
}

/* Only other programs could have written longer strings there. */
static size_t answer_column(struct answer *a, struct store *s, sqlite3_stmt *st, int column,
                            size_t bytes_max)
{
	const char *p = db_text(&s->db, st, column);
	return answer_text(a, p, p ? strnlen(p, bytes_max) : 0);
}

/* The rows of one answer are usually from one room, whose name is kept once. */
static size_t answer_room_name(struct answer *a, struct store *s, uint32_t room)
{
	if (a->rows.n > 0 && a->row[a->rows.n - 1].room == room)
		return a->at[a->rows.n - 1].room_name;
	sqlite3_stmt *st = db_stmt(&s->db, SQL_ROOM_NAME);
	if (!st)
		return answer_text(a, "", 0);
	sqlite3_bind_int64(st, 1, room);
	size_t at = db_step(&s->db, st) == SQLITE_ROW ? answer_column(a, s, st, 0, NAME_BYTES_MAX)
	                                            : answer_text(a, "", 0);
	sqlite3_reset(st);
	return at;
}

bool answer_add(struct answer *a, struct store *s, sqlite3_stmt *st, bool hit)
{
	const char *body = db_text(&s->db, st, 5);
	size_t bytes = body ? strnlen(body, BODY_BYTES_MAX) : 0;
	if (a->rows.n >= ROWS_MAX || (a->rows.n && a->body_bytes + bytes > ROWS_BYTES_MAX)) {
		a->rows.more = true;
		return false;
	}
	answer_grow(a);
	struct row *r = &a->row[a->rows.n];
	struct answer_at *at = &a->at[a->rows.n];
	r->id = (uint64_t)sqlite3_column_int64(st, 0);
	r->time_ms = sqlite3_column_int64(st, 1);
	r->kind = (enum record_kind)sqlite3_column_int(st, 2);
	r->room = (uint32_t)sqlite3_column_int64(st, 3);
	r->unread.lines = r->unread.mentions = 0;
	if (a->rows.kind == QUERY_SEARCH)
		r->hit = hit;
	bool act = a->rows.kind == QUERY_AUDIT;
	at->room_name = act ? answer_text(a, "", 0) : answer_room_name(a, s, r->room);
	at->changed = act ? answer_column(a, s, st, UNDO_COLUMN, UNDO_BYTES_MAX + 64) : 0;
	at->sender = answer_column(a, s, st, 4, NAME_BYTES_MAX);
	at->body = answer_column(a, s, st, 5, BODY_BYTES_MAX);
	a->body_bytes += bytes;
	a->rows.n++;
	return true;
}

void answer_set_unread(struct answer *a, uint32_t lines, uint32_t mentions)
{
	a->row[a->rows.n - 1].unread.lines = lines;
	a->row[a->rows.n - 1].unread.mentions = mentions;
}

void answer_set_more(struct answer *a)
{
	a->rows.more = true;
}

void answer_set_unindexed(struct answer *a, uint8_t percent)
{
	a->rows.search.unindexed = percent;
}

void answer_fail(struct answer *a, const char *fmt, ...)
{
	if (a->error)
		return;
	struct bytes b = { 0 };
	va_list ap;
	va_start(ap, fmt);
	bytes_vprintf(&b, fmt, ap);
	va_end(ap);
	a->error = b.data;
	a->rows.error = a->error;
}

void answer_broken(struct answer *a, struct store *s, const char *too_long)
{
	int rc = s->db.error ? s->db.error : sqlite3_errcode(s->db.sqlite);
	if ((rc & 0xff) == SQLITE_INTERRUPT) {
		a->late = true;
		answer_fail(a, "%s", too_long);
		return;
	}
	log_warnx("a query failed: %s", sqlite3_errstr(rc));
	answer_fail(a, "The history cannot be read right now.");
}

void answer_reverse(struct answer *a)
{
	for (size_t i = 0, j = a->rows.n; i + 1 < j; i++) {
		j--;
		struct row r = a->row[i];
		a->row[i] = a->row[j];
		a->row[j] = r;
		struct answer_at at = a->at[i];
		a->at[i] = a->at[j];
		a->at[j] = at;
	}
}

void answer_finish(struct answer *a)
{
	if (a->error)
		a->rows.n = 0; /* half an answer is no answer */
	for (size_t i = 0; i < a->rows.n; i++) {
		a->row[i].room_name = a->text.data + a->at[i].room_name;
		a->row[i].sender = a->text.data + a->at[i].sender;
		a->row[i].body = a->text.data + a->at[i].body;
		a->row[i].changed = a->rows.kind == QUERY_AUDIT ? a->text.data + a->at[i].changed : NULL;
	}
	a->rows.row = a->row;
}

static void secret_free(char *p)
{
	if (p)
		explicit_bzero(p, strlen(p));
	free(p);
}

static void strings_free(struct rows *rows)
{
	const char **string[ROWS_STRINGS_MAX];
	size_t n = rows_strings(rows, string);
	for (size_t i = 0; i < n; i++)
		secret_free((char *)(uintptr_t)*string[i]);
}

void rows_release(struct rows *rows)
{
	if (!rows)
		return;
	struct answer *a = (struct answer *)rows;
	free(a->row);
	free(a->at);
	bytes_release(&a->text);
	free(a->error);
	strings_free(rows);
	free(a);
}

struct rows *rows_sorry(const struct query *q, const char *sentence)
{
	struct answer *a = answer_new(q);
	answer_fail(a, "%s", sentence);
	answer_finish(a);
	return &a->rows;
}

struct rows *rows_of(const struct query *q, const struct rows *what)
{
	struct answer *a = answer_new(q);
	const char **string[ROWS_STRINGS_MAX];
	size_t n;
	a->rows = *what;
	a->rows.kind = q->kind;
	a->rows.conn = q->conn;
	a->rows.number = q->number;
	n = rows_strings(&a->rows, string);
	for (size_t i = 0; i < n; i++)
		*string[i] = mem_strdup(*string[i]);
	return &a->rows;
}
