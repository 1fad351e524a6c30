/*
 * XREAD from the last entry on, into messages for the loop.
 *
 * XREAD from an entry that was trimmed goes on behind the gap and says nothing. So whenever there may be
 * entries behind the last one already, the question is first whether that is still there; at the
 * start, whether nothing was ever taken out. Both commands come to Redis together, so nobody's comes
 * between them.
 */
#include "chatd/cluster/reading.h"

#include "chatd/cluster/engine_figures.h"
#include "chatd/cluster/extent.h"
#include "chatd/cluster/outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	GATHER_ACTS = 4,           /* an answer of so many shows that people talk at the same time, */
	GATHER_MS = 8,             /* and the next is asked for so much later: each answer is a commit, and a send to
	                            * each reader, which cost the same for one act and for many; */
	GATHER_OWN_MS = 4,         /* and so much later than that if a batch of ours is under way, which comes too then */
	NUMBER_BYTES = 24,         /* of a number's text */
	COUNT_LEAST = ACTS_READ_BYTES / ACT_BYTES_MAX, /* entries asked for, if the last were long */
	ANSWER_BYTES_MOST = ACTS_READ_MAX * (ACT_BYTES_MAX + 256), /* of one, for the loop */
};

static bool has_room(struct engine_thread *t)
{
	return atomic_load(&t->e->waiting.acts) + ACTS_READ_MAX <= ACTS_WAITING_MAX &&
	       atomic_load(&t->e->waiting.bytes) + ANSWER_BYTES_MOST <= ACTS_WAITING_BYTES_MAX;
}

bool reading_can_go_on(struct engine_thread *t)
{
	return atomic_load(&t->e->waiting.paused) && has_room(t);
}

int64_t reading_due_ms(const struct engine_thread *t)
{
	return t->reading.ask_at_ms + (t->batch.left > 0 ? GATHER_OWN_MS : 0);
}

void reading_turn(struct engine_thread *t, int64_t now_ms)
{
	struct reading *r = &t->reading;
	char at[STREAM_ID_BYTES], count[NUMBER_BYTES], block[NUMBER_BYTES];
	const char *stream = t->e->keys.stream;
	if (r->asked || now_ms < reading_due_ms(t))
		return;
	atomic_store(&t->e->waiting.paused, true); /* before the look, as the loop looks after taking */
	if (!has_room(t)) {
		r->gap = true;
		return;
	}
	atomic_store(&t->e->waiting.paused, false);
	stream_id_text(at, r->at);
	snprintf(count, sizeof(count), "%" PRIu32, r->count);
	snprintf(block, sizeof(block), "%" PRIu32, t->e->times.block);
	r->checks = r->gap;
	if (r->checks && r->at.ms == 0)
		wire_command(&t->reader, "XINFO", "STREAM", stream, NULL);
	else if (r->checks)
		wire_command(&t->reader, "XRANGE", stream, at, at, NULL);
	wire_command(&t->reader, "XREAD", "COUNT", count, "BLOCK", block, "STREAMS", stream, at, NULL);
	r->asked = true;
}

void reading_check_goal(struct engine_thread *t)
{
	if (t->reading.caught_up || stream_id_compare(t->reading.at, t->reading.goal) < 0)
		return;
	t->reading.caught_up = true;
	tell(t, ENGINE_CAUGHT_UP, NULL, 0);
}

/* -- what came ------------------------------------------------------------------------------- */

static enum outcome unreadable(struct engine_thread *t, const char *id, const char *what)
{
	return outcome_set(t, OUTCOME_FATAL, "The entry %.50s of the stream %s is not an act that this chatd can read "
	                   "(%s): something else has written to it. XDEL %s %.50s takes it out.", id, t->e->keys.stream,
	                   what, t->e->keys.stream, id);
}

static bool is_list(const redisReply *r, size_t elements)
{
	return r->type == REDIS_REPLY_ARRAY && r->elements == elements;
}

