/* The buckets of lines and bytes: what may be sent, and how long one must wait. */

#include "chatd/core/pace.h"

#include <inttypes.h>

#include "chatd/core/account.h"
#include "chatd/core/emit.h"

_Static_assert((uint64_t)RATE_BYTES_LIMIT * RATE_ADDRESS_LIMIT * FLOOD_BYTES_BURST_S <=
               LIMIT_TOKENS_MAX, "the largest bucket can be counted");

struct allowance pace_allowed(const struct chat *c, uint64_t times)
{
	const struct chat_config *k = &c->config;

	return (struct allowance){
		.lines_burst = k->rate_burst * times,
		.lines = k->rate_lines * times,
		.bytes_burst = k->rate_bytes * times * FLOOD_BYTES_BURST_S,
		.bytes = k->rate_bytes * times,
	};
}

bool pace_is_exempt(const struct chat *c, const struct session *s)
{
	static const enum role least[] = {
		[EXEMPT_NOBODY] = ROLE_ADMIN + 1,
		[EXEMPT_ADMIN] = ROLE_ADMIN,
		[EXEMPT_MODERATOR] = ROLE_MODERATOR,
		[EXEMPT_ACCOUNT] = ROLE_ACCOUNT,
	};

	return role_of(s) >= least[c->config.rate_exempt];
}

bool pace_is_limited(const struct chat *c, const struct session *s)
{
	return (c->config.rate_lines | c->config.rate_bytes) != 0 && s->state == SESSION_CHAT &&
	       !pace_is_exempt(c, s);
}

bool pace_has_address(const struct chat *c, const struct session *s)
{
	return c->config.rate_address != 0 && !address_is_local(&s->from);
}

static void longer(struct pace_wait *w, int64_t ms, enum pace_cause cause)
{
	if (ms > w->ms)
		*w = (struct pace_wait){ms, cause};
}

bool pace_is_full(const struct chat *c, const struct pace *p)
{
	return limit_is_full(&p->lines, c->now_ms) && limit_is_full(&p->bytes, c->now_ms);
}

/* The waits for a pair of buckets that may be full, as most are: nothing to reckon then. */
static void longer_of(const struct chat *c, struct pace_wait *w, struct pace *p, uint64_t times,
                      enum pace_cause lines, enum pace_cause bytes)
{
	struct allowance a;

	if (pace_is_full(c, p))
		return;
	a = pace_allowed(c, times);
	longer(w, limit_wait_ms(&p->lines, c->now_ms, a.lines_burst, a.lines), lines);
	longer(w, limit_wait_many_ms(&p->bytes, c->now_ms, FLOOD_STEP_BYTES, a.bytes_burst, a.bytes),
	       bytes);
}

struct pace_wait pace_wait(const struct chat *c, struct session *s)
{
	struct pace_wait w = {0};

	if (!pace_is_limited(c, s))
		return w;
	longer_of(c, &w, &s->pace, 1, CAUSE_LINES, CAUSE_BYTES);
	if (pace_has_address(c, s))
		longer_of(c, &w, &s->origin->pace, c->config.rate_address, CAUSE_ADDRESS_LINES,
		          CAUSE_ADDRESS_BYTES);
	return w;
}

void pace_bytes(struct chat *c, struct session *s, size_t n)
{
	if (c->config.rate_bytes == 0 || !pace_is_limited(c, s))
		return;
	limit_take_many(&s->pace.bytes, c->now_ms, n, c->config.rate_bytes);
	if (pace_has_address(c, s))
		limit_take_many(&s->origin->pace.bytes, c->now_ms, n,
		                (uint64_t)c->config.rate_bytes * c->config.rate_address);
}

void pace_line(struct chat *c, struct session *s)
{
	if (c->config.rate_lines == 0 || !pace_is_limited(c, s))
		return;
	limit_take(&s->pace.lines, c->now_ms, c->config.rate_lines);
	if (pace_has_address(c, s))
		limit_take(&s->origin->pace.lines, c->now_ms,
		           (uint64_t)c->config.rate_lines * c->config.rate_address);
}

static void show_pace(struct chat *c, struct session *s, const char *whose, const struct pace *p,
                      const struct allowance *a)
{
	if (a->lines == 0)
		emit_reply(c, s, "%s: as many lines as you like.", whose);
	else
		emit_reply(c, s, "%s: %" PRIu64 " lines at once, then %" PRIu64 " a second; %" PRIu64
		           " left now. More is sent later, not lost.", whose, a->lines_burst, a->lines,
		           limit_left(&p->lines, c->now_ms, a->lines_burst, a->lines));
	if (a->bytes != 0)
		emit_reply(c, s, "%s: %" PRIu64 " bytes at once, then %" PRIu64 " a second; %" PRIu64
		           " left now.", whose, a->bytes_burst, a->bytes,
		           limit_left(&p->bytes, c->now_ms, a->bytes_burst, a->bytes));
}

void pace_show(struct chat *c, struct session *s)
{
	struct allowance a = pace_allowed(c, 1);

	if (pace_is_exempt(c, s)) {
		emit_reply(c, s, "Pace: no limit for you, because your role is %s.", role_name(role_of(s)));
		return;
	}
	show_pace(c, s, "Pace", &s->pace, &a);
	a = pace_allowed(c, c->config.rate_address);
	if (pace_is_limited(c, s) && pace_has_address(c, s))
		show_pace(c, s, "All from your address", &s->origin->pace, &a);
}
