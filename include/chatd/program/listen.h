/*
 * What chatd listens on: the configuration's addresses, and its control socket.
 */
#ifndef CHATD_PROGRAM_LISTEN_H
#define CHATD_PROGRAM_LISTEN_H

#include "chatd/net/listener.h"
#include "chatd/program/activation.h"
#include "chatd/program/conf/conf.h"

/* Opens a listener for each `listen` that has the option tls, or for each that has not, in their order, and
 * counts them in n; where a socket was passed, that is taken. False: one cannot be opened, and the log says why;
 * those before it are open. With host_accounts, all users of the host may connect to the unix sockets that chatd
 * makes. */
bool listen_all(struct listener *listeners, uint32_t *n, const struct conf *c, const struct activation *passed,
                const struct listener_options *options, bool tls);

/* Opens the listener of the metrics (c->metrics). A unix socket is for chatd's user and its group. False: it cannot
 * be opened, and the log says why. */
bool listen_metrics(struct listener *l, const struct conf *c);

/* Logs for which listeners strangers may be able to connect, or to read what passes: those that others
 * than this machine's users can reach, and that encrypt nothing. */
void listen_tell_exposed(const struct conf *c);

/*
 * Opens the control socket, next to the database, where "chatd admin" looks for it. Only root and
 * chatd's own user may use it; connections over it have administrator rights. False: it cannot be
 * opened, and the log says so; everything else works without it.
 */
bool listen_control(struct listener *l, const char *database);

/* Its path. False: the database's path is too long for a socket next to it. */
bool listen_control_path(const char *database, char *path, size_t n);

#endif
