/*
 * Running the server from the chat, by events and effects: what a conversation cannot show.
 */
#include "chat_help.h"

#include "chatd/base/bounds.h"

/* An administrator of the host, in slot 0, without a name. */
static void host_connects(void)
{
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(0),
	                    .connected = {.from = where("unix"), .control = true}});
}

static void user_connects(uint32_t slot, const char *user)
{
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(slot),
	                    .connected = {.from = where("unix"), .user = user}});
}

/* -- /reload ---------------------------------------------------------------------------- */

static void reloaded(bool ok, const char *lines)
{
	step((struct event){.kind = EVENT_RELOADED, .conn = id(0), .reloaded = {ok, lines}});
}

/* -- /prune ----------------------------------------------------------------------------- */

static void test_old_lines_go_when_that_is_ordered(void **state)
{
	const struct rows none = {.kind = QUERY_STATS, .stats.database_bytes = 1};
	const struct rows clock = {.kind = QUERY_STATS, .stats.waits = OLD_LINES_WAIT_CLOCK};
	const struct rows much = {.kind = QUERY_STATS,
	                          .stats = {.waits = OLD_LINES_WAIT_MUCH, .room = 6}};

	(void)state;
	host_connects();
	sends(0, "/prune --yes\n");
	rows_come(id(0), none);
	assert_effects("SEND 0 \"-- No old lines are waiting to be deleted.\\n\"\nRESUME 0\n");
	sends(0, "/prune\n");
	rows_come(id(0), much);
	assert_has("-- Old lines are kept for now: over a tenth of general would be deleted.\\n"
	           "-- /prune --yes deletes them now. A day with a steady clock does too.");
	assert_has_not("APPEND");
	sends(0, "/prune --yes\n");
	rows_come(id(0), clock);
	assert_has("the clock jumped ahead by over 7 days.");
	assert_has("deleted old lines that had been held back");
	assert_has("kind 12 room 0");
}

static void test_reload_waits_for_the_answer(void **state)
{
	(void)state;
	host_connects();
	sends(0, "/reload\n/stats\n");
	assert_effects("RELOAD 0\n");
	assert_int_equal(taken, strlen("/reload\n"));
	reloaded(true, "history_replay: 5 -> 1\nmax_connections: 9 -> 7 (needs a restart)\n");
	assert_effects("SEND 0 \"-- The configuration was read again:\\n"
	               "--   history_replay: 5 -> 1\\n"
	               "--   max_connections: 9 -> 7 (needs a restart)\\n\"\n"
	               "APPEND #101 kind 8 room 0 ref 0 \"reloaded the configuration (2 changes)\"\n"
	               "LOG \"security: reload address=host name=- account=-: reloaded the configuration "
	               "(2 changes) (#A101)\"\nRESUME 0\n");
}

static void test_reload_tells_what_is_wrong(void **state)
{
	(void)state;
	host_connects();
	sends(0, "/reload\n");
	reloaded(false, "chatd.conf:1: \x1b[31m\xff: unknown key\n");
	assert_has("-- The configuration stays as it was, because of this:\\n"
	           "--   chatd.conf:1: ^[[31m\xef\xbf\xbd: unknown key\\n");
	assert_has_not("APPEND");
}

static void test_reload_has_no_file(void **state)
{
	(void)state;
	host_connects();
	sends(0, "/reload\n");
	reloaded(false, "");
	assert_has("SEND 0 \"-- chatd was started without --config, so there is no file to "
	           "read.\\n\"");
	/* Nothing was done, so nothing is recorded. */
	assert_has_not("APPEND");
	assert_has_not("LOG");
}

static void test_reload_bounds_its_answer(void **state)
{
	struct bytes lines = {0};

	(void)state;
	for (int i = 0; i < RELOAD_LINES_MAX + 7; i++) {
		bytes_printf(&lines, "%d ", i);
		for (int k = 0; k < RELOAD_LINE_BYTES_MAX * 2; k++)
			bytes_puts(&lines, "\x01");
		bytes_puts(&lines, "\n");
	}
	host_connects();
	sends(0, "/reload\n");
	reloaded(false, lines.data);
	assert_has("--   49\\n--       ^A^A");
	assert_has_not("--   50 ");
	assert_has("-- and 7 more lines, which are in the log.");
	assert_true(seen.len < ARENA_PER_LINE_MAX);
	bytes_release(&lines);
}

/* -- /shutdown -------------------------------------------------------------------------- */

static void test_shutdown_without_the_disk(void **state)
{
	(void)state;
	host_connects();
	step((struct event){.kind = EVENT_STORE_FAILED, .failure.reason = "disk full"});
	sends(0, "/shutdown now the disk is full\n");
	tick(0);
	assert_effects("STOP 0 \"shutdown by the host: the disk is full\"\n");
	assert_true(chat_due_ms(chat) > now_ms);
	happens(EVENT_STOP, 0);
	assert_effects("SEND_ALL \"-- chatd is going down: the disk is full\\n\"\n");
}

