/*
 * A kernel and a store that are memory, for the simulation.
 *
 * fake_ring.c stands in for src/net/ring.c and its engines, with fake_kernel.c for what the
 * kernel does behind it, fake_fault.c for what goes wrong there, and
 * fake_sock.c for the sockets; fake_writer.c is the store's threads. What they
 * do is decided by a seed; time is a number that ring_wait moves on.
 */
#ifndef CHATD_TESTS_FAKE_H
#define CHATD_TESTS_FAKE_H

#include "chatd/base/bytes.h"
#include "chatd/net/ring.h"
#include "chatd/store/threads/writer.h"
#include "prng.h"
#include "queries.h"
#include "records.h"
#include "chatd/core/chat.h"

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
	FAKE_ENGINE_FD = 8,     /* of the engine: something new */
	FAKE_ASKING_FD = 9,     /* what its thread sleeps on */
	FAKE_SPANS_MAX = 64,
};

/* -- faults ---------------------------------------------------------------------------- */

/* What goes wrong in the kernel. Each is counted, and one that never happens in a thousand
 * runs is a failure: what is not tried is not proved. */
enum fault {
	FAULT_SHORT,        /* a send takes a part of the bytes */
	FAULT_SEND_AGAIN,   /* fails with EINTR, EAGAIN */
	FAULT_SEND_MEMORY,  /* with ENOBUFS, ENOMEM */
	FAULT_SEND_REFUSED, /* with an error that says nothing of the peer */
	FAULT_SEND_RESET,   /* because the peer is gone */
	FAULT_SEND_LATE,    /* completes much later than it could */
	FAULT_NO_BUFFER,    /* a receive finds no lent buffer */
	FAULT_RECV_AGAIN,
	FAULT_RECV_REFUSED,
	FAULT_RECV_RESET,
	FAULT_RECV_LATE,
	FAULT_ACCEPT_FULL,  /* there is no descriptor left: EMFILE, ENFILE */
	FAULT_ACCEPT_ABORT, /* the peer is gone before it is accepted */
	FAULT_ACCEPT_NOBODY, /* and the kernel does not say who it was */
	FAULT_ACCEPT_REFUSED,
	FAULT_POLL_END,     /* the multishot ends with an event */
	FAULT_POLL_FALSE,   /* an event where there is none */
	FAULT_POLL_REFUSED,
	FAULT_CUT,          /* not all that has completed is seen in one wait */
	FAULT_SPURIOUS,     /* a wait ends early with nothing */
	FAULT_STOPPED,      /* the program does not run for a while */
	FAULT_CLOCK,        /* the clock of the host is set */
	FAULT_CANCEL_LATE,  /* what is cancelled goes on for a while */
	FAULT_CANCEL_MISSED, /* what is cancelled has ended already */
	FAULTS,
};

/* Of a send, a receive, an accept, a poll and a cancel, in the order of submission, this one
 * fails; 0: none. */
struct fault_plan {
	uint64_t op;            /* from 1 */
	uint32_t how;           /* of FAULT_WAYS, with which error */
	uint64_t ops;           /* out: submitted so far */
};

enum { FAULT_WAYS = 3 };

/* -- sockets --------------------------------------------------------------------------- */

enum fake_state {
	FAKE_BACKLOG,   /* not accepted yet */
	FAKE_ACCEPTED,  /* the server has a descriptor of it */
	FAKE_CLOSED,    /* and has closed it */
};

/* A connection, seen from both ends. */
/* A receive of a connection. */
struct fake_recv {
	bool on;                /* exactly until the server has seen its completion */
	bool over;              /* it has completed, which the server may not have seen */
	bool due;               /* it is tried when the server has come to it: epoll */
	uint32_t late;          /* waits in which it does not complete yet */
	int fails;              /* with this error, at once; 0: it does not */
	uint32_t slot, gen;
};

