/*
 * Shutting chatd down from the chat, with a countdown.
 *
 * Owns that part of struct server_status. The program itself stops: EFFECT_STOP asks it to, and
 * EVENT_STOP comes, as after a signal.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/clock.h"
#include "chatd/base/time_format.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/shutdown.h"
#include "chatd/core/state/state.h"

enum {
	TEXT_BYTES_MAX = SERVER_NAME_BYTES_MAX + SHUTDOWN_WHY_CHARS_MAX * 4 + NAME_BYTES_MAX + LEFT_BYTES_MAX + 64,
};

/* How long before the end everyone is reminded. */
static const int64_t marks_ms[] = {
	12 * HOUR_MS, 6 * HOUR_MS, HOUR_MS, 30 * MINUTE_MS, 10 * MINUTE_MS, 5 * MINUTE_MS, MINUTE_MS,
	30 * SECOND_MS, 10 * SECOND_MS, 0,
};

/* "chatd will go down in 5 minutes: a new version (alice)" */
static const char *announce(const struct chat *c, int64_t left_ms, char text[TEXT_BYTES_MAX])
{
	const struct server_status *v = &c->status;
	char left[LEFT_BYTES_MAX];

	snprintf(text, TEXT_BYTES_MAX, "%s will go down in %s%s%s (%s)", c->entry.welcome.name,
	         format_left(left, left_ms), *v->stop_why != '\0' ? ": " : "", v->stop_why, v->stop_by);
	return text;
}

static void forget(struct server_status *v)
{
	free(v->stop_by);
	free(v->stop_why);
	v->stop_by = v->stop_why = NULL;
	v->stop_ms = v->stop_at_ms = 0;
	v->stop_now = false;
}

/* When the next reminder is due, before the end; 0: only the end is left. */
static int64_t next_mark_ms(const struct server_status *v)
{
	size_t i = 0;

	while (marks_ms[i] >= v->told_ms && marks_ms[i] > 0)
		i++;
	return marks_ms[i];
}

void shutdown_schedule(struct chat *c, struct session *s, int64_t ms, const char *why)
{
	struct server_status *v = &c->status;
	char text[TEXT_BYTES_MAX];

	forget(v);
	v->stop_ms = c->now_ms + ms;
	v->stop_at_ms = c->wall_ms + ms;
	v->told_ms = ms;
	v->stop_by = mem_strdup(s->nick);
	v->stop_why = mem_strdup(why);
	if (ms > 0)
		emit_all(c, announce(c, ms, text));
}

void shutdown_call_off(struct chat *c, struct session *s)
{
	char text[NAME_BYTES_MAX + 64];

	forget(&c->status);
	snprintf(text, sizeof text, "The shutdown was called off (%s)", s->nick);
	emit_all(c, text);
}

void shutdown_tell(struct chat *c, struct session *s)
{
	char text[TEXT_BYTES_MAX];

	if (c->status.stop_ms > c->now_ms)
		emit_reply(c, s, "%s", announce(c, c->status.stop_ms - c->now_ms, text));
}

int64_t shutdown_due_ms(const struct chat *c)
{
	const struct server_status *v = &c->status;

	return v->stop_ms == 0 || v->stop_now ? INT64_MAX : v->stop_ms - next_mark_ms(v);
}

void shutdown_tick(struct chat *c)
{
	struct server_status *v = &c->status;
	char text[TEXT_BYTES_MAX];
	int64_t mark_ms = 0;

	if (shutdown_due_ms(c) > c->now_ms || !emit_has_room(c))
		return;
	/* After a slow turn several may be due; only the last is still right. */
	while (shutdown_due_ms(c) <= c->now_ms && v->told_ms > 0)
		v->told_ms = mark_ms = next_mark_ms(v);
	if (v->stop_ms > c->now_ms) {
		emit_all(c, announce(c, mark_ms, text));
		return;
	}
	v->stop_now = true;
	snprintf(text, sizeof text, "shutdown by %s%s%s", v->stop_by,
	         *v->stop_why != '\0' ? ": " : "", v->stop_why);
	emit_stop(c, text);
}

void shutdown_farewell(struct chat *c)
{
	struct server_status *v = &c->status;
	char text[TEXT_BYTES_MAX];
	bool why = v->stop_now && *v->stop_why != '\0';

	/* The reason is not that of a signal that came first. */
	snprintf(text, sizeof text, "%s is going down%s%s", c->entry.welcome.name, why ? ": " : "",
	         why ? v->stop_why : "");
	emit_all(c, text);
	forget(v);
}

void shutdown_free(struct server_status *v)
{
	forget(v);
}
