/*
 * The rows `cluster` and `position` of the table meta.
 *
 * Their values are blobs: the column is one of numbers, which makes a number of a text of digits.
 */
#include "chatd/store/db/cluster.h"

#include "chatd/store/db/state.h"

#include <string.h>

#define CLUSTER "cluster"
#define POSITION "position"

/* Copies the row's value. False: it is not a text of 1 to max bytes. */
static bool text_copy(sqlite3_stmt *st, int column, char *to, size_t max)
{
	const void *text = sqlite3_column_blob(st, column);
	size_t n = (size_t)sqlite3_column_bytes(st, column);
	if (!text || n == 0 || n > max || memchr(text, '\0', n))
		return false;
	memcpy(to, text, n);
	to[n] = '\0';
	return true;
}

/* The current row. */
static bool row_take(sqlite3_stmt *st, struct store_cluster *c)
{
	const char *key = (const char *)sqlite3_column_text(st, 0);
	if (!key)
		return false;
	if (strcmp(key, CLUSTER) == 0)
		return text_copy(st, 1, c->id, CLUSTER_ID_BYTES_MAX);
	return text_copy(st, 1, c->position, POSITION_BYTES_MAX);
}

bool store_cluster(struct store *s, struct store_cluster *c, struct store_error *err)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_CLUSTER_GET);
	int rc = SQLITE_ERROR;
	bool sound = true;
	*c = (struct store_cluster){ .id = "" };
	while (st && sound && (rc = sqlite3_step(st)) == SQLITE_ROW)
		sound = row_take(st, c);
	if (rc == SQLITE_DONE) {
		sqlite3_reset(st);
		return true;
	}
	bool damaged = !sound && sqlite3_errcode(s->db.sqlite) != SQLITE_NOMEM;
	store_fail(s, err);
	if (damaged)
		store_error_set(err, "the database is damaged (its cluster or its position is none)");
	return false;
}

bool store_is_of_cluster(struct store *s, bool *is, struct store_error *err)
{
	struct store_cluster c;
	if (!store_cluster(s, &c, err))
		return false;
	*is = c.id[0] != '\0' || c.position[0] != '\0';
	return true;
}

static bool text_set(struct store *s, const char *key, const char *text)
{
	sqlite3_stmt *st = db_stmt(&s->db, SQL_META_SET);
	if (!st)
		return false;
	sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_blob(st, 2, text, (int)strlen(text), SQLITE_STATIC);
	return db_run(st);
}

/* Once in a process: from then on the database is known to belong to that cluster. */
static bool id_save(struct store *s, const char *id, struct store_error *err)
{
	struct store_cluster c;
	if (!store_cluster(s, &c, err))
		return false;
	if (c.id[0] != '\0' && strcmp(c.id, id) != 0) {
		store_fail(s, err);
		store_error_set(err, "the database belongs to another cluster");
		return false;
	}
	if (c.id[0] == '\0' && !text_set(s, CLUSTER, id))
		return store_fail(s, err);
	s->transaction.batch.of_cluster = true;
	return true;
}

bool store_save_position(struct store *s, const char *id, const char *position, struct store_error *err)
{
	struct transaction *t = &s->transaction;
	if (!t->batch.of_cluster && !id_save(s, id, err))
		return false;
	t->seq_binds = true;
	return text_set(s, POSITION, position) || store_fail(s, err);
}

bool store_move_position(struct store *s, const char *id, const char *position, struct store_error *err)
{
	struct transaction *t = &s->transaction;
	t->batch = t->saved;
	t->seq_binds = false;
	if (!transaction_begin_unsynced(s))
		return store_fail(s, err);
	return store_save_position(s, id, position, err) && store_commit(s, err);
}
