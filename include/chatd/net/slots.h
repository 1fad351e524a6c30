/*
 * A list of slots of connections, or of numbers of feeds. Each member has a flag that says that it
 * is in the list, so that the list never holds one twice.
 */
#ifndef CHATD_NET_SLOTS_H
#define CHATD_NET_SLOTS_H

#include <stdint.h>

/* All zero: empty. */
struct slots {
	uint32_t *slot;     /* owned; free it in the end */
	uint32_t n, cap;
};

void slots_add(struct slots *l, uint32_t slot);
/* Takes the first n out. */
void slots_drop(struct slots *l, uint32_t n);

#endif
