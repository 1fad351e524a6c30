/* Lines out of bytes, however those are cut. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/core/input/line.h"

static uint64_t seed = 1;

static unsigned rnd(unsigned below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % below;
}

/* Takes all lines of one piece and writes what they were to log. */
static void feed(struct line *l, const char *in, size_t len, uint32_t max, bool edit,
                 struct bytes *log)
{
	/* Exactly as large, so that the sanitizer sees a read past the end. */
	char *piece = malloc(len ? len : 1);
	const char *p = piece, *end, *text;
	enum line_result r;
	uint64_t n;

	assert_non_null(piece);
	memcpy(piece, in, len);
	end = piece + len;
	while ((r = line_next(l, &p, end, max, edit, &text, &n)) != LINE_MORE) {
		assert_true(p >= piece && p <= end);
		if (r == LINE_READY) {
			assert_true(n <= max);
			bytes_puts(log, "[");
			bytes_append(log, text, n);
			bytes_puts(log, "]");
		} else {
			bytes_puts(log, r == LINE_INTERRUPT ? "{C}" : r == LINE_END ? "{D}" : "");
			if (r == LINE_TOO_LONG)
				bytes_printf(log, "{%" PRIu64 "}", n);
		}
	}
	assert_ptr_equal(p, end);
	free(piece);
	/* Bytes are kept only for an unfinished line that may still become valid. */
	assert_true(!l->partial || l->len <= max);
}

static void last(struct line *l, uint32_t max, struct bytes *log)
{
	const char *text;
	uint64_t n;
	enum line_result r = line_last(l, max, &text, &n);

	if (r == LINE_READY) {
		bytes_puts(log, "last[");
		bytes_append(log, text, n);
		bytes_puts(log, "]");
	} else if (r == LINE_TOO_LONG) {
		bytes_printf(log, "last{%" PRIu64 "}", n);
	}
	line_release(l);
	assert_null(l->partial);
}

/* Cut in two, in three or into single bytes, the input gives the same lines. */
static void gives(const char *in, size_t len, uint32_t max, bool edit, const char *expected,
                  size_t expected_len)
{
	struct bytes log = { 0 };
	struct line l = { 0 };
	size_t i, j;

	for (i = 0; i <= len; i++) {
		for (j = i; j <= len; j++) {
			bytes_clear(&log);
			feed(&l, in, i, max, edit, &log);
			feed(&l, in + i, j - i, max, edit, &log);
			feed(&l, in + j, len - j, max, edit, &log);
			last(&l, max, &log);
			assert_int_equal(log.len, expected_len);
			assert_memory_equal(log.data ? log.data : "", expected, expected_len);
		}
	}
	bytes_clear(&log);
	for (i = 0; i < len; i++)
		feed(&l, in + i, 1, max, edit, &log);
	last(&l, max, &log);
	assert_int_equal(log.len, expected_len);
	assert_memory_equal(log.data ? log.data : "", expected, expected_len);
	bytes_release(&log);
}

#define GIVES(max, in, expected) \
	gives(in, sizeof(in) - 1, max, false, expected, sizeof(expected) - 1)
#define EDITS(max, in, expected) \
	gives(in, sizeof(in) - 1, max, true, expected, sizeof(expected) - 1)

static void test_line_ends(void **state)
{
	(void)state;
	GIVES(64, "", "");
	GIVES(64, "hello\n", "[hello]");
	GIVES(64, "hello\r\nyou\r\n", "[hello][you]");
	GIVES(64, "hello\r\0you\r\0", "[hello][you]");
	GIVES(64, "hello\n\ryou\n\r\n\r", "[hello][you][]");
	GIVES(64, "hello\ryou\r\rthere\r", "[hello][you][][there]");
	GIVES(64, "\n\r\n\n", "[][][]");
	GIVES(64, "a\rb\n", "[a][b]");
	GIVES(64, "a\0b\n\0\n", "[a\0b][\0]");
	GIVES(64, "\b\x7F\x15\x03\x04\n", "[\x15\x03\x04]");
	/* The first line has shown that a CR does not end a line. */
	GIVES(64, "\na\rb\n", "[][a\rb]");
	GIVES(64, "x\r\na\rb\r\n", "[x][a\rb]");
	GIVES(64, "x\na\r\r\nb\r\r\n", "[x][a][b]");
	GIVES(64, "x\na\r\r\r\n", "[x][a\r\r]");
	/* Or that it does. */
	GIVES(64, "x\ry\r\rz\r\nw\r", "[x][y][][z][w]");
}

