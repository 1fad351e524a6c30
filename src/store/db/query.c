/*
 * Answers to queries, except search.c's.
 *
 * An answer is made in three growing pieces (the rows, where their strings
 * start, the strings) and gets its pointers at the end, when nothing moves any
 * more. A query reads in one transaction, so its parts agree with each other.
 */
#include "chatd/store/db/store_db.h"

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/store/db/clock.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
	UNDO_COLUMN = 6,   /* of the audit's rows, which have no room's name */
	QUICK_WAITS = 20,  /* times of its own time that a quick query may wait for disk and processor */
};

/* Where a row's strings start in the answer's text. */
struct answer_at {
	size_t room_name, sender, body;
};

struct answer {
	struct rows rows;        /* first, so that rows_release finds the rest */
	struct row *row;         /* cap of them */
	struct answer_at *at;    /* cap of them */
	size_t cap;              /* rows allocated */
	struct bytes text;       /* all strings, NUL-terminated */
	size_t body_bytes;       /* bytes of bodies taken */
	bool late;               /* true where it was broken off because it took too long */
	char *error;             /* what rows.error points to */
	char *secret;            /* what rows.text points to; NULL: none */
	char *secret2;           /* and rows.text2 */
};

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

/* Longer is only what others have written there. */
static size_t answer_column(struct answer *a, struct store *s, sqlite3_stmt *st, int column,
                            size_t bytes_max)
{
	const char *p = db_text(&s->db, st, column);
	return answer_text(a, p, p ? strnlen(p, bytes_max) : 0);
}

/* The rows of one answer are mostly of one room, whose name is kept once. */
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
	r->hit = hit;
	r->lines = r->mentions = 0;
	at->room_name = sqlite3_column_count(st) > UNDO_COLUMN
	                ? answer_column(a, s, st, UNDO_COLUMN, UNDO_BYTES_MAX + 64)
	                : answer_room_name(a, s, r->room);
	at->sender = answer_column(a, s, st, 4, NAME_BYTES_MAX);
	at->body = answer_column(a, s, st, 5, BODY_BYTES_MAX);
	a->body_bytes += bytes;
	a->rows.n++;
	return true;
}

void answer_set_unread(struct answer *a, uint32_t lines, uint32_t mentions)
{
	a->row[a->rows.n - 1].lines = lines;
	a->row[a->rows.n - 1].mentions = mentions;
}

void answer_set_more(struct answer *a)
{
	a->rows.more = true;
}

void answer_set_unindexed(struct answer *a, uint8_t percent)
{
	a->rows.unindexed = percent;
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
	answer_fail(a, "The history cannot be read at present.");
}

static void answer_reverse(struct answer *a)
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

static void answer_finish(struct answer *a)
{
	if (a->error)
		a->rows.n = 0; /* half an answer is none */
	for (size_t i = 0; i < a->rows.n; i++) {
		a->row[i].room_name = a->text.data + a->at[i].room_name;
		a->row[i].sender = a->text.data + a->at[i].sender;
		a->row[i].body = a->text.data + a->at[i].body;
	}
	a->rows.row = a->row;
}

static void secret_free(char *p)
{
	if (p)
		explicit_bzero(p, strlen(p));
	free(p);
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
	secret_free(a->secret);
	secret_free(a->secret2);
	free(a);
}

struct rows *rows_sorry(const struct query *q, const char *sentence)
{
	struct answer *a = mem_zero(1, sizeof(*a));
	a->rows.kind = q->kind;
	a->rows.conn = q->conn;
	a->rows.number = q->number;
	answer_fail(a, "%s", sentence);
	answer_finish(a);
	return &a->rows;
}

struct rows *rows_of_secret(const struct query *q, bool ok, uint64_t which, const char *text,
                            const char *text2)
{
	struct answer *a = mem_zero(1, sizeof(*a));
	a->rows.kind = q->kind;
	a->rows.conn = q->conn;
	a->rows.number = q->number;
	a->rows.ok = ok;
	a->rows.which = which;
	a->rows.text = a->secret = text ? mem_strdup(text) : NULL;
	a->rows.text2 = a->secret2 = text2 ? mem_strdup(text2) : NULL;
	return &a->rows;
}

/* -- ranges ------------------------------------------------------------------- */

static int64_t id_column(uint64_t id)
{
	return id > INT64_MAX ? INT64_MAX : (int64_t)id;
}

int64_t count_lines(struct store *s, uint32_t room, const char *nick, const struct ranges *in)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_LINES_MISSED);
	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, room);
	sqlite3_bind_text(st, 5, nick, (int)strcspn(nick, "\n"), SQLITE_STATIC);
	int64_t count = count_in(s, st, in);
	sqlite3_clear_bindings(st);
	return count;
}

