/*
 * Connections to the engine of the cluster, for the chat's process, whose sandbox lets it open none: the parent does,
 * and passes them (cluster_connector.h).
 *
 * Both processes have one end of a socket that keeps messages apart (SOCK_SEQPACKET). The chat asks with one byte, by
 * which it knows the answer again: a struct cluster_answer, with a descriptor if there is a connection.
 */
#ifndef CHATD_PROGRAM_CLUSTER_CONNECT_H
#define CHATD_PROGRAM_CLUSTER_CONNECT_H

#include <stddef.h>
#include <stdint.h>

enum { CLUSTER_WHY_BYTES = 256 };

struct cluster_answer {
	uint8_t request;             /* the byte that asked */
	char why[CLUSTER_WHY_BYTES]; /* a sentence without its full stop, if no descriptor comes with it; "" otherwise */
};

struct cluster_connect;

/* socket stays the caller's, and must stay open until the end. */
struct cluster_connect *cluster_connect_new(int socket);
/* No thread is in cluster_connection any more. */
void cluster_connect_free(struct cluster_connect *k);

/*
 * A new connection to the engine; ctx is a struct cluster_connect. Any thread may call this, and several at the same
 * time; it waits for CLUSTER_WAIT_MS at most. Returns a stream socket, which is the caller's to close: it blocks, with
 * timeouts of CLUSTER_IO_MS for reading and writing (SO_RCVTIMEO and SO_SNDTIMEO, which the sandbox lets the caller
 * change), and has TCP_NODELAY and keepalive. -1: why (of n bytes) is a sentence without its full stop.
 */
int cluster_connection(void *ctx, char *why, size_t n);

#endif
