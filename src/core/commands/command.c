/* Finding the command that was meant, taking its line apart, running it. */

#include "chatd/core/commands/command.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/flood.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/line_ref.h"
#include "chatd/core/rooms/membership.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

/* True if word is one of the blank-separated names, in any case. */
static bool among(const char *names, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = names; *p != '\0'; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");

		if (len == n && strncasecmp(p, word, n) == 0)
			return true;
		p += len;
	}
	return false;
}

const struct command *command_find(const struct chat *c, const char *name)
{
	for (const struct command *k = c->commands; k->name != NULL; k++)
		if (strcasecmp(k->name, name) == 0 || among(k->aliases, name))
			return k;
	return NULL;
}

/* -- what was meant -------------------------------------------------------------------- */

enum {
	SHOWN_CHARS = 40,     /* characters of a wrong name that are repeated */
};

/* Commands that nobody should run by a slip: they are never suggested. */
static const char never_meant[] = "drop remove shutdown";

/* Edits (insert, drop, change, swap of neighbours) from a to b, in any case. */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	size_t d[COMMAND_NAME_BYTES_MAX + 1][COMMAND_NAME_BYTES_MAX + 1];

	if (la > COMMAND_NAME_BYTES_MAX || lb > COMMAND_NAME_BYTES_MAX)
		return COMMAND_NAME_BYTES_MAX;
	for (size_t i = 0; i <= la; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= la; i++)
		for (size_t j = 1; j <= lb; j++) {
			size_t best = d[i - 1][j - 1] + (strncasecmp(a + i - 1, b + j - 1, 1) != 0);

			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && strncasecmp(a + i - 1, b + j - 2, 1) == 0 &&
			    strncasecmp(a + i - 2, b + j - 1, 1) == 0 &&
			    d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	return d[la][lb];
}

/* Makes the name the one found if it is nearer to the word than *best. */
static void nearer(const char *word, const char *name, size_t *best,
                   char found[COMMAND_NAME_BYTES_MAX + 1])
{
	size_t len = strlen(word), n = distance(word, name);

	/* The beginning of a name is as near as can be. A name of one letter is near every other letter,
	 * so it is not suggested. */
	if (len >= 2 && strncasecmp(word, name, len) == 0)
		n = 0;
	if (n < *best && strlen(name) > 1) {
		*best = n;
		strcpy(found, name);
	}
}

bool command_nearest(const struct chat *c, const char *word, char found[COMMAND_NAME_BYTES_MAX + 1])
{
	size_t best = strlen(word) <= 4 ? 2 : 3;

	found[0] = '\0';
	for (const struct command *k = c->commands; k->name != NULL; k++) {
		if (among(never_meant, k->name))
			continue;
		nearer(word, k->name, &best, found);
		for (const char *p = k->aliases; *p != '\0'; p += strspn(p, " ")) {
			char alias[COMMAND_NAME_BYTES_MAX + 1];
			size_t len = strcspn(p, " ");

			assert(len < sizeof alias);
			memcpy(alias, p, len);
			alias[len] = '\0';
			nearer(word, alias, &best, found);
			p += len;
		}
	}
	return found[0] != '\0';
}

static void unknown(struct chat *c, struct session *s, const char *name)
{
	char p = c->config.command_prefix;
	char near[COMMAND_NAME_BYTES_MAX + 1];
	int n = (int)text_prefix(name, strlen(name), SHOWN_CHARS);

	if (*name == '\0')
		emit_reply(c, s, "Type a command's name right after %c; %chelp lists them. To say a line that "
		           "begins with %c, type it twice: %c%c", p, p, p, p, p);
	else if (command_nearest(c, name, near))
		emit_reply(c, s, "There is no command %c%.*s. Did you mean %c%s?", p, n, name, p,
		           near);
	else if (s->state == SESSION_HOST)
		emit_reply(c, s, "There is no command %c%.*s; %chelp lists them.", p, n, name, p);
	else
		emit_reply(c, s, "There is no command %c%.*s; %chelp lists them. To say it, type %c%c%.*s", p, n,
		           name, p, p, p, n, name);
}

bool command_allowed(const struct session *s, const struct command *k)
{
	return role_of(s) >= k->role;
}

