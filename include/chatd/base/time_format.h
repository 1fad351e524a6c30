/*
 * What times and lines look like.
 */
#ifndef CHATD_BASE_TIME_FORMAT_H
#define CHATD_BASE_TIME_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STAMP_BYTES = 21,  /* "[2026-11-22 20:14:05]" */
	AGE_BYTES_MAX = 32,
	LEFT_BYTES_MAX = 64,
};

/* The last stamp made: most lines have the same one as the line before. */
struct stamp_cache {
	int64_t second;              /* since the epoch; meaningless while text is empty */
	char text[STAMP_BYTES + 1];
};

/* The local time in brackets, STAMP_BYTES long; valid until the next call. */
const char *format_stamp(struct stamp_cache *cache, int64_t time_ms);

/* "3 minutes", "2 days"; "a moment" below one second. */
const char *format_age(char out[AGE_BYTES_MAX], int64_t ms);

/* The same of what is left until a date, rounded up to a whole hour: of "10 days" it does not say 9 a moment
 * later. */
const char *format_until(char out[AGE_BYTES_MAX], int64_t ms);

/* "1 hour 30 minutes": in two units at most, the largest hours; rounded up to seconds, because the
 * time left must not look shorter than it is. */
const char *format_left(char out[LEFT_BYTES_MAX], int64_t ms);

/* "2h", "90m", "3d", "45s", "1w": in milliseconds, or -1 if it is not a duration. */
int64_t format_parse_age(const char *s);

/* "2026-11-22": begin and end of that local day, end excluded, so that each moment is in
 * exactly one day. False: it is not a date. */
bool format_parse_day(const char *s, int64_t *begin_ms, int64_t *end_ms);

/* "2026-11-22 20:14:05 CET (UTC+01:00)" */
void format_clock(char *out, size_t n, int64_t time_ms);

#endif
