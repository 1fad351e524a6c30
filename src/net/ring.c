/*
 * io_uring behind a small interface. The only file that includes liburing.
 *
 * Owns the ring, the buffers lent to it, and what an operation needs until the kernel has read it
 * (message headers and vectors: until the next submit, thanks to IORING_FEAT_SUBMIT_STABLE). One
 * thread submits (SINGLE_ISSUER), and completions only come in while it waits (DEFER_TASKRUN).
 */

#include "chatd/net/ring.h"

#include <errno.h>
#include <liburing.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/clock.h"

enum {
	SQ_ENTRIES = 4096,       /* operations of one submit; a turn with more of them submits
	                          * twice */
	CQ_ENTRIES = 32768,      /* completions; the kernel keeps any more than these */
	VECTORS = 2 * SQ_ENTRIES, /* pieces of the sends of one submit */
	BUFFER_GROUP = 0,
	REFUSALS_MAX = 5000,     /* times in a row that the kernel may accept nothing, with a pause
	                          * of REFUSAL_PAUSE_NS after each: 5 s. Then the ring is lost */
	REFUSAL_PAUSE_NS = 1000000,
	RANDOM_BATCH = 32,       /* numbers requested from the kernel at once: getrandom(2) returns
	                          * up to 256 bytes without interruption */
	OP_BITS = 8, SLOT_BITS = 24, /* bits of user_data; the generation takes the upper 32 */
};

_Static_assert(CONNECTIONS_LIMIT + CONTROL_SLOTS + LINGERERS + PROXIED_SLOTS <= 1 << SLOT_BITS,
               "a slot fits user_data");
_Static_assert((int)SEND_SPANS_MAX <= (int)VECTORS, "one send fits the vectors");

/* Where the kernel writes the peer's address of an accept. */
struct accepted {
	struct sockaddr_storage from;
	socklen_t len;              /* in: size of the buffer; out: of the address */
};

struct ring {
	struct io_uring uring;
	struct io_uring_buf_ring *lent; /* the kernel's view of the buffers */
	char *buffers;              /* nbuffers of buffer_bytes each */
	uint32_t nbuffers, buffer_bytes;
	struct msghdr *messages;    /* SQ_ENTRIES, for sends of several pieces */
	struct iovec *vectors;      /* VECTORS */
	uint32_t nmessages, nvectors; /* in use since the last submit */
	struct accepted *accepted;  /* RING_ACCEPTS_MAX, by slot */
	uint32_t nrefused;          /* times in a row that the kernel accepted nothing */
	int lost;                   /* errno if it accepts nothing any more; 0: it does */
	struct io_uring_sqe nowhere; /* operations for a lost ring are written here */
	uint64_t random[RANDOM_BATCH]; /* nrandom of them are still unused */
	uint32_t nrandom;
};

static uint64_t tag(enum ring_op op, uint32_t slot, uint32_t gen)
{
	return (uint64_t)gen << 32 | (uint64_t)slot << OP_BITS | op;
}

/* -- setup ------------------------------------------------------------------------------------ */

/* Why the kernel will not give us a ring, and what to do about it. */
static void explain(int error, char *problem, size_t n)
{
	FILE *f = fopen("/proc/sys/kernel/io_uring_disabled", "re");
	int disabled = f != NULL ? fgetc(f) : '0';

	if (f != NULL)
		fclose(f);
	if (error == EPERM && disabled != '0')
		snprintf(problem, n, "io_uring is switched off on this host (sysctl "
		         "kernel.io_uring_disabled = %c). To allow it: "
		         "sysctl -w kernel.io_uring_disabled=0",
		         disabled);
	else if (error == EPERM || error == EACCES)
		snprintf(problem, n, "io_uring is forbidden here, most likely by a seccomp filter such as "
		         "Docker's default. To allow it: docker run --security-opt seccomp=seccomp.json, the "
		         "profile in docs/container/ of chatd's source (installed in share/doc/chatd/), "
		         "whose README.md says what that costs");
	else if (error == ENOSYS)
		snprintf(problem, n, "this kernel has no io_uring. chatd needs Linux 6.1 or newer, built "
		         "with CONFIG_IO_URING");
	else if (error == EINVAL)
		snprintf(problem, n, "this kernel's io_uring is too old. chatd needs Linux 6.1 or newer");
	else if (error == ENOMEM)
		snprintf(problem, n, "no memory for io_uring: the limit on locked memory is too low. To "
		         "raise it: ulimit -l 8192, or LimitMEMLOCK=8M in the systemd unit");
	else
		snprintf(problem, n, "cannot set up io_uring: %s", strerror(error));
}