/* A send of it. */
struct fake_send {
	bool on, over;          /* as of a receive, like the next four */
	uint32_t late;
	int fails;
	uint32_t slot, gen;
	struct iovec iov[FAKE_SPANS_MAX]; /* copied when it was submitted */
	uint32_t niov;
	struct bytes pledge;    /* what they pointed to then, and must until the completion */
	int64_t since_ms;       /* when it began */
};

/* What the client has not read. */
struct fake_out {
	uint32_t len, cap;      /* bytes of it, and how many may wait */
	uint64_t total;         /* bytes sent to it, ever */
	uint64_t acked;         /* of these, as it was told last; UINT64_MAX: it was not asked for */
};

struct fake_sock {
	uint32_t serial;        /* number of this connection in this run; the end of its address */
	uint16_t network;       /* and the /64 of that */
	char refusal[REFUSAL_BYTES_MAX]; /* the core has refused it with these words; "": it has not */
	bool dropped;           /* and has ended it for another's sake */
	enum fake_state state;
	int fd;                 /* the server's; -1 unless ACCEPTED */
	struct bytes in;        /* from client to server, not received yet */
	bool in_end;            /* the client sends no more */
	bool reset, reset_told; /* the client has torn it down; and the server has read so */
	bool shut_rd, shut_wr;  /* the server has shut it */
	bool gone;              /* the client has let go of it; freed when CLOSED */
	struct fake_out out;
	struct fake_recv recv;
	struct fake_send send;
	int64_t linger_ms;      /* when the wait for the peer's end began */
	bool torn;              /* the client has torn it down on purpose */
	bool refused;           /* an operation of it has failed for no reason of its client's */
	bool end_seen, failed;  /* the server has seen the peer's end, or an error of its */
	void *user;             /* the model's; freed with model_sock_end */
	struct fake_sock *next; /* in ring->socks */
};

/* An accept, or a multishot poll. */
struct fake_shot {
	bool armed;             /* until the server has seen its last completion */
	bool live;              /* until that was made */
	int fails;              /* with this error, at once; 0: it does not */
	uint32_t slot;
};

struct fake_done {
	struct ring_completion c;
	bool due;               /* it is none yet: k's receive is to be tried */
	struct fake_sock *k;    /* whose operation it was; NULL: none's */
	struct fake_shot *shot;
};

struct ring {
	struct prng prng;
	int64_t now_ms;         /* of the clock that nobody sets */
	int64_t run_ms;         /* of it, what counts where a turn comes later than it was to come */
	int64_t ahead_ms;       /* so much is the other clock ahead, which is set now and then */
	uint32_t tick_ms_max;   /* most that one idle wait lasts, unless asked for less */
	bool epoll;             /* it does as src/net/epoll.c: a send is tried at once, and completes in a later turn; a
	                         * receive is made when the server takes its completion */
	bool calm;              /* nothing fails and nothing is late */
	bool ending;            /* the server is being freed: operations are dropped */
	bool dead;              /* its process was killed: nothing happens any more */
	int64_t others_ms;      /* that passed while other servers ran, and this one does not know of yet */
	struct fake_sock *socks; /* all there are, newest first */
	struct fake_sock *by_fd[FAKE_FDS_MAX];
	uint32_t nsocks;        /* serials given */
	struct fake_shot accept[ACCEPTS_EACH];
	struct fake_shot poll[FAKE_FD_FIRST]; /* by descriptor */
	struct {
		uint32_t late[ACCEPTS_EACH]; /* waits until the cancel finds the accept; UINT32_MAX: it never does */
		bool asked;         /* no accept may follow */
	} cancel;
	bool watched_ready;     /* FAKE_WATCHED_FD is readable */
	char **buffer;          /* lent to the server, by number; NULL: free */
	uint32_t nbuffers, nlent; /* nlent: and seen by the server */
	struct {
		struct fake_done *at; /* completions not taken, in order */
		size_t n, first, cap;
		size_t seen;    /* those before it are there to take */
	} done;
	uint32_t weight[FAULTS]; /* how often each happens, times so much */
	uint32_t spin;          /* waits in a row for no time that brought nothing */
	struct writer *writer;
	struct engine *engine;  /* of a cluster; NULL: of none */
};

