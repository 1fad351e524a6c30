/* Acts on their way to the engine of a cluster, and what is saved of those that were done. Owns struct acts. */

#include "chatd/net/acts.h"

#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/cluster/engine.h"
#include "chatd/net/server.h"

void acts_propose(struct server *s, const struct effect *e)
{
	if (!engine_propose(s->acts.engine, s->acts.incarnation, e->text, e->len))
		log_errx("cluster: an act is lost: too many wait for the engine");
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
