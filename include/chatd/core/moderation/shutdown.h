/*
 * The end of chatd, ordered in the chat and counted down.
 */
#ifndef CHATD_CORE_MODERATION_SHUTDOWN_H
#define CHATD_CORE_MODERATION_SHUTDOWN_H

#include <stdint.h>

#include "chatd/base/bounds.h"

struct chat;
struct server_status;
struct session;

/* chatd goes down in ms (0: at once), by the order of s: everybody reads it. Takes the place
 * of an order that there is. why: "" for none. */
void shutdown_order(struct chat *c, struct session *s, int64_t ms, const char *why);
/* Called off by s: everybody reads it. There is an order. */
void shutdown_call_off(struct chat *c, struct session *s);
/* Tells s how much time is left, if chatd is to go down. */
void shutdown_tell(struct chat *c, struct session *s);
/* Its time comes nearer, or has come. */
void shutdown_tick(struct chat *c);
int64_t shutdown_due_ms(const struct chat *c);
/* EVENT_STOP has come: what everybody reads. */
void shutdown_farewell(struct chat *c);

/* At the end of the chat: forgets the order. */
void shutdown_free(struct server_status *serve);

#endif
