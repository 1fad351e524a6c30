/*
 * Read marks. Owns chat.rooms.seen: the round in which every connection is asked once a minute what
 * its peer has acknowledged, a few of them each second.
 */

#include "chatd/core/rooms/seen.h"

#include "chatd/core/state/emit.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/people/session.h"
#include "chatd/core/state/question.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/state/state.h"

enum {
	SEEN_ROUND_MS = 60000,
	SEEN_STEP_MS = 1000,
};

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The lines up to `seen` that s was not shown, or that have not arrived. */
static struct ranges unshown(const struct chat *c, const struct session *s, const struct arrival *a,
                             uint64_t seen)
{
	struct ranges gaps = s->reading.gaps;

	/* What /catchup showed may not have arrived, unless something that was said later has. */
	if (a->what == ARRIVED_UP_TO && s->reading.caught_up_at != 0 && a->seq <= s->reading.caught_up_at)
		for (uint32_t i = 0; i < s->reading.gaps_were.n; i++)
			ranges_add(&gaps, s->reading.gaps_were.at[i].after, s->reading.gaps_were.at[i].before);
	/* Saying a line does not mark other people's unsaved lines before it as seen. */
	ranges_add(&gaps, c->records.stored_seq, s->member.said_id);
	ranges_drop_from(&gaps, seen + 1);
	return gaps;
}

/* The id up to which s has seen its room, given what has arrived; 0: not known. */
static uint64_t seen_up_to(const struct chat *c, const struct session *s, const struct arrival *a)
{
	/* Lines that are not saved yet were shown only to the people who said them. */
	uint64_t seen = least(s->room->lines.last_id, c->records.stored_seq);

	/* If not even the replay has arrived, it is as if s had never come. */
	if (s->replay.held || !s->reading.known || s->room->gone || c->outage.reason != NULL ||
	    a->what == ARRIVED_NOTHING)
		return 0;
	/* Nothing was said here so far, but what is said from now on will be unread. */
	if (s->room->lines.last_id == 0)
		seen = s->account != NULL && (s->room == c->rooms.lobby || s->room->members.n > 1)
		           ? c->records.seq
		           : 0;
	else if (seen < s->member.said_id)
		seen = s->member.said_id;
	if (a->what == ARRIVED_UP_TO)
		seen = least(seen, a->seq > s->reading.joined_id ? a->seq : s->reading.joined_id);
	return seen;
}

static void mark(struct chat *c, struct session *s, const struct arrival *a, uint64_t seen)
{
	struct ranges left = unshown(c, s, a, seen);

	/* Everything that /catchup has shown has arrived now. */
	if (a->what == ARRIVED_ALL || a->seq > s->reading.caught_up_at)
		s->reading.caught_up_at = 0;
	setting_append(c, s->room, (struct record){.kind = RECORD_SEEN, .seen = {s->key, seen, left}});
	s->reading.seen_id = seen;
	s->reading.caught_up = false;
}

void seen_unknown(struct session *s)
{
	s->reading.known = false;
	s->replay.of_other = s->replay.held;
	/* Lines that this connection was not sent are still missing, under whatever name; what was
	 * missing from before it came is asked again. */
	if (s->reading.shown_from > 0)
		ranges_drop(&s->reading.gaps, 0, s->reading.shown_from - 1);
	s->reading.caught_up_at = 0;
}

void seen_mark(struct chat *c, struct session *s)
{
	uint64_t seen = seen_up_to(c, s, &s->reading.arrived);

	if (seen != 0)
		mark(c, s, &s->reading.arrived, seen);
}

/* -- in rounds --------------------------------------------------------------------------------- */

/* Whether s may have seen something that its saved mark does not cover yet. */
static bool is_due(const struct session *s)
{
	return s->state == SESSION_CHAT &&
	       ((s->reading.known &&
	         (s->room->lines.last_id > s->reading.seen_id || s->reading.caught_up)) ||
	        s->mail.shown != 0);
}

static void arrived(struct chat *c, struct session *s, struct question *q, const struct event *e)
{
	uint64_t seen = seen_up_to(c, s, &e->arrived);

	(void)q;
	/* If the session ends after this, it goes by this answer. */
	if (s->input.eof)
		s->reading.arrived = e->arrived;
	mail_arrived(c, s, &e->arrived);
	if (seen > s->reading.seen_id ||
	    (seen != 0 && seen == s->reading.seen_id && s->reading.caught_up))
		mark(c, s, &e->arrived, seen);
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
	     mails > 0 && slot < c->people.nslots && emit_has_room(c); slot++)
		if (c->people.sessions[slot].mail.shown != 0) {
			mails--;
			if (mail_is_late(c, &c->people.sessions[slot]))
				session_finish(c, &c->people.sessions[slot]);
			else if (is_due(&c->people.sessions[slot]))
				ask(c, &c->people.sessions[slot]);
		}
	for (; n > 0 && c->rooms.seen.left > 0 && emit_has_room(c); n--, c->rooms.seen.left--) {
		struct session *s = &c->people.sessions[c->rooms.seen.slot];

		c->rooms.seen.slot = (c->rooms.seen.slot + 1) % c->people.nslots;
		if (is_due(s) && s->mail.shown == 0)
			ask(c, s);
	}
}

int64_t seen_due_ms(const struct chat *c)
{
	return c->rooms.seen.left == 0 ? INT64_MAX : c->rooms.seen.ms;
}