bool command_useful(const struct session *s, const struct command *k)
{
	enum room_role least = (k->flags & FLAG_OWNER) != 0      ? ROOM_OWNER
	                       : (k->flags & FLAG_OPERATOR) != 0 ? ROOM_OPERATOR
	                                                         : ROOM_NOBODY;

	if (s->state == SESSION_HOST)
		return (k->flags & FLAG_HOST) != 0;
	return command_allowed(s, k) &&
	       (least == ROOM_NOBODY || (membership_role(s->room, s) >= least));
}

void command_refuse(struct chat *c, struct session *s, const struct command *k)
{
	char p = c->config.command_prefix;

	if (k->role == ROLE_ACCOUNT && (k->flags & (FLAG_OPERATOR | FLAG_OWNER)) != 0)
		emit_reply(c, s, "%c%s is for the %s of a room, with an account: %cregister makes one, "
		           "%clogin NAME signs you in.", p, k->name,
		           (k->flags & FLAG_OWNER) != 0 ? "owner" : "operators", p, p);
	else if (k->role == ROLE_ACCOUNT)
		emit_reply(c, s, "%c%s needs an account: %cregister makes one, %clogin NAME signs you in.",
		           p, k->name, p, p);
	else
		emit_reply(c, s, "Only %s can use %c%s.",
		           k->role == ROLE_ADMIN ? "administrators" : "moderators", p, k->name);
}

bool command_may(struct chat *c, struct session *s, const struct command *k)
{
	if (command_allowed(s, k))
		return true;
	command_refuse(c, s, k);
	return false;
}

/* -- running --------------------------------------------------------------------------- */

void command_usage(struct chat *c, struct session *s, const char *name)
{
	const struct command *k = command_find(c, name);
	char p = c->config.command_prefix;

	assert(k != NULL); /* the name is one of the table's */
	if (*k->args == '\0' && (k->flags & (FLAG_IN | FLAG_EVERYWHERE)) != 0)
		emit_reply(c, s, "Usage: %c%s%s%s   for example: %c%s", p, k->name,
		           (k->flags & FLAG_IN) != 0 ? " [--in=ROOM]" : "",
		           (k->flags & FLAG_EVERYWHERE) != 0 ? " [--everywhere]" : "", p, k->example);
	else if (*k->args == '\0')
		emit_reply(c, s, "Usage: %c%s, with nothing after it", p, k->name);
	else
		emit_reply(c, s, "Usage: %c%s %s   for example: %c%s", p, k->name, k->args, p,
		           k->example);
}

/* Bytes of the blank at p, if it is one that keyboards can type; 0: there is none. */
static size_t blank_bytes(const char *p)
{
	static const char *const blanks[] = {" ", "\xC2\xA0", "\xE3\x80\x80"}; /* U+00A0, U+3000 */

	for (size_t i = 0; i < sizeof blanks / sizeof blanks[0]; i++)
		if (strncmp(p, blanks[i], strlen(blanks[i])) == 0)
			return strlen(blanks[i]);
	return 0;
}

static size_t word_length(const char *p)
{
	size_t n = 0;

	while (p[n] != '\0' && blank_bytes(p + n) == 0)
		n++;
	return n;
}

static char *cut_word(char **line)
{
	char *word = *line, *end = word + word_length(word);
	size_t n;

	for (*line = end; (n = blank_bytes(*line)) > 0;)
		*line += n;
	*end = '\0';
	return word;
}

/* The command whose name a line begins with; NULL: there is none. */
static const struct command *command_of(const struct chat *c, const char *line)
{
	char name[COMMAND_NAME_BYTES_MAX + 1];
	size_t n = word_length(line);

	if (n > COMMAND_NAME_BYTES_MAX)
		return NULL;
	memcpy(name, line, n);
	name[n] = '\0';
	return command_find(c, name);
}

static size_t word_blanks(const char *p)
{
	size_t n = 0, blank;

	while ((blank = blank_bytes(p + n)) > 0)
		n += blank;
	return n;
}

/* The bytes of the word at p and the blanks before it. */
static size_t word_reach(const char *p)
{
	size_t n = word_blanks(p);

	return n + word_length(p + n);
}

