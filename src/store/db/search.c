/*
 * Searches: a person's words become a full-text expression, and hits become lines with their
 * neighbours. And counts of unread lines, and of mentions in them.
 *
 * What was typed is untrusted. None of it reaches the expression unquoted: each word becomes a
 * quoted string, in which FTS5 knows no operators.
 */
#include "chatd/store/db/search.h"

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/fold.h"
#include "chatd/store/db/lines.h"
#include "chatd/store/db/state.h"

#include <stdlib.h>
#include <string.h>

/* Lines of one room that are hidden from the person who asks. */
struct hidden {
	uint32_t room;      /* its number */
	uint64_t up_to;     /* id of the last hidden line; UINT64_MAX: all are */
};

/* All hidden lines of one search, in order of room. */
struct hiding {
	struct hidden *list; /* n of them, owned; NULL while there are none */
	size_t n;
	size_t cap;          /* as many fit */
};

/* Hidden lines of the person who asks, and of rooms being deleted. */
struct hidings {
	struct hiding asker, going;
};

enum {
	WORDS_MAX = 16,          /* words of one search: each means reading a list */
};

static const char too_long[] = "The search took too long. Try more words, or rarer ones.";

struct words {
	int n;               /* tokens */
	bool single;         /* the last token is one letter of a script without blanks */
};

static int word_count(void *ctx, const struct fold_token *t)
{
	struct words *w = ctx;
	w->n++;
	w->single = t->single;
	return 0;
}

/* What the index's tokenizer finds in the text. */
static struct words words_in(const char *p, size_t n)
{
	struct words w = { 0 };
	fold_text(p, n, FOLD_QUERY, word_count, &w);
	return w;
}

static void match_quote(struct bytes *match, const char *p, size_t n)
{
	bytes_puts(match, "\"");
	for (size_t i = 0; i < n; i++)
		bytes_append(match, p[i] == '"' ? "\"\"" : p + i, p[i] == '"' ? 2 : 1);
	bytes_puts(match, "\"");
}

/* Adds one word. any: to those of which one is enough. False: it cannot be searched for, and the
 * answer says why. */
static bool match_word(struct bytes *match, const char *p, size_t n, bool any, struct answer *a)
{
	size_t bare = n;
	while (bare > 0 && p[bare - 1] == '*')
		bare--;
	struct words words = words_in(p, bare);
	if (words.n == 0 && any)
		return true;
	if (words.n == 0) {
		answer_fail(a, "Nothing to search for in \"%.*s\": a word needs a letter or a digit.",
		            (int)n, p);
		return false;
	}
	if (match->len)
		bytes_puts(match, any ? " OR " : " AND ");
	match_quote(match, p, bare);
	/* The index has pairs of a run: matches those that begin with the letter. */
	if (bare < n || words.single)
		bytes_puts(match, " *");
	return true;
}

/* The whole expression. False: the answer says what is wrong with the words. */
static bool match_build(struct bytes *match, const struct query *q, struct answer *a)
{
	struct bytes words = { 0 };
	int count = 0;
	bool ok = true;
	for (const char *p = q->search.words; ok && *(p += strspn(p, " \t\r\n")); ) {
		size_t n = strcspn(p, " \t\r\n");
		ok = match_word(&words, p, n, q->search.any, a);
		if (++count > WORDS_MAX) {
			answer_fail(a, "A search can have at most %d words.", WORDS_MAX);
			ok = false;
		}
		p += n;
	}
	if (!count) {
		answer_fail(a, "Say which words to search for.");
		ok = false;
	}
	if (ok && words.len > 0) {
		bytes_printf(match, "{body} : (%s)", words.data);
		if (q->room)
			bytes_printf(match, " AND {room} : \"%u\"", q->room);
	}
	bytes_release(&words);
	return ok;
}

/* -- what is hidden ------------------------------------------------------------- */

static void hiding_add(struct hiding *h, struct hidden one)
{
	if (h->n == h->cap) {
		h->cap = h->cap ? h->cap * 2 : 16;
		h->list = mem_resize(h->list, h->cap * sizeof(*h->list));
	}
	h->list[h->n++] = one;
}

/* False: broken off. */
static bool hiding_load_going(struct store *s, struct hiding *h)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_GOING_ROOMS);
	int rc = SQLITE_ERROR;
	while (st && (rc = db_step(&s->db, st)) == SQLITE_ROW)
		hiding_add(h, (struct hidden){ (uint32_t)sqlite3_column_int64(st, 0), UINT64_MAX });
	if (st)
		sqlite3_reset(st);
	return rc == SQLITE_DONE;
}

/* Parses what is hidden, as event.h defines it. */
static struct hiding hiding_parse(const char *hidden)
{
	struct hiding h = { 0 };
	for (const char *p = hidden; *p; p += strspn(p, " ")) {
		char *end;
		struct hidden one = { .up_to = UINT64_MAX };
		one.room = (uint32_t)strtoul(p, &end, 10);
		if (end == p)
			break;
		if (*end == ':')
			one.up_to = strtoull(end + 1, &end, 10);
		hiding_add(&h, one);
		p = end;
	}
	return h;
}

