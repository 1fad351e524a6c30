/* Bans and mutes. Owns struct ban; each is freed in one place (ban_free). */

#include "chatd/core/rooms/ban.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/exempt.h"
#include "chatd/core/rooms/membership.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum {
	KEY_BYTES = 24,         /* of a number as a fact's key */
	AGAIN_MS = 1000,        /* what is over waits for a store that fails */
};

static const char *const targets[] = {
	[BAN_ACCOUNT] = "account", [BAN_GUEST] = "guest", [BAN_BLOCK] = "block",
};

enum { TARGETS = sizeof targets / sizeof targets[0] };

_Static_assert(sizeof ((struct room *)NULL)->bans / sizeof(struct ban_list) == BAN_KINDS,
               "a room has a list for each kind");

/* -- the people it affects ------------------------------------------------------------- */

struct bearer bearer_of(const struct session *s)
{
	return (struct bearer){&s->from, s->key, role_of(s), s->trusted, s->account};
}

struct bearer bearer_as(const struct session *s, const struct account *a, const char *key)
{
	return (struct bearer){&s->from, a != NULL ? a->key : key, a != NULL ? a->role : ROLE_GUEST,
	                       s->trusted, a};
}

static bool in_force(const struct chat *c, const struct ban *b)
{
	return b->until_ms == 0 || b->until_ms > c->wall_ms;
}

/* Whether who has power where b applies, so that bans on addresses do not affect them. */
static bool has_power(const struct chat *c, const struct ban *b, const struct bearer *who)
{
	const struct room *r = b->room != 0 ? room_by_number(c, b->room) : NULL;

	return membership_role_of(r, who->account, who->role) >= ROOM_OPERATOR;
}

bool ban_shared(const struct chat *c, const struct address *from)
{
	static const char *const loopback[] = {"127.0.0.0/8", "::1/128"};
	struct address block;

	if (exempt_is(c, from))
		return true;
	for (size_t i = 0; i < sizeof loopback / sizeof loopback[0]; i++)
		if (address_parse(loopback[i], &block) && address_within(from, &block))
			return true;
	return false;
}

bool ban_by_address(const struct ban *b)
{
	return b->target == BAN_BLOCK || (b->target == BAN_GUEST && b->from.bits != 0);
}

/* Whether b, a ban on a guest, affects people from there. */
static bool hits_from(const struct chat *c, const struct ban *b, const struct address *from)
{
	struct address counted = address_counted(from);

	/* address_exempt may have changed since it was set. */
	return ban_by_address(b) && from->bits != 0 && address_within(&counted, &b->from) &&
	       !ban_shared(c, from);
}

/* Whether b, a ban on a guest, affects who: a guest, or an account registered since. */
static bool hits_guest(const struct chat *c, const struct ban *b, const struct bearer *who)
{
	const struct account *a = who->account;

	if (who->role == ROLE_GUEST)
		return strcmp(b->key, who->key) == 0 || hits_from(c, b, who->from);
	return a != NULL && a->made.seq > b->since &&
	       (strcmp(b->key, a->key) == 0 || hits_from(c, b, &a->made.from)) &&
	       !has_power(c, b, who);
}

bool ban_hits(const struct chat *c, const struct ban *b, const struct bearer *who)
{
	if (who->trusted || !in_force(c, b))
		return false;
	switch (b->target) {
	case BAN_ACCOUNT:
		return strcmp(b->key, who->key) == 0;
	case BAN_GUEST:
		return hits_guest(c, b, who);
	default:
		return address_within(who->from, &b->from) && !has_power(c, b, who);
	}
}

static struct ban *find_in(const struct chat *c, const struct ban_list *list,
                           const struct bearer *who)
{
	struct ban *b;

	DL_FOREACH2(list->first, b, list_next)
		if (ban_hits(c, b, who))
			return b;
	return NULL;
}

struct ban *ban_find(const struct chat *c, enum ban_kind kind, const struct room *r,
                     const struct bearer *who)
{
	struct ban *b = find_in(c, &c->rooms.bans.everywhere[kind], who);

	return b == NULL && r != NULL ? find_in(c, &r->bans[kind], who) : b;
}

struct ban *ban_by_number(const struct chat *c, enum ban_kind kind, uint64_t number)
{
	struct ban *b;

	DL_FOREACH(c->rooms.bans.all, b)
		if (b->number == number && b->kind == kind && b->list != NULL && in_force(c, b))
			return b;
	return NULL;
}

