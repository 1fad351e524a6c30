/*
 * The ring of records. Owns the bytes that wait, not what they
 * mean; makes no system call.
 *
 * The ring's two positions only grow; their difference is what waits, and each
 * is written by one side. A record never wraps: where it does not fit before
 * the ring's end, an entry of no size says that the rest is unused.
 *
 * All orderings are the sequentially consistent ones: the wake-up protocol of
 * the writer relies on them, and an append is far from where it would show.
 */
#include "chatd/store/threads/queue.h"

#include "chatd/base/bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A record in the ring; its three strings follow, each with its NUL. */
struct entry {
	uint32_t size;          /* bytes up to the next entry; 0: the next is at the ring's start */
	uint32_t room;          /* as in struct record, like those below */
	uint64_t seq;
	int64_t time_ms;
	uint64_t ref;
	uint32_t kind;
	uint32_t name_bytes;    /* of the room's name with its NUL */
	uint32_t sender_bytes;  /* of the sender with its NUL */
	uint32_t body_bytes;    /* of the body with its NUL */
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

static void entry_write(char *to, const struct entry *e, const struct record *r)
{
	memcpy(to, e, sizeof(*e));
	to += sizeof(*e);
	memcpy(to, r->room_name, e->name_bytes);
	to += e->name_bytes;
	memcpy(to, r->sender, e->sender_bytes);
	to += e->sender_bytes;
	memcpy(to, r->body, e->body_bytes);
}

bool queue_push(struct queue *q, const struct record *r)
{
	struct entry e = {
		.seq = r->seq,
		.room = r->room,
		.time_ms = r->time_ms,
		.ref = r->ref,
		.kind = (uint32_t)r->kind,
		.name_bytes = (uint32_t)strlen(r->room_name) + 1,
		.sender_bytes = (uint32_t)strlen(r->sender) + 1,
		.body_bytes = (uint32_t)strlen(r->body) + 1,
	};
	uint64_t bytes = sizeof(e) + e.name_bytes + e.sender_bytes + e.body_bytes;
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
	entry_write(q->data + ((head + skip) & (q->size - 1)), &e, r);
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
	p += sizeof(e);
	*r = (struct record){
		.seq = e.seq,
		.kind = (enum record_kind)e.kind,
		.room = e.room,
		.time_ms = e.time_ms,
		.ref = e.ref,
		.room_name = p,
		.sender = p + e.name_bytes,
		.body = p + e.name_bytes + e.sender_bytes,
	};
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
