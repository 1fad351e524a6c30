/*
 * Views, watched rooms and lines that are held back.
 *
 * A view here is what /watch and /set time make: lines with their stamp, with a short time or with none, the
 * room's name before those of a watched one, and >> before those that mention the person. What it shows is
 * composed here, by the layouts in docs/protocol.md and terminal.md. Each room keeps its one order; which of them
 * comes next is open, so what comes is compared with the first text of each.
 */
#include "sim_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/time_format.h"
#include "fake_writer.h"

static const char mention_mark[] = ">> ";

/* -- what is to come --------------------------------------------------------------------------- */

static bool is_for(const struct peer *p, const struct text *t)
{
	return (t->skip & UINT64_C(1) << p->id.slot) == 0;
}

static void show_own(struct peer *p, size_t to)
{
	const struct mfeed *f = &model->feed[p->feed];

	for (; p->at < to; p->at++)
		if (is_for(p, f->line[p->at]))
			model_push(p, f->line[p->at]);
}

static void show_watched(struct peer *p, struct mwatch *w, size_t to)
{
	const struct mfeed *f = &model->feed[w->feed];

	for (; w->at < to; w->at++)
		if (is_for(p, f->line[w->at]))
			queue_push(&w->queue, f->line[w->at]);
}

/* feed -1: its own, up to where it may be seen, held back or not. */
void peer_view_show(struct peer *p, int64_t feed, size_t to)
{
	if (feed == -1 && p->feed >= 0)
		show_own(p, model->feed[p->feed].shown);
	if (feed < 0 || p->view.hold)
		return;
	if (p->feed == feed && !p->held)
		show_own(p, to);
	for (struct mwatch *w = p->view.watches; w != NULL; w = w->next)
		if (w->feed == feed && !w->held && !w->ending)
			show_watched(p, w, to);
}

void peer_view_let_text(struct peer *p)
{
	for (size_t i = 0; i < p->view.waiting.n; i++)
		model_push(p, p->view.waiting.item[i]);
	queue_free(&p->view.waiting);
	p->view.waiting_bytes = 0;
}

void peer_view_let_own(struct peer *p)
{
	if (p->feed >= 0 && !p->held)
		show_own(p, model->feed[p->feed].shown);
	peer_view_let_text(p);
}

void peer_view_let(struct peer *p)
{
	peer_view_let_own(p);
	for (struct mwatch *w = p->view.watches; w != NULL; w = w->next)
		if (!w->held && !w->ending)
			show_watched(p, w, model->feed[w->feed].shown);
}

void peer_view_told(struct peer *p, struct text *t)
{
	if (p->view.hold && p->view.waiting_bytes + t->len <= HOLD_BYTES) {
		queue_push(&p->view.waiting, t);
		p->view.waiting_bytes += t->len;
		return;
	}
	peer_view_let_text(p);
	model_push(p, t);
}

/* The one that is not ending. */
static struct mwatch *find(const struct peer *p, int64_t feed)
{
	struct mwatch *w = p->view.watches;

	while (w != NULL && (w->feed != feed || w->ending))
		w = w->next;
	return w;
}

bool peer_view_watches(const struct peer *p, int64_t feed)
{
	return find(p, feed) != NULL;
}

static void watch(struct peer *p, const struct effect *e)
{
	struct mwatch *w = mem_zero(1, sizeof *w), **last = &p->view.watches;

	if (find(p, e->feed) != NULL || p->feed == e->feed)
		sim_fail("%u.%u watches feed %u twice", p->id.slot, p->id.gen, e->feed);
	*w = (struct mwatch){.feed = e->feed, .at = model->feed[e->feed].n, .held = true,
		             .room = mem_strdup(e->text)};
	while (*last != NULL)
		last = &(*last)->next;
	*last = w;
}

static void unwatch(struct peer *p, struct mwatch *w, const struct effect *e)
{
	struct text *t;

	if (!w->held)
		show_watched(p, w, model->feed[w->feed].shown);
	w->ending = true;
	if (e->len == 0)
		return;
	t = model_text_new(e->text, e->len);
	peer_view_let_text(p);
	model_push(p, t);
	model_text_unref(t);
}

