/*
 * Sessions: login, names, lines, the end.
 *
 * Owns what hangs on struct session. A session ends in one place
 * (session_end), which gives up its name and its room at once, and is freed in
 * one place (session_reap), when the step is over: so nothing that a step looks
 * at goes away under it. The connection behind it may live on until its queue
 * is empty.
 */

#include "chatd/core/people/session.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/core/commands/command.h"
#include "chatd/core/emit.h"
#include "chatd/core/entry/admission.h"
#include "chatd/core/entry/greeting.h"
#include "chatd/core/entry/login.h"
#include "chatd/core/input/flood.h"
#include "chatd/core/moderation/order.h"
#include "chatd/core/people/confusable.h"
#include "chatd/core/people/name.h"
#include "chatd/core/question.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/rooms/seen.h"

enum {
	NUMBERS = 100000000,    /* have at most the eight digits that a suggested name has room for */
	NUMBERS_STEP = 38196601, /* and are tried in steps of this and of ten times something */
	SMALL_NUMBERS = 16,     /* numbers that are tried one by one behind a taken name */
};

static const char prompt[] = "[ENTER YOUR NAME]: ";

struct session *chat_session(struct chat *c, struct conn_id id)
{
	struct session *s = id.slot < c->nslots ? &c->sessions[id.slot] : NULL;

	return s != NULL && id.gen != 0 && s->id.gen == id.gen && session_lives(s) ? s : NULL;
}

void session_begin(struct chat *c, const struct event *e)
{
	struct conn_id id = e->conn;
	enum session_state state = e->connected.control ? SESSION_HOST : SESSION_LOGIN;
	struct session *s = &c->sessions[id.slot];

	assert(id.slot < c->nslots && s->state == SESSION_FREE && id.gen != 0);
	*s = (struct session){.id = id, .state = state, .since_ms = c->now_ms,
	                      .said_ms = c->now_ms, .trusted = e->connected.control,
	                      .from = e->connected.from,
	                      .token = e->connected.token,
	                      .outage = c->store_failed != NULL ? c->outage.number : 0};
	if (state == SESSION_HOST) {
		/* What handlers call it; it is no name that anybody could have. */
		s->nick = mem_strdup(serve_who(s));
		s->key = mem_strdup("");
	}
	crowd_admit(c, s);
	greet_begin(c, s, e->connected.user);
}

void session_prompt(struct chat *c, const struct session *s)
{
	if (s->dialogue != NULL)
		dialogue_prompt(c, s);
	else if (s->state == SESSION_LOGIN)
		emit_raw(c, s, prompt, sizeof prompt - 1);
}

bool session_lives(const struct session *s)
{
	return s->state == SESSION_LOGIN || s->state == SESSION_HOST || s->state == SESSION_CHAT;
}

bool session_waits(const struct session *s)
{
	const struct question *q;

	DL_FOREACH(s->questions, q)
		if (q->holds)
			return true;
	return false;
}

bool session_ready(const struct session *s)
{
	return session_lives(s) && !s->throttled && !s->slow && s->out == NULL && !session_waits(s);
}

void session_finish(struct chat *c, struct session *s)
{
	if (s->finishing)
		return;
	s->finishing = true;
	DL_APPEND2(c->finishing, s, finish_prev, finish_next);
}

void session_go_on(struct chat *c, struct session *s)
{
	emit_session(c, EFFECT_RESUME, s);
	if (s->eof)
		session_finish(c, s);
}

struct session *session_by_key(const struct chat *c, const char *key)
{
	struct session *s;

	HASH_FIND_STR(c->nicks, key, s);
	return s;
}

struct session *session_find(struct chat *c, struct session *s, const char *name)
{
	char key[NAME_KEY_BYTES_MAX + 1];
	struct session *found = NULL;

