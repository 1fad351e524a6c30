/*
 * What the replies on the writing connection are to, in their order.
 */
#ifndef CHATD_CLUSTER_EXPECTING_H
#define CHATD_CLUSTER_EXPECTING_H

#include "chatd/cluster/engine_state.h"

/* After each command. */
void expect(struct engine_thread *t, enum expected kind);
/* With each reply, of which there is one. */
enum expected expected_next(struct engine_thread *t);

#endif
