/*
 * Kept messages in a cluster (ACT_MAIL, ACT_READ).
 */
#ifndef CHATD_CORE_PEOPLE_MAIL_ACT_H
#define CHATD_CORE_PEOPLE_MAIL_ACT_H

struct chat;
struct session;

/* Keeps a message of s. */
void mail_keep_apply(struct chat *c, struct session *s, const char *fields);

/* Deletes messages that have been read. */
void mail_read_apply(struct chat *c, const char *fields);

#endif
