/*
 * Reports of lines, for the moderators.
 *
 * A report keeps the line as it was said, so it stays evidence after the line has been deleted or
 * pruned. Each is a fact (FACT_REPORT).
 */
#ifndef CHATD_CORE_MODERATION_REPORT_H
#define CHATD_CORE_MODERATION_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/core/event.h"

struct chat;
struct session;

enum report_state {
	REPORT_OPEN,
	REPORT_CLAIMED,      /* a moderator is looking at it */
	REPORT_RESOLVED,
	REPORT_STATES,       /* how many there are */
};

struct report {
	uint64_t number;         /* of its record: #R12 */
	enum report_state state;
	uint64_t line;           /* id of the line */
	bool action;             /* it was a /me */
	int64_t said_ms;         /* when it was said */
	char *room, *sender, *text; /* owned; where, by whom and what */
	int64_t at_ms;           /* when it was reported */
	char *by, *by_key, *why; /* owned; by whom, and why ("": no reason given) */
	bool by_account;         /* and they had an account */
	char *who;               /* owned; whose share (share.h) it is; "": not known */
	struct share *share;     /* while it is counted there */
	bool counted;            /* exactly while it is not resolved */
	bool unsaved;            /* what it is now is still to be saved */
	int64_t kept_ms;         /* when it was claimed or resolved; 0: never */
	char *keeper, *how;      /* owned; by whom, and how it was resolved; "" for none */
	struct report *prev, *next; /* in reports.first */
};

/* Part of struct chat. */
struct reports {
	struct report *first;       /* owned; n of at most REPORTS_MAX, oldest first */
	uint32_t n;
	bool unsaved;               /* some of them are still to be saved as they are now */
};

/* "open", "claimed", "resolved". */
const char *report_state_name(enum report_state state);

/* NULL: there is none. */
struct report *report_find(const struct chat *c, uint64_t number);
/* The report of that line under this name; NULL: there is none. */
const struct report *report_of(const struct chat *c, uint64_t line, const char *by_key);
/* How many are open. */
uint32_t reports_open(const struct chat *c);

/* Makes and saves a report of the line in row, dropping the oldest resolved one if need be. NULL:
 * there are REPORTS_MAX, and none is resolved. */
struct report *report_new(struct chat *c, const struct session *s, const struct row *row,
                          const char *why);
/* Sets and saves its state; keeper and how as in struct report. */
void report_set(struct chat *c, struct report *r, enum report_state state, const char *keeper,
                const char *how);

/* Whether it was made by who (share.h); NULL: from within the block; both NULL: by anyone. */
bool report_is_by(const struct report *r, const char *who, const struct address *block);
/* Resolves all of those that are not resolved yet, saved in steps; returns how many. */
uint32_t reports_resolve(struct chat *c, const char *who, const struct address *block,
                         const char *keeper, const char *how);
/* How many of those are not resolved; `forget`: deletes them. */
uint32_t reports_by(struct chat *c, const char *who, const struct address *block, bool forget);
/* Saves what reports_resolve resolved. */
void report_tick(struct chat *c);
int64_t report_due_ms(const struct chat *c);

/* The person who made it, if they are here under the same name; otherwise NULL. */
struct session *report_maker(const struct chat *c, const struct report *r);

/* Tells s, which has just signed in, how many are open, if it is a moderator. */
void report_remind(struct chat *c, const struct session *s);

/* At the start: one as it was saved, the oldest first. */
void report_load(struct chat *c, const char *key, const char *value);
void reports_free(struct chat *c);

#endif
