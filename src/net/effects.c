/*
 * What the core wants done: events into it, its effects out of it.
 *
 * The one place where the core is called. A step must not begin while the
 * effects of another are carried out, for they lie in the same array.
 */

#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/net/loop_state.h"

static void append(struct server *s, const struct record *r)
{
	/* How far somebody has read is worth less than a line. */
	if (r->kind == RECORD_SEEN && writer_pressed(s->writer))
		return;
	/* Of what was saved before this start there is nothing to wait for. */
	if (s->given_seq == 0)
		s->stored_seq = r->seq - 1;
	if (!writer_append(s->writer, r))
		log_errx("record %llu is lost: the store's queue is full",
		         (unsigned long long)r->seq);
	s->given_seq = r->seq;
}

static void query(struct server *s, const struct query *q)
{
	/* Whoever is gone without a word may have asked for thousands of answers that nobody will
	 * read. A single line, though, is asked for by what is to be done with it. */
	const struct connection *c = &s->conns[q->conn.slot];
	bool vain = c->gen == q->conn.gen && c->deaf && q->kind <= QUERY_UNREAD && q->limit > 1;
	struct query given = *q;

	/* What was not given to the store (append) is not to be waited for. */
	if (given.after_seq > s->given_seq)
		given.after_seq = s->given_seq;
	/* Answered by server_step: a step may not begin while effects are carried out. */
	if (!vain && writer_query(s->writer, &given))
		return;
	if (s->nrefused == s->refused_cap) {
		s->refused_cap = s->refused_cap == 0 ? 64 : s->refused_cap * 2;
		s->refused = mem_resize(s->refused, s->refused_cap * sizeof *s->refused);
	}
	s->refused[s->nrefused++] = (struct refused){q->conn, q->kind, q->number};
}

static void answer_refused(struct server *s)
{
	struct refused r = s->refused[--s->nrefused];
	struct rows none = {.kind = r.kind, .number = r.number, .conn = r.conn,
	                    .error = writer_sorry(r.kind)};

	server_step(s, &(struct event){.kind = EVENT_ROWS, .conn = r.conn, .rows = &none});
}

/* What the step could not do while its effects were carried out. Each is a step of its own and may lead
 * to more, which the same loop has. */
/* NOLINTNEXTLINE(misc-no-recursion): s->answering ends it at the second call */
static void follow(struct server *s)
{
	if (s->answering)
		return;
	s->answering = true;
	while (s->nwishes + s->nrefused > 0) {
		if (s->nwishes > 0)
			server_grant(s);
		else
			answer_refused(s);
	}
	s->answering = false;
}

/* The connection, or NULL where it is no longer the core's. */
static struct connection *conn_of(struct server *s, struct conn_id id)
{
	struct connection *c = &s->conns[id.slot];

	return c->gen == id.gen && c->state == CONNECTION_OPEN ? c : NULL;
}

static void send_all(struct server *s, const struct effect *e)
{
	for (uint32_t i = 0; i < s->conns_top; i++)
		if (s->conns[i].state == CONNECTION_OPEN)
			server_queue(s, &s->conns[i], e->text, e->len);
}

void server_resume(struct server *s, struct connection *c)
{
	if (c->resuming)
		return;
	c->resuming = true;
	slots_add(&s->resuming, c->slot);
}

static void apply_to(struct server *s, struct connection *c, const struct effect *e)
{
	switch (e->kind) {
	case EFFECT_SEND:
		server_queue(s, c, e->text, e->len);
		break;
	case EFFECT_SKIP:
		outqueue_skip(&c->out);
		break;
	case EFFECT_SUBSCRIBE:
		feed_join(&s->feeds[e->feed], &c->out.reader, c->slot);
		outqueue_forget_marks(&c->out);
		if (c->deaf)
			c->arrived = (struct arrival){.what = ARRIVED_NOTHING};
		c->out.reader.held = true;
		break;
	case EFFECT_RELEASE:
		c->out.reader.held = false;
		outqueue_mark_begin(&c->out);
		server_dirty(s, c);
		break;
	case EFFECT_UNSUBSCRIBE:
		server_leave_feed(s, c, e);
		server_dirty(s, c);
		break;
	case EFFECT_RESUME:
		server_resume(s, c);
		break;
	case EFFECT_DROP:
		c->dropped = true;
		server_ends(s, c);
		/* Who takes nothing would not take the last word either, and another needs the place. */
		if (server_stands_still(s, c))
			server_kill(s, c, NULL);
		break;
	case EFFECT_CLOSE:
		server_ends(s, c);
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
		server_publish(s, e);
		break;
	case EFFECT_APPEND:
		append(s, &e->record);
		break;
	case EFFECT_QUERY:
		query(s, &e->query);
		break;
	case EFFECT_SHOW:
		server_show(s, UINT64_MAX);
		break;
	case EFFECT_LOG:
		log_info("%.*s", (int)e->len, e->text);
		break;
	case EFFECT_RELOAD:
	case EFFECT_FIGURES:
	case EFFECT_ARRIVED:
	case EFFECT_STOP:
		server_wish(s, e);
		break;
	default:
		c = conn_of(s, e->conn);
		if (c != NULL)
			apply_to(s, c, e);
		break;
	}
}

/* While nothing can be saved the core may go on appending, as long as there is room. */
/* NOLINTNEXTLINE(misc-no-recursion): s->store_full ends it */
static void mind_room(struct server *s)
{
	if (!s->store_failed || s->store_full || !server_behind(s))
		return;
	s->store_full = true;
	server_step(s, &(struct event){.kind = EVENT_STORE_FULL});
}

/* NOLINTNEXTLINE(misc-no-recursion): the same */
void server_step(struct server *s, struct event *e)
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
