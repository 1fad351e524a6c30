/*
 * XINFO STREAM, and a hash in which each node says how far behind it is, now and then.
 *
 * Redis counts the entries that were ever added, and we count those that we read: so once we are at the stream's end,
 * or if we began at its start, we know how many are between. Some may have been deleted before we came to them,
 * which the next time at the end puts right.
 *
 * Errors do no harm, and are not told: before the first act there is no stream, and where memory is short appending
 * says so.
 */
#include "chatd/cluster/observing.h"

#include "chatd/cluster/engine_figures.h"
#include "chatd/cluster/expecting.h"
#include "chatd/cluster/extent.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NUMBER_BYTES = 24,      /* of a number's text */
	STEP_MS = 100,          /* smaller changes are not told: each costs Redis a write to its disk */
};

void observing_reset(struct engine_thread *t, int64_t now_ms)
{
	struct observed *o = &t->observed;
	o->asked = o->comparing = false;
	o->due_ms = o->compare_at_ms = now_ms;
	o->told_ms = -1;
	if (t->reading.at.ms == 0)
		o->counted = true;
}

static void behind_tell(struct engine_thread *t)
{
	char text[NUMBER_BYTES];
	int64_t ms = figures_behind_ms(t) / STEP_MS * STEP_MS;
	if (ms == t->observed.told_ms)
		return;
	t->observed.told_ms = ms;
	snprintf(text, sizeof(text), "%" PRId64, ms);
	wire_command(&t->writer, "HSET", t->e->keys.behind, t->e->node, text, NULL);
	expect(t, EXPECT_TOLD);
}

void observing_turn(struct engine_thread *t, int64_t now_ms)
{
	struct observed *o = &t->observed;
	if (!o->asked && now_ms >= o->due_ms) {
		wire_command(&t->writer, "XINFO", "STREAM", t->e->keys.stream, NULL);
		expect(t, EXPECT_EXTENT);
		o->asked = true;
		o->due_ms = now_ms + t->e->times.nodes;
	}
	if (!o->comparing && now_ms >= o->compare_at_ms) {
		behind_tell(t);
		wire_command(&t->writer, "HGETALL", t->e->keys.behind, NULL);
		expect(t, EXPECT_BEHIND);
		o->comparing = true;
		o->compare_at_ms = now_ms + t->e->times.renew;
	}
}

int64_t observing_due_ms(const struct engine_thread *t)
{
	const struct observed *o = &t->observed;
	int64_t due_ms = o->asked ? INT64_MAX : o->due_ms;
	return o->comparing || due_ms < o->compare_at_ms ? due_ms : o->compare_at_ms;
}

static void extent_note(struct engine_thread *t, const redisReply *r)
{
	struct observed *o = &t->observed;
	struct extent x;
	extent_read(&x, r);
	o->asked = false;
	o->length = x.length;
	o->added = x.added;
	o->last = x.last;
	if (stream_id_compare(t->reading.at, x.last) == 0) {
		o->counted = true;
		o->read = x.added;
	}
}

static void behind_note(struct engine_thread *t, const redisReply *r)
{
	struct observed *o = &t->observed;
	o->comparing = false;
	o->nbehind = 0;
	for (size_t i = 0; i + 1 < r->elements && o->nbehind < NODES_MAX; i += 2) {
		const redisReply *node = r->element[i], *ms = r->element[i + 1];
		if (!node->str || !ms->str || node->len > NODE_BYTES_MAX)
			continue;
		snprintf(o->behind[o->nbehind].node, sizeof(o->behind[0].node), "%s", node->str);
		o->behind[o->nbehind++].ms = strtoll(ms->str, NULL, 10);
	}
}

bool observing_on_reply(struct engine_thread *t, enum expected kind, const redisReply *r)
{
	if (kind == EXPECT_EXTENT)
		extent_note(t, r);
	else if (kind == EXPECT_BEHIND)
		behind_note(t, r);
	return kind == EXPECT_EXTENT || kind == EXPECT_BEHIND || kind == EXPECT_TOLD;
}
