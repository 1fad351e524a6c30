/*
 * Sessions: login, names, pace, the end.
 *
 * Owns what hangs on struct session. A session ends in one place
 * (session_end), which frees its memory and its name at once; the connection
 * behind it may live on until its queue is empty.
 */

#include "chatd/core/session.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/core/command.h"
#include "chatd/core/emit.h"
#include "chatd/core/name.h"
#include "chatd/core/room.h"
#include "chatd/core/text.h"

static const char banner[] =
	"Welcome to TCP-Chat!\n"
	"         _nnnn_\n"
	"        dGGGGMMb\n"
	"       @p~qp~~qMb\n"
	"       M|@||@) M|\n"
	"       @,----.JM|\n"
	"      JS^\\__/  qKL\n"
	"     dZP        qKRb\n"
	"    dZP          qKKb\n"
	"   fZP            SMMb\n"
	"   HZM            MMMM\n"
	"   FqM            MMMM\n"
	" __| \".        |\\dS\"qML\n"
	" |    `.       | `' \\Zq\n"
	"_)      \\.___.,|     .'\n"
	"\\____   )MMMMMP|   .'\n"
	"     `-'       `--'\n";

enum {
	NUMBERS = 100000000,    /* have at most the eight digits that a suggested name has room for */
	SMALL_NUMBERS = 16,     /* numbers that are tried one by one behind a taken name */
	THROTTLE_STEP_MS = 20,  /* slowed input goes on at such times, that one look may serve many */
};

static const char prompt[] = "[ENTER YOUR NAME]: ";

struct session *chat_session(struct chat *c, struct conn_id id)
{
	struct session *s = id.slot < c->config.connections_max ? &c->sessions[id.slot] : NULL;

	return s != NULL && id.gen != 0 && s->id.gen == id.gen ? s : NULL;
}

void session_begin(struct chat *c, struct conn_id id)
{
	struct session *s = &c->sessions[id.slot];

	assert(id.slot < c->config.connections_max && s->state == SESSION_FREE && id.gen != 0);
	*s = (struct session){.id = id, .state = SESSION_LOGIN, .since_ms = c->now_ms,
	                      .said_ms = c->now_ms};
	DL_APPEND(c->login, s);
	emit_raw(c, s, banner, sizeof banner - 1);
	session_prompt(c, s);
}

void session_prompt(struct chat *c, const struct session *s)
{
	if (s->state == SESSION_LOGIN)
		emit_raw(c, s, prompt, sizeof prompt - 1);
}

bool session_ready(const struct session *s)
{
	return s->asked == ASKED_NOTHING && !s->throttled && !s->slow;
}

struct session *session_by_key(const struct chat *c, const char *key)
{
	struct session *s;

	HASH_FIND_STR(c->nicks, key, s);
	return s;
}

struct session *session_find(struct chat *c, struct session *s, const char *name)
{
	char key[NAME_KEY_BYTES_MAX + 1], why[160];
	struct session *found = NULL;

