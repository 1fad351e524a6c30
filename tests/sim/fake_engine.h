/*
 * The engine of a cluster, in memory.
 *
 * fake_stream.c is what Redis has: one stream for all nodes, their leases and positions, and batches that
 * arrive after their connection was cut. fake_engine.c stands in for src/cluster: what a node's thread does
 * with it. What happens when is decided by a seed.
 */
#ifndef CHATD_TESTS_FAKE_ENGINE_H
#define CHATD_TESTS_FAKE_ENGINE_H

#include "chatd/cluster/engine.h"
#include "fake.h"

enum {
	FAKE_NODES_MAX = 4,
	FAKE_NONE = SIZE_MAX,   /* no entry */
};

struct fake_entry {
	char *text;             /* owned */
	size_t bytes;
	char id[ACT_ID_BYTES_MAX + 1];
	int64_t at_ms;
	uint64_t serial;        /* no other entry ever has it */
};

/* What is on its way of a connection that is cut. */
struct fake_ghost {
	char **text;            /* owned, like those that it points to */
	size_t n;
	uint32_t late;          /* steps until it arrives */
};

/* What Redis has for a node. */
struct fake_keys {
	const char *node;       /* its name */
	uint64_t incarnation;   /* the newest */
	bool leased;
	size_t at;              /* entries up to its position, as it has said */
	struct engine *engine;  /* borrowed; NULL: it is down */
};

struct fake_stream {
	struct prng prng;
	bool up, calm;
	struct { struct fake_entry *at; size_t n, cap; } entries; /* owned */
	struct { struct fake_entry *at; size_t n; } lost; /* owned: the tail that it was started without */
	size_t trimmed;         /* entries before this one are not there */
	uint64_t serials;
	int64_t now_ms;         /* of its clock; the caller moves it on */
	struct { struct fake_ghost *at; size_t n, cap; } ghosts; /* owned */
	struct fake_keys keys[FAKE_NODES_MAX];
	int nodes;
	uint32_t pace;          /* this many of a thousand steps read something */
	uint32_t late;          /* most steps that a batch is under way */
	uint32_t cuts, lapses;  /* of 10,000 steps, those in which a connection is cut, or a lease ends */
	struct {
		uint64_t acts, twice, cuts, lapses, ghosts, trims;
	} count;
};

/* -- the stream: fake_stream.c ----------------------------------------------------------------- */

struct fake_stream *fake_stream_new(uint64_t seed, int nodes, int64_t now_ms);
void fake_stream_free(struct fake_stream *s);
/* What happens without a node's doing: late batches arrive, leases of nodes that are away end. */
void fake_stream_step(struct fake_stream *s);
void fake_stream_append(struct fake_stream *s, const char *text);
/* The texts, which are copied, may arrive later. */
void fake_stream_ghost(struct fake_stream *s, char **text, size_t n);
/* Which entry has that id; FAKE_NONE: none. */
size_t fake_stream_find(const struct fake_stream *s, const char *id);
/* It is gone until fake_stream_start. All connections are cut. */
void fake_stream_stop(struct fake_stream *s);
/* It starts with the first n entries alone; and has the others again. */
void fake_stream_lose(struct fake_stream *s, size_t n);
void fake_stream_restore(struct fake_stream *s);

/* -- a node's engine: fake_engine.c ------------------------------------------------------------ */

struct engine *fake_engine_new(struct fake_stream *s, int node, uint64_t seed);
void fake_engine_step(struct engine *e);
void fake_engine_woken(struct engine *e);
bool fake_engine_has_news(const struct engine *e);
/* The connection is cut. */
void fake_engine_cut(struct engine *e);
bool fake_engine_is_connected(const struct engine *e);
/* It waits for the end of the lease that its last run had. */
bool fake_engine_waits(const struct engine *e);
/* The lease is over by the node's own clock. */
void fake_engine_lapse(struct engine *e);
/* The process dies: nothing is sent any more, but may be on its way. fake_engine_free comes later. */
void fake_engine_kill(struct engine *e);
void fake_engine_free(struct engine *e);
/* It is connected, and nothing is under way. */
bool fake_engine_rests(const struct engine *e);
/* Entries that its thread has read. */
size_t fake_engine_read(const struct engine *e);
/* It was told why it cannot go on. */
bool fake_engine_is_over(const struct engine *e);
/* Why it does not rest. */
const char *fake_engine_state(const struct engine *e);

/* -- what is checked: sim_agree.c -------------------------------------------------------------- */

/* A node says that all up to that entry is saved. */
void agree_applied(int node, size_t entry);

#endif
