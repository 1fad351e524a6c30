/* The buckets of lines and bytes: how much people may send, how long they must wait, and the list
 * of the sessions that wait. Owns chat.input.throttled. */

#include "chatd/core/input/rate_limit.h"

#include <inttypes.h>
#include <utlist.h>

#include "chatd/core/state/exempt.h"
#include "chatd/core/people/account.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

_Static_assert((uint64_t)RATE_BYTES_LIMIT * RATE_ADDRESS_LIMIT * FLOOD_BYTES_BURST_S <=
               LIMIT_TOKENS_MAX, "the largest bucket can be counted");

_Static_assert((int)PROMPT_BYTES_BURST > (int)FLOOD_STEP_BYTES, "the step is there");

/* `times` times what one person may send. */
static struct allowance allowed(const struct chat *c, const struct session *s, uint64_t times)
{
	const struct chat_config *k = &c->config;

	if (s->state == SESSION_LOGIN)
		return (struct allowance){
			.lines_burst = PROMPT_LINES_BURST * times,
			.lines = PROMPT_LINES * times,
			.bytes_burst = PROMPT_BYTES_BURST * times,
			.bytes = PROMPT_BYTES * times,
		};
	return (struct allowance){
		.lines_burst = k->rate_burst * times,
		.lines = k->rate_lines * times,
		.bytes_burst = k->rate_bytes * times * FLOOD_BYTES_BURST_S,
		.bytes = k->rate_bytes * times,
	};
}

struct allowance rate_own(const struct chat *c, const struct session *s)
{
	return allowed(c, s, 1);
}

struct allowance rate_all(const struct chat *c, const struct session *s)
{
	return allowed(c, s, s->state == SESSION_LOGIN ? PROMPT_ADDRESS_TIMES : c->config.rate_address);
}

struct shared_rate *rate_shared(const struct session *s)
{
	return s->state == SESSION_LOGIN ? &s->origin->unnamed : &s->origin->named;
}

bool rate_is_exempt(const struct chat *c, const struct session *s)
{
	static const enum role least[] = {
		[EXEMPT_NOBODY] = ROLE_ADMIN + 1,
		[EXEMPT_ADMIN] = ROLE_ADMIN,
		[EXEMPT_MODERATOR] = ROLE_MODERATOR,
		[EXEMPT_ACCOUNT] = ROLE_ACCOUNT,
	};

	return role_of(s) >= least[c->config.rate_exempt];
}

bool rate_is_limited(const struct chat *c, const struct session *s)
{
	/* Their own node limits those of other nodes. */
	if (person_is_remote(s))
		return false;
	if (s->state != SESSION_CHAT)
		return s->state == SESSION_LOGIN;
	return (c->config.rate_lines | c->config.rate_bytes) != 0 && !rate_is_exempt(c, s);
}

bool rate_has_address(const struct chat *c, const struct session *s)
{
	if (s->state == SESSION_LOGIN)
		return !exempt_is(c, &s->from);
	return c->config.rate_address != 0 && !address_is_local(&s->from);
}

static void longer(struct rate_wait *w, int64_t ms, enum rate_cause cause)
{
	if (ms > w->ms)
		*w = (struct rate_wait){ms, cause};
}

bool rate_is_full(const struct chat *c, const struct rate *p)
{
	return bucket_is_full(&p->lines, c->now_ms) && bucket_is_full(&p->bytes, c->now_ms);
}

static void longer_of(const struct chat *c, struct rate_wait *w, struct rate *p,
                      const struct allowance *a, enum rate_cause lines, enum rate_cause bytes)
{
	longer(w, bucket_wait_ms(&p->lines, c->now_ms, a->lines_burst, a->lines), lines);
	longer(w, bucket_wait_many_ms(&p->bytes, c->now_ms, FLOOD_STEP_BYTES, a->bytes_burst, a->bytes),
	       bytes);
}

struct rate_wait rate_wait(const struct chat *c, struct session *s)
{
	struct rate_wait w = {0};
	struct allowance a;

	if (!rate_is_limited(c, s))
		return w;
	/* Most buckets are full, and then there is nothing to compute. */
	if (!rate_is_full(c, &s->input.throttle.rate)) {
		a = rate_own(c, s);
		longer_of(c, &w, &s->input.throttle.rate, &a, CAUSE_LINES, CAUSE_BYTES);
	}
	if (rate_has_address(c, s) && !rate_is_full(c, &rate_shared(s)->rate)) {
		a = rate_all(c, s);
		longer_of(c, &w, &rate_shared(s)->rate, &a, CAUSE_ADDRESS_LINES, CAUSE_ADDRESS_BYTES);
	}
	return w;
}

void rate_bytes(struct chat *c, struct session *s, size_t n)
{
	if (!rate_is_limited(c, s))
		return;
	bucket_take_many(&s->input.throttle.rate.bytes, c->now_ms, n, rate_own(c, s).bytes);
	if (rate_has_address(c, s))
		bucket_take_many(&rate_shared(s)->rate.bytes, c->now_ms, n, rate_all(c, s).bytes);
}

void rate_line(struct chat *c, struct session *s)
{
	if (!rate_is_limited(c, s))
		return;
	bucket_take(&s->input.throttle.rate.lines, c->now_ms, rate_own(c, s).lines);
	if (rate_has_address(c, s))
		bucket_take(&rate_shared(s)->rate.lines, c->now_ms, rate_all(c, s).lines);
}

/* -- delays -------------------------------------------------------------------------------- */

void delay_by_address(struct session *s, bool waits)
{
	if (waits && !s->input.throttle.by_address)
		rate_shared(s)->waiting++;
	else if (!waits && s->input.throttle.by_address)
		rate_shared(s)->waiting--;
	s->input.throttle.by_address = waits;
}

void delay_begin(struct chat *c, struct session *s, bool address)
{
	s->input.throttle.on = true;
	delay_by_address(s, address);
	DL_APPEND2(c->input.throttled.first, s, input.throttle.prev, input.throttle.next);
}

void delay_end(struct chat *c, struct session *s)
{
	if (!s->input.throttle.on)
		return;
	DL_DELETE2(c->input.throttled.first, s, input.throttle.prev, input.throttle.next);
	s->input.throttle.on = false;
	delay_by_address(s, false);
}
