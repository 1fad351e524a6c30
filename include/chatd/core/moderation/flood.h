/*
 * Floods: how much one person, and one address, may send.
 *
 * Each person and each address has a bucket of lines and one of bytes (token_bucket.h). If one of
 * them is empty, the person is delayed: their input waits. People who are delayed for flood_mute_s
 * with hardly a pause are muted, and the third time disconnected. Roles at or above rate_exempt
 * have no buckets. Connections without a name have small ones (rate_limit.h) and are only ever
 * delayed.
 */
#ifndef CHATD_CORE_MODERATION_FLOOD_H
#define CHATD_CORE_MODERATION_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

struct chat;
struct session;

/* If the buckets of s and its address do not allow another line now, delays s until they do. */
void flood_delay(struct chat *c, struct session *s);

/* Counts a line from s, whether it is said or a command. Its bytes are counted by rate_bytes. */
void flood_line(struct chat *c, struct session *s);

/* Whether s is muted for flooding at present. */
bool flood_is_muted(const struct chat *c, const struct session *s);
/* The same; if so, tells s that its line or command was not "sent" or "done" (what). */
bool flood_refuses(struct chat *c, struct session *s, const char *what);

/* Tells s the state of its buckets, and its strikes. */
void flood_show(struct chat *c, struct session *s);

/* Resumes delayed input; mutes, and disconnects, people who have been delayed for too long. */
void flood_tick(struct chat *c);
int64_t flood_due_ms(const struct chat *c);

#endif
