/*
 * Telnet's bytes (RFC 854, 855): commands about an option, and sub-negotiations.
 *
 * Pure: bytes for the client are appended to out.
 */
#ifndef CHATD_CORE_TERMINAL_IAC_H
#define CHATD_CORE_TERMINAL_IAC_H

#include <stddef.h>

#include "chatd/base/bytes.h"

/* IAC, WILL, WONT, DO, DONT or SB, and the option. */
void iac_say(struct bytes *out, unsigned char verb, unsigned char option);

/* Bytes of a sub-negotiation, in which 255 is doubled; and its end, IAC SE. */
void iac_data(struct bytes *out, const char *s, size_t len);
void iac_end(struct bytes *out);

#endif
