/*
 * Sessions.
 *
 * Owns what belongs to struct session. Sessions end in one place (session_end in presence.h), which
 * gives up the name and the room at once. They are freed in one place, by chat.c at the end of the
 * step, so that nothing disappears while a step still looks at it. The connection may stay open
 * until its queue is empty.
 */

#include "chatd/core/people/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/base/text.h"
#include "chatd/core/input/telnet.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/people/confusable.h"
#include "chatd/core/people/highlight.h"
#include "chatd/core/people/name.h"
#include "chatd/core/state/question.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

/* For the messages of command handlers; nobody can have this name. */
static void name_host(struct session *s)
{
	s->nick = mem_strdup(HOST_NICK);
	s->key = mem_strdup("");
}

struct session *session_begin(struct chat *c, const struct event *e)
{
	struct conn_id id = e->conn;
	enum session_state state = e->connected.control ? SESSION_HOST : SESSION_LOGIN;
	struct session *s = mem_alloc(sizeof *s);

	assert(id.slot < c->people.nslots && c->people.sessions[id.slot] == NULL && id.gen != 0);
	c->people.sessions[id.slot] = s;
	*s = (struct session){.id = id, .state = state, .presence.since_ms = c->now_ms,
	                      .presence.said_ms = c->now_ms, .presence.tls = e->connected.tls, .trusted = e->connected.control,
	                      .from = e->connected.from,
	                      .resume.token = e->connected.token,
	                      .presence.outage = c->outage.reason != NULL ? c->outage.number : 0};
	if (e->connected.cert != NULL) {
		s->presence.cert = mem_alloc(sizeof *s->presence.cert);
		*s->presence.cert = *e->connected.cert;
	}
	if (state == SESSION_HOST)
		name_host(s);
	return s;
}

struct session *session_begin_remote(struct chat *c, struct node *node, uint64_t number, bool host,
                                     const char *fields)
{
	struct session *s = mem_alloc(sizeof *s);
	char *from = fields_get(fields, "from"), *text = fields_get(fields, "print");
	struct fingerprint print;

	*s = (struct session){
		.state = host ? SESSION_HOST : SESSION_LOGIN, .presence.since_ms = c->now_ms, .presence.said_ms = c->now_ms,
		.presence.tls = fields_get_number(fields, "tls") != 0, .trusted = fields_get_number(fields, "host") != 0,
		.resume.token = (uint64_t)fields_get_number(fields, "token"),
	};
	if (!address_parse_one(from, &s->from))
		s->from = (struct address){.kind = ADDRESS_HOST};
	if (fingerprint_parse(text, &print)) {
		s->presence.cert = mem_alloc(sizeof print);
		*s->presence.cert = print;
	}
	free(from);
	free(text);
	person_join(node, s, number);
	if (host)
		name_host(s);
	return s;
}

void session_detach(struct chat *c, struct session *s)
{
	c->people.sessions[s->id.slot] = NULL;
	s->id = (struct conn_id){0};
	s->origin = NULL;
}

bool session_waits(const struct session *s)
{
	const struct question *q;

	if (s->person.pending + s->person.before + s->person.lost > 0 || s->person.said >= LINES_AHEAD_MAX)
		return true;
	DL_FOREACH(s->questions, q)
		if (q->holds)
			return true;
	return false;
}

bool session_ready(const struct session *s)
{
	return session_is_here(s) && !s->input.throttle.on && !s->reading.slow && !s->unnamed.waiting.on &&
	       s->presence.ejection == NULL && !session_waits(s);
}

void session_finish(struct chat *c, struct session *s)
{
	if (s->input.finishing)
		return;
	s->input.finishing = true;
	DL_APPEND2(c->people.finishing, s, input.prev, input.next);
}

void session_go_on(struct chat *c, struct session *s)
{
	emit_session(c, EFFECT_RESUME, s);
	if (s->input.eof)
		session_finish(c, s);
}

struct session *session_named(const struct chat *c, const char *name)
{
	char key[NAME_KEY_BYTES_MAX + 1];

	return name_key(name, strlen(name), key) ? session_by_key(c, key) : NULL;
}

struct session *session_find(struct chat *c, struct session *s, const char *name)
{
	struct session *found = session_named(c, name);

	if (found == NULL)
		emit_reply(c, s, "Nobody in the chat is called %.*s. %cwho lists the people in a room.",
		           (int)text_prefix(name, strlen(name), NICK_CHARS_MAX), name,
		           c->config.command_prefix);
	return found;
}

void resume_code(const struct session *s, char code[RESUME_CODE_BYTES])
{
	/* Without l, o, 1 and 0: letters that look like digits, and those digits. */
	static const char digits[] = "23456789abcdefghijkmnpqrstuvwxyz";
	uint64_t bits = s->resume.token;

	for (int i = 0; i < RESUME_CODE_BYTES - 1; i++) {
		if (i == 5) {
			code[i] = '-';
			continue;
		}
		code[i] = digits[bits & 31];
		bits >>= 5;
	}
	code[RESUME_CODE_BYTES - 1] = '\0';
}

void session_view(struct chat *c, struct session *s, bool view)
{
	c->people.nviews += view;
	c->people.nviews -= s->input.console.view;
	s->input.console.view = view;
}

/* -- names -------------------------------------------------------------------------- */

void session_name(struct chat *c, struct session *s, const char *nick, const char *key)
{
	char skeleton[NAME_SKELETON_BYTES_MAX + 1];

	if (s->state == SESSION_CHAT)
		session_unlist(c, s);
	free(s->nick);
	/* Another spelling of the same name belongs to the same person. */
	if (s->key == NULL || strcmp(s->key, key) != 0)
		s->resume.named_seq = s->resume.back_seq = c->records.seq;
	free(s->key);
	s->nick = mem_strdup(nick);
	s->key = mem_strdup(key);
	skeleton_of(key, false, skeleton);
	s->presence.skeletons[0] = skeleton_hash(skeleton);
	skeleton_of(nick, true, skeleton);
	s->presence.skeletons[1] = skeleton_hash(skeleton);
	session_list(c, s);
	highlight_name(c, s);
	person_touch(s);
}

/* -- the end ---------------------------------------------------------------------------- */

void session_free(struct chat *c, struct session *s)
{
	if (!person_is_remote(s))
		c->people.sessions[s->id.slot] = NULL;
	person_leave(s);
	for (uint32_t i = 0; i < s->presence.nignored; i++)
		free(s->presence.ignored[i]);
	free(s->presence.ignored);
	free(s->invites.list);
	free(s->nick);
	free(s->key);
	free(s->presence.away);
	free(s->presence.cert);
	free(s->mentioned.by);
	line_release(&s->input.line);
	slip_release(&s->input.slip);
	telnet_end(s->input.telnet);
	console_release(&s->input.console);
	free(s);
}
