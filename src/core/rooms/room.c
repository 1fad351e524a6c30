/*
 * Rooms, their members and what is said in them.
 *
 * Owns struct room. A room is freed in one place (room_release) when its last
 * member has gone and it has no history; the lobby never is.
 */

#include "chatd/core/rooms/room.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/core/emit.h"
#include "chatd/core/moderation/order.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/name.h"
#include "chatd/core/question.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/history.h"
#include "chatd/core/rooms/membership.h"
#include "chatd/core/rooms/seen.h"
#include "chatd/core/rooms/setting.h"

#define NOTICES_PER_S 1

struct room *room_by_key(const struct chat *c, const char *key)
{
	struct room *r;

	HASH_FIND_STR(c->by_key, key, r);
	return r;
}

struct room *room_typed(const struct chat *c, const char *name)
{
	char key[NAME_KEY_BYTES_MAX + 1];

	name += *name == '#';
	return name_key(name, strlen(name), key) ? room_by_key(c, key) : NULL;
}

struct room *room_by_number(const struct chat *c, uint32_t number)
{
	struct room *r;

	HASH_FIND(hh_number, c->by_number, &number, sizeof number, r);
	return r;
}

struct room *room_new(struct chat *c, const char *name, const char *key, uint32_t number)
{
	struct room *r;
	uint32_t slot = c->rooms_low;

	if (c->nrooms == ROOMS_MAX)
		return NULL;
	while (c->rooms[slot] != NULL)
		slot++;
	c->rooms_low = slot + 1;
	r = mem_zero(1, sizeof *r);
	r->slot = slot;
	r->number = number != 0 ? number : ++c->last_room;
	r->name = mem_strdup(name);
	r->key = mem_strdup(key);
	r->topic = mem_strdup("");
	r->stored = number != 0;
	r->maker = mem_strdup("");
	/* Who spoke in one that was there before is not known. */
	r->alone = mem_strdup(number != 0 ? ROOM_SEVERAL : "");
	setting_init(r);
	c->rooms[slot] = r;
	c->nrooms++;
	if (slot >= c->rooms_top)
		c->rooms_top = slot + 1;
	HASH_ADD_KEYPTR(hh, c->by_key, r->key, strlen(r->key), r);
	HASH_ADD(hh_number, c->by_number, number, sizeof r->number, r);
	grant_count(c, r);
	return r;
}

/* Why s may make no more rooms. */
static void tell_full(struct chat *c, const struct session *s, enum share_bar bar, const char *who)
{
	char p = c->config.command_prefix;

	if (bar == SHARE_OWN && s->account != NULL)
		emit_reply(c, s, "Not made: you own %d rooms and have made %d others, and that is the most. "
		           "%ctransfer gives a room away.", ROOMS_OWNED_MAX, ROOMS_EACH_MAX, p);
	else if (bar == SHARE_OWN || bar == SHARE_SITE)
		emit_reply(c, s, "Not made: %d rooms were made %s, and that is the most. %crooms lists "
		           "what there is; with an account (%cregister) you can have %d of your own.",
		           bar == SHARE_SITE ? ROOMS_EACH_MAX * SITE_SHARES : ROOMS_EACH_MAX,
		           bar == SHARE_SITE ? "from your network" :
		           share_is_address(who) ? "from your address" : "by you",
		           p, p, ROOMS_OWNED_MAX);
	else if (bar == SHARE_CLASS && s->account == NULL)
		emit_reply(c, s, "Not made: guests have made %d rooms, and that is the most. With an account "
		           "(%cregister) you can have rooms of your own.", ROOMS_GUESTS_MAX, p);
	else if (role_of(s) < ROLE_MODERATOR)
		emit_reply(c, s, "Not made: there are %" PRIu32 " rooms; what is left is for those who keep "
		           "order. Ask a moderator; %crooms lists what there is.", c->nrooms, p);
	else
		emit_reply(c, s, "Not made: there are %d rooms, and that is the most. %cremove room ROOM "
		           "takes one away.", ROOMS_MAX, p);
}

