/*
 * The ring of records. Owns the bytes that wait, not what they mean; makes no system call.
 *
 * The ring's two positions only grow; their difference is what waits, and each is written by one side.
 * A record never wraps: if it does not fit before the ring's end, an entry of size 0 says that the rest
 * is unused. The end of a group is an entry without a record, with the position behind it.
 *
 * All orderings are the sequentially consistent ones: the wake-up protocol of the writer relies on
 * them, and an append is far from where it would show.
 */
#include "chatd/store/threads/queue.h"

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What a record begins with in the ring. The struct record follows, as far as its kind needs it, and
 * then its strings (record_strings), each with its NUL. */
struct entry {
	uint32_t size;          /* bytes up to the next entry; 0: the next is at the ring's start */
	uint32_t record_bytes;  /* of the struct; 0: a group ends, and the position's text follows */
};

enum {
	ENTRY_ALIGN = 8,
	END_BYTES_MAX = ((int)sizeof(struct entry) + POSITION_BYTES_MAX + 1 + ENTRY_ALIGN - 1) / ENTRY_ALIGN *
	                ENTRY_ALIGN,
};

struct queue {
	char *data;             /* the ring */
	uint64_t size;          /* its bytes, a power of two */
	uint64_t records_max;   /* records that may wait */
	bool grouped;           /* the consumer sees what is before `ended`, otherwise before `head` */
	uint64_t spare;         /* bytes that no record may take: the end of a group fits, even if it does
	                         * not fit before the ring's end */
	/* Producer and consumer write to different cache lines. */
	_Alignas(64) _Atomic uint64_t head;  /* bytes written; the producer's */
	_Atomic uint64_t pushed; /* records written; the producer's */
	_Atomic uint64_t ended; /* head after the last end of a group, if grouped; the producer's */
	_Atomic uint64_t ended_pushed; /* records written before it; the producer's */
	_Alignas(64) _Atomic uint64_t tail;  /* bytes given back; the consumer's */
	_Atomic uint64_t dropped; /* records given back; the consumer's */
};

struct queue *queue_new(size_t bytes, uint32_t records_max, bool grouped)
{
	assert(bytes >= sizeof(struct entry) && (bytes & (bytes - 1)) == 0);
	struct queue *q = mem_aligned(64, sizeof(*q));
	memset(q, 0, sizeof(*q));
	q->data = mem_alloc(bytes);
	q->size = bytes;
	q->records_max = records_max;
	q->grouped = grouped;
	q->spare = grouped ? 2 * END_BYTES_MAX : 0;
	assert(q->spare < bytes);
	return q;
}

void queue_free(struct queue *q)
{
	if (!q)
		return;
	free(q->data);
	free(q);
}

_Static_assert(sizeof(struct entry) + sizeof(struct record) + RECORD_STRINGS_MAX + ENTRY_ALIGN <= 512,
               "what a record takes without its text, as bounds.h counts it");

/* Most records are lines, and theirs is a small member. */
static uint32_t record_bytes(const struct record *r)
{
	bool line = r->kind == RECORD_SAY || r->kind == RECORD_ACTION;
	return (uint32_t)(line ? offsetof(struct record, line) + sizeof(r->line) : sizeof(*r));
}

static uint64_t entry_aligned(uint64_t bytes)
{
	return (bytes + ENTRY_ALIGN - 1) & ~(uint64_t)(ENTRY_ALIGN - 1);
}

/* Bytes left unused before an entry of so many bytes. */
static uint64_t entry_skip(const struct queue *q, uint64_t head, uint64_t bytes)
{
	uint64_t to_end = q->size - (head & (q->size - 1));
	return bytes > to_end ? to_end : 0;
}

