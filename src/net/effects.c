/*
 * What the core wants done: events into it, its effects out of it.
 *
 * The one place where the core is called. A step must not begin while the effects of another are
 * carried out, because they are in the same array.
 */

#include "chatd/net/effects.h"

#include <stdlib.h>

#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/core/chat.h"
#include "chatd/net/display.h"
#include "chatd/net/server.h"
#include "chatd/net/watched.h"

static void append(struct server *s, const struct record *r)
{
	/* How far a person has read is worth less than a line. (All nodes of a cluster save the same.) */
	if (r->kind == RECORD_SEEN && s->acts.engine == NULL && writer_pressed(s->writer))
		return;
	/* What was saved before this start needs no waiting. */
	if (s->effects.given_seq == 0)
		s->effects.stored_seq = r->seq - 1;
	if (!writer_append(s->writer, r))
		log_errx("record %llu is lost: the store's queue is full",
		         (unsigned long long)r->seq);
	s->effects.given_seq = r->seq;
	acts_append(s, r);
}

static void query(struct server *s, const struct query *q)
{
	/* A peer that disappeared may have asked for thousands of answers that nobody will read. A
	 * query for a single line is different: something will be done with it. */
	const struct connection *c = &s->conns.slot[q->conn.slot];
	bool vain = c->gen == q->conn.gen && c->deaf && q->kind <= QUERY_UNREAD && q->limit > 1;
	struct effects *all = &s->effects;
	struct query given = *q;

	/* There is no waiting for what was not given to the store (append). */
	if (given.after_seq > all->given_seq)
		given.after_seq = all->given_seq;
	/* effects_step answers it: no step may begin while effects are carried out. */
	if (!vain && writer_query(s->writer, &given))
		return;
	if (all->nrefused == all->refused_cap) {
		all->refused_cap = all->refused_cap == 0 ? 64 : all->refused_cap * 2;
		all->refused = mem_resize(all->refused, all->refused_cap * sizeof *all->refused);
	}
	all->refused[all->nrefused++] = (struct refused){q->conn, q->kind, q->number};
}

static void answer_refused(struct server *s)
{
	struct refused r = s->effects.refused[--s->effects.nrefused];
	struct rows none = {.kind = r.kind, .number = r.number, .conn = r.conn,
	                    .error = writer_sorry(r.kind)};

	effects_step(s, &(struct event){.kind = EVENT_ROWS, .conn = r.conn, .rows = &none});
}

static void answer_request(struct server *s)
{
	struct response a;

	if (requests_answer(s, &a)) {
		effects_step(s, &a.event);
		response_release(&a);
	}
}

static void answer_unheard(struct server *s)
{
	char *text = acts_unheard(s);

	effects_step(s, &(struct event){.kind = EVENT_UNHEARD, .told = {text}});
	free(text);
}

/* Does what could not be done while the step's effects were carried out. Each is a step of its own
 * and may lead to more, which the same loop does. */
/* NOLINTNEXTLINE(misc-no-recursion): `following` ends it at the second call */
static void follow(struct server *s)
{
	if (s->effects.following)
		return;
	s->effects.following = true;
	while (s->requests.n + s->effects.nrefused + s->acts.unheard.n > 0) {
		if (s->requests.n > 0)
			answer_request(s);
		else if (s->acts.unheard.n > 0)
			answer_unheard(s);
		else
			answer_refused(s);
	}
	s->effects.following = false;
}

/* The connection, or NULL if the core no longer knows it. */
static struct connection *conn_of(struct server *s, struct conn_id id)
{
	struct connection *c = &s->conns.slot[id.slot];

	return c->gen == id.gen && c->state == CONNECTION_OPEN ? c : NULL;
}

static void send_all(struct server *s, const struct effect *e)
{
	for (uint32_t i = 0; i < s->conns.top; i++)
		if (s->conns.slot[i].state == CONNECTION_OPEN)
			connection_queue(s, &s->conns.slot[i], e);
}

