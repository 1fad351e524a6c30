/* What is told on standard error: one line for a program, rows for a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <pty.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "chatd/base/wrap.h"
#include "chatd/program/tell.h"

#define LONG \
	"cannot reach a chatd on the database /var/lib/chatd/chatd.db: the socket /var/lib/chatd/chatd.db-ctl " \
	"does not exist; start chatd, or choose another database with -c or -d"

static void say(void)
{
	char lines[] = LONG "\nshort\033[31m\n";

	tell_lines(TELL_CHATD, lines);
	tell_lines(TELL_CHATD, NULL);
	_exit(0);
}

/* All that a child that says it writes to standard error; releases nothing. */
static struct bytes heard(bool terminal)
{
	struct bytes all = {0};
	char part[256];
	int ends[2], main_end = -1, status;
	ssize_t n;
	pid_t pid;

	if (terminal) {
		pid = forkpty(&main_end, NULL, NULL, NULL);
	} else {
		assert_int_equal(pipe(ends), 0);
		pid = fork();
	}
	assert_true(pid >= 0);
	if (pid == 0) {
		if (!terminal)
			dup2(ends[1], STDERR_FILENO);
		say();
	}
	if (!terminal) {
		close(ends[1]);
		main_end = ends[0];
	}
	while ((n = read(main_end, part, sizeof part)) > 0)
		bytes_append(&all, part, (size_t)n);
	close(main_end);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return all;
}

static void test_program(void **state)
{
	struct bytes all = heard(false);

	(void)state;
	assert_string_equal(all.data, "chatd: " LONG "\nchatd: short?[31m\n");
	bytes_release(&all);
}

static void test_terminal(void **state)
{
	struct bytes all = heard(true);
	int rows = 0;

	(void)state;
	for (char *row = strtok(all.data, "\r\n"); row; row = strtok(NULL, "\r\n"), rows++) {
		assert_true(strlen(row) <= WRAP_COLUMNS);
		assert_int_equal(strncmp(row, "chatd: ", 7) == 0, rows == 0 || rows == 3);
		assert_int_equal(strncmp(row, "      ", 6) == 0, rows == 1 || rows == 2);
	}
	assert_int_equal(rows, 4);
	bytes_release(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program),
		cmocka_unit_test(test_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
