/*
 * The loop's side of the store's threads: what is appended, asked and told.
 *
 * Owns everything the threads use, and starts and ends them. Apart from that it
 * must make no system call and take no lock.
 */
#include "chatd/store/threads/writer_threads.h"

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/store/db/clock.h"
#include "chatd/store/secret.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void eventfd_signal(int fd)
{
	uint64_t one = 1;
	/* It can only fail where the counter is full, and then it is readable anyway. */
	ssize_t n = write(fd, &one, sizeof(one));
	(void)n;
}

/* -- sleeping -------------------------------------------------------------------- */

void sleeper_sleep(struct sleeper *s, int timeout_ms, bool (*ready)(void *ctx), void *ctx)
{
	atomic_store(&s->asleep, true);
	if (!ready(ctx)) {
		struct pollfd p = { .fd = s->fd, .events = POLLIN };
		if (poll(&p, 1, timeout_ms) > 0) {
			uint64_t count;
			ssize_t n = read(s->fd, &count, sizeof(count));
			(void)n;
		}
	}
	atomic_store(&s->asleep, false);
}

int sleeper_claim(struct sleeper *s)
{
	return atomic_exchange(&s->asleep, false) ? s->fd : -1;
}

void sleeper_wake(struct sleeper *s)
{
	int fd = sleeper_claim(s);
	if (fd >= 0)
		eventfd_signal(fd);
}

/* -- telling the loop --------------------------------------------------------------- */

static void loop_notify(struct writer *w)
{
	if (!atomic_exchange(&w->notified, true))
		eventfd_signal(w->event_fd);
}

static void told_post(struct writer *w, struct told told)
{
	struct told *t = mem_alloc(sizeof(*t));
	*t = told;
	mailbox_post(&w->told, &t->letter);
	loop_notify(w);
}

void writer_tell(struct writer *w, const struct writer_event *event)
{
	told_post(w, (struct told){ .event = *event });
}

void writer_tell_rows(struct writer *w, struct rows *rows, struct waiting *seated, uint64_t share)
{
	atomic_fetch_add(&w->answers, 1);
	told_post(w, (struct told){ .event = { .kind = WRITER_ROWS, .rows = rows },
	                            .seated = seated, .share = share });
}

/* STORED goes through the mailbox too, so that it stays in order with the rest: after
 * WRITER_BACK, before rows that show what is stored. */
void writer_tell_stored(struct writer *w, uint64_t seq)
{
	atomic_store(&w->stored, seq);
	if (!atomic_exchange(&w->stored_posted, true))
		mailbox_post(&w->told, &w->stored_told.letter);
	loop_notify(w);
}

static struct letter *told_next(struct writer *w)
{
	if (!w->taken)
		w->taken = mailbox_take(&w->told);
	if (!w->taken) {
		atomic_store(&w->notified, false);
		w->taken = mailbox_take(&w->told);
		if (!w->taken)
			return NULL;
		atomic_store(&w->notified, true); /* the loop is not asleep yet */
	}
	struct letter *l = w->taken;
	w->taken = l->next;
	return l;
}

/* Whoever asked may ask again, and those who have stopped for too many answers go on. */
static void answer_taken(struct writer *w, const struct told *t)
{
	seats_give_back(&t->seated->seats, t->share);
	if (atomic_fetch_sub(&w->answers, 1) < ANSWERS_MAX)
		return;
	for (int i = 0; i < READINGS; i++)
		w->reading[i].wake = true;
}

bool writer_next(struct writer *w, struct writer_event *e)
{
	for (;;) {
		struct letter *l = told_next(w);
		if (!l)
			return false;
		if (l == &w->stored_told.letter) {
			/* From here on it may be posted again; what is read after is in. */
			atomic_store(&w->stored_posted, false);
			uint64_t seq = atomic_load(&w->stored);
			if (seq == w->stored_said)
				continue;
			w->stored_said = seq;
			*e = (struct writer_event){ .kind = WRITER_STORED, .seq = seq };
			return true;
		}
		struct told *t = (struct told *)l;
		*e = t->event;
		if (e->kind == WRITER_ROWS)
			answer_taken(w, t);
		free(t);
		return true;
	}
}

void writer_event_release(struct writer_event *e)
{
	rows_release(e->rows);
	free(e->reason);
	e->rows = NULL;
	e->reason = NULL;
}

/* -- asking the threads -------------------------------------------------------------- */

bool writer_append(struct writer *w, const struct record *r)
{
	if (!queue_push(w->queue, r))
		return false;
	w->wake_writing = true;
	return true;
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
	turns_post(&waiting->turns, asked_new(q));
	waiting->brought++;
	return true;
}

const char *writer_sorry(enum query_kind kind)
{
	if (query_is_secret(kind))
		return "Too many passwords are being checked. Try again in a moment.";
	if (kind == QUERY_AUDIT)
		return "The audit cannot be searched at this moment. Try again soon.";
	if (query_is_search(kind))
		return "The search is busy. Try again in a moment.";
	return "Too many requests at once. Try again in a moment.";
}

/* Also where it sleeps because nobody takes the answers. */
static bool reading_wanted(struct reading *t)
{
	return t->wake || t->waiting->brought > 0;
}

int writer_wake_fds(struct writer *w, int fds[WRITER_WAKE_MAX])
{
	int n = 0, fd;
	if (w->wake_writing && (fd = sleeper_claim(&w->writing)) >= 0)
		fds[n++] = fd;
	w->wake_writing = false;
	for (struct reading *t = w->reading; t < w->reading + READINGS; t++) {
		if (reading_wanted(t) && (fd = sleeper_claim(&t->sleeper)) >= 0) {
			fds[n++] = fd;
			t->waiting->brought -= t->waiting->brought > 0;
		}
		t->wake = false;
	}
	/* Those that are awake look for what was brought before they sleep. */
	for (int i = 0; i < WAITINGS; i++)
		w->waiting[i].brought = 0;
	return n;
}

