/*
 * Connections that another process of chatd's has accepted, and hands over: the TLS process, over a socket
 * of the two (SOCK_SEQPACKET, unix(7)).
 *
 * Each comes as one message with a descriptor: a stream of plain text, and a header of the PROXY protocol that
 * says whose it is, and what is trusted from no other header: the certificate that its peer has shown. Memory that
 * both share (the board) says what of that text the peer has acknowledged.
 */
#ifndef CHATD_NET_HANDOVER_H
#define CHATD_NET_HANDOVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/fingerprint.h"

enum {
	HANDOVER_BYTES_MAX = 512, /* of one message */
};

/* What is told of one connection. */
struct board_slot {
	_Atomic uint64_t acked;   /* bytes of plain text, sent to it, that its peer has acknowledged */
	_Atomic bool lost;        /* its peer is gone, and did not say that it ends */
};

struct board {
	_Atomic int64_t beat_ms;  /* when the TLS process last had a turn, by CLOCK_MONOTONIC; 0: it has had none */
	_Atomic int64_t until_s;  /* the end of the certificate, since the epoch; 0: not known */
	_Atomic uint64_t handshakes; /* done, */
	_Atomic uint64_t failed;  /* and not; */
	_Atomic uint64_t refused; /* connections refused before one */
	struct board_slot slot[]; /* how many is known to both; not here, where one could change it for the other */
};

/* A connection that is handed over. */
struct handed {
	struct address from;      /* never unknown */
	uint16_t port;
	bool telnet;              /* it came to a listener with that option */
	uint32_t slot;            /* its place on the board, its own until the descriptor is closed */
	bool certified;           /* its peer holds the key of the certificate with this fingerprint: */
	struct fingerprint cert;
};

/* Memory that processes forked later share; the caller never frees it. NULL: errno says why. */
struct board *board_new(uint32_t nslots);
/* This process has no part in it any more. */
void board_drop(struct board *b, uint32_t nslots);

enum handover_kind {
	HANDOVER_NONE,       /* nothing is there now */
	HANDOVER_CONNECTION,
	HANDOVER_NOTICE,     /* a sentence for administrators */
	HANDOVER_INVALID,    /* a message that is not as it should be, which was dropped */
	HANDOVER_END,        /* the other process has closed its end, or errno says what is wrong */
};

/* Sends a connection; its descriptor stays the caller's. False: errno is EAGAIN if the other process must
 * take some first. */
bool handover_send(int socket, int fd, const struct handed *h);
/* The same for a notice, which is cut where the message ends. */
bool handover_notice(int socket, const char *text);

/* Takes the next message. CONNECTION: *fd is the caller's, and a unix stream that does not listen, so shutting it down
 * harms nothing that another of chatd's processes needs. NOTICE: text has it. */
enum handover_kind handover_receive(int socket, uint32_t nslots, int *fd, struct handed *h,
                                    char text[HANDOVER_BYTES_MAX]);

#endif
