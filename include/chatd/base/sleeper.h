/*
 * Where a thread sleeps until there is work.
 *
 * It sets `asleep`, looks once more whether there is work, and only then sleeps until its eventfd is
 * written to. A thread that brings work first makes it visible and then claims `asleep` with an exchange. All of
 * these are sequentially consistent, so one of the two comes second and sees what the other did:
 * either the sleeping thread finds the work, or the claim finds it asleep and writes to its
 * eventfd. A late wake-up costs one turn that finds nothing.
 *
 * The same thread may use sleeper_sleep, which never reads the eventfd, and sleeper_poll, which reads it
 * once it is readable.
 */
#ifndef CHATD_BASE_SLEEPER_H
#define CHATD_BASE_SLEEPER_H

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>

/* The place where one thread sleeps. */
struct sleeper {
	int fd;                 /* eventfd that ends the sleep; -1: not open */
	int set;                /* epoll of it alone, edge-triggered, so waking up costs one system call: nobody has to
	                         * read the eventfd */
	_Atomic bool asleep;    /* true while it sleeps or is about to, and nobody has woken it */
};

/* False: errno says why. The caller closes it in either case. */
bool sleeper_open(struct sleeper *s);
void sleeper_close(struct sleeper *s);

/* Makes an eventfd readable. */
void eventfd_signal(int fd);

/* Sleeps until woken, at most timeout_ms (-1: without limit), unless ready says that there is
 * work. */
void sleeper_sleep(struct sleeper *s, int timeout_ms, bool (*ready)(void *ctx), void *ctx);
/* The same for a thread that waits for other descriptors too: fds[1] and on are the caller's, as for
 * poll(2), and fds[0] is filled here. Does not sleep, but sees what the others are ready for, if there is
 * work. */
void sleeper_poll(struct sleeper *s, struct pollfd *fds, nfds_t n, int timeout_ms,
                  bool (*ready)(void *ctx), void *ctx);
/* The fd to write to, or -1 if the thread is awake or already claimed. */
int sleeper_claim(struct sleeper *s);
/* For the threads, not the loop: claims and writes. */
void sleeper_wake(struct sleeper *s);

#endif
