/*
 * chat_step: hands each event to the modules that it concerns.
 *
 * Owns struct chat. Does no I/O and has no clock: each event carries its own time.
 */

#include "chatd/core/chat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/core/apply.h"
#include "chatd/core/commands/table.h"
#include "chatd/core/entry/admission.h"
#include "chatd/core/entry/dialogue.h"
#include "chatd/core/entry/greeting.h"
#include "chatd/core/entry/guess.h"
#include "chatd/core/entry/login.h"
#include "chatd/core/entry/resume.h"
#include "chatd/core/entry/waiting.h"
#include "chatd/core/entry/welcome.h"
#include "chatd/core/entry/negotiation.h"
#include "chatd/core/input.h"
#include "chatd/core/input/console.h"
#include "chatd/core/load.h"
#include "chatd/core/moderation/filter.h"
#include "chatd/core/moderation/flood.h"
#include "chatd/core/moderation/lockdown.h"
#include "chatd/core/moderation/private.h"
#include "chatd/core/moderation/report.h"
#include "chatd/core/moderation/shutdown.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/forget.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/people/name.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/ban.h"
#include "chatd/core/rooms/eject.h"
#include "chatd/core/rooms/history.h"
#include "chatd/core/rooms/join.h"
#include "chatd/core/rooms/mention.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/rooms/removal.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/rooms/seen.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/exempt.h"
#include "chatd/core/state/question.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"
#include "chatd/core/typing.h"

/* The core keeps copies of the texts. */
static void take_face(struct chat *c)
{
	welcome_configure(c, &c->config.face);
	c->config.face = (struct chat_face){0};
}

static void make_lobby(struct chat *c, const char *name)
{
	char key[NAME_KEY_BYTES_MAX + 1];

	name_key(name, strlen(name), key);
	c->rooms.lobby = room_new(c, name, key, 0);
}

struct chat *chat_new(const struct chat_config *config, uint64_t last_seq, uint32_t last_room)
{
	struct chat *c = mem_zero(1, sizeof *c);

	c->config = *config;
	take_face(c);
	c->commands = commands;
	exempt_configure(c);
	c->records.seq = c->records.stored_seq = last_seq;
	c->rooms.last_number = last_room;
	c->input.throttled.due_ms = INT64_MAX;
	c->people.nslots = config->connections_max + CONTROL_SLOTS;
	c->people.sessions = mem_zero(c->people.nslots, sizeof *c->people.sessions);
	c->entry.admission.held = mem_zero(c->people.nslots, sizeof *c->entry.admission.held);
	c->entry.admission.held_exempt =
		mem_zero(c->people.nslots, sizeof *c->entry.admission.held_exempt);
	c->people.unnamed.list = mem_zero(c->people.nslots, sizeof *c->people.unnamed.list);
	c->output.effects = mem_zero((size_t)EFFECTS_MAX + EFFECTS_ROWS_MAX + c->people.nslots, sizeof *c->output.effects);
	c->output.arena = mem_alloc(ARENA_BYTES);
	bans_begin(c);
	make_lobby(c, config->face.lobby != NULL ? config->face.lobby : "general");
	return c;
}

void chat_begin_cluster(struct chat *c, const char *node)
{
	cluster_begin(c, node);
}

void chat_configure(struct chat *c, const struct chat_config *config)
{
	uint32_t connections_max = c->config.connections_max;

	c->config = *config;
	c->config.connections_max = connections_max;
	take_face(c);
	exempt_configure(c);
	/* With new rate limits, some delayed people may be able to go on at once. */
	if (c->input.throttled.first != NULL)
		c->input.throttled.due_ms = c->now_ms;
}

/* -- events ------------------------------------------------------------------------------ */

static void on_stop(struct chat *c)
{
	c->stopping = true;
	shutdown_farewell(c);
}

/* The account has changed since q was asked, so the answer says nothing about it any more. */
static void tell_changed(struct chat *c, struct session *s, const struct question *q)
{
	emit_reply(c, s, account_at(c, &q->account) == NULL ? "That account no longer exists."
	           : "The password of that account was just changed. Please start again.");
	if (s->dialogue != NULL)
		login_give_up(c, s);
}

