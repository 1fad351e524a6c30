/* What the engine of a cluster has for this node: acts, and how it is itself. Owns nothing. */

#include "chatd/net/act_events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/cluster/engine.h"
#include "chatd/core/chat.h"
#include "chatd/net/accept.h"
#include "chatd/net/effects.h"
#include "chatd/net/server.h"

enum { ACTS_TURN = 512 }; /* acts that one turn applies, so that sends do not wait for a long tail */

/* The engine gives sentences; what is wrong with the store is told within one. */
static void tell_away(struct server *s)
{
	size_t len = strlen(s->acts.away);

	if (len > 0 && s->acts.away[len - 1] == '.')
		s->acts.away[len - 1] = '\0';
	effects_step(s, &(struct event){.kind = EVENT_STORE_FAILED, .failure = {
		.reason = s->acts.away,
		.advice = "This node cannot reach the engine of the cluster. Reading goes on.",
	}});
}

static void went_away(struct server *s, const char *reason)
{
	struct acts *a = &s->acts;

	free(a->away);
	a->away = mem_strdup(reason);
	log_warnx("cluster: %s", reason);
	if (!s->effects.store_failed)
		tell_away(s);
}

static void came_back(struct server *s)
{
	struct acts *a = &s->acts;

	if (a->away == NULL)
		return;
	free(a->away);
	a->away = NULL;
	log_info("cluster: the engine answers again");
	if (!s->effects.store_failed)
		effects_step(s, &(struct event){.kind = EVENT_STORE_BACK});
}

static void apply(struct server *s, const struct engine_act *act)
{
	snprintf(s->acts.id, sizeof s->acts.id, "%s", act->id);
	s->acts.applied++;
	effects_step(s, &(struct event){.kind = EVENT_ACT, .act = {act->text, act->at_ms}});
	while (chat_goes_on(s->chat))
		effects_step(s, &(struct event){.kind = EVENT_ACT, .act = {NULL, act->at_ms}});
	if (!s->acts.open && chat_is_up(s->chat)) {
		s->acts.open = true;
		log_info("cluster: this node has all that the others have");
		accept_all(s);
		if (s->handover.board != NULL)
			accept_handed(s);
	}
}

static void ready(struct server *s, const struct engine_event *e)
{
	s->acts.incarnation = e->incarnation;
	snprintf(s->acts.cluster, sizeof s->acts.cluster, "%s", e->cluster);
	log_info("cluster %s: incarnation %" PRIu64 " of this node", e->cluster, e->incarnation);
	s->acts.ready(s->acts.ctx, e->cluster);
	effects_step(s, &(struct event){.kind = EVENT_INCARNATION, .incarnation = e->incarnation});
}

static void handle(struct server *s, const struct engine_event *e)
{
	switch (e->kind) {
	case ENGINE_READY:
		ready(s, e);
		break;
	case ENGINE_ACT:
		apply(s, &e->act);
		break;
	case ENGINE_CAUGHT_UP:
		log_info("cluster: caught up");
		break;
	case ENGINE_AWAY:
		went_away(s, e->reason);
		break;
	case ENGINE_BACK:
		came_back(s);
		break;
	case ENGINE_LEASE_OVER:
		log_info("cluster: node %s has not renewed its lease", e->node);
		effects_step(s, &(struct event){.kind = EVENT_LEASE_OVER, .lease = {e->node, e->incarnation}});
		break;
	case ENGINE_LEASE_LOST:
		log_warnx("cluster: this node's lease is over: it could not renew it in time");
		break;
	case ENGINE_FATAL:
		log_errx("cluster: %s", e->reason);
		s->acts.ended(s->acts.ctx, e->reason);
		break;
	}
}

bool act_events_turn(struct server *s)
{
	struct engine_event e;
	int n = 0;

	if (s->acts.engine == NULL || s->stop.begun)
		return false;
	/* What cannot be saved is not applied. */
	while (!s->effects.store_failed && !server_behind(s) && engine_next(s->acts.engine, &e)) {
		handle(s, &e);
		if (++n == ACTS_TURN)
			return true;
	}
	return false;
}

bool act_events_tell_away(struct server *s)
{
	if (s->acts.away != NULL)
		tell_away(s);
	return s->acts.away != NULL;
}
