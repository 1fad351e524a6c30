/*
 * Unread lines. Owns nothing.
 *
 * The question goes beside what a session waits for (session.asked): counting may have to
 * wait for other people's searches, and nobody's input is to wait for that.
 */

#include "chatd/core/unread.h"

#include <inttypes.h>

#include "chatd/base/bytes.h"
#include "chatd/core/account.h"
#include "chatd/core/emit.h"
#include "chatd/core/rights.h"
#include "chatd/core/room.h"

static void ask(struct chat *c, struct session *s)
{
	s->unread = UNREAD_ASKED;
	emit_query(c, (struct query){
		.kind = QUERY_UNREAD, .conn = s->id, .after_seq = c->seq, .limit = UNREAD_ROOMS_MAX,
		/* What was said here since s came is on its screen. */
		.room = s->room->number, .before_id = s->joined_id + 1,
		.since_ms = INT64_MIN, .until_ms = INT64_MAX,
		.key = s->account->key, .words = s->account->nick,
	});
}

void unread_begin(struct chat *c, struct session *s, uint32_t nmail)
{
	s->mail_read = nmail;
	if (s->asked == ASKED_REPLAY)
		s->unread = UNREAD_WAITS;
	else if (s->unread != UNREAD_ASKED)
		ask(c, s);
}

void unread_after_replay(struct chat *c, struct session *s)
{
	if (s->unread == UNREAD_WAITS && s->account != NULL && s->room != NULL)
		ask(c, s);
}

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

void unread_tell(struct chat *c, struct session *s, const struct rows *rows)
{
	struct bytes b = {0};

	s->unread = UNREAD_NOT;
	/* Where it could not be counted, nothing is said: nobody has asked. */
	for (size_t i = 0; i < rows->n && rows->error == NULL && s->account != NULL; i++) {
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
