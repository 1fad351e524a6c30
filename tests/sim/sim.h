/*
 * The simulation: what its files share.
 *
 * sim.c runs seeds. sim_client.c is the people: what they type and how they
 * come and go. sim_model.c says which bytes each of them is to get, from the
 * core's effects alone, and compares what the server sends byte by byte.
 * sim_check.c looks at the server's and the core's own data after every turn.
 * sim_cluster.c runs several servers that are one chat, and sim_agree.c compares
 * them. sim_crash.c gives it a real file and ends it at any moment; sim_kept.c knows
 * what must be in the file then.
 * sim_more.c runs many seeds, or one with each operation failing in turn.
 */
#ifndef CHATD_TESTS_SIM_H
#define CHATD_TESTS_SIM_H

#include "chatd/core/state/state.h"
#include "chatd/net/loop.h"
#include "chatd/net/server.h"
#include "chatd/net/watched.h"
#include "fake.h"
#include "fake_disk.h"

enum {
	SIM_SLOTS_MAX = 48,     /* connections_max is at most this; fits a mask of 64 bits */
	SIM_CLIENTS_MAX = 64,
	SIM_FEEDS_MAX = 256,
	SIM_TOKENS_MAX = 65536,
};

/* A said line's text has "~N~" in it, and N is used once in a run. */
struct token {
	uint32_t serial;        /* of the connection on which it was typed */
	uint64_t seq;           /* in a cluster: of the record that said it */
	bool plain;             /* was typed so that it must be said or refused */
	bool said;
	bool proposed;          /* in a cluster: it is to be said when all nodes have it */
};

struct client {
	struct fake_sock *k;    /* NULL: not connected */
	struct bytes rest;      /* of a line whose first part is sent */
	uint32_t cut_first, cut_end; /* tokens that may be in it */
	bool reads;
	bool telnet;            /* ends its lines as telnet clients do */
	bool odd;               /* has sent what no person types: its lines may be anything */
	bool leaving;           /* has said /quit or closed its side */
};

struct sim_stats {
	uint64_t turns, connections, refused, said, delivered, skips, skipped, bytes, resets,
	         failures, throttles, rooms_emptied, marks, waits, floods,
	         mentions, marked, watches, watched, timed;
};

struct sim {
	uint64_t seed, step;
	bool verbose;
	struct prng prng;
	struct ring *ring;
	struct writer *writer;
	struct chat *chat;
	struct server *server;
	struct {
		struct engine *engine; /* NULL: it is in none */
		int node;       /* which one it is */
	} cluster;              /* that this server is in: sim_cluster.c */
	struct chat_config config;
	struct server_options options;
	struct client client[SIM_CLIENTS_MAX];
	uint32_t nclients;
	uint32_t weight[16];    /* how often clients do what: sim_client.c */
	uint32_t long_lines;    /* this many of a thousand lines are as long as allowed */
	uint32_t rooms;         /* names of rooms in use */
	bool quiet;             /* clients only read, and hang up when the server ends */
	int64_t pressed_ms;     /* since when the store has been behind without a break */
	struct token *token;    /* SIM_TOKENS_MAX */
	uint32_t ntokens;
	struct {
		uint64_t behind_most;          /* bytes that were behind a mark, at most */
		uint64_t marks[SIM_FEEDS_MAX]; /* of feeds, after the last turn */
	} feeds;
	uint64_t digest;        /* of all effects, and of all that was sent and when: sim_digest */
	struct sim_stats stats;
	struct {
		const char *file; /* NULL: it is memory */
		enum durability durability; /* if there is a file */
		bool grouped;   /* what a turn makes is saved together, with a position that names the
		                 * last record */
		bool prunes;    /* and lines are deleted from it: */
		uint64_t lines_kept; /* lines kept per room; 0: only as rooms are set */
		struct store_error problem; /* why it could not be opened */
	} store;
	struct {
		uint32_t nsocks; /* connections of earlier lives */
		int64_t now_ms; /* and when the last of them ended; 0: this is the first */
	} earlier;
};

