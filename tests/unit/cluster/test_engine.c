/*
 * Several engines over a real Redis: one order, whatever breaks.
 */
#include "engine_help.h"

#include "chatd/cluster/engine_state.h"

/* -- talking ------------------------------------------------------------------------------------------ */

static void all_read_one_order(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	b.options.connect = redis_connect_tcp;
	begin(&a);
	begin(&b);
	assert_string_equal(a.cluster, b.cluster);
	assert_int_equal(a.incarnation, 1);
	for (int i = 0; i < 200; i++) {
		assert_true(node_say(&a, 10, 20));
		assert_true(node_say(&b, 10, 20));
		nodes_take();
	}
	until(a.acts == 4000 && b.acts == 4000);
	same_history(&a, &b);
	assert_int_equal(a.repeats, 0);
	begin(&c);
	until(c.acts == 4000);
	same_history(&a, &c);
	assert_int_equal(redis_ask(&redis, "XLEN chatd")->integer, 4000);
}

static void a_node_reads_on(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	begin(&b);
	node_say(&a, 100, 10);
	until(b.acts == 100);
	end(&b);
	node_say(&a, 700, 10);
	begin(&b);
	assert_int_equal(b.incarnation, 2);
	until(b.acts == 800 && a.acts == 800);
	assert_int_equal(b.repeats, 0);
	same_history(&a, &b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_read_one_order, cluster_setup, cluster_teardown),
		cmocka_unit_test_setup_teardown(a_node_reads_on, cluster_setup, cluster_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
