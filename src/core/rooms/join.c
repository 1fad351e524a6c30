/* Joining and leaving rooms. Owns room.members. */

#include "chatd/core/rooms/join.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/core/input/console.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/question.h"
#include "chatd/core/rooms/history.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/rooms/seen.h"
#include "chatd/core/rooms/watch.h"
#include "chatd/core/state/state.h"

#define NOTICES_PER_S 1

/* True if a join or leave gets its own notice; otherwise it is counted in the room's next sum. */
static bool notice_alone(struct chat *c, struct room *r, const struct session *s, bool joined)
{
	if (r->sum.due_ms == 0 &&
	    bucket_wait_ms(&r->sum.notices, c->now_ms, NOTICE_BURST, NOTICES_PER_S) == 0) {
		bucket_take(&r->sum.notices, c->now_ms, NOTICES_PER_S);
		return true;
	}
	if (r->sum.due_ms == 0) {
		r->sum.due_ms = c->now_ms + NOTICE_SUM_MS;
		DL_APPEND2(c->rooms.sums, r, sum.prev, sum.next);
		free(r->sum.nick);
		r->sum.nick = mem_strdup(s->nick);
	}
	if (joined)
		r->sum.joined++;
	else
		r->sum.left++;
	return false;
}

static void sum_publish(struct chat *c, struct room *r)
{
	uint32_t joined = r->sum.joined, left = r->sum.left;

	DL_DELETE2(c->rooms.sums, r, sum.prev, sum.next);
	r->sum.due_ms = 0;
	r->sum.joined = r->sum.left = 0;
	if (joined + left == 1)
		/* A sum does not know whether they left the room or the chat. */
		room_passage(c, r, NULL, joined ? "\"%s\" has joined our chat" : "%s has left",
		            r->sum.nick);
	else if (left == 0)
		room_passage(c, r, NULL, "%" PRIu32 " people have joined", joined);
	else if (joined == 0)
		room_passage(c, r, NULL, "%" PRIu32 " people have left", left);
	else
		room_passage(c, r, NULL, "%" PRIu32 " %s joined, %" PRIu32 " %s left", joined,
		            joined == 1 ? "person has" : "people have", left,
		            left == 1 ? "has" : "have");
}

void room_tick(struct chat *c)
{
	/* Sums gather for the same time, so the list is in the order in which they are due. */
	while (c->rooms.sums != NULL && c->rooms.sums->sum.due_ms <= c->now_ms && emit_has_room(c))
		sum_publish(c, c->rooms.sums);
}

int64_t room_due_ms(const struct chat *c)
{
	return c->rooms.sums == NULL ? INT64_MAX : c->rooms.sums->sum.due_ms;
}

void room_put(struct room *r, struct session *s)
{
	if (r->members.n == r->members.cap) {
		r->members.cap = r->members.cap == 0 ? 4 : r->members.cap * 2;
		r->members.list = mem_resize(r->members.list, r->members.cap * sizeof(struct session *));
	}
	s->room = r;
	person_touch(s);
	s->member.pos = r->members.n;
	r->members.list[r->members.n++] = s;
	r->members.ncrlf += s->member.crlf;
}

void room_join(struct chat *c, struct room *r, struct session *s, enum room_joining how,
               room_settled *settled)
{
	assert(s->room == NULL);
	s->member.crlf = s->input.telnet != NULL;
	watch_rest(c, s, r);
	if (r->members.n > 0 && how == ROOM_CAME && notice_alone(c, r, s, true))
		room_passage(c, r, NULL, "\"%s\" has joined our chat", s->nick);
	room_put(r, s);
	s->reading.joined_id = r->lines.last_id;
	s->reading.shown_from = r->lines.last_id + 1;
	s->reading.known = false;
	if (s->presence.nignored > 0)
		DL_APPEND2(r->members.ignorers, s, presence.prev, presence.next);
	emit_subscribe(c, s, r);
	console_touch_channels(c, s);
	console_touch(c, s);
	s->replay.settled = settled;
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

	if (r->lines.last_id != 0)
		emit_reply(c, s, "You are in %s.", r->name);
	else if (*company != '\0')
		emit_reply(c, s, "You are in %s with %s.", r->name, company);
	else if (made)
		emit_reply(c, s, "You are in %s, which is new; nobody else is here yet. %cleave goes back "
		           "to %s.", r->name, c->config.command_prefix, c->rooms.lobby->name);
	else
		emit_reply(c, s, "You are in %s; nobody else is here.", r->name);
	if (r->lines.last_id == 0)
		tell_topic(c, s, r);
	/* A replay may be long, so what matters comes after it. */
	room_join(c, r, s, ROOM_CAME, r->lines.last_id != 0 ? arrived : NULL);
}

void room_go(struct chat *c, struct session *s, struct room *r, bool made)
{
	room_leave(c, s, ROOM_MOVED, NULL);
	room_arrive(c, s, r, made);
}

void room_leave(struct chat *c, struct session *s, enum room_leaving how, const char *why)
{
	struct room *r = s->room;
	struct reading reading;
	struct session *last;

	seen_mark(c, s);
	reading = s->reading;
	last = r->members.list[--r->members.n];
	r->members.list[s->member.pos] = last;
	last->member.pos = s->member.pos;
	r->members.ncrlf -= s->member.crlf;
	if (s->presence.nignored > 0)
		DL_DELETE2(r->members.ignorers, s, presence.prev, presence.next);
	s->room = NULL;
	s->reading.gaps.n = 0;
	s->reading.caught_up_at = 0;
	s->member.said_id = 0;
	s->reading.caught_up = false;
	s->reading.seen_id = 0;
	s->member.voiced = false;
	s->replay.held = false;
	s->replay.settled = NULL;
	question_drop_room(c, s);
	emit_unsubscribe(c, s, "Some lines of %s were skipped: your connection was slow.", r->name);
	if (c->stopping || s->presence.superseded || r->members.n == 0 || !notice_alone(c, r, s, false))
		;
	else if (s->presence.farewell)
		room_passage(c, r, s, "%s has left our chat: %s", s->nick, why);
	else if (how == ROOM_PUT_OUT)
		room_notice(c, r, NULL, "%s was removed from %s%s%s", s->nick, r->name,
		            why == NULL || *why == '\0' ? "" : " ", why != NULL ? why : "");
	else
		room_passage(c, r, NULL, "%s has left %s%s%s", s->nick, how == ROOM_QUIT ? "our chat" : "this room",
		             why == NULL || *why == '\0' ? "" : ": ", why != NULL ? why : "");
	if (how == ROOM_MOVED)
		watch_resume(c, s, r, &reading);
	else if (how == ROOM_PUT_OUT && watch_find(s, r) != NULL)
		watch_end(c, watch_find(s, r));
	room_release(c, r);
}

const char *room_company(struct chat *c, const struct room *r, const struct session *s,
                         uint32_t max)
{
	struct bytes *b = &c->scratch;
	uint32_t others = r->members.n - (s != NULL && s->room == r), named = 0, shown;

	bytes_clear(b);
	shown = others <= max + 1 ? others : max;
	for (uint32_t i = 0; i < r->members.n && named < shown; i++) {
		if (r->members.list[i] == s)
			continue;
		if (named > 0)
			bytes_puts(b, named + 1 == shown && shown == others ? " and " : ", ");
		bytes_puts(b, r->members.list[i]->nick);
		named++;
	}
	if (shown < others)
		bytes_printf(b, " and %" PRIu32 " others", others - shown);
	return b->len > 0 ? b->data : "";
}
