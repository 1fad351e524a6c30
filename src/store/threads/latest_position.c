/*
 * The newest position without records: an exchange of pointers, and when it is due.
 */
#include "chatd/store/threads/latest_position.h"

#include "chatd/base/bytes.h"

#include <stdlib.h>
#include <string.h>

struct placed_position {
	uint64_t at;   /* its place in the ring */
	char text[];
};

void latest_position_release(struct latest_position *l)
{
	free(atomic_exchange(&l->posted, NULL));
	free(l->held);
	l->held = NULL;
}

bool latest_position_post(struct latest_position *l, const char *text, uint64_t at)
{
	size_t bytes = strlen(text) + 1;
	struct placed_position *new = mem_alloc(sizeof(*new) + bytes), *old;
	new->at = at;
	memcpy(new->text, text, bytes);
	old = atomic_exchange(&l->posted, new);
	free(old);
	return !old;
}

bool latest_position_is_new(const struct latest_position *l)
{
	return l->due_ms == 0 && atomic_load(&l->posted);
}

void latest_position_see(struct latest_position *l, int64_t now_ms)
{
	if (l->due_ms == 0 && (l->held || atomic_load(&l->posted)))
		l->due_ms = now_ms + (l->delay_ms ? l->delay_ms : POSITION_FIRST_MS);
}

const char *latest_position_at(struct latest_position *l, uint64_t at)
{
	struct placed_position *new = atomic_exchange(&l->posted, NULL);
	if (new) {
		free(l->held);
		l->held = new;
	}
	return l->held && l->held->at == at ? l->held->text : NULL;
}

void latest_position_saved(struct latest_position *l, uint64_t at, bool alone)
{
	int64_t delay_ms = l->delay_ms ? l->delay_ms : POSITION_FIRST_MS;
	l->delay_ms = !alone ? POSITION_FIRST_MS
	            : delay_ms < POSITION_LAST_MS ? delay_ms * 2 : POSITION_LAST_MS;
	if (l->held && l->held->at <= at) {
		free(l->held);
		l->held = NULL;
	}
	/* One for later records becomes due anew. */
	l->due_ms = 0;
}
