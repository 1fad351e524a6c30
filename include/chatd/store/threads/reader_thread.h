/*
 * A thread that answers queries, one after the other. What it shares is in writer_state.h, whose
 * words for whose a field is it uses.
 */
#ifndef CHATD_STORE_THREADS_READER_THREAD_H
#define CHATD_STORE_THREADS_READER_THREAD_H

#include "chatd/store/threads/sleeper.h"
#include "chatd/store/threads/turns.h"

#include <pthread.h>

struct writer;

struct reader {
	struct writer *w;       /* what all share */
	struct store *store;    /* reader: its connection; NULL for one that answers what is about
	                         * secrets */
	unsigned generation;    /* reader: of the file that its connection is to */
	int64_t reopen_at_ms;   /* reader: monotonic, when to try again to open the present one; 0: it
	                         * has not failed */
	bool gives_way;         /* true for those whose work takes long on purpose or by its size */
	bool copies;            /* true for the one that also does the checkpoints */
	int quick_cpu_ms;       /* what takes longer it gives to READER_LONG; 0: nothing */
	struct waiting *waiting; /* what it takes from, perhaps one of several */
	struct sleeper sleeper; /* where it sleeps */
	bool wake;              /* loop: true when it may have to go on, though nothing was asked */
	const char *name;       /* of the thread, for ps(1) */
	pthread_t thread;       /* joined by writer_stop */
	bool started;           /* loop: true while there is a thread to be joined */
};

/* The thread's function; arg is the struct reader. */
void *reader_thread_main(void *arg);
/* Once its thread has ended, or was never begun: frees what it owns. */
void reader_release(struct reader *t);

#endif
