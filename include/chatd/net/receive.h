/*
 * Input: what connections send is offered to the core, and stashed if the core does not take it
 * now.
 */
#ifndef CHATD_NET_RECEIVE_H
#define CHATD_NET_RECEIVE_H

#include "chatd/net/connection.h"
#include "chatd/net/ring.h"

struct server;

/* Handles the end of a receive. */
/* c has sent these bytes, and receives nothing at the moment. */
void receive_bytes(struct server *s, struct connection *c, const char *data, size_t len);
void receive_done(struct server *s, struct connection *c, const struct ring_completion *done);

/* Once a turn, in this order: connections whose input waited for the store go on, if it has caught
 * up; */
void receive_relieve(struct server *s);
/* stashed input is offered to the core again; */
void receive_offer_again(struct server *s);
/* and connections that found no free buffer try to receive again. */
void receive_feed_starved(struct server *s);

/* Tells people whose input has waited long for the disk why it does. */
void receive_tell_waiting(struct server *s);

#endif
