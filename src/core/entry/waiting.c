/* Waiting at the prompt. Owns struct prompt_wait. */

#include "chatd/core/entry/waiting.h"

#include <inttypes.h>
#include <stddef.h>

#include "chatd/core/entry/dialogue.h"
#include "chatd/core/entry/login.h"
#include "chatd/core/entry/resume.h"
#include "chatd/core/people/session.h"
#include "chatd/core/people/unnamed.h"
#include "chatd/core/rooms/eject.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

static bool is_needed(const struct chat *c)
{
	return c->cluster.self != NULL && (c->outage.reason != NULL || !cluster_is_up(c));
}

static void hold(struct chat *c, struct session *s)
{
	c->people.unnamed.nwaiting += !s->unnamed.waiting.on;
	s->unnamed.waiting.on = true;
}

bool waiting_begin(struct chat *c, struct session *s)
{
	if (!is_needed(c))
		return false;
	hold(c, s);
	emit_reply(c, s, "Nobody can come in here at present: %s. You can wait: you will be asked for your name as soon "
	           "as it is over.", c->outage.reason != NULL ? c->outage.reason : "this server is not connected to the "
	           "others of this chat yet");
	return true;
}

void waiting_all(struct chat *c)
{
	struct session *s;

	if (c->cluster.self != NULL)
		for (s = c->people.unnamed.login; s != NULL; s = s->next)
			if (s->unnamed.greeted)
				hold(c, s);
}

void waiting_again(struct chat *c, struct session *s)
{
	person_leave(s);
	s->person = (struct person){0};
	s->unnamed.waiting.again = true;
	hold(c, s);
}

static void tell_lost(struct chat *c, struct session *s)
{
	uint32_t lost = s->person.pending + s->person.said + s->person.before + s->person.lost;

	if (lost == 1)
		emit_reply(c, s, "Not sent: the last line that you typed.");
	else if (lost > 1)
		emit_reply(c, s, "Not sent: the last %" PRIu32 " lines that you typed.", lost);
	c->cluster.nlost -= s->person.lost > 0;
	s->person.pending = s->person.said = s->person.before = s->person.lost = 0;
	person_forget(s);
}

void waiting_in_vain(struct chat *c, struct session *s)
{
	c->cluster.nlost += s->person.lost == 0;
	s->person.lost += s->person.before;
	s->person.before = 0;
}

/* They are as many as could be on their way, which is more than a step has room for. That somebody has left is said
 * again. */
static void tell_all_lost(struct chat *c)
{
	struct session *gone, *next;

	for (uint32_t slot = 0; slot < c->people.nslots && c->cluster.nlost > 0 && emit_has_room(c); slot++) {
		struct session *s = c->people.sessions[slot];

		if (s == NULL || s->person.lost == 0)
			continue;
		tell_lost(c, s);
		session_go_on(c, s);
	}
	if (c->cluster.nlost == 0)
		return;
	HASH_ITER(person.hh, c->cluster.self->people, gone, next) {
		if (gone->person.lost == 0 || gone->person.end == NULL || !emit_has_room(c))
			continue;
		c->cluster.nlost--;
		gone->person.lost = 0;
		act_propose(c, gone, ACT_END, gone->person.end);
	}
}

void waiting_return(struct chat *c, struct session *s)
{
	struct prompt_wait w = {.returns = true, .room = s->room->number};

	tell_lost(c, s);
	emit_reply(c, s, "This server was cut off from the others of this chat for so long that to them you had left. You "
	           "are being let back in.");
	dialogue_end(c, s);
	eject_forget(c, s);
	account_ref_set(&w.account, s->account);
	session_cut(c, s);
	s->unnamed.waiting = w;
	hold(c, s);
}

static void go_on(struct chat *c, struct session *s)
{
	struct prompt_wait *w = &s->unnamed.waiting;
	struct account *a = account_at(c, &w->account);

	c->people.unnamed.nwaiting--;
	w->on = false;
	if (w->returns && w->account.key == NULL) {
		resume_return(c, s);
	} else if (w->returns && a != NULL) {
		login_return(c, s, a, w->room);
	} else if (!session_waits(s)) {
		if (w->again)
			emit_reply(c, s, "This server was cut off from the others of this chat. Please give your name again.");
		else if (s->dialogue == NULL)
			login_offer(c, s);
		session_prompt(c, s);
		session_go_on(c, s);
	}
	w->returns = w->again = false;
	account_ref_clear(&w->account);
}

void waiting_tick(struct chat *c)
{
	struct session *s;

	tell_all_lost(c);
	if (waiting_due_ms(c) > c->now_ms)
		return;
	for (s = c->people.unnamed.login; s != NULL && emit_has_room(c); s = s->next)
		if (s->unnamed.waiting.on)
			go_on(c, s);
}

int64_t waiting_due_ms(const struct chat *c)
{
	return c->cluster.nlost > 0 || (c->people.unnamed.nwaiting > 0 && !is_needed(c)) ? c->now_ms : INT64_MAX;
}
