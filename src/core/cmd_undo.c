/*
 * /undo: the record of an act has the command line that takes it back, and that is run as if
 * who types /undo had typed it: their own rights decide.
 */

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/emit.h"
#include "chatd/core/history.h"
#include "chatd/core/name.h"
#include "chatd/core/order.h"
#include "chatd/core/room.h"

/* s has a word in the room that the line is about. */
static bool keeps_room_of(const struct chat *c, const struct session *s, const char *line)
{
	const char *in = strstr(line, " --in=");
	char key[NAME_KEY_BYTES_MAX + 1];
	const struct room *r = NULL;

	/* What stands before it is the command's name alone. */
	if (in == NULL || in != line + strcspn(line, " "))
		return false;
	in += strlen(" --in=");
	if (name_key(in, strcspn(in, " "), key))
		r = room_by_key(c, key);
	return r != NULL && order_rank(r, s) >= RANK_OPERATOR;
}

static bool is_its_own(const struct session *s, const struct row *act)
{
	return s->account != NULL && strcmp(s->account->nick, act->sender) == 0;
}

static void undo_answer(struct chat *c, struct session *s, struct question *q,
                        const struct event *e)
{
	const struct rows *rows = e->rows;
	uint64_t number = *(const uint64_t *)q->data;
	const struct row *act = rows->n > 0 ? &rows->row[0] : NULL;
	bool reads = act != NULL && (role_of(s) >= ROLE_MODERATOR || is_its_own(s, act));
	char *line;

	if (rows->error != NULL) {
		emit_reply(c, s, "%s", rows->error);
	} else if (act == NULL || act->id != number ||
	           (!reads && !keeps_room_of(c, s, act->room_name))) {
		/* Who may not know of an act is told the same as where there is none. */
		emit_reply(c, s, "Not done: there is no act #A%" PRIu64 " that you could take back.",
		           number);
	} else if (*act->room_name == '\0') {
		emit_reply(c, s, "Not done: #A%" PRIu64 " (%s %s) cannot be taken back.", act->id, act->sender,
		           act->body);
	} else {
		if (reads)
			emit_reply(c, s, "Taking back #A%" PRIu64 " (%s %s):", act->id, act->sender, act->body);
		else
			emit_reply(c, s, "Taking back #A%" PRIu64 ":", act->id);
		line = mem_strdup(act->room_name);
		command_run(c, s, line);
		free(line);
	}
}

void cmd_undo(struct chat *c, struct session *s, const struct args *a)
{
	const char *text = a->arg[0];
	struct question *q;
	uint64_t n;
	char *end;

	text += *text == '#';
	text += (*text | 0x20) == 'a';
	if (!isdigit((unsigned char)*text)) {
		command_usage(c, s, "undo");
		return;
	}
	n = strtoull(text, &end, 10);
	if (*end != '\0' || n == 0 || n >= UINT64_MAX - 1) {
		command_usage(c, s, "undo");
		return;
	}
	q = history_ask(c, s, undo_answer, HISTORY_ALL,
	                (struct query){.kind = QUERY_AUDIT, .limit = 1, .before_id = n + 1});
	if (q == NULL)
		return;
	q->data = mem_alloc(sizeof n);
	memcpy(q->data, &n, sizeof n);
	q->free_data = free;
}
