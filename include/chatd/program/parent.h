/*
 * The processes of a chatd with TLS, with metrics or in a cluster: a parent, the chat, the TLS process, and the one that
 * serves metrics.
 *
 * The parent reads no stranger's byte and no database. It keeps what it was started with (root, if that is what it
 * was), and so can do what the others have given up: bind ports, read keys, connect to the engine of a cluster, start
 * again a process that has ended. Without any of these there is one process, the chat's.
 */
#ifndef CHATD_PROGRAM_PARENT_H
#define CHATD_PROGRAM_PARENT_H

#include "chatd/program/options.h"

/* Runs a chatd with as many processes as c asks for, until it has ended. Returns an exit status, as daemon_run
 * does. */
int parent_run(const struct options *o, struct conf *c);

#endif
