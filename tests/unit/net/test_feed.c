/* The shared log of a room: what is found, falls out and is missed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/base/bounds.h"
#include "chatd/net/feed.h"

/* Publishes a line of len bytes that begins with its record's number. */
static void publish(struct feed *f, size_t len, uint64_t seq)
{
	static char line[FEED_CHUNK_BYTES];
	int n = snprintf(line, sizeof line, "%lu", seq);

	memset(line + n, '.', sizeof line - (size_t)n);
	line[len - 1] = '\n';
	feed_publish(f, line, len, seq, (struct line_info){0});
}

static void show_all(struct feed *f)
{
	f->mark = f->end;
}

static size_t count_chunks(const struct feed *f)
{
	size_t n = 0;

	for (const struct feed_chunk *at = f->head; at != NULL; at = at->next)
		n++;
	return n;
}

static void test_every_position_is_found(void **state)
{
	struct feed f = {0};
	const char *at;

	(void)state;
	for (uint64_t seq = 1; seq <= 200; seq++)
		publish(&f, 1000, seq);
	assert_int_equal(f.end, 200000);
	assert_true(count_chunks(&f) > 5);
	/* Backwards, so that the place of the last look-up is of no help. */
	for (uint64_t pos = f.end; pos-- > 0;) {
		struct feed_chunk *chunk = feed_find(&f, pos);

		assert_non_null(chunk);
		assert_true(pos >= chunk->base && pos - chunk->base < chunk->used);
		at = chunk->data + (pos - chunk->base);
		if (pos % 1000 == 0)
			assert_int_equal(strtoul(at, NULL, 10), pos / 1000 + 1);
		assert_int_equal(feed_line_end(chunk, pos), (pos + 999) / 1000 * 1000);
	}
	feed_release(&f);
}

static void test_lines_of_any_length_lie_whole(void **state)
{
	static const size_t lens[] = {FEED_CHUNK_BYTES, 1, FEED_CHUNK_BYTES - 1, 2, 4096, 4095, 1,
	                              FEED_CHUNK_BYTES, FEED_CHUNK_BYTES};
	struct feed f = {0};
	uint64_t pos = 0;

	(void)state;
	for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++)
		publish(&f, lens[i], i);
	for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
		struct feed_chunk *chunk = feed_find(&f, pos);

		assert_ptr_equal(chunk, feed_find(&f, pos + lens[i] - 1));
		assert_int_equal(chunk->data[pos - chunk->base + lens[i] - 1], '\n');
		pos += lens[i];
	}
	feed_release(&f);
}

static void test_what_all_have_read_is_given_back(void **state)
{
	struct feed f = {0};

	(void)state;
	for (uint64_t seq = 1; seq <= 100; seq++)
		publish(&f, 1000, seq);
	feed_trim(&f, 50000);
	assert_true(f.start > 10000 && f.start <= 50000);
	assert_null(feed_find(&f, f.start - 1));
	assert_non_null(feed_find(&f, 50000));
	feed_trim(&f, f.end);
	assert_null(f.head);
	assert_int_equal(f.start, f.end);
	/* And it goes on where it was. */
	publish(&f, 10, 101);
	assert_int_equal(feed_find(&f, 100000)->base, 100000);
	feed_release(&f);
}

static void test_only_what_was_shown_falls_out(void **state)
{
	struct feed f = {0};

	(void)state;
	for (uint64_t seq = 1; seq <= 3000; seq++)
		publish(&f, 1000, seq);
	assert_int_equal(f.start, 0);
	/* Readers have their megabyte of what was shown, whatever waits behind it. */
	f.mark = 1500000;
	publish(&f, FEED_CHUNK_BYTES, 3001);
	assert_in_range(f.mark - f.start, FEED_BYTES_MAX, FEED_BYTES_MAX + 2 * FEED_CHUNK_BYTES);
	show_all(&f);
	publish(&f, FEED_CHUNK_BYTES, 3002);
	assert_in_range(f.mark - f.start, FEED_BYTES_MAX, FEED_BYTES_MAX + 2 * FEED_CHUNK_BYTES);
	feed_release(&f);
}

static void test_a_chunk_in_use_outlives_the_log(void **state)
{
	struct feed f = {0};
	struct feed_chunk *chunk;

	(void)state;
	publish(&f, 100, 1);
	chunk = f.head;
	chunk->refs++;
	feed_trim(&f, f.end);
	assert_null(f.head);
	assert_int_equal(chunk->refs, 1);
	assert_int_equal(chunk->data[99], '\n');
	feed_chunk_unref(chunk);
	feed_release(&f);
}

static void test_readers_keep_their_places(void **state)
{
	struct feed f = {0};
	struct feed_reader r[5] = {0};

	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		feed_join(&f, &r[i], 10 + i);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(f.readers[r[i].index], 10 + i);
	/* The last one takes the place of who goes. */
	assert_int_equal(feed_part(&r[1]), 14);
	assert_int_equal(f.readers[1], 14);
	r[4].index = 1;
	assert_int_equal(feed_part(&r[3]), UINT32_MAX);
	assert_int_equal(feed_part(&r[4]), 12);
	r[2].index = 1;
	assert_int_equal(feed_part(&r[2]), UINT32_MAX);
	assert_int_equal(f.nreaders, 1);
	assert_null(r[2].feed);
	publish(&f, 10, 1);
	assert_int_equal(feed_part(&r[0]), UINT32_MAX);
	/* Nobody reads it, so it keeps nothing. */
	assert_null(f.readers);
	assert_null(f.head);
}

