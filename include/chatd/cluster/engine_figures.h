/*
 * What operators see of the engine and of the nodes.
 */
#ifndef CHATD_CLUSTER_ENGINE_FIGURES_H
#define CHATD_CLUSTER_ENGINE_FIGURES_H

#include "chatd/base/bounds.h"

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct engine_thread;

/* Another node. */
struct engine_node {
	char name[NODE_BYTES_MAX + 1];
	uint64_t incarnation;   /* its last one; 0: not known */
	bool up;                /* it holds its lease */
	int64_t behind_ms;      /* how far behind the newest entry it says that it is, as of some seconds ago; -1: not
	                         * known */
};

/* As the thread last saw it. */
struct engine_figures {
	bool up;                /* acts go through, as far as is known */
	int64_t since_ms;       /* since when that is so, by CLOCK_MONOTONIC */
	char why[ENGINE_WHY_BYTES_MAX]; /* not up: a sentence; "": it is the start */
	uint64_t length;        /* entries of the stream */
	int64_t unread;         /* entries that this node has not read yet; -1: not known */
	int64_t behind_ms;      /* how far what the loop has taken is behind the newest entry */
	int64_t append_us;      /* what the last batch of our acts took to be appended; 0: there was none */
	uint32_t n;             /* other nodes, in no order */
	struct engine_node node[NODES_MAX];
};

/* For the loop. The result is valid until the next call, or engine_stop. While the engine answers it is at most as old
 * as a tenth of a lease. */
const struct engine_figures *engine_figures(struct engine *e);
/* Acts of this node that it has not read from the stream yet; and acts of all that the loop has not taken. */
uint32_t engine_proposals(const struct engine *e);
uint32_t engine_untaken(const struct engine *e);

/* For the thread. Leaves a copy for the loop: if the last is old, or if now is true. */
void figures_leave(struct engine_thread *t, bool now);
/* Entries were read. */
void figures_read_on(struct engine_thread *t, uint64_t entries);
/* How far this node is behind, in milliseconds. */
int64_t figures_behind_ms(struct engine_thread *t);
/* A batch is sent; its answer came. */
void figures_sent(struct engine_thread *t);
void figures_answered(struct engine_thread *t);

#endif
