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
struct record;
struct server;

/* An act that has made records. */
struct act_mark {
	char id[ACT_ID_BYTES_MAX + 1]; /* of its entry */
	uint64_t seq;               /* its last record; 0: there is no such act */
};

/* Part of struct server. */
struct acts {
	struct engine *engine;      /* borrowed; NULL: a single chatd */
	bool more;                  /* there was more than a turn takes */
	bool open;                  /* this node has all that the others had, and they know of it */
	uint64_t incarnation;       /* of the newest READY; 0: there was none */
	char *away;                 /* owned; why nothing is appended; NULL: it is */
	char id[ACT_ID_BYTES_MAX + 1];    /* of the act that is being applied */
	struct act_mark oldest;     /* acts whose records are not saved yet: the first, */
	struct act_mark newest;     /* the last, */
	struct act_mark forgets;    /* and the last that deletes something that was said */
	uint64_t done_seq;          /* the last record before the act that is being applied */
	bool deletes;               /* that act does */
	struct {
		struct late_act *first; /* owned list: acts that the engine had no room for; no input is taken meanwhile */
		uint32_t n;
	} late;
	uint64_t proposed;          /* counts acts of this node, */
	uint64_t applied;           /* and those of all nodes that were applied */
	char cluster[CLUSTER_ID_BYTES_MAX + 1]; /* its id; "": not known yet */
	char *position;             /* owned; for POSITION_BYTES_MAX */
	struct {
		char **text;            /* owned, and so is each: what the engine did not take, of the step that is carried out */
		size_t n, cap;
	} unheard;
	void (*ready)(void *ctx, const char *cluster); /* as in struct server_options */
	void (*ended)(void *ctx, const char *why);
	void *ctx;
};

/* More acts wait for the engine than it has room for. */
bool acts_pressed(const struct server *s);
/* A record of the act that is being applied. */
void acts_append(struct server *s, const struct record *r);

/* EFFECT_PROPOSE, EFFECT_DONE and EFFECT_TELL. */
void acts_propose(struct server *s, const struct effect *e);
void acts_done(struct server *s, const struct effect *e);
void acts_tell(struct server *s, const struct effect *e);

/* The next text that acts_tell found nobody to hear, which the caller frees; NULL: none. */
char *acts_unheard(struct server *s);

/* All up to that record is saved. */
void acts_saved(struct server *s, uint64_t seq);

/* What operators see of the cluster. */
void acts_figures(const struct server *s, struct cluster_figures *f);

/* The end of a turn. */
void acts_wake(struct server *s);
void acts_release(struct acts *a);

#endif
