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

static int64_t node_behind_ms(const struct observed *o, const char *node)
{
	for (uint32_t i = 0; i < o->nbehind; i++)
		if (strcmp(o->behind[i].node, node) == 0)
			return o->behind[i].ms;
	return -1;
}

static void nodes_copy(const struct engine_thread *t, struct engine_figures *to)
{
	for (uint32_t i = 0; i < t->nodes.n; i++) {
		const struct node *node = &t->nodes.node[i];
		int64_t ms = node_behind_ms(&t->observed, node->name);
		/* An operator has taken it out for good. */
		if (!node->up && ms < 0 && t->observed.nbehind > 0)
			continue;
		struct engine_node *copy = &to->node[to->n++];
		memcpy(copy->name, node->name, sizeof(copy->name));
		copy->incarnation = node->incarnation;
		copy->up = node->up;
		copy->behind_ms = ms;
	}
}

static int64_t unread(const struct observed *o, struct stream_id at)
{
	/* Nothing was heard of the stream yet. */
	if (!o->counted && o->last.ms == 0 && at.ms == 0)
		return -1;
	if (stream_id_compare(at, o->last) >= 0)
		return 0;
	if (!o->counted)
		return -1;
	return o->added > o->read ? (int64_t)(o->added - o->read) : 0;
}

/* The time from what this node has saved to the newest entry. But acts may come an hour apart, and then one that
 * was not applied within a millisecond does not put it an hour behind: it is no longer behind than since it was level. */
int64_t figures_behind_ms(struct engine_thread *t)
{
	struct observed *o = &t->observed;
	int64_t now_ms = clock_ms(CLOCK_MONOTONIC);
	struct stream_id newest = stream_id_compare(t->reading.at, o->last) > 0 ? t->reading.at : o->last;
	if (t->in_session && unread(o, t->reading.at) == 0 && engine_untaken(t->e) == 0) {
		o->level_ms = now_ms;
		return 0;
	}
	/* A new node has saved nothing. */
	struct stream_id at = t->known.position.ms != 0 || o->level_ms != 0 ? t->known.position : t->reading.at;
	int64_t apart_ms = newest.ms > at.ms ? (int64_t)(newest.ms - at.ms) : 0;
	if (o->level_ms != 0)
		return apart_ms < now_ms - o->level_ms ? apart_ms : now_ms - o->level_ms;
	return at.ms != 0 ? apart_ms : 0;
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
	f->length = o->length;
	f->unread = unread(o, t->reading.at);
	f->append_us = o->append_us;
	f->behind_ms = figures_behind_ms(t);
	nodes_copy(t, f);
	free(atomic_exchange(&t->e->figures.left, f));
}

void figures_read_on(struct engine_thread *t, uint64_t entries)
{
	t->observed.read += entries;
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
