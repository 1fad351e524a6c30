/*
 * Order: who may act on whom, who may come in and speak, and who is put out.
 */
#ifndef CHATD_CORE_MODERATION_MODERATION_H
#define CHATD_CORE_MODERATION_MODERATION_H

#include "chatd/core/rooms/ban.h"
#include "chatd/core/moderation/filter.h"
#include "chatd/core/rooms/membership.h"

/* -- power ---------------------------------------------------------------------------- */

/* On whom one may act: each on those below it; admins also on one another. What one may do is another
 * question: membership_role and access_power. */
enum rank {
	RANK_NOBODY,
	RANK_OPERATOR,           /* of the room */
	RANK_OWNER,              /* of the room */
	RANK_MODERATOR,
	RANK_ADMIN,
	RANK_HOST,               /* administers the host; nobody acts on them */
};

/* s's rank in r; r NULL: on the whole server. */
enum rank rank_of(const struct room *r, const struct session *s);
/* The same of an account whose bearer need not be here. */
enum rank rank_of_account(const struct room *r, const struct account *a);

/* s, who keeps order in r, may act on somebody of that rank; otherwise it is told. */
bool moderation_over(struct chat *c, struct session *s, const struct room *r, enum rank whom,
                     const char *name);

/* -- who may -------------------------------------------------------------------------- */

/* s may be in the chat as account a, or (NULL) as a guest with this key; otherwise it is told
 * why not, until when, and whom to ask. */
bool moderation_may_enter(struct chat *c, struct session *s, const struct account *a,
                     const char *key);
/* s, which is in the chat, may go to r; the same. */
bool moderation_may_join(struct chat *c, struct session *s, const struct room *r);
/* r, or the lobby where that is NULL or whoever s becomes is banned from it. */
struct room *moderation_room(struct chat *c, const struct session *s, const struct account *a,
                        const char *key, struct room *r);
/* s, a guest or about to be one, may be called by this key: neither is that name banned, nor
 * does s escape a ban or a mute by it. Otherwise it is told. */
bool moderation_may_rename(struct chat *c, struct session *s, const char *key);
/* s, a guest, may have an account; the same. */
bool moderation_may_register(struct chat *c, struct session *s);

/* Why s may not say text in its room (NULL: anything), a sentence; NULL: it may. To be asked
 * only while c->guards > 0. In c->scratch. */
const char *moderation_bars(struct chat *c, const struct session *s, const char *text);
/* Its room reads what s says beside lines: a last word, a reason. */
bool moderation_hears(struct chat *c, const struct session *s, const char *text);
/* Why s may not write to somebody of that role alone; the same. */
const char *moderation_bars_private(struct chat *c, const struct session *s, enum role to);
/* The word of a name that s may not use; NULL: there is none. */
const char *moderation_bars_name(const struct chat *c, const struct session *s, const char *name);

/* What s, a moderator, reads of somebody beside what everybody may. */
void moderation_whois(struct chat *c, struct session *s, const struct session *who);

/* What one who is hit by b reads: by whom, until when, why, and whom to ask. In c->scratch. */
const char *moderation_refusal(struct chat *c, const struct ban *b);

/* The same for a mute. */
const char *moderation_muted(struct chat *c, const struct ban *b);

/* -- what is told of bans ----------------------------------------------------------- */

/* The names of those who are here and hit by b, of its room's members alone or of all; how many
 * they are is returned. `but` is left out. */
uint32_t moderation_hit_names(struct chat *c, const struct ban *b, const struct room *members,
                         const struct session *but, struct bytes *names);
/* s may know whom b hits, and not only how many: a ban of an address would tell an operator who
 * comes from where. */
bool moderation_may_know(const struct session *s, const struct ban *b);
/* Whom b is of, as s may know it: what moderators ban by its address is "an address" to others. */
const char *moderation_ban_who(const struct session *s, const struct ban *b);
/* /ban --preview: tells s whom b, which is not in force, would hit; operators of a room, how
 * many of those who are in it. */
void moderation_preview(struct chat *c, struct session *s, const struct ban *b);

#endif
