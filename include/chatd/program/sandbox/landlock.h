/*
 * The sandbox's part for files: Landlock leaves those that the configuration names.
 */
#ifndef CHATD_PROGRAM_SANDBOX_LANDLOCK_H
#define CHATD_PROGRAM_SANDBOX_LANDLOCK_H

#include "chatd/program/conf/conf.h"

/* For good, in this thread and those that it starts. conf_path may be NULL. False: errno says why
 * not. */
bool landlock_restrict(const struct conf *c, const char *conf_path);

#endif
