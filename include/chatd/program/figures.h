/*
 * What the program knows of itself: the kernel's figures for this process, and those of the TLS process.
 */
#ifndef CHATD_PROGRAM_FIGURES_H
#define CHATD_PROGRAM_FIGURES_H

#include "chatd/core/event.h"
#include "chatd/net/handover.h"
#include "chatd/net/vitals.h"

/* For /stats: sets all but up_ms and memory_max. board NULL: there is no TLS process. Reads /proc, which is no disk, and
 * does not wait; so does the other one. */
void figures_read(const struct board *board, struct figures *f);

/* For the process that serves metrics. */
void figures_tell(const struct board *board, struct vitals *v);

#endif
