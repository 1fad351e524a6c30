/*
 * XINFO STREAM, now and then.
 *
 * Redis counts the entries that were ever added, and we count those that we read: so once we are at the stream's end,
 * or if we began at its start, we know how many are between. Some may have been deleted before we came to them,
 * which the next time at the end puts right.
 */
#include "chatd/cluster/observing.h"

#include "chatd/cluster/expecting.h"
#include "chatd/cluster/extent.h"

void observing_reset(struct engine_thread *t, int64_t now_ms)
{
	t->observed.asked = false;
	t->observed.due_ms = now_ms;
	if (t->reading.at.ms == 0)
		t->observed.counted = true;
}

void observing_turn(struct engine_thread *t, int64_t now_ms)
{
	struct observed *o = &t->observed;
	if (o->asked || now_ms < o->due_ms)
		return;
	wire_command(&t->writer, "XINFO", "STREAM", t->e->keys.stream, NULL);
	expect(t, EXPECT_EXTENT);
	o->asked = true;
	o->due_ms = now_ms + t->e->times.nodes;
}

/* Before the first act there is an error, for there is no stream. */
void observing_on_reply(struct engine_thread *t, const redisReply *r)
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