static int lend_buffers(struct ring *r)
{
	size_t bytes = r->nbuffers * sizeof(struct io_uring_buf);
	struct io_uring_buf_reg reg = {.ring_entries = r->nbuffers, .bgid = BUFFER_GROUP};
	int error;

	r->lent = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	if (r->lent == MAP_FAILED)
		return -errno;
	r->buffers = mem_alloc((size_t)r->nbuffers * r->buffer_bytes);
	reg.ring_addr = (uint64_t)(uintptr_t)r->lent;
	error = io_uring_register_buf_ring(&r->uring, &reg, 0);
	if (error < 0)
		return error;
	io_uring_buf_ring_init(r->lent);
	for (uint32_t i = 0; i < r->nbuffers; i++)
		ring_buffer_return(r, i, 0);
	return 0;
}

/* From here on the ring performs only these operations, and nothing more can be registered with it:
 * the sandbox (sandbox.h) would be useless if the ring could bypass it. liburing 2.3 exports
 * neither of the two calls. */
static int restrict_to_ours(struct ring *r)
{
	static const uint8_t ours[] = {
		IORING_OP_ACCEPT, IORING_OP_POLL_ADD, IORING_OP_RECV, IORING_OP_SEND,
		IORING_OP_SENDMSG, IORING_OP_ASYNC_CANCEL, IORING_OP_WRITE,
	};
	enum { OURS = sizeof ours / sizeof ours[0] };
	struct io_uring_restriction rules[OURS + 2] = {0};
	int fd = r->uring.ring_fd;

	for (int i = 0; i < OURS; i++)
		rules[i] = (struct io_uring_restriction){.opcode = IORING_RESTRICTION_SQE_OP,
		                                         .sqe_op = ours[i]};
	/* The only flag an operation may have: choosing a lent buffer. */
	rules[OURS] = (struct io_uring_restriction){.opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED,
	                                            .sqe_flags = IOSQE_BUFFER_SELECT};
	rules[OURS + 1] = (struct io_uring_restriction){.opcode = IORING_RESTRICTION_REGISTER_OP,
	                                                .register_op = IORING_REGISTER_ENABLE_RINGS};
	if (syscall(SYS_io_uring_register, fd, IORING_REGISTER_RESTRICTIONS, rules, OURS + 2) < 0 ||
	    syscall(SYS_io_uring_register, fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0) < 0)
		return -errno;
	return 0;
}

struct ring *ring_new(uint32_t buffers, uint32_t buffer_bytes, char *problem, size_t n)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN |
		         IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
		         IORING_SETUP_R_DISABLED,
		.cq_entries = CQ_ENTRIES,
	};
	struct ring *r = mem_zero(1, sizeof *r);
	int error = io_uring_queue_init_params(SQ_ENTRIES, &r->uring, &params);

	r->nbuffers = buffers;
	r->buffer_bytes = buffer_bytes;
	if (error < 0) {
		explain(-error, problem, n);
		free(r);
		return NULL;
	}
	error = lend_buffers(r);
	if (error == 0)
		error = restrict_to_ours(r);
	if (error < 0) {
		explain(-error, problem, n);
		ring_free(r);
		return NULL;
	}
	r->messages = mem_zero(SQ_ENTRIES, sizeof *r->messages);
	r->vectors = mem_zero(VECTORS, sizeof *r->vectors);
	r->accepted = mem_zero(RING_ACCEPTS_MAX, sizeof *r->accepted);
	return r;
}

