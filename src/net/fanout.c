/*
 * Publishing: lines into feeds, and the marks up to which they are seen.
 *
 * A line waits in `unshown`, one queue for all feeds in the order of records, until its record is
 * saved. Notices have no record: they are seen with the line before them in their feed, or at once
 * if none waits.
 */

#include "chatd/net/fanout.h"

#include <assert.h>
#include <stdlib.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/core/chat.h"
#include "chatd/net/counters.h"
#include "chatd/net/server.h"
#include "chatd/net/watched.h"

void fanout_init(struct fanout *f, uint32_t connections_max, bool relaxed)
{
	f->relaxed = relaxed;
	f->logs.high = LOGS_BYTES_HIGH;
	f->logs.max = f->logs.high + connections_max * (uint64_t)LOGS_BYTES_EACH;
	f->feeds = mem_zero(chat_feeds_max(), sizeof *f->feeds);
	for (uint32_t i = 0; i < chat_feeds_max(); i++)
		f->feeds[i].budget = &f->logs;
	f->unshown = mem_zero(UNSHOWN_MAX, sizeof *f->unshown);
	f->first = f->next = 1;
}

void fanout_release(struct fanout *f)
{
	for (uint32_t i = 0; i < chat_feeds_max(); i++)
		feed_release(&f->feeds[i]);
	free(f->feeds);
	free(f->unshown);
	free(f->dirty.slot);
	free(f->unsettled.slot);
}

static struct unshown *unshown_at(struct server *s, uint64_t number)
{
	return &s->fanout.unshown[number & (UNSHOWN_MAX - 1)];
}

static void show(struct server *s, uint32_t number, uint64_t end)
{
	struct feed *f = &s->fanout.feeds[number];

	f->mark = end;
	if (!f->dirty) {
		f->dirty = true;
		slots_add(&s->fanout.dirty, number);
	}
}

void fanout_publish(struct server *s, const struct effect *e)
{
	struct feed *f = &s->fanout.feeds[e->feed];

	feed_publish(f, e->text, e->len, e->seq, e->line);
	counters_published(s, f);
	if (!f->unsettled) {
		f->unsettled = true;
		slots_add(&s->fanout.unsettled, e->feed);
		server_expect_sweep(s);
	}
	if (e->seq != 0 && !s->fanout.relaxed) {
		assert(s->fanout.next - s->fanout.first < UNSHOWN_MAX);
		*unshown_at(s, s->fanout.next) = (struct unshown){e->seq, f->end, e->feed};
		f->shown_by = s->fanout.next++;
	} else if (f->shown_by >= s->fanout.first) {
		unshown_at(s, f->shown_by)->end = f->end;
	} else {
		show(s, e->feed, f->end);
	}
}

void fanout_show(struct server *s, uint64_t seq)
{
	while (s->fanout.first < s->fanout.next) {
		const struct unshown *u = unshown_at(s, s->fanout.first);

		if (u->seq > seq)
			break;
		show(s, u->feed, u->end);
		s->fanout.first++;
	}
}

uint64_t fanout_shown(const struct server *s)
{
	return s->fanout.first < s->fanout.next ? s->fanout.unshown[s->fanout.first & (UNSHOWN_MAX - 1)].seq - 1
	                                        : UINT64_MAX;
}

/* Frees the chunks that all readers of a feed have passed. True: none is left. */
static bool settle(struct server *s, struct feed *f)
{
	uint64_t least = f->end;

	for (uint32_t i = 0; i < f->nreaders; i++) {
		const struct feed_reader *r = watched_reader(&s->conns.slot[f->readers[i]], f, i);

		if (r->cursor < least)
			least = r->cursor;
	}
	/* Even if nothing more is published, which would shorten it. */
	if (budget_is_high(f->budget) && least + FEED_BYTES_LEAST < f->mark)
		least = f->mark - FEED_BYTES_LEAST;
	feed_trim(f, least);
	return f->head == NULL;
}

void fanout_settle(struct server *s)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < s->fanout.unsettled.n; i++) {
		uint32_t number = s->fanout.unsettled.slot[i];
		struct feed *f = &s->fanout.feeds[number];

		if (settle(s, f))
			f->unsettled = false;
		else
			s->fanout.unsettled.slot[kept++] = number;
	}
	s->fanout.unsettled.n = kept;
}
