/*
 * The schema and its versions.
 */
#ifndef CHATD_STORE_DB_SCHEMA_H
#define CHATD_STORE_DB_SCHEMA_H

#include "chatd/store/db/error.h"

struct store;

/* Refuses a file that is not a database of chatd's, by its first bytes, before SQLite touches
 * it. */
bool schema_check_file(int fd, const char *path, bool *fresh, struct store_error *err);
/* Brings the schema up to date and switches to WAL. */
bool schema_migrate(struct store *s, const char *path, bool fresh, struct store_error *err);

/* The database is of the version that this chatd makes. False: err says what to do. For connections
 * that may not change it. */
bool schema_is_current(struct store *s, const char *path, struct store_error *err);
/* That version. */
int schema_version(void);

#endif
