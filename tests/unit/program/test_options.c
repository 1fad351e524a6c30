/* The command line: what it may say, and what it is told when it may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/program/options.h"

enum {
	WORDS_MAX = 2 * LISTENERS_MAX + 4,
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
	assert_int_equal(c.log.level, LOG_LEVEL_DEBUG);
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

/* Whatever else is there, and whatever is wrong with it. */
static void test_help_wins(void **state)
{
	const char *const *const lines[] = {
		WORDS("import", "--help"), WORDS("admin", "--help"), WORDS("admin", "add", "--help"),
		WORDS("--help", "admin", "list", "nonsense"), WORDS("--nonsense", "-h"), WORDS("-h", "-n"),
		WORDS("--help", "--version"), WORDS("--help", "--since", "never"), WORDS("--help", "1", "2"),
		WORDS("--database=", "--help"), WORDS("help"), WORDS("help", "admin"), WORDS("admin", "help"),
		WORDS("admin", "help", "add"), WORDS("-n", "help"),
	};
	struct options o;
	struct conf c;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		accepts(lines[i], &o, &c);
		assert_int_equal(o.wish, OPTIONS_HELP);
		conf_release(&c);
	}
	accepts(WORDS("admin", "add", "help"), &o, &c);
	assert_int_equal(o.wish, OPTIONS_COMMAND);
	assert_string_equal(o.name, "help");
	conf_release(&c);
	accepts(WORDS("--config", "--help"), &o, &c);
	assert_string_equal(o.conf_path, "--help");
	conf_release(&c);
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

/* Asserts that words make chatd listen on the addresses, which commas separate. */
static void listens(const char *const words[], const char *addresses)
{
	struct bytes shown = { 0 };
	struct options o;
	struct conf c;

	accepts(words, &o, &c);
	for (uint32_t i = 0; i < c.nlisten; i++)
		bytes_printf(&shown, "%s%s", i > 0 ? ", " : "", c.listen[i]);
	assert_string_equal(shown.data, addresses);
	bytes_release(&shown);
	conf_release(&c);
}

static void test_listen(void **state)
{
	(void)state;
	listens(WORDS("-l", "2323"), "2323");
	listens(WORDS("--listen", "2323 telnet"), "2323 telnet");
	listens(WORDS("--listen= 127.0.0.1:2323\ttelnet "), "127.0.0.1:2323 telnet");
	listens(WORDS("-l", "2323", "telnet"), "2323 telnet");
	listens(WORDS("-l2323", "telnet"), "2323 telnet");
	listens(WORDS("-vl", "2323", "telnet", "-v"), "2323 telnet");
	listens(WORDS("--listen=unix:/run/c", "telnet"), "unix:/run/c telnet");
	listens(WORDS("-l", "8989", "-l", "2323", "telnet", "-l", "[::1]:2324"),
	        "8989, 2323 telnet, [::1]:2324");
	listens(WORDS("-l", "0", "-l", "0 telnet"), "0, 0 telnet");
}

/* PORT may stand anywhere, and is what chatd listens on first. */
static void test_listen_and_port(void **state)
{
	(void)state;
	listens(WORDS("-l", "2323", "telnet", "8989"), "8989, 2323 telnet");
	listens(WORDS("-l", "2323 telnet", "8989"), "8989, 2323 telnet");
	listens(WORDS("8989", "-l", "2323", "telnet"), "8989, 2323 telnet");
	listens(WORDS("-l", "2323", "8989"), "8989, 2323");
	listens(WORDS("8989", "-l", "2323", "telnet", "-l", "2324", "telnet", "-v"),
	        "8989, 2323 telnet, 2324 telnet");
	listens(WORDS("-l", "2323", "telnet", "--", "8989"), "8989, 2323 telnet");
}

