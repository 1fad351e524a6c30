/*
 * What each connection is still to get, and comparing what it gets with that.
 */
#include "fake_writer.h"
#include "sim_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

struct model *model;

void model_begin(void)
{
	model = mem_zero(1, sizeof *model);
}

void model_end(void)
{
	for (int i = 0; i < SIM_SLOTS_MAX; i++)
		free(model->ending[i]);
	for (int i = 0; i < SIM_FEEDS_MAX; i++) {
		for (size_t k = 0; k < model->feed[i].n; k++)
			model_text_unref(model->feed[i].line[k]);
		free(model->feed[i].line);
	}
	free(model);
	model = NULL;
}

/* -- texts and queues ------------------------------------------------------------------ */

struct text *model_text_new(const char *p, size_t len)
{
	struct text *t = mem_alloc(sizeof *t + len);

	*t = (struct text){.refs = 1, .len = len};
	memcpy(t->data, p, len);
	return t;
}

void model_text_unref(struct text *t)
{
	if (--t->refs == 0)
		free(t);
}

void queue_push(struct queue *q, struct text *t)
{
	if (q->n == q->cap) {
		q->cap = q->cap == 0 ? 16 : q->cap * 2;
		q->item = mem_resize(q->item, q->cap * sizeof(struct text *));
	}
	q->item[q->n++] = t;
	t->refs++;
}

void queue_free(struct queue *q)
{
	while (q->first < q->n)
		model_text_unref(q->item[q->first++]);
	free(q->item);
	*q = (struct queue){0};
}

void model_push(struct peer *p, struct text *t)
{
	if (p->n == p->cap && p->first > p->cap / 2) {
		memmove(p->item, p->item + p->first, (p->n - p->first) * sizeof(struct text *));
		p->n -= p->first;
		p->kept -= p->kept < p->first ? p->kept : p->first;
		p->first = 0;
	}
	if (p->n == p->cap) {
		p->cap = p->cap == 0 ? 16 : p->cap * 2;
		p->item = mem_resize(p->item, p->cap * sizeof(struct text *));
	}
	p->item[p->n++] = t;
	t->refs++;
}

struct peer *model_peer(struct conn_id id)
{
	struct peer *p = id.slot < SIM_SLOTS_MAX ? model->peer[id.slot] : NULL;

	return p != NULL && p->known && p->id.gen == id.gen ? p : NULL;
}

bool model_knows(struct conn_id id)
{
	return model_peer(id) != NULL;
}

struct session *model_session(const struct fake_sock *k)
{
	const struct peer *p = k->user;

	return p != NULL && p->known ? chat_session(sim->chat, p->id) : NULL;
}

const struct peer *model_actor(struct chat *c, const struct event *e)
{
	char name[NODE_BYTES_MAX + 1];
	const struct session *s;
	uint64_t number;

	if (e->kind != EVENT_ACT || e->act.text == NULL ||
	    sscanf(e->act.text, "%32s %*u %*u %*c%" SCNu64, name, &number) != 2 || number == 0 ||
	    strcmp(name, c->cluster.self->name) != 0)
		return NULL;
	s = person_of(c->cluster.self, number);
	return s != NULL && !person_is_remote(s) ? model_peer(s->id) : NULL;
}

void model_asked(const struct query *q)
{
	if (q->number == 0 || q->number >= MODEL_QUESTIONS_MAX)
		sim_fail("question %" PRIu64 " of %u.%u", q->number, q->conn.slot, q->conn.gen);
	if (model->asked[q->number])
		sim_fail("question %" PRIu64 " is asked twice", q->number);
	model->asked[q->number] = true;
}

bool model_awaits(const struct event *e)
{
	bool *out;

	if (e->kind != EVENT_ROWS)
		return true;
	if (e->rows->number >= MODEL_QUESTIONS_MAX)
		sim_fail("an answer to question %" PRIu64 ", which nobody asked", e->rows->number);
	out = &model->asked[e->rows->number];
	if (!*out)
		return false;
	*out = false;
	return true;
}

/* Lines may be missing: who goes while far behind is not told. */
void model_ended(const struct fake_sock *k)
{
	const struct peer *p = k->user;

	if (p == NULL && k->out.total < strlen(k->refusal))
		sim_fail("connection %u is refused and does not read \"%s\"", k->serial, k->refusal);
	for (size_t i = p == NULL ? 0 : p->first; p != NULL && i < p->n; i++)
		/* A view may have half of a text in its last bytes. */
		if (!p->item[i]->line && !p->item[i]->missing && !(p->view.on && i == p->first && p->view.seen.len > 0))
			sim_fail("%u.%u is ended before it got \"%.*s\"", p->id.slot, p->id.gen,
			         (int)(p->item[i]->len < 100 ? p->item[i]->len : 100), p->item[i]->data);
}

