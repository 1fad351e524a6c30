/* Answers that the loop does not take: they are kept in memory, so there are not many. */
#include "writer_help.h"

#include "chatd/store/threads/writer_state.h"

#include <sched.h>

enum { TIMES = QUERIES_MAX > 3 * ANSWERS_MAX ? 3 * ANSWERS_MAX : QUERIES_MAX };

static size_t answers_heard(void)
{
	size_t n = 0;

	for (size_t i = 0; i < loop.heard_n; i++)
		n += loop.heard[i] == 'R';
	return n;
}

/* Until the thread has stopped, without anything of it being taken. */
static void until_it_waits(struct reader *t)
{
	loop_wake();
	while (!atomic_load(&t->sleeper.asleep) ||
	       atomic_load(&loop.w->notifications.answers) < ANSWERS_MAX)
		sched_yield();
}

static void reader_waits_for_the_loop(void **state)
{
	struct reader *t = &loop.w->readers[READER_RANGES];

	(void)state;
	append("hello");
	until_stored();
	for (int i = 0; i < TIMES; i++)
		ask(QUERY_LAST, "");
	until_it_waits(t);
	assert_int_equal(atomic_load(&loop.w->notifications.answers), ANSWERS_MAX);
	assert_int_equal(t->waiting->seats.taken, TIMES);
	assert_true(turns_ready(&t->waiting->turns));
	while (answers_heard() < TIMES)
		loop_turn();
	assert_int_equal(atomic_load(&loop.w->notifications.answers), 0);
	assert_int_equal(t->waiting->seats.taken, 0);
}

static void it_ends_while_it_waits(void **state)
{
	(void)state;
	append("hello");
	until_stored();
	for (int i = 0; i < TIMES; i++)
		ask(QUERY_LAST, "");
	until_it_waits(&loop.w->readers[READER_RANGES]);
	assert_true(stop(1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reader_waits_for_the_loop, loop_setup, loop_teardown),
		cmocka_unit_test_setup_teardown(it_ends_while_it_waits, loop_setup, loop_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
