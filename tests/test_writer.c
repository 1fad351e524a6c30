/*
 * The store's threads, as the loop sees them: through the event fd, the wake
 * fds and writer_next. All waiting is without a time limit, so a wake-up that
 * is lost hangs the test, and the alarm ends it.
 */
#include "store_help.h"

#include "chatd/base/bounds.h"
#include "chatd/base/log.h"
#include "chatd/store/writer.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { HANGING_S = 100 };

/* A loop without a ring: what it has heard so far. */
struct loop {
	struct folder *folder;  /* where the files lie */
	struct writer *w;       /* what is tested */
	uint64_t seq;           /* last record appended */
	uint64_t stored;        /* last WRITER_STORED */
	char *heard;            /* kinds in order: S F B R E */
	size_t heard_n;         /* how many */
	char rows[8192];        /* ids of the last answer */
	char reason[256];       /* of the last failure */
	uint64_t empty_seq;     /* of the last WRITER_ROOM_EMPTY */
	uint32_t empty_room;    /* and its room */
};

static struct loop loop;

static struct writer *start(const char *chat_log, struct store_error *err)
{
	char database[512], log[512];
	strcpy(database, folder_file(loop.folder, "chat.db"));
	if (chat_log)
		strcpy(log, folder_file(loop.folder, chat_log));
	struct writer_options o = {
		.database = database,
		.chat_log = chat_log ? log : NULL,
		.durability = DURABILITY_COMMIT,
	};
	loop.w = writer_start(&o, err);
	return loop.w;
}

static int loop_setup(void **state)
{
	struct store_error err;
	memset(&loop, 0, sizeof(loop));
	if (folder_setup(state) < 0)
		return -1;
	loop.folder = *state;
	loop.heard = calloc(1, 1 << 20);
	alarm(HANGING_S);
	return start("chat.log", &err) ? 0 : -1;
}

static int loop_teardown(void **state)
{
	if (loop.w)
		writer_stop(loop.w, 0);
	free(loop.heard);
	return folder_teardown(state);
}

static void hear(struct writer_event *e)
{
	loop.heard[loop.heard_n++] = "SFBRE"[e->kind];
	if (e->kind == WRITER_STORED) {
		assert_true(e->seq > loop.stored);
		loop.stored = e->seq;
	} else if (e->kind == WRITER_FAILED) {
		snprintf(loop.reason, sizeof(loop.reason), "%s", e->reason);
	} else if (e->kind == WRITER_ROOM_EMPTY) {
		loop.empty_room = e->room;
		loop.empty_seq = e->seq;
	} else if (e->kind == WRITER_ROWS) {
		snprintf(loop.rows, sizeof(loop.rows), "%s", ids_of(e->rows));
		e->rows = NULL;
	}
	writer_event_release(e);
}

static void loop_wake(void)
{
	int fds[2];
	int n = writer_wake_fds(loop.w, fds);
	for (int i = 0; i < n; i++) {
		uint64_t one = 1;
		assert_int_equal(write(fds[i], &one, sizeof(one)), sizeof(one));
	}
}

/* One turn: wake the threads, sleep until something happened, take all of it. */
static void loop_turn(void)
{
	struct pollfd p = { .fd = writer_event_fd(loop.w), .events = POLLIN };
	struct writer_event e;
	uint64_t count;
	loop_wake();
	assert_int_equal(poll(&p, 1, -1), 1);
	assert_int_equal(read(p.fd, &count, sizeof(count)), sizeof(count));
	while (writer_next(loop.w, &e))
		hear(&e);
}

static void append(const char *body)
{
	struct record r = line_of(loop.seq + 1, 1, "alice", body);
	assert_true(writer_append(loop.w, &r));
	loop.seq++;
}

static void until_stored(void)
{
	while (loop.stored < loop.seq)
		loop_turn();
}

/* Turns until an event of this kind was heard after the first `from` ones. */
static void until_heard(char kind, size_t from)
{
	while (!memchr(loop.heard + from, kind, loop.heard_n - from))
		loop_turn();
}

/* The chat log is written after lines are told to be stored, and before the records
 * that come after them; so one more record says that it is written. What was reloaded
 * before it is in effect after it as well. */
static void until_logged(void)
{
	struct record r = line_of(++loop.seq, 1, "", "");
	r.kind = RECORD_ROOM;
	assert_true(writer_append(loop.w, &r));
	until_stored();
}

static void ask(enum query_kind kind, const char *words)
{
	struct query q = query_of(kind, 1, 5);
	q.words = words;
	q.after_seq = loop.seq;
	assert_true(writer_query(loop.w, &q));
}

