/*
 * What the program knows of the cluster that this node is in, for operators. What the core knows itself (who is on which
 * node) is not in it.
 */
#ifndef CHATD_CORE_CLUSTER_FIGURES_H
#define CHATD_CORE_CLUSTER_FIGURES_H

#include "chatd/base/bounds.h"

#include <stdbool.h>
#include <stdint.h>

/* Another node. */
struct node_figures {
	char name[NODE_BYTES_MAX + 1];
	bool up;                 /* it holds its lease */
	int64_t behind_ms;       /* how far it says that it is behind the newest act; -1: not known */
};

/* All zero: there is no cluster. */
struct cluster_figures {
	bool there;              /* this is a node of a cluster */
	bool open;               /* it has caught up since it started, and lets people in */
	bool up;                 /* the engine can be reached, */
	int64_t since_ms;        /* or not, for so long; 0: not known */
	char id[CLUSTER_ID_BYTES_MAX + 1]; /* the cluster's; "": not known yet */
	char why[ENGINE_WHY_BYTES_MAX]; /* not up: a sentence; "": it is the start */
	uint64_t incarnation;    /* of this node; 0: none yet */
	uint64_t length;         /* acts that the engine has */
	int64_t behind;          /* those that this node has not applied, -1: not known; */
	int64_t behind_ms;       /* and how far it is behind the newest one in time */
	int64_t append_us;       /* what it took to append acts, the last time; 0: not known */
	uint32_t waiting;        /* acts of this node that have not come back from the engine */
	uint64_t proposed;       /* counts acts of this node, */
	uint64_t applied;        /* and those of all nodes that it has applied */
	uint32_t n;              /* other nodes, in no order */
	struct node_figures node[NODES_MAX];
};

#endif
