/*
 * What the chat asks of the program around the server (a reload, figures, a shutdown) and of the
 * server itself (what has arrived).
 *
 * An effect that asks is kept until its step is over; the answer is an event that the caller gives
 * to the core.
 */
#ifndef CHATD_NET_REQUESTS_H
#define CHATD_NET_REQUESTS_H

#include "chatd/base/bytes.h"
#include "chatd/core/event.h"

struct server;
struct vitals;

/*
 * Called in a turn, at the end of a step of the core; each may be NULL.
 */
struct server_program {
	void *ctx;
	/* Reads the configuration again, as who asked. Adds to said a line for each thing that
	 * changed. False: it adds a line for each thing that is wrong; none if there is no file to
	 * read. */
	bool (*reload)(void *ctx, const char *who, struct bytes *said);
	void (*figures)(void *ctx, struct figures *f);
	/* The login name of the host's user uid, if users of the host have accounts; NULL: none. It
	 * is valid until the next call of any of these. */
	const char *(*user)(void *ctx, uint32_t uid);
	/* Sets what the program knows of itself, once a second if there are vitals (loop_set_vitals). */
	void (*vitals)(void *ctx, struct vitals *v);
	/* A scheduled shutdown is due: must call loop_stop. */
	void (*stop)(void *ctx, const char *why);
};

struct program_request {
	enum effect_kind kind;      /* RELOAD, FIGURES, ARRIVED, STOP */
	struct conn_id conn;        /* who asks */
	struct arrival arrived;     /* ARRIVED: what had arrived when that was asked */
	char *text;                 /* owned */
};

struct requests {
	struct server_program program; /* its ctx is borrowed */
	struct program_request *list;       /* owned, n of them; at most a few for each
	                                     * connection */
	uint32_t n, cap;
};

/* The answer to the oldest request. */
struct response {
	struct event event;         /* for the core; borrows from said */
	struct bytes said;          /* owned */
	struct figures figures;
};

/* Keeps the request of an effect. */
void requests_add(struct server *s, const struct effect *e);
/* Takes the oldest request and does what it asks. True: a has an event, and must be released after
 * the core has had it. */
bool requests_answer(struct server *s, struct response *a);
void response_release(struct response *a);

void requests_release(struct requests *r);

#endif
