/*
 * Joining rooms: people who may enter do, others are asked for the password or learn why they may not.
 */
#ifndef CHATD_CORE_ENTRY_ROOM_ENTRY_H
#define CHATD_CORE_ENTRY_ROOM_ENTRY_H

struct chat;
struct session;
struct room;

/* s wants into r, where it is not. password: what was typed for it; NULL: nothing. */
void room_entry_ask(struct chat *c, struct session *s, struct room *r, const char *password);

/* A new password for r; its hash is made first. */
void room_entry_set_password(struct chat *c, struct session *s, struct room *r, const char *password);

/* s, who owns r, gives it a password with that hash; NULL: r has none any more. */
void room_lock(struct chat *c, struct session *s, struct room *r, const char *hash);

/* ACT_JOIN and ACT_LOCK. */
void room_entry_apply(struct chat *c, struct session *s, const char *fields);
void room_lock_apply(struct chat *c, struct session *s, const char *fields);

#endif
