/*
 * What a connection is sent, however the kernel cuts it up.
 *
 * A "kernel" takes what outqueue_gather names and reads it only when the send
 * completes, as the real one does. What it has read must be the texts in their
 * order, exactly.
 */
#include "outqueue_help.h"

/* -- order ----------------------------------------------------------------------------- */

static void test_private_text_comes_after_what_was_visible(void **state)
{
	(void)state;
	talk();
	send_all(SIZE_MAX);
	assert_got_all();
}

static void test_lines_are_not_sent_before_they_are_shown(void **state)
{
	(void)state;
	publish("saved\n");
	show();
	feed_publish(&f, "not saved\n", 10, 2, (struct line_info){0});
	queue("-- a reply\n");
	send_all(SIZE_MAX);
	assert_got_all();
	show();
	bytes_puts(&due, "not saved\n");
	send_all(SIZE_MAX);
	assert_got_all();
}

static void test_a_held_reader_gets_private_text_first(void **state)
{
	(void)state;
	q.reader.held = true;
	feed_publish(&f, "live\n", 5, 1, (struct line_info){0});
	show();
	queue("-- replay\n");
	send_all(SIZE_MAX);
	assert_got_all();
	q.reader.held = false;
	assert_true(outqueue_has_output(&q));
	bytes_puts(&due, "live\n");
	send_all(SIZE_MAX);
	assert_got_all();
}

/* Nor does what is held back fall behind: nobody is there to miss it. */
static void test_whoever_is_gone_holds_nothing(void **state)
{
	(void)state;
	outqueue_hold(&q, true);
	feed_publish(&f, "live\n", 5, 1, (struct line_info){0});
	feed_publish(&f, "mine\n", 5, 2, (struct line_info){0});
	feed_skip(&q.reader);
	show();
	outqueue_add_waiting(&q, "-- told\n", 8, (struct line_info){0});
	assert_false(outqueue_has_output(&q));
	outqueue_discard(&q);
	assert_int_equal(q.reader.cursor, f.mark);
	assert_int_equal(q.reader.ncuts, 0);
	assert_null(q.first);
	feed_trim(&f, f.end);
	assert_false(outqueue_fell_behind(&q));
	/* So many own lines among others that they are no longer told apart. */
	for (int i = 0; i < 2 * CUTS_MAX && !q.reader.lost; i++) {
		feed_publish(&f, "live\n", 5, f.seq + 1, (struct line_info){0});
		feed_publish(&f, "mine\n", 5, f.seq + 1, (struct line_info){0});
		show();
		outqueue_skip(&q);
	}
	assert_true(outqueue_fell_behind(&q));
	outqueue_discard(&q);
	assert_false(outqueue_fell_behind(&q));
}

static void test_own_lines_alone_are_passed(void **state)
{
	(void)state;
	publish("a\n");
	publish_own("mine\n");
	show();
	assert_int_equal(send_begin(), 2);
	send_end(2);
	assert_int_equal(send_begin(), 0);
	assert_int_equal(q.reader.cursor, f.end);
	assert_false(outqueue_has_output(&q));
}

/* Lines of the feed that were sent, however they were cut; others' alone. */
static void test_deliveries_are_counted(void **state)
{
	size_t len;

	(void)state;
	queue("-- a reply\n");
	publish("one\n");
	publish_own("mine\n");
	publish("two\n");
	publish_own("mine\n");
	publish_own("mine\n");
	publish("three\n");
	show();
	while ((len = send_begin()) > 0)
		send_end(len < 3 ? len : 3);
	assert_int_equal(q.delivered, 3);
	publish_own("mine\n");
	publish("four\n");
	show();
	send_all(SIZE_MAX);
	assert_int_equal(q.delivered, 4);
	/* What it skips was not delivered. */
	publish("five\n");
	show();
	feed_reader_jump(&q.reader);
	publish("six\n");
	show();
	bytes_clear(&due);
	bytes_clear(&got);
	bytes_puts(&due, "six\n");
	send_all(SIZE_MAX);
	assert_got_all();
	assert_int_equal(q.delivered, 5);
}

/* What has arrived if this many bytes are not acknowledged. */
static void assert_arrived(uint64_t unacked, enum arrived what, uint64_t seq)
{
	struct arrival a = outqueue_arrived(&q, unacked);

	assert_int_equal(a.what, what);
	assert_int_equal(a.seq, seq);
}

/* What the peer has acknowledged is what has arrived, and of a line all of it. */
static void test_what_has_arrived_is_known(void **state)
{
	(void)state;
	/* The replay, and then the feed. */
	queue("-- hello\n");
	outqueue_mark_begin(&q);
	send_all(SIZE_MAX);
	assert_arrived(0, ARRIVED_ALL, 0);
	assert_arrived(3, ARRIVED_NOTHING, 0);
	for (int i = 0; i < 5; i++)
		publish("0123456789abcdef\n");
	show();
	assert_arrived(0, ARRIVED_UP_TO, 0);
	assert_int_equal(send_begin(), 5 * 17);
	send_end(17);
	assert_arrived(0, ARRIVED_UP_TO, 1);
	assert_arrived(1, ARRIVED_UP_TO, 0);
	/* Half of the second, and then the rest of it. */
	send_begin();
	send_end(8);
	assert_arrived(0, ARRIVED_UP_TO, 1);
	send_begin();
	send_end(9);
	assert_arrived(0, ARRIVED_UP_TO, 2);
	assert_arrived(1, ARRIVED_UP_TO, 1);
	send_all(SIZE_MAX);
	assert_arrived(0, ARRIVED_ALL, 0);
	assert_arrived(1, ARRIVED_UP_TO, 2);
	assert_arrived(UINT32_MAX, ARRIVED_NOTHING, 0);
}

