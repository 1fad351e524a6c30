/* The operator's texts: what a file may have, and what is said of one that may not be used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "chatd/program/conf/texts.h"

static char dir[] = "/tmp/chatd-texts-XXXXXX";

static void put(const char *name, const char *text, size_t len)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* The key's file, "f", has this text. Returns what is read; NULL: problem (if it is not NULL) is what is
 * said about that, with its line end. */
static char *read_as(const char *key, const char *text, size_t len, const char *problem)
{
	struct bytes problems = {0};
	struct conf c;
	char *taken = NULL;

	put("f", text, len);
	conf_init(&c);
	assert_true(conf_set(&c, key, "f", "test", &problems));
	for (enum text t = 0; t < TEXTS; t++)
		if (strcmp(texts_key(t), key) == 0)
			taken = texts_read_one(&c, t, false, &problems);
	assert_int_equal(taken == NULL, problem != NULL);
	assert_string_equal(problems.len > 0 ? problems.data : "", problem != NULL ? problem : "");
	bytes_release(&problems);
	conf_release(&c);
	return taken;
}

static void is_read(const char *key, const char *text, const char *expected)
{
	char *taken = read_as(key, text, strlen(text), NULL);

	assert_string_equal(taken, expected);
	free(taken);
}

static void is_refused(const char *key, const char *text, const char *problem)
{
	assert_null(read_as(key, text, strlen(text), problem));
}

static void test_lines(void **state)
{
	(void)state;
	is_read("motd", "one\ntwo\n", "one\ntwo\n");
	is_read("motd", "one\r\ntwo", "one\ntwo\n");
	is_read("motd", "\n one  \n\n\ntwo\n   \n\n", "\n one\n\n\ntwo\n");
	is_read("motd", "\xef\xbb\xbfone\n", "one\n");
	is_read("motd", "", "");
	is_read("rules", "\n\r\n", "");
	/* More blanks in a row than people may send, a family, and Hindi. */
	is_read("banner", "(                                        )\n", "(                                        )\n");
	is_read("motd", "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9 \xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d\xe0\xa4\xb7\n",
	        "\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9 \xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d\xe0\xa4\xb7\n");
}

static void test_what_is_not_shown_as_it_is(void **state)
{
	(void)state;
	is_refused("motd", "one\n\033[31mred\n", "motd = f: line 2 has a control character (^[)\n");
	is_refused("motd", "one\n\ttwo\n", "motd = f: line 2 has a tab; write blanks instead\n");
	is_refused("motd", "one\rtwo\n", "motd = f: line 1 has a control character (^M)\n");
	is_refused("rules", "caf\xe9\n", "rules = f: line 1 is not UTF-8\n");
	is_refused("rules", "evil \xe2\x80\xae\n",
	           "rules = f: line 1 has something that is not shown as it is (<U+202E>)\n");
	is_refused("banner", "\n\n\x7f", "banner = f: line 3 has a control character (^?)\n");
	assert_null(read_as("motd", "a\0b\n", 4, "motd = f: line 1 has a control character (^@)\n"));
}

/* What programs that read the greeting would take for something else. */
static void test_a_banner_does_not_mislead(void **state)
{
	static const char *const misleading[] = {
		"[ENTER YOUR NAME]: ", "Welcome. [PASSWORD]: x", "x [[PRESS ENTER]:", "-- You are alice, in general.", "--",
		"[2026-11-22 20:14:05][bob]:hello", "#12 [2026-11-22 20:14:05][bob]:hello", "> [2026-11-22 20:14:05]",
		"  [2026-11-22 20:14:05]",
	};
	static const char *const harmless[] = {"[===]", "[A] [b]:", "---", "--o--", "# Chat", "  [ A ]", "a [B C]"};
	char line[128];

	(void)state;
	for (size_t i = 0; i < sizeof misleading / sizeof *misleading; i++) {
		snprintf(line, sizeof line, "x\n%s\n", misleading[i]);
		is_refused("banner", line,
		           "banner = f: line 2 could be taken for a prompt, a reply or something said\n");
		/* Behind "-- " and two blanks it cannot. */
		free(read_as("motd", line, strlen(line), NULL));
	}
	for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
		snprintf(line, sizeof line, "%s\n", harmless[i]);
		is_read("banner", line, line);
	}
}

static void test_bounds(void **state)
{
	static char text[WELCOME_BYTES_MAX + 2];
	struct bytes lines = {0};

	(void)state;
	memset(text, 'x', WELCOME_BYTES_MAX);
	free(read_as("motd", text, WELCOME_BYTES_MAX, NULL));
	text[WELCOME_BYTES_MAX] = 'x';
	is_refused("motd", text, "motd = f: it is longer than 8192 bytes\n");
	memset(text, '\n', BANNER_BYTES_MAX + 1);
	assert_null(read_as("banner", text, BANNER_BYTES_MAX + 1, "banner = f: it is longer than 4096 bytes\n"));
	for (int i = 0; i < BANNER_LINES_MAX; i++)
		bytes_puts(&lines, "x\n");
	is_read("banner", lines.data, lines.data);
	bytes_puts(&lines, "x");
	is_refused("banner", lines.data, "banner = f: it has 23 lines, and the limit is 22\n");
	bytes_clear(&lines);
	bytes_printf(&lines, "%078d\n", 1);
	is_read("banner", lines.data, lines.data);
	bytes_clear(&lines);
	bytes_printf(&lines, "\n%076d\xe7\x8e\x8b\n", 1);
	is_read("banner", lines.data, lines.data);
	bytes_clear(&lines);
	bytes_printf(&lines, "\n%077d\xe7\x8e\x8b\n", 1);
	is_refused("banner", lines.data, "banner = f: line 2 is wider than 78 columns\n");
	bytes_release(&lines);
}

