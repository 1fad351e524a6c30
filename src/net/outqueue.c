/*
 * What a connection still has to be sent.
 *
 * Owns the private text, and the reader with its cuts. Everything here walks the same sequence of
 * pieces (piece_next); gathering looks ahead in it, advancing consumes it, and because new pieces
 * only ever come after earlier ones, both agree on what the bytes in flight were.
 */

#include "chatd/net/outqueue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"

enum { OUTBUF_BYTES_LEAST = 512 - sizeof(struct outbuf) };

/* The position up to which the reader may be shown the feed. */
static uint64_t visible(const struct outqueue *q)
{
	const struct feed_reader *r = &q->reader;
	uint64_t end;

	if (r->feed == NULL || r->held)
		return r->cursor;
	end = q->hold && r->let < r->feed->mark ? r->let : r->feed->mark;
	return end > r->cursor ? end : r->cursor;
}

static struct outbuf *outbuf_new(struct outqueue *q, const char *text, size_t len, uint64_t at,
                                 size_t least, struct line_info info)
{
	size_t cap = len > least ? len : least;
	struct outbuf *o = mem_alloc(sizeof *o + cap);

	q->held += (uint32_t)(sizeof *o + cap);
	budget_charge(q->budget, sizeof *o + cap);
	*o = (struct outbuf){.at = at, .len = (uint32_t)len, .cap = (uint32_t)cap, .info = info};
	memcpy(o->data, text, len);
	return o;
}

/* It may contain a one-time code. */
static void outbuf_free(struct outqueue *q, struct outbuf *o)
{
	q->held -= (uint32_t)(sizeof *o + o->cap);
	budget_refund(q->budget, sizeof *o + o->cap);
	explicit_bzero(o->data, o->len);
	free(o);
}

static void add(struct outqueue *q, const char *text, size_t len, struct line_info info, uint64_t at)
{
	struct outbuf *o = q->last;
	bool whole = q->lines && (info.unasked || info.kind != LINE_TEXT); /* a view must find it as it was */

	q->bytes += (uint32_t)len;
	if (o != NULL && !whole && !o->info.unasked && o->at == at && o->cap - o->len >= len) {
		memcpy(o->data + o->len, text, len);
		o->len += (uint32_t)len;
		return;
	}
	o = outbuf_new(q, text, len, at, whole ? 0 : OUTBUF_BYTES_LEAST, q->lines ? info : (struct line_info){0});
	if (q->last == NULL)
		q->first = o;
	else
		q->last->next = o;
	q->last = o;
}

/* The private text that waits does so no more. */
static void let_text(struct outqueue *q)
{
	for (struct outbuf *o = q->waiting > 0 ? q->first : NULL; o != NULL; o = o->next)
		if (o->at == OUTBUF_WAITS)
			o->at = visible(q);
	q->waiting = 0;
}

void outqueue_add(struct outqueue *q, const char *text, size_t len, struct line_info info)
{
	let_text(q);
	add(q, text, len, info, visible(q));
}

void outqueue_add_waiting(struct outqueue *q, const char *text, size_t len, struct line_info info)
{
	info.unasked = true;
	if (!q->hold || q->waiting + len > HOLD_BYTES) {
		let_text(q);
		add(q, text, len, info, visible(q));
		return;
	}
	add(q, text, len, info, OUTBUF_WAITS);
	q->waiting += (uint32_t)len;
}

void outqueue_let(struct outqueue *q)
{
	if (q->reader.feed != NULL)
		q->reader.let = q->reader.feed->mark;
	let_text(q);
}

void outqueue_hold(struct outqueue *q, bool hold)
{
	outqueue_let(q);
	q->hold = hold;
}

/* -- the sequence of pieces ---------------------------------------------------------------- */

struct walk {
	struct outbuf *out;      /* next private text */
	uint32_t off;            /* bytes of it already passed */
	uint64_t pos;            /* next position of the feed */
	uint32_t cut;            /* next cut */
};

struct piece {
	const char *data;
	size_t len;              /* 0: the end */
	struct feed_chunk *chunk; /* NULL: private text */
};

static struct walk walk_begin(const struct outqueue *q)
{
	return (struct walk){q->first, q->off, q->reader.cursor, q->reader.cut_first};
}

