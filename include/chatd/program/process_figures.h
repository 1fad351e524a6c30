/*
 * What the kernel counts for this process.
 */
#ifndef CHATD_PROGRAM_PROCESS_FIGURES_H
#define CHATD_PROGRAM_PROCESS_FIGURES_H

#include <stdint.h>

struct process_figures {
	uint64_t resident_bytes, virtual_bytes; /* 0: not known */
	uint64_t fds;         /* open descriptors; 0: not known, before Linux 6.2 */
	uint64_t fds_max;     /* how many it may have; 0: not known */
	int64_t cpu_us;       /* microseconds of CPU time of all its threads */
};

/* Reads /proc, which is no disk, and does not wait. */
void process_figures_read(struct process_figures *f);

#endif
