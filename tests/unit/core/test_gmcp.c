/* What MUD clients are told besides lines: GMCP's channels, MSSP, and where prompts end. */
#include "chat_help.h"

#include "chatd/core/terminal/gmcp.h"

/* -- of one line ---------------------------------------------------------------------------------- */

static void check(const char *text, enum line_kind kind, uint8_t name_bytes, const char *want)
{
	struct view_line line = {.text = text, .len = strlen(text),
		                 .info = {.kind = (uint8_t)kind, .name_bytes = name_bytes}};
	struct bytes out = {0};

	gmcp_line(&line, "ops", &out);
	assert_string_equal(out.data != NULL ? out.data : "", want);
	bytes_release(&out);
}

#define TEXT_OF(talker, text) "\xFF\xFA\xC9" "Comm.Channel.Text {\"channel\":\"ops\",\"talker\":\"" talker \
                              "\",\"text\":\"" text "\"}\xFF\xF0"

static void test_lines(void **state)
{
	(void)state;
	check(STAMP "[bob]:hello", LINE_SAID, 3, TEXT_OF("bob", "bob: hello"));
	check(STAMP "[bob]:a \"b\" \\ c", LINE_SAID, 3, TEXT_OF("bob", "bob: a \\\"b\\\" \\\\ c"));
	check(STAMP "[bob]:größer 聊天室", LINE_SAID, 3, TEXT_OF("bob", "bob: größer 聊天室"));
	check(STAMP "* bob waves", LINE_ACTION, 3, TEXT_OF("bob", "* bob waves"));
	check(STAMP "[bob -> you]:psst", LINE_PRIVATE, 3, TEXT_OF("bob", "[bob -> you] psst"));
	/* Nobody says these, or they are no lines of this kind. */
	check(STAMP "[System]: bob has joined", LINE_PASSAGE, 0, "");
	check("-- a reply", LINE_TEXT, 0, "");
	check("[bob", LINE_SAID, 3, "");
	check("", LINE_PRIVATE, 255, "");
}

/* -- in the chat ---------------------------------------------------------------------------------- */

#define IAC_ "\xFF"

/* name: NULL: it gives none. */
static void comes(uint32_t slot, const char *name)
{
	mud_client_comes(slot, "192.0.2.1");
	if (name != NULL)
		sends(slot, name);
}

static void test_the_list_of_channels(void **state)
{
	(void)state;
	comes(0, "ann\r\n");
	assert_has("Comm.Channel.List [{\"name\":\"general\",\"caption\":\"general\","
	           "\"command\":\"/say --in=general\"},{\"name\":\"(private)\"");
	sends(0, "/join ops\r\n");
	assert_has("Comm.Channel.List [{\"name\":\"ops\"");
	sends(0, "/watch general\r\n");
	assert_has("Comm.Channel.List [{\"name\":\"ops\",\"caption\":\"ops\",\"command\":\"/say --in=ops\"},"
	           "{\"name\":\"general\"");
	sends(0, "/unwatch general\r\n");
	assert_has("Comm.Channel.List [{\"name\":\"ops\",\"caption\":\"ops\",\"command\":\"/say --in=ops\"},"
	           "{\"name\":\"(private)\"");
	/* Others are not told. */
	joins(1);
	assert_has_not("Comm.Channel");
}

static void test_prompts_end(void **state)
{
	(void)state;
	comes(0, "ann\r\n");
	sends(0, "/register\r\n");
	assert_has("[NEW PASSWORD]: \"\nSEND 0 \"\xFF\xEF\"");
	/* One that has no END-OF-RECORD. */
	comes(1, "ben\r\n");
	sends(1, IAC_ "\xFE\x19");
	sends(1, "/register\r\n");
	assert_has("[NEW PASSWORD]: \"\nSEND 1 \"\xFF\xF9\"");
	/* nc. */
	joins(2);
	sends(2, "/register\n");
	assert_has_not("\xFF");
}

static void test_mssp(void **state)
{
	(void)state;
	joins(3);
	comes(0, NULL);
	sends(0, IAC_ "\xFD\x46");
	assert_has("\xFF\xFA\x46\x01NAME\x02" "chatd\x01PLAYERS\x02" "1\x01UPTIME\x02" "1795378445\x01");
	/* Once. */
	sends(0, IAC_ "\xFE\x46");
	sends(0, IAC_ "\xFD\x46");
	assert_has_not("PLAYERS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test_setup_teardown(test_the_list_of_channels, begin, end),
		cmocka_unit_test_setup_teardown(test_prompts_end, begin, end),
		cmocka_unit_test_setup_teardown(test_mssp, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
