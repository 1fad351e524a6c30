/*
 * Replay, /history, /catchup, /search and /mentions: the questions and how answers look.
 *
 * While such a question is out the session's input waits for the answer, and lines that come live
 * stay in its feed's log.
 */

#include "chatd/core/rooms/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/people/name.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/mention.h"
#include "chatd/core/rooms/seen.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/rooms/watch.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum {
	BACK_LINES = 3,          /* shown again to people who come back, before what is new */
	RECALL_AGAIN_MS = 5000,  /* to ask again after missed lines could not be looked up */
};

/* Limits q to what s may read. False: that is nothing, and s was told. */
static bool readable(struct chat *c, struct session *s, struct query *q, struct bytes *hidden)
{
	const struct room *r = q->room != 0 ? room_by_number(c, q->room) : NULL;
	uint64_t after = 0;

	if (q->kind == QUERY_SEARCH) {
		access_hidden(c, s, hidden);
		q->search.hidden = hidden->len > 0 ? hidden->data : "";
	}
	if (q->room == 0)
		return true;
	if (r == NULL || !access_read_after(c, s, r, &after)) {
		emit_reply(c, s, "You cannot read what was said there.");
		return false;
	}
	if (q->after_id < after)
		q->after_id = after;
	return true;
}

/* Which record must be saved before the question is answered: what was said before it is in the
 * answer, and what was deleted is not. For a room that is its newest record of either kind, for all
 * rooms the newest of all. */
static uint64_t newest(const struct chat *c, const struct session *s, enum query_kind kind)
{
	if (kind == QUERY_SEARCH)
		return c->records.line_seq;
	/* What one has seen is a record of neither kind. */
	if (kind == QUERY_AUDIT || kind == QUERY_REPLAY)
		return c->records.seq;
	return s->room->lines.last_id > s->room->lines.deleted_seq ? s->room->lines.last_id
	                                                           : s->room->lines.deleted_seq;
}

/* The same as history_ask, when delay_ms have gone by. */
static struct question *ask_in(struct chat *c, struct session *s, question_then *then,
                               enum history_need need, struct query q, int64_t delay_ms)
{
	struct question *question = NULL;
	struct bytes hidden = {0};

	if (q.before_id == 0)
		q.before_id = UINT64_MAX;
	if (q.since_ms == 0)
		q.since_ms = INT64_MIN;
	if (q.until_ms == 0)
		q.until_ms = INT64_MAX;
	q.after_seq = newest(c, s, q.kind);
	/* What is saved can be read, also while nothing more can be. */
	if (need == HISTORY_SAVED)
		q.after_seq = outage_readable(c, q.after_seq);
	if (readable(c, s, &q, &hidden)) {
		question = question_new(c, s, then);
		question->in_room = q.room != 0;
		question_ask_in(c, question, q, delay_ms);
	}
	bytes_release(&hidden);
	return question;
}

struct question *history_ask(struct chat *c, struct session *s, question_then *then,
                             enum history_need need, struct query q)
{
	return ask_in(c, s, then, need, q, 0);
}

/* Shows a line as it looked when it was said, to somebody with a view with a mark if it mentions them. */
static void show_row(struct chat *c, struct session *s, const char *head, const struct row *row)
{
	const char *stamp = format_stamp(&c->stamp, row->time_ms);
	struct line_info info = emit_info(row->kind == RECORD_ACTION ? LINE_ACTION
	                                  : row->kind == RECORD_GAP  ? LINE_NOTICE
	                                                             : LINE_SAID,
	                                  row->time_ms, row->kind == RECORD_GAP ? NULL : row->sender);

	info.stamp_at = (uint8_t)strlen(head);
	info.old = true;
	info.marked = s->input.console.view && row->kind != RECORD_GAP && !name_is(row->sender, s->key) &&
	              mention_is(c, s, row->body);
	if (row->kind == RECORD_ACTION)
		emit_line(c, s, info, "%s%s* %s %s", head, stamp, row->sender, row->body);
	else if (row->kind == RECORD_GAP)
		emit_line(c, s, info, "%s%s[%s]: %s", head, stamp, row->sender, row->body);
	else
		emit_line(c, s, info, "%s%s[%s]:%s", head, stamp, row->sender, row->body);
}

