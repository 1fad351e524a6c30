/* How often a password or a code may be tried, and by whom. */
#include "chat_help.h"

#include "chatd/core/entry/guess.h"
#include "chatd/core/people/account.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/state/state.h"

/* Slot 0: alice, who has an account, at 192.0.2.1. */
static int begin_alice(void **state)
{
	begin(state);
	connected(id(0));
	sends(0, "alice\n");
	sends(0, "/register correct horse\n");
	rows_come(id(0), (struct rows){.kind = QUERY_HASH, .hash.text = "$y$hash"});
	assert_has("alice is yours");
	return 0;
}

/* Somebody at the prompt for alice's password. */
static void at_the_prompt(uint32_t slot, const char *from)
{
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(slot), .connected.from = where(from)});
	sends(slot, "alice\n");
	assert_has("[PASSWORD]: ");
}

/* Guesses once. True: the guess was checked. */
static bool guesses(uint32_t slot)
{
	sends(slot, "not the password\n");
	return strstr(seen.data, "QUERY") != NULL || chat->questions.delayed != NULL;
}

static void is_wrong(uint32_t slot)
{
	rows_come(id(slot), (struct rows){.kind = QUERY_CHECK});
}

static void test_guesses_at_the_same_time_are_as_many(void **state)
{
	int looked_at = 0;

	(void)state;
	for (uint32_t slot = 1; slot < 31; slot++)
		at_the_prompt(slot, "198.51.100.7");
	for (uint32_t slot = 1; slot < 31; slot++)
		looked_at += guesses(slot);
	assert_int_equal(looked_at, PASSWORD_TRIES_BURST);
	assert_has("Not checked: too many wrong passwords from your address.");
	/* Asking again does not cancel what is owed. */
	now_ms += GUESS_PERIOD_MS + 1000;
	for (uint32_t slot = PASSWORD_TRIES_BURST + 1; slot < 31; slot++)
		looked_at += guesses(slot);
	assert_in_range(looked_at, PASSWORD_TRIES_BURST + 1, PASSWORD_TRIES_BURST + 2);
}

static void test_a_right_one_costs_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 3 * PASSWORD_TRIES_BURST; i++) {
		at_the_prompt(1, "198.51.100.7");
		sends(1, "correct horse\n");
		assert_has("QUERY 1");
		rows_come(id(1), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
		assert_has("You are alice");
		happens(EVENT_CLOSED, 1);
	}
	assert_int_equal(chat->entry.guesses.n, 0);
}

/* People cannot keep others at their address out of their accounts. */
static void test_others_of_the_address_are_not_kept_out(void **state)
{
	(void)state;
	connected(id(1));
	for (int i = 0; i < 9; i++)
		sends(1, "/resume abcde-abcde\n");
	assert_has("No broken connection has that code");
	connected(id(2));
	sends(2, "/login nosuch guess\n");
	for (int i = 0; i < 7; i++)
		sends(2, "/login nosuch guess\n");
	at_the_prompt(3, "192.0.2.1");
	sends(3, "correct horse\n");
	assert_has("QUERY 3");
}

