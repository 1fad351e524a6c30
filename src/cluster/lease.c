/*
 * Taking, renewing and giving back.
 *
 * The lease is trusted for its length from when it was asked for, which is before Redis counts, less a
 * margin. GETEX renews whatever is there: if it is another one's, that is prolonged once, which does
 * no harm, and we see that it is not ours.
 */
#include "chatd/cluster/lease.h"

#include "chatd/cluster/ask.h"
#include "chatd/cluster/expecting.h"
#include "chatd/cluster/incarnation.h"
#include "chatd/cluster/outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NUMBER_BYTES = 24,      /* of a number's text */
	TRIES = 10,             /* at another one's lease, while it lasts */
	END_MS = 500,           /* for giving it back: without that, others only wait for its end */
};

static void lease_ms_text(const struct engine_thread *t, char text[NUMBER_BYTES])
{
	snprintf(text, NUMBER_BYTES, "%" PRIu32, t->e->times.lease);
}

static void lease_has(struct engine_thread *t, int64_t sent_ms)
{
	const struct engine_times *times = &t->e->times;
	t->lease.until_ms = sent_ms + times->lease - times->margin;
	t->lease.renew_at_ms = sent_ms + times->renew;
	t->lease.sent_ms = 0;
}

static bool lease_is(uint64_t incarnation, const redisReply *r)
{
	return r->type == REDIS_REPLY_STRING && strtoull(r->str, NULL, 10) == incarnation;
}

static void lease_ask(struct engine_thread *t, int64_t now_ms)
{
	char ms[NUMBER_BYTES];
	lease_ms_text(t, ms);
	wire_command(&t->writer, "GETEX", t->e->keys.lease, "PX", ms, NULL);
	t->lease.sent_ms = now_ms;
}

/* Renews the one that we have. */
static enum outcome lease_continue(struct engine_thread *t)
{
	redisReply *r;
	lease_ask(t, boot_ms());
	int64_t sent_ms = t->lease.sent_ms;
	enum outcome outcome = ask_reply(t, &t->writer, &r);
	t->lease.sent_ms = 0;
	if (outcome != OUTCOME_OK)
		return outcome;
	if (t->lease.incarnation != 0 && lease_is(t->lease.incarnation, r))
		lease_has(t, sent_ms);
	else
		incarnation_end(t);
	freeReplyObject(r);
	return OUTCOME_OK;
}

/* Takes the lease that was looked at, unless it has changed since. */
static enum outcome lease_exec(struct engine_thread *t, uint64_t incarnation)
{
	char ms[NUMBER_BYTES], number[NUMBER_BYTES];
	const struct keys *k = &t->e->keys;
	struct wire *w = &t->writer;
	redisReply *r;
	lease_ms_text(t, ms);
	snprintf(number, sizeof(number), "%" PRIu64, incarnation);
	wire_command(w, "MULTI", NULL);
	wire_command(w, "HSET", k->incarnation, t->e->node, number, NULL);
	wire_command(w, "SET", k->lease, number, "PX", ms, NULL);
	wire_command(w, "EXEC", NULL);
	int64_t sent_ms = boot_ms();
	for (int i = 0; i < 3; i++) {
		enum outcome outcome = ask_done(t, w);
		if (outcome != OUTCOME_OK)
			return outcome;
	}
	enum outcome outcome = ask_reply(t, w, &r);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (r->type == REDIS_REPLY_ARRAY) {
		t->lease.incarnation = incarnation;
		lease_has(t, sent_ms);
	}
	freeReplyObject(r);
	return OUTCOME_OK;
}

/* Takes the lease, if nobody has it: then t->lease.incarnation is not 0. left_ms: for how long it is
 * still held, or -1: unlimited. */
static enum outcome lease_try(struct engine_thread *t, int64_t *left_ms)
{
	char value[NUMBER_BYTES], last[NUMBER_BYTES];
	const struct keys *k = &t->e->keys;
	struct wire *w = &t->writer;
	redisReply *r;
	enum outcome outcome;
	*left_ms = 0;
	wire_command(w, "WATCH", k->lease, NULL);
	wire_command(w, "GET", k->lease, NULL);
	wire_command(w, "PTTL", k->lease, NULL);
	wire_command(w, "HGET", k->incarnation, t->e->node, NULL);
	if ((outcome = ask_done(t, w)) != OUTCOME_OK ||
	    (outcome = ask_text(t, w, value, sizeof(value))) != OUTCOME_OK ||
	    (outcome = ask_reply(t, w, &r)) != OUTCOME_OK)
		return outcome;
	if (r->type == REDIS_REPLY_INTEGER)
		*left_ms = r->integer;
	freeReplyObject(r);
	outcome = ask_text(t, w, last, sizeof(last));
	if (outcome != OUTCOME_OK)
		return outcome;
	uint64_t holder = strtoull(value, NULL, 10), before = strtoull(last, NULL, 10);
	/* Never one that we had, even if Redis has forgotten it. */
	if (before < t->lease.before)
		before = t->lease.before;
	/* Our own that we gave up before its end need not be waited for. */
	if (value[0] == '\0' || (holder != 0 && holder == t->lease.before))
		return lease_exec(t, before + 1);
	wire_command(w, "UNWATCH", NULL);
	return ask_done(t, w);
}

static enum outcome lease_taken_twice(struct engine_thread *t)
{
	return outcome_set(t, OUTCOME_FATAL, "A chatd with the name %s is already running in this cluster: each "
	                   "node needs a name of its own (`node`).", t->e->node);
}

static enum outcome lease_take(struct engine_thread *t)
{
	int64_t lease_ms = t->e->times.lease, until = boot_ms() + lease_ms + lease_ms / TRIES, left = 0;
	for (int64_t before = INT64_MAX;; before = left) {
		enum outcome outcome = lease_try(t, &left);
		if (outcome != OUTCOME_OK || t->lease.incarnation != 0)
			return outcome;
		/* It grows again: somebody renews it. */
		if (left > before || boot_ms() >= until)
			return lease_taken_twice(t);
		if (before == INT64_MAX)
			tell_away(t, "This node's name is still taken by its last run, or by another chatd: waiting "
			             "for the end of that lease.");
		outcome = ask_time(t, lease_ms / TRIES);
		if (outcome != OUTCOME_OK)
			return outcome;
	}
}

enum outcome lease_begin(struct engine_thread *t)
{
	if (t->lease.incarnation != 0) {
		enum outcome outcome = lease_continue(t);
		if (outcome != OUTCOME_OK || t->lease.incarnation != 0)
			return outcome;
	}
	return lease_take(t);
}

void lease_turn(struct engine_thread *t, int64_t now_ms)
{
	if (t->lease.sent_ms == 0 && now_ms >= t->lease.renew_at_ms) {
		lease_ask(t, now_ms);
		expect(t, EXPECT_LEASE);
	}
}

enum outcome lease_on_reply(struct engine_thread *t, const redisReply *r)
{
	if (lease_is(t->lease.incarnation, r)) {
		lease_has(t, t->lease.sent_ms);
		return OUTCOME_OK;
	}
	incarnation_end(t);
	return outcome_set(t, OUTCOME_AWAY, "This node's lease has ended.");
}

void lease_end(struct engine_thread *t)
{
	if (!t->in_session || !incarnation_check(t, boot_ms()))
		return;
	t->ending = true;
	t->e->stop_by_ms = boot_ms() + END_MS;
	wire_command(&t->writer, "GETDEL", t->e->keys.lease, NULL);
	(void)ask_done(t, &t->writer);
}
