/*
 * Lines named by their numbers: what is asked, and what is done with the answer.
 */
#include "chat_help.h"

#include "chatd/core/rooms/line_ref.h"

/* The answer to the question of slot 0: the line, said by a, in slot 0, or somebody else. */
static void line_comes(uint64_t line, const char *sender, const char *body)
{
	struct row row = {.id = line, .time_ms = wall(), .kind = RECORD_SAY, .room = 6,
	                  .room_name = "general", .sender = sender, .body = body};

	rows_come(id(0), (struct rows){.kind = QUERY_LAST, .row = &row, .n = 1});
}

static void test_numbers(void **state)
{
	(void)state;
	assert_int_equal(line_ref_number("#12"), 12);
	assert_int_equal(line_ref_number("12"), 12);
	assert_int_equal(line_ref_number("9223372036854775806"), INT64_MAX - 1);
	for (const char *const *p = (const char *const[]){"", "#", "##1", "0", "#0", "-1", "+1", " 1",
	     "1x", "0x1", "9223372036854775807", "99999999999999999999", NULL}; *p != NULL; p++)
		assert_int_equal(line_ref_number(*p), 0);
}

static void test_one_line_of_the_room_is_asked_for(void **state)
{
	(void)state;
	joins(0);
	sends(0, "hello\n");
	sends(0, "/delete #102\n");
	assert_effects("QUERY 0 kind 1 room 6 101..103 after 102\n");
	rows_come(id(0), (struct rows){.kind = QUERY_LAST});
	assert_effects("SEND 0 \"-- There is no line #102 in general. /history shows the numbers.\\n\"\n"
	               "RESUME 0\n");
	sends(0, "/delete #102\n");
	rows_come(id(0), (struct rows){.kind = QUERY_LAST, .error = "Busy."});
	assert_effects("SEND 0 \"-- Busy.\\n\"\nRESUME 0\n");
}

/* A later question must not see the line any more. */
static void test_who_asks_behind_it_does_not_get_the_line(void **state)
{
	(void)state;
	joins(0);
	sends(0, "hello\n");
	sends(0, "/delete #102 a slip\n");
	line_comes(102, "a", "hello");
	assert_has("APPEND #103 kind 7 room 6 ref 102 \"a slip\"\n");
	sends(0, "/history\n");
	assert_has("after 103\n");
	rows_come(id(0), (struct rows){.kind = QUERY_LAST});
	sends(0, "/search hello\n");
	assert_has("after 103\n");
}

/* Somebody else had the name when the line was said. */
static void test_a_new_bearer_deletes_no_old_line(void **state)
{
	(void)state;
	joins(0);
	sends(0, "/delete #99\n");
	line_comes(99, "a", "of yesterday");
	assert_has("#99 is a line of a; only operators of general can delete it.");
	assert_has_not("APPEND");
	/* The same name spelled differently belongs to the same person. */
	sends(0, "hello\n");
	sends(0, "/nick A\n");
	sends(0, "/delete #102\n");
	line_comes(102, "a", "hello");
	assert_has("Your line #102 is no longer in the history.");
}

static void test_an_answer_has_what_was_said_and_no_head(void **state)
{
	(void)state;
	joins(0);
	joins(1);
	sends(0, "/reply #99 yes\n");
	line_comes(99, "bob", "  short");
	assert_has("[a]:@bob #99 \"short\" yes\\n");
	sends(0, "/reply #99 yes\n");
	line_comes(99, "bob", "@carol #98 \"is it?\" it is");
	assert_has("[a]:@bob #99 \"it is\" yes\\n");
	/* An @ that a person typed does not begin a quote. */
	sends(0, "/reply #99 yes\n");
	line_comes(99, "bob", "@carol #1 fan");
	assert_has("[a]:@bob #99 \"@carol #1 fan\" yes\\n");
}

static void test_a_line_that_gets_too_long_is_refused(void **state)
{
	static const char line[] = "ääääääääääääääääääääääääääääääääääääääääää";
	char text[1024] = "/reply #99 x";
	size_t n = strlen(text);

	(void)state;
	/* Each of these becomes eight bytes of two. */
	while (n < sizeof text - 3) {
		memcpy(text + n, "\xC2\x85", 2);
		n += 2;
	}
	text[n - 1] = 'x';
	text[n] = '\n';
	joins(0);
	step((struct event){.kind = EVENT_BYTES, .conn = id(0),
	                    .bytes = {.data = text, .len = n + 1}});
	assert_has("QUERY");
	line_comes(99, "bob", line);
	assert_effects("SEND 0 \"-- Not sent: your answer is too long with the quoted line. Please "
	               "send it in parts.\\n\"\nRESUME 0\n");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		TEST(test_one_line_of_the_room_is_asked_for),
		TEST(test_who_asks_behind_it_does_not_get_the_line),
		TEST(test_a_new_bearer_deletes_no_old_line),
		TEST(test_an_answer_has_what_was_said_and_no_head),
		TEST(test_a_line_that_gets_too_long_is_refused),
	};

	return cmocka_run_group_tests_name("line references", tests, NULL, NULL);
}
