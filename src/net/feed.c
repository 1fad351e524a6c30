/*
 * The shared log. Owns chunks and the readers' arrays; sends nothing itself.
 *
 * A chunk holds whole lines: bytes from the front, and from the back an index
 * entry for each line, which tells a reader that fell behind where it is.
 */

#include "chatd/net/feed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"

static struct feed_line *line_at(const struct feed_chunk *chunk, uint32_t i)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): this part of the chunk holds no bytes */
	return (struct feed_line *)(uintptr_t)(chunk->data + chunk->size) - i - 1;
}

void feed_chunk_unref(struct feed_chunk *chunk)
{
	assert(chunk->refs > 0);
	if (--chunk->refs > 0)
		return;
	budget_refund(chunk->budget, sizeof *chunk + chunk->size);
	free(chunk);
}

static void drop_head(struct feed *f)
{
	struct feed_chunk *chunk = f->head;

	f->start = chunk->base + chunk->used;
	f->head = chunk->next;
	if (f->head == NULL)
		f->tail = NULL;
	if (f->hint == chunk)
		f->hint = NULL;
	feed_chunk_unref(chunk);
}

void feed_trim(struct feed *f, uint64_t pos)
{
	while (f->head != NULL && f->head->base + f->head->used <= pos &&
	       (f->head->next != NULL || pos == f->end))
		drop_head(f);
}

static struct feed_chunk *chunk_for(struct feed *f, size_t len)
{
	struct feed_chunk *chunk = f->tail;
	uint32_t size = f->head == NULL ? FEED_CHUNK_BYTES_FIRST : FEED_CHUNK_BYTES;
	uint64_t kept = budget_is_high(f->budget) ? FEED_BYTES_LEAST : FEED_BYTES_MAX;

	if (chunk != NULL &&
	    chunk->size - chunk->used >= len + (chunk->nlines + 1) * sizeof(struct feed_line))
		return chunk;
	if (len + sizeof(struct feed_line) > size)
		size = FEED_CHUNK_BYTES + (uint32_t)sizeof(struct feed_line);
	chunk = mem_alloc(sizeof *chunk + size);
	*chunk = (struct feed_chunk){.base = f->end, .seq = f->seq, .line_base = f->lines,
	                             .refs = 1, .size = size, .budget = f->budget};
	budget_charge(f->budget, sizeof *chunk + size);
	if (f->tail == NULL) {
		f->head = chunk;
		f->start = f->end;
	} else {
		f->tail->next = chunk;
	}
	f->tail = chunk;
	/* Counted from the mark: what nobody has been shown yet never falls out, and does not
	 * shorten the time to read what has been. The store's queue bounds it, except for notices
	 * (NOTICE_BURST). */
	while (f->head != NULL && f->head != chunk &&
	       f->head->base + f->head->used + kept <= f->mark)
		drop_head(f);
	return chunk;
}

void feed_publish(struct feed *f, const char *line, size_t len, uint64_t seq, struct line_info info)
{
	struct feed_chunk *chunk;

	assert(len > 0 && len <= FEED_CHUNK_BYTES);
	chunk = chunk_for(f, len);
	if (seq != 0)
		f->seq = seq;
	*line_at(chunk, chunk->nlines) = (struct feed_line){
		.offset = chunk->used, .seq = (uint32_t)(f->seq - chunk->seq), .info = info,
	};
	chunk->nlines++;
	memcpy(chunk->data + chunk->used, line, len);
	chunk->used += (uint32_t)len;
	f->end += len;
	f->last_len = (uint32_t)len;
	f->lines++;
}

struct feed_chunk *feed_find(struct feed *f, uint64_t pos)
{
	struct feed_chunk *chunk = f->hint;

	if (chunk != NULL && pos - chunk->base < chunk->used)
		return chunk;
	for (chunk = f->head; chunk != NULL; chunk = chunk->next)
		if (pos - chunk->base < chunk->used)
			break;
	if (chunk != NULL)
		f->hint = chunk;
	return chunk;
}

/* -- readers --------------------------------------------------------------------------- */

void feed_join(struct feed *f, struct feed_reader *r, uint32_t slot)
{
	assert(r->feed == NULL);
	if (f->nreaders == f->readers_cap) {
		f->readers_cap = f->readers_cap == 0 ? 4 : f->readers_cap * 2;
		f->readers = mem_resize(f->readers, f->readers_cap * sizeof *f->readers);
	}
	*r = (struct feed_reader){.feed = f, .cursor = f->end, .index = f->nreaders,
	                          .lines = f->lines, .seq = f->seq};
	f->readers[f->nreaders++] = slot;
}

uint32_t feed_part(struct feed_reader *r)
{
	struct feed *f = r->feed;
	uint32_t moved = UINT32_MAX;

	if (r->index != --f->nreaders) {
		moved = f->readers[f->nreaders];
		f->readers[r->index] = moved;
	}
	if (f->nreaders == 0) {
		feed_trim(f, f->end);
		free(f->readers);
		f->readers = NULL;
		f->readers_cap = 0;
	}
	feed_reader_release(r);
	return moved;
}

/* Makes room for cap cuts. */
static void cuts_resize(struct feed_reader *r, uint32_t cap)
{
	budget_refund(r->feed->budget, r->cuts_cap * sizeof *r->cuts);
	budget_charge(r->feed->budget, cap * sizeof *r->cuts);
	r->cuts = mem_resize(r->cuts, cap * sizeof *r->cuts);
	r->cuts_cap = cap;
}