void chat_answer(struct chat *c, struct question *q, const struct event *e)
{
	struct session *s = q->session;

	question_take(c, q);
	if (q->shared != NULL && chat_defers(c)) {
		answer_propose(c, q, e->rows);
		question_free(q);
		return;
	}
	if (q->account.key != NULL && !account_unchanged(c, &q->account))
		tell_changed(c, s, q);
	else
		q->then(c, s, q, e);
	if (s != NULL && q->holds && session_lives(s)) {
		session_go_on(c, s);
		/* People whom an earlier step had no room for are removed in a tick of their own. */
		if (!c->rooms.ejections.due)
			eject_run(c);
	}
	question_free(q);
}

/* Handles an event that concerns the session s. */
static void step_session(struct chat *c, struct session *s, struct event *e)
{
	switch (e->kind) {
	case EVENT_EOF:
		s->reading.arrived = e->closed.arrived;
		input_eof(c, s);
		break;
	case EVENT_CLOSED:
		s->reading.arrived = e->closed.arrived;
		mail_arrived(c, s, &s->reading.arrived);
		resume_keep(c, s);
		session_end(c, s, e->closed.reason, false);
		break;
	case EVENT_SLOW:
		s->reading.slow = true;
		break;
	case EVENT_DRAINED:
		s->reading.slow = false;
		session_go_on(c, s);
		break;
	case EVENT_WAITS:
		emit_reply(c, s, "The chat is busier than it can save and send, so your lines have to wait. "
		           "Nothing is lost.");
		break;
	case EVENT_SKIPPED:
		history_skipped(c, s, e->skipped.feed, e->skipped.lines, e->skipped.first_id);
		break;
	default:
		break;
	}
}

/* What comes out of the database is checked like what is typed. */
static void on_rows(struct chat *c, struct event *e)
{
	const struct rows *given = e->rows;
	struct question *q = question_of(c, e);
	struct loaded_rows *loaded = q != NULL ? load_rows(c, given) : NULL;

	if (loaded != NULL)
		e->rows = &loaded->rows;
	if (q != NULL)
		chat_answer(c, q, e);
	e->rows = given;
	load_rows_free(loaded);
}

/* Between nodes, past the acts. */
static void on_told(struct chat *c, const struct event *e)
{
	struct question *q = e->kind == EVENT_TOLD ? private_told(c, e) : private_unheard(c, e);

	if (q != NULL)
		chat_answer(c, q, e);
}

/* Other nodes that have not answered. */
static void give_up_telling(struct chat *c)
{
	struct question *q;

	while (emit_has_room(c) && (q = question_untold(c)) != NULL)
		chat_answer(c, q, &(struct event){.kind = EVENT_UNHEARD});
}

static void on_program(struct chat *c, const struct event *e)
{
	struct question *q = question_of(c, e);

	if (q != NULL)
		chat_answer(c, q, e);
}

/* Ends s, to make way for a new connection. */
static void make_way(struct chat *c, struct session *s)
{
	struct conn_id conn = s->id; /* which it loses in a cluster */

	emit_raw(c, s, "\n", 1);
	emit_reply(c, s, "%s", s->state == SESSION_LOGIN ? ADMISSION_MAKE_WAY : ADMISSION_FULL);
	resume_keep(c, s);
	session_end(c, s, NULL, false);
	emit_drop(c, conn); /* after it has left its room: the server forgets it now */
}

static void on_connected(struct chat *c, struct event *e)
{
	struct session *way, *s;

	e->connected.refused = admission_refuses(c, e, &way, &e->connected.why);
	if (e->connected.refused != NULL)
		return;
	if (way != NULL)
		make_way(c, way);
	s = session_begin(c, e);
	admission_count(c, s);
	if (e->connected.telnet && s->state == SESSION_LOGIN)
		negotiation_begin(c, s);
	greeting_begin(c, s, e->connected.user);
}

/* All nodes delete old lines, each in its own time; the room ends on all at one point. */
static void propose_empty(struct chat *c, const struct event *e)
{
	char text[64];

	snprintf(text, sizeof text, "room=%" PRIu32 " up_to=%" PRIu64, e->empty.room, e->empty.up_to_seq);
	act_propose(c, NULL, ACT_EMPTY, text);
}

