/*
 * Floods: turns at one address, what a reload and a reconnect change, and bounds.
 *
 * All sessions of chat_help.h come from 192.0.2.1.
 */
#include "chat_help.h"

#include "chatd/base/bounds.h"
#include "chatd/core/state/state.h"

enum { SOME = 5 };

static uint32_t said[SLOTS];     /* lines that each has got through */
static bool resumed[SLOTS];      /* it may be offered again */

/* Notes which sessions may go on, as the server would. */
static void look_for_resumes(void)
{
	for (const char *p = seen.data; (p = strstr(p, "RESUME ")) != NULL; p++)
		resumed[strtoul(p + strlen("RESUME "), NULL, 10)] = true;
}

/* A session that always has more lines: takes those that may be said now. */
static void pours(uint32_t slot)
{
	static const char lines[] = "x\nx\nx\nx\nx\nx\nx\nx\n";

	resumed[slot] = false;
	sends(slot, lines);
	said[slot] += (uint32_t)taken / 2;
	if (taken == sizeof lines - 1)
		resumed[slot] = true;
	look_for_resumes();
}

static void pour_all(int64_t ms)
{
	int64_t end_ms = now_ms + ms;

	while (now_ms < end_ms) {
		int64_t due_ms = end_ms;

		for (uint32_t slot = 0; slot < SOME; slot++)
			if (resumed[slot])
				pours(slot);
		for (uint32_t slot = 0; slot < SOME; slot++)
			if (resumed[slot])
				due_ms = now_ms;
		if (chat_due_ms(chat) < due_ms)
			due_ms = chat_due_ms(chat);
		tick(due_ms > now_ms ? due_ms - now_ms : 0);
		look_for_resumes();
	}
}

static void all_come(uint32_t lines, uint32_t address)
{
	config.rate_lines = lines;
	config.rate_burst = 1;
	config.rate_address = address;
	chat_configure(chat, &config);
	memset(said, 0, sizeof said);
	for (uint32_t slot = 0; slot < SOME; slot++) {
		joins(slot);
		rows_come(id(slot), (struct rows){.kind = QUERY_REPLAY});
		resumed[slot] = true;
	}
}

static void test_those_of_one_address_take_turns(void **state)
{
	uint32_t sum = 0;

	(void)state;
	/* Each may send 10 lines a second, and all together 20. */
	all_come(10, 2);
	pour_all(20000);
	for (uint32_t slot = 0; slot < SOME; slot++) {
		assert_in_range(said[slot], 70, 90);
		sum += said[slot];
	}
	assert_in_range(sum, 380, 403);
}

static void test_two_of_one_address_take_turns(void **state)
{
	(void)state;
	all_come(10, 1);
	for (uint32_t slot = 2; slot < SOME; slot++)
		resumed[slot] = false;
	pour_all(20000);
	assert_in_range(said[0], 95, 103);
	assert_in_range(said[1], 95, 103);
}

static void test_turns_waste_nothing_at_a_high_rate(void **state)
{
	uint32_t sum = 0;

	(void)state;
	/* Several lines become due between two ticks: more than one for each session that waits. */
	all_come(1000, 2);
	config.rate_burst = 100;
	chat_configure(chat, &config);
	pour_all(5000);
	for (uint32_t slot = 0; slot < SOME; slot++)
		sum += said[slot];
	assert_in_range(sum, 9000, 10250);
	for (uint32_t slot = 0; slot < SOME; slot++)
		assert_in_range(said[slot], sum / SOME / 2, sum / SOME * 2);
}

static void test_one_alone_has_what_one_may(void **state)
{
	(void)state;
	all_come(10, 2);
	for (uint32_t slot = 1; slot < SOME; slot++)
		resumed[slot] = false;
	pour_all(20000);
	assert_in_range(said[0], 190, 203);
}

