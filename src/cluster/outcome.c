/*
 * Redis's errors as sentences, and events.
 */
#include "chatd/cluster/outcome.h"

#include "chatd/cluster/engine_figures.h"

#include "chatd/base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int64_t boot_ms(void)
{
	return clock_ms(CLOCK_BOOTTIME);
}

/* What Redis says may end up on a terminal. */
static void sanitize(char *s)
{
	for (; *s; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
}

enum outcome outcome_set(struct engine_thread *t, enum outcome outcome, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(t->why, sizeof(t->why), fmt, ap);
	va_end(ap);
	sanitize(t->why);
	return outcome;
}

enum outcome outcome_lost(struct engine_thread *t, const struct wire *w)
{
	return outcome_set(t, OUTCOME_AWAY, "Redis cannot be reached: %s.", w->why);
}

enum outcome outcome_unexpected(struct engine_thread *t, const char *command)
{
	return outcome_set(t, OUTCOME_AWAY, "Redis gave an answer to %s that it should not give.", command);
}

/* What an error begins with, and the sentence for it. */
static const struct {
	const char *begins;
	enum outcome outcome;
	const char *sentence;
} errors[] = {
	{ "LOADING", OUTCOME_AWAY, "Redis is still loading its file." },
	{ "READONLY", OUTCOME_AWAY, "Redis is a read-only replica: let `cluster` name its primary, or make it one "
	                            "(REPLICAOF NO ONE)." },
	{ "UNBLOCKED", OUTCOME_AWAY, "Redis has become a replica." },
	{ "OOM", OUTCOME_AWAY, "Redis is out of memory: raise its maxmemory." },
	{ "MISCONF", OUTCOME_AWAY, "Redis cannot write to its disk: its log says why." },
	{ "NOREPLICAS", OUTCOME_AWAY, "Redis has fewer replicas than its min-replicas-to-write." },
	{ "MASTERDOWN", OUTCOME_AWAY, "Redis is a replica that has lost its primary." },
	{ "BUSY", OUTCOME_AWAY, "Redis is busy with a script: SCRIPT KILL ends it." },
	{ "ERR max number of clients", OUTCOME_AWAY, "Redis has no connection left: raise its maxclients." },
	{ "NOAUTH", OUTCOME_REFUSED, "Redis wants a password, and none is configured here." },
	{ "WRONGPASS", OUTCOME_REFUSED, "Redis refuses the password, or the user." },
	{ "ERR AUTH", OUTCOME_REFUSED, "A password is configured here, but Redis has none (requirepass, or an ACL)." },
	{ "ERR DB index", OUTCOME_REFUSED, "Redis has no database of that number: see its setting `databases`." },
	{ "ERR SELECT is not allowed", OUTCOME_REFUSED, "This is a Redis Cluster, which chatd does not work with." },
	{ "MOVED", OUTCOME_REFUSED, "This is a Redis Cluster, which chatd does not work with." },
	{ "CLUSTERDOWN", OUTCOME_REFUSED, "This is a Redis Cluster, which chatd does not work with." },
	{ "CROSSSLOT", OUTCOME_REFUSED, "This is a Redis Cluster, which chatd does not work with." },
};

enum outcome outcome_error(struct engine_thread *t, const char *error)
{
	const char *stream = t->e->keys.stream;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strncmp(error, errors[i].begins, strlen(errors[i].begins)) == 0)
			return outcome_set(t, errors[i].outcome, "%s", errors[i].sentence);
	if (strncmp(error, "NOPERM", 6) == 0)
		return outcome_set(t, OUTCOME_REFUSED, "Redis does not allow what chatd needs (%.160s). In Redis: "
		                   "ACL SETUSER %.40s " KEYS_RULES, error,
		                   t->e->user ? t->e->user : "default", stream, stream, stream);
	if (strncmp(error, "WRONGTYPE", 9) == 0)
		return outcome_set(t, OUTCOME_FATAL, "Redis's key %s, or one that begins with %s:, is not chatd's: "
		                   "choose another database or stream for this cluster.", stream, stream);
	return outcome_set(t, OUTCOME_AWAY, "Redis reports an error: %.300s", error);
}

/* -- telling the loop ----------------------------------------------------------------- */

void tell(struct engine_thread *t, enum engine_event_kind kind, const char *text, uint64_t incarnation)
{
	struct news *n = news_new(kind);
	n->incarnation = incarnation;
	if (text)
		bytes_append(&n->text, text, strlen(text) + 1);
	atomic_fetch_add(&t->e->waiting.news, 1);
	inbox_post(&t->e->inbox, &n->message);
}

bool tell_has_room(struct engine_thread *t)
{
	return atomic_load(&t->e->waiting.news) < ENGINE_NEWS_MAX;
}

void tell_away(struct engine_thread *t, const char *why)
{
	if (t->away_told && strcmp(t->away_why, why) == 0)
		return;
	snprintf(t->away_why, sizeof(t->away_why), "%s", why);
	t->away_told = true;
	figures_leave(t, true); /* first, so that whoever hears of it finds it there */
	tell(t, ENGINE_AWAY, why, 0);
}

void tell_back(struct engine_thread *t)
{
	if (t->away_told)
		tell(t, ENGINE_BACK, NULL, 0);
	t->away_told = false;
}
