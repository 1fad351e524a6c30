/*
 * The chat log: a text file of all lines, for people and their tools.
 *
 *	[2026-11-22 21:52:57][alice][general]:hello
 *	[2026-11-22 21:52:58][alice][general]:* alice waves
 *
 * The time is local. Lines are appended after they are saved in the database, in the same order. If
 * it cannot be written to, nothing else waits for it: the log says so once, and the waiting lines,
 * up to a bound, are tried again with the next batch.
 *
 * Not thread-safe; the writer's thread owns it.
 */
#ifndef CHATD_STORE_CHATLOG_H
#define CHATD_STORE_CHATLOG_H

#include "chatd/core/event.h"
#include "chatd/store/db/store.h"

struct chatlog;

/* Opens the file to append, or creates it with mode 0640. NULL: err says why. */
struct chatlog *chatlog_open(const char *path, struct store_error *err);

/* Adds a record; ones that are not lines are ignored. Nothing is written yet. */
void chatlog_add(struct chatlog *c, const struct record *r);

/* Writes what was added, with one write(2) if the system takes all of it. */
void chatlog_flush(struct chatlog *c);

/* Flushes, and opens path (or its own path again, if the file was moved away). If that fails it
 * logs why and keeps using the old file. */
void chatlog_reopen(struct chatlog *c, const char *path);

/* Flushes and closes. NULL is fine. */
void chatlog_close(struct chatlog *c);

#endif
