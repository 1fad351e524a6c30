/*
 * The line being typed, against a model: thousands of people press random keys, and after each of them the
 * line and its cursor are what a plain list of code points says. And against random bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <utf8proc.h>

#include "chatd/base/bounds.h"
#include "chatd/core/terminal/editor.h"
#include "prng.h"

enum {
	CPS_MAX = 512,      /* code points of a line: no line here has more bytes */
	SESSIONS = 3000,
	KEYS = 300,         /* of one session */
};

struct cps {
	int32_t cp[CPS_MAX];
	size_t n;
};

struct model {
	struct cps line;    /* the line */
	size_t cursor;      /* in it, before it is moved out of a grapheme */
	struct cps kill;    /* what ctrl-Y brings back */
	bool joins;         /* the last key cut something */
	struct cps history[EDITOR_HISTORY_LINES]; /* the newest first */
	size_t remembered;  /* of it */
	size_t back;        /* lines back in it; 0: not in it */
	struct cps begun;   /* what was begun before */
	bool hidden;        /* a password */
};

static size_t cps_encode(const struct cps *c, char *out)
{
	size_t len = 0;

	for (size_t i = 0; i < c->n; i++)
		len += (size_t)utf8proc_encode_char(c->cp[i], (utf8proc_uint8_t *)out + len);
	out[len] = '\0';
	return len;
}

static struct cps cps_decode(const char *s)
{
	struct cps c = {.n = 0};

	while (*s != '\0')
		s += utf8proc_iterate((const utf8proc_uint8_t *)s, -1, &c.cp[c.n++]);
	return c;
}

static size_t cps_bytes(const struct cps *c)
{
	char out[CPS_MAX * 4 + 1];

	return cps_encode(c, out);
}

static void cps_insert(struct cps *c, size_t at, const int32_t *cp, size_t n)
{
	assert_true(c->n + n <= CPS_MAX);
	memmove(c->cp + at + n, c->cp + at, (c->n - at) * sizeof *cp);
	memcpy(c->cp + at, cp, n * sizeof *cp);
	c->n += n;
}

static void cps_remove(struct cps *c, size_t from, size_t to)
{
	memmove(c->cp + from, c->cp + to, (c->n - to) * sizeof c->cp[0]);
	c->n -= to - from;
}

/* A grapheme ends at `at`. */
static bool ends(const struct cps *c, size_t at)
{
	int32_t state = 0;
	bool parts = true;

	for (size_t i = 1; i <= at && at < c->n; i++)
		parts = utf8proc_grapheme_break_stateful(c->cp[i - 1], c->cp[i], &state);
	return at == c->n || parts;
}

static size_t whole(const struct cps *c, size_t at)
{
	while (!ends(c, at))
		at++;
	return at;
}

static size_t left(const struct cps *c, size_t at)
{
	do
		at -= at > 0;
	while (!ends(c, at));
	return at;
}

static size_t right(const struct cps *c, size_t at)
{
	return at < c->n ? whole(c, at + 1) : at;
}

static bool blank(int32_t cp)
{
	return cp == ' ' || cp == 0x3000;
}

static bool letter(int32_t cp)
{
	return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') || (cp >= '0' && cp <= '9') ||
	       (cp >= 0x80 && !blank(cp));
}

static size_t word_left(const struct cps *c, size_t at)
{
	while (at > 0 && !letter(c->cp[at - 1]))
		at--;
	while (at > 0 && letter(c->cp[at - 1]))
		at--;
	return ends(c, at) ? at : left(c, at);
}

static size_t word_right(const struct cps *c, size_t at)
{
	while (at < c->n && !letter(c->cp[at]))
		at++;
	while (at < c->n && letter(c->cp[at]))
		at++;
	return whole(c, at);
}

static size_t blank_left(const struct cps *c, size_t at)
{
	while (at > 0 && blank(c->cp[at - 1]))
		at--;
	while (at > 0 && !blank(c->cp[at - 1]))
		at--;
	return ends(c, at) ? at : left(c, at);
}

