/*
 * The server's loop: completions become events, and effects become sends.
 *
 * The server owns the connections and the feeds; it asks the core what to do and the writer to
 * save. One thread; with io_uring, one system call per turn.
 */
#ifndef CHATD_NET_LOOP_H
#define CHATD_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/net/listener.h"
#include "chatd/net/requests.h"
#include "chatd/store/threads/writer.h"

struct board;
struct chat;
struct engine;
struct ring;
struct server;
struct vitals;

struct server_options {
	uint32_t connections_max;
	bool relaxed;               /* show lines before they are saved */
	uint32_t send_timeout_s;    /* a connection that reads nothing for this long is closed */
	struct {
		struct engine *engine; /* borrowed; of the cluster of which this is a node; NULL: of none. Nobody is let in
		                     * before this node has all that the others have */
		void (*ready)(void *ctx, const char *cluster); /* it is a node of that cluster */
		void (*ended)(void *ctx, const char *why); /* it cannot be any more, until an operator has mended it */
		void *ctx;
	} cluster;
};

/* Borrows everything but the options. chat must have the same connections_max. Starts accepting on
 * every listener. */
struct server *loop_new(const struct server_options *o, struct ring *ring, struct chat *chat,
                        struct writer *writer, const struct listener *listeners,
                        uint32_t nlisteners);
void loop_free(struct server *s);

/* Copies p; its ctx is borrowed. */
void loop_set_program(struct server *s, const struct server_program *p);

/* Proxies (PROXY protocol) are trusted in these blocks, text as the configuration has checked it; NULL: none
 * but those that come by a unix socket. */
void loop_set_proxies(struct server *s, const char *blocks);

/* Takes connections that another process hands over (handover.h). Borrows the board, which has nslots places. */
void loop_set_handover(struct server *s, int socket, struct board *board, uint32_t nslots);

/* Tells how things are, in memory that another process reads (vitals.h); borrowed. */
void loop_set_vitals(struct server *s, struct vitals *v);

void loop_set_send_timeout(struct server *s, uint32_t seconds);

/*
 * One turn: waits for completions, at most until the next timer, handles all that have arrived, and
 * carries out what follows from them. Returns false once loop_stop was called and everything is
 * finished, or, after logging it, if the ring fails.
 */
bool loop_turn(struct server *s);

/* Begins to shut down, once everything sent is acknowledged or 100 ms have passed: accepts no more
 * connections, says goodbye to everybody, and saves and sends what it can within STOP_MS_MAX. */
void loop_stop(struct server *s);

/* Calls ready with ctx, in a later turn, when fd (a signalfd) becomes readable. */
void loop_watch(struct server *s, int fd, void (*ready)(void *ctx), void *ctx);

#endif
