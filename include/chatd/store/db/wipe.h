/*
 * Wiping deleted lines from the file.
 */
#ifndef CHATD_STORE_DB_WIPE_H
#define CHATD_STORE_DB_WIPE_H

#include "chatd/store/db/error.h"

struct store;

/* The state of the connection that writes. */
struct wipe {
	bool wanted;             /* words of deleted lines may still be in the file */
	bool running;            /* the index is being merged to wipe them */
	bool again;              /* more lines were deleted since that began, */
	bool pruned;             /* or pruned, which is noted for the next start, and not wanted yet */
};

/*
 * Lines deleted by RECORD_DELETE or RECORD_REMOVE, or by pruning once store_wipe_want was called,
 * are also wiped from the file and its WAL. store_wipes: there is something to wipe. A step merges
 * about that many pages of the index in a transaction of its own. The last step truncates the WAL;
 * it WAITS while there are readers, and must be tried again.
 */
enum wipe_step { WIPE_FAILS, WIPE_GOES_ON, WIPE_WAITS, WIPE_DONE };
bool store_wipes(const struct store *s);
void store_wipe_want(struct store *s);
enum wipe_step store_wipe(struct store *s, int pages, struct store_error *err);

/* Notes, within the open transaction, that a deleted line is to be wiped. */
bool wipe_note(struct store *s);
/* The same for pruned lines, which are wiped once store_wipe_want is called, or after the next start. */
bool wipe_note_pruned(struct store *s);

#endif
