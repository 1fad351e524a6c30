/* What a view takes of an outqueue: the same sequence, line by line, with what is known of each line. */
#include "outqueue_help.h"

static struct bytes taken;

static size_t take_line(void *ctx, const char *text, size_t len, struct line_info info, uint64_t pos)
{
	(void)ctx;
	bytes_printf(&taken, "%d%s|%.*s", info.kind, pos == UINT64_MAX ? "" : "f", (int)len, text);
	return len;
}

static int begin_view(void **state)
{
	bytes_clear(&taken);
	begin(state);
	outqueue_view(&q, true);
	return 0;
}

static int end_view(void **state)
{
	bytes_release(&taken);
	return end(state);
}

static void publish_as(const char *line, enum line_kind kind)
{
	feed_publish(&f, line, strlen(line), f.seq + 1, (struct line_info){.kind = (uint8_t)kind});
}

static void add_as(const char *line, enum line_kind kind)
{
	outqueue_add(&q, line, strlen(line), (struct line_info){.kind = (uint8_t)kind});
}

static void test_order(void **state)
{
	(void)state;
	add_as("hello\n", LINE_TEXT);
	add_as("again\n", LINE_TEXT);
	add_as("[psst]\n", LINE_PRIVATE);
	publish_as("one\n", LINE_SAID);
	publish_as("two\n", LINE_NOTICE);
	show();
	add_as("a reply\n", LINE_TEXT);
	publish_as("three\n", LINE_ACTION);
	publish_own("mine\n");
	publish_as("four\n", LINE_SAID);
	show();
	outqueue_take(&q, SIZE_MAX, take_line, NULL);
	assert_string_equal(taken.data, "0|hello\nagain\n5|[psst]\n1f|one\n3f|two\n0|a reply\n2f|three\n"
	                                "1f|four\n");
	assert_false(outqueue_has_output(&q));
	assert_int_equal(q.bytes, 0);
	/* Lines of the room, others' alone. */
	assert_int_equal(q.delivered, 4);
}

/* A step of at least so many bytes ends with a whole line, and the rest comes with the next one. */
static void test_steps(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		publish_as("123456789\n", LINE_SAID);
	show();
	outqueue_take(&q, 11, take_line, NULL);
	assert_string_equal(taken.data, "1f|123456789\n1f|123456789\n");
	assert_true(outqueue_has_output(&q));
	bytes_clear(&taken);
	outqueue_take(&q, SIZE_MAX, take_line, NULL);
	assert_string_equal(taken.data, "1f|123456789\n1f|123456789\n1f|123456789\n");
}

/* What was made is sent, however often the kernel takes part of it, and counts as unsent until then. */
static void test_made(void **state)
{
	size_t len;

	(void)state;
	publish_as("line\n", LINE_SAID);
	show();
	assert_int_equal(send_begin(), 0);
	outqueue_take(&q, SIZE_MAX, take_line, NULL);
	outqueue_made(&q, "a longer line\r\n", 15, q.reader.seq);
	assert_true(outqueue_has_output(&q));
	assert_int_equal(q.bytes, 15);
	while ((len = send_begin()) > 0)
		send_end(len < 4 ? len : 4);
	assert_int_equal(got.len, 15);
	assert_memory_equal(got.data, "a longer line\r\n", 15);
	assert_false(outqueue_has_output(&q));
	assert_int_equal(q.bytes, 0);
	assert_int_equal(q.held, 0);
}

/* A line has arrived when what was made of it has, not when as many bytes as it had itself have. */
static void test_arrived(void **state)
{
	(void)state;
	add_as("a replay of some length\n", LINE_TEXT);
	outqueue_mark_begin(&q);
	publish_as("one\n", LINE_SAID);
	show();
	assert_int_equal(outqueue_arrived(&q, 0).what, ARRIVED_NOTHING);
	outqueue_take(&q, 1, take_line, NULL);
	outqueue_made(&q, "0123456789", 10, q.reader.seq);
	assert_int_equal(outqueue_arrived(&q, 0).what, ARRIVED_NOTHING);
	send_begin();
	send_end(10);
	assert_int_equal(outqueue_arrived(&q, 1).what, ARRIVED_NOTHING);
	assert_int_equal(outqueue_arrived(&q, 0).what, ARRIVED_UP_TO);
	assert_int_equal(outqueue_arrived(&q, 0).seq, 0);
	outqueue_take(&q, SIZE_MAX, take_line, NULL);
	outqueue_made(&q, "0123456789", 10, q.reader.seq);
	send_begin();
	send_end(9);
	assert_int_equal(outqueue_arrived(&q, 0).seq, 0);
	send_begin();
	send_end(1);
	assert_int_equal(outqueue_arrived(&q, 1).seq, 0);
	assert_int_equal(outqueue_arrived(&q, 0).what, ARRIVED_ALL);
}

