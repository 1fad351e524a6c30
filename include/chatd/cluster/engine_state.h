/*
 * What the loop's side of the engine shares with its thread, and what the thread's modules share.
 *
 * The comment of a field names its owner: "loop" for the thread that calls engine.h, "thread" for the
 * engine's. Fields that are atomic belong to both.
 *
 * The modules from top to bottom; each calls only those below it:
 *
 *	engine           the loop's side: starts and ends the threads
 *	engine_thread    the thread: one session with Redis after the other
 *	session          beginning one: is this Redis as it must be, and the cluster ours?
 *	lease            the lease that makes an incarnation
 *	ask              waiting for an answer, while a session begins
 *	telling          texts for other nodes, and theirs
 *	appending, reading, nodes    what is done in a session: our acts, all acts, the other nodes
 *	observing        how long the stream is
 *	extent           what the stream has
 *	expecting        what the replies to that are to
 *	incarnation      its end
 *	outcome          what went wrong, in words, and telling the loop
 *	engine_figures   what operators see
 *	proposals        our acts that are not answered
 *	tells            our texts for other nodes that are not heard
 *	settings         the rules for Redis's settings
 *	dialer, wire     connecting, and one connection
 *	news, keys, stream_id
 */
#ifndef CHATD_CLUSTER_ENGINE_STATE_H
#define CHATD_CLUSTER_ENGINE_STATE_H

#include "chatd/base/bounds.h"
#include "chatd/base/inbox.h"
#include "chatd/base/sleeper.h"
#include "chatd/cluster/dialer.h"
#include "chatd/cluster/engine.h"
#include "chatd/cluster/keys.h"
#include "chatd/cluster/news.h"
#include "chatd/cluster/nodes.h"
#include "chatd/cluster/proposals.h"
#include "chatd/cluster/stream_id.h"
#include "chatd/cluster/tells.h"
#include "chatd/cluster/wire.h"

#include <pthread.h>

enum { CLUSTER_ID_BYTES = 33 }; /* of the cluster's id: 32 hex digits and a NUL */

/* What this node's database knows. */
struct beginning {
	char cluster[CLUSTER_ID_BYTES]; /* "": it has never been in one */
	struct stream_id position;      /* 0-0: at the start */
};

/* The times that follow from how long a lease is, in milliseconds. */
struct engine_times {
	uint32_t lease;         /* how long it lasts */
	uint32_t margin;        /* how long before its end we stop sending: what is sent then arrives
	                         * before it */
	uint32_t renew;         /* between two renewals */
	uint32_t nodes;         /* between two looks at the other nodes */
	uint32_t block;         /* how long Redis waits for new acts before it says that there are none */
	uint32_t silent;        /* without an answer for so long, Redis counts as away, */
	uint32_t answer;        /* and for so long, the connection as lost */
	uint32_t settle;        /* how long a node has to be past an act that is forgotten */
};

struct engine_figures;

struct engine {
	struct engine_options options; /* set once, without what points outside; the password is cleared */
	struct engine_times times; /* set once */
	struct keys keys;       /* set once */
	char node[NODE_BYTES_MAX + 1]; /* set once */
	char *user, *password;  /* thread; NULL: none */
	struct inbox inbox;     /* from the thread to the loop */
	struct sleeper sleeper; /* where the thread sleeps */
	struct dialer dialer;   /* the thread that connects */
	pthread_t thread;       /* joined by engine_stop */
	struct proposals_posted proposed; /* from the loop to the thread */
	_Atomic bool appending; /* a batch is under way: what is proposed waits for its end, and need not wake
	                         * the thread */
	struct {
		_Atomic uint32_t acts; /* read, and not taken by the loop */
		_Atomic size_t bytes;
		_Atomic uint32_t news; /* other messages, the same */
		_Atomic bool paused;   /* the thread reads no further, and must be woken */
	} waiting;
	struct {
		struct inbox inbox;        /* from the thread to the loop; its event_fd is the other inbox's */
		struct tells_posted ours;  /* from the loop to the thread */
		_Atomic uint32_t n;        /* of other nodes, and not taken by the loop */
		_Atomic size_t bytes;
		struct news *news;         /* loop: what the last event points into; NULL: none */
	} texts;
	_Atomic(struct stream_id *) applied; /* not yet taken by the thread */
	_Atomic(struct stream_id *) forget; /* the same */
	_Atomic(struct beginning *) beginning; /* the same */
	struct {
		_Atomic(struct engine_figures *) left; /* by the thread, and not taken by the loop; NULL: none */
		struct engine_figures *taken; /* loop; NULL: none */
	} figures;
	_Atomic bool stop;      /* true once the thread must end */
	int64_t stop_by_ms;     /* CLOCK_BOOTTIME: when it gives up; set before stop */
	uint32_t unanswered;    /* thread: acts that it gave up */
	struct news *news;      /* loop: what the last event points into; NULL: none */
	bool wake;              /* loop: true when it brought work since engine_wake_fds */
};

