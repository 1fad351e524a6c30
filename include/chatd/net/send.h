/*
 * Sending: which connections have something to get, and what becomes of it.
 */
#ifndef CHATD_NET_SEND_H
#define CHATD_NET_SEND_H

#include "chatd/net/connection.h"

struct server;

/* Queues sends for the connections that have something to get. */
void send_flush(struct server *s);
/* A send has ended, with the ring's result. */
void send_done(struct server *s, struct connection *c, int res);

/* c is about to be heard: where the log has moved past it, it goes on at the log's end and is told,
 * or is held up while a send of it is out. */
void send_catch_up(struct server *s, struct connection *c);

#endif
