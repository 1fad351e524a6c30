/*
 * The sandbox's part for files: Landlock leaves access only to those that the configuration names.
 */
#ifndef CHATD_PROGRAM_SANDBOX_LANDLOCK_H
#define CHATD_PROGRAM_SANDBOX_LANDLOCK_H

#include "chatd/program/conf/conf.h"

/* Restricts this thread, and those it starts later, for good. The files at conf_path and users_path
 * stay readable (NULL: there is none). c NULL: no file at all stays. False: errno says why it could
 * not. */
bool landlock_restrict(const struct conf *c, const char *conf_path, const char *users_path);

#endif
