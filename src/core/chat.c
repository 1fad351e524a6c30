/*
 * chat_step: events to the modules they concern.
 *
 * Owns struct chat. Does no I/O, has no clock: what time it is comes with each
 * event. Input is taken line by line only while what a line may cause still fits
 * the effects (emit.h); the rest waits for a RESUME.
 */

#include "chatd/core/chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/emit.h"
#include "chatd/core/history.h"
#include "chatd/core/name.h"
#include "chatd/core/room.h"
#include "chatd/core/session.h"
#include "chatd/core/text.h"

enum {
	IAC = 0xff,            /* RFC 854 */
	PIECE_BYTES_MAX = 2048, /* telnet input is decoded in pieces of at most this: what each byte
	                         * of one may say (an interrupt) fits ARENA_PER_LINE_MAX */
};

_Static_assert(PIECE_BYTES_MAX * 100 <= ARENA_PER_LINE_MAX, "100 bytes are said to an interrupt");

struct chat *chat_new(const struct chat_config *config, uint64_t last_seq, uint32_t last_room)
{
	struct chat *c = mem_zero(1, sizeof *c);

	c->config = *config;
	c->seq = c->stored_seq = last_seq;
	c->last_room = last_room;
	c->throttle_due_ms = INT64_MAX;
	c->sessions = mem_zero(config->connections_max, sizeof *c->sessions);
	c->effects = mem_zero((size_t)EFFECTS_MAX + config->connections_max, sizeof *c->effects);
	c->arena = mem_alloc(ARENA_BYTES);
	c->lobby = room_new(c, "general", "general", 0);
	return c;
}

void chat_load_room(struct chat *c, const struct saved_room *saved)
{
	char key[NAME_KEY_BYTES_MAX + 1], why[160];
	struct room *r;

	/* A name that another version allowed is kept under itself. */
	if (!name_check(NAME_ROOM, saved->name, strlen(saved->name), key, why, sizeof why))
		snprintf(key, sizeof key, "%s", saved->name);
	r = room_by_key(c, key);
	if (r != NULL && r == c->lobby && !r->stored) {
		/* The lobby was there before its history. */
		HASH_DELETE(hh_number, c->by_number, r);
		r->number = saved->room;
		HASH_ADD(hh_number, c->by_number, number, sizeof r->number, r);
	} else if (r != NULL || (r = room_new(c, saved->name, key, saved->room)) == NULL) {
		return;
	}
	r->stored = true;
	free(r->topic);
	r->topic = mem_strdup(saved->topic);
	r->last_id = saved->last_id;
	r->last_ms = saved->last_ms;
}

void chat_configure(struct chat *c, const struct chat_config *config)
{
	uint32_t connections_max = c->config.connections_max;

	c->config = *config;
	c->config.connections_max = connections_max;
	/* A pace that has changed may let somebody go on at once. */
	if (c->throttled != NULL)
		c->throttle_due_ms = c->now_ms;
}

/* -- input ------------------------------------------------------------------------------ */

/* One finished line, or what else framing found. False: no more of this input,
 * because the session has ended. */
static bool on_line(struct chat *c, struct session *s, enum line_result result, const char *text,
                    uint64_t len)
{
	struct conn_id id = s->id;

	switch (result) {
	case LINE_READY:
		session_line(c, s, text_neutralise(c->body, text, (size_t)len));
		break;
	case LINE_TOO_LONG:
		limit_take(&s->pace, c->now_ms, c->config.rate_lines);
		emit_reply(c, s, "Your line was not sent: it has %llu bytes and the limit is %u. Please "
		           "send it in parts.", (unsigned long long)len, c->config.line_bytes_max);
		session_prompt(c, s);
		break;
	case LINE_INTERRUPT:
		/* The terminal's cursor is behind what was begun. */
		emit_raw(c, s, "\r\n", 2);
		emit_reply(c, s, "Interrupted: what you had begun to type is gone. %cquit ends the chat.",
		           c->config.command_prefix);
		session_prompt(c, s);
		break;
	case LINE_END:
		s->eof = true;
		break;
	case LINE_MORE:
		break;
	}
	return chat_session(c, id) != NULL;
}

