/* The sum of what may be kept in memory. That it holds is seen by tests/system/attack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/base/bounds.h"
#include "chatd/program/memory.h"

enum {
	MIB = 1 << 20,
	ENGINE_MIB = 281,  /* of a node's engine, with its threads */
};

static uint64_t sum(uint32_t connections_max, enum memory_kind kind)
{
	struct memory_part parts[MEMORY_PARTS];
	uint64_t bytes = 0;

	memory_parts(connections_max, false, parts);
	for (int i = 0; i < MEMORY_PARTS; i++)
		if (parts[i].kind == kind)
			bytes += parts[i].bytes;
	return bytes;
}

static void test_every_part_is_named_and_counted(void **state)
{
	struct memory_part parts[MEMORY_PARTS];
	uint64_t bytes = 0;

	(void)state;
	memory_parts(CONNECTIONS_DEFAULT, false, parts);
	for (int i = 0; i < MEMORY_PARTS; i++) {
		assert_non_null(parts[i].what);
		assert_in_range(parts[i].kind, 0, MEMORY_KINDS - 1);
		assert_true(parts[i].bytes > 0 || strcmp(parts[i].what, "the engine of the cluster") == 0);
		bytes += parts[i].bytes;
	}
	assert_true(bytes == memory_max(CONNECTIONS_DEFAULT, false));
}

static void test_it_grows_with_connections_alone(void **state)
{
	uint64_t one = sum(1, MEMORY_TRAFFIC), more = sum(1001, MEMORY_TRAFFIC);

	(void)state;
	/* What each may add to text and logs, and its own buffers. */
	assert_true(more - one > UINT64_C(1000) * (SENDQS_BYTES_EACH + LOGS_BYTES_EACH +
	                                          LINE_BYTES_LIMIT + RECV_BUFFER_BYTES));
	assert_true(more - one < UINT64_C(1000) * (MIB / 2));
	assert_true(one > (uint64_t)SENDQS_BYTES + LOGS_BYTES_HIGH);
	assert_true(sum(1, MEMORY_TABLES) == sum(1001, MEMORY_TABLES));
}

static void test_the_most_connections_do_not_overflow_it(void **state)
{
	(void)state;
	assert_true(memory_max(CONNECTIONS_LIMIT, false) > memory_max(CONNECTIONS_LIMIT - 1, false));
	assert_true(memory_max(CONNECTIONS_LIMIT, false) / MIB > UINT64_C(200) * 1024);
}

/* Nobody else pays for it. */
static void test_a_node_takes_more(void **state)
{
	struct memory_part alone[MEMORY_PARTS], node[MEMORY_PARTS];

	(void)state;
	memory_parts(CONNECTIONS_DEFAULT, false, alone);
	memory_parts(CONNECTIONS_DEFAULT, true, node);
	for (int i = 0; i < MEMORY_PARTS; i++) {
		assert_string_equal(node[i].what, alone[i].what);
		assert_true(node[i].bytes >= alone[i].bytes);
	}
	/* At least the stacks of two threads, and what waits on its way to the engine and back. */
	assert_true(memory_max(CONNECTIONS_DEFAULT, true) >=
	            memory_max(CONNECTIONS_DEFAULT, false) + 2 * MIB + PROPOSALS_BYTES_MAX + ACTS_WAITING_BYTES_MAX +
	                    TELLS_BYTES_MAX + TELLS_WAITING_BYTES_MAX + 3 * ENGINE_REPLY_BYTES_MAX);
	/* docs/reliability.md says this. */
	assert_int_equal((memory_max(CONNECTIONS_DEFAULT, true) - memory_max(CONNECTIONS_DEFAULT, false)) / MIB,
	                 ENGINE_MIB);
}

/* docs/reliability.md says this. */
static void test_the_tls_process(void **state)
{
	(void)state;
	assert_int_equal(memory_tls_max(CONNECTIONS_DEFAULT + 2 * TLS_HANDSHAKES_MAX) / MIB, 507);
	assert_true(memory_tls_max(CONNECTIONS_LIMIT) > memory_tls_max(CONNECTIONS_LIMIT - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_part_is_named_and_counted),
		cmocka_unit_test(test_it_grows_with_connections_alone),
		cmocka_unit_test(test_the_most_connections_do_not_overflow_it),
		cmocka_unit_test(test_a_node_takes_more),
		cmocka_unit_test(test_the_tls_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
