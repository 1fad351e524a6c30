/*
 * Time zones by name, from ICU's own tables: nothing is read from the disk after zone_begin.
 *
 * For one thread.
 */
#ifndef CHATD_BASE_ZONE_H
#define CHATD_BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	ZONE_BYTES_MAX = 64,    /* of a zone's name, with its NUL; ICU's longest has 32 */
	ZONES_MAX = 4096,       /* there are some 3,500: 600 names, and 2,880 offsets, in minutes */
};

/* How far a zone is from UTC, and when. */
struct zone_offset {
	int32_t offset_s;         /* seconds that are added to UTC */
	int64_t from_s, until_s;  /* since the epoch: this holds from the one until just before the
	                           * other; INT64_MIN and INT64_MAX: from or for ever */
};

/* Lets ICU and libc look on the disk for what they look for once: the zone of the server, and other
 * tables than their own. Call it at the start; otherwise the first call below does it. */
void zone_begin(void);

/*
 * The zone of that name, as zone_offset_at takes it: "Europe/Berlin" for "europe/berlin". It is valid until the
 * program ends, and the same pointer each time. NULL: there is none. Names are those of the IANA time zone database,
 * and "UTC+2", "GMT-3:30", which become "GMT+02:00" and "GMT-03:30": some 3,500 in all. Abbreviations that are not in
 * the database are not known: BST is the summer in London, and Bangladesh to ICU.
 */
const char *zone_known(const char *name);

/* The offset at that time. name is what zone_known returned, or NULL: the server's own. False, with UTC in
 * *offset: there is no such zone. */
bool zone_offset_at(const char *name, int64_t time_s, struct zone_offset *offset);

/* The offset holds at that time, so that zone_offset_at need not be asked. */
static inline bool zone_holds(const struct zone_offset *offset, int64_t time_s)
{
	return time_s >= offset->from_s && time_s < offset->until_s;
}

#endif