/* Handles the store's reports about itself. False: the event is not one of these. */
static bool step_store(struct chat *c, const struct event *e)
{
	switch (e->kind) {
	case EVENT_STORED:
		c->records.stored_seq = e->stored.seq;
		outage_tick(c);
		return true;
	case EVENT_STORE_FAILED:
		outage_begin(c, e->failure.reason, e->failure.advice);
		waiting_all(c);
		return true;
	case EVENT_STORE_FULL:
		outage_full(c);
		return true;
	case EVENT_STORE_LOW:
		outage_low(c);
		return true;
	case EVENT_STORE_BACK:
		outage_end(c);
		return true;
	case EVENT_STORE_CLOCK:
		c->rooms.removal.clock_doubted = e->doubted;
		return true;
	case EVENT_NOTICE:
		outage_notice(c, e->notice);
		return true;
	case EVENT_ROOM_EMPTY:
		if (chat_defers(c))
			propose_empty(c, e);
		else
			room_emptied(c, e->empty.room, e->empty.up_to_seq);
		return true;
	default:
		return false;
	}
}

/* All nodes do at one point in their order what is due on any of them. */
static void propose_tick(struct chat *c)
{
	if (act_due_ms(c) > c->now_ms)
		return;
	c->cluster.ticked_ms = c->now_ms;
	act_propose(c, NULL, ACT_TICK, "");
}

static void on_tick(struct chat *c)
{
	flood_tick(c);
	greeting_tick(c);
	negotiation_tick(c);
	login_tick(c);
	waiting_tick(c);
	question_tick(c);
	give_up_telling(c);
	room_tick(c);
	shutdown_tick(c);
	outage_tick(c);
	mention_tick(c);
	seen_tick(c);
	if (chat_defers(c))
		propose_tick(c);
	else
		act_tick(c);
}

/* Frees the sessions that are over. Sessions are freed only here, at the end of a step, when
 * nothing in it looks at them any more. */
static void reap(struct chat *c)
{
	while (c->people.ended != NULL) {
		struct session *s = c->people.ended;

		DL_DELETE(c->people.ended, s);
		eject_forget(c, s);
		console_forget(c, s);
		dialogue_free(s->dialogue);
		session_free(c, s);
	}
}

void chat_step(struct chat *c, struct event *e)
{
	struct session *s;

	if (c->output.secret)
		explicit_bzero(c->output.arena, c->output.arena_len);
	c->output.secret = false;
	c->output.n = 0;
	c->output.arena_len = 0;
	if (e->now_ms > c->now_ms)
		c->now_ms = e->now_ms;
	c->wall_ms = e->wall_ms;
	if (c->started_ms == 0)
		c->started_ms = c->wall_ms;
	if (c->rooms.removal.due_ms == 0) {
		c->rooms.removal.due_ms = c->now_ms + ROOMS_LOOK_FIRST_MS;
		c->rooms.removal.ahead_ms = c->wall_ms - c->now_ms;
	}
	switch (e->kind) {
	case EVENT_CONNECTED:
		on_connected(c, e);
		break;
	case EVENT_RELEASED:
		admission_released(c, e->conn);
		break;
	case EVENT_BYTES:
		input_bytes(c, e);
		break;
	case EVENT_TICK:
		on_tick(c);
		break;
	case EVENT_INCARNATION:
		cluster_incarnate(c, e->incarnation);
		break;
	case EVENT_LEASE_OVER:
		cluster_lease_over(c, e->lease.node, e->lease.incarnation);
		break;
	case EVENT_ACT:
		act_apply(c, e);
		break;
	case EVENT_TOLD:
	case EVENT_UNHEARD:
		on_told(c, e);
		break;
	case EVENT_STOP:
		on_stop(c);
		break;
	case EVENT_ROWS:
		on_rows(c, e);
		break;
	case EVENT_RELOADED:
	case EVENT_FIGURES:
	case EVENT_ARRIVED:
		on_program(c, e);
		break;
	default:
		if (step_store(c, e)) {
			mention_tick(c);
			break;
		}
		s = chat_session(c, e->conn);
		if (s != NULL)
			step_session(c, s, e);
		break;
	}
	input_finish(c);
	typing_draw(c);
	rooms_release_left(c);
	reap(c);
}

