/*
 * Checks what comes out of the store before the chat uses it.
 *
 * The core wrote it, but others may have written to the file since, or a disk may have damaged it.
 * So it is checked like what a stranger types: text is sanitized and cut to its bounds (event.h),
 * names must be usable as names and times must be times, and no table grows beyond its bound.
 * Whatever fails is left out.
 */
#ifndef CHATD_CORE_LOAD_H
#define CHATD_CORE_LOAD_H

#include "chatd/core/chat.h"

/* A corrected copy of an answer. */
struct loaded_rows {
	struct rows rows;      /* must be first; its rows are those in row */
	struct row *row;       /* owned, and so are their strings */
};

/* Returns a copy of the answer without anything that may not be shown, and, for a search, without
 * lines of rooms that no longer exist; NULL: the answer is fine as it is. The caller frees the copy
 * with load_rows_free. */
struct loaded_rows *load_rows(const struct chat *c, const struct rows *rows);
/* loaded may be NULL. */
void load_rows_free(struct loaded_rows *loaded);

#endif
