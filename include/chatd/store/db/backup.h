/*
 * A copy of the database next to it, made while chatd goes on running.
 */
#ifndef CHATD_STORE_DB_BACKUP_H
#define CHATD_STORE_DB_BACKUP_H

#include "chatd/core/event.h"

struct store;

/* Answers QUERY_BACKUP, whose words are the copy's file name. */
struct rows *backup_answer(struct store *s, const struct query *q);

#endif
