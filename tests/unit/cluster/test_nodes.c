/*
 * Ids of entries, names of nodes, and up to where the stream may be trimmed.
 */
#include "chatd/base/bounds.h"
#include "chatd/base/clock.h"
#include "chatd/cluster/nodes.h"
#include "chatd/cluster/stream_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void ids_are_read(void **state)
{
	static const char *const good[] = { "0-0", "1700000000000-7", "18446744073709551615-18446744073709551615" };
	static const char *const bad[] = { "", "-", "1", "1-", "-1", "1-2-3", "01-2", "1-02", "1-2 ", " 1-2", "+1-2", "1-x",
	                                   "18446744073709551616-0", "0-99999999999999999999" };
	char text[STREAM_ID_BYTES];
	struct stream_id id;
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(stream_id_read(&id, good[i], strlen(good[i])));
		assert_string_equal(stream_id_text(text, id), good[i]);
	}
	id = (struct stream_id){ 3, 4 };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(stream_id_read(&id, bad[i], strlen(bad[i])));
	assert_int_equal(id.ms, 3);
	assert_int_equal(id.seq, 4);
}

static void ids_are_compared(void **state)
{
	struct stream_id low = { 1, UINT64_MAX }, high = { 2, 0 }, higher = { 2, 1 };
	(void)state;
	assert_true(stream_id_compare(low, high) < 0);
	assert_true(stream_id_compare(high, low) > 0);
	assert_true(stream_id_compare(high, higher) < 0);
	assert_true(stream_id_compare(higher, high) > 0);
	assert_int_equal(stream_id_compare(high, high), 0);
}

static void names(void **state)
{
	char longest[NODE_BYTES_MAX + 1];
	(void)state;
	memset(longest, 'a', sizeof(longest));
	assert_true(node_name_ok(longest, NODE_BYTES_MAX));
	assert_false(node_name_ok(longest, NODE_BYTES_MAX + 1));
	assert_true(node_name_ok("b-2", 3));
	assert_false(node_name_ok("", 0));
	assert_false(node_name_ok("B", 1));
	assert_false(node_name_ok("a b", 3));
	assert_false(node_name_ok("a:b", 3));
	assert_false(node_name_ok("a\n", 2));
}

/* -- trimming ------------------------------------------------------------------------------------------- */

static const uint64_t now = UINT64_C(1700000000000);

static struct stream_id ago(int64_t ms)
{
	return (struct stream_id){ .ms = now - (uint64_t)ms, .seq = 1 };
}

static void trimmed_below(const struct nodes *nodes, struct stream_id ours, struct stream_id expected)
{
	struct stream_id below = nodes_trim_below(nodes, ours, now);
	assert_int_equal(below.ms, expected.ms);
	assert_int_equal(below.seq, expected.seq);
}

static void the_slowest_node_keeps_the_stream(void **state)
{
	struct nodes nodes = { .n = 2, .node = { { .name = "b", .up = true, .at = ago(3 * DAY_MS) },
	                                         { .name = "c", .up = true, .at = ago(2 * DAY_MS) } } };
	(void)state;
	trimmed_below(&nodes, ago(0), ago(3 * DAY_MS));
	/* One that is up is waited for without end, also at the start of the stream; */
	nodes.node[1].at = ago(300 * DAY_MS);
	trimmed_below(&nodes, ago(0), ago(300 * DAY_MS));
	nodes.node[1].at = (struct stream_id){ 0 };
	trimmed_below(&nodes, ago(0), (struct stream_id){ 0 });
	/* one that is down, for some days, */
	nodes.node[1].up = false;
	trimmed_below(&nodes, ago(0), ago(3 * DAY_MS));
	nodes.node[1].at = ago(TRIM_DOWN_MS - 1);
	trimmed_below(&nodes, ago(0), ago(TRIM_DOWN_MS - 1));
	nodes.node[1].at = ago(TRIM_DOWN_MS);
	trimmed_below(&nodes, ago(0), ago(3 * DAY_MS));
	/* and not at all if there is too much. */
	nodes.node[1].at = ago(4 * DAY_MS);
	trimmed_below(&nodes, ago(0), ago(4 * DAY_MS));
	nodes.length = TRIM_ENTRIES_MAX + 1;
	trimmed_below(&nodes, ago(0), ago(3 * DAY_MS));
	trimmed_below(&nodes, ago(5 * DAY_MS), ago(5 * DAY_MS));
}

