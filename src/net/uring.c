/*
 * The engine over io_uring. The only file that includes liburing.
 *
 * Owns the ring, the buffers lent to it, and what an operation needs until the kernel has read it
 * (message headers and vectors: until the next submit, thanks to IORING_FEAT_SUBMIT_STABLE). One
 * thread submits (SINGLE_ISSUER), and completions only come in while it waits (DEFER_TASKRUN).
 */

#include "chatd/net/ring_engine.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"

enum {
	SQ_ENTRIES = 4096,       /* operations of one submit; a turn with more of them submits
	                          * twice */
	CQ_ENTRIES = 32768,      /* completions; the kernel keeps any more than these */
	VECTORS = 2 * SQ_ENTRIES, /* pieces of the sends of one submit */
	BUFFER_GROUP = 0,
	REFUSALS_MAX = 5000,     /* times in a row that the kernel may accept nothing, with a pause
	                          * of REFUSAL_PAUSE_NS after each: 5 s. Then the ring is lost */
	REFUSAL_PAUSE_NS = 1000000,
	OP_BITS = 8, SLOT_BITS = 24, /* bits of user_data; the generation takes the upper 32 */
};

_Static_assert(CONNECTIONS_LIMIT + CONTROL_SLOTS + LINGERERS + PROXIED_SLOTS <= 1 << SLOT_BITS,
               "a slot fits user_data");
_Static_assert((int)SEND_SPANS_MAX <= (int)VECTORS, "one send fits the vectors");

/* An accept, and where the kernel writes the peer's address. */
struct accepted {
	struct sockaddr_storage from;
	socklen_t len;              /* in: size of the buffer; out: of the address */
	int fd;                     /* the listener */
	bool waits;                 /* what is in flight is a poll, after which it accepts again */
	bool cancelled;
};

struct uring {
	struct ring ring;
	struct io_uring uring;
	struct io_uring_buf_ring *lent; /* the kernel's view of the buffers */
	struct msghdr *messages;    /* SQ_ENTRIES, for sends of several pieces */
	struct iovec *vectors;      /* VECTORS */
	uint32_t nmessages, nvectors; /* in use since the last submit */
	struct accepted *accepted;  /* RING_ACCEPTS_MAX, by slot */
	uint32_t nrefused;          /* times in a row that the kernel accepted nothing */
	int lost;                   /* errno if it accepts nothing any more; 0: it does */
	struct io_uring_sqe nowhere; /* operations for a lost ring are written here */
};

/* Operations of the ring's own, which nobody else sees; numbered after those of ring.h. */
enum {
	OWN_DONE = RING_POLL + 1, /* nothing follows from its end */
	OWN_LISTEN,               /* the poll of an accept that waits */
};

static struct uring *own(struct ring *r)
{
	return (struct uring *)r;
}

static uint64_t tag(unsigned int op, uint32_t slot, uint32_t gen)
{
	return (uint64_t)gen << 32 | (uint64_t)slot << OP_BITS | op;
}

/* -- setup ------------------------------------------------------------------------------------ */

static void uring_buffer_return(struct ring *r, uint32_t buffer)
{
	struct uring *u = own(r);

	io_uring_buf_ring_add(u->lent, r->buffers + (size_t)buffer * r->buffer_bytes, r->buffer_bytes,
	                      (unsigned short)buffer, io_uring_buf_ring_mask(r->nbuffers), 0);
	io_uring_buf_ring_advance(u->lent, 1);
}

static int lend_buffers(struct uring *u)
{
	struct ring *r = &u->ring;
	size_t bytes = r->nbuffers * sizeof(struct io_uring_buf);
	struct io_uring_buf_reg reg = {.ring_entries = r->nbuffers, .bgid = BUFFER_GROUP};
	int error;

	u->lent = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
	if (u->lent == MAP_FAILED)
		return -errno;
	r->buffers = mem_alloc((size_t)r->nbuffers * r->buffer_bytes);
	reg.ring_addr = (uint64_t)(uintptr_t)u->lent;
	error = io_uring_register_buf_ring(&u->uring, &reg, 0);
	if (error < 0)
		return error;
	io_uring_buf_ring_init(u->lent);
	for (uint32_t i = 0; i < r->nbuffers; i++)
		uring_buffer_return(r, i);
	return 0;
}