/* Guesses from everywhere make sign-ins slow, and keep nobody out. */
static void test_from_everywhere_it_becomes_slow(void **state)
{
	char from[32];

	(void)state;
	for (uint32_t slot = 1; slot <= GUESS_SLOW_BURST; slot++) {
		snprintf(from, sizeof from, "198.51.100.%" PRIu32 "", slot);
		at_the_prompt(slot, from);
		assert_true(guesses(slot));
		assert_null(chat->questions.delayed);
	}
	/* The owner, on a journey. */
	at_the_prompt(60, "203.0.113.9");
	sends(60, "correct horse\n");
	assert_has_not("QUERY");
	assert_has("this one will be checked in 20 seconds.");
	now_ms += GUESS_DELAY_MS_MAX - 1;
	tick(0);
	assert_has_not("QUERY");
	tick(1);
	assert_has("QUERY 60");
	rows_come(id(60), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	assert_has("You are alice");
	/* And at home she does not even wait. */
	at_the_prompt(61, "192.0.2.1");
	sends(61, "correct horse\n");
	assert_has("QUERY 61");
}

static void has_second_step(struct account *a)
{
	struct account_terms t = account_terms(a);

	t.totp = "SECRET";
	account_apply(chat, a, &t);
}

/* After the right password, the second step still has to be guessed. */
static void test_the_second_step_is_charged_too_and_told(void **state)
{
	struct account *a = chat->people.accounts.by_key;
	int looked_at = 0;

	(void)state;
	has_second_step(a);
	for (uint32_t slot = 1; slot < 31; slot++) {
		at_the_prompt(slot, "198.51.100.7");
		sends(slot, "stolen\n");
		rows_come(id(slot), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
		assert_has("[AUTHENTICATOR CODE]: ");
	}
	for (uint32_t slot = 1; slot < 31; slot++) {
		sends(slot, "123456\n");
		looked_at += strstr(seen.data, "QUERY") != NULL;
	}
	assert_int_equal(looked_at, PASSWORD_TRIES_BURST);
	rows_come(id(1), (struct rows){.kind = QUERY_CHECK_TOTP});
	assert_has("SEND 0 \"-- Someone at 198.51.100.7 gave your password and a wrong code.");
	assert_has("LOG \"security: failed-second-step address=198.51.100.7 ");
	assert_int_equal(a->wrong.since.codes, 1);
	/* The operator's metrics count it as a failed login. */
	assert_int_equal(chat->status.counts.login_failures, 1);
}

static void signs_in_from(uint32_t slot, const char *from)
{
	at_the_prompt(slot, from);
	sends(slot, "correct horse\n");
	tick(GUESS_DELAY_MS_MAX);
	rows_come(id(slot), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	rows_come(id(slot), (struct rows){.kind = QUERY_UNREAD});
}

/* People who guess until they get in are told how often they were wrong, and so is the owner
 * afterwards. */
static void test_who_gets_in_does_not_clear_what_the_owner_reads(void **state)
{
	(void)state;
	happens(EVENT_CLOSED, 0);
	for (uint32_t slot = 1; slot < 4; slot++) {
		at_the_prompt(slot, "198.51.100.7");
		sends(slot, "guess\n");
		tick(GUESS_DELAY_MS_MAX);
		rows_come(id(slot), (struct rows){.kind = QUERY_CHECK});
	}
	signs_in_from(5, "198.51.100.7");
	assert_has("-- Since then 3 wrong passwords were tried.");
	happens(EVENT_CLOSED, 5);
	/* Nor by signing in again. */
	signs_in_from(8, "198.51.100.7");
	happens(EVENT_CLOSED, 8);
	signs_in_from(6, "192.0.2.1");
	assert_has("ago, from 198.51.100.7.");
	assert_has("-- Before that sign-in, wrong passwords: 3, wrong codes: 0.");
	happens(EVENT_CLOSED, 6);
	/* She has been told, and is not told again. */
	signs_in_from(7, "192.0.2.1");
	assert_has_not("wrong");
}

/* Many addresses together have only a few tries at a code. */
static void test_the_second_step_is_bounded_from_everywhere(void **state)
{
	struct account *a = chat->people.accounts.by_key;
	uint32_t looked_at = 0;
	char from[32];

	(void)state;
	has_second_step(a);
	for (uint32_t i = 0; i < 40; i++) {
		snprintf(from, sizeof from, "198.51.100.%" PRIu32, i);
		at_the_prompt(1, from);
		sends(1, "stolen\n");
		tick(GUESS_DELAY_MS_MAX);
		rows_come(id(1), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
		assert_has("[AUTHENTICATOR CODE]: ");
		sends(1, "123456\n");
		looked_at += strstr(seen.data, "Not checked") == NULL;
		if (looked_at > i) {
			tick(GUESS_DELAY_MS_MAX);
			rows_come(id(1), (struct rows){.kind = QUERY_CHECK_TOTP});
		} else {
			assert_has("too many wrong codes for this account. You can try again in");
		}
		happens(EVENT_CLOSED, 1);
	}
	assert_int_equal(looked_at, GUESS_CODES_BURST);
	/* At an address where she was before, alice has five of her own. */
	at_the_prompt(2, "192.0.2.1");
	sends(2, "correct horse\n");
	rows_come(id(2), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	sends(2, "123456\n");
	assert_has("QUERY 2");
}

/* A session has one check at a time: what is typed after it waits. */
static void test_a_session_has_one_check_in_flight(void **state)
{
	(void)state;
	at_the_prompt(1, "198.51.100.7");
	sends(1, "one\ntwo\nthree\n");
	assert_int_equal(taken, 4);
}

static void test_an_exempt_address_has_no_bucket_of_its_own(void **state)
{
	int looked_at = 0;

	(void)state;
	config.address_exempt = "198.51.100.0/24";
	chat_configure(chat, &config);
	for (uint32_t slot = 1; slot < 31; slot++)
		at_the_prompt(slot, "198.51.100.7");
	for (uint32_t slot = 1; slot < 31; slot++)
		looked_at += guesses(slot);
	assert_int_equal(looked_at, 30);
	assert_non_null(chat->questions.delayed); /* but those after the first are slow */
	assert_int_equal(chat->entry.guesses.n, 0);
}

/* One address has a share of the table, and what it had tried is forgotten in time. */
static void test_an_address_fills_its_share_alone(void **state)
{
	char line[64];

	(void)state;
	config.address_logins = 0;
	chat_configure(chat, &config);
	for (int i = 0; i < GUESSES_ADDRESS_MAX + 20; i++) {
		struct account *a;

		snprintf(line, sizeof line, "name%d", i);
		a = account_new(chat, line, line, "$y$hash", "");
		assert_non_null(a);
	}
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(1), .connected.from = where("198.51.100.7")});
	sends(1, "eve\n");
	for (int i = 0; i < GUESSES_ADDRESS_MAX + 20; i++) {
		snprintf(line, sizeof line, "/login name%d guess\n", i);
		sends(1, line);
		if (i < GUESSES_ADDRESS_MAX)
			assert_has("QUERY 1");
		else
			assert_has("Not checked");
		is_wrong(1);
	}
	assert_int_equal(chat->entry.guesses.n, GUESSES_ADDRESS_MAX);
	at_the_prompt(2, "198.51.100.8");
	assert_true(guesses(2));
	now_ms += GUESS_PERIOD_MS + 1;
	sends(1, "/login name70 guess\n");
	assert_has("QUERY 1");
	assert_int_equal(chat->entry.guesses.n, 1);
}

/* A password that the store had no time to check does not count as a guess. */
static void test_what_was_not_looked_at_is_not_charged(void **state)
{
	struct room *r = room_new(chat, "vault", "vault", 100);

	(void)state;
	setting_lock(chat, r, "$y$hash");
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(1), .connected.from = where("198.51.100.7")});
	sends(1, "eve\n");
	for (int i = 0; i < 3 * PASSWORD_TRIES_BURST; i++) {
		sends(1, "/join vault guess\n");
		assert_has("QUERY 1");
		rows_come(id(1), (struct rows){.kind = QUERY_CHECK, .error = "Busy."});
		assert_has("Busy.");
	}
	assert_int_equal(chat->entry.guesses.n, 0);
}

/* A bucket that takes long to fill does not keep later ones in the table. */
static void test_what_is_full_again_is_forgotten(void **state)
{
	char line[64];

	(void)state;
	for (int i = 0; i < 4; i++) {
		snprintf(line, sizeof line, "name%d", i);
		assert_non_null(account_new(chat, line, line, "$y$hash", ""));
	}
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(1), .connected.from = where("198.51.100.7")});
	sends(1, "eve\n");
	for (int i = 0; i < 8; i++) {
		snprintf(line, sizeof line, "/login name%d guess\n", i < 5 ? 0 : i - 4);
		sends(1, line);
		assert_has("QUERY 1");
		is_wrong(1);
	}
	assert_int_equal(chat->entry.guesses.n, 4);
	now_ms += GUESS_PERIOD_MS + 1;
	sends(1, "/login name0 guess\n");
	assert_int_equal(chat->entry.guesses.n, 1);
}

