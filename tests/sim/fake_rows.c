/*
 * What the store in memory answers: event.h's queries over a list of lines.
 */
#include "fake_writer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chatd/base/bounds.h"
#include "chatd/store/secret.h"

/* False: the answer is as large as it may be. */
static bool rows_add(struct rows *rows, size_t *bytes, const struct fake_line *l, bool hit)
{
	struct row *row;

	if (rows->n == ROWS_MAX || (rows->n > 0 && *bytes + strlen(l->body) > ROWS_BYTES_MAX)) {
		rows->more = true;
		return false;
	}
	*bytes += strlen(l->body);
	row = mem_resize((struct row *)(uintptr_t)rows->row, (rows->n + 1) * sizeof *row);
	row[rows->n++] = (struct row){
		.id = l->id, .time_ms = l->time_ms, .kind = l->kind, .room = l->room, .hit = hit,
		.room_name = mem_strdup(l->room_name), .sender = mem_strdup(l->sender),
		.body = mem_strdup(l->body),
	};
	rows->row = row;
	return true;
}

static bool in_range(const struct fake_line *l, const struct query *q, uint64_t after_id)
{
	return l->room == q->room && l->id > after_id && l->id < q->before_id &&
	       l->time_ms >= q->since_ms && l->time_ms < q->until_ms;
}

static void answer_first(struct writer *w, const struct query *q, struct rows *rows,
                         uint64_t after_id)
{
	size_t bytes = 0;

	for (size_t i = 0; i < w->lines.n; i++) {
		if (!in_range(&w->lines.at[i], q, after_id))
			continue;
		rows->more = rows->n == q->limit;
		if (rows->more || !rows_add(rows, &bytes, &w->lines.at[i], false))
			return;
	}
}

static void answer_last(struct writer *w, const struct query *q, struct rows *rows)
{
	struct row *row;
	size_t bytes = 0;

	for (size_t i = w->lines.n; i-- > 0;) {
		if (!in_range(&w->lines.at[i], q, q->after_id))
			continue;
		rows->more = rows->n >= q->limit;
		if (rows->more || !rows_add(rows, &bytes, &w->lines.at[i], false))
			break;
	}
	row = (struct row *)(uintptr_t)rows->row;
	for (size_t i = 0; i < rows->n / 2; i++) {
		struct row t = row[i];

		row[i] = row[rows->n - 1 - i];
		row[rows->n - 1 - i] = t;
	}
}

/* The next line of the same room in a direction; NULL: none. */
static const struct fake_line *beside(const struct writer *w, size_t i, int step)
{
	uint32_t room = w->lines.at[i].room;

	for (i += (size_t)step; i < w->lines.n; i += (size_t)step)
		if (w->lines.at[i].room == room)
			return &w->lines.at[i];
	return NULL;
}

/* The words are one text there, or several of which one is enough. */
static bool is_found(const struct query *q, const struct fake_line *l)
{
	char *words = mem_strdup(q->search.words), *at = words, *word;
	bool found = false;

	if (!q->search.any) {
		found = strstr(l->body, words) != NULL;
	} else {
		while ((word = strsep(&at, " ")) != NULL)
			found |= *word != '\0' && strcasestr(l->body, word) != NULL;
	}
	free(words);
	return found && (*q->search.not_by == '\0' || strcmp(l->sender, q->search.not_by) != 0);
}

static void answer_search(struct writer *w, const struct query *q, struct rows *rows)
{
	uint32_t hits = 0;
	size_t bytes = 0;

	for (size_t i = w->lines.n; i-- > 0;) {
		const struct fake_line *before, *after;

		if ((q->room != 0 && w->lines.at[i].room != q->room) || !is_found(q, &w->lines.at[i]))
			continue;
		rows->more = hits++ == q->limit;
		if (rows->more)
			return;
		before = q->search.any ? NULL : beside(w, i, -1);
		after = q->search.any ? NULL : beside(w, i, 1);
		if ((before != NULL && !rows_add(rows, &bytes, before, false)) ||
		    !rows_add(rows, &bytes, &w->lines.at[i], true) ||
		    (after != NULL && !rows_add(rows, &bytes, after, false)))
			return;
	}
}

/* Lines of others in the ranges, and how many of them have the nick in them. */
static uint32_t count_in(const struct writer *w, uint32_t room, const char *nick,
                         const struct ranges *in, uint32_t *mentions)
{
	char *name = strndup(nick, strcspn(nick, "\n"));
	uint32_t lines = 0;

	for (size_t i = 0; i < w->lines.n && lines < MISSED_MAX; i++) {
		const struct fake_line *l = &w->lines.at[i];
		bool within = false;

		for (uint32_t k = 0; k < in->n; k++)
			within |= l->id > in->at[k].after && l->id < in->at[k].before;
		if (l->room != room || !within || strcasecmp(l->sender, name) == 0)
			continue;
		lines++;
		*mentions += strstr(l->body, name) != NULL;
	}
	free(name);
	return lines;
}

static void answer_missed(struct writer *w, const struct query *q, struct rows *rows)
{
	struct ranges missed = rows->replay.gaps;
	uint32_t mentions = 0;

	uint64_t before = rows->n > 0 ? rows->row[0].id : q->before_id;

	ranges_add(&missed, rows->replay.seen_id, before);
	ranges_drop_up_to(&missed, q->after_id);
	ranges_drop_from(&missed, before);
	rows->replay.missed = count_in(w, q->room, q->replay.nick, &missed, &mentions);
}

