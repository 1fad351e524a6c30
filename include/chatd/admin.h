/*
 * "chatd admin add NAME": the first administrator, from the command line.
 */
#ifndef CHATD_ADMIN_H
#define CHATD_ADMIN_H

#include "chatd/conf.h"

/*
 * Makes the bearer of the name an administrator, and an account for it where there is
 * none. A chatd that runs on the same database is asked to do it, by its control socket;
 * where none runs it is done here. What there is to say, with the code to sign in for the
 * first time, goes to stdout, what is wrong to stderr. False: it was not done.
 */
bool admin_add(const struct conf *c, const char *name);

/* The control socket of a database. False: its path is too long for a socket. */
bool admin_socket_path(const char *database, char *path, size_t n);

#endif