static int by_room(const void *a, const void *b)
{
	uint32_t x = ((const struct hidden *)a)->room, y = ((const struct hidden *)b)->room;
	return x < y ? -1 : x > y;
}

/* The id up to which it hides the room's lines; 0: none. */
static uint64_t hiding_of(const struct hiding *h, uint32_t room)
{
	const struct hidden wanted = { .room = room }, *found = NULL;
	if (h->n)
		found = bsearch(&wanted, h->list, h->n, sizeof(*h->list), by_room);
	return found ? found->up_to : 0;
}

static uint64_t hidings_of(const struct hidings *h, uint32_t room)
{
	return hiding_of(&h->going, room) ? UINT64_MAX : hiding_of(&h->asker, room);
}

/* -- hits ------------------------------------------------------------------------- */

/* Adds the line before or after `id` in its room, but none up to after_id. False: full or
 * broken. */
static bool neighbour_add(struct store *s, struct answer *a, uint32_t room, uint64_t id, bool after,
                          uint64_t after_id)
{
	sqlite3_stmt *st = db_stmt(&s->db, after ? SQL_LINES_FIRST : SQL_LINES_LAST);
	if (!st)
		return false;
	lines_bind_range(st, room, after ? id : after_id, after ? UINT64_MAX : id, 1);
	int rc = db_step(&s->db, st);
	bool ok = rc == SQLITE_DONE || (rc == SQLITE_ROW && answer_add(a, s, st, false));
	sqlite3_reset(st);
	return ok;
}

/* Adds the hit and, in a search for all words, its neighbours, and counts it; one that is hidden or
 * left out does not count. If there are limit hits already, notes that there are more. False: add no
 * more hits. */
static bool hit_add(struct store *s, struct answer *a, int64_t id, const struct query *q,
                    const struct hidings *h, uint32_t *hits, uint32_t limit)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_LINE_GET);
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, id);
	if (db_step(&s->db, st) != SQLITE_ROW)
		return false;
	uint32_t room = (uint32_t)sqlite3_column_int64(st, 3);
	uint64_t hidden = hidings_of(h, room);
	const char *sender = db_text(&s->db, st, 4);
	bool own = *q->search.not_by && sender && strcmp(sender, q->search.not_by) == 0;
	bool ok = true, around = !q->search.any;
	if ((uint64_t)id > hidden && !own) {
		ok = (*hits)++ < limit;
		if (!ok)
			answer_set_more(a);
		ok = ok && (!around || neighbour_add(s, a, room, (uint64_t)id, false, hidden)) &&
		     answer_add(a, s, st, true) &&
		     (!around || neighbour_add(s, a, room, (uint64_t)id, true, hidden));
	}
	sqlite3_reset(st);
	return ok;
}

/* The percentage of lines missing from the index while it is rebuilt. */
static uint8_t unindexed(struct store *s)
{
	uint64_t to = (uint64_t)db_meta(&s->db, "reindex_to", 0), indexed = (uint64_t)db_meta(&s->db, "indexed", 0);
	if (indexed >= to)
		return 0;
	return (uint8_t)(100 - indexed * 99 / to);
}

void search_answer(struct store *s, const struct query *q, struct answer *a)
{
	struct bytes match = { 0 };
	struct hidings hiding = { 0 };
	uint32_t most = q->search.any ? MENTIONS_ASKED_MAX : SEARCH_HITS_MAX;
	uint32_t limit = q->limit < most ? q->limit : most, hits = 0;
	sqlite3_stmt *st = NULL;
	int rc = SQLITE_ERROR;
	if (!match_build(&match, q, a)) {
		bytes_release(&match);
		return;
	}
	answer_set_unindexed(a, unindexed(s));
	if (match.len == 0)
		return;
	hiding.asker = hiding_parse(q->search.hidden);
	if (hiding_load_going(s, &hiding.going))
		st = db_stmt(&s->db, SQL_FTS_FIND);
	if (st) {
		int64_t before = q->before_id && q->before_id < INT64_MAX ? (int64_t)q->before_id
		                                                          : INT64_MAX;
		sqlite3_bind_text(st, 1, match.data, (int)match.len, SQLITE_STATIC);
		sqlite3_bind_int64(st, 2, before);
		/* Hits that do not count may be any number before enough are seen. */
		sqlite3_bind_int64(st, 3, hiding.asker.n + hiding.going.n || *q->search.not_by
		                                  ? -1 : (int64_t)limit + 1);
		while ((rc = db_step(&s->db, st)) == SQLITE_ROW)
			if (!hit_add(s, a, sqlite3_column_int64(st, 0), q, &hiding, &hits, limit))
				break;
	}
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		answer_broken(a, s, too_long);
	if (st) {
		sqlite3_reset(st);
		sqlite3_clear_bindings(st);
	}
	free(hiding.asker.list);
	free(hiding.going.list);
	bytes_release(&match);
}

/* -- unread lines ----------------------------------------------------------------- */

struct unread {
	uint32_t room;           /* its number */
	struct ranges ranges;    /* where its unread lines are */
	uint32_t lines;          /* how many */
};

