/*
 * The settings that the promise "what was seen is saved" needs.
 *
 * With appendfsync always, and with no, Redis writes to its file before it answers, so that nothing
 * that was answered is lost if it is killed; with always the file is on the disk by then, and nothing
 * is lost by a power cut. With everysec it answers before it writes while the disk is slow.
 *
 * aof-load-truncated does not matter: if it cuts the end of a damaged file off, the stream ends before
 * what nodes have read, which they find for themselves.
 */
#include "chatd/cluster/settings.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const settings_asked[] = {
	"appendonly", "appendfsync", "no-appendfsync-on-rewrite", "maxmemory-policy", NULL
};

bool settings_check_version(const char *info, size_t bytes, char *why, size_t why_bytes)
{
	static const char key[] = "redis_version:";
	const char *at = memmem(info, bytes, key, sizeof(key) - 1);
	if (!at) {
		snprintf(why, why_bytes, "This is no Redis: INFO names no version.");
		return false;
	}
	at += sizeof(key) - 1;
	int n = 0;
	while (at + n < info + bytes && at[n] > ' ' && n < 30)
		n++;
	if (atoi(at) >= REDIS_MAJOR_LEAST)
		return true;
	snprintf(why, why_bytes, "Redis %.*s is too old: a cluster needs version %d or later.", n, at,
	         REDIS_MAJOR_LEAST);
	return false;
}

static const char *setting(const redisReply *config, const char *name)
{
	for (size_t i = 0; i + 1 < config->elements; i += 2) {
		const redisReply *key = config->element[i], *value = config->element[i + 1];
		if (key->type == REDIS_REPLY_STRING && value->type == REDIS_REPLY_STRING &&
		    strcasecmp(key->str, name) == 0)
			return value->str;
	}
	return "not known";
}

bool settings_check(const redisReply *config, bool sync, char *why, size_t why_bytes)
{
	const char *fsync = setting(config, "appendfsync");
	bool always = strcmp(fsync, "always") == 0;
	if (strcmp(setting(config, "appendonly"), "yes") != 0) {
		snprintf(why, why_bytes, "Redis's appendonly is %.20s, so a restart would lose what people have "
		         "seen: CONFIG SET appendonly yes, and set it in redis.conf.",
		         setting(config, "appendonly"));
		return false;
	}
	if (!always && (sync || strcmp(fsync, "no") != 0)) {
		snprintf(why, why_bytes, "Redis's appendfsync is %.20s, which can lose what people have seen%s: "
		         "CONFIG SET appendfsync always, and set it in redis.conf%s.", fsync,
		         sync ? " if the power fails (durability = sync)" : "",
		         sync ? "" : " (with `no` only a power cut can lose it)");
		return false;
	}
	if (sync && strcmp(setting(config, "no-appendfsync-on-rewrite"), "no") != 0) {
		snprintf(why, why_bytes, "Redis's no-appendfsync-on-rewrite is on, so a power cut can lose what "
		         "people have seen (durability = sync): CONFIG SET no-appendfsync-on-rewrite no, and set "
		         "it in redis.conf.");
		return false;
	}
	if (strcmp(setting(config, "maxmemory-policy"), "noeviction") != 0) {
		snprintf(why, why_bytes, "Redis's maxmemory-policy is %.30s, so it may delete the chat when it is "
		         "short of memory: CONFIG SET maxmemory-policy noeviction, and set it in redis.conf.",
		         setting(config, "maxmemory-policy"));
		return false;
	}
	return true;
}
