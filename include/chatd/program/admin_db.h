/*
 * The database that a command works on: where it is, whose it is, and how to reach a chatd that runs
 * on it.
 */
#ifndef CHATD_PROGRAM_ADMIN_DB_H
#define CHATD_PROGRAM_ADMIN_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/bytes.h"
#include "chatd/program/conf/conf.h"

/* Prints a sentence on stderr; it may contain paths and SQLite's messages. */
void admin_tell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Where a database is, as messages name it. */
struct admin_db {
	char *database;         /* owned; the whole path */
	bool there;             /* the file exists, or that is unknown */
	uint32_t owner;         /* the uid of its owner, if it exists; otherwise our own */
	bool configured;        /* it was chosen; otherwise it is the one of the working directory */
};

/* A relative path is relative to the working directory, whatever file it was read from. */
struct admin_db admin_db_find(const char *database, bool configured);
void admin_db_release(struct admin_db *p);

/* "Database: PATH" on standard output, which is flushed. */
void admin_db_say(const struct admin_db *p, bool new);

/* What to try first if there is no such database: "try -c FILE, or ", if nothing was chosen and the service
 * has a configuration; otherwise "". */
const char *admin_db_hint(const struct admin_db *p);

/* Switches to the user that owns the database, or will own it: chatd could not open what root
 * creates. False: this user may not work on it, and stderr says what to do. */
bool admin_db_become(const struct conf *c, const struct admin_db *p);

/* The file at the path can be a database of ours, or one can be created there. False: stderr says why
 * not. */
bool admin_db_can_open(const struct admin_db *p);

/* Both, for a database that is there, in the order in which no message suggests to give away a file
 * that is no database. */
bool admin_db_take(const struct conf *c, const struct admin_db *p);

/* A connection to the control socket of the chatd that runs on it; -1: there is none (errno). */
int admin_db_connect(const char *database);

/* Why admin_db_connect has failed: the text after a colon, in why. */
const char *admin_db_unreached(const char *database, struct bytes *why);

#endif
