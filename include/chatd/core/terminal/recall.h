/*
 * The lines typed before, which Up brings back.
 */
#ifndef CHATD_CORE_TERMINAL_RECALL_H
#define CHATD_CORE_TERMINAL_RECALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/core/terminal/cleared.h"

/* All zero is a valid empty one. At most EDITOR_HISTORY_LINES, of EDITOR_HISTORY_BYTES. */
struct recall {
	struct cleared lines;  /* the oldest first, each with a NUL */
	uint32_t count;        /* how many */
};

/* Adds a line, the newest; the oldest make room. False: it is empty, too long or the newest already, or
 * has a NUL, and is not added. */
bool recall_add(struct recall *r, const char *text, size_t len);

/* The line so many lines back: 1 is the newest, r->count the oldest. Borrowed until the next
 * recall_add; NUL-terminated. */
const char *recall_line(const struct recall *r, uint32_t back, size_t *len);

void recall_release(struct recall *r);

#endif