/* -- keys -------------------------------------------------------------------------- */

static void cut(struct model *m, size_t from, size_t to)
{
	if (from == to)
		return;
	if (!m->hidden) {
		if (!m->joins)
			m->kill.n = 0;
		cps_insert(&m->kill, from == m->cursor ? m->kill.n : 0, m->line.cp + from, to - from);
		m->joins = true;
	}
	cps_remove(&m->line, from, to);
	m->cursor = from;
}

static void walk(struct model *m, size_t back)
{
	if (m->hidden || back > m->remembered)
		return;
	if (back > 0 && m->back == 0)
		m->begun = m->line;
	m->line = back == 0 ? m->begun : m->history[back - 1];
	m->back = back;
	m->cursor = m->line.n;
}

static void transpose(struct model *m)
{
	size_t middle = m->cursor < m->line.n ? m->cursor : left(&m->line, m->cursor), begin, end;
	struct cps before = {.n = 0};

	if (middle == 0)
		return;
	begin = left(&m->line, middle);
	end = right(&m->line, middle);
	cps_insert(&before, 0, m->line.cp + begin, middle - begin);
	cps_remove(&m->line, begin, middle);
	cps_insert(&m->line, begin + end - middle, before.cp, before.n);
	m->cursor = end;
}

static void remember(struct model *m)
{
	size_t bytes = 0;

	if (m->hidden || m->line.n == 0 ||
	    (m->remembered > 0 && m->history[0].n == m->line.n &&
	     memcmp(m->history[0].cp, m->line.cp, m->line.n * sizeof m->line.cp[0]) == 0))
		return;
	if (m->remembered == EDITOR_HISTORY_LINES)
		m->remembered--;
	memmove(m->history + 1, m->history, m->remembered * sizeof m->history[0]);
	m->history[0] = m->line;
	m->remembered++;
	for (size_t i = 0; i < m->remembered; i++) {
		bytes += cps_bytes(&m->history[i]) + 1;
		if (bytes > EDITOR_HISTORY_BYTES)
			m->remembered = i;
	}
}

static void yank(struct model *m, size_t bytes_max)
{
	size_t bytes = cps_bytes(&m->line) + cps_bytes(&m->kill);

	if (m->kill.n > 0 && bytes > bytes_max)
		return;
	cps_insert(&m->line, m->cursor, m->kill.cp, m->kill.n);
	m->cursor += m->kill.n;
}

/* Each key, as a terminal sends it; some are sent in several ways. */
static const struct {
	const char *sent;
	enum { LEFT, RIGHT, HOME, END, WORD_LEFT, WORD_RIGHT, BACKSPACE, DELETE, WORD_DELETE, WORD_RUBOUT,
	       KILL, RUBOUT, YANK, TRANSPOSE, UP, DOWN, OTHER } key;
} keys[] = {
	{"\x1B[D", LEFT}, {"\x1BOD", LEFT}, {"\x02", LEFT}, {"\x1B[C", RIGHT}, {"\x06", RIGHT},
	{"\x1B[H", HOME}, {"\x01", HOME}, {"\x1B[4~", END}, {"\x05", END}, {"\x1B" "b", WORD_LEFT},
	{"\x1B[1;5D", WORD_LEFT}, {"\x1B" "f", WORD_RIGHT}, {"\x1B[1;3C", WORD_RIGHT}, {"\x7F", BACKSPACE},
	{"\b", BACKSPACE}, {"\x7F", BACKSPACE}, {"\x1B[3~", DELETE}, {"\x1B[3~", DELETE},
	{"\x1B" "d", WORD_DELETE}, {"\x17", WORD_RUBOUT}, {"\x1B\x7F", WORD_RUBOUT}, {"\x0B", KILL},
	{"\x15", RUBOUT}, {"\x19", YANK}, {"\x19", YANK}, {"\x14", TRANSPOSE}, {"\x14", TRANSPOSE},
	{"\x1B[A", UP}, {"\x1B[B", DOWN}, {"\x0C", OTHER}, {"\t", OTHER}, {"\x1B[15~", OTHER}, {"\x07", OTHER},
	{"\x1B]0;x\x07", OTHER},
};

