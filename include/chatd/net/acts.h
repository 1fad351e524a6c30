/*
 * A node's part of a cluster: what the core proposes goes to the engine, and what the engine has goes to the core, act
 * by act.
 *
 * The records of an act and the position behind it are one group for the store, so that a node goes on after a crash
 * exactly where its database is.
 */
#ifndef CHATD_NET_ACTS_H
#define CHATD_NET_ACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/bounds.h"

struct cluster_figures;
struct effect;
struct engine;
struct server;

/* Part of struct server. */
struct acts {
	struct engine *engine;      /* borrowed; NULL: a single chatd */
	bool more;                  /* there was more than a turn takes */
	bool open;                  /* this node has all that the others had, and they know of it: people may come in */
	uint64_t incarnation;       /* of the newest READY; 0: there was none */
	char *away;                 /* owned; why nothing is appended; NULL: it is */
	char id[ACT_ID_BYTES_MAX + 1];    /* of the act that is being applied */
	uint64_t proposed;          /* counts acts of this node, */
	uint64_t applied;           /* and those of all nodes that were applied */
	char cluster[CLUSTER_ID_BYTES_MAX + 1]; /* its id; "": not known yet */
	char saved_id[ACT_ID_BYTES_MAX + 1]; /* of the act whose records are to be saved next, */
	uint64_t saved_seq;         /* the last of which is this one; 0: none waits */
	char *position;             /* owned; for POSITION_BYTES_MAX */
	void (*ready)(void *ctx, const char *cluster); /* as in struct server_options */
	void (*ended)(void *ctx, const char *why);
	void *ctx;
};

/* EFFECT_PROPOSE and EFFECT_DONE. */
void acts_propose(struct server *s, const struct effect *e);
void acts_done(struct server *s, const struct effect *e);

/* All up to that record is saved. */
void acts_saved(struct server *s, uint64_t seq);

/* People may come in. */
bool acts_are_open(const struct server *s);

/* What operators see of the cluster. */
void acts_figures(const struct server *s, struct cluster_figures *f);

void acts_wake(struct server *s);
void acts_release(struct acts *a);

#endif
