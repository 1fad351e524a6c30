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

/* Reading the record of levels ("structure record" in ext/fts5/fts5_index.c of SQLite's source): a cookie, the number of
 * levels, that of parts, and a counter; of each level, the number of its parts that are being merged, that of its parts,
 * and three numbers for each. All but the cookie are variable-length integers. */
struct levels {
	const unsigned char *at, *end;
	bool bad;               /* it ended too early */
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

/* Appends all levels that have parts. Returns their number; -1: there is something that is not known here. A level of
 * which a merge is under way is followed by the one that it goes to. */
static int levels_with_parts(struct levels *l, uint64_t levels, struct bytes *to)
{
	int kept = 0;
	bool output = false; /* of the merge of the level before */
	for (uint64_t i = 0; i < levels && !l->bad; i++) {
		const unsigned char *begin = l->at;
		uint64_t merging = varint(l), parts = varint(l);
		for (uint64_t k = 0; k < parts && !l->bad; k++) {
			varint(l);
			varint(l);
			varint(l);
		}
		if (parts == 0 && (merging > 0 || output))
			return -1;
		if (parts > 0) {
			bytes_append(to, begin, (size_t)(l->at - begin));
			kept++;
		}
		output = merging > 0;
	}
	return l->bad || l->at != l->end || kept > VARINT_ONE ? -1 : kept;
}

/* The same record without its empty levels. False: it has none, at most `most` levels, or is of another kind. */
static bool levels_shortened(const unsigned char *record, size_t bytes, uint64_t most, struct bytes *to)
{
	static const unsigned char other_kind[] = { 0xff, 0, 0, 1 };
	struct bytes kept = { 0 };
	if (bytes < COOKIE_BYTES + sizeof(other_kind) || memcmp(record + COOKIE_BYTES, other_kind, sizeof(other_kind)) == 0)
		return false;
	struct levels l = { .at = record + COOKIE_BYTES, .end = record + bytes };
	uint64_t levels = varint(&l);
	const unsigned char *begin = l.at;
	varint(&l);
	varint(&l);
	size_t head = (size_t)(l.at - begin);
	int n = levels > most ? levels_with_parts(&l, levels, &kept) : -1;
	bool shorter = n >= 0 && (uint64_t)n < levels;
	if (shorter) {
		bytes_append(to, record, COOKIE_BYTES);
		bytes_append(to, &(unsigned char){ (unsigned char)n }, 1);
		bytes_append(to, begin, head);
		bytes_append(to, kept.data, kept.len);
	}
	bytes_release(&kept);
	return shorter;
}

/* If FTS5 has read them already, it has to forget that first. */
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
	return ok && (rc == SQLITE_ROW || rc == SQLITE_DONE);
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

bool index_merge_all(struct store *s, int pages)
{
	/* Parts that come meanwhile are on a level of their own. Were eight needed, FTS5 might choose that level for having
	 * the most, and merge nothing. */
	return merge(s, 0) >= 0 && drop_levels(s, 0) && set_parts(s, PARTS_LEAST) && merge(s, -pages) >= 0;
}

int index_merge_on(struct store *s, int pages)
{
	int half = (pages + 1) / 2, found = merge(s, half);
	/* The parts of what was said since the last step may have been all there was. */
	return found > 0 ? merge(s, half) : found;
}

bool index_merged_all(struct store *s)
{
	return set_parts(s, PARTS_USUAL);
}