	if (name_key(name, strlen(name), key))
		found = session_by_key(c, key);
	if (found == NULL)
		emit_reply(c, s, "Nobody here is called %.*s. %cwho lists the people in this room.",
		           (int)text_prefix(name, strlen(name), NICK_CHARS_MAX), name,
		           c->config.command_prefix);
	return found;
}

bool session_ignores(const struct session *s, const char *key)
{
	for (uint32_t i = 0; i < s->nignored; i++)
		if (strcmp(s->ignored[i], key) == 0)
			return true;
	return false;
}

/* -- names -------------------------------------------------------------------------- */

static bool is_taken(const struct chat *c, const char *nick, char key[NAME_KEY_BYTES_MAX + 1])
{
	return name_key(nick, strlen(nick), key) && session_by_key(c, key) != NULL;
}

void session_name_suggest(const struct chat *c, const char *typed, char out[NAME_BYTES_MAX + 1],
                          char key[NAME_KEY_BYTES_MAX + 1])
{
	char why[160], bar[NAME_PROBLEM_BYTES_MAX];
	uint32_t n = 2;
	size_t len;
	bool valid;

	if (filter_find(c, typed) != NULL)
		typed = "guest";
	name_mend(NAME_NICK, typed, strlen(typed), NICK_CHARS_MAX - 8, out);
	len = strlen(out);
	/* Whether it is taken is soon looked up; whether it is a name takes longer. */
	while (valid = true, is_taken(c, out, key) ||
	       !(valid = name_check(NAME_NICK, out, strlen(out), key, why, sizeof why)) ||
	       account_bars(c, out, key, NULL, bar) != NULL) {
		/* No number can stand behind some names: they have digits of another script. */
		if (!valid)
			len = strlen(strcpy(out, "guest"));
		snprintf(out + len, NAME_BYTES_MAX + 1 - len, "%" PRIu32, n);
		/* Where the small numbers are taken, the looks must stay few: steps grow. They come to
		 * every number once before any comes again, for neither 2 nor 5 divides them. */
		n = n < SMALL_NUMBERS ? n + 1 : (n + c->people % 1000 * 10 + NUMBERS_STEP) % NUMBERS;
	}
}

/* The name of the account that s is signed in to, in some spelling. */
static bool is_own(const struct session *s, const char *nick, char key[NAME_KEY_BYTES_MAX + 1])
{
	return s->account != NULL && name_kept(nick, NAME_BYTES_MAX) &&
	       name_key(nick, strlen(nick), key) && strcmp(s->account->key, key) == 0;
}

/* Who administers the host may be called so. */
static bool is_hosts(const struct session *s, const char *nick, char key[NAME_KEY_BYTES_MAX + 1])
{
	return s->trusted && name_kept(nick, NAME_BYTES_MAX) && name_key(nick, strlen(nick), key) &&
	       strcmp(key, "host") == 0;
}

bool session_name_is_free(const struct chat *c, const struct session *s, const char *nick,
                          char key[NAME_KEY_BYTES_MAX + 1], char problem[NAME_PROBLEM_BYTES_MAX])
{
	const struct session *bearer;
	const char *word;
	char why[160];

	/* One's own name goes on being that, also where nobody may take it any more. */
	if (!is_own(s, nick, key) && !is_hosts(s, nick, key) &&
	    !name_check(NAME_NICK, nick, strlen(nick), key, why, sizeof why)) {
		snprintf(problem, NAME_PROBLEM_BYTES_MAX, "That name will not do: %s", why);
		return false;
	}
	if (account_bars(c, nick, key, s->account, problem) != NULL)
		return false;
	word = order_bars_name(c, s, nick);
	if (word != NULL) {
		snprintf(problem, NAME_PROBLEM_BYTES_MAX, "That name has a word that is not allowed here (%s)",
		         word);
		return false;
	}
	bearer = session_by_key(c, key);
	if (bearer == NULL || bearer == s)
		return true;
	snprintf(problem, NAME_PROBLEM_BYTES_MAX, "%s is taken", bearer->nick);
	return false;
}

