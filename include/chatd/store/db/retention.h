/*
 * Whether lines may be deleted for their age.
 */
#ifndef CHATD_STORE_DB_RETENTION_H
#define CHATD_STORE_DB_RETENTION_H

#include "chatd/core/event.h"
#include "chatd/store/db/error.h"

struct store;

/* Two clocks, in ms: the host's, which people set; and one that nobody sets and that also runs
 * while the machine sleeps (CLOCK_BOOTTIME). */
struct clocks {
	int64_t wall_ms, boot_ms;
};

/* Why old lines are not deleted at present. Saved in databases: the numbers must not change. */
enum retention_why {
	RETENTION_GOES = 0,     /* it goes */
	RETENTION_CLOCK = 1,    /* the host's clock is more than CLOCK_AHEAD_DAYS past the time
	                         * noted last, which is done once an hour */
	RETENTION_MUCH = 2,     /* more than OLD_LINES_MUCH lines of a room would be deleted, and
	                         * more than one part in OLD_PARTS */
};

enum retention_look {
	RETENTION_FAILS,        /* nothing can be read or saved, err says why */
	RETENTION_LOOKS,        /* it has not finished; it must be asked again */
	RETENTION_MAY,
	RETENTION_MAY_NOT,      /* store_retention_why says why */
};

/*
 * May lines be deleted that are older than days (0: only lines of rooms with their own setting)?
 * Must be asked once a minute, with `begins` if a pass that deletes would begin. If not, the answer
 * stays so until the clock is corrected, RECORD_PRUNE is saved, or the two clocks have run in step
 * for a day, in one run of chatd or in several.
 */
enum retention_look store_retention(struct store *s, const struct clocks *now, uint32_t days,
                                    bool begins, struct store_error *err);
/* room: for RETENTION_MUCH, the number of the room that would lose so many lines. */
enum retention_why store_retention_why(const struct store *s, uint32_t *room);
/* Notes that a pass has ended: what was allowed is done. */
bool store_retention_over(struct store *s, const struct clocks *now, struct store_error *err);

/* What is known about the clock, and whether lines may be deleted for their age; see
 * store_retention. */
struct retention {
	bool loaded;             /* false: the rest is still to be read from meta */
	int64_t good_ms;         /* meta: the last time that is believed; 0: none is known */
	int64_t seen_ms;         /* meta: the last time that was noted, believed or not */
	int64_t agreed_ms;       /* meta: how long the clocks have run in step while it waits */
	enum retention_why waits; /* meta */
	uint32_t room;           /* meta: for MUCH, the room */
	bool granted;            /* meta: the pass under way, or the next one, may delete everything
	                          * that is old */
	bool looked;             /* clocks were read before, at these times */
	int64_t wall_ms, boot_ms;
	int64_t noted_ms;        /* boot_ms when meta was last written */
	uint32_t from_room;      /* rooms below this number have been looked at */
};

/* What the database says; RETENTION_GOES for a number that no chatd writes. */
enum retention_why retention_saved_why(struct store *s);
/* RECORD_PRUNE: notes, within the open transaction, that old lines may be deleted. */
bool retention_record(struct store *s, const struct record *r);
/* True if that time is too far ahead to be believed. */
bool retention_doubts(const struct store *s, int64_t wall_ms);

#endif
