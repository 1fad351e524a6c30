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
	char name[160];      /* "[::]:2323 (IPv4 and IPv6, telnet)", for people */
	bool noted;          /* name ends with notes in parentheses */
	bool telnet;         /* chatd negotiates telnet at once with those who connect (RFC 854) */
	bool proxy;          /* it is for proxies, which say for whom they connect (PROXY protocol) */
	bool tls;            /* the TLS process accepts there */
	bool control;        /* the control socket: for the host's administrators */
	char unix_path[108]; /* the path to remove at the end; "" if there is none */
	uint64_t unix_ino, unix_dev; /* identify our socket: the path is ours while it leads to this
	                              * file */
	int error;           /* errno if opening a TCP listener failed; otherwise 0 */
};

struct listener_options {
	uint32_t keepalive_s;   /* 0: off */
	uint32_t send_timeout_s; /* TCP_USER_TIMEOUT: a peer that acknowledges nothing for this long
	                          * is gone */
};

/* host NULL: every address of the host, IPv4 and IPv6 (only IPv4 if the kernel has no IPv6). Sets
 * TCP_NODELAY, keepalive, OOBINLINE, which accepted sockets inherit. False: problem says what is
 * wrong and what to do. */
bool listener_open_tcp(struct listener *l, const char *host, uint16_t port,
                       const struct listener_options *o, char *problem, size_t n);

/* A unix socket. A stale one, on which nobody listens, is replaced. */
bool listener_open_unix(struct listener *l, const char *path, char *problem, size_t n);

/* A socket that somebody else made, bound and lets listen: TCP or unix. Sets the same options; its
 * name says where it is from. Closing the listener leaves a unix socket's path alone. */
void listener_open_passed(struct listener *l, int fd, const struct listener_options *o);

/* Writes where a socket listens into name (of size n), as `listen` takes it: "[::]:8989",
 * "127.0.0.1:8989", "unix:/path". Returns false if it is neither TCP nor unix, or not a listening
 * socket. */
bool listener_where(int fd, char *name, size_t n);

/* Sets telnet of an open listener, whose name then says so. */
void listener_set_telnet(struct listener *l);
/* The same for proxy, and for tls. */
void listener_set_proxy(struct listener *l);
void listener_set_tls(struct listener *l);

/* On a reload: sets other options for connections accepted from now on. */
void listener_set_options(struct listener *l, const struct listener_options *o);

void listener_close(struct listener *l);

#endif
