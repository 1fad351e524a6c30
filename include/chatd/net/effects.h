/*
 * What the core wants done: events into it, its effects out of it. The one place where the core is
 * called.
 */
#ifndef CHATD_NET_EFFECTS_H
#define CHATD_NET_EFFECTS_H

#include "chatd/core/event.h"

struct server;

/* A query that the writer's full queue did not take. */
struct refused {
	struct conn_id conn;        /* who asked */
	enum query_kind kind;
	uint64_t number;
};

struct effects {
	uint64_t given_seq, stored_seq; /* newest record given to the writer, and the newest that it
	                                 * has saved */
	bool store_failed;          /* between WRITER_FAILED and WRITER_BACK */
	bool store_full;            /* the core has been told to append nothing more */
	struct refused *refused;    /* owned, nrefused of them: still to be answered with a refusal;
	                             * at most one for each connection */
	uint32_t nrefused, refused_cap;
	bool following;             /* true exactly while requests and refused are worked off */
};

/* Gives the core an event, stamped with this turn's time, and carries out its effects. */
void effects_step(struct server *s, struct event *e);

#endif
