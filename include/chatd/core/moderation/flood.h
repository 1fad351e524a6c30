/*
 * Floods: what one person, and one address, may send.
 *
 * Both have a bucket of lines and one of bytes (token_bucket.h). A person who empties one is delayed:
 * the input waits. After flood_mute_s of delay with hardly a pause they are muted, and the third time
 * disconnected. Roles at or above rate_exempt have no buckets. Connections without a name have small
 * ones (rate_limit.h), and are only ever delayed.
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

/* Whether s is muted for flooding at present. */
bool flood_is_muted(const struct chat *c, const struct session *s);
/* The same; tells s that its line or command was not "sent" or "done" (what). */
bool flood_refuses(struct chat *c, struct session *s, const char *what);

/* Tells s its buckets and its strikes. */
void flood_show(struct chat *c, struct session *s);

/* Resumes delayed input; mutes, and disconnects, people who have been delayed for too long. */
void flood_tick(struct chat *c);
int64_t flood_due_ms(const struct chat *c);

#endif
