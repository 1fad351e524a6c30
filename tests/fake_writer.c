/*
 * The store's threads, in memory.
 *
 * Records are saved late and in batches, or not at all for a while; questions
 * are answered late. A thread that sleeps does nothing until it is woken, so a
 * wake-up that the server forgets is seen as a chat that stands still.
 */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"

struct waiting_record {
	struct record record;   /* strings owned */
	size_t bytes;
};

struct waiting_query {
	struct query query;     /* strings owned */
	uint32_t late;          /* steps until it is looked at */
};

struct seen {
	char *key;              /* owned */
	uint32_t room;
	uint64_t id;
};

struct sleeper {
	bool asleep, claimed;   /* claimed: named to the loop since it fell asleep */
	bool wanted;            /* something was given to it since the loop last looked */
};

struct writer {
	struct prng prng;
	bool calm;
	bool failing;           /* between FAILED and BACK */
	uint32_t pressed_at;    /* records waiting */
	struct waiting_record *record; /* owned, like the next four */
	struct waiting_query *query;
	struct fake_line *line; /* said lines that are saved, by id */
	struct seen *seen;
	struct writer_event *news;
	size_t nrecords, nqueries, nlines, nseen, nnews, records_cap, queries_cap, lines_cap,
	       seen_cap, news_cap;
	size_t bytes;           /* of the records waiting */
	uint64_t given, saved;  /* newest record appended, and saved */
	uint64_t failures;
	struct sleeper writing, reading;
};

/* Makes room for one more of an array's elements. */
static void *grow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap == 0 ? 16 : *cap * 2;
	return mem_resize(p, *cap * size);
}

struct writer *fake_writer_new(uint64_t seed, uint32_t pressed_at)
{
	struct writer *w = mem_zero(1, sizeof *w);

	w->prng.state = seed;
	w->pressed_at = pressed_at;
	w->writing.asleep = w->reading.asleep = true;
	return w;
}

static void record_release(struct record *r)
{
	free((char *)(uintptr_t)r->room_name);
	free((char *)(uintptr_t)r->sender);
	free((char *)(uintptr_t)r->body);
}

static void query_release(struct query *q)
{
	free((char *)(uintptr_t)q->key);
	free((char *)(uintptr_t)q->words);
}

static void line_release_all(struct fake_line *l)
{
	free(l->room_name);
	free(l->sender);
	free(l->body);
}

void fake_writer_free(struct writer *w)
{
	for (size_t i = 0; i < w->nrecords; i++)
		record_release(&w->record[i].record);
	for (size_t i = 0; i < w->nqueries; i++)
		query_release(&w->query[i].query);
	for (size_t i = 0; i < w->nlines; i++)
		line_release_all(&w->line[i]);
	for (size_t i = 0; i < w->nseen; i++)
		free(w->seen[i].key);
	for (size_t i = 0; i < w->nnews; i++)
		writer_event_release(&w->news[i]);
	free(w->record);
	free(w->query);
	free(w->line);
	free(w->seen);
	free(w->news);
	free(w);
}

/* -- what the loop calls ------------------------------------------------------------- */

bool writer_append(struct writer *w, const struct record *r)
{
	size_t bytes = strlen(r->room_name) + strlen(r->sender) + strlen(r->body) + 64;
	struct record *copy;

	if (r->seq <= w->given)
		sim_fail("record %lu is given after %lu", r->seq, w->given);
	if (w->nrecords == UNSTORED_MAX || w->bytes + bytes > RECORDS_BYTES)
		return false;
	w->given = r->seq;
	w->record = grow(w->record, w->nrecords, &w->records_cap, sizeof *w->record);
	w->record[w->nrecords].bytes = bytes;
	copy = &w->record[w->nrecords++].record;
	*copy = *r;
	copy->room_name = mem_strdup(r->room_name);
	copy->sender = mem_strdup(r->sender);
	copy->body = mem_strdup(r->body);
	w->bytes += bytes;
	w->writing.wanted = true;
	return true;
}

bool writer_pressed(const struct writer *w)
{
	return w->nrecords > w->pressed_at || w->bytes > RECORDS_BYTES / 2;
}

bool writer_query(struct writer *w, const struct query *q)
{
	struct waiting_query *a;

	if (!w->calm && prng_chance(&w->prng, 5))
		return false;
	w->query = grow(w->query, w->nqueries, &w->queries_cap, sizeof *w->query);
	a = &w->query[w->nqueries++];
	*a = (struct waiting_query){*q, prng_chance(&w->prng, 700) ? 0 : prng_below(&w->prng, 60)};
	a->query.key = mem_strdup(q->key);
	a->query.words = mem_strdup(q->words);
	w->reading.wanted = true;
	return true;
}

