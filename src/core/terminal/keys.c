/*
 * What a terminal in character mode sends, as keys.
 *
 * A machine of few states, fed byte by byte; only text is taken in runs. Each state gives up after so
 * many bytes and so much time, so that no stray ESC swallows what a person types.
 */
#include "chatd/core/terminal/keys.h"

#include <string.h>

#include "chatd/base/codepoint.h"

enum {
	ESCAPE_MS = 50,         /* a terminal sends a sequence at once; a person is not so fast */
	SEQUENCE_MS = 1000,     /* alt-[ and alt-] begin sequences, too: what a person types later is
	                         * not their end */
	PASTE_QUIET_MS = 500,   /* no paste pauses just before a ctrl-C that is in it, and again behind
	                         * it */
	SEQUENCE_BYTES = 32,    /* the longest reports of a mouse have about 16 */
	STRING_BYTES = 256,     /* answers of terminals about themselves have less than 100 */
	NUMBER_LIMIT = 9999,    /* higher ones are no key's */
	MODIFIED_WORD = 2 | 4,  /* alt, ctrl; a modified key sends 1 more than the sum */

	CTRL_C = 0x03,
	BEL = 0x07,
	BS = 0x08,
	ESC = 0x1B,
	DEL = 0x7F,

	CP_ZWNJ = 0x200C,
	CP_ZWJ = 0x200D,
};

enum keys_state {
	STATE_TEXT,             /* between keys */
	STATE_ESCAPE,           /* ESC */
	STATE_SEQUENCE,         /* CSI or SS3: ESC [ or ESC O, and numbers */
	STATE_CONSOLE,          /* ESC [ [: one byte more, a function key of the Linux console */
	STATE_STRING,           /* OSC, DCS, APC, PM, SOS: until ST or BEL */
	STATE_STRING_ESCAPE,    /* ESC in it, perhaps of ST */
};

static const char paste_end[] = "\x1B[201~";

static const uint8_t controls[0x20] = {
	['A' - '@'] = KEY_HOME,
	['B' - '@'] = KEY_LEFT,
	['C' - '@'] = KEY_INTERRUPT,
	['D' - '@'] = KEY_EOF,
	['E' - '@'] = KEY_END,
	['F' - '@'] = KEY_RIGHT,
	['H' - '@'] = KEY_BACKSPACE,
	['I' - '@'] = KEY_TAB,
	['K' - '@'] = KEY_KILL,
	['L' - '@'] = KEY_REDRAW,
	['N' - '@'] = KEY_DOWN,
	['P' - '@'] = KEY_UP,
	['T' - '@'] = KEY_TRANSPOSE,
	['U' - '@'] = KEY_RUBOUT,
	['W' - '@'] = KEY_WORD_RUBOUT,
	['Y' - '@'] = KEY_YANK,
};

/* Nothing is begun any more. */
static void leave(struct keys *k)
{
	k->state = STATE_TEXT;
	k->alt = false;
	k->seen = 0;
}

static void begin(struct keys *k, enum keys_state state)
{
	k->state = (uint8_t)state;
	k->seen = 0;
	k->numbers = 0;
	k->number[0] = k->number[1] = 0;
	k->unknown = false;
}

static bool is_late(const struct keys *k, int64_t now_ms)
{
	bool lone = k->state == STATE_ESCAPE || k->state == STATE_STRING_ESCAPE;

	return k->state != STATE_TEXT && now_ms - k->since_ms > (lone ? ESCAPE_MS : SEQUENCE_MS);
}

/* -- text -------------------------------------------------------------------------- */

static bool passes(int32_t cp)
{
	/* Tags make flags of regions. */
	return cp == CP_ZWJ || cp == CP_ZWNJ || cp_is_selector(cp) || cp_within(cp, 0xE0020, 0xE007F) ||
	       !cp_is_unseen(cp);
}