/* The feed's chunk that contains pos, even one that has fallen out, if it is pinned. */
static struct feed_chunk *chunk_of(const struct outqueue *q, uint64_t pos)
{
	struct feed *f = q->reader.feed;

	if (pos >= f->start)
		return feed_find(f, pos);
	for (struct feed_chunk *chunk = q->pin_first; chunk != NULL; chunk = chunk->next) {
		if (pos - chunk->base < chunk->used)
			return chunk;
		if (chunk == q->pin_last)
			break;
	}
	return NULL;
}

/* The next piece, without passing it. */
static struct piece piece_next(const struct outqueue *q, struct walk *w)
{
	const struct feed_reader *r = &q->reader;
	uint64_t end = visible(q), limit;
	struct feed_chunk *chunk;

	while (w->cut < r->ncuts && w->pos >= r->cuts[w->cut].from) {
		if (w->pos < r->cuts[w->cut].to)
			w->pos = r->cuts[w->cut].to;
		w->cut++;
	}
	if (w->out != NULL && w->out->at != OUTBUF_WAITS && (w->out->at <= w->pos || w->pos >= end))
		return (struct piece){w->out->data + w->off, w->out->len - w->off, NULL};
	if (w->pos >= end || (chunk = chunk_of(q, w->pos)) == NULL)
		return (struct piece){NULL, 0, NULL};
	limit = w->out != NULL && w->out->at < end ? w->out->at : end;
	if (w->cut < r->ncuts && r->cuts[w->cut].from < limit)
		limit = r->cuts[w->cut].from;
	if (chunk->base + chunk->used < limit)
		limit = chunk->base + chunk->used;
	return (struct piece){chunk->data + (w->pos - chunk->base), limit - w->pos, chunk};
}

/* Passes n bytes of the piece p. */
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

static void pin(struct outqueue *q, struct feed_chunk *chunk)
{
	if (q->pin_last == chunk)
		return;
	chunk->refs++;
	if (q->pin_first == NULL)
		q->pin_first = chunk;
	/* Chunks are linked by next, so the first and the last are enough to name them all. */
	for (struct feed_chunk *at = q->pin_last == NULL ? chunk : q->pin_last->next; at != chunk;
	     at = at->next)
		at->refs++;
	q->pin_last = chunk;
}

void outqueue_unpin(struct outqueue *q)
{
	struct feed_chunk *chunk = q->pin_first, *next;

	while (chunk != NULL) {
		next = chunk == q->pin_last ? NULL : chunk->next;
		feed_chunk_unref(chunk);
		chunk = next;
	}
	q->pin_first = q->pin_last = NULL;
}

uint32_t outqueue_gather(struct outqueue *q, struct iovec *iov, uint32_t n)
{
	struct walk w = walk_begin(q);
	const struct feed *f = q->reader.feed;
	size_t bytes = 0, most = SEND_BYTES_MAX;
	uint32_t used = 0;

	if (q->made != NULL) {
		*iov = (struct iovec){q->made + q->made_sent, q->made_len - q->made_sent};
		return 1;
	}
	if (q->lines)
		return 0;
	/* A send pins what it reads from for as long as the peer does not read. */
	if (f != NULL && budget_is_high(f->budget))
		most = SEND_BYTES_LEAST;
	while (used < n && bytes < most) {
		struct piece p = piece_next(q, &w);
		size_t len = p.len < most - bytes ? p.len : most - bytes;

		if (len == 0)
			break;
		if (p.chunk != NULL)
			pin(q, p.chunk);
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): an iovec has no const */
		iov[used++] = (struct iovec){(void *)(uintptr_t)p.data, len};
		bytes += len;
		piece_past(&w, &p, len);
	}
	if (used == 0 && w.pos > q->reader.cursor) {
		/* Only own lines were ahead: they are passed without a send. */
		q->reader.cursor = w.pos;
		feed_reader_drop_cuts(&q->reader);
	}
	return used;
}

/* What was sent of the feed ends at pos. The rest of a half-sent line becomes private text, because
 * its chunk may fall out before the next send. */
