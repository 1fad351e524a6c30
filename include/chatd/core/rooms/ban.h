/*
 * Bans and mutes: who may not come in, and who may not speak.
 *
 * One is a fact in the store (FACT_BAN, FACT_MUTE) under the number of its record, by which
 * people name it too (#B12). It goes by itself when its time is over, or with its room.
 */
#ifndef CHATD_CORE_ROOMS_BAN_H
#define CHATD_CORE_ROOMS_BAN_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/base/bounds.h"
#include "chatd/core/people/account.h"

struct chat;
struct session;
struct room;

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
	BAN_GUEST,               /* guests of the name key, and those who come from where it did; and
	                          * the accounts that such guests have registered since: so neither a
	                          * name nor an account is a way round it */
	BAN_BLOCK,               /* everybody who comes from there */
};

struct ban {
	enum ban_kind kind;
	enum ban_target target;
	uint64_t number;         /* of its first record; it has it again when it is restored */
	uint64_t since;          /* GUEST: accounts that were registered after this record are hit too;
	                          * the number of its own record, or of the one that it restores */
	uint32_t room;           /* in which it holds; 0: everywhere */
	char *who, *key;         /* owned; a name as shown and its key, or an address and "" */
	struct address from;     /* GUEST: counted (address_counted), or zero: it is of the name
	                          * alone; BLOCK: which; otherwise zero */
	char *by, *why;          /* owned; a nick, and its reason ("": none) */
	char *by_key;            /* owned; the key of who set it, whose share it is in a room without
	                          * an owner; "": not known */
	bool keeper;             /* who set it was a moderator, or more */
	int64_t at_ms;
	int64_t until_ms;        /* 0: for good */
	struct ban_list *list;   /* that it is in; NULL: its room is gone, and it goes next */
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
	struct ban_list everywhere[BAN_KINDS]; /* those that hold on the whole server */
	uint32_t nrooms[BAN_KINDS]; /* those that hold in a room, of all rooms */
	int64_t due_ms;             /* when the first of all may be over; INT64_MAX: never */
};

/* Somebody as bans see them: a session as it is, or as it would be. */
struct bearer {
	const struct address *from;
	const char *key;         /* of the name */
	enum role role;          /* GUEST exactly where not signed in */
	bool trusted;            /* administers the host */
	const struct account *account; /* NULL: none */
};

struct bearer bearer_of(const struct session *s);
/* s once it is signed in to a, or (a NULL) a guest with this key. */
struct bearer bearer_as(const struct session *s, const struct account *a, const char *key);

/* Many may come from there who have nothing to do with one another: this host, by the network or
 * a unix socket, and what address_exempt names. A guest's ban from there is of the name alone. */
bool ban_shared(const struct chat *c, const struct address *from);
/* b is of an address, and not of a name alone. */
bool ban_by_address(const struct ban *b);

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
struct ban_list *ban_list_of(struct chat *c, struct room *r, enum ban_kind kind);
/* How many there are where none like this can be added, as part of a sentence, in c->scratch;
 * NULL: there is place. */
const char *ban_full(struct chat *c, struct room *r, const struct ban *like);
/* In the rooms of this account, all together. */
uint32_t ban_share(const struct chat *c, enum ban_kind kind, const char *owner_key);

/* A copy of b, saved and in force: with its number, if it was in force before, or (0) a new one. */
struct ban *ban_add(struct chat *c, struct room *r, const struct ban *b);
/* It is over, also in the store. Frees it. */
void ban_end(struct chat *c, struct ban *b);
/* All of that place (r NULL: everywhere) but those that hit `but` are over. They hit nobody any
 * more, and go from the store at the next ticks: there may be thousands. Returns how many. */
uint32_t ban_end_all(struct chat *c, struct room *r, enum ban_kind kind,
                     const struct bearer *but);
/* The room goes: the same of its bans. */
void ban_room_gone(struct chat *c, struct room *r);

/* " until [2026-11-24 20:14:05]", or "" for good. */
enum { BAN_UNTIL_BYTES = 32 };
const char *ban_until(struct chat *c, const struct ban *b, char out[BAN_UNTIL_BYTES]);
/* An address so that address_parse reads it as the same. */
const char *ban_address(const struct address *a, char out[ADDRESS_BYTES_MAX]);

/* All of it but its kind and number, as fields; and back: the strings are the caller's, who
 * gives them to ban_release. */
void ban_put(const struct chat *c, struct bytes *out, const struct ban *b);
void ban_read(const struct chat *c, const char *fields, struct ban *b);
void ban_release(struct ban *b);

/* At the start, after all rooms: one as it was saved. */
void ban_load(struct chat *c, enum ban_kind kind, const char *key, const char *value);
void bans_begin(struct chat *c);
void bans_free(struct chat *c);

/* Those whose time is over. */
void ban_tick(struct chat *c);
int64_t ban_due_ms(const struct chat *c);

#endif
