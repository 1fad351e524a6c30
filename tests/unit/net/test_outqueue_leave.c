/*
 * Leaving a feed and falling behind it, at every byte and with a send in
 * flight.
 */
#include "outqueue_help.h"

/* -- leaving --------------------------------------------------------------------------- */

/* Leaves when n bytes have been sent; with a send in flight that ends with m. */
static void leave_after(size_t n, bool flying, size_t m)
{
	size_t len;

	begin(NULL);
	talk();
	for (; n > 0; n -= len) {
		len = send_begin();
		len = len < n ? len : n;
		send_end(len);
	}
	if (flying)
		len = send_begin();
	assert_int_equal(outqueue_leave_feed(&q, NULL, 0), UINT32_MAX);
	assert_null(q.reader.feed);
	/* Nobody else reads: the log is gone but for what the kernel reads. */
	assert_null(f.head);
	queue("-- you are in ops\n");
	if (flying)
		send_end(len < m ? len : m);
	send_all(5);
	assert_got_all();
	end(NULL);
}

static void test_leaving_keeps_every_byte(void **state)
{
	size_t total;

	(void)state;
	begin(NULL);
	talk();
	total = due.len;
	end(NULL);
	for (size_t n = 0; n < total; n++)
		leave_after(n, false, 0);
	for (size_t n = 0; n < total; n += 5)
		for (size_t m = 1; m < total - n; m++)
			leave_after(n, true, m);
}

static void test_leaving_gives_what_was_visible_and_no_more(void **state)
{
	(void)state;
	publish("visible\n");
	show();
	feed_publish(&f, "not saved\n", 10, 2, (struct line_info){0});
	outqueue_leave_feed(&q, NULL, 0);
	show();
	send_all(SIZE_MAX);
	assert_got_all();
}

static void test_leaving_before_the_replay_gives_nothing(void **state)
{
	(void)state;
	q.reader.held = true;
	feed_publish(&f, "live\n", 5, 1, (struct line_info){0});
	show();
	queue("-- still here\n");
	outqueue_leave_feed(&q, NULL, 0);
	send_all(SIZE_MAX);
	assert_got_all();
}

static void test_another_feed_follows(void **state)
{
	struct feed next = {0};

	(void)state;
	feed_publish(&next, "before\n", 7, 1, (struct line_info){0});
	next.mark = next.end;
	publish("old room\n");
	show();
	outqueue_leave_feed(&q, NULL, 0);
	queue("-- you are in next\n");
	feed_join(&next, &q.reader, 0);
	feed_publish(&next, "new room\n", 9, 2, (struct line_info){0});
	next.mark = next.end;
	bytes_puts(&due, "new room\n");
	queue("-- reply\n");
	send_all(3);
	assert_got_all();
	outqueue_leave_feed(&q, NULL, 0);
	feed_release(&next);
}

/* -- falling behind -------------------------------------------------------------------- */

/* So much that the log loses all that it had. */
static uint32_t flood(void)
{
	char line[1001];
	uint32_t n = 0;

	memset(line, 'x', 999);
	line[999] = '\n';
	line[1000] = '\0';
	for (uint64_t from = f.end; f.start < from || n < 1200; n++) {
		feed_publish(&f, line, 1000, f.seq + 1, (struct line_info){0});
		show();
	}
	return n;
}

static void test_a_send_in_flight_keeps_its_memory(void **state)
{
	struct feed_gap gap;
	uint32_t lines;
	size_t len;

	(void)state;
	talk();
	len = send_begin();
	assert_int_equal(len, due.len);
	lines = flood();
	assert_true(outqueue_fell_behind(&q));
	/* Own and all: the sanitizer looks on. */
	send_end(len);
	assert_got_all();
	assert_true(outqueue_fell_behind(&q));
	gap = feed_reader_jump(&q.reader);
	assert_int_equal(gap.lines, lines);
	assert_false(outqueue_fell_behind(&q));
	assert_int_equal(send_begin(), 0);
	assert_int_equal(q.reader.cursor, f.end);
}

