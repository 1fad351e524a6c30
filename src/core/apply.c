/*
 * Applying acts: the one order in which all nodes change what they share. Owns nothing.
 *
 * What is done here must depend on the acts so far and on nothing else: not on this node's clock, connections,
 * randomness, or disk.
 */

#include "chatd/core/apply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/fields.h"
#include "chatd/core/agreement.h"
#include "chatd/base/text.h"
#include "chatd/core/commands/cmd_account.h"
#include "chatd/core/commands/cmd_cert.h"
#include "chatd/core/commands/cmd_cluster.h"
#include "chatd/core/commands/command.h"
#include "chatd/core/commands/cmd_lines.h"
#include "chatd/core/commands/cmd_report.h"
#include "chatd/core/commands/cmd_role.h"
#include "chatd/core/commands/cmd_undo.h"
#include "chatd/core/entry/dialogue.h"
#include "chatd/core/entry/login.h"
#include "chatd/core/entry/password.h"
#include "chatd/core/entry/waiting.h"
#include "chatd/core/entry/room_entry.h"
#include "chatd/core/entry/resume.h"
#include "chatd/core/input.h"
#include "chatd/core/moderation/lockdown.h"
#include "chatd/core/moderation/report.h"
#include "chatd/core/people/forget.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/people/session.h"
#include "chatd/core/people/account_act.h"
#include "chatd/core/people/mail_act.h"
#include "chatd/core/roster.h"
#include "chatd/core/rooms/ban.h"
#include "chatd/core/rooms/eject.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/rooms/removal.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/rooms/seen.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/question.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

/* An act, taken apart. */
struct act {
	struct node *node;        /* NULL: of a node that nobody knows */
	char name[NODE_BYTES_MAX + 1]; /* its name */
	uint64_t incarnation, number;
	enum act_kind kind;
	uint64_t person;
	const char *text;
};

/* False: it is none. */
static bool parse(const struct chat *c, const char *text, struct act *a)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
	char *end;

	if (len == 0 || len > NODE_BYTES_MAX || text[len] != ' ')
		return false;
	memcpy(a->name, text, len);
	a->name[len] = '\0';
	a->node = cluster_find(c, a->name);
	a->incarnation = strtoull(text + len + 1, &end, 10);
	a->number = strtoull(end, &end, 10);
	if (*end != ' ' || end[1] == '\0')
		return false;
	a->kind = (enum act_kind)end[1];
	a->person = strtoull(end + 2, &end, 10);
	if (*end != ' ')
		return false;
	a->text = end + 1;
	/* A node is known from its start on. */
	return a->node != NULL || a->kind == ACT_NODE;
}

/* -- nodes --------------------------------------------------------------------------------- */

static int by_number(const struct session *a, const struct session *b)
{
	return a->person.number < b->person.number ? -1 : a->person.number > b->person.number;
}

static void end_lost(struct chat *c, struct session *s)
{
	resume_keep(c, s);
	session_end(c, s, CONNECTION_LOST, false);
}

/* Somebody whom this node proposed in an incarnation that is over: to all others they have left. */
static void end_here(struct chat *c, struct session *s)
{
	if (s->state == SESSION_LOGIN) {
		waiting_again(c, s);
		return;
	}
	resume_keep(c, s);
	if (s->state == SESSION_CHAT && !s->trusted && !s->input.eof) {
		waiting_return(c, s);
		return;
	}
	emit_reply(c, s, "This server was cut off from the others of this chat for too long, so you have left it. Connect "
	           "again.");
	session_end(c, s, CONNECTION_LOST, true);
}

/* In which incarnation of their node somebody was first heard of (cluster_incarnate). */
static uint64_t incarnation_of(uint64_t person)
{
	return (person & ~PERSON_HOST) >> 32;
}

/* The people of a node's incarnations before that one leave, in the order in which they came: there may be more than a
 * step has room for. (Names that were given in it are on their way.) */
