/* alloc: what the conversation and the rounds round it share. */
#ifndef CHATD_TESTS_ALLOC_H
#define CHATD_TESTS_ALLOC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "chatd/base/bytes.h"

enum { WORDS_MAX = 16 }; /* lines said in one conversation, from 1 */

/* What one conversation has seen. */
struct seen {
	bool read[WORDS_MAX];   /* somebody but the speaker has read the line */
	bool registered;        /* alice was told that the name is hers */
	bool backed_up;         /* and that there is a copy, */
	unsigned copied;        /* which has at least this many lines */
	char wrong[256];        /* what chatd did and must not do; "": nothing */
};

/* Says and asks a bit of everything on 127.0.0.1:port and database-ctl. Ends early where chatd
 * does. */
void talk_all(uint16_t port, const char *database, struct seen *seen);

/* True: somebody who comes now gets in. */
bool talk_probe(uint16_t port);

/* What is wrong with the database at path, or with a copy of it; NULL: nothing. */
const char *check_database(const char *path, const struct seen *seen, bool copy);

#endif
