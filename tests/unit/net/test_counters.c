/* The way of a line, timed: for one line a second of each feed, and for readers who are stuck as well. How long nothing
 * has been saved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "chatd/core/chat.h"
#include "chatd/net/server.h"
#include "chatd/net/vitals.h"

enum { READERS = 3 };

static struct server s;
static struct feed f;
static struct connection conns[READERS + CONTROL_SLOTS];
static uint32_t slots[READERS];

static int begin(void **state)
{
	(void)state;
	memset(&s, 0, sizeof s);
	f = (struct feed){.readers = slots, .nreaders = READERS};
	for (uint32_t i = 0; i < READERS; i++) {
		slots[i] = i;
		conns[i] = (struct connection){.slot = i, .out.reader.feed = &f};
	}
	s.conns.slot = conns;
	s.counters.vitals = vitals_new();
	return s.counters.vitals == NULL;
}

static int end(void **state)
{
	(void)state;
	vitals_drop(s.counters.vitals);
	return 0;
}

static void publish(int64_t at_us)
{
	s.counters.turn_us = at_us;
	f.end += 10;
	counters_published(&s, &f);
}

/* A send that has brought c so far ends. */
static void sent(struct connection *c, uint64_t cursor, int64_t at_us)
{
	uint64_t from = c->out.reader.cursor;

	s.counters.turn_us = at_us;
	c->sending = false;
	c->out.reader.cursor = cursor;
	counters_passed(c, from);
	counters_sent(&s, c);
}

static struct histogram_copy timed(void)
{
	struct histogram_copy c;

	histogram_copy(&s.counters.vitals->delivery, &c);
	return c;
}

static uint64_t count(void)
{
	struct histogram_copy c = timed();
	uint64_t n = 0;

	for (int i = 0; i <= HISTOGRAM_BOUNDS; i++)
		n += c.count[i];
	return n;
}

static void test_one_line_a_second(void **state)
{
	(void)state;
	publish(5000000);            /* up to 10 */
	publish(5000100);            /* up to 20, too soon */
	sent(&conns[0], 10, 5000300);
	assert_int_equal(count(), 1);
	assert_int_equal(timed().sum_us, 300);
	sent(&conns[0], 20, 5000400);
	assert_int_equal(count(), 1);
	/* In one send with others. */
	sent(&conns[1], 20, 5000700);
	assert_int_equal(count(), 2);
	assert_int_equal(timed().sum_us, 1000);
	publish(6000000);
	sent(&conns[0], 30, 6002000);
	assert_int_equal(count(), 3);
	assert_int_equal(timed().sum_us, 3000);
}

/* Whose send is in flight when the next line is timed, and who has not had the last: that long at least. */
static void test_stuck(void **state)
{
	(void)state;
	publish(5000000);
	sent(&conns[0], 10, 5000300);
	conns[1].sending = true;
	publish(8000000);
	assert_int_equal(count(), 2);
	assert_int_equal(timed().sum_us, 3000300);
	/* It is counted once for each line. */
	sent(&conns[1], 10, 8500000);
	assert_int_equal(count(), 2);
	sent(&conns[1], 20, 8600000);
	assert_int_equal(count(), 3);
	assert_int_equal(timed().sum_us, 3600300);
}

/* What a view has made may take several sends: the line has come with the last. */
static void test_view(void **state)
{
	char made[4];

	(void)state;
	publish(5000000);
	conns[0].out.reader.cursor = 10;
	counters_passed(&conns[0], 0);
	conns[0].out.made = made;
	sent(&conns[0], 10, 5000100);
	assert_int_equal(count(), 0);
	conns[0].out.made = NULL;
	sent(&conns[0], 10, 5000900);
	assert_int_equal(count(), 1);
	assert_int_equal(timed().sum_us, 900);
}

/* Lines are counted even if nobody watches, and no clock is read. */
static void test_unwatched(void **state)
{
	struct vitals *v = s.counters.vitals;

	(void)state;
	s.counters.vitals = NULL;
	publish(5000000);
	assert_int_equal(f.probe.at_us, 0);
	conns[0].out.delivered = 7;
	sent(&conns[0], 10, 5000100);
	counters_turn_begins(&s);
	counters_turn_ends(&s);
	assert_int_equal(s.counters.deliveries, 7);
	assert_int_equal(conns[0].out.delivered, 0);
	s.counters.vitals = v;
	assert_int_equal(count(), 0);
}

static int64_t since_ms(int64_t mono_ms, uint64_t given_seq, uint64_t stored_seq)
{
	s.mono_ms = mono_ms;
	s.effects.given_seq = given_seq;
	s.effects.stored_seq = stored_seq;
	counters_begin(&s, s.counters.vitals);
	return atomic_load(&s.counters.vitals->value[VITAL_STORE_SINCE_MS]);
}

static void test_waiting(void **state)
{
	struct chat_config config = {.connections_max = READERS, .line_bytes_max = 1024, .command_prefix = '/'};

	(void)state;
	s.conns.max = READERS;
	s.chat = chat_new(&config, 0, 0);
	assert_int_equal(since_ms(1000, 0, 0), 0);
	assert_int_equal(since_ms(2000, 5, 4), 2000);
	/* More waits, and none is saved. */
	assert_int_equal(since_ms(3000, 9, 4), 2000);
	/* Some are, others wait. */
	assert_int_equal(since_ms(4000, 12, 9), 4000);
	assert_int_equal(since_ms(5000, 20, 9), 4000);
	/* All are saved; what waits next is timed anew. */
	assert_int_equal(since_ms(6000, 20, 20), 0);
	assert_int_equal(since_ms(7000, 20, 20), 0);
	assert_int_equal(since_ms(8000, 21, 20), 8000);
	/* Between two looks that was saved, and another has come. */
	assert_int_equal(since_ms(9000, 22, 21), 9000);
	chat_free(s.chat);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_line_a_second, begin, end),
		cmocka_unit_test_setup_teardown(test_stuck, begin, end),
		cmocka_unit_test_setup_teardown(test_view, begin, end),
		cmocka_unit_test_setup_teardown(test_unwatched, begin, end),
		cmocka_unit_test_setup_teardown(test_waiting, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
