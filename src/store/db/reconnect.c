/*
 * Another connection for a store that goes on: what it knows stays, what it is connected to changes.
 */
#include "chatd/store/db/store_db.h"

bool store_reconnect(struct store *s, bool (*settle)(struct store *s, struct store_error *err),
                     struct store_error *err)
{
	struct db old = s->db;
	s->db = (struct db){ .sqlite = NULL };
	if (db_open(&s->db, s->place.path, err) && settle(s, err)) {
		db_close(&old);
		return true;
	}
	db_close(&s->db);
	s->db = old;
	return false;
}

bool store_reopen(struct store *s, struct store_error *err)
{
	return store_reconnect(s, store_settle_reader, err);
}
