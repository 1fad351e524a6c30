/*
 * The sandbox's part for system calls: seccomp leaves those that chatd makes.
 */
#ifndef CHATD_PROGRAM_SANDBOX_SYSCALLS_H
#define CHATD_PROGRAM_SANDBOX_SYSCALLS_H

#include <stdbool.h>

/* For good, in this thread and those that it starts. False: errno says why not. */
bool syscalls_restrict(void);

#endif
