/*
 * Telnet (RFC 854, 855), for clients that speak it.
 *
 * Without telnet_offer, chatd never begins, but for a password: a client becomes a telnet client by
 * its first IAC and WILL or DO. All options are refused (ECHO, RFC 857; SUPPRESS-GO-AHEAD, RFC 858;
 * and the rest), which leaves it in line mode with local echo: what a chat wants. TIMING-MARK is
 * answered, without which a client that sent an interrupt shows nothing more. DO MSSP is accepted:
 * only programs that list servers ask for it by themselves.
 *
 * telnet_offer asks the client what it is, and then, unless it is a MUD client or a screen reader,
 * to send each key and to show only what it is sent. What is known is in struct telnet_facts. The
 * caller keeps the time: telnet_give_up ends the questions.
 */
#ifndef CHATD_CORE_INPUT_TELNET_H
#define CHATD_CORE_INPUT_TELNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"

/* One connection's state: at most TELNET_STATE_BYTES_MAX, and TELNET_GMCP_BYTES_MAX more while a
 * sub-negotiation that matters goes on, whatever the client sends. */
struct telnet;

enum telnet_sign {
	TELNET_NO,     /* no IAC command in there */
	TELNET_YES,    /* an IAC followed by WILL or DO, as whoever negotiates begins: telnet from here
	                * on. Other commands may be letters, 255 and what follows it in CP1251 say */
	TELNET_MAYBE,  /* the last byte is an IAC: what follows decides. No other sign before it */
};

enum telnet_mode {
	TELNET_PLAIN,     /* nothing was offered, or nothing is answered: it may be no telnet client */
	TELNET_ASKING,    /* it answers, but it is not known yet which of the following it will be */
	TELNET_LINE,      /* it sends whole lines, and itself shows them as they are typed */
	TELNET_CHARACTER, /* it sends each key, and shows only what it is sent */
};

/* What is known of a client. Without telnet_offer: TELNET_PLAIN, settled, and perhaps mssp. */
struct telnet_facts {
	enum telnet_mode mode; /* what the client does with what is typed */
	bool settled;      /* the questions about mode, size and character set are answered, or the
	                    * caller has given up; stays true, but all the rest can still change */
	uint16_t columns;  /* of its window: TELNET_COLUMNS_LEAST to TELNET_COLUMNS_MAX; 0: unknown */
	uint16_t rows;     /* 1 to TELNET_ROWS_MAX; 0: unknown */
	char terminal[TELNET_NAME_BYTES_MAX + 1]; /* its first answer to TTYPE, in upper case: a
	                                           * terminal, or a MUD client; "": unknown */
	uint32_t mtts;     /* the sum of bits in its MTTS answer; 0 without one */
	bool mud;          /* a MUD client: it answered with MTTS, or with a name that is known */
	bool ansi;         /* it understands ANSI's colours and movements of the cursor */
	bool utf8;         /* it said so by CHARSET or MTTS; most say nothing */
	bool latin1;       /* it chose ISO-8859-1 by CHARSET; never together with utf8 */
	bool colours256;   /* it has 256 colours or more, by MTTS or by its terminal's name */
	bool reader;       /* a screen reader, by MTTS */
	bool eor;          /* END-OF-RECORD is on (RFC 885) */
	bool ga;           /* GA may follow a prompt: it negotiates, and SUPPRESS-GO-AHEAD is not on */
	bool gmcp;         /* GMCP (option 201) is on */
	bool channels;     /* the same, and it understands Comm.Channel: Core.Supports lists it (Mudlet
	                    * does not until a script adds it), or has not come (tintin++ sends none) */
	bool mssp;         /* it asked for MSSP (option 70) and has not had it: telnet_mssp */
};

/* What telnet_changed returns, added up. */
enum telnet_change {
	TELNET_CHANGED_MODE = 1,   /* mode, settled */
	TELNET_CHANGED_SIZE = 2,   /* columns, rows */
	TELNET_CHANGED_MSSP = 4,   /* mssp */
	TELNET_CHANGED_CLIENT = 8, /* any other */
};