void ring_free(struct ring *r)
{
	/* Ends everything in flight before the memory is freed. */
	io_uring_queue_exit(&r->uring);
	if (r->lent != NULL && r->lent != MAP_FAILED)
		munmap(r->lent, r->nbuffers * sizeof(struct io_uring_buf));
	free(r->buffers);
	free(r->messages);
	free(r->vectors);
	free(r->accepted);
	free(r);
}

/* -- operations ------------------------------------------------------------------------------- */

/* The kernel has copied the vectors of the operations it accepted. */
static void forget_vectors(struct ring *r)
{
	if (io_uring_sq_ready(&r->uring) == 0)
		r->nmessages = r->nvectors = 0;
}

/*
 * The kernel accepted nothing. EAGAIN means no memory for an operation, and passes: deferred work
 * is run here, which frees some; a call that accepted nothing does not run it. (Kernels before 6.1
 * used EBUSY to say that completions must be taken first.)
 */
static void refused(struct ring *r, int error)
{
	static const struct timespec pause = {.tv_nsec = REFUSAL_PAUSE_NS};

	if ((error != EAGAIN && error != EBUSY && error != EINTR) || ++r->nrefused > REFUSALS_MAX) {
		r->lost = error;
		return;
	}
	io_uring_get_events(&r->uring);
	nanosleep(&pause, NULL);
}

/* Submits what is queued, in the middle of a turn; there must be something. Completions that result
 * wait in their queue, which has room for those of a turn (SENDS_PER_TURN_MAX). */
static void submit(struct ring *r)
{
	int done = io_uring_submit_and_get_events(&r->uring);

	forget_vectors(r);
	if (done > 0)
		r->nrefused = 0;
	else
		refused(r, done == 0 ? EAGAIN : -done);
}

/* An entry of the queue; a full queue is submitted first. If the kernel accepts nothing any more,
 * the entry leads nowhere, and the next ring_wait fails. */
static struct io_uring_sqe *next_sqe(struct ring *r)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&r->uring);

	while (sqe == NULL && r->lost == 0) {
		submit(r);
		sqe = io_uring_get_sqe(&r->uring);
	}
	return sqe != NULL ? sqe : &r->nowhere;
}

void ring_accept(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	struct io_uring_sqe *sqe = next_sqe(r);
	struct accepted *a = &r->accepted[slot];

	*a = (struct accepted){.len = sizeof a->from};
	/* Not multishot, which has no place for more than one address: getpeername(2) fails for a
	 * client that has reset the connection by then, while the address that comes with the
	 * accept is valid even so. */
	io_uring_prep_accept(sqe, fd, (struct sockaddr *)&a->from, &a->len, SOCK_CLOEXEC);
	io_uring_sqe_set_data64(sqe, tag(RING_ACCEPT, slot, gen));
}

void ring_poll(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	struct io_uring_sqe *sqe = next_sqe(r);

	io_uring_prep_poll_multishot(sqe, fd, POLLIN);
	io_uring_sqe_set_data64(sqe, tag(RING_POLL, slot, gen));
}

