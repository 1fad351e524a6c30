/*
 * The thread: a session with Redis, until it breaks; then the next one.
 */
#include "chatd/cluster/engine_state.h"

#include "chatd/cluster/appending.h"
#include "chatd/cluster/ask.h"
#include "chatd/cluster/engine_figures.h"
#include "chatd/cluster/expecting.h"
#include "chatd/cluster/incarnation.h"
#include "chatd/cluster/lease.h"
#include "chatd/cluster/observing.h"
#include "chatd/cluster/outcome.h"
#include "chatd/cluster/reading.h"
#include "chatd/cluster/session.h"
#include "chatd/cluster/telling.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

enum {
	RETRY_MS_FIRST = 20,       /* until the second try to begin a session */
	TIMER_SLACK_NS = 1000,     /* for short waits */
};

/* -- what the loop brings ----------------------------------------------------------------------- */

static void applied_take(struct engine_thread *t)
{
	struct stream_id *applied = atomic_exchange(&t->e->applied, NULL);
	if (!applied)
		return;
	t->known.position = *applied;
	free(applied);
}

static void forget_take(struct engine_thread *t)
{
	struct stream_id *forget = atomic_exchange(&t->e->forget, NULL);
	if (forget)
		nodes_forget(&t->nodes, *forget);
	free(forget);
}

static bool thread_ready(void *ctx)
{
	struct engine_thread *t = ctx;
	return atomic_load(&t->e->proposed.mailbox.newest) || telling_has_work(t) ||
	       (!t->stopping && (reading_can_go_on(t) || atomic_load(&t->e->stop)));
}

/* -- replies --------------------------------------------------------------------------------------- */

static enum outcome writer_reply(struct engine_thread *t, const redisReply *r)
{
	enum expected kind = expected_next(t);
	if (kind == EXPECT_BATCH)
		return appending_on_reply(t, r);
	if (observing_on_reply(t, kind, r))
		return OUTCOME_OK;
	if (r->type == REDIS_REPLY_ERROR && kind != EXPECT_SAVED)
		return outcome_error(t, r->str);
	switch (kind) {
	case EXPECT_LEASE:
		return lease_on_reply(t, r);
	case EXPECT_NODES:
		nodes_on_incarnations(t, r);
		break;
	case EXPECT_LEASES:
		nodes_on_leases(t, r);
		break;
	case EXPECT_POSITIONS:
		nodes_on_positions(t, r);
		break;
	case EXPECT_LENGTH:
		nodes_on_length(t, r);
		break;
	case EXPECT_TRIM:
		nodes_on_trim(t, r);
		break;
	case EXPECT_SETTINGS:
		return engine_session_on_settings(t, r);
	case EXPECT_HEARD:
		telling_on_heard(t, r);
		break;
	case EXPECT_EXTENT: /* those of observing_on_reply */
	case EXPECT_TOLD:
	case EXPECT_BEHIND:
		break;
	case EXPECT_SAVED: /* if memory is short, say: then the next one says it */
	case EXPECT_BATCH:
		break;
	}
	return OUTCOME_OK;
}

static enum outcome reply_take(struct engine_thread *t, const struct wire *w, const redisReply *r)
{
	if (w == &t->writer)
		return writer_reply(t, r);
	return w == &t->reader ? reading_on_reply(t, r) : telling_on_message(t, r);
}

/* Takes what came on a connection. */
static enum outcome replies_take(struct engine_thread *t, struct wire *w)
{
	redisReply *r;
	bool open = wire_receive(w);
	while ((r = wire_reply(w))) {
		enum outcome outcome = reply_take(t, w, r);
		freeReplyObject(r);
		if (outcome != OUTCOME_OK)
			return outcome;
	}
	return open && !w->why[0] ? OUTCOME_OK : outcome_lost(t, w);
}

/* -- times ------------------------------------------------------------------------------------------- */

/* How long a connection may stay quiet before that counts as an answer that does not come. */
static int64_t quiet_ms(const struct engine_thread *t, const struct wire *w)
{
	return w == &t->reader ? t->e->times.block : 0;
}

