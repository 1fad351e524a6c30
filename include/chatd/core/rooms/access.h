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

/* What keeps somebody out. */
enum rights_bar {
	BAR_NONE,
	BAR_PRIVATE,     /* was not invited */
	BAR_PASSWORD,    /* may come in with the password */
};

/* What keeps s out of r, in which it is not. a: its account, or the one that it is about to
 * have; NULL: none. */
enum rights_bar rights_bar(const struct room *r, const struct session *s, const struct account *a);

/* s may be in r, or is. */
bool rights_enter(const struct chat *c, const struct session *s, const struct room *r);

/* s may know that r is there. */
bool rights_see(const struct chat *c, const struct session *s, const struct room *r);

/* The same for many rooms in a row: rights_mark looks up once where s is something. */
void rights_mark(struct chat *c, const struct session *s);
bool rights_see_marked(const struct chat *c, const struct session *s, const struct room *r);

/* By what the room is like, s may say something in it. */
bool rights_may_speak(const struct chat *c, const struct session *s);
/* s may say something in its room; otherwise it was told why not. When it has,
 * rights_spoke. */
bool rights_speak(struct chat *c, struct session *s);
void rights_spoke(struct chat *c, struct session *s);

/* s may read what was said in r, after the line *after (0: all). False: nothing of it. */
bool rights_read_after(const struct chat *c, const struct session *s, const struct room *r,
                       uint64_t *after);

/* What a search by s must not show, as query.key has it. */
void rights_hidden(struct chat *c, const struct session *s, struct bytes *out);

/* s is at least `least` in r; otherwise it was told. */
bool rights_power(struct chat *c, struct session *s, const struct room *r, enum room_role least);

/* s's invitation to r; NULL: none. */
const struct invite *rights_invited(const struct session *s, const struct room *r);
/* Invites s; false: it has INVITES_MAX, or INVITES_OWNER_MAX to rooms of r's owner. `force`: the
 * oldest gives place. */
bool rights_invite(const struct chat *c, struct session *s, const struct room *r, uint64_t since,
                   bool force);
void rights_uninvite(struct session *s, const struct room *r);
/* s, which has none, gets a copy of those. */
void rights_copy_invites(struct session *s, const struct invite *from, uint32_t n);

#endif