bool room_would_own(const struct chat *c, const struct session *s)
{
	/* What cannot be saved is nobody's, and below disk_reserve nothing is added that would grow. */
	return s->account != NULL && c->store_failed == NULL &&
	       grant_owned(c, s->account->key) < ROOMS_OWNED_MAX;
}

/* who: the principal whose share it is in. */
static struct room *make(struct chat *c, struct session *s, enum share_bar bar, const char *who,
                         const char *name, const char *key)
{
	struct room *r = bar == SHARE_FREE ? room_new(c, name, key, 0) : NULL;

	if (r == NULL) {
		tell_full(c, s, bar, who);
		return NULL;
	}
	free(r->maker);
	r->maker = mem_strdup(who);
	r->made_ms = c->wall_ms;
	grant_recount(c, r);
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

void room_renumber(struct chat *c, struct room *r, uint32_t number)
{
	HASH_DELETE(hh_number, c->by_number, r);
	r->number = number;
	HASH_ADD(hh_number, c->by_number, number, sizeof r->number, r);
}

void room_unlist(struct chat *c, struct room *r)
{
	if (!r->gone) {
		HASH_DELETE(hh, c->by_key, r);
		HASH_DELETE(hh_number, c->by_number, r);
	}
	r->gone = true;
}

static void room_free(struct chat *c, struct room *r)
{
	bool was_gone = r->gone;

	if (r->sum_due_ms != 0)
		DL_DELETE2(c->sums, r, sum_prev, sum_next);
	room_unlist(c, r);
	c->rooms[r->slot] = NULL;
	if (r->slot < c->rooms_low)
		c->rooms_low = r->slot;
	c->nrooms--;
	/* It was marked (room_end.h), and ends by itself before. */
	c->ndoomed -= r->doom != NULL && !was_gone;
	grant_drop_room(c, r);
	grant_uncount(c, r);
	outage_forget(c, r);
	ban_room_gone(c, r);
	setting_release(c, r);
	free(r->name);
	free(r->key);
	free(r->topic);
	free(r->sum_nick);
	free(r->doom);
	free(r->maker);
	free(r->alone);
	free(r->members);
	free(r);
}

void room_release(struct chat *c, struct room *r)
{
	/* When chatd goes down, those who leave will be back. Whoever finds a closed room closed
	 * must not find it open, and theirs, a moment later. */
	if (r->nmembers > 0 || r == c->lobby ||
	    (!r->gone && (r->last_id != 0 || r->set.permanent || r->closed || r->gap.lines > 0 ||
	                  (r->kept && c->stopping))))
		return;
	setting_drop(c, r);
	room_free(c, r);
}

void rooms_free(struct chat *c)
{
	for (uint32_t slot = 0; slot < c->rooms_top; slot++)
		if (c->rooms[slot] != NULL)
			room_free(c, c->rooms[slot]);
}

void room_emptied(struct chat *c, uint32_t number, uint64_t up_to_seq)
{
	struct room *r = room_by_number(c, number);

	/* A line may have been said since the store looked. */
	if (r == NULL || r->last_id > up_to_seq)
		return;
	r->last_id = 0;
	r->stored = false;
	room_release(c, r);
}

/* -- what is said ------------------------------------------------------------------ */

static void notice(struct chat *c, struct room *r, const struct session *from, bool words,
                   const char *fmt, va_list ap)
{
	UNCLEARED char line[LINE_HEAD_BYTES_MAX + BODY_BYTES_MAX];
	int n = snprintf(line, sizeof line, "%s[System]: ", format_stamp(&c->stamp, c->wall_ms)), m;

	m = vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
	assert(m >= 0 && n + m < (int)sizeof line);
	if (words)
		emit_publish_unkept(c, r, from, line, (size_t)n + (size_t)m);
	else
		emit_publish(c, r, from, line, (size_t)n + (size_t)m, 0);
}

void room_notice(struct chat *c, struct room *r, const struct session *except, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	notice(c, r, except, false, fmt, ap);
	va_end(ap);
}

void room_notice_words(struct chat *c, struct room *r, const struct session *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	notice(c, r, s, true, fmt, ap);
	va_end(ap);
}

/* The room is removed, and s has yet to be put out of it; it was told. */
static bool is_gone(struct chat *c, const struct session *s)
{
	if (s->room->gone)
		emit_reply(c, s, "Not sent: %s was removed.", s->room->name);
	return s->room->gone;
}

/* What a person is told whose words somebody who keeps order will not have said. */
static bool may_say(struct chat *c, struct session *s, const char *body)
{
	const char *bar = order_bars(c, s, body);

	if (bar != NULL)
		emit_reply(c, s, "Not sent: %s", bar);
	return bar == NULL;
}

/* Notes who speaks in the room, until there are several. */
static void note_speaker(struct chat *c, const struct session *s)
{
	struct room *r = s->room;
	char who[SHARE_WHO_BYTES];
	bool first = *r->alone == '\0';

	if (r == c->lobby || strcmp(r->alone, ROOM_SEVERAL) == 0 ||
	    strcmp(r->alone, share_who_address(c, s, who)) == 0)
		return;
	free(r->alone);
	r->alone = mem_strdup(first ? who : ROOM_SEVERAL);
	setting_save(c, r);
}

void room_say(struct chat *c, struct session *s, enum record_kind kind, const char *body)
{
	UNCLEARED char line[LINE_HEAD_BYTES_MAX + BODY_BYTES_MAX];
	struct room *r = s->room;
	const char *stamp;
	size_t nick = strlen(s->nick), text = strlen(body), n;
	bool kept = r->set.history;

	if (is_gone(c, s) || (kept && !c->outage.talks && outage_refuses(c, s)) || !rights_speak(c, s) ||
	    (c->guarded && !may_say(c, s, body)))
		return;
	kept = kept && outage_keeps(c, r);
	if (kept)
		r->last_id = c->line_seq = s->said_id = setting_append(c, r, kind, s->nick, 0, body);
	r->last_ms = c->wall_ms;
	c->serve.lines++;
	seen_news(c);
	rights_spoke(c, s);
	/* By hand and not by printf: this runs for every line. */
	stamp = format_stamp(&c->stamp, c->wall_ms);
	memcpy(line, stamp, STAMP_BYTES);
	n = STAMP_BYTES;
	if (kind == RECORD_ACTION) {
		memcpy(line + n, "* ", 2);
		n += 2;
	} else {
		line[n++] = '[';
	}
	memcpy(line + n, s->nick, nick);
	n += nick;
	if (kind == RECORD_ACTION) {
		line[n++] = ' ';
	} else {
		memcpy(line + n, "]:", 2);
		n += 2;
	}
	memcpy(line + n, body, text);
	if (kept)
		emit_publish(c, r, s, line, n + text, r->last_id);
	else
		emit_publish_unkept(c, r, s, line, n + text);
	outage_show(c);
	if (kept)
		note_speaker(c, s);
}

bool room_set_topic(struct chat *c, struct session *s, const char *topic)
{
	struct room *r = s->room;

	/* A topic is kept as a line is, and is one more each time. */
	if (is_gone(c, s) || !emit_can_save(c, s) || outage_refuses(c, s) || !rights_speak(c, s) ||
	    (c->guarded && !may_say(c, s, topic)))
		return false;
	rights_spoke(c, s);
	setting_append(c, r, RECORD_TOPIC, s->nick, 0, topic);
	free(r->topic);
	r->topic = mem_strdup(topic);
	if (r->kept)
		setting_save(c, r);
	return true;
}

/* -- joins and leaves ------------------------------------------------------------------ */

/* True if a join or leave may be read by itself; otherwise it will be in the
 * room's next sum. */
static bool notice_alone(struct chat *c, struct room *r, const struct session *s, bool joined)
{
	if (r->sum_due_ms == 0 &&
	    limit_wait_ms(&r->notices, c->now_ms, NOTICE_BURST, NOTICES_PER_S) == 0) {
		limit_take(&r->notices, c->now_ms, NOTICES_PER_S);
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
