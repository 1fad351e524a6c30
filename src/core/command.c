/*
 * The table of commands, and finding the one that was meant.
 *
 * A command is declared here and nowhere else; its handler is in one of the
 * cmd_*.c files.
 */

#include "chatd/core/command.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "chatd/core/emit.h"
#include "chatd/core/text.h"

const struct command commands[] = {
	{"help", "commands", "[COMMAND]", 1, 0, false, false, cmd_help, ROLE_GUEST,
	 "Lists the commands, or explains one.", "help join"},
	{"nick", "name", "NAME", 1, 1, false, false, cmd_nick, ROLE_GUEST,
	 "Changes your name.", "nick alice"},
	{"join", "j", "ROOM", 1, 1, false, false, cmd_join, ROLE_GUEST,
	 "Goes to another room; makes it if it is not there.", "join ops"},
	{"leave", "part", "", 0, 0, false, false, cmd_leave, ROLE_GUEST,
	 "Goes back to the lobby.", "leave"},
	{"rooms", "list", "", 0, 0, false, false, cmd_rooms, ROLE_GUEST,
	 "Lists the rooms: people, last line, topic.", "rooms"},
	{"who", "names chatters", "[ROOM]", 1, 0, false, false, cmd_who, ROLE_GUEST,
	 "Lists the people in this room or another.", "who ops"},
	{"whois", "", "NICK", 1, 1, false, false, cmd_whois, ROLE_GUEST,
	 "Tells about a person: room, since when, idle, away.", "whois bob"},
	{"me", "", "ACTION", 0, 0, true, true, cmd_me, ROLE_GUEST,
	 "Says what you do, as \"* alice waves\".", "me waves"},
	{"msg", "tell w", "NICK TEXT", 1, 1, true, true, cmd_msg, ROLE_GUEST,
	 "Says something to one person alone, in any room. It is kept only for the bearer of an "
	 "account who is not here, and until it is read.", "msg bob lunch?"},
	{"reply", "r", "TEXT", 0, 0, true, true, cmd_reply, ROLE_GUEST,
	 "Answers the person who sent you the last private message.", "reply yes, at one"},
	{"topic", "", "[TEXT]", 0, 0, true, false, cmd_topic, ROLE_GUEST,
	 "Shows the room's topic, or sets it; a single - takes it away.", "topic Release on Friday"},
	{"history", "", "[N | 2h | 2026-11-22 | before #ID]", 2, 0, false, false, cmd_history, ROLE_GUEST,
	 "Shows earlier lines of this room: the last N, those of a time (s, m, h, d, w) or of a "
	 "day, or those before a line.", "history 2h"},
	{"search", "", "WORDS", 0, 0, true, true, cmd_search, ROLE_GUEST,
	 "Finds the lines, in all rooms, that have all the words; wor* finds what begins with wor.",
	 "search backup failed"},
	{"catchup", "", "", 0, 0, false, false, cmd_catchup, ROLE_GUEST,
	 "Shows what you missed in this room since you were last here, or while your connection "
	 "was slow.", "catchup"},
	{"ignore", "", "[NICK]", 1, 0, false, false, cmd_ignore, ROLE_GUEST,
	 "Hides what a person says from you; alone, lists whom you ignore.", "ignore bob"},
	{"unignore", "", "NICK", 1, 1, false, false, cmd_unignore, ROLE_GUEST,
	 "Shows a person's lines again.", "unignore bob"},
	{"away", "", "[TEXT]", 0, 0, true, false, cmd_away, ROLE_GUEST,
	 "Marks you as away; who writes to you or looks for you reads the text.",
	 "away back at three"},
	{"back", "", "", 0, 0, false, false, cmd_back, ROLE_GUEST,
	 "Ends /away.", "back"},
	{"register", "", "[PASSWORD]", 0, 0, true, false, cmd_register, ROLE_GUEST,
	 "Makes your name yours: nobody else can bear it, and it asks for the password. Alone, asks "
	 "you for one.", "register"},
	{"login", "", "NAME [PASSWORD]", 1, 1, true, false, cmd_login, ROLE_GUEST,
	 "Signs you in to your account, also in place of a connection of yours that hangs.",
	 "login alice"},
	{"passwd", "", "[OLD NEW]", 1, 0, true, false, cmd_passwd, ROLE_GUEST,
	 "Changes your password. Alone, asks for both.", "passwd"},
	{"codes", "", "", 0, 0, false, false, cmd_codes, ROLE_GUEST,
	 "Gives you ten codes, each good once in place of your password.", "codes"},
	{"totp", "", "[off]", 1, 0, false, false, cmd_totp, ROLE_GUEST,
	 "Adds a second step to signing in: a code of an authenticator app.", "totp"},
	{"sessions", "", "", 0, 0, false, false, cmd_sessions, ROLE_GUEST,
	 "Tells when and from where your account was signed in to.", "sessions"},
	{"drop", "", "[PASSWORD]", 0, 0, true, false, cmd_drop, ROLE_GUEST,
	 "Takes your account away. Alone, asks for the password.", "drop"},
	{"resume", "", "CODE", 1, 1, false, false, cmd_resume, ROLE_GUEST,
	 "Gives a guest back the name and room of a connection that broke; the code was in the "
	 "greeting.", "resume k3v9x-2p7qa"},
	{"role", "", "[NAME ROLE]", 2, 0, false, false, cmd_role, ROLE_ADMIN,
	 "Makes an account's bearer an admin, or no more than an account; where there is none, makes "
	 "the account. Alone, lists who has a role.", "role bob admin"},
	{"code", "", "NAME", 1, 1, false, false, cmd_code, ROLE_ADMIN,
	 "Makes a code, good once in place of the password, for somebody who has lost theirs.",
	 "code bob"},
	{"audit", "", "[N | WHO]", 1, 0, false, false, cmd_audit, ROLE_ADMIN,
	 "Shows what those who have a role did with it: the last N acts, or those by or about "
	 "somebody.", "audit bob"},
	{"time", "date", "", 0, 0, false, false, cmd_time, ROLE_GUEST,
	 "Tells the time at the server.", "time"},
	{"version", "", "", 0, 0, false, false, cmd_version, ROLE_GUEST,
	 "Tells which chatd this is.", "version"},
	{"limits", "", "", 0, 0, false, false, cmd_limits, ROLE_GUEST,
	 "Tells your limits and what is left of them.", "limits"},
	{"quit", "exit bye", "[TEXT]", 0, 0, true, false, cmd_quit, ROLE_GUEST,
	 "Leaves the chat; the others read the text.", "quit see you tomorrow"},
	{0},
};

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

