/*
 * What a connection still has to get.
 *
 * Owns the outbufs, cuts and stash of a struct conn. Everything here walks the
 * same sequence of pieces (piece_next); gathering looks ahead in it, advancing
 * consumes it, and because later pieces only ever come behind earlier ones,
 * both agree on what the bytes in flight were.
 */

#include "chatd/net/outqueue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"

enum { OUTBUF_BYTES_LEAST = 512 - sizeof(struct outbuf) };

/* Up to where the reader may be shown the feed. */
static uint64_t visible(const struct conn *c)
{
	const struct feed_reader *r = &c->reader;

	if (r->feed == NULL || r->held || r->feed->mark < r->cursor)
		return r->cursor;
	return r->feed->mark;
}

static struct outbuf *outbuf_new(struct conn *c, const char *text, size_t len, uint64_t at,
                                 size_t least)
{
	size_t cap = len > least ? len : least;
	struct outbuf *o = mem_alloc(sizeof *o + cap);

	c->out_held += (uint32_t)(sizeof *o + cap);
	budget_charge(c->budget, sizeof *o + cap);
	*o = (struct outbuf){.at = at, .len = (uint32_t)len, .cap = (uint32_t)cap};
	memcpy(o->data, text, len);
	return o;
}

/* It may hold a one-time code. */
static void outbuf_free(struct conn *c, struct outbuf *o)
{
	c->out_held -= (uint32_t)(sizeof *o + o->cap);
	budget_refund(c->budget, sizeof *o + o->cap);
	explicit_bzero(o->data, o->len);
	free(o);
}

void conn_queue(struct conn *c, const char *text, size_t len)
{
	uint64_t at = visible(c);
	struct outbuf *o = c->out_last;

	c->out_bytes += (uint32_t)len;
	if (o != NULL && o->at == at && o->cap - o->len >= len) {
		memcpy(o->data + o->len, text, len);
		o->len += (uint32_t)len;
		return;
	}
	o = outbuf_new(c, text, len, at, OUTBUF_BYTES_LEAST);
	if (c->out_last == NULL)
		c->out = o;
	else
		c->out_last->next = o;
	c->out_last = o;
}

/* -- the sequence of pieces ---------------------------------------------------------------- */

struct walk {
	struct outbuf *out;      /* next private text */
	uint32_t off;            /* bytes of it that are behind us */
	uint64_t pos;            /* next position of the feed */
	uint32_t cut;            /* next cut */
};

struct piece {
	const char *data;
	size_t len;              /* 0: the end */
	struct feed_chunk *chunk; /* NULL: private text */
};

static struct walk walk_begin(const struct conn *c)
{
	return (struct walk){c->out, c->out_off, c->reader.cursor, c->reader.cut_first};
}

/* The feed's chunk with pos, also one that fell out while it is pinned. */
static struct feed_chunk *chunk_of(const struct conn *c, uint64_t pos)
{
	struct feed *f = c->reader.feed;

	if (pos >= f->start)
		return feed_find(f, pos);
	for (struct feed_chunk *chunk = c->pin_first; chunk != NULL; chunk = chunk->next) {
		if (pos - chunk->base < chunk->used)
			return chunk;
		if (chunk == c->pin_last)
			break;
	}
	return NULL;
}

/* The next piece, without going past it. */
static struct piece piece_next(const struct conn *c, struct walk *w)
{
	const struct feed_reader *r = &c->reader;
	uint64_t end = visible(c), limit;
	struct feed_chunk *chunk;

	while (w->cut < r->ncuts && w->pos >= r->cuts[w->cut].from) {
		if (w->pos < r->cuts[w->cut].to)
			w->pos = r->cuts[w->cut].to;
		w->cut++;
	}
	if (w->out != NULL && (w->out->at <= w->pos || w->pos >= end))
		return (struct piece){w->out->data + w->off, w->out->len - w->off, NULL};
	if (w->pos >= end || (chunk = chunk_of(c, w->pos)) == NULL)
		return (struct piece){NULL, 0, NULL};
	limit = w->out != NULL && w->out->at < end ? w->out->at : end;
	if (w->cut < r->ncuts && r->cuts[w->cut].from < limit)
		limit = r->cuts[w->cut].from;
	if (chunk->base + chunk->used < limit)
		limit = chunk->base + chunk->used;
	return (struct piece){chunk->data + (w->pos - chunk->base), limit - w->pos, chunk};
}

/* Goes past n bytes of the piece that was next. */
static void piece_past(struct walk *w, const struct piece *p, size_t n)
{
	if (p->chunk != NULL) {
		w->pos += n;
	} else if (n == p->len) {
		w->out = w->out->next;
		w->off = 0;
	} else {
		w->off += (uint32_t)n;
	}
}

