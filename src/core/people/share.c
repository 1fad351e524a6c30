/* Shares. Owns struct share; each is freed in one place (share_free). */

#include "chatd/core/people/share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/address.h"
#include "chatd/base/bytes.h"
#include "chatd/core/state/exempt.h"
#include "chatd/core/people/account.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

static const char of_account[] = "account ", of_address[] = "address ", of_guest[] = "guest ";

/* How each table is divided. What the parts of guests and accounts leave over is the reserve. */
static const struct rule {
	uint32_t table;      /* entries that the table can have */
	uint32_t each;       /* the most that one principal may have */
	uint32_t most[SHARE_CLASSES]; /* the most that all principals of a class may have together */
	enum share_kind with; /* the kind that is counted in the same table; itself: none is */
} rules[SHARE_KINDS] = {
	[SHARE_ROOMS] = {ROOMS_MAX, ROOMS_EACH_MAX, {0, ROOMS_GUESTS_MAX, ROOMS_ACCOUNTS_MAX},
	                 SHARE_OWNED},
	[SHARE_OWNED] = {ROOMS_MAX, ROOMS_OWNED_MAX, {0, ROOMS_GUESTS_MAX, ROOMS_ACCOUNTS_MAX},
	                 SHARE_ROOMS},
	[SHARE_REPORTS] = {REPORTS_MAX, REPORTS_OPEN_EACH_MAX,
	                   {0, REPORTS_GUESTS_MAX, REPORTS_ACCOUNTS_MAX}, SHARE_REPORTS},
	[SHARE_MAIL] = {MAILS_MAX, MAILS_EACH_MAX, {0, MAILS_GUESTS_MAX, MAILS_ACCOUNTS_MAX}, SHARE_MAIL},
	[SHARE_RESUMABLES] = {RESUMABLES_MAX, RESUMABLES_EACH_MAX, {0, RESUMABLES_MAX, RESUMABLES_MAX},
	                      SHARE_RESUMABLES},
};

/* -- who ---------------------------------------------------------------------------------- */

const char *share_who_account(const char *key, char out[SHARE_WHO_BYTES])
{
	snprintf(out, SHARE_WHO_BYTES, "%s%s", of_account, key);
	return out;
}

const char *share_who_address(const struct chat *c, const struct session *s,
                              char out[SHARE_WHO_BYTES])
{
	struct address counted = address_counted(&s->from);
	char text[ADDRESS_BYTES_MAX];

	if (exempt_is(c, &s->from))
		snprintf(out, SHARE_WHO_BYTES, "%s%s", of_guest, s->key);
	else
		snprintf(out, SHARE_WHO_BYTES, "%s%s", of_address, address_show(&counted, text));
	return out;
}

const char *share_who(const struct chat *c, const struct session *s, char out[SHARE_WHO_BYTES])
{
	return s->account != NULL ? share_who_account(s->account->key, out)
	                          : share_who_address(c, s, out);
}

bool share_is_address(const char *who)
{
	return strncmp(who, of_address, sizeof of_address - 1) == 0;
}

enum share_class share_class_of(const char *who)
{
	if (*who == '\0')
		return SHARE_NOBODYS;
	return strncmp(who, of_account, sizeof of_account - 1) == 0 ? SHARE_ACCOUNTS : SHARE_GUESTS;
}

/* Writes the site of the address `who`, as a principal. False: `who` is no address, or has no
 * site. */
static bool site_of(const char *who, char out[SHARE_WHO_BYTES])
{
	char text[ADDRESS_BYTES_MAX];
	struct address a, site;

	if (!share_is_address(who) || !address_parse(who + sizeof of_address - 1, &a) ||
	    !address_site(&a, &site) || site.bits == a.bits)
		return false;
	snprintf(out, SHARE_WHO_BYTES, "%s%s", of_address, address_show(&site, text));
	return true;
}

bool share_is_within(const char *who, const struct address *block)
{
	struct address a;

	return share_is_address(who) && address_parse(who + sizeof of_address - 1, &a) &&
	       address_within(&a, block);
}

/* -- how much ----------------------------------------------------------------------------- */

static struct share *share_find(const struct chat *c, const char *who)
{
	struct share *share;

	HASH_FIND_STR(c->people.shares.all, who, share);
	return share;
}

uint32_t share_has(const struct chat *c, enum share_kind kind, const char *who)
{
	const struct share *share = share_find(c, who);

	return share != NULL ? share->n[kind] : 0;
}

