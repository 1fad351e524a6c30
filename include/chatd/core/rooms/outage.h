/*
 * What is done while nothing can be saved: senders are refused, or talk goes on with a gap in
 * the history (store_failure).
 *
 * While talk goes on, what is said is shown at once and waits in the store's queue to be saved
 * late. What that queue has no room for is shown and not saved; its room counts it, and gets one
 * line (RECORD_GAP) in its history in place of those that are missing.
 */
#ifndef CHATD_CORE_ROOMS_OUTAGE_H
#define CHATD_CORE_ROOMS_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

struct chat;
struct room;
struct session;

/* Part of struct chat. */
struct outage {
	char *reason;        /* owned; while nothing can be saved; else NULL */
	uint32_t number;     /* of this outage, or of the last: so that nobody is told twice */
	bool talks;          /* nothing can be saved, and lines are shown all the same */
	bool full;           /* and the store's queue has no room for more of them */
	bool low;            /* only disk_reserve is left free: lines and other things that grow are not
	                      * saved; moderation is, because it may free space */
	uint64_t lines;      /* said in this outage, or in the last, that are not saved and never
	                      * will be */
	uint32_t gaps;       /* rooms whose gap is not recorded yet */
};

/* Part of struct room: the lines that it has lost, of which its history says nothing yet. */
struct gap {
	uint64_t lines;      /* how many; 0: none */
	int64_t first_ms, last_ms; /* when the first and the last of them were said */
};

/* News from the store. A new reason replaces an earlier one silently. advice is for moderators; NULL:
 * there is none. */
void outage_begin(struct chat *c, const char *reason, const char *advice);
void outage_full(struct chat *c);
void outage_low(struct chat *c);
void outage_end(struct chat *c);
/* Tells moderators and administrators about anything else the store did. */
void outage_notice(struct chat *c, const char *text);

/* Tells s, which has come in, of the outage, unless it was here when everybody was told. */
void outage_tell(struct chat *c, const struct session *s);
/* Tells s if the history it has just read lacks lines that are not saved yet. */
void outage_tell_unsaved(struct chat *c, const struct session *s);

/* True: s may not speak, because its line could not be saved; s was told. */
bool outage_refuses(struct chat *c, const struct session *s);
/* Whether a line said in r now may be appended; if not, counts it as lost. */
bool outage_keeps(struct chat *c, struct room *r);
/* After a line was published: shows it at once, if talk goes on. */
void outage_show(struct chat *c);
/* Up to which record the history can be asked now, of those up to seq. */
uint64_t outage_readable(const struct chat *c, uint64_t seq);

/* r is about to be freed. */
void outage_forget(struct chat *c, struct room *r);

/* Records what is missing, as far as there is room; and takes note of another configuration. */
void outage_tick(struct chat *c);
int64_t outage_due_ms(const struct chat *c);

#endif
