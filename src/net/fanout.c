/*
 * Publishing: lines into feeds, and the marks up to which they are seen.
 *
 * A line waits in `unshown`, one queue for all feeds in the order of records,
 * until its record is saved. Notices have no record: they are seen with the
 * line before them in their feed, or at once where none waits.
 */

#include <assert.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/net/loop_state.h"

void slots_add(struct slots *l, uint32_t slot)
{
	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 64 : l->cap * 2;
		l->slot = mem_resize(l->slot, l->cap * sizeof *l->slot);
	}
	l->slot[l->n++] = slot;
}

void slots_drop(struct slots *l, uint32_t n)
{
	if (n == 0)
		return;
	l->n -= n;
	memmove(l->slot, l->slot + n, l->n * sizeof *l->slot);
}

static struct unshown *unshown_at(struct server *s, uint64_t number)
{
	return &s->unshown[number & (UNSHOWN_MAX - 1)];
}

static void show(struct server *s, uint32_t number, uint64_t end)
{
	struct feed *f = &s->feeds[number];

	f->mark = end;
	if (!f->dirty) {
		f->dirty = true;
		slots_add(&s->dirty_feeds, number);
	}
}

void server_publish(struct server *s, const struct effect *e)
{
	struct feed *f = &s->feeds[e->feed];

	feed_publish(f, e->text, e->len, e->seq);
	if (!f->unsettled) {
		f->unsettled = true;
		slots_add(&s->unsettled, e->feed);
		server_expect_sweep(s);
	}
	if (e->seq != 0 && !s->options.relaxed) {
		assert(s->unshown_next - s->unshown_first < UNSHOWN_MAX);
		*unshown_at(s, s->unshown_next) = (struct unshown){e->seq, f->end, e->feed};
		f->shown_by = s->unshown_next++;
	} else if (f->shown_by >= s->unshown_first) {
		unshown_at(s, f->shown_by)->end = f->end;
	} else {
		show(s, e->feed, f->end);
	}
}

void server_show(struct server *s, uint64_t seq)
{
	while (s->unshown_first < s->unshown_next) {
		const struct unshown *u = unshown_at(s, s->unshown_first);

		if (u->seq > seq)
			break;
		show(s, u->feed, u->end);
		s->unshown_first++;
	}
}

/* Gives back the chunks that all readers of a feed are past. True: none is left. */
static bool settle(struct server *s, struct feed *f)
{
	uint64_t least = f->end;

	for (uint32_t i = 0; i < f->nreaders; i++) {
		const struct feed_reader *r = &s->conns[f->readers[i]].out.reader;

		if (r->cursor < least)
			least = r->cursor;
	}
	/* Also where nothing more is published, which would shorten it. */
	if (budget_is_high(f->budget) && least + FEED_BYTES_LEAST < f->mark)
		least = f->mark - FEED_BYTES_LEAST;
	feed_trim(f, least);
	return f->head == NULL;
}

void server_settle(struct server *s)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < s->unsettled.n; i++) {
		uint32_t number = s->unsettled.slot[i];
		struct feed *f = &s->feeds[number];

		if (settle(s, f))
			f->unsettled = false;
		else
			s->unsettled.slot[kept++] = number;
	}
	s->unsettled.n = kept;
}
