/*
 * What is deleted leaves the file, too.
 */
#ifndef CHATD_STORE_DB_WIPE_H
#define CHATD_STORE_DB_WIPE_H

#include "chatd/store/db/error.h"

struct store;

/* Of the connection that writes. */
struct wipe {
	bool wanted;             /* words of what was deleted may be in the file */
	bool running;            /* and the index is being merged because of that */
	bool again;              /* more was deleted since that began */
};

/*
 * What is deleted by RECORD_DELETE or RECORD_REMOVE, or by pruning once store_wipe_want was called, is
 * to leave the file and its WAL. store_wipes: something is. A step merges about so many pages of the
 * index in a transaction of its own, or is the last, in which the WAL is cut off: that WAITS where
 * somebody reads, and is to be tried again.
 */
enum wipe_step { WIPE_FAILS, WIPE_GOES_ON, WIPE_WAITS, WIPE_DONE };
bool store_wipes(const struct store *s);
void store_wipe_want(struct store *s);
enum wipe_step store_wipe(struct store *s, int pages, struct store_error *err);

/* A line is deleted, within the transaction that is open: it is to leave the file too. */
bool wipe_note(struct store *s);

#endif
