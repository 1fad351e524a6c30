/*
 * Bans and mutes: who may not come in, and who may not speak.
 *
 * One is a fact in the store (FACT_BAN, FACT_MUTE) under the number of its record, by which
 * people name it too (#B12). It goes by itself when its time is over, or with its room.
 */
#ifndef CHATD_CORE_BAN_H
#define CHATD_CORE_BAN_H

#include "chatd/core/account.h"
#include "chatd/core/state.h"

enum ban_kind {
	BAN_ENTRY,               /* a ban */
	BAN_SPEECH,              /* a mute */
	BAN_KINDS,
};

/* Whom it hits. Moderators are hit by none that is of an address, nor is who has power in
 * the room; who administers the host by none at all. */
enum ban_target {
	BAN_ACCOUNT,             /* whoever bears the name key, signed in or, once the account is
	                          * gone, not */
	BAN_GUEST,               /* guests of the name key, and those who come from where it did */
	BAN_BLOCK,               /* everybody who comes from there */
};

struct ban {
	enum ban_kind kind;
	enum ban_target target;
	uint64_t number;         /* of its record */
	uint32_t room;           /* in which it holds; 0: everywhere */
	char *who, *key;         /* owned; a name as shown and its key, or an address and "" */
	struct address from;     /* GUEST: counted (address_counted), this host: the name alone;
	                          * BLOCK: which; otherwise zero */
	char *by, *why;          /* owned; a nick, and its reason ("": none) */
	int64_t at_ms;
	int64_t until_ms;        /* 0: for good */
	struct ban_list *list;   /* that it is in; NULL: its room is gone, and it goes next */
	struct ban *prev, *next; /* in order.bans, all of both kinds */
	struct ban *list_prev, *list_next; /* in list */
};

/* Somebody as bans see them: a session as it is, or as it would be. */
struct bearer {
	const struct address *from;
	const char *key;         /* of the name */
	enum role role;          /* GUEST exactly where not signed in */
	bool trusted;            /* administers the host */
};

struct bearer bearer_of(const struct session *s);
/* s once it is signed in to a, or (a NULL) a guest with this key. */
struct bearer bearer_as(const struct session *s, const struct account *a, const char *key);

/* It is of who, and its time is not over. */
bool ban_hits(const struct chat *c, const struct ban *b, const struct bearer *who);

/* One in force that hits who: everywhere, or in r (NULL: everywhere alone); NULL: none. */
struct ban *ban_find(const struct chat *c, enum ban_kind kind, const struct room *r,
                     const struct bearer *who);
/* By its number. */
struct ban *ban_by_number(const struct chat *c, enum ban_kind kind, uint64_t number);
/* The one of that place (r NULL: everywhere) with the same target as like. */
struct ban *ban_same(const struct chat *c, const struct room *r, const struct ban *like);

/* Those of r (NULL: everywhere), oldest first. */
struct ban_list *ban_list_of(const struct chat *c, struct room *r, enum ban_kind kind);
/* How many there are where no more can be, as part of a sentence; NULL: there is place. */
const char *ban_full(const struct chat *c, struct room *r, enum ban_kind kind);

/* A copy of b with its number, saved and in force. */
struct ban *ban_add(struct chat *c, struct room *r, const struct ban *b);
/* It is over, also in the store. Frees it. */
void ban_end(struct chat *c, struct ban *b);
/* The room goes: its bans hit nobody any more, and go at the next tick. */
void ban_room_gone(struct chat *c, struct room *r);

/* " until [2026-11-24 20:14:05]", or "" for good. */
enum { BAN_UNTIL_BYTES = 32 };
const char *ban_until(struct chat *c, const struct ban *b, char out[BAN_UNTIL_BYTES]);
/* An address so that address_parse reads it as the same. */
const char *ban_address(const struct address *a, char out[ADDRESS_BYTES_MAX]);

/* At the start, after all rooms: one as it was saved. */
void ban_load(struct chat *c, enum ban_kind kind, const char *key, const char *value);
void bans_free(struct chat *c);

/* Those whose time is over. */
void ban_tick(struct chat *c);
int64_t ban_due_ms(const struct chat *c);

#endif
