/* The configuration: what a file may contain, and the messages for what it may not. */
#include <fcntl.h>
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

#include "chatd/program/conf/conf.h"
#include "chatd/program/conf/conf_file.h"

/* Reads text as the file "f.conf" over the defaults. The caller releases both. */
static bool read_text(struct conf *c, const char *text, size_t len, struct bytes *problems)
{
	char dir[] = "/tmp/chatd-conf-XXXXXX";
	FILE *f;
	bool ok;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	f = fopen("f.conf", "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	memset(problems, 0, sizeof(*problems));
	conf_init(c);
	ok = conf_read(c, "f.conf", problems);
	assert_int_equal(unlink("f.conf"), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(dir), 0);
	return ok;
}

/* Asserts that text is refused with exactly these lines. */
static void refuses_bytes(const char *text, size_t len, const char *lines)
{
	struct bytes problems;
	struct conf c;

	assert_false(read_text(&c, text, len, &problems));
	assert_string_equal(problems.data, lines);
	bytes_release(&problems);
	conf_release(&c);
}

static void refuses(const char *text, const char *lines)
{
	refuses_bytes(text, strlen(text), lines);
}

/* Asserts that text is read without a word; the caller releases c. */
static void accepts(struct conf *c, const char *text)
{
	struct bytes problems;
	bool ok = read_text(c, text, strlen(text), &problems);

	assert_string_equal(problems.data ? problems.data : "", "");
	assert_true(ok);
	bytes_release(&problems);
}

static void test_defaults(void **state)
{
	struct conf c;

	(void)state;
	conf_init(&c);
	assert_int_equal(c.nlisten, 1);
	assert_string_equal(c.listen[0], "8989");
	assert_string_equal(c.database, "chatd.db");
	assert_int_equal(c.durability, DURABILITY_COMMIT);
	assert_int_equal(c.connections_max, CONNECTIONS_DEFAULT);
	assert_int_equal(c.log.level, LOG_LEVEL_INFO);
	assert_null(c.chat_log);
	assert_null(c.metrics);
	assert_int_equal(c.line_bytes_max, LINE_BYTES_DEFAULT);
	assert_int_equal(c.history.replay, 20);
	assert_int_equal(c.history.days, 0);
	assert_int_equal(c.history.lines, 0);
	assert_int_equal(c.face.command_prefix, '/');
	assert_null(c.face.server_name);
	assert_string_equal(c.face.lobby, "general");
	assert_string_equal(c.face.banner, CONF_BANNER_BUILT_IN);
	assert_null(c.face.motd);
	assert_null(c.face.rules);
	conf_release(&c);
}

static void test_cluster(void **state)
{
	struct conf c;

	(void)state;
	accepts(&c, "");
	assert_null(c.cluster.engine);
	assert_null(c.cluster.node);
	assert_null(c.cluster.user);
	assert_null(c.cluster.password_file);
	assert_string_equal(c.cluster.name, "chatd");
	assert_int_equal(c.cluster.lease_s, 10);
	conf_release(&c);
	accepts(&c, "cluster = redis://127.0.0.1:7001\nnode = a\ncluster_user = bob\ncluster_password_file = /etc/p w\n"
	            "cluster_name = our-chat\ncluster_lease = 300\n");
	assert_string_equal(c.cluster.engine, "redis://127.0.0.1:7001/0");
	assert_string_equal(c.cluster.node, "a");
	assert_string_equal(c.cluster.user, "bob");
	assert_string_equal(c.cluster.password_file, "/etc/p w");
	assert_string_equal(c.cluster.name, "our-chat");
	assert_int_equal(c.cluster.lease_s, 300);
	conf_release(&c);
	accepts(&c, "cluster = none\nnode = none\ncluster_user = none\n");
	assert_null(c.cluster.engine);
	assert_null(c.cluster.node);
	assert_null(c.cluster.user);
	conf_release(&c);
	refuses("cluster = redis://example.org:1\nnode = A\ncluster_user = a b\ncluster_name =\ncluster_lease = 1\n",
	        "f.conf:1: cluster: \"example.org\" is not an IP address, and names are not looked up\n"
	        "f.conf:2: node: it must be 1 to 32 of a-z, 0-9 and -\n"
	        "f.conf:3: cluster_user: it must be 1 to 64 ASCII characters without blanks\n"
	        "f.conf:4: cluster_name: it must be 1 to 32 of a-z, 0-9 and -\n"
	        "f.conf:5: cluster_lease: 1 is not between 2 and 300\n");
	refuses("cluster_lease = 301\n", "f.conf:1: cluster_lease: 301 is not between 2 and 300\n");
}

/* None of it changes while chatd runs. */
static void test_reload_of_a_cluster(void **state)
{
	struct bytes said = { 0 };
	struct conf c, next;

	(void)state;
	accepts(&c, "cluster = redis://127.0.0.1:7001\nnode = a\n");
	accepts(&next, "cluster = unix:/r\nnode = b\ncluster_user = u\ncluster_password_file = p\ncluster_name = n\n"
	               "cluster_lease = 2\n");
	conf_take(&c, &next, &said);
	assert_string_equal(said.data, "cluster: redis://127.0.0.1:7001/0 -> unix:/r (needs a restart)\n"
	                               "node: a -> b (needs a restart)\n"
	                               "cluster_user: none -> u (needs a restart)\n"
	                               "cluster_password_file: none -> p (needs a restart)\n"
	                               "cluster_name: chatd -> n (needs a restart)\n"
	                               "cluster_lease: 10 -> 2 (needs a restart)\n");
	assert_string_equal(c.cluster.engine, "redis://127.0.0.1:7001/0");
	assert_string_equal(c.cluster.node, "a");
	assert_int_equal(c.cluster.lease_s, 10);
	bytes_release(&said);
	conf_release(&next);
	conf_release(&c);
}

static void metrics_are(const char *value, const char *shown)
{
	char text[128], why[256];
	struct conf c;

	snprintf(text, sizeof text, "metrics = %s\n", value);
	accepts(&c, text);
	if (shown == NULL)
		assert_null(c.metrics);
	else
		assert_string_equal(c.metrics, shown);
	/* What is shown is read again. */
	if (shown != NULL) {
		for (const struct conf_key *k = conf_keys; k->name; k++)
			if (strcmp(k->name, "metrics") == 0)
				assert_true(conf_value_read(&c, k, shown, why, sizeof why));
		assert_string_equal(c.metrics, shown);
	}
	conf_release(&c);
}

static void test_metrics(void **state)
{
	char why[256];
	struct conf c;

	(void)state;
	metrics_are("", NULL);
	metrics_are("none", NULL);
	metrics_are("127.0.0.1:9989", "127.0.0.1:9989");
	metrics_are("[::1]:09989", "[::1]:9989");
	metrics_are("unix:/run/chatd/metrics", "unix:/run/chatd/metrics");
	metrics_are("9989", "9989");
	conf_init(&c);
	for (const struct conf_key *k = conf_keys; k->name; k++) {
		if (strcmp(k->name, "metrics") != 0)
			continue;
		assert_false(conf_value_read(&c, k, "9989 telnet", why, sizeof why));
		assert_string_equal(why, "metrics takes no options");
		assert_false(conf_value_read(&c, k, "/run/metrics", why, sizeof why));
		assert_false(conf_value_read(&c, k, "localhost:1", why, sizeof why));
		assert_false(k->reloadable);
		assert_null(c.metrics);
	}
	conf_release(&c);
}

static void test_every_key(void **state)
{
	struct conf c;

	(void)state;
	accepts(&c,
	        "# a comment\n; another\n\n"
	        "listen = 9000\n  listen=127.0.0.1:9001\nlisten = [::1]:9002\r\n"
	        "listen = unix:/run/chatd/sock\n"
	        "database = /var/lib/my chat/a;b#c.db\ndurability = sync\n"
	        "max_connections = 1048576\nlog_level = debug\nchat_log = chat.log\n"
	        "line_bytes_max = 4096\nhistory_replay = 0\nhistory_days = 36500\n"
	        "history_lines = 5000000000\nrate_burst = 1\nrate_lines = 0\n"
	        "sandbox = require\nio = epoll\nuser = chatd\naddress_connections = 0\naddress_connects = 7\n"
	        "address_logins = 8\naddress_exempt = 192.0.2.0/24, 2001:db8::/32\n"
	        "rate_bytes = 1000000\nrate_address = 1000\nrate_exempt = account\nflood_mute = 0\n"
	        "login_timeout = 0\nsend_timeout = 3600\nkeepalive = 0\ncommand_prefix = ;\n"
	        "server_name = The Example: Chat!\nlobby = \xe5\xba\x83\xe5\xa0\xb4\nbanner = none\nmotd = a b\nrules = none");
	assert_int_equal(c.nlisten, 4);
	assert_string_equal(c.listen[0], "9000");
	assert_string_equal(c.listen[1], "127.0.0.1:9001");
	assert_string_equal(c.listen[2], "[::1]:9002");
	assert_string_equal(c.listen[3], "unix:/run/chatd/sock");
	assert_string_equal(c.database, "/var/lib/my chat/a;b#c.db");
	assert_int_equal(c.durability, DURABILITY_SYNC);
	assert_int_equal(c.connections_max, 1048576);
	assert_int_equal(c.log.level, LOG_LEVEL_DEBUG);
	assert_string_equal(c.chat_log, "chat.log");
	assert_int_equal(c.line_bytes_max, 4096);
	assert_int_equal(c.history.replay, 0);
	assert_int_equal(c.history.days, 36500);
	assert_true(c.history.lines == 5000000000);
	assert_int_equal(c.rate.burst, 1);
	assert_int_equal(c.rate.lines, 0);
	assert_int_equal(c.sandbox, SANDBOX_REQUIRE);
	assert_int_equal(c.io, RING_IO_EPOLL);
	assert_string_equal(c.user, "chatd");
	assert_int_equal(c.address.connections, 0);
	assert_int_equal(c.address.connects, 7);
	assert_int_equal(c.address.logins, 8);
	assert_string_equal(c.address.exempt, "192.0.2.0/24, 2001:db8::/32");
	assert_int_equal(c.rate.bytes, 1000000);
	assert_int_equal(c.rate.address, 1000);
	assert_int_equal(c.rate.exempt, EXEMPT_ACCOUNT);
	assert_int_equal(c.rate.mute_s, 0);
	assert_int_equal(c.login_timeout_s, 0);
	assert_int_equal(c.send_timeout_s, 3600);
	assert_int_equal(c.keepalive_s, 0);
	assert_int_equal(c.face.command_prefix, ';');
	assert_string_equal(c.face.server_name, "The Example: Chat!");
	assert_string_equal(c.face.lobby, "\xe5\xba\x83\xe5\xa0\xb4");
	assert_null(c.face.banner);
	assert_string_equal(c.face.motd, "a b");
	assert_null(c.face.rules);
	conf_release(&c);
}

static void test_byte_order_mark(void **state)
{
	struct conf c;

	(void)state;
	accepts(&c, "\xef\xbb\xbfhistory_replay = 7\n");
	assert_int_equal(c.history.replay, 7);
	conf_release(&c);
	accepts(&c, "");
	conf_release(&c);
	accepts(&c, "\xef\xbb\xbf");
	conf_release(&c);
}

static void test_all_problems_with_their_lines(void **state)
{
	(void)state;
	refuses("history_replay = many\n"
	        "\n"
	        "colour = blue\n"
	        "  rate_burst = 0\n"
	        "max-connections = 7\n"
	        "durability = always\n"
	        "command_prefix = a\n"
	        "send_timeout = 99999999999999999999\n"
	        "database =\n"
	        "io = select\n",
	        "f.conf:1: history_replay: \"many\" is not a whole number\n"
	        "f.conf:3: colour: unknown key\n"
	        "f.conf:4: rate_burst: 0 is not between 1 and 10000\n"
	        "f.conf:5: max-connections: unknown key; it is spelled max_connections\n"
	        "f.conf:6: durability: \"always\" is not one of: relaxed, commit, sync\n"
	        "f.conf:7: command_prefix: it must be one ASCII punctuation character "
	        "other than [ - . | ^ _\n"
	        "f.conf:8: send_timeout: 99999999999999999999 is not between 1 and 3600\n"
	        "f.conf:9: database: the path is missing\n"
	        "f.conf:10: io: \"select\" is not one of: auto, uring, epoll\n");
}

static void test_shape_of_lines(void **state)
{
	(void)state;
	refuses("[general]\nlisten\n= 5\nrate_burst = 5\n [x\n",
	        "f.conf:1: [general]: there are no sections; remove this line\n"
	        "f.conf:2: listen: this is not \"key = value\"\n"
	        "f.conf:3: this is not \"key = value\"\n"
	        "f.conf:5: [x: there are no sections; remove this line\n");
	refuses_bytes("rate_burst = 5\0\nrate_lines = x\n", 31,
	              "f.conf:1: NUL byte: this is not a text file\n"
	              "f.conf:2: rate_lines: \"x\" is not a whole number\n");
	refuses("rate_burst = \xe2\x80\xae\x9b" "5\n",
	        "f.conf:1: rate_burst: \"???""?5\" is not a whole number\n");
	refuses("rate_burst = \x1b[31m\n",
	        "f.conf:1: rate_burst: \"?[31m\" is not a whole number\n");
}

static void test_sizes(void **state)
{
	static const struct { const char *text, *shown; uint64_t bytes; } sizes[] = {
		{ "0", "0", 0 }, { "1023", "1023", 1023 }, { "1K", "1K", 1024 },
		{ "65536K", "64M", 64 << 20 }, { "3G", "3G", UINT64_C(3) << 30 },
		{ "1025M", "1025M", UINT64_C(1025) << 20 }, { "1024T", "1024T", UINT64_C(1) << 50 },
	};
	char line[64];
	struct conf c;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct bytes shown = { 0 };
		const struct conf_key *k = conf_keys;
		snprintf(line, sizeof(line), "disk_reserve = %s\n", sizes[i].text);
		accepts(&c, line);
		assert_int_equal(c.disk_reserve, sizes[i].bytes);
		while (strcmp(k->name, "disk_reserve") != 0)
			k++;
		conf_value_show(&c, k, &shown);
		assert_string_equal(shown.data, sizes[i].shown);
		bytes_release(&shown);
		conf_release(&c);
	}
	refuses("disk_reserve = 64MB\n", "f.conf:1: disk_reserve: \"64MB\" is not a size such as 64M "
	        "(K, M, G and T are units)\n");
	refuses("disk_reserve = M\n", "f.conf:1: disk_reserve: \"M\" is not a size such as 64M "
	        "(K, M, G and T are units)\n");
	refuses("disk_reserve = -1\n", "f.conf:1: disk_reserve: \"-1\" is not a size such as 64M "
	        "(K, M, G and T are units)\n");
	refuses("disk_reserve = 1025T\n", "f.conf:1: disk_reserve: 1025T is too large\n");
	refuses("disk_reserve = 99999999999999999999T\n",
	        "f.conf:1: disk_reserve: 99999999999999999999T is too large\n");
}