/* Lines that were visible when the feed is left are still lines. */
static void test_leave(void **state)
{
	(void)state;
	publish_as("one\n", LINE_SAID);
	publish_as("two\n", LINE_NOTICE);
	show();
	publish_as("not saved\n", LINE_SAID);
	outqueue_leave_feed(&q, NULL, 0);
	add_as("moved\n", LINE_TEXT);
	outqueue_take(&q, SIZE_MAX, take_line, NULL);
	assert_string_equal(taken.data, "1|one\n3|two\n0|moved\n");
	assert_int_equal(q.bytes, 0);
}

/* And are not left out with an answer that they wait behind. */
static void test_leave_and_cut(void **state)
{
	(void)state;
	add_as("the rest of an answer\n", LINE_TEXT);
	publish_as("said\n", LINE_SAID);
	show();
	outqueue_leave_feed(&q, NULL, 0);
	add_as("You are somewhere else.\n", LINE_TEXT);
	assert_true(outqueue_cut(&q));
	outqueue_take(&q, SIZE_MAX, take_line, NULL);
	assert_string_equal(taken.data, "1|said\n");
}

/* A view that begins while text is being sent goes on behind what the kernel has taken of it. */
static void test_begins_in_mid_send(void **state)
{
	(void)state;
	outqueue_view(&q, false);
	add_as("half sent\n", LINE_TEXT);
	send_begin();
	outqueue_view(&q, true);
	add_as("line\n", LINE_PRIVATE);
	send_end(5);
	outqueue_take(&q, SIZE_MAX, take_line, NULL);
	assert_string_equal(taken.data, "0|sent\n5|line\n");
}

/* And if the feed is left meanwhile: the rest of a line is no line. */
static void test_begins_and_leaves_in_mid_send(void **state)
{
	(void)state;
	outqueue_view(&q, false);
	publish_as("half sent\n", LINE_SAID);
	publish_as("whole\n", LINE_SAID);
	show();
	send_begin();
	outqueue_view(&q, true);
	outqueue_leave_feed(&q, NULL, 0);
	send_end(5);
	outqueue_take(&q, SIZE_MAX, take_line, NULL);
	assert_string_equal(taken.data, "0|sent\n1|whole\n");
}

/* Answers are cut; what nobody asked for stays, and so does what the kernel has taken of a line. */
static void test_cut(void **state)
{
	(void)state;
	assert_false(outqueue_cut(&q));
	add_as("an answer\n", LINE_TEXT);
	add_as("[psst]\n", LINE_PRIVATE);
	outqueue_add_waiting(&q, "-- a notice\n", 12, (struct line_info){0});
	add_as("[a row of it]\n", LINE_SAID);
	add_as("\377", LINE_RAW);
	add_as("the end of it\n", LINE_TEXT);
	assert_true(outqueue_cut(&q));
	assert_int_equal(q.bytes, 7 + 12 + 1);
	outqueue_take(&q, SIZE_MAX, take_line, NULL);
	assert_string_equal(taken.data, "5|[psst]\n0|-- a notice\n6|\377");
	assert_int_equal(q.bytes, 0);
	assert_int_equal(q.held, 0);
	assert_false(outqueue_cut(&q));
}

static size_t take_four(void *ctx, const char *text, size_t len, struct line_info info, uint64_t pos)
{
	take_line(ctx, text, len < 4 ? len : 4, info, pos);
	return len < 4 ? len : 4;
}

/* Who takes part of a text is given the rest of it next time. */
static void test_part(void **state)
{
	(void)state;
	add_as("one\ntwo\n", LINE_TEXT);
	outqueue_take(&q, SIZE_MAX, take_four, NULL);
	assert_string_equal(taken.data, "0|one\n");
	assert_int_equal(q.bytes, 4);
	outqueue_take(&q, SIZE_MAX, take_four, NULL);
	assert_string_equal(taken.data, "0|one\n0|two\n");
	assert_false(outqueue_has_output(&q));
	add_as("three\n", LINE_TEXT);
	outqueue_take(&q, SIZE_MAX, take_four, NULL);
	assert_true(outqueue_cut(&q));
	assert_int_equal(q.bytes, 0);
	assert_false(outqueue_has_output(&q));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, begin_view, end_view),
		cmocka_unit_test_setup_teardown(test_steps, begin_view, end_view),
		cmocka_unit_test_setup_teardown(test_made, begin_view, end_view),
		cmocka_unit_test_setup_teardown(test_arrived, begin_view, end_view),
		cmocka_unit_test_setup_teardown(test_leave, begin_view, end_view),
		cmocka_unit_test_setup_teardown(test_cut, begin_view, end_view),
		cmocka_unit_test_setup_teardown(test_part, begin_view, end_view),
		cmocka_unit_test_setup_teardown(test_leave_and_cut, begin_view, end_view),
		cmocka_unit_test_setup_teardown(test_begins_in_mid_send, begin_view, end_view),
		cmocka_unit_test_setup_teardown(test_begins_and_leaves_in_mid_send, begin_view, end_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