/* Lines that end with CR CR LF: the first of them must not come in single bytes, because people who
 * type CR alone want an answer to each. */
static void test_two_crs(void **state)
{
	static const char in[] = "hello\r\r\nyou\r\r\n";
	struct bytes log = { 0 };
	struct line l = { 0 };

	(void)state;
	for (size_t i = 1; i < sizeof in - 1; i++) {
		bytes_clear(&log);
		feed(&l, in, i, 64, false, &log);
		feed(&l, in + i, sizeof in - 1 - i, 64, false, &log);
		last(&l, 64, &log);
		assert_string_equal(log.data, "[hello][you]");
	}
	bytes_clear(&log);
	for (size_t i = 0; i < sizeof in - 1; i++)
		feed(&l, in + i, 1, 64, false, &log);
	last(&l, 64, &log);
	assert_string_equal(log.data, "[hello][][you]");
	/* Enter at a prompt. */
	bytes_clear(&log);
	feed(&l, "bob\r", 4, 64, false, &log);
	feed(&l, "\r", 1, 64, false, &log);
	assert_string_equal(log.data, "[bob][]");
	feed(&l, "bob\r", 4, 64, false, &log);
	assert_string_equal(log.data, "[bob][][bob]");
	last(&l, 64, &log);
	/* Typed ahead. */
	bytes_clear(&log);
	feed(&l, "bob\r\r", 5, 64, false, &log);
	feed(&l, "x\r", 2, 64, false, &log);
	assert_string_equal(log.data, "[bob][][x]");
	last(&l, 64, &log);
	bytes_release(&log);
}

static void test_keys(void **state)
{
	static const char *const keys[] = {"\x1b[A", "\x1b[D\x1b[D", "\x1bOP", "\x1b[1;5C", "\x1b[3~"};
	static const char *const texts[] = {"", "hello", "\x1b[A hello", "\x1b", "\x1b[", "\x1b[1",
	                                    "\x1b[31mred\x1b[0m", "\x1b\x1b"};

	(void)state;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		assert_true(line_is_keys(keys[i], strlen(keys[i])));
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(line_is_keys(texts[i], strlen(texts[i])));
}

static void test_peers_end(void **state)
{
	(void)state;
	GIVES(64, "one\ntwo", "[one]last[two]");
	GIVES(64, "one\ntwo\r", "[one]last[two]");
	GIVES(64, "one\n\r", "[one]");
	GIVES(4, "12345", "last{5}");
}

static void test_limit(void **state)
{
	(void)state;
	GIVES(5, "1234\r\n12345\r\n123456\r\nok\r\n", "[1234][12345]{6}[ok]");
	GIVES(5, "1234\n12345\n123456\nok\n", "[1234][12345]{6}[ok]");
	GIVES(5, "12345\r\0" "123456\r\0", "[12345]{6}");
	/* A CR that is not part of the line's end counts. */
	GIVES(5, "\n12345\rx\n1234\rx\n123\rx\n", "[]{7}{6}[123\rx]");
	GIVES(3, "\n\r\r\r\r\r\n\r\r\r\r\r\r\r\n", "[][\r\r]{4}");
	GIVES(5, "123456789012\n\n", "{12}[]");
}

static void test_editing(void **state)
{
	(void)state;
	EDITS(64, "helpo\b\blo\r\n", "[hello]");
	EDITS(64, "a\x7F\x7F\x7F" "b\n", "[b]");
	EDITS(64, "\b\n", "[]");
	EDITS(64, "wrong\x15right\n", "[right]");
	EDITS(64, "gone\x03kept\n", "{C}[kept]");
	EDITS(64, "one\n\x04", "[one]{D}");
	EDITS(64, "half\x04", "{D}last[half]");
	EDITS(64, "\na\r\b\n", "[][a]");
	EDITS(64, "\na\r\x03" "b\n", "[]{C}[b]");
	GIVES(64, "helpo\b\blo\r\n", "[hello]");
	GIVES(64, "bob\b\n\x7F\n", "[bo][]");
	/* A whole grapheme is erased; if the bytes are invalid, one of them. */
	GIVES(64, "xe\xCC\x81\b\n", "[x]");
	GIVES(64, "x\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB\b\n", "[x]");
	GIVES(64, "\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA\xF0\x9F\x87\xAB\xF0\x9F\x87\xB7\b\n",
	      "[\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA]");
	EDITS(64, "x\xC3\xA4\b\n", "[x]");
	EDITS(64, "x\xF0\x9F\x98\x80\by\n", "[xy]");
	EDITS(64, "\xF0\x9F\x98\x80\b\b\n", "[]");
	EDITS(64, "x\x80\x80\b\n", "[x\x80]");
	EDITS(64, "\x80\x80\x80\x80\x80\b\n", "[\x80\x80\x80\x80]");
}

