/*
 * One client of the TLS process: its TCP connection on one side, the stream that the chat reads and writes on the
 * other, and what is on its way between them.
 *
 * What the chat writes is taken only when everything before it has gone to the client, so that a client that reads
 * slowly fills the chat's queue and not this process.
 */
#ifndef CHATD_TLS_PEER_H
#define CHATD_TLS_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/base/bytes.h"
#include "chatd/net/ring.h"
#include "chatd/tls/session.h"

struct endpoint;

enum { PEER_MARKS = 16 };

enum peer_state {
	PEER_FREE,
	PEER_HEADER,      /* its proxy has not said yet for whom it connects */
	PEER_HANDSHAKE,
	PEER_HANDING,     /* the handshake is done, and the chat has to take it */
	PEER_OPEN,
	PEER_ENDING,      /* the chat has ended it, or never had it: what is left goes to the client */
};

/* One of the two sides. */
struct half {
	int fd;             /* -1: there is none */
	bool receiving, sending; /* true exactly while such an operation is in flight */
	bool eof;           /* nothing more comes from it */
	bool broken;        /* nothing can be sent to it any more */
	bool shut;          /* it has been told that nothing more comes */
	struct bytes next;  /* to be sent after */
	struct bytes flying; /* what is being sent, of which `sent` bytes are */
	size_t sent;
	uint64_t total;     /* bytes sent in its life */
};

/* Once so many encrypted bytes have arrived, so has this much plain text. */
struct peer_mark {
	uint64_t encrypted, plain;
};

struct peer {
	enum peer_state state;
	uint32_t slot;      /* its own index */
	uint32_t gen;       /* raised at the end of each life; starts at 1 */
	uint32_t listener;  /* index of the one that it came to */
	struct address from;
	uint16_t port;
	bool counted;       /* the gate counts it, */
	bool exempt;        /* as one without limits */
	bool handed;        /* the chat has had it */
	bool queued;        /* true exactly while in the list of handshakes to be gone on with */
	bool lost;          /* its client went without an end */
	struct half client, chat;
	struct tls_session *session; /* owned; NULL: none yet */
	struct bytes held;  /* what came and is not looked at yet */
	int64_t since_ms;   /* when the state began */
	int64_t closed_ms;  /* OPEN: when the chat had closed its end, and the client still had to read; 0: it has not */
	uint32_t ignored;   /* bytes dropped while ENDING */
	uint32_t at;        /* its place in the endpoint's list of those that the chat never had */
	uint64_t plain;     /* bytes from the chat, encrypted so far */
	uint64_t acked;     /* of these, what the board says */
	struct peer_mark mark[PEER_MARKS]; /* nmarks of them, oldest first */
	uint32_t nmarks;
	uint32_t next_free; /* while FREE */
};

/* A client has come. Takes its descriptor. */
void peer_begin(struct endpoint *e, int fd, uint32_t listener, const struct address *from, uint16_t port);

/* The end of an operation for a peer, whose slots of the ring are two each. */
void peer_done(struct endpoint *e, const struct ring_completion *done);

/* Goes on with handshakes, a few each turn, so that those who talk do not wait for them. */
void peers_shake_hands(struct endpoint *e);
/* There are more for the next turn. */
bool peers_wait(const struct endpoint *e);

/* Time's part: what has taken too long ends, and the board is told what has arrived. */
void peers_sweep(struct endpoint *e);

/* Cuts all of them off; they are gone once the kernel has let go of them. */
void peers_end(struct endpoint *e);

#endif