/* The bytes of a line's command and its options, which come first. */
static size_t head_bytes(const char *line)
{
	size_t n = word_length(line), word;

	while ((word = word_reach(line + n)) > 0 && strncmp(line + n + word_blanks(line + n), "--", 2) == 0)
		n += word;
	return n;
}

size_t command_open_bytes(const struct chat *c, const char *line)
{
	const struct command *k = command_of(c, line);
	size_t open = word_length(line), all = strlen(line);
	char near[COMMAND_NAME_BYTES_MAX + 1], *typed;

	if (k == NULL) {
		typed = mem_strdup(line);
		typed[open] = '\0';
		if (command_nearest(c, typed, near))
			k = command_find(c, near);
		free(typed);
	}
	if (k == NULL || (k->flags & (FLAG_SECRET | FLAG_SECRET_REST | FLAG_SECRET_SETTING)) == 0)
		return all;
	open = head_bytes(line);
	if ((k->flags & FLAG_SECRET_SETTING) != 0 &&
	    strncasecmp(line + open + word_blanks(line + open), "password", strlen("password")) != 0)
		return all;
	return (k->flags & FLAG_SECRET) != 0 ? open : open + word_reach(line + open);
}

/* Behind the command stands a setting, and no slip before a password. */
static bool names_setting(const char *line)
{
	const char *word = line + head_bytes(line);
	char *name;
	bool is;

	word += word_blanks(word);
	name = mem_strdup(word);
	name[word_length(word)] = '\0';
	is = setting_find(name) != NULL;
	free(name);
	return is;
}

bool command_is_shared(const struct chat *c, const char *line)
{
	const struct command *k = command_of(c, line);
	size_t open = word_length(line);
	const char *words = line + open + word_blanks(line + open);

	if (k == NULL || command_open_bytes(c, line) < strlen(line) ||
	    ((k->flags & FLAG_SECRET_SETTING) != 0 && !names_setting(line)))
		return false;
	if ((k->flags & FLAG_SHARED_ITSELF) != 0)
		return c->cluster.applying;
	return (k->flags & FLAG_SHARED) != 0 || ((k->flags & FLAG_SHARED_WORDS) != 0 && *words != '\0') ||
	       ((k->flags & FLAG_SHARED_LINE) != 0 && line_ref_begins(&words) != 0);
}

bool command_is_said(const struct chat *c, const char *line)
{
	const struct command *k = command_of(c, line);
	size_t open = word_length(line);

	return k != NULL && (k->flags & FLAG_SAYS) != 0 && line[open + word_blanks(line + open)] != '\0';
}

bool command_is_spoken(const struct chat *c, const char *line)
{
	const struct command *k = command_of(c, line);

	return k != NULL && (k->flags & FLAG_SPOKEN) != 0;
}

char *args_age(char *rest, int64_t *ms)
{
	size_t len = strcspn(rest, " ");
	char word[16];

	*ms = 0;
	if (len == 0 || len >= sizeof word)
		return rest;
	memcpy(word, rest, len);
	word[len] = '\0';
	*ms = format_parse_age(word);
	if (*ms > 0)
		return rest + len + strspn(rest + len, " ");
	*ms = 0;
	return rest;
}

bool command_has_account(struct chat *c, struct session *s)
{
	if (s->account != NULL)
		return true;
	emit_reply(c, s, "You are a guest. %cregister makes %s yours; %clogin NAME signs you in.",
	           c->config.command_prefix, s->nick, c->config.command_prefix);
	return false;
}

bool args_person(struct chat *c, struct session *s, const char *name, const char *hint,
                 struct args_person *p)
{
	struct account *a = account_named(c, name);

	*p = (struct args_person){.account = a, .session = a != NULL ? a->session : session_named(c, name)};
	if (a != NULL)
		p->nick = a->nick;
	else if (p->session != NULL)
		p->nick = p->session->nick;
	else
		emit_reply(c, s, "Nobody here is called %.*s, and there is no such account.%s",
		           (int)text_prefix(name, strlen(name), NICK_CHARS_MAX), name, hint);
	return p->nick != NULL;
}

struct room *args_room(struct chat *c, struct session *s, const char *name)
{
	struct room *r = room_typed(c, name);

	if (r != NULL && access_see(c, s, r))
		return r;
	access_no_room(c, s, name + (*name == '#'));
	return NULL;
}

