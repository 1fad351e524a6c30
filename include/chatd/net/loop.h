/*
 * The server: the loop that turns completions into events and effects into
 * sends.
 *
 * It owns the connections, the feeds and the ring; it asks the core what to do
 * and the writer to save. One thread, one io_uring_enter per turn.
 */
#ifndef CHATD_NET_LOOP_H
#define CHATD_NET_LOOP_H

#include <signal.h>

#include "chatd/base/bytes.h"
#include "chatd/core/chat.h"
#include "chatd/net/listener.h"
#include "chatd/store/threads/writer.h"

struct ring;
struct server;

struct server_options {
	uint32_t connections_max;
	bool relaxed;               /* show lines before they are saved */
	uint32_t send_timeout_s;    /* a connection that takes nothing for so long is closed */
};

/*
 * What the chat may ask of the program around the server. Called in a turn, at the end of a
 * step of the core; each may be NULL.
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
	/* The end has been ordered: calls server_stop. */
	void (*stop)(void *ctx, const char *why);
};

/* Borrows all but the options; chat must be of the same connections_max, and
 * each listener is accepted from. */
struct server *server_new(const struct server_options *o, struct ring *ring, struct chat *chat,
                          struct writer *writer, const struct listener *listeners,
                          uint32_t nlisteners);
void server_free(struct server *s);

/* Copies p; its ctx is borrowed. */
void server_set_program(struct server *s, const struct server_program *p);

void server_set_send_timeout(struct server *s, uint32_t seconds);

/*
 * One turn: waits for completions at most until the next thing is due, handles
 * all that are there, carries out what follows from them. Returns false once
 * server_stop was called and everything is finished, or (it is logged) when
 * io_uring fails.
 */
bool server_turn(struct server *s);

/* Begins the end, once what was sent is acknowledged, or 100 ms later: no more connections, a
 * farewell to everybody, all saved and sent as far as can be within STOP_MS_MAX. */
void server_stop(struct server *s);

/* fd becomes readable (signalfd): called back with ctx in a later turn. */
void server_watch(struct server *s, int fd, void (*ready)(void *ctx), void *ctx);

#endif
