/*
 * Changes of accounts in a cluster (ACT_ACCOUNT).
 *
 * An act has what is different, by the names of the fact's fields: of two nodes that change different things of one
 * account at the same time, neither undoes what the other did.
 */
#ifndef CHATD_CORE_PEOPLE_ACCOUNT_ACT_H
#define CHATD_CORE_PEOPLE_ACCOUNT_ACT_H

#include <stdint.h>

struct account;
struct chat;

/* Changes the account as the act says that account_change has proposed. */
void account_change_as(struct chat *c, const char *fields);

/* The account that an act is about: its key, and when it was made ("key", "of"); NULL: it is gone. */
struct account *account_made_at(const struct chat *c, const char *fields);

/* A number that changes with the password and the second step of a; the same on all nodes. */
int64_t account_secrets_mark(const struct account *a);

#endif
