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

#endif
