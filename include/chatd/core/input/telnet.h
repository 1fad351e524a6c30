/*
 * Telnet (RFC 854, 855), for clients that speak it.
 *
 * chatd never begins, but for a password: a client becomes a telnet client by its first
 * IAC and WILL or DO. All options are refused (ECHO, RFC 857; SUPPRESS-GO-AHEAD, RFC 858;
 * and the rest), which leaves it in line mode with local echo: what a chat
 * wants. TIMING-MARK is answered, without which a client that sent an interrupt
 * shows nothing more.
 */
#ifndef CHATD_CORE_INPUT_TELNET_H
#define CHATD_CORE_INPUT_TELNET_H

#include <stdbool.h>
#include <stddef.h>

#include "chatd/base/bytes.h"

struct telnet;  /* one connection's state: a few bytes, whatever the client sends */

enum telnet_sign {
	TELNET_NO,     /* no IAC command in there */
	TELNET_YES,    /* an IAC followed by WILL or DO, as whoever negotiates begins: telnet from here
	                * on. Other commands may be letters, 255 and what follows it in CP1251 say */
	TELNET_MAYBE,  /* the last byte is an IAC: what follows decides. No other sign before it */
};

/* Looks at bytes of a connection that was not a telnet client so far. */
enum telnet_sign telnet_sign(const char *in, size_t len);

struct telnet *telnet_new(void);
/* Frees it; NULL is fine. */
void telnet_end(struct telnet *t);

/* Tells the client to show what is typed, or not to (ECHO, RFC 857: we say that we echo, and
 * do not). What it is told is added to out; nothing where it was told so last. */
void telnet_hide(struct telnet *t, bool hidden, struct bytes *out);

/*
 * Writes to out (at least len bytes) what is left of the input without the
 * protocol, and returns its length; may be called with input cut anywhere. Erase
 * character, erase line, interrupt (also abort and break) and end of file become
 * BS, ^U, ^C and ^D in their places, which line_next understands with `edit`. Answers to the
 * client (protocol, and a word to AYT) are added to reply. Sub-negotiations, however
 * long, and data that the client compresses are dropped.
 */
size_t telnet_decode(struct telnet *t, const char *in, size_t len, char *out,
                     struct bytes *reply);

#endif
