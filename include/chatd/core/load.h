/*
 * What comes out of the store, before the chat takes it in.
 *
 * The core wrote it, but others may have written to the file since, and a disk may have damaged it.
 * So it is checked as what a stranger types is: text is neutralised and cut to its bounds (event.h),
 * names are fit to be names, times are times, and tables are no larger than they may be. What is
 * no good is left out.
 */
#ifndef CHATD_CORE_LOAD_H
#define CHATD_CORE_LOAD_H

#include "chatd/core/chat.h"

/* An answer of which something had to be changed. */
struct loaded_rows {
	struct rows rows;      /* first; its rows are those below */
	struct row *row;       /* owned, like their strings */
};

/* The answer with nothing in it that may not be shown, of a search no line of a room that is not
 * there any more; NULL: it is so as it is. The caller frees it. */
struct loaded_rows *load_rows(const struct chat *c, const struct rows *rows);
/* NULL is fine. */
void load_rows_free(struct loaded_rows *loaded);

#endif
