/*
 * Naming the keys.
 */
#include "chatd/cluster/keys.h"

#include <inttypes.h>
#include <stdio.h>

static void key_of(char key[KEY_BYTES], const char *stream, const char *name)
{
	snprintf(key, KEY_BYTES, "%s:%s", stream, name);
}

void keys_lease(char key[KEY_BYTES], const struct keys *k, const char *node)
{
	snprintf(key, KEY_BYTES, "%.*s:lease:%.*s", NODE_BYTES_MAX, k->stream, NODE_BYTES_MAX, node);
}

void keys_channel(char name[KEY_BYTES], const struct keys *k, const char *node)
{
	snprintf(name, KEY_BYTES, "%.*s:to:%" PRIu32 ":%.*s", NODE_BYTES_MAX, k->stream, k->database, NODE_BYTES_MAX,
	         node);
}

void keys_init(struct keys *k, const char *stream, uint32_t database, const char *node)
{
	k->database = database;
	snprintf(k->stream, sizeof(k->stream), "%s", stream);
	key_of(k->id, stream, "id");
	key_of(k->format, stream, "format");
	key_of(k->incarnation, stream, "incarnation");
	key_of(k->at, stream, "at");
	key_of(k->behind, stream, "behind");
	keys_lease(k->lease, k, node);
	keys_channel(k->channel, k, node);
}
