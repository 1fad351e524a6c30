/* Making rooms. Owns nothing. */

#include "chatd/core/rooms/making.h"

#include <inttypes.h>

#include "chatd/core/state/emit.h"
#include "chatd/core/rooms/membership.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/state/state.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/state/tables.h"

/* Tells s which limit on rooms is reached. */
static void tell_full(struct chat *c, const struct session *s, enum share_bar bar, const char *who)
{
	char p = c->config.command_prefix;

	if (!rooms_can_count(c))
		emit_reply(c, s, "Room not made: all numbers for rooms are used up. Only a new database has more.");
	else if (bar == SHARE_OWN && s->account != NULL)
		emit_reply(c, s, "Room not made: you own %d rooms and have made %d others, the maximum. "
		           "%ctransfer gives a room away.", ROOMS_OWNED_MAX, ROOMS_EACH_MAX, p);
	else if (bar == SHARE_OWN || bar == SHARE_SITE)
		emit_reply(c, s, "Room not made: %d rooms were already made %s, the maximum. %crooms lists "
		           "the rooms; with an account (%cregister) you can have %d of your own.",
		           bar == SHARE_SITE ? ROOMS_EACH_MAX * SITE_SHARES : ROOMS_EACH_MAX,
		           bar == SHARE_SITE ? "from your network" :
		           share_is_address(who) ? "from your address" : "by you",
		           p, p, ROOMS_OWNED_MAX);
	else if (bar == SHARE_CLASS && s->account == NULL)
		emit_reply(c, s, "Room not made: guests have made %d rooms, the maximum. With an account "
		           "(%cregister) you can have rooms of your own.", ROOMS_GUESTS_MAX, p);
	else if (role_of(s) < ROLE_MODERATOR)
		emit_reply(c, s, "Room not made: there are %" PRIu32 " rooms, and the rest is reserved for "
		           "moderators. Ask one of them; %crooms lists the rooms.", c->rooms.n, p);
	else
		emit_reply(c, s, "Room not made: there are %d rooms, the maximum. %cremove room ROOM removes "
		           "one.", ROOMS_MAX, p);
}

bool room_would_own(const struct chat *c, const struct session *s)
{
	/* Ownership must be saved, and below disk_reserve nothing is added that would grow. */
	return s->account != NULL && chat_outage(c) == NULL &&
	       membership_owned(c, s->account->key) < ROOMS_OWNED_MAX;
}

/* who: the principal whose share it is in. */
static struct room *make(struct chat *c, struct session *s, enum share_bar bar, const char *who,
                         const char *name, const char *key)
{
	struct room *r = bar == SHARE_FREE ? room_new(c, name, key, 0) : NULL;
	struct room_terms t;

	if (r == NULL) {
		tell_full(c, s, bar, who);
		return NULL;
	}
	t = setting_terms(r);
	t.maker = who;
	t.made_ms = c->wall_ms;
	setting_apply(c, r, &t);
	/* A node that starts has to know all rooms that others do. */
	if (c->cluster.self != NULL)
		setting_save(c, r);
	return r;
}

struct room *room_make(struct chat *c, struct session *s, const char *name, const char *key)
{
	char who[SHARE_WHO_BYTES];

	return make(c, s, share_bar(c, room_would_own(c, s) ? SHARE_OWNED : SHARE_ROOMS, s),
	            share_who(c, s, who), name, key);
}

struct room *room_make_again(struct chat *c, struct session *s, const char *who, const char *name,
                             const char *key)
{
	return make(c, s, share_bar_of(c, SHARE_ROOMS, who), who, name, key);
}
