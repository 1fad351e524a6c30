/*
 * Searches, and counts of unread lines: the queries that read the full-text index.
 */
#ifndef CHATD_STORE_DB_SEARCH_H
#define CHATD_STORE_DB_SEARCH_H

#include "chatd/core/event.h"
#include "chatd/store/db/answer.h"

struct store;

void search_answer(struct store *s, const struct query *q, struct answer *a);
void unread_answer(struct store *s, const struct query *q, struct answer *a);

#endif
