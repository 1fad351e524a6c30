/* Guesses at passwords and codes. Owns struct guess; there are at most GUESSES_MAX. */

#include "chatd/core/entry/guess.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/core/state/emit.h"
#include "chatd/core/entry/admission.h"
#include "chatd/core/state/exempt.h"
#include "chatd/core/people/account.h"
#include "chatd/core/state/state.h"

#define GUESS_SWEEP_MS 1000

/* -- the buckets of an address ------------------------------------------------------------- */

static struct guess_key key_of(const struct session *s, enum guess_kind kind, uint64_t about)
{
	struct guess_key key;

	/* The padding of an address is part of the hash. */
	memset(&key, 0, sizeof key);
	key.from = address_counted(&s->from);
	key.about = about;
	key.kind = kind;
	return key;
}

static struct guess *find(const struct chat *c, const struct guess_key *key)
{
	struct guess *g;

	HASH_FIND(hh, c->entry.guesses.by_address, key, sizeof *key, g);
	return g;
}

/* Guesses at rooms do not use up the share for signing in. */
static uint32_t *share_of(struct origin *o, const struct guess_key *key)
{
	return key->kind == GUESS_ROOM ? &o->room_guesses : &o->guesses;
}

static void guess_free(struct chat *c, struct guess *g)
{
	struct origin *o = origin_find(&c->people.origins, &g->key.from);

	/* It may have been forgotten meanwhile, and made again. */
	if (g->counted && o != NULL && *share_of(o, &g->key) > 0)
		--*share_of(o, &g->key);
	DL_DELETE(c->entry.guesses.oldest, g);
	HASH_DELETE(hh, c->entry.guesses.by_address, g);
	c->entry.guesses.n--;
	free(g);
}

/* In a full table, the entry that was tried longest ago goes. An address has a share of the table
 * (GUESSES_ADDRESS_MAX), so it takes hundreds of addresses to fill it. */
static struct guess *add(struct chat *c, struct session *s, const struct guess_key *key, bool counted)
{
	struct guess *g = mem_zero(1, sizeof *g);

	if (c->entry.guesses.n == GUESSES_MAX)
		guess_free(c, c->entry.guesses.oldest);
	g->key = *key;
	HASH_ADD(hh, c->entry.guesses.by_address, key, sizeof g->key, g);
	DL_APPEND(c->entry.guesses.oldest, g);
	c->entry.guesses.n++;
	g->counted = counted;
	if (counted)
		++*share_of(s->origin, key);
	return g;
}

/* Forgets entries whose bucket is full again. Looks at all of them, once a second: a bucket that is not
 * full must not keep the full ones behind it. */
static void forget_old(struct chat *c)
{
	struct guess *g, *next;

	if (c->entry.guesses.swept_ms <= c->now_ms &&
	    c->now_ms < c->entry.guesses.swept_ms + GUESS_SWEEP_MS)
		return;
	c->entry.guesses.swept_ms = c->now_ms;
	DL_FOREACH_SAFE(c->entry.guesses.oldest, g, next) {
		if (bucket_is_full(&g->tries, c->now_ms))
			guess_free(c, g);
	}
}

/* Milliseconds until the address may try that again; 0: now. */
static int64_t wait_ms(struct chat *c, struct session *s, const struct guess_key *key, uint32_t burst,
                       bool counted)
{
	struct guess *g = find(c, key);

	if (g == NULL)
		return !counted || *share_of(s->origin, key) < GUESSES_ADDRESS_MAX ? 0 : GUESS_PERIOD_MS;
	return slow_bucket_wait_ms(&g->tries, c->now_ms, burst, GUESS_PERIOD_MS);
}

static void charge(struct chat *c, struct session *s, const struct guess_key *key, bool counted)
{
	struct guess *g = find(c, key);

	if (g == NULL)
		g = add(c, s, key, counted);
	DL_DELETE(c->entry.guesses.oldest, g);
	DL_APPEND(c->entry.guesses.oldest, g);
	slow_bucket_take(&g->tries, c->now_ms, GUESS_PERIOD_MS);
}

static void give_back(struct chat *c, const struct session *s, enum guess_kind kind, uint64_t about)
{
	struct guess_key key = key_of(s, kind, about);
	struct guess *g = find(c, &key);

	if (g == NULL)
		return;
	slow_bucket_give(&g->tries, GUESS_PERIOD_MS);
	if (bucket_is_full(&g->tries, c->now_ms))
		guess_free(c, g);
}

void guesses_free(struct chat *c)
{
	while (c->entry.guesses.oldest != NULL)
		guess_free(c, c->entry.guesses.oldest);
}

/* -- guessing ------------------------------------------------------------------------------ */