static void test_a_reload_ends_a_wait_for_the_address(void **state)
{
	(void)state;
	all_come(1, 1);
	sends(0, "1\n");
	sends(1, "1\n2\n");
	assert_int_equal(taken, 0);
	assert_has("Your address is sending more than 1 line a second, all its connections");
	config.rate_address = 0;
	chat_configure(chat, &config);
	tick(0);
	assert_effects("RESUME 1\n");
	sends(1, "1\n");
	assert_int_equal(taken, 2);
}

static void test_who_leaves_waits_no_more(void **state)
{
	(void)state;
	all_come(1, 1);
	sends(0, "1\n");
	sends(1, "1\n");
	sends(2, "1\n");
	assert_int_equal(taken, 0);
	happens(EVENT_CLOSED, 1);
	/* Alone in the queue, it does not have to wait for a turn. */
	tick(1000);
	assert_has("RESUME 2\n");
}

static void test_nobody_is_slowed_at_the_prompt(void **state)
{
	char line[3000];

	(void)state;
	config.rate_bytes = 1;
	config.rate_lines = 1;
	config.rate_address = 1;
	chat_configure(chat, &config);
	memset(line, 'x', sizeof line - 1);
	line[sizeof line - 1] = '\0';
	connected(id(0));
	sends(0, line);
	assert_int_equal(taken, sizeof line - 1);
	sends(0, "\n");
	assert_int_equal(taken, 1);
}

static void test_a_mute_is_for_one_session_and_no_other(void **state)
{
	(void)state;
	all_come(1, 0);
	config.flood_mute_s = 2;
	chat_configure(chat, &config);
	for (uint32_t slot = 1; slot < SOME; slot++)
		resumed[slot] = false;
	for (int i = 0; i < 4; i++)
		pour_all(1000);
	sends(1, "hello\n");
	assert_has("[b]:hello");
	tick(1000);
	sends(0, "hello\n");
	assert_has("SEND 0 \"-- Not sent: you have sent too much and are muted until ");
	assert_has_not("PUBLISH");
	/* Even if a reload has removed the limit, the mute ends at the time that was announced. */
	config.rate_lines = 0;
	chat_configure(chat, &config);
	tick(60000);
	sends(0, "hello\n");
	assert_has("[a]:hello");
}

/* A C1 character takes four times what was sent once it is shown; that is what counts. */
static void test_what_is_kept_counts_and_not_what_was_sent(void **state)
{
	char plain[202], grown[202];
	int64_t plain_ns;

	(void)state;
	config.rate_bytes = 64;
	chat_configure(chat, &config);
	joins(0);
	memset(plain, 'x', 200);
	for (int i = 0; i < 200; i += 2)
		memcpy(grown + i, "\xC2\x85", 2);
	memcpy(plain + 200, "\n", 2);
	memcpy(grown + 200, "\n", 2);
	now_ms += 100000;
	sends(0, plain);
	plain_ns = chat->people.sessions[0]->input.throttle.rate.bytes.full_ns - now_ms * 1000000;
	assert_true(plain_ns > 0);
	now_ms += 100000;
	sends(0, grown);
	assert_true(chat->people.sessions[0]->input.throttle.rate.bytes.full_ns - now_ms * 1000000 >
	            3 * plain_ns);
}

/* -- before the name ----------------------------------------------------------------------- */

static void load_account(void)
{
	chat_load_fact(chat, &(struct saved_fact){FACT_ACCOUNT, "p",
	                                          "nick=p role=account made=1 hash=x"});
}

/* How many lines of a connection without a name are taken at once: it gives a registered name, and an
 * empty line for the password, again and again. */
static size_t lines_taken(uint32_t slot, const char *from)
{
	static const char lines[] = "p\n\np\n\np\n\np\n\np\n\np\n\np\n\np\n\n";

	step((struct event){.kind = EVENT_CONNECTED, .conn = id(slot), .connected.from = where(from)});
	sends(slot, lines);
	return taken / 3 * 2 + taken % 3 / 2;
}