bool args_why_fits(struct chat *c, struct session *s, const char *why, int chars_max)
{
	size_t chars = text_chars(why, strlen(why));

	if (chars > (size_t)chars_max)
		emit_reply(c, s, "That reason is too long: %zu characters, and the limit is %d.", chars,
		           chars_max);
	return chars <= (size_t)chars_max;
}

void command_tell_status(struct chat *c, struct session *s, bool wanted)
{
	if (wanted)
		emit_reply(c, s, "status: done");
}

#define OPTIONS (FLAG_IN | FLAG_EVERYWHERE | FLAG_PREVIEW | FLAG_REACH | FLAG_YES | FLAG_LINES | \
                 FLAG_STATUS)

#define SETS(field) offsetof(struct args, field)

const struct command_option command_options[] = {
	{"--in=", FLAG_IN, SETS(somewhere)},
	{"--everywhere", FLAG_EVERYWHERE, SETS(everywhere)},
	{"--preview", FLAG_PREVIEW, SETS(preview)},
	{"--all", FLAG_REACH, SETS(all)},
	{"--name", FLAG_REACH, SETS(by_name)},
	{"--yes", FLAG_YES, SETS(yes)},
	{"--lines", FLAG_LINES, SETS(lines)},
	{"--status", FLAG_STATUS, SETS(status)},
	{0},
};

/* An option among the words, which would be taken for one of them (part of a reason, say). Its length
 * goes to *len; NULL: there is none. */
static const char *late_option(const struct command *k, const char *words, size_t *len)
{
	static const char *const options[] = {"--preview", "--all", "--name", "--everywhere"};

	for (const char *at = strstr(words, "--"); at != NULL; at = strstr(at + 2, "--")) {
		*len = strcspn(at, " ");
		if (at > words && at[-1] != ' ')
			continue;
		if (strncmp(at, "--in=", 5) == 0 ||
		    ((k->flags & FLAG_LINES) != 0 && *len == 7 && strncmp(at, "--lines", 7) == 0))
			return at;
		for (size_t i = 0; i < sizeof options / sizeof *options; i++)
			if (strlen(options[i]) == *len && strncmp(at, options[i], *len) == 0)
				return at;
	}
	return NULL;
}

/* True if the word is the last one; it is cut off. */
static bool cut_last(char *line, const char *word)
{
	size_t len = strlen(line), n = strlen(word);

	while (len > 0 && line[len - 1] == ' ')
		len--;
	if (len <= n || line[len - n - 1] != ' ' || memcmp(line + len - n, word, n) != 0)
		return false;
	line[len - n - 1] = '\0';
	return true;
}

/* Takes one option. False: the command does not have it, or it is wrong; s has been told. */
static bool flag_parse(struct chat *c, struct session *s, const struct command *k, const char *word,
                       struct args *a)
{
	for (const struct command_option *o = command_options; o->word != NULL; o++) {
		size_t len = strlen(o->word);
		bool valued = o->word[len - 1] == '=';

		if ((k->flags & o->flag) == 0 || (valued ? strncmp(word, o->word, len) : strcmp(word, o->word)) != 0)
			continue;
		*(bool *)((char *)a + o->at) = true;
		if (!valued)
			return true;
		if (word[len] == '\0')
			break;
		a->room = args_room(c, s, word + len);
		return a->room != NULL;
	}
	command_usage(c, s, k->name);
	return false;
}

/* Options after the words of a command that takes no text, in any order. */
static void last_flags_parse(const struct command *k, char *line, struct args *a)
{
	for (;;) {
		if (cut_last(line, "--yes"))
			a->yes = true;
		else if ((k->flags & FLAG_LINES) != 0 && cut_last(line, "--lines"))
			a->lines = true;
		else if ((k->flags & FLAG_PREVIEW) != 0 && cut_last(line, "--preview"))
			a->preview = true;
		else
			return;
	}
}

/* Options before the words, and after them if they cannot be anything else there. False: one is wrong,
 * and s has been told. */
static bool flags_parse(struct chat *c, struct session *s, const struct command *k, char **line,
                        struct args *a)
{
	const char *late;
	size_t len;