static void end_people(struct chat *c)
{
	struct session *s, *next;

	if (c->cluster.ending.node == NULL)
		return;
	HASH_ITER(person.hh, c->cluster.ending.node->people, s, next) {
		if (incarnation_of(s->person.number) >= c->cluster.ending.before)
			continue;
		/* Only these are the same on all nodes. */
		if (s->state == SESSION_CHAT && !act_has_room(c))
			return;
		if (person_is_remote(s))
			end_lost(c, s);
		else
			end_here(c, s);
	}
	c->cluster.ending.node = NULL;
}

static void begin_end(struct chat *c, struct node *n, uint64_t incarnation)
{
	if (n->up || n->incarnation == 0)
		n->down_ms = c->cluster.at_ms;
	n->up = false;
	cluster_node_changed(n);
	HASH_SRT(person.hh, n->people, by_number);
	c->cluster.ending.node = n;
	c->cluster.ending.before = incarnation;
	end_people(c);
}

static void propose_gone(struct chat *c, const struct node *n)
{
	char text[NODE_BYTES_MAX + 32];

	snprintf(text, sizeof text, "%s %" PRIu64, n->name, n->incarnation);
	act_propose(c, NULL, ACT_GONE, text);
}

/* The people of a node that has lost its lease, which nobody else has noticed: all stay. What was under way of those here,
 * and was not done by now, will not be; and whoever has no name yet is somebody else from now on. */
static void stay(struct chat *c, const struct act *a)
{
	struct session *s, *next;

	HASH_ITER(person.hh, a->node->people, s, next) {
		if (a->node != c->cluster.self)
			break;
		if (s->state == SESSION_LOGIN && incarnation_of(s->person.number) < a->incarnation && person_is_remote(s))
			session_end(c, s, NULL, false);
		else if (s->state == SESSION_LOGIN && incarnation_of(s->person.number) < a->incarnation)
			waiting_again(c, s);
		else if (s->person.before > 0)
			waiting_in_vain(c, s);
	}
}

static bool is_this(const struct chat *c, const struct act *a)
{
	return a->node == c->cluster.self && a->incarnation == c->cluster.incarnation;
}

/* This node cannot be one of them. */
static void refused(struct chat *c, const struct act *a, const char *why)
{
	if (is_this(c, a))
		emit_unfit(c, why);
}

static void apply_node(struct chat *c, struct act *a)
{
	bool stays = a->node != NULL && a->node->up && a->node->incarnation != 0 &&
	             a->node->incarnation == (uint64_t)fields_get_number(a->text, "continues");
	bool fresh = a->node == NULL;
	char why[AGREEMENT_WHY_BYTES];

	if (fresh)
		a->node = cluster_node(c, a->name);
	if (stays)
		stay(c, a);
	else
		begin_end(c, a->node, a->incarnation);
	a->node->incarnation = a->incarnation;
	a->node->number = a->number;
	a->node->up = agreement_takes(c, a->node, a->text, why);
	cluster_node_changed(a->node);
	if (!a->node->up && stays)
		begin_end(c, a->node, a->incarnation);
	if (!a->node->up) {
		refused(c, a, why);
		if (fresh)
			cluster_node_drop(c, a->node);
		return;
	}
	cluster_forget_nodes(c);
	if (agreement_other_base(c) != NULL)
		emit_unfit(c, agreement_other_base(c));
	/* Other rooms are saved when they are made. */
	if (!c->rooms.lobby->kept)
		setting_save(c, c->rooms.lobby);
	/* It came after its lease was over. */
	if (a->node->over >= a->incarnation && a->node != c->cluster.self)
		propose_gone(c, a->node);
}

/* "NAME INCARNATION": that node's lease is over. */
static void apply_gone(struct chat *c, const char *text)
{
	const char *blank = strchr(text, ' ');
	char *name = mem_strdup(text);
	struct node *n = NULL;

	if (blank != NULL) {
		name[blank - text] = '\0';
		n = cluster_find(c, name);
	}
	free(name);
	if (n != NULL && n->up && n->incarnation == strtoull(blank, NULL, 10))
		begin_end(c, n, n->incarnation + 1);
}

