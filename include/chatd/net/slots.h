/*
 * A list of connections by slot, or of feeds by number. Each member has a flag that says that it is
 * in the list, so that no list contains it twice.
 */
#ifndef CHATD_NET_SLOTS_H
#define CHATD_NET_SLOTS_H

#include <stdint.h>

/* All zero: empty. */
struct slots {
	uint32_t *slot;     /* owned; the user of the list frees it */
	uint32_t n, cap;
};

void slots_add(struct slots *l, uint32_t slot);
/* Removes the first n. */
void slots_drop(struct slots *l, uint32_t n);

#endif