/* One entry: its id, and a list of fields and their values. */
static enum outcome entry_take(struct engine_thread *t, const redisReply *entry, struct news *to)
{
	struct stream_id id;
	if (!is_list(entry, 2) || entry->element[0]->type != REDIS_REPLY_STRING)
		return outcome_unexpected(t, "XREAD");
	const redisReply *name = entry->element[0], *fields = entry->element[1];
	if (!stream_id_read(&id, name->str, name->len) || stream_id_compare(id, t->reading.at) <= 0 ||
	    id.ms > (uint64_t)TIME_MS_MAX)
		return unreadable(t, name->str, "its id");
	if (!is_list(fields, 2) || fields->element[0]->type != REDIS_REPLY_STRING ||
	    fields->element[1]->type != REDIS_REPLY_STRING || strcmp(fields->element[0]->str, KEY_FIELD) != 0)
		return unreadable(t, name->str, "its fields");
	const redisReply *text = fields->element[1];
	if (text->len == 0 || text->len > ACT_BYTES_MAX || memchr(text->str, '\0', text->len))
		return unreadable(t, name->str, "its length");
	news_act(to, id, text->str, text->len);
	t->reading.at = id;
	nodes_see_act(&t->nodes, id);
	return OUTCOME_OK;
}

static void post(struct engine_thread *t, struct news *news)
{
	if (news->acts == 0) {
		news_free(news);
		return;
	}
	atomic_fetch_add(&t->e->waiting.acts, news->acts);
	atomic_fetch_add(&t->e->waiting.bytes, news->text.len);
	inbox_post(&t->e->inbox, &news->message);
}

static enum outcome entries_take(struct engine_thread *t, const redisReply *entries)
{
	struct reading *r = &t->reading;
	struct news *news = news_new(ENGINE_ACT);
	enum outcome outcome = OUTCOME_OK;
	for (size_t i = 0; i < entries->elements && outcome == OUTCOME_OK; i++)
		outcome = entry_take(t, entries->element[i], news);
	size_t each = news->acts ? news->text.len / news->acts : 1;
	r->gap = entries->elements >= r->count;
	if (!r->gap && entries->elements >= GATHER_ACTS) {
		r->ask_at_ms = boot_ms() + GATHER_MS;
		r->gap = true; /* by then */
	}
	figures_read_on(t, news->acts);
	r->count = each * ACTS_READ_MAX <= ACTS_READ_BYTES ? ACTS_READ_MAX : (uint32_t)(ACTS_READ_BYTES / each);
	r->count = r->count < COUNT_LEAST ? COUNT_LEAST : r->count;
	/* Before the loop hears of its own, so that it finds room. */
	proposals_read(&t->proposals, &t->e->proposed, r->at);
	post(t, news);
	return outcome;
}

/* Whether nothing is missing behind `at`. There is an error to XINFO before the first act. */
static bool check_is_good(const struct engine_thread *t, const redisReply *r)
{
	struct extent x;
	if (t->reading.at.ms != 0)
		return r->type == REDIS_REPLY_ARRAY && r->elements == 1;
	extent_read(&x, r);
	return extent_is_all(&x);
}

static enum outcome check_take(struct engine_thread *t, const redisReply *r)
{
	char at[STREAM_ID_BYTES];
	t->reading.checks = false;
	if (check_is_good(t, r))
		return OUTCOME_OK;
	/* The next session looks what is gone: all of it, what this node needs, or nothing that it needs. */
	return outcome_set(t, OUTCOME_AWAY, "The stream %s no longer has %s, which is where this node is.",
	                   t->e->keys.stream, stream_id_text(at, t->reading.at));
}

enum outcome reading_on_reply(struct engine_thread *t, const redisReply *r)
{
	bool starts = t->reading.checks && t->reading.at.ms == 0;
	if (r->type == REDIS_REPLY_ERROR && !(starts && strncmp(r->str, "ERR no such key", 15) == 0))
		return outcome_error(t, r->str);
	if (t->reading.checks)
		return check_take(t, r);
	t->reading.asked = false;
	if (r->type == REDIS_REPLY_NIL) {
		t->reading.gap = false;
		t->reading.goal = t->reading.at; /* whatever was behind was deleted */
		return OUTCOME_OK;
	}
	if (!is_list(r, 1) || !is_list(r->element[0], 2) || r->element[0]->element[1]->type != REDIS_REPLY_ARRAY)
		return outcome_unexpected(t, "XREAD");
	return entries_take(t, r->element[0]->element[1]);
}
