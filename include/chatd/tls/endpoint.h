/*
 * The TLS process: takes connections, terminates TLS, and hands what is said on to the chat, each connection by a stream
 * of its own (net/handover.h).
 *
 * It reads no file and no database, and its power over the chat is that of its clients: it can do what anybody can by a
 * plain connection, except that the chat takes its word for a client's certificate, which may sign in.
 */
#ifndef CHATD_TLS_ENDPOINT_H
#define CHATD_TLS_ENDPOINT_H

#include "chatd/base/log.h"
#include "chatd/net/handover.h"
#include "chatd/net/listener.h"
#include "chatd/tls/gate.h"
#include "chatd/tls/peer.h"

/* What a reload may change. Plain data, which goes from one process to another as it is. */
struct endpoint_settings {
	struct gate_limits limits;
	struct address proxies[EXEMPT_MAX]; /* nproxies blocks whose proxies are trusted */
	int nproxies;
	enum tls_version least;
	enum log_level log_level;
	enum log_format log_format;
};

struct endpoint_options {
	const struct listener *listeners; /* borrowed, n of them, open */
	uint32_t nlisteners;
	int handover;               /* the socket to the chat */
	struct board *board;        /* borrowed; with nslots places, as many as there are peers */
	uint32_t nslots;
	uint32_t connections_max;   /* of the chat */
};

/* For the files of this folder. */
struct endpoint {
	struct endpoint_options options;
	struct endpoint_settings settings;
	struct tls_engine engine;
	struct ring *ring;          /* borrowed */
	struct gate gate;
	struct peer *peers;         /* owned; npeers of them */
	uint32_t npeers, free_first;
	uint32_t *young;            /* owned; slots of those that the chat never had, nyoung of them, in no order */
	uint32_t nyoung;
	uint32_t *queue;            /* owned; slots whose handshake can go on, nqueue of them */
	uint32_t nqueue;
	uint32_t nused;             /* peers that are not FREE */
	bool accepting[RING_ACCEPTS_MAX]; /* that accept is in flight */
	int watched;                /* the descriptor of endpoint_watch */
	int64_t again_ms;           /* when to accept again after running out of descriptors; INT64_MAX: never */
	int64_t failed_ms;          /* when the log may say again that nothing can be accepted */
	int64_t now_ms, sweep_ms;
	int64_t noted_ms;           /* when the end of the certificate was looked at last; 0: never */
	bool ending;                /* the chat has gone, or the parent */
};

/* Borrows the ring. The engine and the settings come by endpoint_configure before the first turn. */
struct endpoint *endpoint_new(const struct endpoint_options *o, struct ring *ring);
/* Takes the engine; NULL: the one that it has stays. */
void endpoint_configure(struct endpoint *e, const struct endpoint_settings *s, const struct tls_engine *engine);
/* From now on endpoint_turn says when fd becomes readable. To be called once. */
void endpoint_watch(struct endpoint *e, int fd);
/* One turn. Sets *readable to whether the watched descriptor may be read. False: it is over. */
bool endpoint_turn(struct endpoint *e, bool *readable);
/* No more connections; the open ones end with the chat. */
void endpoint_stop(struct endpoint *e);
void endpoint_free(struct endpoint *e);

#endif