const struct command *command_find(const char *name)
{
	for (const struct command *k = commands; k->name != NULL; k++)
		if (strcasecmp(k->name, name) == 0 || among(k->aliases, name))
			return k;
	return NULL;
}

/* -- what was meant -------------------------------------------------------------------- */

enum {
	SHOWN_CHARS = 40,     /* characters of a wrong name that are repeated */
};

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

/* Takes the name for found if it is nearer to the word than *best. */
static void nearer(const char *word, const char *name, size_t *best,
                   char found[COMMAND_NAME_BYTES_MAX + 1])
{
	size_t len = strlen(word), n = distance(word, name);

	/* The beginning of a name is as near as can be; a name of one letter is near to
	 * every other letter. */
	if (len >= 2 && strncasecmp(word, name, len) == 0)
		n = 0;
	if (n < *best && strlen(name) > 1) {
		*best = n;
		strcpy(found, name);
	}
}

bool command_nearest(const char *word, char found[COMMAND_NAME_BYTES_MAX + 1])
{
	size_t best = strlen(word) <= 3 ? 2 : 3;

	found[0] = '\0';
	for (const struct command *k = commands; k->name != NULL; k++) {
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
		emit_reply(c, s, "A command's name follows %c at once; %chelp lists them. To say a line "
		           "that begins with %c, type it twice: %c%c", p, p, p, p, p);
	else if (command_nearest(name, near))
		emit_reply(c, s, "There is no command %c%.*s. Did you mean %c%s?", p, n, name, p,
		           near);
	else
		emit_reply(c, s, "There is no command %c%.*s; %chelp lists them. To say a line that "
		           "begins with %c, type it twice: %c%c%.*s", p, n, name, p, p, p, p, n, name);
}

bool command_allowed(const struct session *s, const struct command *k)
{
	return role_of(s) >= k->role;
}

/* -- running --------------------------------------------------------------------------- */

void command_usage(struct chat *c, struct session *s, const char *name)
{
	const struct command *k = command_find(name);
	char p = c->config.command_prefix;

	if (*k->args == '\0')
		emit_reply(c, s, "Usage: %c%s, with nothing behind it", p, k->name);
	else
		emit_reply(c, s, "Usage: %c%s %s   for example: %c%s", p, k->name, k->args, p,
		           k->example);
}

static char *cut_word(char **line)
{
	char *word = *line, *end = word + strcspn(word, " ");

	*line = end + strspn(end, " ");
	*end = '\0';
	return word;
}

/* Takes the line apart; false: it does not fit the command. */
static bool args_parse(const struct command *k, char *line, struct args *a)
{
	int given = 0;

	*a = (struct args){0};
	while (given < k->words && *line != '\0')
		a->arg[given++] = cut_word(&line);
	a->rest = line;
	if (given < k->least || (*line != '\0' && !k->rest) || (*line == '\0' && k->rest_needed))
		return false;
	return true;
}

void command_run(struct chat *c, struct session *s, char *line)
{
	const struct command *k;
	struct args a;
	char *name;
	size_t len = strlen(line);

	while (len > 0 && line[len - 1] == ' ')
		line[--len] = '\0';
	name = cut_word(&line);
	k = command_find(name);
	if (k == NULL)
		unknown(c, s, name);
	else if (!command_allowed(s, k))
		emit_reply(c, s, "Not done: %c%s is for %ss.", c->config.command_prefix, k->name,
		           role_name(k->role));
	else if (!args_parse(k, line, &a))
		command_usage(c, s, k->name);
	else
		k->run(c, s, &a);
}
