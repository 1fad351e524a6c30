/*
 * The files with the certificate and its key: opened by a process that may, read by the one that uses them.
 */
#ifndef CHATD_PROGRAM_CERTIFICATE_H
#define CHATD_PROGRAM_CERTIFICATE_H

#include "chatd/program/conf/conf.h"
#include "chatd/tls/engine.h"

struct certificate_files {
	int certificate, key;  /* descriptors, of the caller's; -1: not open */
};

/* Opens the files that c names. False: problems has a line for each that cannot be. */
bool certificate_open(const struct conf *c, struct certificate_files *files, struct bytes *problems);
void certificate_close(struct certificate_files *files);

/* Reads them into e, which the caller releases. False: problems has a line that says what is wrong. */
bool certificate_read(const struct certificate_files *files, enum tls_version least, struct tls_engine *e,
                      struct bytes *problems);

/* Whether a listener of c has the option tls. */
bool certificate_is_needed(const struct conf *c);
/* What is wrong with them, by opening and reading them now. False: problems has it. */
bool certificate_check(const struct conf *c, struct bytes *problems);
/* The same in a process of its own, so that the key is never in the memory of this one, nor of those forked from it. */
bool certificate_check_apart(const struct conf *c, struct bytes *problems);

#endif