static bool stop(int wait_ms)
{
	bool ok = writer_stop(loop.w, wait_ms);
	loop.w = NULL;
	return ok;
}

/* The lines that a new start finds in room 1, and that their numbers have no gap. */
static uint64_t lines_saved(void)
{
	struct store *s = store_in(folder_file(loop.folder, "chat.db"));
	struct query q = query_of(QUERY_FIRST, 1, ROWS_MAX);
	uint64_t n = 0;
	for (bool more = true; more; ) {
		struct rows *rows = store_query(s, &q);
		for (size_t i = 0; i < rows->n; i++)
			assert_int_equal(rows->row[i].id, ++n);
		more = rows->more;
		q.after_id = n;
		rows_release(rows);
	}
	store_close(s);
	return n;
}

/* -- saving --------------------------------------------------------------------- */

static void lines_are_stored_and_said_so(void **state)
{
	(void)state;
	append("one");
	append("two");
	until_stored();
	append("three");
	until_stored();
	assert_int_equal(loop.stored, 3);
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 3);
	assert_false(folder_has(loop.folder, "chat.db-wal"));
}

static void stop_saves_all_that_waits(void **state)
{
	(void)state;
	for (int i = 0; i < 10000; i++)
		append("x");
	assert_true(stop(1000)); /* nobody was woken */
	assert_int_equal(lines_saved(), 10000);
}

static void a_full_queue_says_so_and_empties(void **state)
{
	(void)state;
	char body[8001];
	memset(body, 'x', 8000);
	body[8000] = '\0';
	struct record r = line_of(0, 1, "alice", body);
	assert_false(writer_pressed(loop.w));
	for (r.seq = 1; writer_append(loop.w, &r); r.seq++)
		loop.seq = r.seq;
	assert_true(writer_pressed(loop.w));
	until_stored();
	/* The loop is told nothing after this, so there must be room by now. */
	assert_false(writer_pressed(loop.w));
	append("there is room again");
	until_stored();
	uint64_t n = loop.seq;
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), n);
}

static void the_numbers_go_on_from_the_last_start(void **state)
{
	(void)state;
	struct store_error err;
	assert_int_equal(store_last_seq(writer_store(loop.w)), 0);
	append("one");
	until_stored();
	assert_true(stop(1000));
	assert_non_null(start(NULL, &err));
	assert_int_equal(store_last_seq(writer_store(loop.w)), 1);
	assert_int_equal(store_last_room(writer_store(loop.w)), 1);
}

/* -- waking ----------------------------------------------------------------------- */

/* Many short sleeps on both sides: each lost wake-up would hang. */
static void no_wake_up_is_lost(void **state)
{
	(void)state;
	for (int i = 0; i < 3000; i++) {
		append("ping");
		if (i % 3 == 0)
			ask(QUERY_LAST, "");
		if (i % 5 == 0)
			sched_yield();
		if (i % 3 == 0)
			until_heard('R', loop.heard_n);
		until_stored();
	}
	assert_int_equal(loop.stored, 3000);
}

static void a_stream_of_lines_is_stored(void **state)
{
	(void)state;
	for (int i = 0; i < 60000; i++) {
		struct record r = line_of(loop.seq + 1, 1, "alice", "some words in a line");
		while (!writer_append(loop.w, &r))
			loop_turn();
		loop.seq++;
		if (i % 97 == 0)
			loop_wake();
	}
	until_stored();
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 60000);
}

static void a_thread_is_named_once_until_it_sleeps_again(void **state)
{
	(void)state;
	int fds[2], n = 0;
	struct record r = line_of(0, 1, "", "");
	r.kind = RECORD_ROOM; /* no line: nothing is indexed later, which would wake it */
	assert_int_equal(writer_wake_fds(loop.w, fds), 0);
	for (;;) {
		r.seq = ++loop.seq;
		assert_true(writer_append(loop.w, &r));
		n = writer_wake_fds(loop.w, fds);
		if (n)
			break; /* it slept; where it was awake it finds the record itself */
		until_stored();
	}
	assert_int_equal(n, 1);
	r.seq = ++loop.seq;
	assert_true(writer_append(loop.w, &r));
	int again[2];
	assert_int_equal(writer_wake_fds(loop.w, again), 0);
	uint64_t one = 1;
	assert_int_equal(write(fds[0], &one, sizeof(one)), sizeof(one));
	until_stored();
}

