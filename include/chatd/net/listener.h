/*
 * Listening sockets: TCP over IPv4 and IPv6, and unix.
 */
#ifndef CHATD_NET_LISTENER_H
#define CHATD_NET_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct listener {
	int fd;
	char name[160];      /* "[::]:8989 (IPv4 and IPv6)", for people */
	bool control;        /* the control socket: of whoever administers the host */
	char unix_path[108]; /* to be removed at the end; "" otherwise */
	uint64_t unix_ino, unix_dev; /* what lies there is ours while it is this file */
	int error;           /* errno of opening it, where that failed and it is of TCP; else 0 */
};

struct listener_options {
	uint32_t keepalive_s;   /* 0: off */
	uint32_t send_timeout_s; /* TCP_USER_TIMEOUT: unacknowledged for so long: gone */
};

/* host NULL: every address of the host, IPv4 and IPv6 (only IPv4 where the
 * kernel has no IPv6). Sets TCP_NODELAY, keepalive, OOBINLINE, which accepted
 * sockets inherit. False: problem says what is wrong and what to do. */
bool listener_open_tcp(struct listener *l, const char *host, uint16_t port,
                       const struct listener_options *o, char *problem, size_t n);

/* A unix socket. A stale one, to which nobody listens, is replaced. */
bool listener_open_unix(struct listener *l, const char *path, char *problem, size_t n);

/* SIGHUP: other options for what is accepted from now on. */
void listener_set_options(struct listener *l, const struct listener_options *o);

void listener_close(struct listener *l);

#endif