static uint64_t leave_line(struct outqueue *q, const struct feed_chunk *chunk, uint64_t pos)
{
	uint64_t end = feed_line_end(chunk, pos);
	struct outbuf *o;

	feed_reader_move(&q->reader, chunk, end);
	if (end == pos)
		return 0;
	o = outbuf_new(q, chunk->data + (pos - chunk->base), end - pos, 0, 0, (struct line_info){0});
	o->next = q->first;
	q->first = o;
	if (q->last == NULL)
		q->last = o;
	q->bytes += o->len;
	return o->len;
}

void outqueue_forget_marks(struct outqueue *q)
{
	q->nmarks = 0;
}

void outqueue_mark_begin(struct outqueue *q)
{
	/* How long the replay is going to be is known once the view has made it. */
	q->mark_due = q->lines;
	q->nmarks = q->lines ? 0 : 1;
	q->mark[0] = (struct sent_mark){q->sent_bytes + q->bytes, q->reader.seq};
}

/* Notes that everything up to the record seq is sent once `rest` more bytes are. */
static void note_sent(struct outqueue *q, uint64_t rest, uint64_t seq)
{
	uint64_t whole = q->sent_bytes + rest;

	/* Nothing of the feed is sent before the replay. */
	if (q->nmarks == 0 || q->mark[q->nmarks - 1].seq >= seq)
		return;
	if (q->nmarks == SENT_MARKS) {
		/* A position between two remaining marks counts as the earlier one. */
		for (uint32_t i = 0; i < SENT_MARKS / 2; i++)
			q->mark[i] = q->mark[2 * i + 1];
		q->nmarks /= 2;
	}
	/* A jump passes lines while the rest of an earlier one is still to be sent. */
	if (q->mark[q->nmarks - 1].bytes > whole)
		whole = q->mark[q->nmarks - 1].bytes;
	q->mark[q->nmarks++] = (struct sent_mark){whole, seq};
}

struct arrival outqueue_arrived(const struct outqueue *q, uint64_t unacked)
{
	uint64_t arrived = q->sent_bytes - (unacked < q->sent_bytes ? unacked : q->sent_bytes);

	if ((unacked == 0 && !outqueue_has_output(q)) || q->reader.feed == NULL)
		return (struct arrival){.what = ARRIVED_ALL};
	for (uint32_t i = q->nmarks; i-- > 0;)
		if (q->mark[i].bytes <= arrived)
			return (struct arrival){ARRIVED_UP_TO, q->mark[i].seq};
	return (struct arrival){.what = ARRIVED_NOTHING};
}

/* Frees what comes before `next` of the private text. */
static void drop_passed(struct outqueue *q, const struct outbuf *next)
{
	while (q->first != next) {
		struct outbuf *sent = q->first;

		assert(sent != NULL); /* next comes after it */
		q->first = sent->next;
		outbuf_free(q, sent);
	}
	if (q->first == NULL)
		q->last = NULL;
}

/* It may contain a one-time code too. */
static void drop_made(struct outqueue *q)
{
	if (q->made == NULL)
		return;
	q->bytes -= q->made_len - q->made_sent;
	q->held -= q->made_len;
	budget_refund(q->budget, q->made_len);
	explicit_bzero(q->made, q->made_len);
	free(q->made);
	q->made = NULL;
	q->made_len = q->made_sent = 0;
}

static void advance_made(struct outqueue *q, size_t bytes)
{
	q->sent_bytes += bytes;
	q->made_sent += (uint32_t)bytes;
	q->bytes -= (uint32_t)bytes;
	if (q->made_sent == q->made_len)
		drop_made(q);
}

/* Lines of the feed that were sent since the reader was behind the first `from` of them; cuts that it passed were
 * not. */
static uint32_t lines_sent(const struct feed_reader *r, uint64_t from)
{
	uint64_t n = r->lines - from;

	for (uint32_t i = r->cut_first; i < r->ncuts && r->cuts[i].line < r->lines; i++) {
		uint64_t begin = r->cuts[i].line, end = begin + r->cuts[i].lines;

		begin = begin > from ? begin : from;
		end = end < r->lines ? end : r->lines;
		n -= end > begin ? end - begin : 0;
	}
	return (uint32_t)n;
}