static void press(struct model *m, int key, size_t bytes_max)
{
	struct cps *c = &m->line;
	size_t at = m->cursor;

	if (key != KILL && key != RUBOUT && key != WORD_DELETE && key != WORD_RUBOUT)
		m->joins = false;
	if (key == LEFT)
		m->cursor = left(c, at);
	else if (key == RIGHT)
		m->cursor = right(c, at);
	else if (key == HOME)
		m->cursor = 0;
	else if (key == END)
		m->cursor = c->n;
	else if (key == WORD_LEFT)
		m->cursor = word_left(c, at);
	else if (key == WORD_RIGHT)
		m->cursor = word_right(c, at);
	else if (key == BACKSPACE)
		cps_remove(c, m->cursor = left(c, at), at);
	else if (key == DELETE)
		cps_remove(c, at, right(c, at));
	else if (key == WORD_DELETE)
		cut(m, at, word_right(c, at));
	else if (key == WORD_RUBOUT)
		cut(m, blank_left(c, at), at);
	else if (key == KILL)
		cut(m, at, c->n);
	else if (key == RUBOUT)
		cut(m, 0, at);
	else if (key == YANK)
		yank(m, bytes_max);
	else if (key == TRANSPOSE)
		transpose(m);
	else if (key == UP)
		walk(m, m->back + 1);
	else if (key == DOWN && m->back > 0)
		walk(m, m->back - 1);
}

static void type(struct model *m, const char *text, size_t bytes_max)
{
	struct cps typed = cps_decode(text);

	m->joins = false;
	for (size_t i = 0; i < typed.n; i++) {
		struct cps one = {.cp = {typed.cp[i]}, .n = 1};

		if (cps_bytes(&m->line) + cps_bytes(&one) <= bytes_max)
			cps_insert(&m->line, m->cursor++, one.cp, 1);
	}
}

/* A paste of one line. */
static void paste(struct model *m, const char *text, size_t bytes_max)
{
	struct cps typed = cps_decode(text);

	m->joins = false;
	if (cps_bytes(&m->line) + strlen(text) > bytes_max)
		return;
	cps_insert(&m->line, m->cursor, typed.cp, typed.n);
	m->cursor += typed.n;
}

/* -- sessions ---------------------------------------------------------------------- */

static const char *const texts[] = {
	"a", "b", "Z", "7", " ", " ", ".", "-", "word", "two words", "ü", "u\xCC\x88", "\xCC\x81", "ß", "你", "好",
	"한", "\xE1\x84\x92", "\xE1\x85\xA1", "\xE1\x86\xAB", "👨‍👩‍👧", "👩", "\xE2\x80\x8D", "👍🏽", "🏽", "❤\xEF\xB8\x8F",
	"\xEF\xB8\x8F", "🇩🇪", "🇫", "🇷", "🏴\xF3\xA0\x81\xA7\xF3\xA0\x81\xA2\xF3\xA0\x81\xBF", "क्षि", "क", "्", "ष",
	"ि", "ไทย", "\xE0\xB8\xB3", "\xE3\x80\x80", "\xE0\xB5\x8E", "سلام", "\xE2\x80\x8C",
};

/* Feeds it in pieces, and returns the last result. */
static enum editor_result feed(struct editor *e, struct prng *prng, const char *in, uint32_t bytes_max)
{
	enum editor_result r, last = EDITOR_MORE;
	size_t left_bytes = strlen(in), n;

