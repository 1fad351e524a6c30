/*
 * The tokenizer of the full-text index.
 */
#ifndef CHATD_STORE_DB_TOKENIZER_H
#define CHATD_STORE_DB_TOKENIZER_H

#include <sqlite3.h>
#include <stdbool.h>

/* Registers the tokenizer, without which a connection can neither write nor read the full-text
 * index. */
bool tokenizer_register(sqlite3 *db);

#endif
