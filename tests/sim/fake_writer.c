/*
 * The store's threads, in memory.
 *
 * Records are saved late and in batches, or not at all for a while; questions
 * are answered late, in another order, and now and then twice. A thread that sleeps does nothing until it is woken, so a
 * wake-up that the server forgets is seen as a chat that stands still.
 */
#include "fake_writer.h"

#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/store/secret.h"

/* Makes room for one more of an array's elements. */
void *fake_grow(void *p, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return p;
	*cap = *cap == 0 ? 16 : *cap * 2;
	return mem_resize(p, *cap * size);
}

struct writer_event *fake_tell(struct writer *w, enum writer_event_kind kind)
{
	w->news.at = fake_grow(w->news.at, w->news.n, &w->news.cap, sizeof *w->news.at);
	w->news.at[w->news.n] = (struct writer_event){.kind = kind};
	return &w->news.at[w->news.n++];
}

struct seen *fake_seen_find(struct writer *w, const char *key, uint32_t room)
{
	for (size_t i = 0; i < w->marks.n; i++)
		if (w->marks.at[i].room == room && strcmp(w->marks.at[i].key, key) == 0)
			return &w->marks.at[i];
	return NULL;
}

struct writer *fake_writer_new(uint64_t seed, uint32_t pressed_at, uint32_t saves)
{
	struct writer *w = mem_zero(1, sizeof *w);

	w->prng.state = seed;
	w->pressed_at = pressed_at;
	w->saves = saves;
	w->writing.asleep = w->reading.asleep = true;
	return w;
}

void fake_writer_free(struct writer *w)
{
	for (size_t i = 0; i < w->records.n; i++)
		record_release(&w->records.at[i].record);
	for (size_t i = 0; i < w->queries.n; i++)
		query_release(&w->queries.at[i].query);
	for (size_t i = 0; i < w->lines.n; i++)
		fake_line_release(&w->lines.at[i]);
	for (size_t i = 0; i < w->marks.n; i++)
		free(w->marks.at[i].key);
	for (size_t i = 0; i < w->news.n; i++)
		writer_event_release(&w->news.at[i]);
	for (size_t i = 0; i < w->marks_waiting.n; i++)
		free(w->marks_waiting.at[i].position);
	free(w->marks_waiting.at);
	fake_saved_free(w->start);
	free(w->records.at);
	free(w->queries.at);
	free(w->lines.at);
	free(w->marks.at);
	free(w->news.at);
	store_close(w->reader);
	store_close(w->store);
	free(w);
}

bool fake_writer_open(struct writer *w, const char *path, enum durability durability, bool prunes,
                      uint64_t lines_kept, struct store_error *err)
{
	w->prunes = prunes;
	w->lines_kept = lines_kept;
	w->store = store_open(path, durability, err);
	if (w->store == NULL)
		return false;
	w->given = w->saved = store_last_seq(w->store);
	w->reader = store_open_reader(path, err);
	return w->reader != NULL;
}

struct store *fake_writer_store(struct writer *w)
{
	return w->store;
}

/* -- what the loop calls --------------------------------------------------------------- */

bool writer_append(struct writer *w, const struct record *r)
{
	size_t bytes = record_string_bytes(r) + 64;

	if (r->seq <= w->given)
		sim_fail("record %lu is given after %lu", r->seq, w->given);
	if (w->records.n == UNSTORED_MAX || w->records.bytes + bytes > RECORDS_BYTES)
		return false;
	w->given = r->seq;
	if (w->store != NULL)
		model_given(r);
	w->records.at = fake_grow(w->records.at, w->records.n, &w->records.cap, sizeof *w->records.at);
	w->records.at[w->records.n].bytes = bytes;
	w->records.at[w->records.n++].record = record_copy(r);
	w->records.bytes += bytes;
	w->writing.wanted = true;
	return true;
}

void fake_writer_group(struct writer *w)
{
	w->grouped = true;
}

bool writer_set_cluster(struct writer *w, const char *id)
{
	if (w->cluster[0] == '\0')
		snprintf(w->cluster, sizeof w->cluster, "%s", id);
	return strcmp(w->cluster, id) == 0;
}