/* Lines from *in as long as the session may go on. False: it has ended. */
static bool take_lines(struct chat *c, struct session *s, const char **in, const char *end,
                       bool edit)
{
	while (*in < end && !s->eof) {
		enum line_result result;
		const char *text;
		uint64_t len;

		session_throttle(c, s);
		if (!session_ready(s) || !emit_has_room(c))
			return true;
		result = line_next(&s->line, in, end, c->config.line_bytes_max, edit, &text, &len);
		if (!on_line(c, s, result, text, len))
			return false;
	}
	return true;
}

/* A telnet client's bytes. Each piece ends where a line may end, so that a line
 * that has to wait leaves no decoded bytes behind. */
static bool take_telnet(struct chat *c, struct session *s, const char **in, const char *end)
{
	char out[PIECE_BYTES_MAX];

	while (*in < end && !s->eof) {
		size_t len = 0, left = (size_t)(end - *in);
		struct bytes answer = {0};
		const char *p = out;
		size_t n;

		session_throttle(c, s);
		if (!session_ready(s) || !emit_has_room(c))
			return true;
		while (len < left && len < sizeof out)
			if ((*in)[len++] == '\n' || (*in)[len - 1] == '\0')
				break;
		n = telnet_decode(s->telnet, *in, len, out, &answer);
		*in += len;
		if (answer.len > 0)
			emit_raw(c, s, answer.data, answer.len);
		bytes_release(&answer);
		/* The piece holds one line's end at most, so nothing can stop it midway but
		 * the session's own end. */
		while (p < out + n && !s->eof) {
			enum line_result result;
			const char *text;
			uint64_t line_len;

			result = line_next(&s->line, &p, out + n, c->config.line_bytes_max, true, &text,
			                   &line_len);
			if (!on_line(c, s, result, text, line_len))
				return false;
		}
	}
	return true;
}

/* A raw client's input ended with a byte IAC, and this one comes after it. */
static void take_held_iac(struct chat *c, struct session *s, unsigned char next)
{
	static const char iac[] = {(char)IAC};
	const char *p = iac, *text;
	struct bytes answer = {0};
	char out[1];
	uint64_t len;

	s->iac_held = false;
	if (next < 236) {
		/* No line ends with this byte, so there is no result to look at. */
		line_next(&s->line, &p, iac + 1, c->config.line_bytes_max, false, &text, &len);
		return;
	}
	s->telnet = telnet_new();
	telnet_decode(s->telnet, iac, 1, out, &answer);
	bytes_release(&answer);
}

/* What is over when a session has sent its last byte and waits for nothing. */
static void end_if_done(struct chat *c, struct session *s)
{
	if (s->eof && s->asked == ASKED_NOTHING)
		session_end(c, s, NULL, true);
}

/* The input is over: what was begun is a line too. False: the session has ended. */
static bool take_last(struct chat *c, struct session *s)
{
	const char *text;
	uint64_t len;
	enum line_result result = line_last(&s->line, c->config.line_bytes_max, &text, &len);

	return result == LINE_MORE || on_line(c, s, result, text, len);
}

static void on_bytes(struct chat *c, struct event *e)
{
	struct session *s = chat_session(c, e->conn);
	const char *in = e->bytes.data, *end = in + e->bytes.len;
	bool lives = true;

	e->bytes.taken = e->bytes.len;
	if (s == NULL || c->stopping || in == end || s->eof)
		return;
	if (!session_ready(s)) {
		e->bytes.taken = 0;
		return;
	}
	if (s->iac_held)
		take_held_iac(c, s, (unsigned char)*in);
	if (s->telnet == NULL) {
		enum telnet_sign sign = telnet_sign(in, (size_t)(end - in));

		if (sign == TELNET_YES)
			s->telnet = telnet_new();
		else if (sign == TELNET_MAYBE)
			end--;
		if (sign != TELNET_YES)
			lives = take_lines(c, s, &in, end, false);
		if (lives && sign == TELNET_MAYBE && in == end) {
			s->iac_held = true;
			in++;
		}
	}
	if (lives && s->telnet != NULL)
		lives = take_telnet(c, s, &in, end);
	if (!lives)
		return;
	if (s->eof) {
		/* By ctrl-D: what comes behind it is not looked at. */
		if (take_last(c, s))
			end_if_done(c, s);
		return;
	}
	e->bytes.taken = (size_t)(in - e->bytes.data);
	if (e->bytes.taken < e->bytes.len && session_ready(s))
		emit_session(c, EFFECT_RESUME, s);
}

