/*
 * The chat log file, as its readers see it.
 */
#include "chatd/store/chatlog.h"
#include "store_help.h"

#include "chatd/base/log.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

/* The whole file; the caller frees it. */
static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);
	if (f) {
		size_t n = fread(text, 1, (1 << 20) - 1, f);
		text[n] = '\0';
		fclose(f);
	}
	return text;
}

static void assert_file(const char *path, const char *expected)
{
	char *text = slurp(path);
	assert_string_equal(text, expected);
	free(text);
}

static struct chatlog *open_in(struct folder *f, const char *name)
{
	struct store_error err;
	struct chatlog *c = chatlog_open(folder_file(f, name), &err);
	assert_non_null(c);
	return c;
}

static void lines_have_time_sender_room_and_text(void **state)
{
	struct folder *f = *state;
	struct chatlog *c = open_in(f, "chat.log");
	struct record r = line_of(1, 1, "alice", "hello: [you]");
	chatlog_add(c, &r);
	r = line_of(61, 2, "bob", "waves");
	r.kind = RECORD_ACTION;
	chatlog_add(c, &r);
	r = record_as(62, 2, RECORD_TOPIC, "carol", 0, "no line");
	chatlog_add(c, &r);
	r = line_of(63, 2, "System", "2 lines were said here");
	r.kind = RECORD_GAP;
	chatlog_add(c, &r);
	r = record_as(63, 2, RECORD_FACT, "key", FACT_MAIL, "no line");
	chatlog_add(c, &r);
	r = record_as(63, 2, RECORD_DELETE, "System", 61, "");
	chatlog_add(c, &r);
	assert_file(folder_file(f, "chat.log"), "");
	chatlog_flush(c);
	/* NOON_MS is 2023-11-14 22:13:20 UTC; the tests run in a zone without a name. */
	assert_file(folder_file(f, "chat.log"),
	            "[2023-11-14 23:13:21][alice][lobby]:hello: [you]\n"
	            "[2023-11-14 23:14:21][bob][ops]:* bob waves\n"
	            "[2023-11-14 23:14:23][System][ops]: 2 lines were said here\n"
	            "[2023-11-14 23:14:23][System][ops]: line #61 was deleted\n");
	chatlog_close(c);
}

static void appends_to_what_is_there(void **state)
{
	struct folder *f = *state;
	for (int i = 0; i < 2; i++) {
		struct chatlog *c = open_in(f, "chat.log");
		struct record r = line_of(1, 1, "a", i ? "two" : "one");
		chatlog_add(c, &r);
		chatlog_close(c);
	}
	assert_file(folder_file(f, "chat.log"), "[2023-11-14 23:13:21][a][lobby]:one\n"
	            "[2023-11-14 23:13:21][a][lobby]:two\n");
	struct stat st;
	assert_int_equal(stat(f->file, &st), 0);
	assert_int_equal(st.st_mode & 07, 0);
}

static void goes_on_in_a_new_file_after_rotation(void **state)
{
	struct folder *f = *state;
	char old[512], name[512];
	struct chatlog *c = open_in(f, "chat.log");
	strcpy(name, f->file);
	strcpy(old, folder_file(f, "chat.log.1"));
	struct record r = line_of(1, 1, "a", "before");
	chatlog_add(c, &r);
	assert_int_equal(rename(name, old), 0);
	chatlog_reopen(c, name);
	r = line_of(1, 1, "a", "after");
	chatlog_add(c, &r);
	chatlog_close(c);
	assert_file(old, "[2023-11-14 23:13:21][a][lobby]:before\n");
	assert_file(name, "[2023-11-14 23:13:21][a][lobby]:after\n");
}

static void keeps_its_file_where_the_new_one_cannot_be_opened(void **state)
{
	struct folder *f = *state;
	struct chatlog *c = open_in(f, "chat.log");
	chatlog_reopen(c, folder_file(f, "no/such/folder"));
	struct record r = line_of(1, 1, "a", "still here");
	chatlog_add(c, &r);
	chatlog_close(c);
	assert_file(folder_file(f, "chat.log"), "[2023-11-14 23:13:21][a][lobby]:still here\n");
}

static void says_why_it_cannot_be_opened(void **state)
{
	struct folder *f = *state;
	struct store_error err = { .text = "" };
	assert_null(chatlog_open(folder_file(f, "none/chat.log"), &err));
	assert_non_null(strstr(err.text, "none/chat.log"));
	assert_non_null(strstr(err.text, "No such file"));
}

/* A file that may grow no more takes part of a batch; all of it is there in the end. */
static void what_found_no_room_comes_later_and_whole(void **state)
{
	struct folder *f = *state;
	struct rlimit all, little;
	struct chatlog *c = open_in(f, "chat.log");
	struct record r = line_of(1, 1, "a", "0123456789");
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &all);
	little = all;
	little.rlim_cur = 60;
	setrlimit(RLIMIT_FSIZE, &little);
	for (int i = 0; i < 2; i++) {
		chatlog_add(c, &r);
		chatlog_add(c, &r);
		chatlog_flush(c);
	}
	setrlimit(RLIMIT_FSIZE, &all);
	chatlog_flush(c);
	chatlog_close(c);
	assert_file(folder_file(f, "chat.log"),
	            "[2023-11-14 23:13:21][a][lobby]:0123456789\n"
	            "[2023-11-14 23:13:21][a][lobby]:0123456789\n"
	            "[2023-11-14 23:13:21][a][lobby]:0123456789\n"
	            "[2023-11-14 23:13:21][a][lobby]:0123456789\n");
}

static int quiet_setup(void **state)
{
	(void)state;
	setenv("TZ", "XXX-1", 1); /* an hour east of UTC, without any zone file */
	log_set_level(LOG_LEVEL_ERROR); /* what is provoked here is not for the report */
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_have_time_sender_room_and_text,
		                                folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(appends_to_what_is_there,
		                                folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(goes_on_in_a_new_file_after_rotation,
		                                folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(keeps_its_file_where_the_new_one_cannot_be_opened,
		                                folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(says_why_it_cannot_be_opened,
		                                folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(what_found_no_room_comes_later_and_whole,
		                                folder_setup, folder_teardown),
	};
	return cmocka_run_group_tests_name("chatlog", tests, quiet_setup, NULL);
}
