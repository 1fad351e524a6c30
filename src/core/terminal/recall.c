/* The lines typed before: one piece of memory, as most terminals' lines are short. */
#include "chatd/core/terminal/recall.h"

#include <assert.h>
#include <string.h>

#include "chatd/base/bounds.h"

bool recall_add(struct recall *r, const char *text, size_t len)
{
	size_t newest_len = 0;
	const char *newest = r->count > 0 ? recall_line(r, 1, &newest_len) : "";

	if (len == 0 || len >= EDITOR_HISTORY_BYTES || memchr(text, '\0', len) != NULL ||
	    (newest_len == len && memcmp(newest, text, len) == 0))
		return false;
	while (r->count == EDITOR_HISTORY_LINES || r->lines.len + len + 1 > EDITOR_HISTORY_BYTES) {
		cleared_remove(&r->lines, 0, strlen(r->lines.data) + 1);
		r->count--;
	}
	cleared_insert(&r->lines, r->lines.len, text, len);
	cleared_insert(&r->lines, r->lines.len, "", 1);
	r->count++;
	return true;
}

const char *recall_line(const struct recall *r, uint32_t back, size_t *len)
{
	const char *end = r->lines.data + r->lines.len, *line = end;

	assert(back >= 1 && back <= r->count);
	while (back-- > 0) {
		end = line - 1;
		for (line = end; line > r->lines.data && line[-1] != '\0';)
			line--;
	}
	*len = (size_t)(end - line);
	return line;
}

void recall_release(struct recall *r)
{
	cleared_release(&r->lines);
	r->count = 0;
}
