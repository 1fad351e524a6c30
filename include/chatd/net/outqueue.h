/*
 * What one connection still has to be sent.
 *
 * It is a sequence of pieces: private text in buffers of its own, and ranges of the feed it reads,
 * in the order in which they became visible. One send is in flight at a time.
 */
#ifndef CHATD_NET_OUTQUEUE_H
#define CHATD_NET_OUTQUEUE_H

#include <sys/uio.h>

#include "chatd/core/event.h"
#include "chatd/net/feed.h"

/* Private text. */
struct outbuf {
	struct outbuf *next;
	uint64_t at;            /* it comes after the feed's bytes before this position */
	uint32_t len, cap;      /* bytes in use, and allocated */
	char data[];
};

enum { SENT_MARKS = 16 }; /* of one connection */

/* Once this many bytes of a connection's life have arrived, so has its room's log up to this
 * record. */
struct sent_mark {
	uint64_t bytes;
	uint64_t seq;
};

/* All zero: nothing to send, and no feed is read. */
struct outqueue {
	struct feed_reader reader;  /* its position in its room's feed */
	struct outbuf *first, *last; /* owned; private text, oldest first */
	uint32_t off;               /* bytes of the first one already sent */
	uint32_t bytes;             /* private bytes not sent */
	uint32_t held;              /* bytes of memory allocated for its private text */
	struct budget *budget;      /* borrowed; for all connections' private text */
	struct feed_chunk *pin_first, *pin_last; /* chunks that the send in flight reads from,
	                                          * oldest and newest; NULL: none */
	uint64_t sent_bytes;        /* bytes sent in the connection's life */
	struct sent_mark mark[SENT_MARKS]; /* nmarks of them, oldest first, since it began reading
	                                    * this feed; the older, the further apart */
	uint32_t nmarks;
};

/* Adds private text after everything visible now. */
void outqueue_add(struct outqueue *q, const char *text, size_t len);

/* Leaves out the line last published to its feed. */
void outqueue_skip(struct outqueue *q);

/*
 * Fills iov with the next pieces to send, at most n and SEND_BYTES_MAX bytes, and returns their
 * number; 0: there are none. Their chunks are pinned until outqueue_unpin. Not while a send is in
 * flight.
 */
uint32_t outqueue_gather(struct outqueue *q, struct iovec *iov, uint32_t n);

/* The first bytes of that were sent. Afterwards the reader is at the beginning of a line: the rest
 * of a half-sent line becomes private text. */
void outqueue_advance(struct outqueue *q, size_t bytes);
void outqueue_unpin(struct outqueue *q);

/* How much of its feed has arrived, in whole lines, if unacked of the bytes sent are not
 * acknowledged; perhaps slightly more. */
struct arrival outqueue_arrived(const struct outqueue *q, uint64_t unacked);

/* Forgets the marks: it begins to read another feed, and what comes before that (the replay) is
 * queued. */
void outqueue_forget_marks(struct outqueue *q);
void outqueue_mark_begin(struct outqueue *q);

/* There is something visible to send. */
bool outqueue_has_output(const struct outqueue *q);

/* True if the feed's log has moved past the reader, or it is lost: it must jump
 * (feed_reader_jump) before the next outqueue_gather. */
bool outqueue_fell_behind(const struct outqueue *q);

/* Leaves the feed: what it could see becomes private text; if it fell behind, as much of that as
 * the log still has, and then `missing` (NULL: nothing). Returns the slot whose reader index
 * changed (UINT32_MAX: none). */
uint32_t outqueue_leave_feed(struct outqueue *q, const char *missing, size_t len);

/* Drops everything visible that is not sent yet. Not while a send is in flight. */
void outqueue_discard(struct outqueue *q);

/* Frees the private text, once the kernel has let go of it. */
void outqueue_release(struct outqueue *q);

#endif
