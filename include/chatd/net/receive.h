/*
 * Input: what connections send is offered to the core, and kept where it does not take it now.
 */
#ifndef CHATD_NET_RECEIVE_H
#define CHATD_NET_RECEIVE_H

#include "chatd/net/connection.h"
#include "chatd/net/ring.h"

struct server;

/* A receive has ended. */
void receive_done(struct server *s, struct connection *c, const struct ring_completion *done);

/* Once a turn, in this order: whose input waited for the store may go on, if it has caught up; */
void receive_relieve(struct server *s);
/* what was kept is offered again to the core, where it may be; */
void receive_offer_again(struct server *s);
/* and who found no buffer to receive into tries again. */
void receive_feed_starved(struct server *s);

/* Those whose input has waited for the disk for long hear why. */
void receive_tell_waiting(struct server *s);

#endif