/* Returns where the rest of the entry is to be written. */
static char *entry_write(struct queue *q, uint64_t head, uint64_t skip, const struct entry *e)
{
	char *to = q->data + ((head + skip) & (q->size - 1));
	if (skip)
		memset(q->data + (head & (q->size - 1)), 0, sizeof(e->size));
	memcpy(to, e, sizeof(*e));
	return to + sizeof(*e);
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
	bytes = entry_aligned(bytes);
	uint64_t head = atomic_load(&q->head), tail = atomic_load(&q->tail);
	uint64_t skip = entry_skip(q, head, bytes);
	uint64_t pushed = atomic_load(&q->pushed);
	if (head + skip + bytes + q->spare - tail > q->size ||
	    pushed - atomic_load(&q->dropped) >= q->records_max)
		return false;
	e.size = (uint32_t)bytes;
	char *to = entry_write(q, head, skip, &e);
	memcpy(to, r, e.record_bytes);
	to += e.record_bytes;
	for (size_t i = 0; i < n; to += string_bytes[i++])
		memcpy(to, *string[i], string_bytes[i]);
	atomic_store(&q->pushed, pushed + 1);
	atomic_store(&q->head, head + skip + bytes);
	return true;
}

bool queue_end_group(struct queue *q, const char *position)
{
	size_t text = strlen(position) + 1;
	struct entry e = { .size = (uint32_t)entry_aligned(sizeof(e) + text) };
	uint64_t head = atomic_load(&q->head), skip = entry_skip(q, head, e.size);
	assert(q->grouped && text <= POSITION_BYTES_MAX + 1);
	if (head == atomic_load(&q->ended))
		return false;
	/* The last record has left room for it. */
	assert(head + skip + e.size - atomic_load(&q->tail) <= q->size);
	memcpy(entry_write(q, head, skip, &e), position, text);
	atomic_store(&q->head, head + skip + e.size);
	/* As in queue_push: what is counted is there. */
	atomic_store(&q->ended_pushed, atomic_load(&q->pushed));
	atomic_store(&q->ended, head + skip + e.size);
	return true;
}

uint64_t queue_ended_at(const struct queue *q)
{
	return atomic_load(&q->ended);
}

bool queue_half_full(struct queue *q)
{
	return atomic_load(&q->head) - atomic_load(&q->tail) > q->size / 2 ||
	       atomic_load(&q->pushed) - atomic_load(&q->dropped) > q->records_max / 2;
}

uint64_t queue_waiting(struct queue *q)
{
	return atomic_load(q->grouped ? &q->ended_pushed : &q->pushed) - atomic_load(&q->dropped);
}

/* Where what the consumer can see ends. */
static uint64_t seen_end(const struct queue *q)
{
	return atomic_load(q->grouped ? &q->ended : &q->head);
}

bool queue_empty(struct queue *q)
{
	return seen_end(q) == atomic_load(&q->tail);
}

struct queue_mark queue_first(const struct queue *q)
{
	return (struct queue_mark){ atomic_load(&q->tail), atomic_load(&q->dropped), NULL };
}

/* The entry at the mark, which is not at the end; returns what follows the struct entry. */
static const char *entry_read(const struct queue *q, struct queue_mark *mark, struct entry *e)
{
	const char *p = q->data + (mark->at & (q->size - 1));
	memcpy(&e->size, p, sizeof(e->size));
	if (e->size == 0) {
		mark->at += q->size - (mark->at & (q->size - 1));
		p = q->data;
	}
	memcpy(e, p, sizeof(*e));
	return p + sizeof(*e);
}

bool queue_group_ends(struct queue *q, struct queue_mark *mark)
{
	struct entry e;
	if (mark->at == seen_end(q))
		return false;
	const char *p = entry_read(q, mark, &e);
	if (e.record_bytes != 0)
		return false;
	mark->position = p;
	mark->at += e.size;
	return true;
}

bool queue_next(struct queue *q, struct queue_mark *mark, struct record *r)
{
	struct entry e;
	if (q->grouped)
		queue_group_ends(q, mark); /* two never follow one another */
	if (mark->at == seen_end(q))
		return false;
	const char *p = entry_read(q, mark, &e);
	*r = (struct record){ .seq = 0 };
	memcpy(r, p, e.record_bytes);
	p += e.record_bytes;
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
