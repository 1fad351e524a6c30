/*
 * Who may come into a room, speak in it, and read what was said there.
 *
 * By the room's settings, by what one is in it (membership.h), and, for guests, by invitations
 * that end with their session.
 */
#ifndef CHATD_CORE_ROOMS_ACCESS_H
#define CHATD_CORE_ROOMS_ACCESS_H

#include "chatd/core/people/account.h"
#include "chatd/core/rooms/membership.h"

/* A guest's invitation. */
struct invite {
	uint32_t room;   /* its number */
	uint64_t since;  /* where the room is private, lines after this one are theirs to read */
};

/* Part of struct session: rooms that it may come into until it ends. */
struct invites {
	struct invite *list;        /* owned, n of INVITES_MAX; NULL while 0 */
	uint32_t n;
};

/* What keeps somebody out. */
enum access_bar {
	BAR_NONE,
	BAR_PRIVATE,     /* was not invited */
	BAR_PASSWORD,    /* may come in with the password */
};

/* What keeps s out of r, in which it is not. a: its account, or the one that it is about to
 * have; NULL: none. */
enum access_bar access_bar(const struct room *r, const struct session *s, const struct account *a);

/* s may be in r, or is. */
bool access_enter(const struct chat *c, const struct session *s, const struct room *r);

/* s may know that r is there. */
bool access_see(const struct chat *c, const struct session *s, const struct room *r);

/* The same for many rooms in a row: access_mark looks up once where s is something. */
void access_mark(struct chat *c, const struct session *s);
bool access_see_marked(const struct chat *c, const struct session *s, const struct room *r);

/* By what the room is like, s may say something in it. */
bool access_may_speak(const struct chat *c, const struct session *s);
/* s may say something in its room; otherwise it was told why not. When it has,
 * access_spoke. */
bool access_speak(struct chat *c, struct session *s);
void access_spoke(struct chat *c, struct session *s);

/* s may read what was said in r, after the line *after (0: all). False: nothing of it. */
bool access_read_after(const struct chat *c, const struct session *s, const struct room *r,
                       uint64_t *after);

/* What a search by s must not show, as query.key has it. */
void access_hidden(struct chat *c, const struct session *s, struct bytes *out);

/* s is at least `least` in r (NULL: everywhere); otherwise it was told whom that is for. */
bool access_power(struct chat *c, struct session *s, const struct room *r, enum room_role least);

/* s's invitation to r; NULL: none. */
const struct invite *access_invited(const struct session *s, const struct room *r);
/* Invites s; false: it has INVITES_MAX, or INVITES_OWNER_MAX to rooms of r's owner. `force`: the
 * oldest gives place. */
bool access_invite(const struct chat *c, struct session *s, const struct room *r, uint64_t since,
                   bool force);
void access_uninvite(struct session *s, const struct room *r);
/* s, which has none, gets a copy of those. */
void access_copy_invites(struct session *s, const struct invite *from, uint32_t n);

#endif
