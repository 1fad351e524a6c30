/*
 * Merging the parts of the full-text index.
 */
#include "chatd/store/db/index_parts.h"

#include "chatd/base/bytes.h"
#include "chatd/store/db/state.h"

#include <string.h>

enum {
	MERGE_PAGES = 16,  /* pages of 4 KiB that are merged in each transaction, */
	MERGE_WORDS = 24,  /* and one more for each of so many words, a line's room among them. A page has hundreds, but
	                    * they are merged once on each level, and a level is eight times as large as the one below */
	MERGE_PAGES_MAX = 128, /* the rest is due in the transactions that follow */
	PARTS_USUAL = 8,   /* parts of a level that are worth merging: see the migration to schema 13 */
	PARTS_LEAST = 2,
	LEVELS_LEFT = 100, /* levels that are left as they are at the start */
	COOKIE_BYTES = 4,  /* at the beginning of the record of levels */
	VARINT_MAX = 9,    /* bytes of SQLite's variable-length integers (sqlite.org/fileformat2.html, 1.6) */
	VARINT_ONE = 127,  /* the largest number that takes one of them */
};

/* FTS5's command. A negative number of pages begins to merge all parts; 0 only makes it forget the levels as it last read
 * them. */
static int merge(struct store *s, int pages)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_FTS_MERGE);
	int64_t before = sqlite3_total_changes64(s->db.sqlite);
	if (!st)
		return -1;
	sqlite3_bind_int(st, 1, pages);
	/* sqlite.org/fts5.html, 6.8: less than 2 if there was nothing to merge. */
	return db_run(st) ? sqlite3_total_changes64(s->db.sqlite) - before >= 2 : -1;
}

bool index_merge_due(struct store *s)
{
	uint64_t more = s->db.words / MERGE_WORDS;
	if (s->index.merging_paused)
		return true;
	if (more > MERGE_PAGES_MAX - MERGE_PAGES)
		more = MERGE_PAGES_MAX - MERGE_PAGES;
	s->db.words = more < MERGE_PAGES_MAX - MERGE_PAGES ? 0 : s->db.words - more * MERGE_WORDS;
	return merge(s, MERGE_PAGES + (int)more) >= 0;
}

void store_pause_merging(struct store *s, bool paused)
{
	s->index.merging_paused = paused;
}

/* -- levels --------------------------------------------------------------------------------------- */

/*
 * The record of levels ("structure record" in ext/fts5/fts5_index.c of SQLite's source) while it is read: a cookie, the
 * number of levels, that of parts, and a counter; then the levels. All but the cookie are variable-length integers.
 */
struct levels {
	const unsigned char *at, *end;
	bool bad;               /* it ended too early */
	uint64_t n;             /* levels */
	const unsigned char *head; /* what is between their number and them */
	size_t head_bytes;
};

/* A level: the number of its parts that are being merged, that of its parts, and three numbers for each. */
struct level {
	const unsigned char *begin;
	uint64_t merging, parts;
};

static uint64_t varint(struct levels *l)
{
	uint64_t value = 0;
	for (int i = 1; l->at < l->end; i++) {
		unsigned char byte = *l->at++;
		if (i == VARINT_MAX)
			return value << 8 | byte;
		value = value << 7 | (byte & 0x7f);
		if (byte < 0x80)
			return value;
	}
	l->bad = true;
	return 0;
}

static struct level level_next(struct levels *l)
{
	struct level one = { .begin = l->at };
	one.merging = varint(l);
	one.parts = varint(l);
	for (uint64_t i = 0; i < one.parts && !l->bad; i++) {
		varint(l);
		varint(l);
		varint(l);
	}
	return one;
}

/* False: it is of another kind. */
static bool levels_begin(struct levels *l, const unsigned char *record, size_t bytes)
{
	static const unsigned char other_kind[] = { 0xff, 0, 0, 1 };
	if (bytes < COOKIE_BYTES ||
	    (bytes >= COOKIE_BYTES + sizeof(other_kind) && memcmp(record + COOKIE_BYTES, other_kind, sizeof(other_kind)) == 0))
		return false;
	*l = (struct levels){ .at = record + COOKIE_BYTES, .end = record + bytes };
	l->n = varint(l);
	l->head = l->at;
	varint(l);
	varint(l);
	l->head_bytes = (size_t)(l->at - l->head);
	return !l->bad;
}

/* Appends all levels that have parts. Returns their number; -1: there is something that is not known here. A level of
 * which a merge is under way is followed by the one that it goes to. */
static int levels_with_parts(struct levels *l, struct bytes *to)
{
	int kept = 0;
	bool output = false; /* of the merge of the level before */
	for (uint64_t i = 0; i < l->n && !l->bad; i++) {
		struct level one = level_next(l);
		if (one.parts == 0 && (one.merging > 0 || output))
			return -1;
		if (one.parts > 0) {
			bytes_append(to, one.begin, (size_t)(l->at - one.begin));
			kept++;
		}
		output = one.merging > 0;
	}
	return l->bad || l->at != l->end || kept > VARINT_ONE ? -1 : kept;
}

