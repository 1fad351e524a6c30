/*
 * The line being typed on a terminal in character mode: from its bytes to finished lines, with the keys
 * of readline. What it looks like on the screen is not known here.
 *
 * Text is valid UTF-8 without control characters; what else a terminal must not get to see is left for
 * text_sanitize. The cursor is never inside a grapheme.
 *
 * Several lines pasted at once are held, and what is shown says how many; Enter then gives one after
 * the other. Everything that held what was typed is cleared before its memory is given back: it may
 * have been a password.
 */
#ifndef CHATD_CORE_TERMINAL_EDITOR_H
#define CHATD_CORE_TERMINAL_EDITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum editor_result {
	EDITOR_MORE,           /* the input is used up; what is shown may have changed */
	EDITOR_LINE,           /* Enter: a line, perhaps an empty one: text, len */
	EDITOR_TAB,            /* the line is to be completed, or (editor_tabs) what could follow to be
	                        * listed */
	EDITOR_INTERRUPT,      /* ctrl-C: what was begun is dropped */
	EDITOR_EOF,            /* ctrl-D on an empty line */
	EDITOR_REDRAW,         /* ctrl-L */
	EDITOR_FULL,           /* what was typed does not fit; of a paste of one line nothing was taken */
	EDITOR_PASTE_TOO_LONG, /* a paste of several lines beyond PASTE_BYTES_MAX was dropped; what was
	                        * typed before is left */
};

struct editor;

/* The caller owns it. An idle one has no memory but its own, the history's and what ctrl-Y brings
 * back. */
struct editor *editor_new(void);
void editor_free(struct editor *e); /* NULL: nothing */

/* The most memory that one editor takes, in bytes. */
size_t editor_bytes_max(void);

/*
 * Takes bytes from *in, up to end, until a key gives a result; *in is moved behind it. At now_ms, by the
 * clock for durations. No more is typed than bytes_max, nor more than LINE_BYTES_LIMIT; a line may be
 * longer than bytes_max if that was lowered, if it is out of the history, or of a paste of several
 * lines.
 *
 * EDITOR_LINE: text is valid until editor_taken or the next editor_take, whatever else is called;
 * NUL-terminated, len bytes without a NUL. If it is of a held paste, and not the last of it, *in is left
 * before the Enter: offered again, at once or later, it gives the next line, without the empty ones. If
 * the rest is dropped instead (editor_clear, editor_hide), that Enter does nothing.
 */
enum editor_result editor_take(struct editor *e, const char **in, const char *end, uint32_t bytes_max,
                               int64_t now_ms, const char **text, size_t *len);

/* The line that was returned last is not needed any more: it is cleared. */
void editor_taken(struct editor *e);

/* What is to be shown, with the cursor's byte offset in it: the line; or of a held paste a sentence;
 * or "" while hidden. NUL-terminated, borrowed until something else is called with e. */
const char *editor_shown(const struct editor *e, size_t *len, size_t *cursor);

/* The line itself, likewise; of a held paste what has not been returned, lines divided by LF. */
const char *editor_text(const struct editor *e, size_t *len, size_t *cursor);

/* There is text, or part of a paste. */
bool editor_begun(const struct editor *e);

/* How many Tabs have come in a row, up to the last; 0: the last key was another. */
unsigned editor_tabs(const struct editor *e);

/* Puts len bytes of text (valid UTF-8 without control characters, not from e) in place of those from
 * `from` to `to`, which are between whole code points of the line, and the cursor behind. False: it does
 * not fit, or a paste is held, and nothing has changed. */
bool editor_replace(struct editor *e, size_t from, size_t to, const char *text, size_t len,
                    uint32_t bytes_max);

/* Drops what was begun: the line, a held paste, and what still comes of a paste. */
void editor_clear(struct editor *e);

/* Whether what is typed is a password: not shown, no history, no Tab, nothing for ctrl-Y; and of several
 * lines pasted only the first. A change drops what was begun, and what ctrl-Y would bring back. */
void editor_hide(struct editor *e, bool hidden);

/* Whether the input is ISO 8859-1 (false at first: UTF-8). */
void editor_latin1(struct editor *e, bool latin1);

/* Adds a line (valid UTF-8) to the history, the newest, unless it is the newest already, has more than
 * EDITOR_HISTORY_BYTES, or e is hidden. */
void editor_remember(struct editor *e, const char *text, size_t len);

#endif
