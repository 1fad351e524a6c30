/*
 * The tokenizer of the full-text index.
 */
#ifndef CHATD_STORE_DB_TOKENIZER_H
#define CHATD_STORE_DB_TOKENIZER_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* Registers the tokenizer, without which a connection can neither write nor read the full-text
 * index. *words, which lives as long as the connection, counts the words of the lines that are added
 * or removed; NULL: nobody counts them. */
bool tokenizer_register(sqlite3 *db, uint64_t *words);

#endif
