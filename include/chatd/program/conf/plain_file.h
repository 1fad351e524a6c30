/*
 * Reading a whole file that the operator names: the configuration, and the texts.
 */
#ifndef CHATD_PROGRAM_CONF_PLAIN_FILE_H
#define CHATD_PROGRAM_CONF_PLAIN_FILE_H

#include <stddef.h>

#include "chatd/base/bytes.h"

enum { PLAIN_FILE_WHY_BYTES = 128 };

/*
 * Adds the file's bytes to out, max of them at most, and never waits: a pipe or a device is refused,
 * because it may have no end, and a reload could not read it again. Returns NULL, or why not, as text
 * behind "FILE: ", which may be in why; errno is then that of the failed call, or 0.
 */
const char *plain_file_read(const char *path, size_t max, struct bytes *out, char why[PLAIN_FILE_WHY_BYTES]);

#endif
