/*
 * What one transaction saves.
 *
 * A group is saved whole or not at all, so it is never cut where the batch would be full: the batch
 * then goes on to the group's end.
 */
#include "chatd/store/threads/batch.h"

#include "chatd/base/bounds.h"
#include "chatd/store/chatlog.h"
#include "chatd/store/threads/writer_state.h"

enum { SAVE_RECORDS = 128 }; /* records that go to the database in one statement */

static bool record_prunes(const struct record *r)
{
	return r->kind == RECORD_REMOVE || r->kind == RECORD_PRUNE || r->kind == RECORD_ERASE;
}

/* Takes the next records, after `before` others. *done: they are the last. */
static size_t batch_take(struct writer *w, struct queue_mark *end, struct record r[SAVE_RECORDS],
                         size_t before, bool *done)
{
	size_t n = 0;
	while (n < SAVE_RECORDS && !*done) {
		bool full = before + n >= BATCH_RECORDS_MAX;
		*done = (full && (!w->groups.on || queue_group_ends(w->queue, end))) ||
		        !queue_next(w->queue, end, &r[n]);
		n += !*done;
	}
	return n;
}

bool batch_save(struct writer *w, struct queue_mark *end, bool *prunes, struct store_error *err)
{
	struct record r[SAVE_RECORDS];
	const char *latest;
	size_t all = 0;
	bool done = false;
	while (!done) {
		size_t n = batch_take(w, end, r, all, &done);
		for (size_t i = 0; i < n; i++)
			*prunes |= record_prunes(&r[i]);
		if (!store_save(w->store, r, n, err))
			return false;
		all += n;
	}
	if (!w->groups.on)
		return true;
	latest = latest_position_at(&w->groups.latest, end->at);
	if (latest)
		end->position = latest;
	return !end->position || store_save_position(w->store, w->groups.cluster, end->position, err);
}

void batch_to_chatlog(struct writer *w, const struct queue_mark *end)
{
	struct queue_mark at = queue_first(w->queue);
	struct record r;
	if (!w->chatlog)
		return;
	while (at.records < end->records && queue_next(w->queue, &at, &r))
		chatlog_add(w->chatlog, &r);
}
