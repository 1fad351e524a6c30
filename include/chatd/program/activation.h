/*
 * Listening sockets that the service manager has made and passes on: $LISTEN_FDS,
 * sd_listen_fds(3).
 *
 * Each takes the place of the `listen` line with the same address, whose options apply. So
 * connections wait in the kernel while chatd is restarted, and the configuration alone says what
 * chatd does where.
 */
#ifndef CHATD_PROGRAM_ACTIVATION_H
#define CHATD_PROGRAM_ACTIVATION_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/program/conf/conf.h"

struct activation {
	int fd[LISTENERS_MAX]; /* for each of the configuration's `listen`: the socket passed for it;
	                        * -1: none was */
};

/*
 * Finds the `listen` line for each socket passed. To be called before anything is opened. False: one
 * has no such line, or is no listening socket, or LISTEN_FDS is no number; the log says which, and what to
 * do.
 */
bool activation_read(struct activation *a, const struct conf *c);

#endif