/* -- people -------------------------------------------------------------------------------- */

/* Nobody of an earlier incarnation comes in: their node has forgotten them when this one began. */
static bool is_forgotten(const struct act *a)
{
	return person_of(a->node, a->person) == NULL && incarnation_of(a->person) != a->incarnation;
}

static void apply_enter(struct chat *c, const struct act *a)
{
	struct session *s = person_of(a->node, a->person);
	char *name;

	if (is_forgotten(a))
		return;
	name = fields_get(a->text, "name");
	if (s == NULL)
		s = session_begin_remote(c, a->node, a->person, false, a->text);
	if (s->state != SESSION_LOGIN) {
		free(name);
		return;
	}
	login_enter(c, s, name, fields_get_number(a->text, "more") != 0);
	if (s->state == SESSION_LOGIN && person_is_remote(s))
		session_end(c, s, NULL, false);
	free(name);
}

/* Somebody who signs in, or comes back, may come from the prompt of another node. */
static void apply_comer(struct chat *c, const struct act *a)
{
	struct session *s = person_of(a->node, a->person);

	if (is_forgotten(a))
		return;
	if (s == NULL)
		s = session_begin_remote(c, a->node, a->person, false, a->text);
	if (s->state != SESSION_LOGIN && s->state != SESSION_CHAT)
		return;
	if (a->kind == ACT_SIGN_IN)
		login_sign_in_apply(c, s, a->text);
	else
		resume_apply(c, s, a->text);
	if (s->state == SESSION_LOGIN && person_is_remote(s))
		session_end(c, s, NULL, false);
}

/* No node proposes a command that is for one node alone, and none is run here. */
static void apply_line(struct chat *c, struct session *s, const char *text)
{
	size_t len = strlen(text);

	if (!input_is_talk(c, text) && !command_is_shared(c, text + 1))
		return;
	if (person_is_remote(s))
		s->presence.said_ms = c->now_ms;
	memcpy(c->input.body, text, len + 1);
	input_act(c, s, len);
}

static void apply_host(struct chat *c, struct session *s, const struct act *a)
{
	char *line = mem_strdup(a->text);

	if (s->state == SESSION_HOST && command_is_shared(c, line))
		command_run(c, s, line);
	free(line);
}

static void apply_end(struct chat *c, struct session *s, const char *text)
{
	char *why = fields_get_text(text, "why", BODY_BYTES_MAX);

	if (fields_get_number(text, "keep") != 0)
		resume_keep(c, s);
	s->presence.farewell = fields_get_number(text, "farewell") != 0;
	session_end(c, s, *why != '\0' ? why : NULL, false);
	free(why);
}

/* -- answers ------------------------------------------------------------------------------- */

enum {
	HEAD_BYTES = 512,        /* of an act, with the name of a field */
	FIELD_EXPANSION = 3,     /* %20 */
};

static const struct shared_question *const shared[] = {&line_shared, &report_shared, &undo_shared, &code_shared};

/* The line, as far as an act has room for it behind the rest: no answer needs more. */
static void put_body(struct bytes *b, const char *body)
{
	size_t room = b->len + HEAD_BYTES < ACT_BYTES_MAX ? (ACT_BYTES_MAX - HEAD_BYTES - b->len) / FIELD_EXPANSION : 0;
	size_t len = strlen(body);
	char *part = mem_strdup(body);

	if (len > room)
		part[text_whole(part, room)] = '\0';
	fields_put(b, "body", part);
	free(part);
}

