/* What a terminal is sent: lines above what is typed, pages of answers, and what ends a view. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/net/display.h"
#include "chatd/net/server.h"
#include "chatd/net/watched.h"

static struct server *server;
static struct connection conn;
static struct feed feed;
static char answer[400];

static void input(const char *prompt, const char *line, bool clear)
{
	char text[200];
	struct effect e = {.kind = EFFECT_INPUT, .text = text};

	e.len = (size_t)snprintf(text, sizeof text, "%s%s", prompt, line);
	e.input.prompt_bytes = (uint32_t)strlen(prompt);
	e.input.cursor = (uint32_t)strlen(line);
	e.input.clear = clear;
	display_input(server, &conn, &e);
}

static struct effect view(void)
{
	return (struct effect){.kind = EFFECT_VIEW, .view = {
		.columns = 70, .rows = 6, .time = VIEW_TIME_OFF, .passages = true, .editor = true, .pages = true,
		.crlf = true,
	}};
}

static int begin(void **state)
{
	struct effect e = view();

	(void)state;
	server = calloc(1, sizeof *server);
	feed = (struct feed){0};
	conn = (struct connection){.state = CONNECTION_OPEN, .fd = -1};
	feed_join(&feed, &conn.out.reader, 0);
	display_style(server, &conn, &e);
	input("[ops] ", "", false);
	return 0;
}

static int end(void **state)
{
	(void)state;
	display_free(&conn);
	outqueue_release(&conn.out);
	feed_part(&conn.out.reader);
	feed_release(&feed);
	bytes_release(&server->conns.made);
	free(server->conns.dirty.slot);
	free(server);
	return 0;
}

/* What is sent now, all of it. */
static const char *sent(void)
{
	static char text[2000];
	struct iovec iov[SEND_SPANS_MAX];
	size_t len = 0;

	if (conn.display != NULL)
		display_make(server, &conn);
	for (uint32_t n; (n = outqueue_gather(&conn.out, iov, SEND_SPANS_MAX)) > 0;) {
		size_t part = 0;

		for (uint32_t i = 0; i < n; i++) {
			memcpy(text + len + part, iov[i].iov_base, iov[i].iov_len);
			part += iov[i].iov_len;
		}
		outqueue_advance(&conn.out, part);
		outqueue_unpin(&conn.out);
		len += part;
	}
	text[len] = '\0';
	return text;
}

static void said(const char *text)
{
	char line[200];
	size_t len = (size_t)snprintf(line, sizeof line, "[2026-11-29 20:14:05][bob]:%s\n", text);

	feed_publish(&feed, line, len, feed.seq + 1, (struct line_info){.kind = LINE_SAID, .name_bytes = 3});
	feed.mark = feed.end;
}

static void answered(int rows, bool told)
{
	size_t len = 0;

	for (int i = 1; i <= rows; i++)
		len += (size_t)snprintf(answer + len, sizeof answer - len, "-- row %d\r\n", i);
	outqueue_add(&conn.out, answer, len, (struct line_info){.unasked = told});
}

#define MORE VIEW_MORE

static void test_lines_come_above(void **state)
{
	(void)state;
	assert_string_equal(sent(), "\033[?2004h[ops] ");
	input("[ops] ", "hel", false);
	assert_string_equal(sent(), "hel");
	said("hello");
	said("again");
	assert_string_equal(sent(), "\r\033[Jbob: hello\r\nbob: again\r\n[ops] hel");
	assert_string_equal(sent(), "");
	input("[ops] ", "hel", true);
	assert_string_equal(sent(), "\r\033[J\033[H\033[2J[ops] hel");
}

static void test_pages(void **state)
{
	(void)state;
	sent();
	answered(12, false);
	assert_string_equal(sent(), "\r\033[J-- row 1\r\n-- row 2\r\n-- row 3\r\n-- row 4\r\n-- row 5\r\n" MORE);
	/* What others say waits for the page too: it comes behind the answer. */
	said("hello");
	assert_string_equal(sent(), "");
	display_turn(&conn);
	assert_non_null(strstr(sent(), "-- row 6\r\n-- row 7\r\n-- row 8\r\n-- row 9\r\n-- row 10\r\n" MORE));
	display_turn(&conn);
	assert_non_null(strstr(sent(), "-- row 11\r\n-- row 12\r\nbob: hello\r\n[ops] "));
}

/* The prompt takes two of them. */
static void test_pages_of_narrow_rows(void **state)
{
	struct effect e = view();

	(void)state;
	e.view.columns = 40;
	display_style(server, &conn, &e);
	sent();
	answered(10, false);
	assert_non_null(strstr(sent(), "-- row 4\r\n["));
	display_turn(&conn);
	assert_non_null(strstr(sent(), "-- row 8\r\n["));
	display_turn(&conn);
	sent();
	e.view.columns = 20; /* and here three */
	display_style(server, &conn, &e);
	sent();
	display_turn(&conn);
	answered(10, false);
	assert_non_null(strstr(sent(), "-- row 3\r\n["));
}