static void test_given_twice(void **state)
{
	(void)state;
	refuses("rate_burst = 5\n#\nrate_burst = 6\nlisten = 9000\nlisten = 9000\n",
	        "f.conf:3: rate_burst: given twice (first at line 1)\n"
	        "f.conf:5: listen: 9000 is given twice\n");
	refuses("listen = 2323 telnet\nlisten = 2323\nlisten = [::]:2323\nlisten = 0\nlisten = 0\n"
	        "listen =\t2323\ttelnet\n",
	        "f.conf:2: listen: 2323 has the same address as 2323 telnet\n"
	        "f.conf:3: listen: [::]:2323 has the same address as 2323 telnet\n"
	        "f.conf:6: listen: 2323 telnet is given twice\n");
	refuses("listen = 127.0.0.1:2323\nlisten = 127.0.0.2:2323\nlisten = 2323 telnet\n",
	        "f.conf:3: listen: 2323 telnet and 127.0.0.1:2323 cover each other; leave one out, or choose "
	        "another port\n");
}

static void test_options_of_listeners(void **state)
{
	struct conf c;

	(void)state;
	accepts(&c, "listen = 2323\ttelnet\nlisten: [::1]:2324   telnet\nlisten=unix:/run/c telnet\n");
	assert_int_equal(c.nlisten, 3);
	assert_string_equal(c.listen[0], "2323 telnet");
	assert_string_equal(c.listen[1], "[::1]:2324 telnet");
	assert_string_equal(c.listen[2], "unix:/run/c telnet");
	conf_release(&c);
	refuses("listen = zork\nlisten = 2323 zork\nlisten = telnet\nlisten =\n"
	        "listen = 2323 telnet telnet\nlisten = 2323 # telnet\n",
	        "f.conf:1: listen: \"zork\" is not an address: it must be PORT, ADDRESS:PORT or "
	        "unix:/PATH\n"
	        "f.conf:2: listen: \"zork\" is not an option of a listener; the options are: telnet, tls, proxy\n"
	        "f.conf:3: listen: the address is missing before \"telnet\": it must be PORT, "
	        "ADDRESS:PORT or unix:/PATH\n"
	        "f.conf:4: listen: the address is missing: it must be PORT, ADDRESS:PORT or "
	        "unix:/PATH\n"
	        "f.conf:5: listen: the option telnet is given twice\n"
	        "f.conf:6: listen: a comment needs a line of its own\n");
}