extern struct sim *sim;

/* Adds to the run's digest. Two programs that behave alike have the same for each seed. */
void sim_digest(const void *p, size_t n);

/* One of what follows. */
uint32_t sim_pick(const uint32_t *from, uint32_t n);
#define PICK(...) sim_pick((const uint32_t[]){__VA_ARGS__}, \
                           sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* -- one run: sim.c ------------------------------------------------------------ */

/* Now and then there is little memory for all. */
void sim_limit_memory(void);
/* Everything that this server has under way has come to its end. */
bool sim_rests(void);
/* Empties *sim for a run of that seed. */
void sim_reset(uint64_t seed);
/* Decides what the server and the people are like. */
void sim_configure(void);
/* Makes them. False: the file cannot be opened; sim_end is called all the same. */
bool sim_begin(void);
void sim_turn(void);
/* Nothing goes wrong any more: all that is under way must come to its end. */
void sim_calm_down(void);
void sim_stop(void);
void sim_end(void);

/* -- crashes: sim_crash.c -------------------------------------------------------- */

/* One run of several lives; how many times it ended. */
uint32_t sim_crash_run(uint64_t seed);
void sim_crash_say(void);

/* What must be kept: sim_kept.c. */
void kept_seen(uint64_t seq);
/* The file is open again: looks at all that is in it. */
void kept_check(enum disk_end end, uint64_t acked);
void kept_forget(void);

/* -- several servers ------------------------------------------------------------- */

/* sim_cluster.c: "cluster N [FIRST]" and "cluster --seed S". argv begins with what follows on "cluster". -1: it is
 * neither. */
int sim_cluster_main(int argc, char **argv);

/* sim_agree.c: what is the same on all nodes. Each event before the core of this node has it, and after. */
void agree_before(const struct chat *c, const struct event *e);
void agree_after(const struct chat *c, const struct event *e);
/* A said line with that token has been appended. */
void agree_token(struct token *t, unsigned long number, uint64_t seq);

/* Clients do something. */
void sim_clients_step(void);
void sim_clients_begin(void);
void sim_clients_end(void);

#define SIM_CLUSTER "c0ffee" /* the id of the cluster, if what is saved is saved in groups */
#define SIM_PASSWORD "hello hello" /* of every account that sim_put_power makes */

/* A nick, a room's name, an argument, or a command about a room, without its end. */
void sim_put_nick(struct bytes *b);
void sim_put_room(struct bytes *b);
void sim_put_argument(struct bytes *b);
void sim_put_power(struct client *c, struct bytes *b);

/* The session behind a connection; NULL: none. */
struct session *model_session(const struct fake_sock *k);
void model_begin(void);
void model_end(void);
/* Everybody the core knows has received everything there is. */
bool model_rests(void);
/* The same, and every line that had to be said was; what is missing is a failure. */
void model_check_rest(void);
/* The core knows this connection. */
bool model_knows(struct conn_id id);

/* Looks at everything; what is wrong is a failure. */
void sim_check(void);
/* Somebody is told that the disk is slow: is that so? */
void sim_check_wait(const struct event *e);
/* Somebody is cut off, perhaps for taking too little: is that so? */
void sim_check_slow(const struct event *e);
/* A line of a room is one, and has nothing in it that a terminal would obey. */
void sim_check_line(const struct effect *e);
/* At what is to be left when everybody has read all, and the server has had the
 * time to see it. */
void sim_check_settled(void);
/* And when everybody has gone. */
void sim_check_empty(void);

/* The modes --fault, --for and --digests; argv has been looked at by nobody. -1: it is neither. */
int sim_more(int argc, char **argv, void (*run)(uint64_t seed));
/* How to have this run again, as a comment. */
void sim_say_again(void);

#endif
