/* The command /filter: the blocked words. */

#include "chatd/core/commands/cmd_filter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/moderation/filter.h"
#include "chatd/core/moderation/undo.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"

static void filter_list(struct chat *c, struct session *s)
{
	const struct filters *all = &c->moderation.filters;
	struct bytes words = {0};

	if (all->n == 0) {
		emit_reply(c, s, "No words are blocked. %cfilter add WORD adds one.", c->config.command_prefix);
		return;
	}
	for (const struct filter *f = all->words; f != NULL; f = f->hh.next)
		bytes_printf(&words, "%s%s", words.len > 0 ? ", " : "", f->word);
	for (const struct filter *f = all->beginnings; f != NULL; f = f->hh.next)
		bytes_printf(&words, "%s%s*", words.len > 0 ? ", " : "", f->word);
	emit_rows(c, s, 2, "Blocked words (%" PRIu32 " of %d): %s", all->n, FILTERS_MAX, words.data);
	bytes_release(&words);
}

/* Begins the data of an action on the word, which was added by `by` at at_ms. */
static void filter_undo_begin(struct bytes *data, const char *word, bool beginning, const char *by,
                              int64_t at_ms)
{
	undo_begin(data, "filter");
	fields_put(data, "word", word);
	fields_put_number(data, "beginning", beginning);
	fields_put(data, "by", by);
	fields_put_number(data, "at", at_ms);
}

static void filter_more(struct chat *c, struct session *s, const char *word, bool beginning,
                        const char *by, int64_t at_ms)
{
	const char *star = beginning ? "*" : "";
	const struct filter *f;
	struct bytes undo = {0};
	uint64_t n;

	if (filter_named(c, word, beginning) != NULL) {
		emit_reply(c, s, "%s%s is already blocked.", word, star);
	} else if (c->moderation.filters.n >= FILTERS_MAX) {
		emit_reply(c, s, "The list of blocked words is full (%d). %cfilter remove WORD frees a place.",
		           FILTERS_MAX, c->config.command_prefix);
	} else {
		filter_add(c, word, beginning, by, at_ms);
		f = filter_named(c, word, beginning);
		filter_undo_begin(&undo, word, beginning, f->by, f->at_ms);
		fields_put(&undo, "added", "yes");
		n = emit_audit(c, s, undo.data, "blocked the word %s%s", word, star);
		bytes_release(&undo);
		emit_rows(c, s, 2, "%s%s is blocked from now on. %cundo #A%" PRIu64 " takes it back.", word,
		          star, c->config.command_prefix, n);
	}
}

static void filter_less(struct chat *c, struct session *s, const char *word, bool beginning)
{
	struct filter *f = filter_named(c, word, beginning);
	const char *star = beginning ? "*" : "";
	struct bytes undo = {0};
	uint64_t n;

	if (f == NULL) {
		emit_rows(c, s, 2, "%s%s is not blocked. %cfilter lists the blocked words.", word, star,
		          c->config.command_prefix);
		return;
	}
	filter_undo_begin(&undo, word, beginning, f->by, f->at_ms);
	filter_remove(c, f);
	n = emit_audit(c, s, undo.data, "unblocked the word %s%s", word, star);
	bytes_release(&undo);
	emit_rows(c, s, 2, "%s%s is no longer blocked. %cundo #A%" PRIu64 " takes it back.", word, star,
	          c->config.command_prefix, n);
}

void undo_filter(struct chat *c, struct session *s, const struct row *act)
{
	const char *data = act->changed;
	char *typed = fields_get(data, "word"), *by = fields_get_text(data, "by", NAME_BYTES_MAX);
	bool beginning = fields_get_number(data, "beginning") != 0, star;
	int64_t at_ms = fields_get_time(data, "at");
	char word[FILTER_BYTES_MAX + 1];
	const struct filter *f;

	if (filter_parse(typed, word, &star) != NULL || star) {
		undo_late(c, s, "that word can no longer be blocked");
	} else if (!undo_has(data, "added")) {
		filter_more(c, s, word, beginning, by, at_ms);
	} else {
		f = filter_named(c, word, beginning);
		if (f == NULL || f->at_ms != at_ms)
			undo_late(c, s, "it has since been unblocked");
		else
			filter_less(c, s, word, beginning);
	}
	free(typed);
	free(by);
}

void cmd_filter(struct chat *c, struct session *s, const struct args *a)
{
	char word[FILTER_BYTES_MAX + 1];
	const char *wrong;
	bool add, beginning;

	if (a->arg[0] == NULL) {
		filter_list(c, s);
		return;
	}
	add = strcasecmp(a->arg[0], "add") == 0;
	if (a->arg[1] == NULL || (!add && strcasecmp(a->arg[0], "remove") != 0)) {
		command_usage(c, s, "filter");
		return;
	}
	wrong = filter_parse(a->arg[1], word, &beginning);
	if (wrong != NULL)
		emit_reply(c, s, "%s.", wrong);
	else if (!emit_can_save(c, s))
		return;
	else if (add)
		filter_more(c, s, word, beginning, s->nick, c->wall_ms);
	else
		filter_less(c, s, word, beginning);
}
