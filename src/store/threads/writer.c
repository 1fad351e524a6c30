/*
 * The loop's side of the store's threads: appending, asking, and taking the results.
 *
 * Owns everything the threads use, and starts and ends them. Apart from that it
 * must make no system call and take no lock.
 */
#include "chatd/store/threads/writer.h"

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/clock.h"
#include "chatd/store/chatlog.h"
#include "chatd/store/secret.h"
#include "chatd/store/threads/writer_state.h"
#include "chatd/store/threads/writer_thread.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* -- what the loop takes --------------------------------------------------------- */

/* Returns the asker's seat, and wakes readers that stopped because of too many answers. */
static void answer_taken(struct writer *w, const struct notification *n)
{
	seats_give_back(&n->waiting->seats, n->share);
	if (atomic_fetch_sub(&w->notifications.answers, 1) < ANSWERS_MAX)
		return;
	for (int i = 0; i < READERS; i++)
		w->readers[i].wake = true;
}

bool writer_next(struct writer *w, struct writer_event *e)
{
	struct notification n;
	if (!notifications_next(&w->notifications, &n))
		return false;
	*e = n.event;
	if (e->kind == WRITER_ROWS)
		answer_taken(w, &n);
	return true;
}

/* -- asking the threads -------------------------------------------------------------- */

bool writer_append(struct writer *w, const struct record *r)
{
	/* Then nothing can leave the queue before this group has ended. */
	bool alone = w->groups.on && queue_empty(w->queue);
	bool taken = queue_push(w->queue, r);
	assert(taken || !alone);
	w->wake |= taken && !w->groups.on;
	return taken;
}

bool writer_mark(struct writer *w, const char *position)
{
	size_t bytes = strnlen(position, POSITION_BYTES_MAX + 1);
	assert(w->groups.on && w->groups.cluster[0] != '\0');
	if (bytes == 0 || bytes > POSITION_BYTES_MAX)
		return false;
	w->wake |= queue_end_group(w->queue, position) ||
	           latest_position_post(&w->groups.latest, position, queue_ended_at(w->queue));
	return true;
}

bool writer_set_cluster(struct writer *w, const char *id)
{
	size_t bytes = strnlen(id, CLUSTER_ID_BYTES_MAX + 1);
	assert(w->groups.on);
	if (bytes == 0 || bytes > CLUSTER_ID_BYTES_MAX)
		return false;
	if (w->groups.cluster[0] == '\0')
		memcpy(w->groups.cluster, id, bytes + 1);
	return strcmp(w->groups.cluster, id) == 0;
}

bool writer_pressed(const struct writer *w)
{
	return queue_half_full(w->queue);
}

static struct waiting *waiting_for(struct writer *w, enum query_kind kind)
{
	if (query_is_secret(kind))
		return &w->waiting[WAITING_SECRETS];
	if (kind == QUERY_BACKUP)
		return &w->waiting[WAITING_BACKUPS];
	return &w->waiting[query_is_search(kind) ? WAITING_SEARCHES : WAITING_RANGES];
}

bool writer_query(struct writer *w, const struct query *q)
{
	struct waiting *waiting = waiting_for(w, q->kind);
	if (!seats_take(&waiting->seats, q->share))
		return false;
	turns_post(&waiting->turns, request_new(q));
	waiting->brought++;
	return true;
}

const char *writer_sorry(enum query_kind kind)
{
	if (query_is_secret(kind))
		return "Too many passwords are being checked. Try again in a moment.";
	if (kind == QUERY_AUDIT)
		return "The audit is busy. Try again in a moment.";
	if (query_is_search(kind))
		return "The search is busy. Try again in a moment.";
	return "Too many requests at once. Try again in a moment.";
}

/* Even if it sleeps because nobody takes the answers. */
static bool reader_wanted(struct reader *t)
{
	return t->wake || t->waiting->brought > 0;
}

int writer_wake_fds(struct writer *w, int fds[WRITER_WAKE_MAX])
{
	int n = 0, fd;
	if (w->wake && (fd = sleeper_claim(&w->sleeper)) >= 0)
		fds[n++] = fd;
	w->wake = false;
	for (struct reader *t = w->readers; t < w->readers + READERS; t++) {
		if (reader_wanted(t) && (fd = sleeper_claim(&t->sleeper)) >= 0) {
			fds[n++] = fd;
			t->waiting->brought -= t->waiting->brought > 0;
		}
		t->wake = false;
	}
	/* Threads that are awake look for new work before they sleep. */
	for (int i = 0; i < WAITINGS; i++)
		w->waiting[i].brought = 0;
	return n;
}

