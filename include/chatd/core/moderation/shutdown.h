/*
 * Shutting chatd down from the chat, with a countdown.
 */
#ifndef CHATD_CORE_MODERATION_SHUTDOWN_H
#define CHATD_CORE_MODERATION_SHUTDOWN_H

#include <stdint.h>

struct chat;
struct server_status;
struct session;

/* Schedules the shutdown in ms (0: at once), on behalf of s, in place of any earlier one; everybody is
 * told. why: "" for none. */
void shutdown_schedule(struct chat *c, struct session *s, int64_t ms, const char *why);
/* Calls off the scheduled shutdown, on behalf of s; everybody is told. */
void shutdown_call_off(struct chat *c, struct session *s);
/* Tells s how much time is left, if a shutdown is scheduled. */
void shutdown_tell(struct chat *c, struct session *s);
/* Announces it as it comes nearer, and shuts down when its time has come. */
void shutdown_tick(struct chat *c);
int64_t shutdown_due_ms(const struct chat *c);
/* EVENT_STOP has come: says goodbye to everybody. */
void shutdown_farewell(struct chat *c);

/* At the end of the chat: frees what it owns of this. */
void shutdown_free(struct server_status *status);

#endif