struct ban *ban_same(const struct chat *c, const struct room *r, const struct ban *like)
{
	const struct ban_list *list = r != NULL ? &r->bans[like->kind]
	                                        : &c->rooms.bans.everywhere[like->kind];
	struct ban *b;

	DL_FOREACH2(list->first, b, list_next)
		if (b->target == like->target && strcmp(b->key, like->key) == 0 &&
		    (b->target != BAN_BLOCK || memcmp(&b->from, &like->from, sizeof b->from) == 0))
			return b;
	return NULL;
}

/* -- the lists ------------------------------------------------------------------------- */

struct ban_list *ban_list_of(struct chat *c, struct room *r, enum ban_kind kind)
{
	return r != NULL ? &r->bans[kind] : &c->rooms.bans.everywhere[kind];
}

/* How many that person has set in rooms without an owner. */
static uint32_t share_ownerless(const struct chat *c, enum ban_kind kind, const char *by_key)
{
	const struct ban *b;
	uint32_t n = 0;

	DL_FOREACH(c->rooms.bans.all, b) {
		const struct room *r = b->kind == kind && b->room != 0 && b->list != NULL &&
		                       strcmp(b->by_key, by_key) == 0 ? room_by_number(c, b->room) : NULL;

		n += r != NULL && membership_owner(r) == NULL;
	}
	return n;
}

uint32_t ban_share(const struct chat *c, enum ban_kind kind, const char *owner_key)
{
	uint32_t n = 0;

	for (uint32_t slot = 0; slot < c->rooms.top; slot++) {
		const struct room *r = c->rooms.slot[slot];
		const struct membership *owner = r != NULL && r->bans[kind].n > 0 ? membership_owner(r) : NULL;

		if (owner != NULL && strcmp(owner->key, owner_key) == 0)
			n += r->bans[kind].n;
	}
	return n;
}

static const char *full_of(struct chat *c, uint32_t n, enum ban_kind kind, const char *where)
{
	bytes_clear(&c->scratch);
	if (n >= 1000)
		bytes_printf(&c->scratch, "%" PRIu32 ",", n / 1000);
	bytes_printf(&c->scratch, "%0*" PRIu32 " %s %s", n >= 1000 ? 3 : 1, n % 1000,
	             kind == BAN_ENTRY ? "bans" : "mutes", where);
	return c->scratch.data;
}

const char *ban_full(struct chat *c, struct room *r, const struct ban *like)
{
	const struct membership *owner = r != NULL ? membership_owner(r) : NULL;
	enum ban_kind kind = like->kind;
	uint32_t n = ban_list_of(c, r, kind)->n;

	if (r == NULL)
		return n >= BANS_EVERYWHERE_MAX ? full_of(c, n, kind, "everywhere") : NULL;
	if (n >= BANS_ROOM_MAX + (like->keeper ? BANS_ROOM_RESERVE : 0))
		return full_of(c, n, kind, "in this room");
	if (c->rooms.bans.nrooms[kind] + (like->keeper ? 0 : BANS_ROOMS_RESERVE) >= BANS_ROOMS_MAX)
		return full_of(c, c->rooms.bans.nrooms[kind], kind, "in all rooms");
	/* Moderators have no share to fill. */
	if (like->keeper)
		return NULL;
	n = owner != NULL ? ban_share(c, kind, owner->key) : share_ownerless(c, kind, like->by_key);
	if (n < BANS_OWNER_MAX)
		return NULL;
	return full_of(c, n, kind, owner != NULL ? "in the rooms of this owner"
	                                         : "by you in rooms without an owner");
}

/* Whether there is room for one that was saved. */
static bool fits(const struct chat *c, const struct room *r, enum ban_kind kind)
{
	if (r == NULL)
		return c->rooms.bans.everywhere[kind].n < BANS_EVERYWHERE_MAX;
	return r->bans[kind].n < BANS_ROOM_MAX + BANS_ROOM_RESERVE &&
	       c->rooms.bans.nrooms[kind] < BANS_ROOMS_MAX;
}

static void due_by(struct chat *c, int64_t ms)
{
	if (ms != 0 && ms < c->rooms.bans.due_ms)
		c->rooms.bans.due_ms = ms;
}

/* The one place where a ban or mute begins: by a command, by /undo, or as it was saved. All of `like`
 * counts but its lists; the strings are copied. One of a room that is gone hits nobody, and goes from
 * the store at the next tick. No other of its kind has its number. */
static struct ban *ban_apply(struct chat *c, const struct ban *like)
{
	struct room *r = like->room != 0 ? room_by_number(c, like->room) : NULL;
	struct ban_list *list = NULL;
	struct ban *b = mem_alloc(sizeof *b);

