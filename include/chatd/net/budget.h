/*
 * A memory budget: how many bytes all pieces of one kind take together, and how many they may.
 *
 * Charged when a piece is allocated, refunded when it is freed. Owners of pieces have a pointer to
 * the budget of their kind; NULL, in tests, counts nothing.
 */
#ifndef CHATD_NET_BUDGET_H
#define CHATD_NET_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget {
	uint64_t bytes;     /* held now */
	uint64_t high;      /* above it each owner may hold less than usual */
	uint64_t max;       /* above it some owners must give up what they hold */
};

static inline void budget_charge(struct budget *b, size_t bytes)
{
	if (b != NULL)
		b->bytes += bytes;
}

static inline void budget_refund(struct budget *b, size_t bytes)
{
	if (b != NULL)
		b->bytes -= bytes;
}

static inline bool budget_is_high(const struct budget *b)
{
	return b != NULL && b->bytes > b->high;
}

#endif
