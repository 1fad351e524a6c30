/*
 * A connection made ready for what it is for, and exchanged for another.
 */
#ifndef CHATD_STORE_DB_CONNECT_H
#define CHATD_STORE_DB_CONNECT_H

#include "chatd/store/db/error.h"

#include <stdint.h>

struct store;

/* What ends a query. */
struct query_bounds {
	int64_t deadline_ms;     /* monotonic: when the one that runs is interrupted */
	int64_t cpu_deadline_ms; /* the same by the thread's own time; 0: it has no such bound */
	int64_t quick_until_ms;  /* monotonic: it cannot have come to that before */
	bool interrupted;        /* true once store_interrupt was called; atomic access */
};

/* Ends the query that runs, and every later one, with an error. From any thread. */
void store_interrupt(struct store *s);

/* Copies what the WAL holds into the database without waiting for anybody
 * (SQLITE_CHECKPOINT_PASSIVE). False: a sync failed, which the writer is to be told
 * (store_doubt). */
bool store_checkpoint(struct store *s);
/* Pages in the WAL after the last commit of this connection. */
int store_wal_pages(struct store *s);

/* A connection that reads goes on with the file that is at its path now. False: with the old. */
bool store_reopen(struct store *s, struct store_error *err);

/* What a connection needs before it is used: one that writes, to a file whose schema is up to
 * date, and one that reads. */
bool connect_writer(struct store *s, struct store_error *err);
bool connect_reader(struct store *s, struct store_error *err);
/* Takes s to the file at its path, by `settle` for what its connection needs. False: it stays
 * with the one that it had. */
bool connect_again(struct store *s, bool (*settle)(struct store *s, struct store_error *err),
                   struct store_error *err);

#endif
