/*
 * How much memory chatd may take at the most, whatever comes from the network: the sum of
 * the bounds (base/bounds.h) of all that it keeps.
 *
 * What the kernel keeps for its sockets is not in it.
 */
#ifndef CHATD_PROGRAM_MEMORY_H
#define CHATD_PROGRAM_MEMORY_H

#include <stdint.h>

enum memory_kind {
	MEMORY_TRAFFIC,     /* grows with connections and what they do, and shrinks with them */
	MEMORY_FIXED,       /* is there however many come */
	MEMORY_TABLES,      /* what people have made and is kept: as if all tables were full */
	MEMORY_KINDS,
};

enum { MEMORY_PARTS = 15 };

struct memory_part {
	const char *what;           /* static; for people */
	enum memory_kind kind;
	uint64_t bytes;
};

/* The parts of the sum, with so many connections. */
void memory_parts(uint32_t connections_max, struct memory_part parts[MEMORY_PARTS]);

/* All of it. */
uint64_t memory_max(uint32_t connections_max);

#endif
