/*
 * Moderation: who has power over whom, and who may come in and speak.
 */
#ifndef CHATD_CORE_MODERATION_MODERATION_H
#define CHATD_CORE_MODERATION_MODERATION_H

#include "chatd/core/rooms/ban.h"
#include "chatd/core/rooms/membership.h"

/* -- power ---------------------------------------------------------------------------- */

/* Each has power over those below it; administrators also over one another. What a person may do is
 * another question: membership_role and access_power. */
enum rank {
	RANK_NOBODY,
	RANK_OPERATOR,           /* of the room */
	RANK_OWNER,              /* of the room */
	RANK_MODERATOR,
	RANK_ADMIN,
	RANK_HOST,               /* administrators of the host; nobody has power over them */
};

/* s's rank in r; r NULL: on the whole server. */
enum rank rank_of(const struct room *r, const struct session *s);
/* The same of an account, whose owner need not be here. */
enum rank rank_of_account(const struct room *r, const struct account *a);

/* Whether s, who may moderate r, has power over a person of that rank; if not, tells s. */
bool moderation_over(struct chat *c, struct session *s, const struct room *r, enum rank whom,
                     const char *name);

/* -- who may -------------------------------------------------------------------------- */

/* Whether s may be in the chat as account a, or (NULL) as a guest with this key; if not, tells s why,
 * until when, and whom to ask. */
bool moderation_may_enter(struct chat *c, struct session *s, const struct account *a,
                          const char *key);
/* The same for s, which is in the chat and wants to enter r. */
bool moderation_may_join(struct chat *c, struct session *s, const struct room *r);
/* r; or the lobby, if r is NULL or bans the person that s becomes. */
struct room *moderation_room(struct chat *c, const struct session *s, const struct account *a,
                             const char *key, struct room *r);
/* Whether s, a guest or about to be one, may take the name with this key: the name must not be banned,
 * nor let s escape a ban or a mute. If not, tells s. */
bool moderation_may_rename(struct chat *c, struct session *s, const char *key);
/* The same for s, a guest, who wants to register. */
bool moderation_may_register(struct chat *c, struct session *s);

/* Why s may not say text in its room (NULL: anything), a sentence; NULL: it may. To be asked
 * only while c->guards > 0. In c->scratch. */
const char *moderation_bars(struct chat *c, const struct session *s, const struct room *r,
                            const char *text);
/* Whether its room may read words of s other than lines: a last word, a reason. All nodes of a cluster say the same;
 * whether s sends too much (flood_is_muted) its own node alone knows, and asks where it takes the words. */
bool moderation_hears(struct chat *c, const struct session *s, const char *text);
/* Why s may not send a private message to a person of that role; the same. */
const char *moderation_bars_private(struct chat *c, const struct session *s, enum role to);
/* The word of a name that s may not use; NULL: there is none. */
const char *moderation_bars_name(const struct chat *c, const struct session *s, const char *name);

/* Tells s, a moderator, what only moderators may know of a person. */
void moderation_whois(struct chat *c, struct session *s, const struct session *who);

/* What a person banned by b is told: by whom, until when, why, and whom to ask. In c->scratch. */
const char *moderation_refusal(struct chat *c, const struct ban *b);

/* The same for a mute. */
const char *moderation_muted(struct chat *c, const struct ban *b);

/* -- what people may know of bans ----------------------------------------------------- */

/* Names the people here whom b affects (members: only those in that room), without `but`; returns how
 * many they are. */
uint32_t moderation_hit_names(struct chat *c, const struct ban *b, const struct room *members,
                              const struct session *but, struct bytes *names);
/* Whether s may know whom b affects, and not only how many: a ban on an address would tell an operator
 * who comes from there. */
bool moderation_may_know(const struct session *s, const struct ban *b);
/* The target of b, as far as s may know it: others than moderators read "an address". */
const char *moderation_ban_who(const struct session *s, const struct ban *b);
/* /ban --preview: tells s whom b, which is not in force, would affect; operators of a room learn only
 * how many people in it. */
void moderation_preview(struct chat *c, struct session *s, const struct ban *b);

#endif
