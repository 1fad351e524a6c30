/*
 * Asking the history, and showing what it answers.
 */
#ifndef CHATD_CORE_HISTORY_H
#define CHATD_CORE_HISTORY_H

#include "chatd/core/state.h"

/* s has just joined its room: the last lines, before the live ones flow. */
void history_replay(struct chat *c, struct session *s);

/* Asks q; s waits for the answer. Who asks and after which record is filled in
 * here; 0 and NULL in the other fields stand for no limit. */
void history_ask(struct chat *c, struct session *s, enum session_asked asked, struct query q);

/* The answer has come: shows it, and s's input goes on. */
void history_answer(struct chat *c, struct session *s, const struct rows *rows);

/* Lines of s's room were skipped because its connection was slow. */
void history_skipped(struct chat *c, struct session *s, uint32_t lines, uint64_t first_id);

#endif
