/*
 * gen's parts: clients that come in, say lines and read (gen_client.c), what they say
 * when (gen_talk.c), and the modes (gen.c, gen_modes.c).
 */
#ifndef CHATD_TESTS_BENCH_GEN_H
#define CHATD_TESTS_BENCH_GEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gen_stat.h"
#include "proc.h"

enum {
	LINE_BYTES = 64,       /* payload of a line: "~~", eight hexadecimal digits, filling */
	TEXT_BYTES = 160,      /* a line with the command before it */
	NAME_BYTES = 16,       /* what clients' names begin with */
	LINES_MAX = 1 << 18,   /* lines in flight or still to come: a power of two */
	MORE_MAX = 8,          /* further processes of a server */
	WINDOWS_MAX = 16,      /* numbers of lines in flight that one run measures in turn */
};

enum proto { PROTO_CHATD, PROTO_IRC, PROTO_NCAT, PROTO_BARE };

struct client {
	int fd;                /* -1: not there yet */
	struct ssl_st *tls;    /* owned; NULL: plain text */
	uint32_t room;         /* 0: the first; for chatd that is the lobby */
	bool in;               /* true once it has been greeted */
	bool registered;       /* true once it has a name and has asked for its room */
	bool anew;             /* true if its joining is measured */
	int64_t since_ns;      /* when it sent its name */
	char *rest;            /* owned; the unfinished line, nrest bytes of rest_max */
	uint32_t nrest, rest_max;
	uint32_t flying;       /* own lines in flight */
	char out[TEXT_BYTES];  /* patient: the end of a line that the server has not taken yet */
	uint32_t nout;         /* bytes of it */
	int64_t full_until_ns; /* patient: takes nothing, and is not asked again before this */
};

struct line {
	int64_t since_ns;      /* sent, or due */
	uint32_t left;         /* members who have not got it; 0: done */
	uint32_t who;          /* index of the client that said it */
};

/* What a run does, as its arguments say. */
struct gen_options {
	uint32_t joins;        /* join: clients that come in later */
	uint32_t logins;       /* logins under way at one time */
	uint32_t times;        /* burst, idle: how often; ask: how often a command is put */
	uint32_t every_ms;     /* ask: between two commands */
	uint32_t window;       /* closed loop: lines in flight */
	uint32_t windows[WINDOWS_MAX], nwindows; /* those to be measured in turn */
	uint32_t views;        /* chatd: 1: members have views, with short times and colours; 2: and the
	                        * editor, so that their own lines come back to them */
	uint32_t batch;        /* lines that a client says at once; 0: one, by turns */
	double seconds, rate;  /* of one measurement; lines a second, 0: closed loop */
	bool direct;           /* lines go to one person: the other one of a pair */
	bool tls;              /* clients speak TLS */
	bool patient;          /* a server that takes nothing is not waited for: what is due
	                        * meanwhile, and to clients with many lines in flight, is counted
	                        * as refused */
	bool replay;           /* being in means that the replay is read too */
	bool warm;             /* ask: the first command is not counted */
	bool unnamed;          /* nobody says a name; being in means that something came */
	const char *with;      /* a command that runs while it is measured, and ends by itself */
	const char *commands;  /* ask: file of commands */
};

struct gen_count {
	uint64_t done, lost;   /* lines that everybody got; deliveries that never came */
	uint64_t refused;      /* patient: lines due that could not be offered */
	uint64_t told;         /* lines by which chatd told a sender that the disk is slow */
	uint64_t skipped;      /* deliveries left out because we read too slowly, as chatd said */
};

struct gen {
	enum proto proto;
	uint16_t port;
	int pid, more[MORE_MAX]; /* the server's, and others that count with it; 0: not measured */
	int apart;             /* another one whose CPU time is shown by itself; 0: none is */
	uint32_t members, rooms; /* in each room; rooms */
	uint32_t nodes;        /* the servers are at 127.0.0.2 and so on, and clients come to them by turns; 0: there is
	                        * one, at 127.0.0.1 */
	uint32_t nclients, nin; /* clients; those that are in */
	struct gen_options opt;
	const char *name;      /* what its clients' names begin with */

	int epoll;
	struct client *client; /* nclients, and joins more */
	struct line *line;     /* LINES_MAX, by number */
	uint32_t *ready;       /* batch: clients whose lines have all come, nready of them */
	uint32_t nready;
	uint32_t next;         /* number of the next line */
	uint32_t turn;         /* turns to speak so far */
	uint32_t flying;       /* lines in flight */
	uint64_t missing;      /* deliveries of them that have not come */
	bool counting;         /* true while it is measured */
	struct stat_ns stat;   /* latencies of deliveries, or of coming in, or of answers */
	struct gen_count count;
	int64_t last_ns;       /* when the last delivery came */
	/* Lines to a client that are neither a greeting nor a delivery; NULL: ignored. */
	void (*other)(struct gen *g, struct client *c, const char *p, size_t n, int64_t now);
};

void gen_die(const char *what);

/* -- gen_client.c -- */

/* Clients come in until n are; false: not within the time. */
bool gen_come_in(struct gen *g, uint32_t n);
void client_put(struct client *c, const char *p, size_t n);
/* False: its last line has not been taken yet, and nothing was sent. */
bool client_offer(struct client *c, const char *p, size_t n, int64_t now);
/* Sends what is left of its last line. False: some still is. */
bool client_push(struct client *c);
/* Reads what has come; waits for so long at most. */
void gen_turn(struct gen *g, int wait_ms);
/* The same for a while. */
void gen_read_for(struct gen *g, int64_t ns);

/* -- gen_talk.c -- */

/* since_ns is when it was due; now is for a patient one, see client_offer. */
void gen_say(struct gen *g, int64_t since_ns, int64_t now);
void gen_delivered(struct gen *g, uint32_t number, int64_t now);
/* Waits until nothing is in flight, or until so long nothing came: then it is lost. */
void gen_drain(struct gen *g, int64_t stall_ns);
void gen_talk_all(struct gen *g);

/* -- gen_modes.c -- */

void gen_burst(struct gen *g);
void gen_join(struct gen *g);
void gen_idle(struct gen *g);
void gen_ask(struct gen *g);

/* -- gen_print.c -- */

/* What the server has used so far. */
void gen_use(const struct gen *g, struct proc_use *u);

/* What was used between the two, as key=value, for this many deliveries. */
void print_use(const struct proc_use *before, const struct proc_use *after, double seconds,
               uint64_t deliveries);
void print_latency(const struct stat_ns *s);

#endif
