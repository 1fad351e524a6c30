/*
 * Reports of lines, for the moderators.
 *
 * A report keeps the line as it was said, so it is still evidence after the line has been deleted
 * or pruned. Each report is saved as a fact (FACT_REPORT).
 */
#ifndef CHATD_CORE_MODERATION_REPORT_H
#define CHATD_CORE_MODERATION_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/core/event.h"

struct account;
struct chat;
struct session;

enum report_state {
	REPORT_OPEN,
	REPORT_CLAIMED,      /* a moderator is looking at it */
	REPORT_RESOLVED,
	REPORT_STATES,       /* how many there are */
};

struct report {
	uint64_t number;         /* number of its record; shown as #R12 */
	enum report_state state; /* what has become of it */
	uint64_t line;           /* id of the line */
	bool action;             /* the line was a /me */
	int64_t said_ms;         /* when the line was said, since the epoch */
	char *room, *sender, *text; /* owned; the line's room, its speaker's nick, and its text */
	int64_t at_ms;           /* when it was reported, since the epoch */
	char *by, *by_key, *why; /* owned; nick and key of the person who reported it, and the reason
	                          * ("": none given) */
	bool by_account;         /* that person was signed in */
	char *who;               /* owned; the principal (share.h) whose share it is in; "": not
	                          * known */
	struct share *share;     /* the share that it is counted in, while counted */
	bool counted;            /* it counts in a share: exactly while it is not resolved */
	bool unsaved;            /* it has changed since it was saved */
	bool erased;             /* its speaker's account was removed with all that was said from it: once
	                          * it is resolved, its text is "" */
	int64_t kept_ms;         /* when it was claimed or resolved, since the epoch; 0: never */
	char *keeper, *how;      /* owned; nick of the moderator who did that, and how it was resolved;
	                          * "" for none */
	struct report *prev, *next; /* in reports.first */
};

/* Part of struct chat: all reports. */
struct reports {
	struct report *first;       /* owned; oldest first */
	uint32_t n;                 /* how many; at most REPORTS_MAX */
	bool unsaved;               /* some of them have changed since they were saved */
};

/* "open", "claimed", "resolved". */
const char *report_state_name(enum report_state state);

/* The report with that number; NULL: there is none. */
struct report *report_find(const struct chat *c, uint64_t number);
/* The report of that line by the person with this key; NULL: there is none. */
const struct report *report_of(const struct chat *c, uint64_t line, const char *by_key);
/* The number of open reports. */
uint32_t reports_open(const struct chat *c);

/* Makes and saves a report by s of the line in row, dropping the oldest resolved report if there is
 * no place. NULL: there are REPORTS_MAX, and none is resolved. */
struct report *report_new(struct chat *c, const struct session *s, const struct row *row,
                          const char *why);
/* Sets and saves the state of the report; keeper and how are as in struct report. */
void report_set(struct chat *c, struct report *r, enum report_state state, const char *keeper,
                const char *how);

/* Whether the report was made by the principal `who` (share.h) or, if that is NULL, from within the
 * block; both NULL: true. */
bool report_is_by(const struct report *r, const char *who, const struct address *block);
/* Resolves all open reports for which report_is_by is true, and saves them in steps; returns
 * how many. */
uint32_t reports_resolve(struct chat *c, const char *who, const struct address *block,
                         const char *keeper, const char *how);
/* The number of open reports for which report_is_by is true; `forget`: deletes them. */
uint32_t reports_by(struct chat *c, const char *who, const struct address *block, bool forget);
/* The account, which is about to be removed, has all that was said from it deleted: so do reports of
 * its lines, as soon as they are resolved. Saves them in steps. */
void reports_erase(struct chat *c, const struct account *a);
/* Saves what these two have changed. */
void report_tick(struct chat *c);
int64_t report_due_ms(const struct chat *c);

/* The session of the person who made the report, if they are here under the same name; otherwise
 * NULL. */
struct session *report_maker(const struct chat *c, const struct report *r);

/* If s, which has just signed in, is a moderator: tells it how many reports are open. */
void report_remind(struct chat *c, const struct session *s);

/* Loads a report as it was saved. Call it at the start, for the oldest report first. */
void report_load(struct chat *c, const char *key, const char *value);
void reports_free(struct chat *c);

#endif