/* -- sending -------------------------------------------------------------------------------- */

static void pin(struct conn *c, struct feed_chunk *chunk)
{
	if (c->pin_last == chunk)
		return;
	chunk->refs++;
	if (c->pin_first == NULL)
		c->pin_first = chunk;
	/* Chunks follow one another by next, so the first and the last name them all. */
	for (struct feed_chunk *at = c->pin_last == NULL ? chunk : c->pin_last->next; at != chunk;
	     at = at->next)
		at->refs++;
	c->pin_last = chunk;
}

void conn_unpin(struct conn *c)
{
	struct feed_chunk *chunk = c->pin_first, *next;

	while (chunk != NULL) {
		next = chunk == c->pin_last ? NULL : chunk->next;
		feed_chunk_unref(chunk);
		chunk = next;
	}
	c->pin_first = c->pin_last = NULL;
}

uint32_t conn_gather(struct conn *c, struct iovec *iov, uint32_t n)
{
	struct walk w = walk_begin(c);
	const struct feed *f = c->reader.feed;
	size_t bytes = 0, most = SEND_BYTES_MAX;
	uint32_t used = 0;

	/* A send keeps what it reads from for as long as the peer takes nothing. */
	if (f != NULL && budget_is_high(f->budget))
		most = SEND_BYTES_LEAST;
	while (used < n && bytes < most) {
		struct piece p = piece_next(c, &w);
		size_t len = p.len < most - bytes ? p.len : most - bytes;

		if (len == 0)
			break;
		if (p.chunk != NULL)
			pin(c, p.chunk);
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): an iovec knows no const */
		iov[used++] = (struct iovec){(void *)(uintptr_t)p.data, len};
		bytes += len;
		piece_past(&w, &p, len);
	}
	if (used == 0 && w.pos > c->reader.cursor) {
		/* Own lines alone lay ahead: they are passed without a send. */
		c->reader.cursor = w.pos;
		feed_reader_drop_cuts(&c->reader);
	}
	return used;
}

/* What was sent of the feed ends at pos. The rest of a line that is half sent
 * becomes private text: its chunk may fall out before the next send. */
static uint64_t leave_line(struct conn *c, const struct feed_chunk *chunk, uint64_t pos)
{
	uint64_t end = feed_line_end(chunk, pos);
	struct outbuf *o;

	feed_reader_move(&c->reader, chunk, end);
	if (end == pos)
		return 0;
	o = outbuf_new(c, chunk->data + (pos - chunk->base), end - pos, 0, 0);
	o->next = c->out;
	c->out = o;
	if (c->out_last == NULL)
		c->out_last = o;
	c->out_bytes += o->len;
	return o->len;
}

void conn_forget_marks(struct conn *c)
{
	c->nmarks = 0;
}

void conn_mark_begin(struct conn *c)
{
	c->nmarks = 1;
	c->mark[0] = (struct sent_mark){c->sent_bytes + c->out_bytes, c->reader.seq};
}

/* So much was sent, and of the last line `rest` bytes are still to be. */
static void note_sent(struct conn *c, size_t bytes, uint64_t rest)
{
	uint64_t whole;

	c->sent_bytes += bytes;
	whole = c->sent_bytes + rest;
	/* Before the replay is there nothing of the feed is sent. */
	if (c->nmarks == 0 || c->mark[c->nmarks - 1].seq >= c->reader.seq)
		return;
	if (c->nmarks == SENT_MARKS) {
		/* What lies between two that stay counts as the earlier. */
		for (uint32_t i = 0; i < SENT_MARKS / 2; i++)
			c->mark[i] = c->mark[2 * i + 1];
		c->nmarks /= 2;
	}
	/* A jump goes past lines while the rest of an earlier one is still to be sent. */
	if (c->mark[c->nmarks - 1].bytes > whole)
		whole = c->mark[c->nmarks - 1].bytes;
	c->mark[c->nmarks++] = (struct sent_mark){whole, c->reader.seq};
}

struct arrival conn_arrived(const struct conn *c, uint64_t unacked)
{
	uint64_t arrived = c->sent_bytes - (unacked < c->sent_bytes ? unacked : c->sent_bytes);

	if ((unacked == 0 && !conn_has_output(c)) || c->reader.feed == NULL)
		return (struct arrival){.what = ARRIVED_ALL};
	for (uint32_t i = c->nmarks; i-- > 0;)
		if (c->mark[i].bytes <= arrived)
			return (struct arrival){ARRIVED_UP_TO, c->mark[i].seq};
	return (struct arrival){.what = ARRIVED_NOTHING};
}

