/*
 * What one person says to another alone, and nothing keeps.
 *
 * In a cluster the other one may be on another node, and the text goes there past the order of acts (EFFECT_TELL). That
 * node knows whether they can read it, and answers; until then, or for TELL_ANSWER_MS, the sender's input waits.
 */
#ifndef CHATD_CORE_MODERATION_PRIVATE_H
#define CHATD_CORE_MODERATION_PRIVATE_H

#include "chatd/core/event.h"
#include "chatd/core/people/account.h"

struct chat;
struct question;
struct session;

/* s may write to somebody of that role; if not, it was told. */
bool private_may(struct chat *c, struct session *s, enum role to);

/* Says text to `to`, and tells s whether it could be. */
void private_tell(struct chat *c, struct session *s, struct session *to, const char *text);

/* Tells somebody who is here, on whatever node, something of the server's own: a line without its end. Nobody hears of
 * it if their node does not get it. */
void private_notice(struct chat *c, struct session *to, const char *text);

/* EVENT_TOLD, from another node; EVENT_UNHEARD, of what this one has told. Return the question of somebody here that the
 * event answers; NULL: none. */
struct question *private_told(struct chat *c, const struct event *e);
struct question *private_unheard(struct chat *c, const struct event *e);

#endif
