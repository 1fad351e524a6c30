/*
 * A process that the parent keeps running: when the next one is to be started, and what is said of it.
 *
 * The first one that ends is followed by another at once, however briefly it lived. Each later one that lived for less
 * than a minute is followed after a pause: 1 s, then doubled each time, up to a minute. One that lived for a minute is
 * followed at once, and the pauses begin with 1 s again.
 */
#ifndef CHATD_PROGRAM_CHILD_H
#define CHATD_PROGRAM_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
	const char *what;     /* for messages: "the TLS process"; NULL, as in a zeroed one: none is wanted */
	const char *loses;    /* what goes with it: ", and its connections with it"; or "" */
	pid_t pid;            /* 0: it is not running */
	int64_t since_ms;     /* when it was started, by CLOCK_MONOTONIC, as all of these */
	int64_t again_ms;     /* when the next is to be; INT64_MAX: not */
	int64_t wait_ms;      /* how long the next has to wait, if it is not to be at once */
};

enum { CHILD_WORDS_BYTES = 192 };

/* It is to be started as soon as somebody looks. */
void child_want(struct child *c, const char *what, const char *loses);
/* It is time to start it. */
bool child_is_due(const struct child *c, int64_t now_ms);
/* pid as fork(2) returned it to the parent: if there is none, the next try is a minute later. */
void child_started(struct child *c, pid_t pid, int64_t now_ms);
/* It has ended, as waitpid(2) says. words become a sentence for the log, which says when the next one starts. */
void child_ended(struct child *c, int status, int64_t now_ms, char words[CHILD_WORDS_BYTES]);

/* "by SIGKILL", "with status 1". */
const char *child_end_shown(int status, char *text, size_t n);

#endif