int64_t count_in(struct store *s, sqlite3_stmt *st, const struct ranges *in)
{
	int64_t count = 0;
	for (uint32_t i = 0; i < in->n && count < MISSED_MAX; i++) {
		sqlite3_bind_int64(st, 2, id_column(in->at[i].after));
		sqlite3_bind_int64(st, 3, id_column(in->at[i].before));
		sqlite3_bind_int64(st, 4, MISSED_MAX - count);
		int64_t n = db_number(&s->db, st, -1);
		if (n < 0)
			return -1;
		count += n;
	}
	return count;
}

void range_bind(sqlite3_stmt *st, uint32_t room, uint64_t after_id, uint64_t before_id,
                uint32_t limit)
{
	sqlite3_bind_int64(st, 1, room);
	sqlite3_bind_int64(st, 2, id_column(after_id));
	sqlite3_bind_int64(st, 3, id_column(before_id));
	sqlite3_bind_int64(st, 4, INT64_MIN);
	sqlite3_bind_int64(st, 5, INT64_MAX);
	sqlite3_bind_int64(st, 6, limit);
}

/* The first line of the room at or after id `at`. False: there is none. */
static bool range_probe(struct store *s, uint32_t room, uint64_t at, uint64_t *id, int64_t *time_ms)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_LINE_ROOM_NEXT);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, room);
	sqlite3_bind_int64(st, 2, (int64_t)at);
	bool found = db_step(&s->db, st) == SQLITE_ROW;
	if (found) {
		*id = (uint64_t)sqlite3_column_int64(st, 0);
		*time_ms = sqlite3_column_int64(st, 1);
	}
	sqlite3_reset(st);
	return found;
}

/*
 * Ids are halved to where times pass bound_ms: lines up to *low are earlier,
 * lines from *high on are not, as far as the lines asked about tell.
 */
static void range_halve(struct store *s, uint32_t room, int64_t bound_ms, uint64_t *low,
                        uint64_t *high)
{
	while (*high - *low > 1) {
		uint64_t mid = *low + (*high - *low) / 2, id = 0;
		int64_t time_ms = 0;
		if (range_probe(s, room, mid, &id, &time_ms) && id < *high && time_ms < bound_ms)
			*low = id;
		else
			*high = mid;
	}
}

/*
 * Narrows q's ids by its times, because there is no index by time. Times grow
 * with ids, except that a line may be earlier than one before it by up to
 * back_ms (the clock was set back). So all lines before one that is back_ms too
 * early are too early, and all after one that is back_ms too late are too late.
 * What is left is still filtered by time.
 */
static void range_narrow(struct store *s, struct query *q)
{
	int64_t back_ms = db_meta(&s->db, "time_back_ms", 0), bound_ms;
	uint64_t low = q->after_id, high = q->before_id;
	if (!__builtin_sub_overflow(q->since_ms, back_ms, &bound_ms)) {
		range_halve(s, q->room, bound_ms, &low, &high);
		q->after_id = low;
	}
	low = q->after_id;
	high = q->before_id;
	if (!__builtin_add_overflow(q->until_ms, back_ms, &bound_ms) && q->until_ms < INT64_MAX) {
		range_halve(s, q->room, bound_ms, &low, &high);
		q->before_id = high;
	}
}

static void range_answer(struct store *s, const struct query *asked, struct answer *a)
{
	struct query q = *asked;
	if (q.before_id > INT64_MAX)
		q.before_id = INT64_MAX;
	if (q.since_ms > INT64_MIN || q.until_ms < INT64_MAX)
		range_narrow(s, &q);
	bool last = q.kind == QUERY_LAST || q.kind == QUERY_REPLAY;
	sqlite3_stmt *st = db_stmt(&s->db, last ? SQL_LINES_LAST : SQL_LINES_FIRST);
	int rc = SQLITE_ERROR;
	if (st) {
		range_bind(st, q.room, q.after_id, q.before_id, q.limit + 1);
		sqlite3_bind_int64(st, 4, q.since_ms);
		sqlite3_bind_int64(st, 5, q.until_ms);
		while ((rc = db_step(&s->db, st)) == SQLITE_ROW) {
			if (a->rows.n < q.limit && answer_add(a, s, st, false))
				continue;
			a->rows.more = true;
			break;
		}
	}
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		answer_broken(a, s, "The history took too long to read.");
	if (st)
		sqlite3_reset(st);
	if (last)
		answer_reverse(a);
}

