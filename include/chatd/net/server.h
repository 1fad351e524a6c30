/*
 * The server's own data, which net's files share. Each part is declared in the header of the file
 * that manages it.
 *
 * For net's files, and for code that counts or checks what a server holds.
 */
#ifndef CHATD_NET_SERVER_H
#define CHATD_NET_SERVER_H

#include "chatd/core/chat.h"
#include "chatd/net/accept.h"
#include "chatd/net/acts.h"
#include "chatd/net/connection.h"
#include "chatd/net/counters.h"
#include "chatd/net/effects.h"
#include "chatd/net/fanout.h"
#include "chatd/net/handover.h"
#include "chatd/net/listener.h"
#include "chatd/net/proxied.h"
#include "chatd/net/requests.h"
#include "chatd/net/ring.h"
#include "chatd/store/threads/writer.h"

struct loop_source {
	int fd;
	void (*ready)(void *ctx);   /* NULL: waking the loop is enough */
	void *ctx;
};

/* How far the shutdown has come. */
struct stop {
	bool asked;         /* nobody has been told yet: waiting until everything sent is
	                     * acknowledged */
	bool begun;         /* everybody has been told */
	int64_t acks_ms;    /* when to stop waiting for acknowledgements; INT64_MAX: not known
	                     * yet */
	int64_t end_ms;     /* once begun: when to give up on what is not sent */
};

struct server {
	struct ring *ring;          /* borrowed, like the next three */
	struct chat *chat;
	struct writer *writer;
	const struct listener *listeners;
	uint32_t nlisteners;
	uint32_t send_timeout_s;    /* a connection that reads nothing for this long is closed */
	int64_t now_ms;             /* the time of this turn, by the monotonic clock, less the time
	                             * in which we were stopped; used in events and for all times
	                             * below */
	int64_t mono_ms, wall_ms;   /* what the ring's two clocks said at the turn's beginning */
	int64_t sweep_ms;           /* next sweep; INT64_MAX: there is nothing to sweep for */
	struct accepts accepts;
	struct proxies proxies;
	struct {
		int socket;         /* to the process that hands connections over; -1: there is none */
		struct board *board; /* borrowed; nslots places */
		uint32_t nslots;
		bool more;          /* there was more than one turn takes */
		struct bucket notices; /* that administrators are told */
	} handover;
	struct connections conns;
	struct fanout fanout;
	struct requests requests;
	struct effects effects;
	struct acts acts;
	struct loop_source watches[WATCHES_MAX]; /* [0] is the writer's eventfd */
	uint32_t nwatches;
	struct stop stop;
	struct counters counters;
};

/* The writer has so much to do that it should not be given more. */
bool server_behind(const struct server *s);
/* So much is waiting, for the writer or for readers, that no input is taken for now. */
bool server_pressed(const struct server *s);
/* Makes sure that a sweep comes within its period. */
void server_expect_sweep(struct server *s);

#endif
