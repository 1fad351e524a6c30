/* Processes that the parent keeps running. Owns the pauses between them. */
#include "chatd/program/child.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum {
	AGAIN_MS_LEAST = 1000,    /* from the end of the second one in a row that lived shortly to the next one (the
	                           * first is followed at once); doubled each time, */
	AGAIN_MS_MAX = 60000,     /* up to this */
	LIVED_MS = 60000,         /* one that lived for so long is started again at once */
};

void child_want(struct child *c, const char *what, const char *loses)
{
	*c = (struct child){.what = what, .loses = loses};
}

bool child_is_due(const struct child *c, int64_t now_ms)
{
	return c->what != NULL && c->pid == 0 && now_ms >= c->again_ms;
}

void child_started(struct child *c, pid_t pid, int64_t now_ms)
{
	c->pid = pid > 0 ? pid : 0;
	c->since_ms = now_ms;
	c->again_ms = pid > 0 ? INT64_MAX : now_ms + AGAIN_MS_MAX;
}

const char *child_end_shown(int status, char *text, size_t n)
{
	if (WIFSIGNALED(status))
		snprintf(text, n, "by SIG%s", sigabbrev_np(WTERMSIG(status)));
	else
		snprintf(text, n, "with status %d", WEXITSTATUS(status));
	return text;
}

void child_ended(struct child *c, int status, int64_t now_ms, char words[CHILD_WORDS_BYTES])
{
	char how[64], when[32] = "at once";

	c->pid = 0;
	if (now_ms - c->since_ms >= LIVED_MS)
		c->wait_ms = 0;
	c->again_ms = now_ms + c->wait_ms;
	if (c->wait_ms > 0)
		snprintf(when, sizeof when, "in %" PRId64 " s", c->wait_ms / 1000);
	snprintf(words, CHILD_WORDS_BYTES, "%s has ended %s%s; the next one starts %s", c->what,
	         child_end_shown(status, how, sizeof how), c->loses, when);
	c->wait_ms = c->wait_ms == 0 ? AGAIN_MS_LEAST : c->wait_ms * 2;
	if (c->wait_ms > AGAIN_MS_MAX)
		c->wait_ms = AGAIN_MS_MAX;
}