	*a = (struct args){.room = s->room};
	if ((k->flags & FLAG_SAYS) != 0 && (k->flags & FLAG_IN) == 0 && strncmp(*line, "--in=", 5) == 0) {
		emit_reply(c, s, "%c%s takes no --in=ROOM. Go there first: %cjoin ROOM", c->config.command_prefix, k->name,
		           c->config.command_prefix);
		return false;
	}
	while ((k->flags & OPTIONS) != 0 && strncmp(*line, "--", 2) == 0)
		if (!flag_parse(c, s, k, cut_word(line), a))
			return false;
	if ((k->flags & FLAG_YES) != 0)
		last_flags_parse(k, *line, a);
	if ((a->all && a->by_name) || (a->everywhere && a->somewhere)) {
		emit_reply(c, s, "Use either %s.", a->everywhere && a->somewhere
		           ? "--in or --everywhere, not both" : "--all or --name, not both");
		return false;
	}
	late = (k->flags & OPTIONS) != 0 ? late_option(k, *line, &len) : NULL;
	if (late != NULL) {
		emit_reply(c, s, "%.*s goes before all other words: %c%s %.*s ...", (int)len, late,
		           c->config.command_prefix, k->name, (int)len, late);
		return false;
	}
	return true;
}

/* Takes the line apart; false: it does not fit the command. */
static bool args_parse(const struct command *k, char *line, struct args *a)
{
	int given = 0;

	while (given < k->words && *line != '\0')
		a->arg[given++] = cut_word(&line);
	a->rest = line;
	if (given < k->least || (*line != '\0' && !k->rest) || (*line == '\0' && k->rest_needed))
		return false;
	return true;
}

/* The host is in no room and has no name. False: the command needs one, and s has been told what to
 * do instead. */
static bool has_place(struct chat *c, struct session *s, const struct command *k,
                      const struct args *a)
{
	char p = c->config.command_prefix;

	if (s->state != SESSION_HOST)
		return true;
	if ((k->flags & FLAG_HOST) == 0)
		emit_reply(c, s, "Only people in the chat can use %c%s. %cnick NAME enters it.", p, k->name, p);
	else if ((k->flags & FLAG_IN) != 0 && a->room == NULL && !a->everywhere)
		emit_reply(c, s, "You are in no room; say which one you mean: %c%s --in=ROOM%s%s%s", p,
		           k->name, *k->args != '\0' ? " " : "", k->args,
		           (k->flags & FLAG_EVERYWHERE) != 0 ? ", or --everywhere" : "");
	else
		return true;
	return false;
}

/* line begins with no command's name. */
static void run_unknown(struct chat *c, struct session *s, const char *line)
{
	char *name = mem_strdup(line);

	name[word_length(name)] = '\0';
	unknown(c, s, name);
	if (s->state == SESSION_CHAT)
		slip_unknown(c, s, line);
	free(name);
}

/* Takes a line apart that begins with the name of k. False: s cannot use it so, and was told. */
static bool prepare(struct chat *c, struct session *s, const struct command *k, char *line, struct args *a)
{
	cut_word(&line);
	s->input.command = k->name;
	if (!command_may(c, s, k) || !flags_parse(c, s, k, &line, a) || !has_place(c, s, k, a))
		return false;
	if (args_parse(k, line, a))
		return true;
	command_usage(c, s, k->name);
	return false;
}

static void trim(char *line)
{
	size_t len = strlen(line);

	while (len > 0 && line[len - 1] == ' ')
		line[--len] = '\0';
}

bool command_fits(struct chat *c, struct session *s, const char *line)
{
	char *copy = mem_strdup(line);
	struct args a;
	bool fits;

	trim(copy);
	fits = prepare(c, s, command_of(c, copy), copy, &a);
	explicit_bzero(copy, strlen(line));
	free(copy);
	return fits;
}

void command_run(struct chat *c, struct session *s, char *line)
{
	const struct command *k;
	struct args a;

	trim(line);
	k = command_of(c, line);
	if (k == NULL)
		run_unknown(c, s, line);
	else if (!prepare(c, s, k, line, &a))
		return;
	else if ((k->flags & FLAG_SAYS) != 0 && (a.arg[0] != NULL || *a.rest != '\0') && !c->cluster.applying &&
	         flood_refuses(c, s, k->rest_needed ? "sent" : "changed"))
		return;
	else
		k->run(c, s, &a);
}
