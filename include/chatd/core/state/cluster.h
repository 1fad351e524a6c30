/*
 * Several chatd that are one chat.
 *
 * What changes things that all nodes share is an act: a line, a command, coming in, leaving. The node that a person is
 * connected to proposes it, and every node applies it, that node too, in the one order in which acts come back
 * (EVENT_ACT), with the time that comes with it. So all nodes make the same of it: the same records with the same
 * numbers, and the same answer to who was first. A single chatd proposes nothing: it applies at once.
 *
 * Between acts, shared things only change by what is local: nothing. chat_defers says which of the two it is.
 */
#ifndef CHATD_CORE_STATE_CLUSTER_H
#define CHATD_CORE_STATE_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/hash.h"
#include "chatd/core/event.h"

struct account;
struct chat;
struct record;
struct session;

/* What an act is. The letters stand in the stream, so they must never change. */
enum act_kind {
	ACT_NODE = 'N',      /* the node has come, with this incarnation: people of earlier ones are gone */
	ACT_GONE = 'G',      /* the node whose name this is has not renewed its lease: its people are gone */
	ACT_ENTER = 'E',     /* a guest's name at the prompt */
	ACT_LINE = 'L',      /* a line that was typed, said or a command */
	ACT_RESUME = 'B',    /* somebody has a code to come back with */
	ACT_HOST = 'H',      /* a command of the host's administrator */
	ACT_JOIN = 'J',      /* somebody goes to a room whose password they have given */
	ACT_LOCK = 'K',      /* a room gets a password, or loses it */
	ACT_CERT = 'C',      /* a certificate is added to an account, or removed */
	ACT_AUDIT = 'P',     /* somebody did something to their own node that is recorded on all */
	ACT_PRUNE = 'O',     /* old lines may be deleted after all */
	ACT_EMPTY = 'V',     /* a node's store has no line of a room any more */
	ACT_END = 'Q',       /* the connection is gone */
	ACT_ANSWER = 'W',    /* what its node's store has answered to a shared question */
	ACT_ACCOUNT = 'A',   /* an account's terms change */
	ACT_REGISTER = 'U',  /* a guest's name becomes an account */
	ACT_SIGN_IN = 'I',   /* somebody has proved that an account is theirs */
	ACT_CODE = 'F',      /* somebody who is signed in has given a one-time code of their account */
	ACT_DROP = 'D',      /* an account is given up */
	ACT_MAIL = 'M',      /* a private message is kept for somebody who is away, */
	ACT_READ = 'm',      /* and has been read */
	ACT_SEEN = 'R',      /* how far somebody has read a room */
	ACT_TICK = 'T',      /* something is due */
	ACT_COMPARE = 'X',   /* somebody compares what the nodes have, */
	ACT_DIGEST = 'Y',    /* and this is what one has */
};

/* A node, as the acts so far have it. */
struct node {
	char *name;               /* owned */
	uint64_t incarnation;     /* counts its starts */
	uint64_t number;          /* of the last act of that incarnation that was applied */
	bool up;                  /* its acts count */
	int64_t down_ms;          /* down: since when, by the time of acts */
	struct bytes saved;       /* owned; these four, as cluster_state has them; empty: they have changed */
	uint64_t over;            /* the newest incarnation whose lease is over, as this node was told */
	uint64_t asked;           /* its incarnation when this node has asked for a comparison; another one does not answer */
	bool compared;            /* it has answered the comparison that this node has asked for, */
	uint64_t digest;          /* and that is what it has */
	struct session *people;   /* hash of its sessions, by person.number */
	struct session *touched;  /* those whose fact is to be saved when the act is done */
	struct node *forgotten;   /* the next in cluster.forgotten */
	UT_hash_handle hh;        /* in cluster.nodes */
};

/* Part of struct session: who it is to all nodes. */
struct person {
	struct node *node;        /* NULL: no other node knows of it, or there is none */
	uint64_t number;          /* among those of its node */
	uint32_t pending;         /* acts that it waits for, */
	uint32_t said;            /* and lines that it has said meanwhile: at most LINES_AHEAD_MAX of them; */
	uint32_t before;          /* both from before this node's incarnation, which may have been too late */
	uint32_t lost;            /* those that were; it is to be told */
	char *kept;               /* owned, cleared; what an answer that is being proposed has for the asker alone; NULL:
	                           * nothing */
	bool keeps;               /* its connection broke: it may come back with its code */
	bool touched;             /* it is in node.touched */
	struct session *prev, *next; /* there */
	char *end;                /* owned; the connection is gone: what says so (ACT_END); NULL: it is not */
	UT_hash_handle hh;        /* in node.people */
};

/* A person, whether they have a connection here or not. */
struct person_ref {
	struct conn_id conn;      /* in a single chatd */
	struct node *node;        /* and in a cluster */
	uint64_t number;
};

