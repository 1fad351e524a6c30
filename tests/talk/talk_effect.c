/*
 * The core backend of the conversations, second half: effects.
 *
 * The plainest server there is, and so the specification of what a server owes
 * the core:
 *
 *   - effects are carried out in order, all of them before the next step;
 *   - a record is saved in the order of its seq; EVENT_STORED comes later, and
 *     only then are the lines that it covers visible (relaxed: at once), unless
 *     EFFECT_SHOW came behind them;
 *   - a feed is seen in order: a notice (seq 0) waits for the lines before it;
 *   - private text comes after what its owner can already see, and before what
 *     is not yet visible;
 *   - a subscription holds everything back until EFFECT_RELEASE;
 *   - a query sees what was appended before it;
 *   - what is asked of the program is answered before anything else happens.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/core/people/name.h"
#include "chatd/store/secret.h"
#include "records.h"
#include "talk_core.h"

void fault(struct world *w, const char *what, uint64_t number)
{
	if (!w->fault[0])
		snprintf(w->fault, sizeof w->fault, "%s (%" PRIu64 ")", what, number);
}

/* -- what peers see --------------------------------------------------------------- */

struct peer *peer_find(struct world *w, struct conn_id id)
{
	struct peer *p = id.slot < TALK_CLIENTS_MAX ? &w->peer[id.slot] : NULL;

	return p && p->client && p->gen == id.gen ? p : NULL;
}

/* Adds what p is shown of a line or a text, with its end. */
static void peer_show(struct peer *p, const char *text, size_t len, struct line_info info, bool marked,
                      const char *room)
{
	struct view_line line = {.text = text, .len = len, .info = info, .marked = marked || info.marked,
	                         .room = *room != '\0' ? room : NULL};

	if (!p->view || info.kind == LINE_RAW) {
		bytes_append(&p->client->in, text, len);
		return;
	}
	if (info.kind != LINE_TEXT)
		line.len -= len > 1 && text[len - 2] == '\r' ? 2 : 1;
	if (p->style.zoned && !zone_holds(&p->style.zone, info.time_s))
		zone_offset_at(p->style.zone_name, info.time_s, &p->style.zone);
	view_render(&p->style, &p->day, &line, &p->client->in);
}

/* Shows p the lines of the reader's feed that are visible by now. */
static void reader_flush(struct world *w, struct peer *p, struct talk_reader *r)
{
	bool relaxed = w->conf.durability == DURABILITY_RELAXED;
	size_t n = 0;

	while (n < r->n && !r->held && (relaxed || r->pending[n].seq <= w->told ||
	                                r->pending[n].seq <= w->shown)) {
		struct pending *line = &r->pending[n++];

		peer_show(p, line->text, line->len, line->info, line->marked, r->name);
		free(line->text);
	}
	r->n -= n;
	if (n > 0)
		memmove(r->pending, r->pending + n, r->n * sizeof *r->pending);
}

static void peer_flush(struct world *w, struct peer *p)
{
	for (size_t i = 0; i <= WATCHED_MAX && !p->hold; i++)
		reader_flush(w, p, &p->reader[i]);
}

/* Lets through what is visible and what waits. */
static void peer_let(struct world *w, struct peer *p)
{
	bool hold = p->hold;

	p->hold = false;
	peer_flush(w, p);
	if (p->waiting.len > 0)
		bytes_append(&p->client->in, p->waiting.data, p->waiting.len);
	bytes_clear(&p->waiting);
	p->hold = hold;
}

/* Shows what is visible and forgets what is not. */
static void reader_end(struct world *w, struct peer *p, struct talk_reader *r)
{
	reader_flush(w, p, r);
	while (r->n > 0)
		free(r->pending[--r->n].text);
	r->on = r->held = false;
	*r->name = '\0';
}

static void peer_send(struct world *w, struct peer *p, const struct effect *e)
{
	if (p->hold && e->waits) {
		bytes_append(&p->waiting, e->text, e->len);
		return;
	}
	if (p->waiting.len > 0)
		peer_let(w, p);
	peer_flush(w, p);
	peer_show(p, e->text, e->len, e->line, false, "");
}

void peer_end(struct world *w, struct peer *p)
{
	peer_let(w, p);
	for (size_t i = 0; i <= WATCHED_MAX; i++) {
		reader_end(w, p, &p->reader[i]);
		free(p->reader[i].pending);
	}
	p->client->ended = true;
	p->client = NULL;
	bytes_release(&p->waiting);
	bytes_release(&p->kept);
	*p = (struct peer){.gen = p->gen, .taken = p->taken};
}

