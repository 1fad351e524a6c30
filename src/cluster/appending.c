/*
 * A batch: one act alone, or several as a transaction.
 *
 * An error to a command in the transaction makes EXEC refuse all of it, and nothing else is sent before
 * its answer, so no act is ever appended after one before it was refused.
 */
#include "chatd/cluster/appending.h"

#include "chatd/cluster/engine_figures.h"
#include "chatd/cluster/expecting.h"
#include "chatd/cluster/outcome.h"

#include <stdio.h>
#include <string.h>

enum { AGAIN_MS = 200 }; /* until a batch that was refused is sent again */

static void append_command(struct engine_thread *t, const struct proposal *p)
{
	struct wire *w = &t->writer;
	wire_begin(w, 5);
	wire_word(w, "XADD", 4);
	wire_word(w, t->e->keys.stream, strlen(t->e->keys.stream));
	wire_word(w, "*", 1);
	wire_word(w, KEY_FIELD, sizeof(KEY_FIELD) - 1);
	wire_word(w, p->text, p->bytes);
}

void appending_turn(struct engine_thread *t, int64_t now_ms)
{
	uint32_t n = 0;
	size_t bytes = 0;
	if (t->batch.left > 0 || !t->proposals.open || now_ms < t->batch.at_ms)
		return;
	for (struct proposal *p = t->proposals.open; p && n < ACTS_BATCH_MAX; p = proposal_next(p), n++) {
		bytes += p->bytes;
		if (n > 0 && bytes > ACTS_BATCH_BYTES_MAX)
			break;
	}
	if (n > 1)
		wire_command(&t->writer, "MULTI", NULL);
	struct proposal *p = t->proposals.open;
	for (uint32_t i = 0; i < n; i++, p = proposal_next(p))
		append_command(t, p);
	if (n > 1)
		wire_command(&t->writer, "EXEC", NULL);
	t->proposals.sent = n;
	t->batch.left = n > 1 ? n + 2 : 1;
	t->batch.error[0] = '\0';
	atomic_store(&t->e->appending, true);
	expect(t, EXPECT_BATCH);
	figures_sent(t);
}

/* One act's answer: its entry's id. */
static enum outcome act_answered(struct engine_thread *t, const redisReply *r)
{
	struct stream_id id;
	if (r->type != REDIS_REPLY_STRING || !stream_id_read(&id, r->str, r->len))
		return outcome_unexpected(t, "XADD");
	proposals_answered(&t->proposals, id);
	return OUTCOME_OK;
}

/* All of a transaction's commands are alike, so either all succeed or none. */
static enum outcome batch_answered(struct engine_thread *t, const redisReply *r)
{
	if (t->proposals.sent == 1)
		return act_answered(t, r);
	if (r->type != REDIS_REPLY_ARRAY || r->elements != t->proposals.sent)
		return outcome_unexpected(t, "EXEC");
	for (size_t i = 0; i < r->elements; i++) {
		const redisReply *each = r->element[i];
		if (each->type == REDIS_REPLY_ERROR && i > 0)
			return outcome_set(t, OUTCOME_FATAL, "Redis has appended only a part of a transaction (%.200s): the "
			                   "acts of this node are no longer in order.", each->str);
		if (each->type == REDIS_REPLY_ERROR)
			return outcome_error(t, each->str);
		enum outcome outcome = act_answered(t, each);
		if (outcome != OUTCOME_OK)
			return outcome;
	}
	return OUTCOME_OK;
}

/* Nothing of it was appended. */
static enum outcome batch_refused(struct engine_thread *t)
{
	enum outcome outcome = outcome_error(t, t->batch.error);
	if (outcome != OUTCOME_AWAY)
		return outcome;
	t->proposals.sent = 0;
	t->answered = false;
	t->batch.at_ms = boot_ms() + AGAIN_MS;
	tell_away(t, t->why);
	return OUTCOME_OK;
}

enum outcome appending_on_reply(struct engine_thread *t, const redisReply *r)
{
	bool last = --t->batch.left == 0;
	if (r->type == REDIS_REPLY_ERROR && t->batch.error[0] == '\0')
		snprintf(t->batch.error, sizeof(t->batch.error), "%s", r->str);
	if (!last)
		return OUTCOME_OK;
	atomic_store(&t->e->appending, false);
	if (t->batch.error[0] != '\0')
		return batch_refused(t);
	figures_answered(t);
	enum outcome outcome = batch_answered(t, r);
	t->answered = outcome == OUTCOME_OK;
	proposals_read(&t->proposals, &t->e->proposed, t->reading.at);
	return outcome;
}