/* Nor can people who try many rooms, or many accounts. */
static void test_a_full_share_keeps_no_one_out_who_was_here(void **state)
{
	char line[64];

	(void)state;
	config.address_logins = 0;
	config.rate_burst = 1000;
	chat_configure(chat, &config);
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(1), .connected.from = where("192.0.2.1")});
	sends(1, "eve\n");
	for (int i = 0; i < GUESSES_ADDRESS_MAX + 4; i++) {
		struct room *r;

		snprintf(line, sizeof line, "room%d", i);
		r = room_new(chat, line, line, (uint32_t)i + 100);
		setting_lock(chat, r, "$y$hash");
		snprintf(line, sizeof line, "/join room%d guess\n", i);
		sends(1, line);
		if (strstr(seen.data, "QUERY") != NULL)
			rows_come(id(1), (struct rows){.kind = QUERY_CHECK});
	}
	assert_int_equal(chat->entry.guesses.n, GUESSES_ADDRESS_MAX);
	sends(1, "/login bob guess\n");
	at_the_prompt(2, "192.0.2.1");
	sends(2, "correct horse\n");
	assert_has("QUERY 2");
}

/* People who are told that too many are waiting try again, as they are told to. */
static void test_busy_is_no_wrong_line(void **state)
{
	(void)state;
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(1), .connected.from = where("192.0.2.9")});
	for (uint32_t i = 0; i < 2 * NAME_WRONG_MAX; i++, now_ms += 1000) {
		sends(1, "alice\n");
		sends(1, "correct horse\n");
		rows_come(id(1), (struct rows){.kind = QUERY_CHECK, .error = "Too much. Try again."});
		assert_has("-- Too much. Try again.\\n[ENTER YOUR NAME]: ");
	}
}

