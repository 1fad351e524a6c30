/*
 * What went wrong, in words for operators; and telling the loop.
 */
#ifndef CHATD_CLUSTER_OUTCOME_H
#define CHATD_CLUSTER_OUTCOME_H

#include "chatd/cluster/engine_state.h"

/* Sets t->why, and returns outcome. */
enum outcome outcome_set(struct engine_thread *t, enum outcome outcome, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same for an error that Redis answered with. */
enum outcome outcome_error(struct engine_thread *t, const char *error);
/* The same for a connection that is lost. */
enum outcome outcome_lost(struct engine_thread *t, const struct wire *w);
/* The same for a reply of another kind than the command has. */
enum outcome outcome_unexpected(struct engine_thread *t, const char *command);

/* Posts to the loop: an event without more than a text (NULL: none) and an incarnation (0: none). */
void tell(struct engine_thread *t, enum engine_event_kind kind, const char *text, uint64_t incarnation);
/* The loop takes what it is told: no session can go on if it does not. */
bool tell_has_room(struct engine_thread *t);
/* AWAY, if that is news. */
void tell_away(struct engine_thread *t, const char *why);
/* BACK, if AWAY was told. */
void tell_back(struct engine_thread *t);

/* Milliseconds of CLOCK_BOOTTIME, which the thread goes by. */
int64_t boot_ms(void);

#endif
