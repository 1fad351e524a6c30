/*
 * The tokenizer of the full-text index.
 */
#ifndef CHATD_STORE_DB_TOKENIZER_H
#define CHATD_STORE_DB_TOKENIZER_H

#include <sqlite3.h>
#include <stdbool.h>

/* Lets a connection make and read the full-text index. */
bool tokenizer_register(sqlite3 *db);

#endif
