/*
 * The sandbox: what chatd can no longer do once it has started, whoever drives it.
 *
 * Three parts, each of which an intruder would have to break: Landlock leaves the files it
 * works with, seccomp the system calls, and the ring (ring.c) the operations; a ring walks
 * past seccomp. Threads inherit the first two, so the sandbox is entered before there are any.
 */
#ifndef CHATD_PROGRAM_SANDBOX_SANDBOX_H
#define CHATD_PROGRAM_SANDBOX_SANDBOX_H

#include "chatd/program/conf/conf.h"

/* Enters it, for good. What stays are the paths of the configuration, its own file and the table
 * of the host's users (NULL: there is none, or nobody reads it again). False: a part is not to be
 * had here and c->sandbox is SANDBOX_REQUIRE; it was logged, as it is with SANDBOX_YES, where
 * chatd goes on without that part. */
bool sandbox_enter(const struct conf *c, const char *conf_path, const char *users_path);

/* The folder holds more than one program's files, as /etc or somebody's home: there are folders in
 * it. */
bool sandbox_is_shared(const char *folder);

#endif
