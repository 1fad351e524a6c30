/* Lists of slots. */

#include "chatd/net/slots.h"

#include <string.h>

#include "chatd/base/bytes.h"

void slots_add(struct slots *l, uint32_t slot)
{
	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? 64 : l->cap * 2;
		l->slot = mem_resize(l->slot, l->cap * sizeof *l->slot);
	}
	l->slot[l->n++] = slot;
}

void slots_drop(struct slots *l, uint32_t n)
{
	if (n == 0)
		return;
	l->n -= n;
	memmove(l->slot, l->slot + n, l->n * sizeof *l->slot);
}
