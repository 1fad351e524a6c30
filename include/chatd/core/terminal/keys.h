/*
 * What a terminal in character mode sends, as keys.
 *
 * Control characters, and the sequences of VT100, xterm, rxvt and the Linux console (ECMA-48, 5.4; xterm's
 * ctlseqs), with bracketed paste; text in UTF-8 or ISO 8859-1. The input may be cut anywhere.
 */
#ifndef CHATD_CORE_TERMINAL_KEYS_H
#define CHATD_CORE_TERMINAL_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key {
	KEY_MORE,        /* the input is used up */
	KEY_TEXT,        /* characters: text, len */
	KEY_ENTER,       /* LF, CR, CR LF or CR NUL */
	KEY_TAB,
	KEY_BACKSPACE,   /* BS or DEL */
	KEY_DELETE,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_UP,
	KEY_DOWN,
	KEY_HOME,
	KEY_END,
	KEY_WORD_LEFT,   /* alt-B; ctrl or alt with the arrow */
	KEY_WORD_RIGHT,  /* alt-F, likewise */
	KEY_WORD_DELETE, /* alt-D; ctrl or alt with Delete */
	KEY_WORD_RUBOUT, /* ctrl-W, alt with Backspace */
	KEY_KILL,        /* ctrl-K */
	KEY_RUBOUT,      /* ctrl-U */
	KEY_YANK,        /* ctrl-Y */
	KEY_TRANSPOSE,   /* ctrl-T */
	KEY_REDRAW,      /* ctrl-L */
	KEY_INTERRUPT,   /* ctrl-C */
	KEY_EOF,         /* ctrl-D */
	KEY_PASTE_BEGIN, /* until the end only TEXT, ENTER, NONE and what ends a paste */
	KEY_PASTE_END,
	KEY_NONE,        /* none of these: its bytes are dropped */
};

/* How far into what is not yet a key. All zero is valid: at the beginning of input. */
struct keys {
	bool latin1;           /* set by the caller: the input is ISO 8859-1 */
	bool paste;            /* inside a bracketed paste */
	bool after_cr;         /* an LF or NUL that comes next belongs to the CR before */
	bool alt;              /* ESC before ESC: the key is pressed with alt */
	bool unknown;          /* the sequence has bytes that no key of ours has */
	bool ss3;              /* it began with ESC O, not with ESC [ */
	uint8_t state;         /* enum keys_state, keys.c */
	uint8_t numbers;       /* numbers of the sequence so far, less one */
	uint16_t number[2];    /* the first two; 0: not given */
	uint16_t seen;         /* bytes of the sequence so far; in a paste, of its end */
	uint8_t held_len;      /* bytes of a character that is not complete */
	unsigned char held[4]; /* they; or a character that was returned last */
	int64_t since_ms;      /* when the sequence began; in a paste, when its last byte came */
};

/*
 * The next key of the input at *in, up to end; *in is moved behind it. At now_ms, by the clock for
 * durations.
 *
 * text is a run of whole characters: valid UTF-8 without control characters and without what cannot
 * be seen, which is dropped, except joiners, variation selectors and tags: text_sanitize knows
 * whether they have a sense. It is borrowed from the input or from k, until the next call. What is
 * not UTF-8 is U+FFFD, one for each maximal ill-formed part (Unicode 15, 3.9).
 *
 * ESC is a key of its own (KEY_NONE) if nothing follows within 50 ms, or another ESC. A sequence that
 * is too long, or does not end within a second, is left: what follows is text.
 *
 * In a paste everything but its end is text, a tab four spaces. If its end never comes, ctrl-C ends
 * it when typed: alone, half a second after the byte before.
 */
enum key keys_next(struct keys *k, const char **in, const char *end, int64_t now_ms,
                   const char **text, size_t *len);

#endif
