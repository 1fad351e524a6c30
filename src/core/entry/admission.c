/*
 * Which connections are let in. Owns struct admission, and what is counted at an origin of connections.
 *
 * When connections without a name take more than their share of what the others leave, one of them
 * makes way for each new one: of a few drawn by seed, perhaps the new one among them, the one whose
 * address has the most. So a flood from a few addresses loses its own connections, and a flood from
 * many leaves everybody the same chance. Names cost nothing, so when the chat is nearly full the same
 * applies to guests, except at addresses that have only a few connections.
 */

#include "chatd/core/entry/admission.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/clock.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/exempt.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/unnamed.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum {
	ORIGIN_ACCOUNTS_BURST = 5,          /* accounts made from one address, at once */
	ORIGIN_ACCOUNTS_PERIOD_MS = DAY_MS / 5, /* then one in so long: as many a day */
};

#define SEED_STEP UINT64_C(0x9e3779b97f4a7c15) /* of splitmix64 */

/* -- limits of one address, and of one site ------------------------------------------------ */

int64_t admission_login_wait_ms(struct chat *c, struct session *s)
{
	uint32_t a_minute = c->config.address_logins;
	struct origin *site;
	int64_t wait_ms;

	if (exempt_is(c, &s->from))
		return 0;
	wait_ms = origin_take_ms(&s->origin->logins, c->now_ms, a_minute);
	if (wait_ms > 0 || (site = origin_site_of(&c->people.origins, &s->from)) == NULL)
		return wait_ms;
	return origin_take_ms(&site->logins, c->now_ms, a_minute * SITE_SHARES);
}

int64_t admission_account_wait_ms(struct chat *c, const struct session *s)
{
	struct origin *site;
	int64_t wait_ms;

	if (exempt_is(c, &s->from))
		return 0;
	wait_ms = slow_bucket_wait_ms(&origin_of(&c->people.origins, &s->from)->accounts, c->now_ms,
	                              ORIGIN_ACCOUNTS_BURST, ORIGIN_ACCOUNTS_PERIOD_MS);
	if (wait_ms > 0 || (site = origin_site_of(&c->people.origins, &s->from)) == NULL)
		return wait_ms;
	return slow_bucket_wait_ms(&site->accounts, c->now_ms, ORIGIN_ACCOUNTS_BURST * SITE_SHARES,
	                           ORIGIN_ACCOUNTS_PERIOD_MS / SITE_SHARES);
}

void admission_account_made(struct chat *c, const struct session *s)
{
	struct origin *site;

	if (exempt_is(c, &s->from))
		return;
	slow_bucket_take(&origin_of(&c->people.origins, &s->from)->accounts, c->now_ms,
	                 ORIGIN_ACCOUNTS_PERIOD_MS);
	site = origin_site_of(&c->people.origins, &s->from);
	if (site != NULL)
		slow_bucket_take(&site->accounts, c->now_ms, ORIGIN_ACCOUNTS_PERIOD_MS / SITE_SHARES);
}

/* -- refusing ------------------------------------------------------------------------------ */

__attribute__((format(printf, 2, 3)))
static const char *refusal(struct chat *c, const char *fmt, ...)
{
	int n = snprintf(c->entry.admission.refusal, sizeof c->entry.admission.refusal, "-- ");
	va_list ap;

	va_start(ap, fmt);
	n += vsnprintf(c->entry.admission.refusal + n, sizeof c->entry.admission.refusal - (size_t)n,
	               fmt, ap);
	va_end(ap);
	assert((size_t)n + 1 < sizeof c->entry.admission.refusal);
	strcpy(c->entry.admission.refusal + n, "\n");
	return c->entry.admission.refusal;
}

/* For the server's log, where a jail counts: the first refusal, and later ones with how many there were
 * meanwhile. o is what was counted; the log has the address itself, because a jail does not ban
 * networks. */
static void log_refused(struct chat *c, struct origin *o, const struct address *from, const char *why)
{
	char text[ORIGIN_REFUSED_BYTES];

	if (origin_refused(o, &c->entry.admission.refused_log, c->now_ms, why, text))
		emit_refused(c, from, "%s", text);
}

