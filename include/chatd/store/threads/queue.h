/*
 * A lock-free ring of records from one producer to one consumer. The consumer reads records in
 * place and frees them only once they are saved, so that records that could not be saved are still
 * there to be tried again.
 *
 * A queue may be grouped. Then the consumer sees only whole groups: the records up to the last
 * queue_end_group. The position that came with the end is in the ring, behind them.
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
	const char *position; /* of the last group that ended between queue_first and here; NULL: none
	                    * did. Valid until queue_drop passes it */
};

/* A queue of that many bytes (a power of two) and at most records_max records. If it is grouped, it
 * keeps some of the bytes for the end of the last group (see queue_end_group). */
struct queue *queue_new(size_t bytes, uint32_t records_max, bool grouped);
void queue_free(struct queue *q);

/* Producer: copies r with its strings. False: full, nothing was taken. */
bool queue_push(struct queue *q, const struct record *r);

/* Producer, grouped: ends the group of all records pushed since the last end. There is always room
 * for that. The position has at most POSITION_BYTES_MAX bytes, and is copied. False: no record was
 * pushed since, and nothing was done. */
bool queue_end_group(struct queue *q, const char *position);
/* Producer: bytes up to the end of the last whole group, since the queue was made: where the
 * consumer's mark is once it has read everything that it can see. */
uint64_t queue_ended_at(const struct queue *q);

/* Either side: more than half of its bytes, or of its records, are in use, also by a group that has
 * not ended. */
bool queue_half_full(struct queue *q);

/* Either side: the number of waiting records that the consumer can see. */
uint64_t queue_waiting(struct queue *q);

/* Either side: true if there are none. */
bool queue_empty(struct queue *q);

/* Consumer: the first record not freed yet. */
struct queue_mark queue_first(const struct queue *q);
/* Consumer: fills r with the record at the mark and moves the mark past it; its strings are valid
 * until queue_drop passes them. False: there is none (yet). */
bool queue_next(struct queue *q, struct queue_mark *mark, struct record *r);
/* Consumer: true if a group ends here; then the mark is moved past that end. */
bool queue_group_ends(struct queue *q, struct queue_mark *mark);
/* Consumer: frees all records before the mark. */
void queue_drop(struct queue *q, const struct queue_mark *mark);

#endif
