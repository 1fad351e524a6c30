/*
 * Time zones by name.
 *
 * ICU's tables are part of its library, and mapped with it. Owns the names that were asked for, and the note that
 * zone_begin was called.
 */
#include "chatd/base/zone.h"

#include "chatd/base/bytes.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <unicode/ucal.h>
#include <unicode/uenum.h>
#include <unicode/ustring.h>

enum {
	LOCAL_CHECK_S = 86400,   /* how far around a time the server's own zone is looked at; no zone
	                         * changes twice in so short a time */
};

/* ICU's own, from before the database: some mean other places than they do to people. */
static const char *const abbreviations[] = {
	"ACT", "AET", "AGT", "ART", "AST", "BET", "BST", "CAT", "CNT", "CST", "CTT", "EAT", "ECT", "IET",
	"IST", "JST", "MIT", "NET", "NST", "PLT", "PNT", "PRT", "PST", "SST", "VST",
};

void zone_begin(void)
{
	static bool begun;
	UErrorCode error = U_ZERO_ERROR;
	UChar name[] = u"Etc/UTC";
	UCalendar *calendar;

	if (begun)
		return;
	begun = true;
	tzset();
	/* Otherwise ICU searches the host's files for the zone of the server, which is not asked
	 * for here. */
	ucal_setDefaultTimeZone(name, &error);
	error = U_ZERO_ERROR;
	calendar = ucal_open(name, -1, "root", UCAL_GREGORIAN, &error);
	if (U_SUCCESS(error))
		ucal_close(calendar);
}

/* As ICU takes names. False: no zone has such a name. */
static bool id_of(const char *name, UChar id[ZONE_BYTES_MAX])
{
	for (size_t i = 0; i < ZONE_BYTES_MAX && (unsigned char)name[i] < 0x80; i++) {
		id[i] = (UChar)name[i];
		if (name[i] == '\0')
			return true;
	}
	return false;
}

static bool is_abbreviation(const char *name)
{
	for (size_t i = 0; i < sizeof abbreviations / sizeof abbreviations[0]; i++)
		if (strcasecmp(name, abbreviations[i]) == 0)
			return true;
	return false;
}

/* One of ICU's list, in any case. */
static bool known_by_name(const char *name, char canonical[ZONE_BYTES_MAX])
{
	UErrorCode error = U_ZERO_ERROR;
	UEnumeration *all = ucal_openTimeZoneIDEnumeration(UCAL_ZONE_TYPE_ANY, NULL, NULL, &error);
	const char *one;
	int32_t len;
	bool found = false;

	while (!found && (one = uenum_next(all, &len, &error)) != NULL && U_SUCCESS(error)) {
		found = len < ZONE_BYTES_MAX && strcasecmp(one, name) == 0;
		if (found)
			strcpy(canonical, one);
	}
	uenum_close(all);
	return found;
}

/* GMT+2, UTC-03:30. ICU knows the first, and to it neither has seconds. */
static bool known_by_offset(const char *name, char canonical[ZONE_BYTES_MAX])
{
	UErrorCode error = U_ZERO_ERROR;
	UChar id[ZONE_BYTES_MAX], made[ZONE_BYTES_MAX];
	char gmt[ZONE_BYTES_MAX];
	UBool system;
	int32_t len;

	if ((strncasecmp(name, "GMT", 3) != 0 && strncasecmp(name, "UTC", 3) != 0) ||
	    (name[3] != '+' && name[3] != '-') || strspn(name + 4, "0123456789:") != strlen(name + 4))
		return false;
	snprintf(gmt, sizeof gmt, "GMT%s", name + 3);
	if (!id_of(gmt, id))
		return false;
	len = ucal_getCanonicalTimeZoneID(id, -1, made, ZONE_BYTES_MAX, &system, &error);
	/* No zone has seconds, and with them there would be too many to keep. */
	if (U_FAILURE(error) || len > (int32_t)sizeof("GMT+02:00") - 1)
		return false;
	u_UCharsToChars(made, canonical, len + 1);
	return true;
}

