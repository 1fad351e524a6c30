/*
 * The loop's side of the engine: proposing, and taking the events.
 *
 * Owns everything that the threads use, and starts and ends them.
 */
#include "chatd/cluster/engine.h"

#include "chatd/cluster/engine_state.h"

#include "chatd/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* -- what the loop takes and brings ----------------------------------------------------------------- */

static void news_done(struct engine *e)
{
	struct news *n = e->news;
	if (n && n->kind == ENGINE_ACT) {
		atomic_fetch_sub(&e->waiting.acts, n->acts);
		atomic_fetch_sub(&e->waiting.bytes, n->text.len);
		if (atomic_load(&e->waiting.paused))
			e->wake = true;
	}
	if (n && n->kind != ENGINE_ACT)
		atomic_fetch_sub(&e->waiting.news, 1);
	news_free(n);
	e->news = NULL;
}

bool engine_next(struct engine *e, struct engine_event *out)
{
	while (!e->news || !news_event(e->news, out)) {
		news_done(e);
		e->news = (struct news *)inbox_next(&e->inbox);
		if (!e->news)
			return false;
	}
	return true;
}

static void text_done(struct engine *e)
{
	struct news *n = e->texts.news;
	e->texts.news = NULL;
	if (n && n->kind == ENGINE_UNHEARD) {
		tells_done(&e->texts.ours, n);
		return;
	}
	if (n) {
		atomic_fetch_sub(&e->texts.n, 1);
		atomic_fetch_sub(&e->texts.bytes, n->text.len);
	}
	news_free(n);
}

bool engine_next_text(struct engine *e, struct engine_event *out)
{
	text_done(e);
	e->texts.news = (struct news *)inbox_next(&e->texts.inbox);
	return e->texts.news && news_event(e->texts.news, out);
}

bool engine_tell(struct engine *e, const char *node, const char *text, size_t bytes)
{
	if (!node_name_ok(node, strlen(node)) || bytes == 0 || bytes > TELL_BYTES_MAX || memchr(text, '\0', bytes) ||
	    !tells_post(&e->texts.ours, node, text, bytes))
		return false;
	e->wake = true;
	return true;
}

bool engine_propose(struct engine *e, uint64_t incarnation, const char *text, size_t bytes)
{
	assert(bytes > 0 && bytes <= ACT_BYTES_MAX);
	if (!proposals_post(&e->proposed, incarnation, text, bytes))
		return false;
	e->wake |= !atomic_load(&e->appending);
	return true;
}

void engine_applied(struct engine *e, const char *id)
{
	struct stream_id *applied = mem_zero(1, sizeof(*applied));
	bool ok = stream_id_read(applied, id, strlen(id));
	assert(ok);
	(void)ok;
	free(atomic_exchange(&e->applied, applied));
}

void engine_forget(struct engine *e, const char *id)
{
	struct stream_id *forget = mem_zero(1, sizeof(*forget));
	bool ok = stream_id_read(forget, id, strlen(id));
	assert(ok);
	(void)ok;
	free(atomic_exchange(&e->forget, forget));
}

void engine_begin(struct engine *e, const char *cluster, const char *position)
{
	struct beginning *b = mem_zero(1, sizeof(*b));
	snprintf(b->cluster, sizeof(b->cluster), "%s", cluster);
	stream_id_read(&b->position, position, strlen(position));
	free(atomic_exchange(&e->beginning, b));
	sleeper_wake(&e->sleeper);
}

int engine_event_fd(const struct engine *e)
{
	return e->inbox.event_fd;
}

int engine_wake_fds(struct engine *e, int fds[ENGINE_WAKE_MAX])
{
	int n = 0, fd;
	if (e->wake && (fd = sleeper_claim(&e->sleeper)) >= 0)
		fds[n++] = fd;
	e->wake = false;
	return n;
}

/* -- start and stop ------------------------------------------------------------------------------------ */

static void engine_free(struct engine *e)
{
	struct engine_event event;
	while (engine_next(e, &event)) {
	}
	while (engine_next_text(e, &event)) {
	}
	free(atomic_load(&e->applied));
	free(atomic_load(&e->forget));
	free(atomic_load(&e->beginning));
	free(atomic_load(&e->figures.left));
	free(e->figures.taken);
	if (e->inbox.event_fd >= 0)
		close(e->inbox.event_fd);
	sleeper_close(&e->sleeper);
	sleeper_close(&e->dialer.sleeper);
	free(e->user);
	free(e->password);
	free(e);
}

static bool fds_open(struct engine *e, char *why, size_t bytes)
{
	bool ok = sleeper_open(&e->sleeper) && sleeper_open(&e->dialer.sleeper);
	if (ok)
		e->inbox.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!ok || e->inbox.event_fd < 0) {
		snprintf(why, bytes, "cannot make an eventfd or an epoll: %s", strerror(errno));
		return false;
	}
	e->texts.inbox.event_fd = e->inbox.event_fd;
	return true;
}

/* The main thread handles signals, so the others inherit a mask that blocks them all. */
static bool threads_start(struct engine *e, char *why, size_t bytes)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int error = dialer_start(&e->dialer);
	if (error == 0) {
		error = pthread_create(&e->thread, NULL, engine_thread_main, e);
		if (error != 0)
			dialer_stop(&e->dialer);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error != 0)
		snprintf(why, bytes, "cannot start a thread: %s", strerror(error));
	return error == 0;
}

/* Unless a node has what it has saved on its disk by then, a power cut takes it back by some seconds. */
static struct engine_times times_of(uint32_t lease_ms, bool sync)
{
	return (struct engine_times){
		.lease = lease_ms,
		.settle = sync ? 0 : 3 * lease_ms,
		.margin = lease_ms / 10,
		.renew = lease_ms / 3,
		.nodes = lease_ms / 10,
		.block = lease_ms / 10,
		.silent = lease_ms / 5,
		.answer = lease_ms / 2,
	};
}

struct engine *engine_start(const struct engine_options *o, char *why, size_t bytes)
{
	assert(node_name_ok(o->node, strlen(o->node)) && node_name_ok(o->stream, strlen(o->stream)) &&
	       o->lease_ms > 0);
	struct engine *e = mem_zero(1, sizeof(*e));
	e->options = (struct engine_options){ .database = o->database, .format = o->format, .sync = o->sync,
	                                      .appends = o->appends };
	e->times = times_of(o->lease_ms, o->sync);
	keys_init(&e->keys, o->stream, o->database, o->node);
	snprintf(e->node, sizeof(e->node), "%s", o->node);
	e->user = o->user ? mem_strdup(o->user) : NULL;
	e->password = o->password ? mem_strdup(o->password) : NULL;
	e->inbox.event_fd = e->sleeper.fd = e->dialer.sleeper.fd = -1;
	e->dialer.connect = o->connect;
	e->dialer.ctx = o->ctx;
	e->dialer.asker = &e->sleeper;
	if (fds_open(e, why, bytes) && threads_start(e, why, bytes))
		return e;
	engine_free(e);
	return NULL;
}

uint32_t engine_stop(struct engine *e, int wait_ms)
{
	e->stop_by_ms = clock_ms(CLOCK_BOOTTIME) + wait_ms;
	atomic_store(&e->stop, true);
	eventfd_signal(e->sleeper.fd);
	pthread_join(e->thread, NULL);
	dialer_stop(&e->dialer);
	uint32_t unanswered = e->unanswered;
	engine_free(e);
	return unanswered;
}
