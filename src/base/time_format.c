/* Times as people read and type them. Owns nothing; knows no clock: all times are passed in. */

#include "chatd/base/clock.h"
#include "chatd/base/time_format.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The largest first. */
static const struct {
	int64_t ms;
	char letter;
	const char *name;
} units[] = {
	{WEEK_MS, 'w', "week"}, {DAY_MS, 'd', "day"}, {HOUR_MS, 'h', "hour"},
	{MINUTE_MS, 'm', "minute"}, {SECOND_MS, 's', "second"},
};

enum { DAYS = 1, HOURS = 2, UNITS = sizeof units / sizeof units[0] };

const char *format_stamp(struct stamp_cache *cache, int64_t time_ms)
{
	time_t second = (time_t)(time_ms / SECOND_MS);
	struct tm tm;

	if (cache->text[0] != '\0' && cache->second == second)
		return cache->text;
	/* chatd never stores years of five digits, but a damaged file could contain them. */
	if (localtime_r(&second, &tm) == NULL || tm.tm_year > 9999 - 1900 || tm.tm_year < -1900 ||
	    strftime(cache->text, sizeof cache->text, "[%Y-%m-%d %H:%M:%S]", &tm) != STAMP_BYTES)
		memcpy(cache->text, "[0000-00-00 00:00:00]", STAMP_BYTES + 1);
	cache->second = second;
	return cache->text;
}

const char *format_age(char out[AGE_BYTES_MAX], int64_t ms)
{
	for (size_t i = DAYS; i < UNITS; i++) {
		int64_t n = ms / units[i].ms;

		if (n > 0) {
			snprintf(out, AGE_BYTES_MAX, "%" PRId64 " %s%s", n, units[i].name,
			         n == 1 ? "" : "s");
			return out;
		}
	}
	return strcpy(out, "a moment");
}

const char *format_until(char out[AGE_BYTES_MAX], int64_t ms)
{
	return format_age(out, (ms + HOUR_MS - 1) / HOUR_MS * HOUR_MS);
}

const char *format_left(char out[LEFT_BYTES_MAX], int64_t ms)
{
	int64_t left_ms = (ms + SECOND_MS - 1) / SECOND_MS * SECOND_MS;
	int len = 0, parts = 0;

	for (size_t i = HOURS; i < UNITS && parts < 2; i++) {
		int64_t n = left_ms / units[i].ms;

		left_ms %= units[i].ms;
		if (n == 0)
			continue;
		parts++;
		len += snprintf(out + len, LEFT_BYTES_MAX - (size_t)len, "%s%" PRId64 " %s%s",
		                len > 0 ? " " : "", n, units[i].name, n == 1 ? "" : "s");
	}
	return len > 0 ? out : strcpy(out, "a moment");
}

int64_t format_parse_age(const char *s)
{
	char *end;
	long n;

	if (!isdigit((unsigned char)*s))
		return -1;
	n = strtol(s, &end, 10);
	if (n < 1 || n > 100000 || *end == '\0' || end[1] != '\0')
		return -1;
	for (size_t i = 0; i < UNITS; i++)
		if (tolower((unsigned char)*end) == units[i].letter)
			return n * units[i].ms;
	return -1;
}

/* The first second with that local date, or a later one if the time zone skipped the day. mktime(3)
 * cannot tell: midnight may come twice, or not at all. */
static time_t day_begins(const struct tm *day)
{
	enum { ZONE_S = 26 * 3600 }; /* no zone is further from UTC */
	struct tm at = *day;
	time_t midnight = timegm(&at), low = midnight - ZONE_S, high = midnight + ZONE_S;

	while (high - low > 1) {
		time_t mid = low + (high - low) / 2;

		if (localtime_r(&mid, &at) == NULL)
			return midnight;
		at.tm_hour = at.tm_min = at.tm_sec = 0;
		if (timegm(&at) < midnight)
			low = mid;
		else
			high = mid;
	}
	return high;
}

bool format_parse_day(const char *s, int64_t *begin_ms, int64_t *end_ms)
{
	struct tm tm = {0}, next;
	int year, month, day, used = 0;

	/* On its own, sscanf accepts blanks and signs as parts of numbers. */
	if (strlen(s) != 10 || strspn(s, "0123456789-") != 10 || s[4] != '-' || s[7] != '-' ||
	    s[5] == '-' || s[8] == '-' || s[0] == '-' ||
	    sscanf(s, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 || used != 10)
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	next = tm;
	next.tm_mday++;
	*begin_ms = (int64_t)day_begins(&tm) * SECOND_MS;
	*end_ms = (int64_t)day_begins(&next) * SECOND_MS;
	/* The 31st of February becomes a day of March. */
	timegm(&tm);
	return tm.tm_year == year - 1900 && tm.tm_mon == month - 1 && tm.tm_mday == day;
}

void format_clock(char *out, size_t n, int64_t time_ms)
{
	time_t second = (time_t)(time_ms / SECOND_MS);
	struct tm tm;
	size_t len;
	long off_min;

	if (localtime_r(&second, &tm) == NULL ||
	    (len = strftime(out, n, "%Y-%m-%d %H:%M:%S %Z", &tm)) == 0) {
		snprintf(out, n, "%" PRId64 " seconds after 1970", (int64_t)second);
		return;
	}
	off_min = tm.tm_gmtoff / 60;
	snprintf(out + len, n - len, " (UTC%c%02ld:%02ld)", off_min < 0 ? '-' : '+',
	         labs(off_min) / 60, labs(off_min) % 60);
}