/* The same name, as long as the program runs. NULL: there are ZONES_MAX, which is more than can be asked for. */
static const char *kept(const char *canonical)
{
	static char **names;
	static size_t n;

	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], canonical) == 0)
			return names[i];
	if (n == ZONES_MAX)
		return NULL;
	names = mem_resize(names, (n + 1) * sizeof *names);
	return names[n++] = mem_strdup(canonical);
}

const char *zone_known(const char *name)
{
	char canonical[ZONE_BYTES_MAX];

	zone_begin();
	if (name[0] == '\0' || strlen(name) >= ZONE_BYTES_MAX || is_abbreviation(name) ||
	    strcasecmp(name, "Etc/Unknown") == 0)
		return NULL;
	return known_by_name(name, canonical) || known_by_offset(name, canonical) ? kept(canonical) : NULL;
}

/* -- the server's own --------------------------------------------------------------------- */

static int32_t local_offset(int64_t time_s)
{
	time_t t = (time_t)time_s;
	struct tm tm;

	return localtime_r(&t, &tm) == NULL ? 0 : (int32_t)tm.tm_gmtoff;
}

/* The first second after `from` in which the offset is no longer what it is there; to, which is
 * later, if it is the same there. */
static int64_t local_change(int64_t from, int64_t to)
{
	int32_t offset = local_offset(from);

	if (local_offset(to) == offset)
		return to;
	while (to - from > 1) {
		int64_t mid = from + (to - from) / 2;

		if (local_offset(mid) == offset)
			from = mid;
		else
			to = mid;
	}
	return to;
}

static void local_offset_at(int64_t time_s, struct zone_offset *offset)
{
	int64_t before = time_s - LOCAL_CHECK_S;

	offset->offset_s = local_offset(time_s);
	offset->from_s = local_offset(before) == offset->offset_s ? before : local_change(before, time_s);
	offset->until_s = local_change(time_s, time_s + LOCAL_CHECK_S);
}

/* -- the others --------------------------------------------------------------------------- */

/* When the offset begins, or ends. */
static int64_t transition(UCalendar *calendar, UTimeZoneTransitionType type, int64_t never)
{
	UErrorCode error = U_ZERO_ERROR;
	UDate at_ms;

	if (!ucal_getTimeZoneTransitionDate(calendar, type, &at_ms, &error) || U_FAILURE(error))
		return never;
	return (int64_t)(at_ms / 1000);
}

bool zone_offset_at(const char *name, int64_t time_s, struct zone_offset *offset)
{
	UErrorCode error = U_ZERO_ERROR;
	UChar id[ZONE_BYTES_MAX], got[ZONE_BYTES_MAX];
	UCalendar *calendar;
	int32_t ms;
	bool known;

	zone_begin();
	*offset = (struct zone_offset){.from_s = INT64_MIN, .until_s = INT64_MAX};
	if (name == NULL) {
		local_offset_at(time_s, offset);
		return true;
	}
	if (!id_of(name, id))
		return false;
	calendar = ucal_open(id, -1, "root", UCAL_GREGORIAN, &error);
	if (U_FAILURE(error))
		return false;
	/* ICU takes a zone that it does not know for Etc/Unknown. */
	ucal_getTimeZoneID(calendar, got, ZONE_BYTES_MAX, &error);
	ucal_setMillis(calendar, (double)time_s * 1000, &error);
	ms = ucal_get(calendar, UCAL_ZONE_OFFSET, &error) + ucal_get(calendar, UCAL_DST_OFFSET, &error);
	known = U_SUCCESS(error) && u_strcmp(got, u"Etc/Unknown") != 0;
	if (known) {
		offset->offset_s = ms / 1000;
		offset->from_s = transition(calendar, UCAL_TZ_TRANSITION_PREVIOUS_INCLUSIVE, INT64_MIN);
		offset->until_s = transition(calendar, UCAL_TZ_TRANSITION_NEXT, INT64_MAX);
	}
	ucal_close(calendar);
	return known;
}
