/*
 * What connections and logs hold in memory: all of it is counted, and kept short while all
 * together hold much.
 */
#include "outqueue_help.h"

static struct budget logs, queues;

static int begin_counted(void **state)
{
	begin(state);
	logs = (struct budget){.high = UINT64_MAX, .max = UINT64_MAX};
	queues = logs;
	f.budget = &logs;
	q.budget = &queues;
	return 0;
}

static int end_counted(void **state)
{
	end(state);
	assert_int_equal(logs.bytes, 0);
	assert_int_equal(queues.bytes, 0);
	return 0;
}

/* A line of n bytes that q's owner has said, or ignores. */
static void publish_skipped(const char *line)
{
	feed_publish(&f, line, strlen(line), f.seq + 1, (struct line_info){0});
	outqueue_skip(&q);
}

static void test_all_is_counted_and_given_back(void **state)
{
	(void)state;
	talk();
	assert_true(logs.bytes > FEED_CHUNK_BYTES_FIRST);
	assert_true(queues.bytes >= q.bytes);
	assert_int_equal(queues.bytes, q.held);
	send_all(7);
	assert_got_all();
	assert_int_equal(queues.bytes, 0);
	assert_int_equal(q.held, 0);
}

static void test_a_chunk_counts_while_a_send_reads_it(void **state)
{
	uint64_t held;

	(void)state;
	publish("one\n");
	show();
	send_begin();
	held = logs.bytes;
	feed_trim(&f, f.end);
	assert_null(f.head);
	assert_int_equal(logs.bytes, held);
	send_end(4);
	assert_int_equal(logs.bytes, 0);
}

static void fill(size_t bytes)
{
	static char line[1001];

	memset(line, 'x', sizeof line - 1);
	line[999] = '\n';
	for (size_t n = 0; n < bytes; n += 1000) {
		feed_publish(&f, line, 1000, f.seq + 1, (struct line_info){0});
		show();
	}
}

static void test_logs_are_short_while_all_hold_much(void **state)
{
	(void)state;
	fill(600000);
	assert_true(logs.bytes > 600000);
	logs.high = 0;
	fill(FEED_CHUNK_BYTES * 2);
	assert_true(logs.bytes <= FEED_BYTES_LEAST + 3 * (FEED_CHUNK_BYTES + sizeof *f.head));
	assert_true(outqueue_fell_behind(&q));
	feed_reader_jump(&q.reader);
}

static void test_sends_are_short_while_all_hold_much(void **state)
{
	(void)state;
	fill(600000);
	assert_int_equal(send_begin(), SEND_BYTES_MAX);
	send_end(0);
	logs.high = 0;
	assert_int_equal(send_begin(), SEND_BYTES_LEAST);
	send_end(0);
}

/* A send is in flight that takes nothing, in a room where every second line is by somebody whom the
 * reader ignores. */
static void test_cuts_are_bounded(void **state)
{
	enum { LINES = 100000 };
	struct feed_gap gap;
	uint64_t most = 0, cuts;

	(void)state;
	publish("the first, which is in flight\n");
	show();
	send_begin();
	for (int i = 0; i < LINES; i++) {
		publish("to be read\n");
		publish_skipped("not to be read\n");
		show();
		cuts = q.reader.cuts_cap * sizeof *q.reader.cuts;
		most = cuts > most ? cuts : most;
	}
	assert_true(most <= 2 * CUTS_MAX * sizeof *q.reader.cuts);
	send_end(30);
	assert_string_equal(got.data, "the first, which is in flight\n");
	assert_true(outqueue_fell_behind(&q));
	gap = feed_reader_jump(&q.reader);
	assert_int_equal(gap.lines, LINES);
	assert_int_equal(gap.first_id, 2);
	assert_false(outqueue_fell_behind(&q));
}

/* Where nothing that is cut has been shown, nothing can be given up. */
static void test_what_is_not_shown_is_not_folded(void **state)
{
	enum { LINES = 10000 };

	(void)state;
	logs.high = 0;
	publish("one\n");
	for (int i = 0; i < LINES; i++) {
		publish("to be read\n");
		publish_skipped("not to be read\n");
	}
	assert_false(outqueue_fell_behind(&q));
	show();
	send_all(SIZE_MAX);
	assert_got_all();
}

/* Whatever is folded when, the lines told as missed and the lines got are all that there were. */
static void test_folding_miscounts_nothing(void **state)
{
	struct prng p = {.state = 4};

	(void)state;
	logs.high = 0;
	for (int round = 0; round < 300; round++) {
		uint64_t read_lines = 0, told = 0, said = 0;
		size_t len = 0, in_flight = 0;

		bytes_clear(&got);
		for (int i = 0; i < 4000; i++) {
			if (prng_below(&p, 2) == 0) {
				feed_publish(&f, "0123456789\n", 11, f.seq + 1, (struct line_info){0});
				said++;
			} else {
				publish_skipped("ignored\n");
			}
			if (prng_below(&p, 8) == 0)
				show();
			if (in_flight == 0 && prng_below(&p, 100) == 0) {
				if (outqueue_fell_behind(&q))
					told += feed_reader_jump(&q.reader).lines;
				in_flight = send_begin();
			} else if (in_flight > 0 && prng_below(&p, 1000) == 0) {
				send_end(1 + prng_below(&p, (uint32_t)in_flight));
				in_flight = 0;
			}
		}
		if (in_flight > 0)
			send_end(in_flight);
		show();
		if (outqueue_fell_behind(&q))
			told += feed_reader_jump(&q.reader).lines;
		while ((len = send_begin()) > 0)
			send_end(len);
		for (size_t i = 0; i < got.len; i++) {
			assert_true(got.data[i] == "0123456789\n"[i % 11]);
			read_lines += got.data[i] == '\n';
		}
		assert_int_equal(read_lines + told, said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_is_counted_and_given_back, begin_counted,
		                                end_counted),
		cmocka_unit_test_setup_teardown(test_a_chunk_counts_while_a_send_reads_it, begin_counted,
		                                end_counted),
		cmocka_unit_test_setup_teardown(test_logs_are_short_while_all_hold_much, begin_counted,
		                                end_counted),
		cmocka_unit_test_setup_teardown(test_sends_are_short_while_all_hold_much, begin_counted,
		                                end_counted),
		cmocka_unit_test_setup_teardown(test_cuts_are_bounded, begin_counted, end_counted),
		cmocka_unit_test_setup_teardown(test_what_is_not_shown_is_not_folded, begin_counted,
		                                end_counted),
		cmocka_unit_test_setup_teardown(test_folding_miscounts_nothing, begin_counted,
		                                end_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
