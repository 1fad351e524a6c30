/* A few ranges of ids: the lines of a room that a person has not been shown. */
#ifndef CHATD_BASE_RANGES_H
#define CHATD_BASE_RANGES_H

#include <stdbool.h>
#include <stdint.h>

enum {
	RANGES_MAX = 4,           /* with more, the two oldest are merged */
	RANGES_TEXT_BYTES = RANGES_MAX * 2 * 21 + 1, /* the longest text, with its NUL */
};

/* after < id < before */
struct range {
	uint64_t after, before;
};

/* In order, with a gap between any two. All zero: none. */
struct ranges {
	struct range at[RANGES_MAX];
	uint32_t n;
};

/* Adds the ids between after and before, both excluded. */
void ranges_add(struct ranges *r, uint64_t after, uint64_t before);
/* Removes the ids up to id; from id on; or from first to last. */
void ranges_drop_up_to(struct ranges *r, uint64_t id);
void ranges_drop_from(struct ranges *r, uint64_t id);
void ranges_drop(struct ranges *r, uint64_t first, uint64_t last);

/* "AFTER BEFORE AFTER BEFORE"; "": none. Reading accepts any text, and ignores what is not a
 * range. */
void ranges_show(const struct ranges *r, char text[RANGES_TEXT_BYTES]);
struct ranges ranges_read(const char *text);

#endif