/* A connection whose answers are late: told first, then given up. */
static enum outcome silence_check(struct engine_thread *t, const struct wire *w, int64_t now_ms, bool *silent)
{
	if (w->unanswered == 0)
		return OUTCOME_OK;
	int64_t late_ms = now_ms - w->quiet_since_ms - quiet_ms(t, w);
	if (late_ms >= t->e->times.answer)
		return outcome_set(t, OUTCOME_AWAY, "Redis does not answer.");
	*silent |= late_ms >= t->e->times.silent;
	return OUTCOME_OK;
}

static enum outcome silence_tell(struct engine_thread *t, int64_t now_ms)
{
	bool silent = false;
	enum outcome outcome = silence_check(t, &t->writer, now_ms, &silent);
	if (outcome == OUTCOME_OK)
		outcome = silence_check(t, &t->reader, now_ms, &silent);
	if (outcome == OUTCOME_OK)
		outcome = silence_check(t, &t->listener, now_ms, &silent);
	if (outcome == OUTCOME_OK && silent)
		tell_away(t, "Redis does not answer.");
	t->silent = silent;
	return outcome;
}

static void earlier(int64_t *at, int64_t other)
{
	if (other < *at)
		*at = other;
}

static void wire_due(const struct engine_thread *t, const struct wire *w, int64_t now_ms, int64_t *at)
{
	if (w->unanswered == 0)
		return;
	int64_t since = w->quiet_since_ms + quiet_ms(t, w);
	if (since + t->e->times.silent > now_ms)
		earlier(at, since + t->e->times.silent);
	earlier(at, since + t->e->times.answer);
}

/* Milliseconds until something is due. */
static int session_timeout(const struct engine_thread *t, int64_t now_ms)
{
	int64_t at = t->lease.until_ms;
	if (t->lease.sent_ms == 0)
		earlier(&at, t->lease.renew_at_ms);
	if (t->batch.at_ms > now_ms)
		earlier(&at, t->batch.at_ms);
	if (!t->stopping && !t->reading.asked && reading_due_ms(t) > now_ms)
		earlier(&at, reading_due_ms(t));
	earlier(&at, observing_due_ms(t));
	if (t->reading.caught_up && !t->nodes.leasing)
		earlier(&at, t->nodes.leases_at_ms);
	if (t->reading.caught_up && !t->nodes.trimming && t->nodes.seen)
		earlier(&at, t->nodes.trim_at_ms);
	if (t->listener.unanswered == 0)
		earlier(&at, t->asks.ping_ms);
	if (!t->asks.settings)
		earlier(&at, t->asks.settings_ms);
	wire_due(t, &t->writer, now_ms, &at);
	wire_due(t, &t->reader, now_ms, &at);
	wire_due(t, &t->listener, now_ms, &at);
	if (t->stopping)
		earlier(&at, t->e->stop_by_ms);
	if (at <= now_ms)
		return 0;
	return at - now_ms > INT_MAX ? INT_MAX : (int)(at - now_ms);
}

/* -- a session ---------------------------------------------------------------------------------------- */

/* Asks and sends what there is. */
static enum outcome session_send(struct engine_thread *t, int64_t now_ms)
{
	applied_take(t);
	forget_take(t);
	proposals_take(&t->proposals, &t->e->proposed, t->lease.incarnation);
	if (t->stopping && (!t->proposals.open || now_ms >= t->e->stop_by_ms))
		return OUTCOME_STOP;
	lease_turn(t, now_ms);
	nodes_turn(t, now_ms);
	engine_session_recheck(t, now_ms);
	observing_turn(t, now_ms);
	if (!t->stopping)
		reading_turn(t, now_ms); /* before the next batch, for which it would wait */
	appending_turn(t, now_ms);
	telling_turn(t, now_ms);
	struct wire *const wires[] = { &t->writer, &t->reader, &t->listener };
	for (size_t i = 0; i < sizeof(wires) / sizeof(wires[0]); i++)
		if (!wire_flush(wires[i]))
			return outcome_lost(t, wires[i]);
	return OUTCOME_OK;
}