static void reader_publish(struct world *w, struct talk_reader *r, const struct effect *e)
{
	struct pending *line;

	r->pending = mem_resize(r->pending, (r->n + 1) * sizeof *line);
	line = &r->pending[r->n++];
	*line = (struct pending){w->feed_seq[e->feed], mem_alloc(e->len + 1), e->len, e->line, false};
	memcpy(line->text, e->text, e->len);
}

static void feed_publish(struct world *w, const struct effect *e)
{
	if (e->seq > w->feed_seq[e->feed])
		w->feed_seq[e->feed] = e->seq;
	if (e->len == 0 || e->text[e->len - 1] != '\n')
		fault(w, "published what is no whole line on feed", e->feed);
	for (struct peer *p = w->peer; p < w->peer + TALK_CLIENTS_MAX; p++)
		for (size_t i = 0; p->client && i <= WATCHED_MAX; i++)
			if (p->reader[i].on && p->reader[i].feed == e->feed)
				reader_publish(w, &p->reader[i], e);
}

/* The reader of p for that feed, after the first `from` of them; NULL: p does not read it. */
static struct talk_reader *reader_of(struct peer *p, uint32_t feed, size_t from)
{
	for (size_t i = from; i <= WATCHED_MAX; i++)
		if (p->reader[i].on && p->reader[i].feed == feed)
			return &p->reader[i];
	return NULL;
}

static struct talk_reader *reader_free(struct peer *p)
{
	size_t i = 1;

	while (i < WATCHED_MAX && p->reader[i].on)
		i++;
	return &p->reader[i];
}

/* -- effects ------------------------------------------------------------------------ */

/* Rooms are not told, as they are by the writer's thread. */
static void on_emptied(void *ctx, uint32_t room)
{
	(void)ctx;
	(void)room;
}

static void record_store(struct world *w, const struct record *r)
{
	struct store_error err;
	int n;

	if (!store_begin(w->store, &err) || !store_save(w->store, r, 1, &err) ||
	    !store_commit(w->store, &err))
		fault(w, err.text, r->seq);
	w->saved = r->seq;
	while (r->kind == RECORD_ERASE && (n = store_erase(w->store, 100, name_is, on_emptied, w, &err)) != 0)
		if (n < 0)
			fault(w, err.text, r->seq);
}

static void record_save(struct world *w, const struct record *r)
{
	if (r->seq != w->given + 1)
		fault(w, "appended out of order: seq", r->seq);
	w->given = r->seq;
	if (!w->failing) {
		record_store(w, r);
		return;
	}
	if (w->full)
		fault(w, "appended to a queue that is full: seq", r->seq);
	w->waiting = mem_resize(w->waiting, (w->nwaiting + 1) * sizeof *w->waiting);
	w->waiting[w->nwaiting++] = record_copy(r);
}

void waiting_free(struct world *w)
{
	for (struct record *r = w->waiting; r < w->waiting + w->nwaiting; r++)
		record_release(r);
	free(w->waiting);
	w->waiting = NULL;
	w->nwaiting = 0;
}

void waiting_save(struct world *w)
{
	for (size_t i = 0; i < w->nwaiting; i++)
		record_store(w, &w->waiting[i]);
	waiting_free(w);
}

static void query_ask(struct world *w, const struct query *q)
{
	struct store_error err;

	if (q->after_seq > w->given)
		fault(w, "asked about what was never appended: seq", q->after_seq);
	if (w->nrows == TALK_CLIENTS_MAX) {
		fault(w, "more questions than connections", w->nrows);
		return;
	}
	if (query_is_secret(q->kind)) {
		w->rows[w->nrows++] = secret_answer(q);
		return;
	}
	if (q->after_seq > w->saved) {
		w->rows[w->nrows++] = rows_sorry(q, "The history cannot be read while nothing can be "
		                                    "saved.");
		return;
	}
	while (store_index(w->store, 100, 0, &err) > 0)
		continue;
	w->rows[w->nrows++] = store_query(w->store, q);
}

