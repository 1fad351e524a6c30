/*
 * Root's privileges, and giving them up.
 */
#ifndef CHATD_PRIVILEGE_H
#define CHATD_PRIVILEGE_H

#include <stdbool.h>

/*
 * Where the process is root's: becomes the user (a name; NULL: none was given, which is an
 * error then) with that user's groups, for good. Otherwise user must be NULL or whoever runs
 * the process. False: it was logged. Before any thread is started.
 */
bool privilege_drop(const char *user);

#endif
