/*
 * Floods: delays, then mutes, then disconnection.
 *
 * Owns the counters for it in sessions and origins.
 * If several sessions wait for their address's bucket, each tick shares out
 * what is in it, in the order in which they began to wait: otherwise the first
 * in the list would take all of it for ever.
 */

#include "chatd/core/moderation/flood.h"

#include <inttypes.h>
#include <stdio.h>
#include <utlist.h>

#include "chatd/core/state/emit.h"
#include "chatd/core/state/exempt.h"
#include "chatd/core/input/rate_limit.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum {
	FLOOD_STEP_MS = 20,  /* delayed input resumes in such steps, so that one look serves many */
	FLOOD_REST_MS = 1000, /* without a delay for that long, a person has rested */
	CLOCK_AT = 12,       /* in a stamp, the time of day */
	CLOCK_BYTES = 8,
};

/* -- what comes ---------------------------------------------------------------------------- */

void flood_line(struct chat *c, struct session *s)
{
	if (s->input.throttle.turn_lines > 0)
		s->input.throttle.turn_lines--;
	rate_line(c, s);
}

/* -- delays ----------------------------------------------------------------------------- */

/* After a rest it is told again. */
static void forget_told(const struct chat *c, struct session *s)
{
	if (c->now_ms - s->input.throttle.delay_at_ms < FLOOD_REST_MS)
		return;
	if (s->input.throttle.told && rate_is_full(c, &s->input.throttle.rate))
		s->input.throttle.told = false;
	if (s->input.throttle.address_told && rate_is_full(c, &rate_shared(s)->rate))
		s->input.throttle.address_told = false;
}

static void tell_delay(struct chat *c, struct session *s, enum rate_cause cause)
{
	bool address = cause >= CAUSE_ADDRESS_LINES;
	struct allowance a = address ? rate_all(c, s) : rate_own(c, s);
	bool lines = cause == CAUSE_LINES || cause == CAUSE_ADDRESS_LINES;
	uint64_t n = lines ? a.lines : a.bytes;
	bool *told = address ? &s->input.throttle.address_told : &s->input.throttle.told;
	char end[64] = "";

	/* A muted person loses lines, and was told; at the prompt every line gets an answer anyway. */
	if (*told || c->now_ms < s->input.throttle.muted_until_ms || s->state == SESSION_LOGIN)
		return;
	*told = true;
	if (c->config.flood_mute_s != 0)
		snprintf(end, sizeof end, " If this goes on for %" PRIu32 " seconds, you are muted.",
		         c->config.flood_mute_s);
	emit_reply(c, s, "%s more than %" PRIu64 " %s%s a second%s. The rest is delayed; "
	           "nothing is lost.%s", address ? "Your address is sending" : "You are sending", n,
	           lines ? "line" : "byte", n == 1 ? "" : "s",
	           address ? ", all its connections together" : "",
	           end);
}

static void due_in(struct chat *c, int64_t ms)
{
	if (c->now_ms + ms < c->input.throttled.due_ms)
		c->input.throttled.due_ms = c->now_ms + ms;
}

/* Whether others of its address wait and it has no turn, so that its line must come after theirs. */
static bool must_queue(const struct chat *c, const struct session *s)
{
	return rate_shared(s)->waiting > 0 && s->input.throttle.turn_lines == 0 && rate_has_address(c, s);
}

void flood_delay(struct chat *c, struct session *s)
{
	struct rate_wait w;
	int64_t rested_ms;

	if (s->input.throttle.on || !rate_is_limited(c, s))
		return;
	w = rate_wait(c, s);
	if (w.ms == 0 && must_queue(c, s)) {
		w.ms = FLOOD_STEP_MS;
		w.cause = rate_own(c, s).lines != 0 ? CAUSE_ADDRESS_LINES : CAUSE_ADDRESS_BYTES;
	}
	if (w.ms == 0) {
		forget_told(c, s);
		return;
	}
	tell_delay(c, s, w.cause);
	rested_ms = c->now_ms - s->input.throttle.delay_at_ms;
	s->input.throttle.delayed_ms =
		s->input.throttle.delayed_ms > rested_ms ? s->input.throttle.delayed_ms - rested_ms : 0;
	s->input.throttle.delay_at_ms = c->now_ms;
	s->input.throttle.turn_lines = 0;
	delay_begin(c, s, w.cause >= CAUSE_ADDRESS_LINES);
	due_in(c, w.ms);
}

/* How long s has been delayed, without the time in which it was muted. */
static int64_t delayed_ms(const struct chat *c, const struct session *s)
{
	if (c->now_ms <= s->input.throttle.muted_until_ms)
		return 0;
	if (s->input.throttle.delay_at_ms < s->input.throttle.muted_until_ms)
		return c->now_ms - s->input.throttle.muted_until_ms;
	return s->input.throttle.delayed_ms + c->now_ms - s->input.throttle.delay_at_ms;
}