static void test_editing_at_the_limit(void **state)
{
	(void)state;
	EDITS(4, "1234\b5\n", "[1235]");
	/* A line that was too long stays so, until ^U or ^C. */
	EDITS(4, "12345\b\b\b\n12\n", "{5}[12]");
	EDITS(4, "12345\x15" "12\n", "[12]");
	EDITS(4, "12345\x03" "12\n", "{C}[12]");
}

/* Without BS and DEL, and the characters before them. */
static void model_erase(struct bytes *line)
{
	size_t n = 0;

	for (size_t i = 0; i < line->len; i++) {
		if (line->data[i] != '\b' && line->data[i] != '\x7F')
			line->data[n++] = line->data[i];
		else if (n > 1 && memcmp(line->data + n - 2, "\xC3\xA4", 2) == 0)
			n -= 2;
		else if (n > 0)
			n--;
	}
	line->len = n;
}

/* A reference for lines that end with LF, without editing: what the header says, byte by byte. */
static void model(const char *in, size_t len, uint32_t max, struct bytes *log)
{
	struct bytes line = { 0 };
	size_t i;

	for (i = 0; i < len; i++) {
		size_t crs = 0;

		if (in[i] == '\r' && i > 0 && in[i - 1] == '\n')
			continue;
		while (crs < 2 && i + crs < len && in[i + crs] == '\r')
			crs++;
		if (i + crs == len)
			break;
		if (in[i + crs] != '\n' && (in[i + crs] != '\0' || crs == 0)) {
			bytes_append(&line, in + i, crs > 0 ? crs : 1);
			i += crs > 0 ? crs - 1 : 0;
			continue;
		}
		i += crs;
		if (line.len > max) {
			bytes_printf(log, "{%zu}", line.len);
		} else {
			model_erase(&line);
			bytes_puts(log, "[");
			bytes_append(log, line.data, line.len);
			bytes_puts(log, "]");
		}
		bytes_clear(&line);
	}
	if (line.len > max) {
		bytes_printf(log, "last{%zu}", line.len);
	} else if (line.len > 0) {
		model_erase(&line);
		bytes_puts(log, "last[");
		bytes_append(log, line.data, line.len);
		bytes_puts(log, "]");
	}
	bytes_release(&line);
}

static void cut_at_random(const char *in, size_t len, uint32_t max, bool edit, struct bytes *log)
{
	struct line l = { 0 };
	size_t i, n;

	bytes_clear(log);
	for (i = 0; i < len; i += n) {
		n = 1 + rnd(rnd(2) ? 3 : 40);
		n = n < len - i ? n : len - i;
		feed(&l, in + i, n, max, edit, log);
	}
	last(&l, max, log);
}

static void test_random_streams(void **state)
{
	static const char bytes[] = "\r\n\0abcdefgh\b\x7F\x15\x03\x04\xC3\xA4\r\n\r";
	struct bytes expected = { 0 }, log = { 0 };
	struct line l = { 0 };
	char in[400];
	size_t len, i;
	int round;
	uint32_t max;

	(void)state;
	for (round = 0; round < 20000; round++) {
		len = 1 + rnd(sizeof in - 1);
		max = 1 + rnd(20);
		for (i = 0; i < len; i++)
			in[i] = bytes[rnd(rnd(3) ? 11 : sizeof bytes - 1)];
		in[0] = '\n';
		bytes_clear(&expected);
		model(in, len, max, &expected);
		cut_at_random(in, len, max, false, &log);
		assert_int_equal(log.len, expected.len);
		assert_memory_equal(log.data, expected.data, log.len);

		bytes_clear(&expected);
		feed(&l, in, len, max, true, &expected);
		last(&l, max, &expected);
		cut_at_random(in, len, max, true, &log);
		assert_int_equal(log.len, expected.len);
		assert_memory_equal(log.data, expected.data, log.len);
	}
	bytes_release(&expected);
	bytes_release(&log);
}

