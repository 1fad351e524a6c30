/* A growing text that leaves nothing behind. Never resized in place: realloc(3) clears nothing. */
#include "chatd/core/terminal/cleared.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"

enum {
	CAP_STEP = 64,          /* most lines have less */
	CAP_SPARE = CLEARED_SPARE - CAP_STEP,
};

/* Memory for n more bytes and the NUL. */
static void reserve(struct cleared *c, size_t n)
{
	size_t want = c->len + n + 1, cap = (want + CAP_STEP - 1) / CAP_STEP * CAP_STEP;
	size_t spare = c->cap < CAP_SPARE ? c->cap : CAP_SPARE;
	char *data;

	if (want <= c->cap)
		return;
	assert(want <= UINT32_MAX / 2);
	cap += spare;
	data = mem_alloc(cap);
	if (c->data != NULL) {
		memcpy(data, c->data, (size_t)c->len + 1);
		explicit_bzero(c->data, c->cap);
		free(c->data);
	}
	c->data = data;
	c->cap = (uint32_t)cap;
}

void cleared_insert(struct cleared *c, size_t at, const char *p, size_t n)
{
	assert(at <= c->len);
	if (n == 0)
		return;
	reserve(c, n);
	memmove(c->data + at + n, c->data + at, c->len - at);
	memcpy(c->data + at, p, n);
	c->len += (uint32_t)n;
	c->data[c->len] = '\0';
}

void cleared_remove(struct cleared *c, size_t from, size_t to)
{
	size_t n = to - from;

	assert(from <= to && to <= c->len);
	if (n == 0)
		return;
	if (n == c->len) {
		cleared_release(c);
		return;
	}
	memmove(c->data + from, c->data + to, c->len - to);
	c->len -= (uint32_t)n;
	explicit_bzero(c->data + c->len, n);
}

void cleared_release(struct cleared *c)
{
	if (c->data != NULL)
		explicit_bzero(c->data, c->cap);
	free(c->data);
	*c = (struct cleared){0};
}

void cleared_move(struct cleared *to, struct cleared *from)
{
	struct cleared moved = *from;

	*from = (struct cleared){0};
	cleared_release(to);
	*to = moved;
}