static void answer_unread(struct writer *w, const struct query *q, struct rows *rows)
{
	size_t bytes = 0;

	for (size_t i = 0; i < w->marks.n && rows->n < q->limit; i++) {
		struct fake_line seen = {.id = w->marks.at[i].id, .room = w->marks.at[i].room,
		                         .room_name = "", .sender = "", .body = ""};
		uint64_t before = seen.room == q->room ? q->before_id : UINT64_MAX;
		struct ranges unread = w->marks.at[i].gaps;
		uint32_t lines, mentions = 0;

		/* (What is hidden, the real store's tests know.) */
		if (strcmp(w->marks.at[i].key, q->unread.key) != 0 ||
		    w->marks.at[i].seq <= q->unread.marked_after)
			continue;
		ranges_add(&unread, seen.id, before);
		ranges_drop_from(&unread, before);
		lines = count_in(w, seen.room, q->unread.nick, &unread, &mentions);
		if (lines > 0 && rows_add(rows, &bytes, &seen, false)) {
			struct row *row = (struct row *)(uintptr_t)&rows->row[rows->n - 1];

			row->unread.lines = lines;
			row->unread.mentions = mentions;
		}
	}
}

/* A hash that costs nothing. */
static char *hash(const char *words)
{
	size_t n = strlen(words);
	char *p = mem_zero(1, n + 3);

	memcpy(p, "H:", 2);
	for (size_t i = 0; i < n; i++)
		p[2 + i] = words[n - 1 - i];
	return p;
}

static void answer_check(const struct query *q, struct rows *rows)
{
	char *wanted = hash(q->check.secret);
	size_t n = 0;

	for (const char *p = q->check.hashes; !rows->check.matches; p += n + 1) {
		n = strcspn(p, "\n");
		rows->check.matches = n == strlen(wanted) && memcmp(p, wanted, n) == 0;
		if (rows->check.matches || p[n] == '\0')
			break;
		rows->check.which++;
	}
	if (!rows->check.matches)
		rows->check.which = 0;
	free(wanted);
}

static void answer_codes(struct rows *rows)
{
	struct bytes codes = {0}, hashes = {0};

	for (int i = 0; i < SECRET_CODES; i++) {
		char code[SECRET_CODE_BYTES] = "code-code-c0d0";
		char *of_it;

		code[SECRET_CODE_BYTES - 2] = (char)('0' + i);
		of_it = hash(code);
		bytes_printf(&codes, "%s%s", i > 0 ? " " : "", code);
		bytes_printf(&hashes, "%s%s", i > 0 ? "\n" : "", of_it);
		free(of_it);
	}
	rows->codes.codes = codes.data;
	rows->codes.hashes = hashes.data;
}

/* What is about secrets: predictable, and nothing that libcrypt or liboath would know. */
static void answer_secret(const struct query *q, struct rows *rows)
{
	if (q->kind == QUERY_HASH) {
		rows->hash.text = hash(q->hash.password);
	} else if (q->kind == QUERY_CHECK) {
		answer_check(q, rows);
	} else if (q->kind == QUERY_CODES) {
		answer_codes(rows);
	} else if (q->kind == QUERY_TOTP) {
		rows->totp.secret = mem_strdup("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP");
	} else if (strcmp(q->totp.digits, "123456") == 0) {
		rows->check_totp.matches = true;
		rows->check_totp.step = (uint64_t)(q->totp.now_ms / 1000 / SECRET_TOTP_STEP_S);
	}
}

void fake_answer(struct writer *w, const struct query *q, const char *error)
{
	struct rows *rows;
	const struct seen *seen;

	if (fake_store_answers(w, q->kind)) {
		fake_store_answer(w, q, error);
		return;
	}
	rows = mem_zero(1, sizeof *rows);
	seen = q->kind == QUERY_REPLAY ? fake_seen_find(w, q->replay.key, q->room) : NULL;
	rows->kind = q->kind;
	rows->conn = q->conn;
	rows->number = q->number;
	rows->error = error == NULL ? NULL : mem_strdup(error);
	if (error != NULL) {
		fake_tell(w, WRITER_ROWS)->rows = rows;
		return;
	}
	if (seen != NULL) {
		rows->replay.seen_id = seen->id;
		rows->replay.gaps = seen->gaps;
		rows->replay.back = seen->seq > q->replay.marked_after;
	}
	if (query_is_secret(q->kind))
		answer_secret(q, rows);
	else if (q->kind == QUERY_STATS)
		rows->stats.database_bytes = 4096, rows->stats.wal_bytes = 8192;
	else if (q->kind == QUERY_BACKUP)
		rows->backup.bytes = 4096;
	else if (q->kind == QUERY_SEARCH)
		answer_search(w, q, rows);
	else if (q->kind == QUERY_UNREAD)
		answer_unread(w, q, rows);
	else if (q->kind == QUERY_FIRST)
		answer_first(w, q, rows, q->after_id);
	else
		answer_last(w, q, rows);
	if (q->kind == QUERY_REPLAY && rows->replay.seen_id != 0)
		answer_missed(w, q, rows);
	fake_tell(w, WRITER_ROWS)->rows = rows;
}
