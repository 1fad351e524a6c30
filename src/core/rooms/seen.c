/*
 * Read marks. Owns chat.rooms.seen: the round in which every connection is asked once a minute what
 * its peer has acknowledged, a few of them each second.
 */

#include "chatd/core/rooms/seen.h"

#include <stdlib.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/people/session.h"
#include "chatd/core/state/question.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/rooms/watch.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum {
	SEEN_ROUND_MS = 60000,
	SEEN_STEP_MS = 1000,
};

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* A room that somebody reads: the one they are in, or one that they watch. */
struct read_room {
	struct session *session;
	struct room *room;
	struct reading *reading;
	uint64_t said_id;           /* of the line that they last said there; 0: not known to be any */
	bool held;                  /* the replay has not come yet */
};

static struct read_room own_room(struct session *s)
{
	return (struct read_room){s, s->room, &s->reading, s->member.said_id, s->replay.held};
}

static struct read_room watched_room(struct watch *w)
{
	return (struct read_room){w->session, w->room, &w->reading, 0, false};
}

/* The lines up to `seen` that were not shown there, or that have not arrived. */
static struct ranges unshown(const struct chat *c, const struct read_room *p, const struct arrival *a,
                             uint64_t seen)
{
	struct ranges gaps = p->reading->gaps;

	/* What /catchup showed may not have arrived, unless something that was said later has. */
	if (a->what == ARRIVED_UP_TO && p->reading->caught_up_at != 0 && a->seq <= p->reading->caught_up_at)
		for (uint32_t i = 0; i < p->reading->gaps_were.n; i++)
			ranges_add(&gaps, p->reading->gaps_were.at[i].after, p->reading->gaps_were.at[i].before);
	/* Saying a line does not mark other people's unsaved lines before it as seen. */
	ranges_add(&gaps, c->records.stored_seq, p->said_id);
	ranges_drop_from(&gaps, seen + 1);
	return gaps;
}

/* The id up to which that room was seen, given what has arrived; 0: not known. */
static uint64_t seen_up_to(const struct chat *c, const struct read_room *p, const struct arrival *a)
{
	/* Lines that are not saved yet were shown only to the people who said them. */
	uint64_t seen = least(p->room->lines.last_id, c->records.stored_seq);

	/* If not even the replay has arrived, it is as if they had never come. */
	if (p->held || !p->reading->known || p->room->gone || c->outage.reason != NULL ||
	    a->what == ARRIVED_NOTHING)
		return 0;
	/* Nothing was said here so far, but what is said from now on will be unread. */
	if (p->room->lines.last_id == 0)
		seen = p->session->account != NULL && (p->room == c->rooms.lobby || p->room->members.n > 1)
		           ? c->records.seq
		           : 0;
	else if (seen < p->said_id)
		seen = p->said_id;
	if (a->what == ARRIVED_UP_TO)
		seen = least(seen, a->seq > p->reading->joined_id ? a->seq : p->reading->joined_id);
	return seen;
}

/* What has arrived is known to this node alone. */
static void propose(struct chat *c, const struct read_room *p, uint64_t seen, const struct ranges *left)
{
	char gaps[RANGES_TEXT_BYTES];
	struct bytes b = {0};

	ranges_show(left, gaps);
	fields_put_number(&b, "room", p->room->number);
	fields_put(&b, "key", p->session->key);
	fields_put_number(&b, "seen", (int64_t)seen);
	fields_put(&b, "gaps", gaps);
	act_propose(c, NULL, ACT_SEEN, b.data);
	bytes_release(&b);
}

void seen_apply(struct chat *c, const char *fields)
{
	struct room *r = room_by_number(c, fields_get_count(fields, "room", UINT32_MAX));
	char *key = fields_get(fields, "key"), *gaps = fields_get(fields, "gaps");

	if (r != NULL && *key != '\0')
		setting_append(c, r, (struct record){
			.kind = RECORD_SEEN, .seen = {key, (uint64_t)fields_get_number(fields, "seen"), ranges_read(gaps)},
		});
	free(key);
	free(gaps);
}

static void mark(struct chat *c, const struct read_room *p, const struct arrival *a, uint64_t seen)
{
	struct ranges left = unshown(c, p, a, seen);

	/* Everything that /catchup has shown has arrived now. */
	if (a->what == ARRIVED_ALL || a->seq > p->reading->caught_up_at)
		p->reading->caught_up_at = 0;
	if (c->cluster.self != NULL)
		propose(c, p, seen, &left);
	else
		setting_append(c, p->room, (struct record){
			.kind = RECORD_SEEN, .seen = {p->session->key, seen, left},
		});
	p->reading->seen_id = seen;
	p->reading->caught_up = false;
}