static void tell_wait(struct chat *c, struct session *s, enum guess_kind kind, int64_t ms)
{
	static const char *const what[] = {
		[GUESS_PASSWORD] = "wrong passwords", [GUESS_CODE] = "wrong codes",
		[GUESS_ROOM] = "wrong passwords for this room",
	};
	char age[AGE_BYTES_MAX];

	emit_reply(c, s, "Not checked: too many %s from your address. You can try again in %s.", what[kind],
	           format_age(age, ms + 999));
}

/* Charges the address's own bucket; false: it is empty, and s has been told to wait. counted: it uses up
 * the address's share, which other people there use too. */
static bool try_here(struct chat *c, struct session *s, enum guess_kind kind, uint64_t about,
                     uint32_t burst, bool counted)
{
	struct guess_key key = key_of(s, kind, about);
	int64_t ms;

	if (exempt_is(c, &s->from))
		return true;
	forget_old(c);
	ms = wait_ms(c, s, &key, burst, counted);
	if (ms > 0) {
		tell_wait(c, s, kind, ms);
		return false;
	}
	charge(c, s, &key, counted);
	return true;
}

/* How long a guess must wait because there were many guesses at the same thing, from anywhere. */
static int64_t slowed_ms(struct chat *c, struct session *s, struct bucket *tries)
{
	int64_t ms = slow_bucket_wait_ms(tries, c->now_ms, GUESS_SLOW_BURST, GUESS_PERIOD_MS);
	char age[AGE_BYTES_MAX];

	ms = ms < GUESS_DELAY_MS_MAX ? ms : GUESS_DELAY_MS_MAX;
	if (ms >= 1000)
		emit_reply(c, s, "There were many wrong tries lately, so this one will be checked in %s.",
		           format_age(age, ms + 999));
	slow_bucket_take(tries, c->now_ms, GUESS_PERIOD_MS);
	return ms;
}

/* s comes from an address where the account was signed in to, and which many people do not share. */
static bool is_familiar(const struct chat *c, const struct account *a, const struct session *s)
{
	return !exempt_is(c, &s->from) && account_was_at(a, &s->from);
}

/* Only people who know the password reach the second step, so strangers cannot lock the owner out with
 * it; and six digits are soon guessed from many addresses. False: s has been told. */
static bool try_code(struct chat *c, struct session *s, struct account *a)
{
	int64_t ms = slow_bucket_wait_ms(&a->code_tries, c->now_ms, GUESS_CODES_BURST, GUESS_CODES_PERIOD_MS);
	char age[AGE_BYTES_MAX];

	if (ms > 0) {
		emit_reply(c, s, "Not checked: too many wrong codes for this account. You can try again in %s.",
		           format_age(age, ms + 999));
		emit_reply(c, s, "If you give a one-time code in place of the password, no second step is needed.");
		return false;
	}
	slow_bucket_take(&a->code_tries, c->now_ms, GUESS_CODES_PERIOD_MS);
	return true;
}

bool guess_account(struct chat *c, struct session *s, enum guess_kind kind, struct account *a,
                   int64_t *delay_ms)
{
	bool familiar = a != NULL && is_familiar(c, a, s);
	uint64_t about = a != NULL ? a->number : 0;
	char age[AGE_BYTES_MAX];
	int64_t ms;

	*delay_ms = 0;
	if (!try_here(c, s, kind, about, PASSWORD_TRIES_BURST, !familiar))
		return false;
	/* Right passwords count too, because each takes a thread's time. Strangers at the same address cannot
	 * use that up for people who have signed in from there before. */
	ms = familiar ? 0 : admission_login_wait_ms(c, s);
	if (ms > 0) {
		give_back(c, s, kind, about);
		emit_reply(c, s, "Not checked: too many passwords came from your address within a minute. You can "
		           "try again in %s.", format_age(age, ms + 999));
		return false;
	}
	if (a == NULL || familiar)
		return true;
	if (kind == GUESS_CODE && !try_code(c, s, a)) {
		give_back(c, s, kind, about);
		return false;
	}
	*delay_ms = slowed_ms(c, s, &a->tries);
	return true;
}

void guess_account_back(struct chat *c, struct session *s, enum guess_kind kind, struct account *a)
{
	give_back(c, s, kind, a != NULL ? a->number : 0);
	if (a == NULL || is_familiar(c, a, s))
		return;
	slow_bucket_give(&a->tries, GUESS_PERIOD_MS);
	if (kind == GUESS_CODE)
		slow_bucket_give(&a->code_tries, GUESS_CODES_PERIOD_MS);
}

bool guess_room(struct chat *c, struct session *s, struct room *r, int64_t *delay_ms)
{
	*delay_ms = 0;
	if (!try_here(c, s, GUESS_ROOM, r->number, PASSWORD_TRIES_BURST, true))
		return false;
	*delay_ms = slowed_ms(c, s, &r->tries);
	return true;
}

void guess_room_back(struct chat *c, struct session *s, struct room *r)
{
	give_back(c, s, GUESS_ROOM, r->number);
	slow_bucket_give(&r->tries, GUESS_PERIOD_MS);
}
