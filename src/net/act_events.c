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
#include "chatd/net/effects.h"
#include "chatd/net/server.h"

enum {
	ACTS_TURN = 512,  /* acts that one turn applies, so that sends do not wait for a long tail, */
	TEXTS_TURN = 512, /* and texts that it takes */
};

/* Where the engine is, is for moderators alone. */
static void tell_away(struct server *s)
{
	effects_step(s, &(struct event){.kind = EVENT_STORE_FAILED, .failure = {
		.reason = s->acts.open ? "this server cannot reach the others of this chat"
		                       : "this server is not connected to the others of this chat yet",
		.advice = s->acts.away,
	}});
}

/* Others cannot be reached, or this node does not have all that they have yet. */
static bool is_apart(const struct acts *a)
{
	return a->engine != NULL && (a->away != NULL || !a->open);
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

static void together(struct server *s)
{
	if (!is_apart(&s->acts) && !s->effects.store_failed)
		effects_step(s, &(struct event){.kind = EVENT_STORE_BACK});
}

static void came_back(struct server *s)
{
	struct acts *a = &s->acts;

	if (a->away == NULL)
		return;
	free(a->away);
	a->away = NULL;
	log_info("cluster: the engine answers again");
	together(s);
}

static void apply(struct server *s, const struct engine_act *act)
{
	snprintf(s->acts.id, sizeof s->acts.id, "%s", act->id);
	s->acts.done_seq = s->effects.given_seq;
	s->acts.applied++;
	effects_step(s, &(struct event){.kind = EVENT_ACT, .act = {act->text, act->at_ms}});
	while (chat_goes_on(s->chat))
		effects_step(s, &(struct event){.kind = EVENT_ACT, .act = {NULL, act->at_ms}});
	if (!s->acts.open && chat_is_up(s->chat)) {
		s->acts.open = true;
		log_info("cluster: this node has all that the others have");
		together(s);
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
		log_debug("cluster: read up to the end of the stream");
		break;
	case ENGINE_AWAY:
		went_away(s, e->reason);
		break;
	case ENGINE_BACK:
		came_back(s);
		break;
	case ENGINE_LEASE_OVER:
		log_info("cluster: node %s is gone: it has ended, or has not renewed its lease", e->node);
		effects_step(s, &(struct event){.kind = EVENT_LEASE_OVER, .lease = {e->node, e->incarnation}});
		break;
	case ENGINE_LEASE_LOST:
		log_warnx("cluster: this node's lease is over: it could not renew it in time");
		break;
	case ENGINE_FATAL:
		log_errx("cluster: %s", e->reason);
		s->acts.ended(s->acts.ctx, e->reason);
		break;
	case ENGINE_TOLD:
	case ENGINE_UNHEARD:
		break;
	}
}

/* Texts past the stream wait neither for acts nor for the disk. True: there are more. */
static bool texts_turn(struct server *s)
{
	struct engine_event e;

	for (int n = 0; n < TEXTS_TURN; n++) {
		if (!engine_next_text(s->acts.engine, &e))
			return false;
		effects_step(s, &(struct event){
			.kind = e.kind == ENGINE_TOLD ? EVENT_TOLD : EVENT_UNHEARD,
			.told = {e.text},
		});
	}
	return true;
}

bool act_events_turn(struct server *s)
{
	struct engine_event e;
	int n = 0;
	bool more;

	if (s->acts.engine == NULL || s->stop.begun)
		return false;
	more = texts_turn(s);
	/* What cannot be saved is not applied. */
	while (!s->effects.store_failed && !server_behind(s) && engine_next(s->acts.engine, &e)) {
		handle(s, &e);
		if (++n == ACTS_TURN)
			return true;
	}
	return more;
}

bool act_events_tell_away(struct server *s)
{
	if (is_apart(&s->acts))
		tell_away(s);
	return is_apart(&s->acts);
}
