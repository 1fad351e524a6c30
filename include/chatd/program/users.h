/*
 * The users of the host, by their numbers.
 *
 * The table is read from a file (passwd(5)) once, because the system's own lookup may ask the
 * network, for which the loop cannot wait. Users that are not in the file are unknown.
 */
#ifndef CHATD_PROGRAM_USERS_H
#define CHATD_PROGRAM_USERS_H

#include <stdbool.h>
#include <stdint.h>

#define USERS_PATH "/etc/passwd"

struct user {
	uint32_t uid;            /* the number that the kernel knows it by */
	uint32_t order;          /* position in the file; the first of several with the same uid
	                          * counts */
	char *name;              /* owned; the login name */
};

struct users {
	struct user *user;       /* owned; n of them, by uid and order */
	uint32_t n;              /* at most USERS_MAX; any users after those are unknown */
};

/* Replaces what u has with the contents of the file. False: it cannot be read; u is unchanged, and
 * errno says why. */
bool users_read(struct users *u, const char *path);
void users_release(struct users *u);

/* The login name, valid until the next read; NULL: unknown. */
const char *users_name(const struct users *u, uint32_t uid);

enum { USER_SHOWN_BYTES = 64 };

/* Writes a user's name, or its number, into shown and returns it; keeps errno. Asks the system,
 * which may wait for the network: use it only for messages about that user, and never in the
 * loop. */
const char *user_shown(uint32_t uid, char shown[USER_SHOWN_BYTES]);

#endif
