/* What one person says to another alone. Owns struct telling. */

#include "chatd/core/moderation/private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/rooms/mention.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/question.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

bool private_may(struct chat *c, struct session *s, enum role to)
{
	const char *bar = c->moderation.guards > 0 ? moderation_bars_private(c, s, to) : NULL;

	if (bar != NULL)
		emit_reply(c, s, "Not sent: %s", bar);
	return bar == NULL;
}

/* -- what the sender is told --------------------------------------------------------------- */

/* What became of a text. The words of `result` pass between nodes. */
enum outcome { OUTCOME_READ, OUTCOME_IGNORED, OUTCOME_SLOW, OUTCOME_GONE, OUTCOME_BEHIND, OUTCOMES };

static const char *const outcomes[OUTCOMES] = {"read", "ignored", "slow", "gone", "behind"};

static void tell_sent(struct chat *c, struct session *s, const struct session *to, const char *text)
{
	bool ignored = session_ignores(s, to->key);

	emit_reply(c, s, "To %s: %s", to->nick, text);
	if (to->presence.away != NULL && (*to->presence.away == '\0' || ignored))
		emit_reply(c, s, "%s is away and may read it later.", to->nick);
	else if (to->presence.away != NULL)
		emit_reply(c, s, "%s is away (%s) and may read it later.", to->nick, to->presence.away);
	if (ignored)
		emit_reply(c, s, "You ignore %s, so you will not see an answer. %cunignore %s changes that.",
		           to->nick, c->config.command_prefix, to->nick);
}

/* nick: as they were called when it was sent. */
static void tell_outcome(struct chat *c, struct session *s, enum outcome outcome, const char *nick)
{
	switch (outcome) {
	case OUTCOME_IGNORED:
		emit_reply(c, s, "Not sent: %s does not accept messages from you.", nick);
		break;
	case OUTCOME_SLOW:
		emit_reply(c, s, "Not sent: %s's connection is too slow at present. Try again later.", nick);
		break;
	case OUTCOME_GONE:
		emit_reply(c, s, "Not sent: %s has just left.", nick);
		break;
	case OUTCOME_BEHIND:
		emit_reply(c, s, "Not sent: the server that %s is on has not heard of you yet. Try again in a moment.", nick);
		break;
	case OUTCOME_READ:
	case OUTCOMES:
		break;
	}
}

/* -- on one node --------------------------------------------------------------------------- */

static enum outcome deliver(struct chat *c, struct session *s, struct session *to, const char *text)
{
	struct line_info info = emit_info(LINE_PRIVATE, c->wall_ms, s->nick);

	if (session_ignores(to, s->key))
		return OUTCOME_IGNORED;
	if (to->reading.slow)
		return OUTCOME_SLOW;
	info.marked = to->input.console.view && mention_is(c, to, text);
	/* No name has a blank or '>' in it, so this cannot be mistaken for a line said in the room. */
	emit_told(c, to, info, "%s[%s -> you]:%s",
	          format_stamp(&c->stamp, c->wall_ms), s->nick, text);
	to->mail.reply_to = person_ref(s);
	return OUTCOME_READ;
}

/* -- to another one ------------------------------------------------------------------------ */

/* A text whose node has not answered yet. */
struct telling {
	struct person_ref to;
	char *nick, *text;       /* owned; theirs, when it was sent, and what */
};

static void telling_free(void *p)
{
	struct telling *t = p;

	free(t->nick);
	free(t->text);
	free(t);
}

static const char what_text[] = "text", what_answer[] = "answer", what_notice[] = "notice";

/* Begins what passes between nodes; "NODE " first. */
static void begin(const struct chat *c, struct bytes *b, const struct node *to, const char *what)
{
	bytes_printf(b, "%s ", to->name);
	fields_put(b, "what", what);
	fields_put(b, "from", c->cluster.self->name);
}

static void telling_answered(struct chat *c, struct session *s, struct question *q, const struct event *e)
{
	struct telling *t = q->data;
	const struct session *to = person_at(c, &t->to);
	enum outcome outcome = OUTCOMES;
	char *result;

	if (e->kind == EVENT_UNHEARD && c->outage.reason != NULL) {
		emit_reply(c, s, "%s may not have got that: %s. Try again in a minute.", t->nick, c->outage.reason);
		return;
	}
	if (e->kind == EVENT_UNHEARD) {
		emit_reply(c, s, "%s may not have got that: the server that they are on, %s, does not answer. Try again in a "
		           "minute.", t->nick, t->to.node->name);
		return;
	}
	result = fields_get(e->told.text, "result");
	for (int i = 0; i < OUTCOMES; i++)
		if (strcmp(outcomes[i], result) == 0)
			outcome = (enum outcome)i;
	free(result);
	if (outcome == OUTCOME_READ && to != NULL)
		tell_sent(c, s, to, t->text);
	else if (outcome == OUTCOME_READ)
		emit_reply(c, s, "To %s: %s", t->nick, t->text);
	else
		tell_outcome(c, s, outcome, t->nick);
}

