/* Figures in memory that processes share. */
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

#include "chatd/net/vitals.h"

static struct vitals *v;

static int begin(void **state)
{
	(void)state;
	v = vitals_new();
	return v == NULL;
}

static int end(void **state)
{
	(void)state;
	vitals_drop(v);
	return 0;
}

/* How a process ends that does this. */
static int child_status(void (*what)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		/* A sanitizer would report it instead. */
		signal(SIGSEGV, SIG_DFL);
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void write_lines(void)
{
	vitals_set(v, VITAL_LINES, 7);
}

static void protect_and_read(void)
{
	struct vitals_copy c;

	if (!vitals_protect(v))
		_exit(2);
	vitals_copy(v, 1, 1, &c);
	if (c.value[VITAL_LINES] != 7)
		_exit(3);
}

static void protect_and_write(void)
{
	if (!vitals_protect(v))
		_exit(2);
	write_lines();
}

static void test_processes(void **state)
{
	struct vitals_copy c;
	int status;

	(void)state;
	assert_int_equal(child_status(write_lines), 0);
	vitals_copy(v, 1, 1, &c);
	assert_int_equal(c.value[VITAL_LINES], 7);
	assert_int_equal(child_status(protect_and_read), 0);
	status = child_status(protect_and_write);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	/* In this process nothing has changed. */
	write_lines();
}

static void test_times(void **state)
{
	struct vitals_copy c;

	(void)state;
	vitals_copy(v, 100000, 5000000, &c);
	/* It has not begun. */
	assert_int_equal(c.value[VITAL_BEAT_AGE_MS], 0);
	assert_int_equal(c.value[VITAL_TLS_LEFT_S], 0);
	atomic_store(&v->beat_ms, 99000);
	vitals_set(v, VITAL_TLS_BEAT_MS, 97000);
	vitals_set(v, VITAL_TLS_UNTIL_S, 5010);
	vitals_copy(v, 100000, 5000000, &c);
	assert_int_equal(c.value[VITAL_BEAT_AGE_MS], 1000);
	assert_int_equal(c.value[VITAL_TLS_BEAT_AGE_MS], 3000);
	assert_int_equal(c.value[VITAL_TLS_LEFT_S], 10);
	/* A turn since the reader looked at the clock; a certificate that has ended. */
	vitals_copy(v, 98999, 5020000, &c);
	assert_int_equal(c.value[VITAL_BEAT_AGE_MS], 0);
	assert_int_equal(c.value[VITAL_TLS_LEFT_S], -10);
}

static void test_waiting(void **state)
{
	struct vitals_copy c;

	(void)state;
	vitals_copy(v, 100000, 1, &c);
	assert_int_equal(c.value[VITAL_STORE_WAITING_MS], 0);
	vitals_set(v, VITAL_STORE_SINCE_MS, 88000);
	vitals_copy(v, 100000, 1, &c);
	assert_int_equal(c.value[VITAL_STORE_WAITING_MS], 12000);
	/* It has begun to wait since the reader looked at the clock. */
	vitals_copy(v, 87000, 1, &c);
	assert_int_equal(c.value[VITAL_STORE_WAITING_MS], 0);
}

/* A writer that is out of its mind. */
static void test_hostile(void **state)
{
	struct vitals_copy c;

	(void)state;
	atomic_store(&v->life, 77);
	vitals_set(v, VITAL_NONE, 1);
	vitals_copy(v, 1, 1, &c);
	assert_int_equal(c.life, LIFE_STOPPING);
	assert_int_equal(c.value[VITAL_NONE], 0);
	vitals_set_life(v, LIFE_RUNNING);
	vitals_copy(v, 1, 1, &c);
	assert_int_equal(c.life, LIFE_RUNNING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_processes, begin, end),
		cmocka_unit_test_setup_teardown(test_times, begin, end),
		cmocka_unit_test_setup_teardown(test_waiting, begin, end),
		cmocka_unit_test_setup_teardown(test_hostile, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
