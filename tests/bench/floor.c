/*
 * floor: the least that a fan-out can cost, to measure chatd against.
 *
 *     floor PORT MEMBERS_MAX [MEMBERS_PER_ROOM]
 *
 * One ring, a shared log, a cursor for each member, one send for each member and
 * turn, and nothing else: no names, no checks, no history, no limits. Each line
 * goes to all but its sender, with as many bytes before it as a time stamp and a
 * name take. The log goes round (at LOG_BYTES, far beyond what is in flight). With
 * MEMBERS_PER_ROOM this many who come one after the other are a room with a log of
 * its own. Ends at SIGTERM.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LOG_BYTES = 64 << 20,   /* of one room; a power of two */
	LOG_BYTES_ROOM = 256 << 10, /* of one of many rooms, in which less is in flight */
	HEAD_BYTES = 27,        /* "[2026-11-22 20:14:05][u123]:" */
	BUFFERS = 1024, BUFFER_BYTES = 2048,
	PIECES = 16,            /* of one send */
	CUTS = 64,              /* own lines that a member may have ahead */
};

enum { OP_ACCEPT, OP_RECV, OP_SEND };

struct room {
	char *log;              /* log_bytes */
	uint64_t end;           /* position behind the last line */
	uint32_t first, last;   /* its members, last excluded */
	bool dirty;             /* true while it is in the list of those to be flushed */
};

struct member {
	int fd;
	struct room *room;
	bool sending;
	uint64_t cursor;        /* position of its next byte in the log */
	struct { uint64_t from, to; } cut[CUTS]; /* its own lines */
	uint32_t first, last;   /* cuts in use, modulo CUTS */
	char rest[BUFFER_BYTES]; /* its unfinished line */
	uint32_t nrest;
	struct iovec iov[PIECES];
	struct msghdr msg;
};

static struct io_uring ring;
static struct io_uring_buf_ring *lent;
static char *buffers;
static uint64_t log_bytes = LOG_BYTES;
static struct room *rooms, **dirty;
static struct member *members;
static uint32_t nmembers, members_max, per_room, ndirty;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* The same memory twice, one behind the other: what goes over the end goes on at the
 * beginning, so a range lies in one piece wherever it begins. */
