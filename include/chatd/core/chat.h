/*
 * The chat: rooms, people and commands, as a function of events.
 *
 * chat_step takes one event and leaves effects in a bounded array that the
 * server drains before the next step. There is no clock, no randomness, no
 * disk and no socket in here, so a whole chat can be run from a seed. Memory
 * is bounded by the largest possible number of connections and rooms.
 */
#ifndef CHATD_CORE_CHAT_H
#define CHATD_CORE_CHAT_H

#include "chatd/core/event.h"

struct chat;

/* The roles that are exempt from rate limits. */
enum rate_exempt {
	EXEMPT_NOBODY,
	EXEMPT_ADMIN,
	EXEMPT_MODERATOR,           /* moderators and administrators */
	EXEMPT_ACCOUNT,             /* everyone who is signed in */
};

/* How the server presents itself. The strings are borrowed for the call that takes them; the texts are
 * whole lines, fit to be shown (program/texts.h). */
struct chat_face {
	const char *server_name;    /* what it calls itself; NULL: chatd */
	const char *lobby;          /* a room's name, by name_check; NULL: "general". Fixed at chat_new */
	const char *banner;         /* what is sent to everyone who connects; NULL: the penguin */
	const char *motd, *rules;   /* NULL or "": none */
};

/* What can be configured; all but connections_max and the lobby may change while chatd runs. */
struct chat_config {
	uint32_t connections_max;   /* slots of conn_id; fixed at chat_new */
	uint32_t line_bytes_max;    /* a longer input line is refused whole */
	uint32_t history_replay;    /* lines shown on joining a room; 0: none */
	uint32_t rate_burst;        /* lines that a person may send at once */
	uint32_t rate_lines;        /* lines a second after that; 0: no limit */
	uint32_t rate_bytes;        /* bytes a second; 0: no limit */
	uint32_t rate_address;      /* one address may send this many times what one person may;
	                             * 0: no limit */
	uint32_t flood_mute_s;      /* people delayed for this long are muted; 0: never */
	enum rate_exempt rate_exempt; /* who is exempt from these limits */
	uint32_t address_connections; /* open connections from one address; 0: no limit */
	uint32_t address_connects;  /* new connections from it in a minute; 0: no limit */
	uint32_t address_logins;    /* passwords tried from it in a minute; 0: no limit */
	const char *address_exempt; /* address blocks that have no such limits, separated by blanks;
	                             * NULL: none. Borrowed for the call that takes it */
	uint32_t guest_room_days;   /* a room without an owner is removed after this many days without
	                             * a line; 0: never. If only one address ever spoke in it: after
	                             * at most ROOM_ALONE_DAYS */
	uint32_t login_timeout_s;   /* connections without a name for this long are closed; 0: never */
	bool talks_unsaved;         /* lines are shown even while nothing can be saved */
	uint16_t telnet_port;       /* where chatd speaks telnet, for hints; 0: nowhere that is known */
	char command_prefix;        /* what a command starts with: '/' */
	struct chat_face face;      /* how the server presents itself */
};

/* Makes a chat, which the caller frees with chat_free. last_seq and last_room are the newest
 * numbers in the store: new records and rooms are numbered after them. */
struct chat *chat_new(const struct chat_config *config, uint64_t last_seq, uint32_t last_room);
void chat_free(struct chat *c);

/* Makes it one node of several, of that name, of at most NODE_BYTES_MAX letters (a to z), digits and -. Call it before
 * anything is loaded. EVENT_INCARNATION is its first event. */
void chat_begin_cluster(struct chat *c, const char *node);

/* Takes what the last EFFECT_DONE that was saved said; before facts are loaded. */
void chat_load_cluster(struct chat *c, const char *text);

/* This node's newest incarnation is one that all nodes know. */
bool chat_is_up(const struct chat *c);

/* What the last EVENT_ACT began is not done yet: give it events without a text until it is, and no other act. */
bool chat_goes_on(const struct chat *c);

/* A hash of all that the nodes of a cluster share: equal on all nodes that have applied the same acts. */
uint64_t chat_digest(const struct chat *c);

/* Loads a room that has history. Call it only before the first event. */
void chat_load_room(struct chat *c, const struct saved_room *r);

/* Loads a fact as it was saved. Call it only before the first event. */
void chat_load_fact(struct chat *c, const struct saved_fact *f);

/* Why the room that was loaded for it cannot be the lobby, which is open to everybody: a phrase such as
 * "that room is private". NULL: it can. Call it when all is loaded. */
const char *chat_lobby_bar(const struct chat *c);

/* Takes a new configuration (SIGHUP). connections_max and the lobby stay what they were; in a cluster also what all nodes
 * must have alike: line_bytes_max, guest_room_days, command_prefix, address_exempt and the server's name. */
void chat_configure(struct chat *c, const struct chat_config *config);

/* Handles the event. chat_effects then returns what the server must do about it, an array of n that
 * is valid until the next step. For EVENT_BYTES it sets e->bytes.taken, for EVENT_CONNECTED
 * e->connected.refused. */
void chat_step(struct chat *c, struct event *e);
const struct effect *chat_effects(const struct chat *c, size_t *n);

/* When EVENT_TICK is due, by the clock of event.now_ms; INT64_MAX: not at all. */
int64_t chat_due_ms(const struct chat *c);

/* Feeds are numbered from 0 to chat_feeds_max() - 1. */
uint32_t chat_feeds_max(void);

/* The number of records that were appended and that EVENT_STORED has not covered yet. */
uint64_t chat_unstored(const struct chat *c);

/* Whether work that is done in steps (removing rooms, forgetting facts, saving reports) is not
 * finished yet, and can be saved. */
bool chat_owes(const struct chat *c);

/* The number of lines that were shown but not saved, and whose loss no history records yet. */
uint64_t chat_unmarked(const struct chat *c);

/* The number of people with a name, all of whom are in a room. */
uint32_t chat_people(const struct chat *c);

/* The number of rooms, those with only a history included. */
uint32_t chat_rooms(const struct chat *c);

void chat_count(const struct chat *c, struct chat_counts *counts);

#endif
