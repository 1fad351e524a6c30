/*
 * The ring of records. Owns the bytes that wait, not what they mean; makes no system call.
 *
 * The ring's two positions only grow; their difference is what waits, and each is written by one side.
 * A record never wraps: if it does not fit before the ring's end, an entry of size 0 says that the rest
 * is unused.
 *
 * All orderings are the sequentially consistent ones: the wake-up protocol of the writer relies on
 * them, and an append is far from where it would show.
 */
#include "chatd/store/threads/queue.h"

#include "chatd/base/bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What a record begins with in the ring. The struct record follows, as far as its kind needs it, and
 * then its strings (record_strings), each with its NUL. */
struct entry {
	uint32_t size;          /* bytes up to the next entry; 0: the next is at the ring's start */
	uint32_t record_bytes;  /* of the struct */
};

struct queue {
	char *data;             /* the ring */
	uint64_t size;          /* its bytes, a power of two */
	uint64_t records_max;   /* records that may wait */
	/* Producer and consumer write to different cache lines. */
	_Alignas(64) _Atomic uint64_t head;  /* bytes written; the producer's */
	_Atomic uint64_t pushed; /* records written; the producer's */
	_Alignas(64) _Atomic uint64_t tail;  /* bytes given back; the consumer's */
	_Atomic uint64_t dropped; /* records given back; the consumer's */
};

struct queue *queue_new(size_t bytes, uint32_t records_max)
{
	assert(bytes >= sizeof(struct entry) && (bytes & (bytes - 1)) == 0);
	struct queue *q = mem_aligned(64, sizeof(*q));
	memset(q, 0, sizeof(*q));
	q->data = mem_alloc(bytes);
	q->size = bytes;
	q->records_max = records_max;
	return q;
}

void queue_free(struct queue *q)
{
	if (!q)
		return;
	free(q->data);
	free(q);
}

/* Most records are lines, and theirs is a small member. */
static uint32_t record_bytes(const struct record *r)
{
	bool line = r->kind == RECORD_SAY || r->kind == RECORD_ACTION;
	return (uint32_t)(line ? offsetof(struct record, line) + sizeof(r->line) : sizeof(*r));
}

bool queue_push(struct queue *q, const struct record *r)
{
	struct record copy = *r;
	const char **string[RECORD_STRINGS_MAX];
	size_t string_bytes[RECORD_STRINGS_MAX], n = record_strings(&copy, string);
	struct entry e = { .record_bytes = record_bytes(r) };
	uint64_t bytes = sizeof(e) + e.record_bytes;
	for (size_t i = 0; i < n; i++)
		bytes += string_bytes[i] = strlen(*string[i]) + 1;
	bytes = (bytes + 7) & ~(uint64_t)7;
	uint64_t head = atomic_load(&q->head), tail = atomic_load(&q->tail);
	uint64_t to_end = q->size - (head & (q->size - 1));
	uint64_t skip = bytes > to_end ? to_end : 0;
	uint64_t pushed = atomic_load(&q->pushed);
	if (head + skip + bytes - tail > q->size ||
	    pushed - atomic_load(&q->dropped) >= q->records_max)
		return false;
	e.size = (uint32_t)bytes;
	if (skip)
		memset(q->data + (head & (q->size - 1)), 0, sizeof(e.size));
	char *to = q->data + ((head + skip) & (q->size - 1));
	memcpy(to, &e, sizeof(e));
	memcpy(to + sizeof(e), r, e.record_bytes);
	to += sizeof(e) + e.record_bytes;
	for (size_t i = 0; i < n; to += string_bytes[i++])
		memcpy(to, *string[i], string_bytes[i]);
	atomic_store(&q->pushed, pushed + 1);
	atomic_store(&q->head, head + skip + bytes);
	return true;
}

bool queue_half_full(struct queue *q)
{
	return atomic_load(&q->head) - atomic_load(&q->tail) > q->size / 2 ||
	       atomic_load(&q->pushed) - atomic_load(&q->dropped) > q->records_max / 2;
}

uint64_t queue_waiting(struct queue *q)
{
	return atomic_load(&q->pushed) - atomic_load(&q->dropped);
}

bool queue_empty(struct queue *q)
{
	return atomic_load(&q->head) == atomic_load(&q->tail);
}

struct queue_mark queue_first(const struct queue *q)
{
	return (struct queue_mark){ atomic_load(&q->tail), atomic_load(&q->dropped) };
}

bool queue_next(struct queue *q, struct queue_mark *mark, struct record *r)
{
	struct entry e;
	if (mark->at == atomic_load(&q->head))
		return false;
	const char *p = q->data + (mark->at & (q->size - 1));
	memcpy(&e.size, p, sizeof(e.size));
	if (e.size == 0) {
		mark->at += q->size - (mark->at & (q->size - 1));
		p = q->data;
	}
	memcpy(&e, p, sizeof(e));
	*r = (struct record){ .seq = 0 };
	memcpy(r, p + sizeof(e), e.record_bytes);
	p += sizeof(e) + e.record_bytes;
	const char **string[RECORD_STRINGS_MAX];
	size_t n = record_strings(r, string);
	for (size_t i = 0; i < n; p += strlen(p) + 1)
		*string[i++] = p;
	mark->at += e.size;
	mark->records++;
	return true;
}

void queue_drop(struct queue *q, const struct queue_mark *mark)
{
	/* The count first: the producer must never see room for bytes and none for it. */
	atomic_store(&q->dropped, mark->records);
	atomic_store(&q->tail, mark->at);
}
