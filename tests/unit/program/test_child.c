/* Processes that the parent keeps running. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "chatd/program/child.h"

enum { SIGNALLED = SIGKILL, WITH_1 = 1 << 8 }; /* as waitpid(2) says */

static char words[CHILD_WORDS_BYTES];

static void test_none(void **state)
{
	struct child c = {0};

	(void)state;
	assert_false(child_is_due(&c, INT64_MAX));
}

/* At once, and then with pauses that double, up to a minute. */
static void test_pauses(void **state)
{
	static const int64_t pauses_ms[] = {0, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
	int64_t now_ms = 5000;
	char when[64];
	struct child c;

	(void)state;
	child_want(&c, "the other process", "");
	assert_true(child_is_due(&c, now_ms));
	for (size_t i = 0; i < sizeof pauses_ms / sizeof pauses_ms[0]; i++) {
		child_started(&c, 77, now_ms);
		assert_false(child_is_due(&c, INT64_MAX));
		child_ended(&c, SIGNALLED, ++now_ms, words);
		snprintf(when, sizeof when, "starts in %d s", (int)(pauses_ms[i] / 1000));
		assert_non_null(strstr(words, pauses_ms[i] == 0 ? "starts at once" : when));
		assert_false(pauses_ms[i] > 0 && child_is_due(&c, now_ms + pauses_ms[i] - 1));
		now_ms += pauses_ms[i];
		assert_true(child_is_due(&c, now_ms));
	}
	/* One that lived for a minute is followed at once again, and the pauses begin again. */
	child_started(&c, 77, now_ms);
	now_ms += 60000;
	child_ended(&c, WITH_1, now_ms, words);
	assert_true(child_is_due(&c, now_ms));
	assert_non_null(strstr(words, "starts at once"));
	child_started(&c, 77, now_ms);
	child_ended(&c, WITH_1, now_ms + 1, words);
	assert_non_null(strstr(words, "starts in 1 s"));
}

static void test_words(void **state)
{
	struct child c;

	(void)state;
	child_want(&c, "the TLS process", ", and its connections with it");
	child_started(&c, 77, 1);
	child_ended(&c, SIGNALLED, 2, words);
	assert_string_equal(words, "the TLS process has ended by SIGKILL, and its connections with it; the next one "
	                           "starts at once");
	child_want(&c, "the metrics process", "");
	child_started(&c, 77, 1);
	child_ended(&c, WITH_1, 2, words);
	assert_string_equal(words, "the metrics process has ended with status 1; the next one starts at once");
}

static void test_fork_fails(void **state)
{
	struct child c;

	(void)state;
	child_want(&c, "the other process", "");
	child_started(&c, -1, 1000);
	assert_int_equal(c.pid, 0);
	assert_false(child_is_due(&c, 60999));
	assert_true(child_is_due(&c, 61000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_pauses),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_fork_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