/* Whatever the limits of people with a name are. */
static void test_who_has_no_name_is_paced(void **state)
{
	(void)state;
	load_account();
	config.rate_lines = config.rate_bytes = config.rate_address = 0;
	config.rate_exempt = EXEMPT_ACCOUNT;
	chat_configure(chat, &config);
	assert_int_equal(lines_taken(0, "192.0.2.1"), PROMPT_LINES_BURST);
	sends(0, "p\n");
	assert_int_equal(taken, 0);
	tick(1000 / PROMPT_LINES);
	assert_has("RESUME 0");
	sends(0, "p\n");
	assert_int_equal(taken, 2);
}

static void test_all_of_an_address_share_what_the_prompt_takes(void **state)
{
	size_t sum = 0;

	(void)state;
	load_account();
	for (uint32_t slot = 0; slot < 30; slot++)
		sum += lines_taken(slot, "192.0.2.1");
	assert_int_equal(sum, PROMPT_LINES_BURST * PROMPT_ADDRESS_TIMES);
	/* Other addresses are not held up, nor connections without an address. */
	assert_int_equal(lines_taken(31, "192.0.2.2"), PROMPT_LINES_BURST);
	assert_int_equal(lines_taken(32, "unix"), PROMPT_LINES_BURST);
}

static void test_a_flood_at_the_prompt_silences_nobody(void **state)
{
	(void)state;
	load_account();
	config.rate_lines = 5;
	config.rate_address = 10;
	chat_configure(chat, &config);
	joins(0);
	rows_come(id(0), (struct rows){.kind = QUERY_REPLAY});
	for (uint32_t slot = 1; slot < 30; slot++)
		lines_taken(slot, "192.0.2.1");
	sends(0, "hello\n");
	assert_int_equal(taken, 6);
	assert_has("\"hello\"");
}

static void test_the_log_tells_of_it(void **state)
{
	(void)state;
	all_come(1, 0);
	config.flood_mute_s = 2;
	chat_configure(chat, &config);
	pours(0);
	for (int i = 0; i < 50 && strstr(seen.data, "LOG") == NULL; i++) {
		if (resumed[0])
			pours(0);
		tick(100);
		look_for_resumes();
	}
	assert_has("LOG \"security: flood-mute address=192.0.2.1 name=a account=-: sent too much for 2 seconds, "
	           "muted for 1 minute\"");
}

/* Lines of a telnet client that end with CR alone are like any others, however many come at once: each
 * is taken in its turn, and none is lost. */
static void test_a_telnet_client_with_cr_is_paced(void **state)
{
	static const char lines[] = "1\r2\r3\r4\r5\r6\r7\r8\r9\r";
	size_t at = 0;

	(void)state;
	config.rate_lines = 1;
	config.rate_burst = 2;
	chat_configure(chat, &config);
	connected(id(0));
	sends(0, "\xff\xfd\x01" "a\r");
	for (uint32_t n = 0; at < sizeof lines - 1; n++) {
		assert_in_range(n, 0, 9);
		sends(0, lines + at);
		/* Two at once, and then one in each second. */
		assert_int_equal(taken, n == 0 ? 4 : 2);
		at += taken;
		tick(1000);
	}
	assert_int_equal(chat->status.counts.lines, 9);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_telnet_client_with_cr_is_paced),
		TEST(test_those_of_one_address_take_turns),
		TEST(test_two_of_one_address_take_turns),
		TEST(test_turns_waste_nothing_at_a_high_rate),
		TEST(test_one_alone_has_what_one_may),
		TEST(test_a_reload_ends_a_wait_for_the_address),
		TEST(test_who_leaves_waits_no_more),
		TEST(test_nobody_is_slowed_at_the_prompt),
		TEST(test_a_mute_is_for_one_session_and_no_other),
		TEST(test_what_is_kept_counts_and_not_what_was_sent),
		TEST(test_who_has_no_name_is_paced),
		TEST(test_all_of_an_address_share_what_the_prompt_takes),
		TEST(test_a_flood_at_the_prompt_silences_nobody),
		TEST(test_the_log_tells_of_it),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