static bool claim(struct sleeper *s)
{
	bool wake = s->wanted && s->asleep && !s->claimed;

	s->wanted = false;
	s->claimed |= wake;
	return wake;
}

int writer_wake_fds(struct writer *w, int fds[2])
{
	int n = 0;

	if (claim(&w->writing))
		fds[n++] = FAKE_WRITING_FD;
	if (claim(&w->reading))
		fds[n++] = FAKE_READING_FD;
	return n;
}

void fake_writer_woken(struct writer *w, int fd)
{
	struct sleeper *s = fd == FAKE_WRITING_FD ? &w->writing : &w->reading;

	if (fd != FAKE_WRITING_FD && fd != FAKE_READING_FD)
		sim_fail("descriptor %d is woken", fd);
	s->asleep = s->claimed = false;
}

int writer_event_fd(const struct writer *w)
{
	(void)w;
	return FAKE_EVENT_FD;
}

bool writer_next(struct writer *w, struct writer_event *e)
{
	if (w->nnews == 0)
		return false;
	*e = w->news[0];
	memmove(w->news, w->news + 1, --w->nnews * sizeof *w->news);
	return true;
}

void writer_event_release(struct writer_event *e)
{
	if (e->rows != NULL) {
		for (size_t i = 0; i < e->rows->n; i++) {
			free((char *)(uintptr_t)e->rows->row[i].room_name);
			free((char *)(uintptr_t)e->rows->row[i].sender);
			free((char *)(uintptr_t)e->rows->row[i].body);
		}
		free((struct row *)(uintptr_t)e->rows->row);
		free(e->rows);
	}
	free(e->reason);
}

/* -- answers ---------------------------------------------------------------------------- */

static struct writer_event *tell(struct writer *w, enum writer_event_kind kind)
{
	w->news = grow(w->news, w->nnews, &w->news_cap, sizeof *w->news);
	w->news[w->nnews] = (struct writer_event){.kind = kind};
	return &w->news[w->nnews++];
}

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

	for (size_t i = 0; i < w->nlines; i++) {
		if (!in_range(&w->line[i], q, after_id))
			continue;
		rows->more = rows->n == q->limit;
		if (rows->more || !rows_add(rows, &bytes, &w->line[i], false))
			return;
	}
}