static enum key give(const char *p, size_t n, const char **text, size_t *len)
{
	*text = p;
	*len = n;
	return KEY_TEXT;
}

static enum key give_ill(const char **text, size_t *len)
{
	return give("\xEF\xBF\xBD", 3, text, len);
}

/* One byte of ISO 8859-1, 0x80 or above. */
static enum key take_latin1(struct keys *k, unsigned char c, const char **text, size_t *len)
{
	if (!passes(c))
		return KEY_NONE;
	k->held[0] = (unsigned char)(0xC0 | c >> 6);
	k->held[1] = (unsigned char)(0x80 | (c & 0x3F));
	return give((const char *)k->held, 2, text, len);
}

/* The input is at a byte that is not a control character. */
static enum key take_text(struct keys *k, const char **in, const char *end, const char **text,
                          size_t *len)
{
	const char *p = *in, *run = p;
	size_t n = 0;
	int32_t cp = 0;

	for (; p < end; p += n) {
		unsigned char c = (unsigned char)*p;

		n = 1;
		if (c < 0x20 || c == DEL || (c >= 0x80 && k->latin1))
			break;
		if (c < 0x80)
			continue;
		cp = cp_decode((const unsigned char *)p, (const unsigned char *)end, &n);
		if (cp == CP_ILL || !passes(cp))
			break;
	}
	*in = p;
	if (p > run)
		return give(run, (size_t)(p - run), text, len);
	*in += n;
	if (k->latin1)
		return take_latin1(k, (unsigned char)*p, text, len);
	if (cp != CP_ILL)
		return KEY_NONE;
	if (*in == end && n < cp_bytes((unsigned char)*p)) {
		memcpy(k->held, p, n);
		k->held_len = (uint8_t)n;
		return KEY_MORE;
	}
	return give_ill(text, len);
}

/* Goes on with a character that was cut. */
static enum key take_rest(struct keys *k, const char **in, const char **text, size_t *len)
{
	size_t n, had = k->held_len;
	int32_t cp;

	k->held[had] = (unsigned char)**in;
	cp = cp_decode(k->held, k->held + had + 1, &n);
	if (cp == CP_ILL && n > had) {
		k->held_len++;
		++*in;
		return KEY_MORE;
	}
	k->held_len = 0;
	if (cp == CP_ILL)
		return give_ill(text, len);
	++*in;
	return passes(cp) ? give((const char *)k->held, n, text, len) : KEY_NONE;
}

/* -- keys -------------------------------------------------------------------------- */

/* The input is at a CR or LF. What belongs to it is taken with it where it is there already, so that it
 * does not look like more input behind the line. */
static enum key take_enter(struct keys *k, const char **in, const char *end)
{
	k->after_cr = *(*in)++ == '\r';
	if (k->after_cr && *in < end) {
		k->after_cr = false;
		*in += **in == '\n' || **in == '\0';
	}
	return KEY_ENTER;
}

/* The key of a sequence that ends with a letter. */
static enum key key_of_letter(const struct keys *k, char final, bool word)
{
	switch (final) {
	case 'A':
	case 'a':
		return KEY_UP;
	case 'B':
	case 'b':
		return KEY_DOWN;
	case 'C':
		return word ? KEY_WORD_RIGHT : KEY_RIGHT;
	case 'D':
		return word ? KEY_WORD_LEFT : KEY_LEFT;
	case 'c':
		/* rxvt: with ctrl ESC O c, with shift ESC [ c. */
		return word || k->ss3 ? KEY_WORD_RIGHT : KEY_RIGHT;
	case 'd':
		return word || k->ss3 ? KEY_WORD_LEFT : KEY_LEFT;
	case 'H':
		return KEY_HOME;
	case 'F':
		return KEY_END;
	case 'M':
		/* Of the keypad; ESC [ M is a mouse. */
		return k->ss3 ? KEY_ENTER : KEY_NONE;
	default:
		return KEY_NONE;
	}
}