/* -- strikes ------------------------------------------------------------------------------ */

/* They count for the address, so reconnecting does not clear them, unless many people share it. */
static struct strikes *strikes_of(const struct chat *c, struct session *s)
{
	return exempt_is(c, &s->from) ? &s->input.throttle.strikes : &s->origin->strikes;
}

static const char *clock_of(struct chat *c, int64_t time_ms)
{
	return format_stamp(&c->stamp, time_ms - c->now_ms + c->wall_ms) + CLOCK_AT;
}

/* s has been delayed for too long. May end it. */
static void strike(struct chat *c, struct session *s)
{
	struct strikes *k = strikes_of(c, s);
	const char *whose = exempt_is(c, &s->from) ? "" : ", counted for your address";
	int64_t mute_ms = FLOOD_MUTE_MS;
	char age[AGE_BYTES_MAX];

	if (c->now_ms >= k->forget_ms)
		k->n = 0;
	if (k->n < FLOOD_STRIKES_MAX)
		k->n++;
	if (k->n == FLOOD_STRIKES_MAX) {
		k->forget_ms = c->now_ms + FLOOD_AGAIN_MS;
		emit_reply(c, s, "You have sent too much again (%d times now%s), so you are disconnected; "
		           "lines that were waiting are dropped. You can connect again at any time.",
		           FLOOD_STRIKES_MAX, whose);
		emit_security(c, s, "flood-end", "sent too much %d times, disconnected", FLOOD_STRIKES_MAX);
		session_end(c, s, "sent too much", true);
		return;
	}
	if (k->n > 1)
		mute_ms = FLOOD_MUTE_AGAIN_MS;
	s->input.throttle.muted_until_ms = c->now_ms + mute_ms;
	k->forget_ms = s->input.throttle.muted_until_ms + FLOOD_AGAIN_MS;
	s->input.throttle.delayed_ms = 0;
	emit_reply(c, s, "You have sent too much for %" PRIu32 " seconds, so you are muted for %s, "
	           "until %.*s (strike %" PRIu32 " of %d%s). Commands still work if only you read the answer.",
	           c->config.flood_mute_s, format_age(age, mute_ms), CLOCK_BYTES,
	           clock_of(c, s->input.throttle.muted_until_ms), k->n, FLOOD_STRIKES_MAX, whose);
	emit_security(c, s, "flood-mute", "sent too much for %" PRIu32 " seconds, muted for %s",
	              c->config.flood_mute_s, age);
}

bool flood_is_muted(const struct chat *c, const struct session *s)
{
	return c->now_ms < s->input.throttle.muted_until_ms && !rate_is_exempt(c, s);
}

bool flood_refuses(struct chat *c, struct session *s, const char *what)
{
	if (!flood_is_muted(c, s))
		return false;
	emit_reply(c, s, "Not %s: you have sent too much and are muted until %.*s.",
	           what, CLOCK_BYTES, clock_of(c, s->input.throttle.muted_until_ms));
	return true;
}

/* -- time --------------------------------------------------------------------------------- */

/* How many lines these buckets allow, of the longest kind. */
static uint64_t lines_left(const struct chat *c, const struct rate *p, const struct allowance *a)
{
	uint64_t left = UINT32_MAX, bytes;

	if (a->lines != 0)
		left = bucket_left(&p->lines, c->now_ms, a->lines_burst, a->lines);
	if (a->bytes == 0)
		return left;
	bytes = bucket_left(&p->bytes, c->now_ms, a->bytes_burst, a->bytes);
	bytes = bytes < FLOOD_STEP_BYTES ? 1 : bytes / FLOOD_STEP_BYTES;
	return left < bytes ? left : bytes;
}

/* Lines that s, which need wait no longer, may take now of what its address has; 0: others are
 * given all of it in this tick. Each gets a share, and not more than it may have itself. */
static uint32_t turn_of(const struct chat *c, const struct session *s)
{
	struct allowance own = rate_own(c, s), all = rate_all(c, s);
	struct shared_rate *o = rate_shared(s);
	uint64_t left = lines_left(c, &o->rate, &all);
	uint64_t most = lines_left(c, &s->input.throttle.rate, &own), share;

	if (o->turns_ms != c->now_ms) {
		o->turns_ms = c->now_ms;
		o->turns = 0;
	}
	if (o->turns >= left)
		return 0;
	left -= o->turns;
	share = left / (o->waiting + (s->input.throttle.by_address ? 0 : 1));
	share = share < most ? share : most;
	share = share < left ? share : left;
	share = share > 0 ? share : 1;
	o->turns += share;
	return (uint32_t)share;
}

