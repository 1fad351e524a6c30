/*
 * The ring: choosing its engine, and what both engines have in common.
 *
 * Owns the choice, and the sentences that explain it. Operations go on to the engine.
 */

#include "chatd/net/ring.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "chatd/base/clock.h"
#include "chatd/net/ring_engine.h"

/* -- the engine --------------------------------------------------------------------------------- */

/* The value of sysctl kernel.io_uring_disabled; '0' if there is none. */
static int switched_off(void)
{
	FILE *f = fopen("/proc/sys/kernel/io_uring_disabled", "re");
	int value = f != NULL ? fgetc(f) : '0';

	if (f != NULL)
		fclose(f);
	return value;
}

/* Why the kernel will not give us io_uring; with `cure`, also what to do about it. */
static void explain(int error, bool cure, char *problem, size_t n)
{
	int value = switched_off();

	if (error == EPERM && value != '0')
		snprintf(problem, n, "io_uring is switched off on this host (sysctl kernel.io_uring_disabled = %c)%s",
		         value, cure ? ". To allow it: sysctl -w kernel.io_uring_disabled=0; or set io = auto, to do "
		                       "without it" : "");
	else if (error == EPERM || error == EACCES)
		snprintf(problem, n, "io_uring is forbidden here, most likely by a seccomp filter such as Docker's "
		         "default%s", cure ? ". To allow it: docker run --security-opt seccomp=seccomp.json, the "
		         "profile in docs/container/ of chatd's source (installed in share/doc/chatd/), whose "
		         "README.md says what that costs; or set io = auto, to do without it" : "");
	else if (error == ENOSYS)
		snprintf(problem, n, "this kernel has no io_uring%s", cure ? ". With io = uring, chatd needs Linux "
		         "6.1 or newer, built with CONFIG_IO_URING; io = auto does without it" : "");
	else if (error == EINVAL)
		snprintf(problem, n, "this kernel's io_uring is too old%s", cure ? ". With io = uring, chatd needs "
		         "Linux 6.1 or newer; io = auto does without it" : "");
	else if (error == ENOMEM)
		snprintf(problem, n, "no memory for io_uring: the limit on locked memory is too low. To raise it: "
		         "ulimit -l 8192, or LimitMEMLOCK=8M in the systemd unit");
	else
		snprintf(problem, n, "cannot set up io_uring: %s", strerror(error));
}

bool ring_error_lasts(int error)
{
	return error == ENOSYS || error == EPERM || error == EACCES || error == EINVAL;
}

struct ring *ring_new(enum ring_io io, uint32_t buffers, uint32_t buffer_bytes, char *problem, size_t n)
{
	struct ring *r = NULL;
	int error = 0;

	problem[0] = '\0';
	if (io != RING_IO_EPOLL) {
		r = ring_uring.begin(buffers, buffer_bytes, &error);
		if (r != NULL)
			return r;
		explain(error, io == RING_IO_URING, problem, n);
		if (io == RING_IO_URING || !ring_error_lasts(error)) {
			errno = error;
			return NULL;
		}
	}
	r = ring_epoll.begin(buffers, buffer_bytes, &error);
	if (r == NULL) {
		snprintf(problem, n, "cannot set up epoll: %s", strerror(error));
		errno = error;
	}
	return r;
}

void ring_free(struct ring *r)
{
	r->engine->end(r);
}

enum ring_io ring_io(const struct ring *r)
{
	return r->engine->io;
}

const char *ring_io_name(enum ring_io io)
{
	return io == RING_IO_URING ? "io_uring" : io == RING_IO_EPOLL ? "epoll" : "auto";
}

/* -- operations --------------------------------------------------------------------------------- */

void ring_accept(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	r->engine->accept(r, slot, gen, fd);
}

void ring_poll(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	r->engine->poll(r, slot, gen, fd);
}

void ring_recv(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	r->engine->recv(r, slot, gen, fd);
}

void ring_send(struct ring *r, uint32_t slot, uint32_t gen, int fd, const struct iovec *iov,
               uint32_t n)
{
	r->engine->send(r, slot, gen, fd, iov, n);
}

void ring_cancel_accept(struct ring *r, uint32_t slot, uint32_t gen)
{
	r->engine->cancel_accept(r, slot, gen);
}

void ring_wake(struct ring *r, int fd)
{
	r->engine->wake(r, fd);
}

void ring_buffer_return(struct ring *r, uint32_t buffer, size_t used)
{
	explicit_bzero(r->buffers + (size_t)buffer * r->buffer_bytes, used);
	r->engine->buffer_return(r, buffer);
}

bool ring_wait(struct ring *r, int64_t wait_ms)
{
	return r->engine->wait(r, wait_ms);
}

bool ring_next(struct ring *r, struct ring_completion *c)
{
	return r->engine->next(r, c);
}

/* -- plain calls ------------------------------------------------------------------------------ */

uint64_t ring_random(struct ring *r)
{
	uint64_t number;

	if (r->nrandom == 0) {
		if (getrandom(r->random, sizeof r->random, 0) != (ssize_t)sizeof r->random)
			abort();
		r->nrandom = RANDOM_BATCH;
	}
	number = r->random[--r->nrandom];
	r->random[r->nrandom] = 0;
	return number;
}

int64_t ring_mono_ms(struct ring *r)
{
	(void)r;
	return clock_ms(CLOCK_MONOTONIC);
}

int64_t ring_mono_us(struct ring *r)
{
	(void)r;
	return clock_us(CLOCK_MONOTONIC);
}

int64_t ring_wall_ms(struct ring *r)
{
	(void)r;
	return clock_ms(CLOCK_REALTIME);
}

/* -- plain socket calls: too rare to be worth an operation ------------------------------------- */

void ring_shutdown(struct ring *r, int fd, int how)
{
	(void)r;
	shutdown(fd, how);
}

void ring_close(struct ring *r, int fd)
{
	r->engine->close(r, fd);
}

void ring_refuse(struct ring *r, int fd, const char *text, size_t len)
{
	send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	ring_close(r, fd);
}

uint32_t ring_unacked(struct ring *r, int fd)
{
	int domain = AF_UNIX, n = 0;
	socklen_t len = sizeof domain;

	(void)r;
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0 || domain == AF_UNIX ||
	    ioctl(fd, SIOCOUTQ, &n) != 0)
		return 0;
	return n > 0 ? (uint32_t)n : 0;
}

void ring_peer(struct ring *r, int fd, struct ring_peer *peer)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	(void)r;
	*peer = (struct ring_peer){.known = false};
	/* unix(7): as of the time of connecting. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return;
	*peer = (struct ring_peer){
		.known = true, .uid = cred.uid, .owns = cred.uid == 0 || cred.uid == geteuid(),
	};
}
