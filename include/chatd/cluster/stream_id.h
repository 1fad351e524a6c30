/*
 * Ids of a stream's entries: milliseconds and a number within them, "1700000000000-0" as text.
 */
#ifndef CHATD_CLUSTER_STREAM_ID_H
#define CHATD_CLUSTER_STREAM_ID_H

#include "chatd/base/bounds.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STREAM_ID_BYTES = ACT_ID_BYTES_MAX + 1 }; /* of its text, with a NUL */

struct stream_id {
	uint64_t ms;
	uint64_t seq;
};

/* Reads the id that text is, exactly. False: it is none, and id is unchanged. */
bool stream_id_read(struct stream_id *id, const char *text, size_t bytes);
/* Writes its text to buf, and returns buf. */
const char *stream_id_text(char buf[STREAM_ID_BYTES], struct stream_id id);
/* Below 0, 0, above 0: a is before b, the same, after it. */
int stream_id_compare(struct stream_id a, struct stream_id b);

#endif
