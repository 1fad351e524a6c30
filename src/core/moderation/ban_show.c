/* What those who keep order are told of bans: /ban --preview, /whois. Owns nothing.
 *
 * Where people come from, and who comes from the same place, is for moderators. Operators of a
 * room learn how many a ban hits there, and what the room sees of it. */

#include <inttypes.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/emit.h"
#include "chatd/core/moderation/order.h"
#include "chatd/core/rooms/room.h"

#define SEEN_MS (INT64_C(30) * 86400 * 1000) /* accounts that came from somewhere within it */

struct room *order_scope(const struct chat *c, const struct args *a, enum ban_kind kind)
{
	if (a->everywhere || (kind == BAN_ENTRY && a->room == c->lobby))
		return NULL;
	return a->room;
}

/* One more name, unless there are enough. */
static void put_name(struct bytes *names, const char *name, uint32_t n)
{
	if (n < BAN_HITS_NAMED_MAX)
		bytes_printf(names, "%s%s", n > 0 ? ", " : "", name);
}

static void put_more(struct bytes *names, uint32_t n)
{
	if (n > BAN_HITS_NAMED_MAX)
		bytes_printf(names, " and %" PRIu32 " more", n - BAN_HITS_NAMED_MAX);
}

uint32_t order_hit_names(struct chat *c, const struct ban *b, const struct room *members,
                         const struct session *but, struct bytes *names)
{
	struct session *s, *next;
	uint32_t n = 0;

	HASH_ITER(hh, c->nicks, s, next) {
		struct bearer who = bearer_of(s);

		if (s != but && (members == NULL || s->room == members) && ban_hits(c, b, &who))
			put_name(names, s->nick, n++);
	}
	put_more(names, n);
	return n;
}

bool order_may_know(const struct session *s, const struct ban *b)
{
	return role_of(s) >= ROLE_MODERATOR || !ban_by_address(b);
}

const char *order_ban_who(const struct session *s, const struct ban *b)
{
	return b->target == BAN_BLOCK && !order_may_know(s, b) ? "an address" : b->who;
}

static bool was_there(const struct chat *c, const struct account *a, const struct ban *b)
{
	for (int i = 0; i < SIGN_INS_KEPT && a->last[i].at_ms > c->wall_ms - SEEN_MS; i++) {
		struct address from = b->target == BAN_GUEST ? address_counted(&a->last[i].from)
		                                             : a->last[i].from;

		if (address_within(&from, &b->from))
			return true;
	}
	return false;
}

/* Accounts whose bearers came from where b, of r, is about; no block is a ban for those who keep
 * order there. */
static uint32_t accounts_from(const struct chat *c, const struct ban *b, const struct room *r,
                              struct bytes *names)
{
	uint32_t n = 0;

	for (const struct account *a = c->accounts; a != NULL; a = a->hh.next)
		if (was_there(c, a, b) &&
		    (b->target != BAN_BLOCK || order_rank_of(r, a) == RANK_NOBODY))
			put_name(names, a->nick, n++);
	put_more(names, n);
	return n;
}

void order_preview(struct chat *c, struct session *s, const struct ban *b)
{
	const struct room *r = b->room != 0 ? room_by_number(c, b->room) : NULL;
	struct bytes names = {0};
	uint32_t n = order_hit_names(c, b, r, NULL, &names);
	bool know = order_may_know(s, b);

	if (n == 0)
		emit_reply(c, s, "It would hit nobody who is here.");
	else
		emit_reply(c, s, "It would hit %" PRIu32 " %s here%s%s", n, n == 1 ? "person" : "people",
		           know ? ": " : ".", know ? names.data : "");
	bytes_clear(&names);
	if (role_of(s) >= ROLE_MODERATOR && ban_by_address(b)) {
		if (accounts_from(c, b, r, &names) == 0)
			emit_reply(c, s, "No account%s was signed in to from there in the last 30 days.",
			           b->target == BAN_BLOCK ? " that it would hit" : "");
		else
			emit_reply(c, s, "Accounts that were signed in to from there in the last 30 days: %s",
			           names.data);
	}
	emit_reply(c, s, "Nothing has changed.");
	bytes_release(&names);
}

static void whois_mute(struct chat *c, struct session *s, const struct session *who,
                       const struct ban_list *list, const char *where)
{
	struct bearer bearer = bearer_of(who);
	char until[BAN_UNTIL_BYTES];

	for (const struct ban *b = list->first; b != NULL; b = b->list_next)
		if (ban_hits(c, b, &bearer)) {
			emit_reply(c, s, "%s is muted %s%s by %s (#B%" PRIu64 ")%s%s", who->nick, where,
			           ban_until(c, b, until), b->by, b->number, *b->why != '\0' ? ": " : "",
			           b->why);
			return;
		}
}

void order_whois(struct chat *c, struct session *s, const struct session *who)
{
	char from[ADDRESS_BYTES_MAX];

	if (who->account != NULL)
		emit_reply(c, s, "%s comes from %s and is signed in: %s.", who->nick,
		           address_show(&who->from, from), role_name(who->account->role));
	else
		emit_reply(c, s, "%s comes from %s and is %s.", who->nick, address_show(&who->from, from),
		           who->trusted ? "who administers the host" : "a guest");
	whois_mute(c, s, who, &c->order->everywhere[BAN_SPEECH], "everywhere");
	whois_mute(c, s, who, &who->room->bans[BAN_SPEECH], "there");
}