static void test_whole_line_is_not_copied(void **state)
{
	static const char in[] = "first\nsecond\r\nthi";
	const char *p = in, *text;
	struct line l = { 0 };
	uint64_t len;

	(void)state;
	assert_int_equal(line_next(&l, &p, in + 17, 64, false, &text, &len), LINE_READY);
	assert_ptr_equal(text, in);
	assert_int_equal(line_next(&l, &p, in + 17, 64, false, &text, &len), LINE_READY);
	assert_ptr_equal(text, in + 6);
	assert_null(l.partial);
	assert_int_equal(line_next(&l, &p, in + 17, 64, false, &text, &len), LINE_MORE);
	assert_non_null(l.partial);
	/* Its text lives until the next call, which gives the memory back. */
	p = "rd\n";
	assert_int_equal(line_next(&l, &p, p + 3, 64, false, &text, &len), LINE_READY);
	assert_memory_equal(text, "third", 5);
	assert_int_equal(line_next(&l, &p, p, 64, false, &text, &len), LINE_MORE);
	assert_null(l.partial);
	line_release(&l);
}

/* The copy of a line does not stay until the next one: it may be a password. */
static void test_what_was_taken_is_cleared(void **state)
{
	const char *p = "sec", *text;
	struct line l = { 0 };
	uint64_t len;

	(void)state;
	assert_int_equal(line_next(&l, &p, p + 3, 64, false, &text, &len), LINE_MORE);
	line_taken(&l);
	p = "ret\nmo";
	assert_int_equal(line_next(&l, &p, p + 6, 64, false, &text, &len), LINE_READY);
	assert_memory_equal(text, "secret", 6);
	line_taken(&l);
	assert_null(l.partial);
	assert_int_equal(line_next(&l, &p, p + 2, 64, false, &text, &len), LINE_MORE);
	p = "re\n";
	assert_int_equal(line_next(&l, &p, p + 3, 64, false, &text, &len), LINE_READY);
	assert_memory_equal(text, "more", 4);
	line_release(&l);
}

static void test_endless_line(void **state)
{
	static char piece[2048];
	struct bytes log = { 0 };
	struct line l = { 0 };
	int i;

	(void)state;
	memset(piece, 'x', sizeof piece);
	for (i = 0; i < 50000; i++) {
		feed(&l, piece, sizeof piece, LINE_BYTES_LIMIT, i & 1, &log);
		if (i > 1)
			assert_null(l.partial);
	}
	feed(&l, "\r\nstill here\n", 13, LINE_BYTES_LIMIT, false, &log);
	assert_string_equal(log.data, "{102400000}[still here]");
	bytes_release(&log);
	line_release(&l);
}

/* Four million lines in one piece: no minute of searching for the LF that never comes. */
static void test_no_quadratic_search(void **state)
{
	size_t len = 8 << 20, lines = 0, i;
	char *in = malloc(len);
	const char *p = in, *text;
	struct line l = { 0 };
	uint64_t n;

	(void)state;
	assert_non_null(in);
	for (i = 0; i < len; i += 2)
		memcpy(in + i, "\r", 2);
	while (line_next(&l, &p, in + len, 64, false, &text, &n) == LINE_READY)
		lines++;
	assert_int_equal(lines, len / 2);
	line_release(&l);
	free(in);
}

/* The limit may change while a line is unfinished. */
static void test_limit_changes(void **state)
{
	struct bytes log = { 0 };
	struct line l = { 0 };
	const char *p = "\n", *text;
	uint64_t n;

	(void)state;
	feed(&l, "123456", 6, 5, false, &log);
	feed(&l, "78", 2, LINE_BYTES_LIMIT, false, &log);
	assert_null(l.partial);
	feed(&l, "9\n", 2, LINE_BYTES_LIMIT, false, &log);
	feed(&l, "12", 2, 5, false, &log);
	feed(&l, "345678\n", 7, LINE_BYTES_LIMIT, false, &log);
	assert_string_equal(log.data, "{9}[12345678]");
	feed(&l, "12345678", 8, LINE_BYTES_LIMIT, false, &log);
	assert_int_equal(line_next(&l, &p, p + 1, 5, false, &text, &n), LINE_TOO_LONG);
	assert_int_equal(n, 8);
	bytes_release(&log);
	line_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_two_crs),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_peers_end),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_editing),
		cmocka_unit_test(test_editing_at_the_limit),
		cmocka_unit_test(test_random_streams),
		cmocka_unit_test(test_whole_line_is_not_copied),
		cmocka_unit_test(test_what_was_taken_is_cleared),
		cmocka_unit_test(test_endless_line),
		cmocka_unit_test(test_no_quadratic_search),
		cmocka_unit_test(test_limit_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
