/*
 * The file with the engine's password (cluster_password_file).
 */
#ifndef CHATD_PROGRAM_CLUSTER_PASSWORD_H
#define CHATD_PROGRAM_CLUSTER_PASSWORD_H

#include <stdbool.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"

/* Reads it; password is the caller's to clear (explicit_bzero). False: problems has a line that says why it cannot be
 * used, and password is cleared. The file must be closed to other users of the host, and have one line. */
bool cluster_password_read(const char *path, char password[CLUSTER_PASSWORD_BYTES_MAX + 1], struct bytes *problems);

/* What is wrong with it, by reading it now. False: problems has it. */
bool cluster_password_check(const char *path, struct bytes *problems);

#endif
