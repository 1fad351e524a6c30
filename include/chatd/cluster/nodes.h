/*
 * The other nodes, as Redis knows them: whose lease is over, and for whom the stream must be kept.
 */
#ifndef CHATD_CLUSTER_NODES_H
#define CHATD_CLUSTER_NODES_H

#include "chatd/base/bounds.h"
#include "chatd/cluster/stream_id.h"

#include <stdbool.h>
#include <stdint.h>

struct engine_thread;
struct redisReply;

struct node {
	char name[NODE_BYTES_MAX + 1];
	uint64_t incarnation;   /* its last one; 0: not known */
	uint64_t over;          /* the last one that the loop was told of; 0: none */
	struct stream_id at;    /* its position; 0-0: at the start */
	bool up;                /* it holds its lease */
};

/* What was deleted goes in three steps: one after the other, a place that all nodes have reached is held for a while,
 * then the stream is trimmed below it, about and at last exactly. */
struct forgetting {
	struct stream_id to;    /* the entries before it are to go; 0-0: none */
	struct stream_id held;  /* the place; 0-0: none */
	struct stream_id done;  /* what was trimmed exactly */
	int64_t since_ms;       /* when it was reached */
	uint32_t left;          /* acts to read until `to` moves there, for the last time */
	bool exact;             /* that trim is under way */
};

struct nodes {
	struct node node[NODES_MAX];
	uint32_t n;             /* how many there are */
	bool seen;              /* their leases were looked at in this session */
	bool leasing;           /* a look at them is under way, */
	bool trimming;          /* and so is what trimming needs */
	int64_t leases_at_ms;     /* when to look again */
	int64_t judge_at_ms;      /* before that a node without a lease may only be slower to come back than this one */
	int64_t trim_at_ms;     /* and when to trim again */
	uint64_t length;        /* of the stream, as of the last look */
	struct forgetting forgetting;
};

/* A node's name: 1 to NODE_BYTES_MAX of [a-z0-9-]. */
bool node_name_ok(const char *name, size_t bytes);

/* The entries before this can be trimmed: see TRIM_TAIL_MS. Where we are, and the time (by the
 * stream's last entry). */
struct stream_id nodes_trim_below(const struct nodes *nodes, struct stream_id ours, uint64_t now_ms);

/* The same for what is to be forgotten, without the tail; 0-0: nothing is. */
struct stream_id nodes_forget_below(const struct nodes *nodes, struct stream_id ours, uint64_t now_ms);

/* This entry is to be forgotten, and those before it. */
void nodes_forget(struct nodes *nodes, struct stream_id id);
/* An act was read. */
void nodes_see_act(struct nodes *nodes, struct stream_id id);

/* A session begins: nothing is under way, and no other node is given up for grace_ms. */
void nodes_reset(struct nodes *nodes, int64_t now_ms, uint32_t grace_ms);
/* Our lease is new: what ended meanwhile is told again. */
void nodes_tell_again(struct nodes *nodes);

/* Asks what is due. */
void nodes_turn(struct engine_thread *t, int64_t now_ms);
/* The replies to that. */
void nodes_on_incarnations(struct engine_thread *t, const struct redisReply *r);
void nodes_on_leases(struct engine_thread *t, const struct redisReply *r);
void nodes_on_positions(struct engine_thread *t, const struct redisReply *r);
void nodes_on_length(struct engine_thread *t, const struct redisReply *r);
void nodes_on_trim(struct engine_thread *t, const struct redisReply *r);

#endif