/* How many of the other's lines in talk() the first n bytes have, whole or in part. */
static uint32_t lines_begun(size_t n)
{
	static const char *const lines[] = {"alice one\n", "alice two\n", "alice three\n",
	                                    "alice four\n"};
	uint32_t begun = 0;

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		begun += (size_t)(strstr(due.data, lines[i]) - due.data) < n;
	return begun;
}

static void jump_after(size_t n)
{
	struct feed_gap gap;
	uint32_t lines, begun;
	const char *line_end;

	begin(NULL);
	talk();
	begun = lines_begun(n);
	send_begin();
	send_end(n);
	lines = flood();
	assert_true(outqueue_fell_behind(&q));
	gap = feed_reader_jump(&q.reader);
	/* A line that was begun is gone through with; the others of the four are missed. */
	assert_int_equal(gap.lines, lines + 4 - begun);
	queue("-- skipped\n");
	send_all(3);
	line_end = n == 0 ? due.data : memchr(due.data + n - 1, '\n', due.len);
	assert_true(got.len >= (size_t)(line_end - due.data));
	assert_memory_equal(got.data, due.data, (size_t)(line_end - due.data));
	/* All private text comes, and no half line. */
	assert_non_null(strstr(got.data, "-- the end\n-- skipped\n"));
	for (const char *p = got.data; *p != '\0'; p = strchr(p, '\n') + 1)
		assert_true(strncmp(p, "-- ", 3) == 0 || strncmp(p, "alice ", 6) == 0);
	end(NULL);
}

static void test_jumping_after_every_byte(void **state)
{
	size_t total;

	(void)state;
	begin(NULL);
	talk();
	total = due.len;
	end(NULL);
	for (size_t n = 1; n < total; n++)
		jump_after(n);
}

static void test_jumping_with_private_text_alone_in_flight(void **state)
{
	uint32_t lines;
	size_t len;

	(void)state;
	publish("read\n");
	show();
	send_all(SIZE_MAX);
	for (int i = 0; i < 10; i++) {
		char text[4097];

		memset(text, 'p', 4096);
		text[4096] = '\0';
		queue(text);
	}
	len = send_begin();
	lines = flood();
	send_end(len / 2);
	assert_true(outqueue_fell_behind(&q));
	assert_int_equal(feed_reader_jump(&q.reader).lines, lines);
	send_all(SIZE_MAX);
	assert_got_all();
}

/* What is in flight still comes, whole; then that lines are missing, and then what was private. */
static void leave_behind_after(size_t n)
{
	static const char missing[] = "-- some are missing\n";
	const char *rest;
	size_t len;

	begin(NULL);
	talk();
	len = send_begin();
	assert_int_equal(len, due.len);
	flood();
	queue("-- between\n");
	flood();
	assert_true(outqueue_fell_behind(&q));
	assert_int_equal(outqueue_leave_feed(&q, missing, sizeof missing - 1), UINT32_MAX);
	queue("-- you are in ops\n");
	send_end(len < n ? len : n);
	send_all(7);
	assert_memory_equal(got.data, due.data, len);
	/* The kernel's chunk had room for some of the flood, and those lines come too. */
	for (rest = got.data + len; *rest == 'x'; rest += 1000)
		assert_int_equal(rest[999], '\n');
	assert_string_equal(rest, "-- some are missing\n-- between\n-- you are in ops\n");
	end(NULL);
}

static void test_leaving_while_behind_tells(void **state)
{
	(void)state;
	for (size_t n = 1; n < 120; n++)
		leave_behind_after(n);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leaving_keeps_every_byte),
		TEST(test_leaving_gives_what_was_visible_and_no_more),
		TEST(test_leaving_before_the_replay_gives_nothing),
		TEST(test_another_feed_follows),
		TEST(test_a_send_in_flight_keeps_its_memory),
		cmocka_unit_test(test_jumping_after_every_byte),
		cmocka_unit_test(test_leaving_while_behind_tells),
		TEST(test_jumping_with_private_text_alone_in_flight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
