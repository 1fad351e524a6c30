/*
 * The running chatd: its parts in their order, signals, reload and end.
 */
#ifndef CHATD_DAEMON_H
#define CHATD_DAEMON_H

#include "chatd/options.h"

/* Makes c of the defaults, the file and the options; release it in the end.
 * False: problems has a line for each thing that is wrong in the file. */
bool daemon_configure(const struct options *o, struct conf *c, struct bytes *problems);

/* Runs until a signal ends it; c changes with every reload. False: it could not
 * start, broke down, or lost lines at its end; the log says why. */
bool daemon_run(const struct options *o, struct conf *c);

#endif
