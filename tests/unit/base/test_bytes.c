/* Memory that must be had, and the growing buffer. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "chatd/base/bytes.h"

/* Under AddressSanitizer an allocation that is too large is to fail as elsewhere. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void test_empty_is_valid(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	bytes_append(&b, NULL, 0);
	bytes_puts(&b, "");
	bytes_drop(&b, 0);
	bytes_clear(&b);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	bytes_release(&b);
	bytes_printf(&b, "%s", "");
	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
	bytes_release(&b);
	assert_null(b.data);
	assert_int_equal(b.cap, 0);
}

static void test_grows_and_stays_terminated(void **state)
{
	struct bytes b = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		char c = (char)('a' + i % 26);

		bytes_append(&b, &c, 1);
		assert_int_equal(b.len, i + 1);
		assert_true(b.cap > b.len);
		assert_int_equal(b.data[b.len], '\0');
	}
	for (i = 0; i < 10000; i++)
		assert_int_equal(b.data[i], 'a' + i % 26);
	bytes_release(&b);
}

/* Every length around the buffer's sizes, so that the room that is there is once just too small. */
static void test_printf_of_any_length(void **state)
{
	char expected[600];
	int n, before;

	(void)state;
	memset(expected, 'x', sizeof expected);
	for (before = 0; before < 70; before++) {
		for (n = 0; n < 300; n++) {
			struct bytes b = { 0 };

			bytes_append(&b, expected, (size_t)before);
			bytes_printf(&b, "%.*s%d", n, expected, 7);
			assert_int_equal(b.len, before + n + 1);
			assert_memory_equal(b.data, expected, (size_t)(before + n));
			assert_string_equal(b.data + before + n, "7");
			bytes_release(&b);
		}
	}
}

static void test_drop_and_clear(void **state)
{
	struct bytes b = { 0 };
	const char *memory;

	(void)state;
	bytes_puts(&b, "first second");
	memory = b.data;
	bytes_drop(&b, 6);
	assert_string_equal(b.data, "second");
	assert_int_equal(b.len, 6);
	bytes_drop(&b, 6);
	assert_string_equal(b.data, "");
	bytes_puts(&b, "third");
	bytes_clear(&b);
	assert_string_equal(b.data, "");
	assert_int_equal(b.len, 0);
	assert_ptr_equal(b.data, memory);
	bytes_release(&b);
}

static void test_binary(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	bytes_append(&b, "a\0b", 3);
	bytes_append(&b, "\0", 1);
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "a\0b\0", 5);
	bytes_release(&b);
}

static void test_memory(void **state)
{
	unsigned char *p = mem_zero(100, 7);
	char *s;
	size_t i;

	(void)state;
	for (i = 0; i < 700; i++)
		assert_int_equal(p[i], 0);
	memset(p, 'z', 700);
	p = mem_resize(p, 7000);
	for (i = 0; i < 700; i++)
		assert_int_equal(p[i], 'z');
	free(p);
	s = mem_strdup("nick");
	assert_string_equal(s, "nick");
	free(s);
	/* Nothing is something: never NULL, which would read as a failure. */
	p = mem_alloc(0);
	assert_non_null(p);
	p = mem_resize(p, 0);
	assert_non_null(p);
	free(p);
	p = mem_zero(0, 8);
	assert_non_null(p);
	free(p);
}

static volatile size_t too_much = SIZE_MAX / 4;

static void fail_alloc(void)
{
	free(mem_alloc(too_much));
}

static void fail_zero(void)
{
	free(mem_zero(too_much, 16));
}

static void fail_resize(void)
{
	free(mem_resize(NULL, too_much));
}

static void fail_append(void)
{
	struct bytes b = { 0 };

	bytes_append(&b, "x", SIZE_MAX);
}

/* Runs f in a child, which has to end by abort() after words on stderr. */
static void assert_dies(void (*f)(void))
{
	char said[4096] = "";
	size_t len = 0;
	ssize_t n;
	int fds[2], status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		dup2(fds[1], STDERR_FILENO);
		f();
		_exit(0);
	}
	close(fds[1]);
	while (len < sizeof said - 1 && (n = read(fds[0], said + len, sizeof said - 1 - len)) > 0)
		len += (size_t)n;
	said[len] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(said, "chatd: out of memory\n"));
}

static void test_no_memory_ends_the_program(void **state)
{
	(void)state;
	assert_dies(fail_alloc);
	assert_dies(fail_zero);
	assert_dies(fail_resize);
	assert_dies(fail_append);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_is_valid),
		cmocka_unit_test(test_grows_and_stays_terminated),
		cmocka_unit_test(test_printf_of_any_length),
		cmocka_unit_test(test_drop_and_clear),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_no_memory_ends_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
