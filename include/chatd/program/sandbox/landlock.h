/*
 * The sandbox's part for files: Landlock leaves those that the configuration names.
 */
#ifndef CHATD_PROGRAM_SANDBOX_LANDLOCK_H
#define CHATD_PROGRAM_SANDBOX_LANDLOCK_H

#include "chatd/program/conf/conf.h"

/* For good, in this thread and those that it starts. The configuration and the table of the host's
 * users stay readable; NULL: there is none. False: errno says why not. */
bool landlock_restrict(const struct conf *c, const char *conf_path, const char *users_path);

#endif