/* s, which is delayed, may go on; how long it must wait if not. */
static int64_t go_on_ms(struct chat *c, struct session *s)
{
	struct rate_wait w = rate_wait(c, s);

	if (w.ms > 0) {
		delay_by_address(s, w.cause >= CAUSE_ADDRESS_LINES);
		return w.ms < FLOOD_STEP_MS ? FLOOD_STEP_MS : w.ms;
	}
	if (!rate_is_limited(c, s) || !rate_has_address(c, s))
		return 0;
	s->input.throttle.turn_lines = turn_of(c, s);
	delay_by_address(s, s->input.throttle.turn_lines == 0);
	return s->input.throttle.turn_lines == 0 ? FLOOD_STEP_MS : 0;
}

void flood_tick(struct chat *c)
{
	int64_t mute_ms = (int64_t)c->config.flood_mute_s * 1000;
	struct session *s, *next;

	if (c->input.throttled.due_ms > c->now_ms)
		return;
	c->input.throttled.due_ms = INT64_MAX;
	DL_FOREACH_SAFE2(c->input.throttled.first, s, next, input.throttle.next) {
		struct conn_id id = s->id;
		int64_t wait_ms;

		if (!emit_has_room(c)) {
			due_in(c, FLOOD_STEP_MS);
			break;
		}
		wait_ms = go_on_ms(c, s);
		/* At the prompt there are few lines in all (NAME_WRONG_MAX). */
		if (mute_ms > 0 && s->state == SESSION_CHAT && rate_is_limited(c, s) &&
		    delayed_ms(c, s) >= mute_ms)
			strike(c, s);
		if (chat_session(c, id) == NULL)
			continue;
		if (wait_ms > 0) {
			due_in(c, wait_ms);
			continue;
		}
		s->input.throttle.delayed_ms = delayed_ms(c, s);
		s->input.throttle.delay_at_ms = c->now_ms;
		delay_end(c, s);
		session_go_on(c, s);
	}
}

int64_t flood_due_ms(const struct chat *c)
{
	return c->input.throttled.due_ms;
}

/* -- /limits -------------------------------------------------------------------------------- */

static void show_rate(struct chat *c, struct session *s, const char *whose, const struct rate *p,
                      const struct allowance *a)
{
	if (a->lines == 0)
		emit_reply(c, s, "%s: no limit on lines.", whose);
	else
		emit_reply(c, s, "%s: %" PRIu64 " line%s at once, then %" PRIu64 " a second (%" PRIu64
		           " left now).", whose, a->lines_burst, a->lines_burst == 1 ? "" : "s", a->lines,
		           bucket_left(&p->lines, c->now_ms, a->lines_burst, a->lines));
	if (a->bytes != 0)
		emit_reply(c, s, "%s: %" PRIu64 " bytes at once, then %" PRIu64 " a second (%" PRIu64
		           " left now).", whose, a->bytes_burst, a->bytes,
		           bucket_left(&p->bytes, c->now_ms, a->bytes_burst, a->bytes));
}

static void show_buckets(struct chat *c, struct session *s)
{
	struct allowance a = rate_own(c, s);

	if (rate_is_exempt(c, s)) {
		emit_reply(c, s, "Rate limits do not apply to you%s.", role_of(s) == ROLE_ADMIN
		           ? ", because you are an administrator" : role_of(s) == ROLE_MODERATOR
		           ? ", because you are a moderator" : "");
		return;
	}
	show_rate(c, s, "You", &s->input.throttle.rate, &a);
	a = rate_all(c, s);
	if (rate_is_limited(c, s) && rate_has_address(c, s))
		show_rate(c, s, "Your address", &rate_shared(s)->rate, &a);
	emit_reply(c, s, "What is over the limit is delayed, not lost.");
}

static void show_strikes(struct chat *c, struct session *s)
{
	const struct strikes *k = strikes_of(c, s);
	uint32_t n = c->now_ms < k->forget_ms ? k->n : 0;
	char first[AGE_BYTES_MAX], second[AGE_BYTES_MAX];

	emit_reply(c, s, "If you are delayed for %" PRIu32 " seconds with hardly a pause, you are muted "
	           "for %s; the second time for %s; the third time disconnected.",
	           c->config.flood_mute_s, format_age(first, FLOOD_MUTE_MS),
	           format_age(second, FLOOD_MUTE_AGAIN_MS));
	emit_reply(c, s, "%s: %" PRIu32 " of %d.",
	           exempt_is(c, &s->from) ? "Your strikes" : "Strikes of your address", n, FLOOD_STRIKES_MAX);
	if (n > 0)
		emit_reply(c, s, "They are forgotten at %.*s.", CLOCK_BYTES, clock_of(c, k->forget_ms));
	if (c->now_ms < s->input.throttle.muted_until_ms)
		emit_reply(c, s, "You are muted until %.*s.", CLOCK_BYTES,
		           clock_of(c, s->input.throttle.muted_until_ms));
}

void flood_show(struct chat *c, struct session *s)
{
	show_buckets(c, s);
	if (c->config.flood_mute_s != 0 && rate_is_limited(c, s))
		show_strikes(c, s);
}