static void put_rows(struct bytes *b, const struct rows *rows, bool quotes)
{
	const struct row *row = rows->n > 0 ? &rows->row[0] : NULL;

	fields_put_number(b, "kind", rows->kind);
	fields_put(b, "error", rows->error != NULL ? rows->error : "");
	if (rows->kind == QUERY_CODES && rows->error == NULL)
		fields_put(b, "hashes", rows->codes.hashes);
	if (row == NULL)
		return;
	fields_put_number(b, "id", (int64_t)row->id);
	fields_put_number(b, "time", row->time_ms);
	fields_put_number(b, "line", row->kind);
	fields_put_number(b, "room", row->room);
	fields_put(b, "room_name", row->room_name);
	fields_put(b, "sender", row->sender);
	fields_put(b, "changed", row->changed != NULL ? row->changed : "");
	if (quotes)
		put_body(b, row->body);
}

void answer_propose(struct chat *c, const struct question *q, const struct rows *rows)
{
	struct session *s = q->session;
	struct bytes b = {0};

	fields_put(&b, "what", q->shared->name);
	fields_put_number(&b, "in", q->in_room ? s->room->number : 0);
	q->shared->put(q, &b);
	put_rows(&b, rows, q->shared->quotes == NULL || q->shared->quotes(q));
	/* The codes themselves are for the asker alone. */
	if (rows->kind == QUERY_CODES && rows->error == NULL && s->person.kept == NULL)
		s->person.kept = mem_strdup(rows->codes.codes);
	act_propose(c, s, ACT_ANSWER, b.data);
	bytes_release(&b);
}

/* The answer, as its node has put it. */
static void hear(struct chat *c, struct session *s, struct question *q, const char *text)
{
	char *error = fields_get(text, "error"), *name = fields_get(text, "room_name"), *sender = fields_get(text, "sender");
	char *body = fields_get(text, "body"), *changed = fields_get(text, "changed"), *hashes = fields_get(text, "hashes");
	enum query_kind kind = (enum query_kind)fields_get_number(text, "kind");
	struct row row = {
		.id = (uint64_t)fields_get_number(text, "id"), .time_ms = fields_get_time(text, "time"),
		.kind = (enum record_kind)fields_get_number(text, "line"), .room = fields_get_count(text, "room", UINT32_MAX),
		.room_name = name, .sender = sender, .body = body, .changed = kind == QUERY_AUDIT ? changed : NULL,
	};
	struct rows rows = {.kind = kind, .row = &row, .n = row.id != 0, .error = *error != '\0' ? error : NULL};

	if (kind == QUERY_CODES) {
		rows.codes.codes = s->person.kept != NULL ? s->person.kept : "";
		rows.codes.hashes = hashes;
	}
	q->then(c, s, q, &(struct event){.kind = EVENT_ROWS, .rows = &rows});
	free(error);
	free(name);
	free(sender);
	free(body);
	free(changed);
	free(hashes);
}

static void apply_answer(struct chat *c, struct session *s, const char *text)
{
	uint32_t in = fields_get_count(text, "in", UINT32_MAX);
	struct question q = {.session = s};
	char *what = fields_get(text, "what");

	for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++)
		if (strcmp(shared[i]->name, what) == 0)
			q.shared = shared[i];
	free(what);
	/* They may have left the room that it was about. */
	if (q.shared != NULL && (in == 0 || (s->room != NULL && s->room->number == in)) && q.shared->get(c, &q, text)) {
		q.then = q.shared->then;
		hear(c, s, &q, text);
	}
	if (q.free_data != NULL)
		q.free_data(q.data);
	person_forget(s);
}

/* -- time ---------------------------------------------------------------------------------- */

enum { TICK_AGAIN_MS = 1000 };

void act_tick(struct chat *c)
{
	end_people(c);
	removal_tick(c);
	resume_tick(c);
	lockdown_tick(c);
	ban_tick(c);
	eject_run(c);
	report_tick(c);
	forget_tick(c);
}