static void test_listen_and_admin(void **state)
{
	struct options o;
	struct conf c;

	(void)state;
	accepts(WORDS("-l", "2323", "telnet", "admin", "add", "telnet"), &o, &c);
	assert_int_equal(o.wish, OPTIONS_COMMAND);
	assert_int_equal(o.verb, VERB_ADMIN_ADD);
	assert_string_equal(o.name, "telnet");
	assert_string_equal(c.listen[0], "2323 telnet");
	conf_release(&c);
	accepts(WORDS("admin", "-l", "2323", "telnet", "chat"), &o, &c);
	assert_int_equal(o.wish, OPTIONS_COMMAND);
	assert_int_equal(o.verb, VERB_ADMIN_CHAT);
	assert_null(o.name);
	conf_release(&c);
}

static void command(const char *const words[], enum options_verb verb, const char *name)
{
	struct options o;
	struct conf c;

	accepts(words, &o, &c);
	assert_int_equal(o.wish, OPTIONS_COMMAND);
	assert_int_equal(o.verb, verb);
	if (name)
		assert_string_equal(o.name, name);
	else
		assert_null(o.name);
	conf_release(&c);
}

static void test_commands(void **state)
{
	(void)state;
	command(WORDS("export"), VERB_EXPORT, NULL);
	command(WORDS("import", "-"), VERB_IMPORT, "-");
	command(WORDS("-d", "x.db", "import", "a b.jsonl"), VERB_IMPORT, "a b.jsonl");
	command(WORDS("admin", "code", "list"), VERB_ADMIN_CODE, "list");
	command(WORDS("admin", "list", "accounts"), VERB_ADMIN_LIST, "accounts");
	command(WORDS("admin", "list", "sessions", "--json"), VERB_ADMIN_LIST, "sessions");
	command(WORDS("admin", "show", "bob"), VERB_ADMIN_SHOW, "bob");
	command(WORDS("admin", "stats"), VERB_ADMIN_STATS, NULL);
	command(WORDS("admin", "backup", "monday.db"), VERB_ADMIN_BACKUP, "monday.db");
	command(WORDS("--yes", "admin", "erase", "bob", "--lines"), VERB_ADMIN_ERASE, "bob");
	command(WORDS("admin", "export", "bob"), VERB_ADMIN_EXPORT, "bob");
	command(WORDS("admin", "check", "--json"), VERB_ADMIN_CHECK, NULL);
}

static void test_commands_with_details(void **state)
{
	struct options o;
	struct conf c;

	(void)state;
	accepts(WORDS("--room=den", "export", "--since", "2026-11-22", "--format", "text"), &o, &c);
	assert_string_equal(o.detail[DETAIL_ROOM], "den");
	assert_string_equal(o.detail[DETAIL_SINCE], "2026-11-22");
	assert_string_equal(o.detail[DETAIL_FORMAT], "text");
	assert_null(o.detail[DETAIL_JSON]);
	conf_release(&c);
	accepts(WORDS("export", "--since", "7d", "--format=jsonl"), &o, &c);
	conf_release(&c);
}

static void test_commands_refused(void **state)
{
	(void)state;
	refuses(WORDS("admin"), "admin must be followed by one of: add, code, chat, list, show, stats, erase, "
	        "export, backup, check\n");
	refuses(WORDS("admin", "list"), "admin list takes one argument: accounts|rooms|bans|sessions\n");
	refuses(WORDS("admin", "list", "account"), "admin list takes one argument: accounts|rooms|bans|sessions\n");
	refuses(WORDS("admin", "list", "accounts|rooms"),
	        "admin list takes one argument: accounts|rooms|bans|sessions\n");
	refuses(WORDS("admin", "erase"), "admin erase takes one argument: NAME\n");
	refuses(WORDS("admin", "stats", "bob"), "admin stats takes no argument\n");
	refuses(WORDS("import"), "import takes one argument: FILE\n");
	refuses(WORDS("export", "chat.jsonl"), "export takes no argument\n");
	refuses(WORDS("admin", "list", "rooms", "--yes"), "admin list takes no --yes\n");
	refuses(WORDS("admin", "add", "bob", "--json"), "admin add takes no --json\n");
	refuses(WORDS("8989", "--json"), "--json is for commands on a database, such as export\n");
	refuses(WORDS("export", "--format", "json"), "--format: \"json\" is not a format: text or jsonl\n");
	refuses(WORDS("export", "--since", "yesterday"), "--since: \"yesterday\" is neither a day (2026-11-22) "
	        "nor an age (90m, 12h, 7d, 2w)\n");
	refuses(WORDS("export", "--room"), "--room needs an argument: --room ROOM\n");
}