void ring_recv(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	struct io_uring_sqe *sqe = next_sqe(r);

	io_uring_prep_recv(sqe, fd, NULL, r->buffer_bytes, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = BUFFER_GROUP;
	/* People type rarely: trying to receive at once would nearly always be in vain. */
	sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
	io_uring_sqe_set_data64(sqe, tag(RING_RECV, slot, gen));
}

void ring_send(struct ring *r, uint32_t slot, uint32_t gen, int fd, const struct iovec *iov,
               uint32_t n)
{
	struct io_uring_sqe *sqe;
	struct msghdr *message;

	if (n == 1) {
		sqe = next_sqe(r);
		io_uring_prep_send(sqe, fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL);
	} else {
		while (r->nmessages == SQ_ENTRIES || r->nvectors + n > VECTORS) {
			if (r->lost != 0)
				return;
			submit(r);
		}
		sqe = next_sqe(r);
		message = &r->messages[r->nmessages++];
		*message = (struct msghdr){.msg_iov = r->vectors + r->nvectors, .msg_iovlen = n};
		memcpy(message->msg_iov, iov, n * sizeof *iov);
		r->nvectors += n;
		io_uring_prep_sendmsg(sqe, fd, message, MSG_NOSIGNAL);
	}
	io_uring_sqe_set_data64(sqe, tag(RING_SEND, slot, gen));
}

void ring_cancel(struct ring *r, enum ring_op op, uint32_t slot, uint32_t gen)
{
	struct io_uring_sqe *sqe = next_sqe(r);

	io_uring_prep_cancel64(sqe, tag(op, slot, gen), 0);
	io_uring_sqe_set_data64(sqe, tag(RING_WAKE, 0, 0));
}

void ring_wake(struct ring *r, int fd)
{
	static const uint64_t one = 1;
	struct io_uring_sqe *sqe = next_sqe(r);

	io_uring_prep_write(sqe, fd, &one, sizeof one, 0);
	io_uring_sqe_set_data64(sqe, tag(RING_WAKE, 0, 0));
}

void ring_buffer_return(struct ring *r, uint32_t buffer, size_t used)
{
	explicit_bzero(r->buffers + (size_t)buffer * r->buffer_bytes, used);
	io_uring_buf_ring_add(r->lent, r->buffers + (size_t)buffer * r->buffer_bytes,
	                      r->buffer_bytes, (unsigned short)buffer,
	                      io_uring_buf_ring_mask(r->nbuffers), 0);
	io_uring_buf_ring_advance(r->lent, 1);
}

/* -- waiting ---------------------------------------------------------------------------------- */

bool ring_wait(struct ring *r, int64_t wait_ms)
{
	struct __kernel_timespec ts = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000};
	struct io_uring_cqe *cqe;
	int done;

	if (r->lost == 0) {
		done = io_uring_submit_and_wait_timeout(&r->uring, &cqe, 1,
		                                        wait_ms < 0 ? NULL : &ts, NULL);
		forget_vectors(r);
		if (done >= 0 || done == -ETIME)
			r->nrefused = 0;
		else if (done != -EINTR)
			refused(r, -done);
	}
	errno = r->lost;
	return r->lost == 0;
}

/* The kernel may write here again with the next accept of this slot. */
static void tell_accepted(struct ring *r, struct ring_completion *c)
{
	const struct accepted *a = &r->accepted[c->slot];
	const struct sockaddr *sa = (const struct sockaddr *)&a->from;
	bool told = c->res >= 0 && a->len >= sizeof sa->sa_family;

	c->from = told ? address_of_sockaddr(sa) : (struct address){.kind = ADDRESS_UNKNOWN};
	c->port = told ? address_port_of(sa) : 0;
}

bool ring_next(struct ring *r, struct ring_completion *c)
{
	struct io_uring_cqe *cqe;

	do {
		if (io_uring_peek_cqe(&r->uring, &cqe) != 0)
			return false;
		c->op = (enum ring_op)(cqe->user_data & ((1 << OP_BITS) - 1));
		c->slot = (uint32_t)cqe->user_data >> OP_BITS;
		c->gen = (uint32_t)(cqe->user_data >> 32);
		c->res = cqe->res;
		c->more = (cqe->flags & IORING_CQE_F_MORE) != 0;
		c->data = NULL;
		if (c->op == RING_ACCEPT)
			tell_accepted(r, c);
		if (c->op == RING_RECV && (cqe->flags & IORING_CQE_F_BUFFER) != 0) {
			c->buffer = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
			c->data = r->buffers + (size_t)c->buffer * r->buffer_bytes;
		}
		io_uring_cqe_seen(&r->uring, cqe);
	} while (c->op == RING_WAKE);
	return true;
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
	(void)r;
	close(fd);
}

void ring_refuse(struct ring *r, int fd, const char *text, size_t len)
{
	(void)r;
	send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	close(fd);
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