/* What a peer says before it closes counts. */
static void check_last_words(const struct fake_sock *k, const struct peer *p)
{
	uint64_t missing = 0;

	/* What was said and not kept left no record that it was. */
	if (!k->in_end || k->torn || k->refused || p->put_out || sim->ring->ending || model->lossy)
		return;
	for (uint32_t i = 0; i < sim->ntokens; i++)
		if (sim->token[i].serial == k->serial && sim->token[i].plain && !sim->token[i].said && !sim->token[i].proposed &&
		    ++missing > p->refusals)
			sim_fail("line ~%u~ of %u.%u, who closed after it, was neither said nor refused",
			         i, p->id.slot, p->id.gen);
}

/* Of a sweep that began when places were short some may be free by now. */
bool model_needs_place_of(int fd)
{
	uint32_t max = sim->options.connections_max, held = 0;
	bool drained = false;

	for (uint32_t slot = 0; slot < max; slot++) {
		const struct connection *c = &sim->server->conns.slot[slot];

		held += c->state != CONNECTION_FREE;
		drained |= c->state != CONNECTION_FREE && c->fd == fd && c->drain_ms != 0 &&
		           sim->server->now_ms - c->drain_ms > DRAIN_DROPPED_MS;
	}
	return drained && held * 2 >= max;
}

bool model_is_full(void)
{
	return sim->server->conns.queues.bytes > sim->server->conns.queues.max;
}

void model_sock_end(struct fake_sock *k)
{
	struct peer *p = k->user;

	if (p == NULL)
		return;
	check_last_words(k, p);
	if (model->peer[p->id.slot] == p)
		model->peer[p->id.slot] = NULL;
	while (p->first < p->n)
		model_text_unref(p->item[p->first++]);
	free(p->item);
	peer_view_end(p);
	free(p->got);
	free(p);
}

/* The first line of its feed that has not arrived at p; 0: all have. */
static uint64_t missing_at(const struct peer *p)
{
	uint64_t arrived = p->k->out.acked, missing = 0;

	for (size_t i = 0; i < p->ngot && missing == 0; i++)
		if (p->got[i].end > arrived)
			missing = p->got[i].seq;
	for (size_t i = p->first > p->kept ? p->first : p->kept; i < p->n && missing == 0; i++)
		if (p->item[i]->line && arrived != UINT64_MAX)
			missing = p->item[i]->seq;
	return missing;
}

/* What the core is told that somebody has seen has arrived there. */
void model_check_arrived(const struct peer *p, const struct arrival *a)
{
	/* In no room, it has seen nothing that could be saved. */
	uint64_t missing = p->feed >= 0 ? missing_at(p) : 0;

	if (missing != 0 && (a->what == ARRIVED_ALL || (a->what == ARRIVED_UP_TO && a->seq >= missing)))
		sim_fail("#%" PRIu64 " has not arrived at %u.%u: up to #%" PRIu64 " counts as seen",
		         missing, p->id.slot, p->id.gen, a->seq);
}

/* And what is saved of it, from which the next replay and what is unread are counted, says no more: r is
 * of the room that p is in. */
void model_check_seen(const struct peer *p, const struct record *r)
{
	uint64_t missing = missing_at(p);
	const struct ranges *gaps = &r->seen.gaps;
	bool in_gap = missing > r->seen.up_to_id;

	for (uint32_t i = 0; i < gaps->n; i++)
		in_gap |= missing > gaps->at[i].after && missing < gaps->at[i].before;
	if (missing != 0 && !in_gap)
		sim_fail("#%" PRIu64 " has not arrived at %u.%u, and %s is saved to have seen #%" PRIu64,
		         missing, p->id.slot, p->id.gen, r->seen.key, r->seen.up_to_id);
}

void model_check_behind(const struct peer *p, int64_t feed, size_t shown, const struct text *t)
{
	const struct mfeed *f = &model->feed[feed];
	size_t bytes = 0, i = shown;

	while (i > 0) {
		bytes += f->line[--i]->len;
		if (f->line[i] == t)
			break;
	}
	/* Its own lines before t count as well, and are not looked for; where there is little memory
	 * for all, a log is as short as it has to be. */
	if (bytes < FEED_BYTES_MAX / 2 && sim->server->fanout.logs.high == LOGS_BYTES_HIGH)
		sim_fail("%u.%u is %zu bytes behind and is moved on", p->id.slot, p->id.gen, bytes);
}

/* -- bytes that go out ----------------------------------------------------------------- */

static void sent_refused(struct fake_sock *k, const char *p, size_t n)
{
	size_t len = strlen(k->refusal);

	sim->stats.refused += k->out.total == 0;
	if (k->out.total + n > len || memcmp(k->refusal + k->out.total, p, n) != 0)
		sim_fail("a refused connection reads \"%.*s\"", (int)n, p);
}