/* The first view: what has come of a text so far is looked at again, with what follows it. */
static void begin(struct peer *p)
{
	const struct text *t = p->off > 0 ? p->item[p->first] : NULL;

	p->view.on = true;
	for (size_t i = 0; i < p->off; i++)
		if (t->data[i] != '\r')
			bytes_append(&p->view.seen, t->data + i, 1);
	p->bytes -= p->off;
	p->off = 0;
}

void peer_view_effect(struct peer *p, const struct effect *e)
{
	struct mwatch *w = p != NULL ? find(p, e->feed) : NULL;

	if (p == NULL)
		return;
	switch (e->kind) {
	case EFFECT_VIEW:
		if (!p->view.on)
			begin(p);
		p->view.times |= 1u << e->view.time;
		break;
	case EFFECT_HOLD:
	case EFFECT_FLOW:
		peer_view_let(p);
		p->view.hold = e->kind == EFFECT_HOLD;
		break;
	case EFFECT_LET:
		peer_view_let(p);
		break;
	case EFFECT_WATCH:
		watch(p, e);
		sim->stats.watches++;
		break;
	case EFFECT_WATCH_RELEASE:
	case EFFECT_UNWATCH:
		if (w == NULL)
			sim_fail("%u.%u does not watch feed %u", p->id.slot, p->id.gen, e->feed);
		if (e->kind == EFFECT_UNWATCH) {
			unwatch(p, w, e);
			break;
		}
		w->held = false;
		show_watched(p, w, model->feed[w->feed].shown);
		break;
	default:
		break;
	}
}

/* -- skipping ---------------------------------------------------------------------------------- */

void peer_view_skipped(struct peer *p, const struct event *e)
{
	struct mwatch *w = find(p, e->skipped.feed);
	struct queue *q;

	if (w == NULL)
		sim_fail("%u.%u misses lines of a room that it does not read", p->id.slot, p->id.gen);
	show_watched(p, w, model->feed[w->feed].shown);
	q = &w->queue;
	if (q->n - q->first < e->skipped.lines)
		sim_fail("%u.%u misses %u lines of %s, and %zu are to come", p->id.slot, p->id.gen,
		         e->skipped.lines, w->room, q->n - q->first);
	for (uint32_t i = 0; i < e->skipped.lines; i++)
		model_text_unref(q->item[--q->n]);
	sim->stats.skips++;
	sim->stats.skipped += e->skipped.lines;
}

size_t peer_view_skip_from(const struct peer *p, uint32_t lines)
{
	size_t i = p->n;

	while (lines > 0 && i > p->first && i > p->kept)
		lines -= p->item[--i]->line;
	return i;
}

/* -- comparing --------------------------------------------------------------------------------- */

/* What may stand for a text. */
struct shown {
	const struct text *t;
	const char *room;       /* where it is said; NULL: where they are */
	bool marked;
};

enum fit { FIT_NO, FIT_SO_FAR, FIT_WHOLE };

/* Compares the len bytes at text, without their CRs, with what comes at *at of the n; *at is moved behind. */
static enum fit compare(const char *text, size_t len, const char *bytes, size_t n, size_t *at)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\r')
			continue;
		if (*at == n)
			return FIT_SO_FAR;
		if (bytes[(*at)++] != text[i])
			return FIT_NO;
	}
	return FIT_WHOLE;
}

