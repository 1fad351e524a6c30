/*
 * Memory that must be had, and a growing byte buffer.
 *
 * The one place that decides what happens when memory runs out: the program ends. The message does
 * not go through the log, to need no memory.
 */
#include "chatd/base/bytes.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	BYTES_CAP_FIRST = 64,   /* most buffers hold one answer: a line or two */
};

void mem_fail(void)
{
	static const char msg[] = "chatd: out of memory\n";

	/* Nothing can be done if stderr is gone, too. */
	if (write(STDERR_FILENO, msg, sizeof msg - 1) < 0)
		abort();
	abort();
}

/* malloc(0) may return NULL, which is not a failure: ask for a byte instead. */
void *mem_alloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		mem_fail();
	return p;
}

void *mem_zero(size_t count, size_t size)
{
	void *p = count && size ? calloc(count, size) : calloc(1, 1);

	if (!p)
		mem_fail();
	return p;
}

void *mem_resize(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (!p)
		mem_fail();
	return p;
}

void *mem_aligned(size_t align, size_t n)
{
	void *p = aligned_alloc(align, n);

	if (!p)
		mem_fail();
	return p;
}

char *mem_strdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(mem_alloc(n), s, n);
}

/* Makes room for n more bytes and the NUL after them. */
static void bytes_reserve(struct bytes *b, size_t n)
{
	size_t want, cap;

	if (n >= SIZE_MAX - b->len)
		mem_fail();
	want = b->len + n + 1;
	if (want <= b->cap)
		return;
	cap = b->cap ? b->cap : BYTES_CAP_FIRST;
	while (cap < want)
		cap = cap > SIZE_MAX / 2 ? want : cap * 2;
	b->data = mem_resize(b->data, cap);
	b->cap = cap;
}

void bytes_append(struct bytes *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	bytes_reserve(b, n);
	memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void bytes_puts(struct bytes *b, const char *s)
{
	bytes_append(b, s, strlen(s));
}

void bytes_number(struct bytes *b, uint64_t n)
{
	char digits[20], *p = digits + sizeof digits;

	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	bytes_append(b, p, (size_t)(digits + sizeof digits - p));
}

void bytes_printf(struct bytes *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	bytes_vprintf(b, fmt, ap);
	va_end(ap);
}

void bytes_vprintf(struct bytes *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	/* First tries the memory already there: usually it fits, and one pass is enough. */
	va_copy(again, ap);
	n = vsnprintf(b->data ? b->data + b->len : NULL, b->cap - b->len, fmt, ap);
	if (n < 0)
		mem_fail();
	if ((size_t)n >= b->cap - b->len) {
		bytes_reserve(b, (size_t)n);
		vsnprintf(b->data + b->len, b->cap - b->len, fmt, again);
	}
	va_end(again);
	b->len += (size_t)n;
}

void bytes_clear(struct bytes *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

void bytes_drop(struct bytes *b, size_t n)
{
	assert(n <= b->len);
	if (n == 0)
		return;
	memmove(b->data, b->data + n, b->len - n + 1);
	b->len -= n;
}

void bytes_release(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){ 0 };
}
