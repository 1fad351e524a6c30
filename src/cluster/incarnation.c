/*
 * Giving our incarnation up, before others do.
 */
#include "chatd/cluster/incarnation.h"

#include "chatd/cluster/outcome.h"

void incarnation_end(struct engine_thread *t)
{
	struct lease *l = &t->lease;
	if (l->incarnation == 0)
		return;
	l->before = l->incarnation;
	l->incarnation = 0;
	proposals_drop_all(&t->proposals, &t->e->proposed);
	if (t->ready == l->before)
		tell(t, ENGINE_LEASE_LOST, NULL, l->before);
}

bool incarnation_check(struct engine_thread *t, int64_t now_ms)
{
	if (t->lease.incarnation != 0 && now_ms >= t->lease.until_ms)
		incarnation_end(t);
	return t->lease.incarnation != 0;
}