/* How a line is shown with times other than the stamp. False: it is shown as it is. */
static bool compose(const struct shown *s, enum view_time time, struct bytes *out)
{
	const struct line_info *info = &s->t->info;
	const char *text = s->t->data + info->stamp_at, *name = text + STAMP_BYTES + 1;
	size_t len = s->t->len - info->stamp_at, head;

	switch (info->kind) {
	case LINE_SAID:
		head = STAMP_BYTES + 1u + info->name_bytes + 2;
		break;
	case LINE_ACTION:
		head = STAMP_BYTES + 1;
		break;
	case LINE_NOTICE:
	case LINE_PASSAGE:
		head = STAMP_BYTES + strlen("[System]: ");
		break;
	case LINE_PRIVATE:
		head = STAMP_BYTES + 1u + info->name_bytes + strlen(" -> you]:");
		break;
	default:
		return false;
	}
	bytes_append(out, s->t->data, info->stamp_at);
	if (time == VIEW_TIME_SHORT)
		bytes_printf(out, "%.5s ", text + strlen("[yyyy-mm-dd "));
	if (s->room != NULL)
		bytes_printf(out, "[%s] ", s->room);
	if (info->kind == LINE_SAID)
		bytes_printf(out, "%.*s: ", info->name_bytes, name);
	else if (info->kind == LINE_PRIVATE)
		bytes_printf(out, "[%.*s -> you] ", info->name_bytes, name);
	else if (info->kind != LINE_ACTION)
		bytes_puts(out, "-- ");
	bytes_append(out, text + head - (info->kind == LINE_ACTION), len - head + (info->kind == LINE_ACTION));
	return true;
}

/* With the stamp. */
static enum fit fit_full(const struct shown *s, const char *bytes, size_t n, size_t *used)
{
	const char *text = s->t->data;
	size_t head = s->room != NULL ? STAMP_BYTES : 0;
	char room[NAME_BYTES_MAX + 3];
	enum fit f = FIT_WHOLE;

	*used = 0;
	if (s->marked)
		f = compare(mention_mark, strlen(mention_mark), bytes, n, used);
	if (f == FIT_WHOLE)
		f = compare(text, head, bytes, n, used);
	if (f == FIT_WHOLE && s->room != NULL) {
		size_t len = (size_t)snprintf(room, sizeof room, "[%s]", s->room);

		f = compare(room, len, bytes, n, used);
	}
	return f == FIT_WHOLE ? compare(text + head, s->t->len - head, bytes, n, used) : f;
}

/* Otherwise; dated: after a row with the date. */
static enum fit fit_time(const struct shown *s, enum view_time time, bool dated, const char *bytes, size_t n,
                         size_t *used)
{
	struct bytes out = {0};
	enum fit f = FIT_NO;

	*used = 0;
	if (dated)
		bytes_printf(&out, "-- %.10s\n", s->t->data + s->t->info.stamp_at + 1);
	if (s->marked)
		bytes_puts(&out, mention_mark);
	if (compose(s, time, &out))
		f = compare(out.data, out.len, bytes, n, used);
	bytes_release(&out);
	sim->stats.timed += f == FIT_WHOLE;
	return f;
}

/* times: those that may be. */
static enum fit fit(const struct shown *s, uint32_t times, const char *bytes, size_t n, size_t *used)
{
	enum fit f = fit_full(s, bytes, n, used);

	if (f == FIT_NO && (times & 1u << VIEW_TIME_OFF) != 0)
		f = fit_time(s, VIEW_TIME_OFF, false, bytes, n, used);
	for (int dated = 0; f == FIT_NO && (times & 1u << VIEW_TIME_SHORT) != 0 && dated < 2; dated++)
		f = fit_time(s, VIEW_TIME_SHORT, dated == 1, bytes, n, used);
	return f;
}

/* The same, and marked or not if it may be: of many that wait, the oldest lose their marks. */
static enum fit fit_any(struct shown s, const struct peer *p, const char *bytes, size_t n, size_t *used)
{
	enum fit f = fit(&s, p->view.times, bytes, n, used);

	s.marked = true;
	return f == FIT_NO && (s.t->marked & UINT64_C(1) << p->id.slot) != 0
	       ? fit(&s, p->view.times, bytes, n, used) : f;
}

bool peer_view_fits(const struct text *t, const char *bytes, size_t n)
{
	struct shown s = {.t = t};
	size_t used;

	return fit_full(&s, bytes, n, &used) != FIT_NO;
}

