/*
 * A kernel and a store that are memory, for the simulation.
 *
 * fake_ring.c stands in for src/net/ring.c and fake_writer.c for the store's
 * threads. What they do is decided by a seed; time is a number that ring_wait
 * moves on.
 */
#ifndef CHATD_TESTS_FAKE_H
#define CHATD_TESTS_FAKE_H

#include "chatd/base/bytes.h"
#include "chatd/net/ring.h"
#include "chatd/store/writer.h"
#include "prng.h"

/* Says what is wrong, with seed and step, and exits. */
void sim_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

enum {
	FAKE_FD_FIRST = 10,     /* the lowest descriptor that accept gives */
	FAKE_FDS_MAX = 256,
	FAKE_LISTENER_FD = 3,
	FAKE_EVENT_FD = 4,      /* of the writer: something new */
	FAKE_WRITING_FD = 5,    /* what its threads sleep on */
	FAKE_READING_FD = 6,
	FAKE_WATCHED_FD = 7,    /* readable when sim says so */
	FAKE_SPANS_MAX = 64,
};

/* -- sockets --------------------------------------------------------------------------- */

enum fake_state {
	FAKE_BACKLOG,   /* not accepted yet */
	FAKE_ACCEPTED,  /* the server has a descriptor of it */
	FAKE_CLOSED,    /* and has closed it */
};

/* A connection, seen from both ends. */
struct fake_sock {
	uint32_t serial;        /* number of this connection in this run; its peer address */
	enum fake_state state;
	int fd;                 /* the server's; -1 unless ACCEPTED */
	struct bytes in;        /* from client to server, not received yet */
	bool in_end;            /* the client sends no more */
	bool reset;             /* the client has torn it down */
	bool shut_rd, shut_wr;  /* the server has shut it */
	bool gone;              /* the client has let go of it; freed when CLOSED */
	uint32_t out_len, out_cap; /* bytes that the client has not read, and how many may wait */
	uint64_t out_total;     /* bytes sent to it, ever */
	bool receiving, sending; /* exactly while such an operation is in flight */
	uint32_t recv_slot, recv_gen, send_slot, send_gen;
	struct iovec iov[FAKE_SPANS_MAX]; /* of the send, copied when it was submitted */
	uint32_t niov;
	void *user;             /* the model's; freed with model_sock_end */
	struct fake_sock *next; /* in ring->socks */
};

struct ring {
	struct prng prng;
	int64_t now_ms;
	uint32_t tick_ms_max;   /* most that one idle wait lasts, unless asked for less */
	bool calm;              /* nothing fails and nothing is late */
	bool ending;            /* the server is being freed: operations are dropped */
	struct fake_sock *socks; /* all there are, newest first */
	struct fake_sock *by_fd[FAKE_FDS_MAX];
	uint32_t nsocks;        /* serials given */
	bool accepting;         /* exactly while the accept is in flight */
	bool accept_cancelled;
	uint32_t polled;        /* bit n: descriptor n is polled */
	uint32_t poll_slot[32];
	bool watched_ready;     /* FAKE_WATCHED_FD is readable */
	char **buffer;          /* lent to the server, by number; NULL: free */
	uint32_t nbuffers, nlent;
	struct ring_completion *done; /* completions not taken, in order */
	size_t ndone, done_first, done_cap;
	uint32_t spin;          /* waits in a row for no time that brought nothing */
	struct writer *writer;
	uint64_t nenobufs, nshort, nemfile; /* how often that happened */
};

struct ring *fake_ring_new(uint64_t seed, struct writer *w);

/* What the server calls fd; it is open, or the run fails. */
struct fake_sock *fake_sock_of(struct ring *r, int fd);
void fake_sock_free(struct ring *r, struct fake_sock *k);

/* The client's side. */
struct fake_sock *fake_connect(struct ring *r, uint32_t out_cap);
void fake_read(struct fake_sock *k, uint32_t bytes);   /* takes what the server sent */
void fake_write(struct fake_sock *k, const char *p, size_t n);
void fake_half_close(struct fake_sock *k);
void fake_reset(struct fake_sock *k);
void fake_hang_up(struct fake_sock *k);   /* close(2): end, and nothing is read any more */
void fake_forget(struct fake_sock *k);    /* the client looks at it no longer */
/* Nothing is under way: no bytes in a socket that the server would take, no send. */
bool fake_ring_rests(const struct ring *r);

/* -- the store ------------------------------------------------------------------------- */

struct fake_line {
	uint64_t id;
	int64_t time_ms;
	enum record_kind kind;
	uint32_t room;
	char *room_name, *sender, *body; /* owned */
};

/* Pressed beyond so many records that wait; saves in so many of a thousand steps. */
struct writer *fake_writer_new(uint64_t seed, uint32_t pressed_at, uint32_t saves);
void fake_writer_free(struct writer *w);
/* From here on it saves in that file. False: it cannot be opened; err says why. Each room keeps
 * lines_kept lines, 0: all, and as many as it says itself where `prunes`. */
bool fake_writer_open(struct writer *w, const char *path, enum durability durability, bool prunes,
                      uint64_t lines_kept, struct store_error *err);
struct store *fake_writer_store(struct writer *w);
/* Lets the threads work a little. */
void fake_writer_step(struct writer *w);
void fake_writer_woken(struct writer *w, int fd);
void fake_writer_calm(struct writer *w);
uint64_t fake_writer_saved(const struct writer *w);
bool fake_writer_has_news(const struct writer *w);
bool fake_writer_rests(const struct writer *w);
uint64_t fake_writer_failures(const struct writer *w);

/* -- what the server may send: sim_model.c --------------------------------------------- */

/* A record was given to the store, to be saved in its file. */
void model_given(const struct record *r);
/* Bytes have gone out to k. */
void model_sent(struct fake_sock *k, const char *p, size_t n);
void model_sock_end(struct fake_sock *k);

#endif
