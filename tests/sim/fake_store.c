/*
 * The simulation's store with a real file behind it: what the writer's threads do, in one.
 *
 * The production store does the saving, reading, indexing and pruning; when it does, and
 * how many records at once, is the seed's.
 */
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/store/secret.h"
#include "fake_writer.h"

enum { STEP_ROWS = 20 };  /* small steps, so that there are many */

/* Rebuilds it if the disk may have lost something. */
static bool in_place(struct writer *w, struct store_error *err)
{
	return store_is_intact(w->store) ||
	       (store_rebuild(w->store, err) && store_reopen(w->reader, err));
}

bool fake_store_save(struct writer *w, size_t n, const char *position, struct store_error *err)
{
	struct record *batch = mem_zero(n + 1, sizeof *batch);
	bool ok;

	for (size_t i = 0; i < n; i++)
		batch[i] = w->records.at[i].record;
	ok = in_place(w, err);
	if (ok && n == 0 && position != NULL) {
		free(batch);
		return store_move_position(w->store, w->cluster, position, err);
	}
	ok = ok && store_begin(w->store, err);
	for (size_t i = 0, part; ok && i < n; i += part) {
		part = prng_range(&w->prng, 1, (uint32_t)(n - i));
		ok = store_save(w->store, batch + i, part, err);
	}
	if (ok && position != NULL)
		ok = store_save_position(w->store, w->cluster, position, err);
	ok = ok && store_commit(w->store, err);
	free(batch);
	return ok;
}

static void on_emptied(void *ctx, uint32_t room)
{
	struct writer *w = ctx;
	struct writer_event *e = fake_tell(w, WRITER_ROOM_EMPTY);

	e->room = room;
	e->seq = w->saved;
}

/* What fails here is tried again, and nobody is told. */
void fake_store_maintain(struct writer *w)
{
	struct store_error err;
	bool wanted = false;

	for (size_t i = 0; i < w->queries.n; i++)
		wanted |= query_needs_index(w->queries.at[i].query.kind);
	if (wanted || prng_chance(&w->prng, 100))
		store_index(w->store, STEP_ROWS, 0, &err);
	if (w->prunes && prng_chance(&w->prng, 50) && store_count(w->store, STEP_ROWS, &err) == 0)
		store_prune(w->store, INT64_MIN, w->lines_kept, STEP_ROWS, on_emptied, w, &err);
	if (prng_chance(&w->prng, 20) &&
	    !store_checkpoint(prng_chance(&w->prng, 500) ? w->store : w->reader))
		store_doubt(w->store);
}

bool fake_store_answers(const struct writer *w, enum query_kind kind)
{
	return w->store != NULL && !query_is_secret(kind) && kind != QUERY_BACKUP;
}

uint64_t fake_store_seen(const struct writer *w, enum query_kind kind)
{
	return w->store != NULL && query_needs_index(kind) ? store_indexed(w->store) : w->saved;
}

static char *strdup_or_null(const char *s)
{
	return s == NULL ? NULL : mem_strdup(s);
}

/* In the shape in which all answers of this writer are released. */
static struct rows *copy_rows(const struct rows *from)
{
	struct rows *rows = mem_zero(1, sizeof *rows);
	struct row *row = mem_zero(from->n, sizeof *row);
	const char **string[ROWS_STRINGS_MAX];
	size_t n;

	*rows = *from;
	for (size_t i = 0; i < from->n; i++) {
		row[i] = from->row[i];
		row[i].room_name = mem_strdup(from->row[i].room_name);
		row[i].sender = mem_strdup(from->row[i].sender);
		row[i].body = mem_strdup(from->row[i].body);
		row[i].changed = strdup_or_null(from->row[i].changed);
	}
	rows->row = row;
	rows->error = strdup_or_null(from->error);
	n = rows_strings(rows, string);
	for (size_t i = 0; i < n; i++)
		*string[i] = strdup_or_null(*string[i]);
	return rows;
}

void fake_store_answer(struct writer *w, const struct query *q, const char *error)
{
	struct rows *rows = error == NULL ? store_query(w->reader, q) : rows_sorry(q, error);

	fake_tell(w, WRITER_ROWS)->rows = copy_rows(rows);
	rows_release(rows);
}
