/*
 * The running chatd: its parts in their order, signals, reload and end.
 */
#ifndef CHATD_PROGRAM_DAEMON_H
#define CHATD_PROGRAM_DAEMON_H

#include "chatd/program/options.h"

/* Exit statuses of the program beside EXIT_SUCCESS and EXIT_FAILURE; systemd's unit does not start
 * it again after these two. */
enum {
	STATUS_USAGE = 2,    /* the command line is wrong */
	STATUS_CONFIG = 78,  /* the configuration is, or names what this host does not have: what
	                      * sysexits.h calls EX_CONFIG */
};

/* Runs until a signal ends it; c changes with every reload. Returns an exit status: EXIT_FAILURE
 * where it broke down, lost lines at its end, or could not start for a reason that may pass;
 * STATUS_CONFIG where that is the configuration's. The log says why. */
int daemon_run(const struct options *o, struct conf *c);

#endif
