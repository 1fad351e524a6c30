/*
 * Who is here, as a cluster's nodes save it: FACT_PERSON and FACT_RESUMABLE. So the database of a node is all that the
 * nodes share as of one act, and a node that starts again goes on with the next.
 */
#ifndef CHATD_CORE_ROSTER_H
#define CHATD_CORE_ROSTER_H

struct chat;
struct session;

/* At the end of an act: saves those whom it has changed. */
void roster_save(struct chat *c);

/* Loads somebody who was here, in the room where they were; accounts and rooms are loaded. */
void roster_load(struct chat *c, const char *key, const char *value);

#endif
