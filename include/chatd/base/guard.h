/*
 * Making text safe for a terminal that nobody has sanitized: paths, messages of the system and of
 * SQLite, the contents of a file.
 */
#ifndef CHATD_BASE_GUARD_H
#define CHATD_BASE_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Replaces with '?' each byte that a terminal might take for more than text: control characters
 * (C0, DEL, C1), bytes that are not UTF-8, and characters that are invisible or change the
 * direction of others. Allocates nothing, takes no lock.
 */
void guard_text(char *s, size_t len);

/* A terminal might take this code point for more than text, by itself: guard_text replaces it. */
bool guard_hides(uint32_t cp);

#endif
