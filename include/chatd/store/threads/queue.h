/*
 * A lock-free ring of records from one producer to one consumer. The consumer reads records in
 * place and frees them only once they are saved, so that records that could not be saved are still
 * there to be tried again.
 */
#ifndef CHATD_STORE_THREADS_QUEUE_H
#define CHATD_STORE_THREADS_QUEUE_H

#include "chatd/core/event.h"

#include <stdatomic.h>

struct queue;

/* How far the consumer has read; starts at queue_first. */
struct queue_mark {
	uint64_t at;       /* bytes since the queue was made */
	uint64_t records;  /* records since then */
};

/* A queue of that many bytes (a power of two) and at most records_max records. */
struct queue *queue_new(size_t bytes, uint32_t records_max);
void queue_free(struct queue *q);

/* Producer: copies r with its strings. False: full, nothing was taken. */
bool queue_push(struct queue *q, const struct record *r);

/* Either side: more than half of its bytes, or of its records, are in use. */
bool queue_half_full(struct queue *q);

/* Either side: the number of waiting records. */
uint64_t queue_waiting(struct queue *q);

/* Either side: true if no record is waiting. */
bool queue_empty(struct queue *q);

/* Consumer: the first record not freed yet. */
struct queue_mark queue_first(const struct queue *q);
/* Consumer: fills r with the record at the mark and moves the mark past it; its strings are valid
 * until queue_drop passes them. False: there is none (yet). */
bool queue_next(struct queue *q, struct queue_mark *mark, struct record *r);
/* Consumer: frees all records before the mark. */
void queue_drop(struct queue *q, const struct queue_mark *mark);

#endif