static enum outcome session_sleep(struct engine_thread *t)
{
	enum { WIRES = 3 };
	struct wire *const wires[WIRES] = { &t->writer, &t->reader, &t->listener };
	struct pollfd fds[1 + WIRES] = { 0 };
	enum outcome outcome = OUTCOME_OK;
	for (int i = 0; i < WIRES; i++)
		fds[1 + i] = (struct pollfd){ .fd = wires[i]->fd, .events = wire_events(wires[i]) };
	sleeper_poll(&t->e->sleeper, fds, 1 + WIRES, session_timeout(t, boot_ms()), thread_ready, t);
	for (int i = 0; i < WIRES && outcome == OUTCOME_OK; i++)
		if (fds[1 + i].revents)
			outcome = replies_take(t, wires[i]);
	return outcome;
}

/* One turn. OK: the session goes on. */
static enum outcome session_turn(struct engine_thread *t)
{
	int64_t now = boot_ms();
	t->stopping = atomic_load(&t->e->stop);
	if (!incarnation_check(t, now))
		return outcome_set(t, OUTCOME_AWAY, "This node's lease has ended.");
	if (!tell_has_room(t))
		return outcome_set(t, OUTCOME_AWAY, "This node has taken no news for long.");
	enum outcome outcome = session_send(t, now);
	if (outcome == OUTCOME_OK)
		outcome = session_sleep(t);
	if (outcome == OUTCOME_OK)
		outcome = silence_tell(t, boot_ms());
	if (outcome != OUTCOME_OK)
		return outcome;
	reading_check_goal(t);
	/* What waits may meet the same error again, so only an answer shows that it is over. */
	if (!t->silent && (t->answered || !t->proposals.open))
		tell_back(t);
	figures_leave(t, false);
	return OUTCOME_OK;
}

/* -- the thread's life ---------------------------------------------------------------------------------- */

static void secret_free(char **secret)
{
	if (*secret)
		explicit_bzero(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

/* Sessions, until one ends for good. */
static enum outcome sessions(struct engine_thread *t)
{
	int64_t retry_ms = RETRY_MS_FIRST;
	for (;;) {
		enum outcome outcome = tell_has_room(t) ? engine_session_begin(t) : OUTCOME_AWAY;
		if (outcome == OUTCOME_OK) {
			reading_check_goal(t);
			while ((outcome = session_turn(t)) == OUTCOME_OK) {
				if (t->answered || !t->proposals.open)
					retry_ms = RETRY_MS_FIRST;
			}
		}
		if (outcome == OUTCOME_STOP) {
			t->e->unanswered = proposals_open(&t->proposals);
			lease_end(t);
		}
		engine_session_end(t);
		if (outcome == OUTCOME_STOP || outcome == OUTCOME_FATAL)
			return outcome;
		if (outcome == OUTCOME_REFUSED && t->ready == 0)
			return OUTCOME_FATAL;
		tell_away(t, t->why);
		if (ask_time(t, retry_ms) == OUTCOME_STOP) {
			t->e->unanswered = proposals_open(&t->proposals);
			return OUTCOME_STOP;
		}
		retry_ms = retry_ms * 2 > ENGINE_RETRY_MS_MAX ? ENGINE_RETRY_MS_MAX : retry_ms * 2;
	}
}

static bool life_ready(void *ctx)
{
	struct engine_thread *t = ctx;
	return atomic_load(&t->e->beginning) || atomic_load(&t->e->stop);
}

static bool life_over(void *ctx)
{
	struct engine_thread *t = ctx;
	return atomic_load(&t->e->stop);
}

void *engine_thread_main(void *arg)
{
	struct engine_thread t = { .e = arg, .writer.fd = -1, .reader.fd = -1, .listener.fd = -1 };
	prctl(PR_SET_NAME, "chatd-engine");
	prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
	while (!life_ready(&t))
		sleeper_sleep(&t.e->sleeper, -1, life_ready, &t);
	struct beginning *b = atomic_exchange(&t.e->beginning, NULL);
	if (b) {
		t.known = *b;
		t.reading.at = b->position;
		free(b);
		if (sessions(&t) == OUTCOME_FATAL)
			tell(&t, ENGINE_FATAL, t.why, 0);
	}
	secret_free(&t.e->user);
	secret_free(&t.e->password);
	while (!life_over(&t))
		sleeper_sleep(&t.e->sleeper, -1, life_over, &t);
	proposals_take(&t.proposals, &t.e->proposed, t.lease.incarnation);
	proposals_drop_all(&t.proposals, &t.e->proposed);
	tells_drop_all(&t.tells, &t.e->texts.ours);
	return NULL;
}
