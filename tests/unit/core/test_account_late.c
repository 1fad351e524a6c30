/*
 * Accounts that change while somebody waits for an answer about them, and what is recorded of that.
 */
#include "chat_help.h"

#include "chatd/core/people/account.h"
#include "chatd/core/people/session.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

static void registers(uint32_t slot)
{
	sends(slot, "/register correct horse\n");
	rows_come(id(slot), (struct rows){.kind = QUERY_HASH, .hash.text = "$hash"});
}

static void has_second_step(struct account *a)
{
	struct account_terms t = account_terms(a);

	t.totp = "SECRET";
	account_apply(chat, a, &t);
}

static void test_an_account_is_dropped_before_its_second_step(void **state)
{
	struct account *a;

	(void)state;
	joins(0);
	registers(0);
	a = account_by_key(chat, "a");
	has_second_step(a);
	connected(id(1));
	sends(1, "a\n");
	sends(1, "correct horse\n");
	rows_come(id(1), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	assert_has("[AUTHENTICATOR CODE]: ");
	sends(0, "/drop correct horse\n");
	rows_come(id(0), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	assert_has("-- Your account a is deleted.");
	sends(1, "123456\n");
	assert_has("-- That account no longer exists.");
	assert_has_not("QUERY 1");
	assert_int_equal(chat_session(chat, id(1))->state, SESSION_LOGIN);
}

static void test_who_comes_back_to_a_private_room_reads_what_was_said(void **state)
{
	(void)state;
	joins(0);
	registers(0);
	sends(0, "/join den\n");
	sends(0, "hello\n");
	sends(0, "/room private on\n");
	joins(1);
	registers(1);
	sends(0, "/invite b\n");
	sends(1, "/join den\n");
	rows_come(id(1), (struct rows){.kind = QUERY_REPLAY});
	sends(0, "for members\n");
	connected(id(2));
	sends(2, "b\n");
	sends(2, "correct horse\n");
	rows_come(id(2), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	assert_has("You are b, in den.");
	/* From the invitation onwards, as before. */
	assert_has("QUERY 2 kind 0 room 7 108..");
}

/* An outage that begins while an answer is on its way: what the person would be told has changed could be lost. */
static void test_an_outage_begins_before_the_answer(void **state)
{
	static const struct {
		const char *typed;
		struct rows answer;
		const char *changed;
	} cases[] = {
		{"/passwd correct-horse another-horse\n", {.kind = QUERY_HASH, .hash.text = "$other"},
		 "Your password has been changed."},
		{"/codes\ncorrect horse\n", {.kind = QUERY_CODES, .codes = {.codes = "abc def", .hashes = "$x"}}, "Ten codes"},
		{"/totp\n", {.kind = QUERY_CHECK_TOTP, .check_totp = {.matches = true}}, "From now on"},
		{"/drop correct-horse\n", {.kind = QUERY_CHECK, .check.matches = true}, "is deleted"},
	};

	(void)state;
	joins(0);
	registers(0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		sends(0, cases[i].typed);
		if (cases[i].answer.kind == QUERY_CHECK_TOTP) {
			rows_come(id(0), (struct rows){.kind = QUERY_TOTP, .totp.secret = "ABCD"});
			sends(0, "123456\n");
		} else if (cases[i].answer.kind != QUERY_CHECK) {
			rows_come(id(0), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
		}
		step((struct event){.kind = EVENT_STORE_FAILED, .failure.reason = "the disk is full"});
		rows_come(id(0), cases[i].answer);
		assert_has("-- Nothing can be saved at present (the disk is full).");
		assert_has_not(cases[i].changed);
		step((struct event){.kind = EVENT_STORE_BACK});
	}
	assert_string_equal(account_by_key(chat, "a")->secrets.hash, "$hash");
	assert_string_equal(account_by_key(chat, "a")->secrets.codes, "");
}

static void test_a_long_act_is_cut_between_characters(void **state)
{
	char line[1024 + 64] = "/announce xx";
	struct event e;
	const struct effect *effect;
	size_t n;

	(void)state;
	joins(0);
	registers(0);
	account_by_key(chat, "a")->role = ROLE_MODERATOR;
	while (strlen(line) < 1080)
		strcat(line, "\xe2\x82\xac");
	strcat(line, "\n");
	config.line_bytes_max = 2048;
	chat_configure(chat, &config);
	for (int shift = 0; shift < 3; shift++, memmove(line + 11, line + 10, strlen(line + 10) + 1)) {
		e = (struct event){.kind = EVENT_BYTES, .conn = id(0),
		                   .bytes = {.data = line, .len = strlen(line)}};
		step(e);
		effect = chat_effects(chat, &n);
		assert_int_equal(effect->kind, EFFECT_APPEND);
		n = strlen(effect->record.line.body);
		assert_int_equal((n - strcspn(effect->record.line.body, "\xe2")) % 3, 0);
	}
}

static void test_the_host_gives_a_role_without_a_name_of_its_own(void **state)
{
	(void)state;
	joins(0);
	registers(0);
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(1),
	                    .connected = {.from = where("unix"), .control = true}});
	sends(1, "/role a moderator\n");
	assert_has("SEND 0 \"-- You are now a moderator (set from the server's command line).");
}

static void test_an_address_makes_five_accounts_a_day(void **state)
{
	(void)state;
	for (uint32_t slot = 0; slot < 7; slot++)
		joins(slot);
	for (uint32_t slot = 0; slot < 5; slot++) {
		registers(slot);
		assert_has(" is yours now: nobody else");
	}
	sends(5, "/register correct horse\n");
	assert_has("-- Too many accounts were made from your address today. You can register in 4");
	/* People at an exempt address share no such limit. */
	config.address_exempt = "192.0.2.0/24";
	chat_configure(chat, &config);
	for (uint32_t slot = 5; slot < 7; slot++) {
		registers(slot);
		assert_has(" is yours now: nobody else");
	}
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(test_an_account_is_dropped_before_its_second_step),
		CASE(test_who_comes_back_to_a_private_room_reads_what_was_said),
		CASE(test_an_outage_begins_before_the_answer),
		CASE(test_a_long_act_is_cut_between_characters),
		CASE(test_the_host_gives_a_role_without_a_name_of_its_own),
		CASE(test_an_address_makes_five_accounts_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
