/*
 * soak: what the parts of the long test share.
 *
 * The book remembers every line that was said or read and knows nothing of sockets; people
 * talk and read; the chatd that is tested is the child of this program, which starts and kills it.
 */
#ifndef CHATD_TESTS_SOAK_H
#define CHATD_TESTS_SOAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "chatd/base/bytes.h"
#include "prng.h"

enum {
	SOAK_ROOMS = 50,       /* r0 to r49; the first is a busy one, of long lines */
	SOAK_LOBBY = SOAK_ROOMS, /* where everybody comes in */
	STAY_SKIP = 0x80000000, /* in what a stay has read: not a line, but a number of skipped
	                         * lines */
};

/* -- the book (soak_book.c) -------------------------------------------------------------- */

/* What is known of a line that somebody has said. */
enum fate {
	FATE_MAYBE,   /* on its way when the connection ended, perhaps */
	FATE_MUST,    /* an answer that waits for it has come: it is saved */
	FATE_NEVER,   /* too long, so chatd refuses it */
};

struct said {
	uint32_t person;   /* who */
	uint32_t conn;     /* on which of its connections */
	uint8_t room;      /* where */
	uint8_t fate;
	bool read;         /* by anybody */
};

/* What one connection read of one room, in order: from joining to leaving it, or as the
 * answer to one /history. */
struct stay {
	uint32_t person, conn;
	uint8_t room;
	bool history;      /* an answer: its own lines are in it */
	uint32_t n, cap;
	uint32_t *id;      /* lines by their numbers, and STAY_SKIP | n; owned */
};

struct book {
	struct said *said;      /* by number, from 1 */
	uint32_t nsaid, cap_said;
	uint32_t *message_to;   /* private messages by number, from 1: whom they are for, plus 1; 0:
	                         * has been read */
	uint32_t nmessages, cap_messages;
	struct stay *stays;     /* those that have ended */
	size_t nstays, cap_stays;
	uint64_t reads;         /* lines read by all */
	uint64_t messages_read;
	uint64_t wrong;         /* things read that nobody said so; the first few are shown */
};

uint32_t book_say(struct book *b, uint32_t person, uint32_t conn, uint8_t room, enum fate fate);
uint32_t book_message(struct book *b, uint32_t to);
/* Said by person `by`, according to the line; s: where it was read. */
void book_read(struct book *b, struct stay *s, uint32_t id, uint32_t by);
void book_read_message(struct book *b, uint32_t id, uint32_t to);
void book_skip(struct stay *s, uint32_t lines);
/* Takes what it has read; s is empty afterwards. */
void book_stay_end(struct book *b, struct stay *s);
void book_wrong(struct book *b, const char *what, const char *line, size_t n);

/* -- at the end (soak_check.c) ------------------------------------------------------------- */

/* Compares the book with the rows of `dump`, "id|room|sender|body" each, in order of id. Prints
 * TAP results from *test on. False: something is wrong. */
bool check_book(const struct book *b, FILE *dump, unsigned *test);

/* -- chatd (soak_server.c) -------------------------------------------------------------------- */

/* What chatd took, once a second; cleared with each start. */
struct sample {
	double at_s;            /* since chatd's start */
	double rss;             /* bytes */
	double descriptors;     /* not counting those of the connections; < 0: unknown */
	double database;        /* bytes, with its WAL */
};

struct chatd {
	char **argv;            /* how it is started */
	const char *database, *log;
	pid_t pid;              /* 0: it does not run */
	int64_t start_ms;
	unsigned starts, kills, stops;
	struct sample *sample;
	uint32_t nsamples;
	double rss_worst;       /* the most that one life grew by, without its database's growth,
	                         * bytes */
	double descriptors_worst; /* the same, of descriptors */
	double rss_most;        /* the most that was seen */
	unsigned lives;         /* that were long enough to tell */
};

void chatd_begin(struct chatd *c);              /* starts it, and waits until it listens */
void chatd_sample(struct chatd *c, uint32_t connections);
/* With SIGKILL, or SIGTERM, after which its status must be 0 (false: it is not). */
bool chatd_end(struct chatd *c, int signo);

/* -- people (soak_person.c) ------------------------------------------------------------------ */

enum person_state {
	PERSON_AWAY,      /* not connected */
	PERSON_COMING,    /* has no name yet */
	PERSON_IN,
	PERSON_STALLED,   /* reads nothing, or too little */
	PERSON_LEAVING,   /* has said /quit, or has closed its half */
};

struct person {
	uint32_t index;
	enum person_state state;
	int fd;             /* -1: none */
	uint32_t conn;      /* number of its connection */
	uint32_t names;     /* taken so far: its name is cINDEXxNAMES */
	uint8_t going;      /* the room that its lines go to */
	bool full;          /* its socket took not all */
	bool stalled;       /* within this connection */
	bool slow;          /* reads, but less than is said */
	bool asked;         /* /history is out, */
	int64_t asked_ms;   /* since then */
	struct prng chance;
	int64_t next_ms;    /* when it does something */
	int64_t end_ms;     /* STALLED: until when */
	uint32_t *open;     /* lines of this connection without an answer behind them; owned */
	uint32_t nopen, cap_open;
	uint32_t open_asked; /* how many of these the pending /history covers */
	struct bytes out, in; /* not sent yet; an unfinished line */
	struct stay stay;   /* the room that it reads */
	struct stay past;   /* the answer that it reads */
};

/* What has happened so far. */
struct counts {
	uint64_t said, long_lines, long_refused, messages, joins, renames, asked, answered, stalls, slow;
	uint64_t skips, skipped, delays, comings, quits, halves, resets, closes, silent, dropped_slow;
	uint64_t cut, odd, late; /* ends without a reason; replies that nothing here explains; answers
	                      * that did not come */
	uint32_t in;         /* connected now */
};

struct soak {
	struct book book;
	struct chatd chatd;
	struct counts count;
	struct person *person;
	uint32_t people;
	uint16_t port;
	int epoll;
	int64_t now_ms;
	bool up;            /* chatd runs */
	bool ending;        /* nobody comes any more, and all ask for the last time */
};

void person_init(struct soak *s, uint32_t index, uint64_t seed);
void person_act(struct soak *s, struct person *p);       /* its time has come */
void person_ready(struct soak *s, struct person *p, uint32_t events);
/* Its connection is over, for a reason that is ours or chatd's. */
void person_end(struct soak *s, struct person *p);
/* All of what it said is answered for. */
bool person_is_answered(const struct person *p);
void person_ask(struct soak *s, struct person *p);

/* soak_read.c: what chatd sends. */
void person_take(struct soak *s, struct person *p, const char *data, size_t n);

#endif
