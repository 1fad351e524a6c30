/*
 * The server's own data: what net's files share. Each part is declared by the file that keeps it.
 *
 * For net's files, and for whoever counts or checks what a server holds.
 */
#ifndef CHATD_NET_SERVER_H
#define CHATD_NET_SERVER_H

#include "chatd/core/chat.h"
#include "chatd/net/accept.h"
#include "chatd/net/connection.h"
#include "chatd/net/effects.h"
#include "chatd/net/fanout.h"
#include "chatd/net/listener.h"
#include "chatd/net/requests.h"
#include "chatd/net/ring.h"
#include "chatd/store/threads/writer.h"

struct watch {
	int fd;
	void (*ready)(void *ctx);   /* NULL: that there is something is enough */
	void *ctx;
};

/* How far the end has come. */
struct stop {
	bool asked;         /* nobody has been told yet: what was sent is to be acknowledged first */
	bool begun;         /* everybody was told */
	int64_t acks_ms;    /* when acknowledgements are no longer waited for; INT64_MAX: not known yet */
	int64_t end_ms;     /* begun: when to give up on what is not sent by then */
};

struct server {
	struct ring *ring;          /* borrowed, like the next three */
	struct chat *chat;
	struct writer *writer;
	const struct listener *listeners;
	uint32_t nlisteners;
	uint32_t send_timeout_s;    /* a connection that takes nothing for so long is closed */
	int64_t now_ms;             /* of this turn, by a clock that nobody sets, less the time in which
	                             * we were stopped: what events carry, and all times below */
	int64_t mono_ms, wall_ms;   /* what the ring's two clocks said at its beginning */
	int64_t sweep_ms;           /* next sweep; INT64_MAX: there is nothing to look for */
	struct accepts accepts;
	struct connections conns;
	struct fanout fanout;
	struct requests requests;
	struct effects effects;
	struct watch watches[WATCHES_MAX]; /* [0] is the writer's eventfd */
	uint32_t nwatches;
	struct stop stop;
};

/* The writer has so much to do that nothing more should be given to it. */
bool server_behind(const struct server *s);
/* So much waits, for the writer or for readers, that no input is taken for now. */
bool server_pressed(const struct server *s);
/* The next sweep comes within its time. */
void server_expect_sweep(struct server *s);

#endif
