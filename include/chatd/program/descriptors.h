/*
 * File descriptors: one for each connection, and some for everything else.
 */
#ifndef CHATD_PROGRAM_DESCRIPTORS_H
#define CHATD_PROGRAM_DESCRIPTORS_H

#include "chatd/program/conf/conf.h"

/* Lowers connections_max to what the hard limit allows. */
void descriptors_cap(struct conf *c);

/* Raises the soft limit to fit connections_max. False: the hard limit is too
 * low; the log says what is missing. */
bool descriptors_raise(const struct conf *c);
/* The same for the TLS process, which inherits it from whoever calls this. */
bool descriptors_raise_tls(const struct conf *c);
/* In the TLS process all that is opened for clients has descriptors below this; from it on, there is room for what it
 * needs for as long as it lives. */
int descriptors_tls_below(const struct conf *c);

#endif
