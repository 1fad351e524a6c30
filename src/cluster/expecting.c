/*
 * A small ring. Of each kind at most one command is under way, and a batch, of acts or of texts, counts as one.
 */
#include "chatd/cluster/expecting.h"

#include <assert.h>

void expect(struct engine_thread *t, enum expected kind)
{
	struct expecting *e = &t->expecting;
	assert(e->n < EXPECTED_MAX);
	e->kinds[(e->first + e->n++) % EXPECTED_MAX] = kind;
}

enum expected expected_next(struct engine_thread *t)
{
	struct expecting *e = &t->expecting;
	assert(e->n > 0);
	enum expected kind = e->kinds[e->first];
	/* These have several replies. */
	if ((kind == EXPECT_BATCH && t->batch.left > 1) || (kind == EXPECT_HEARD && t->tells.sent > 1))
		return kind;
	e->first = (e->first + 1) % EXPECTED_MAX;
	e->n--;
	return kind;
}
