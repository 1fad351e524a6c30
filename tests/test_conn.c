/*
 * What a connection is sent, however the kernel cuts it up.
 *
 * A "kernel" takes what conn_gather names and reads it only when the send
 * completes, as the real one does. What it has read must be the texts in their
 * order, exactly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/net/conn.h"
#include "prng.h"

static struct feed f;
static struct conn c;
static struct bytes got, due;  /* what came, and what should have come by the end */
static struct iovec iov[SEND_SPANS_MAX];
static uint32_t niov;

static int begin(void **state)
{
	(void)state;
	f = (struct feed){0};
	c = (struct conn){.fd = -1, .gen = 1};
	feed_join(&f, &c.reader, 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	if (c.reader.feed != NULL)
		conn_leave_feed(&c);
	conn_unpin(&c);
	conn_release(&c);
	feed_release(&f);
	bytes_release(&got);
	bytes_release(&due);
	return 0;
}

/* -- what happens ---------------------------------------------------------------------- */

static void publish(const char *line)
{
	feed_publish(&f, line, strlen(line), f.seq + 1);
	bytes_puts(&due, line);
}

static void publish_own(const char *line)
{
	feed_publish(&f, line, strlen(line), f.seq + 1);
	feed_skip(&c.reader);
}

static void queue(const char *text)
{
	conn_queue(&c, text, strlen(text));
	bytes_puts(&due, text);
}

static void show(void)
{
	f.mark = f.end;
}

static size_t send_begin(void)
{
	size_t len = 0;

	niov = conn_gather(&c, iov, SEND_SPANS_MAX);
	for (uint32_t i = 0; i < niov; i++)
		len += iov[i].iov_len;
	return len;
}

/* The kernel takes the first n bytes, now. */
static void send_end(size_t n)
{
	size_t left = n;

	for (uint32_t i = 0; left > 0; i++) {
		size_t part = iov[i].iov_len < left ? iov[i].iov_len : left;

		assert_true(i < niov);
		bytes_append(&got, iov[i].iov_base, part);
		left -= part;
	}
	if (n > 0)
		conn_advance(&c, n);
	conn_unpin(&c);
}

/* Sends of at most n bytes until nothing is left. */
static void send_all(size_t n)
{
	size_t len;

	while ((len = send_begin()) > 0)
		send_end(len < n ? len : n);
	assert_false(conn_has_output(&c));
	assert_int_equal(c.out_bytes, 0);
	assert_null(c.out);
	assert_null(c.pin_first);
}

static void assert_got_all(void)
{
	assert_int_equal(got.len, due.len);
	assert_memory_equal(got.data, due.data, due.len);
}

/* Everything that there can be in one sequence. */
static void talk(void)
{
	queue("-- welcome\n");
	publish("alice one\n");
	publish("alice two\n");
	show();
	queue("-- a reply\n");
	queue("-- and another\n");
	publish_own("mine 1\n");
	publish("alice three\n");
	publish_own("mine 2\n");
	publish_own("mine 3\n");
	show();
	queue("-- between\n");
	publish("alice four\n");
	show();
	publish_own("mine 4\n");
	show();
	queue("-- the end\n");
}

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
	feed_publish(&f, "not saved\n", 10, 2);
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
	c.reader.held = true;
	feed_publish(&f, "live\n", 5, 1);
	show();
	queue("-- replay\n");
	send_all(SIZE_MAX);
	assert_got_all();
	c.reader.held = false;
	assert_true(conn_has_output(&c));
	bytes_puts(&due, "live\n");
	send_all(SIZE_MAX);
	assert_got_all();
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
	assert_int_equal(c.reader.cursor, f.end);
	assert_false(conn_has_output(&c));
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
	assert_int_equal(conn_leave_feed(&c), UINT32_MAX);
	assert_null(c.reader.feed);
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
	feed_publish(&f, "not saved\n", 10, 2);
	conn_leave_feed(&c);
	show();
	send_all(SIZE_MAX);
	assert_got_all();
}

static void test_leaving_before_the_replay_gives_nothing(void **state)
{
	(void)state;
	c.reader.held = true;
	feed_publish(&f, "live\n", 5, 1);
	show();
	queue("-- still here\n");
	conn_leave_feed(&c);
	send_all(SIZE_MAX);
	assert_got_all();
}

static void test_another_feed_follows(void **state)
{
	struct feed next = {0};

	(void)state;
	feed_publish(&next, "before\n", 7, 1);
	next.mark = next.end;
	publish("old room\n");
	show();
	conn_leave_feed(&c);
	queue("-- you are in next\n");
	feed_join(&next, &c.reader, 0);
	feed_publish(&next, "new room\n", 9, 2);
	next.mark = next.end;
	bytes_puts(&due, "new room\n");
	queue("-- reply\n");
	send_all(3);
	assert_got_all();
	conn_leave_feed(&c);
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
		feed_publish(&f, line, 1000, f.seq + 1);
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
	assert_true(conn_fell_behind(&c));
	/* Own and all: the sanitizer looks on. */
	send_end(len);
	assert_got_all();
	assert_true(conn_fell_behind(&c));
	gap = feed_reader_jump(&c.reader);
	assert_int_equal(gap.lines, lines);
	assert_false(conn_fell_behind(&c));
	assert_int_equal(send_begin(), 0);
	assert_int_equal(c.reader.cursor, f.end);
}

/* talk() has 11 lines, of which a first send of n bytes has whole or in part: */
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
	assert_true(conn_fell_behind(&c));
	gap = feed_reader_jump(&c.reader);
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
	assert_true(conn_fell_behind(&c));
	assert_int_equal(feed_reader_jump(&c.reader).lines, lines);
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

	feed_publish(&f, line, (size_t)n, f.seq + 1);
	if (own)
		feed_skip(&c.reader);
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
				conn_leave_feed(&c);
				bytes_clear(&unseen);
				feed_join(&f, &c.reader, 0);
			}
			break;
		default:
			if (flying > 0)
				send_end(prng_below(&p, (uint32_t)flying + 1));
			flying = flying > 0 ? 0 : send_begin();
			feed_trim(&f, c.reader.cursor);
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
		TEST(test_own_lines_alone_are_passed),
		TEST(test_one_send_has_its_bounds),
		cmocka_unit_test(test_sends_of_every_length),
		cmocka_unit_test(test_a_first_send_of_every_length_and_more_to_come),
		TEST(test_nothing_taken_changes_nothing),
		cmocka_unit_test(test_leaving_keeps_every_byte),
		TEST(test_leaving_gives_what_was_visible_and_no_more),
		TEST(test_leaving_before_the_replay_gives_nothing),
		TEST(test_another_feed_follows),
		TEST(test_a_send_in_flight_keeps_its_memory),
		cmocka_unit_test(test_jumping_after_every_byte),
		TEST(test_jumping_with_private_text_alone_in_flight),
		cmocka_unit_test(test_anything_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