/* The next text of its own queue. pass: what need not come is passed over, as next_text does (sim_peer.c). */
static enum fit take_own(struct peer *p, bool pass, size_t *used)
{
	const char *bytes = p->view.seen.data;
	size_t n = p->view.seen.len;
	enum fit f = FIT_NO;

	while (p->first < p->n) {
		struct text *t = p->item[p->first];

		f = fit_any((struct shown){.t = t}, p, bytes, n, used);
		if (f != FIT_NO || !pass)
			break;
		if (t->line && model_missing_comes(p, bytes, n) != NULL)
			continue;
		if (t->missing ? p->first + 1 == p->n : p->known || !t->line)
			break;
		model_text_unref(t);
		p->first++;
	}
	if (f == FIT_WHOLE) {
		model_begun(p, p->item[p->first]);
		p->bytes += *used;
		model_came(p, p->item[p->first]);
	}
	return f;
}

static enum fit take_watched(struct peer *p, size_t *used)
{
	bool so_far = false;

	for (struct mwatch *w = p->view.watches; w != NULL; w = w->next) {
		struct text *t = w->queue.first < w->queue.n ? w->queue.item[w->queue.first] : NULL;
		enum fit f = t == NULL ? FIT_NO : fit_any((struct shown){.t = t, .room = w->room}, p,
		                                          p->view.seen.data, p->view.seen.len, used);

		so_far |= f == FIT_SO_FAR;
		if (f != FIT_WHOLE)
			continue;
		if (!sim->options.relaxed && !t->early && t->seq > fake_writer_saved(sim->writer))
			sim_fail("line #%" PRIu64 " is sent to %u.%u, who watches its room, before it is saved",
			         t->seq, p->id.slot, p->id.gen);
		if (sim->store.file != NULL && t->seq != 0)
			kept_seen(t->seq);
		sim->stats.watched++;
		p->bytes += *used;
		model_text_unref(t);
		w->queue.first++;
		return FIT_WHOLE;
	}
	return so_far ? FIT_SO_FAR : FIT_NO;
}

void peer_view_sent(struct peer *p, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != '\r')
			bytes_append(&p->view.seen, bytes + i, 1);
	while (p->view.seen.len > 0) {
		size_t used = 0;
		enum fit own = take_own(p, false, &used), watched = FIT_NO;

		if (own != FIT_WHOLE)
			watched = take_watched(p, &used);
		if (own == FIT_NO && watched == FIT_NO)
			own = take_own(p, true, &used);
		if (own == FIT_NO && watched == FIT_NO)
			sim_fail("%u.%u is sent what is not for its view: \"%.*s\"", p->id.slot, p->id.gen,
			         (int)(p->view.seen.len < 200 ? p->view.seen.len : 200), p->view.seen.data);
		if (own != FIT_WHOLE && watched != FIT_WHOLE)
			return;
		bytes_drop(&p->view.seen, used);
	}
}

/* The server has nothing of that watch any more; of a later one over the same room, perhaps. */
static bool is_dropped(const struct peer *p, const struct mwatch *w)
{
	const struct watched *at = sim->server->conns.slot[p->id.slot].out.watched;

	while (at != NULL && (at->reader.feed != &sim->server->fanout.feeds[w->feed] || !at->ending))
		at = at->next;
	return w->ending && at == NULL;
}

/* Someone who stops watching a room while far behind does not get the rest of it; if they came into the room,
 * they get it as a replay. */
bool peer_view_rests(struct peer *p)
{
	for (struct mwatch *w = p->view.watches; w != NULL; w = w->next) {
		if (w->queue.first == w->queue.n)
			continue;
		if (!is_dropped(p, w))
			return false;
		model_check_behind(p, w->feed, model->feed[w->feed].shown, w->queue.item[w->queue.first]);
		queue_free(&w->queue);
	}
	return p->view.seen.len == 0;
}

void peer_view_end(struct peer *p)
{
	for (struct mwatch *w = p->view.watches, *next; w != NULL; w = next) {
		next = w->next;
		queue_free(&w->queue);
		free(w->room);
		free(w);
	}
	queue_free(&p->view.waiting);
	bytes_release(&p->view.seen);
}