/* Why there are too many from there, which has the shares of that many addresses; NULL: there are not. */
static const char *over_limits_of(struct chat *c, struct origin *o, const struct address *from,
                                  uint32_t shares, enum refusal *because)
{
	uint32_t most = c->config.address_connections * shares;
	const char *where = shares == 1 ? "address" : "network";
	int64_t wait_ms = origin_take_ms(&o->connects, c->now_ms, c->config.address_connects * shares);
	char age[AGE_BYTES_MAX];

	if (most > 0 && o->connections - o->exempt >= most) {
		log_refused(c, o, from, "too many connections at one time");
		*because = REFUSAL_CONNECTIONS;
		return refusal(c, "Too many connections: your %s has %" PRIu32 " open, the most it may have. "
		               "Close one, or try again later.", where, most);
	}
	if (wait_ms > 0) {
		log_refused(c, o, from, "too many connections in a minute");
		*because = REFUSAL_CONNECTS;
		return refusal(c, "Too many connections came from your %s within a minute. Try again in "
		               "%s.", where, format_age(age, wait_ms + 999));
	}
	return NULL;
}

static const char *over_limits(struct chat *c, const struct address *from, enum refusal *because)
{
	const char *why = over_limits_of(c, origin_of(&c->people.origins, from), from, 1, because);
	struct origin *site = why == NULL ? origin_site_of(&c->people.origins, from) : NULL;

	return site != NULL ? over_limits_of(c, site, from, SITE_SHARES, because) : why;
}

/* How much a connection from there weighs when one has to make way: the number of those of its address,
 * or a part of those of its site. */
static uint32_t weight(struct chat *c, const struct address *a, bool unnamed)
{
	const struct origin *o = origin_of(&c->people.origins, a);
	uint32_t n = unnamed ? o->nunnamed : o->connections - o->exempt, all;

	o = origin_site_of(&c->people.origins, a);
	all = o == NULL ? 0 : (unnamed ? o->nunnamed : o->connections - o->exempt) / SITE_WEIGHT;
	return all > n ? all : n;
}

/* -- those without a name ------------------------------------------------------------------ */

