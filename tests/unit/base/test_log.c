/* The program's log, as somebody who reads stderr sees it. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "chatd/base/log.h"

static int log_pipe[2];     /* stderr's place while a test runs */
static int stderr_kept;     /* the real one */
static char text[4096];     /* what was logged */

static int catch_stderr(void **state)
{
	(void)state;
	stderr_kept = dup(STDERR_FILENO);
	log_set_level(LOG_LEVEL_INFO);
	log_set_format(LOG_FORMAT_TEXT);
	unsetenv("JOURNAL_STREAM");
	return pipe2(log_pipe, O_NONBLOCK | O_CLOEXEC) == 0 &&
	       dup2(log_pipe[1], STDERR_FILENO) >= 0 ? 0 : -1;
}

static int give_stderr_back(void **state)
{
	(void)state;
	dup2(stderr_kept, STDERR_FILENO);
	close(stderr_kept);
	close(log_pipe[0]);
	close(log_pipe[1]);
	return 0;
}

/* What has been logged since the last call. */
static const char *logged(void)
{
	ssize_t n = read(log_pipe[0], text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* The part of a line after "2026-11-22 20:14:05 ". */
static const char *after_stamp(const char *line)
{
	int year, month, day, hour, minute, second, end = 0;

	assert_int_equal(sscanf(line, "%4d-%2d-%2d %2d:%2d:%2d %n", &year, &month, &day, &hour,
	                        &minute, &second, &end), 6);
	assert_int_equal(end, 20);
	return line + end;
}

static void test_forms(void **state)
{
	(void)state;
	log_init();
	log_info("listening on %s", "[::]:8989");
	assert_string_equal(after_stamp(logged()), "info: listening on [::]:8989\n");
	errno = ENOSPC;
	log_warn("cannot save");
	assert_int_equal(errno, ENOSPC);
	assert_string_equal(after_stamp(logged()),
	                    "warn: cannot save: No space left on device\n");
	errno = ENOSPC;
	log_warnx("cannot save");
	assert_string_equal(after_stamp(logged()), "warn: cannot save\n");
	errno = EACCES;
	log_err("cannot open %d", 5);
	assert_string_equal(after_stamp(logged()), "error: cannot open 5: Permission denied\n");
	log_errx("the end");
	assert_string_equal(after_stamp(logged()), "error: the end\n");
}

static void test_levels(void **state)
{
	(void)state;
	log_init();
	log_debug("quiet");
	assert_string_equal(logged(), "");
	log_set_level(LOG_LEVEL_DEBUG);
	assert_int_equal(log_get_level(), LOG_LEVEL_DEBUG);
	log_debug("loud");
	assert_string_equal(after_stamp(logged()), "debug: loud\n");
	log_set_level(LOG_LEVEL_ERROR);
	log_warnx("quiet");
	log_info("quiet");
	assert_string_equal(logged(), "");
	log_errx("loud");
	assert_string_equal(after_stamp(logged()), "error: loud\n");
}

static void test_journald(void **state)
{
	char stream[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_init();
	log_set_level(LOG_LEVEL_DEBUG);
	log_errx("a");
	log_warnx("b");
	log_info("c");
	log_debug("d");
	assert_string_equal(logged(), "<3>a\n<4>b\n<6>c\n<7>d\n");
}

/* A shell in a service has the variable too, and its stderr may go elsewhere. */
static void test_journald_of_somebody_else(void **state)
{
	static const char *const streams[] = { "1:2", "", "8:", "x", "9:9:9" };

	(void)state;
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		setenv("JOURNAL_STREAM", streams[i], 1);
		log_init();
		log_info("x");
		assert_string_equal(after_stamp(logged()), "info: x\n");
	}
}

static void test_one_line_whatever_comes(void **state)
{
	(void)state;
	log_init();
	log_info("a\nb\r\x1b[31m\x7f\xc2\x9b" "c");
	assert_string_equal(after_stamp(logged()), "info: a?b??[31m???c\n");
	/* Bytes that are not UTF-8, C1 among them; and what turns or hides text. */
	log_info("a\x9b" "31m\x9d\xc3" "b\xe2\x80\xae\xe2\x80\x8b" "c\xed\xa0\x80\xf3\xa0\x81\xa1");
	assert_string_equal(after_stamp(logged()), "info: a?31m??b??????c???????\n");
	log_info("gr\xc3\xbc\xc3\x9f" "e %s", "\xf0\x9f\x91\x8b");
	assert_string_equal(after_stamp(logged()), "info: gr\xc3\xbc\xc3\x9f" "e \xf0\x9f\x91\x8b\n");
}

static void test_long_lines(void **state)
{
	char longest[3000];
	size_t len;

	(void)state;
	log_init();
	/* 1024 bytes with the stamp and the level: still whole. */
	memset(longest, 'x', sizeof(longest));
	longest[1024 - 26] = '\0';
	log_info("%s", longest);
	len = strlen(logged());
	assert_int_equal(len, 1025);
	assert_string_equal(text + len - 4, "xxx\n");

	longest[1024 - 26] = 'x';
	longest[1024 - 25] = '\0';
	log_info("%s", longest);
	len = strlen(logged());
	assert_int_equal(len, 1025);
	assert_string_equal(text + len - 5, "x...\n");

	/* Not within a character: of the two-byte ones, one byte would fit. */
	for (size_t i = 0; i + 2 < sizeof(longest); i += 2) {
		memcpy(longest + i, "\xc3\xbc", 2);
	}
	longest[sizeof(longest) - 2] = '\0';
	log_info("%s", longest);
	len = strlen(logged());
	assert_int_equal(len, 1024);
	assert_string_equal(text + len - 6, "\xc3\xbc...\n");

	longest[1024 - 26] = '\0';
	errno = ENOSPC;
	log_warn("%s", longest);
	len = strlen(logged());
	assert_in_range(len, 1023, 1025);
	assert_string_equal(text + len - 4, "...\n");
}

/* What follows {"time":"2026-11-29T11:42:07.123Z", in an object. */
static const char *after_time(const char *line)
{
	int year, month, day, hour, minute, second, ms, end = 0;

	assert_int_equal(sscanf(line, "{\"time\":\"%4d-%2d-%2dT%2d:%2d:%2d.%3dZ\",%n", &year, &month,
	                        &day, &hour, &minute, &second, &ms, &end), 7);
	assert_int_equal(end, strlen("{\"time\":\"2026-11-29T11:42:07.123Z\","));
	return line + end;
}

/* Not time(2), which may still tell the second before for some milliseconds. */
static time_t realtime_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec;
}

static void test_json(void **state)
{
	time_t before = realtime_s();
	struct tm tm = { 0 };

	(void)state;
	log_init();
	log_set_format(LOG_FORMAT_JSON);
	setenv("TZ", "Asia/Tokyo", 1);
	tzset();
	log_info("listening on %s", "[::]:8989");
	assert_string_equal(after_time(logged()),
	                    "\"level\":\"info\",\"message\":\"listening on [::]:8989\"}\n");
	/* In UTC, whatever the zone. */
	assert_non_null(strptime(text, "{\"time\":\"%Y-%m-%dT%H:%M:%S", &tm));
	assert_in_range(timegm(&tm), before, realtime_s());
	unsetenv("TZ");
	tzset();
	errno = ENOSPC;
	log_err("cannot save \"%s\"", "C:\\new");
	assert_string_equal(after_time(logged()), "\"level\":\"error\",\"message\":\"cannot save "
	                    "\\\"C:\\\\new\\\": No space left on device\"}\n");
	log_warnx("a\nb\x1b[31m\x9b\xe2\x80\xa8 gr\xc3\xbc\xc3\x9f" "e\t%c", 1);
	assert_string_equal(after_time(logged()),
	                    "\"level\":\"warn\",\"message\":\"a?b?[31m???? gr\xc3\xbc\xc3\x9f" "e??\"}\n");
	log_set_format(LOG_FORMAT_TEXT);
	log_info("text again");
	assert_string_equal(after_stamp(logged()), "info: text again\n");
}

/* Each byte may be escaped; the message has as many as without. */
static void test_long_json(void **state)
{
	char longest[3000];
	const char *at;

	(void)state;
	log_init();
	log_set_format(LOG_FORMAT_JSON);
	memset(longest, '"', sizeof(longest));
	longest[1024] = '\0';
	log_info("%s", longest);
	at = after_time(logged()) + strlen("\"level\":\"info\",\"message\":\"");
	assert_int_equal(strlen(at), 2048 + strlen("\"}\n"));
	assert_string_equal(at + 2046, "\\\"\"}\n");
	longest[1024] = '"';
	longest[1025] = '\0';
	log_info("%s", longest);
	at = after_time(logged()) + strlen("\"level\":\"info\",\"message\":\"");
	assert_int_equal(strlen(at), 2 * 1021 + strlen("...\"}\n"));
	assert_string_equal(at + 2 * 1021, "...\"}\n");
}

static void test_json_for_journald(void **state)
{
	char stream[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_init();
	log_set_format(LOG_FORMAT_JSON);
	log_warnx("b");
	assert_memory_equal(logged(), "<4>", 3);
	assert_string_equal(after_time(text + 3), "\"level\":\"warn\",\"message\":\"b\"}\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, catch_stderr, give_stderr_back)

/* A closed pager, a terminal after ctrl-S: logging there must not block anybody. */
static void test_nobody_reads(void **state)
{
	static const char much[4096];
	int before = fcntl(log_pipe[1], F_GETFL);
	const char *said;

	(void)state;
	while (write(log_pipe[1], much, sizeof much) > 0) {
	}
	assert_int_equal(fcntl(log_pipe[1], F_SETFL, before & ~O_NONBLOCK), 0);
	alarm(20); /* ends a test that hangs */
	log_info("one");
	log_warnx("two");
	alarm(0);
	while (read(log_pipe[0], text, sizeof text) > 0) {
	}
	log_info("three");
	said = logged();
	assert_string_equal(after_stamp(said), strstr(said, "warn: "));
	assert_non_null(strstr(said, "warn: 2 lines of this log are missing here: nobody was reading it\n"));
	assert_non_null(strstr(said, "info: three\n"));
	log_info("four");
	assert_string_equal(after_stamp(logged()), "info: four\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_forms),
		TEST(test_levels),
		TEST(test_journald),
		TEST(test_journald_of_somebody_else),
		TEST(test_one_line_whatever_comes),
		TEST(test_long_lines),
		TEST(test_json_for_journald),
		TEST(test_json),
		TEST(test_long_json),
		TEST(test_nobody_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
