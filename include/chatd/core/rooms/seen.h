/*
 * How far somebody has read a room, as it is saved: for the replay, /catchup and what is unread.
 *
 * It is saved when they leave, from what has arrived at their connection, and once in SEEN_ROUND_MS
 * for those who are here: so a crash makes lines of that time alone unread again.
 */
#ifndef CHATD_CORE_ROOMS_SEEN_H
#define CHATD_CORE_ROOMS_SEEN_H

#include "chatd/core/state/state.h"

/* Saves it for s, which leaves its room, or its name. While the connection is open, and nothing else
 * is known of it, all that was sent counts as read. */
void seen_mark(struct chat *c, struct session *s);

/* What s has seen is not known any more, for it has another name, or is somebody else by the same:
 * nothing of it is saved until history_recall or another room makes it known. */
void seen_unknown(struct session *s);

/* There is something that may be read: a line was said, or mail was shown. */
void seen_news(struct chat *c);

/* Asks what has arrived at those who are here. */
void seen_tick(struct chat *c);
int64_t seen_due_ms(const struct chat *c);

#endif