int writer_event_fd(const struct writer *w)
{
	return w->notifications.inbox.event_fd;
}

static void reload_free(struct reload *r)
{
	if (!r)
		return;
	free(r->chat_log);
	free(r);
}

void writer_reload(struct writer *w, const struct writer_limits *limits, const char *chat_log)
{
	struct reload *r = mem_zero(1, sizeof(*r));
	r->limits = *limits;
	r->chat_log = chat_log ? mem_strdup(chat_log) : NULL;
	reload_free(atomic_exchange(&w->reload, r));
	w->wake = true;
}

/* -- start and stop --------------------------------------------------------------------- */

static void writer_free(struct writer *w)
{
	struct writer_event e;
	while (writer_next(w, &e))
		writer_event_release(&e);
	for (int i = 0; i < READERS; i++)
		reader_release(&w->readers[i]);
	for (int i = 0; i < WAITINGS; i++) {
		turns_release(&w->waiting[i].turns);
		seats_release(&w->waiting[i].seats);
	}
	reload_free(atomic_load(&w->reload));
	latest_position_release(&w->groups.latest);
	chatlog_close(w->chatlog);
	store_close(w->start);
	store_close(w->store); /* last, so that it takes the WAL away */
	queue_free(w->queue);
	if (w->notifications.inbox.event_fd >= 0)
		close(w->notifications.inbox.event_fd);
	sleeper_close(&w->sleeper);
	pthread_mutex_destroy(&w->progress.mutex);
	pthread_cond_destroy(&w->progress.moved);
	free(w);
}

/* What the threads are woken through, and the loop. */
static bool fds_open(struct writer *w, struct store_error *err)
{
	bool ok = sleeper_open(&w->sleeper);
	for (int i = 0; i < READERS && ok; i++)
		ok = sleeper_open(&w->readers[i].sleeper);
	if (ok)
		w->notifications.inbox.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!ok || w->notifications.inbox.event_fd < 0)
		snprintf(err->text, sizeof(err->text), "cannot make what a thread sleeps in: %s", strerror(errno));
	return ok && w->notifications.inbox.event_fd >= 0;
}

/* A writer that is not grouped would save what is in no position. */
static bool cluster_load(struct writer *w, struct store_error *err)
{
	struct store_cluster c;
	if (!store_cluster(w->start, &c, err))
		return false;
	if (!w->groups.on && (c.id[0] != '\0' || c.position[0] != '\0')) {
		store_error_set(err, "this database belongs to a cluster, and chatd was started without one");
		store_error_advise(err, "set cluster in the configuration; or, to go on without the cluster, "
		                   "export the database and import it into a new one");
		err->lasting = true;
		return false;
	}
	memcpy(w->groups.cluster, c.id, sizeof(w->groups.cluster));
	return true;
}

static bool writer_open(struct writer *w, const struct writer_options *o, struct store_error *err)
{
	if (strcmp(o->database, ":memory:") == 0) {
		/* Each thread's connection would see a database of its own. */
		snprintf(err->text, sizeof(err->text),
		         "the history needs a file: choose a database other than :memory:");
		return false;
	}
	w->relaxed = o->durability == DURABILITY_RELAXED;
	w->same = o->same;
	w->commits = o->commits;
	w->store = store_open(o->database, o->durability, err);
	if (!w->store)
		return false;
	w->start = store_open_reader(o->database, err);
	if (!w->start || !cluster_load(w, err))
		return false;
	for (int i = 0; i < READER_SECRETS; i++)
		if (!(w->readers[i].store = store_open_reader(o->database, err)))
			return false;
	if (o->chat_log && !(w->chatlog = chatlog_open(o->chat_log, err)))
		return false;
	return fds_open(w, err);
}

/* Ends the running queries and the waiting ones, and joins their threads. */
static void readers_end(struct writer *w)
{
	atomic_store(&w->readers_stop, true);
	for (int i = 0; i < READER_SECRETS; i++)
		store_interrupt(w->readers[i].store);
	pthread_mutex_lock(&w->progress.mutex);
	pthread_cond_broadcast(&w->progress.moved);
	pthread_mutex_unlock(&w->progress.mutex);
	for (struct reader *t = w->readers; t < w->readers + READERS; t++) {
		if (!t->started)
			continue;
		eventfd_signal(t->sleeper.fd);
		pthread_join(t->thread, NULL);
	}
}

/* Returns an errno, or 0. */
static int reader_start(struct reader *t, const char *name)
{
	t->name = name;
	int e = pthread_create(&t->thread, NULL, reader_thread_main, t);
	t->started = e == 0;
	return e;
}

