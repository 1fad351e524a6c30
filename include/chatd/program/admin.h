/*
 * Commands on a database, from the command line: "chatd export", "chatd import" and "chatd admin".
 */
#ifndef CHATD_PROGRAM_ADMIN_H
#define CHATD_PROGRAM_ADMIN_H

#include "chatd/program/options.h"

/*
 * Carries out the command. What it is asked for goes to stdout, errors to stderr. Returns an exit status:
 * EXIT_FAILURE if it was not done, STATUS_DATA if what it looked at is wrong: the file of an import,
 * or a database that is checked.
 *
 * What only reads does so on the database itself, whether a chatd runs on it or not. What changes
 * something, and the list of sessions, is asked of the running chatd over its control socket; if none
 * runs, changes are made here, in the same way.
 */
int admin_run(const struct conf *c, const struct options *o);

#endif
