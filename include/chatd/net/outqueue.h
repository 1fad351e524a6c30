/*
 * What one connection still has to be sent.
 *
 * It is a sequence of pieces: private text in buffers of its own, and ranges of the feed it reads,
 * in the order in which they became visible. One send is in flight at a time.
 *
 * A connection with a view (terminal.h) is not sent these pieces themselves: it takes them, line by
 * line, and what it makes of them is sent instead.
 */
#ifndef CHATD_NET_OUTQUEUE_H
#define CHATD_NET_OUTQUEUE_H

#include <sys/uio.h>

#include "chatd/core/event.h"
#include "chatd/net/feed.h"

struct watched;

#define OUTBUF_WAITS UINT64_MAX

/* Private text. */
struct outbuf {
	struct outbuf *next;
	uint64_t at;            /* it comes after the feed's bytes before this position; OUTBUF_WAITS:
	                         * it waits until lines are let through (outqueue_let) */
	uint32_t len, cap;      /* bytes in use, and allocated */
	struct line_info info;  /* for a view: LINE_TEXT, or what kind of line this is */
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
	struct watched *watched;    /* owned list; other feeds that it reads (watched.h) */
	struct outbuf *first, *last; /* owned; private text, oldest first */
	uint32_t off;               /* bytes of the first one already sent */
	uint32_t bytes;             /* private bytes not sent */
	bool hold;                  /* the feed's lines, and what waits of the private text, are sent only
	                             * as they are let through (outqueue_let) */
	uint32_t waiting;           /* bytes of the private text that wait */
	uint32_t held;              /* bytes of memory allocated for its private text */
	struct budget *budget;      /* borrowed; for all connections' private text */
	struct feed_chunk *pin_first, *pin_last; /* chunks that the send in flight reads from,
	                                          * oldest and newest; NULL: none */
	bool lines;                 /* a view takes what is visible, line by line */
	char *made;                 /* owned; what the view made of it and is being sent; NULL:
	                             * nothing */
	uint32_t made_len, made_sent; /* its bytes, and how many of them are sent */
	uint64_t sent_bytes;        /* bytes sent in the connection's life */
	uint32_t delivered;         /* lines of its feed and of those it watches that were sent, or taken by the
	                             * view, since this was last set to 0 */
	struct sent_mark mark[SENT_MARKS]; /* nmarks of them, oldest first, since it began reading
	                                    * this feed; the older, the further apart */
	uint32_t nmarks;
	bool mark_due;              /* a view is to mark where the feed begins (outqueue_mark_begin) */
};

/* Adds private text after everything visible now. info: for a view, what kind of line it is; text that
 * is LINE_TEXT may be several lines, or part of one. */
void outqueue_add(struct outqueue *q, const char *text, size_t len, struct line_info info);

/* The same for text that the person has not just asked for: while lines are held, it waits too, up to
 * HOLD_BYTES of it. Text that does not wait lets what waits before it through. */
void outqueue_add_waiting(struct outqueue *q, const char *text, size_t len, struct line_info info);

/* Holds lines from here on, or not any more. */
void outqueue_hold(struct outqueue *q, bool hold);
/* Lets through what is visible now. */
void outqueue_let(struct outqueue *q);

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

/* From now on a view takes what is visible, or does not any more. */
void outqueue_view(struct outqueue *q, bool lines);

/* A line of its feed at position pos, or private text (pos UINT64_MAX); borrowed for the call. Returns how
 * many of its bytes are taken; of a line all or none. */
typedef size_t outqueue_line(void *ctx, const char *text, size_t len, struct line_info info, uint64_t pos);

/* Hands what is visible over to `line`, in order, until at least `most` bytes were taken, or not all of what
 * was handed over; it is not sent any more. Not while a send is in flight, nor while something made is. */
void outqueue_take(struct outqueue *q, size_t most, outqueue_line *line, void *ctx);
/* Drops the private text that is visible, but for what nobody asked for: messages, and what `waits` said;
 * and protocol. Returns whether there was any. */
bool outqueue_cut(struct outqueue *q);
/* What was made of all that was taken: it is copied, and sent before anything else. With it everything up to
 * the record seq is sent (SEQ_UNKNOWN: that is not known). */
#define SEQ_UNKNOWN UINT64_MAX
void outqueue_made(struct outqueue *q, const char *made, size_t len, uint64_t seq);

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

/* Drops everything that was shown and is not sent yet, held back or not. Not while a send is in flight. */
void outqueue_discard(struct outqueue *q);

/* Frees the private text, once the kernel has let go of it. */
void outqueue_release(struct outqueue *q);

#endif
