/*
 * What the program knows of itself: the kernel's figures for this process, and those of the TLS process.
 */
#ifndef CHATD_PROGRAM_FIGURES_H
#define CHATD_PROGRAM_FIGURES_H

#include "chatd/core/event.h"
#include "chatd/net/handover.h"
#include "chatd/net/vitals.h"

/* For /stats: sets all but up_ms and memory_max. board NULL: there is no TLS process. Neither of the two waits: what
 * they read is /proc, and no disk. */
void figures_read(const struct board *board, struct figures *f);

/* For the metrics process: sets those figures of v that the program knows. */
void figures_tell(const struct board *board, struct vitals *v);

#endif