static void the_event_fd_is_written_once_per_sleep(void **state)
{
	(void)state;
	struct store_error err;
	struct pollfd p = { .fd = writer_event_fd(loop.w), .events = POLLIN };
	struct store *other = store_open_reader(folder_file(loop.folder, "chat.db"), &err);
	struct query q = query_of(QUERY_LAST, 1, 1);
	char wanted[16];
	uint64_t count;
	for (int i = 1; i <= 20; i++) {
		append("x");
		loop_wake();
		snprintf(wanted, sizeof(wanted), i == 1 ? "%d" : "%d more", i);
		while (strcmp(ids_of(store_query(other, &q)), wanted) != 0)
			sched_yield();
	}
	store_close(other);
	assert_int_equal(poll(&p, 1, -1), 1);
	assert_int_equal(read(p.fd, &count, sizeof(count)), sizeof(count));
	assert_int_equal(count, 1);
	struct writer_event e;
	while (writer_next(loop.w, &e))
		hear(&e);
	append("after the sleep");
	until_stored();
}

/* -- asking ------------------------------------------------------------------------- */

static void a_query_sees_what_was_appended_before_it(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		size_t from = loop.heard_n;
		char wanted[16];
		append("hello");
		ask(QUERY_LAST, "");
		until_heard('R', from);
		snprintf(wanted, sizeof(wanted), "%d", i + 1);
		assert_non_null(strstr(loop.rows, wanted));
		/* And the loop knows that it is stored before it gets rows that show it. */
		assert_int_equal(loop.stored, loop.seq);
		assert_int_equal(loop.heard[from], 'S');
	}
}

static void a_search_sees_what_was_appended_before_it(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		size_t from = loop.heard_n;
		char body[32], wanted[32];
		snprintf(body, sizeof(body), "word%d", i);
		append(body);
		ask(QUERY_SEARCH, body);
		until_heard('R', from);
		snprintf(wanted, sizeof(wanted), i ? "%d %d*" : "%.0d%d*", i, i + 1);
		assert_string_equal(loop.rows, wanted);
	}
}

static void bad_words_are_answered_with_a_sentence(void **state)
{
	(void)state;
	ask(QUERY_SEARCH, "???");
	until_heard('R', 0);
	assert_non_null(strstr(loop.rows, "nothing to search for"));
}

static void the_wal_is_copied_between_queries(void **state)
{
	(void)state;
	struct stat st;
	char body[4001];
	memset(body, 'x', 4000);
	body[4000] = '\0';
	for (int i = 0; i < 1500; i++)
		append(body);
	until_stored();
	do { /* it comes when the reader is told, at the latest after an answer */
		size_t from = loop.heard_n;
		ask(QUERY_LAST, "");
		until_heard('R', from);
		assert_int_equal(stat(folder_file(loop.folder, "chat.db"), &st), 0);
	} while (st.st_size < 200 * 4096);
}

/* -- failing ---------------------------------------------------------------------------- */

static struct rlimit all;

/* No file may be written to any more, as on a full disk. */
static void disk_fill(void)
{
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &all);
	struct rlimit none = { 0, all.rlim_max };
	setrlimit(RLIMIT_FSIZE, &none);
}

static void disk_free(void)
{
	setrlimit(RLIMIT_FSIZE, &all);
}

static void a_failure_is_told_once_and_all_is_saved_later(void **state)
{
	(void)state;
	append("before");
	until_stored();
	size_t from = loop.heard_n;
	disk_fill();
	append("while it fails");
	until_heard('F', from);
	append("another");
	ask(QUERY_LAST, ""); /* cannot be answered as asked, and is not held up */
	until_heard('R', from);
	uint64_t stored = loop.stored;
	disk_free();
	until_stored();
	assert_int_equal(stored, 1);
	assert_non_null(strstr(loop.reason, "File too large"));
	assert_string_equal(loop.rows, "The history cannot be read while nothing can be saved.");
	loop.heard[loop.heard_n] = '\0';
	assert_string_equal(loop.heard + from, "FRBS");
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 3);
}

static void stop_gives_up_after_its_time(void **state)
{
	(void)state;
	append("before");
	until_stored();
	disk_fill();
	append("lost");
	until_heard('F', loop.heard_n);
	bool ok = stop(150);
	disk_free();
	assert_false(ok);
	assert_int_equal(lines_saved(), 1);
}

static void stop_waits_for_a_disk_that_comes_back(void **state)
{
	(void)state;
	disk_fill();
	append("not lost");
	until_heard('F', loop.heard_n);
	disk_free();
	assert_true(stop(2000));
	assert_int_equal(lines_saved(), 1);
}

/* -- the chat log, reload, start --------------------------------------------------------- */