static char *log_new(void)
{
	int fd = memfd_create("log", MFD_CLOEXEC);
	char *log = mmap(NULL, log_bytes * 2, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || ftruncate(fd, (off_t)log_bytes) != 0 || log == MAP_FAILED)
		die("log");
	for (int i = 0; i < 2; i++)
		if (mmap(log + log_bytes * (uint64_t)i, log_bytes, PROT_READ | PROT_WRITE,
		         MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
			die("mmap");
	close(fd);
	return log;
}

static void room_touch(struct room *r)
{
	if (r->dirty)
		return;
	r->dirty = true;
	dirty[ndirty++] = r;
}

static struct io_uring_sqe *sqe_get(uint32_t op, uint32_t who)
{
	struct io_uring_sqe *sqe;

	while ((sqe = io_uring_get_sqe(&ring)) == NULL)
		io_uring_submit(&ring);
	io_uring_sqe_set_data64(sqe, (uint64_t)op << 32 | who);
	return sqe;
}

static void buffer_return(uint32_t id)
{
	io_uring_buf_ring_add(lent, buffers + (size_t)id * BUFFER_BYTES, BUFFER_BYTES,
	                      (unsigned short)id, io_uring_buf_ring_mask(BUFFERS), 0);
	io_uring_buf_ring_advance(lent, 1);
}

static void receive(uint32_t who)
{
	struct io_uring_sqe *sqe = sqe_get(OP_RECV, who);
	uint64_t data = sqe->user_data;

	io_uring_prep_recv(sqe, members[who].fd, NULL, BUFFER_BYTES, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
	sqe->user_data = data;
}

static void publish(struct member *m, const char *line, size_t len)
{
	struct room *r = m->room;
	uint64_t from = r->end, mask = log_bytes - 1;
	size_t total = HEAD_BYTES + len;

	memset(r->log + (from & mask), 'h', HEAD_BYTES);
	memcpy(r->log + (from & mask) + HEAD_BYTES, line, len);
	r->end += total;
	room_touch(r);
	if (m->first != m->last && m->cut[(m->last - 1) % CUTS].to == from) {
		m->cut[(m->last - 1) % CUTS].to = r->end;
		return;
	}
	m->cut[m->last % CUTS].from = from;
	m->cut[m->last % CUTS].to = r->end;
	m->last++;
}

static void flush(uint32_t who)
{
	struct member *m = &members[who];
	struct io_uring_sqe *sqe;
	uint64_t pos = m->cursor, log_end = m->room->end;
	uint32_t n = 0, cut = m->first;

	while (pos < log_end && n < PIECES) {
		uint64_t end = log_end;

		if (cut != m->last && pos >= m->cut[cut % CUTS].from) {
			pos = m->cut[cut++ % CUTS].to;
			continue;
		}
		if (cut != m->last && m->cut[cut % CUTS].from < end)
			end = m->cut[cut % CUTS].from;
		m->iov[n++] = (struct iovec){m->room->log + (pos & (log_bytes - 1)), end - pos};
		pos = end;
	}
	if (n == 0) {
		m->cursor = pos;
		m->first = cut;
		return;
	}
	m->sending = true;
	sqe = sqe_get(OP_SEND, who);
	uint64_t data = sqe->user_data;
	if (n == 1) {
		io_uring_prep_send(sqe, m->fd, m->iov[0].iov_base, m->iov[0].iov_len, MSG_NOSIGNAL);
	} else {
		m->msg = (struct msghdr){.msg_iov = m->iov, .msg_iovlen = n};
		io_uring_prep_sendmsg(sqe, m->fd, &m->msg, MSG_NOSIGNAL);
	}
	sqe->user_data = data;
}

static void room_flush(struct room *r)
{
	r->dirty = false;
	for (uint32_t i = r->first; i < r->last; i++)
		if (!members[i].sending && members[i].cursor < r->end && members[i].fd >= 0)
			flush(i);
}

static void sent(struct member *m, int res)
{
	uint64_t left = res > 0 ? (uint64_t)res : 0;

	m->sending = false;
	while (left > 0 || (m->first != m->last && m->cursor == m->cut[m->first % CUTS].from)) {
		uint64_t end = UINT64_MAX;

		if (m->first != m->last && m->cursor >= m->cut[m->first % CUTS].from) {
			m->cursor = m->cut[m->first++ % CUTS].to;
			continue;
		}
		if (m->first != m->last)
			end = m->cut[m->first % CUTS].from;
		if (end - m->cursor > left)
			end = m->cursor + left;
		left -= end - m->cursor;
		m->cursor = end;
	}
}

static void received(uint32_t who, struct io_uring_cqe *cqe)
{
	struct member *m = &members[who];
	uint32_t id = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
	const char *p, *end, *nl;

	if (cqe->res == -ENOBUFS) {
		receive(who);
		return;
	}
	if (cqe->res <= 0) {
		close(m->fd);
		m->fd = -1;
		return;
	}
	p = buffers + (size_t)id * BUFFER_BYTES;
	end = p + cqe->res;
	while ((nl = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		if (m->nrest > 0) {
			memcpy(m->rest + m->nrest, p, (size_t)(nl + 1 - p));
			publish(m, m->rest, m->nrest + (size_t)(nl + 1 - p));
			m->nrest = 0;
		} else {
			publish(m, p, (size_t)(nl + 1 - p));
		}
		p = nl + 1;
	}
	memcpy(m->rest + m->nrest, p, (size_t)(end - p));
	m->nrest += (uint32_t)(end - p);
	buffer_return(id);
	receive(who);
}

static void member_add(int fd)
{
	uint32_t who = nmembers++;
	struct room *r = &rooms[who / per_room];

	if (r->log == NULL) {
		r->log = log_new();
		r->first = who;
	}
	r->last = nmembers;
	members[who] = (struct member){.fd = fd, .room = r, .cursor = r->end};
	receive(who);
}

static void on_cqe(struct io_uring_cqe *cqe)
{
	uint32_t op = (uint32_t)(cqe->user_data >> 32), who = (uint32_t)cqe->user_data;

	if (op == OP_ACCEPT && cqe->res >= 0 && nmembers < members_max) {
		member_add(cqe->res);
	} else if (op == OP_RECV) {
		received(who, cqe);
	} else if (op == OP_SEND) {
		sent(&members[who], cqe->res);
		room_touch(members[who].room);
	}
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 4096) != 0) {
		die("floor");
	}
	return fd;
}

int main(int argc, char **argv)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN |
		         IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		.cq_entries = 32768,
	};
	struct io_uring_buf_reg reg = {.ring_entries = BUFFERS, .bgid = 0};
	struct rlimit files;

	if (argc < 3)
		return 2;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	members_max = (uint32_t)atoi(argv[2]);
	per_room = argc > 3 ? (uint32_t)atoi(argv[3]) : members_max;
	if (per_room < members_max)
		log_bytes = LOG_BYTES_ROOM;
	members = calloc(members_max, sizeof *members);
	rooms = calloc(members_max / per_room + 1, sizeof *rooms);
	dirty = calloc(members_max / per_room + 1, sizeof *dirty);
	buffers = malloc((size_t)BUFFERS * BUFFER_BYTES);
	lent = aligned_alloc(4096, BUFFERS * sizeof(struct io_uring_buf));
	if (io_uring_queue_init_params(4096, &ring, &params) < 0)
		return 1;
	reg.ring_addr = (uint64_t)(uintptr_t)lent;
	if (io_uring_register_buf_ring(&ring, &reg, 0) < 0)
		return 1;
	io_uring_buf_ring_init(lent);
	for (uint32_t i = 0; i < BUFFERS; i++)
		buffer_return(i);
	int fd = listen_on((uint16_t)atoi(argv[1]));
	struct io_uring_sqe *sqe = sqe_get(OP_ACCEPT, 0);
	io_uring_prep_multishot_accept(sqe, fd, NULL, NULL, 0);
	io_uring_sqe_set_data64(sqe, (uint64_t)OP_ACCEPT << 32);
	printf("floor: listening\n");
	fflush(stdout);
	for (;;) {
		struct io_uring_cqe *cqe;

		io_uring_submit_and_wait(&ring, 1);
		while (io_uring_peek_cqe(&ring, &cqe) == 0) {
			on_cqe(cqe);
			io_uring_cqe_seen(&ring, cqe);
		}
		for (uint32_t i = 0; i < ndirty; i++)
			room_flush(dirty[i]);
		ndirty = 0;
	}
}