/* From here on the ring performs only these operations, and nothing more can be registered with it:
 * the sandbox (sandbox.h) would be useless if the ring could bypass it. liburing 2.3 exports
 * neither of the two calls. */
static int restrict_to_ours(struct uring *u)
{
	static const uint8_t ours[] = {
		IORING_OP_ACCEPT, IORING_OP_POLL_ADD, IORING_OP_RECV, IORING_OP_SEND,
		IORING_OP_SENDMSG, IORING_OP_ASYNC_CANCEL, IORING_OP_WRITE,
	};
	enum { OURS = sizeof ours / sizeof ours[0] };
	struct io_uring_restriction rules[OURS + 2] = {0};
	int fd = u->uring.ring_fd;

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

static void uring_end(struct ring *r)
{
	struct uring *u = own(r);

	/* Ends everything in flight before the memory is freed. */
	io_uring_queue_exit(&u->uring);
	if (u->lent != NULL && u->lent != MAP_FAILED)
		munmap(u->lent, r->nbuffers * sizeof(struct io_uring_buf));
	free(r->buffers);
	free(u->messages);
	free(u->vectors);
	free(u->accepted);
	free(u);
}

static struct ring *uring_begin(uint32_t buffers, uint32_t buffer_bytes, int *error)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN |
		         IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
		         IORING_SETUP_R_DISABLED,
		.cq_entries = CQ_ENTRIES,
	};
	struct uring *u = mem_zero(1, sizeof *u);
	int result = io_uring_queue_init_params(SQ_ENTRIES, &u->uring, &params);

	u->ring = (struct ring){.engine = &ring_uring, .nbuffers = buffers, .buffer_bytes = buffer_bytes};
	if (result < 0) {
		*error = -result;
		free(u);
		return NULL;
	}
	result = lend_buffers(u);
	if (result == 0)
		result = restrict_to_ours(u);
	if (result < 0) {
		*error = -result;
		uring_end(&u->ring);
		return NULL;
	}
	u->messages = mem_zero(SQ_ENTRIES, sizeof *u->messages);
	u->vectors = mem_zero(VECTORS, sizeof *u->vectors);
	u->accepted = mem_zero(RING_ACCEPTS_MAX, sizeof *u->accepted);
	return &u->ring;
}

/* -- operations ------------------------------------------------------------------------------- */

/* The kernel has copied the vectors of the operations it accepted. */
static void forget_vectors(struct uring *u)
{
	if (io_uring_sq_ready(&u->uring) == 0)
		u->nmessages = u->nvectors = 0;
}

/*
 * The kernel accepted nothing. EAGAIN means no memory for an operation, and passes: deferred work
 * is run here, which frees some; a call that accepted nothing does not run it. (Kernels before 6.1
 * used EBUSY to say that completions must be taken first.)
 */
static void refused(struct uring *u, int error)
{
	static const struct timespec pause = {.tv_nsec = REFUSAL_PAUSE_NS};

	if ((error != EAGAIN && error != EBUSY && error != EINTR) || ++u->nrefused > REFUSALS_MAX) {
		u->lost = error;
		return;
	}
	io_uring_get_events(&u->uring);
	nanosleep(&pause, NULL);
}

/* Submits what is queued, in the middle of a turn; there must be something. Completions that result
 * wait in their queue, which has room for those of a turn (SENDS_PER_TURN_MAX). */
static void submit(struct uring *u)
{
	int done = io_uring_submit_and_get_events(&u->uring);

	forget_vectors(u);
	if (done > 0)
		u->nrefused = 0;
	else
		refused(u, done == 0 ? EAGAIN : -done);
}