static void cuts_free(struct feed_reader *r)
{
	if (r->cuts_cap > 0)
		budget_refund(r->feed->budget, r->cuts_cap * sizeof *r->cuts);
	free(r->cuts);
	r->cuts = NULL;
	r->ncuts = r->cut_first = r->cuts_cap = 0;
}

void feed_reader_release(struct feed_reader *r)
{
	cuts_free(r);
	*r = (struct feed_reader){0};
}

void feed_reader_drop_cuts(struct feed_reader *r)
{
	for (; r->cut_first < r->ncuts && r->cuts[r->cut_first].to <= r->cursor; r->cut_first++) {
		const struct feed_cut *cut = &r->cuts[r->cut_first];

		if (r->lines < cut->line + cut->lines)
			r->lines = cut->line + cut->lines;
	}
	if (r->cut_first < r->ncuts)
		return;
	cuts_free(r);
}

void feed_skip(struct feed_reader *r)
{
	const struct feed *f = r->feed;
	uint64_t from = f->end - f->last_len;
	struct feed_cut *last = r->cut_first < r->ncuts ? &r->cuts[r->ncuts - 1] : NULL;

	if (r->cursor == from) {
		/* Nothing is before it: the most common case, a person speaking into silence. */
		r->cursor = f->end;
		r->lines = f->lines;
		r->seq = f->seq;
		return;
	}
	if (last != NULL && last->to == from) {
		last->to = f->end;
		last->lines++;
		return;
	}
	if (r->cuts != NULL && r->ncuts == r->cuts_cap && r->cut_first > 0) {
		memmove(r->cuts, r->cuts + r->cut_first,
		        (r->ncuts - r->cut_first) * sizeof *r->cuts);
		r->ncuts -= r->cut_first;
		r->cut_first = 0;
	}
	if (r->cuts == NULL || r->ncuts == r->cuts_cap)
		cuts_resize(r, r->cuts_cap == 0 ? 4 : r->cuts_cap * 2);
	r->cuts[r->ncuts++] = (struct feed_cut){
		.from = from, .to = f->end, .line = f->lines - 1, .lines = 1,
	};
}

/* -- falling behind ------------------------------------------------------------------------ */

/* Number of lines in the chunk that begin before pos. */
static uint32_t lines_before(const struct feed_chunk *chunk, uint64_t pos)
{
	uint32_t low = 0, high = chunk->nlines;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (chunk->base + line_at(chunk, mid)->offset < pos)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint64_t feed_line_end(const struct feed_chunk *chunk, uint64_t pos)
{
	uint32_t i = lines_before(chunk, pos);

	return chunk->base + (i < chunk->nlines ? line_at(chunk, i)->offset : chunk->used);
}

uint64_t feed_line_next(const struct feed_chunk *chunk, uint64_t pos, struct line_info *info)
{
	uint32_t i = lines_before(chunk, pos + 1);

	*info = line_at(chunk, i - 1)->info;
	return chunk->base + (i < chunk->nlines ? line_at(chunk, i)->offset : chunk->used);
}

void feed_reader_move(struct feed_reader *r, const struct feed_chunk *chunk, uint64_t pos)
{
	uint32_t i = lines_before(chunk, pos);

	r->cursor = pos;
	r->lines = chunk->line_base + i;
	r->seq = chunk->seq + (i > 0 ? line_at(chunk, i - 1)->seq : 0);
}

void feed_reader_fold(struct feed_reader *r, uint64_t from)
{
	uint32_t first = r->cut_first, last;

	while (first < r->ncuts && r->cuts[first].from < from)
		first++;
	for (last = first; last < r->ncuts && r->cuts[last].to <= r->feed->mark; last++) {
		if (last == first)
			continue;
		/* Its lines count from its first one on: all of them are before the mark, where a
		 * jump goes, so the jump subtracts all of them. */
		r->cuts[first].to = r->cuts[last].to;
		r->cuts[first].lines += r->cuts[last].lines;
	}
	if (last - first < 2)
		return;
	memmove(r->cuts + first + 1, r->cuts + last, (r->ncuts - last) * sizeof *r->cuts);
	r->ncuts -= last - first - 1;
	if (r->ncuts < r->cuts_cap / 2)
		cuts_resize(r, r->ncuts);
	r->lost = true;
}

struct feed_gap feed_reader_jump(struct feed_reader *r)
{
	const struct feed *f = r->feed;
	struct feed_reader to = {.cursor = f->end, .lines = f->lines, .seq = f->seq};
	struct feed_gap gap;

	for (const struct feed_chunk *at = f->head; at != NULL && f->mark < f->end; at = at->next)
		if (f->mark >= at->base && f->mark <= at->base + at->used)
			feed_reader_move(&to, at, f->mark);
	gap.lines = (uint32_t)(to.lines - r->lines);
	/* The mark may be within a cut, and so may the position before the jump. */
	for (uint32_t i = r->cut_first; i < r->ncuts; i++) {
		uint64_t from = r->cuts[i].line, end = from + r->cuts[i].lines;

		from = from > r->lines ? from : r->lines;
		end = end < to.lines ? end : to.lines;
		gap.lines -= end > from ? (uint32_t)(end - from) : 0;
	}
	gap.first_id = to.seq > r->seq ? r->seq + 1 : 0;
	r->cursor = f->mark;
	r->lost = false;
	r->lines = to.lines;
	r->seq = to.seq;
	feed_reader_drop_cuts(r);
	return gap;
}

void feed_release(struct feed *f)
{
	while (f->head != NULL)
		drop_head(f);
	free(f->readers);
	*f = (struct feed){0};
}