/* However many sends there were, what is told has arrived, and near the end little is lost. */
static void test_old_marks_thin_out(void **state)
{
	struct arrival a;

	(void)state;
	outqueue_mark_begin(&q);
	for (int i = 0; i < 1000; i++) {
		publish("0123456789abcde\n");
		show();
		send_all(SIZE_MAX);
	}
	for (uint64_t unacked = 1; unacked < 16000; unacked++) {
		a = outqueue_arrived(&q, unacked);
		assert_true(a.what == ARRIVED_NOTHING || a.seq <= (16000 - unacked) / 16);
		if (unacked <= 16 * 4)
			assert_true(a.what == ARRIVED_UP_TO && a.seq >= 1000 - 4 - 8);
	}
	outqueue_forget_marks(&q);
	assert_arrived(1, ARRIVED_NOTHING, 0);
}

static void test_one_send_has_its_bounds(void **state)
{
	char line[4097];
	size_t len, sent = 0;

	(void)state;
	memset(line, 'x', 4095);
	line[4095] = '\n';
	line[4096] = '\0';
	for (int i = 0; i < 200; i++)
		publish(line);
	show();
	while ((len = send_begin()) > 0) {
		assert_true(len < SEND_BYTES_MAX + FEED_CHUNK_BYTES);
		send_end(len);
		sent++;
	}
	assert_true(sent >= 3);
	assert_got_all();
	/* Each piece apart: own lines lie between. */
	for (int i = 0; i < 100; i++) {
		publish("another's\n");
		publish_own("mine\n");
	}
	show();
	assert_int_equal(send_begin(), SEND_SPANS_MAX * 10);
	send_end(SEND_SPANS_MAX * 10);
	send_all(SIZE_MAX);
	assert_got_all();
}

/* -- short sends ----------------------------------------------------------------------- */

static void test_sends_of_every_length(void **state)
{
	(void)state;
	for (size_t n = 1; n < 130; n++) {
		begin(NULL);
		talk();
		send_all(n);
		assert_got_all();
		end(NULL);
	}
}

static void test_a_first_send_of_every_length_and_more_to_come(void **state)
{
	(void)state;
	for (size_t n = 1;; n++) {
		size_t len;

		begin(NULL);
		talk();
		len = send_begin();
		/* While it is in flight: it may not change what is counted. */
		publish("late one\n");
		publish_own("mine, late\n");
		show();
		queue("-- late reply\n");
		send_end(n < len ? n : len);
		send_all(7);
		assert_got_all();
		end(NULL);
		if (n >= len)
			break;
	}
}

static void test_nothing_taken_changes_nothing(void **state)
{
	(void)state;
	talk();
	for (int i = 0; i < 3; i++) {
		assert_true(send_begin() > 0);
		send_end(0);
	}
	send_all(SIZE_MAX);
	assert_got_all();
}

/* -- anything, in any order ------------------------------------------------------------ */

enum { LINES_MAX = 4000 };

/* What was published and is not shown yet, in one piece; NULL: its own. */
static struct bytes unseen;

static void random_line(struct prng *p, bool own)
{
	char line[64];
	int n = snprintf(line, sizeof line, "%s%lu%.*s\n", own ? "own" : "line", f.seq,
	                 (int)prng_below(p, 30), "..............................");

	feed_publish(&f, line, (size_t)n, f.seq + 1, (struct line_info){0});
	if (own)
		feed_skip(&q.reader);
	else
		bytes_append(&unseen, line, (size_t)n);
}

static void random_show(void)
{
	show();
	bytes_append(&due, unseen.data, unseen.len);
	bytes_clear(&unseen);
}

static void random_run(uint64_t seed)
{
	struct prng p = {seed};
	size_t flying = 0;
	char text[32];

	begin(NULL);
	for (int i = 0; i < LINES_MAX; i++) {
		switch (prng_below(&p, 8)) {
		case 0:
		case 1:
			random_line(&p, prng_chance(&p, 400));
			break;
		case 2:
			random_show();
			break;
		case 3:
			snprintf(text, sizeof text, "-- %d\n", i);
			queue(text);
			break;
		case 4:
			if (prng_chance(&p, 20)) {
				outqueue_leave_feed(&q, NULL, 0);
				bytes_clear(&unseen);
				feed_join(&f, &q.reader, 0);
			}
			break;
		default:
			if (flying > 0)
				send_end(prng_below(&p, (uint32_t)flying + 1));
			flying = flying > 0 ? 0 : send_begin();
			feed_trim(&f, q.reader.cursor);
			break;
		}
	}
	if (flying > 0)
		send_end(flying);
	random_show();
	send_all(100);
	assert_got_all();
	bytes_release(&unseen);
	end(NULL);
}

static void test_anything_in_any_order(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++)
		random_run(seed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_private_text_comes_after_what_was_visible),
		TEST(test_lines_are_not_sent_before_they_are_shown),
		TEST(test_a_held_reader_gets_private_text_first),
		TEST(test_whoever_is_gone_holds_nothing),
		TEST(test_own_lines_alone_are_passed),
		TEST(test_deliveries_are_counted),
		TEST(test_what_has_arrived_is_known),
		TEST(test_old_marks_thin_out),
		TEST(test_one_send_has_its_bounds),
		cmocka_unit_test(test_sends_of_every_length),
		cmocka_unit_test(test_a_first_send_of_every_length_and_more_to_come),
		TEST(test_nothing_taken_changes_nothing),
		cmocka_unit_test(test_anything_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
