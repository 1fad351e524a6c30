/* What the loop counts, told once a second. Owns which line's way is timed. */
#include "chatd/net/counters.h"

#include "chatd/core/chat.h"
#include "chatd/net/server.h"
#include "chatd/net/vitals.h"

enum {
	TELL_MS = 1000,         /* how often figures are told */
	PROBE_US = 1000000,     /* how often the way of a line is timed, in each feed */
};

/* -- telling ----------------------------------------------------------------------------------- */

static void tell_connections(const struct server *s, struct vitals *v, const struct chat_counts *counts)
{
	uint32_t control = 0, known;
	uint64_t refused = 0;

	for (uint32_t i = s->conns.max; i < s->conns.max + CONTROL_SLOTS; i++)
		control += s->conns.slot[i].state == CONNECTION_OPEN;
	known = counts->named + counts->unnamed + control;
	vitals_set(v, VITAL_NAMED, counts->named);
	vitals_set(v, VITAL_UNNAMED, counts->unnamed);
	vitals_set(v, VITAL_CONTROL, control);
	vitals_set(v, VITAL_CLOSING, s->conns.n > known ? s->conns.n - known : 0);
	vitals_set(v, VITAL_ADMITTED, (int64_t)s->counters.admitted);
	for (int i = 0; i < REFUSALS; i++) {
		refused += s->counters.refused[i];
		vitals_set(v, (enum vital)(VITAL_REFUSED_CONNECTIONS + i), (int64_t)s->counters.refused[i]);
	}
	vitals_set(v, VITAL_REFUSED, (int64_t)refused);
}

_Static_assert(VITAL_REFUSED_CONNECTIONS + (int)REFUSALS == (int)VITAL_BANNED, "each reason has a figure");

/* A system call of the writer's that never returns (a dead NFS server, a frozen filesystem) is no failure to it. */
static void tell_waiting(struct server *s, struct vitals *v)
{
	const struct effects *e = &s->effects;
	struct counters *c = &s->counters;

	if (e->given_seq <= e->stored_seq)
		c->waiting_ms = 0;
	else if (c->waiting_ms == 0 || c->stored_seq != e->stored_seq)
		c->waiting_ms = s->mono_ms;
	c->stored_seq = e->stored_seq;
	vitals_set(v, VITAL_STORE_SINCE_MS, c->waiting_ms);
}

static void tell_cluster(const struct server *s, struct vitals *v)
{
	struct cluster_figures f;
	uint32_t up = 1;

	if (s->acts.engine == NULL)
		return;
	acts_figures(s, &f);
	for (uint32_t i = 0; i < f.n; i++)
		up += f.node[i].up;
	vitals_set(v, VITAL_CLUSTER, 1);
	vitals_set(v, VITAL_CLUSTER_OPEN, f.open);
	vitals_set(v, VITAL_ENGINE_UP, f.up);
	vitals_set(v, VITAL_ENGINE_AWAY_SINCE_MS, f.up || f.since_ms == 0 ? 0 : s->mono_ms - f.since_ms);
	vitals_set(v, VITAL_STREAM_LENGTH, (int64_t)f.length);
	vitals_set(v, VITAL_BEHIND_KNOWN, f.behind >= 0);
	vitals_set(v, VITAL_BEHIND, f.behind);
	vitals_set(v, VITAL_BEHIND_MS, f.behind_ms);
	vitals_set(v, VITAL_NODES_UP, up);
	vitals_set(v, VITAL_NODES_DOWN, f.n + 1 - up);
	vitals_set(v, VITAL_ACTS_WAITING, f.waiting);
	vitals_set(v, VITAL_ACTS_PROPOSED, (int64_t)f.proposed);
	vitals_set(v, VITAL_ACTS_APPLIED, (int64_t)f.applied);
}

static void tell(struct server *s, struct vitals *v)
{
	const struct server_program *program = &s->requests.program;
	struct chat_counts counts;

	chat_count(s->chat, &counts);
	tell_connections(s, v, &counts);
	vitals_set(v, VITAL_BANNED, (int64_t)counts.banned);
	vitals_set(v, VITAL_LOCKED_OUT, (int64_t)counts.locked_out);
	vitals_set(v, VITAL_LOGIN_FAILURES, (int64_t)counts.login_failures);
	vitals_set(v, VITAL_PEOPLE, chat_people(s->chat));
	vitals_set(v, VITAL_ROOMS, chat_rooms(s->chat));
	vitals_set(v, VITAL_LINES, (int64_t)counts.lines);
	vitals_set(v, VITAL_DELIVERIES, (int64_t)s->counters.deliveries);
	vitals_set(v, VITAL_SKIPPED, (int64_t)s->counters.skipped);
	vitals_set(v, VITAL_QUEUED, (int64_t)chat_unstored(s->chat));
	vitals_set(v, VITAL_STORE_FAILED, s->effects.store_failed);
	tell_waiting(s, v);
	tell_cluster(s, v);
	if (program->vitals != NULL)
		program->vitals(program->ctx, v);
}

void counters_begin(struct server *s, struct vitals *v)
{
	s->counters.vitals = v;
	s->counters.due_ms = s->now_ms;
	atomic_store_explicit(&v->beat_ms, s->mono_ms, memory_order_relaxed);
	tell(s, v);
}

void counters_turn_begins(struct server *s)
{
	struct vitals *v = s->counters.vitals;

	if (v == NULL)
		return;
	s->counters.turn_us = ring_mono_us(s->ring);
	atomic_store_explicit(&v->beat_ms, s->mono_ms, memory_order_relaxed);
}

void counters_turn_ends(struct server *s)
{
	struct vitals *v = s->counters.vitals;

	if (v == NULL)
		return;
	histogram_add(&v->turn, ring_mono_us(s->ring) - s->counters.turn_us);
	/* An outage is worth knowing at once. */
	if (s->now_ms < s->counters.due_ms &&
	    s->effects.store_failed == (atomic_load_explicit(&v->value[VITAL_STORE_FAILED], memory_order_relaxed) != 0))
		return;
	s->counters.due_ms = s->now_ms + TELL_MS;
	tell(s, v);
}

/* -- a line's way ------------------------------------------------------------------------------ */

/* Those who are stuck would otherwise count nowhere. */
static void count_stuck(const struct server *s, const struct feed *f)
{
	for (uint32_t i = 0; i < f->nreaders; i++) {
		const struct connection *c = &s->conns.slot[f->readers[i]];

		if (c->sending && c->out.reader.feed == f && c->out.reader.cursor < f->probe.end)
			histogram_add(&s->counters.vitals->delivery, s->counters.turn_us - f->probe.at_us);
	}
}

void counters_published(struct server *s, struct feed *f)
{
	if (s->counters.vitals == NULL || s->counters.turn_us - f->probe.at_us < PROBE_US)
		return;
	if (f->probe.at_us != 0)
		count_stuck(s, f);
	f->probe.end = f->end;
	f->probe.at_us = s->counters.turn_us;
}

void counters_passed(struct connection *c, uint64_t from)
{
	const struct feed *f = c->out.reader.feed;

	if (f != NULL && from < f->probe.end && f->probe.end <= c->out.reader.cursor)
		c->probed_us = f->probe.at_us;
}

void counters_sent(struct server *s, struct connection *c)
{
	s->counters.deliveries += c->out.delivered;
	c->out.delivered = 0;
	/* What a view has made may take several sends. */
	if (c->probed_us == 0 || c->out.made != NULL)
		return;
	histogram_add(&s->counters.vitals->delivery, s->counters.turn_us - c->probed_us);
	c->probed_us = 0;
}