/* How many entries a class has in the table of that kind. */
static uint32_t of_class(const struct chat *c, enum share_kind kind, enum share_class class)
{
	enum share_kind with = rules[kind].with;

	return c->people.shares.n[kind][class] + (with != kind ? c->people.shares.n[with][class] : 0);
}

/* Whether `who` has used up this many shares. If two kinds are counted in one table, an entry can
 * change from one to the other (when a room's owner goes), so the limit holds for each kind and for
 * both together. */
static bool has_so_many(const struct chat *c, enum share_kind kind, const char *who, uint32_t shares)
{
	enum share_kind with = rules[kind].with;
	uint32_t n = share_has(c, kind, who), each = rules[kind].each * shares;

	return n >= each ||
	       (with != kind && n + share_has(c, with, who) >= each + rules[with].each * shares);
}

static uint32_t of_all(const struct chat *c, enum share_kind kind)
{
	return of_class(c, kind, SHARE_NOBODYS) + of_class(c, kind, SHARE_GUESTS) +
	       of_class(c, kind, SHARE_ACCOUNTS);
}

enum share_bar share_bar_of(const struct chat *c, enum share_kind kind, const char *who)
{
	const struct rule *rule = &rules[kind];
	enum share_class class = share_class_of(who);
	char site[SHARE_WHO_BYTES];

	if (has_so_many(c, kind, who, 1))
		return SHARE_OWN;
	if (site_of(who, site) && has_so_many(c, kind, site, SITE_SHARES))
		return SHARE_SITE;
	if (of_class(c, kind, class) >= rule->most[class])
		return SHARE_CLASS;
	return of_all(c, kind) < rule->most[SHARE_GUESTS] + rule->most[SHARE_ACCOUNTS] ? SHARE_FREE
	                                                                               : SHARE_TABLE;
}

enum share_bar share_bar(const struct chat *c, enum share_kind kind, const struct session *s)
{
	char who[SHARE_WHO_BYTES];

	if (role_of(s) >= ROLE_MODERATOR)
		return of_all(c, kind) < rules[kind].table ? SHARE_FREE : SHARE_TABLE;
	return share_bar_of(c, kind, share_who(c, s, who));
}

/* -- counting ----------------------------------------------------------------------------- */

/* The principal's share. If there is none, it is made, along with that of its site. */
static struct share *share_of(struct chat *c, const char *who)
{
	struct share *share = share_find(c, who);
	char site[SHARE_WHO_BYTES];

	if (share != NULL)
		return share;
	share = mem_zero(1, sizeof *share);
	share->who = mem_strdup(who);
	share->class = share_class_of(who);
	HASH_ADD_KEYPTR(hh, c->people.shares.all, share->who, strlen(share->who), share);
	if (site_of(who, site))
		share->site = share_of(c, site);
	return share;
}

static void share_free(struct chat *c, struct share *share)
{
	HASH_DELETE(hh, c->people.shares.all, share);
	free(share->who);
	free(share);
}

/* Takes one off the kind's count. A share that counts nothing any more is freed. */
static void drop_one(struct chat *c, enum share_kind kind, struct share *share)
{
	share->n[kind]--;
	for (int i = 0; i < SHARE_KINDS; i++)
		if (share->n[i] > 0)
			return;
	share_free(c, share);
}

struct share *share_take(struct chat *c, enum share_kind kind, const char *who)
{
	struct share *share = *who != '\0' ? share_of(c, who) : NULL;

	c->people.shares.n[kind][share != NULL ? share->class : SHARE_NOBODYS]++;
	if (share == NULL)
		return NULL;
	share->n[kind]++;
	if (share->site != NULL)
		share->site->n[kind]++;
	return share;
}

void share_give_back(struct chat *c, enum share_kind kind, struct share *share)
{
	c->people.shares.n[kind][share != NULL ? share->class : SHARE_NOBODYS]--;
	if (share == NULL)
		return;
	if (share->site != NULL)
		drop_one(c, kind, share->site);
	drop_one(c, kind, share);
}

uint32_t share_weight(enum share_kind kind, const struct share *share)
{
	uint32_t all = share->site != NULL ? share->site->n[kind] / SITE_WEIGHT : 0;

	return all > share->n[kind] ? all : share->n[kind];
}

void shares_free(struct chat *c)
{
	struct share *share, *next;

	HASH_ITER(hh, c->people.shares.all, share, next)
		share_free(c, share);
}
