/*
 * Whether lines may go because they are old.
 */
#ifndef CHATD_STORE_DB_RETENTION_H
#define CHATD_STORE_DB_RETENTION_H

#include "chatd/core/event.h"
#include "chatd/store/db/error.h"

struct store;

/* What two clocks say, in ms: the host's, which is set; and one that goes on also while the machine
 * sleeps (CLOCK_BOOTTIME). */
struct clocks {
	int64_t wall_ms, boot_ms;
};

/* Why what is old does not go at present. In databases: the numbers are never changed. */
enum retention_why {
	RETENTION_GOES = 0,     /* it goes */
	RETENTION_CLOCK = 1,    /* the host's clock is more than CLOCK_AHEAD_DAYS past the last time that
	                         * was noted, once an hour */
	RETENTION_MUCH = 2,     /* over OLD_LINES_MUCH lines of a room would go, and over a part in
	                         * OLD_PARTS */
};

enum retention_look {
	RETENTION_FAILS,        /* nothing can be read or saved, err says why */
	RETENTION_LOOKS,        /* it is not through; the same question is to be put again */
	RETENTION_MAY,
	RETENTION_MAY_NOT,      /* store_retention_why says why */
};

/*
 * May lines go that are older than days (0: those of rooms that say so themselves)? To be asked
 * once a minute, with `begins` where a pass would begin that deletes. It waits until the clock is
 * put right, RECORD_PRUNE is saved, or the two clocks have gone on together for a day, in one run
 * or in several.
 */
enum retention_look store_retention(struct store *s, const struct clocks *now, uint32_t days,
                                    bool begins, struct store_error *err);
/* room: the number of the one that would lose much, where that is why. */
enum retention_why store_retention_why(const struct store *s, uint32_t *room);
/* A pass is through: what was allowed is done. */
bool store_retention_over(struct store *s, const struct clocks *now, struct store_error *err);

/* What is known of the clock, and whether lines may go because they are old; see store_retention. */
struct retention {
	bool loaded;             /* false: the rest is to be read from meta */
	int64_t good_ms;         /* meta: the last time that is believed; 0: none is known */
	int64_t seen_ms;         /* meta: and the last that was noted, believed or not */
	int64_t agreed_ms;       /* meta: for how long the clocks have gone on together while it waits */
	enum retention_why waits; /* meta */
	uint32_t room;           /* meta: MUCH: of this room */
	bool granted;            /* meta: the pass that is under way, or is next, may take whatever is old */
	bool looked;             /* there was a look, at these times */
	int64_t wall_ms, boot_ms;
	int64_t noted_ms;        /* of boot_ms, when meta was written last */
	uint32_t from_room;      /* rooms below this number are looked at */
};

/* RECORD_PRUNE: what is old may go, within the transaction that is open. */
bool retention_record(struct store *s, const struct record *r);
/* That time is too far ahead to be believed. */
bool retention_doubts(const struct store *s, int64_t wall_ms);

#endif
