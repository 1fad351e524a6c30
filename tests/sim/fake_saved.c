/*
 * What the store in memory has for the next start: facts, rooms and the position, as they are saved.
 *
 * A node of a cluster is killed and starts again with them, or with a copy of what another node has.
 */
#include "fake_writer.h"

#include <stdlib.h>
#include <string.h>

static void fact_free(struct saved_fact *f)
{
	free((char *)(uintptr_t)f->key);
	free((char *)(uintptr_t)f->value);
}

static void room_free(struct saved_room *r)
{
	free((char *)(uintptr_t)r->name);
	free((char *)(uintptr_t)r->topic);
}

void fake_saved_free(struct fake_saved *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->facts.n; i++)
		fact_free(&s->facts.at[i]);
	for (size_t i = 0; i < s->rooms.n; i++)
		room_free(&s->rooms.at[i]);
	free(s->facts.at);
	free(s->rooms.at);
	free(s->pruned.at);
	free(s->position);
	free(s);
}

/* -- records ----------------------------------------------------------------------------------- */

/* Where a fact is, or would be; there: it is. */
static size_t fact_find(const struct fake_saved *s, enum fact_kind kind, const char *key, bool *there)
{
	size_t low = 0, high = s->facts.n;

	*there = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct saved_fact *f = &s->facts.at[mid];
		int order = f->kind != kind ? (f->kind < kind ? -1 : 1) : strcmp(f->key, key);

		if (order == 0) {
			*there = true;
			return mid;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void save_fact(struct fake_saved *s, const struct record *r)
{
	bool there;
	size_t i = fact_find(s, r->fact.kind, r->fact.key, &there);

	if (*r->fact.value == '\0') {
		if (there) {
			fact_free(&s->facts.at[i]);
			memmove(&s->facts.at[i], &s->facts.at[i + 1], (--s->facts.n - i) * sizeof *s->facts.at);
		}
		return;
	}
	if (there) {
		fact_free(&s->facts.at[i]);
	} else {
		s->facts.at = fake_grow(s->facts.at, s->facts.n, &s->facts.cap, sizeof *s->facts.at);
		memmove(&s->facts.at[i + 1], &s->facts.at[i], (s->facts.n++ - i) * sizeof *s->facts.at);
	}
	s->facts.at[i] = (struct saved_fact){r->fact.kind, mem_strdup(r->fact.key), mem_strdup(r->fact.value)};
}

static void save_room(struct fake_saved *s, const struct record *r)
{
	size_t i = 0;

	while (i < s->rooms.n && s->rooms.at[i].room < r->room)
		i++;
	if (r->room > s->last_room)
		s->last_room = r->room;
	if (i == s->rooms.n || s->rooms.at[i].room != r->room) {
		s->rooms.at = fake_grow(s->rooms.at, s->rooms.n, &s->rooms.cap, sizeof *s->rooms.at);
		memmove(&s->rooms.at[i + 1], &s->rooms.at[i], (s->rooms.n++ - i) * sizeof *s->rooms.at);
		s->rooms.at[i] = (struct saved_room){.room = r->room, .name = mem_strdup(r->room_name),
		                                     .topic = mem_strdup("")};
	}
	if (r->kind == RECORD_SAY || r->kind == RECORD_ACTION || r->kind == RECORD_GAP) {
		s->rooms.at[i].last_id = r->seq;
		s->rooms.at[i].last_ms = r->time_ms;
	} else if (r->kind == RECORD_TOPIC) {
		free((char *)(uintptr_t)s->rooms.at[i].topic);
		s->rooms.at[i].topic = mem_strdup(r->topic.text);
	} else if (r->kind == RECORD_REMOVE) {
		room_free(&s->rooms.at[i]);
		memmove(&s->rooms.at[i], &s->rooms.at[i + 1], (--s->rooms.n - i) * sizeof *s->rooms.at);
	}
}

void fake_saved_record(struct fake_saved *s, const struct record *r)
{
	if (r->kind == RECORD_FACT)
		save_fact(s, r);
	else if (r->room != 0)
		save_room(s, r);
}

void fake_saved_position(struct fake_saved *s, const char *position)
{
	free(s->position);
	s->position = mem_strdup(position);
}

void fake_saved_pruned(struct fake_saved *s, uint32_t room, uint64_t up_to)
{
	size_t i = 0;

	while (i < s->pruned.n && s->pruned.at[i].room != room)
		i++;
	if (i == s->pruned.n) {
		s->pruned.at = fake_grow(s->pruned.at, s->pruned.n, &s->pruned.cap, sizeof *s->pruned.at);
		s->pruned.n++;
	}
	s->pruned.at[i] = (struct pruned){room, up_to};
}

/* -- from one writer to the next ---------------------------------------------------------------- */

void fake_writer_keep(struct writer *w)
{
	w->start = mem_zero(1, sizeof *w->start);
	fake_writer_group(w);
}

void fake_writer_inherit(struct writer *w, struct writer *from)
{
	fake_saved_free(w->start);
	w->start = from->start;
	from->start = NULL;
	w->lines = from->lines;
	w->marks = from->marks;
	memset(&from->lines, 0, sizeof from->lines);
	memset(&from->marks, 0, sizeof from->marks);
	w->given = w->saved = from->saved;
	memcpy(w->cluster, from->cluster, sizeof w->cluster);
	fake_writer_free(from);
}

static void copy_saved(struct fake_saved *to, const struct fake_saved *from)
{
	for (size_t i = 0; i < from->facts.n; i++) {
		const struct saved_fact *f = &from->facts.at[i];

		to->facts.at = fake_grow(to->facts.at, to->facts.n, &to->facts.cap, sizeof *to->facts.at);
		to->facts.at[to->facts.n++] = (struct saved_fact){f->kind, mem_strdup(f->key), mem_strdup(f->value)};
	}
	for (size_t i = 0; i < from->rooms.n; i++) {
		const struct saved_room *r = &from->rooms.at[i];

		to->rooms.at = fake_grow(to->rooms.at, to->rooms.n, &to->rooms.cap, sizeof *to->rooms.at);
		to->rooms.at[to->rooms.n] = *r;
		to->rooms.at[to->rooms.n].name = mem_strdup(r->name);
		to->rooms.at[to->rooms.n++].topic = mem_strdup(r->topic);
	}
	for (size_t i = 0; i < from->pruned.n; i++)
		fake_saved_pruned(to, from->pruned.at[i].room, from->pruned.at[i].up_to);
	to->last_room = from->last_room;
	to->position = from->position != NULL ? mem_strdup(from->position) : NULL;
}

void fake_writer_copy(struct writer *w, const struct writer *from)
{
	copy_saved(w->start, from->start);
	for (size_t i = 0; i < from->lines.n; i++) {
		struct fake_line *to;

		w->lines.at = fake_grow(w->lines.at, w->lines.n, &w->lines.cap, sizeof *w->lines.at);
		to = &w->lines.at[w->lines.n++];
		*to = from->lines.at[i];
		to->room_name = mem_strdup(to->room_name);
		to->sender = mem_strdup(to->sender);
		to->body = mem_strdup(to->body);
	}
	for (size_t i = 0; i < from->marks.n; i++) {
		w->marks.at = fake_grow(w->marks.at, w->marks.n, &w->marks.cap, sizeof *w->marks.at);
		w->marks.at[w->marks.n] = from->marks.at[i];
		w->marks.at[w->marks.n++].key = mem_strdup(from->marks.at[i].key);
	}
	w->given = w->saved = from->saved;
	memcpy(w->cluster, from->cluster, sizeof w->cluster);
}

/* -- a start ----------------------------------------------------------------------------------- */

const char *fake_writer_position(const struct writer *w)
{
	return w->start->position;
}

uint32_t fake_writer_last_room(const struct writer *w)
{
	return w->start->last_room;
}

/* Rooms that had lines, with the newest of each; then all facts: as store_rooms and store_facts do, but for lines that
 * were deleted since. */
void fake_writer_load(const struct writer *w, struct chat *c)
{
	for (size_t i = 0; i < w->start->rooms.n; i++)
		if (w->start->rooms.at[i].last_id != 0)
			chat_load_room(c, &w->start->rooms.at[i]);
	for (size_t i = 0; i < w->start->facts.n; i++)
		chat_load_fact(c, &w->start->facts.at[i]);
}

bool fake_writer_is_idle(const struct writer *w)
{
	return w->records.n == 0 && w->marks_waiting.n == 0 && w->news.n == 0 && w->queries.n == 0;
}
