/*
 * How a value of each type (enum conf_type) is read and shown. For conf.c.
 */
#ifndef CHATD_PROGRAM_CONF_CONF_TYPE_H
#define CHATD_PROGRAM_CONF_CONF_TYPE_H

#include "chatd/program/conf/conf.h"

/* Reads value into k's field of c; a CONF_LISTEN is added to those there are.
 * False: why is a sentence without its end, and the field is as it was. */
bool conf_type_read(struct conf *c, const struct conf_key *k, const char *value, char *why,
                    size_t n);

/* Adds to out what would be written in the file; "none" for no path. */
void conf_type_show(const struct conf *c, const struct conf_key *k, struct bytes *out);

/* Exchanges k's field of two configurations; not of CONF_LISTEN. */
void conf_type_swap(struct conf *a, struct conf *b, const struct conf_key *k);

#endif
