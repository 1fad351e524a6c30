/*
 * Writing JSON (RFC 8259): an object in one line, member by member.
 *
 *	json_begin(&b); json_text(&b, "name", "bob"); json_end(&b);    {"name":"bob"}
 *
 * The result is UTF-8 that a terminal shows as it is, whatever the texts are: control characters, and what
 * is invisible or changes the direction of others (guard.h), are escaped.
 */
#ifndef CHATD_BASE_JSON_H
#define CHATD_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/bytes.h"

/* Begins an object; with a name, as the value of a member (NULL: as the whole). */
void json_begin(struct bytes *b, const char *name);
void json_end(struct bytes *b);

/* Add a member to the object that was begun last. Names are chatd's own, and need no escapes. False:
 * the value is not UTF-8, and U+FFFD stands for what is not. */
bool json_text(struct bytes *b, const char *name, const char *value);
void json_number(struct bytes *b, const char *name, int64_t n);
void json_bool(struct bytes *b, const char *name, bool value);

#endif
