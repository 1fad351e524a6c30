/*
 * What the chat has about one person: "chatd admin show NAME" and "export NAME", and what stays when
 * an account was removed.
 *
 * The person is the account of that name. Guests' names are anybody's, so there is nothing about them.
 */
#ifndef CHATD_PROGRAM_ADMIN_PERSON_H
#define CHATD_PROGRAM_ADMIN_PERSON_H

#include "chatd/program/admin_db.h"

/* The account, in a few lines or as one object. False: stderr says why not. */
bool admin_person_show(const struct conf *c, const struct admin_db *p, const char *name, bool json);

/*
 * All of it as JSON Lines: the account without its secrets (hashes, codes), its sign-ins, roles, unread
 * messages to and from it, reports that it made and reports of its lines, bans, records of the audit
 * that name it, read marks, and what was said from it. Nobody else's data that it could not read
 * itself: not who reported it.
 */
bool admin_person_export(const struct conf *c, const struct admin_db *p, const char *name);

/* What was said under the name of an account before it was made, which nobody can look up once the account is
 * gone. */
struct admin_said_before {
	bool known;
	uint64_t lines;
};

/* False: stderr says why it cannot be found out. There need not be such an account. */
bool admin_person_before(const struct conf *c, const struct admin_db *p, const char *name,
                         struct admin_said_before *before);

/* Prints what stays of an account of that name which has just been removed; lines: with what it has
 * said. */
void admin_person_left(const struct conf *c, const struct admin_db *p, const char *name, bool lines,
                       const struct admin_said_before *before);

#endif
