/*
 * The input line at the bottom of a terminal, drawn by chatd: a prompt and what has been typed.
 *
 * Pure: what is on the screen is kept in struct screen, and bytes for the terminal are appended to
 * out. Only these of ECMA-48 are used, which all terminals know: CUU, CUD, CUF, CUB, ED and EL,
 * with CR and LF.
 *
 * The input takes as many rows as it needs, of one column less than the terminal has: chatd breaks
 * them with CR LF, so that it does not matter how a terminal wraps. If it needs more rows than the
 * screen has, those around the cursor are shown. The cursor is never inside a grapheme. What
 * text_sanitize would change is drawn as U+FFFD, a grapheme at a time, and so is a mark that has no letter
 * before it in the text.
 */
#ifndef CHATD_CORE_TERMINAL_SCREEN_H
#define CHATD_CORE_TERMINAL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/base/bytes.h"

enum {
	SCREEN_COLUMNS_LEAST = 8, /* a screen is taken to be at least so wide, */
	SCREEN_COLUMNS_MAX = 500, /* at most, */
	SCREEN_COLUMNS_DEFAULT = 80, /* and if it is not known */
	SCREEN_ROWS_DEFAULT = 8, /* rows that the input takes at most if the screen's are not known */
	SCREEN_ROWS_MAX = 64,   /* and in any case */
};

/* Borrowed for the call. Both texts are UTF-8, but any bytes are safe. */
struct screen_input {
	const char *prompt;
	size_t prompt_len;
	const char *text;       /* what has been typed */
	size_t len;
	size_t cursor;          /* an offset in text, at most len; inside a grapheme: at its
	                         * beginning */
};

/* All zero: a screen of unknown size, with nothing drawn. */
struct screen {
	/* Set by the caller: */
	uint16_t columns;       /* of the terminal; 0: unknown. Once something is drawn, only
	                         * screen_resized changes it */
	uint16_t rows;          /* of the terminal; 0: unknown. May be set at any time: what is drawn
	                         * next fits it */
	bool latin1;            /* its charset is ISO 8859-1; set it only while nothing is drawn */
	bool reflows;           /* it is known to break rows again when it becomes narrower (tmux
	                         * does; xterm and PuTTY do not) */
	/* What is drawn; kept by these functions: */
	bool drawn;             /* there is an input line */
	uint8_t most;           /* rows that it could take when it was drawn */
	uint8_t shown;          /* rows that it takes */
	uint8_t row;            /* the one of them with the cursor, from 0 */
	uint16_t column;        /* the cursor's place in that row, from 0 */
	uint32_t top;           /* rows of the input before the first that is shown */
	uint16_t widths[SCREEN_ROWS_MAX]; /* columns that each row shown takes */
};

/* Takes the input line off the screen. The cursor is then at the beginning of an empty row, where
 * the input line began, and nothing is below it. Does nothing if nothing is drawn. */
void screen_erase(struct screen *s, struct bytes *out);

/* Draws the input line where the cursor is, at the beginning of an empty row. Nothing is drawn
 * before. */
void screen_draw(struct screen *s, const struct screen_input *input, struct bytes *out);

/*
 * Changes the line that is drawn, `before`, to `now`, by the least that has to be sent: a character
 * that is appended is sent as itself and nothing else, because screen readers speak what is sent; a
 * cursor that moves, as a movement; otherwise what follows the first difference is drawn again.
 * before is the input of the last screen_draw or screen_edited. Draws now if nothing is drawn.
 */
void screen_edited(struct screen *s, const struct screen_input *before,
                   const struct screen_input *now, struct bytes *out);

/*
 * The terminal now has so many columns: takes the input line off the screen, as screen_erase does,
 * for the caller to draw it again.
 *
 * Nobody says whether a terminal that became narrower cut rows off (xterm, PuTTY), so that the
 * input begins as many rows above the cursor as before, or broke them into several (tmux). Too far
 * up would delete lines that people have not read; so it is the former unless s->reflows. A
 * terminal that reflows without being known to may be left with a few rows of old input, never with
 * less than the conversation. A row never fills its terminal, so that one column less changes
 * nothing.
 */
void screen_resized(struct screen *s, uint16_t columns, struct bytes *out);

#endif
