/*
 * Reading what XINFO says: pairs of a name and a value.
 */
#include "chatd/cluster/extent.h"

#include <hiredis/hiredis.h>
#include <string.h>

void extent_read(struct extent *x, const redisReply *r)
{
	*x = (struct extent){ 0 };
	for (size_t i = 0; i + 1 < r->elements; i += 2) {
		const redisReply *key = r->element[i], *value = r->element[i + 1];
		if (!key->str)
			continue;
		if (value->type == REDIS_REPLY_INTEGER && strcmp(key->str, "length") == 0)
			x->length = (uint64_t)value->integer;
		if (value->type == REDIS_REPLY_INTEGER && strcmp(key->str, "entries-added") == 0)
			x->added = (uint64_t)value->integer;
		if (value->type == REDIS_REPLY_STRING && strcmp(key->str, "last-generated-id") == 0)
			stream_id_read(&x->last, value->str, value->len);
		if (value->type == REDIS_REPLY_STRING && strcmp(key->str, "recorded-first-entry-id") == 0)
			stream_id_read(&x->first, value->str, value->len);
	}
}
