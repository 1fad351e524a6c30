/* Acts on their way to the engine of a cluster, and what is saved of those that were done. Owns struct acts. */

#include "chatd/net/acts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/cluster/engine.h"
#include "chatd/cluster/engine_figures.h"
#include "chatd/core/cluster_figures.h"
#include "chatd/net/server.h"

void acts_propose(struct server *s, const struct effect *e)
{
	s->acts.proposed++;
	if (!engine_propose(s->acts.engine, s->acts.incarnation, e->text, e->len))
		log_errx("cluster: an act is lost: too many wait for the engine");
}

void acts_done(struct server *s, const struct effect *e)
{
	struct acts *a = &s->acts;

	if (a->position == NULL)
		a->position = mem_alloc(POSITION_BYTES_MAX + 1);
	if (snprintf(a->position, POSITION_BYTES_MAX + 1, "%s %s", a->id, e->text) > POSITION_BYTES_MAX ||
	    !writer_mark(s->writer, a->position))
		log_errx("cluster: a position is lost: the store's queue is full");
	if (a->saved_seq == 0) {
		memcpy(a->saved_id, a->id, sizeof a->saved_id);
		a->saved_seq = s->effects.given_seq > 0 ? s->effects.given_seq : 1;
	}
}

void acts_saved(struct server *s, uint64_t seq)
{
	struct acts *a = &s->acts;

	if (a->engine == NULL || a->saved_seq == 0 || a->saved_seq > seq)
		return;
	engine_applied(a->engine, a->saved_id);
	a->saved_seq = 0;
}

bool acts_are_open(const struct server *s)
{
	return s->acts.engine == NULL || s->acts.open;
}

/* -- figures --------------------------------------------------------------------------------- */

void acts_figures(const struct server *s, struct cluster_figures *f)
{
	const struct acts *a = &s->acts;
	const struct engine_figures *e;

	*f = (struct cluster_figures){.there = a->engine != NULL};
	if (a->engine == NULL)
		return;
	e = engine_figures(a->engine);
	f->open = a->open;
	f->up = e->up;
	f->since_ms = e->since_ms > 0 && e->since_ms < s->mono_ms ? s->mono_ms - e->since_ms : 0;
	snprintf(f->id, sizeof f->id, "%s", a->cluster);
	snprintf(f->why, sizeof f->why, "%s", e->why);
	f->incarnation = a->incarnation;
	f->length = e->length;
	f->behind = e->unread < 0 ? -1 : e->unread + engine_untaken(a->engine);
	f->behind_ms = e->behind_ms;
	f->append_us = e->append_us;
	f->waiting = engine_proposals(a->engine);
	f->proposed = a->proposed;
	f->applied = a->applied;
	for (uint32_t i = 0; i < e->n; i++) {
		struct node_figures *n = &f->node[f->n++];

		memcpy(n->name, e->node[i].name, sizeof n->name);
		n->up = e->node[i].up;
		n->behind_ms = e->node[i].behind_ms;
	}
}

/* -- life ------------------------------------------------------------------------------------ */

void acts_wake(struct server *s)
{
	int fds[ENGINE_WAKE_MAX], n;

	if (s->acts.engine == NULL)
		return;
	n = engine_wake_fds(s->acts.engine, fds);
	for (int i = 0; i < n; i++)
		ring_wake(s->ring, fds[i]);
}

void acts_release(struct acts *a)
{
	free(a->away);
	free(a->position);
}