static char *text_of(const char *name)
{
	static char text[4096];
	FILE *f = fopen(folder_file(loop.folder, name), "r");
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

static void the_chat_log_has_what_is_stored(void **state)
{
	(void)state;
	char path[512];
	strcpy(path, folder_file(loop.folder, "second.log"));
	append("one");
	append("two");
	until_stored();
	until_logged();
	assert_string_equal(text_of("chat.log"), "[2023-11-14 23:13:21][alice][lobby]:one\n"
	                    "[2023-11-14 23:13:22][alice][lobby]:two\n");
	struct writer_limits limits = { 0 };
	writer_reload(loop.w, &limits, path);
	until_logged();
	append("three");
	until_stored();
	until_logged();
	assert_string_equal(text_of("second.log"), "[2023-11-14 23:13:25][alice][lobby]:three\n");
	writer_reload(loop.w, &limits, NULL);
	until_logged();
	append("four");
	until_stored();
	until_logged();
	assert_string_equal(text_of("second.log"), "[2023-11-14 23:13:25][alice][lobby]:three\n");
	assert_true(stop(1000));
}

static void new_limits_prune(void **state)
{
	(void)state;
	for (int i = 0; i < 1200; i++)
		append("from years ago");
	until_stored();
	struct writer_limits limits = { .history_days = 30 };
	writer_reload(loop.w, &limits, NULL);
	until_heard('E', 0);
	assert_int_equal(loop.empty_room, 1);
	assert_int_equal(loop.empty_seq, 1200);
	ask(QUERY_LAST, "");
	until_heard('R', 0);
	assert_string_equal(loop.rows, "");
	append("the numbers go on");
	until_stored();
	assert_int_equal(loop.stored, 1201);
}

static void a_start_that_fails_leaves_nothing_behind(void **state)
{
	(void)state;
	struct store_error err = { "" };
	assert_true(stop(1000));
	assert_null(start("none/chat.log", &err));
	assert_non_null(strstr(err.text, "none/chat.log"));
	assert_non_null(start("chat.log", &err));
}

static bool blocks_all_signals(const char *task)
{
	char path[300], line[256];
	unsigned long long blocked = 0;
	snprintf(path, sizeof(path), "/proc/self/task/%s/status", task);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "SigBlk: %llx", &blocked) == 1)
			break;
	if (f)
		fclose(f);
	return (blocked & (1ULL << (SIGTERM - 1))) && (blocked & (1ULL << (SIGHUP - 1)));
}

static void the_threads_have_names_and_no_signals(void **state)
{
	(void)state;
	int found = 0;
	DIR *d = opendir("/proc/self/task");
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)); ) {
		char path[300], name[64] = "";
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e->d_name);
		FILE *f = fopen(path, "r");
		if (f && fgets(name, sizeof(name), f) && strncmp(name, "chatd-", 6) == 0)
			found += blocks_all_signals(e->d_name);
		if (f)
			fclose(f);
	}
	closedir(d);
	assert_int_equal(found, 2);
}

static int group_setup(void **state)
{
	(void)state;
	setenv("TZ", "XXX-1", 1); /* an hour east of UTC, without any zone file */
	log_set_level(LOG_LEVEL_ERROR);
	return 0;
}

#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, loop_setup, loop_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOOP(lines_are_stored_and_said_so),
		WITH_LOOP(stop_saves_all_that_waits),
		WITH_LOOP(a_full_queue_says_so_and_empties),
		WITH_LOOP(the_numbers_go_on_from_the_last_start),
		WITH_LOOP(no_wake_up_is_lost),
		WITH_LOOP(a_stream_of_lines_is_stored),
		WITH_LOOP(a_thread_is_named_once_until_it_sleeps_again),
		WITH_LOOP(the_event_fd_is_written_once_per_sleep),
		WITH_LOOP(a_query_sees_what_was_appended_before_it),
		WITH_LOOP(a_search_sees_what_was_appended_before_it),
		WITH_LOOP(bad_words_are_answered_with_a_sentence),
		WITH_LOOP(the_wal_is_copied_between_queries),
		WITH_LOOP(a_failure_is_told_once_and_all_is_saved_later),
		WITH_LOOP(stop_gives_up_after_its_time),
		WITH_LOOP(stop_waits_for_a_disk_that_comes_back),
		WITH_LOOP(the_chat_log_has_what_is_stored),
		WITH_LOOP(new_limits_prune),
		WITH_LOOP(a_start_that_fails_leaves_nothing_behind),
		WITH_LOOP(the_threads_have_names_and_no_signals),
	};
	return cmocka_run_group_tests_name("writer", tests, group_setup, NULL);
}