/* A variable of MSSP: both are strings that last as long as the call. */
struct telnet_pair {
	const char *name;   /* as the protocol has it: "NAME", "PLAYERS", ... */
	const char *value;
};

/* Looks at bytes of a connection that was not a telnet client so far. */
enum telnet_sign telnet_sign(const char *in, size_t len);

struct telnet *telnet_new(void);
/* Frees it; NULL is fine. */
void telnet_end(struct telnet *t);

/* Begins to ask: DO TTYPE, DO NAWS. What follows depends on the answers, in telnet_decode. Bytes
 * for the client are added to out, here as below. Does nothing if it was called before. */
void telnet_offer(struct telnet *t, struct bytes *out);

/*
 * The questions have been open for long enough: settles with what is known. A client that has
 * answered nothing is no telnet client, and is sent nothing more; one that has begun to answer, but
 * not said what it is, is asked for its keys all the same. Answers that come later count as if they
 * had come in time. Does nothing without telnet_offer, or once all is settled.
 */
void telnet_give_up(struct telnet *t, struct bytes *out);

/* Valid until telnet_end, and changed by all functions that are given t without const. */
const struct telnet_facts *telnet_facts(const struct telnet *t);

/* Which of the facts have changed since the last call (or since telnet_new): a sum of enum
 * telnet_change, or 0. */
unsigned telnet_changed(struct telnet *t);

/*
 * Asks the client to switch to TELNET_CHARACTER, also if it is a MUD client or a screen reader, or
 * back to TELNET_LINE. Mode says TELNET_LINE at once, and TELNET_CHARACTER once the client has
 * agreed, which it need not. Without telnet_offer, or while nothing is answered, the wish is
 * remembered and nothing is sent. May be called at any time, without waiting for answers.
 */
void telnet_mode_request(struct telnet *t, bool character, struct bytes *out);

/*
 * Tells the client to show what is typed, or not to (ECHO, RFC 857: we say that we echo, and do
 * not). Nothing is sent if it was told so last, nor to a client that has not answered telnet_offer.
 * In TELNET_CHARACTER it shows nothing by itself, and nothing is sent: the caller has to hide. If
 * that mode ends while it is hidden, it stays so, unless the client ended it by refusing ECHO.
 */
void telnet_hide(struct telnet *t, bool hidden, struct bytes *out);

/*
 * Writes to out (at least len bytes) what is left of the input without the
 * protocol, and returns its length; may be called with input cut anywhere. Erase
 * character, erase line, interrupt (also abort and break) and end of file become
 * BS, ^U, ^C and ^D in their places, which line_next understands with `edit`. The ends of lines
 * stay as they are (CR NUL, CR LF), in all modes. Answers to the
 * client (protocol, and a word to AYT) are added to reply: over a connection's life, at most ten
 * times as many bytes as came in, and 100. Data that the client compresses is dropped, as are
 * sub-negotiations that do not matter or are longer than TELNET_SUB_BYTES_MAX (GMCP:
 * TELNET_GMCP_BYTES_MAX).
 */
size_t telnet_decode(struct telnet *t, const char *in, size_t len, char *out,
                     struct bytes *reply);

/* Adds a GMCP message: a package ("Comm.Channel.Text") and its data, which is JSON in UTF-8, or
 * NULL for none. Adds nothing if GMCP is not on. */
void telnet_gmcp(const struct telnet *t, struct bytes *out, const char *package, const char *json);

/* Adds the variables of MSSP, n of them, if the client has asked for them, and only once for each
 * connection. Bytes that MSSP has no place for (NUL, 1, 2 and 255) are left out. */
void telnet_mssp(struct telnet *t, struct bytes *out, const struct telnet_pair *pairs, size_t n);

/* Adds what tells the client that a prompt has ended: IAC EOR, or IAC GA, or nothing. */
void telnet_prompt_end(const struct telnet *t, struct bytes *out);

#endif
