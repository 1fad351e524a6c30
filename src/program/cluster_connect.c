/*
 * Asking the parent for connections to the engine.
 *
 * Owns the table of threads that wait for an answer. One of them at a time receives, for all: an answer that is another
 * one's is put into that one's place in the table, and one that nobody waits for any more is dropped.
 */
#include "chatd/program/cluster_connect.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/clock.h"
#include "chatd/net/passing.h"

/* A thread that waits. */
struct waiting {
	bool used;
	bool answered;
	uint8_t request;
	int fd;                      /* once answered: what it has got, or -1 */
	char why[CLUSTER_WHY_BYTES];
};

struct cluster_connect {
	int socket;
	pthread_mutex_t lock;        /* for all of the following; never held while waiting for the parent */
	pthread_cond_t changed;      /* by CLOCK_MONOTONIC */
	bool receiving;              /* one of those who wait does, for all */
	bool ended;                  /* the parent has closed its end */
	uint8_t last;                /* the last request */
	struct waiting waiting[CLUSTER_CONNECTS_MAX];
};

struct cluster_connect *cluster_connect_new(int socket)
{
	struct cluster_connect *k = mem_zero(1, sizeof *k);
	pthread_condattr_t attr;

	k->socket = socket;
	pthread_mutex_init(&k->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&k->changed, &attr);
	pthread_condattr_destroy(&attr);
	return k;
}

void cluster_connect_free(struct cluster_connect *k)
{
	pthread_cond_destroy(&k->changed);
	pthread_mutex_destroy(&k->lock);
	free(k);
}

/* -- all of the following with the lock ------------------------------------------------------------ */

static struct waiting *find_request(struct cluster_connect *k, uint8_t request)
{
	for (int i = 0; i < CLUSTER_CONNECTS_MAX; i++)
		if (k->waiting[i].used && k->waiting[i].request == request)
			return &k->waiting[i];
	return NULL;
}

/* NULL: all places are taken. */
static struct waiting *take_place(struct cluster_connect *k)
{
	for (int i = 0; i < CLUSTER_CONNECTS_MAX; i++) {
		struct waiting *w = &k->waiting[i];

		if (w->used)
			continue;
		/* There are more numbers than places. */
		do {
			k->last++;
		} while (find_request(k, k->last) != NULL);
		*w = (struct waiting){.used = true, .request = k->last, .fd = -1};
		return w;
	}
	return NULL;
}

static void take_answer(struct cluster_connect *k, const struct cluster_answer *a, int fd)
{
	struct waiting *w = find_request(k, a->request);

	if (w == NULL || w->answered) {
		if (fd >= 0)
			close(fd);
		return;
	}
	w->answered = true;
	w->fd = fd;
	snprintf(w->why, sizeof w->why, "%.*s", (int)sizeof a->why - 1, a->why);
}

/* Receives for all until the time is over, or something has come. Gives the lock up meanwhile. */
static void receive(struct cluster_connect *k, int64_t until_ms)
{
	struct pollfd p = {.fd = k->socket, .events = POLLIN};
	int64_t left_ms = until_ms - clock_ms(CLOCK_MONOTONIC);
	enum passing got = PASSING_NONE;
	struct cluster_answer a;
	int fds[PASSING_FDS_MAX], n = 0;
	size_t len = 0;

	k->receiving = true;
	pthread_mutex_unlock(&k->lock);
	if (poll(&p, 1, left_ms > 0 ? (int)left_ms : 0) > 0)
		got = passing_receive(k->socket, false, &a, sizeof a, &len, fds, 1, &n);
	pthread_mutex_lock(&k->lock);
	k->receiving = false;
	if (got == PASSING_END)
		k->ended = true;
	if (got == PASSING_MESSAGE && len == sizeof a)
		take_answer(k, &a, n > 0 ? fds[0] : -1);
	pthread_cond_broadcast(&k->changed);
}

/* Until somebody who receives has something. */
static void wait_for_change(struct cluster_connect *k, int64_t until_ms)
{
	const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000L};

	pthread_cond_timedwait(&k->changed, &k->lock, &until);
}

static bool ask(struct cluster_connect *k, const struct waiting *w)
{
	return send(k->socket, &w->request, sizeof w->request, MSG_DONTWAIT | MSG_NOSIGNAL) == sizeof w->request;
}

/* -------------------------------------------------------------------------------------------------- */

int cluster_connection(void *ctx, char *why, size_t n)
{
	int64_t until_ms = clock_ms(CLOCK_MONOTONIC) + CLUSTER_WAIT_MS;
	struct cluster_connect *k = ctx;
	struct waiting *w;
	int fd = -1;

	pthread_mutex_lock(&k->lock);
	while ((w = take_place(k)) == NULL && clock_ms(CLOCK_MONOTONIC) < until_ms)
		wait_for_change(k, until_ms);
	if (w == NULL) {
		snprintf(why, n, "too many threads wait for a connection");
	} else {
		bool asked = ask(k, w);

		while (asked && !w->answered && !k->ended && clock_ms(CLOCK_MONOTONIC) < until_ms) {
			if (k->receiving)
				wait_for_change(k, until_ms);
			else
				receive(k, until_ms);
		}
		fd = w->fd;
		if (w->answered)
			snprintf(why, n, "%s", w->why);
		else
			snprintf(why, n, "chatd's parent process %s", k->ended || !asked ? "takes no request for a connection"
			                                                                 : "does not answer");
		w->used = false;
		pthread_cond_broadcast(&k->changed);
	}
	pthread_mutex_unlock(&k->lock);
	return fd;
}
