/*
 * The model: what its two files share.
 *
 * sim_model.c turns effects into texts that are to come; sim_peer.c keeps them
 * and compares; sim_view.c knows of rooms that are watched, of lines that are held
 * back, and of what a view makes of a line.
 */
#ifndef CHATD_TESTS_SIM_MODEL_H
#define CHATD_TESTS_SIM_MODEL_H

#include "sim.h"

/* A private text or a published line. */
struct text {
	uint32_t refs;
	bool line;              /* published */
	bool early;             /* seen although nothing could be saved */
	uint64_t seq;           /* of the record that it shows; 0: none */
	uint64_t skip;          /* bit n: not for whoever has slot n */
	uint64_t marked;        /* bit n: it mentions whoever has slot n */
	struct line_info info;  /* what views know of it */
	bool missing;           /* comes only in place of lines of a feed that was left while far behind, */
	int64_t feed;           /* this one, */
	size_t shown;           /* how many of its lines could be seen then */
	size_t len;
	char data[];
};

/* Texts that are to come. */
struct queue {
	struct text **item;     /* owned: from first to n */
	size_t first, n, cap;
};

/* A room that somebody watches. */
struct mwatch {
	struct mwatch *next;
	int64_t feed;
	size_t at;              /* lines of it that are in the queue, or were published before */
	bool held, ending;      /* its lines do not come yet; and not any more */
	char *room;             /* owned */
	struct queue queue;
};

/* What a view has to do with; see sim_view.c. */
struct peer_view {
	bool on;                /* it has a view, or had one: CRs are not looked at then */
	uint32_t times;         /* bit n: lines were shown with times of enum view_time n, or will be */
	bool hold;              /* what it has not asked for waits until it enters a line: */
	struct queue waiting;   /* private text that does, */
	size_t waiting_bytes;   /* and as much of it */
	struct mwatch *watches; /* owned */
	struct bytes seen;      /* of a text to a view that has not come as a whole */
};

struct peer {
	struct fake_sock *k;
	struct conn_id id;
	bool known;             /* the core knows it */
	bool held;
	int64_t feed;           /* that it reads; -1: none */
	size_t at;              /* lines of that feed that are in the queue, or were published before */
	struct peer_view view;
	struct text **item;     /* owned: what is to come, from first to n */
	size_t first, n, cap;
	size_t kept;            /* items before it came from a feed that it has left */
	size_t off;             /* bytes of the first that have come */
	uint64_t said_id;       /* newest said line of its feed that it has got some of */
	bool eof;               /* the core knows that it sends nothing more */
	bool put_out;           /* it is ended, and not because it went */
	struct got {            /* owned, ngot of them: lines of its feed that it was sent, */
		uint64_t end;   /* and after how many bytes */
		uint64_t seq;
	} *got;
	size_t ngot, got_cap;
	uint64_t bytes;         /* that it was sent, ever */
	int64_t came_ms;        /* when it came, by sim->ring->run_ms */
	int64_t told_ms;        /* when it was last told that the disk is slow; 0: never */
	uint64_t refusals;      /* lines of it that could not be saved, as it was told */
};

struct mfeed {
	struct text **line;     /* owned: all lines ever */
	size_t n, cap, shown;   /* and how many may be seen */
};

void model_check_arrived(const struct peer *p, const struct arrival *a);
void model_check_seen(const struct peer *p, const struct record *r);

enum { MODEL_QUESTIONS_MAX = 1 << 16 };

struct model {
	bool lossy;             /* lines were shown that nothing could be kept of */
	struct peer *peer[SIM_SLOTS_MAX]; /* the newest of each slot; owned by its socket */
	uint32_t gen[SIM_SLOTS_MAX];      /* and its generation */
	struct mfeed feed[SIM_FEEDS_MAX];
	char *ending[SIM_SLOTS_MAX]; /* owned; keys of those who had sent their last byte before the
	                          * step, and may say in anybody's what they had begun; NULL: had not */
	struct conn_id about[SIM_SLOTS_MAX * 4]; /* nabout connections of which was asked what has
	                          * arrived there, and not answered yet, oldest first */
	size_t nabout;
	const struct peer *speaker; /* in a cluster: whose act is being done, if they are here */
	bool asked[MODEL_QUESTIONS_MAX];  /* questions, by number, that are out */
};

extern struct model *model;

struct text *model_text_new(const char *p, size_t len);
void model_text_unref(struct text *t);
/* t comes after all that is to come already. */
void model_push(struct peer *p, struct text *t);
/* It was moved past the lines of a feed from t on, of which this many were shown. */
void model_check_behind(const struct peer *p, int64_t feed, size_t shown, const struct text *t);
/* The same for any queue. */
void queue_push(struct queue *q, struct text *t);
void queue_free(struct queue *q);

/* -- sim_view.c -- */

/* An effect of any of the kinds that concern views, watched rooms and holds; p may be NULL. */
void peer_view_effect(struct peer *p, const struct effect *e);
/* Private text for p that it has not asked for, which may have to wait. */
void peer_view_told(struct peer *p, struct text *t);
/* Lines of the feed up to `to` may be seen. */
void peer_view_show(struct peer *p, int64_t feed, size_t to);
/* What waits does so no more. */
void peer_view_let(struct peer *p);
/* The same, but for rooms that are watched: when it changes its own. */
void peer_view_let_own(struct peer *p);
/* The text that waits comes now, before an answer. */
void peer_view_let_text(struct peer *p);
bool peer_view_watches(const struct peer *p, int64_t feed);
/* p was moved past the lines of a room that it watches. */
void peer_view_skipped(struct peer *p, const struct event *e);
/* Where the last `lines` lines of p's own queue begin that are not of a room that it has left. */
size_t peer_view_skip_from(const struct peer *p, uint32_t lines);
/* Bytes that were sent to somebody with a view: compares them. */
void peer_view_sent(struct peer *p, const char *bytes, size_t n);
/* Everything that p is to get of rooms that it watches has come. Drops what a watch that has ended need not
 * send. */
bool peer_view_rests(struct peer *p);
void peer_view_end(struct peer *p);
/* What comes at the end of a text of p's own queue: it has come. */
void model_came(struct peer *p, struct text *t);
/* And at its beginning. */
void model_begun(struct peer *p, const struct text *t);
/* The word that lines of a feed are missing, where that is what comes; NULL: it is something else. */
struct text *model_missing_comes(struct peer *p, const char *bytes, size_t n);
/* The bytes, without CRs, may begin with this text, as a view shows it. */
bool peer_view_fits(const struct text *t, const char *bytes, size_t n);

/* A question goes out; it has a number of its own. */
void model_asked(const struct query *q);
/* False: this answer has come before, and must not be noticed. */
bool model_awaits(const struct event *e);
/* In a cluster: whose act it is, if they are connected here; NULL: they are not. */
const struct peer *model_actor(struct chat *c, const struct event *e);
/* The connection that the core knows by this id; NULL: none. */
struct peer *model_peer(struct conn_id id);

#endif