/* However many addresses guess, the table is never closed: the oldest tries are dropped. */
static void test_the_table_gives_the_oldest_place(void **state)
{
	struct account *alice = chat->people.accounts.by_key, *a[GUESSES_ADDRESS_MAX];
	struct guess *oldest;
	int64_t delay_ms;
	char name[32];

	(void)state;
	for (uint32_t i = 0; i < GUESSES_ADDRESS_MAX; i++) {
		snprintf(name, sizeof name, "acc%u", i);
		a[i] = account_new(chat, name, name, "", "");
	}
	for (uint32_t from = 0; from < GUESSES_MAX / GUESSES_ADDRESS_MAX; from++) {
		snprintf(name, sizeof name, "10.%u.%u.1", from / 256, from % 256);
		step((struct event){.kind = EVENT_CONNECTED, .conn = {1, from + 1}, .connected.from = where(name)});
		for (uint32_t i = 0; i < GUESSES_ADDRESS_MAX; i++)
			assert_true(
				guess_account(chat, chat->people.sessions[1], GUESS_PASSWORD, a[i], &delay_ms));
		step((struct event){.kind = EVENT_CLOSED, .conn = {1, from + 1}});
	}
	assert_int_equal(chat->entry.guesses.n, GUESSES_MAX);
	oldest = chat->entry.guesses.oldest->next;
	at_the_prompt(2, "203.0.113.1");
	assert_true(guess_account(chat, chat->people.sessions[2], GUESS_PASSWORD, alice, &delay_ms));
	assert_int_equal(chat->entry.guesses.n, GUESSES_MAX);
	assert_ptr_equal(chat->entry.guesses.oldest, oldest);
	/* And entries end by themselves; nobody has to empty the table. */
	tick((PASSWORD_TRIES_BURST + 1) * GUESS_PERIOD_MS);
	at_the_prompt(3, "203.0.113.1");
	assert_true(guess_account(chat, chat->people.sessions[3], GUESS_PASSWORD, a[0], &delay_ms));
	assert_int_equal(chat->entry.guesses.n, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin_alice, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_guesses_at_the_same_time_are_as_many),
		TEST(test_a_right_one_costs_nothing),
		TEST(test_others_of_the_address_are_not_kept_out),
		TEST(test_from_everywhere_it_becomes_slow),
		TEST(test_the_second_step_is_charged_too_and_told),
		TEST(test_who_gets_in_does_not_clear_what_the_owner_reads),
		TEST(test_the_second_step_is_bounded_from_everywhere),
		TEST(test_a_session_has_one_check_in_flight),
		TEST(test_an_exempt_address_has_no_bucket_of_its_own),
		TEST(test_an_address_fills_its_share_alone),
		TEST(test_what_was_not_looked_at_is_not_charged),
		TEST(test_what_is_full_again_is_forgotten),
		TEST(test_busy_is_no_wrong_line),
		TEST(test_the_table_gives_the_oldest_place),
		TEST(test_a_full_share_keeps_no_one_out_who_was_here),
	};

	setenv("TZ", "UTC", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