	for (; left_bytes > 0; left_bytes -= n, in += n) {
		const char *at = in, *text;
		size_t len;

		n = prng_chance(prng, 800) ? left_bytes : 1 + prng_below(prng, (uint32_t)left_bytes);
		while ((r = editor_take(e, &at, in + n, bytes_max, 1, &text, &len)) != EDITOR_MORE)
			last = r;
		assert_ptr_equal(at, in + n);
	}
	return last;
}

static void check(const struct editor *e, struct model *m, uint64_t seed, int step)
{
	char expected[CPS_MAX * 4 + 1];
	struct cps before = m->line;
	size_t len, cursor, shown_len, shown_cursor;
	const char *text = editor_text(e, &len, &cursor), *shown = editor_shown(e, &shown_len, &shown_cursor);

	cps_encode(&m->line, expected);
	before.n = whole(&m->line, m->cursor);
	if (len != strlen(expected) || strcmp(text, expected) != 0 || cursor != cps_bytes(&before))
		fail_msg("seed %llu, key %d: '%s' at %zu, not '%s' at %zu", (unsigned long long)seed, step, text,
		         cursor, expected, cps_bytes(&before));
	assert_string_equal(shown, m->hidden ? "" : text);
	assert_int_equal(shown_cursor, m->hidden ? 0 : cursor);
	assert_int_equal(editor_begun(e), m->line.n > 0);
}

static void enter(struct editor *e, struct model *m, struct prng *prng, uint32_t bytes_max)
{
	char expected[CPS_MAX * 4 + 1];
	const char *at = prng_chance(prng, 500) ? "\r\n" : "\n", *end = at + strlen(at), *text;
	size_t len;

	cps_encode(&m->line, expected);
	assert_int_equal(editor_take(e, &at, end, bytes_max, 1, &text, &len), EDITOR_LINE);
	assert_ptr_equal(at, end);
	assert_string_equal(text, expected);
	assert_int_equal(len, strlen(expected));
	if (prng_chance(prng, 700)) {
		editor_remember(e, expected, len);
		remember(m);
	}
	editor_taken(e);
	m->line.n = m->cursor = m->back = 0;
	m->joins = false;
}

static void drop(struct model *m)
{
	m->line.n = m->cursor = m->back = 0;
	m->joins = false;
}

static void step(struct editor *e, struct model *m, struct prng *prng, uint32_t bytes_max)
{
	uint32_t what = prng_below(prng, 1000);
	const char *text = texts[prng_below(prng, sizeof texts / sizeof texts[0])];
	char pasted[64];

	if (what >= 500)
		m->cursor = whole(&m->line, m->cursor);
	if (what < 500) {
		feed(e, prng, text, bytes_max);
		type(m, text, bytes_max);
	} else if (what < 930) {
		uint32_t i = prng_below(prng, sizeof keys / sizeof keys[0]);

		feed(e, prng, keys[i].sent, bytes_max);
		press(m, (int)keys[i].key, bytes_max);
	} else if (what < 955) {
		enter(e, m, prng, bytes_max);
	} else if (what < 960) {
		assert_int_equal(feed(e, prng, "\x03", bytes_max), EDITOR_INTERRUPT);
		drop(m);
	} else if (what < 970) {
		assert_int_equal(feed(e, prng, "\x04", bytes_max), m->line.n == 0 ? EDITOR_EOF : EDITOR_MORE);
		press(m, DELETE, bytes_max);
	} else if (what < 980) {
		snprintf(pasted, sizeof pasted, "\x1B[200~%s\r\x1B[201~", text);
		feed(e, prng, pasted, bytes_max);
		paste(m, text, bytes_max);
	} else if (what < 983) {
		editor_hide(e, !m->hidden);
		m->hidden = !m->hidden;
		m->kill.n = 0;
		drop(m);
	} else if (what < 986) {
		editor_clear(e);
		drop(m);
	} else {
		size_t from = prng_below(prng, (uint32_t)m->line.n + 1);
		struct cps c = m->line, before = m->line, typed = cps_decode(text);
		size_t to = prng_range(prng, (uint32_t)from, (uint32_t)m->line.n);
		bool fits = cps_bytes(&c) + strlen(text) <= bytes_max;

		before.n = from;
		c.n = to;
		fits |= cps_bytes(&m->line) - (cps_bytes(&c) - cps_bytes(&before)) + strlen(text) <=
		        (bytes_max > cps_bytes(&m->line) ? bytes_max : cps_bytes(&m->line));
		assert_int_equal(fits, editor_replace(e, cps_bytes(&before), cps_bytes(&c), text, strlen(text),
		                                      bytes_max));
		if (fits) {
			cps_remove(&m->line, from, to);
			cps_insert(&m->line, from, typed.cp, typed.n);
			m->cursor = from + typed.n;
			m->joins = false;
		}
	}
}

