/* Answers to questions about secrets, for a chat whose store has none. */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "chatd/store/db/answer.h"

/* Everything matches; secret is whatever is new, and hashes are those of new codes. */
static inline struct rows *rows_that_please(const struct query *q, const char *secret,
                                            const char *hashes)
{
	struct rows rows = {.kind = q->kind};

	if (q->kind == QUERY_HASH)
		rows.hash.text = secret;
	else if (q->kind == QUERY_CODES)
		rows.codes.codes = secret, rows.codes.hashes = hashes;
	else if (q->kind == QUERY_TOTP)
		rows.totp.secret = secret;
	else if (q->kind == QUERY_CHECK)
		rows.check.matches = true;
	else
		rows.check_totp.matches = true;
	return rows_of(q, &rows);
}

#endif
