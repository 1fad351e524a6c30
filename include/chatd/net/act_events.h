/*
 * What the engine of a cluster has for this node.
 */
#ifndef CHATD_NET_ACT_EVENTS_H
#define CHATD_NET_ACT_EVENTS_H

#include <stdbool.h>

struct server;

/* Takes what the engine has, as much as a turn may and the store can take. True: there is more, for the next turn. */
bool act_events_turn(struct server *s);

/* Tells the core, whose own store works again, if the engine is away all the same. False: it is not. */
bool act_events_tell_away(struct server *s);

#endif
