/*
 * Whether Redis is set up so that it keeps what it answers for. Pure functions.
 */
#ifndef CHATD_CLUSTER_SETTINGS_H
#define CHATD_CLUSTER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

struct redisReply;

enum { REDIS_MAJOR_LEAST = 7 }; /* streams whose first entry and number of entries can be asked for */

/* Looks at INFO's text. False: why has a sentence. */
bool settings_check_version(const char *info, size_t bytes, char *why, size_t why_bytes);

/* The patterns for CONFIG GET, up to a NULL, */
extern const char *const settings_asked[];
/* and its reply: pairs of a name and a value. False: why has a sentence about the first that is wrong,
 * and how to set it. */
bool settings_check(const struct redisReply *config, bool sync, char *why, size_t why_bytes);

#endif
