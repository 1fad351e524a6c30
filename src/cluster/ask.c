/*
 * One question after the other.
 */
#include "chatd/cluster/ask.h"

#include "chatd/cluster/incarnation.h"
#include "chatd/cluster/outcome.h"
#include "chatd/cluster/telling.h"

#include <limits.h>
#include <stdio.h>

/* Whether the thread must end now: until stop_by_ms it still sends what waits. */
static bool must_stop(struct engine_thread *t)
{
	if (t->ending || !atomic_load(&t->e->stop))
		return t->ending && boot_ms() >= t->e->stop_by_ms;
	proposals_take(&t->proposals, &t->e->proposed, t->lease.incarnation);
	return !t->proposals.open || boot_ms() >= t->e->stop_by_ms;
}

static bool ask_ready(void *ctx)
{
	struct engine_thread *t = ctx;
	return dialer_is_done(&t->e->dialer) || telling_has_work(t) || must_stop(t);
}

/* Sleeps until something comes, but not after a time. */
static void ask_sleep(struct engine_thread *t, const struct wire *w, int64_t until_ms)
{
	struct pollfd fds[2] = { 0 };
	int64_t now = boot_ms(), at = until_ms;
	telling_refuse(t);
	if (incarnation_check(t, now) && t->lease.until_ms < at)
		at = t->lease.until_ms;
	if (atomic_load(&t->e->stop) && t->e->stop_by_ms < at)
		at = t->e->stop_by_ms;
	if (w)
		fds[1] = (struct pollfd){ .fd = w->fd, .events = wire_events(w) };
	at = at < now ? now : at;
	sleeper_poll(&t->e->sleeper, fds, w ? 2 : 1, at - now > INT_MAX ? INT_MAX : (int)(at - now),
	             ask_ready, t);
	incarnation_check(t, boot_ms());
}

enum outcome ask_connection(struct engine_thread *t, struct wire *w)
{
	struct dialer *d = &t->e->dialer;
	dialer_want(d);
	while (!dialer_is_done(d)) {
		if (must_stop(t))
			return OUTCOME_STOP; /* dialer_stop closes what comes */
		ask_sleep(t, NULL, INT64_MAX / 2);
	}
	int fd = dialer_take(d);
	if (fd < 0)
		return outcome_set(t, OUTCOME_AWAY, "Redis cannot be reached: %s.", d->why);
	wire_open(w, fd);
	return w->why[0] ? outcome_lost(t, w) : OUTCOME_OK;
}

enum outcome ask_reply(struct engine_thread *t, struct wire *w, redisReply **reply)
{
	for (;;) {
		bool open = wire_flush(w) && wire_receive(w);
		*reply = wire_reply(w);
		if (*reply && (*reply)->type == REDIS_REPLY_ERROR) {
			enum outcome outcome = outcome_error(t, (*reply)->str);
			freeReplyObject(*reply);
			*reply = NULL;
			return outcome;
		}
		if (*reply)
			return OUTCOME_OK;
		if (!open || w->why[0])
			return outcome_lost(t, w);
		if (must_stop(t))
			return OUTCOME_STOP;
		if (boot_ms() >= w->quiet_since_ms + t->e->times.answer)
			return outcome_set(t, OUTCOME_AWAY, "Redis does not answer.");
		ask_sleep(t, w, w->quiet_since_ms + t->e->times.answer);
	}
}

enum outcome ask_done(struct engine_thread *t, struct wire *w)
{
	redisReply *r;
	enum outcome outcome = ask_reply(t, w, &r);
	if (outcome == OUTCOME_OK)
		freeReplyObject(r);
	return outcome;
}

enum outcome ask_text(struct engine_thread *t, struct wire *w, char *text, size_t bytes)
{
	redisReply *r;
	enum outcome outcome = ask_reply(t, w, &r);
	text[0] = '\0';
	if (outcome != OUTCOME_OK || !r)
		return outcome;
	if (r->type == REDIS_REPLY_STRING || r->type == REDIS_REPLY_STATUS)
		snprintf(text, bytes, "%s", r->str);
	freeReplyObject(r);
	return OUTCOME_OK;
}

enum outcome ask_time(struct engine_thread *t, int64_t ms)
{
	int64_t until = boot_ms() + ms;
	while (boot_ms() < until) {
		if (must_stop(t))
			return OUTCOME_STOP;
		ask_sleep(t, NULL, until);
	}
	return must_stop(t) ? OUTCOME_STOP : OUTCOME_OK;
}