bool writer_mark(struct writer *w, const char *position)
{
	uint64_t end = w->dropped + w->records.n;
	size_t n = w->marks_waiting.n;
	bool alone = n > 0 && w->marks_waiting.at[n - 1].end == end;

	if (!w->grouped || w->cluster[0] == '\0' || strlen(position) > POSITION_BYTES_MAX)
		sim_fail("a mark that must not be");
	if (alone)
		free(w->marks_waiting.at[--n].position);
	w->marks_waiting.at = fake_grow(w->marks_waiting.at, n, &w->marks_waiting.cap,
	                                sizeof *w->marks_waiting.at);
	w->marks_waiting.at[n] = (struct waiting_mark){.end = end, .position = mem_strdup(position)};
	w->marks_waiting.n = n + 1;
	w->writing.wanted = true;
	return true;
}

bool writer_pressed(const struct writer *w)
{
	return w->records.n > w->pressed_at || w->records.bytes > RECORDS_BYTES / 2;
}

bool writer_query(struct writer *w, const struct query *q)
{
	struct waiting_query *a;

	/* At most one is out, and it is always taken. */
	if (q->kind != QUERY_BACKUP && !w->calm && prng_chance(&w->prng, 5))
		return false;
	w->queries.at = fake_grow(w->queries.at, w->queries.n, &w->queries.cap, sizeof *w->queries.at);
	a = &w->queries.at[w->queries.n++];
	*a = (struct waiting_query){.query = query_copy(q),
	                            .late = prng_chance(&w->prng, 700) ? 0 : prng_below(&w->prng, 60)};
	w->reading.wanted = true;
	return true;
}

const char *writer_sorry(enum query_kind kind)
{
	(void)kind;
	return "Too many requests at once. Try again in a moment.";
}

static bool claim(struct sleeper *s)
{
	bool wake = s->wanted && s->asleep && !s->claimed;

	s->wanted = false;
	s->claimed |= wake;
	return wake;
}

int writer_wake_fds(struct writer *w, int fds[WRITER_WAKE_MAX])
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
	if (w->news.n == 0)
		return false;
	*e = w->news.at[0];
	memmove(w->news.at, w->news.at + 1, --w->news.n * sizeof *w->news.at);
	return true;
}

void writer_event_release(struct writer_event *e)
{
	const char **string[ROWS_STRINGS_MAX];
	size_t n;

	if (e->rows != NULL) {
		for (size_t i = 0; i < e->rows->n; i++) {
			free((char *)(uintptr_t)e->rows->row[i].room_name);
			free((char *)(uintptr_t)e->rows->row[i].sender);
			free((char *)(uintptr_t)e->rows->row[i].body);
			free((char *)(uintptr_t)e->rows->row[i].changed);
		}
		free((struct row *)(uintptr_t)e->rows->row);
		n = rows_strings(e->rows, string);
		for (size_t i = 0; i < n; i++)
			free((char *)(uintptr_t)*string[i]);
		free((char *)(uintptr_t)e->rows->error);
		free(e->rows);
	}
	free(e->reason);
	free(e->advice);
}

/* -- the threads ---------------------------------------------------------------------- */

static void reading_step(struct writer *w)
{
	size_t i = 0;

	while (i < w->queries.n) {
		struct waiting_query *a = &w->queries.at[i];
		bool waits = a->query.after_seq > fake_store_seen(w, a->query.kind) &&
		             !query_is_secret(a->query.kind);
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
		fake_answer(w, &a->query, waits || busy ? "The history is busy. Try again in a moment."
		                                   : NULL);
		/* A fault, which nobody is to notice. */
		if (!a->again && !w->calm && prng_chance(&w->prng, 30)) {
			a->again = true;
			a->late = prng_below(&w->prng, 60);
			i++;
			continue;
		}
		query_release(&a->query);
		memmove(a, a + 1, (--w->queries.n - i) * sizeof *a);
	}
	w->reading.asleep |= w->queries.n == 0;
}

/* -- saving ---------------------------------------------------------------------------- */

/* They are saved and wait no more. */
static void saved(struct writer *w, size_t n)
{
	size_t marks = 0;

	for (size_t i = 0; i < n; i++) {
		w->saved = w->records.at[i].record.seq;
		w->records.bytes -= w->records.at[i].bytes;
		record_release(&w->records.at[i].record);
	}
	w->records.n -= n;
	w->dropped += n;
	if (n > 0)
		memmove(w->records.at, w->records.at + n, w->records.n * sizeof *w->records.at);
	for (; marks < w->marks_waiting.n && w->marks_waiting.at[marks].end <= w->dropped; marks++)
		free(w->marks_waiting.at[marks].position);
	w->marks_waiting.n -= marks;
	if (marks > 0)
		memmove(w->marks_waiting.at, w->marks_waiting.at + marks,
		        w->marks_waiting.n * sizeof *w->marks_waiting.at);
	if (n > 0 || !w->grouped)
		fake_tell(w, WRITER_STORED)->seq = w->saved;
}

