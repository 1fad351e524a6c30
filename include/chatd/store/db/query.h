/*
 * Answers to queries about the history.
 */
#ifndef CHATD_STORE_DB_QUERY_H
#define CHATD_STORE_DB_QUERY_H

#include "chatd/core/event.h"
#include "chatd/store/db/answer.h"

struct store;

/* True for the kinds that read the full-text index. */
static inline bool query_needs_index(enum query_kind kind)
{
	return kind == QUERY_SEARCH || kind == QUERY_UNREAD;
}

/* And for those that may look at very much, and take longer than others. */
static inline bool query_is_search(enum query_kind kind)
{
	return query_needs_index(kind) || kind == QUERY_AUDIT;
}

/*
 * Answers q, which is about the history. NULL never: an error is in rows->error as a
 * sentence for the person who asked. The caller owns the answer and releases it,
 * which clears its texts: they may be secrets.
 */
struct rows *store_query(struct store *s, const struct query *q);
/* The same for kinds that read lines, but NULL where it takes more than so much of the
 * processor's time, or too long for that because it waits for the disk. */
struct rows *store_query_within(struct store *s, const struct query *q, int cpu_ms);

/* The size of the database. */
int64_t store_bytes(struct store *s);
/* Bytes that may still be saved: free on its disk, and in the database itself. UINT64_MAX: not
 * known. */
uint64_t store_free_bytes(struct store *s);

#endif
