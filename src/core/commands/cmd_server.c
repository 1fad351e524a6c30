/* Commands that keep order on the whole server: /disconnect /lockdown /filter /announce. */

#include "chatd/core/commands/cmd_server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/lockdown.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/moderation/undo.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/eject.h"
#include "chatd/core/state/state.h"

#define LOCKDOWN_MS_MAX (INT64_C(7) * 86400 * 1000)

void cmd_disconnect(struct chat *c, struct session *s, const struct args *a)
{
	struct session *who = session_find(c, s, a->arg[0]);
	const char *gap = *a->rest != '\0' ? ": " : "";
	size_t chars = text_chars(a->rest, strlen(a->rest));
	struct bytes told = {0}, why = {0};

	if (who == NULL || !emit_can_save(c, s))
		return;
	if (who == s) {
		emit_reply(c, s, "Not done: that is you. %cquit leaves the chat.", c->config.command_prefix);
	} else if (chars > BAN_WHY_CHARS_MAX) {
		emit_reply(c, s, "Not done: a reason has at most %d characters; this has %zu.",
		           BAN_WHY_CHARS_MAX, chars);
	} else if (moderation_over(c, s, NULL, rank_of(NULL, who), who->nick)) {
		bytes_printf(&told, "%s has ended your connection%s%s", s->nick,
		             *gap != '\0' ? gap : ".", a->rest);
		bytes_printf(&why, "disconnected by %s%s%s", s->nick, gap, a->rest);
		emit_audit(c, s, "", "disconnected %s%s%s", who->nick, gap, a->rest);
		emit_reply(c, s, "%s is disconnected, and may come back. %cban --everywhere keeps people out.",
		           who->nick, c->config.command_prefix);
		eject_mark(c, who, NULL, told.data, why.data);
		eject_run(c);
	}
	bytes_release(&told);
	bytes_release(&why);
}

/* -- lockdown ------------------------------------------------------------------------------ */

/* The lockdown holds until then (0: no longer). Puts into data what takes that back. */
static void lockdown_change(struct chat *c, struct session *s, int64_t until_ms,
                            struct bytes *data)
{
	undo_begin(data, "lockdown");
	fields_put_number(data, "was", lockdown_on(c) ? c->moderation.lockdown.until_ms : 0);
	fields_put_number(data, "is", until_ms);
	lockdown_set(c, until_ms, s->nick);
}

static void lockdown_end(struct chat *c, struct session *s)
{
	struct bytes undo = {0};
	uint64_t n;

	if (!lockdown_on(c)) {
		emit_reply(c, s, "There is no lockdown.");
		return;
	}
	lockdown_change(c, s, 0, &undo);
	n = emit_audit(c, s, undo.data, "ended the lockdown");
	bytes_release(&undo);
	emit_all(c, "The lockdown is over: everybody may come in and speak again.");
	emit_reply(c, s, "%cundo #A%" PRIu64 " takes it back.", c->config.command_prefix, n);
}

static void lockdown_begin(struct chat *c, struct session *s, int64_t until_ms)
{
	char text[NAME_BYTES_MAX + 160];
	struct bytes undo = {0};
	const char *until;
	uint64_t n;

	lockdown_change(c, s, until_ms, &undo);
	until = format_stamp(&c->stamp, until_ms);
	n = emit_audit(c, s, undo.data, "locked the chat down until %s", until);
	bytes_release(&undo);
	snprintf(text, sizeof text, "%s has locked the chat down: until %s only people with an account "
	         "may come in or speak.", s->nick, until);
	emit_all(c, text);
	emit_reply(c, s, "%clockdown off ends it before. %cundo #A%" PRIu64 " takes it back.",
	           c->config.command_prefix, c->config.command_prefix, n);
}

void undo_lockdown(struct chat *c, struct session *s, const struct row *act)
{
	int64_t was_ms = fields_get_time(act->room_name, "was");
	int64_t is_ms = fields_get_time(act->room_name, "is");

	if (c->moderation.lockdown.until_ms != is_ms)
		undo_late(c, s, "the lockdown is another by now, or over");
	else if (was_ms > c->wall_ms)
		lockdown_begin(c, s, was_ms);
	else if (is_ms == 0)
		undo_late(c, s, "that lockdown would be over by now");
	else
		lockdown_end(c, s);
}

