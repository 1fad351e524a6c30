/*
 * The most memory that chatd can take, whatever comes from the network: the sum of the bounds
 * (base/bounds.h) of everything it keeps.
 *
 * It does not include the kernel's memory for sockets.
 */
#ifndef CHATD_PROGRAM_MEMORY_H
#define CHATD_PROGRAM_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

enum memory_kind {
	MEMORY_TRAFFIC,     /* grows with connections and what they do, and shrinks with them */
	MEMORY_FIXED,       /* does not depend on the number of connections */
	MEMORY_TABLES,      /* what people have made and chatd keeps, as if all tables were full */
	MEMORY_KINDS,
};

enum { MEMORY_PARTS = 16 };

struct memory_part {
	const char *what;           /* a name for people; static */
	enum memory_kind kind;
	uint64_t bytes;             /* 0: of the engine, without a cluster */
};

/* The parts of the sum, for connections_max connections; cluster: of a node, with what talks to the engine. */
void memory_parts(uint32_t connections_max, bool cluster, struct memory_part parts[MEMORY_PARTS]);

/* The sum. */
uint64_t memory_max(uint32_t connections_max, bool cluster);

/* The same for the TLS process, with that number of slots for clients (tls_process_slots). */
uint64_t memory_tls_max(uint32_t slots);

#endif
