/* Bans and mutes. Owns struct ban; each is freed in one place (ban_free). */

#include "chatd/core/ban.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/core/emit.h"
#include "chatd/core/fields.h"
#include "chatd/core/order.h"
#include "chatd/core/room.h"

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

/* -- whom it hits ---------------------------------------------------------------------- */

struct bearer bearer_of(const struct session *s)
{
	return (struct bearer){&s->from, s->key, role_of(s), s->trusted};
}

struct bearer bearer_as(const struct session *s, const struct account *a, const char *key)
{
	return (struct bearer){&s->from, a != NULL ? a->key : key, a != NULL ? a->role : ROLE_GUEST,
	                       s->trusted};
}

static bool in_force(const struct chat *c, const struct ban *b)
{
	return b->until_ms == 0 || b->until_ms > c->now_ms;
}

/* Keeps order where b holds, so that no address is a ban for them. */
static bool has_power(const struct chat *c, const struct ban *b, const struct bearer *who)
{
	const struct room *r = b->room != 0 ? room_by_number(c, b->room) : NULL;
	const struct grant *g = r != NULL && who->role != ROLE_GUEST ? grant_of(r, who->key) : NULL;

	return who->role >= ROLE_MODERATOR || (g != NULL && g->role >= ROOM_OPERATOR);
}

