/*
 * Bans and mutes: they keep people out, or silent.
 *
 * Each is a fact in the store (FACT_BAN, FACT_MUTE), keyed by the number of its record, which people
 * type as #B12. It ends when its time is over, or with its room.
 */
#ifndef CHATD_CORE_ROOMS_BAN_H
#define CHATD_CORE_ROOMS_BAN_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/core/people/account.h"

struct chat;
struct session;
struct room;

enum ban_kind {
	BAN_ENTRY,               /* a ban */
	BAN_SPEECH,              /* a mute */
	BAN_KINDS,
};

/* What a ban is on. One on an address does not affect moderators, nor people with power in the room;
 * administrators of the host are affected by none. */
enum ban_target {
	BAN_ACCOUNT,             /* anyone with the name key: signed in, or as a guest once the
	                          * account is gone */
	BAN_GUEST,               /* guests with the name key, and guests from the same address; and
	                          * the accounts that such guests have registered since, so neither a
	                          * new name nor an account gets round it */
	BAN_BLOCK,               /* everyone from there */
};

struct ban {
	enum ban_kind kind;
	enum ban_target target;
	uint64_t number;         /* of its first record; kept if it is restored */
	uint64_t since;          /* GUEST: accounts registered after this record are affected too;
	                          * the number of its own record, or of the one that it restores */
	uint32_t room;           /* where it applies; 0: everywhere */
	char *who, *key;         /* owned; a name as shown and its key, or an address and "" */
	struct address from;     /* GUEST: counted (address_counted), or zero if it is on the name
	                          * only; BLOCK: the block; otherwise zero */
	char *by, *why;          /* owned; the nick of the person who set it, and the reason ("": none) */
	char *by_key;            /* owned; the key of that person, whose share it counts in if the
	                          * room has no owner; "": not known */
	bool keeper;             /* that person was at least a moderator */
	int64_t at_ms;
	int64_t until_ms;        /* 0: for good */
	struct ban_list *list;   /* the list it is in; NULL: its room is gone, and it goes next */
	struct ban *prev, *next; /* in bans.all */
	struct ban *list_prev, *list_next; /* in list */
};

/* Bans, or mutes, of a room or of the whole server. */
struct ban_list {
	struct ban *first;          /* oldest first */
	uint32_t n;
};

/* Part of struct chat: all bans and mutes; by kind. */
struct bans {
	struct ban *all;            /* owned; oldest first */
	uint32_t n[BAN_KINDS];      /* of each kind; at most BANS_MAX, and those that are over and still
	                             * in the store */
	struct ban_list everywhere[BAN_KINDS]; /* those for the whole server */
	uint32_t nrooms[BAN_KINDS]; /* those in rooms, of all rooms */
	uint32_t nending;           /* those in no list, which go next */
	int64_t due_ms;             /* when the first of all may be over; INT64_MAX: never */
};

/* A person as bans see them: a session as it is, or as it would be. */
struct bearer {
	const struct address *from;
	const char *key;         /* of the name */
	enum role role;          /* GUEST if, and only if, not signed in */
	bool trusted;            /* administers the host */
	const struct account *account; /* NULL: none */
};

struct bearer bearer_of(const struct session *s);
/* s once it is signed in to a, or (a NULL) a guest with this key. */
struct bearer bearer_as(const struct session *s, const struct account *a, const char *key);

/* Whether unrelated people may share the address: this host, by the network or a unix socket, and the
 * blocks in address_exempt. A ban on a guest from there is on the name only. */
bool ban_shared(const struct chat *c, const struct address *from);
/* Whether b is on an address, and not only on a name. */
bool ban_by_address(const struct ban *b);

/* Whether it affects who, and its time is not over. */
bool ban_hits(const struct chat *c, const struct ban *b, const struct bearer *who);

/* A ban in force that affects who: everywhere, or in r (NULL: only everywhere); NULL: none. */
struct ban *ban_find(const struct chat *c, enum ban_kind kind, const struct room *r,
                     const struct bearer *who);
/* By its number. */
struct ban *ban_by_number(const struct chat *c, enum ban_kind kind, uint64_t number);
/* The one in r (NULL: everywhere) with the same target as like. */
struct ban *ban_same(const struct chat *c, const struct room *r, const struct ban *like);

/* Those of r (NULL: everywhere), oldest first. */
struct ban_list *ban_list_of(struct chat *c, struct room *r, enum ban_kind kind);
/* If the list is full for one like this, how many there are, as part of a sentence, in c->scratch;
 * otherwise NULL. */
const char *ban_full(struct chat *c, struct room *r, const struct ban *like);
/* In the rooms of this account, all together. */
uint32_t ban_share(const struct chat *c, enum ban_kind kind, const char *owner_key);

/* Puts a copy of b in force and saves it: under its number, or (0) under a new one. */
struct ban *ban_add(struct chat *c, struct room *r, const struct ban *b);
/* Ends it, in the store too. Frees it. */
void ban_end(struct chat *c, struct ban *b);
/* Ends all in r (NULL: everywhere) but those that affect `but`. They apply no longer, and leave the
 * store at the next ticks, as there may be thousands; in a cluster, before the next act. Returns how many. */
uint32_t ban_end_all(struct chat *c, struct room *r, enum ban_kind kind,
                     const struct bearer *but);
/* The same for the bans of a room that is removed. */
void ban_room_gone(struct chat *c, struct room *r);

/* " until [2026-11-24 20:14:05]", or "" for good. */
enum { BAN_UNTIL_BYTES = 32 };
const char *ban_until(struct chat *c, const struct ban *b, char out[BAN_UNTIL_BYTES]);
/* An address in a form that address_parse reads back as the same. */
const char *ban_address(const struct address *a, char out[ADDRESS_BYTES_MAX]);

/* Everything but its kind and number, as fields; and back. The caller gives the strings to
 * ban_release. */
void ban_put(const struct chat *c, struct bytes *out, const struct ban *b);
void ban_read(const struct chat *c, const char *fields, struct ban *b);
void ban_release(struct ban *b);

/* At the start, after all rooms: one as it was saved. */
void ban_load(struct chat *c, enum ban_kind kind, const char *key, const char *value);
void bans_begin(struct chat *c);
void bans_free(struct chat *c);

/* Ends those whose time is over. */
void ban_tick(struct chat *c);
int64_t ban_due_ms(const struct chat *c);

#endif
