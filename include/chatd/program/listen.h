/*
 * What a chatd listens on: the configuration's addresses, and its control socket.
 */
#ifndef CHATD_PROGRAM_LISTEN_H
#define CHATD_PROGRAM_LISTEN_H

#include "chatd/net/listener.h"
#include "chatd/program/conf/conf.h"

/* Opens a listener for each `listen`, in their order, and counts them in n. False: one cannot
 * be had, and the log says why; those before it are open. With host_accounts all users of the host
 * may connect to the unix ones. */
bool listen_all(struct listener *listeners, uint32_t *n, const struct conf *c,
                const struct listener_options *options);

/*
 * Opens the control socket, beside the database, so that "chatd admin" finds it by that. Root and
 * chatd's own user may use it, and whoever comes there administers the chat. False: it cannot be
 * opened, and the log says so; all else works without it.
 */
bool listen_control(struct listener *l, const char *database);

/* Where it lies. False: the database's path is too long for a socket beside it. */
bool listen_control_path(const char *database, char *path, size_t n);

#endif