static void test_model(void **state)
{
	static struct model m;

	(void)state;
	for (uint64_t seed = 1; seed <= SESSIONS; seed++) {
		struct prng prng = {seed};
		struct editor *e = editor_new();
		uint32_t bytes_max = prng_range(&prng, 20, 300);

		memset(&m, 0, sizeof m);
		for (int i = 0; i < KEYS; i++) {
			if (prng_chance(&prng, 10))
				bytes_max = prng_range(&prng, 20, 300);
			step(e, &m, &prng, bytes_max);
			check(e, &m, seed, i);
		}
		editor_free(e);
	}
}

/* Anything, at any time, in any pieces, with everything that a caller may do in between. */
static void test_random_bytes(void **state)
{
	static const char *const parts[] = {"\x1B[200~", "\x1B[201~", "\x1B[200~", "\x1B[201~", "\r", "\n", "one\ntwo\n",
		"\x1B", "\x1B[", "\x03", "\x04", "\x19", "\x17", "\x15", "abc def", "👨‍👩‍👧", "\xCC\x81", "🇩", "\x1B[A", "\t"};

	(void)state;
	for (uint64_t seed = 1; seed <= 3000; seed++) {
		struct prng prng = {seed};
		struct editor *e = editor_new();
		uint32_t bytes_max = prng_range(&prng, 1, 100);
		int64_t now_ms = 1;

		for (int i = 0; i < 100; i++) {
			char byte = (char)prng_below(&prng, 256);
			const char *in = &byte, *end = in + 1, *text;
			size_t len, cursor;
			enum editor_result r;

			if (prng_chance(&prng, 600)) {
				in = parts[prng_below(&prng, sizeof parts / sizeof parts[0])];
				end = in + strlen(in);
			}
			do {
				r = editor_take(e, &in, end, bytes_max, now_ms, &text, &len);
				now_ms += prng_chance(&prng, 100) ? 600 : 1;
				if (r == EDITOR_LINE)
					editor_remember(e, text, len);
				if (prng_chance(&prng, 5))
					editor_clear(e);
				if (prng_chance(&prng, 5))
					editor_hide(e, prng_chance(&prng, 500));
				if (prng_chance(&prng, 5))
					editor_latin1(e, prng_chance(&prng, 500));
				if (prng_chance(&prng, 5))
					bytes_max = prng_range(&prng, 1, 100);
				if (r == EDITOR_LINE)
					assert_true(utf8proc_decompose((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len,
					                               NULL, 0, 0) >= 0 && strlen(text) == len);
				/* It need not be offered again at once. */
			} while (r != EDITOR_MORE && !prng_chance(&prng, 5));
			text = editor_text(e, &len, &cursor);
			assert_true(len <= PASTE_BYTES_MAX && cursor <= len && strlen(text) == len);
			assert_true(utf8proc_decompose((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, NULL,
			                               0, 0) >= 0);
			text = editor_shown(e, &len, &cursor);
			assert_true(cursor <= len && strlen(text) == len && strchr(text, '\n') == NULL);
		}
		editor_free(e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