static void test_blocks(void **state)
{
	(void)state;
	refuses("proxy_from = 192.0.2.1 haproxy\n", "f.conf:1: proxy_from: haproxy is neither an address nor a "
	        "block such as 192.0.2.0/24\n");
	refuses("address_exempt = 192.0.2.0/33\n", "f.conf:1: address_exempt: 192.0.2.0/33 is neither "
	        "an address nor a block such as 192.0.2.0/24\n");
	refuses("address_exempt = 1.2.3.4 localhost\n", "f.conf:1: address_exempt: localhost is neither "
	        "an address nor a block such as 192.0.2.0/24\n");
	refuses("address_exempt = 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 "
	        "1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1\n",
	        "f.conf:1: address_exempt: more than 16 are given\n");
}

static void test_habits_from_other_formats(void **state)
{
	(void)state;
	refuses("database = x.db # the history\nchat_log = \"chat.log\"\n"
	        "rate_lines = 5\t; slow\n",
	        "f.conf:1: database: a comment needs a line of its own\n"
	        "f.conf:2: chat_log: values are written without quotes\n"
	        "f.conf:3: rate_lines: a comment needs a line of its own\n");
}

static void test_long_lines_are_not_cut(void **state)
{
	char text[5000], path[301];
	struct conf c;

	(void)state;
	memset(path, 'p', 300);
	path[300] = '\0';
	snprintf(text, sizeof(text), "database = %s\n", path);
	accepts(&c, text);
	assert_string_equal(c.database, path);
	conf_release(&c);

	memset(text, 'p', sizeof(text));
	memcpy(text, "database = ", 11);
	memcpy(text + 4900, "\ncolour = 1\n", 13);
	refuses(text, "f.conf:1: the line is longer than 4095 bytes\n"
	              "f.conf:2: colour: unknown key\n");
}

