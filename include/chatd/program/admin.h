/*
 * "chatd admin": the first administrator, lost passwords, and commands for the running chatd, from
 * the command line.
 */
#ifndef CHATD_PROGRAM_ADMIN_H
#define CHATD_PROGRAM_ADMIN_H

#include "chatd/program/conf/conf.h"

/*
 * If what is "add", makes the account of that name an administrator, and creates it if there is
 * none; if "code", makes a sign-in code for an account whose password is lost. A chatd running on
 * the same database is asked to do it over its control socket; if none is running, it is done here.
 * The reply, with the code, goes to stdout, and errors go to stderr. False: it was not done.
 *
 * If "chat" (name is NULL then), passes stdin to the running chatd, with the rights of the host's
 * administrator, and shows its answers on stdout, until either side ends.
 */
bool admin_run(const struct conf *c, const char *what, const char *name);

#endif
