/*
 * Connecting, one at a time.
 */
#include "chatd/cluster/dialer.h"

#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

static bool dialer_has_work(void *ctx)
{
	struct dialer *d = ctx;
	return atomic_load(&d->stop) || atomic_load(&d->state) == DIALER_WANTED;
}

static void *dialer_main(void *arg)
{
	struct dialer *d = arg;
	prctl(PR_SET_NAME, "chatd-dialer");
	while (!atomic_load(&d->stop)) {
		if (atomic_load(&d->state) != DIALER_WANTED) {
			sleeper_sleep(&d->sleeper, -1, dialer_has_work, d);
			continue;
		}
		snprintf(d->why, sizeof(d->why), "the connection failed");
		d->fd = d->connect(d->ctx, d->why, sizeof(d->why));
		atomic_store(&d->state, DIALER_DONE);
		sleeper_wake(d->asker);
	}
	return NULL;
}

int dialer_start(struct dialer *d)
{
	d->fd = -1;
	return pthread_create(&d->thread, NULL, dialer_main, d);
}

void dialer_stop(struct dialer *d)
{
	atomic_store(&d->stop, true);
	eventfd_signal(d->sleeper.fd);
	pthread_join(d->thread, NULL);
	if (d->fd >= 0)
		close(d->fd);
}

void dialer_want(struct dialer *d)
{
	atomic_store(&d->state, DIALER_WANTED);
	sleeper_wake(&d->sleeper);
}

bool dialer_is_done(struct dialer *d)
{
	return atomic_load(&d->state) == DIALER_DONE;
}

int dialer_take(struct dialer *d)
{
	int fd = d->fd;
	d->fd = -1;
	atomic_store(&d->state, DIALER_IDLE);
	return fd;
}
