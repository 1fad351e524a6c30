/*
 * Is a database sound: its pages, its tables, and the full-text index?
 */
#ifndef CHATD_STORE_DB_INTEGRITY_H
#define CHATD_STORE_DB_INTEGRITY_H

#include "chatd/store/db/error.h"

struct store;

enum integrity {
	INTEGRITY_SOUND,
	INTEGRITY_DAMAGED,       /* problem was called */
	INTEGRITY_UNKNOWN,       /* err says why it could not be checked */
};

/*
 * Checks the database of a connection from outside.h. Does so with a copy in a file without a name next
 * to it, because the index can only be checked by who may write, and because a running chatd must
 * not wait: that is held up no longer than it takes to copy. problem is called with a sentence for
 * each thing that is wrong, up to a hundred.
 */
enum integrity integrity_check(struct store *s, void (*problem)(void *ctx, const char *what), void *ctx,
                               struct store_error *err);

#endif
