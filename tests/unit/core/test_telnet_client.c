/* What telnet clients say of themselves: names, sizes, character sets, modules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/core/input/telnet_client.h"

static void test_clean(void **state)
{
	char out[TELNET_NAME_BYTES_MAX + 1], longest[600], all[256];
	int c;

	(void)state;
	telnet_client_clean(out, (const unsigned char *)"xterm-256color", 14);
	assert_string_equal(out, "XTERM-256COLOR");
	telnet_client_clean(out, (const unsigned char *)"a\x1B[2J\xFF\n\0z~{", 12);
	assert_string_equal(out, "A[2JZ~{");
	telnet_client_clean(out, NULL, 0);
	assert_string_equal(out, "");
	memset(longest, 'q', sizeof longest);
	telnet_client_clean(out, (const unsigned char *)longest, sizeof longest);
	assert_int_equal(strlen(out), TELNET_NAME_BYTES_MAX);
	for (c = 0; c < 256; c++)
		all[c] = (char)c;
	for (c = 0; c < 256; c++) {
		telnet_client_clean(out, (const unsigned char *)all + c, 1);
		assert_true(out[0] == '\0' || (out[0] >= ' ' && out[0] <= '~'));
		assert_false(out[0] >= 'a' && out[0] <= 'z');
		assert_int_equal(out[0] != '\0', c >= ' ' && c <= '~');
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		bool more, mud, ansi, colours256;
	} firsts[] = {
		{ "XTERM", false, false, true, false },
		{ "XTERM-256COLOR", false, false, true, true },
		{ "TMUX-256COLOR", false, false, true, true },
		{ "XTERM-DIRECT", false, false, true, true },
		{ "VT100", false, false, true, false },
		{ "ANSI", false, false, true, false }, /* Windows' telnet */
		{ "VT52", true, false, false, false }, /* which knows none of ANSI's sequences */
		{ "DUMB", true, false, false, false },
		{ "UNKNOWN", true, false, false, false },
		{ "", true, false, false, false },
		{ "MUDLET", true, true, false, false },
		{ "MUDLET 4.17.2", true, true, false, false },
		{ "TINTIN++", true, true, false, false },
		{ "MUSHCLIENT", true, true, false, false },
		{ "BEIP", true, true, false, false },
		{ "MTTS", true, false, false, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof firsts / sizeof *firsts; i++) {
		struct telnet_facts f = { 0 };

		assert_int_equal(telnet_client_name(&f, firsts[i].name, NULL), firsts[i].more);
		assert_string_equal(f.terminal, firsts[i].name);
		assert_int_equal(f.mud, firsts[i].mud);
		assert_int_equal(f.ansi, firsts[i].ansi);
		assert_int_equal(f.colours256, firsts[i].colours256);
		assert_false(f.reader || f.utf8 || f.mtts > 0);
		/* The same again is the end of the list. */
		assert_false(telnet_client_name(&f, firsts[i].name, firsts[i].name));
	}
}

