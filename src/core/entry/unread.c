/*
 * Unread lines. Owns nothing.
 */

#include "chatd/core/entry/unread.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/entry/signed_in.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/session.h"
#include "chatd/core/state/question.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/seen.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

/* Rooms that are gone, or that s may not read, are none of its business. */
static const struct room *may_read(const struct chat *c, const struct session *s, uint32_t number)
{
	const struct room *r = room_by_number(c, number);

	uint64_t after;

	return r != NULL && access_enter(c, s, r) && access_read_after(c, s, r, &after) ? r : NULL;
}

static void put_count(struct bytes *b, uint32_t n)
{
	bytes_printf(b, "%" PRIu32 "%s", n, n >= MISSED_MAX ? "+" : "");
}

static void put_mentions(struct bytes *b, const struct row *row)
{
	if (row->unread.mentions == 0)
		return;
	bytes_puts(b, " (");
	put_count(b, row->unread.mentions);
	bytes_puts(b, row->unread.mentions == 1 ? " mentions you)" : " mention you)");
}

void unread_put(struct bytes *b, const struct row *row)
{
	put_count(b, row->unread.lines);
	put_mentions(b, row);
}

static void put_room(struct bytes *b, const struct room *r, const struct row *row)
{
	bool first = b->len == 0;

	bytes_printf(b, "%s%s ", first ? "" : ", ", r->name);
	put_count(b, row->unread.lines);
	if (first)
		bytes_puts(b, row->unread.lines == 1 ? " line" : " lines");
	put_mentions(b, row);
}

/* If its input has ended, it may go now. */
static void told(struct chat *c, struct session *s)
{
	s->replay.after = NULL;
	if (s->input.eof)
		session_finish(c, s);
}

static void tell(struct chat *c, struct session *s)
{
	signed_in_tell(c, s);
	/* Messages that were shown are deleted once they have arrived. */
	seen_news(c);
	told(c, s);
}

static void answer(struct chat *c, struct session *s, struct question *q, const struct event *e)
{
	const struct rows *rows = e->rows;
	struct bytes b = {0};

	/* The account that it was counted for may be signed out, or signed in elsewhere, by now. */
	if (s->account == NULL || s->account->number != *(const uint64_t *)q->data) {
		told(c, s);
		return;
	}
	/* If it could not be counted nothing is said, because nobody asked. */
	for (size_t i = 0; i < rows->n && rows->error == NULL; i++) {
		const struct room *r = may_read(c, s, rows->row[i].room);

		if (r == NULL)
			continue;
		put_room(&b, r, &rows->row[i]);
	}
	if (b.len > 0 && rows->more)
		bytes_puts(&b, ", and others");
	if (b.len > 0)
		emit_reply(c, s, "Unread: %s.", b.data);
	bytes_release(&b);
	tell(c, s);
}

void unread_ask(struct chat *c, struct session *s, struct question *q, uint32_t rooms_max)
{
	struct bytes hidden = {0};

	access_hidden(c, s, &hidden);
	question_ask(c, q, (struct query){
		.kind = QUERY_UNREAD, .after_seq = outage_readable(c, c->records.seq), .limit = rooms_max,
		/* What the replay has shown of this room, and what was said since, is on its screen. */
		.room = s->room->number, .before_id = s->reading.shown_from,
		.since_ms = INT64_MIN, .until_ms = INT64_MAX,
		.unread = {s->account->key, s->account->nick, s->account->made.first_seq,
		           hidden.len > 0 ? hidden.data : ""},
	});
	bytes_release(&hidden);
}

/* On a second sign-in before the count is there, only the newest question matters. */
static void drop_earlier(struct chat *c, struct session *s)
{
	struct question *q, *next;

	DL_FOREACH_SAFE(s->questions, q, next)
		if (q->then == answer) {
			question_take(c, q);
			question_free(q);
		}
}

static void ask(struct chat *c, struct session *s)
{
	struct question *q;

	drop_earlier(c, s);
	q = question_new(c, s, answer);
	/* Counting may have to wait for other people's searches; the input must not. */
	q->holds = false;
	q->data = mem_alloc(sizeof s->account->number);
	memcpy(q->data, &s->account->number, sizeof s->account->number);
	q->free_data = free;
	unread_ask(c, s, q, UNREAD_ROOMS_MAX);
}

static void begin(struct chat *c, struct session *s)
{
	/* At a first sign-in there is nothing unread. */
	if (s->account->last[1].at_ms != 0)
		ask(c, s);
	else
		tell(c, s);
}

static void after_replay(struct chat *c, struct session *s)
{
	if (s->account != NULL)
		begin(c, s);
	else
		told(c, s);
}

void unread_begin(struct chat *c, struct session *s)
{
	/* Their own node tells them. */
	if (person_is_remote(s))
		return;
	s->replay.after = after_replay;
	if (!s->replay.held)
		begin(c, s);
}