static void audit_answer(struct store *s, const struct query *q, struct answer *a)
{
	bool all = *q->key == '\0';
	sqlite3_stmt *st = db_stmt(&s->db, all ? SQL_AUDIT_LAST : SQL_AUDIT_SHARE);
	int rc = SQLITE_ERROR;
	if (st) {
		if (!all)
			sqlite3_bind_int64(st, 5, strtoll(q->key, NULL, 10));
		sqlite3_bind_int64(st, 1, id_column(q->before_id));
		sqlite3_bind_text(st, 2, q->words, -1, SQLITE_STATIC);
		sqlite3_bind_int64(st, 3, (int64_t)q->limit + 1);
		sqlite3_bind_int(st, 4, RECORD_AUDIT);
		while ((rc = db_step(&s->db, st)) == SQLITE_ROW) {
			if (a->rows.n < q->limit && answer_add(a, s, st, false))
				continue;
			a->rows.more = true;
			break;
		}
		sqlite3_reset(st);
	}
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		answer_broken(a, s, "The audit took too long to read.");
	answer_reverse(a);
}

/* What q's key had seen of the room. */
static void seen_get(struct store *s, const struct query *q, struct rows *rows)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_SEEN_GET);
	if (!st)
		return;
	sqlite3_bind_text(st, 1, q->key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, q->room);
	if (db_step(&s->db, st) == SQLITE_ROW) {
		rows->seen_id = (uint64_t)sqlite3_column_int64(st, 0);
		const char *gaps = db_text(&s->db, st, 1);
		rows->gaps = ranges_read(gaps ? gaps : "");
		rows->back = (uint64_t)sqlite3_column_int64(st, 2) > q->marked_after;
	}
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
}

/* What q's key has missed of the room beside what is in the answer. */
static int64_t missed_count(struct store *s, const struct query *q, const struct answer *a)
{
	uint64_t before = a->rows.n ? a->row[0].id : q->before_id;
	struct ranges missed = a->rows.gaps;
	ranges_add(&missed, a->rows.seen_id, before);
	ranges_drop_up_to(&missed, q->after_id);
	ranges_drop_from(&missed, before);
	return count_lines(s, q->room, q->words, &missed);
}

static void replay_answer(struct store *s, const struct query *asked, struct answer *a)
{
	struct query q = *asked;
	q.since_ms = INT64_MIN;
	q.until_ms = INT64_MAX;
	seen_get(s, &q, &a->rows);
	range_answer(s, &q, a);
	int64_t missed = a->rows.seen_id ? missed_count(s, &q, a) : 0;
	a->rows.missed = missed > 0 ? (uint32_t)missed : 0;
}

static struct answer *lines_answer(struct store *s, const struct query *q, int ms)
{
	struct answer *a = mem_zero(1, sizeof(*a));
	struct query bounded = *q;
	a->rows.kind = q->kind;
	a->rows.conn = q->conn;
	a->rows.number = q->number;
	if (bounded.limit < 1)
		bounded.limit = 1;
	if (bounded.limit > ROWS_MAX)
		bounded.limit = ROWS_MAX;
	s->deadline_ms = clock_ms(CLOCK_MONOTONIC) + ms;
	s->db.error = SQLITE_OK;
	if (!db_begin(&s->db, SQL_BEGIN_READ))
		answer_broken(a, s, "The history took too long to read.");
	else if (q->kind == QUERY_SEARCH)
		search_answer(s, &bounded, a);
	else if (q->kind == QUERY_UNREAD)
		unread_answer(s, &bounded, a);
	else if (q->kind == QUERY_AUDIT)
		audit_answer(s, &bounded, a);
	else if (remove_has(s, q->room))
		; /* there is no such room any more */
	else if (q->kind == QUERY_REPLAY)
		replay_answer(s, &bounded, a);
	else
		range_answer(s, &bounded, a);
	/* Many steps, each of which may fail: what is not whole is no answer. */
	if (s->db.error && !a->error)
		answer_broken(a, s, "The history took too long to read.");
	s->deadline_ms = 0;
	if (!sqlite3_get_autocommit(s->db.sqlite))
		db_run(db_stmt(&s->db, SQL_COMMIT));
	answer_finish(a);
	return a;
}

struct rows *store_query(struct store *s, const struct query *q)
{
	if (q->kind == QUERY_STATS)
		return store_figures(s, q);
	if (q->kind == QUERY_BACKUP)
		return store_backup(s, q);
	return &lines_answer(s, q, query_is_search(q->kind) ? SEARCH_MS_MAX : QUERY_MS_MAX)->rows;
}

struct rows *store_query_within(struct store *s, const struct query *q, int cpu_ms)
{
	s->quick_until_ms = clock_ms(CLOCK_MONOTONIC) + cpu_ms;
	s->cpu_deadline_ms = clock_ms(CLOCK_THREAD_CPUTIME_ID) + cpu_ms;
	struct answer *a = lines_answer(s, q, cpu_ms * QUICK_WAITS);
	s->cpu_deadline_ms = 0;
	if (!a->late)
		return &a->rows;
	rows_release(&a->rows);
	return NULL;
}