void chat_load_cluster(struct chat *c, const char *text)
{
	room_renumber(c, c->rooms.lobby, cluster_load(c, text));
}

bool chat_is_up(const struct chat *c)
{
	return cluster_is_up(c);
}

bool chat_goes_on(const struct chat *c)
{
	return act_goes_on(c);
}

uint64_t chat_digest(const struct chat *c)
{
	return cluster_digest(c);
}

const struct effect *chat_effects(const struct chat *c, size_t *n)
{
	*n = c->output.n;
	return c->output.effects;
}

int64_t chat_due_ms(const struct chat *c)
{
	const int64_t due_ms[] = {
		flood_due_ms(c), greeting_due_ms(c), negotiation_due_ms(c), login_due_ms(c), waiting_due_ms(c), input_due_ms(c), typing_due_ms(c),
		question_due_ms(c), room_due_ms(c), shutdown_due_ms(c), outage_due_ms(c), seen_due_ms(c), mention_due_ms(c),
		act_due_ms(c),
	};
	int64_t first_ms = INT64_MAX;

	for (size_t i = 0; i < sizeof due_ms / sizeof due_ms[0]; i++)
		if (due_ms[i] < first_ms)
			first_ms = due_ms[i];
	return first_ms;
}

uint32_t chat_feeds_max(void)
{
	return ROOMS_MAX * 2;
}

bool chat_owes(const struct chat *c)
{
	return chat_can_save(c) &&
	       (forget_waiting(c) > 0 || c->rooms.removal.ndoomed > 0 || c->moderation.reports.unsaved);
}

uint64_t chat_unstored(const struct chat *c)
{
	return c->records.seq - c->records.stored_seq;
}

uint64_t chat_unmarked(const struct chat *c)
{
	uint64_t lines = 0;

	for (uint32_t slot = 0; slot < c->rooms.top; slot++)
		lines += c->rooms.slot[slot] != NULL ? c->rooms.slot[slot]->lines.gap.lines : 0;
	return lines;
}

uint32_t chat_people(const struct chat *c)
{
	return c->people.n;
}

uint32_t chat_rooms(const struct chat *c)
{
	return c->rooms.n;
}

void chat_count(const struct chat *c, struct chat_counts *counts)
{
	*counts = c->status.counts;
	counts->unnamed = c->people.unnamed.n;
	counts->named = cluster_people_here(c);
}

/* The notices that this makes are never sent. */
static void drop(struct chat *c, struct session *s)
{
	c->output.n = 0;
	c->output.arena_len = 0;
	c->cluster.applying = true;
	if (session_lives(s))
		session_end(c, s, NULL, false);
	reap(c);
}

void chat_free(struct chat *c)
{
	c->stopping = true;
	for (uint32_t i = 0; i < c->people.nslots; i++)
		if (c->people.sessions[i] != NULL)
			drop(c, c->people.sessions[i]);
	for (struct node *n = c->cluster.nodes; n != NULL; n = n->hh.next)
		while (n->people != NULL)
			drop(c, n->people);
	questions_free(c);
	mentions_free(c);
	rooms_free(c);
	accounts_free(c);
	bans_free(c);
	filters_free(c);
	lockdown_free(c);
	reports_free(c);
	guesses_free(c);
	origins_free(&c->people.origins);
	resume_free(c);
	welcome_free(&c->entry.welcome);
	cluster_free(c);
	forget_free(c);
	shares_free(c);
	shutdown_free(&c->status);
	free(c->status.backup);
	free(c->people.sessions);
	free(c->entry.admission.held);
	free(c->entry.admission.held_exempt);
	free(c->people.unnamed.list);
	free(c->output.effects);
	explicit_bzero(c->output.arena, ARENA_BYTES);
	free(c->output.arena);
	free(c->outage.reason);
	bytes_release(&c->scratch);
	free(c);
}