static void test_shutdown_where_the_clock_jumps(void **state)
{
	(void)state;
	config.login_timeout_s = 0;
	chat_configure(chat, &config);
	host_connects();
	sends(0, "/shutdown 2h\n");
	assert_has("SEND_ALL \"-- chatd will go down in 2 hours (the host)\\n\"");
	assert_int_equal(chat_due_ms(chat), now_ms + 3600000);
	/* An hour and 57 minutes later: only the last of the reminders that were due is sent. */
	tick(117 * 60000);
	assert_effects("SEND_ALL \"-- chatd will go down in 5 minutes (the host)\\n\"\n");
	assert_int_equal(chat_due_ms(chat), now_ms + 120000);
	tick(3600000);
	assert_effects("STOP 0 \"shutdown by the host\"\n");
}

static void test_shutdown_is_not_the_reason_of_a_signal(void **state)
{
	(void)state;
	host_connects();
	sends(0, "/shutdown 2h cleaning\n");
	happens(EVENT_STOP, 0);
	assert_effects("SEND_ALL \"-- chatd is going down\\n\"\n");
}

/* -- /backup ---------------------------------------------------------------------------- */

static void test_backup_of_one_who_has_gone(void **state)
{
	(void)state;
	host_connects();
	sends(0, "/backup a.db\n");
	assert_has("QUERY 0 kind 7 ");
	happens(EVENT_CLOSED, 0);
	step((struct event){.kind = EVENT_CONNECTED, .conn = {0, 2},
	                    .connected = {.from = where("unix"), .control = true}});
	step((struct event){.kind = EVENT_BYTES, .conn = {0, 2},
	                    .bytes = {.data = "/backup b.db\n", .len = 13}});
	assert_has("-- A backup to a.db has been running for a moment; wait until it is done.");
	rows_come(id(0), (struct rows){.kind = QUERY_BACKUP, .backup.bytes = 12345678});
	assert_effects("");
	step((struct event){.kind = EVENT_BYTES, .conn = {0, 2},
	                    .bytes = {.data = "/backup b.db\n", .len = 13}});
	now_ms += 2345;
	rows_come((struct conn_id){0, 2}, (struct rows){.kind = QUERY_BACKUP,
	                                                .backup.bytes = 12345678});
	assert_effects("SEND 0 \"-- Backed up to b.db: 11.8 MB in 2.3 seconds.\\n\"\n");
}

/* -- users of the host -------------------------------------------------------------------- */

static void test_user_is_signed_in_at_once(void **state)
{
	(void)state;
	user_connects(1, "mary");
	assert_has("-- You are mary, in general; nobody else is here yet. /help lists the commands.");
	assert_has_not("ENTER YOUR NAME");
	assert_has("APPEND #102 kind 6 room 0 ref 1 \"nick=mary role=account ");
	assert_has(" host=1");
}

static void test_user_whose_name_will_not_do(void **state)
{
	(void)state;
	user_connects(1, "operator");
	assert_has("-- You cannot use your login name here: \"operator\" is reserved."
	           "\\n[ENTER YOUR NAME]: \"");
	user_connects(2, "mary");
	user_connects(3, "rnary");
	assert_has("-- That name looks like mary, which is registered; your login name cannot be an "
	           "account here.\\n[ENTER YOUR NAME]: \"");
}

static void test_user_whose_name_is_registered(void **state)
{
	(void)state;
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_ACCOUNT, .key = "mary",
	                                          .value = "nick=mary role=account hash=x"});
	user_connects(1, "mary");
	assert_has("-- mary is registered, but not as your login on this host. If it is yours, "
	           "type the name and its password; otherwise choose another name.\\n"
	           "[ENTER YOUR NAME]: \"");
}

static void test_user_while_nothing_can_be_saved(void **state)
{
	(void)state;
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_ACCOUNT, .key = "eve",
	                                          .value = "nick=eve role=account host=1"});
	step((struct event){.kind = EVENT_STORE_FAILED, .failure.reason = "disk full"});
	user_connects(1, "mary");
	assert_has("-- Your login name has no account yet, and none can be made: nothing can be saved at present "
	           "(disk full). Try again in a minute.\\n[ENTER YOUR NAME]: \"");
	user_connects(2, "eve");
	assert_has("-- You are eve, in general");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_old_lines_go_when_that_is_ordered),
		TEST(test_reload_waits_for_the_answer),
		TEST(test_reload_tells_what_is_wrong),
		TEST(test_reload_has_no_file),
		TEST(test_reload_bounds_its_answer),
		TEST(test_shutdown_without_the_disk),
		TEST(test_shutdown_where_the_clock_jumps),
		TEST(test_shutdown_is_not_the_reason_of_a_signal),
		TEST(test_backup_of_one_who_has_gone),
		TEST(test_user_is_signed_in_at_once),
		TEST(test_user_whose_name_will_not_do),
		TEST(test_user_whose_name_is_registered),
		TEST(test_user_while_nothing_can_be_saved),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
