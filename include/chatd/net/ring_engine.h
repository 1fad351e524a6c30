/*
 * What ring.c asks of an engine, io_uring (uring.c) or epoll (epoll.c). Only these three files
 * include it.
 */
#ifndef CHATD_NET_RING_ENGINE_H
#define CHATD_NET_RING_ENGINE_H

#include "chatd/net/ring.h"

enum {
	RANDOM_BATCH = 32, /* numbers requested from the kernel at once: getrandom(2) returns up to 256
	                    * bytes without interruption */
};

/* Each function does what the one of that name in ring.h promises. */
struct ring_engine {
	enum ring_io io;
	/* NULL: *error is the errno of the step that failed, and nothing is left of the others. */
	struct ring *(*begin)(uint32_t buffers, uint32_t buffer_bytes, int *error);
	void (*end)(struct ring *r);
	void (*accept)(struct ring *r, uint32_t slot, uint32_t gen, int fd);
	void (*poll)(struct ring *r, uint32_t slot, uint32_t gen, int fd);
	void (*recv)(struct ring *r, uint32_t slot, uint32_t gen, int fd);
	void (*send)(struct ring *r, uint32_t slot, uint32_t gen, int fd, const struct iovec *iov, uint32_t n);
	void (*cancel_accept)(struct ring *r, uint32_t slot, uint32_t gen);
	void (*wake)(struct ring *r, int fd);
	void (*buffer_return)(struct ring *r, uint32_t buffer); /* cleared already */
	bool (*wait)(struct ring *r, int64_t wait_ms);
	bool (*next)(struct ring *r, struct ring_completion *c);
	void (*close)(struct ring *r, int fd);
};

extern const struct ring_engine ring_uring, ring_epoll;

/* What both have; the first member of an engine's own. */
struct ring {
	const struct ring_engine *engine;
	char *buffers;                 /* nbuffers of buffer_bytes each */
	uint32_t nbuffers, buffer_bytes;
	uint64_t random[RANDOM_BATCH]; /* nrandom of them are still unused */
	uint32_t nrandom;
};

#endif