static void test_the_rest_is_left_out(void **state)
{
	struct effect e = {.kind = EFFECT_CUT, .text = "-- hint\r\n", .len = 9};

	(void)state;
	sent();
	answered(10, false);
	sent();
	display_cut(server, &conn, &e);
	assert_null(strstr(sent(), "row"));
	/* Where there is nothing to leave out, the text comes. */
	display_cut(server, &conn, &e);
	assert_non_null(strstr(sent(), "-- hint"));
}

static void test_what_is_told_does_not_wait(void **state)
{
	(void)state;
	sent();
	answered(10, true);
	assert_non_null(strstr(sent(), "-- row 9\r\n-- row 10\r\n[ops] "));
}

/* Rows that are not known, or a screen that is too small for it. */
static void test_no_pages(void **state)
{
	struct effect e = view();

	(void)state;
	e.view.rows = 0;
	display_style(server, &conn, &e);
	sent();
	answered(10, false);
	assert_non_null(strstr(sent(), "-- row 10\r\n[ops] "));
}

static void test_marks(void **state)
{
	(void)state;
	sent();
	said("one");
	said("hello alice");
	display_mark(&conn, &feed);
	said("three");
	assert_non_null(strstr(sent(), "bob: one\r\n>> bob: hello alice\r\nbob: three\r\n"));
}

static void test_becomes_plain(void **state)
{
	(void)state;
	sent();
	said("shown by the view");
	display_plain(server, &conn);
	assert_string_equal(sent(), "\033[?2004l\r\033[Jbob: shown by the view\r\n");
	assert_null(conn.display);
	said("as it is");
	assert_string_equal(sent(), "[2026-11-29 20:14:05][bob]:as it is\n");
}

/* Somebody comes, and the person does not want to know: not a byte is sent. */
static void test_passages(void **state)
{
	static const char line[] = "[2026-11-29 20:14:05][System]: \"bob\" has joined our chat\n";
	struct effect e = view();

	(void)state;
	e.view.passages = false;
	display_style(server, &conn, &e);
	sent();
	feed_publish(&feed, line, sizeof line - 1, 0, (struct line_info){.kind = LINE_PASSAGE});
	feed.mark = feed.end;
	assert_string_equal(sent(), "");
	assert_false(outqueue_has_output(&conn.out));
}

/* What is said now comes by its channel too; what is shown once more does not. */
static void test_channels(void **state)
{
	static const char line[] = "[2026-11-29 20:14:05][bob]:said before\n";
	struct effect e = view();
	const char *text;

	(void)state;
	e.view.channels = true;
	e.text = "ops";
	display_style(server, &conn, &e);
	sent();
	outqueue_add(&conn.out, line, sizeof line - 1, (struct line_info){.kind = LINE_SAID, .name_bytes = 3});
	text = sent();
	assert_non_null(strstr(text, "bob: said before"));
	assert_null(strstr(text, "Comm"));
	said("hello");
	text = sent();
	assert_non_null(strstr(text, "Comm.Channel.Text {\"channel\":\"ops\",\"talker\":\"bob\","
	                             "\"text\":\"bob: hello\"}\xFF\xF0" "bob: hello\r\n"));
	/* Said before they left, and shown behind that. */
	said("on the way");
	display_leave(&conn);
	outqueue_leave_feed(&conn.out, NULL, 0);
	feed_join(&feed, &conn.out.reader, 0);
	e = (struct effect){.kind = EFFECT_SUBSCRIBE, .text = "dev"};
	display_room(&conn, &e);
	said("again");
	text = sent();
	assert_non_null(strstr(text, "{\"channel\":\"ops\",\"talker\":\"bob\",\"text\":\"bob: on the way\""));
	assert_non_null(strstr(text, "{\"channel\":\"dev\",\"talker\":\"bob\",\"text\":\"bob: again\""));
}

/* The terminal is left as it was found. */
static void test_ends(void **state)
{
	(void)state;
	sent();
	input("[ops] ", "begun", false);
	sent();
	conn.state = CONNECTION_DRAINING;
	assert_true(display_owes(&conn));
	assert_string_equal(sent(), "\033[?2004l\r\033[J");
	assert_false(display_owes(&conn));
	conn.state = CONNECTION_OPEN;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines_come_above, begin, end),
		cmocka_unit_test_setup_teardown(test_pages, begin, end),
		cmocka_unit_test_setup_teardown(test_pages_of_narrow_rows, begin, end),
		cmocka_unit_test_setup_teardown(test_the_rest_is_left_out, begin, end),
		cmocka_unit_test_setup_teardown(test_what_is_told_does_not_wait, begin, end),
		cmocka_unit_test_setup_teardown(test_no_pages, begin, end),
		cmocka_unit_test_setup_teardown(test_marks, begin, end),
		cmocka_unit_test_setup_teardown(test_becomes_plain, begin, end),
		cmocka_unit_test_setup_teardown(test_passages, begin, end),
		cmocka_unit_test_setup_teardown(test_channels, begin, end),
		cmocka_unit_test_setup_teardown(test_ends, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