bool session_may_bear(struct chat *c, struct session *s, const char *nick, char *key)
{
	char problem[NAME_PROBLEM_BYTES_MAX], free_one[NAME_BYTES_MAX + 1];

	if (session_name_is_free(c, s, nick, key, problem))
		return true;
	session_name_suggest(c, nick, free_one, key);
	emit_reply(c, s, "%s. Free is, for example: %s", problem, free_one);
	return false;
}

void session_name(struct chat *c, struct session *s, const char *nick, const char *key)
{
	char look[NAME_LOOK_BYTES_MAX + 1];

	if (s->state == SESSION_CHAT)
		HASH_DELETE(hh, c->nicks, s);
	free(s->nick);
	/* Another spelling of the same name has the same bearer. */
	if (s->key == NULL || strcmp(s->key, key) != 0)
		s->named_seq = s->back_seq = c->seq;
	free(s->key);
	s->nick = mem_strdup(nick);
	s->key = mem_strdup(key);
	look_of(key, false, look);
	s->looks[0] = look_hash(look);
	look_of(nick, true, look);
	s->looks[1] = look_hash(look);
	HASH_ADD_KEYPTR(hh, c->nicks, s->key, strlen(s->key), s);
}

/* Who ignores the old name ignores the new one as well: neither a new nick nor a
 * return to the old one is a way around. A full list gives up the old one. */
static void follow_ignores(struct chat *c, const char *old_key, const char *new_key)
{
	struct session *s, *next;

	HASH_ITER(hh, c->nicks, s, next) {
		bool both = session_ignores(s, new_key);
		uint32_t i = 0;

		while (i < s->nignored && strcmp(s->ignored[i], old_key) != 0)
			i++;
		if (i == s->nignored)
			continue;
		if (both)
			continue;
		if (s->nignored < IGNORES_MAX) {
			i = s->nignored++;
		} else {
			free(s->ignored[i]);
		}
		s->ignored[i] = mem_strdup(new_key);
	}
}

void session_rename(struct chat *c, struct session *s, const char *nick, const char *key)
{
	char *old_nick = mem_strdup(s->nick), *old_key = mem_strdup(s->key);

	if (strcmp(old_key, key) != 0)
		seen_mark(c, s);
	session_name(c, s, nick, key);
	if (strcmp(old_key, key) != 0) {
		/* Of this name nothing is saved so far, nor known. */
		s->seen_id = 0;
		seen_unknown(s);
		seen_news(c);
		follow_ignores(c, old_key, key);
	}
	room_notice_words(c, s->room, s, "%s is now known as %s", old_nick, s->nick);
	free(old_nick);
	free(old_key);
}

/* -- lines ------------------------------------------------------------------------------ */

void session_too_long(struct chat *c, struct session *s, uint64_t len)
{
	if (s->dialogue != NULL) {
		emit_reply(c, s, "A password has at most %d characters.", PASSWORD_CHARS_MAX);
		session_prompt(c, s);
		return;
	}
	if (s->state == SESSION_LOGIN) {
		emit_reply(c, s, "A name has at most %d characters; this has %llu bytes, so this connection "
		           "ends here.", NICK_CHARS_MAX, (unsigned long long)len);
		/* Nobody types so much for a name; it may be the head of a request, and what follows
		 * its body. */
		session_end(c, s, NULL, true);
		return;
	}
	flood_line(c, s);
	emit_reply(c, s, "Your line was not sent: it has %llu bytes and the limit is %u. Please send it "
	           "in parts.", (unsigned long long)len, c->config.line_bytes_max);
}

/* The host is in no room, so there is nobody to say anything to. Scripts know no command_prefix, and
 * write / whatever it is. */