static int by_lines(const void *a, const void *b)
{
	const struct unread *x = a, *y = b;
	if (x->lines != y->lines)
		return x->lines < y->lines ? 1 : -1;
	return x->room < y->room ? -1 : 1;
}

/* Counts lines with the nick in them, as a word or as words in a row. -1: error. */
static int64_t mentions_count(struct store *s, const struct unread *u, const struct query *q)
{
	size_t n = strlen(q->unread.nick);
	sqlite3_stmt *st = db_stmt(&s->db, SQL_FTS_COUNT);
	struct bytes match = { 0 };
	struct words words = words_in(q->unread.nick, n);
	if (!st || words.n == 0)
		return st ? 0 : -1;
	bytes_puts(&match, "{body} : ");
	match_quote(&match, q->unread.nick, n);
	bytes_puts(&match, words.single ? " *" : "");
	bytes_printf(&match, " AND {room} : \"%u\"", u->room);
	sqlite3_bind_text(st, 1, match.data, (int)match.len, SQLITE_STATIC);
	int64_t count = lines_count_by(s, st, &u->ranges);
	sqlite3_clear_bindings(st);
	bytes_release(&match);
	return count;
}

/* The unread lines of a room are those in its gaps, and after the last line seen, except hidden
 * ones. */
static struct unread unread_of(struct store *s, sqlite3_stmt *st, const struct query *q,
                               const struct hiding *hiding)
{
	struct unread u = { .room = (uint32_t)sqlite3_column_int64(st, 0) };
	uint64_t seen_id = (uint64_t)sqlite3_column_int64(st, 1);
	const char *gaps = db_text(&s->db, st, 2);
	/* Counting may come late: lines said after the question do not count. */
	uint64_t before = q->after_seq ? q->after_seq + 1 : INT64_MAX;
	if (u.room == q->room && q->before_id < before)
		before = q->before_id;
	u.ranges = ranges_read(gaps ? gaps : "");
	ranges_add(&u.ranges, seen_id, before);
	ranges_drop_from(&u.ranges, before);
	ranges_drop_up_to(&u.ranges, hiding_of(hiding, u.room));
	return u;
}

/* The rooms where the asker has been, *n of them, which the caller frees. False: broken off. */
static bool rooms_seen(struct store *s, const struct query *q, struct unread **rooms, size_t *n)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_SEEN_ROOMS);
	size_t cap = 0;
	struct hiding hiding;
	int rc;
	if (!st)
		return false;
	hiding = hiding_parse(q->unread.hidden);
	sqlite3_bind_text(st, 1, q->unread.key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, (int64_t)q->unread.marked_after);
	while ((rc = db_step(&s->db, st)) == SQLITE_ROW) {
		if (*n == cap) {
			cap = cap ? cap * 2 : 16;
			*rooms = mem_resize(*rooms, cap * sizeof(**rooms));
		}
		(*rooms)[(*n)++] = unread_of(s, st, q, &hiding);
	}
	sqlite3_clear_bindings(st);
	sqlite3_reset(st);
	free(hiding.list);
	return rc == SQLITE_DONE;
}

/* Keeps the rooms where something was said since. False: it was interrupted. */
static bool rooms_unread(struct store *s, const struct query *q, struct unread *rooms, size_t *n)
{
	size_t kept = 0;
	for (size_t i = 0; i < *n; i++) {
		int64_t lines = lines_count(s, rooms[i].room, q->unread.nick, &rooms[i].ranges);
		if (lines < 0)
			return false;
		rooms[kept] = rooms[i];
		rooms[kept].lines = (uint32_t)lines;
		kept += lines > 0;
	}
	*n = kept;
	return true;
}

static bool unread_add(struct store *s, const struct query *q, const struct unread *u,
                       struct answer *a)
{
	int64_t mentions = mentions_count(s, u, q);
	sqlite3_stmt *st = mentions < 0 ? NULL : db_stmt(&s->db, SQL_SEEN_ROW);
	if (!st)
		return false;
	sqlite3_bind_text(st, 1, q->unread.key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, u->room);
	bool ok = db_step(&s->db, st) == SQLITE_ROW && answer_add(a, s, st, false);
	/* Mentions include one's own lines, because they are found as words. */
	if (ok)
		answer_set_unread(a, u->lines, mentions < u->lines ? (uint32_t)mentions : u->lines);
	sqlite3_clear_bindings(st);
	sqlite3_reset(st);
	return ok;
}

void unread_answer(struct store *s, const struct query *q, struct answer *a)
{
	struct unread *rooms = NULL;
	size_t n = 0;
	bool ok = rooms_seen(s, q, &rooms, &n) && rooms_unread(s, q, rooms, &n);
	if (n > 1)
		qsort(rooms, n, sizeof(*rooms), by_lines);
	for (size_t i = 0; ok && i < n && i < q->limit; i++)
		ok = unread_add(s, q, &rooms[i], a);
	if (n > q->limit)
		answer_set_more(a);
	if (!ok)
		answer_broken(a, s, "Counting your unread lines took too long.");
	free(rooms);
}
