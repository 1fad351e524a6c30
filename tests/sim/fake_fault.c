/*
 * What goes wrong in the kernel that is memory: how often, and counting it.
 *
 * Each run has weights of its own, so that some have much of one fault and none
 * of another. Owns the counts, which go on from run to run.
 */
#include "fake.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static const struct {
	uint32_t per_mille;     /* of the occasions; 0: it has its own reasons */
	const char *name;
} faults[FAULTS] = {
	[FAULT_SHORT] = {0, "short sends"},
	[FAULT_SEND_AGAIN] = {1, "interrupted"},
	[FAULT_SEND_MEMORY] = {1, "without memory"},
	[FAULT_SEND_REFUSED] = {1, "refused"},
	[FAULT_SEND_RESET] = {0, "to nobody"},
	[FAULT_SEND_LATE] = {3, "very late"},
	[FAULT_NO_BUFFER] = {20, "receives without a buffer"},
	[FAULT_RECV_AGAIN] = {1, "interrupted"},
	[FAULT_RECV_REFUSED] = {1, "refused"},
	[FAULT_RECV_RESET] = {0, "from nobody"},
	[FAULT_RECV_LATE] = {3, "very late"},
	[FAULT_ACCEPT_FULL] = {5, "accepts without a descriptor"},
	[FAULT_ACCEPT_ABORT] = {5, "of nobody"},
	[FAULT_ACCEPT_NOBODY] = {5, "of somebody unknown"},
	[FAULT_ACCEPT_REFUSED] = {5, "refused"},
	[FAULT_POLL_END] = {50, "polls ended"},
	[FAULT_POLL_FALSE] = {5, "of nothing"},
	[FAULT_POLL_REFUSED] = {5, "refused"},
	[FAULT_CUT] = {30, "batches cut"},
	[FAULT_SPURIOUS] = {0, "waits in vain"},
	[FAULT_STOPPED] = {1, "stops"},
	[FAULT_CLOCK] = {1, "clocks set"},
	[FAULT_CANCEL_LATE] = {300, "late cancels"},
	[FAULT_CANCEL_MISSED] = {0, "cancels of nothing"},
};

static uint64_t happened[FAULTS];
static struct fault_plan plan;

void fault_begin(struct ring *r)
{
	static const uint32_t weights[] = {0, 1, 1, 1, 5};

	for (int i = 0; i < FAULTS; i++)
		r->weight[i] = weights[prng_below(&r->prng, sizeof weights / sizeof weights[0])];
}

bool fault_chance(struct ring *r, uint32_t per_mille)
{
	return !r->calm && prng_chance(&r->prng, per_mille);
}

void fault_count(enum fault f)
{
	happened[f]++;
}

bool fault_is(struct ring *r, enum fault f)
{
	bool is = fault_chance(r, faults[f].per_mille * r->weight[f]);

	happened[f] += is;
	return is;
}

/* -- one operation of a run ------------------------------------------------------------ */

struct fault_plan *fault_plan(void)
{
	return &plan;
}

int fault_of(enum ring_op op)
{
	static const int errors[][FAULT_WAYS] = {
		[RING_ACCEPT] = {EMFILE, EINVAL, ENOMEM},
		[RING_RECV] = {ENOMEM, EINVAL, ENOBUFS},
		[RING_SEND] = {ENOMEM, EINVAL, EINTR},
		[RING_POLL] = {ENOMEM, EINVAL, ECANCELED},
	};

	return ++plan.ops == plan.op ? -errors[op][plan.how] : 0;
}

bool fault_of_cancel(void)
{
	return ++plan.ops == plan.op;
}

/* -- telling --------------------------------------------------------------------------- */

uint64_t fault_total(enum fault f)
{
	return happened[f];
}

void fault_say(void)
{
	static const enum fault lines[] = {FAULT_SHORT, FAULT_NO_BUFFER, FAULT_ACCEPT_FULL,
	                                   FAULT_POLL_END, FAULT_CUT, FAULTS};

	for (uint32_t line = 0; lines[line] != FAULTS; line++) {
		printf("#");
		for (enum fault f = lines[line]; f < lines[line + 1]; f++)
			printf("%s %" PRIu64 " %s", f == lines[line] ? "" : ",", happened[f], faults[f].name);
		printf("\n");
	}
}

const char *fault_missing(void)
{
	for (int i = 0; i < FAULTS; i++)
		if (happened[i] == 0)
			return faults[i].name;
	return NULL;
}