static void what_all_have_read_is_kept_for_a_day(void **state)
{
	struct nodes nodes = { .n = 1, .node = { { .name = "b", .up = true, .at = ago(5) } } };
	(void)state;
	trimmed_below(&nodes, ago(0), (struct stream_id){ .ms = now - TRIM_TAIL_MS });
	nodes.length = TRIM_ENTRIES_MAX + 1;
	trimmed_below(&nodes, ago(0), ago(5));
}

/* -- forgetting ------------------------------------------------------------------------------------------- */

static void forgotten_below(struct nodes *nodes, struct stream_id to, struct stream_id ours, struct stream_id expected)
{
	nodes->forgetting.to = to;
	struct stream_id below = nodes_forget_below(nodes, ours, now);
	assert_int_equal(below.ms, expected.ms);
	assert_int_equal(below.seq, expected.seq);
}

static void what_is_forgotten_has_no_tail(void **state)
{
	struct nodes nodes = { .n = 2, .node = { { .name = "b", .up = true, .at = ago(5) },
	                                         { .name = "c", .up = true, .at = ago(7) } } };
	(void)state;
	forgotten_below(&nodes, (struct stream_id){ 0 }, ago(0), (struct stream_id){ 0 });
	forgotten_below(&nodes, ago(9), ago(0), ago(9));
	/* As far as all are, if they are not as far. */
	forgotten_below(&nodes, ago(6), ago(0), ago(7));
	forgotten_below(&nodes, ago(1), ago(0), ago(7));
	forgotten_below(&nodes, ago(1), ago(8), ago(8));
	/* One that is down is waited for, even if there is much, but not for ever; */
	nodes.length = TRIM_ENTRIES_MAX + 1;
	nodes.node[0] = (struct node){ .name = "b", .at = ago(TRIM_DOWN_MS - 1) };
	forgotten_below(&nodes, ago(1), ago(0), ago(TRIM_DOWN_MS - 1));
	nodes.node[0].at = ago(TRIM_DOWN_MS);
	forgotten_below(&nodes, ago(1), ago(0), ago(7));
	/* one that is up is. */
	nodes.node[0].up = true;
	forgotten_below(&nodes, ago(1), ago(0), ago(TRIM_DOWN_MS));
	nodes.node[0].at = (struct stream_id){ 0 };
	forgotten_below(&nodes, ago(1), ago(0), (struct stream_id){ 0 });
}

static void forgetting_goes_on_for_a_block(void **state)
{
	struct nodes nodes = { 0 };
	(void)state;
	nodes_see_act(&nodes, ago(100));
	assert_int_equal(nodes.forgetting.to.ms, 0);
	nodes_forget(&nodes, ago(90));
	nodes_forget(&nodes, ago(95)); /* is done by the other one */
	nodes_see_act(&nodes, ago(90));
	for (int i = 1; i <= FORGET_ENTRIES; i++) {
		assert_int_equal(nodes.forgetting.to.ms, ago(90).ms);
		nodes_see_act(&nodes, (struct stream_id){ .ms = now, .seq = (uint64_t)i });
	}
	assert_int_equal(nodes.forgetting.to.ms, now);
	assert_int_equal(nodes.forgetting.to.seq, FORGET_ENTRIES);
	nodes_see_act(&nodes, (struct stream_id){ .ms = now + 1 });
	assert_int_equal(nodes.forgetting.to.ms, now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_read),
		cmocka_unit_test(ids_are_compared),
		cmocka_unit_test(names),
		cmocka_unit_test(the_slowest_node_keeps_the_stream),
		cmocka_unit_test(what_all_have_read_is_kept_for_a_day),
		cmocka_unit_test(what_is_forgotten_has_no_tail),
		cmocka_unit_test(forgetting_goes_on_for_a_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
