/*
 * What the chat asks of the program around the server: its configuration, its figures, its end. And
 * of the server itself: what has arrived.
 *
 * An effect that asks is kept until its step is over; the answer is an event that the caller gives
 * to the core.
 */
#ifndef CHATD_NET_REQUESTS_H
#define CHATD_NET_REQUESTS_H

#include "chatd/base/bytes.h"
#include "chatd/core/event.h"

struct server;

/*
 * Called in a turn, at the end of a step of the core; each may be NULL.
 */
struct server_program {
	void *ctx;
	/* Reads the configuration again, by the wish of who. Adds to said a line for each thing
	 * that changed, or (false) that is wrong; false and nothing: there is no file to read. */
	bool (*reload)(void *ctx, const char *who, struct bytes *said);
	void (*figures)(void *ctx, struct figures *f);
	/* The login name of the host's user who has come over a unix socket, where users of the
	 * host have accounts; NULL: none. It lives until the next call of any of these. */
	const char *(*user)(void *ctx, uint32_t uid);
	/* The end has been ordered: calls loop_stop. */
	void (*stop)(void *ctx, const char *why);
};

struct program_request {
	enum effect_kind kind;      /* RELOAD, FIGURES, ARRIVED, STOP */
	struct conn_id conn;        /* who asks */
	struct arrival arrived;     /* ARRIVED: what had, when that was asked */
	char *text;                 /* owned */
};

struct requests {
	struct server_program program; /* its ctx is borrowed */
	struct program_request *list;       /* owned, n of them: there may be as many as there are people */
	uint32_t n, cap;
};

/* What the oldest request has come to. */
struct response {
	struct event event;         /* for the core; borrows from the rest */
	struct bytes said;          /* owned */
	struct figures figures;
};

/* Keeps what the effect asks. */
void requests_add(struct server *s, const struct effect *e);
/* Takes the oldest of n requests and does what it asks. True: a has an event, and is to be released
 * when the core has had it. */
bool requests_answer(struct server *s, struct response *a);
void response_release(struct response *a);

void requests_release(struct requests *r);

#endif
