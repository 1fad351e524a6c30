/*
 * The running chatd: starting its parts in order, signals, reloads and the shutdown.
 */
#ifndef CHATD_PROGRAM_DAEMON_H
#define CHATD_PROGRAM_DAEMON_H

#include "chatd/net/handover.h"
#include "chatd/net/vitals.h"
#include "chatd/net/listener.h"
#include "chatd/program/activation.h"
#include "chatd/program/options.h"

/* Exit statuses of the program in addition to EXIT_SUCCESS and EXIT_FAILURE; the systemd unit does
 * not restart chatd after these two. */
enum {
	STATUS_USAGE = 2,    /* the command line is wrong */
	STATUS_DATA = 65,    /* a command found its data wrong, the file of an import or a database that it
	                      * checks: EX_DATAERR of sysexits.h; chatd itself never ends with it */
	STATUS_CONFIG = 78,  /* the configuration is wrong, or names what this host does not have:
	                      * EX_CONFIG of sysexits.h */
};

/* What the chat has of the other processes. */
struct siblings {
	int handover;        /* the socket by which connections are handed over (net/handover.h); -1: none are */
	struct board *board; /* with nslots places; NULL: there is no TLS process */
	uint32_t nslots;
	int parent;          /* the socket to the parent, which does not block: when the parent closes it the chat
	                      * ends, and a message to the parent asks it to reload as well */
	const struct listener *listeners; /* borrowed, nlisteners of them, those with tls: only their names are of use */
	uint32_t nlisteners;
	struct vitals *vitals; /* borrowed; NULL: no process serves metrics */
	const char *metrics; /* where, if one does: a listener's name */
	const struct activation *passed; /* borrowed; the sockets that the parent was passed */
	int cluster;         /* the socket by which the parent passes connections to the engine (cluster_connect.h);
	                      * -1: there is no cluster */
	char *cluster_password; /* borrowed; of the engine's; "": none. The one copy of it that is left: to be cleared once
	                      * the engine has its own */
};

/* Runs until a signal or /shutdown ends it; c changes with every reload. siblings NULL: there are none. Returns an
 * exit status: EXIT_FAILURE if it broke down, lost lines at its end, or could not start for a reason that may pass;
 * STATUS_CONFIG if it could not start because of the configuration. The log says why. */
int daemon_run(const struct options *o, struct conf *c, const struct siblings *siblings);

#endif
