/* Ranges of ids. Owns nothing. */

#include "chatd/base/ranges.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_empty(const struct range *a)
{
	return a->before <= a->after || a->before - a->after == 1;
}

static bool touch(const struct range *a, const struct range *b)
{
	return a->after < b->before && b->after < a->before;
}

static void remove_at(struct ranges *r, uint32_t i)
{
	memmove(&r->at[i], &r->at[i + 1], (--r->n - i) * sizeof r->at[0]);
}

static void widen(struct range *a, const struct range *b)
{
	if (b->after < a->after)
		a->after = b->after;
	if (b->before > a->before)
		a->before = b->before;
}

void ranges_add(struct ranges *r, uint64_t after, uint64_t before)
{
	struct range one = {after, before};
	uint32_t i = 0;

	if (is_empty(&one))
		return;
	while (i < r->n) {
		if (touch(&r->at[i], &one)) {
			widen(&one, &r->at[i]);
			remove_at(r, i);
		} else {
			i++;
		}
	}
	if (r->n == RANGES_MAX) {
		/* Merges the two oldest. */
		if (one.after < r->at[1].after) {
			widen(&r->at[0], &one);
			return;
		}
		widen(&r->at[1], &r->at[0]);
		remove_at(r, 0);
	}
	for (i = r->n; i > 0 && r->at[i - 1].after > one.after; i--)
		r->at[i] = r->at[i - 1];
	r->at[i] = one;
	r->n++;
}

void ranges_drop_up_to(struct ranges *r, uint64_t id)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (r->at[i].after < id)
			r->at[i].after = id;
	while (r->n > 0 && is_empty(&r->at[0]))
		remove_at(r, 0);
}

void ranges_drop_from(struct ranges *r, uint64_t id)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (r->at[i].before > id)
			r->at[i].before = id;
	while (r->n > 0 && is_empty(&r->at[r->n - 1]))
		r->n--;
}

void ranges_drop(struct ranges *r, uint64_t first, uint64_t last)
{
	struct ranges kept = {.n = 0};

	for (uint32_t i = 0; i < r->n; i++) {
		const struct range *a = &r->at[i];

		if (a->after < first)
			ranges_add(&kept, a->after, a->before < first ? a->before : first);
		if (a->before > last)
			ranges_add(&kept, a->after > last ? a->after : last, a->before);
	}
	*r = kept;
}

void ranges_show(const struct ranges *r, char text[RANGES_TEXT_BYTES])
{
	size_t n = 0;

	*text = '\0';
	for (uint32_t i = 0; i < r->n; i++)
		n += (size_t)snprintf(text + n, RANGES_TEXT_BYTES - n, "%s%" PRIu64 " %" PRIu64,
		                      i > 0 ? " " : "", r->at[i].after, r->at[i].before);
}

struct ranges ranges_read(const char *text)
{
	struct ranges r = {.n = 0};
	char *end;

	for (int i = 0; i < RANGES_MAX; i++) {
		uint64_t after = strtoull(text, &end, 10), before = strtoull(end, &end, 10);

		if (end == text)
			break;
		ranges_add(&r, after, before);
		text = end;
	}
	return r;
}
