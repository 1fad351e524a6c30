/*
 * Floods: what one person, and one address, may send.
 *
 * Both have a bucket of lines and one of bytes (token_bucket.h). Who empties one is delayed: the
 * input waits. Who has been delayed for flood_mute_s, with hardly a pause, is muted; who
 * does so a third time is put out. Whoever has the role of rate_exempt has no buckets. Before
 * they have a name people have small ones (rate_limit.h), and no more than delays comes of it.
 */
#ifndef CHATD_CORE_MODERATION_FLOOD_H
#define CHATD_CORE_MODERATION_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

struct chat;
struct session;

/* Delays s until its buckets and its address's allow another line, if they do not now. */
void flood_delay(struct chat *c, struct session *s);

/* s has sent a line, which is said or a command. Its bytes are rate_bytes' business. */
void flood_line(struct chat *c, struct session *s);

/* Nothing that s says is passed on at present. */
bool flood_is_muted(const struct chat *c, const struct session *s);
/* True if s is muted, and so what it says is not "sent" or "done"; it was told so. */
bool flood_refuses(struct chat *c, struct session *s, const char *what);

/* Tells s the buckets, and how often it has been too much. */
void flood_show(struct chat *c, struct session *s);

/* Delayed input that may go on; mutes, and ends, those who have been delayed too long. */
void flood_tick(struct chat *c);
int64_t flood_due_ms(const struct chat *c);

#endif
