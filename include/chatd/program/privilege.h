/*
 * Root's privileges, and giving them up.
 */
#ifndef CHATD_PROGRAM_PRIVILEGE_H
#define CHATD_PROGRAM_PRIVILEGE_H

#include <stdbool.h>

/*
 * Where the process is root's: becomes the user (a name; NULL: none was given, which is an
 * error then) with that user's groups, for good. Otherwise user must be NULL or whoever runs
 * the process. False: it was logged, and errno is 0 where another try would be refused as well.
 * Before any thread is started.
 */
bool privilege_drop(const char *user);

/*
 * As privilege_drop with the user whose file this is, who need not have a name; that there is no
 * such file, or that it is root's, is an error. For a process of root's alone.
 */
bool privilege_drop_to_owner(const char *path);

#endif
