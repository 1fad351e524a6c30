/*
 * Values of facts: "name=value" pairs with blanks between.
 *
 * The store keeps what it knows about an account or a room as one text that people can read with
 * sqlite3. In a value, bytes up to and including the blank, DEL and % are written as %XX;
 * everything else is written as it is. Names contain none of those.
 */
#ifndef CHATD_BASE_FIELDS_H
#define CHATD_BASE_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/bytes.h"

/* Adds a pair. Empty values and zeros are left out: a missing name reads as those. */
void fields_put(struct bytes *b, const char *name, const char *value);
void fields_put_number(struct bytes *b, const char *name, int64_t n);

/* The value of a name, as a new string that the caller owns; "" if it is missing. */
char *fields_get(const char *fields, const char *name) __attribute__((returns_nonnull));
/* The same, sanitized and cut to at most bytes_max bytes, for showing to people. */
char *fields_get_text(const char *fields, const char *name, size_t bytes_max);
/* The same as a number; 0 if it is missing or not a number. */
int64_t fields_get_number(const char *fields, const char *name);
/* The same as a number from 0 to most; 0 if it is outside of that. */
uint32_t fields_get_count(const char *fields, const char *name, uint32_t most);
/* The same as a time in ms since 1970; 0 if it is beyond TIME_MS_MAX. */
int64_t fields_get_time(const char *fields, const char *name);

#endif