void outqueue_advance(struct outqueue *q, size_t bytes)
{
	struct walk w = walk_begin(q);
	const struct feed_chunk *chunk = NULL;
	uint64_t pos = 0, rest = 0, lines = q->reader.lines;

	if (q->made != NULL) {
		advance_made(q, bytes);
		return;
	}
	q->sent_bytes += bytes;
	while (bytes > 0) {
		struct piece p = piece_next(q, &w);
		size_t n = p.len < bytes ? p.len : bytes;

		assert(n > 0);
		piece_past(&w, &p, n);
		bytes -= n;
		if (p.chunk != NULL) {
			chunk = p.chunk;
			pos = w.pos;
			continue;
		}
		q->bytes -= (uint32_t)n;
		drop_passed(q, w.out);
	}
	q->off = w.off;
	if (chunk != NULL) {
		rest = leave_line(q, chunk, pos);
		q->delivered += lines_sent(&q->reader, lines);
	}
	/* Own lines are passed as well. */
	if (q->reader.cursor < w.pos)
		q->reader.cursor = w.pos;
	if (q->reader.ncuts > 0)
		feed_reader_drop_cuts(&q->reader);
	note_sent(q, rest, q->reader.seq);
}

bool outqueue_has_output(const struct outqueue *q)
{
	return q->made != NULL || (q->first != NULL && q->first->at != OUTBUF_WAITS) ||
	       q->reader.cursor < visible(q);
}

/* -- views ------------------------------------------------------------------------------------ */

void outqueue_view(struct outqueue *q, bool lines)
{
	if (lines == q->lines)
		return;
	q->lines = lines;
	/* What is queued is going to have another length than it had when it was marked. */
	q->mark_due = q->reader.feed != NULL && !q->reader.held;
	if (q->mark_due)
		q->nmarks = 0;
	if (q->mark_due && !lines)
		outqueue_mark_begin(q);
}

/* What a view is to know of private text, of which so much was sent before there was a view: the rest is no
 * line. */
static struct line_info info_of(const struct outbuf *o, uint32_t sent)
{
	struct line_info info = o->info;

	if (sent > 0 && info.kind != LINE_RAW)
		info.kind = LINE_TEXT;
	return info;
}

void outqueue_take(struct outqueue *q, size_t most, outqueue_line *line, void *ctx)
{
	struct walk w = walk_begin(q);
	const struct feed_chunk *chunk = NULL;
	uint64_t pos = 0;
	size_t taken = 0, n, used;

	assert(q->made == NULL && q->pin_first == NULL);
	while (taken < most) {
		struct piece p = piece_next(q, &w);
		struct line_info info;

		if (p.len == 0)
			break;
		n = p.len;
		/* Marks and cuts are at the ends of lines. */
		if (p.chunk != NULL)
			n = feed_line_next(p.chunk, w.pos, &info) - w.pos;
		used = p.chunk != NULL ? line(ctx, p.data, n, info, w.pos)
		                       : line(ctx, p.data, n, info_of(w.out, w.off), UINT64_MAX);
		piece_past(&w, &p, used);
		taken += used;
		if (p.chunk == NULL) {
			q->bytes -= (uint32_t)used;
			drop_passed(q, w.out);
		} else if (used > 0) {
			q->delivered++;
			chunk = p.chunk;
			pos = w.pos;
		}
		if (used < n)
			break;
	}
	q->off = w.off;
	if (chunk != NULL)
		feed_reader_move(&q->reader, chunk, pos);
	if (q->reader.cursor < w.pos)
		q->reader.cursor = w.pos;
	if (q->reader.ncuts > 0)
		feed_reader_drop_cuts(&q->reader);
}

bool outqueue_cut(struct outqueue *q)
{
	struct outbuf **at = &q->first, *o;
	uint32_t off = q->off;
	bool any = false;

	q->last = NULL;
	q->off = 0;
	while ((o = *at) != NULL) {
		if (o->info.unasked || o->at == OUTBUF_WAITS || o->info.kind == LINE_PRIVATE || o->info.kind == LINE_RAW) {
			q->off = at == &q->first ? off : q->off;
			q->last = o;
			at = &o->next;
		} else {
			*at = o->next;
			q->bytes -= o->len - off;
			outbuf_free(q, o);
			any = true;
		}
		off = 0;
	}
	return any;
}