static void is_unreadable(const char *path, const char *line)
{
	struct bytes problems = { 0 };
	struct conf c;

	conf_init(&c);
	assert_false(conf_read(&c, path, &problems));
	assert_string_equal(problems.data, line);
	bytes_release(&problems);
	conf_release(&c);
}

/* None of them holds up the start, or a reload. */
static void test_a_file_that_cannot_be_read(void **state)
{
	char dir[] = "/tmp/chatd-conf-XXXXXX";
	char path[32], line[80];
	int ends[2], fd;

	(void)state;
	is_unreadable("/nonexistent/chatd.conf", "/nonexistent/chatd.conf: cannot be read: No such file or directory\n");
	is_unreadable("/", "/: this is a folder, not a file\n");
	is_unreadable("/dev/zero", "/dev/zero: this is not an ordinary file\n");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(mkfifo("pipe", 0600), 0);
	is_unreadable("pipe", "pipe: this is not an ordinary file\n");
	/* As a shell's <(...) does; a reload could not read it again. */
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "listen = 8990\n", 14), 14);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	fd = open("large", O_WRONLY | O_CREAT, 0600);
	assert_int_equal(ftruncate(fd, (1 << 20) + 1), 0);
	is_unreadable("large", "large: it is longer than 1048576 bytes\n");
	assert_int_equal(unlink("large") + unlink("pipe") + chdir("/") + rmdir(dir), 0);
	close(fd);
	snprintf(line, sizeof(line), "%s: this is not an ordinary file\n", path);
	is_unreadable(path, line);
	close(ends[0]);
	close(ends[1]);
}

