/*
 * Reports: how many there may be, and how much of a line is saved.
 */
#include "chat_help.h"

#include "chatd/core/moderation/report.h"
#include "chatd/core/people/session.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

static void load(uint64_t number, const char *state)
{
	char key[32], value[256];

	snprintf(key, sizeof key, "%020" PRIu64, number);
	snprintf(value, sizeof value, "state=%s line=%" PRIu64 " said=1 room=ops sender=mallory "
	         "text=buy%%20it at=2 by=old by_key=old", state, number);
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_REPORT, .key = key, .value = value});
}

/* a, in slot 0, reports the line, which says body. */
static void reports(uint64_t line, const char *body)
{
	struct row row = {.id = line, .time_ms = wall(), .kind = RECORD_SAY, .room = 6,
	                  .room_name = "general", .sender = "mallory", .body = body};
	char text[64];

	snprintf(text, sizeof text, "/report #%" PRIu64 " spam\n", line);
	sends(0, text);
	assert_has("QUERY 0 kind 1 room 6");
	rows_come(id(0), (struct rows){.kind = QUERY_LAST, .row = &row, .n = 1});
	assert_has("RESUME 0\n");
}

static void test_the_oldest_that_is_resolved_gives_place(void **state)
{
	(void)state;
	for (uint64_t n = 1; n <= REPORTS_MAX; n++)
		load(n, n == 3 || n == 5 ? "resolved" : n == 2 ? "claimed" : "open");
	joins(0);
	/* The rest is for moderators. */
	reports(101, "spam");
	assert_has("Not reported: the report list is nearly full (1000), and the rest is reserved for moderators.");
	chat_session(chat, id(0))->trusted = true;
	reports(101, "spam");
	assert_has("Reported as #R102. Moderators will look at it.");
	assert_has("kind 6 room 0 ref 8 \"\"\n");
	assert_null(report_find(chat, 3));
	assert_non_null(report_find(chat, 1));
	assert_non_null(report_find(chat, 5));
	reports(102, "spam");
	assert_has("Reported as #R");
	assert_null(report_find(chat, 5));
	reports(103, "spam");
	assert_has("Not reported: the report list is full (1000).");
	assert_has_not("APPEND");
	assert_int_equal(chat->moderation.reports.n, REPORTS_MAX);
}

static void test_a_report_is_as_it_was_after_a_restart(void **state)
{
	const struct report *r;

	(void)state;
	load(7, "claimed");
	load(8, "nonsense");
	r = report_find(chat, 7);
	assert_int_equal(r->state, REPORT_CLAIMED);
	assert_int_equal(r->line, 7);
	assert_string_equal(r->text, "buy it");
	assert_string_equal(r->room, "ops");
	assert_string_equal(r->why, "");
	assert_int_equal(report_find(chat, 8)->state, REPORT_OPEN);
	assert_int_equal(reports_open(chat), 1);
}

static void test_what_is_long_is_cut_between_characters(void **state)
{
	static char body[BODY_BYTES_MAX + 1];
	const struct effect *effects;
	size_t n = 0;

	(void)state;
	/* All of it has to be escaped in the fact, which must not be longer than a line. */
	body[n++] = ' ';
	while (n + 2 < sizeof body) {
		body[n++] = '\xc3';
		body[n++] = '\xa4';
	}
	joins(0);
	reports(101, body);
	assert_int_equal(strlen(chat->moderation.reports.first->text), REPORT_LINE_BYTES_MAX - 1);
	memset(body, ' ', sizeof body - 1);
	reports(102, body);
	assert_int_equal(strlen(chat->moderation.reports.first->next->text), REPORT_LINE_BYTES_MAX);
	effects = chat_effects(chat, &n);
	for (size_t i = 0; i < n; i++)
		if (effects[i].kind == EFFECT_APPEND)
			assert_in_range(strlen(effects[i].record.fact.value), 3 * REPORT_LINE_BYTES_MAX,
			                BODY_BYTES_MAX);
}

static void test_nothing_is_reported_while_nothing_can_be_saved(void **state)
{
	(void)state;
	joins(0);
	step((struct event){.kind = EVENT_STORE_FAILED, .failure.reason = "the disk is full"});
	reports(101, "spam");
	assert_has("Nothing can be saved at present (the disk is full). Try again in a "
	           "minute.");
	assert_has_not("APPEND");
	assert_int_equal(chat->moderation.reports.n, 0);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_oldest_that_is_resolved_gives_place),
		TEST(test_a_report_is_as_it_was_after_a_restart),
		TEST(test_what_is_long_is_cut_between_characters),
		TEST(test_nothing_is_reported_while_nothing_can_be_saved),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
