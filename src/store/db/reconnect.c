/*
 * Another connection for a store that goes on: what it knows stays, what it is connected to changes.
 */
#include "chatd/store/db/store_db.h"

#include <string.h>

/* What makes a connection. */
struct connection {
	sqlite3 *db;
	sqlite3_stmt *stmt[SQL_COUNT];
};

static struct connection connection_take(struct store *s)
{
	struct connection old = { .db = s->db };
	memcpy(old.stmt, s->stmt, sizeof(old.stmt));
	memset(s->stmt, 0, sizeof(s->stmt));
	s->db = NULL;
	return old;
}

static void connection_close(struct connection *c)
{
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(c->stmt[i]);
	sqlite3_close(c->db);
}

bool store_reconnect(struct store *s, bool (*settle)(struct store *s, struct store_error *err),
                     struct store_error *err)
{
	struct connection old = connection_take(s), failed;
	if (store_connect(s, s->place.path, err) && settle(s, err)) {
		connection_close(&old);
		return true;
	}
	failed = connection_take(s);
	connection_close(&failed);
	s->db = old.db;
	memcpy(s->stmt, old.stmt, sizeof(s->stmt));
	return false;
}

bool store_reopen(struct store *s, struct store_error *err)
{
	return store_reconnect(s, store_settle_reader, err);
}