static void test_the_last_line_may_have_no_end(void **state)
{
	struct conf c;

	(void)state;
	accepts(&c, "# a comment\r\n\nhistory_replay = 7");
	assert_int_equal(c.history.replay, 7);
	conf_release(&c);
	refuses_bytes("listen = 8990\0", 14, "f.conf:1: NUL byte: this is not a text file\n");
	refuses_bytes("listen = 8990\0\n", 15, "f.conf:1: NUL byte: this is not a text file\n");
}

static void test_too_many_listeners(void **state)
{
	struct bytes text = { 0 };

	(void)state;
	for (int i = 0; i < 17; i++) {
		bytes_printf(&text, "listen = 90%02d\n", i);
	}
	refuses(text.data, "f.conf:17: listen: more than 16 are given\n");
	bytes_release(&text);
}

static void test_options_override(void **state)
{
	struct bytes problems = { 0 };
	struct conf c;

	(void)state;
	accepts(&c, "listen = 9000\nlisten = 9001\nrate_burst = 7\n");
	conf_clear_listen(&c);
	assert_int_equal(c.nlisten, 0);
	assert_true(conf_set(&c, "listen", "9002", "PORT", &problems));
	assert_true(conf_set(&c, "listen", "9003 telnet", "--listen", &problems));
	assert_int_equal(c.nlisten, 2);
	assert_string_equal(c.listen[0], "9002");
	assert_string_equal(c.listen[1], "9003 telnet");
	assert_true(conf_set(&c, "log_level", "debug", "--verbose", &problems));
	assert_int_equal(c.log.level, LOG_LEVEL_DEBUG);
	assert_false(conf_set(&c, "max_connections", "x", "--max-connections", &problems));
	assert_string_equal(problems.data, "--max-connections: \"x\" is not a whole number\n");
	assert_int_equal(c.connections_max, CONNECTIONS_DEFAULT);
	bytes_release(&problems);
	conf_release(&c);
}