/* Effects that concern one connection. */
static void effect_peer(struct world *w, const struct effect *e, struct peer *p)
{
	struct talk_reader *r;

	switch (e->kind) {
	case EFFECT_SEND:
		peer_send(w, p, e);
		break;
	case EFFECT_SKIP:
		r = reader_of(p, e->feed, 0);
		if (r == NULL || r->n == 0)
			fault(w, "skipped by one who is not subscribed: feed", e->feed);
		else
			free(r->pending[--r->n].text);
		break;
	case EFFECT_MARK:
		r = reader_of(p, e->feed, 0);
		if (r == NULL || r->n == 0 || !p->view)
			fault(w, "marked for one who is not subscribed: feed", e->feed);
		else
			r->pending[r->n - 1].marked = true;
		break;
	case EFFECT_VIEW:
		p->view = true;
		p->style = e->view;
		p->style.zoned = e->view.zone_name != NULL;
		break;
	case EFFECT_PLAIN:
		p->view = false;
		break;
	case EFFECT_INPUT:
		break;
	case EFFECT_CUT:
		if (e->len > 0)
			peer_send(w, p, e);
		break;
	case EFFECT_HOLD:
	case EFFECT_FLOW:
		peer_let(w, p);
		p->hold = e->kind == EFFECT_HOLD;
		break;
	case EFFECT_LET:
		peer_let(w, p);
		break;
	case EFFECT_WATCH:
		r = reader_free(p);
		if (!p->view || r->on || reader_of(p, e->feed, 1) != NULL)
			fault(w, "watched twice, too many or without a view: feed", e->feed);
		r->on = r->held = true;
		r->feed = e->feed;
		snprintf(r->name, sizeof r->name, "%.*s", (int)e->len, e->text);
		break;
	case EFFECT_WATCH_RELEASE:
	case EFFECT_UNWATCH:
		r = reader_of(p, e->feed, 1);
		if (r == NULL)
			fault(w, "not watched: feed", e->feed);
		else if (e->kind == EFFECT_WATCH_RELEASE)
			r->held = false;
		else
			reader_end(w, p, r);
		if (e->len > 0)
			peer_send(w, p, e);
		break;
	case EFFECT_SUBSCRIBE:
		if (p->reader[0].on)
			fault(w, "subscribed twice: feed", e->feed);
		p->reader[0].on = p->reader[0].held = true;
		p->reader[0].feed = e->feed;
		break;
	case EFFECT_RELEASE:
		p->reader[0].held = false;
		break;
	case EFFECT_UNSUBSCRIBE:
		reader_end(w, p, &p->reader[0]);
		break;
	case EFFECT_RESUME:
		p->paused = false;
		break;
	case EFFECT_CLOSE:
	case EFFECT_DROP:
		peer_end(w, p);
		break;
	default:
		fault(w, "no such effect", e->kind);
	}
}

static void effect_do(struct world *w, const struct effect *e)
{
	struct peer *p;

	switch (e->kind) {
	case EFFECT_SEND_ALL:
		for (p = w->peer; p < w->peer + TALK_CLIENTS_MAX; p++)
			if (p->client)
				peer_send(w, p, e);
		break;
	case EFFECT_PUBLISH:
		feed_publish(w, e);
		break;
	case EFFECT_APPEND:
		record_save(w, &e->record);
		break;
	case EFFECT_QUERY:
		query_ask(w, &e->query);
		break;
	case EFFECT_SHOW:
		w->shown = w->given;
		break;
	case EFFECT_LOG:
		break;
	case EFFECT_ARRIVED:
		if (w->nasking == TALK_CLIENTS_MAX)
			fault(w, "asks too often what has arrived: effect", e->kind);
		else
			w->asking[w->nasking++] = e->conn;
		break;
	case EFFECT_RELOAD:
	case EFFECT_FIGURES:
	case EFFECT_STOP:
		if (w->wanted != EFFECT_SEND)
			fault(w, "wants two things of the program: effect", e->kind);
		w->wanted = e->kind;
		w->wanted_for = e->conn;
		break;
	default:
		p = peer_find(w, e->conn);
		if (p)
			effect_peer(w, e, p);
		else
			fault(w, "names a connection that is gone: effect", e->kind);
	}
}

void effects_do(struct world *w)
{
	size_t n;
	const struct effect *e = chat_effects(w->chat, &n);

	for (size_t i = 0; i < n; i++)
		effect_do(w, &e[i]);
	for (struct peer *p = w->peer; p < w->peer + TALK_CLIENTS_MAX; p++)
		if (p->client)
			peer_flush(w, p);
}
