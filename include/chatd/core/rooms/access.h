/*
 * Who may come into a room, speak in it, and read what was said there.
 *
 * That depends on the room's settings, on a person's role there (membership.h), and, for guests, on
 * invitations, which end with their session.
 */
#ifndef CHATD_CORE_ROOMS_ACCESS_H
#define CHATD_CORE_ROOMS_ACCESS_H

#include "chatd/core/people/account.h"
#include "chatd/core/rooms/membership.h"

/* A guest's invitation. */
struct invite {
	uint32_t room;   /* its number */
	uint64_t since;  /* if the room is private, they may read the lines after this one */
};

/* Part of struct session: rooms that it may come into until it ends. */
struct invites {
	struct invite *list;        /* owned, n of INVITES_MAX; NULL while 0 */
	uint32_t n;
};

/* Why a person may not come in. */
enum access_bar {
	BAR_NONE,
	BAR_PRIVATE,     /* they were not invited */
	BAR_PASSWORD,    /* they may come in with the password */
};

/* Why s may not enter r; s must not be a member. a: its account, or the one it is about to sign in
 * to; NULL: none. */
enum access_bar access_bar(const struct room *r, const struct session *s, const struct account *a);

/* Whether s may be in r, or already is. */
bool access_enter(const struct chat *c, const struct session *s, const struct room *r);

/* Whether s may know that r exists. */
bool access_see(const struct chat *c, const struct session *s, const struct room *r);

/* The same for many rooms in a row: access_mark looks up once in which rooms s has a role. */
void access_mark(struct chat *c, const struct session *s);
bool access_see_marked(const struct chat *c, const struct session *s, const struct room *r);

/* Whether the settings of r, which it is in or watches, let s speak there. */
bool access_may_speak(const struct chat *c, const struct session *s, const struct room *r);
/* The same, but tells s why it may not. Call access_spoke once it has spoken. */
bool access_speak(struct chat *c, struct session *s, const struct room *r);
void access_spoke(struct chat *c, struct session *s, const struct room *r);

/* Whether s may read what was said in r: the lines after *after (0: all of them). */
bool access_read_after(const struct chat *c, const struct session *s, const struct room *r,
                       uint64_t *after);

/* Whether s, which is not in r, may hear of a line that is said there now: it may read it without
 * asking anyone, and is not banned from there. */
bool access_hears(const struct chat *c, const struct session *s, const struct room *r);

/* The rooms that a search by s must not show, in the form of search.hidden (event.h). */
void access_hidden(struct chat *c, const struct session *s, struct bytes *out);

/* Tells s that there is no such room, also where s may not know of it. */
void access_no_room(struct chat *c, const struct session *s, const char *name);

/* Whether s has at least the role `least` in r (NULL: everywhere); if not, tells s who may, or that there
 * is no such room. */
bool access_power(struct chat *c, struct session *s, const struct room *r, enum room_role least);

/* s's invitation to r; NULL: none. */
const struct invite *access_invited(const struct session *s, const struct room *r);
/* Invites s; false: it already has INVITES_MAX invitations, or INVITES_OWNER_MAX to rooms of r's
 * owner. `force`: drops the oldest instead. */
bool access_invite(const struct chat *c, struct session *s, const struct room *r, uint64_t since,
                   bool force);
void access_uninvite(struct session *s, struct room *r);
/* Gives a copy of those to s, which has none. */
void access_copy_invites(struct session *s, const struct invite *from, uint32_t n);

#endif
