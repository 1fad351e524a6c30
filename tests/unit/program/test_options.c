/* The command line: what it may say, and what it is told when it may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/program/options.h"

enum {
	WORDS_MAX = 8,
};

/* Parses words (after the program's name, up to NULL), and lays them over the
 * defaults. The caller releases both. */
static bool parse(const char *const words[], struct options *o, struct conf *c,
                  struct bytes *problems)
{
	char *argv[WORDS_MAX + 2] = { (char *)"chatd" };
	int argc = 1;
	bool ok;

	while (words[argc - 1]) {
		assert_true(argc <= WORDS_MAX);
		argv[argc] = (char *)words[argc - 1];
		argc++;
	}
	memset(problems, 0, sizeof(*problems));
	ok = options_parse(o, argc, argv, problems);
	conf_init(c);
	if (ok) {
		options_apply(o, c);
	}
	return ok;
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void refuses(const char *const words[], const char *lines)
{
	struct bytes problems;
	struct options o;
	struct conf c;

	assert_false(parse(words, &o, &c, &problems));
	assert_string_equal(problems.data, lines);
	bytes_release(&problems);
	conf_release(&c);
}

static void accepts(const char *const words[], struct options *o, struct conf *c)
{
	struct bytes problems;
	bool ok = parse(words, o, c, &problems);

	assert_string_equal(problems.data ? problems.data : "", "");
	assert_true(ok);
	bytes_release(&problems);
}

static void test_nothing(void **state)
{
	struct options o;
	struct conf c;

	(void)state;
	accepts((const char *const[]){ NULL }, &o, &c);
	assert_int_equal(o.wish, OPTIONS_RUN);
	assert_null(o.conf_path);
	assert_string_equal(c.listen[0], "8989");
	conf_release(&c);
}

static void test_everything(void **state)
{
	struct options o;
	struct conf c;

	(void)state;
	accepts(WORDS("-v", "--config=a.conf", "-dx.db", "--logfile", "chat.log",
	              "--max-connections=7", "9000"), &o, &c);
	assert_int_equal(o.wish, OPTIONS_RUN);
	assert_string_equal(o.conf_path, "a.conf");
	assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
	assert_string_equal(c.database, "x.db");
	assert_string_equal(c.chat_log, "chat.log");
	assert_int_equal(c.connections_max, 7);
	assert_int_equal(c.nlisten, 1);
	assert_string_equal(c.listen[0], "9000");
	conf_release(&c);
}

static void test_other_forms(void **state)
{
	struct options o;
	struct conf c;

	(void)state;
	accepts(WORDS("9000", "-vv", "-c", "a.conf", "--database", "x.db", "-n"), &o, &c);
	assert_int_equal(o.wish, OPTIONS_CHECK);
	assert_string_equal(o.conf_path, "a.conf");
	assert_string_equal(c.database, "x.db");
	assert_string_equal(c.listen[0], "9000");
	conf_release(&c);
	accepts(WORDS("--", "9001"), &o, &c);
	assert_string_equal(c.listen[0], "9001");
	conf_release(&c);
	accepts(WORDS("-d", "a.db", "-d", "b.db"), &o, &c);
	assert_string_equal(c.database, "b.db");
	conf_release(&c);
}

static void test_wishes(void **state)
{
	static const struct {
		const char *word;
		enum options_wish wish;
	} wishes[] = {
		{ "-h", OPTIONS_HELP }, { "--help", OPTIONS_HELP },
		{ "--version", OPTIONS_VERSION },
		{ "-n", OPTIONS_CHECK }, { "--check", OPTIONS_CHECK },
	};
	struct options o;
	struct conf c;

	(void)state;
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		accepts(WORDS(wishes[i].word), &o, &c);
		assert_int_equal(o.wish, wishes[i].wish);
		conf_release(&c);
	}
}

static void test_max_connections(void **state)
{
	struct options o;
	struct conf c;

	(void)state;
	accepts(WORDS("--max-connections", "0"), &o, &c);
	assert_int_equal(c.connections_max, CONNECTIONS_DEFAULT);
	assert_false(o.connections_unlimited);
	conf_release(&c);
	accepts(WORDS("--max-connections", "-1"), &o, &c);
	assert_int_equal(c.connections_max, CONNECTIONS_LIMIT);
	assert_true(o.connections_unlimited);
	conf_release(&c);
	accepts(WORDS("--max-connections=-1", "--max-connections=9"), &o, &c);
	assert_int_equal(c.connections_max, 9);
	assert_false(o.connections_unlimited);
	conf_release(&c);
	refuses(WORDS("--max-connections=many"),
	        "--max-connections: \"many\" is not a whole number\n");
	refuses(WORDS("--max-connections=2000000"),
	        "--max-connections: 2000000 is not between 1 and 1048576\n");
}

static void test_0_overrides_the_file_with_the_default(void **state)
{
	struct options o;
	struct conf c;

	(void)state;
	accepts(WORDS("--max-connections=0"), &o, &c);
	c.connections_max = 5;
	options_apply(&o, &c);
	assert_int_equal(c.connections_max, CONNECTIONS_DEFAULT);
	conf_release(&c);
}

static void test_refused(void **state)
{
	(void)state;
	refuses(WORDS("8989", "9000"), "more than one PORT: 8989 and 9000\n");
	refuses(WORDS("--", "8989", "-v"), "more than one PORT: 8989 and -v\n");
	refuses(WORDS("chat"), "PORT: \"chat\" is not a port: it must be a number up to 65535\n");
	refuses(WORDS("65536"), "PORT: \"65536\" is not a port: it must be a number up to 65535\n");
	refuses(WORDS(""), "PORT: \"\" is not a port: it must be a number up to 65535\n");
	refuses(WORDS("127.0.0.1:80"), "PORT: \"127.0.0.1:80\" is not a port; to listen on an "
	                               "address, set \"listen\" in the configuration file\n");
	refuses(WORDS("-x"), "unknown option -x\n");
	refuses(WORDS("--colour=blue"), "unknown option --colour=blue\n");
	refuses(WORDS("--verbose=3"), "--verbose takes no argument\n");
	refuses(WORDS("-c"), "--config needs an argument: --config FILE\n");
	refuses(WORDS("--logfile"), "--logfile needs an argument: --logfile FILE\n");
	refuses(WORDS("--database="), "--database: the path is missing\n");
	refuses(WORDS("-x", "-y", "a"),
	        "unknown option -x\nunknown option -y\n"
	        "PORT: \"a\" is not a port: it must be a number up to 65535\n");
}

/* Every line of --help fits a terminal and explains something. */
static void test_help(void **state)
{
	struct bytes help = { 0 };

	(void)state;
	options_help(&help);
	assert_non_null(strstr(help.data, "  -c, --config FILE"));
	assert_non_null(strstr(help.data, "      --max-connections N  "));
	for (char *line = strtok(help.data, "\n"); line; line = strtok(NULL, "\n")) {
		assert_in_range(strlen(line), 1, 100);
	}
	bytes_release(&help);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_other_forms),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_max_connections),
		cmocka_unit_test(test_0_overrides_the_file_with_the_default),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
