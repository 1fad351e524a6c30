/*
 * The configuration's file: "key = value" lines (or "key: value"); '#' and ';' begin a comment line.
 */
#ifndef CHATD_PROGRAM_CONF_CONF_FILE_H
#define CHATD_PROGRAM_CONF_CONF_FILE_H

#include "chatd/program/conf/conf.h"

/*
 * Reads a file into c, over what it has. Every problem is added to problems as one line "file:line:
 * key: what is wrong" (or "file: why it cannot be read"). Only an ordinary file is read, of 1 MiB
 * at most: it never waits. Returns true if there was none. A `listen` in the file replaces the default; several add up.
 */
bool conf_read(struct conf *c, const char *path, struct bytes *problems);

#endif