/* The key of a sequence that ends with ~, or in rxvt with another mark. */
static enum key key_of_number(const struct keys *k, bool word)
{
	switch (k->number[0]) {
	case 1:
	case 7:
		return KEY_HOME;
	case 3:
		return word ? KEY_WORD_DELETE : KEY_DELETE;
	case 4:
	case 8:
		return KEY_END;
	case 200:
		return KEY_PASTE_BEGIN;
	default:
		return KEY_NONE;
	}
}

static enum key sequence_key(struct keys *k, char final)
{
	bool marked = final == '~' || final == '^' || final == '$' || final == '@';
	/* ESC [ 1 ; 5 D, and older ESC [ 5 D. */
	unsigned modified = k->numbers > 0 ? k->number[1] : marked ? 0 : k->number[0];
	bool word = k->alt || final == '^' || final == '@' ||
	            (modified > 1 && ((modified - 1) & MODIFIED_WORD) != 0);
	enum key key = KEY_NONE;

	if (!k->unknown && marked && !k->ss3)
		key = key_of_number(k, word);
	else if (!k->unknown && !marked)
		key = key_of_letter(k, final, word);
	leave(k);
	return key;
}

static void add_digit(struct keys *k, char digit)
{
	uint16_t *number = &k->number[k->numbers];

	if (k->numbers < 2)
		*number = *number > NUMBER_LIMIT / 10 ? NUMBER_LIMIT : (uint16_t)(*number * 10 + digit - '0');
}

/* A byte of a sequence, at *in. */
static enum key take_sequence(struct keys *k, const char **in)
{
	char c = **in;

	if (c < 0x20 || c == DEL || k->seen == SEQUENCE_BYTES) {
		/* No sequence goes on so: this byte stands for itself. */
		leave(k);
		return KEY_NONE;
	}
	++*in;
	if (c == '[' && k->seen == 0 && !k->ss3) {
		begin(k, STATE_CONSOLE);
		return KEY_MORE;
	}
	k->seen++;
	/* An intermediate byte, but rxvt ends with it what is pressed with shift. */
	if (c >= '@' || (c == '$' && k->numbers == 0 && k->number[0] > 0))
		return sequence_key(k, c);
	if (c >= '0' && c <= '9')
		add_digit(k, c);
	else if (c == ';')
		k->numbers = k->numbers < 2 ? k->numbers + 1 : 2;
	else
		k->unknown = true;
	return KEY_MORE;
}

/* What follows ESC, at *in. */
static enum key take_escaped(struct keys *k, const char **in)
{
	unsigned char c = (unsigned char)**in;

	if ((c < 0x20 && c != BS) || c >= 0x80) {
		leave(k);
		k->alt = c == ESC;
		return KEY_NONE;
	}
	++*in;
	switch (c) {
	case '[':
	case 'O':
		begin(k, STATE_SEQUENCE);
		k->ss3 = c == 'O';
		return KEY_MORE;
	case ']':
	case 'P':
	case 'X':
	case '^':
	case '_':
		begin(k, STATE_STRING);
		return KEY_MORE;
	default:
		leave(k);
	}
	switch (c) {
	case 'b':
	case 'B':
		return KEY_WORD_LEFT;
	case 'f':
	case 'F':
		return KEY_WORD_RIGHT;
	case 'd':
	case 'D':
		return KEY_WORD_DELETE;
	case BS:
	case DEL:
		return KEY_WORD_RUBOUT;
	default:
		return KEY_NONE;
	}
}

/* A byte of a string, at *in. */
static enum key take_string(struct keys *k, const char **in, int64_t now_ms)
{
	char c = **in;