/* An entry of the queue; a full queue is submitted first. If the kernel accepts nothing any more,
 * the entry leads nowhere, and the next ring_wait fails. */
static struct io_uring_sqe *next_sqe(struct uring *u)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->uring);

	while (sqe == NULL && u->lost == 0) {
		submit(u);
		sqe = io_uring_get_sqe(&u->uring);
	}
	return sqe != NULL ? sqe : &u->nowhere;
}

static void uring_accept(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	struct io_uring_sqe *sqe = next_sqe(own(r));
	struct accepted *a = &own(r)->accepted[slot];

	*a = (struct accepted){.len = sizeof a->from, .fd = fd};
	/* Not multishot, which has no place for more than one address: getpeername(2) fails for a
	 * client that has reset the connection by then, while the address that comes with the
	 * accept is valid even so. */
	io_uring_prep_accept(sqe, fd, (struct sockaddr *)&a->from, &a->len, SOCK_CLOEXEC);
	io_uring_sqe_set_data64(sqe, tag(RING_ACCEPT, slot, gen));
}

/* On some kernels an accept at a listener with O_NONBLOCK (set by another process that has it open, say)
 * fails with EAGAIN instead of waiting. Then a poll waits in its place. */
static void wait_to_accept(struct uring *u, uint32_t slot, uint32_t gen)
{
	struct io_uring_sqe *sqe = next_sqe(u);

	u->accepted[slot].waits = true;
	io_uring_prep_poll_add(sqe, u->accepted[slot].fd, POLLIN);
	io_uring_sqe_set_data64(sqe, tag(OWN_LISTEN, slot, gen));
}

static void uring_poll(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	struct io_uring_sqe *sqe = next_sqe(own(r));

	io_uring_prep_poll_multishot(sqe, fd, POLLIN);
	io_uring_sqe_set_data64(sqe, tag(RING_POLL, slot, gen));
}

static void uring_recv(struct ring *r, uint32_t slot, uint32_t gen, int fd)
{
	struct io_uring_sqe *sqe = next_sqe(own(r));

	io_uring_prep_recv(sqe, fd, NULL, r->buffer_bytes, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = BUFFER_GROUP;
	/* People type rarely: trying to receive at once would nearly always be in vain. */
	sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
	io_uring_sqe_set_data64(sqe, tag(RING_RECV, slot, gen));
}

static void uring_send(struct ring *r, uint32_t slot, uint32_t gen, int fd, const struct iovec *iov,
                       uint32_t n)
{
	struct uring *u = own(r);
	struct io_uring_sqe *sqe;
	struct msghdr *message;

	if (n == 1) {
		sqe = next_sqe(u);
		io_uring_prep_send(sqe, fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL);
	} else {
		while (u->nmessages == SQ_ENTRIES || u->nvectors + n > VECTORS) {
			if (u->lost != 0)
				return;
			submit(u);
		}
		sqe = next_sqe(u);
		message = &u->messages[u->nmessages++];
		*message = (struct msghdr){.msg_iov = u->vectors + u->nvectors, .msg_iovlen = n};
		memcpy(message->msg_iov, iov, n * sizeof *iov);
		u->nvectors += n;
		io_uring_prep_sendmsg(sqe, fd, message, MSG_NOSIGNAL);
	}
	io_uring_sqe_set_data64(sqe, tag(RING_SEND, slot, gen));
}

static void uring_cancel_accept(struct ring *r, uint32_t slot, uint32_t gen)
{
	struct io_uring_sqe *sqe = next_sqe(own(r));
	struct accepted *a = &own(r)->accepted[slot];

	a->cancelled = true;
	io_uring_prep_cancel64(sqe, tag(a->waits ? OWN_LISTEN : RING_ACCEPT, slot, gen), 0);
	io_uring_sqe_set_data64(sqe, tag(OWN_DONE, 0, 0));
}

static void uring_wake(struct ring *r, int fd)
{
	static const uint64_t one = 1;
	struct io_uring_sqe *sqe = next_sqe(own(r));

	io_uring_prep_write(sqe, fd, &one, sizeof one, 0);
	io_uring_sqe_set_data64(sqe, tag(OWN_DONE, 0, 0));
}

/* -- waiting ---------------------------------------------------------------------------------- */

static bool uring_wait(struct ring *r, int64_t wait_ms)
{
	struct uring *u = own(r);
	struct __kernel_timespec ts = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000};
	struct io_uring_cqe *cqe;
	int done;

	if (u->lost == 0) {
		done = io_uring_submit_and_wait_timeout(&u->uring, &cqe, 1,
		                                        wait_ms < 0 ? NULL : &ts, NULL);
		forget_vectors(u);
		if (done >= 0 || done == -ETIME)
			u->nrefused = 0;
		else if (done != -EINTR)
			refused(u, -done);
	}
	errno = u->lost;
	return u->lost == 0;
}

