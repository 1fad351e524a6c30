/* Tab. Owns nothing: candidates are looked at one after the other, and only the best are kept, for a list. */

#include "chatd/core/complete.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/core/commands/cmd_info.h"
#include "chatd/core/commands/command.h"
#include "chatd/core/commands/usage.h"
#include "chatd/core/input/console.h"
#include "chatd/core/input/rate_limit.h"
#include "chatd/core/people/name.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/rooms/watch.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"
#include "chatd/core/terminal/editor.h"

enum {
	LISTED_MAX = 60,        /* candidates that a list has, at most */
	TAB_BYTES = 16,         /* what each Tab costs */
	NAMES_PER_BYTE = 8,     /* names that are looked at for one byte more */
};

/* One thing that the word can become. */
struct candidate {
	const char *text;       /* borrowed */
	size_t len;
	int64_t rank;           /* higher ones come first in a list, those of one rank by the alphabet */
};

/* What the word can become. */
struct candidates {
	const char *word;       /* what was typed of it, len bytes */
	size_t len;
	char key[NAME_KEY_BYTES_MAX + 1]; /* the same in the form of names; "": it has none */
	uint32_t n;             /* how many there are */
	uint32_t seen;          /* names that were looked at */
	size_t common;          /* bytes of the first that all begin with, in any case */
	struct candidate first; /* that one */
	uint32_t nbest, most;   /* how many are in best, and at most */
	struct candidate best[LISTED_MAX]; /* those that come first in a list */
};

/* -- candidates --------------------------------------------------------------------------------- */

/* a comes before b in a list. */
static bool precedes(const struct candidate *a, const struct candidate *b)
{
	int by_text = strncasecmp(a->text, b->text, a->len < b->len ? a->len : b->len);

	if (a->rank != b->rank)
		return a->rank > b->rank;
	return by_text != 0 ? by_text < 0 : a->len < b->len;
}

static int by_precedence(const void *a, const void *b)
{
	return precedes(a, b) ? -1 : precedes(b, a);
}

/* best is a heap, whose first is the last in the order, until it is sorted for a list. */
static void add_best(struct candidates *all, struct candidate one)
{
	struct candidate *best = all->best;
	uint32_t at = 0, below;

	if (all->nbest < all->most) {
		for (at = all->nbest++; at > 0 && precedes(&best[(at - 1) / 2], &one); at = (at - 1) / 2)
			best[at] = best[(at - 1) / 2];
		best[at] = one;
		return;
	}
	if (!precedes(&one, &best[0]))
		return;
	while ((below = 2 * at + 1) < all->nbest) {
		if (below + 1 < all->nbest && precedes(&best[below], &best[below + 1]))
			below++;
		if (precedes(&best[below], &one))
			break;
		best[at] = best[below];
		at = below;
	}
	best[at] = one;
}

/* Adds one that begins with the word. */
static void add(struct candidates *all, struct candidate one)
{
	size_t common = all->common < one.len ? all->common : one.len;

	/* A word may be a command and a topic. */
	if (all->n > 0 && one.len == all->first.len && strncasecmp(one.text, all->first.text, one.len) == 0)
		return;
	if (all->n++ == 0) {
		all->first = one;
		common = one.len;
	}
	while (common > 0 && (strncasecmp(all->first.text, one.text, common) != 0 ||
	                      ((unsigned char)all->first.text[common] & 0xC0) == 0x80))
		common--;
	all->common = common;
	add_best(all, one);
}

/* Adds a word, of len bytes, if it begins with what was typed. */
static void offer(struct candidates *all, const char *text, size_t len)
{
	if (len >= all->len && strncasecmp(text, all->word, all->len) == 0)
		add(all, (struct candidate){text, len, 0});
}

/* The same for a name. */
static void offer_name(struct candidates *all, const char *name, const char *key, int64_t rank)
{
	if ((all->len == 0 || *all->key != '\0') && strncmp(key, all->key, strlen(all->key)) == 0)
		add(all, (struct candidate){name, strlen(name), rank});
}

static void offer_person(struct candidates *all, const struct session *s, const struct session *who)
{
	if (who != s && !session_ignores(s, who->key))
		offer_name(all, who->nick, who->key, who->presence.said_ms);
}

/* The people in the room of s. */
static void offer_company(struct candidates *all, const struct session *s)
{
	for (uint32_t i = 0; i < s->room->members.n; i++)
		offer_person(all, s, s->room->members.list[i]);
	all->seen += s->room->members.n;
}

/* Everybody who is where s may see them. */
static void offer_people(struct candidates *all, const struct chat *c, const struct session *s)
{
	for (const struct session *who = c->people.by_key; who != NULL; who = who->hh.next)
		if (who->state == SESSION_CHAT && who->room != NULL &&
		    (who->room == s->room || access_see_marked(c, s, who->room)))
			offer_person(all, s, who);
	all->seen += c->people.n;
}