int64_t act_due_ms(const struct chat *c)
{
	/* By the time of acts, which is the host's. */
	int64_t shared_ms = c->cluster.self == NULL ? 0 : c->now_ms - c->wall_ms;
	const int64_t due_ms[] = {
		removal_due_ms(c), resume_due_ms(c), lockdown_due_ms(c), ban_due_ms(c), eject_due_ms(c), report_due_ms(c),
		forget_due_ms(c),
	};
	int64_t first_ms = INT64_MAX;

	for (size_t i = 0; i < sizeof due_ms / sizeof due_ms[0]; i++) {
		int64_t at_ms = i < 2 && due_ms[i] != INT64_MAX ? due_ms[i] + shared_ms : due_ms[i];

		if (at_ms < first_ms)
			first_ms = at_ms;
	}
	if (c->cluster.self != NULL && first_ms < c->cluster.ticked_ms + TICK_AGAIN_MS)
		first_ms = c->cluster.ticked_ms + TICK_AGAIN_MS;
	return first_ms;
}

bool act_goes_on(const struct chat *c)
{
	return c->cluster.self != NULL && (c->cluster.ending.node != NULL || c->rooms.ejections.due || forget_waiting(c) > 0 || c->rooms.removal.ndoomed > 0 ||
	                                   c->rooms.bans.nending > 0 || c->moderation.reports.unsaved);
}

/* An act of somebody here, who may be waiting for it. */
static void act_answered(struct chat *c, struct session *s, const struct act *a)
{
	bool waited = session_waits(s);

	if (a->incarnation != c->cluster.incarnation)
		s->person.before -= s->person.before > 0;
	else if (a->kind == ACT_LINE && input_is_talk(c, a->text))
		s->person.said -= s->person.said > 0;
	else
		s->person.pending -= s->person.pending > 0;
	if (waited && !session_waits(s))
		session_go_on(c, s);
}

static void apply(struct chat *c, const struct act *a)
{
	struct session *s = a->person != 0 ? person_of(a->node, a->person) : NULL;

	/* A node that has started since they came does not have them. */
	if (s == NULL && (a->person & PERSON_HOST) != 0)
		s = session_begin_remote(c, a->node, a->person, true, "host=1");
	if (s != NULL && a->node == c->cluster.self)
		act_answered(c, s, a);
	switch (a->kind) {
	case ACT_NODE:
		break;
	case ACT_GONE:
		apply_gone(c, a->text);
		break;
	case ACT_ENTER:
		apply_enter(c, a);
		break;
	case ACT_LINE:
		if (s != NULL && s->state == SESSION_CHAT && strlen(a->text) <= BODY_BYTES_MAX)
			apply_line(c, s, a->text);
		break;
	case ACT_END:
		if (s != NULL)
			apply_end(c, s, a->text);
		break;
	case ACT_HOST:
		if (s != NULL)
			apply_host(c, s, a);
		break;
	case ACT_JOIN:
		if (s != NULL && s->state == SESSION_CHAT)
			room_entry_apply(c, s, a->text);
		break;
	case ACT_LOCK:
		if (s != NULL && session_lives(s))
			room_lock_apply(c, s, a->text);
		break;
	case ACT_CERT:
		if (s != NULL && s->state == SESSION_CHAT)
			cert_apply(c, s, a->text);
		break;
	case ACT_AUDIT:
		audit_apply(c, a->text);
		break;
	case ACT_PRUNE:
		emit_append(c, (struct record){.kind = RECORD_PRUNE, .time_ms = c->wall_ms, .room_name = ""});
		break;
	case ACT_EMPTY:
		room_emptied(c, fields_get_count(a->text, "room", UINT32_MAX), (uint64_t)fields_get_number(a->text, "up_to"));
		break;
	case ACT_ANSWER:
		if (s != NULL && (s->state == SESSION_CHAT || s->state == SESSION_HOST))
			apply_answer(c, s, a->text);
		break;
	case ACT_SIGN_IN:
	case ACT_RESUME:
		apply_comer(c, a);
		break;
	case ACT_CODE:
		if (s != NULL && session_lives(s))
			password_code_apply(c, s, a->text);
		break;
	case ACT_REGISTER:
		if (s != NULL && s->state == SESSION_CHAT)
			register_apply(c, s, a->text);
		break;
	case ACT_DROP:
		if (s != NULL && s->state == SESSION_CHAT)
			drop_apply(c, s, a->text);
		break;
	case ACT_ACCOUNT:
		account_change_as(c, a->text);
		if (s != NULL && session_is_here(s) && s->state == SESSION_CHAT)
			account_tell_done(c, s, a->text);
		break;
	case ACT_MAIL:
		if (s != NULL && s->state == SESSION_CHAT)
			mail_keep_apply(c, s, a->text);
		break;
	case ACT_READ:
		mail_read_apply(c, a->text);
		break;
	case ACT_SEEN:
		seen_apply(c, a->text);
		break;
	case ACT_TICK:
		act_tick(c);
		break;
	case ACT_COMPARE:
		compare_apply(c, a->node, a->incarnation, a->number);
		break;
	case ACT_DIGEST:
		compare_answered(c, a->node, a->text);
		break;
	}
	/* What they have asked is asked on their own node. */
	if (s != NULL && person_is_remote(s))
		question_drop_all(c, s);
}

