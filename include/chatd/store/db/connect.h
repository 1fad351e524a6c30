/*
 * Preparing a connection for its use, and replacing it with a new one.
 */
#ifndef CHATD_STORE_DB_CONNECT_H
#define CHATD_STORE_DB_CONNECT_H

#include "chatd/store/db/error.h"

#include <stdint.h>

struct store;

/* What interrupts a query. */
struct query_bounds {
	int64_t deadline_ms;     /* monotonic: when the running query is interrupted */
	int64_t cpu_deadline_ms; /* the same in processor time of its thread; 0: no such bound */
	int64_t quick_until_ms;  /* monotonic: that processor time cannot be used up before this */
	bool interrupted;        /* true once store_interrupt was called; atomic access */
};

/* Ends the running query, and every later one, with an error. Safe from any thread. */
void store_interrupt(struct store *s);

/* Makes a reading connection use the file that is at its path now. False: it still uses the old
 * one. */
bool store_reopen(struct store *s, struct store_error *err);

/* Prepares a connection: one that writes, to a file whose schema is up to date; or one that
 * reads. */
bool connect_writer(struct store *s, struct store_error *err);
bool connect_reader(struct store *s, struct store_error *err);
/* Connects s again, to the file at its path, and prepares the new connection with `settle`. False:
 * s keeps the connection that it had. */
bool connect_again(struct store *s, bool (*settle)(struct store *s, struct store_error *err),
                   struct store_error *err);

#endif
