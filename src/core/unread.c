/*
 * Unread lines. Owns nothing.
 */

#include "chatd/core/unread.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/core/account.h"
#include "chatd/core/emit.h"
#include "chatd/core/question.h"
#include "chatd/core/rights.h"
#include "chatd/core/room.h"

/* Rooms that are gone, or that s may not read, are none of its business. */
static const struct room *may_read(const struct chat *c, const struct session *s, uint32_t number)
{
	const struct room *r = room_by_number(c, number);

	return r != NULL && rights_enter(c, s, r) ? r : NULL;
}

static void put_room(struct bytes *b, const struct room *r, const struct row *row)
{
	bool first = b->len == 0;

	bytes_printf(b, "%s%s %" PRIu32 "%s", first ? "" : ", ", r->name, row->lines,
	             row->lines >= MISSED_MAX ? "+" : "");
	if (first)
		bytes_puts(b, row->lines == 1 ? " line" : " lines");
	if (row->mentions > 0)
		bytes_printf(b, " (%" PRIu32 "%s %s you)", row->mentions,
		             row->mentions >= MISSED_MAX ? "+" : "",
		             row->mentions == 1 ? "mentions" : "mention");
}

static void answer(struct chat *c, struct session *s, struct question *q, const struct event *e)
{
	const struct rows *rows = e->rows;
	struct bytes b = {0};

	/* Whom it was counted for may be signed out, or somebody else by now. */
	if (s->account == NULL || s->account->number != *(const uint64_t *)q->data)
		return;
	/* Where it could not be counted, nothing is said: nobody has asked. */
	for (size_t i = 0; i < rows->n && rows->error == NULL; i++) {
		const struct room *r = may_read(c, s, rows->row[i].room);

		if (r != NULL)
			put_room(&b, r, &rows->row[i]);
	}
	if (b.len > 0 && rows->more)
		bytes_puts(&b, ", and others");
	if (b.len > 0 && s->mail_read > 0)
		bytes_printf(&b, "; %" PRIu32 " %s for you", s->mail_read,
		             s->mail_read == 1 ? "message" : "messages");
	if (b.len > 0)
		emit_reply(c, s, "Since you left: %s.", b.data);
	bytes_release(&b);
}

/* Of one who signs in again before it was counted, the last question alone is of interest. */
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
	s->wants_unread = false;
	/* Counting may have to wait for other people's searches, and nobody's input is to wait for
	 * that. */
	q->holds = false;
	q->data = mem_alloc(sizeof s->account->number);
	memcpy(q->data, &s->account->number, sizeof s->account->number);
	q->free_data = free;
	question_ask(c, q, (struct query){
		.kind = QUERY_UNREAD, .after_seq = c->seq, .limit = UNREAD_ROOMS_MAX,
		/* What was said here since s came is on its screen. */
		.room = s->room->number, .before_id = s->joined_id + 1,
		.since_ms = INT64_MIN, .until_ms = INT64_MAX,
		.key = s->account->key, .words = s->account->nick,
	});
}

void unread_begin(struct chat *c, struct session *s, uint32_t nmail)
{
	s->mail_read = nmail;
	s->wants_unread = true;
	if (!s->held)
		ask(c, s);
}

void unread_after_replay(struct chat *c, struct session *s)
{
	if (s->wants_unread && s->account != NULL)
		ask(c, s);
}
