/*
 * The process that serves metrics and health: what the parent starts it with.
 */
#ifndef CHATD_PROGRAM_METRICS_PROCESS_H
#define CHATD_PROGRAM_METRICS_PROCESS_H

#include <sys/types.h>

#include "chatd/net/vitals.h"
#include "chatd/program/conf/conf.h"

struct metrics_process {
	const struct conf *conf;     /* as of its start; borrowed */
	int listener;                /* open */
	struct vitals *vitals;       /* it gives up writing there */
	pid_t parent;                /* whose end is its own */
};

/* Runs until a signal ends it, or the parent does. To be called in a process of its own. Returns an exit status. */
int metrics_process_run(const struct metrics_process *p);

#endif
