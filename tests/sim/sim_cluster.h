/*
 * Several servers that are one chat: what sim_cluster.c and sim_agree.c share.
 */
#ifndef CHATD_TESTS_SIM_CLUSTER_H
#define CHATD_TESTS_SIM_CLUSTER_H

#include "fake_engine.h"
#include "sim.h"

/* A server, with all that the simulation knows of it. */
struct sim_node {
	struct sim *sim;        /* owned */
	struct model *model;    /* owned, while it is up */
	struct writer *kept;    /* owned, while it is down: what it had saved; NULL: nothing yet */
	bool up;
	bool ended;             /* the engine has told it that it cannot go on */
	bool void_;             /* it has applied what the stream has lost: nothing it does counts */
	size_t applied;         /* entries */
	uint64_t lives;
};

struct sim_cluster {
	struct prng prng;
	struct fake_stream *stream; /* owned */
	struct sim_node node[FAKE_NODES_MAX];
	int n;
	int64_t now_ms;         /* of the clock that all share */
	uint64_t rounds;
	int absent;             /* a node that is down, and stays so when all come to rest; -1: none */
	bool rested;            /* nothing was under way any more */
	bool restoring;         /* the engine has less than all nodes, and nobody starts until it has it again */
};

extern struct sim_cluster *cluster;

/* -- sim_agree.c ------------------------------------------------------------------------------- */

void agree_begin(void);
void agree_end(void);
/* The current node has started with what its store has. */
void agree_started(void);
/* The stream has lost what follows on its first n entries: it may be another one from here on. */
void agree_cut(size_t n);
/* Entries up to the position that is saved there; FAKE_NONE: the stream does not have it. */
size_t agree_saved(const struct writer *w);
/* No name is in use on two nodes that have applied the same. */
void agree_check_names(void);
/* All is at rest: all nodes have the same. */
void agree_check_rest(void);

#endif