void cmd_lockdown(struct chat *c, struct session *s, const struct args *a)
{
	int64_t ms;

	if (a->arg[0] == NULL) {
		command_usage(c, s, "lockdown");
		return;
	}
	if (!emit_can_save(c, s))
		return;
	if (strcasecmp(a->arg[0], "off") == 0) {
		lockdown_end(c, s);
		return;
	}
	if ((ms = format_parse_age(a->arg[0])) < 0) {
		command_usage(c, s, "lockdown");
		return;
	}
	if (ms > LOCKDOWN_MS_MAX) {
		emit_reply(c, s, "Not done: a lockdown has at most 7 days.");
		return;
	}
	lockdown_begin(c, s, c->wall_ms + ms);
}

/* -- filter -------------------------------------------------------------------------------- */

static void filter_list(struct chat *c, struct session *s)
{
	const struct filters *all = &c->moderation.filters;
	struct bytes words = {0};

	if (all->n == 0) {
		emit_reply(c, s, "No word is filtered. %cfilter add WORD adds one.", c->config.command_prefix);
		return;
	}
	for (const struct filter *f = all->words; f != NULL; f = f->hh.next)
		bytes_printf(&words, "%s%s", words.len > 0 ? ", " : "", f->word);
	for (const struct filter *f = all->beginnings; f != NULL; f = f->hh.next)
		bytes_printf(&words, "%s%s*", words.len > 0 ? ", " : "", f->word);
	emit_reply(c, s, "%" PRIu32 " of at most %d words: %s", all->n, FILTERS_MAX, words.data);
	bytes_release(&words);
}

/* Begins the data of an act on the word, which was added then, by whom. */
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
		emit_reply(c, s, "%s%s is filtered already.", word, star);
	} else if (c->moderation.filters.n >= FILTERS_MAX) {
		emit_reply(c, s, "Not done: there are %d words, and that is the most. %cfilter remove WORD makes "
		           "place.", FILTERS_MAX, c->config.command_prefix);
	} else {
		filter_add(c, word, beginning, by, at_ms);
		f = filter_named(c, word, beginning);
		filter_undo_begin(&undo, word, beginning, f->by, f->at_ms);
		fields_put(&undo, "added", "yes");
		n = emit_audit(c, s, undo.data, "filtered the word %s%s", word, star);
		bytes_release(&undo);
		emit_reply(c, s, "%s%s may not be said from here on. %cundo #A%" PRIu64 " takes it back.", word,
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
		emit_reply(c, s, "Not done: %s%s is not filtered. %cfilter lists what is.", word, star,
		           c->config.command_prefix);
		return;
	}
	filter_undo_begin(&undo, word, beginning, f->by, f->at_ms);
	filter_remove(c, f);
	n = emit_audit(c, s, undo.data, "stopped filtering the word %s%s", word, star);
	bytes_release(&undo);
	emit_reply(c, s, "%s%s may be said again. %cundo #A%" PRIu64 " takes it back.", word, star,
	           c->config.command_prefix, n);
}

void undo_filter(struct chat *c, struct session *s, const struct row *act)
{
	const char *data = act->room_name;
	char *typed = fields_get(data, "word"), *by = fields_get_text(data, "by", NAME_BYTES_MAX);
	bool beginning = fields_get_number(data, "beginning") != 0, star;
	int64_t at_ms = fields_get_time(data, "at");
	char word[FILTER_BYTES_MAX + 1];
	const struct filter *f;

	if (filter_parse(typed, word, &star) != NULL || star) {
		undo_late(c, s, "that is no word to be filtered any more");
	} else if (!undo_has(data, "added")) {
		filter_more(c, s, word, beginning, by, at_ms);
	} else {
		f = filter_named(c, word, beginning);
		if (f == NULL || f->at_ms != at_ms)
			undo_late(c, s, "that filter is removed by now");
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
		emit_reply(c, s, "Not done: %s, and perhaps a * at its end.", wrong);
	else if (!emit_can_save(c, s))
		return;
	else if (add)
		filter_more(c, s, word, beginning, s->nick, c->wall_ms);
	else
		filter_less(c, s, word, beginning);
}

void cmd_announce(struct chat *c, struct session *s, const struct args *a)
{
	struct bytes text = {0};

	if (!emit_can_save(c, s))
		return;
	bytes_printf(&text, "Announcement by %s: %s", s->nick, a->rest);
	emit_audit(c, s, "", "announced: %s", a->rest);
	emit_all(c, text.data);
	bytes_release(&text);
}
