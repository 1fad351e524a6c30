/*
 * A thread that answers queries, one after the other. What it shares is in writer_state.h; comments
 * name the owner of a field in the same way.
 */
#ifndef CHATD_STORE_THREADS_READER_THREAD_H
#define CHATD_STORE_THREADS_READER_THREAD_H

#include "chatd/base/sleeper.h"
#include "chatd/store/threads/turns.h"

#include <pthread.h>

struct writer;

struct reader {
	struct writer *w;       /* what all threads share */
	struct store *store;    /* reader: its connection; NULL for a thread that answers queries
	                         * about secrets */
	unsigned generation;    /* reader: the generation of the file that its connection uses */
	int64_t reopen_at_ms;   /* reader: monotonic, when to try again to open the current file; 0:
	                         * that has not failed */
	bool gives_way;         /* true for threads with long work, which run at a lower priority */
	bool copies;            /* true for the thread that also does the checkpoints */
	bool searches;          /* true for those that begin no query while searches are held */
	int quick_cpu_ms;       /* a query that takes longer is passed to READER_LONG; 0: none is */
	struct waiting *waiting; /* the queries it answers, possibly together with other threads */
	struct sleeper sleeper; /* where it sleeps */
	int sleep_ms;           /* reader: for how long; -1: until it is woken */
	bool wake;              /* loop: true if it may have to go on although nothing was asked */
	const char *name;       /* the thread's name, for ps(1) */
	pthread_t thread;       /* joined by writer_stop */
	bool started;           /* loop: true while there is a thread to join */
};

/* The thread's function; arg is the struct reader. */
void *reader_thread_main(void *arg);
/* Frees what it owns, once its thread has ended or if it never started. */
void reader_release(struct reader *t);

#endif
