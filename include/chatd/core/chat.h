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

/* The roles that are exempt from rate limits. */
enum rate_exempt {
	EXEMPT_NOBODY,
	EXEMPT_ADMIN,
	EXEMPT_MODERATOR,           /* and admins */
	EXEMPT_ACCOUNT,             /* and everyone who is signed in */
};

/* What can be set; all but connections_max may change while running. */
struct chat_config {
	uint32_t connections_max;   /* slots of conn_id; fixed at chat_new */
	uint32_t line_bytes_max;    /* a longer input line is refused whole */
	uint32_t history_replay;    /* lines shown on joining a room; 0: none */
	uint32_t rate_burst;        /* lines that may come at once */
	uint32_t rate_lines;        /* lines a second after that; 0: no limit */
	uint32_t rate_bytes;        /* bytes a second; 0: no limit */
	uint32_t rate_address;      /* one address may send this many times what one person may; 0: no limit */
	uint32_t flood_mute_s;      /* people delayed for this long are muted; 0: never */
	enum rate_exempt rate_exempt;
	uint32_t address_connections; /* connections from one address at one time; 0: no limit */
	uint32_t address_connects;  /* connections from it in a minute; 0: no limit */
	uint32_t address_logins;    /* passwords tried from it in a minute; 0: no limit */
	const char *address_exempt; /* blocks without limits by address, with blanks between;
	                             * NULL: none. Borrowed for the call that takes it */
	uint32_t guest_room_days;   /* a room that nobody owns ends after this long without a line; 0: never.
	                             * If only one address spoke in it: after at most ROOM_ALONE_DAYS */
	uint32_t login_timeout_s;   /* connections without a name for this long are closed; 0: never */
	bool talks_unsaved;         /* lines are shown even while nothing can be saved */
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

/* Handles the event; chat_effects has what is to be done about it until the
 * next step. Sets e->bytes.taken for EVENT_BYTES. */
void chat_step(struct chat *c, struct event *e);
const struct effect *chat_effects(const struct chat *c, size_t *n);

/* When EVENT_TICK is due, ms since the epoch; INT64_MAX: not at all. */
int64_t chat_due_ms(const struct chat *c);

/* Feeds have the numbers 0 to chat_feeds_max()-1. */
uint32_t chat_feeds_max(void);

/* Records appended that EVENT_STORED has not covered yet. */
uint64_t chat_unstored(const struct chat *c);

/* Some steps of what was ordered are still to come, and can be saved. */
bool chat_owes(const struct chat *c);

/* Lines that were shown, are not saved, and of which no history says so yet. */
uint64_t chat_unmarked(const struct chat *c);

/* People with a name who are in a room. */
uint32_t chat_people(const struct chat *c);

#endif