	*b = *like;
	if (b->since == 0)
		b->since = b->number;
	if (like->room == 0 || r != NULL)
		list = ban_list_of(c, r, like->kind);
	else
		b->until_ms = 1;
	b->who = mem_strdup(like->who);
	b->key = mem_strdup(like->key);
	b->by = mem_strdup(like->by);
	b->why = mem_strdup(like->why);
	b->by_key = mem_strdup(like->by_key);
	b->list = list;
	c->rooms.bans.nending += list == NULL;
	DL_APPEND(c->rooms.bans.all, b);
	c->rooms.bans.n[b->kind]++;
	c->moderation.guards += b->kind == BAN_SPEECH;
	if (list != NULL) {
		DL_APPEND2(list->first, b, list_prev, list_next);
		list->n++;
		c->rooms.bans.nrooms[b->kind] += b->room != 0;
	}
	due_by(c, b->until_ms);
	return b;
}

static void unlist(struct chat *c, struct ban *b)
{
	if (b->list == NULL)
		return;
	DL_DELETE2(b->list->first, b, list_prev, list_next);
	b->list->n--;
	c->rooms.bans.nrooms[b->kind] -= b->room != 0;
	c->rooms.bans.nending++;
	b->list = NULL;
}

void ban_release(struct ban *b)
{
	free(b->who);
	free(b->key);
	free(b->by);
	free(b->why);
	free(b->by_key);
}

/* And where it ends. */
static void ban_free(struct chat *c, struct ban *b)
{
	unlist(c, b);
	c->rooms.bans.nending--;
	DL_DELETE(c->rooms.bans.all, b);
	c->rooms.bans.n[b->kind]--;
	c->moderation.guards -= b->kind == BAN_SPEECH;
	ban_release(b);
	free(b);
}

static const char *key_of(const struct ban *b, char out[KEY_BYTES])
{
	snprintf(out, KEY_BYTES, "%020" PRIu64, b->number);
	return out;
}

static enum fact_kind fact_of(const struct ban *b)
{
	return b->kind == BAN_ENTRY ? FACT_BAN : FACT_MUTE;
}

void ban_put(const struct chat *c, struct bytes *out, const struct ban *b)
{
	char from[ADDRESS_BYTES_MAX];

	fields_put(out, "target", targets[b->target]);
	fields_put(out, "who", b->who);
	fields_put(out, "key", b->key);
	if (ban_by_address(b))
		fields_put(out, "from", ban_address(&b->from, from));
	/* The lobby is always there, and has no number of its own before something is said. */
	if (b->room == c->rooms.lobby->number)
		fields_put(out, "lobby", "yes");
	else
		fields_put_number(out, "room", b->room);
	fields_put(out, "by", b->by);
	fields_put(out, "by_key", b->by_key);
	fields_put_number(out, "keeper", b->keeper);
	fields_put_number(out, "since", (int64_t)b->since);
	fields_put_number(out, "at", b->at_ms);
	fields_put_number(out, "until", b->until_ms);
	fields_put(out, "why", b->why);
}

/* The number under which one like this can be saved again: no other has it, nor is anything left
 * of it that is still to be forgotten. 0: a new one. */
static uint64_t number_again(struct chat *c, const struct ban *like)
{
	struct ban *b, *next;

	DL_FOREACH_SAFE(c->rooms.bans.all, b, next) {
		if (b->number != like->number || b->kind != like->kind)
			continue;
		if (b->list != NULL)
			return 0;
		ban_end(c, b);
	}
	return like->number;
}

struct ban *ban_add(struct chat *c, struct room *r, const struct ban *like)
{
	struct ban whole = *like, *b;
	struct bytes value = {0};
	char key[KEY_BYTES];

	whole.number = like->number != 0 ? number_again(c, like) : 0;
	if (whole.number == 0)
		whole.number = c->records.seq + 1;
	whole.room = r != NULL ? r->number : 0;
	b = ban_apply(c, &whole);
	ban_put(c, &value, b);
	emit_fact(c, fact_of(b), key_of(b, key), value.data);
	bytes_release(&value);
	if (r != NULL)
		r->watchers.unverified = true;
	return b;
}

void ban_end(struct chat *c, struct ban *b)
{
	char key[KEY_BYTES];

	emit_fact(c, fact_of(b), key_of(b, key), "");
	ban_free(c, b);
}

