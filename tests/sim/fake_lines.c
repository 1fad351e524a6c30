/*
 * What the store in memory has saved: lines, and how far somebody has read.
 */
#include "fake_writer.h"

#include <stdlib.h>
#include <string.h>

#include "chatd/core/people/name.h"

#include "chatd/core/state/state.h"

void fake_line_release(struct fake_line *l)
{
	free(l->room_name);
	free(l->sender);
	free(l->body);
}

static void save_line(struct writer *w, struct record *r)
{
	w->lines.at = fake_grow(w->lines.at, w->lines.n, &w->lines.cap, sizeof *w->lines.at);
	w->lines.at[w->lines.n++] = (struct fake_line){
		.id = r->seq, .time_ms = r->time_ms, .kind = r->kind, .room = r->room,
		.room_name = mem_strdup(r->room_name), .sender = mem_strdup(r->line.sender),
		.body = mem_strdup(r->line.body),
	};
}

static void save_seen(struct writer *w, const struct record *r)
{
	struct seen *seen = fake_seen_find(w, r->seen.key, r->room);

	if (seen == NULL) {
		w->marks.at = fake_grow(w->marks.at, w->marks.n, &w->marks.cap, sizeof *w->marks.at);
		seen = &w->marks.at[w->marks.n++];
		*seen = (struct seen){.key = mem_strdup(r->seen.key), .room = r->room};
	}
	if (r->seen.up_to_id < seen->id)
		return;
	seen->id = r->seen.up_to_id;
	seen->seq = r->seq;
	seen->gaps = r->seen.gaps;
}

static void delete_line(struct writer *w, const struct record *r)
{
	for (size_t i = 0; i < w->lines.n; i++) {
		if (w->lines.at[i].id != r->deletion.line_id || w->lines.at[i].room != r->room)
			continue;
		fake_line_release(&w->lines.at[i]);
		memmove(&w->lines.at[i], &w->lines.at[i + 1], (--w->lines.n - i) * sizeof *w->lines.at);
		return;
	}
}

static void remove_lines(struct writer *w, uint32_t room)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->lines.n; i++) {
		if (w->lines.at[i].room == room)
			fake_line_release(&w->lines.at[i]);
		else
			w->lines.at[kept++] = w->lines.at[i];
	}
	w->lines.n = kept;
}

static void erase_lines(struct writer *w, const struct record *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->lines.n; i++) {
		if (w->lines.at[i].id > r->erase.after_id && w->lines.at[i].time_ms >= r->erase.since_ms &&
		    name_is(w->lines.at[i].sender, r->erase.key))
			fake_line_release(&w->lines.at[i]);
		else
			w->lines.at[kept++] = w->lines.at[i];
	}
	w->lines.n = kept;
}

static void remove_room(struct writer *w, uint32_t room)
{
	remove_lines(w, room);
	for (size_t i = 0; i < w->marks.n; i++)
		if (w->marks.at[i].room == room)
			w->marks.at[i].id = 0;
}

/* Facts are read at a start alone (fake_saved.c). */
void fake_lines_save(struct writer *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct record *r = &w->records.at[i].record;

		if (w->start != NULL)
			fake_saved_record(w->start, r);
		if (r->kind == RECORD_SAY || r->kind == RECORD_ACTION || r->kind == RECORD_GAP)
			save_line(w, r);
		else if (r->kind == RECORD_SEEN)
			save_seen(w, r);
		else if (r->kind == RECORD_DELETE)
			delete_line(w, r);
		else if (r->kind == RECORD_ERASE)
			erase_lines(w, r);
		else if (r->kind == RECORD_REMOVE)
			remove_room(w, r->room);
	}
}

/* All lines of some room go. */
void fake_lines_prune(struct writer *w)
{
	uint32_t room = w->lines.at[prng_below(&w->prng, (uint32_t)w->lines.n)].room;
	struct writer_event *e;

	remove_lines(w, room);
	if (w->start != NULL)
		fake_saved_pruned(w->start, room, w->saved);
	e = fake_tell(w, WRITER_ROOM_EMPTY);
	e->room = room;
	e->seq = w->saved;
}
