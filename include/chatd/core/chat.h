/*
 * The chat: rooms, people, commands, as a function of events.
 *
 * chat_step takes one event and leaves effects in a bounded array that the
 * server drains before the next step. There is no clock, no randomness, no
 * disk and no socket in here, so a whole chat can be run from a seed. Memory
 * is bounded by the connections and rooms that there can be.
 */
#ifndef CHATD_CORE_CHAT_H
#define CHATD_CORE_CHAT_H

#include "chatd/core/event.h"

struct chat;

/* Whom no limit of the pace holds. */
enum rate_exempt {
	EXEMPT_NOBODY,
	EXEMPT_ADMIN,
	EXEMPT_MODERATOR,           /* and admins */
	EXEMPT_ACCOUNT,             /* whoever is signed in */
};

/* What can be set; all but connections_max may change while running. */
struct chat_config {
	uint32_t connections_max;   /* slots of conn_id; fixed at chat_new */
	uint32_t line_bytes_max;    /* a longer input line is refused whole */
	uint32_t history_replay;    /* lines shown on joining a room; 0: none */
	uint32_t rate_burst;        /* lines that may come at once */
	uint32_t rate_lines;        /* lines a second after that; 0: no limit */
	uint32_t rate_bytes;        /* bytes a second; 0: no limit */
	uint32_t rate_address;      /* times what one person may, from one address; 0: no limit */
	uint32_t flood_mute_s;      /* who is delayed for so long is muted; 0: never */
	enum rate_exempt rate_exempt;
	uint32_t address_connections; /* connections from one address at one time; 0: no limit */
	uint32_t address_connects;  /* connections from it in a minute; 0: no limit */
	uint32_t address_logins;    /* passwords tried from it in a minute; 0: no limit */
	const char *address_exempt; /* blocks without limits by address, with blanks between;
	                             * NULL: none. Borrowed for the call that takes it */
	uint32_t guest_room_days;   /* without a line, after which a room ends that nobody owns; 0: never.
	                             * One in which one address alone spoke: ROOM_ALONE_DAYS at most */
	uint32_t login_timeout_s;   /* without a name for so long: closed; 0: never */
	bool talks_unsaved;         /* while nothing can be saved, lines are shown all the same */
	char command_prefix;        /* '/' */
};

/* The newest numbers in the store: the next record and room come after them. */
struct chat *chat_new(const struct chat_config *config, uint64_t last_seq, uint32_t last_room);
void chat_free(struct chat *c);

/* Before the first event: a room that has history. */
void chat_load_room(struct chat *c, const struct saved_room *r);

/* Before the first event: a fact as it was saved. */
void chat_load_fact(struct chat *c, const struct saved_fact *f);

/* SIGHUP. connections_max stays what it was. */
void chat_configure(struct chat *c, const struct chat_config *config);

/* Handles the event; what is to be done about it is in chat_effects until the
 * next step. Sets e->bytes.taken for EVENT_BYTES. */
void chat_step(struct chat *c, struct event *e);
const struct effect *chat_effects(const struct chat *c, size_t *n);

/* When EVENT_TICK is due, ms since the epoch; INT64_MAX: not at all. */
int64_t chat_due_ms(const struct chat *c);

/* Feeds have the numbers 0 to chat_feeds_max()-1. */
uint32_t chat_feeds_max(void);

/* Records appended that EVENT_STORED has not covered yet. */
uint64_t chat_unstored(const struct chat *c);

/* What was ordered is done in steps, and some of them are still to come, which can be saved. */
bool chat_owes(const struct chat *c);

/* Lines that were shown, are not saved, and of which no history says so yet. */
uint64_t chat_unmarked(const struct chat *c);

/* People with a name who are in a room. */
uint32_t chat_people(const struct chat *c);

#endif
