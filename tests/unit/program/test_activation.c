/*
 * What the service manager says about sockets that it passes. The sockets themselves are in
 * tests/system/service.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "chatd/program/activation.h"

/* Whether that many sockets are taken for passed to the process with this number. */
static bool reads(const char *pid, const char *fds)
{
	struct activation a;
	struct conf c;
	bool ok;

	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", fds, 1);
	conf_init(&c);
	ok = activation_read(&a, &c);
	conf_release(&c);
	/* None of these numbers is one of a socket that is there. */
	for (size_t i = 0; i < LISTENERS_MAX; i++)
		assert_int_equal(a.fd[i], -1);
	return ok;
}

static void test_a_number_is_read_whole(void **state)
{
	static const char *const wrong[] = {
		"1abc", "abc", "", " 1", "+1", "-1", "0x1", "1.0", "1e3", "17", "4294967296", "4294967297",
		"18446744073709551617", "99999999999999999999999",
	};
	char me[32];

	(void)state;
	snprintf(me, sizeof(me), "%d", (int)getpid());
	assert_true(reads(me, "0"));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (reads(me, wrong[i]))
			fail_msg("LISTEN_FDS=%s is taken", wrong[i]);
}

static void test_what_is_passed_to_others_is_left_alone(void **state)
{
	char pid[32];

	(void)state;
	assert_true(reads("1", "1abc"));
	assert_true(reads("", "1"));
	snprintf(pid, sizeof(pid), "%dabc", (int)getpid());
	assert_true(reads(pid, "1"));
	snprintf(pid, sizeof(pid), " %d", (int)getpid());
	assert_true(reads(pid, "1"));
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_number_is_read_whole),
		cmocka_unit_test(test_what_is_passed_to_others_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