	if (name_check(NAME_NICK, name, strlen(name), key, why, sizeof why))
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

/* A free name close to what was typed, into out; a number follows where the
 * name itself is taken. */
static void name_suggest(const struct chat *c, const char *typed, char out[NAME_BYTES_MAX + 1],
                         char key[NAME_KEY_BYTES_MAX + 1])
{
	char why[160];
	size_t len;
	uint32_t n = 2;

	name_mend(NAME_NICK, typed, strlen(typed), NICK_CHARS_MAX - 8, out);
	len = strlen(out);
	while (!name_check(NAME_NICK, out, strlen(out), key, why, sizeof why) ||
	       session_by_key(c, key) != NULL) {
		snprintf(out + len, NAME_BYTES_MAX + 1 - len, "%" PRIu32, n);
		/* Where the small numbers are taken, the looks must stay few: steps grow. */
		n = n < SMALL_NUMBERS ? n + 1 : (n * 3 + c->people) % NUMBERS;
	}
}

/* True, and key is filled, if s may bear it; otherwise why not, a sentence
 * without its end. */
static bool name_is_free(const struct chat *c, const struct session *s, const char *nick, char *key,
                         char *problem, size_t n)
{
	const struct session *bearer;
	char why[160];

	if (!name_check(NAME_NICK, nick, strlen(nick), key, why, sizeof why)) {
		snprintf(problem, n, "That name will not do: %s", why);
		return false;
	}
	bearer = session_by_key(c, key);
	if (bearer == NULL || bearer == s)
		return true;
	snprintf(problem, n, "%s is taken", bearer->nick);
	return false;
}

bool session_may_bear(struct chat *c, struct session *s, const char *nick, char *key)
{
	char problem[NAME_BYTES_MAX + 160], free_one[NAME_BYTES_MAX + 1];

	if (name_is_free(c, s, nick, key, problem, sizeof problem))
		return true;
	name_suggest(c, nick, free_one, key);
	emit_reply(c, s, "%s. Free is, for example: %s", problem, free_one);
	return false;
}

void session_name(struct chat *c, struct session *s, const char *nick, const char *key)
{
	if (s->key != NULL)
		HASH_DELETE(hh, c->nicks, s);
	free(s->nick);
	free(s->key);
	s->nick = mem_strdup(nick);
	s->key = mem_strdup(key);
	HASH_ADD_KEYPTR(hh, c->nicks, s->key, strlen(s->key), s);
}

/* -- login ----------------------------------------------------------------------------- */

static void login_done(struct chat *c, struct session *s, const char *nick, const char *key)
{
	const char *company;
	struct room *lobby = c->lobby;

	DL_DELETE(c->login, s);
	session_name(c, s, nick, key);
	s->state = SESSION_CHAT;
	s->since_ms = c->now_ms;
	c->people++;
	company = room_company(c, lobby, s, 5);
	if (*company == '\0')
		emit_reply(c, s, "You are %s, in %s; nobody else is here yet. %chelp lists the commands.",
		           s->nick, lobby->name, c->config.command_prefix);
	else
		emit_reply(c, s, "You are %s, in %s with %s. %chelp lists the commands.", s->nick,
		           lobby->name, company, c->config.command_prefix);
	if (*lobby->topic != '\0')
		emit_reply(c, s, "Topic: %s", lobby->topic);
	room_join(c, lobby, s);
}

/* A name that cannot be had, with more behind it in the same packet: a script,
 * which reads no questions. Its next line must not become its name, so it gets
 * the free name that a person would be offered. */
static void login_script(struct chat *c, struct session *s, const char *text)
{
	char problem[NAME_BYTES_MAX + 160], nick[NAME_BYTES_MAX + 1], key[NAME_KEY_BYTES_MAX + 1];

	if (!name_is_free(c, s, text, key, problem, sizeof problem)) {
		name_suggest(c, text, nick, key);
		emit_reply(c, s, "%s. More came with it, so you are called %s.", problem, nick);
		text = nick;
	}
	login_done(c, s, text, key);
}

/* A name that s may not bear; it was told. */
static void login_wrong(struct chat *c, struct session *s)
{
	if (++s->wrong < NAME_WRONG_MAX) {
		session_prompt(c, s);
		return;
	}
	emit_reply(c, s, "%d names could not be had, so this connection ends here. Connect again any time.",
	           NAME_WRONG_MAX);
	session_end(c, s, NULL, true);
}

static void login_line(struct chat *c, struct session *s, char *text)
{
	char key[NAME_KEY_BYTES_MAX + 1], p = c->config.command_prefix;
	const struct command *command = *text == p ? command_find(text + 1) : NULL;

	if (command != NULL && command->run == cmd_quit) {
		emit_reply(c, s, "Goodbye.");
		session_end(c, s, NULL, true);
		return;
	}
	if (*text == '\0') {
		if (++s->tries == NAME_TRIES_MAX) {
			emit_reply(c, s, "No name was given, so this connection ends here. Connect again "
			           "any time.");
			session_end(c, s, NULL, true);
			return;
		}
		emit_reply(c, s, "The name is empty. Type one and press Enter; %d %s left.",
		           NAME_TRIES_MAX - s->tries, NAME_TRIES_MAX - s->tries == 1 ? "try" : "tries");
	} else if (*text == p) {
		emit_reply(c, s, "First a name, then commands. %cquit ends the connection.", p);
	} else if (c->more) {
		login_script(c, s, text);
		return;
	} else if (session_may_bear(c, s, text, key)) {
		login_done(c, s, text, key);
		return;
	} else {
		login_wrong(c, s);
		return;
	}
	session_prompt(c, s);
}

/* -- lines ------------------------------------------------------------------------------ */

void session_too_long(struct chat *c, struct session *s, uint64_t len)
{
	if (s->state == SESSION_LOGIN) {
		emit_reply(c, s, "A name has at most %d characters; this has %llu bytes.", NICK_CHARS_MAX,
		           (unsigned long long)len);
		login_wrong(c, s);
		return;
	}
	limit_take(&s->pace, c->now_ms, c->config.rate_lines);
	emit_reply(c, s, "Your line was not sent: it has %llu bytes and the limit is %u. Please send it "
	           "in parts.", (unsigned long long)len, c->config.line_bytes_max);
}

void session_line(struct chat *c, struct session *s, size_t len)
{
	char *text = c->body;

	s->said_ms = c->now_ms;
	if (s->state == SESSION_LOGIN) {
		while (len > 0 && text[len - 1] == ' ')
			text[--len] = '\0';
		login_line(c, s, text + strspn(text, " "));
		return;
	}
	if (text[strspn(text, " ")] == '\0')
		return;
	limit_take(&s->pace, c->now_ms, c->config.rate_lines);
	if (text[0] != c->config.command_prefix)
		room_say(c, s, RECORD_SAY, text);
	else if (text[1] == c->config.command_prefix)
		room_say(c, s, RECORD_SAY, text + 1);
	else
		command_run(c, s, text + 1);
}

void session_throttle(struct chat *c, struct session *s)
{
	int64_t wait_ms = limit_wait_ms(&s->pace, c->now_ms, c->config.rate_burst,
	                                c->config.rate_lines);

	if (s->state != SESSION_CHAT)
		return;
	if (wait_ms == 0) {
		if (limit_left(&s->pace, c->now_ms, c->config.rate_burst, c->config.rate_lines) ==
		    c->config.rate_burst)
			s->throttle_told = false;
		return;
	}
	if (!s->throttle_told) {
		emit_reply(c, s, "You send more than %" PRIu32 " %s a second. The rest goes out at "
		           "that pace; nothing is lost.", c->config.rate_lines,
		           c->config.rate_lines == 1 ? "line" : "lines");
		s->throttle_told = true;
	}
	s->throttled = true;
	DL_APPEND(c->throttled, s);
	if (c->now_ms + wait_ms < c->throttle_due_ms)
		c->throttle_due_ms = c->now_ms + wait_ms;
}

/* -- time ------------------------------------------------------------------------------- */

static void throttle_tick(struct chat *c)
{
	struct session *s, *next;

	if (c->throttle_due_ms > c->now_ms)
		return;
	c->throttle_due_ms = INT64_MAX;
	DL_FOREACH_SAFE(c->throttled, s, next) {
		int64_t wait_ms = limit_wait_ms(&s->pace, c->now_ms, c->config.rate_burst,
		                                c->config.rate_lines);

		if (wait_ms > 0 || !emit_has_room(c)) {
			if (wait_ms < THROTTLE_STEP_MS)
				wait_ms = THROTTLE_STEP_MS;
			if (c->now_ms + wait_ms < c->throttle_due_ms)
				c->throttle_due_ms = c->now_ms + wait_ms;
			continue;
		}
		DL_DELETE(c->throttled, s);
		s->throttled = false;
		emit_session(c, EFFECT_RESUME, s);
	}
}

static int64_t login_due_ms(const struct chat *c)
{
	if (c->login == NULL || c->config.login_timeout_s == 0)
		return INT64_MAX;
	return c->login->since_ms + (int64_t)c->config.login_timeout_s * 1000;
}

void session_tick(struct chat *c)
{
	throttle_tick(c);
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
	int64_t login = login_due_ms(c);

	return login < c->throttle_due_ms ? login : c->throttle_due_ms;
}

/* -- the end ---------------------------------------------------------------------------- */

void session_end(struct chat *c, struct session *s, const char *why, bool close)
{
	if (s->state == SESSION_LOGIN) {
		DL_DELETE(c->login, s);
	} else {
		room_leave(c, s, ROOM_QUIT, why);
		HASH_DELETE(hh, c->nicks, s);
		c->people--;
		if (s->throttled)
			DL_DELETE(c->throttled, s);
	}
	if (close)
		emit_session(c, EFFECT_CLOSE, s);
	for (uint32_t i = 0; i < s->nignored; i++)
		free(s->ignored[i]);
	free(s->ignored);
	free(s->nick);
	free(s->key);
	free(s->away);
	line_release(&s->line);
	telnet_end(s->telnet);
	*s = (struct session){.state = SESSION_FREE};
}