int writer_event_fd(const struct writer *w)
{
	return w->event_fd;
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
	w->wake_writing = true;
}

/* -- start and stop --------------------------------------------------------------------- */

static void fd_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void writer_free(struct writer *w)
{
	struct writer_event e;
	while (writer_next(w, &e))
		writer_event_release(&e);
	for (int i = 0; i < READINGS; i++)
		reading_release(&w->reading[i]);
	for (int i = 0; i < WAITINGS; i++) {
		turns_release(&w->waiting[i].turns);
		seats_release(&w->waiting[i].seats);
	}
	reload_free(atomic_load(&w->reload));
	chatlog_close(w->chatlog);
	store_close(w->start);
	store_close(w->store); /* last, so that it takes the WAL away */
	queue_free(w->queue);
	fd_close(w->event_fd);
	fd_close(w->writing.fd);
	pthread_mutex_destroy(&w->mutex);
	pthread_cond_destroy(&w->moved);
	free(w);
}

static bool fd_open(int *fd, struct store_error *err)
{
	*fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (*fd < 0)
		snprintf(err->text, sizeof(err->text), "no eventfd can be made: %s",
		         strerror(errno));
	return *fd >= 0;
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
	w->store = store_open(o->database, o->durability, err);
	if (!w->store)
		return false;
	w->start = store_open_reader(o->database, err);
	if (!w->start)
		return false;
	for (int i = 0; i < READINGS; i++) {
		struct reading *t = &w->reading[i];
		if (i < READING_SECRETS && !(t->store = store_open_reader(o->database, err)))
			return false;
		if (!fd_open(&t->sleeper.fd, err))
			return false;
	}
	if (o->chat_log && !(w->chatlog = chatlog_open(o->chat_log, err)))
		return false;
	return fd_open(&w->event_fd, err) && fd_open(&w->writing.fd, err);
}

/* Ends the queries that run and those that wait, and joins their threads. */
static void readings_stop(struct writer *w)
{
	atomic_store(&w->reading_stop, true);
	for (int i = 0; i < READING_SECRETS; i++)
		store_interrupt(w->reading[i].store);
	pthread_mutex_lock(&w->mutex);
	pthread_cond_broadcast(&w->moved);
	pthread_mutex_unlock(&w->mutex);
	for (struct reading *t = w->reading; t < w->reading + READINGS; t++) {
		if (!t->started)
			continue;
		eventfd_signal(t->sleeper.fd);
		pthread_join(t->thread, NULL);
	}
}

/* Returns an errno, or 0. */
static int reading_start(struct reading *t, const char *name)
{
	t->name = name;
	int e = pthread_create(&t->thread, NULL, reading_main, t);
	t->started = e == 0;
	return e;
}

/* Signals are the main thread's, so the threads inherit a mask that blocks them all. */
static bool threads_start(struct writer *w, struct store_error *err)
{
	sigset_t all, old;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int e = reading_start(&w->reading[READING_RANGES], "chatd-reader");
	if (!e)
		e = reading_start(&w->reading[READING_SEARCHES], "chatd-search");
	if (!e)
		e = reading_start(&w->reading[READING_LONG], "chatd-search2");
	if (!e)
		e = reading_start(&w->reading[READING_BACKUPS], "chatd-backup");
	for (int i = READING_SECRETS; !e && i < READINGS; i++)
		e = reading_start(&w->reading[i], "chatd-secret");
	if (!e)
		e = pthread_create(&w->writing_thread, NULL, writing_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (e) {
		readings_stop(w);
		snprintf(err->text, sizeof(err->text), "no thread can be made: %s", strerror(e));
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
	for (int i = 0; i < READINGS; i++)
		w->reading[i] = (struct reading){ .w = w, .sleeper.fd = -1,
		                                  .waiting = &w->waiting[WAITING_SECRETS],
		                                  .gives_way = i >= READING_LONG };
	w->reading[READING_RANGES].waiting = &w->waiting[WAITING_RANGES];
	w->reading[READING_RANGES].copies = true;
	w->reading[READING_SEARCHES].waiting = &w->waiting[WAITING_SEARCHES];
	w->reading[READING_SEARCHES].quick_cpu_ms = SEARCH_MS_QUICK;
	w->reading[READING_LONG].waiting = &w->waiting[WAITING_LONG];
	w->reading[READING_BACKUPS].waiting = &w->waiting[WAITING_BACKUPS];
}

struct writer *writer_start(const struct writer_options *o, struct store_error *err)
{
	struct writer *w = mem_zero(1, sizeof(*w));
	pthread_condattr_t attr;
	w->event_fd = w->writing.fd = -1;
	waiting_init(w, o->queries_max);
	w->limits = o->limits;
	w->queue = queue_new(RECORDS_BYTES, UNSTORED_MAX);
	pthread_mutex_init(&w->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->moved, &attr);
	pthread_condattr_destroy(&attr);
	if (!writer_open(w, o, err)) {
		writer_free(w);
		return NULL;
	}
	w->stored_said = store_last_seq(w->store);
	atomic_store(&w->stored, w->stored_said);
	w->stored_shared = w->stored_said;
	w->indexed_shared = store_indexed(w->store);
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

bool writer_stop(struct writer *w, int wait_ms)
{
	readings_stop(w);
	w->stop_by_ms = clock_ms(CLOCK_MONOTONIC) + wait_ms;
	atomic_store(&w->writing_stop, true);
	eventfd_signal(w->writing.fd);
	pthread_join(w->writing_thread, NULL);

	bool lost = w->lost;
	writer_free(w);
	return !lost;
}
