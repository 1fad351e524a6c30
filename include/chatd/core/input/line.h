/*
 * Framing: splits bytes, which come in pieces of any size, into lines.
 *
 * A line ends with LF, CR LF, CR NUL, LF CR, CR CR LF or, on a connection whose first line does, with
 * CR alone; an end may be split between pieces. (One case is ambiguous: if the first line
 * ended with CR, a CR that comes by itself is an empty line, not part of CR CR LF.)
 *
 * A whole line is returned where it is; only a partial one is copied, so an idle connection needs no
 * buffer. A line over the limit is not kept: its bytes are counted until it ends, and then it is
 * reported, so memory stays bounded.
 */
#ifndef CHATD_CORE_INPUT_LINE_H
#define CHATD_CORE_INPUT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the lines of a connection end; the first one shows it. */
enum line_ends {
	ENDS_UNKNOWN,      /* a CR ends a line too */
	ENDS_LF,           /* LF or CR NUL ends a line; a CR alone is text */
	ENDS_CR,           /* each CR ends a line */
};

/* The end of a line that was just taken; what follows may still belong to it. */
enum line_after {
	AFTER_NONE,
	AFTER_LF,
	AFTER_CR,
	AFTER_CR_CR,       /* ENDS_UNKNOWN: the second came with more, so it may be part of CR CR LF */
};

/* The unfinished line of one connection. All zero is a valid empty one. */
struct line {
	char *partial;     /* LINE_BYTES_LIMIT + 1 bytes, owned; NULL while there is no partial line */
	uint64_t len;      /* its bytes, including those dropped because it is too long */
	uint8_t crs;       /* CRs at its end whose meaning depends on what follows; not in len */
	enum line_ends ends;
	enum line_after after;
	bool apart;        /* AFTER_CR: that CR was the last byte of its piece */
};

enum line_result {
	LINE_MORE,         /* the input is used up, and no line has ended */
	LINE_READY,        /* a line: text, len */
	LINE_TOO_LONG,     /* a line of len bytes ended, which is over the limit */
	LINE_INTERRUPT,    /* editing only: ^C; the unfinished line is dropped */
	LINE_END,          /* editing only: ^D; the peer is done */
};

/*
 * Reads from *in, up to end, and moves *in past what it used. text is valid until the next call, or
 * line_taken. A CR that does not end a line stays in the text, and so does a NUL. BS and DEL erase the
 * grapheme before them. With edit (a telnet client), ^U erases the line, and ^C and ^D are reported;
 * otherwise they are text.
 */
enum line_result line_next(struct line *l, const char **in, const char *end, uint32_t bytes_max,
                           bool edit, const char **text, uint64_t *len);

/* The text that was returned last is not needed any more: what was copied of it is cleared (it may be a
 * password) and its memory freed. */
void line_taken(struct line *l);

/* Whether the text is nothing but what editing keys send (arrows and the like: ECMA-48 sequences). */
bool line_is_keys(const char *text, uint64_t len);

/* Whether there is an unfinished line, which line_last would return. */
bool line_begun(const struct line *l);

/* When the peer has finished sending: the unfinished line, as LINE_READY or LINE_TOO_LONG; LINE_MORE if
 * there is none. */
enum line_result line_last(struct line *l, uint32_t bytes_max, const char **text, uint64_t *len);

/* Drops the unfinished line and frees its memory. */
void line_release(struct line *l);

#endif