static void on_eof(struct chat *c, struct session *s)
{
	s->eof = true;
	if (s->iac_held)
		take_held_iac(c, s, 0);
	if (take_last(c, s))
		end_if_done(c, s);
}

/* -- the other events --------------------------------------------------------------------- */

static void on_store_state(struct chat *c, const char *failed)
{
	char text[256];

	if ((failed == NULL) == (c->store_failed == NULL))
		return;
	free(c->store_failed);
	c->store_failed = failed == NULL ? NULL : mem_strdup(failed);
	if (failed == NULL) {
		emit_all(c, "Lines are saved and sent again.");
		return;
	}
	snprintf(text, sizeof text, "Nothing can be saved at present (%s), so lines are not sent. You "
	         "will read here when it works again.", failed);
	emit_all(c, text);
}

static void on_stop(struct chat *c)
{
	c->stopping = true;
	emit_all(c, "chatd is going down");
}

/* Events that concern one session; it is there. */
static void step_session(struct chat *c, struct session *s, struct event *e)
{
	switch (e->kind) {
	case EVENT_EOF:
		on_eof(c, s);
		break;
	case EVENT_CLOSED:
		session_end(c, s, e->reason, false);
		break;
	case EVENT_SLOW:
		s->slow = true;
		break;
	case EVENT_DRAINED:
		s->slow = false;
		emit_session(c, EFFECT_RESUME, s);
		break;
	case EVENT_SKIPPED:
		history_skipped(c, s, e->skipped.lines, e->skipped.first_id);
		break;
	case EVENT_ROWS:
		if (s->asked == ASKED_NOTHING)
			break;
		history_answer(c, s, e->rows);
		end_if_done(c, s);
		break;
	default:
		break;
	}
}

void chat_step(struct chat *c, struct event *e)
{
	struct session *s;

	c->neffects = 0;
	c->arena_len = 0;
	if (e->now_ms > c->now_ms)
		c->now_ms = e->now_ms;
	switch (e->kind) {
	case EVENT_CONNECTED:
		session_begin(c, e->conn);
		break;
	case EVENT_BYTES:
		on_bytes(c, e);
		break;
	case EVENT_STORED:
		c->stored_seq = e->stored.seq;
		break;
	case EVENT_STORE_FAILED:
		on_store_state(c, e->reason);
		break;
	case EVENT_STORE_BACK:
		on_store_state(c, NULL);
		break;
	case EVENT_ROOM_EMPTY:
		room_emptied(c, e->empty.room, e->empty.up_to_seq);
		break;
	case EVENT_TICK:
		session_tick(c);
		room_tick(c);
		break;
	case EVENT_STOP:
		on_stop(c);
		break;
	default:
		s = chat_session(c, e->conn);
		if (s != NULL)
			step_session(c, s, e);
		break;
	}
}

const struct effect *chat_effects(const struct chat *c, size_t *n)
{
	*n = c->neffects;
	return c->effects;
}

int64_t chat_due_ms(const struct chat *c)
{
	int64_t a = session_due_ms(c), b = room_due_ms(c);

	return a < b ? a : b;
}

uint32_t chat_feeds_max(void)
{
	return ROOMS_MAX * 2;
}

uint64_t chat_unstored(const struct chat *c)
{
	return c->seq - c->stored_seq;
}

uint32_t chat_people(const struct chat *c)
{
	return c->people;
}

void chat_free(struct chat *c)
{
	/* Nothing of what ending them says goes anywhere. */
	for (uint32_t i = 0; i < c->config.connections_max; i++) {
		c->neffects = 0;
		c->arena_len = 0;
		c->stopping = true;
		if (c->sessions[i].state != SESSION_FREE)
			session_end(c, &c->sessions[i], NULL, false);
	}
	rooms_free(c);
	free(c->sessions);
	free(c->effects);
	free(c->arena);
	free(c->store_failed);
	bytes_release(&c->scratch);
	free(c);
}
