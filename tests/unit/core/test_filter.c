/*
 * Filtered words: in which lines each is found, and which can be added.
 */
#include "chat_help.h"

#include "chatd/core/moderation/filter.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/state/state.h"

static void add(const char *typed)
{
	char word[FILTER_BYTES_MAX + 1];
	bool beginning;

	assert_null(filter_parse(typed, word, &beginning));
	filter_add(chat, word, beginning, "a", wall());
}

static bool found(const char *text)
{
	chat->output.n = 0;
	return filter_find(chat, text) != NULL;
}

static void test_whole_words_in_whatever_form(void **state)
{
	(void)state;
	add("Darn");
	add("stra\xc3\x9f" "e");
	add("\xd1\x81\xd0\xbf\xd0\xb0\xd0\xbc");
	assert_true(found("darn"));
	assert_true(found("well,DARN!"));
	assert_true(found("d\xc3\xa4rn"));
	assert_true(found("da\xcc\x88rn it"));
	assert_true(found("\xef\xbd\x84\xef\xbd\x81\xef\xbd\x92\xef\xbd\x8e"));
	assert_true(found("dar\xc2\xadn"));
	assert_true(found("(darn)"));
	assert_true(found("x_darn_x"));
	assert_true(found("STRASSE 7"));
	assert_true(found("\xd0\xa1\xd0\x9f\xd0\x90\xd0\x9c"));
	assert_false(found("darned"));
	assert_false(found("undarn"));
	assert_false(found("darn7"));
	assert_false(found("da rn"));
	assert_false(found(""));
	assert_false(found("\xff\xfe"));
}

static void test_beginnings(void **state)
{
	(void)state;
	add("spam*");
	assert_true(found("spam"));
	assert_true(found("a spammer"));
	assert_true(found("SP\xc3\x84MMER"));
	assert_false(found("antispam"));
	assert_false(found("spa"));
}

/* Marks that are not part of a letter do not make another word; those that are do. */
static void test_marks(void **state)
{
	(void)state;
	add("badword");
	add("дурак");
	add("दान");
	add("มา");
	assert_true(found("x \xCC\xA3" "badword"));
	assert_true(found("\xCC\xA3" "bad\xCC\xA3word"));
	assert_true(found("ду\xCC\x81рак"));
	assert_true(found("एक दान"));
	assert_false(found("दिन"));
	assert_true(found("เขามาบ้าน"));
	assert_false(found("ม้า"));
}

static void test_scripts_without_blanks(void **state)
{
	(void)state;
	add("暴力");
	add("斗争*");
	assert_true(found("我说暴力呢"));
	assert_true(found("暴\xCC\xA3力"));
	assert_true(found("我说斗争呢"));
	assert_true(found("say暴力now"));
	assert_false(found("暴 力"));
}

static void test_words_that_cannot_be_added(void **state)
{
	char word[FILTER_BYTES_MAX + 1], longest[FILTER_CHARS_MAX + 2] = "";
	bool beginning;

	(void)state;
	assert_string_equal(filter_parse("", word, &beginning), "A word has only letters and digits, and may end with a *");
	assert_string_equal(filter_parse("*", word, &beginning), "A word has only letters and digits, and may end with a *");
	assert_string_equal(filter_parse("a-b", word, &beginning), "A word has only letters and digits, and may end with a *");
	assert_string_equal(filter_parse("ab**", word, &beginning), "A word has only letters and digits, and may end with a *");
	assert_string_equal(filter_parse("a*", word, &beginning),
	                    "A word needs at least 2 characters before its *");
	memset(longest, 'a', FILTER_CHARS_MAX);
	assert_null(filter_parse(longest, word, &beginning));
	assert_int_equal(strlen(word), FILTER_CHARS_MAX);
	longest[FILTER_CHARS_MAX] = 'a';
	assert_string_equal(filter_parse(longest, word, &beginning), "A word can have at most 64 characters");
}

static void test_what_is_removed_may_be_said(void **state)
{
	(void)state;
	assert_true(chat->moderation.guards == 0);
	add("darn");
	add("darn*");
	assert_true(chat->moderation.guards > 0);
	filter_remove(chat, filter_named(chat, "darn", true));
	assert_true(found("darn"));
	assert_false(found("darned"));
	filter_remove(chat, filter_named(chat, "darn", false));
	assert_false(found("darn"));
	assert_true(chat->moderation.guards == 0);
}

/* One that was saved without who added it and when, by hand or with damage, can be removed and
 * restored. */
static void test_one_of_nobody_knows_whom(void **state)
{
	struct filter *f;

	(void)state;
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_FILTER, .key = "spam", .value = "x=y"});
	f = filter_named(chat, "spam", false);
	assert_non_null(f);
	filter_remove(chat, f);
	chat->output.n = 0;
	filter_add(chat, "spam", false, "", 0);
	assert_int_equal(chat->output.n, 1);
	assert_int_equal(chat->output.effects[0].record.kind, RECORD_FACT);
	f = filter_named(chat, "spam", false);
	assert_non_null(f);
	assert_string_equal(f->by, "System");
	assert_true(f->at_ms == chat->now_ms);
}

/* A word that an earlier version folded differently is removed as it was saved, and of two that are the
 * same now both are. */
static void test_an_old_one_goes_as_it_was_saved(void **state)
{
	struct filter *f;

	(void)state;
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_FILTER, .key = "STRASSE*", .value = "by=x at=1"});
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_FILTER, .key = "stra\xc3\x9f" "e*",
	                                          .value = "by=x at=1"});
	assert_int_equal(chat->moderation.filters.n, 1);
	f = filter_named(chat, "strasse", true);
	assert_non_null(f);
	filter_remove(chat, f);
	assert_string_equal(chat->output.effects[chat->output.n - 1].record.fact.key, "STRASSE*");
	chat->output.n = 0;
	tick(1000);
	assert_has("kind 6 room 0 ref 5 \"\"");
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(test_whole_words_in_whatever_form),
		CASE(test_beginnings),
		CASE(test_marks),
		CASE(test_scripts_without_blanks),
		CASE(test_words_that_cannot_be_added),
		CASE(test_what_is_removed_may_be_said),
		CASE(test_one_of_nobody_knows_whom),
		CASE(test_an_old_one_goes_as_it_was_saved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