/* The people that s ignores. */
static void offer_ignored(struct candidates *all, const struct session *s)
{
	for (uint32_t i = 0; i < s->presence.nignored; i++)
		offer_name(all, s->presence.ignored[i], s->presence.ignored[i], 0);
}

/* watched: only those that s watches. */
static void offer_rooms(struct candidates *all, const struct chat *c, const struct session *s, bool watched)
{
	for (uint32_t i = 0; i < c->rooms.top; i++) {
		const struct room *r = c->rooms.slot[i];

		if (r != NULL && !r->gone &&
		    (watched ? watch_find(s, r) != NULL : r == s->room || access_see_marked(c, s, r)))
			offer_name(all, r->name, r->key, 0);
	}
	all->seen += c->rooms.top;
}

static void offer_commands(struct candidates *all, const struct chat *c, const struct session *s)
{
	for (const struct command *k = c->commands; k->name != NULL; k++)
		if (command_useful(s, k))
			offer(all, k->name, strlen(k->name));
}

static void offer_topics(struct candidates *all)
{
	for (enum topic t = 0; t < TOPICS; t++)
		offer(all, help_topic(t), strlen(help_topic(t)));
	offer(all, "all", strlen("all"));
}

static void offer_roles(struct candidates *all)
{
	for (enum role r = ROLE_ACCOUNT; r <= ROLE_ADMIN; r++)
		offer(all, role_name(r), strlen(role_name(r)));
}

static void offer_settings(struct candidates *all, bool own)
{
	for (int i = 0; own && preference_rows[i].name != NULL; i++)
		offer(all, preference_rows[i].name, strlen(preference_rows[i].name));
	for (const struct setting *k = settings; !own && k->name != NULL; k++)
		offer(all, k->name, strlen(k->name));
}

/* What the setting of that name can be. */
static void offer_values(struct candidates *all, bool own, const char *name)
{
	int row = own ? preference_find(name) : -1;
	const struct setting *k = own ? NULL : setting_find(name);
	const char *value;

	for (int i = 0; row >= 0 && (value = preference_choice(row, i)) != NULL; i++)
		offer(all, value, strlen(value));
	if (k != NULL && k->kind == SETTING_SWITCH)
		offer(all, "on", 2);
	if (k != NULL && k->kind != SETTING_PASSWORD)
		offer(all, k->none, strlen(k->none));
}

/* -- where -------------------------------------------------------------------------------------- */

/* The last of the words before the one being typed, NUL-terminated. */
static void word_before(const char *typed, size_t len, char word[PREFERENCE_VALUE_BYTES])
{
	size_t end = len, begin;

	while (end > 0 && typed[end - 1] == ' ')
		end--;
	for (begin = end; begin > 0 && typed[begin - 1] != ' ';)
		begin--;
	word[0] = '\0';
	if (end - begin < PREFERENCE_VALUE_BYTES) {
		memcpy(word, typed + begin, end - begin);
		word[end - begin] = '\0';
	}
}

static bool is(const struct usage_word *w, const char *text)
{
	return w->len == strlen(text) && memcmp(w->p, text, w->len) == 0;
}

/* What one word of a command's usage stands for; before: the word that was typed before this one. */
static void offer_usage(struct candidates *all, const struct chat *c, const struct session *s,
                        const struct command *k, const struct usage_word *w, const char *before)
{
	bool own = strcmp(k->name, "set") == 0;

	if (is(w, "NAME") && strcmp(k->name, "unignore") == 0)
		offer_ignored(all, s);
	else if (is(w, "NAME") || is(w, "WHO"))
		offer_people(all, c, s);
	else if (is(w, "ROOM"))
		offer_rooms(all, c, s, strcmp(k->name, "unwatch") == 0);
	else if (is(w, "COMMAND"))
		offer_commands(all, c, s);
	else if (is(w, "TOPIC"))
		offer_topics(all);
	else if (is(w, "ROLE"))
		offer_roles(all);
	else if (is(w, "SETTING"))
		offer_settings(all, own);
	else if (is(w, "VALUE"))
		offer_values(all, own, before);
	else if (is(w, "TEXT") || is(w, "ACTION") || is(w, "WHY"))
		offer_company(all, s);
	else if (*w->p >= 'a' && *w->p <= 'z')
		offer(all, w->p, w->len);
}

/* The words of a command, of which typed are those before the one being typed. */
static void offer_arguments(struct candidates *all, const struct chat *c, const struct session *s,
                            const struct command *k, const char *typed, size_t len)
{
	struct usage_word next[USAGE_NEXT_MAX];
	char before[PREFERENCE_VALUE_BYTES];
	uint32_t n = usage_next(k->args, typed, len, next);

	if (all->len >= 2 && memcmp(all->word, "--", 2) == 0) {
		for (const struct command_option *o = command_options; o->word != NULL; o++)
			if ((k->flags & o->flag) != 0)
				offer(all, o->word, strlen(o->word));
		return;
	}
	word_before(typed, len, before);
	for (uint32_t i = 0; i < n; i++)
		offer_usage(all, c, s, k, &next[i], before);
}

