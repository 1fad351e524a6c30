/* The server's name and texts. Owns what struct welcome points to. */

#include "chatd/core/entry/welcome.h"

#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/base/wrap.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/name.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"

enum { TEXT_INDENT = 5 }; /* of the further rows of a text's line, as of a list's row */

static const char built_in_name[] = "chatd";

static const char penguin[] =
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

/* -- what is configured --------------------------------------------------------------- */

/* FNV-1a: the same after a restart. */
static uint64_t text_id(const char *text)
{
	uint64_t id = UINT64_C(0xcbf29ce484222325);

	if (*text == '\0')
		return 0;
	for (; *text != '\0'; text++)
		id = (id ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	/* A fact's numbers have a sign. */
	id &= INT64_MAX;
	return id != 0 ? id : 1;
}

/* The skeleton of the letters and digits alone: "The Example Chat" and the_example_chat are one. */
static void bare_skeleton(const char *name, char skeleton[NAME_SKELETON_BYTES_MAX + 1])
{
	struct bytes bare = {0};
	char *key;

	for (size_t at = 0, end = strlen(name), n; (n = name_next(name, end, &at)) > 0; at += n)
		for (size_t i = 0; i < n; i++)
			if (strchr("_-.|^", name[at + i]) == NULL)
				bytes_append(&bare, name + at + i, 1);
	*skeleton = '\0';
	key = bare.len > 0 ? text_form(bare.data, FORM_NAME) : NULL;
	if (key != NULL)
		skeleton_of(key, false, skeleton);
	free(key);
	bytes_release(&bare);
}

static void set_text(char **text, const char *value)
{
	char *old = *text;

	*text = mem_strdup(value != NULL ? value : "");
	free(old);
}

static void set_banner(struct welcome *w, const char *banner)
{
	struct bytes b = {0};

	bytes_printf(&b, "Welcome to %s!\n%s", w->named ? w->name : "TCP-Chat", penguin);
	set_text(&w->banner, banner != NULL ? banner : b.data);
	bytes_release(&b);
}

/* The length of the line at the beginning of a text. */
static size_t line_bytes(const char *text)
{
	return strcspn(text, "\n");
}

/* How many rows of a terminal a line has as a reply, or one more. */
static size_t line_rows(const char *line, size_t len)
{
	size_t rows = 1;

	for (size_t at = 0, n; (n = wrap_row(line + at, len - at, WRAP_COLUMNS - TEXT_INDENT - 3)) < len - at;
	     at += n)
		rows++;
	return rows;
}

/* It would push everything else off the screen. */
static bool is_long(const char *text)
{
	struct bytes line = {0};
	size_t rows = 0;

	for (; *text != '\0'; text += line_bytes(text) + 1) {
		bytes_clear(&line);
		bytes_append(&line, text, line_bytes(text));
		rows += line.len > 0 ? line_rows(line.data, line.len) : 1;
	}
	bytes_release(&line);
	return rows > WELCOME_ROWS_MAX;
}

void welcome_configure(struct chat *c, const struct chat_face *f)
{
	struct welcome *w = &c->entry.welcome;

	w->named = f->server_name != NULL;
	set_text(&w->name, w->named ? f->server_name : built_in_name);
	*w->skeleton = '\0';
	if (w->named)
		bare_skeleton(w->name, w->skeleton);
	set_banner(w, f->banner);
	set_text(&w->motd, f->motd);
	set_text(&w->rules, f->rules);
	w->motd_is_long = is_long(w->motd);
	w->rules_is_long = is_long(w->rules);
	w->rules_id = text_id(w->rules);
}

void welcome_free(struct welcome *w)
{
	free(w->name);
	free(w->banner);
	free(w->motd);
	free(w->rules);
}

bool welcome_bars_name(const struct chat *c, const char *key)
{
	char skeleton[NAME_SKELETON_BYTES_MAX + 1];

	if (*c->entry.welcome.skeleton == '\0')
		return false;
	bare_skeleton(key, skeleton);
	return strcmp(skeleton, c->entry.welcome.skeleton) == 0;
}

/* -- showing it ------------------------------------------------------------------------- */

static void show_lines(struct chat *c, const struct session *s, const char *text)
{
	for (; *text != '\0'; text += line_bytes(text) + 1) {
		int n = (int)line_bytes(text);

		emit_rows(c, s, TEXT_INDENT, "%s%.*s", n > 0 ? "  " : "", n, text);
	}
}

static void tell_motd(struct chat *c, const struct session *s)
{
	const struct welcome *w = &c->entry.welcome;

	if (*w->motd == '\0')
		return;
	if (w->motd_is_long)
		emit_reply(c, s, "There is a message of the day: %cmotd shows it.", c->config.command_prefix);
	else
		welcome_motd(c, s);
}

/* s was shown these rules, or has an account that was. */
static bool knows_rules(const struct session *s, uint64_t id)
{
	return s->presence.rules == id || (s->account != NULL && s->account->rules == id);
}

static void tell_rules(struct chat *c, struct session *s)
{
	const struct welcome *w = &c->entry.welcome;
	char p = c->config.command_prefix;
	bool changed = s->account != NULL && s->account->rules != 0;

	if (w->rules_is_long) {
		emit_reply(c, s, changed ? "The rules here have changed: %crules shows them."
		           : "There are rules here: please read them, with %crules.", p);
		return;
	}
	emit_reply(c, s, changed ? "The rules here have changed (%crules shows them again):"
	           : "The rules here (%crules shows them again):", p);
	show_lines(c, s, w->rules);
}

void welcome_tell(struct chat *c, struct session *s)
{
	uint64_t id = c->entry.welcome.rules_id;
	struct account_terms t;

	/* Their own node has its own texts. */
	if (person_is_remote(s))
		return;
	tell_motd(c, s);
	if (id == 0 || knows_rules(s, id))
		return;
	tell_rules(c, s);
	s->presence.rules = id;
	if (s->account == NULL)
		return;
	t = account_terms(s->account);
	t.rules = id;
	account_change_later(c, s->account, &t);
}

void welcome_motd(struct chat *c, const struct session *s)
{
	const char *motd = c->entry.welcome.motd;

	emit_reply(c, s, *motd != '\0' ? "Message of the day:" : "There is no message of the day.");
	show_lines(c, s, motd);
}

void welcome_rules(struct chat *c, const struct session *s)
{
	const char *rules = c->entry.welcome.rules;

	emit_reply(c, s, *rules != '\0' ? "The rules here:" : "There are no rules here.");
	show_lines(c, s, rules);
}