static void tell_elsewhere(struct chat *c, struct session *s, const struct session *to, const char *text)
{
	struct question *q = question_new(c, s, telling_answered);
	struct telling *t = mem_zero(1, sizeof *t);
	struct bytes b = {0};

	t->to = person_ref(to);
	t->nick = mem_strdup(to->nick);
	t->text = mem_strdup(text);
	q->data = t;
	q->free_data = telling_free;
	begin(c, &b, to->person.node, what_text);
	fields_put_number(&b, "by", (int64_t)s->person.number);
	fields_put_number(&b, "number", (int64_t)q->number);
	fields_put_number(&b, "to", (int64_t)to->person.number);
	fields_put(&b, "text", text);
	question_tell(c, q, b.data);
	bytes_release(&b);
}

void private_tell(struct chat *c, struct session *s, struct session *to, const char *text)
{
	enum outcome outcome;

	if (to == s) {
		emit_reply(c, s, "Not sent: that is you.");
		return;
	}
	if (!private_may(c, s, role_of(to)))
		return;
	if (person_is_remote(to) && to->person.node != c->cluster.self) {
		tell_elsewhere(c, s, to, text);
		return;
	}
	/* Their connection is gone, which the other nodes have not heard yet. */
	outcome = person_is_remote(to) ? OUTCOME_GONE : deliver(c, s, to, text);
	if (outcome == OUTCOME_READ)
		tell_sent(c, s, to, text);
	else
		tell_outcome(c, s, outcome, to->nick);
}

void private_notice(struct chat *c, struct session *to, const char *text)
{
	struct bytes b = {0};

	if (!person_is_remote(to)) {
		emit_reply(c, to, "%s", text);
		return;
	}
	if (to->person.node == NULL || to->person.node == c->cluster.self)
		return;
	begin(c, &b, to->person.node, what_notice);
	fields_put_number(&b, "to", (int64_t)to->person.number);
	fields_put(&b, "text", text);
	emit_tell(c, b.data, b.len);
	bytes_release(&b);
}

/* -- from another one ------------------------------------------------------------------------ */

/* Somebody with a connection here; NULL: they have left. */
static struct session *here(const struct chat *c, const char *fields, const char *field)
{
	struct session *s = person_of(c->cluster.self, (uint64_t)fields_get_number(fields, field));

	return s != NULL && !person_is_remote(s) && s->state == SESSION_CHAT ? s : NULL;
}

static void hear_text(struct chat *c, struct node *from, const char *fields)
{
	struct session *to = here(c, fields, "to"), *s = person_of(from, (uint64_t)fields_get_number(fields, "by"));
	char *text = fields_get_text(fields, "text", BODY_BYTES_MAX);
	enum outcome outcome = OUTCOME_BEHIND;
	struct bytes b = {0};

	if (to == NULL)
		outcome = OUTCOME_GONE;
	else if (s != NULL && s->state == SESSION_CHAT)
		outcome = deliver(c, s, to, text);
	begin(c, &b, from, what_answer);
	fields_put_number(&b, "by", fields_get_number(fields, "by"));
	fields_put_number(&b, "number", fields_get_number(fields, "number"));
	fields_put(&b, "result", outcomes[outcome]);
	emit_tell(c, b.data, b.len);
	bytes_release(&b);
	free(text);
}

/* The question of somebody here that the text, or the answer to it, was about; NULL: none any more. */
static struct question *question_told(const struct chat *c, const char *fields)
{
	const struct session *s = here(c, fields, "by");

	return s != NULL ? question_numbered(s, EVENT_TOLD, (uint64_t)fields_get_number(fields, "number")) : NULL;
}

static struct question *hear_answer(const struct chat *c, const struct node *from, const char *fields)
{
	struct question *q = question_told(c, fields);

	return q != NULL && ((const struct telling *)q->data)->to.node == from ? q : NULL;
}

static void hear_notice(struct chat *c, const char *fields)
{
	struct session *to = here(c, fields, "to");
	char *text = fields_get_text(fields, "text", BODY_BYTES_MAX);

	if (to != NULL)
		emit_reply(c, to, "%s", text);
	free(text);
}

struct question *private_told(struct chat *c, const struct event *e)
{
	char *what = fields_get(e->told.text, "what"), *name = fields_get(e->told.text, "from");
	struct node *from = c->cluster.self != NULL ? cluster_find(c, name) : NULL;
	struct question *q = NULL;

	if (from == NULL || from == c->cluster.self) {
		/* No node that has ever done anything. */
	} else if (strcmp(what, what_text) == 0) {
		hear_text(c, from, e->told.text);
	} else if (strcmp(what, what_answer) == 0) {
		q = hear_answer(c, from, e->told.text);
	} else if (strcmp(what, what_notice) == 0) {
		hear_notice(c, e->told.text);
	}
	free(what);
	free(name);
	return q;
}

struct question *private_unheard(struct chat *c, const struct event *e)
{
	char *what = fields_get(e->told.text, "what");
	bool text = c->cluster.self != NULL && strcmp(what, what_text) == 0;

	free(what);
	return text ? question_told(c, e->told.text) : NULL;
}
