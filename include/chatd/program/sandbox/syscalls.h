/*
 * The sandbox's part for system calls: seccomp leaves only those that chatd makes.
 */
#ifndef CHATD_PROGRAM_SANDBOX_SYSCALLS_H
#define CHATD_PROGRAM_SANDBOX_SYSCALLS_H

#include <stdbool.h>

/* Restricts this thread, and those it starts later, for good. False: errno says why it could
 * not. */
bool syscalls_restrict(void);

#endif
