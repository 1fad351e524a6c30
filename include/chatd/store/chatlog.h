/*
 * The chat log: a text file of what was said, for people and their tools.
 *
 *	[2026-11-22 21:52:57][alice][lobby]:hello
 *	[2026-11-22 21:52:58][alice][lobby]:* alice waves
 *
 * The time is local. Lines are appended after they are saved in the database,
 * in the same order. A file that cannot be written to holds up nothing: the log
 * says so once, what waits (up to a bound) is tried again with the next batch.
 *
 * Not thread-safe; the writer's thread owns it.
 */
#ifndef CHATD_STORE_CHATLOG_H
#define CHATD_STORE_CHATLOG_H

#include "chatd/core/event.h"
#include "chatd/store/db/store.h"

struct chatlog;

/* Opens the file to append, makes it with mode 0640. NULL: err says why. */
struct chatlog *chatlog_open(const char *path, struct store_error *err);

/* Takes a record; those that are no lines are ignored. Nothing is written yet. */
void chatlog_add(struct chatlog *c, const struct record *r);

/* Writes what was added, with one write(2) where the system takes it whole. */
void chatlog_flush(struct chatlog *c);

/* Flushes, and opens path (its own name where the file was moved away). Where that
 * fails it says so in the log and goes on with the old file. */
void chatlog_reopen(struct chatlog *c, const char *path);

/* Flushes and closes. NULL is fine. */
void chatlog_close(struct chatlog *c);

#endif