/* The address of a connection. */
struct address fake_address(const struct fake_sock *k);

struct ring *fake_ring_new(uint64_t seed, struct writer *w);

/* -- what goes wrong: fake_fault.c -- */

void fault_begin(struct ring *r);
/* True this many times in a thousand, while things may go wrong. */
bool fault_chance(struct ring *r, uint32_t per_mille);
/* True if this one is to happen now; it is counted. */
bool fault_is(struct ring *r, enum fault f);
void fault_count(enum fault f);
/* One more operation is submitted. The error with which it fails; 0: it does not. */
int fault_of(enum ring_op op);
bool fault_of_cancel(void);
/* Which operation fails in the runs that follow. */
struct fault_plan *fault_plan(void);
uint64_t fault_total(enum fault f);
/* How often each has happened, as TAP's comments. */
void fault_say(void);
/* What has never happened, as a sentence; NULL: all has. */
const char *fault_missing(void);

/* -- what the kernel does in a wait: fake_kernel.c -- */

void kernel_step(struct ring *r);
void kernel_poll(struct ring *r, int fd);
/* Tries a send that the server has just begun. */
void kernel_send(struct ring *r, struct fake_sock *k);
/* Tries a receive that is due. False: it does not complete yet. */
bool kernel_recv(struct ring *r, struct fake_sock *k, struct fake_done *done);

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

/* Pressed beyond this many waiting records; saves in this many of a thousand steps. */
struct writer *fake_writer_new(uint64_t seed, uint32_t pressed_at, uint32_t saves);
void fake_writer_free(struct writer *w);
/* From here on it saves in that file. False: it cannot be opened; err says why. Each room keeps
 * lines_kept lines, 0: all, and as many as it says itself where `prunes`. */
bool fake_writer_open(struct writer *w, const char *path, enum durability durability, bool prunes,
                      uint64_t lines_kept, struct store_error *err);
struct store *fake_writer_store(struct writer *w);
/* What it saves in memory is what the next one of the same node has: see the two that follow. It saves groups. */
void fake_writer_keep(struct writer *w);
/* Takes what another one has saved, and frees that; or copies it. */
void fake_writer_inherit(struct writer *w, struct writer *from);
void fake_writer_copy(struct writer *w, const struct writer *from);
/* What it has for a start. position: NULL: none. */
const char *fake_writer_position(const struct writer *w);
uint32_t fake_writer_last_room(const struct writer *w);
void fake_writer_load(const struct writer *w, struct chat *c);
/* Everything that was given to it is saved. */
bool fake_writer_is_idle(const struct writer *w);
/* Ends it as writer_stop does: groups that have ended are saved, and no others. */
void fake_writer_finish(struct writer *w);
/* Lets the threads work a little. */
void fake_writer_step(struct writer *w);
void fake_writer_woken(struct writer *w, int fd);
void fake_writer_calm(struct writer *w);
uint64_t fake_writer_saved(const struct writer *w);
/* From now on it saves groups (writer_mark). */
void fake_writer_group(struct writer *w);
/* The newest record that it was given. */
uint64_t fake_writer_given(const struct writer *w);
bool fake_writer_has_news(const struct writer *w);
bool fake_writer_rests(const struct writer *w);
uint64_t fake_writer_failures(const struct writer *w);

/* -- what the server may send: sim_model.c --------------------------------------------- */

/* A record was given to the store, to be saved in its file. */
void model_given(const struct record *r);
/* Bytes have gone out to k. */
void model_sent(struct fake_sock *k, const char *p, size_t n);
/* Nothing more will go out to k, where nothing has gone wrong. */
void model_ended(const struct fake_sock *k);
void model_sock_end(struct fake_sock *k);
/* All together leave so much unread that somebody may be cut off for it. */
bool model_is_full(void);
/* It has had a second for its last lines, and others need its place. */
bool model_needs_place_of(int fd);

#endif
