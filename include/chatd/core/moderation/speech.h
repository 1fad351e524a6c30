/*
 * What people say in a room: whether they may, and what becomes of it.
 */
#ifndef CHATD_CORE_MODERATION_SPEECH_H
#define CHATD_CORE_MODERATION_SPEECH_H

#include <stdbool.h>

#include "chatd/core/event.h"

struct chat;
struct room;
struct session;

/* Says body in s's room: saves it and shows it to the others; or tells s why not. */
void room_say(struct chat *c, struct session *s, struct room *r, enum record_kind kind, const char *body);

/* Saves a new topic ("": none). False: it did not, and s was told why. */
bool room_set_topic(struct chat *c, struct session *s, const char *topic);

#endif