void conn_advance(struct conn *c, size_t bytes)
{
	size_t all = bytes;
	struct walk w = walk_begin(c);
	const struct feed_chunk *chunk = NULL;
	uint64_t pos = 0, rest = 0;

	while (bytes > 0) {
		struct piece p = piece_next(c, &w);
		size_t n = p.len < bytes ? p.len : bytes;

		assert(n > 0);
		piece_past(&w, &p, n);
		bytes -= n;
		if (p.chunk != NULL) {
			chunk = p.chunk;
			pos = w.pos;
			continue;
		}
		c->out_bytes -= (uint32_t)n;
		while (c->out != w.out) {
			struct outbuf *sent = c->out;

			assert(sent != NULL); /* w.out comes behind it */
			c->out = sent->next;
			outbuf_free(c, sent);
		}
		if (c->out == NULL)
			c->out_last = NULL;
	}
	c->out_off = w.off;
	if (chunk != NULL)
		rest = leave_line(c, chunk, pos);
	/* Past own lines as well. */
	if (c->reader.cursor < w.pos)
		c->reader.cursor = w.pos;
	if (c->reader.ncuts > 0)
		feed_reader_drop_cuts(&c->reader);
	note_sent(c, all, rest);
}

bool conn_has_output(const struct conn *c)
{
	return c->out != NULL || c->reader.cursor < visible(c);
}

/* -- leaving the log -------------------------------------------------------------------------- */

bool conn_fell_behind(const struct conn *c)
{
	const struct feed_reader *r = &c->reader;

	/* What is held back is not missed before it would have been seen. */
	return r->feed != NULL && !r->held &&
	       (r->lost || (r->cursor < r->feed->start && r->cursor < r->feed->mark));
}

void conn_skip(struct conn *c)
{
	struct feed_reader *r = &c->reader;
	uint32_t most = budget_is_high(r->feed->budget) ? CUTS_LEAST : CUTS_MAX;

	feed_skip(r);
	/* Only what was shown can be given up, and each such look costs as much as there are: not
	 * at each cut more. */
	if (r->ncuts - r->cut_first > most && (r->ncuts & (CUTS_LEAST - 1)) == 0)
		feed_reader_fold(r, c->pin_last != NULL ? c->pin_last->base + c->pin_last->used
		                                        : r->cursor);
}

uint32_t conn_leave_feed(struct conn *c, const char *missing, size_t len)
{
	struct walk w = walk_begin(c);
	struct outbuf *first = NULL, **link = &first, *last = NULL, *moved;
	bool behind = conn_fell_behind(c) && missing != NULL;

	if (c->reader.feed == NULL)
		return UINT32_MAX;
	/* The sequence stays the same, byte for byte, for the send in flight counts by
	 * it; only what the feed held is now held here. */
	for (struct piece p; (p = piece_next(c, &w)).len > 0;) {
		moved = p.chunk == NULL ? w.out : outbuf_new(c, p.data, p.len, 0, 0);
		if (p.chunk != NULL)
			c->out_bytes += moved->len;
		piece_past(&w, &p, p.len);
		moved->at = 0;
		moved->next = NULL;
		*link = last = moved;
		link = &moved->next;
	}
	if (behind) {
		*link = last = outbuf_new(c, missing, len, 0, 0);
		link = &last->next;
		c->out_bytes += last->len;
	}
	/* Where the log has moved on already, its private text still comes. */
	for (; w.out != NULL; w.out = moved) {
		moved = w.out->next;
		w.out->at = 0;
		w.out->next = NULL;
		*link = last = w.out;
		link = &last->next;
	}
	if (first != c->out)
		c->out_off = 0;
	c->out = first;
	c->out_last = last;
	return feed_part(&c->reader);
}

static void drop_outbufs(struct conn *c)
{
	while (c->out != NULL) {
		struct outbuf *o = c->out;

		c->out = o->next;
		outbuf_free(c, o);
	}
	c->out_last = NULL;
	c->out_off = c->out_bytes = 0;
}

void conn_discard(struct conn *c)
{
	drop_outbufs(c);
	c->reader.cursor = visible(c);
	if (c->reader.ncuts > 0)
		feed_reader_drop_cuts(&c->reader);
}

void conn_release(struct conn *c)
{
	drop_outbufs(c);
	if (c->stash != NULL)
		explicit_bzero(c->stash, c->stash_len);
	free(c->stash);
	c->stash = NULL;
	c->stash_len = c->stash_off = 0;
}
