/*
 * The sweep: looks once a second for what has taken too long, while there is anything to find.
 */
#ifndef CHATD_NET_SWEEP_H
#define CHATD_NET_SWEEP_H

struct server;

void sweep_all(struct server *s);

#endif