bool ban_hits(const struct chat *c, const struct ban *b, const struct bearer *who)
{
	struct address from;

	if (who->trusted || !in_force(c, b))
		return false;
	switch (b->target) {
	case BAN_ACCOUNT:
		return strcmp(b->key, who->key) == 0;
	case BAN_GUEST:
		from = address_counted(who->from);
		return who->role == ROLE_GUEST &&
		       (strcmp(b->key, who->key) == 0 || address_within(&from, &b->from));
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
	struct ban *b = find_in(c, &c->order->everywhere[kind], who);

	return b == NULL && r != NULL ? find_in(c, &r->bans[kind], who) : b;
}

struct ban *ban_by_number(const struct chat *c, enum ban_kind kind, uint64_t number)
{
	struct ban *b;

	DL_FOREACH(c->order->bans, b)
		if (b->number == number && b->kind == kind && b->list != NULL && in_force(c, b))
			return b;
	return NULL;
}

struct ban *ban_same(const struct chat *c, const struct room *r, const struct ban *like)
{
	const struct ban_list *list = r != NULL ? &r->bans[like->kind]
	                                        : &c->order->everywhere[like->kind];
	struct ban *b;

	DL_FOREACH2(list->first, b, list_next)
		if (b->target == like->target && strcmp(b->key, like->key) == 0 &&
		    (b->target != BAN_BLOCK || memcmp(&b->from, &like->from, sizeof b->from) == 0))
			return b;
	return NULL;
}

/* -- the lists ------------------------------------------------------------------------- */

struct ban_list *ban_list_of(const struct chat *c, struct room *r, enum ban_kind kind)
{
	return r != NULL ? &r->bans[kind] : &c->order->everywhere[kind];
}

const char *ban_full(const struct chat *c, struct room *r, enum ban_kind kind)
{
	uint32_t n = ban_list_of(c, r, kind)->n;
	bool mute = kind == BAN_SPEECH;

	_Static_assert(BANS_ROOM_MAX == 200 && BANS_EVERYWHERE_MAX == 2000 && BANS_MAX == 10000,
	               "the numbers in the sentences");
	if (r != NULL && n >= BANS_ROOM_MAX)
		return mute ? "200 mutes in this room" : "200 bans in this room";
	if (r == NULL && n >= BANS_EVERYWHERE_MAX)
		return mute ? "2000 mutes everywhere" : "2000 bans everywhere";
	if (c->order->nbans[kind] >= BANS_MAX)
		return mute ? "10000 mutes in all" : "10000 bans in all";
	return NULL;
}

static void due_by(struct chat *c, int64_t ms)
{
	if (ms != 0 && ms < c->order->ban_due_ms)
		c->order->ban_due_ms = ms;
}

static struct ban *insert(struct chat *c, struct ban_list *list, const struct ban *like)
{
	struct ban *b = mem_alloc(sizeof *b);

	*b = *like;
	b->who = mem_strdup(like->who);
	b->key = mem_strdup(like->key);
	b->by = mem_strdup(like->by);
	b->why = mem_strdup(like->why);
	b->list = list;
	DL_APPEND(c->order->bans, b);
	c->order->nbans[b->kind]++;
	if (list != NULL) {
		DL_APPEND2(list->first, b, list_prev, list_next);
		list->n++;
	}
	due_by(c, b->until_ms);
	order_changed(c);
	return b;
}

static void unlist(struct ban *b)
{
	if (b->list == NULL)
		return;
	DL_DELETE2(b->list->first, b, list_prev, list_next);
	b->list->n--;
	b->list = NULL;
}

static void ban_free(struct chat *c, struct ban *b)
{
	unlist(b);
	DL_DELETE(c->order->bans, b);
	c->order->nbans[b->kind]--;
	free(b->who);
	free(b->key);
	free(b->by);
	free(b->why);
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

struct ban *ban_add(struct chat *c, struct room *r, const struct ban *like)
{
	struct ban *b = insert(c, ban_list_of(c, r, like->kind), like);
	char key[KEY_BYTES], from[ADDRESS_BYTES_MAX];
	struct bytes value = {0};

	b->number = c->seq + 1;
	b->room = r != NULL ? r->number : 0;
	fields_put(&value, "target", targets[b->target]);
	fields_put(&value, "who", b->who);
	fields_put(&value, "key", b->key);
	if (address_is_network(&b->from))
		fields_put(&value, "from", ban_address(&b->from, from));
	/* The lobby is always there, and has no number of its own before something is said. */
	if (r == c->lobby)
		fields_put(&value, "lobby", "yes");
	else
		fields_put_number(&value, "room", b->room);
	fields_put(&value, "by", b->by);
	fields_put_number(&value, "at", b->at_ms);
	fields_put_number(&value, "until", b->until_ms);
	fields_put(&value, "why", b->why);
	emit_fact(c, fact_of(b), key_of(b, key), value.data);
	bytes_release(&value);
	return b;
}

void ban_end(struct chat *c, struct ban *b)
{
	char key[KEY_BYTES];

	emit_fact(c, fact_of(b), key_of(b, key), "");
	ban_free(c, b);
	order_changed(c);
}

void ban_room_gone(struct chat *c, struct room *r)
{
	/* In the store they stay until there is time: a room may have hundreds. */
	for (int kind = 0; kind < BAN_KINDS; kind++)
		while (r->bans[kind].first != NULL) {
			r->bans[kind].first->until_ms = 1;
			unlist(r->bans[kind].first);
			due_by(c, 1);
		}
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

/* Its number; 0: everywhere. What is none is the number of no room, and not everywhere. */
static uint32_t load_room(const char *value)
{
	int64_t number = fields_get_number(value, "room");

	return number < 0 || number > ROOM_NUMBER_MAX ? UINT32_MAX : (uint32_t)number;
}

void ban_load(struct chat *c, enum ban_kind kind, const char *key, const char *value)
{
	struct ban b = {.kind = kind, .number = strtoull(key, NULL, 10)};
	char *target = fields_get(value, "target"), *from = fields_get(value, "from");
	char *lobby = fields_get(value, "lobby");
	struct room *r;

	b.room = *lobby != '\0' ? c->lobby->number : load_room(value);
	b.who = fields_get_text(value, "who", NAME_BYTES_MAX);
	b.key = fields_get_text(value, "key", NAME_KEY_BYTES_MAX);
	b.by = fields_get_text(value, "by", NAME_BYTES_MAX);
	b.why = fields_get_text(value, "why", (size_t)BAN_WHY_CHARS_MAX * 4);
	b.at_ms = fields_get_time(value, "at");
	b.until_ms = fields_get_time(value, "until");
	for (int i = 0; i < TARGETS; i++)
		if (strcmp(targets[i], target) == 0)
			b.target = (enum ban_target)i;
	if (!address_parse(from, &b.from))
		b.from = (struct address){0};
	r = b.room != 0 ? room_by_number(c, b.room) : NULL;
	if (b.room != 0 && r == NULL)
		b.until_ms = 1;
	if (ban_full(c, r, kind) == NULL)
		insert(c, b.room != 0 && r == NULL ? NULL : ban_list_of(c, r, kind), &b);
	free(target);
	free(from);
	free(lobby);
	free(b.who);
	free(b.key);
	free(b.by);
	free(b.why);
}

void bans_free(struct chat *c)
{
	while (c->order->bans != NULL)
		ban_free(c, c->order->bans);
}

/* -- time -------------------------------------------------------------------------------- */

void ban_tick(struct chat *c)
{
	struct ban *b, *next;

	if (c->order->ban_due_ms > c->now_ms)
		return;
	c->order->ban_due_ms = INT64_MAX;
	if (c->store_failed != NULL) {
		/* They hit nobody any more; only the store has them still. */
		c->order->ban_due_ms = c->now_ms + AGAIN_MS;
		return;
	}
	DL_FOREACH_SAFE(c->order->bans, b, next) {
		if (in_force(c, b) || !emit_has_room(c))
			due_by(c, b->until_ms);
		else
			ban_end(c, b);
	}
}

int64_t ban_due_ms(const struct chat *c)
{
	return c->order->ban_due_ms;
}