static void test_listen_replaces_the_file(void **state)
{
	struct bytes problems = { 0 };
	struct options o;
	struct conf c;

	(void)state;
	accepts(WORDS("-l", "2323", "telnet"), &o, &c);
	/* As if the file had been read again. */
	conf_clear_listen(&c);
	assert_true(conf_set(&c, "listen", "2323", "f.conf", &problems));
	assert_true(conf_set(&c, "listen", "unix:/run/c", "f.conf", &problems));
	options_apply(&o, &c);
	assert_int_equal(c.nlisten, 1);
	assert_string_equal(c.listen[0], "2323 telnet");
	conf_release(&c);
	accepts(WORDS("-v"), &o, &c);
	conf_clear_listen(&c);
	assert_true(conf_set(&c, "listen", "2323", "f.conf", &problems));
	options_apply(&o, &c);
	assert_int_equal(c.nlisten, 1);
	assert_string_equal(c.listen[0], "2323");
	conf_release(&c);
}

static void test_listen_refused(void **state)
{
	(void)state;
	refuses(WORDS("-l"), "--listen needs an argument: --listen ADDRESS [OPTION...]\n");
	refuses(WORDS("-l", ""), "--listen: the address is missing: it must be PORT, ADDRESS:PORT or "
	                         "unix:/PATH\n");
	refuses(WORDS("-l", "telnet"), "--listen: the address is missing before \"telnet\": it must "
	                               "be PORT, ADDRESS:PORT or unix:/PATH\n");
	refuses(WORDS("-l", "telnet", "2323"), "--listen: the address is missing before \"telnet\": "
	                                       "it must be PORT, ADDRESS:PORT or unix:/PATH\n");
	refuses(WORDS("-l", "2323 zork"), "--listen: \"zork\" is not an option of a listener; the "
	                                  "options are: telnet, tls, proxy\n");
	refuses(WORDS("-l", "2323", "zork"), "\"zork\" is neither PORT nor an option of --listen; the "
	                                     "options are: telnet, tls, proxy\n");
	refuses(WORDS("-l", "2323", "telnet", "zork", "8989"),
	        "\"zork\" is neither PORT nor an option of --listen; the options are: telnet, tls, proxy\n");
	refuses(WORDS("-l", "2323", "telnet", "telnet"),
	        "--listen: the option telnet is given twice\n");
	refuses(WORDS("-l", "2323 telnet", "telnet"),
	        "--listen: the option telnet is given twice\n");
	refuses(WORDS("2323", "telnet"), "\"telnet\" must follow the address that it is for: --listen "
	                                 "ADDRESS telnet\n");
	refuses(WORDS("-l", "2323", "8989", "telnet"), "\"telnet\" must follow the address that it is "
	                                               "for: --listen ADDRESS telnet\n");
	refuses(WORDS("-l", "2323", "--", "telnet"), "\"telnet\" must follow the address that it is "
	                                             "for: --listen ADDRESS telnet\n");
	refuses(WORDS("2323 telnet"), "PORT: \"2323 telnet\" is not a port; to listen on an address, "
	                              "use --listen\n");
	refuses(WORDS("-l", "2323 telnet", "2323"),
	        "--listen: 2323 telnet has the same address as 2323\n");
	refuses(WORDS("-l", "2323", "-l", "2323"), "--listen: 2323 is given twice\n");
	refuses(WORDS("-l", "65536", "telnet", "-x"),
	        "--listen: \"65536\" is not a port: it must be a number up to 65535\n"
	        "unknown option -x\n");
}