uint32_t ban_end_all(struct chat *c, struct room *r, enum ban_kind kind,
                     const struct bearer *but)
{
	struct ban_list *list = ban_list_of(c, r, kind);
	struct ban *b, *next;
	uint32_t n = 0;

	DL_FOREACH_SAFE2(list->first, b, next, list_next) {
		if (but != NULL && ban_hits(c, b, but))
			continue;
		b->until_ms = 1;
		unlist(c, b);
		due_by(c, 1);
		n++;
	}
	return n;
}

void ban_room_gone(struct chat *c, struct room *r)
{
	for (int kind = 0; kind < BAN_KINDS; kind++)
		ban_end_all(c, r, (enum ban_kind)kind, NULL);
}

/* -- how they are written ---------------------------------------------------------------- */

const char *ban_until(struct chat *c, const struct ban *b, char out[BAN_UNTIL_BYTES])
{
	if (b->until_ms == 0)
		return "";
	snprintf(out, BAN_UNTIL_BYTES, " until %s", format_stamp(&c->stamp, b->until_ms));
	return out;
}

const char *ban_address(const struct address *a, char out[ADDRESS_BYTES_MAX])
{
	size_t n = strlen(address_show(a, out));

	/* Alone, an IPv6 address would be read as its /64. */
	if (a->bits == 128 && strchr(out, ':') != NULL)
		snprintf(out + n, ADDRESS_BYTES_MAX - n, "/128");
	return out;
}

/* -- from the store ---------------------------------------------------------------------- */

/* The number of its room; 0: everywhere. An invalid one becomes the number of no room. */
static uint32_t load_room(const char *value)
{
	int64_t number = fields_get_number(value, "room");

	return number < 0 || number > ROOM_NUMBER_MAX ? UINT32_MAX : (uint32_t)number;
}

void ban_read(const struct chat *c, const char *fields, struct ban *b)
{
	char *target = fields_get(fields, "target"), *from = fields_get(fields, "from");
	char *lobby = fields_get(fields, "lobby");

	b->room = *lobby != '\0' ? c->rooms.lobby->number : load_room(fields);
	b->who = fields_get_text(fields, "who", NAME_BYTES_MAX);
	b->key = fields_get_text(fields, "key", NAME_KEY_BYTES_MAX);
	b->by = fields_get_text(fields, "by", NAME_BYTES_MAX);
	b->by_key = fields_get_text(fields, "by_key", NAME_KEY_BYTES_MAX);
	b->keeper = fields_get_number(fields, "keeper") != 0;
	b->why = fields_get_text(fields, "why", (size_t)BAN_WHY_CHARS_MAX * 4);
	b->since = (uint64_t)fields_get_number(fields, "since");
	b->at_ms = fields_get_time(fields, "at");
	b->until_ms = fields_get_time(fields, "until");
	for (int i = 0; i < TARGETS; i++)
		if (strcmp(targets[i], target) == 0)
			b->target = (enum ban_target)i;
	if (!address_parse(from, &b->from))
		b->from = (struct address){0};
	free(target);
	free(from);
	free(lobby);
}

void ban_load(struct chat *c, enum ban_kind kind, const char *key, const char *value)
{
	struct ban b = {.kind = kind, .number = strtoull(key, NULL, 10)};
	struct room *r;

	ban_read(c, value, &b);
	r = b.room != 0 ? room_by_number(c, b.room) : NULL;
	if (b.room != 0 && r == NULL ? c->rooms.bans.n[kind] < BANS_MAX : fits(c, r, kind))
		ban_apply(c, &b);
	ban_release(&b);
}

void bans_begin(struct chat *c)
{
	c->rooms.bans.due_ms = INT64_MAX;
}

void bans_free(struct chat *c)
{
	while (c->rooms.bans.all != NULL)
		ban_free(c, c->rooms.bans.all);
}

/* -- time -------------------------------------------------------------------------------- */

void ban_tick(struct chat *c)
{
	struct ban *b, *next;

	if (c->rooms.bans.due_ms > c->wall_ms)
		return;
	c->rooms.bans.due_ms = INT64_MAX;
	if (!chat_can_save(c)) {
		/* They apply no longer; only the store still has them. */
		c->rooms.bans.due_ms = c->wall_ms + AGAIN_MS;
		return;
	}
	DL_FOREACH_SAFE(c->rooms.bans.all, b, next) {
		if (in_force(c, b) || !act_has_room(c))
			due_by(c, b->until_ms);
		else
			ban_end(c, b);
	}
}

int64_t ban_due_ms(const struct chat *c)
{
	return chat_due_at(c, c->rooms.bans.due_ms);
}
