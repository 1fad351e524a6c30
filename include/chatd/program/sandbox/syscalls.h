/*
 * The sandbox's part for system calls: seccomp leaves only those that chatd makes.
 */
#ifndef CHATD_PROGRAM_SANDBOX_SYSCALLS_H
#define CHATD_PROGRAM_SANDBOX_SYSCALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/net/listener.h"
#include "chatd/net/ring.h"

/* What the loop needs. With io_uring the ring does it all, and accepts by itself; with epoll there are calls of its
 * own, and accepting is one, which is for these listeners alone. */
struct syscalls_loop {
	enum ring_io io;                 /* not AUTO */
	const struct listener *listeners; /* borrowed for the call, nlisteners of them */
	uint32_t nlisteners;
};

/* Restricts this thread, and those it starts later, for good. By the sockets handover and cluster it may
 * receive descriptors (-1: there is none). False: errno says why it could not. */
bool syscalls_restrict(const struct syscalls_loop *loop, int handover, int cluster);
/* The same for the TLS process, which sends descriptors by the one and receives them by the other. It can shut down only
 * sockets below that number: seccomp sees numbers, and the next TLS process needs those that are not below. Nor can it
 * change the flags of descriptors 0 to 2, whose files others have open. */
bool syscalls_restrict_tls(const struct syscalls_loop *loop, int handover, int control, int below);
/* The same for the process that serves metrics, which accepts at listener and can neither shut it nor set its options. */
bool syscalls_restrict_metrics(int listener);

#endif
