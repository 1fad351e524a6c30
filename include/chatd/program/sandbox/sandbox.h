/*
 * The sandbox: what chatd can no longer do once it has started, even if an intruder controls it.
 *
 * It has three parts, and an intruder would have to break each: Landlock restricts files, seccomp
 * restricts system calls, and the ring of io_uring (uring.c), if there is one, restricts its own operations, which
 * seccomp does not see. Threads inherit the first two, so the sandbox is entered before there are any.
 */
#ifndef CHATD_PROGRAM_SANDBOX_SANDBOX_H
#define CHATD_PROGRAM_SANDBOX_SANDBOX_H

#include "chatd/program/conf/conf.h"
#include "chatd/program/sandbox/syscalls.h"

/* chatd is built with a sanitizer, and so must not enter the sandbox: the leak checker traces the process at its end. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_INSTRUMENTED true
#else
#define SANDBOX_INSTRUMENTED false
#endif

/* Enters the sandbox, for good. Still accessible are the paths that c names, conf_path and
 * users_path (NULL: there is none, or it is not read again). A part that this host does not support
 * is logged; then SANDBOX_YES goes on without it, and SANDBOX_REQUIRE makes this return false. By the
 * sockets handover and cluster it may receive descriptors (-1: there is none). */
bool sandbox_enter(const struct conf *c, const char *conf_path, const char *users_path,
                   const struct syscalls_loop *loop, int handover, int cluster);
/* The same for the TLS process, to which no path stays accessible (syscalls.h). */
bool sandbox_enter_tls(const struct conf *c, const struct syscalls_loop *loop, int handover, int control, int below);
/* The same for the process that serves metrics, which accepts at listener; it cannot change what memory may be used
 * for either. */
bool sandbox_enter_metrics(const struct conf *c, int listener);

/* The folder contains other folders, and so probably the files of other programs, like /etc or a
 * home directory. */
bool sandbox_is_shared(const char *folder);

#endif