static void answer_last(struct writer *w, const struct query *q, struct rows *rows)
{
	struct row *row;
	size_t bytes = 0;

	for (size_t i = w->nlines; i-- > 0;) {
		if (!in_range(&w->line[i], q, q->after_id))
			continue;
		rows->more = rows->n >= q->limit;
		if (rows->more || !rows_add(rows, &bytes, &w->line[i], false))
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
	uint32_t room = w->line[i].room;

	for (i += (size_t)step; i < w->nlines; i += (size_t)step)
		if (w->line[i].room == room)
			return &w->line[i];
	return NULL;
}

static void answer_search(struct writer *w, const struct query *q, struct rows *rows)
{
	uint32_t hits = 0;
	size_t bytes = 0;

	for (size_t i = w->nlines; i-- > 0;) {
		const struct fake_line *before, *after;

		if ((q->room != 0 && w->line[i].room != q->room) ||
		    strstr(w->line[i].body, q->words) == NULL)
			continue;
		rows->more = hits++ == q->limit;
		if (rows->more)
			return;
		before = beside(w, i, -1);
		after = beside(w, i, 1);
		if ((before != NULL && !rows_add(rows, &bytes, before, false)) ||
		    !rows_add(rows, &bytes, &w->line[i], true) ||
		    (after != NULL && !rows_add(rows, &bytes, after, false)))
			return;
	}
}

static struct seen *seen_find(struct writer *w, const char *key, uint32_t room)
{
	for (size_t i = 0; i < w->nseen; i++)
		if (w->seen[i].room == room && strcmp(w->seen[i].key, key) == 0)
			return &w->seen[i];
	return NULL;
}

static void answer_missed(struct writer *w, const struct query *q, struct rows *rows)
{
	uint64_t before = rows->n > 0 ? rows->row[0].id : q->before_id;

	for (size_t i = 0; i < w->nlines && rows->missed < 1000; i++)
		rows->missed += w->line[i].room == q->room && w->line[i].id > rows->seen_id &&
		                w->line[i].id < before;
}

static void answer(struct writer *w, const struct query *q, const char *error)
{
	struct rows *rows = mem_zero(1, sizeof *rows);
	const struct seen *seen = seen_find(w, q->key, q->room);

	rows->kind = q->kind;
	rows->conn = q->conn;
	rows->error = error;
	if (q->kind == QUERY_REPLAY || q->kind == QUERY_CATCHUP)
		rows->seen_id = seen != NULL ? seen->id : 0;
	if (error != NULL)
		rows->seen_id = 0;
	else if (q->kind == QUERY_SEARCH)
		answer_search(w, q, rows);
	else if (q->kind == QUERY_FIRST)
		answer_first(w, q, rows, q->after_id);
	else if (q->kind == QUERY_CATCHUP)
		answer_first(w, q, rows, rows->seen_id);
	else
		answer_last(w, q, rows);
	if (q->kind == QUERY_REPLAY && rows->seen_id != 0)
		answer_missed(w, q, rows);
	tell(w, WRITER_ROWS)->rows = rows;
}

static void reading_step(struct writer *w)
{
	size_t i = 0;

	while (i < w->nqueries) {
		struct waiting_query *a = &w->query[i];
		bool waits = a->query.after_seq > w->saved;
		bool busy = !w->calm && prng_chance(&w->prng, 5);

		if (a->late > 0 && !w->calm) {
			a->late--;
			i++;
			continue;
		}
		if (waits && !w->failing && !busy) {
			i++;
			continue;
		}
		answer(w, &a->query, waits || busy ? "The history is busy; try again in a moment."
		                                   : NULL);
		query_release(&a->query);
		memmove(a, a + 1, (--w->nqueries - i) * sizeof *a);
	}
	w->reading.asleep |= w->nqueries == 0;
}

/* -- saving --------------------------------------------------------------------------------- */

static void save_line(struct writer *w, struct record *r)
{
	w->line = grow(w->line, w->nlines, &w->lines_cap, sizeof *w->line);
	w->line[w->nlines++] = (struct fake_line){
		.id = r->seq, .time_ms = r->time_ms, .kind = r->kind, .room = r->room,
		.room_name = mem_strdup(r->room_name), .sender = mem_strdup(r->sender),
		.body = mem_strdup(r->body),
	};
}

static void save_seen(struct writer *w, const struct record *r)
{
	struct seen *seen = seen_find(w, r->sender, r->room);

	if (seen == NULL) {
		w->seen = grow(w->seen, w->nseen, &w->seen_cap, sizeof *w->seen);
		seen = &w->seen[w->nseen++];
		*seen = (struct seen){.key = mem_strdup(r->sender), .room = r->room};
	}
	seen->id = r->ref;
}

static void save(struct writer *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct record *r = &w->record[i].record;

		if (r->kind == RECORD_SAY || r->kind == RECORD_ACTION)
			save_line(w, r);
		else if (r->kind == RECORD_SEEN)
			save_seen(w, r);
		w->saved = r->seq;
		w->bytes -= w->record[i].bytes;
		record_release(r);
	}
	w->nrecords -= n;
	memmove(w->record, w->record + n, w->nrecords * sizeof *w->record);
	tell(w, WRITER_STORED)->seq = w->saved;
}

/* All lines of some room go. */
static void prune(struct writer *w)
{
	uint32_t room = w->line[prng_below(&w->prng, (uint32_t)w->nlines)].room;
	struct writer_event *e;
	size_t kept = 0;

	for (size_t i = 0; i < w->nlines; i++) {
		if (w->line[i].room == room)
			line_release_all(&w->line[i]);
		else
			w->line[kept++] = w->line[i];
	}
	w->nlines = kept;
	e = tell(w, WRITER_ROOM_EMPTY);
	e->room = room;
	e->seq = w->saved;
}

static void writing_step(struct writer *w)
{
	if (w->failing) {
		if (!w->calm && !prng_chance(&w->prng, 20))
			return;
		w->failing = false;
		tell(w, WRITER_BACK);
	} else if (!w->calm && prng_chance(&w->prng, 3) && w->nrecords > 0) {
		w->failing = true;
		w->failures++;
		tell(w, WRITER_FAILED)->reason = mem_strdup("the disk is full");
		return;
	}
	if (w->nlines > 0 && !w->calm && prng_chance(&w->prng, 4))
		prune(w);
	if (w->nrecords == 0)
		w->writing.asleep = true;
	else if (w->calm || prng_chance(&w->prng, 300))
		save(w, prng_range(&w->prng, 1, w->nrecords < BATCH_RECORDS_MAX
		                                ? (uint32_t)w->nrecords : BATCH_RECORDS_MAX));
}

void fake_writer_step(struct writer *w)
{
	if (!w->writing.asleep)
		writing_step(w);
	if (!w->reading.asleep)
		reading_step(w);
}

/* -- looking in ------------------------------------------------------------------------------- */

void fake_writer_calm(struct writer *w)
{
	w->calm = true;
}

uint64_t fake_writer_saved(const struct writer *w)
{
	return w->saved;
}

bool fake_writer_has_news(const struct writer *w)
{
	return w->nnews > 0;
}

bool fake_writer_rests(const struct writer *w)
{
	return w->nrecords == 0 && w->nqueries == 0 && w->nnews == 0;
}

uint64_t fake_writer_failures(const struct writer *w)
{
	return w->failures;
}