/* The kernel may write here again with the next accept of this slot. */
static void tell_accepted(const struct uring *u, struct ring_completion *c)
{
	const struct accepted *a = &u->accepted[c->slot];
	const struct sockaddr *sa = (const struct sockaddr *)&a->from;
	bool told = c->res >= 0 && a->len >= sizeof sa->sa_family;

	c->from = told ? address_of_sockaddr(sa) : (struct address){.kind = ADDRESS_UNKNOWN};
	c->port = told ? address_port_of(sa) : 0;
}

/* An accept has ended, or the poll in its place. False: it goes on. */
static bool accept_ended(struct ring *r, struct ring_completion *c, bool polled)
{
	struct accepted *a = &own(r)->accepted[c->slot];

	c->op = RING_ACCEPT;
	a->waits = false;
	if (a->cancelled && (c->res == -EAGAIN || (polled && c->res >= 0))) {
		c->res = -ECANCELED;
	} else if (polled && c->res >= 0) {
		uring_accept(r, c->slot, c->gen, a->fd);
		return false;
	} else if (c->res == -EAGAIN) {
		wait_to_accept(own(r), c->slot, c->gen);
		return false;
	}
	tell_accepted(own(r), c);
	return true;
}

static bool uring_next(struct ring *r, struct ring_completion *c)
{
	struct uring *u = own(r);
	struct io_uring_cqe cqe, *at;
	unsigned int op;
	bool ours;

	do {
		if (io_uring_peek_cqe(&u->uring, &at) != 0)
			return false;
		cqe = *at;
		io_uring_cqe_seen(&u->uring, at);
		op = (unsigned int)(cqe.user_data & ((1 << OP_BITS) - 1));
		ours = op <= RING_POLL;
		c->op = (enum ring_op)op;
		c->slot = (uint32_t)cqe.user_data >> OP_BITS;
		c->gen = (uint32_t)(cqe.user_data >> 32);
		c->res = cqe.res;
		c->more = (cqe.flags & IORING_CQE_F_MORE) != 0;
		c->data = NULL;
		if (op == RING_ACCEPT || op == OWN_LISTEN)
			ours = accept_ended(r, c, op == OWN_LISTEN);
		if (op == RING_RECV && (cqe.flags & IORING_CQE_F_BUFFER) != 0) {
			c->buffer = cqe.flags >> IORING_CQE_BUFFER_SHIFT;
			c->data = r->buffers + (size_t)c->buffer * r->buffer_bytes;
		}
	} while (!ours);
	return true;
}

/* What is in flight goes on: the kernel has the file open for it. */
static void uring_close(struct ring *r, int fd)
{
	(void)r;
	close(fd);
}

const struct ring_engine ring_uring = {
	.io = RING_IO_URING,
	.begin = uring_begin,
	.end = uring_end,
	.accept = uring_accept,
	.poll = uring_poll,
	.recv = uring_recv,
	.send = uring_send,
	.cancel_accept = uring_cancel_accept,
	.wake = uring_wake,
	.buffer_return = uring_buffer_return,
	.wait = uring_wait,
	.next = uring_next,
	.close = uring_close,
};
