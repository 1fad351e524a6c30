/*
 * The core backend of the conversations: what its two halves share.
 *
 * talk_core.c gives the core its events, talk_effect.c carries out its effects.
 */
#ifndef CHATD_TESTS_TALK_CORE_H
#define CHATD_TESTS_TALK_CORE_H

#include "chatd/core/chat.h"
#include "chatd/program/conf/conf.h"
#include "chatd/store/db/store.h"
#include "talk.h"
#include "where.h"

/* A line of a feed that a subscriber still has to get. */
struct pending {
	uint64_t seq;  /* visible once this record is saved */
	char *text;    /* owned */
	size_t len;
	struct line_info info; /* of the line */
	bool marked;   /* it mentions the subscriber */
};

/* A feed that somebody reads. */
struct talk_reader {
	bool on, held;          /* it is read; and held back until it is released */
	uint32_t feed;
	char name[NAME_BYTES_MAX + 1]; /* of a watched room, as it is shown; "": their own room */
	struct pending *pending; /* n of them, owned: published and not yet seen */
	size_t n;
};

/* A connection, by slot. */
struct peer {
	struct client *client;  /* NULL exactly while the slot is free */
	uint32_t gen;           /* of this connection, or of the last one */
	struct talk_reader reader[1 + WATCHED_MAX]; /* of the feed of its room, and of those it watches */
	bool view;              /* it is sent what view_render makes, in this style: */
	struct view_style style;
	struct view_day day;    /* shown last */
	bool hold;              /* lines, and what waits, come only when they are let through */
	struct bytes waiting;   /* owned; private text that waits */
	struct bytes kept;      /* input that the core has not taken yet */
	bool paused;            /* true until EFFECT_RESUME: offer nothing */
	bool eof, eof_told;     /* it will send no more; and the core knows */
	bool taken;             /* the core holds the slot, until EVENT_RELEASED */
};

struct world {
	uint64_t tokens;       /* given to connections: 1, 2, 3, ... */
	struct conf conf;
	struct chat *chat;
	struct store *store;
	char dir[64], path[80]; /* of the database */
	int64_t now_ms;         /* virtual time, by the clock for durations */
	int64_t ahead_ms;       /* so much of it is the other one */
	uint64_t given, saved, told; /* last record appended, saved, and named by EVENT_STORED */
	bool failing, full;     /* nothing can be saved; and EVENT_STORE_FULL was told */
	struct record *waiting; /* owned with their strings: nwaiting records, while failing */
	size_t nwaiting;
	uint64_t shown;         /* records up to this are shown, saved or not (EFFECT_SHOW) */
	uint64_t *feed_seq;     /* by feed: the newest record published on it */
	struct rows *rows[TALK_CLIENTS_MAX]; /* answers on their way, oldest first */
	size_t nrows;
	enum effect_kind wanted; /* of the program, by wanted_for; EFFECT_SEND: nothing */
	struct conn_id wanted_for;
	struct conn_id asking[TALK_CLIENTS_MAX]; /* nasking who asked what has arrived */
	size_t nasking;
	struct peer peer[TALK_CLIENTS_MAX];
	char fault[640];        /* what the core or the store did wrong; "": nothing */
};

/* Carries out what the last chat_step has left, in order. */
void effects_do(struct world *w);

/* Saves what has waited since the disk failed. */
void waiting_save(struct world *w);
void waiting_free(struct world *w);

/* NULL: that connection is gone. */
struct peer *peer_find(struct world *w, struct conn_id id);

/* The connection is over: for the core already, now for its client. */
void peer_end(struct world *w, struct peer *p);

/* Keeps the first thing that the core or the store did wrong. */
void fault(struct world *w, const char *what, uint64_t number);

#endif