static void test_mtts(void **state)
{
	static const struct {
		const char *name;
		uint32_t mtts;
		bool ansi, utf8, colours256, reader;
	} answers[] = {
		{ "MTTS 271", 271, true, true, true, false }, /* tintin++ */
		{ "MTTS 2349", 2349, true, true, true, false }, /* Mudlet */
		{ "MTTS 2413", 2413, true, true, true, true },
		{ "MTTS 1", 1, true, false, false, false },
		{ "MTTS 64", 64, false, false, false, true },
		{ "MTTS 256", 256, false, false, true, false },
		{ "MTTS 0", 0, false, false, false, false },
		{ "MTTS ", 0, false, false, false, false },
		{ "MTTS X", 0, false, false, false, false },
		{ "MTTS -1", 0, false, false, false, false },
		{ "MTTS 4294967295", UINT32_MAX, true, true, true, true },
		{ "MTTS 4294967296", 0, false, false, false, false },
		{ "MTTS 99999999999999999999999999999999999", 0, false, false, false, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof answers / sizeof *answers; i++) {
		struct telnet_facts f = { .terminal = "SOMETHING" }, latin1 = { .latin1 = true };

		assert_false(telnet_client_name(&f, answers[i].name, "XTERM"));
		assert_string_equal(f.terminal, "SOMETHING");
		assert_true(f.mud);
		assert_int_equal(f.mtts, answers[i].mtts);
		assert_int_equal(f.ansi, answers[i].ansi);
		assert_int_equal(f.utf8, answers[i].utf8);
		assert_int_equal(f.colours256, answers[i].colours256);
		assert_int_equal(f.reader, answers[i].reader);
		/* What CHARSET settled before stands; and it may be the first answer. */
		assert_false(telnet_client_name(&latin1, answers[i].name, NULL));
		assert_true(latin1.latin1 && !latin1.utf8 && latin1.mud);
	}
}

static void test_size(void **state)
{
	static const struct {
		unsigned columns, rows, kept_columns, kept_rows;
	} sizes[] = {
		{ 80, 24, 80, 24 }, { 0, 0, 0, 0 }, { 0, 24, 0, 24 }, { 80, 0, 80, 0 }, { 1, 1, 20, 1 },
		{ 19, 2, 20, 2 }, { 20, 3, 20, 3 }, { 255, 255, 255, 255 }, { 500, 500, 500, 500 },
		{ 501, 501, 500, 500 }, { 65535, 65535, 500, 500 }, { 256, 511, 256, 500 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct telnet_facts f = { 0 };
		unsigned char bytes[4] = {
			(unsigned char)(sizes[i].columns >> 8), (unsigned char)sizes[i].columns,
			(unsigned char)(sizes[i].rows >> 8), (unsigned char)sizes[i].rows,
		};

		telnet_client_size(&f, bytes);
		assert_int_equal(f.columns, sizes[i].kept_columns);
		assert_int_equal(f.rows, sizes[i].kept_rows);
	}
}

static void test_charsets(void **state)
{
#define LIST(s, charset, chosen) { s, sizeof(s) - 1, charset, chosen }
	static const struct {
		const char *list;
		size_t len;
		enum telnet_charset charset;
		const char *chosen;
	} lists[] = {
		LIST(";UTF-8", CHARSET_UTF8, "UTF-8"),
		LIST(" utf-8 us-ascii", CHARSET_UTF8, "utf-8"),
		LIST(";US-ASCII;ISO-8859-1;KOI8-R", CHARSET_LATIN1, "ISO-8859-1"),
		LIST(";iso-8859-1;UTF-8;latin1", CHARSET_UTF8, "UTF-8"),
		LIST(";UTF-8;ISO-8859-1", CHARSET_UTF8, "UTF-8"),
		LIST(";US-ASCII;ISO-8859-15;UTF-16", CHARSET_UNKNOWN, NULL),
		LIST("[TTABLE]\1;UTF-8", CHARSET_UTF8, "UTF-8"),
		LIST("[TTABLE]\1", CHARSET_UNKNOWN, NULL),
		LIST("[TTABLE]", CHARSET_UNKNOWN, NULL),
		LIST("", CHARSET_UNKNOWN, NULL),
		LIST(";", CHARSET_UNKNOWN, NULL),
		LIST(";;;;", CHARSET_UNKNOWN, NULL),
		LIST(";UTF-8;", CHARSET_UTF8, "UTF-8"),
		LIST("UUTF-8", CHARSET_UNKNOWN, NULL),
	};
#undef LIST
	const char *name;
	size_t i, len;

	(void)state;
	assert_int_equal(telnet_client_charset(" UTF-8", 6), CHARSET_UTF8);
	assert_int_equal(telnet_client_charset("utf8  ", 6), CHARSET_UTF8);
	assert_int_equal(telnet_client_charset("ISO_8859-1", 10), CHARSET_LATIN1);
	assert_int_equal(telnet_client_charset("", 0), CHARSET_UNKNOWN);
	assert_int_equal(telnet_client_charset("   ", 3), CHARSET_UNKNOWN);
	assert_int_equal(telnet_client_charset("UTF-8", 4), CHARSET_UNKNOWN);
	for (i = 0; i < sizeof lists / sizeof *lists; i++) {
		/* In memory of just its size, so that a byte too many is found. */
		char *list = malloc(lists[i].len + !lists[i].len);

		assert_non_null(list);
		memcpy(list, lists[i].list, lists[i].len);
		assert_int_equal(telnet_client_choose(list, lists[i].len, &name, &len), lists[i].charset);
		assert_int_equal(len, lists[i].chosen ? strlen(lists[i].chosen) : 0);
		if (len > 0)
			assert_memory_equal(name, lists[i].chosen, len);
		else
			assert_null(name);
		free(list);
	}
}

static void test_supports(void **state)
{
	static const struct {
		const char *message;
		bool says, before, after;
	} messages[] = {
		{ "Core.Supports.Set [ \"Char 1\", \"Comm.Channel 1\", \"Room 1\" ]", true, false, true },
		{ "Core.Supports.Set [ \"Char 1\", \"Room 1\" ]", true, true, false },
		{ "Core.Supports.Set [\"comm.channel 1\"]", true, false, true },
		{ "core.supports.set [\"Comm 1\"]", true, false, true },
		{ "Core.Supports.Set[\"Comm.Channel 1\"]", true, false, true },
		{ "Core.Supports.Set [\"Comm.Channel 0\"]", true, true, false },
		{ "Core.Supports.Set [\"Comm.Channel 10\"]", true, false, true },
		{ "Core.Supports.Set [\"Comm.Channels 1\"]", true, true, false },
		{ "Core.Supports.Set [\"Comm.Channel\"]", true, false, true },
		{ "Core.Supports.Set []", true, true, false },
		{ "Core.Supports.Add [\"Comm.Channel 1\"]", true, false, true },
		{ "Core.Supports.Add [\"Room 1\"]", true, true, true },
		{ "Core.Supports.Add [\"Room 1\"]", true, false, false },
		{ "Core.Supports.Remove [\"Comm.Channel\"]", true, true, false },
		{ "Core.Supports.Remove [\"Comm.Channel 1\"]", true, true, false },
		{ "Core.Supports.Remove [\"Room\"]", true, true, true },
		/* The string does not end, or an escape is in it. */
		{ "Core.Supports.Set [\"Comm.Channel 1", true, false, false },
		{ "Core.Supports.Set [\"Comm.Channel\\\"", true, false, false },
		{ "Core.Supports.Set [\"\\\"Comm.Channel 1\"]", true, false, false },
		{ "Core.Supports.Set [\"\\", true, false, false },
		{ "Core.Supports.Set", false, true, true },
		{ "Core.Supports.Set {\"a\": \"Comm.Channel 1\"}", false, false, false },
		{ "Core.Supports", false, true, true },
		{ "Core.Hello { \"client\": \"Mudlet\", \"version\": \"4.17\" }", false, false, false },
		{ "Comm.Channel.Enable \"ops\"", false, false, false },
		{ "", false, true, true },
		{ " [\"Comm.Channel 1\"]", false, false, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof messages / sizeof *messages; i++) {
		size_t len = strlen(messages[i].message);
		bool channels = messages[i].before;
		char *copy = malloc(len + !len);

		assert_non_null(copy);
		memcpy(copy, messages[i].message, len);
		assert_int_equal(telnet_client_supports(copy, len, &channels), messages[i].says);
		assert_int_equal(channels, messages[i].after);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_mtts),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_charsets),
		cmocka_unit_test(test_supports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
