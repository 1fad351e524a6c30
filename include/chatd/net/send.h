/*
 * Sending: submits sends to connections, and handles their ends.
 */
#ifndef CHATD_NET_SEND_H
#define CHATD_NET_SEND_H

#include "chatd/net/connection.h"

struct server;

/* Submits sends for the connections that have something to send. */
void send_flush(struct server *s);
/* Handles the end of a send, with the ring's result. */
void send_done(struct server *s, struct connection *c, int res);

/* Before c's input is taken: if the log has moved past it, c is moved to the log's end and told so,
 * or held up while a send to it is in flight. */
void send_catch_up(struct server *s, struct connection *c);

#endif