/* The main thread handles signals, so the others inherit a mask that blocks them all. */
static bool threads_start(struct writer *w, struct store_error *err)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int e = reader_start(&w->readers[READER_RANGES], "chatd-reader");
	if (!e)
		e = reader_start(&w->readers[READER_SEARCHES], "chatd-search");
	if (!e)
		e = reader_start(&w->readers[READER_LONG], "chatd-search2");
	if (!e)
		e = reader_start(&w->readers[READER_BACKUPS], "chatd-backup");
	for (int i = READER_SECRETS; !e && i < READERS; i++)
		e = reader_start(&w->readers[i], "chatd-secret");
	if (!e)
		e = pthread_create(&w->thread, NULL, writer_thread_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (e) {
		readers_end(w);
		snprintf(err->text, sizeof(err->text), "cannot start a thread: %s", strerror(e));
		return false;
	}
	return true;
}

static void waiting_init(struct writer *w, uint32_t queries_max)
{
	for (int i = 0; i < WAITINGS; i++) {
		turns_init(&w->waiting[i].turns);
		w->waiting[i].seats.max = w->waiting[i].seats.share_max = queries_max;
	}
	w->waiting[WAITING_SECRETS].seats.share_max = SECRETS_SHARE_MAX;
	w->waiting[WAITING_SEARCHES].seats.max = SEARCHES_WAITING_MAX;
	w->waiting[WAITING_SEARCHES].seats.share_max = SEARCHES_SHARE_MAX;
	for (int i = 0; i < READERS; i++)
		w->readers[i] = (struct reader){ .w = w, .sleeper.fd = -1,
		                                  .waiting = &w->waiting[WAITING_SECRETS],
		                                  .gives_way = i >= READER_LONG };
	w->readers[READER_RANGES].waiting = &w->waiting[WAITING_RANGES];
	w->readers[READER_RANGES].copies = true;
	w->readers[READER_SEARCHES].waiting = &w->waiting[WAITING_SEARCHES];
	w->readers[READER_SEARCHES].quick_cpu_ms = SEARCH_MS_QUICK;
	w->readers[READER_SEARCHES].searches = w->readers[READER_LONG].searches = true;
	w->readers[READER_LONG].waiting = &w->waiting[WAITING_LONG];
	w->readers[READER_BACKUPS].waiting = &w->waiting[WAITING_BACKUPS];
}

struct writer *writer_start(const struct writer_options *o, struct store_error *err)
{
	struct writer *w = mem_zero(1, sizeof(*w));
	pthread_condattr_t attr;
	w->notifications.inbox.event_fd = w->sleeper.fd = -1;
	waiting_init(w, o->queries_max);
	w->limits = o->limits;
	w->groups.on = o->grouped;
	w->queue = queue_new(RECORDS_BYTES, UNSTORED_MAX, o->grouped);
	pthread_mutex_init(&w->progress.mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->progress.moved, &attr);
	pthread_condattr_destroy(&attr);
	if (!writer_open(w, o, err)) {
		writer_free(w);
		return NULL;
	}
	w->notifications.stored_said = store_last_seq(w->store);
	atomic_store(&w->notifications.stored, w->notifications.stored_said);
	w->progress.stored = w->notifications.stored_said;
	w->progress.indexed = store_indexed(w->store);
	atomic_store(&w->reindexing, store_reindexes(w->store));
	if (!threads_start(w, err)) {
		writer_free(w);
		return NULL;
	}
	return w;
}

struct store *writer_store(struct writer *w)
{
	return w->start;
}

void writer_loaded(struct writer *w)
{
	store_close(w->start);
	w->start = NULL;
}

void writer_stop_begin(struct writer *w, int wait_ms)
{
	w->stopping = true;
	readers_end(w);
	w->stop_by_ms = clock_ms(CLOCK_MONOTONIC) + wait_ms;
	atomic_store(&w->thread_stop, true);
	eventfd_signal(w->sleeper.fd);
}

bool writer_stop_wait(struct writer *w, int ms)
{
	struct progress *p = &w->progress;
	struct timespec until;
	bool ended;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&p->mutex);
	while (!p->ended && pthread_cond_timedwait(&p->moved, &p->mutex, &until) == 0) {
	}
	ended = p->ended;
	pthread_mutex_unlock(&p->mutex);
	return ended;
}

bool writer_stop(struct writer *w, int wait_ms)
{
	if (!w->stopping)
		writer_stop_begin(w, wait_ms);
	pthread_join(w->thread, NULL);

	bool lost = w->lost;
	writer_free(w);
	return !lost;
}