static void apply_to(struct server *s, struct connection *c, const struct effect *e)
{
	switch (e->kind) {
	case EFFECT_SEND:
		connection_queue(s, c, e);
		break;
	case EFFECT_SKIP:
		if (c->out.reader.feed == &s->fanout.feeds[e->feed])
			outqueue_skip(&c->out);
		else
			watched_skip(c, &s->fanout.feeds[e->feed]);
		break;
	case EFFECT_WATCH:
		watched_begin(s, c, e);
		break;
	case EFFECT_WATCH_RELEASE:
		watched_release(s, c, e->feed);
		connection_mark_dirty(s, c);
		break;
	case EFFECT_UNWATCH:
		watched_end(s, c, e->feed);
		if (e->len > 0)
			connection_queue(s, c, e);
		connection_mark_dirty(s, c);
		break;
	case EFFECT_VIEW:
		display_style(s, c, e);
		break;
	case EFFECT_PLAIN:
		display_plain(s, c);
		break;
	case EFFECT_HOLD:
	case EFFECT_FLOW:
		outqueue_hold(&c->out, e->kind == EFFECT_HOLD);
		watched_let(c);
		connection_mark_dirty(s, c);
		break;
	case EFFECT_LET:
		outqueue_let(&c->out);
		watched_let(c);
		display_turn(c);
		connection_mark_dirty(s, c);
		break;
	case EFFECT_CUT:
		display_cut(s, c, e);
		break;
	case EFFECT_INPUT:
		display_input(s, c, e);
		break;
	case EFFECT_MARK:
		display_mark(c, &s->fanout.feeds[e->feed]);
		break;
	case EFFECT_SUBSCRIBE:
		feed_join(&s->fanout.feeds[e->feed], &c->out.reader, c->slot);
		outqueue_forget_marks(&c->out);
		if (c->deaf)
			c->arrived = (struct arrival){.what = ARRIVED_NOTHING};
		c->out.reader.held = true;
		display_room(c, e);
		outqueue_let(&c->out);
		break;
	case EFFECT_RELEASE:
		c->out.reader.held = false;
		outqueue_mark_begin(&c->out);
		connection_mark_dirty(s, c);
		break;
	case EFFECT_UNSUBSCRIBE:
		display_leave(c);
		connection_leave_feed(s, c, e->text, e->len);
		connection_mark_dirty(s, c);
		break;
	case EFFECT_RESUME:
		connection_resume(s, c);
		break;
	case EFFECT_DROP:
		c->dropped = true;
		connection_drain(s, c);
		/* A peer that is not reading would not read a goodbye either, and another needs the
		 * slot. */
		if (connection_stands_still(s, c))
			connection_shut(s, c);
		break;
	case EFFECT_CLOSE:
		connection_drain(s, c);
		break;
	default:
		break;
	}
}

static void apply(struct server *s, const struct effect *e)
{
	struct connection *c;

	switch (e->kind) {
	case EFFECT_SEND_ALL:
		send_all(s, e);
		break;
	case EFFECT_PUBLISH:
		fanout_publish(s, e);
		break;
	case EFFECT_APPEND:
		append(s, &e->record);
		break;
	case EFFECT_QUERY:
		query(s, &e->query);
		break;
	case EFFECT_SHOW:
		fanout_show(s, UINT64_MAX);
		break;
	case EFFECT_PROPOSE:
		acts_propose(s, e);
		break;
	case EFFECT_DONE:
		acts_done(s, e);
		break;
	case EFFECT_TELL:
		acts_tell(s, e);
		break;
	case EFFECT_LOG:
		log_info("%.*s", (int)e->len, e->text);
		break;
	case EFFECT_RELOAD:
	case EFFECT_FIGURES:
	case EFFECT_ARRIVED:
	case EFFECT_STOP:
		requests_add(s, e);
		break;
	default:
		c = conn_of(s, e->conn);
		if (c != NULL)
			apply_to(s, c, e);
		break;
	}
}

/* While nothing can be saved the core may go on appending, as long as there is room. */
/* NOLINTNEXTLINE(misc-no-recursion): `store_full` ends it */
static void mind_room(struct server *s)
{
	if (!s->effects.store_failed || s->effects.store_full || !server_behind(s))
		return;
	s->effects.store_full = true;
	effects_step(s, &(struct event){.kind = EVENT_STORE_FULL});
}

/* NOLINTNEXTLINE(misc-no-recursion): the same */
void effects_step(struct server *s, struct event *e)
{
	const struct effect *effects;
	size_t n;

	e->now_ms = s->now_ms;
	e->wall_ms = s->wall_ms;
	chat_step(s->chat, e);
	effects = chat_effects(s->chat, &n);
	for (size_t i = 0; i < n; i++)
		apply(s, &effects[i]);
	follow(s);
	mind_room(s);
}
