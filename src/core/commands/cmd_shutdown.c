/* The command /shutdown: schedules the end of chatd, or calls it off. */

#include "chatd/core/commands/cmd_shutdown.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/base/time_format.h"
#include "chatd/core/moderation/shutdown.h"
#include "chatd/core/moderation/undo.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"

static void shutdown_state(struct chat *c, struct session *s)
{
	if (c->status.stop_ms == 0) {
		emit_reply(c, s, "No shutdown is scheduled.");
		command_usage(c, s, "shutdown");
		return;
	}
	shutdown_tell(c, s);
	emit_reply(c, s, "%cshutdown off calls it off.", c->config.command_prefix);
}

/* The data of an action that schedules a shutdown at that time (0: none); to be released. */
static struct bytes shutdown_undo(const struct chat *c, int64_t stop_at_ms)
{
	struct bytes data = {0};

	undo_begin(&data, "shutdown");
	fields_put_number(&data, "is", stop_at_ms);
	fields_put_number(&data, "was", c->status.stop_at_ms);
	fields_put(&data, "why", c->status.stop_why != NULL ? c->status.stop_why : "");
	return data;
}

static void call_off(struct chat *c, struct session *s)
{
	struct bytes undo = shutdown_undo(c, 0);

	shutdown_call_off(c, s);
	emit_audit(c, s, undo.data, "called off the shutdown");
	bytes_release(&undo);
}

static void shutdown_off(struct chat *c, struct session *s, const char *rest)
{
	if (*rest != '\0') {
		command_usage(c, s, "shutdown");
	} else if (c->status.stop_ms == 0) {
		emit_reply(c, s, "No shutdown is scheduled.");
	} else {
		call_off(c, s);
	}
}

/* Schedules a shutdown in ms, records it and tells everyone. */
static void schedule(struct chat *c, struct session *s, int64_t ms, const char *why)
{
	char left[LEFT_BYTES_MAX];
	struct bytes undo = shutdown_undo(c, c->wall_ms + ms);
	uint64_t n = emit_audit(c, s, ms > 0 ? undo.data : "", "scheduled a shutdown in %s%s%s",
	                        format_left(left, ms), *why != '\0' ? ": " : "", why);

	bytes_release(&undo);
	shutdown_schedule(c, s, ms, why);
	if (ms > 0 && n == 0)
		emit_reply(c, s, "Scheduled, for this node. %cshutdown off takes it back.", c->config.command_prefix);
	else if (ms > 0)
		emit_reply(c, s, "Scheduled. %cundo #A%" PRIu64 " takes it back.", c->config.command_prefix, n);
}

void undo_shutdown(struct chat *c, struct session *s, const struct row *act)
{
	int64_t was_ms = fields_get_time(act->changed, "was");
	int64_t is_ms = fields_get_time(act->changed, "is");
	char *why = fields_get_text(act->changed, "why", (size_t)SHUTDOWN_WHY_CHARS_MAX * 4);

	if (c->status.stop_at_ms != is_ms)
		undo_late(c, s, "the shutdown has since been changed or called off");
	else if (was_ms > c->wall_ms)
		schedule(c, s, was_ms - c->wall_ms, why);
	else if (is_ms == 0)
		undo_late(c, s, "that time has passed");
	else
		call_off(c, s);
	free(why);
}

void cmd_shutdown(struct chat *c, struct session *s, const struct args *a)
{
	int64_t ms = -1;

	if (a->arg[0] == NULL) {
		shutdown_state(c, s);
		return;
	}
	if (strcasecmp(a->arg[0], "off") == 0) {
		shutdown_off(c, s, a->rest);
		return;
	}
	ms = strcasecmp(a->arg[0], "now") == 0 ? 0 : format_parse_age(a->arg[0]);
	if (ms < 0) {
		command_usage(c, s, "shutdown");
	} else if (strcasecmp(a->rest, "off") == 0) {
		emit_reply(c, s, "To call the shutdown off, type %cshutdown off and nothing else.",
		           c->config.command_prefix);
	} else if (ms > SHUTDOWN_MS_MAX) {
		emit_reply(c, s, "A shutdown can be scheduled at most 24 hours ahead.");
	} else if (args_why_fits(c, s, a->rest, SHUTDOWN_WHY_CHARS_MAX)) {
		schedule(c, s, ms, a->rest);
	}
}