/* What becomes of an attempt. */
enum outcome {
	OUTCOME_OK,
	OUTCOME_AWAY,     /* it may succeed later */
	OUTCOME_REFUSED,  /* an operator has to change something in Redis: an error at the start; later on the
	                   * same as AWAY, for a chat goes on meanwhile */
	OUTCOME_FATAL,    /* whatever is tried, it would be wrong to go on */
	OUTCOME_STOP,     /* the thread must end */
};

struct lease {
	uint64_t incarnation;   /* ours; 0: we have no lease */
	uint64_t before;        /* the one that we had; 0: none */
	int64_t until_ms;       /* when we stop trusting it */
	int64_t sent_ms;       /* when the renewal that is under way was asked for; 0: none is */
	int64_t renew_at_ms;    /* when to renew it */
};

struct reading {
	struct stream_id at;    /* the last entry read */
	struct stream_id goal;  /* the stream's last one when we began */
	uint32_t count;         /* entries to ask for */
	int64_t ask_at_ms;      /* when to ask again, so that more comes at once */
	bool asked;             /* an answer is under way, */
	bool checks;            /* and before it the one to whether `at` is still in the stream */
	bool gap;               /* there may be entries behind `at` already, so that has to be asked */
	bool caught_up;         /* the loop was told so */
};

/* What a reply on the writing connection is to. */
enum expected {
	EXPECT_BATCH,     /* a reply of our acts */
	EXPECT_LEASE,     /* the renewal */
	EXPECT_NODES,     /* all incarnations */
	EXPECT_LEASES,    /* the leases of the nodes that we know */
	EXPECT_SAVED,     /* our position */
	EXPECT_POSITIONS, /* all positions */
	EXPECT_LENGTH,    /* of the stream */
	EXPECT_TRIM,      /* entries that were trimmed */
	EXPECT_SETTINGS,  /* Redis's settings */
	EXPECT_HEARD,     /* how many have heard a text; as many replies as tells.sent */
	EXPECT_EXTENT,    /* of the stream, for operators, */
	EXPECT_TOLD,      /* how far behind this node is, */
	EXPECT_BEHIND,    /* and all nodes are */
};
enum { EXPECTED_MAX = 16 }; /* kinds of replies under way: each at most once */

struct expecting {
	enum expected kinds[EXPECTED_MAX]; /* a ring, in the order of the commands */
	uint32_t first, n;      /* where it begins, how many there are */
};

/* For operators alone. */
struct observed {
	bool asked;             /* a look at the stream is under way, */
	bool comparing;         /* and so is one at how far the others are */
	int64_t due_ms, compare_at_ms; /* when to look again, by CLOCK_BOOTTIME */
	uint64_t length, added; /* as of the last look: entries that are there, and that ever were; */
	struct stream_id last;  /* and the last one */
	uint64_t read;          /* how many were ever added up to the last that we read, */
	bool counted;           /* if that is known */
	int64_t sent_us;        /* when the batch that is under way was sent; like the next ones, by CLOCK_MONOTONIC */
	int64_t append_us;      /* what the last one took; 0: there was none */
	int64_t level_ms;       /* when all was read and taken by the loop, the last time; 0: it never was */
	int64_t told_ms;        /* how far behind the others think that we are; -1: not known */
	struct {
		char node[NODE_BYTES_MAX + 1];
		int64_t ms;
	} behind[NODES_MAX];    /* how far all nodes are behind, as they say */
	uint32_t nbehind;
	int64_t left_ms;        /* when a copy was last left for the loop */
	int64_t since_ms;       /* since when it is as `up` says; 0: at the start */
	bool up;                /* acts go through */
};

/* The thread's own. Times are of CLOCK_BOOTTIME. */
struct engine_thread {
	struct engine *e;
	struct wire writer, reader, listener; /* the connections of a session */
	struct lease lease;
	struct beginning known; /* what engine_begin said, and what we saved since */
	struct stream_id saved; /* the position that Redis has of us */
	struct reading reading;
	struct proposals proposals;
	struct tells tells;
	struct {
		int64_t ping_ms;     /* whether the listener still listens, */
		int64_t settings_ms; /* and whether Redis's settings are still right */
		bool settings;       /* that is under way */
	} asks;                 /* when to ask */
	struct expecting expecting; /* on the writer */
	struct nodes nodes;
	struct observed observed;
	struct {
		uint32_t left;       /* replies that are still to come; 0: none is under way */
		int64_t at_ms;       /* after an error, when to send them again */
		char error[ENGINE_WHY_BYTES_MAX]; /* the first of the one that is under way; "": none */
	} batch;                /* of our acts */
	bool stopping;          /* the thread must end once what waits is answered */
	bool ending;            /* nothing is left to do but to give the lease back */
	bool in_session;        /* everything was checked, and acts go through */
	bool answered;          /* Redis has taken acts in this session */
	uint64_t ready;         /* the incarnation that the last READY told; 0: none was */
	bool away_told;         /* the last that was told of AWAY and BACK */
	bool silent;            /* it was told because no answer comes */
	char away_why[ENGINE_WHY_BYTES_MAX]; /* what was told */
	char why[ENGINE_WHY_BYTES_MAX]; /* of the last outcome but OK and STOP: a sentence */
};

/* The thread's function. */
void *engine_thread_main(void *arg);

#endif
