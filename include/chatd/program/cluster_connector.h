/*
 * The parent's part of connecting to the engine: it takes the chat's requests, connects, and passes the connections
 * (cluster_connect.h).
 *
 * The address is the one of the start, and no request can name another. However many requests there are, it makes
 * CLUSTER_CONNECTS_MAX connections at one time, and after CLUSTER_CONNECTS_BURST of them CLUSTER_CONNECTS_PER_S a
 * second; further requests wait in the socket, and cost nothing. It never waits, and neither reads nor writes what passes on a
 * connection.
 */
#ifndef CHATD_PROGRAM_CLUSTER_CONNECTOR_H
#define CHATD_PROGRAM_CLUSTER_CONNECTOR_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/token_bucket.h"

enum { CLUSTER_CONNECTOR_FDS = CLUSTER_CONNECTS_MAX + 1 };

/* A connection being made. */
struct cluster_attempt {
	int fd;                      /* -1: none is */
	uint8_t request;             /* of the chat's */
	int64_t until_ms;            /* when it is given up */
};

struct cluster_connector {
	int socket;                  /* to the chat; -1: there is no cluster, or the chat has ended */
	struct sockaddr_storage address;
	socklen_t address_len;
	const char *engine;          /* borrowed: the address, for messages */
	struct bucket requests;      /* those taken */
	struct cluster_attempt attempts[CLUSTER_CONNECTS_MAX];
};

/* Without a cluster: everything else can be called, and does nothing. */
void cluster_connector_init(struct cluster_connector *k);
/* engine: as conf_cluster_show has it; it must outlive k. socket, one end of the pair, belongs to k from now on. False:
 * problems has a line that says what is wrong with the address, and socket is the caller's. */
bool cluster_connector_begin(struct cluster_connector *k, const char *engine, int socket, struct bytes *problems);

/* What poll(2) is to wait for, in fds; returns how many. Times are by CLOCK_MONOTONIC. */
int cluster_connector_watch(struct cluster_connector *k, struct pollfd fds[CLUSTER_CONNECTOR_FDS], int64_t now_ms);
/* Until when at most; INT64_MAX: as long as it takes. */
int64_t cluster_connector_until_ms(struct cluster_connector *k, int64_t now_ms);
/* After poll(2), with the time then. */
void cluster_connector_turn(struct cluster_connector *k, int64_t now_ms);

/* Closes everything; in a child as well, whose business it is not. */
void cluster_connector_end(struct cluster_connector *k);

#endif
