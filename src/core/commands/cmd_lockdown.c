/* The command /lockdown: for a while only people with an account can come in or speak. */

#include "chatd/core/commands/cmd_lockdown.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "chatd/base/bytes.h"
#include "chatd/base/clock.h"
#include "chatd/base/fields.h"
#include "chatd/core/moderation/lockdown.h"
#include "chatd/core/moderation/undo.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"

#define LOCKDOWN_MS_MAX (7 * DAY_MS)

/* The lockdown ends at until_ms (0: now). Puts into data what /undo needs. */
static void lockdown_change(struct chat *c, struct session *s, int64_t until_ms,
                            struct bytes *data)
{
	undo_begin(data, "lockdown");
	fields_put_number(data, "was", lockdown_on(c) ? c->moderation.lockdown.until_ms : 0);
	fields_put_number(data, "is", until_ms);
	lockdown_set(c, until_ms, s->nick);
}

static void tell_lockdown(struct chat *c, struct session *s)
{
	if (lockdown_on(c))
		emit_reply(c, s, "Only people with an account can come in or speak until %s: %s has locked the chat "
		           "down. %clockdown off ends it early.",
		           format_stamp(&c->stamp, c->moderation.lockdown.until_ms), c->moderation.lockdown.by,
		           c->config.command_prefix);
	else
		emit_reply(c, s, "There is no lockdown. %clockdown 10m begins one.", c->config.command_prefix);
}

static void lockdown_end(struct chat *c, struct session *s)
{
	struct bytes undo = {0};
	uint64_t n;

	if (!lockdown_on(c)) {
		tell_lockdown(c, s);
		return;
	}
	lockdown_change(c, s, 0, &undo);
	n = emit_audit(c, s, undo.data, "ended the lockdown");
	bytes_release(&undo);
	emit_all(c, "The lockdown is over: everyone can come in and speak again.");
	emit_reply(c, s, "%cundo #A%" PRIu64 " takes it back.", c->config.command_prefix, n);
}

static void lockdown_begin(struct chat *c, struct session *s, int64_t until_ms)
{
	char text[NAME_BYTES_MAX + 80];
	struct bytes undo = {0};
	const char *until;
	uint64_t n;

	lockdown_change(c, s, until_ms, &undo);
	until = format_stamp(&c->stamp, until_ms);
	n = emit_audit(c, s, undo.data, "locked the chat down until %s", until);
	bytes_release(&undo);
	/* In two, so that neither is longer than a row. */
	snprintf(text, sizeof text, "%s has locked the chat down until %s:", s->nick, until);
	emit_all(c, text);
	emit_all(c, "only people with an account can come in or speak.");
	emit_reply(c, s, "%clockdown off ends it early. %cundo #A%" PRIu64 " takes it back.",
	           c->config.command_prefix, c->config.command_prefix, n);
}

void undo_lockdown(struct chat *c, struct session *s, const struct row *act)
{
	int64_t was_ms = fields_get_time(act->changed, "was");
	int64_t is_ms = fields_get_time(act->changed, "is");

	if (c->moderation.lockdown.until_ms != is_ms)
		undo_late(c, s, "the lockdown has since been changed or has ended");
	else if (was_ms > c->wall_ms)
		lockdown_begin(c, s, was_ms);
	else if (is_ms == 0)
		undo_late(c, s, "that lockdown would have ended by now");
	else
		lockdown_end(c, s);
}

void cmd_lockdown(struct chat *c, struct session *s, const struct args *a)
{
	int64_t ms;

	if (a->arg[0] == NULL) {
		tell_lockdown(c, s);
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
		emit_reply(c, s, "A lockdown can last at most 7 days.");
		return;
	}
	lockdown_begin(c, s, c->wall_ms + ms);
}
