/*
 * The end of our incarnation.
 */
#ifndef CHATD_CLUSTER_INCARNATION_H
#define CHATD_CLUSTER_INCARNATION_H

#include "chatd/cluster/engine_state.h"

/* Ends it, if our lease may have ended. True: it is valid at now_ms, and until then what is sent
 * arrives in time. */
bool incarnation_check(struct engine_thread *t, int64_t now_ms);
/* Ends it: acts that wait are dropped, and the loop is told. */
void incarnation_end(struct engine_thread *t);

#endif
