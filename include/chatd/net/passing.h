/*
 * Messages with open descriptors, between processes of chatd's (SCM_RIGHTS, unix(7)), over a socket that keeps messages
 * apart (SOCK_SEQPACKET).
 */
#ifndef CHATD_NET_PASSING_H
#define CHATD_NET_PASSING_H

#include <stdbool.h>
#include <stddef.h>

enum { PASSING_FDS_MAX = 2 }; /* descriptors with one message */

/* Sends len bytes, at least one, and n descriptors, which stay the caller's, without waiting. False: nothing was sent,
 * and errno says why; EAGAIN if the other process must take some first. */
bool passing_send(int socket, const void *data, size_t len, const int *fds, int n);

enum passing {
	PASSING_MESSAGE,
	PASSING_NONE,        /* nothing is there now */
	PASSING_END,         /* the other process has closed its end, or errno says what is wrong */
};

/* Takes the next message: *len bytes of at most size, and *n descriptors of at most max, which are the caller's. Both
 * are to be looked at only after PASSING_MESSAGE. A message that had more of either comes without descriptors and with
 * *len = 0. One without a byte and without descriptors is taken for the end. Waits for one if wait. */
enum passing passing_receive(int socket, bool wait, void *data, size_t size, size_t *len, int fds[PASSING_FDS_MAX],
                             int max, int *n);

#endif