/* As many as the file may have, and no more, PORT included. */
static void test_listen_too_many(void **state)
{
	const char *words[2 * LISTENERS_MAX + 4];
	struct options o;
	struct conf c;
	int n = 0;

	(void)state;
	while (n < 2 * LISTENERS_MAX) {
		words[n++] = "-l";
		words[n++] = "0 telnet";
	}
	words[n] = NULL;
	accepts(words, &o, &c);
	assert_int_equal(c.nlisten, LISTENERS_MAX);
	conf_release(&c);
	words[n] = "8989";
	words[n + 1] = NULL;
	refuses(words, "--listen: more than 16 are given\n");
	words[n] = "-l";
	words[n + 1] = "8989";
	words[n + 2] = NULL;
	refuses(words, "--listen: more than 16 are given\n");
}

static void test_refused(void **state)
{
	(void)state;
	refuses(WORDS("8989", "9000"), "more than one PORT: 8989 and 9000\n");
	refuses(WORDS("--", "8989", "-v"), "more than one PORT: 8989 and -v\n");
	refuses(WORDS("chat"), "\"chat\" is neither a port nor a command; chatd --help has the commands\n");
	refuses(WORDS("2323x"), "PORT: \"2323x\" is not a port: it must be a number up to 65535\n");
	refuses(WORDS("65536"), "PORT: \"65536\" is not a port: it must be a number up to 65535\n");
	refuses(WORDS(""), "PORT: \"\" is not a port: it must be a number up to 65535\n");
	refuses(WORDS("127.0.0.1:80"), "PORT: \"127.0.0.1:80\" is not a port; to listen on an "
	                               "address, use --listen\n");
	refuses(WORDS("a\nb\033[31m"), "\"a?b?[31m\" is neither a port nor a command; chatd --help has "
	                               "the commands\n");
	refuses(WORDS("-x"), "unknown option -x\n");
	refuses(WORDS("--x\ny"), "unknown option --x?y\n");
	refuses(WORDS("--colour=blue"), "unknown option --colour=blue\n");
	refuses(WORDS("--verbose=3"), "--verbose takes no argument\n");
	refuses(WORDS("-c"), "--config needs an argument: --config FILE\n");
	refuses(WORDS("--logfile"), "--logfile needs an argument: --logfile FILE\n");
	refuses(WORDS("--database="), "--database: the path is missing\n");
	refuses(WORDS("-x", "-y", "a"),
	        "unknown option -x\nunknown option -y\n"
	        "\"a\" is neither a port nor a command; chatd --help has the commands\n");
}

/* Every line of --help fits a terminal and explains something. */
static void test_help(void **state)
{
	struct bytes help = { 0 };

	(void)state;
	options_help(&help);
	assert_non_null(strstr(help.data, "  -c, --config FILE"));
	assert_non_null(strstr(help.data, "      --max-connections N  "));
	assert_non_null(strstr(help.data, "  -l, --listen ADDRESS [OPTION...]\n"));
	for (char *line = strtok(help.data, "\n"); line; line = strtok(NULL, "\n")) {
		assert_in_range(strlen(line), 1, 80);
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
		cmocka_unit_test(test_help_wins),
		cmocka_unit_test(test_max_connections),
		cmocka_unit_test(test_0_overrides_the_file_with_the_default),
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_listen_and_port),
		cmocka_unit_test(test_listen_and_admin),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_commands_with_details),
		cmocka_unit_test(test_commands_refused),
		cmocka_unit_test(test_listen_replaces_the_file),
		cmocka_unit_test(test_listen_refused),
		cmocka_unit_test(test_listen_too_many),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
