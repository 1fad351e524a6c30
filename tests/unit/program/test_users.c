/*
 * The users of the host, as a file has them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "chatd/program/users.h"

static char path[256];

static void file_has(const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int file_new(void **state)
{
	const char *tmp = getenv("TMPDIR");
	int fd;

	(void)state;
	snprintf(path, sizeof path, "%s/chatd-users-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int file_end(void **state)
{
	(void)state;
	return unlink(path);
}

static void test_names(void **state)
{
	struct users u = {0};

	(void)state;
	file_has("zoe:x:1002:1002::/home/zoe:/bin/sh\n"
	         "root:x:0:0:root:/root:/bin/bash\n"
	         "# not a user\n"
	         "broken line\n"
	         "toor:x:0:0:root again:/root:/bin/bash\n"
	         "adam:x:1001:100:Adam,,,:/home/adam:/bin/sh\n");
	assert_true(users_read(&u, path));
	assert_string_equal(users_name(&u, 0), "root");
	assert_string_equal(users_name(&u, 1001), "adam");
	assert_string_equal(users_name(&u, 1002), "zoe");
	assert_null(users_name(&u, 1000));
	assert_null(users_name(&u, UINT32_MAX));
	users_release(&u);
	assert_null(users_name(&u, 0));
}

static void test_read_again(void **state)
{
	struct users u = {0};

	(void)state;
	file_has("adam:x:1001:100::/:/bin/sh\n");
	assert_true(users_read(&u, path));
	file_has("eve:x:1001:100::/:/bin/sh\n");
	assert_true(users_read(&u, path));
	assert_string_equal(users_name(&u, 1001), "eve");
	/* What cannot be read changes nothing. */
	assert_false(users_read(&u, "/nonexistent/passwd"));
	assert_string_equal(users_name(&u, 1001), "eve");
	file_has("");
	assert_true(users_read(&u, path));
	assert_null(users_name(&u, 1001));
	users_release(&u);
}

/* For a message, which may also say why something failed. */
static void test_shown(void **state)
{
	char shown[USER_SHOWN_BYTES];

	(void)state;
	errno = EACCES;
	assert_string_equal(user_shown(0, shown), "root");
	assert_string_equal(user_shown(4123456789, shown), "4123456789");
	assert_int_equal(errno, EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names, file_new, file_end),
		cmocka_unit_test_setup_teardown(test_read_again, file_new, file_end),
		cmocka_unit_test(test_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
