/*
 * What people say in a room: whether they may, and what becomes of it.
 */
#ifndef CHATD_CORE_MODERATION_SPEECH_H
#define CHATD_CORE_MODERATION_SPEECH_H

#include <stdbool.h>

#include "chatd/core/event.h"

struct chat;
struct session;

/* s says something in its room: saved, and to be shown to the others. Tells s
 * if nothing can be saved at present. */
void room_say(struct chat *c, struct session *s, enum record_kind kind, const char *body);

/* Saves a new topic ("": none). False: nothing can be saved at present; s was told. */
bool room_set_topic(struct chat *c, struct session *s, const char *topic);

#endif
