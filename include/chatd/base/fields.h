/*
 * Values of facts: "name=value" pairs with blanks between.
 *
 * What the store keeps of an account or a room is one text that people can read
 * with sqlite3. In a value, bytes up to the blank, DEL and % are written %XX;
 * everything else stands as it is. A name has none of those.
 */
#ifndef CHATD_BASE_FIELDS_H
#define CHATD_BASE_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/bytes.h"

/* Adds a pair; an empty value and a number of 0 are left out, for reading gives them back. */
void fields_put(struct bytes *b, const char *name, const char *value);
void fields_put_number(struct bytes *b, const char *name, int64_t n);

/* The value of a name, as a new string that the caller owns; "" where it is not there. */
char *fields_get(const char *fields, const char *name) __attribute__((returns_nonnull));
/* The same, neutralised and cut to at most bytes_max bytes: for what people are to read. */
char *fields_get_text(const char *fields, const char *name, size_t bytes_max);
/* The same as a number; 0 where it is not there or is none. */
int64_t fields_get_number(const char *fields, const char *name);
/* The same as a number of 0 to most; otherwise 0. */
uint32_t fields_get_count(const char *fields, const char *name, uint32_t most);
/* The same as a time in ms since 1970; 0 where it is none that a clock may show. */
int64_t fields_get_time(const char *fields, const char *name);

#endif
