/*
 * Operations on sockets and their completions: io_uring's model, as far as chatd needs it, over
 * io_uring or, if the kernel forbids it, over epoll. The simulation has a ring of its own under this
 * same header.
 *
 * An operation is begun at the latest by the next ring_wait. Every operation ends in exactly one
 * completion without `more`, which comes from ring_next, never from within another call. Buffers named
 * in an operation must live until that completion. A descriptor has at most one receive and one send
 * in flight, and once it was used here, ring_close alone closes it.
 *
 * The program ignores SIGPIPE.
 */
#ifndef CHATD_NET_RING_H
#define CHATD_NET_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "chatd/base/address.h"
#include "chatd/base/bounds.h"

struct ring;

/* Which engine does the work. */
enum ring_io {
	RING_IO_AUTO,  /* io_uring, or epoll where the kernel has no io_uring or forbids it */
	RING_IO_URING,
	RING_IO_EPOLL,
};

enum { RING_ACCEPTS_MAX = LISTENERS_ALL_MAX * ACCEPTS_EACH }; /* slots for accepts */

enum ring_op {
	RING_ACCEPT,   /* res: a descriptor or -errno; from and port: the peer's */
	RING_RECV,     /* res: bytes in data, 0 at the end, -errno */
	RING_SEND,     /* res: bytes sent, maybe fewer than asked, or -errno */
	RING_POLL,     /* multishot; res: poll(2) events or -errno */
};

struct ring_completion {
	enum ring_op op;
	bool more;        /* true while the operation goes on (multishot) */
	int res;
	uint32_t slot, gen; /* as given to the operation */
	const char *data; /* RECV with res > 0: borrowed until ring_buffer_return */
	uint32_t buffer;  /* its number, for ring_buffer_return */
	struct address from; /* ACCEPT with res >= 0: the peer's address, even if the peer has gone
	                      * already; unknown: the kernel did not say */
	uint16_t port;    /* the peer's port, for the log; 0: it has none */
};

/* A ring with that many buffers (a power of two) of buffer_bytes each to receive into. NULL: errno is set, and problem (of
 * size n) names the cause and what to do (kernel too old, seccomp, sysctl kernel.io_uring_disabled, locked memory). With
 * AUTO, if the kernel refuses io_uring for good (ENOSYS, EPERM, EACCES, EINVAL), epoll serves instead, and problem says why. A lack
 * of memory or descriptors is an error even then: the administrator has to raise a limit, and epoll, which locks no
 * memory, would hide that. */
struct ring *ring_new(enum ring_io io, uint32_t buffers, uint32_t buffer_bytes, char *problem, size_t n);
void ring_free(struct ring *r);
/* An error of ring_new that would be the same at any other time. */
bool ring_error_lasts(int error);

/* The engine that it has: never AUTO. */
enum ring_io ring_io(const struct ring *r);
/* As people call it: "io_uring", "epoll". */
const char *ring_io_name(enum ring_io io);

/* Accepts one connection. slot is below RING_ACCEPTS_MAX and has no other accept in flight: the
 * ring has one place for each slot into which the kernel writes the peer's address. */
void ring_accept(struct ring *r, uint32_t slot, uint32_t gen, int fd);
void ring_poll(struct ring *r, uint32_t slot, uint32_t gen, int fd);
/* Receives once, into one of the ring's buffers. -ENOBUFS: none was free. */
void ring_recv(struct ring *r, uint32_t slot, uint32_t gen, int fd);
/* The iovecs are copied before ring_wait returns; what they point to is not. It may be sent at once. */
void ring_send(struct ring *r, uint32_t slot, uint32_t gen, int fd, const struct iovec *iov,
               uint32_t n);
/* Cancels the accept with these values, which then ends with -ECANCELED, unless it has ended already. */
void ring_cancel_accept(struct ring *r, uint32_t slot, uint32_t gen);
/* Writes an 8-byte 1 to an eventfd. */
void ring_wake(struct ring *r, int fd);

/* Gives a buffer back. Its first `used` bytes are cleared: they may contain a password. */
void ring_buffer_return(struct ring *r, uint32_t buffer, size_t used);

/* Hands to the kernel what it has not got yet, and waits for a completion, at most wait_ms milliseconds
 * (0: not at all, -1: forever). False: the kernel accepts no more operations, with io_uring only after it was asked for
 * seconds; errno says why. EINTR, a timeout, and accepting none for the moment are not failures. */
bool ring_wait(struct ring *r, int64_t wait_ms);

/* Plain calls, here so that the simulation can stand in for the kernel. */
void ring_shutdown(struct ring *r, int fd, int how);   /* shutdown(2) */
/* close(2). Nothing of it should be in flight: with io_uring it goes on; with epoll it ends with -ECANCELED. */
void ring_close(struct ring *r, int fd);
/* Refuses a connection: sends the text if that does not block, then closes it. */
void ring_refuse(struct ring *r, int fd, const char *text, size_t len);
/* Bytes sent that the peer has not acknowledged, even after a reset (SIOCOUTQ, tcp(7)). 0 on a unix
 * socket, where the kernel counts memory instead. After our end was shut, its FIN counts as one
 * byte. */
uint32_t ring_unacked(struct ring *r, int fd);
/* The peer of a unix socket. */
struct ring_peer {
	bool known;       /* the kernel has said who it is; otherwise the other fields are 0 */
	uint32_t uid;     /* of the host's user */
	bool owns;        /* it is root, or the user that chatd runs as */
};
void ring_peer(struct ring *r, int fd, struct ring_peer *peer);
/* A number that nobody can guess. */
uint64_t ring_random(struct ring *r);
/* Milliseconds since the epoch, as the host's clock has them (CLOCK_REALTIME). */
int64_t ring_wall_ms(struct ring *r);
/* Milliseconds of a clock that nobody sets (CLOCK_MONOTONIC). */
int64_t ring_mono_ms(struct ring *r);
/* Microseconds of the same clock. */
int64_t ring_mono_us(struct ring *r);

/* Takes the next completion. False: there are no more for now. */
bool ring_next(struct ring *r, struct ring_completion *c);

#endif