static void test_names(void **state)
{
	struct conf c;

	(void)state;
	refuses("server_name = a\tb\n",
	        "f.conf:1: server_name: it must be UTF-8, without control characters and without [ and ]\n");
	refuses("server_name = \xff\n",
	        "f.conf:1: server_name: it must be UTF-8, without control characters and without [ and ]\n");
	refuses("server_name = [PASSWORD]\n",
	        "f.conf:1: server_name: it must be UTF-8, without control characters and without [ and ]\n");
	refuses("server_name = 12345678901234567890123456789012345678901\n",
	        "f.conf:1: server_name: it is wider than 40 columns\n");
	accepts(&c, "server_name = 1234567890123456789012345678901234567890\n");
	conf_release(&c);
	accepts(&c, "server_name =\n");
	assert_null(c.face.server_name);
	conf_release(&c);
	refuses("lobby =\n", "f.conf:1: lobby: a room's name needs at least one letter or digit\n");
	refuses("lobby = the hall\n", "f.conf:1: lobby: a room's name cannot have spaces; use _ instead\n");
}

static void test_reload(void **state)
{
	struct bytes said = { 0 };
	struct conf c, next;

	(void)state;
	accepts(&c, "history_replay = 20\nchat_log = a.log\n");
	accepts(&next, "history_replay = 50\nlisten = 9000\nlisten = 9001\ndatabase = b.db\n"
	               "command_prefix = !\nlog_level = warn\nhistory_lines = 10\n");
	conf_take(&c, &next, &said);
	assert_string_equal(said.data,
	                    "listen: 8989 -> 9000, 9001 (needs a restart)\n"
	                    "database: chatd.db -> b.db (needs a restart)\n"
	                    "log_level: info -> warn\n"
	                    "chat_log: a.log -> none\n"
	                    "history_replay: 20 -> 50\n"
	                    "history_lines: 0 -> 10\n"
	                    "command_prefix: / -> !\n");
	assert_int_equal(c.history.replay, 50);
	assert_int_equal(c.history.lines, 10);
	assert_int_equal(c.log.level, LOG_LEVEL_WARN);
	assert_int_equal(c.face.command_prefix, '!');
	assert_null(c.chat_log);
	assert_string_equal(c.database, "chatd.db");
	assert_string_equal(c.listen[0], "8989");
	conf_release(&next);

	/* The same again: nothing to say. */
	bytes_clear(&said);
	accepts(&next, "history_replay = 50\ncommand_prefix = !\nlog_level = warn\n"
	               "history_lines = 10\n");
	conf_take(&c, &next, &said);
	assert_int_equal(said.len, 0);
	bytes_release(&said);
	conf_release(&next);
	conf_release(&c);
}