/* The next number of those that follow from one. */
static uint64_t seed_next(uint64_t *seed)
{
	uint64_t z = *seed += SEED_STEP;

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* One more connection without a name is too many: rarely at first, and always when nothing is left of
 * what named people leave. */
static bool is_crowded(const struct chat *c, uint64_t *seed)
{
	/* Connections that end hold their places for a while, too. */
	uint64_t others = c->entry.admission.nheld - c->people.unnamed.n;
	uint64_t max = c->config.connections_max;
	uint64_t room = max > others ? max - others : 0;
	uint64_t spare = room / UNNAMED_FREE_PARTS, from = room - spare;

	if (spare == 0 || c->people.unnamed.n < from)
		return false;
	return seed_next(seed) % spare <= c->people.unnamed.n - from;
}

/* The session that makes way for a new one from there; NULL: the new one is refused. */
static struct session *draw_of_unnamed(struct chat *c, const struct address *from, uint64_t *seed)
{
	struct session *pick = NULL;
	struct address key = address_counted(from);
	uint32_t most = 0;

	for (int i = 0; i < UNNAMED_DRAWN; i++) {
		uint64_t at = seed_next(seed) % (c->people.unnamed.n + 1);
		struct session *s = at < c->people.unnamed.n ? c->people.unnamed.list[at] : NULL;
		struct address its = s != NULL ? s->origin->address : key;
		/* The newcomer is one more of its address. Many people share an address without limits,
		 * so each counts alone there. */
		uint32_t n = exempt_is(c, s != NULL ? &s->from : from)
		             ? 1 : weight(c, &its, true) + (memcmp(&its, &key, sizeof key) == 0);

		if (n > most) {
			most = n;
			pick = s;
		}
	}
	return pick;
}

/* -- a chat that is nearly full ------------------------------------------------------------- */

static bool is_nearly_full(const struct chat *c)
{
	/* Rounded up, for a small chat. */
	uint32_t spare = (c->config.connections_max + FULL_FREE_PARTS - 1) / FULL_FREE_PARTS;

	return c->entry.admission.nheld + spare >= c->config.connections_max;
}

/* The session that makes way for a new one from there; NULL: none. is_most: the new one's own address
 * has the most. */
static struct session *draw_of_all(struct chat *c, const struct address *from, uint64_t *seed,
                                   bool *is_most)
{
	struct session *pick = NULL;
	uint32_t most = exempt_is(c, from) ? 1 : weight(c, from, false) + 1;

	for (int i = 0; i < FULL_DRAWN; i++) {
		struct session *s = c->people.sessions[seed_next(seed) % c->config.connections_max];
		uint32_t n;

		if (s == NULL || !session_lives(s) || role_of(s) >= ROLE_MODERATOR || exempt_is(c, &s->from))
			continue;
		n = weight(c, &s->from, false);
		/* Names cost nothing, and accounts some days. */
		if (n >= (s->account != NULL ? FULL_ACCOUNTS_LEAST : FULL_ADDRESS_LEAST) && n > most) {
			most = n;
			pick = s;
		}
	}
	*is_most = pick == NULL && most >= FULL_ADDRESS_LEAST;
	return pick;
}

const char *admission_refuses(struct chat *c, const struct event *e, struct session **way, enum refusal *because)
{
	const struct address *from = &e->connected.from;
	uint64_t seed = e->connected.seed;
	bool is_most = false;
	const char *why;

	*way = NULL;
	*because = REFUSAL_CONTROL;
	if (e->connected.control)
		return e->conn.gen != 0 ? NULL
		       : refusal(c, "This socket has %d connections open, the most it may have. Close one of "
		                 "them.", CONTROL_SLOTS);
	why = exempt_is(c, from) ? NULL : over_limits(c, from, because);
	if (why != NULL)
		return why;
	*because = REFUSAL_FULL;
	if (e->conn.gen == 0)
		return refusal(c, "This chat is full: %" PRIu32 " people are connected. Please try again later.",
		               c->config.connections_max);
	/* A user of the host has a name at once. */
	if (e->connected.user != NULL)
		return NULL;
	if (is_nearly_full(c)) {
		*way = draw_of_all(c, from, &seed, &is_most);
		if (is_most)
			return refusal(c, ADMISSION_FULL);
	}
	if (*way != NULL || !is_crowded(c, &seed))
		return NULL;
	*because = REFUSAL_UNNAMED;
	*way = draw_of_unnamed(c, from, &seed);
	return *way != NULL ? NULL : refusal(c, ADMISSION_MAKE_WAY);
}

/* -- counting ------------------------------------------------------------------------------ */

void admission_count(struct chat *c, struct session *s)
{
	struct origin **held = &c->entry.admission.held[s->id.slot], *site;
	bool exempt = exempt_is(c, &s->from);

	/* A slot that is used again was released at the latest now. */
	admission_released(c, s->id);
	s->origin = *held = origin_of(&c->people.origins, &s->from);
	c->entry.admission.held_exempt[s->id.slot] = exempt;
	origin_hold(&c->people.origins, s->origin);
	s->origin->exempt += exempt;
	site = origin_site_of(&c->people.origins, &s->from);
	if (site != NULL) {
		origin_hold(&c->people.origins, site);
		site->exempt += exempt;
	}
	c->entry.admission.nheld++;
	if (s->state == SESSION_LOGIN)
		unnamed_add(c, s);
}

void admission_released(struct chat *c, struct conn_id conn)
{
	struct origin **held = &c->entry.admission.held[conn.slot], *site;

	if (*held == NULL)
		return;
	site = origin_site_of(&c->people.origins, &(*held)->address);
	if (site != NULL) {
		site->exempt -= c->entry.admission.held_exempt[conn.slot];
		origin_drop(&c->people.origins, site);
	}
	(*held)->exempt -= c->entry.admission.held_exempt[conn.slot];
	origin_drop(&c->people.origins, *held);
	*held = NULL;
	c->entry.admission.nheld--;
}
