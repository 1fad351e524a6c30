/*
 * A copy of the database beside it, while all goes on.
 */
#ifndef CHATD_STORE_DB_BACKUP_H
#define CHATD_STORE_DB_BACKUP_H

#include "chatd/core/event.h"

struct store;

/* Answers QUERY_BACKUP, whose words are the name of the copy. */
struct rows *backup_answer(struct store *s, const struct query *q);

#endif