void outqueue_made(struct outqueue *q, const char *made, size_t len, uint64_t seq)
{
	assert(q->made == NULL);
	if (len > 0) {
		q->made = mem_alloc(len);
		memcpy(q->made, made, len);
		q->made_len = (uint32_t)len;
		q->bytes += q->made_len;
		q->held += q->made_len;
		budget_charge(q->budget, len);
	}
	if (seq == SEQ_UNKNOWN)
		return;
	if (q->mark_due && q->first == NULL && q->reader.feed != NULL && !q->reader.held) {
		q->mark_due = false;
		q->nmarks = 1;
		q->mark[0] = (struct sent_mark){q->sent_bytes + len, seq};
	}
	note_sent(q, len, seq);
}

/* -- leaving the log -------------------------------------------------------------------------- */

bool outqueue_fell_behind(const struct outqueue *q)
{
	const struct feed_reader *r = &q->reader;

	/* What is held back is not missed before it would have been shown. */
	return r->feed != NULL && !r->held &&
	       (r->lost || (r->cursor < r->feed->start && r->cursor < r->feed->mark));
}

void outqueue_skip(struct outqueue *q)
{
	struct feed_reader *r = &q->reader;
	uint32_t most = budget_is_high(r->feed->budget) ? CUTS_LEAST : CUTS_MAX;

	feed_skip(r);
	/* Only what was shown can be given up, and each check costs time for every cut: so it is
	 * not done for each new one. */
	if (r->ncuts - r->cut_first > most && (r->ncuts & (CUTS_LEAST - 1)) == 0)
		feed_reader_fold(r, q->pin_last != NULL ? q->pin_last->base + q->pin_last->used
		                                        : r->cursor);
}

uint32_t outqueue_leave_feed(struct outqueue *q, const char *missing, size_t len)
{
	struct walk w = walk_begin(q);
	struct outbuf *first = NULL, **link = &first, *last = NULL, *moved;
	bool behind = outqueue_fell_behind(q) && missing != NULL;

	if (q->reader.feed == NULL)
		return UINT32_MAX;
	outqueue_let(q);
	/* The sequence stays the same, byte for byte, because the send in flight counts by it; only
	 * what the feed held is now held here. */
	for (struct piece p; (p = piece_next(q, &w)).len > 0;) {
		struct line_info info = {0};

		if (p.chunk != NULL && q->lines)
			p.len = feed_line_next(p.chunk, w.pos, &info) - w.pos;
		/* Others said it, whatever it waits behind. */
		info.unasked = info.live = q->lines;
		moved = p.chunk == NULL ? w.out : outbuf_new(q, p.data, p.len, 0, 0, info);
		/* Of a room that was left before. */
		moved->info.live &= p.chunk != NULL;
		if (p.chunk != NULL)
			q->bytes += moved->len;
		piece_past(&w, &p, p.len);
		moved->at = 0;
		moved->next = NULL;
		*link = last = moved;
		link = &moved->next;
	}
	if (behind) {
		*link = last = outbuf_new(q, missing, len, 0, 0, (struct line_info){.unasked = q->lines});
		link = &last->next;
		q->bytes += last->len;
	}
	/* If the log has moved on already, the private text after it is still sent. */
	for (; w.out != NULL; w.out = moved) {
		moved = w.out->next;
		w.out->at = 0;
		w.out->next = NULL;
		*link = last = w.out;
		link = &last->next;
	}
	if (first != q->first)
		q->off = 0;
	q->first = first;
	q->last = last;
	return feed_part(&q->reader);
}

static void drop_outbufs(struct outqueue *q)
{
	while (q->first != NULL) {
		struct outbuf *o = q->first;

		q->first = o->next;
		outbuf_free(q, o);
	}
	q->last = NULL;
	drop_made(q);
	q->off = q->bytes = q->waiting = 0;
}

void outqueue_discard(struct outqueue *q)
{
	drop_outbufs(q);
	/* It would fall behind otherwise, and whoever is gone misses nothing. */
	outqueue_let(q);
	q->reader.cursor = visible(q);
	/* Cuts that were folded end where it is now. */
	q->reader.lost &= q->reader.held;
	if (q->reader.ncuts > 0)
		feed_reader_drop_cuts(&q->reader);
}

void outqueue_release(struct outqueue *q)
{
	drop_outbufs(q);
}