/* Lines of people whom s ignores are left out of the past as well. */
static bool row_ignored(const struct session *s, const struct row *row)
{
	char key[NAME_KEY_BYTES_MAX + 1];

	return s->presence.nignored > 0 &&
	       name_key(row->sender, strlen(row->sender), key) &&
	       session_ignores(s, key);
}

/* numbered: each after its number. */
static void show_rows(struct chat *c, struct session *s, const struct rows *rows, bool numbered)
{
	char head[32] = "";
	uint32_t hidden = 0;

	for (size_t i = 0; i < rows->n; i++) {
		if (row_ignored(s, &rows->row[i])) {
			hidden++;
			continue;
		}
		if (numbered)
			snprintf(head, sizeof head, "#%" PRIu64 " ", rows->row[i].id);
		show_row(c, s, head, &rows->row[i]);
	}
	if (hidden > 0)
		emit_reply(c, s, "(%" PRIu32 " of them, by people you ignore, not shown.)", hidden);
}

static const char *lines_word(size_t n)
{
	return n == 1 ? "line" : "lines";
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool is_missed(const struct rows *rows, uint64_t id)
{
	bool is = id > rows->replay.seen_id;

	for (uint32_t i = 0; i < rows->replay.gaps.n; i++)
		is |= id > rows->replay.gaps.at[i].after && id < rows->replay.gaps.at[i].before;
	return is;
}

/* Tells s how many lines it has missed, apart from those shown (from first on), and remembers which. */
static void show_missed(struct chat *c, struct session *s, const struct rows *rows, size_t first)
{
	uint32_t missed = rows->replay.missed;

	if (rows->replay.seen_id == 0)
		return;
	/* Of a replay that is not shown, its lines are among them. */
	for (size_t i = 0; i < first; i++)
		missed += is_missed(rows, rows->row[i].id) && !name_is(rows->row[i].sender, s->key);
	if (missed == 0)
		return;
	for (uint32_t i = 0; i < rows->replay.gaps.n; i++)
		ranges_add(&s->reading.gaps, rows->replay.gaps.at[i].after,
		           least(rows->replay.gaps.at[i].before, s->reading.shown_from));
	ranges_add(&s->reading.gaps, rows->replay.seen_id, s->reading.shown_from);
	emit_reply(c, s, "%s%" PRIu32 "%s unread %s: %ccatchup shows %s.",
	           missed >= MISSED_MAX ? "At least " : "", missed, first < rows->n ? " more" : "",
	           lines_word(missed), c->config.command_prefix, missed == 1 ? "it" : "them");
}

/* The replay for people who come back: what is new, and a little before it. Returns its first row. */
static size_t show_new(struct chat *c, struct session *s, const struct rows *rows)
{
	size_t known = 0, first, n = 0;
	struct rows shown = *rows;

	while (known < rows->n && !is_missed(rows, rows->row[known].id))
		known++;
	for (size_t i = known; i < rows->n; i++)
		n += is_missed(rows, rows->row[i].id) && !name_is(rows->row[i].sender, s->key);
	first = known > BACK_LINES ? known - BACK_LINES : 0;
	shown.row += first;
	shown.n -= first;
	if (n == 0)
		emit_reply(c, s, "Nothing new in %s. Its last %s:", s->room->name, lines_word(shown.n));
	else
		emit_reply(c, s, "%zu new %s in %s%s:", n, lines_word(n), s->room->name,
		           known > first ? ", with what came before" : "");
	show_rows(c, s, &shown, false);
	return first;
}

static size_t show_all(struct chat *c, struct session *s, const struct rows *rows)
{
	if (rows->n == 1)
		emit_reply(c, s, "The last line said in %s:", s->room->name);
	else
		emit_reply(c, s, "The last %zu lines said in %s:", rows->n, s->room->name);
	show_rows(c, s, rows, false);
	return 0;
}

static void show_replay(struct chat *c, struct session *s, const struct rows *rows)
{
	size_t first = rows->n;
	uint64_t after = 0;

	/* Everything said here was deleted, and s may read all of it. (Pruning is reported
	 * separately.) */
	if (!chat_defers(c) && rows->error == NULL && rows->n == 0 && s->room->lines.last_id == s->reading.joined_id &&
	    s->room->lines.last_id <= c->records.stored_seq &&
	    access_read_after(c, s, s->room, &after) && after == 0)
		s->room->lines.last_id = 0;
	if (rows->error != NULL) {
		emit_reply(c, s, "The history cannot be shown now: %s", rows->error);
	} else if (rows->n > 0 && setting_replay(c, s->room) > 0) {
		first = rows->replay.back ? show_new(c, s, rows) : show_all(c, s, rows);
		s->reading.shown_from = rows->row[first].id;
		emit_reply(c, s, "End of history; what follows is live.");
	}
	if (rows->error == NULL)
		show_missed(c, s, rows, first);
}

/* After the replay, or without one: what should be read last, and then live lines. */
static void settle(struct chat *c, struct session *s)
{
	void (*settled)(struct chat *, struct session *) = s->replay.settled;

	s->replay.settled = NULL;
	outage_tell_unsaved(c, s);
	if (settled != NULL)
		settled(c, s);
	emit_session(c, EFFECT_RELEASE, s);
	if (s->replay.after != NULL)
		s->replay.after(c, s);
}

/* What was seen under that name before the account was made does not count: it was another person. */
static struct rows of_its_own(const struct session *s, const struct rows *rows)
{
	struct rows own = *rows;

	if (s->account != NULL && !own.replay.back) {
		own.replay.seen_id = own.replay.missed = 0;
		own.replay.gaps.n = 0;
	}
	return own;
}

static void ask_again(struct chat *c, struct session *s);

static void replay_answer(struct chat *c, struct session *s, struct question *q,
                          const struct event *e)
{
	struct rows rows = of_its_own(s, e->rows);

	(void)q;
	if (s->replay.of_other) {
		/* What the name that it had then has missed. */
		rows.replay.seen_id = rows.replay.missed = 0;
		rows.replay.gaps.n = 0;
		rows.replay.back = false;
	} else {
		s->reading.known = rows.error == NULL;
	}
	show_replay(c, s, &rows);
	if (rows.error != NULL && !s->replay.of_other)
		ask_again(c, s);
	/* What was sent up to here was not asked for. */
	s->replay.held = false;
	settle(c, s);
}

/* Tells what it has missed, all of it before what is on its screen. */
static void recall_answer(struct chat *c, struct session *s, struct question *q, const struct event *e)
{
	struct rows rows = of_its_own(s, e->rows);

	(void)q;
	if (rows.error != NULL) {
		ask_again(c, s);
		return;
	}
	s->reading.known = true;
	show_missed(c, s, &rows, rows.n);
	/* What it has read meanwhile can be saved. */
	seen_news(c);
}

/* Asks what s has missed, and for the last lines before before_id. */
static struct question *ask_replay(struct chat *c, struct session *s, question_then *then, uint32_t lines,
                                   uint64_t before_id, int64_t delay_ms)
{
	return ask_in(c, s, then, HISTORY_SAVED, (struct query){
		.kind = QUERY_REPLAY, .room = s->room->number, .limit = lines, .before_id = before_id,
		.replay = {s->key, s->nick, s->account != NULL ? s->account->made.first_seq : s->resume.back_seq},
	}, delay_ms);
}

/* Asks what s has missed in its room before what it was shown. */
static void recall(struct chat *c, struct session *s, int64_t delay_ms)
{
	struct question *q = ask_replay(c, s, recall_answer, 1, s->reading.shown_from, delay_ms);

	/* Input does not wait for it. */
	if (q != NULL)
		q->holds = false;
	else
		s->reading.known = true;
}

/* It could not be looked up. Until it is, nothing that s reads is saved. */
static void ask_again(struct chat *c, struct session *s)
{
	recall(c, s, RECALL_AGAIN_MS);
}

/* An answer for the name that s had before, or for what it was before, says nothing of it now. */
static void drop_recalls(struct chat *c, struct session *s)
{
	struct question *q, *next;

	DL_FOREACH_SAFE(s->questions, q, next)
		if (q->then == recall_answer) {
			question_take(c, q);
			question_free(q);
		}
}

/* -- watched rooms ---------------------------------------------------------------------------- */

/* Remembers what s has missed of the watched room besides the rows, and tells it. */
static void missed_watched(struct chat *c, struct session *s, struct watch *w, const struct rows *rows)
{
	const struct ranges *gaps = &rows->replay.gaps;

	if (rows->replay.seen_id == 0 || rows->replay.missed == 0)
		return;
	for (uint32_t i = 0; i < gaps->n; i++)
		ranges_add(&w->reading.gaps, gaps->at[i].after, least(gaps->at[i].before, w->reading.shown_from));
	ranges_add(&w->reading.gaps, rows->replay.seen_id, w->reading.shown_from);
	emit_reply(c, s, "%s%" PRIu32 " unread %s more in %s: %cjoin %s, then %ccatchup.",
	           rows->replay.missed >= MISSED_MAX ? "At least " : "", rows->replay.missed,
	           lines_word(rows->replay.missed), w->room->name, c->config.command_prefix, w->room->name,
	           c->config.command_prefix);
}

static void watch_answer(struct chat *c, struct session *s, struct question *q, const struct event *e)
{
	struct room *r = room_by_number(c, *(const uint32_t *)q->data);
	struct watch *w = r != NULL ? watch_find(s, r) : NULL;
	struct rows rows = of_its_own(s, e->rows);

	/* It may have been ended meanwhile; or the room was joined, whose own replay shows this. */
	if (w == NULL || w->rests)
		return;
	if (rows.error != NULL) {
		emit_reply(c, s, "What was said in %s cannot be shown now: %s", r->name, rows.error);
	} else {
		w->reading.known = true;
		if (setting_replay(c, r) > 0 && rows.n > 0) {
			w->reading.shown_from = rows.row[0].id;
			emit_reply(c, s, rows.n == 1 ? "The last line said in %s:" : "The last lines said in %s:",
			           r->name);
			show_rows(c, s, &rows, false);
			emit_reply(c, s, "End of the history of %s; what follows is live.", r->name);
		}
		missed_watched(c, s, w, &rows);
	}
	watch_release(c, w);
}

void history_watch(struct chat *c, struct session *s, const struct room *r)
{
	struct watch *w = watch_find(s, r);
	uint32_t lines = setting_replay(c, r);
	struct question *q = r->lines.last_id == 0 || w->rests ? NULL : history_ask(c, s, watch_answer, HISTORY_SAVED, (struct query){
		.kind = QUERY_REPLAY, .room = r->number, .limit = lines > 0 ? lines : 1,
		.before_id = w->reading.joined_id + 1,
		.replay = {s->key, s->nick, s->account != NULL ? s->account->made.first_seq : s->resume.back_seq},
	});

	if (q == NULL) {
		w->reading.known = true;
		watch_release(c, w);
		return;
	}
	/* It is not about the room where s is. */
	q->in_room = q->holds = false;
	q->data = mem_alloc(sizeof r->number);
	memcpy(q->data, &r->number, sizeof r->number);
	q->free_data = free;
}

void history_recall(struct chat *c, struct session *s)
{
	drop_recalls(c, s);
	seen_unknown(s);
	recall(c, s, 0);
}

void history_replay(struct chat *c, struct session *s)
{
	if (s->room->lines.last_id == 0) {
		s->reading.known = true;
		settle(c, s);
		return;
	}
	/* Where no lines are shown, one is asked for all the same: what was missed is in the answer. */
	s->replay.of_other = false;
	s->replay.held = ask_replay(c, s, replay_answer,
	                               setting_replay(c, s->room) > 0 ? setting_replay(c, s->room) : 1,
	                               s->room->lines.last_id + 1, 0) != NULL;
	/* None of it is to be read: what is said from now on is not held back for that. */
	s->reading.known = !s->replay.held;
	if (!s->replay.held)
		settle(c, s);
}

/* After the answer to /history: why there are no older lines. */
static void show_bounds(struct chat *c, struct session *s, const struct rows *rows)
{
	uint64_t after;

	if (!rows->more && access_read_after(c, s, s->room, &after) && after > 0)
		emit_reply(c, s, "You cannot read what was said before you were invited.");
	if (!s->room->set.history)
		emit_reply(c, s, "%s keeps no history: only people who are here now can read what is said.",
		           s->room->name);
	outage_tell_unsaved(c, s);
}

/* Lines of its room are shown that had not been, from first to last. */
static void note_shown(struct chat *c, struct session *s, uint64_t first, uint64_t last)
{
	/* Several answers are one until the first has arrived. */
	if (s->reading.caught_up_at == 0)
		s->reading.gaps_were = s->reading.gaps;
	s->reading.caught_up_at = s->room->lines.last_id;
	s->reading.caught_up = true;
	ranges_drop(&s->reading.gaps, first, last);
	seen_news(c);
}

static void show_history(struct chat *c, struct session *s, const struct rows *rows)
{
	if (rows->n == 0) {
		if (s->room->set.history && s->room->lines.last_id == 0)
			emit_reply(c, s, "Nothing has been said in %s yet.", s->room->name);
		else if (s->room->set.history)
			emit_reply(c, s, "No such lines in %s. %chistory shows the newest.", s->room->name,
			           c->config.command_prefix);
		show_bounds(c, s, rows);
		return;
	}
	if (rows->n == 1)
		emit_reply(c, s, "1 line of %s, #%" PRIu64 ":", s->room->name, rows->row[0].id);
	else
		emit_reply(c, s, "%zu lines of %s, #%" PRIu64 " to #%" PRIu64 ":", rows->n,
		           s->room->name, rows->row[0].id, rows->row[rows->n - 1].id);
	show_rows(c, s, rows, true);
	if (rows->more)
		emit_reply(c, s, "End. There are older ones: %chistory before #%" PRIu64,
		           c->config.command_prefix, rows->row[0].id);
	else
		emit_reply(c, s, "End.");
	show_bounds(c, s, rows);
}

static void show_catchup(struct chat *c, struct session *s, const struct rows *rows, uint64_t before)
{
	note_shown(c, s, 0, rows->more ? rows->row[rows->n - 1].id : before - 1);
	if (rows->n == 0 && s->reading.gaps.n > 0) {
		/* Nothing is left of these, or nothing was ever said between. */
		history_catch_up(c, s);
		return;
	}
	if (rows->n == 0) {
		emit_reply(c, s, "The lines you missed are no longer kept.");
	} else {
		emit_reply(c, s, "%zu %s you missed in %s:", rows->n, lines_word(rows->n),
		           s->room->name);
		show_rows(c, s, rows, true);
	}
	if (s->reading.gaps.n > 0)
		emit_reply(c, s, "There are more: %ccatchup again.", c->config.command_prefix);
	else if (rows->n > 0)
		emit_reply(c, s, "That is all you missed.");
}

/* The hit whose group (line before, hit, line after) begins with row i, or NULL.
 * Hits come newest first, so a line next to two hits is older than the next one
 * exactly if it belongs to that. */
static const struct row *group_begins(const struct rows *rows, size_t i)
{
	const struct row *row = &rows->row[i];

	if (row->hit)
		return i > 0 && !row[-1].hit && row[-1].id < row->id ? NULL : row;
	return i + 1 < rows->n && row[1].hit && row->id < row[1].id ? row + 1 : NULL;
}

/* The hits that s is to see, each with its neighbours. */
static void show_hits(struct chat *c, struct session *s, const struct rows *rows)
{
	bool hidden = false;

	for (size_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->row[i], *hit = group_begins(rows, i);

		if (hit != NULL)
			hidden = row_ignored(s, hit);
		if (hit != NULL && !hidden)
			emit_reply(c, s, "#%" PRIu64 " in %s:", hit->id, hit->room_name);
		if (!hidden && !row_ignored(s, row))
			show_row(c, s, row->hit ? "> " : "  ", row);
	}
	/* The most important comes last. */
	emit_reply(c, s, rows->more ? "End of results. Older lines match too; add a word to find fewer."
	                            : "End of results.");
}

static void tell_unindexed(struct chat *c, struct session *s, const struct rows *rows)
{
	if (rows->search.unindexed > 0)
		emit_reply(c, s, "The index is being rebuilt; the newest %d%% were not searched.",
		           rows->search.unindexed);
}

static void show_search(struct chat *c, struct session *s, const struct rows *rows)
{
	size_t hits = 0, ignored = 0;

	for (size_t i = 0; i < rows->n; i++) {
		ignored += rows->row[i].hit && row_ignored(s, &rows->row[i]);
		hits += rows->row[i].hit && !row_ignored(s, &rows->row[i]);
	}
	if (hits + ignored == 0)
		emit_reply(c, s, "Nothing found. All the words must be in one line; wor* finds words that "
		           "begin with wor.");
	else if (rows->more)
		emit_reply(c, s, "More than %zu lines found%s", hits + ignored,
		           hits > 0 ? "; these are the newest:" : ". Add a word to find fewer.");
	else if (hits > 0)
		emit_reply(c, s, "%zu %s found, newest first:", hits, lines_word(hits));
	if (hits > 0)
		show_hits(c, s, rows);
	if (ignored > 0)
		emit_reply(c, s, "Not shown: %zu %s by people you ignore.", ignored, lines_word(ignored));
	tell_unindexed(c, s, rows);
}

/* The index found the lines that have the words somewhere; which of them mention s is seen here. */
static void show_mentions(struct chat *c, struct session *s, const struct rows *rows)
{
	const struct row *list[MENTIONS_LISTED_MAX];
	char head[NAME_BYTES_MAX + 32];
	size_t n = 0, ignored = 0, i = 0;

	for (; i < rows->n && n < MENTIONS_LISTED_MAX; i++) {
		const struct row *row = &rows->row[i];

		if (name_is(row->sender, s->key) || !mention_is(c, s, row->body))
			continue;
		if (row_ignored(s, row))
			ignored++;
		else
			list[n++] = row;
	}
	if (n == 0)
		emit_reply(c, s, "No lines that you may read mention you. %chighlight WORD adds a word to look "
		           "for.", c->config.command_prefix);
	else if (n == 1)
		emit_reply(c, s, "1 line mentions you:");
	else
		emit_reply(c, s, "%s%zu lines that mention you, oldest first:",
		           i < rows->n || rows->more ? "The last " : "", n);
	while (n-- > 0) {
		snprintf(head, sizeof head, "#%" PRIu64 " %s ", list[n]->id, list[n]->room_name);
		show_row(c, s, head, list[n]);
	}
	if (ignored > 0)
		emit_reply(c, s, "Not shown: %zu %s by people you ignore.", ignored, lines_word(ignored));
	tell_unindexed(c, s, rows);
}

static void show_audit(struct chat *c, struct session *s, const struct rows *rows)
{
	if (rows->n == 0) {
		emit_reply(c, s, "No moderation actions match. %caudit alone shows the latest.",
		           c->config.command_prefix);
		return;
	}
	emit_reply(c, s, "%zu moderation %s, oldest first:", rows->n, rows->n == 1 ? "action" : "actions");
	for (size_t i = 0; i < rows->n; i++)
		emit_rows(c, s, 4, "#A%" PRIu64 " %s %s %s", rows->row[i].id,
		          format_stamp(&c->stamp, rows->row[i].time_ms), rows->row[i].sender,
		          rows->row[i].body);
	if (rows->more)
		emit_reply(c, s, "There are older ones: end the command with \"before #A%" PRIu64 "\".",
		           rows->row[0].id);
}

/* Shows the answer, or why there is none. */
static void answer(struct chat *c, struct session *s, const struct rows *rows,
                   void (*show)(struct chat *c, struct session *s, const struct rows *rows))
{
	if (rows->error != NULL)
		emit_reply(c, s, "%s", rows->error);
	else
		show(c, s, rows);
}

void history_show_times(struct chat *c, struct session *s, struct question *q, const struct event *e)
{
	(void)q;
	answer(c, s, e->rows, show_history);
}

void history_show(struct chat *c, struct session *s, struct question *q, const struct event *e)
{
	history_show_times(c, s, q, e);
	/* All there is between the first of them and the last. */
	if (e->rows->error == NULL && e->rows->n > 0 && s->reading.gaps.n > 0)
		note_shown(c, s, e->rows->row[0].id, e->rows->row[e->rows->n - 1].id);
}

static void catchup_answer(struct chat *c, struct session *s, struct question *q,
                           const struct event *e)
{
	if (e->rows->error != NULL)
		emit_reply(c, s, "%s", e->rows->error);
	else
		show_catchup(c, s, e->rows, *(const uint64_t *)q->data);
}

void history_catch_up(struct chat *c, struct session *s)
{
	/* More may be skipped before the answer is there. */
	struct range first = s->reading.gaps.at[0];
	struct question *q = history_ask(c, s, catchup_answer, HISTORY_ALL, (struct query){
		.kind = QUERY_FIRST, .room = s->room->number, .limit = HISTORY_LINES_SPAN,
		.after_id = first.after, .before_id = first.before,
	});

	if (q == NULL)
		return;
	q->data = mem_alloc(sizeof first.before);
	memcpy(q->data, &first.before, sizeof first.before);
	q->free_data = free;
}

void history_show_search(struct chat *c, struct session *s, struct question *q,
                         const struct event *e)
{
	(void)q;
	answer(c, s, e->rows, show_search);
}

void history_show_mentions(struct chat *c, struct session *s, struct question *q,
                           const struct event *e)
{
	(void)q;
	answer(c, s, e->rows, show_mentions);
}

void history_show_audit(struct chat *c, struct session *s, struct question *q,
                        const struct event *e)
{
	(void)q;
	answer(c, s, e->rows, show_audit);
}

/* The same of a room that it watches. */
static void skipped_watched(struct chat *c, struct session *s, struct watch *w, uint32_t lines,
                            uint64_t first_id)
{
	uint64_t joined = w->reading.joined_id;

	if (first_id != 0)
		ranges_add(&w->reading.gaps, first_id - 1 > joined ? first_id - 1 : joined,
		           w->room->lines.last_id + 1);
	emit_notice(c, s, "%" PRIu32 " %s of %s skipped while %s.", lines, lines_word(lines), w->room->name,
	            s->input.console.hold ? "you held them" : "your connection was slow");
}

void history_skipped(struct chat *c, struct session *s, uint32_t feed, uint32_t lines, uint64_t first_id)
{
	const char *why = s->input.console.hold ? "you held them" : "your connection was slow";
	uint64_t after;

	for (uint32_t i = 0; i < s->member.watching.n; i++)
		if (s->member.watching.list[i]->room->slot == feed / 2 && !s->member.watching.list[i]->rests) {
			skipped_watched(c, s, s->member.watching.list[i], lines, first_id);
			return;
		}
	if (s->room == NULL)
		return;
	if (first_id == 0) {
		emit_notice(c, s, "%" PRIu32 " %s skipped while %s.", lines, lines == 1 ? "notice" : "notices", why);
		return;
	}
	/* All the server may know is that it came after a line said before s joined. */
	after = first_id - 1 > s->reading.joined_id ? first_id - 1 : s->reading.joined_id;
	ranges_add(&s->reading.gaps, after, s->room->lines.last_id + 1);
	emit_notice(c, s, "%" PRIu32 " %s skipped while %s; %ccatchup shows %s", lines, lines_word(lines), why,
	            c->config.command_prefix, lines == 1 ? "it" : "them");
}
