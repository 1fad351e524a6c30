/*
 * /audit shows moderation actions; /undo takes one back.
 *
 * An action's record says, as data (undo.h), what it changed. /undo restores that from the record, if
 * the person who types it could make the change themselves.
 */

#include "chatd/core/commands/cmd_undo.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chatd/base/fields.h"
#include "chatd/core/commands/cmd_ban.h"
#include "chatd/core/commands/cmd_filter.h"
#include "chatd/core/commands/cmd_lockdown.h"
#include "chatd/core/commands/cmd_membership.h"
#include "chatd/core/commands/cmd_report.h"
#include "chatd/core/commands/cmd_role.h"
#include "chatd/core/commands/cmd_setting.h"
#include "chatd/core/commands/cmd_shutdown.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/undo.h"
#include "chatd/core/rooms/history.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

/* -- /audit ------------------------------------------------------------------------------ */

/* Parses the word in front of "before #A12". False: it is wrong. */
static bool audit_words(const char *word, struct query *q)
{
	char *end;
	unsigned long n;

	n = strtoul(word, &end, 10);
	if (*end == '\0') {
		q->limit = n < ROWS_MAX ? (uint32_t)n : ROWS_MAX;
		return n > 0 && isdigit((unsigned char)*word);
	}
	/* Nobody else can have that name. */
	q->audit.words = strcasecmp(word, "host") == 0 ? "the host" : word;
	return true;
}

void cmd_audit(struct chat *c, struct session *s, const struct args *a)
{
	struct query q = {.kind = QUERY_AUDIT, .limit = AUDIT_LINES_DEFAULT, .audit = {.words = ""}};
	int before = 0;

	if (a->arg[0] != NULL && strcasecmp(a->arg[0], "before") != 0) {
		if (!audit_words(a->arg[0], &q)) {
			command_usage(c, s, "audit");
			return;
		}
		before = 1;
	}
	if (a->arg[before] != NULL) {
		if (strcasecmp(a->arg[before], "before") != 0 || a->arg[before + 1] == NULL ||
		    (before == 0 && a->arg[2] != NULL) ||
		    (q.before_id = undo_number(a->arg[before + 1])) == 0) {
			command_usage(c, s, "audit");
			return;
		}
	}
	/* Actions of room owners and their operators are found by the person alone, so that however many
	 * there are, they do not crowd out those of moderators and administrators. */
	if (role_of(s) < ROLE_MODERATOR || *q.audit.words == '\0') {
		q.audit.of_share = true;
		q.audit.share = emit_audit_share(s);
	}
	history_ask(c, s, history_show_audit, HISTORY_SAVED, q);
}

/* -- /undo ------------------------------------------------------------------------------- */

/* The kinds of moderation actions that can be taken back. */
static const struct kind {
	const char *name;      /* in the data */
	const char *command;   /* the command whose role it needs */
	undo_restore *restore;
	bool unsaved;          /* can be restored even while nothing can be saved */
} kinds[] = {
	{"ban", "ban", undo_ban, false},
	{"grant", "op", undo_membership, false},
	{"offer", "transfer", undo_offer, false},
	{"owner", "transfer", undo_owner, false},
	{"setting", "room", undo_setting, false},
	{"filter", "filter", undo_filter, false},
	{"lockdown", "lockdown", undo_lockdown, false},
	{"role", "role", undo_role, false},
	{"report", "reports", undo_report, false},
	{"shutdown", "shutdown", undo_shutdown, true},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* Whether s may moderate the room that the action was about. */
static bool keeps_room_of(const struct chat *c, const struct session *s, const char *data)
{
	struct room *r;

	return undo_is_data(data) && undo_room(c, data, &r) && r != NULL &&
	       membership_role(r, s) >= ROOM_OPERATOR;
}

/* By the same account, and not by an earlier one of the same name. */
static bool is_its_own(const struct session *s, const struct row *act)
{
	return s->account != NULL && strcmp(s->account->nick, act->sender) == 0 &&
	       s->account->made.at_ms == fields_get_number(act->changed, "actor");
}

/* Whether it is a command line, as older versions recorded. The names in it may belong to other people
 * by now, so it is never run. */
static bool is_old(const char *data)
{
	return *data != '\0' && strncmp(data, "actor=", strlen("actor=")) != 0;
}

/* Restores what was before the action, or tells s why not. */
static void take_back(struct chat *c, struct session *s, const struct row *act)
{
	char *name = fields_get(act->changed, "undo");
	const struct kind *kind = NULL;

	for (int i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			kind = &kinds[i];
	free(name);
	if (kind == NULL)
		emit_reply(c, s, "Cannot undo: a newer version of chatd recorded that moderation action.");
	else if (!command_may(c, s, command_find(c, kind->command)))
		return;
	else if (kind->unsaved || emit_can_save(c, s))
		kind->restore(c, s, act);
}

static void undo_answer(struct chat *c, struct session *s, struct question *q,
                        const struct event *e)
{
	const struct rows *rows = e->rows;
	uint64_t number = *(const uint64_t *)q->data;
	const struct row *act = rows->n > 0 ? &rows->row[0] : NULL;
	bool reads = act != NULL && (role_of(s) >= ROLE_MODERATOR || is_its_own(s, act));

	if (rows->error != NULL) {
		emit_reply(c, s, "%s", rows->error);
	} else if (act == NULL || act->id != number ||
	           (!reads && !keeps_room_of(c, s, act->changed))) {
		/* The same reply whether there is none or s may not know of it. */
		emit_reply(c, s, "There is no moderation action #A%" PRIu64 " that you could take back. "
		           "%caudit lists yours.", number, c->config.command_prefix);
	} else if (!undo_is_data(act->changed)) {
		emit_reply(c, s, "#A%" PRIu64 " (%s %s) cannot be taken back%s", act->id,
		           act->sender, act->body,
		           is_old(act->changed) ? ": an older version of chatd recorded it." : ".");
	} else {
		if (reads)
			emit_reply(c, s, "Taking back #A%" PRIu64 " (%s %s):", act->id, act->sender,
			           act->body);
		else
			emit_reply(c, s, "Taking back #A%" PRIu64 ":", act->id);
		take_back(c, s, act);
	}
}

static void take(struct question *q, uint64_t number)
{
	q->data = mem_alloc(sizeof number);
	memcpy(q->data, &number, sizeof number);
	q->free_data = free;
}

static void put(const struct question *q, struct bytes *b)
{
	fields_put_number(b, "number", (int64_t)*(const uint64_t *)q->data);
}

static bool get(struct chat *c, struct question *q, const char *fields)
{
	(void)c;
	take(q, (uint64_t)fields_get_number(fields, "number"));
	return true;
}

const struct shared_question undo_shared = {"undo", undo_answer, put, get, NULL};

void cmd_undo(struct chat *c, struct session *s, const struct args *a)
{
	uint64_t n = undo_number(a->arg[0]);
	struct question *q;

	if (n == 0) {
		command_usage(c, s, "undo");
		return;
	}
	q = history_ask(c, s, undo_answer, HISTORY_SAVED,
	                (struct query){.kind = QUERY_AUDIT, .limit = 1, .before_id = n + 1,
	                                .audit = {.words = ""}});
	if (q == NULL)
		return;
	take(q, n);
	q->shared = &undo_shared;
}