void seen_unknown(struct session *s)
{
	for (uint32_t i = 0; i < s->member.watching.n; i++)
		s->member.watching.list[i]->reading = (struct reading){0};
	s->reading.known = false;
	s->replay.of_other = s->replay.held;
	/* Lines that this connection was not sent are still missing, under whatever name; what was
	 * missing from before it came is asked again. */
	if (s->reading.shown_from > 0)
		ranges_drop(&s->reading.gaps, 0, s->reading.shown_from - 1);
	s->reading.caught_up_at = 0;
}

static void mark_room(struct chat *c, const struct read_room *p)
{
	const struct arrival *a = &p->session->reading.arrived;
	/* What has arrived at somebody of another node is known there. */
	uint64_t seen = person_is_remote(p->session) ? 0 : seen_up_to(c, p, a);

	if (seen != 0)
		mark(c, p, a, seen);
}

void seen_mark(struct chat *c, struct session *s)
{
	struct read_room p = own_room(s);

	mark_room(c, &p);
}

void seen_mark_watch(struct chat *c, struct watch *w)
{
	struct read_room p = watched_room(w);

	mark_room(c, &p);
}

/* -- in rounds --------------------------------------------------------------------------------- */

static bool is_room_due(const struct room *r, const struct reading *reading)
{
	return reading->known && (r->lines.last_id > reading->seen_id || reading->caught_up);
}

/* Whether s may have seen something that its saved marks do not cover yet. */
static bool is_due(const struct session *s)
{
	bool due = s->state == SESSION_CHAT && (is_room_due(s->room, &s->reading) || s->mail.shown != 0);

	for (uint32_t i = 0; i < s->member.watching.n && !due; i++)
		due = !s->member.watching.list[i]->rests &&
		      is_room_due(s->member.watching.list[i]->room, &s->member.watching.list[i]->reading);
	return due;
}

static void room_arrived(struct chat *c, const struct read_room *p, const struct arrival *a)
{
	uint64_t seen = seen_up_to(c, p, a);

	if (seen > p->reading->seen_id ||
	    (seen != 0 && seen == p->reading->seen_id && p->reading->caught_up))
		mark(c, p, a, seen);
}

static void arrived(struct chat *c, struct session *s, struct question *q, const struct event *e)
{
	struct read_room own = own_room(s);

	(void)q;
	/* If the session ends after this, it goes by this answer. */
	if (s->input.eof)
		s->reading.arrived = e->arrived;
	mail_arrived(c, s, &e->arrived);
	room_arrived(c, &own, &e->arrived);
	for (uint32_t i = 0; i < s->member.watching.n; i++) {
		struct read_room p = watched_room(s->member.watching.list[i]);

		if (!s->member.watching.list[i]->rests)
			room_arrived(c, &p, &e->arrived);
	}
	/* Not everything has arrived yet, but it still may. */
	if (is_due(s))
		seen_news(c);
}

void seen_news(struct chat *c)
{
	if (c->rooms.seen.left == 0)
		c->rooms.seen.ms = c->now_ms + SEEN_STEP_MS;
	c->rooms.seen.left = c->people.nslots;
}

static void ask(struct chat *c, struct session *s)
{
	struct question *q = question_new(c, s, arrived);

	q->holds = false;
	q->in_room = true;
	question_ask_arrived(c, q, s->id);
}

void seen_tick(struct chat *c)
{
	uint32_t n = c->people.nslots / (SEEN_ROUND_MS / SEEN_STEP_MS) + 1;

	if (c->rooms.seen.left == 0 || c->rooms.seen.ms > c->now_ms)
		return;
	c->rooms.seen.ms = c->now_ms + SEEN_STEP_MS;
	/* People who read their messages and leave must not get them again, so they are asked in every
	 * step. */
	for (uint32_t slot = 0, mails = c->people.mail.nshown;
	     mails > 0 && slot < c->people.nslots && emit_has_room(c); slot++) {
		struct session *s = c->people.sessions[slot];

		if (s == NULL || s->mail.shown == 0)
			continue;
		mails--;
		if (mail_is_late(c, s))
			session_finish(c, s);
		else if (is_due(s))
			ask(c, s);
	}
	for (; n > 0 && c->rooms.seen.left > 0 && emit_has_room(c); n--, c->rooms.seen.left--) {
		struct session *s = c->people.sessions[c->rooms.seen.slot];

		c->rooms.seen.slot = (c->rooms.seen.slot + 1) % c->people.nslots;
		if (s != NULL && is_due(s) && s->mail.shown == 0)
			ask(c, s);
	}
}

int64_t seen_due_ms(const struct chat *c)
{
	return c->rooms.seen.left == 0 ? INT64_MAX : c->rooms.seen.ms;
}