/* A comparison of the nodes that somebody on this one has asked for. */
struct comparison {
	struct conn_id asker;     /* whose input waits; gen 0: there is no comparison */
	uint64_t number;          /* of its act */
	bool begun;               /* that act was applied here, */
	uint64_t seq;             /* after this record */
	bool status;              /* for a program (--status) */
};

/* Part of struct chat. */
struct cluster {
	struct node *self;        /* this node; NULL: a single chatd */
	struct node *nodes;       /* owned hash, by name */
	struct node *forgotten;   /* owned list of those that are forgotten: somebody may still refer to them */
	struct {
		struct node *node; /* whose people this act ends; NULL: nobody's */
		uint64_t before;   /* those of earlier incarnations than this one */
	} ending;
	char *settings;           /* owned; those that all nodes have (agreement.h); NULL: none has said so far */
	uint32_t version;         /* and what acts mean */
	uint64_t base;            /* of the database with which all nodes began: a hash; 0: none has said so far */
	uint64_t own_base;        /* this node's, if it has not been in a cluster before; otherwise 0 */
	uint64_t loaded;          /* the sum of hashes of the facts that were loaded */
	bool applying;            /* an act is being applied */
	uint32_t done;            /* act_has_room: how often it has said yes in this step */
	int64_t at_ms;            /* the time of the last act */
	int64_t ticked_ms;        /* by this node's clock: when it last proposed ACT_TICK */
	uint64_t incarnation;     /* of this process */
	uint64_t number;          /* of our newest act */
	uint64_t people;          /* newest person.number of ours */
	uint32_t nlost;           /* sessions whose person.lost is set */
	struct comparison comparison;
	uint64_t records;         /* a hash of all records up to the last act, */
	uint64_t facts;           /* and the sum of those of the facts that this act has saved: in which order it does is
	                           * no matter, and depends on the order in which a node has loaded things */
};

/* What happens now must be proposed, and is done when it comes back. */
bool chat_defers(const struct chat *c);

/* The time by which things that all nodes share last: that of the last act, or c->now_ms of a single chatd. */
int64_t chat_shared_ms(const struct chat *c);

/* All nodes have that this node is there: what it proposes counts. */
bool cluster_is_up(const struct chat *c);

/* Begins a chat of several nodes, before anything is loaded. */
void cluster_begin(struct chat *c, const char *node);
void cluster_free(struct chat *c);

/* Notes a record that the act has made; and the act's end. */
void cluster_note(struct chat *c, const struct record *r);
void cluster_noted(struct chat *c);
/* What EFFECT_DONE has, and taking it. Returns the lobby's number. */
void cluster_state(struct chat *c, struct bytes *b);
uint32_t cluster_load(struct chat *c, const char *text);
uint64_t cluster_digest(const struct chat *c);

/* Adds the text to a hash that is the same on all nodes; from 0. */
uint64_t cluster_mix(uint64_t hash, const char *text);
/* Notes a fact that was loaded. */
void cluster_note_loaded(struct chat *c, const char *key, const char *value);

/* Nodes that have not been up for so long are forgotten: pointers to them, but self, are to be looked up again. */
#define NODE_FORGOTTEN_MS (30 * DAY_MS)
void cluster_forget_nodes(struct chat *c);
/* Forgets a node that has just been made, to which nobody refers. */
void cluster_node_drop(struct chat *c, struct node *n);
/* What is saved of the node has changed. */
void cluster_node_changed(struct node *n);

/* The node of that name; NULL: there is none. */
struct node *cluster_find(const struct chat *c, const char *name);
/* The node of that name, which is made if there is none. */
struct node *cluster_node(struct chat *c, const char *name);

/* In person.number: the host's administrator, who has no name and is not saved. */
#define PERSON_HOST (UINT64_C(1) << 62)

/* Adds which account an act is about: its key, and when it was made ("key", "of"). */
void act_put_account(struct bytes *b, const struct account *a);

/* s is one of node's people from now on, by that number. */
void person_join(struct node *node, struct session *s, uint64_t number);
void person_leave(struct session *s);
/* Clears person.kept. */
void person_forget(struct session *s);
struct session *person_of(struct node *node, uint64_t number);
/* The key of its fact. */
enum { PERSON_KEY_BYTES = NODE_BYTES_MAX + 24 };
const char *person_key(const struct session *s, char key[PERSON_KEY_BYTES]);

/* Refers to s for as long as it lives; and finds it. NULL: it is gone. */
struct person_ref person_ref(const struct session *s);
struct session *person_at(struct chat *c, const struct person_ref *ref);

/* What is saved of s has changed. */
void person_touch(struct session *s);
/* It has been saved. */
void person_touched(struct session *s);
/* People with a name who are connected here; and on a node, 0 for NULL. */
uint32_t cluster_people_here(const struct chat *c);
uint32_t cluster_people_of(const struct node *n);

/* s has no connection here. */
bool person_is_remote(const struct session *s);

#endif
