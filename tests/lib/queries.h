/* Queries of any kind: made, copied, and looked at as two columns. */
#ifndef CHATD_TESTS_QUERIES_H
#define CHATD_TESTS_QUERIES_H

#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/event.h"

/* What the kind has of: whose it is, or what it is compared with (the key), and what is asked (the
 * text). Of an audit the key is its share as a number, "" for all. */
static inline void query_set(struct query *q, const char *key, const char *text)
{
	switch (q->kind) {
	case QUERY_REPLAY:
		q->replay.key = key, q->replay.nick = text;
		break;
	case QUERY_UNREAD:
		q->unread.key = key, q->unread.nick = text, q->unread.hidden = "";
		break;
	case QUERY_SEARCH:
		q->search.hidden = key, q->search.words = text, q->search.not_by = "";
		break;
	case QUERY_AUDIT:
		q->audit.words = text;
		q->audit.of_share = *key != '\0';
		q->audit.share = strtoull(key, NULL, 10);
		break;
	case QUERY_BACKUP:
		q->backup.name = text;
		break;
	case QUERY_HASH:
		q->hash.password = text;
		break;
	case QUERY_CHECK:
		q->check.hashes = key, q->check.secret = text;
		break;
	case QUERY_CHECK_TOTP:
		q->totp.secret = key, q->totp.digits = text;
		break;
	case QUERY_LAST:
	case QUERY_FIRST:
	case QUERY_STATS:
	case QUERY_CODES:
	case QUERY_TOTP:
		break;
	}
}

/* "" where there is none. */
static inline const char *query_key(const struct query *q)
{
	return q->kind == QUERY_REPLAY       ? q->replay.key
	       : q->kind == QUERY_UNREAD     ? q->unread.key
	       : q->kind == QUERY_SEARCH     ? q->search.hidden
	       : q->kind == QUERY_CHECK      ? q->check.hashes
	       : q->kind == QUERY_CHECK_TOTP ? q->totp.secret
	                                     : "";
}

static inline const char *query_text(const struct query *q)
{
	return q->kind == QUERY_REPLAY       ? q->replay.nick
	       : q->kind == QUERY_UNREAD     ? q->unread.nick
	       : q->kind == QUERY_SEARCH     ? q->search.words
	       : q->kind == QUERY_AUDIT      ? q->audit.words
	       : q->kind == QUERY_BACKUP     ? q->backup.name
	       : q->kind == QUERY_HASH       ? q->hash.password
	       : q->kind == QUERY_CHECK      ? q->check.secret
	       : q->kind == QUERY_CHECK_TOTP ? q->totp.digits
	                                     : "";
}

/* A copy with strings of its own, which query_release frees. */
static inline struct query query_copy(const struct query *q)
{
	struct query copy = *q;
	const char **string[QUERY_STRINGS_MAX];
	size_t n = query_strings(&copy, string);

	for (size_t i = 0; i < n; i++)
		*string[i] = mem_strdup(*string[i]);
	return copy;
}

static inline void query_release(struct query *q)
{
	const char **string[QUERY_STRINGS_MAX];
	size_t n = query_strings(q, string);

	for (size_t i = 0; i < n; i++)
		free((char *)(uintptr_t)*string[i]);
}

#endif
