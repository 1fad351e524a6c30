/*
 * A thread that waits for connections to be made, so that the engine's thread never does.
 */
#ifndef CHATD_CLUSTER_DIALER_H
#define CHATD_CLUSTER_DIALER_H

#include "chatd/base/sleeper.h"

#include <pthread.h>

enum { DIALER_WHY_BYTES = 256 }; /* of why there is no connection */

enum dialer_state {
	DIALER_IDLE,
	DIALER_WANTED,  /* the thread has a connection to make */
	DIALER_DONE,    /* fd, or why, is the answer */
};

struct dialer {
	int (*connect)(void *ctx, char *why, size_t bytes); /* see struct engine_options */
	void *ctx;              /* for connect */
	struct sleeper *asker;  /* where the thread that asks sleeps: woken with the answer */
	struct sleeper sleeper; /* where this one does */
	_Atomic int state;      /* enum dialer_state: WANTED is the thread's to change, the others the asker's */
	_Atomic bool stop;      /* true once the thread must end */
	int fd;                 /* DONE: the answer; -1: none */
	char why[DIALER_WHY_BYTES]; /* and then why: half a sentence */
	pthread_t thread;       /* joined by dialer_stop */
};

/* Starts the thread. connect, ctx, asker and the sleeper's eventfd are set. Returns an errno, or 0. */
int dialer_start(struct dialer *d);
/* Waits for a connect that is under way, ends the thread, and closes what nobody took. */
void dialer_stop(struct dialer *d);

/* For the asker, one at a time: wants a connection; whether the answer is there; takes it: a socket, or
 * -1, and d->why says why, until the next dialer_want. */
void dialer_want(struct dialer *d);
bool dialer_is_done(struct dialer *d);
int dialer_take(struct dialer *d);

#endif
