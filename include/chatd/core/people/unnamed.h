/*
 * Connections that have no name yet: in the order in which they came, and in any order, to be drawn
 * from by chance.
 */
#ifndef CHATD_CORE_PEOPLE_UNNAMED_H
#define CHATD_CORE_PEOPLE_UNNAMED_H

#include "chatd/core/state/state.h"

/* s, at the prompt and already counted at its address, has no name. */
void unnamed_add(struct chat *c, struct session *s);
/* It has read the banner. */
void unnamed_greeted(struct chat *c, struct session *s);
/* It has a name from here on, or ends without one; nothing happens if it has one already. */
void unnamed_remove(struct chat *c, struct session *s);

#endif
