/*
 * A batch: the records that the writer thread saves in one transaction.
 */
#ifndef CHATD_STORE_THREADS_BATCH_H
#define CHATD_STORE_THREADS_BATCH_H

#include "chatd/store/db/error.h"
#include "chatd/store/threads/queue.h"

struct writer;

/*
 * Saves what waits within the open transaction, up to BATCH_RECORDS_MAX records, and moves end past it.
 * If the writer is grouped, these are whole groups, so there may be more records, and the newest
 * position that holds for them is saved with them. *prunes becomes true if a record asks for deleting
 * something. False: as for store_save.
 */
bool batch_save(struct writer *w, struct queue_mark *end, bool *prunes, struct store_error *err);

/* Takes the lines before end for the chat log, while they are still in the queue; they are written
 * later. */
void batch_to_chatlog(struct writer *w, const struct queue_mark *end);

#endif
