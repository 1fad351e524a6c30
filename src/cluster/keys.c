/*
 * Naming the keys.
 */
#include "chatd/cluster/keys.h"

#include <stdio.h>

static void key_of(char key[KEY_BYTES], const char *stream, const char *name)
{
	snprintf(key, KEY_BYTES, "%s:%s", stream, name);
}

void keys_lease(char key[KEY_BYTES], const struct keys *k, const char *node)
{
	snprintf(key, KEY_BYTES, "%.*s:lease:%.*s", NODE_BYTES_MAX, k->stream, NODE_BYTES_MAX, node);
}

void keys_init(struct keys *k, const char *stream, const char *node)
{
	snprintf(k->stream, sizeof(k->stream), "%s", stream);
	key_of(k->id, stream, "id");
	key_of(k->format, stream, "format");
	key_of(k->incarnation, stream, "incarnation");
	key_of(k->at, stream, "at");
	key_of(k->behind, stream, "behind");
	keys_lease(k->lease, k, node);
}
