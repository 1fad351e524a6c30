/*
 * What a stream has, as XINFO STREAM says.
 */
#ifndef CHATD_CLUSTER_EXTENT_H
#define CHATD_CLUSTER_EXTENT_H

#include "chatd/cluster/stream_id.h"

struct redisReply;

/* All 0 if there is no stream. */
struct extent {
	struct stream_id first, last;   /* entries: the first that is there, the last that ever was */
	uint64_t length, added;         /* entries that are there, and that ever were */
};

/* Reads the reply. */
void extent_read(struct extent *x, const struct redisReply *r);

/* Nothing was ever taken out of it. */
static inline bool extent_is_all(const struct extent *x)
{
	return x->added == x->length;
}

#endif
