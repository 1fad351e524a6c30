/*
 * "chatd admin": the first administrator, a lost password, and a conversation with the chatd that
 * runs, from the command line.
 */
#ifndef CHATD_PROGRAM_ADMIN_H
#define CHATD_PROGRAM_ADMIN_H

#include "chatd/program/conf/conf.h"

/*
 * what is "add": makes the bearer of the name an administrator, and an account for it where
 * there is none; or "code": makes a code for the account, whose password is lost. A chatd
 * that runs on the same database is asked to do it, by its control socket; where none runs it
 * is done here. What there is to say, with the code to sign in, goes to stdout, what is wrong
 * to stderr. False: it was not done.
 *
 * Or "chat": what stdin has is said to the chatd that runs, as whoever administers its host, and
 * stdout shows what it answers, until either side ends. name is NULL then.
 */
bool admin_run(const struct conf *c, const char *what, const char *name);

#endif