/* What is said of a path. */
static void is_unreadable(const char *path, bool again, const char *problem)
{
	struct bytes problems = {0};
	struct texts x;
	struct conf c;

	conf_init(&c);
	assert_true(conf_set(&c, "motd", path, "test", &problems));
	assert_false(texts_read(&x, &c, again, &problems));
	assert_null(x.text[TEXT_MOTD]);
	assert_string_equal(problems.data, problem);
	bytes_release(&problems);
	conf_release(&c);
}

static void test_what_is_no_file(void **state)
{
	(void)state;
	is_unreadable("missing", false, "motd = missing: cannot be read: No such file or directory\n");
	is_unreadable("/", false, "motd = /: this is a folder, not a file\n");
	/* A pipe that nobody writes to does not hold up the start. */
	assert_int_equal(mkfifo("pipe", 0600), 0);
	is_unreadable("pipe", false, "motd = pipe: this is not an ordinary file\n");
	assert_int_equal(unlink("pipe"), 0);
	is_unreadable("/dev/zero", false, "motd = /dev/zero: this is not an ordinary file\n");
	if (geteuid() == 0)
		return;
	put("closed", "x\n", 2);
	assert_int_equal(chmod("closed", 0), 0);
	is_unreadable("closed", false, "motd = closed: cannot be read: Permission denied\n");
	is_unreadable("closed", true, "motd = closed: cannot be read: Permission denied "
	              "(in the sandbox, a file in another folder needs a restart)\n");
	assert_int_equal(unlink("closed"), 0);
}

static void test_which_files(void **state)
{
	struct bytes problems = {0};
	struct texts x;
	struct conf c;

	(void)state;
	conf_init(&c);
	for (enum text t = 0; t < TEXTS; t++)
		assert_null(texts_path(&c, t));
	assert_true(texts_read(&x, &c, false, &problems));
	for (enum text t = 0; t < TEXTS; t++)
		assert_null(x.text[t]);
	texts_release(&x);
	put("none", "not read\n", 9);
	assert_true(conf_set(&c, "banner", "none", "test", &problems));
	assert_true(conf_set(&c, "motd", "none", "test", &problems));
	assert_true(texts_read(&x, &c, false, &problems));
	assert_string_equal(x.text[TEXT_BANNER], "");
	assert_null(x.text[TEXT_MOTD]);
	texts_release(&x);
	put("penguin", "mine\n", 5);
	assert_true(conf_set(&c, "banner", "./penguin", "test", &problems));
	assert_true(conf_set(&c, "motd", "./none", "test", &problems));
	assert_true(texts_read(&x, &c, false, &problems));
	assert_string_equal(x.text[TEXT_BANNER], "mine\n");
	assert_string_equal(x.text[TEXT_MOTD], "not read\n");
	texts_release(&x);
	/* All that is wrong is said at once. */
	assert_true(conf_set(&c, "banner", "missing", "test", &problems));
	assert_true(conf_set(&c, "rules", "/", "test", &problems));
	assert_false(texts_read(&x, &c, false, &problems));
	assert_string_equal(problems.data, "banner = missing: cannot be read: No such file or directory\n"
	                    "rules = /: this is a folder, not a file\n");
	assert_int_equal(unlink("none") + unlink("penguin"), 0);
	bytes_release(&problems);
	conf_release(&c);
}

static void test_what_has_changed(void **state)
{
	struct bytes said = {0};
	struct texts old = {0}, new = {0};
	struct conf was, is;

	(void)state;
	conf_init(&was);
	conf_init(&is);
	assert_true(conf_set(&was, "motd", "f", "test", &said) && conf_set(&is, "motd", "f", "test", &said));
	assert_true(conf_set(&was, "rules", "f", "test", &said) && conf_set(&is, "rules", "g", "test", &said));
	put("f", "one\n", 4);
	put("g", "two\n", 4);
	assert_true(texts_read(&old, &was, false, &said) && texts_read(&new, &is, true, &said));
	/* Another name is said anyway: conf_take. */
	texts_compare(&was, &old, &is, &new, &said);
	assert_int_equal(said.len, 0);
	texts_release(&new);
	put("f", "two\n", 4);
	assert_true(texts_read(&new, &is, true, &said));
	texts_compare(&was, &old, &is, &new, &said);
	assert_string_equal(said.data, "motd: the text in f has changed\n");
	texts_release(&old);
	texts_release(&new);
	bytes_release(&said);
	conf_release(&was);
	conf_release(&is);
	assert_int_equal(unlink("g"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_what_is_not_shown_as_it_is),
		cmocka_unit_test(test_a_banner_does_not_mislead),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_what_is_no_file),
		cmocka_unit_test(test_which_files),
		cmocka_unit_test(test_what_has_changed),
	};
	int failed;

	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink("f");
	return chdir("/") != 0 || rmdir(dir) != 0 || failed != 0;
}
