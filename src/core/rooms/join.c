/* Who is in which room. Owns room.members. */

#include "chatd/core/rooms/join.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/question.h"
#include "chatd/core/rooms/history.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/rooms/seen.h"

#define NOTICES_PER_S 1

/* True if a join or leave may be read by itself; otherwise it will be in the
 * room's next sum. */
static bool notice_alone(struct chat *c, struct room *r, const struct session *s, bool joined)
{
	if (r->sum_due_ms == 0 &&
	    bucket_wait_ms(&r->notices, c->now_ms, NOTICE_BURST, NOTICES_PER_S) == 0) {
		bucket_take(&r->notices, c->now_ms, NOTICES_PER_S);
		return true;
	}
	if (r->sum_due_ms == 0) {
		r->sum_due_ms = c->now_ms + NOTICE_SUM_MS;
		DL_APPEND2(c->sums, r, sum_prev, sum_next);
		free(r->sum_nick);
		r->sum_nick = mem_strdup(s->nick);
	}
	if (joined)
		r->sum_joined++;
	else
		r->sum_left++;
	return false;
}

static void sum_publish(struct chat *c, struct room *r)
{
	uint32_t joined = r->sum_joined, left = r->sum_left;

	DL_DELETE2(c->sums, r, sum_prev, sum_next);
	r->sum_due_ms = 0;
	r->sum_joined = r->sum_left = 0;
	if (joined + left == 1)
		/* The room or the chat: a sum does not know. */
		room_notice(c, r, NULL, joined ? "\"%s\" has joined our chat" : "%s has left",
		            r->sum_nick);
	else if (left == 0)
		room_notice(c, r, NULL, "%" PRIu32 " people have joined", joined);
	else if (joined == 0)
		room_notice(c, r, NULL, "%" PRIu32 " people have left", left);
	else
		room_notice(c, r, NULL, "%" PRIu32 " %s joined, %" PRIu32 " %s left", joined,
		            joined == 1 ? "person has" : "people have", left,
		            left == 1 ? "has" : "have");
}

void room_tick(struct chat *c)
{
	/* Sums gather for the same time, so the list is in the order in which they are due. */
	while (c->sums != NULL && c->sums->sum_due_ms <= c->now_ms && emit_has_room(c))
		sum_publish(c, c->sums);
}

int64_t room_due_ms(const struct chat *c)
{
	return c->sums == NULL ? INT64_MAX : c->sums->sum_due_ms;
}

void room_join(struct chat *c, struct room *r, struct session *s, enum room_joining how,
               room_settled *settled)
{
	assert(s->room == NULL);
	s->crlf = s->telnet != NULL;
	if (r->nmembers > 0 && how == ROOM_CAME && notice_alone(c, r, s, true))
		room_notice(c, r, NULL, "\"%s\" has joined our chat", s->nick);
	if (r->nmembers == r->members_cap) {
		r->members_cap = r->members_cap == 0 ? 4 : r->members_cap * 2;
		r->members = mem_resize(r->members, r->members_cap * sizeof(struct session *));
	}
	s->room = r;
	s->room_pos = r->nmembers;
	s->joined_id = r->last_id;
	s->shown_from = r->last_id + 1;
	s->seen_known = false;
	r->members[r->nmembers++] = s;
	r->ncrlf += s->crlf;
	if (s->nignored > 0)
		DL_APPEND2(r->ignorers, s, ign_prev, ign_next);
	emit_subscribe(c, s, r);
	s->settled = settled;
	history_replay(c, s);
}

static void tell_topic(struct chat *c, const struct session *s, const struct room *r)
{
	if (*r->topic != '\0')
		emit_reply(c, s, "Topic: %s", r->topic);
}

static void arrived(struct chat *c, struct session *s)
{
	const char *company = room_company(c, s->room, s, COMPANY_NAMED);

	if (*company != '\0')
		emit_reply(c, s, "Here with you: %s.", company);
	else
		emit_reply(c, s, "Nobody else is here.");
	tell_topic(c, s, s->room);
}

void room_arrive(struct chat *c, struct session *s, struct room *r, bool made)
{
	const char *company = room_company(c, r, s, COMPANY_NAMED);

	if (r->last_id != 0)
		emit_reply(c, s, "You are in %s.", r->name);
	else if (*company != '\0')
		emit_reply(c, s, "You are in %s with %s.", r->name, company);
	else if (made)
		emit_reply(c, s, "You are in %s, which is new; nobody else is here yet. %cleave goes back "
		           "to %s.", r->name, c->config.command_prefix, c->lobby->name);
	else
		emit_reply(c, s, "You are in %s; nobody else is here.", r->name);
	if (r->last_id == 0)
		tell_topic(c, s, r);
	/* Behind a replay, which may be long, what matters comes last. */
	room_join(c, r, s, ROOM_CAME, r->last_id != 0 ? arrived : NULL);
}

void room_go(struct chat *c, struct session *s, struct room *r, bool made)
{
	room_leave(c, s, ROOM_MOVED, NULL);
	room_arrive(c, s, r, made);
}

void room_leave(struct chat *c, struct session *s, enum room_leaving how, const char *why)
{
	struct room *r = s->room;
	struct session *last;

	seen_mark(c, s);
	last = r->members[--r->nmembers];
	r->members[s->room_pos] = last;
	last->room_pos = s->room_pos;
	r->ncrlf -= s->crlf;
	if (s->nignored > 0)
		DL_DELETE2(r->ignorers, s, ign_prev, ign_next);
	s->room = NULL;
	s->gaps.n = 0;
	s->caught_up_at = 0;
	s->said_id = 0;
	s->caught_up = false;
	s->seen_id = 0;
	s->voiced = false;
	s->held = false;
	s->settled = NULL;
	question_drop_room(c, s);
	emit_unsubscribe(c, s, "Some lines of %s were skipped: your connection was slow.", r->name);
	if (c->stopping || s->superseded || r->nmembers == 0 || !notice_alone(c, r, s, false))
		;
	else if (s->farewell)
		room_notice_words(c, r, s, "%s has left our chat: %s", s->nick, why);
	else
		room_notice(c, r, NULL, how == ROOM_PUT_OUT ? "%s was put out of %s%s%s" : "%s has left %s%s%s",
		            s->nick, how == ROOM_QUIT ? "our chat" : how == ROOM_PUT_OUT ? r->name : "this room",
		            why == NULL || *why == '\0' ? "" : how == ROOM_PUT_OUT ? " " : ": ",
		            why != NULL ? why : "");
	room_release(c, r);
}

const char *room_company(struct chat *c, const struct room *r, const struct session *s,
                         uint32_t max)
{
	struct bytes *b = &c->scratch;
	uint32_t others = r->nmembers - (s != NULL && s->room == r), named = 0, shown;

	bytes_clear(b);
	shown = others <= max + 1 ? others : max;
	for (uint32_t i = 0; i < r->nmembers && named < shown; i++) {
		if (r->members[i] == s)
			continue;
		if (named > 0)
			bytes_puts(b, named + 1 == shown && shown == others ? " and " : ", ");
		bytes_puts(b, r->members[i]->nick);
		named++;
	}
	if (shown < others)
		bytes_printf(b, " and %" PRIu32 " others", others - shown);
	return b->len > 0 ? b->data : "";
}
