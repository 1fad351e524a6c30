/*
 * A copy at a time, which the loop takes if it wants to: neither side waits for the other.
 */
#include "chatd/cluster/engine_figures.h"

#include "chatd/base/clock.h"
#include "chatd/base/histogram.h"
#include "chatd/cluster/engine_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAVE_MS = 200 }; /* how often a copy is left, at most */

/* -- the loop --------------------------------------------------------------------------------------- */

const struct engine_figures *engine_figures(struct engine *e)
{
	struct engine_figures *newer = atomic_exchange(&e->figures.left, NULL);
	if (newer) {
		free(e->figures.taken);
		e->figures.taken = newer;
	}
	if (!e->figures.taken) {
		e->figures.taken = mem_zero(1, sizeof(*newer));
		e->figures.taken->unread = -1;
	}
	return e->figures.taken;
}

uint32_t engine_proposals(const struct engine *e)
{
	return atomic_load(&e->proposed.n);
}

uint32_t engine_untaken(const struct engine *e)
{
	return atomic_load(&e->waiting.acts);
}

/* -- the thread ------------------------------------------------------------------------------------- */

/* Acts may come an hour apart: then one that a node has not saved within a second does not put it an hour behind. */
static int64_t behind_ms(struct milestone *p, struct stream_id at, struct stream_id newest, int64_t now_ms)
{
	if (stream_id_compare(at, p->mark) >= 0) {
		p->level_ms = p->mark_ms != 0 ? p->mark_ms : now_ms;
		p->mark = newest;
		p->mark_ms = now_ms;
	}
	if (stream_id_compare(at, newest) >= 0)
		return 0;
	int64_t apart_ms = (int64_t)(newest.ms - at.ms), since_ms = now_ms - p->level_ms;
	return apart_ms < since_ms ? apart_ms : since_ms;
}

static void nodes_copy(struct engine_thread *t, struct stream_id newest, int64_t now_ms, struct engine_figures *to)
{
	for (uint32_t i = 0; i < t->nodes.n; i++) {
		const struct node *node = &t->nodes.node[i];
		struct engine_node *copy = &to->node[to->n++];
		memcpy(copy->name, node->name, sizeof(copy->name));
		copy->incarnation = node->incarnation;
		copy->up = node->up;
		copy->behind_ms = behind_ms(&t->observed.passed[i], node->at, newest, now_ms);
	}
}

static int64_t unread(const struct observed *o, struct stream_id at)
{
	if (stream_id_compare(at, o->last) >= 0)
		return 0;
	if (!o->counted)
		return -1;
	return o->added > o->read ? (int64_t)(o->added - o->read) : 0;
}

void figures_leave(struct engine_thread *t, bool now)
{
	struct observed *o = &t->observed;
	int64_t now_ms = clock_ms(CLOCK_MONOTONIC);
	bool up = t->in_session && !t->away_told;
	if (up != o->up || o->since_ms == 0) {
		o->since_ms = now_ms;
		o->up = up;
		now = true;
	}
	if (!now && now_ms < o->left_ms + LEAVE_MS)
		return;
	o->left_ms = now_ms;
	struct engine_figures *f = mem_zero(1, sizeof(*f));
	f->up = up;
	f->since_ms = o->since_ms;
	if (!up && t->away_told)
		snprintf(f->why, sizeof(f->why), "%s", t->away_why);
	struct stream_id newest = stream_id_compare(t->reading.at, o->last) > 0 ? t->reading.at : o->last;
	f->newest_ms = (int64_t)newest.ms;
	f->length = o->length;
	f->unread = unread(o, t->reading.at);
	f->append_us = o->append_us;
	f->end_ms = o->end_ms;
	nodes_copy(t, newest, now_ms, f);
	free(atomic_exchange(&t->e->figures.left, f));
}

void figures_read_on(struct engine_thread *t, uint64_t entries, bool all)
{
	t->observed.read += entries;
	if (all)
		t->observed.end_ms = clock_ms(CLOCK_MONOTONIC);
}

void figures_sent(struct engine_thread *t)
{
	t->observed.sent_us = clock_us(CLOCK_MONOTONIC);
}

void figures_answered(struct engine_thread *t)
{
	struct observed *o = &t->observed;
	int64_t us = clock_us(CLOCK_MONOTONIC) - o->sent_us;
	o->append_us = us > 0 ? us : 1;
	if (t->e->options.appends)
		histogram_add(t->e->options.appends, o->append_us);
}
