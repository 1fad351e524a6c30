/*
 * What people read after signing in: first the number of unread lines, room by room.
 */
#ifndef CHATD_CORE_ENTRY_UNREAD_H
#define CHATD_CORE_ENTRY_UNREAD_H

#include <stdint.h>

#include "chatd/core/event.h"
#include "chatd/core/state/question.h"

struct chat;
struct session;

/* s has just signed in: shows what is unread, and then the rest (signed_in.h), after a replay that may
 * be on its way. Nothing waits for that. */
void unread_begin(struct chat *c, struct session *s);

/* Asks q of what s, who has an account, has not read in the rooms_max rooms with most of it. */
void unread_ask(struct chat *c, struct session *s, struct question *q, uint32_t rooms_max);
/* "12 (2 mention you)". */
void unread_put(struct bytes *b, const struct row *row);

#endif
