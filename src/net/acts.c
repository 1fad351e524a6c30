/* Acts on their way to the engine of a cluster, and what is saved of those that were done. Owns struct acts. */

#include "chatd/net/acts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/cluster/engine.h"
#include "chatd/cluster/engine_figures.h"
#include "chatd/core/cluster_figures.h"
#include "chatd/net/server.h"

struct late_act {
	uint64_t incarnation;
	size_t len;
	struct late_act *prev, *next;
	char text[];
};

void acts_propose(struct server *s, const struct effect *e)
{
	struct acts *a = &s->acts;
	struct late_act *l;

	a->proposed++;
	if (a->late.n == 0 && engine_propose(a->engine, a->incarnation, e->text, e->len))
		return;
	l = mem_alloc(sizeof *l + e->len + 1);
	l->incarnation = a->incarnation;
	l->len = e->len;
	memcpy(l->text, e->text, e->len);
	l->text[e->len] = '\0';
	DL_APPEND(a->late.first, l);
	a->late.n++;
}

static void late_free(struct acts *a, struct late_act *l)
{
	DL_DELETE(a->late.first, l);
	a->late.n--;
	free(l);
}

static void propose_late(struct acts *a)
{
	while (a->late.n > 0 && engine_propose(a->engine, a->late.first->incarnation, a->late.first->text, a->late.first->len))
		late_free(a, a->late.first);
}

bool acts_pressed(const struct server *s)
{
	return s->acts.late.n > 0;
}

void acts_append(struct server *s, const struct record *r)
{
	s->acts.deletes |= r->kind == RECORD_DELETE || r->kind == RECORD_ERASE ||
	                   (r->kind == RECORD_REMOVE && !r->removal.ended);
}

/* Only acts with records count: the position behind one without is saved later than what was saved before it, and until
 * then this node would go on in front of it. */
static void mark(struct acts *a, uint64_t seq)
{
	if (seq == a->done_seq)
		return;
	memcpy(a->newest.id, a->id, sizeof a->newest.id);
	a->newest.seq = seq;
	if (a->oldest.seq == 0)
		a->oldest = a->newest;
	if (a->deletes)
		a->forgets = a->newest;
	a->deletes = false;
}

void acts_done(struct server *s, const struct effect *e)
{
	struct acts *a = &s->acts;
	size_t id = strlen(a->id);
	bool fits = id + 1 + e->len <= POSITION_BYTES_MAX;

	if (a->position == NULL)
		a->position = mem_alloc(POSITION_BYTES_MAX + 1);
	/* Without printf, as this is done for each act. */
	if (fits) {
		memcpy(a->position, a->id, id);
		a->position[id] = ' ';
		memcpy(a->position + id + 1, e->text, e->len);
		a->position[id + 1 + e->len] = '\0';
	}
	if (!fits || !writer_mark(s->writer, a->position))
		log_errx("cluster: a position is lost: the store's queue is full");
	mark(a, s->effects.given_seq);
}

void acts_unfit(struct server *s, const struct effect *e)
{
	log_errx("cluster: %s", e->text);
	s->acts.ended(s->acts.ctx, e->text);
}

void acts_tell(struct server *s, const struct effect *e)
{
	const char *blank = memchr(e->text, ' ', e->len), *text = blank == NULL ? e->text + e->len : blank + 1;
	size_t node_len = (size_t)(blank == NULL ? 0 : blank - e->text), len = e->len - (size_t)(text - e->text);
	struct acts *a = &s->acts;
	char node[NODE_BYTES_MAX + 1];

	if (node_len <= NODE_BYTES_MAX) {
		snprintf(node, sizeof node, "%.*s", (int)node_len, e->text);
		if (engine_tell(a->engine, node, text, len))
			return;
	}
	/* effects_step says so: no step may begin while effects are carried out. */
	if (a->unheard.n == a->unheard.cap) {
		a->unheard.cap = a->unheard.cap == 0 ? 16 : a->unheard.cap * 2;
		a->unheard.text = mem_resize(a->unheard.text, a->unheard.cap * sizeof *a->unheard.text);
	}
	a->unheard.text[a->unheard.n] = mem_alloc(len + 1);
	memcpy(a->unheard.text[a->unheard.n], text, len);
	a->unheard.text[a->unheard.n++][len] = '\0';
}

char *acts_unheard(struct server *s)
{
	return s->acts.unheard.n == 0 ? NULL : s->acts.unheard.text[--s->acts.unheard.n];
}

static void tell_applied(struct acts *a, uint64_t seq)
{
	if (a->oldest.seq == 0 || a->oldest.seq > seq)
		return;
	if (a->newest.seq <= seq)
		a->oldest = a->newest;
	engine_applied(a->engine, a->oldest.id);
	if (a->oldest.seq == a->newest.seq)
		a->oldest.seq = a->newest.seq = 0;
	else
		a->oldest = a->newest;
}

void acts_saved(struct server *s, uint64_t seq)
{
	struct acts *a = &s->acts;

	if (a->engine == NULL)
		return;
	tell_applied(a, seq);
	if (a->forgets.seq == 0 || a->forgets.seq > seq)
		return;
	engine_forget(a->engine, a->forgets.id);
	a->forgets.seq = 0;
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
	propose_late(&s->acts);
	n = engine_wake_fds(s->acts.engine, fds);
	for (int i = 0; i < n; i++)
		ring_wake(s->ring, fds[i]);
}

void acts_release(struct acts *a)
{
	while (a->late.n > 0)
		late_free(a, a->late.first);
	free(a->away);
	free(a->position);
	while (a->unheard.n > 0)
		free(a->unheard.text[--a->unheard.n]);
	free(a->unheard.text);
}
