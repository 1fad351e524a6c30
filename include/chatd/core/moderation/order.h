/*
 * Order: who may act on whom, who may come in and speak, and who is put out.
 */
#ifndef CHATD_CORE_MODERATION_ORDER_H
#define CHATD_CORE_MODERATION_ORDER_H

#include "chatd/core/commands/command.h"
#include "chatd/core/moderation/ban.h"
#include "chatd/core/moderation/filter.h"
#include "chatd/core/rooms/membership.h"

struct order {
	struct ban *bans;        /* owned; all bans and mutes, oldest first */
	uint32_t nbans[BAN_KINDS]; /* of each kind; at most BANS_MAX, and those that are over and
	                          * still in the store */
	struct ban_list everywhere[BAN_KINDS]; /* those that hold on the whole server */
	uint32_t nrooms[BAN_KINDS]; /* those that hold in a room, of all rooms */
	int64_t ban_due_ms;      /* when the first of all may be over; INT64_MAX: never */
	struct filter *words, *beginnings; /* owned hashes, by word: nfilters together */
	uint32_t nfilters;
	int64_t lockdown_until_ms; /* only accounts may come in or speak until then; 0: all may */
	char *lockdown_by;       /* owned; the nick of who said so; NULL while 0 */
	struct out *outs;        /* those who are about to be put out, in that order */
	bool outs_due;           /* some could not be put out for want of room in the effects */
};

void order_begin(struct chat *c);
void order_free(struct chat *c);
/* At the start: FACT_STATE as it was saved. */
void order_load(struct chat *c, const char *key, const char *value);

/* What is due: bans and the lockdown that are over, people who are to be put out. */
void order_tick(struct chat *c);
int64_t order_due_ms(const struct chat *c);

/* Mutes, filters or the lockdown have changed: sets c->guarded. */
void order_changed(struct chat *c);

/* -- power ---------------------------------------------------------------------------- */

/* Each may act on those below it; admins also on one another. */
enum order_rank {
	RANK_NOBODY,
	RANK_OPERATOR,           /* of the room */
	RANK_OWNER,              /* of the room */
	RANK_MODERATOR,
	RANK_ADMIN,
	RANK_HOST,               /* administers the host; nobody acts on them */
};

/* s's rank in r; r NULL: on the whole server. */
enum order_rank order_rank(const struct room *r, const struct session *s);
/* The same of an account whose bearer need not be here. */
enum order_rank order_rank_of(const struct room *r, const struct account *a);

/* s keeps order in r (NULL: everywhere); otherwise it is told who does. */
bool order_keeps(struct chat *c, struct session *s, const struct room *r);
/* s, who keeps order in r, may act on somebody of that rank; otherwise it is told. */
bool order_over(struct chat *c, struct session *s, const struct room *r, enum order_rank whom,
                const char *name);

/* -- who may -------------------------------------------------------------------------- */

/* s may be in the chat as account a, or (NULL) as a guest with this key; otherwise it is told
 * why not, until when, and whom to ask. */
bool order_may_enter(struct chat *c, struct session *s, const struct account *a,
                     const char *key);
/* s, which is in the chat, may go to r; the same. */
bool order_may_join(struct chat *c, struct session *s, const struct room *r);
/* r, or the lobby where that is NULL or whoever s becomes is banned from it. */
struct room *order_room(struct chat *c, const struct session *s, const struct account *a,
                        const char *key, struct room *r);
/* s, a guest or about to be one, may be called by this key: neither is that name banned, nor
 * does s escape a ban or a mute by it. Otherwise it is told. */
bool order_may_rename(struct chat *c, struct session *s, const char *key);
/* s, a guest, may have an account; the same. */
bool order_may_register(struct chat *c, struct session *s);

/* Why s may not say text in its room (NULL: anything), a sentence; NULL: it may. To be asked
 * only while c->guarded. In c->scratch. */
const char *order_bars(struct chat *c, const struct session *s, const char *text);
/* Its room reads what s says beside lines: a last word, a reason. */
bool order_hears(struct chat *c, const struct session *s, const char *text);
/* Why s may not write to somebody of that role alone; the same. */
const char *order_bars_private(struct chat *c, const struct session *s, enum role to);
/* The word of a name that s may not use; NULL: there is none. */
const char *order_bars_name(const struct chat *c, const struct session *s, const char *name);

/* What s, a moderator, reads of somebody beside what everybody may. */
void order_whois(struct chat *c, struct session *s, const struct session *who);

/* What one who is hit by b reads: by whom, until when, why, and whom to ask. In c->scratch. */
const char *order_refusal(struct chat *c, const struct ban *b);

/* The same for a mute. */
const char *order_muted(struct chat *c, const struct ban *b);

/* -- being put out -------------------------------------------------------------------- */

/* One who is about to be: in this step, or in the next that has room for it. */
struct out {
	struct session *session;
	uint32_t room;           /* out of this one, to the lobby; 0: out of the chat */
	char *told;              /* owned; what it reads */
	char *why;               /* owned; what the room reads behind "bob was put out of ops" or
	                          * "bob has left our chat: " */
	struct out *prev, *next; /* in order.outs */
};

/* s is to be put out of r (NULL: of the chat). */
void out_mark(struct chat *c, struct session *s, const struct room *r, const char *told,
              const char *why);
/* Puts out who can be. Sessions may end. */
void out_run(struct chat *c);
/* s ends by itself, or has left that room. */
void out_forget(struct chat *c, struct session *s);

/* -- what commands about bans share --------------------------------------------------- */

/* The bans of the room that a command is about, NULL: those of the whole server. From the
 * lobby nobody is banned but from the whole. */
struct room *order_scope(const struct chat *c, const struct args *a, enum ban_kind kind);
/* The names of those who are here and hit by b, of its room's members alone or of all; how many
 * they are is returned. `but` is left out. */
uint32_t order_hit_names(struct chat *c, const struct ban *b, const struct room *members,
                         const struct session *but, struct bytes *names);
/* s may know whom b hits, and not only how many: a ban of an address would tell an operator who
 * comes from where. */
bool order_may_know(const struct session *s, const struct ban *b);
/* Whom b is of, as s may know it: what moderators ban by its address is "an address" to others. */
const char *order_ban_who(const struct session *s, const struct ban *b);
/* /ban --preview: tells s whom b, which is not in force, would hit; operators of a room, how
 * many of those who are in it. */
void order_preview(struct chat *c, struct session *s, const struct ban *b);
/* Begins the data of an act on bans of r (NULL: of the whole server): with all of the one that is
 * lifted (NULL: none). The number of the one that it made, if any, is still to be added. */
void order_undo_begin(struct chat *c, struct bytes *data, enum ban_kind kind, struct room *r,
                      const struct ban *lifted);
/* Ends b for s, who may; told and recorded. cmd_unban.c */
void order_unban(struct chat *c, struct session *s, struct ban *b);
/* s keeps order where b holds. */
bool order_may_end(const struct chat *c, const struct session *s, const struct ban *b);

/* -- the lockdown --------------------------------------------------------------------- */

/* It holds. */
bool lockdown_on(const struct chat *c);
/* Until then, saved; 0: no longer. */
void lockdown_set(struct chat *c, int64_t until_ms, const char *by);

#endif