/* What all nodes of a cluster have alike (core/agreement.c) stays as it is, and is not said to be taken. */
static void test_reload_in_a_cluster(void **state)
{
	const char *shared = "line_bytes_max = 512\naddress_exempt = 10.0.0.0/8\nguest_room_days = 30\n"
	                     "command_prefix = !\nserver_name = Foo\nlobby = den\n";
	struct bytes said = { 0 }, text = { 0 };
	struct conf c, next;

	(void)state;
	accepts(&c, "cluster = redis://127.0.0.1:6379\nnode = a\n");
	bytes_printf(&text, "cluster = redis://127.0.0.1:6379\nnode = a\nhistory_replay = 50\n%s", shared);
	accepts(&next, text.data);
	conf_take(&c, &next, &said);
	assert_string_equal(said.data,
	                    "line_bytes_max: 1024 -> 512 (needs all nodes to be stopped)\n"
	                    "history_replay: 20 -> 50\n"
	                    "address_exempt: 127.0.0.0/8 ::1/128 -> 10.0.0.0/8 (needs all nodes to be stopped)\n"
	                    "guest_room_days: 0 -> 30 (needs all nodes to be stopped)\n"
	                    "command_prefix: / -> ! (needs all nodes to be stopped)\n"
	                    "server_name: none -> Foo (needs all nodes to be stopped)\n"
	                    "lobby: general -> den (needs all nodes to be stopped)\n");
	assert_int_equal(c.history.replay, 50);
	assert_int_equal(c.line_bytes_max, 1024);
	assert_int_equal(c.guest_room_days, 0);
	assert_int_equal(c.face.command_prefix, '/');
	bytes_release(&said);
	bytes_release(&text);
	conf_release(&next);
	conf_release(&c);
}

/* A listener's options count as a change, blanks do not. */
static void test_reload_of_listeners(void **state)
{
	struct bytes said = { 0 };
	struct conf c, next;

	(void)state;
	accepts(&c, "listen = 8989\nlisten = 2323 telnet\n");
	accepts(&next, "listen =   8989\nlisten = 02323 \t telnet\n");
	conf_take(&c, &next, &said);
	assert_int_equal(said.len, 0);
	conf_release(&next);
	accepts(&next, "listen = 8989 telnet\nlisten = 2323 telnet\n");
	conf_take(&c, &next, &said);
	assert_string_equal(said.data, "listen: 8989, 2323 telnet -> 8989 telnet, 2323 telnet "
	                               "(needs a restart)\n");
	bytes_release(&said);
	conf_release(&next);
	conf_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_cluster),
		cmocka_unit_test(test_reload_of_a_cluster),
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_byte_order_mark),
		cmocka_unit_test(test_all_problems_with_their_lines),
		cmocka_unit_test(test_shape_of_lines),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_given_twice),
		cmocka_unit_test(test_options_of_listeners),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_habits_from_other_formats),
		cmocka_unit_test(test_long_lines_are_not_cut),
		cmocka_unit_test(test_a_file_that_cannot_be_read),
		cmocka_unit_test(test_the_last_line_may_have_no_end),
		cmocka_unit_test(test_too_many_listeners),
		cmocka_unit_test(test_options_override),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_reload_in_a_cluster),
		cmocka_unit_test(test_reload_of_listeners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