/* The same record without its empty levels. False: it has none, at most `most` levels, or is of another kind. */
static bool levels_shortened(const unsigned char *record, size_t bytes, uint64_t most, struct bytes *to)
{
	struct bytes kept = { 0 };
	struct levels l;
	if (!levels_begin(&l, record, bytes) || l.n <= most)
		return false;
	int n = levels_with_parts(&l, &kept);
	bool shorter = n >= 0 && (uint64_t)n < l.n;
	if (shorter) {
		bytes_append(to, record, COOKIE_BYTES);
		bytes_append(to, &(unsigned char){ (unsigned char)n }, 1);
		bytes_append(to, l.head, l.head_bytes);
		bytes_append(to, kept.data, kept.len);
	}
	bytes_release(&kept);
	return shorter;
}

/* If FTS5 has read them already, it has to forget that first. What is damaged is left: whoever uses it will be told. */
static bool drop_levels(struct store *s, uint64_t most)
{
	sqlite3_stmt *get = db_stmt(&s->db, SQL_FTS_LEVELS);
	struct bytes shorter = { 0 };
	bool ok = true;
	if (!get)
		return false;
	int rc = db_step(&s->db, get);
	const unsigned char *record = rc == SQLITE_ROW ? sqlite3_column_blob(get, 0) : NULL;
	bool shortened = record && levels_shortened(record, (size_t)sqlite3_column_bytes(get, 0), most, &shorter);
	sqlite3_reset(get);
	if (shortened) {
		sqlite3_stmt *set = db_stmt(&s->db, SQL_FTS_SET_LEVELS);
		if (set)
			sqlite3_bind_blob(set, 1, shorter.data, (int)shorter.len, SQLITE_STATIC);
		ok = set && db_run(set);
		if (set)
			sqlite3_clear_bindings(set);
	}
	bytes_release(&shorter);
	return ok && (rc == SQLITE_ROW || rc == SQLITE_DONE || (rc & 0xff) == SQLITE_CORRUPT);
}

bool index_make_readable(struct store *s)
{
	return drop_levels(s, LEVELS_LEFT);
}

/* -- merging all parts -------------------------------------------------------------------------------- */

/* In how many parts of a level are worth merging. */
static bool set_parts(struct store *s, int parts)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_FTS_USERMERGE);
	if (!st)
		return false;
	sqlite3_bind_int(st, 1, parts);
	return db_run(st);
}

/*
 * How the merge that index_merge_all began stands. *level is the level that it takes its parts from; -1: that is still to
 * be found. It is over once that level is not being merged, or once the one above has another part than that merge's.
 * Without the second, what was said meanwhile would be merged with everything again and again.
 */
static enum merging merge_state(struct store *s, int *level)
{
	sqlite3_stmt *get = db_stmt(&s->db, SQL_FTS_LEVELS);
	enum merging found = MERGING_UNKNOWN;
	struct level one = { 0 }, below = { 0 };
	struct levels l;
	int highest = -1;
	const unsigned char *record = get && db_step(&s->db, get) == SQLITE_ROW ? sqlite3_column_blob(get, 0) : NULL;
	if (record && levels_begin(&l, record, (size_t)sqlite3_column_bytes(get, 0))) {
		found = MERGING_OVER;
		for (int i = 0; (uint64_t)i < l.n && !l.bad; i++, below = one) {
			one = level_next(&l);
			if (one.merging > 0)
				highest = i;
			if (*level >= 0 && i == *level + 1 && below.merging > 0 && one.parts == 1)
				found = MERGING_GOES_ON;
		}
		if (l.bad)
			found = MERGING_UNKNOWN;
		else if (*level < 0 && highest >= 0)
			found = MERGING_GOES_ON;
		if (*level < 0)
			*level = highest;
	}
	sqlite3_reset(get);
	return found;
}

bool index_merge_all(struct store *s, int pages)
{
	/* Parts that come meanwhile are on a level of their own. Were eight needed, FTS5 might choose that level for having
	 * the most, and merge nothing. */
	if (merge(s, 0) < 0 || !drop_levels(s, 0) || !set_parts(s, PARTS_LEAST) || merge(s, -pages) < 0)
		return false;
	s->index.merging_level = -1;
	s->index.merging = merge_state(s, &s->index.merging_level);
	return true;
}

int index_merge_on(struct store *s, int pages)
{
	enum merging now = s->index.merging;
	/* As the last step left it, if that was committed: what a step itself sees may be undone. */
	if (now == MERGING_GOES_ON)
		now = merge_state(s, &s->index.merging_level);
	return now == MERGING_OVER ? 0 : merge(s, pages);
}

bool index_merged_all(struct store *s)
{
	return set_parts(s, PARTS_USUAL);
}
