/*
 * The feeds that a connection watches. Owns its list of struct watched.
 */

#include "chatd/net/watched.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/net/server.h"

struct feed_reader *watched_reader(struct connection *c, const struct feed *f, uint32_t index)
{
	struct watched *w = c->out.watched;

	if (c->out.reader.feed == f && c->out.reader.index == index)
		return &c->out.reader;
	while (w->reader.feed != f || w->reader.index != index)
		w = w->next;
	return &w->reader;
}

void watched_moved(struct server *s, const struct feed *f, uint32_t moved, uint32_t index)
{
	/* It was the last one. */
	if (moved != UINT32_MAX)
		watched_reader(&s->conns.slot[moved], f, f->nreaders)->index = index;
}

/* The one that watches f and is not ending; NULL: none. */
static struct watched *find(const struct connection *c, const struct feed *f)
{
	struct watched *w = c->out.watched;

	while (w != NULL && (w->reader.feed != f || w->ending))
		w = w->next;
	return w;
}

void watched_begin(struct server *s, struct connection *c, const struct effect *e)
{
	struct watched *w = mem_zero(1, sizeof *w + e->len + 1), **last = &c->out.watched;

	feed_join(&s->fanout.feeds[e->feed], &w->reader, c->slot);
	w->reader.held = true;
	memcpy(w->name, e->text, e->len);
	while (*last != NULL)
		last = &(*last)->next;
	*last = w;
}

void watched_release(struct server *s, struct connection *c, uint32_t feed)
{
	struct watched *w = find(c, &s->fanout.feeds[feed]);

	if (w == NULL)
		return;
	w->reader.held = false;
	w->reader.let = w->reader.feed->mark;
	/* What it held back has not arrived, although later lines of other rooms may have. */
	outqueue_forget_marks(&c->out);
	c->out.mark_due = true;
}

void watched_end(struct server *s, struct connection *c, uint32_t feed)
{
	struct watched *w = find(c, &s->fanout.feeds[feed]);

	if (w == NULL)
		return;
	w->ending = true;
	w->until = w->reader.held ? w->reader.cursor : w->reader.feed->mark;
	w->reader.held = false;
}

static void drop(struct server *s, struct watched **at)
{
	struct watched *w = *at;
	struct feed *f = w->reader.feed;
	uint32_t index = w->reader.index;

	*at = w->next;
	watched_moved(s, f, feed_part(&w->reader), index);
	free(w);
}

void watched_drop(struct server *s, struct connection *c)
{
	while (c->out.watched != NULL)
		drop(s, &c->out.watched);
}

bool watched_skip(struct connection *c, const struct feed *f)
{
	struct watched *w = find(c, f);
	struct feed_reader *r;

	if (w == NULL)
		return false;
	r = &w->reader;
	feed_skip(r);
	if (r->ncuts - r->cut_first > CUTS_LEAST && (r->ncuts & (CUTS_LEAST - 1)) == 0)
		feed_reader_fold(r, r->cursor);
	return true;
}

void watched_let(struct connection *c)
{
	for (struct watched *w = c->out.watched; w != NULL; w = w->next)
		w->reader.let = w->reader.feed->mark;
}

/* The position up to which it may be shown its feed. */
static uint64_t visible(const struct connection *c, const struct watched *w)
{
	const struct feed_reader *r = &w->reader;
	uint64_t end;

	if (r->held)
		return r->cursor;
	end = w->ending ? w->until : c->out.hold && r->let < r->feed->mark ? r->let : r->feed->mark;
	return end > r->cursor ? end : r->cursor;
}

static bool is_behind(const struct watched *w)
{
	const struct feed_reader *r = &w->reader;

	return !r->held && (r->lost || (r->cursor < r->feed->start && r->cursor < r->feed->mark));
}

/* Takes the lines of one; returns their bytes. */
static size_t take(struct connection *c, struct watched *w, size_t most, watched_line *line, void *ctx)
{
	struct feed_reader *r = &w->reader;
	uint64_t end = visible(c, w);
	size_t taken = 0;

	while (r->cursor < end && taken < most) {
		const struct feed_cut *cut = r->cut_first < r->ncuts ? &r->cuts[r->cut_first] : NULL;
		struct feed_chunk *chunk = feed_find(r->feed, r->cursor);
		struct line_info info;
		uint64_t pos = r->cursor, next;

		assert(chunk != NULL); /* it has jumped if its log has moved past it */
		next = feed_line_next(chunk, pos, &info);
		feed_reader_move(r, chunk, next);
		if (cut == NULL || pos < cut->from || pos >= cut->to) {
			line(ctx, chunk->data + (pos - chunk->base), next - pos, info, pos, w);
			c->out.delivered++;
		}
		taken += next - pos;
		if (r->ncuts > 0)
			feed_reader_drop_cuts(r);
	}
	return taken;
}

bool watched_take(struct server *s, struct connection *c, size_t most, watched_line *line, void *ctx)
{
	bool all = true;

	for (struct watched **at = &c->out.watched; *at != NULL;) {
		struct watched *w = *at;
		size_t taken = most > 0 && !is_behind(w) ? take(c, w, most, line, ctx) : 0;

		most -= taken < most ? taken : most;
		if (w->reader.cursor < visible(c, w) && !(w->ending && is_behind(w))) {
			all = false;
		} else if (w->ending) {
			drop(s, at);
			continue;
		}
		at = &w->next;
	}
	return all;
}

bool watched_has_output(const struct connection *c)
{
	for (const struct watched *w = c->out.watched; w != NULL; w = w->next)
		if (w->ending || w->reader.cursor < visible(c, w))
			return true;
	return false;
}

struct feed_reader *watched_behind(struct connection *c)
{
	for (struct watched *w = c->out.watched; w != NULL; w = w->next)
		if (!w->ending && is_behind(w))
			return &w->reader;
	return NULL;
}

uint64_t watched_seq(const struct connection *c, uint64_t shown)
{
	const struct feed_reader *own = &c->out.reader;
	uint64_t seq = own->seq;

	if (own->feed != NULL && !own->held && own->cursor < own->feed->mark)
		return SEQ_UNKNOWN;
	for (const struct watched *w = c->out.watched; w != NULL; w = w->next) {
		if (w->reader.held)
			continue;
		if (!w->ending && w->reader.cursor < w->reader.feed->mark)
			return SEQ_UNKNOWN;
		if (w->reader.seq > seq)
			seq = w->reader.seq;
	}
	/* A feed that was joined lately knows of records that no other feed has shown yet. */
	return seq < shown ? seq : shown;
}