/* -- what this node learns of itself and others ------------------------------------------- */

void cluster_incarnate(struct chat *c, uint64_t incarnation)
{
	uint64_t before = c->cluster.incarnation;
	struct session *s, *next;
	struct bytes b = {0};

	c->cluster.incarnation = incarnation;
	c->cluster.number = 0;
	/* Nobody of an earlier incarnation has the same number. */
	c->cluster.people = incarnation << 32;
	HASH_ITER(person.hh, c->cluster.self->people, s, next) {
		s->person.before += s->person.pending + s->person.said;
		s->person.pending = s->person.said = 0;
	}
	fields_put_number(&b, "continues", (int64_t)before);
	agreement_put(c, &b);
	act_propose(c, NULL, ACT_NODE, b.data);
	bytes_release(&b);
}

void cluster_lease_over(struct chat *c, const char *node, uint64_t incarnation)
{
	struct node *n = cluster_find(c, node);

	if (n == NULL || n == c->cluster.self)
		return;
	if (n->over < incarnation)
		n->over = incarnation;
	/* It may have ended before anybody heard of its beginning. */
	if (n->up && n->incarnation <= n->over)
		propose_gone(c, n);
}

/* -- acts ---------------------------------------------------------------------------------- */

/* The end of a step of an act. */
static void finish(struct chat *c)
{
	struct bytes b = {0};

	roster_save(c);
	c->cluster.applying = false;
	compare_settle(c);
	if (act_goes_on(c))
		return;
	cluster_noted(c);
	cluster_state(c, &b);
	emit_done(c, b.data, b.len);
	bytes_release(&b);
}

/* One that can be shown, and counted on from, whatever the engine says. */
static int64_t time_of(int64_t ms)
{
	return ms < 0 ? 0 : ms > TIME_MS_MAX ? TIME_MS_MAX : ms;
}

void act_apply(struct chat *c, const struct event *e)
{
	int64_t before_ms = c->cluster.at_ms;
	struct act a;

	c->cluster.done = 0;
	if (e->act.text == NULL) {
		c->cluster.applying = true;
		c->wall_ms = c->cluster.at_ms;
		act_tick(c);
		finish(c);
		return;
	}
	if (!parse(c, e->act.text, &a))
		return;
	c->cluster.applying = true;
	c->wall_ms = c->cluster.at_ms = time_of(e->act.at_ms);
	if (a.kind == ACT_NODE && a.incarnation > (a.node != NULL ? a.node->incarnation : 0)) {
		apply_node(c, &a);
	} else if (a.node != NULL && a.node->up && a.incarnation == a.node->incarnation && a.number > a.node->number) {
		a.node->number = a.number;
		cluster_node_changed(a.node);
		apply(c, &a);
	}
	removal_act(c, before_ms);
	finish(c);
}
