/*
 * Reading, writing and comparing ids of entries.
 */
#include "chatd/cluster/stream_id.h"

#include <inttypes.h>
#include <stdio.h>

/* Digits of a number without a leading zero, up to end or a byte that is none. NULL: it is no such
 * number. */
static const char *number_read(uint64_t *n, const char *p, const char *end)
{
	const char *first = p;
	*n = 0;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(*n, 10, n) ||
		    __builtin_add_overflow(*n, (uint64_t)(*p - '0'), n))
			return NULL;
	return p == first || (*first == '0' && p > first + 1) ? NULL : p;
}

bool stream_id_read(struct stream_id *id, const char *text, size_t bytes)
{
	struct stream_id read;
	const char *end = text + bytes, *p = number_read(&read.ms, text, end);
	if (!p || p == end || *p != '-')
		return false;
	p = number_read(&read.seq, p + 1, end);
	if (p != end)
		return false;
	*id = read;
	return true;
}

const char *stream_id_text(char buf[STREAM_ID_BYTES], struct stream_id id)
{
	snprintf(buf, STREAM_ID_BYTES, "%" PRIu64 "-%" PRIu64, id.ms, id.seq);
	return buf;
}

int stream_id_compare(struct stream_id a, struct stream_id b)
{
	if (a.ms != b.ms)
		return a.ms < b.ms ? -1 : 1;
	return (a.seq > b.seq) - (a.seq < b.seq);
}
