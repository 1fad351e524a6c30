/*
 * Who may begin a handshake: it costs a thousand times what a plain connection does, so the limits by address
 * hold before it, as they do in the chat (core/entry/admission.h).
 */
#ifndef CHATD_TLS_GATE_H
#define CHATD_TLS_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/base/bounds.h"
#include "chatd/core/people/origin.h"

/* Plain data, which goes from one process to another as it is. */
struct gate_limits {
	uint32_t connections;   /* from one address at one time; 0: no limit */
	uint32_t connects;      /* from one address in a minute; 0: no limit */
	struct address exempt[EXEMPT_MAX]; /* nexempt blocks to which these do not apply */
	int nexempt;
};

struct gate {
	struct gate_limits limits;
	struct origins origins; /* what is counted, by address */
	struct bucket log;      /* of refusals */
};

/* Whether a connection from there may begin; it counts until gate_left, which gets what *exempt says: whether it
 * is without limits, and so counts for nobody else. If it may not, the log says so (not more often than is good for
 * a disk). */
bool gate_enters(struct gate *g, int64_t now_ms, const struct address *from, bool *exempt);
void gate_left(struct gate *g, const struct address *from, bool exempt);

/* How many connections of its address there are; 1 for one without limits. */
uint32_t gate_count(struct gate *g, const struct address *from);

void gate_release(struct gate *g);

#endif