static void host_line(struct chat *c, struct session *s, char *text)
{
	char p = c->config.command_prefix;

	if (*text == p || *text == '/')
		command_run(c, s, text + 1);
	else
		emit_reply(c, s, "Only commands work here: %chelp lists them, %cnick NAME enters the chat.", p, p);
}

void session_line(struct chat *c, struct session *s, size_t len)
{
	char *text = c->body;

	s->said_ms = c->now_ms;
	if (s->state == SESSION_LOGIN)
		flood_line(c, s);
	if (s->dialogue != NULL || s->state == SESSION_LOGIN) {
		size_t all = len;

		while (len > 0 && text[len - 1] == ' ')
			text[--len] = '\0';
		if (s->dialogue == NULL) {
			login_line(c, s, text + strspn(text, " "));
			return;
		}
		dialogue_line(c, s, text + strspn(text, " "));
		explicit_bzero(text, all);
		return;
	}
	if (text[strspn(text, " ")] == '\0')
		return;
	if (s->state == SESSION_HOST) {
		host_line(c, s, text);
		return;
	}
	flood_line(c, s);
	if (text[0] != c->config.command_prefix || text[1] == c->config.command_prefix) {
		if (flood_refuses(c, s, "sent") || slip_refuses(c, s))
			return;
		room_say(c, s, RECORD_SAY, text + (text[0] == c->config.command_prefix));
		slip_word(c, s, text);
	} else {
		command_run(c, s, text + 1);
		/* It may have been a password. */
		explicit_bzero(text, len);
	}
}

/* -- time ------------------------------------------------------------------------------- */

static int64_t login_due_ms(const struct chat *c)
{
	if (c->login == NULL || c->config.login_timeout_s == 0)
		return INT64_MAX;
	return c->login->since_ms + (int64_t)c->config.login_timeout_s * 1000;
}

void session_tick(struct chat *c)
{
	flood_tick(c);
	greet_tick(c);
	while (login_due_ms(c) <= c->now_ms && emit_has_room(c)) {
		struct session *s = c->login;

		emit_raw(c, s, "\n", 1);
		emit_reply(c, s, "No name for %" PRIu32 " seconds, so this connection ends here. "
		           "Connect again any time.", c->config.login_timeout_s);
		session_end(c, s, NULL, true);
	}
}

int64_t session_due_ms(const struct chat *c)
{
	int64_t due = login_due_ms(c);

	due = flood_due_ms(c) < due ? flood_due_ms(c) : due;
	return greet_due_ms(c) < due ? greet_due_ms(c) : due;
}

/* -- the end ---------------------------------------------------------------------------- */

void session_end(struct chat *c, struct session *s, const char *why, bool close)
{
	out_forget(c, s);
	if (s->state == SESSION_LOGIN)
		greet_forget(c, s);
	if (s->state == SESSION_CHAT) {
		room_leave(c, s, ROOM_QUIT, why);
		HASH_DELETE(hh, c->nicks, s);
		c->people--;
	}
	flood_end(c, s);
	crowd_named(c, s);
	question_drop_all(c, s);
	if (s->finishing)
		DL_DELETE2(c->finishing, s, finish_prev, finish_next);
	if (s->account != NULL)
		account_sign_out(c, s);
	if (close)
		emit_session(c, EFFECT_CLOSE, s);
	s->state = SESSION_ENDED;
	DL_APPEND(c->ended, s);
}

static void session_free(struct session *s)
{
	for (uint32_t i = 0; i < s->nignored; i++)
		free(s->ignored[i]);
	free(s->ignored);
	free(s->invited);
	free(s->nick);
	free(s->key);
	free(s->away);
	dialogue_free(s->dialogue);
	line_release(&s->line);
	slip_release(&s->slip);
	telnet_end(s->telnet);
	*s = (struct session){.state = SESSION_FREE};
}

void session_reap(struct chat *c)
{
	while (c->ended != NULL) {
		struct session *s = c->ended;

		DL_DELETE(c->ended, s);
		session_free(s);
	}
}