/* How many records the next transaction takes: any number, or whole groups, whose position is then
 * set. */
static size_t batch_pick(struct writer *w, const char **position)
{
	size_t n = w->records.n < BATCH_RECORDS_MAX ? w->records.n : BATCH_RECORDS_MAX;
	const struct waiting_mark *m;

	*position = NULL;
	if (!w->grouped)
		return n == 0 ? 0 : prng_range(&w->prng, 1, (uint32_t)n);
	if (w->marks_waiting.n == 0)
		return 0;
	m = &w->marks_waiting.at[prng_below(&w->prng, (uint32_t)w->marks_waiting.n)];
	*position = m->position;
	return m->end - w->dropped;
}

/* Takes the strings; advice: NULL for none. */
static void failed(struct writer *w, char *reason, char *advice)
{
	struct writer_event *e;

	w->failing = true;
	w->failures++;
	e = fake_tell(w, WRITER_FAILED);
	e->reason = reason;
	e->advice = advice;
}

/* A file says itself whether it can be saved in. */
static void writing_file_step(struct writer *w)
{
	struct store_error err;
	bool waits = w->grouped ? w->marks_waiting.n > 0 : w->records.n > 0;
	const char *position;
	size_t n;

	if (disk_stopped() || (w->failing && !w->calm && !prng_chance(&w->prng, 100)))
		return;
	if (!waits && !w->failing) {
		w->writing.asleep = true;
	} else if (w->calm || w->failing || prng_chance(&w->prng, w->saves)) {
		n = batch_pick(w, &position);
		if (!fake_store_save(w, n, position, &err)) {
			if (!w->failing && !disk_stopped())
				failed(w, store_error_cause(&err), store_error_advice(&err));
			return;
		}
		if (w->failing)
			fake_tell(w, WRITER_BACK);
		w->failing = false;
		saved(w, n);
	}
}

static void writing_step(struct writer *w)
{
	if (w->failing) {
		if (!w->calm && !prng_chance(&w->prng, 20))
			return;
		w->failing = false;
		fake_tell(w, WRITER_BACK);
	} else if (!w->calm && prng_chance(&w->prng, 3) && w->records.n > 0) {
		failed(w, mem_strdup("the disk is full"), NULL);
		return;
	}
	/* (What a start knows of a room's newest line must be the same on all nodes.) */
	if (w->lines.n > 0 && !w->calm && prng_chance(&w->prng, 4))
		fake_lines_prune(w);
	if (w->grouped ? w->marks_waiting.n == 0 : w->records.n == 0) {
		w->writing.asleep = true;
	} else if (w->calm || prng_chance(&w->prng, w->saves)) {
		const char *position;
		size_t n = batch_pick(w, &position);

		fake_lines_save(w, n);
		if (w->start != NULL && position != NULL)
			fake_saved_position(w->start, position);
		saved(w, n);
	}
}

void fake_writer_step(struct writer *w)
{
	if (w->store != NULL)
		fake_store_maintain(w);
	if (!w->writing.asleep && w->store != NULL)
		writing_file_step(w);
	else if (!w->writing.asleep)
		writing_step(w);
	if (!w->reading.asleep)
		reading_step(w);
}

void fake_writer_finish(struct writer *w)
{
	while (w->marks_waiting.n > 0) {
		const struct waiting_mark *m = &w->marks_waiting.at[w->marks_waiting.n - 1];
		size_t n = m->end - w->dropped;

		fake_lines_save(w, n);
		fake_saved_position(w->start, m->position);
		saved(w, n);
	}
}

/* -- looking in ------------------------------------------------------------------------ */

void fake_writer_calm(struct writer *w)
{
	w->calm = true;
}

uint64_t fake_writer_saved(const struct writer *w)
{
	return w->saved;
}

uint64_t fake_writer_given(const struct writer *w)
{
	return w->given;
}

bool fake_writer_has_news(const struct writer *w)
{
	return w->news.n > 0;
}

bool fake_writer_rests(const struct writer *w)
{
	return w->records.n == 0 && w->queries.n == 0 && w->news.n == 0;
}

uint64_t fake_writer_failures(const struct writer *w)
{
	return w->failures;
}
