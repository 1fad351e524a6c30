/*
 * Text for a terminal that nobody has sanitized: paths, what the system and SQLite say, what
 * stands in a file.
 */
#ifndef CHATD_BASE_GUARD_H
#define CHATD_BASE_GUARD_H

#include <stddef.h>

/*
 * Puts a '?' in the place of each byte that a terminal might take for more than text: control
 * characters (C0, DEL, C1), bytes that are not UTF-8, characters that nobody sees or that turn the
 * direction of others. Allocates nothing, takes no lock.
 */
void guard_text(char *s, size_t len);

#endif
