/*
 * The users of the host, by their numbers.
 *
 * The table is read from a file (passwd(5)) once, because a look-up of the system's own may ask the
 * network, for which the loop cannot wait. Users that are in no file are unknown.
 */
#ifndef CHATD_PROGRAM_USERS_H
#define CHATD_PROGRAM_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/bytes.h"

#define USERS_PATH "/etc/passwd"

struct user {
	uint32_t uid;            /* as the kernel knows it */
	uint32_t order;          /* in the file; the first of several with one uid counts */
	char *name;              /* owned; the login name */
};

struct users {
	struct user *user;       /* owned; n of them, by uid and order */
	uint32_t n;              /* at most USERS_MAX; those behind them are unknown */
};

/* Reads the file in the place of what u has. False: it cannot be read; u is as it was, and
 * errno says why. */
bool users_read(struct users *u, const char *path);
void users_release(struct users *u);

/* The login name, until the next read; NULL: unknown. */
const char *users_name(const struct users *u, uint32_t uid);

enum { USER_SHOWN_BYTES = 64 };

/* A user's name, or its number, written into shown and returned; errno stays. Asks the system,
 * which may take as long as the network does: only where there is something to be said about
 * that user, and never in the loop. */
const char *user_shown(uint32_t uid, char shown[USER_SHOWN_BYTES]);

#endif
