/* Rooms and accounts that go for good. Owns nothing. */

#include "chatd/core/rooms/removal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/clock.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/people/name.h"
#include "chatd/core/rooms/ban.h"
#include "chatd/core/rooms/eject.h"
#include "chatd/core/rooms/membership.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/rooms/watch.h"
#include "chatd/core/state/state.h"


/* -- removing ------------------------------------------------------------------------------ */

/* Everybody who is there goes to the lobby. */
static void put_out_all(struct chat *c, struct room *r, const char *by)
{
	struct bytes told = {0}, why = {0};

	bytes_printf(&told, "%s removed the room %s and everything said in it.", by, r->name);
	bytes_printf(&why, "by %s: the room was removed", by);
	for (uint32_t i = 0; i < r->members.n; i++)
		eject_mark(c, r->members.list[i], r, told.data, why.data);
	bytes_release(&told);
	bytes_release(&why);
}

static void end_watches(struct chat *c, struct room *r)
{
	char told[NAME_BYTES_MAX + 80];

	snprintf(told, sizeof told, "You no longer watch %s: the room was removed.", r->name);
	watch_end_room(c, r, told);
}

/* Makes the room unreachable, and the store forget it. Uses at most three effects; memberships and bans
 * go later. */
static void room_remove(struct chat *c, struct room *r)
{
	c->rooms.removal.ndoomed -= r->doom != NULL;
	setting_drop(c, r);
	if (r->stored)
		emit_append(c, (struct record){
			.kind = RECORD_REMOVE, .room = r->number, .time_ms = c->wall_ms, .room_name = r->name,
		});
	membership_drop_room(c, r);
	ban_room_gone(c, r);
	outage_forget(c, r);
	setting_release(c, r);
	room_unlist(c, r);
	end_watches(c, r);
	if (r->members.n > 0)
		put_out_all(c, r, r->doom);
	else
		room_release(c, r);
}

void removal_mark(struct chat *c, struct room *r, const char *by)
{
	if (r->doom != NULL || r->gone || r == c->rooms.lobby)
		return;
	r->doom = mem_strdup(by);
	c->rooms.removal.ndoomed++;
}

void removal_run(struct chat *c)
{
	struct room *r, *next;

	for (r = rooms_in_order(c); r != NULL && c->rooms.removal.ndoomed > 0; r = next) {
		next = r->hh_number.next;
		if (r->doom == NULL)
			continue;
		if (!act_has_room(c))
			break;
		room_remove(c, r);
	}
	eject_run(c);
}

/* -- accounts ------------------------------------------------------------------------------ */

/* Whether r is on offer by that account, and not by an administrator. */
static bool is_offered_by(const struct room *r, const struct account *a)
{
	char key[NAME_KEY_BYTES_MAX + 1];

	return r->offer.key != NULL && name_key(r->offer.by, strlen(r->offer.by), key) &&
	       strcmp(key, a->key) == 0;
}

/* The account that owned r is gone, so nobody owns r. What only the owner could decide ends with it:
 * `permanent`, an offer. r itself goes if it is empty and nothing of it is kept. It stays closed if it
 * was: what was said there was not for everyone. */
static void end_ownerless(struct chat *c, struct room *r, const struct account *owner)
{
	bool offered = is_offered_by(r, owner), permanent = r->set.permanent;
	struct room_terms t = setting_terms(r);

	if (r->gone || r->doom != NULL || r == c->rooms.lobby)
		return;
	if (r->members.n == 0 && r->lines.last_id == 0 && r->lines.gap.lines == 0) {
		removal_mark(c, r, owner->nick);
		return;
	}
	t.set.permanent = false;
	if (offered)
		t.offer = (struct room_offer){0};
	setting_apply(c, r, &t);
	if (offered || permanent)
		setting_save(c, r);
}

/* They are in another order on a node that has loaded them. */
static int by_room(const struct membership *a, const struct membership *b)
{
	return a->room->number < b->room->number ? -1 : a->room->number > b->room->number;
}

static void drop_memberships(struct chat *c, struct account *a)
{
	DL_SORT(a->memberships, by_room);
	while (a->memberships != NULL) {
		struct room *r = a->memberships->room;
		bool owned = r->memberships.owner == a->memberships;

		membership_forget(c, a->memberships);
		if (owned && r->memberships.owner == NULL)
			end_ownerless(c, r, a);
		room_release(c, r);
	}
}

