/*
 * "chatd admin": the first administrator, and who has lost a password, from the command line.
 */
#ifndef CHATD_ADMIN_H
#define CHATD_ADMIN_H

#include "chatd/conf.h"

/*
 * what is "add": makes the bearer of the name an administrator, and an account for it where
 * there is none; or "code": makes a code for the account, whose password is lost. A chatd
 * that runs on the same database is asked to do it, by its control socket; where none runs it
 * is done here. What there is to say, with the code to sign in, goes to stdout, what is wrong
 * to stderr. False: it was not done.
 */
bool admin_run(const struct conf *c, const char *what, const char *name);

/* The control socket of a database. False: its path is too long for a socket. */
bool admin_socket_path(const char *database, char *path, size_t n);

#endif
