/* The file with the engine's password. */
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

#include "chatd/program/cluster_password.h"

static char folder[] = "/tmp/chatd-password.XXXXXX";
static char path[64];

static void write_file(const char *text, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0 && write(fd, text, len) == (ssize_t)len && fchmod(fd, mode) == 0);
	close(fd);
}

static void takes(const char *text, const char *password)
{
	char got[CLUSTER_PASSWORD_BYTES_MAX + 1];
	struct bytes problems = {0};

	write_file(text, strlen(text), 0600);
	assert_true(cluster_password_read(path, got, &problems));
	assert_string_equal(got, password);
	assert_true(cluster_password_check(path, &problems));
	assert_int_equal(problems.len, 0);
}

/* What is wrong is said with the path, and never with what is in the file. */
static void refuses_file(const char *where, const char *problem)
{
	char got[CLUSTER_PASSWORD_BYTES_MAX + 1], line[512];
	struct bytes problems = {0};

	memset(got, 'x', sizeof got);
	snprintf(line, sizeof line, "cluster_password_file = %s: %s\n", where, problem);
	assert_false(cluster_password_read(where, got, &problems));
	assert_string_equal(problems.data, line);
	for (size_t i = 0; i < sizeof got; i++)
		assert_int_equal(got[i], 0);
	bytes_clear(&problems);
	assert_false(cluster_password_check(where, &problems));
	assert_string_equal(problems.data, line);
	bytes_release(&problems);
}

static void refuses(const char *text, size_t len, const char *problem)
{
	write_file(text, len, 0600);
	refuses_file(path, problem);
}

static void test_passwords(void **state)
{
	char longest[CLUSTER_PASSWORD_BYTES_MAX + 3], with_end[sizeof longest + 2];

	(void)state;
	takes("secret", "secret");
	takes("secret\n", "secret");
	takes("secret\r\n", "secret");
	takes(" two words \n", " two words ");
	takes("p\xc3\xa4ss\n", "p\xc3\xa4ss");
	memset(longest, 'a', sizeof longest);
	longest[CLUSTER_PASSWORD_BYTES_MAX] = '\0';
	takes(longest, longest);
	snprintf(with_end, sizeof with_end, "%s\r\n", longest);
	takes(with_end, longest);
	longest[CLUSTER_PASSWORD_BYTES_MAX] = 'a';
	refuses(longest, CLUSTER_PASSWORD_BYTES_MAX + 1, "the password has more than 512 bytes");
	refuses(longest, CLUSTER_PASSWORD_BYTES_MAX + 3, "the password has more than 512 bytes");
}

static void test_wrong(void **state)
{
	(void)state;
	refuses("", 0, "it has no password");
	refuses("\n", 1, "it has no password");
	refuses("one\ntwo\n", 8, "it must have one line, with the password alone");
	refuses("secret\n\n", 8, "it must have one line, with the password alone");
	refuses("a\0b\n", 4, "it must have one line, with the password alone");
	refuses("a\tb\n", 4, "it must have one line, with the password alone");
}

static void test_files(void **state)
{
	(void)state;
	refuses_file("/none/there", "it cannot be read: No such file or directory");
	refuses_file(folder, "this is not an ordinary file");
	write_file("secret\n", 7, 0644);
	refuses_file(path, "other users of this host may use it (mode 0644); run chmod o= on it");
	write_file("secret\n", 7, 0602);
	refuses_file(path, "other users of this host may use it (mode 0602); run chmod o= on it");
	/* The group may: it is that of chatd. */
	write_file("secret\n", 7, 0640);
	assert_true(cluster_password_check(path, NULL));
	unlink(path);
	/* It does not wait for somebody to write. */
	assert_int_equal(mkfifo(path, 0600), 0);
	refuses_file(path, "this is not an ordinary file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passwords),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_files),
	};
	int failed;

	if (mkdtemp(folder) == NULL)
		return 1;
	snprintf(path, sizeof path, "%s/password", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(folder);
	return failed;
}
