/* Commands about being mentioned: /highlight /unhighlight /mentions. */

#include "chatd/core/commands/cmd_mention.h"

#include <inttypes.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/highlight.h"
#include "chatd/core/rooms/history.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"

/* -- words ---------------------------------------------------------------------------- */

static void highlight_list(struct chat *c, struct session *s)
{
	struct bytes words = {0};

	if (s->mentioned.words.n == 0) {
		emit_reply(c, s, "You are told of lines with your name. %chighlight WORD adds a word.",
		           c->config.command_prefix);
		return;
	}
	highlight_text(s, &words);
	emit_reply(c, s, "Besides your name, you are told of %" PRIu32 " of at most %d words:%s",
	           s->mentioned.words.n, HIGHLIGHTS_MAX, words.data);
	bytes_release(&words);
}

/* The words of s have changed: its account keeps them. */
static void save(struct chat *c, struct session *s)
{
	struct account_terms t;
	struct bytes words = {0};

	if (s->account == NULL)
		return;
	highlight_text(s, &words);
	t = account_terms(s->account);
	t.highlights = words.len > 0 ? words.data : "";
	account_change(c, s->account, &t);
	bytes_release(&words);
}

/* A guest's words are kept nowhere. */
static bool can_save(struct chat *c, const struct session *s)
{
	return s->account == NULL || emit_can_save(c, s);
}

void cmd_highlight(struct chat *c, struct session *s, const struct args *a)
{
	char word[HIGHLIGHT_BYTES_MAX + 1], p = c->config.command_prefix;
	const char *wrong;

	if (a->arg[0] == NULL) {
		highlight_list(c, s);
		return;
	}
	wrong = highlight_parse(a->arg[0], word);
	if (wrong != NULL) {
		emit_reply(c, s, "%s.", wrong);
	} else if (highlight_own(s, word) != NULL) {
		emit_reply(c, s, "You are already told of %s.", highlight_own(s, word)->typed);
	} else if (!can_save(c, s)) {
		return;
	} else if (s->mentioned.words.n == HIGHLIGHTS_MAX) {
		emit_reply(c, s, "You already have %d words, the most you can. %cunhighlight WORD makes room for "
		           "another.", HIGHLIGHTS_MAX, p);
	} else if (!highlight_add(c, s, a->arg[0], word)) {
		emit_reply(c, s, "Your words are too long together. %cunhighlight WORD makes room for another.", p);
	} else {
		save(c, s);
		emit_reply(c, s, "You are told of lines with %s from now on. %cunhighlight %s ends it.", a->arg[0],
		           p, a->arg[0]);
	}
}

void cmd_unhighlight(struct chat *c, struct session *s, const struct args *a)
{
	char word[HIGHLIGHT_BYTES_MAX + 1];
	struct listening *l = NULL;

	if (highlight_parse(a->arg[0], word) == NULL)
		l = highlight_own(s, word);
	if (l == NULL) {
		emit_reply(c, s, "%.*s is none of your words. %chighlight lists them.",
		           (int)text_prefix(a->arg[0], strlen(a->arg[0]), HIGHLIGHT_CHARS_MAX), a->arg[0],
		           c->config.command_prefix);
		return;
	}
	if (!can_save(c, s))
		return;
	emit_reply(c, s, "You are no longer told of %s.", l->typed);
	highlight_remove(c, l);
	save(c, s);
}

/* -- mentions ------------------------------------------------------------------------- */

void cmd_mentions(struct chat *c, struct session *s, const struct args *a)
{
	struct bytes words = {0};

	(void)a;
	bytes_puts(&words, s->nick);
	highlight_text(s, &words);
	history_ask(c, s, history_show_mentions, HISTORY_SAVED, (struct query){
		.kind = QUERY_SEARCH, .limit = MENTIONS_ASKED_MAX, .search = {words.data, "", s->nick, true},
	});
	bytes_release(&words);
}