/* Takes the word being typed to be the len bytes at p. */
static void begin(struct candidates *all, const char *p, size_t len)
{
	all->word = p;
	all->len = len;
	name_key(p, len, all->key);
}

/* Finds out what the word can become that ends at text[cursor]. Returns what follows it once it is clear:
 * ": " after a name that a line begins with. */
static const char *find(struct candidates *all, const struct chat *c, const struct session *s,
                        const char *text, size_t cursor)
{
	char prefix = c->config.command_prefix, name[COMMAND_NAME_BYTES_MAX + 1];
	size_t from = cursor, end;
	const struct command *k;

	while (from > 0 && text[from - 1] != ' ')
		from--;
	/* Before the prefix there is nothing to complete. */
	if (text[0] == prefix && cursor == 0)
		return "";
	begin(all, text + from, cursor - from);
	if (text[0] != prefix || (cursor > 1 && text[1] == prefix)) {
		offer_company(all, s);
		return from == 0 ? ": " : " ";
	}
	if (from == 0) {
		begin(all, text + 1, cursor - 1);
		offer_commands(all, c, s);
		return " ";
	}
	end = strcspn(text + 1, " ");
	if (end > COMMAND_NAME_BYTES_MAX)
		return "";
	memcpy(name, text + 1, end);
	name[end] = '\0';
	k = command_find(c, name);
	if (k != NULL && command_allowed(s, k) && (k->flags & FLAG_IN) != 0 && all->len >= 5 &&
	    strncmp(all->word, "--in=", 5) == 0) {
		begin(all, all->word + 5, all->len - 5);
		/* /say speaks only in rooms that are watched. */
		offer_rooms(all, c, s, strcmp(k->name, "say") == 0);
	} else if (k != NULL && command_allowed(s, k)) {
		offer_arguments(all, c, s, k, text + 1 + end, from - 1 - end);
	}
	return " ";
}

/* -- what comes of it --------------------------------------------------------------------------- */

static void list(struct chat *c, const struct session *s, struct candidates *all)
{
	struct bytes *b = &c->scratch;

	qsort(all->best, all->nbest, sizeof all->best[0], by_precedence);
	bytes_clear(b);
	for (uint32_t i = 0; i < all->nbest; i++)
		if (i == 0 || by_precedence(&all->best[i - 1], &all->best[i]) != 0)
			bytes_printf(b, "%s%.*s", i > 0 ? "  " : "", (int)all->best[i].len, all->best[i].text);
	if (all->n > all->nbest)
		bytes_printf(b, "  and %" PRIu32 " more", all->n - all->nbest);
	emit_reply(c, s, "%s", b->data);
}

/* Puts one in place of the word. */
static void put(struct chat *c, struct session *s, const struct candidates *all, const struct candidate *one,
                size_t len, const char *behind, size_t cursor)
{
	char text[NAME_BYTES_MAX + COMMAND_NAME_BYTES_MAX + 4];
	size_t line_len, at, n = strlen(behind);
	const char *line = editor_text(s->input.console.editor, &line_len, &at);

	/* A blank that is there is not doubled. */
	if (n > 0 && line[cursor] == ' ')
		n--;
	if (len + n >= sizeof text)
		return;
	memcpy(text, one->text, len);
	memcpy(text + len, behind, n);
	editor_replace(s->input.console.editor, cursor - all->len, cursor, text, len + n,
	               c->config.line_bytes_max);
	console_touch(c, s);
}

void complete_line(struct chat *c, struct session *s)
{
	UNCLEARED struct candidates all;
	size_t len, cursor;
	const char *text = editor_text(s->input.console.editor, &len, &cursor), *behind;
	bool again = editor_tabs(s->input.console.editor) > 1;

	if (s->state != SESSION_CHAT || s->dialogue != NULL || s->room == NULL || memchr(text, '\n', len) != NULL)
		return;
	all.n = all.seen = all.nbest = 0;
	all.common = 0;
	all.most = again ? LISTED_MAX : 1;
	access_mark(c, s);
	behind = find(&all, c, s, text, cursor);
	rate_bytes(c, s, TAB_BYTES + all.seen / NAMES_PER_BYTE);
	if (all.n == 0)
		return;
	if (all.n == 1)
		put(c, s, &all, &all.first, all.first.len,
		    all.first.text[all.first.len - 1] == '=' ? "" : behind, cursor);
	else if (all.len == 0 && cursor == 0 && !again)
		put(c, s, &all, &all.best[0], all.best[0].len, behind, cursor);
	else if (all.common > all.len)
		put(c, s, &all, &all.first, all.common, "", cursor);
	else if (again)
		list(c, s, &all);
}