void model_came(struct peer *p, struct text *t)
{
	if (t->line && t->seq != 0 && p->first >= p->kept) {
		p->got = fake_grow(p->got, p->ngot, &p->got_cap, sizeof *p->got);
		p->got[p->ngot++] = (struct got){p->bytes, t->seq};
	}
	model_text_unref(t);
	p->first++;
	p->off = 0;
}

void model_begun(struct peer *p, const struct text *t)
{
	if (!t->line || t->seq == 0)
		return;
	if (!sim->options.relaxed && !t->early && t->seq > fake_writer_saved(sim->writer))
		sim_fail("line #%" PRIu64 " is sent to %u.%u before it is saved", t->seq, p->id.slot,
		         p->id.gen);
	if (sim->store.file != NULL)
		kept_seen(t->seq);
	if (p->first >= p->kept)
		p->said_id = t->seq;
	sim->stats.delivered++;
}

/* The bytes go on with t, of which this many have come. */
static bool goes_on(const struct text *t, size_t off, const char *bytes, size_t n)
{
	return t->len > off && memcmp(t->data + off, bytes, t->len - off < n ? t->len - off : n) == 0;
}

static bool fits(const struct text *t, const char *bytes, size_t n)
{
	return goes_on(t, 0, bytes, n);
}

/* The word that lines are missing, where that is what comes: the lines before it do not, and what was
 * private among them comes after it. NULL: it is something else. */
struct text *model_missing_comes(struct peer *p, const char *bytes, size_t n)
{
	size_t at = p->first, to;
	struct text *word, *first_line = NULL;

	while (at < p->n && !p->item[at]->missing)
		at++;
	if (at == p->n || !(p->view.on ? peer_view_fits(p->item[at], bytes, n) : fits(p->item[at], bytes, n)))
		return NULL;
	word = p->item[at];
	to = at;
	for (size_t i = at; i-- > p->first;) {
		if (!p->item[i]->line) {
			p->item[to--] = p->item[i];
			continue;
		}
		if (first_line != NULL)
			model_text_unref(first_line);
		first_line = p->item[i];
	}
	if (first_line == NULL)
		sim_fail("%u.%u is told that lines are missing, and none are", p->id.slot, p->id.gen);
	model_check_behind(p, word->feed, word->shown, first_line);
	model_text_unref(first_line);
	p->item[to] = word;
	p->first = to;
	sim->stats.skips++;
	return word;
}

/* What comes next. A word about missing lines that are not missing does not come. Who goes while
 * far behind is not told what it has missed; nobody else may miss anything without a word. */
static struct text *next_text(struct peer *p, const char *bytes, size_t n)
{
	struct text *t = p->first < p->n ? p->item[p->first] : NULL, *word, *next;

	while (t != NULL && !goes_on(t, p->off, bytes, n)) {
		next = p->first + 1 < p->n ? p->item[p->first + 1] : NULL;
		if (p->off == 0 && t->line && (word = model_missing_comes(p, bytes, n)) != NULL)
			return word;
		/* The word begins as other private text does. */
		if (t->missing ? next == NULL || memcmp(next->data, t->data, p->off) != 0
		               : p->off > 0 || p->known || !t->line || next == NULL)
			break;
		model_text_unref(t);
		p->first++;
		t = next;
	}
	return t;
}

void model_sent(struct fake_sock *k, const char *bytes, size_t n)
{
	struct peer *p = k->user;

	sim->stats.bytes += n;
	sim_digest(bytes, n);
	sim_digest(&sim->ring->now_ms, sizeof sim->ring->now_ms);
	if (p == NULL) {
		sent_refused(k, bytes, n);
		return;
	}
	while (n > 0) {
		struct text *t;
		size_t part;

		if (p->view.on && p->off == 0) {
			peer_view_sent(p, bytes, n);
			return;
		}
		t = next_text(p, bytes, n);
		if (t == NULL)
			sim_fail("%u.%u is sent what is not for it: \"%.*s\"", p->id.slot, p->id.gen,
			         (int)(n < 200 ? n : 200), bytes);
		part = t->len - p->off < n ? t->len - p->off : n;
		if (memcmp(t->data + p->off, bytes, part) != 0)
			sim_fail("%u.%u is sent \"%.*s\" instead of \"%.*s\" (byte %zu of it)",
			         p->id.slot, p->id.gen, (int)(part < 200 ? part : 200), bytes,
			         (int)(part < 200 ? part : 200), t->data + p->off, p->off);
		if (p->off == 0)
			model_begun(p, t);
		bytes += part;
		n -= part;
		p->off += part;
		p->bytes += part;
		if (p->off == t->len)
			model_came(p, t);
	}
}
