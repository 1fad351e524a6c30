/* Commands that point at a line by its number: /delete, and /reply #N. */

#include "chatd/core/commands/cmd_lines.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/flood.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/moderation/speech.h"
#include "chatd/core/people/name.h"
#include "chatd/core/rooms/line_ref.h"
#include "chatd/core/rooms/membership.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/state/state.h"

enum { DELETE, ANSWER };

static line_ref_act delete_line, answer_line;

static const struct line_act line_acts[] = {
	[DELETE] = {delete_line, "delete", &line_shared},
	[ANSWER] = {answer_line, "answer", &line_shared},
	{0},
};

/* -- deleting a line ------------------------------------------------------------------ */

/* Someone else may have used a guest's name before; those lines are not the guest's. */
static bool is_own(const struct session *s, const struct row *row)
{
	const struct account *a = s->account;

	if (!name_is(row->sender, s->key))
		return false;
	if (row->id > s->resume.named_seq)
		return true;
	return a != NULL &&
	       (a->made.first_seq != 0 ? row->id > a->made.first_seq : row->time_ms >= a->made.at_ms);
}

static void delete_line(struct chat *c, struct session *s, const struct row *row, const char *why)
{
	struct room *r = s->room;
	bool own = is_own(s, row), keeps = membership_role(r, s) >= ROOM_OPERATOR;
	int64_t age_ms = c->wall_ms - row->time_ms;
	const char *colon = ": ";
	char age[AGE_BYTES_MAX];

	if (!keeps && !own) {
		emit_reply(c, s, "#%" PRIu64 " is a line of %s; only operators of %s can delete it. "
		           "%creport #%" PRIu64 " shows it to the moderators.", row->id, row->sender,
		           r->name, c->config.command_prefix, row->id);
		return;
	}
	if (!keeps && age_ms > DELETE_OWN_MS) {
		emit_reply(c, s, "You can delete your own lines for %d minutes, and #%" PRIu64
		           " was said %s ago. Operators of %s can still delete it.", DELETE_OWN_MS / 60000,
		           row->id, format_age(age, age_ms), r->name);
		return;
	}
	if (!emit_can_save(c, s))
		return;
	/* People who may not speak must not be heard this way. */
	if (*why == '\0' || (s->room != NULL && !moderation_hears(c, s, why)))
		why = colon = "";
	r->lines.deleted_seq = c->records.line_seq = emit_append(c, (struct record){
		.kind = RECORD_DELETE, .room = r->number, .time_ms = c->wall_ms,
		.room_name = r->name, .deletion = {row->id, s->nick, why},
	});
	if (own) {
		emit_reply(c, s, "Your line #%" PRIu64 " is no longer in the history.", row->id);
		room_notice(c, r, s, "%s has deleted their own line #%" PRIu64 "%s%s", s->nick, row->id,
		            colon, why);
		return;
	}
	emit_audit(c, s, "", "deleted line #%" PRIu64 " of %s in %s%s%s", row->id, row->sender,
	           r->name, colon, why);
	emit_reply(c, s, "Line #%" PRIu64 " of %s is no longer in the history.", row->id, row->sender);
	room_notice(c, r, s, "%s has deleted line #%" PRIu64 " of %s%s%s", s->nick, row->id,
	            row->sender, colon, why);
}

void cmd_delete(struct chat *c, struct session *s, const struct args *a)
{
	uint64_t id = line_ref_number(a->arg[0]);

	if (id == 0)
		command_usage(c, s, "delete");
	else
		/* Only their own node, which asks, knows whether they send too much. */
		line_ref_ask(c, s, id, &line_acts[DELETE], flood_is_muted(c, s) ? "" : a->rest);
}

/* -- answering one -------------------------------------------------------------------- */

/* What a line says, without the quotation that it begins with if it answers another. */
static const char *without_head(const char *body)
{
	const char *end;

	if (*body != '@' || (end = strstr(body, " #")) == NULL)
		return body;
	end += 2 + strspn(end + 2, "0123456789");
	if (strncmp(end, " \"", 2) != 0 || (end = strstr(end + 2, "\" ")) == NULL)
		return body;
	return end + 2;
}

static void answer_line(struct chat *c, struct session *s, const struct row *row, const char *text)
{
	const char *quote = without_head(row->body);
	struct bytes b = {0};
	size_t len, shown;
	char *body;

	quote += strspn(quote, " ");
	len = strlen(quote);
	shown = text_prefix(quote, len, QUOTE_CHARS);
	bytes_printf(&b, "@%s #%" PRIu64 " \"%.*s%s\" %s", row->sender, row->id, (int)shown, quote,
	             shown < len ? "…" : "", text);
	/* What is harmless at the end of a line, such as many blanks, may not be in the middle. */
	body = text_shown(b.data, BODY_BYTES_MAX);
	if (b.len > (size_t)c->config.line_bytes_max * TEXT_EXPANSION)
		emit_reply(c, s, "Not sent: your answer is too long with the quoted line. Please send it in "
		           "parts.");
	else
		room_say(c, s, s->room, RECORD_SAY, body);
	free(body);
	bytes_release(&b);
}

bool reply_to_line(struct chat *c, struct session *s, const char *text)
{
	uint64_t id = line_ref_begins(&text);

	if (id != 0)
		line_ref_ask(c, s, id, &line_acts[ANSWER], text);
	return id != 0;
}

/* -- in a cluster ------------------------------------------------------------------------- */

static bool get(struct chat *c, struct question *q, const char *fields)
{
	(void)c;
	return line_ref_get(q, line_acts, fields);
}

/* A line that is deleted should not be said again in the stream. */
static bool quotes(const struct question *q)
{
	return line_ref_is(q, &line_acts[ANSWER]);
}

const struct shared_question line_shared = {"line", line_ref_answer, line_ref_put, get, quotes};
