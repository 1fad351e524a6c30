/*
 * Framing: bytes in any pieces to lines.
 *
 * A line ends with LF, CR LF, CR NUL, LF CR, CR CR LF or, on a connection whose first line does, with
 * CR alone; the bytes of an end may come in any pieces. (One thing cannot be told then: after a first
 * line that ends with CR, a CR that comes by itself is an empty line, and no part of CR CR LF.)
 * A line that came whole is returned
 * where it lies; only a partial one is copied and kept, so an idle connection
 * costs no buffer. A line over the limit is not kept: it is counted to its end
 * and then reported, and memory stays bounded however long it is.
 */
#ifndef CHATD_CORE_INPUT_LINE_H
#define CHATD_CORE_INPUT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What its lines end with, as the first has taught. */
enum line_ends {
	ENDS_UNKNOWN,      /* CR too */
	ENDS_LF,           /* with an LF, or CR NUL: a CR alone is text */
	ENDS_CR,           /* each CR ends one */
};

/* What was taken last, where it ended a line and more may belong to that end. */
enum line_after {
	AFTER_NONE,
	AFTER_LF,
	AFTER_CR,
	AFTER_CR_CR,       /* ENDS_UNKNOWN: and the second came with more, so it may be of CR CR LF */
};

/* The unfinished line of one connection. All zero is a valid empty one. */
struct line {
	char *partial;     /* LINE_BYTES_LIMIT + 1 bytes, owned; NULL while there is no partial line */
	uint64_t len;      /* bytes of it, also those that were dropped as too long */
	uint8_t crs;       /* CRs at its end that wait for what follows; no part of len */
	enum line_ends ends;
	enum line_after after;
	bool apart;        /* AFTER_CR: that CR was the last byte of what came with it */
};

enum line_result {
	LINE_MORE,         /* the input is used up and no line has ended */
	LINE_READY,        /* a line: text, len */
	LINE_TOO_LONG,     /* one ended that has len bytes, over the limit */
	LINE_INTERRUPT,    /* editing only: ^C; what was typed of the line is gone */
	LINE_END,          /* editing only: ^D, the peer is done */
};

/*
 * Goes on from *in (up to end), moves it past what it used. text is valid until
 * the next call. A CR that is no line's end stays in the text; NUL elsewhere stays too. BS and DEL
 * take back the grapheme before them. With edit (a telnet client) ^U takes back the line, ^C and ^D
 * are reported; without, they are text.
 */
enum line_result line_next(struct line *l, const char **in, const char *end, uint32_t bytes_max,
                           bool edit, const char **text, uint64_t *len);

/* The text is nothing but what keys send that edit (arrows and the like: ECMA-48 sequences). */
bool line_is_keys(const char *text, uint64_t len);

/* There is an unfinished line, of which line_last would tell. */
bool line_begun(const struct line *l);

/* At the peer's end: the unfinished line, if there is one, as LINE_READY or
 * LINE_TOO_LONG; LINE_MORE: there is none. */
enum line_result line_last(struct line *l, uint32_t bytes_max, const char **text, uint64_t *len);

/* Forgets the unfinished line and gives its memory back. */
void line_release(struct line *l);

#endif
