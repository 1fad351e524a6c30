/* A few ranges of ids: which lines of a room somebody has not been shown. */
#ifndef CHATD_BASE_RANGES_H
#define CHATD_BASE_RANGES_H

#include <stdbool.h>
#include <stdint.h>

enum {
	RANGES_MAX = 4,           /* where there are more, the two oldest become one */
	RANGES_TEXT_BYTES = RANGES_MAX * 2 * 21 + 1, /* at most, as text, with its NUL */
};

/* after < id < before */
struct range {
	uint64_t after, before;
};

/* In order, and something between any two. All zero: none. */
struct ranges {
	struct range at[RANGES_MAX];
	uint32_t n;
};

/* With the ids between after and before. */
void ranges_add(struct ranges *r, uint64_t after, uint64_t before);
/* Without those up to id, from id on, or from first to last. */
void ranges_drop_up_to(struct ranges *r, uint64_t id);
void ranges_drop_from(struct ranges *r, uint64_t id);
void ranges_drop(struct ranges *r, uint64_t first, uint64_t last);

/* "AFTER BEFORE AFTER BEFORE"; "": none. What is read may be any text: what is no range is none. */
void ranges_show(const struct ranges *r, char text[RANGES_TEXT_BYTES]);
struct ranges ranges_read(const char *text);

#endif
