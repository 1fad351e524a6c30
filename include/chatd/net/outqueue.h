/*
 * Connections: slots, lifetimes, and what each still has to be sent.
 *
 * What a connection has to get is a sequence of pieces: private text in
 * buffers of its own, and ranges of the feed that it reads, in the order in
 * which they became visible. One send is in flight at a time. A slot is used
 * again only when nothing of it is in the kernel any more.
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

enum conn_state {
	CONN_FREE,      /* the slot is in the free list */
	CONN_OPEN,      /* the core knows it, or is being asked whether it may come */
	CONN_DRAINING,  /* the core has forgotten it; what is queued still goes out */
	CONN_LINGERING, /* all is sent and our end is shut; waits for the peer's */
	CONN_DEAD,      /* shut both ways; waits for the kernel to let go */
};

enum { SENT_MARKS = 16 }; /* of one connection */

/* When so many bytes of a connection's life had arrived, its room's log had up to this record. */
struct sent_mark {
	uint64_t bytes;
	uint64_t seq;
};

struct conn {
	int fd;                     /* -1 while FREE */
	uint32_t slot;              /* its own index */
	uint32_t gen;               /* raised at the end of each life; starts at 1 */
	enum conn_state state;
	bool receiving;             /* true exactly while a recv is in flight */
	bool sending;               /* true exactly while a send is in flight */
	bool eof;                   /* the peer has sent its last byte */
	bool deaf;                  /* the peer has reset its end: it is sent nothing more, but what
	                             * it said before is still taken */
	bool slow;                  /* between EVENT_SLOW and EVENT_DRAINED */
	bool dirty;                 /* true exactly while in the server's list to flush */
	bool resuming;              /* true exactly while in the list to offer the stash again */
	bool pressed;               /* true exactly while in the list that waits for the store */
	bool waiting;               /* its input waits for the store, since waits_ms */
	bool starved;               /* true exactly while in the list that waits for a buffer */
	bool dropped;               /* while DRAINING: its end does not wait for the peer's (EFFECT_DROP) */
	struct arrival arrived;     /* what it had got by then, or when the end began */
	struct feed_reader reader;  /* its place in its room's feed */
	uint64_t sent_bytes;        /* in its life */
	struct sent_mark mark[SENT_MARKS]; /* nmarks of them, oldest first, since it reads this feed;
	                             * the older, the further apart */
	uint32_t nmarks;
	struct outbuf *out, *out_last; /* private text, oldest first */
	uint32_t out_off;           /* bytes of the first one that are sent */
	uint32_t out_bytes;         /* private bytes not sent */
	uint32_t out_held;          /* bytes of memory that its private text takes */
	struct budget *budget;        /* borrowed; of all connections' private text */
	struct feed_chunk *pin_first, *pin_last; /* chunks that the send in flight reads, oldest to
	                             * newest; NULL: none */
	char *stash;                /* owned; bytes received that the core has not taken */
	uint32_t stash_len, stash_off;
	int64_t since_ms;           /* of the send in flight, or of LINGERING: begin or last progress */
	int64_t drain_ms;           /* when it began to end, from DRAINING on */
	uint32_t ignored;           /* bytes received since then */
	int64_t waits_ms;           /* since when, while waiting */
	int64_t told_ms;            /* when it was last told that it waits; 0: never */
	uint32_t next_free;         /* while FREE */
};

/* Adds private text, to come after what is visible now. */
void conn_queue(struct conn *c, const char *text, size_t len);

/* The line last published to its feed is not for it. */
void conn_skip(struct conn *c);

/*
 * The next pieces to send, at most n and SEND_BYTES_MAX bytes; 0: nothing. The
 * chunks that they lie in are pinned until conn_unpin. Not while sending.
 */
uint32_t conn_gather(struct conn *c, struct iovec *iov, uint32_t n);

/* The first bytes of that were sent. Afterwards the reader is at a line's
 * beginning: the rest of a line that is half sent is private text. */
void conn_advance(struct conn *c, size_t bytes);
void conn_unpin(struct conn *c);

/* What has arrived of its feed, in whole lines, with so many of the bytes that were sent not
 * acknowledged; perhaps a little more. */
struct arrival conn_arrived(const struct conn *c, uint64_t unacked);

/* It begins to read another feed; and what it was to get before that (the replay) is queued. */
void conn_forget_marks(struct conn *c);
void conn_mark_begin(struct conn *c);

/* Something is to be sent that is visible. */
bool conn_has_output(const struct conn *c);

/* True if the feed's log has moved past the reader, or it is lost: it must jump
 * (feed_reader_jump) before the next conn_gather. */
bool conn_fell_behind(const struct conn *c);

/* Ends its reading of the feed: what it could see becomes private text, or what the log still has
 * of that and then, where it fell behind, `missing` (NULL: nothing). Returns the slot whose
 * reader index changed (UINT32_MAX: none). */
uint32_t conn_leave_feed(struct conn *c, const char *missing, size_t len);

/* Gives up what it still has to get that is visible. Not while sending. */
void conn_discard(struct conn *c);

/* Frees what it owns, after the kernel has let go. */
void conn_release(struct conn *c);

#endif
