/*
 * What one connection still has to be sent.
 *
 * It is a sequence of pieces: private text in buffers of its own, and ranges of
 * the feed that it reads, in the order in which they became visible. One send
 * is in flight at a time.
 */
#ifndef CHATD_NET_OUTQUEUE_H
#define CHATD_NET_OUTQUEUE_H

#include <sys/uio.h>

#include "chatd/core/event.h"
#include "chatd/net/feed.h"

/* Private text. */
struct outbuf {
	struct outbuf *next;
	uint64_t at;            /* comes after the feed's bytes before this position */
	uint32_t len, cap;      /* bytes in use, and allocated */
	char data[];
};

enum { SENT_MARKS = 16 }; /* of one connection */

/* When so many bytes of a connection's life had arrived, its room's log had up to this record. */
struct sent_mark {
	uint64_t bytes;
	uint64_t seq;
};

/* All zero: nothing to send, and no feed is read. */
struct outqueue {
	struct feed_reader reader;  /* its place in its room's feed */
	struct outbuf *first, *last; /* owned; private text, oldest first */
	uint32_t off;               /* bytes of the first one that are sent */
	uint32_t bytes;             /* private bytes not sent */
	uint32_t held;              /* bytes of memory that its private text takes */
	struct budget *budget;      /* borrowed; of all connections' private text */
	struct feed_chunk *pin_first, *pin_last; /* chunks that the send in flight reads, oldest to
	                             * newest; NULL: none */
	uint64_t sent_bytes;        /* in the connection's life */
	struct sent_mark mark[SENT_MARKS]; /* nmarks of them, oldest first, since it reads this feed;
	                             * the older, the further apart */
	uint32_t nmarks;
};

/* Adds private text, to come after what is visible now. */
void outqueue_add(struct outqueue *q, const char *text, size_t len);

/* The line last published to its feed is not for it. */
void outqueue_skip(struct outqueue *q);

/*
 * The next pieces to send, at most n and SEND_BYTES_MAX bytes; 0: nothing. The
 * chunks that they lie in are pinned until outqueue_unpin. Not while sending.
 */
uint32_t outqueue_gather(struct outqueue *q, struct iovec *iov, uint32_t n);

/* The first bytes of that were sent. Afterwards the reader is at a line's
 * beginning: the rest of a line that is half sent is private text. */
void outqueue_advance(struct outqueue *q, size_t bytes);
void outqueue_unpin(struct outqueue *q);

/* What has arrived of its feed, in whole lines, with so many of the bytes that were sent not
 * acknowledged; perhaps a little more. */
struct arrival outqueue_arrived(const struct outqueue *q, uint64_t unacked);

/* It begins to read another feed; and what it was to get before that (the replay) is queued. */
void outqueue_forget_marks(struct outqueue *q);
void outqueue_mark_begin(struct outqueue *q);

/* Something is to be sent that is visible. */
bool outqueue_has_output(const struct outqueue *q);

/* True if the feed's log has moved past the reader, or it is lost: it must jump
 * (feed_reader_jump) before the next outqueue_gather. */
bool outqueue_fell_behind(const struct outqueue *q);

/* Ends its reading of the feed: what it could see becomes private text, or what the log still has
 * of that and then, where it fell behind, `missing` (NULL: nothing). Returns the slot whose
 * reader index changed (UINT32_MAX: none). */
uint32_t outqueue_leave_feed(struct outqueue *q, const char *missing, size_t len);

/* Gives up what it still has to get that is visible. Not while sending. */
void outqueue_discard(struct outqueue *q);

/* Frees the private text, after the kernel has let go. */
void outqueue_release(struct outqueue *q);

#endif
