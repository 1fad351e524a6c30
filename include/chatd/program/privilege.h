/*
 * Giving up root's privileges.
 */
#ifndef CHATD_PROGRAM_PRIVILEGE_H
#define CHATD_PROGRAM_PRIVILEGE_H

#include <stdbool.h>

/*
 * If the process is root's, switches to the user (a name; NULL, if none was given, is then an
 * error) with its groups, for good. Otherwise user must be NULL or the one that runs the process.
 * False: the log says why, and errno is 0 if another try would fail as well. Must be called before
 * any thread is started.
 */
bool privilege_drop(const char *user);

/*
 * Like privilege_drop, with the owner of this file, which need not have a name. It is an error if
 * the file does not exist or belongs to root. Only for a process of root's.
 */
bool privilege_drop_to_owner(const char *path);

#endif