void account_drop(struct chat *c, struct account *a)
{
	mail_drop(c, a);
	drop_memberships(c, a);
	emit_fact(c, FACT_ACCOUNT, a->key, "");
	account_free(c, a);
}

/* -- silence ------------------------------------------------------------------------------- */

uint32_t removal_days(const struct chat *c, const struct room *r)
{
	uint32_t days = c->config.guest_room_days;

	if (r == c->rooms.lobby || r->set.permanent || r->memberships.owner != NULL)
		return 0;
	if (share_class_of(r->made.by) != SHARE_NOBODYS &&
	    (r->lines.last_id == 0 || strcmp(r->lines.alone, ROOM_SEVERAL) != 0))
		return days == 0 || days > ROOM_ALONE_DAYS ? ROOM_ALONE_DAYS : days;
	return days;
}

/* Since when it has been silent; 0: not known. */
static int64_t silent_ms(const struct room *r)
{
	return r->lines.last_ms != 0 ? r->lines.last_ms : r->made.at_ms;
}

static bool is_over(const struct chat *c, const struct room *r)
{
	uint32_t days;

	if (r->members.n > 0 || r->gone || r->doom != NULL || r->lines.gap.lines > 0 ||
	    silent_ms(r) == 0)
		return false;
	days = removal_days(c, r);
	return days > 0 && c->wall_ms - silent_ms(r) > days * DAY_MS;
}

/* Whether it was kept over a restart for its lines, and none of them are left. */
static bool is_void(const struct chat *c, const struct room *r)
{
	return r != c->rooms.lobby && r->members.n == 0 && r->lines.last_id == 0 &&
	       r->memberships.owner == NULL && !r->gone && !r->closed && !r->set.permanent &&
	       r->lines.gap.lines == 0 && *r->made.by != '\0';
}

static void end_silent(struct chat *c, struct room *r)
{
	emit_own_action(c, "removed the room %s, which nobody owns: no line since %s", r->name,
	                format_stamp(&c->stamp, silent_ms(r)));
	room_remove(c, r);
}

/* False: there are more. */
static bool look(struct chat *c)
{
	struct room *r, *next;
	uint32_t ended = 0;

	for (r = rooms_in_order(c); r != NULL; r = next) {
		next = r->hh_number.next;
		if (!is_over(c, r) && !is_void(c, r))
			continue;
		if (ended++ == ROOMS_END_MAX || !act_has_room(c))
			return false;
		if (is_void(c, r))
			room_release(c, r);
		else
			end_silent(c, r);
	}
	return true;
}

static void tick_alone(struct chat *c)
{
	int64_t ahead_ms = c->wall_ms - c->now_ms;
	bool jumped = ahead_ms - c->rooms.removal.ahead_ms > ROOMS_LOOK_FIRST_MS;

	c->rooms.removal.due_ms = c->now_ms + ROOMS_LOOK_MS;
	c->rooms.removal.ahead_ms = ahead_ms;
	/* The clock may be wrong, and what is removed does not come back. Whether it is doubted the
	 * store says within a minute. */
	if (!jumped && !c->rooms.removal.clock_doubted && !look(c))
		c->rooms.removal.due_ms = c->now_ms + ROOMS_LOOK_AGAIN_MS;
}

void removal_act(struct chat *c, int64_t before_ms)
{
	if (chat_shared_ms(c) / ROOMS_LOOK_AGAIN_MS != before_ms / ROOMS_LOOK_AGAIN_MS)
		look(c);
}

/* -- time ---------------------------------------------------------------------------------- */

static bool is_marked(const struct chat *c)
{
	return c->rooms.removal.ndoomed > 0 && chat_can_save(c);
}

void removal_tick(struct chat *c)
{
	if (is_marked(c))
		removal_run(c);
	if (c->cluster.self == NULL && c->rooms.removal.due_ms <= c->now_ms && c->rooms.n > 1 && chat_can_save(c) && !c->stopping)
		tick_alone(c);
}

int64_t removal_due_ms(const struct chat *c)
{
	bool skeletons = c->rooms.n > 1 && chat_can_save(c) && !c->stopping;
	int64_t due_ms = skeletons ? c->rooms.removal.due_ms : INT64_MAX;

	/* Somebody has to say something then. */
	if (skeletons && c->cluster.self != NULL)
		due_ms = (c->cluster.at_ms / ROOMS_LOOK_MS + 1) * ROOMS_LOOK_MS;

	return is_marked(c) ? c->now_ms : due_ms;
}
