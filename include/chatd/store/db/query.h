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

/* True for the kinds that may look at very many lines, and take longer than others. */
static inline bool query_is_search(enum query_kind kind)
{
	return query_needs_index(kind) || kind == QUERY_AUDIT;
}

/*
 * Answers q, a query about the history. Never NULL: an error is in rows->error, as a sentence for
 * the person who asked. The caller owns the answer and releases it, which clears its texts: they
 * may be secrets.
 */
struct rows *store_query(struct store *s, const struct query *q);
/* The same for kinds that read lines, but NULL if it takes more than cpu_ms of processor time, or
 * too long because it waits for the disk. */
struct rows *store_query_within(struct store *s, const struct query *q, int cpu_ms);

/* The size of the database, in bytes. */
int64_t store_bytes(struct store *s);
/* Bytes that can still be saved: free on the disk; if that is less than `enough`, plus what is free within the
 * database. UINT64_MAX: not known. */
uint64_t store_free_bytes(struct store *s, uint64_t enough);

#endif