	if (k->state == STATE_STRING_ESCAPE) {
		if (c == '\\') {
			++*in;
			leave(k);
		} else {
			/* The ESC ended the string, and begins something else. */
			begin(k, STATE_ESCAPE);
		}
		return KEY_NONE;
	}
	if (c == ESC) {
		k->state = STATE_STRING_ESCAPE;
		k->since_ms = now_ms;
		++*in;
		return KEY_MORE;
	}
	if ((unsigned char)c >= 0x20 && k->seen < STRING_BYTES) {
		k->seen++;
		++*in;
		return KEY_MORE;
	}
	*in += c == BEL;
	leave(k);
	return KEY_NONE;
}

/* quiet: the byte before came long ago. */
static enum key take_pasted(struct keys *k, const char **in, const char *end, bool quiet,
                            const char **text, size_t *len)
{
	char c = **in;
	uint16_t matched = k->seen;

	if (c == paste_end[matched]) {
		++*in;
		if (++k->seen < sizeof paste_end - 1)
			return KEY_MORE;
		leave(k);
		k->paste = false;
		return KEY_PASTE_END;
	}
	k->seen = 0;
	/* What looked like its end is text, without the ESC. */
	if (matched > 0)
		return matched > 1 ? give(paste_end + 1, matched - 1, text, len) : KEY_NONE;
	if (c == '\r' || c == '\n')
		return take_enter(k, in, end);
	if ((unsigned char)c >= 0x20 && c != DEL)
		return take_text(k, in, end, text, len);
	++*in;
	if (c == '\t')
		return give("    ", 4, text, len);
	if (c == CTRL_C && quiet && *in == end) {
		k->paste = false;
		return KEY_INTERRUPT;
	}
	return KEY_NONE;
}

/* At least one byte goes, or a state. KEY_MORE: it was no key yet. */
static enum key take(struct keys *k, const char **in, const char *end, int64_t now_ms,
                     const char **text, size_t *len)
{
	unsigned char c = (unsigned char)**in;
	bool quiet = now_ms - k->since_ms > PASTE_QUIET_MS, after_cr = k->after_cr;
	enum key key;

	if (k->paste)
		k->since_ms = now_ms;
	k->after_cr = false;
	if (after_cr && (c == '\n' || c == '\0')) {
		++*in;
		return KEY_MORE;
	}
	if (k->held_len > 0)
		return take_rest(k, in, text, len);
	if (k->paste)
		return take_pasted(k, in, end, quiet, text, len);
	switch ((enum keys_state)k->state) {
	case STATE_ESCAPE:
		return take_escaped(k, in);
	case STATE_SEQUENCE:
		key = take_sequence(k, in);
		k->paste = key == KEY_PASTE_BEGIN;
		k->since_ms = k->paste ? now_ms : k->since_ms;
		return key;
	case STATE_CONSOLE:
		*in += c >= 0x20 && c < DEL;
		leave(k);
		return KEY_NONE;
	case STATE_STRING:
	case STATE_STRING_ESCAPE:
		return take_string(k, in, now_ms);
	case STATE_TEXT:
		break;
	}
	if (c == '\r' || c == '\n')
		return take_enter(k, in, end);
	if (c >= 0x20 && c != DEL)
		return take_text(k, in, end, text, len);
	++*in;
	if (c == ESC) {
		k->state = STATE_ESCAPE;
		k->since_ms = now_ms;
		return KEY_MORE;
	}
	key = c == DEL ? KEY_BACKSPACE : (enum key)controls[c];
	return key == KEY_MORE ? KEY_NONE : key;
}

enum key keys_next(struct keys *k, const char **in, const char *end, int64_t now_ms,
                   const char **text, size_t *len)
{
	enum key key = KEY_MORE;

	*text = NULL;
	*len = 0;
	/* It may have been part of a password. */
	if (k->held_len == 0)
		explicit_bzero(k->held, sizeof k->held);
	if (*in < end && is_late(k, now_ms)) {
		leave(k);
		return KEY_NONE;
	}
	while (key == KEY_MORE && *in < end)
		key = take(k, in, end, now_ms, text, len);
	return key;
}
