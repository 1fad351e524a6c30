/*
 * How many bytes all of a kind hold together, kept where they are allocated and freed.
 *
 * The reader or writer of a piece of text has a pointer to the tally of its kind; NULL, in
 * tests, counts nothing.
 */
#ifndef CHATD_NET_BUDGET_H
#define CHATD_NET_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tally {
	uint64_t bytes;     /* that are held */
	uint64_t high;      /* above it each may hold less than otherwise */
	uint64_t max;       /* above it some must give up what they hold */
};

static inline void tally_add(struct tally *t, size_t bytes)
{
	if (t != NULL)
		t->bytes += bytes;
}

static inline void tally_drop(struct tally *t, size_t bytes)
{
	if (t != NULL)
		t->bytes -= bytes;
}

static inline bool tally_is_high(const struct tally *t)
{
	return t != NULL && t->bytes > t->high;
}

#endif