static void test_own_lines_are_cut_out(void **state)
{
	struct feed f = {0};
	struct feed_reader r = {0};

	(void)state;
	publish(&f, 10, 1);
	feed_join(&f, &r, 0);
	assert_int_equal(r.cursor, 10);
	/* Into silence: there is nothing to remember. */
	publish(&f, 10, 2);
	feed_skip(&r);
	assert_int_equal(r.cursor, 20);
	assert_null(r.cuts);
	publish(&f, 10, 3);
	publish(&f, 10, 4);
	feed_skip(&r);
	publish(&f, 10, 5);
	feed_skip(&r);
	publish(&f, 10, 6);
	publish(&f, 10, 7);
	feed_skip(&r);
	/* Neighbours are one. */
	assert_int_equal(r.ncuts, 2);
	assert_int_equal(r.cuts[0].from, 30);
	assert_int_equal(r.cuts[0].to, 50);
	assert_int_equal(r.cuts[0].lines, 2);
	assert_int_equal(r.cuts[1].from, 60);
	r.cursor = 50;
	feed_reader_drop_cuts(&r);
	assert_int_equal(r.ncuts - r.cut_first, 1);
	r.cursor = 70;
	feed_reader_drop_cuts(&r);
	assert_null(r.cuts);
	feed_part(&r);
	feed_release(&f);
}

static void test_many_cuts_keep_little(void **state)
{
	struct feed f = {0};
	struct feed_reader r = {0};

	(void)state;
	feed_join(&f, &r, 0);
	publish(&f, 10, 1);
	for (uint64_t seq = 2; seq < 1000; seq += 2) {
		publish(&f, 10, seq);
		publish(&f, 10, seq + 1);
		feed_skip(&r);
		/* The reader keeps up with all but the last few. */
		if (f.end > 100)
			r.cursor = f.end - 100;
		feed_reader_drop_cuts(&r);
	}
	assert_true(r.cuts_cap <= 16);
	feed_part(&r);
	feed_release(&f);
}

/* -- jumps: lines are ten bytes, number n is record n ---------------------------------- */

static struct feed f;
static struct feed_reader r;

static int begin(void **state)
{
	(void)state;
	f = (struct feed){0};
	r = (struct feed_reader){0};
	for (uint64_t seq = 1; seq <= 5; seq++)
		publish(&f, 10, seq);
	show_all(&f);
	feed_join(&f, &r, 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	feed_part(&r);
	feed_release(&f);
	return 0;
}

static void say(uint32_t n, bool own)
{
	while (n-- > 0) {
		publish(&f, 10, f.seq + 1);
		if (own)
			feed_skip(&r);
	}
}

static void assert_jump(uint32_t lines, uint64_t first_id)
{
	struct feed_gap gap = feed_reader_jump(&r);

	assert_int_equal(gap.lines, lines);
	assert_int_equal(gap.first_id, first_id);
	assert_int_equal(r.cursor, f.mark);
}

static void test_jump_counts_from_where_it_joined(void **state)
{
	(void)state;
	say(7, false);
	show_all(&f);
	assert_jump(7, 6);
	assert_jump(0, 0);
}

static void test_jump_counts_from_where_it_has_read(void **state)
{
	(void)state;
	say(7, false);
	show_all(&f);
	feed_reader_move(&r, f.head, 70);
	/* What it has read is not in the log any more. */
	feed_trim(&f, f.end);
	assert_jump(5, 8);
}

static void test_jump_stops_at_the_mark(void **state)
{
	(void)state;
	say(4, false);
	show_all(&f);
	say(3, false);
	assert_jump(4, 6);
	show_all(&f);
	assert_jump(3, 10);
}

static void test_jump_leaves_out_own_lines(void **state)
{
	(void)state;
	say(1, true);
	say(3, false);
	say(2, true);
	say(1, false);
	show_all(&f);
	assert_jump(4, 7);
	assert_null(r.cuts);
}

static void test_jump_into_own_lines(void **state)
{
	(void)state;
	/* The mark stands among neighbours that are one cut. */
	say(2, false);
	say(2, true);
	show_all(&f);
	say(3, true);
	say(2, false);
	assert_jump(2, 6);
	f.mark = f.end - 20;
	assert_int_equal(feed_reader_jump(&r).lines, 0);
	show_all(&f);
	assert_int_equal(feed_reader_jump(&r).lines, 2);
}

static void test_jump_over_notices(void **state)
{
	(void)state;
	publish(&f, 10, 0);
	publish(&f, 10, 0);
	show_all(&f);
	assert_jump(2, 0);
	publish(&f, 10, 0);
	say(1, false);
	show_all(&f);
	assert_jump(2, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_position_is_found),
		cmocka_unit_test(test_lines_of_any_length_lie_whole),
		cmocka_unit_test(test_what_all_have_read_is_given_back),
		cmocka_unit_test(test_only_what_was_shown_falls_out),
		cmocka_unit_test(test_a_chunk_in_use_outlives_the_log),
		cmocka_unit_test(test_readers_keep_their_places),
		cmocka_unit_test(test_own_lines_are_cut_out),
		cmocka_unit_test(test_many_cuts_keep_little),
		cmocka_unit_test_setup_teardown(test_jump_counts_from_where_it_joined, begin, end),
		cmocka_unit_test_setup_teardown(test_jump_counts_from_where_it_has_read, begin, end),
		cmocka_unit_test_setup_teardown(test_jump_stops_at_the_mark, begin, end),
		cmocka_unit_test_setup_teardown(test_jump_leaves_out_own_lines, begin, end),
		cmocka_unit_test_setup_teardown(test_jump_into_own_lines, begin, end),
		cmocka_unit_test_setup_teardown(test_jump_over_notices, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
