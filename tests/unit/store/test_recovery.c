/*
 * The database removed, moved or replaced underneath.
 */
#include "writer_help.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "chatd/store/db/state.h"
#include "chatd/store/threads/writer_state.h"

/* What cannot be removed: files whose name ends so. The linker sends the calls here. NULL: everything can be. */
static const char *stuck;
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);

int __wrap_unlink(const char *path)
{
	size_t n = strlen(path), end = stuck != NULL ? strlen(stuck) : 0;
	if (stuck == NULL || n < end || strcmp(path + n - end, stuck) != 0)
		return __real_unlink(path);
	errno = EIO;
	return -1;
}

/* Keeps folder_file's text over its next call. */
static const char *path_of(const char *name)
{
	static char path[4][512];
	static unsigned n;
	return strcpy(path[n++ % 4], folder_file(loop.folder, name));
}

static void lose(const char *name)
{
	assert_int_equal(unlink(path_of(name)), 0);
}

static void move(const char *from, const char *to)
{
	assert_int_equal(rename(path_of(from), path_of(to)), 0);
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(path_of(name), "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void copy(const char *from, const char *to)
{
	char data[4096];
	FILE *in = fopen(path_of(from), "r"), *out = fopen(path_of(to), "w");
	assert_non_null(in);
	assert_non_null(out);
	for (size_t n; (n = fread(data, 1, sizeof(data), in)) > 0; )
		assert_int_equal(fwrite(data, 1, n, out), n);
	fclose(in);
	fclose(out);
}

static void assert_has(const char *name, const char *text)
{
	char got[64] = "";
	FILE *f = fopen(path_of(name), "r");
	assert_non_null(f);
	got[fread(got, 1, sizeof(got) - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(got, text);
}

/* The lines in a database that is whole. */
static int lines_in(const char *name)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	assert_int_equal(sqlite3_open_v2(path_of(name), &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(st, 0), "ok");
	sqlite3_finalize(st);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM messages", -1, &st, NULL),
	                 SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int n = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return n;
}

/* -- the store ---------------------------------------------------------------------------- */

static int store_setup(void **state)
{
	memset(&loop, 0, sizeof(loop));
	if (folder_setup(state) < 0)
		return -1;
	loop.folder = *state;
	return 0;
}

static struct store *store_of_lines(uint64_t n)
{
	struct store *s = store_in(path_of("chat.db"));
	save_lines(s, 1, 1, n);
	assert_true(store_is_intact(s));
	return s;
}

static void restore(struct store *s)
{
	struct store_error err;
	assert_false(store_is_intact(s));
	if (!store_rebuild(s, &err))
		fail_msg("%s", err.text);
	assert_non_null(strstr(err.text, "was written to a new file"));
	assert_true(store_is_intact(s));
	assert_false(folder_has(loop.folder, "chat.db-new"));
}

static void a_removed_file_is_written_anew(void **state)
{
	struct stat st;
	(void)state;
	struct store *s = store_of_lines(30);
	index_all(s);
	assert_int_equal(chmod(path_of("chat.db"), 0640), 0);
	lose("chat.db");
	restore(s);
	assert_int_equal(stat(path_of("chat.db"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(store_last_seq(s), 30);
	assert_int_equal(store_indexed(s), 30);
	save_line(s, 31, 1, "bob", "after");
	index_all(s);
	/* The new file has the lock. */
	struct store_error err;
	assert_null(store_open(path_of("chat.db"), DURABILITY_COMMIT, &err));
	assert_non_null(strstr(err.text, "already used"));
	store_close(s);
	assert_int_equal(lines_in("chat.db"), 31);
	assert_false(folder_has(loop.folder, "chat.db-wal"));
}

/* Also what is kept of records that were no lines: their numbers do not come again. */
static void all_three_files_removed(void **state)
{
	(void)state;
	struct store *s = store_of_lines(5);
	struct record r = line_of(6, 9, "", "");
	r.kind = RECORD_ROOM;
	save_all(s, &r, 1);
	lose("chat.db");
	lose("chat.db-wal");
	lose("chat.db-shm");
	restore(s);
	assert_int_equal(store_last_seq(s), 6);
	assert_int_equal(store_last_room(s), 9);
	store_close(s);
	assert_int_equal(lines_in("chat.db"), 5);
}

/* What lies in the WAL that was removed would be lost with the process. */
static void the_wal_alone_removed(void **state)
{
	(void)state;
	struct store *s = store_of_lines(5);
	lose("chat.db-wal");
	restore(s);
	save_line(s, 6, 1, "bob", "after");
	store_close(s);
	assert_int_equal(lines_in("chat.db"), 6);
}

static void a_moved_file_is_whole_where_it_is(void **state)
{
	(void)state;
	struct store *s = store_of_lines(5);
	move("chat.db", "kept.db");
	restore(s);
	save_line(s, 6, 1, "bob", "after");
	assert_int_equal(lines_in("kept.db"), 5);
	store_close(s);
	assert_int_equal(lines_in("chat.db"), 6);
}

/* A WAL that stayed next to the new file would be mixed into it, and damage it. */
static void a_wal_that_cannot_be_removed_stops_the_rewriting(void **state)
{
	struct store_error err;
	(void)state;
	struct store *s = store_of_lines(30);
	store_doubt(s);
	stuck = "chat.db-wal";
	assert_false(store_rebuild(s, &err));
	assert_non_null(strstr(err.text, "the disk may have lost writes, and the database cannot be rewritten: "));
	assert_false(store_is_intact(s));
	stuck = NULL;
	restore(s);
	save_line(s, 31, 1, "bob", "after");
	store_close(s);
	assert_int_equal(lines_in("chat.db"), 31);
}

/* Another that is started on it finishes nothing that the first one has begun: it still runs. */
static void what_a_running_chatd_rewrites_is_not_another_s(void **state)
{
	struct store_error err;
	(void)state;
	struct store *s = store_of_lines(30);
	store_doubt(s);
	stuck = "chat.db-wal";
	assert_false(store_rebuild(s, &err));
	stuck = NULL;
	assert_true(folder_has(loop.folder, "chat.db-whole"));
	assert_null(store_open(path_of("chat.db"), DURABILITY_SYNC, &err));
	assert_true(err.in_use);
	assert_true(folder_has(loop.folder, "chat.db-whole"));
	assert_false(store_replaced(s));
	restore(s);
	save_line(s, 31, 1, "bob", "after");
	store_close(s);
	assert_int_equal(lines_in("chat.db"), 31);
}

/* The same for a chatd that ended in the midst of it, and for a backup. */
static void what_was_left_and_cannot_be_removed_is_met_by_no_copy(void **state)
{
	struct store_error err;
	(void)state;
	struct store *s = store_of_lines(5);
	struct rows *rows;
	lose("chat.db");
	put("chat.db-new-journal", "a journal");
	stuck = "chat.db-new-journal";
	assert_false(store_rebuild(s, &err));
	stuck = NULL;
	restore(s);
	put("chat.db-part-journal", "a journal");
	stuck = "chat.db-part-journal";
	rows = store_query(s, &(struct query){.kind = QUERY_BACKUP, .backup = {"copy.db"}});
	assert_non_null(strstr(rows->error, "cannot remove an earlier copy"));
	rows_release(rows);
	stuck = NULL;
	store_close(s);
	assert_int_equal(lines_in("chat.db"), 5);
}

/* It would be taken for the new file's. */
static void a_wal_that_is_left_meets_no_new_file(void **state)
{
	(void)state;
	struct store *s = store_of_lines(5);
	copy("chat.db-wal", "old-wal");
	save_lines(s, 1, 6, 500);
	lose("chat.db");
	move("old-wal", "chat.db-wal");
	restore(s);
	store_close(s);
	assert_int_equal(lines_in("chat.db"), 500);
}

static void what_somebody_else_has_put_there_is_left(void **state)
{
	struct store_error err;
	(void)state;
	struct store *s = store_of_lines(5);
	move("chat.db", "kept.db");
	move("chat.db-wal", "kept.db-wal");
	put("chat.db", "not chatd's");
	put("chat.db-wal", "nor is this");
	assert_false(store_is_intact(s));
	assert_false(store_rebuild(s, &err));
	assert_non_null(strstr(err.text, "was replaced by another"));
	store_close(s);
	assert_has("chat.db", "not chatd's");
	assert_has("chat.db-wal", "nor is this");
	assert_int_equal(lines_in("kept.db"), 5);
}

/* Our WAL next to it would damage it when it is opened. */
static void a_backup_put_in_its_place_is_whole(void **state)
{
	struct store_error err;
	(void)state;
	struct store *s = store_of_lines(5);
	store_checkpoint(s);
	copy("chat.db", "backup.db");
	save_lines(s, 1, 6, 500);
	move("chat.db", "kept.db");
	move("backup.db", "chat.db");
	assert_false(store_rebuild(s, &err));
	assert_int_equal(lines_in("chat.db"), 5);
	assert_int_equal(lines_in("kept.db"), 500);
	save_line(s, 501, 1, "bob", "still taken");
	move("kept.db", "chat.db");
	restore(s);
	store_close(s);
	assert_int_equal(lines_in("chat.db"), 501);
}

static void a_folder_that_is_gone_is_said_and_waited_for(void **state)
{
	struct store_error err;
	char old[600];
	(void)state;
	struct store *s = store_of_lines(5);
	snprintf(old, sizeof(old), "%s-away", loop.folder->path);
	assert_int_equal(rename(loop.folder->path, old), 0);
	assert_false(store_is_intact(s));
	assert_false(store_rebuild(s, &err));
	assert_string_equal(err.text, "the database's folder is gone");
	assert_int_equal(rename(old, loop.folder->path), 0);
	assert_true(store_is_intact(s));
	save_line(s, 6, 1, "bob", "after");
	store_close(s);
	assert_int_equal(lines_in("chat.db"), 6);
}

static void what_cannot_be_written_anew_stays_as_it_was(void **state)
{
	struct store_error err;
	(void)state;
	struct store *s = store_of_lines(5);
	lose("chat.db");
	/* Nothing can be made where a folder is. */
	assert_int_equal(mkdir(path_of("chat.db-new"), 0700), 0);
	assert_false(store_rebuild(s, &err));
	assert_non_null(strstr(err.text, "the database file was removed"));
	save_line(s, 6, 1, "bob", "still taken");
	assert_int_equal(rmdir(path_of("chat.db-new")), 0);
	restore(s);
	store_close(s);
	assert_int_equal(lines_in("chat.db"), 6);
}

static void a_reader_goes_on_with_the_new_file(void **state)
{
	struct store_error err;
	struct query q = query_of(QUERY_LAST, 1, 10);
	(void)state;
	struct store *s = store_of_lines(2), *reader = store_open_reader(path_of("chat.db"), &err);
	assert_non_null(reader);
	lose("chat.db");
	restore(s);
	save_line(s, 3, 1, "bob", "after");
	assert_string_equal(ids_of(store_query(reader, &q)), "1 2");
	assert_true(store_reopen(reader, &err));
	assert_string_equal(ids_of(store_query(reader, &q)), "1 2 3");
	store_close(reader);
	assert_true(folder_has(loop.folder, "chat.db-wal"));
	store_close(s);
	assert_int_equal(lines_in("chat.db"), 3);
}

/* -- the threads ---------------------------------------------------------------------------- */

static void lines_go_on_and_are_read_from_the_new_file(void **state)
{
	(void)state;
	append("one");
	until_stored();
	ask(QUERY_LAST, "");
	until_heard('R', 0);
	assert_string_equal(loop.rows, "1");
	lose("chat.db");
	size_t from = loop.heard_n;
	append("two");
	until_stored();
	until_heard('N', from);
	assert_non_null(strstr(loop.reason, "the database file was removed"));
	assert_null(memchr(loop.heard, 'F', loop.heard_n));
	for (int i = 0; i < 2; i++) {
		from = loop.heard_n;
		ask(i ? QUERY_SEARCH : QUERY_LAST, "one");
		until_heard('R', from);
		assert_string_equal(loop.rows, i ? "1* 2" : "1 2");
	}
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 2);
}

static void at_the_end_all_lies_where_the_next_chatd_finds_it(void **state)
{
	(void)state;
	append("one");
	until_stored();
	lose("chat.db");
	lose("chat.db-wal");
	lose("chat.db-shm");
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 1);
}

static void a_replaced_file_fails_until_it_is_back(void **state)
{
	(void)state;
	append("one");
	until_stored();
	move("chat.db", "kept.db");
	put("chat.db", "not chatd's");
	size_t from = loop.heard_n;
	append("two");
	until_heard('F', from);
	assert_non_null(strstr(loop.reason, "was replaced by another"));
	assert_has("chat.db", "not chatd's");
	move("kept.db", "chat.db");
	until_heard('B', from);
	until_stored();
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 2);
}

/* Nobody says anything: it is looked for all the same, and is over without a line. */
static void where_nobody_talks_it_is_noticed_as_well(void **state)
{
	struct writer_limits limits = { 0 };
	(void)state;
	append("one");
	until_stored();
	move("chat.db", "kept.db");
	put("chat.db", "not chatd's");
	size_t from = loop.heard_n;
	writer_reload(loop.w, &limits, NULL); /* the next look comes at once */
	until_heard('F', from);
	move("kept.db", "chat.db");
	until_heard('B', from);
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 1);
}

static void a_reason_that_changes_is_told(void **state)
{
	(void)state;
	append("one");
	until_stored();
	move("chat.db", "kept.db");
	put("chat.db", "not chatd's");
	size_t from = loop.heard_n;
	append("two");
	until_heard('F', from);
	from = loop.heard_n;
	assert_int_equal(mkdir(path_of("chat.db-new"), 0700), 0);
	lose("chat.db");
	until_heard('F', from);
	assert_non_null(strstr(loop.reason, "cannot be rewritten"));
	assert_int_equal(rmdir(path_of("chat.db-new")), 0);
	until_heard('B', from);
	until_stored();
	assert_true(stop(1000));
	assert_int_equal(lines_saved(), 2);
}

static void an_end_that_finds_another_file_loses_nothing_in_silence(void **state)
{
	(void)state;
	append("one");
	until_stored();
	move("chat.db", "kept.db");
	put("chat.db", "not chatd's");
	assert_false(stop(100));
	assert_has("chat.db", "not chatd's");
}

/* As when a mount hides the folder right after a look: no file system reports that. */
static void hide(void)
{
	struct location *p = &loop.w->store->location;
	p->file = (struct file_id){ .dev = 1, .ino = 1 };
	p->looked_ms = INT64_MAX; /* the clock does not cause a look either */
}

static void an_end_looks_whatever_was_reported(void **state)
{
	(void)state;
	append("one");
	until_stored();
	/* Then it is indexed, and nothing is left to do. */
	ask(QUERY_SEARCH, "one");
	until_heard('R', 0);
	hide();
	assert_false(stop(100));
}

/* -- how it is noticed --------------------------------------------------------------------------------- */

/* Where a file system tells, it is asked only then; both ways are gone. */
static void a_folder_above_that_is_moved_is_noticed(void **state)
{
	for (int watched = 0; watched < 2; watched++) {
		char deep[700], above[600], away[600];
		(void)state;
		snprintf(above, sizeof(above), "%s", path_of("above"));
		snprintf(deep, sizeof(deep), "%s/deep", above);
		snprintf(away, sizeof(away), "%s", path_of("away"));
		assert_int_equal(mkdir(above, 0700), 0);
		assert_int_equal(mkdir(deep, 0700), 0);
		strcat(deep, "/chat.db");
		struct store *s = store_in(deep);
		save_lines(s, 1, 1, 3);
		if (!watched)
			s->location.watched = false;
		else if (!s->location.watched)
			print_message("this file system does not tell\n");
		assert_true(store_is_intact(s));
		assert_true(store_is_intact(s));
		assert_int_equal(rename(above, away), 0);
		assert_false(store_is_intact(s));
		assert_false(store_is_intact(s));
		assert_int_equal(rename(away, above), 0);
		assert_true(store_is_intact(s));
		store_close(s);
		assert_int_equal(unlink(deep), 0);
		*strrchr(deep, '/') = '\0';
		assert_int_equal(rmdir(deep), 0);
		assert_int_equal(rmdir(above), 0);
	}
}

/* Its folder was moved away and a link put in its place: the file is where it was, as long as the link is. */
static void a_link_in_place_of_a_folder_is_looked_at(void **state)
{
	char above[600], deep[700], away[600];
	(void)state;
	snprintf(above, sizeof(above), "%s", path_of("above"));
	snprintf(away, sizeof(away), "%s", path_of("away"));
	snprintf(deep, sizeof(deep), "%s/deep", above);
	assert_int_equal(mkdir(above, 0700), 0);
	assert_int_equal(mkdir(deep, 0700), 0);
	strcat(deep, "/chat.db");
	struct store *s = store_in(deep);
	save_lines(s, 1, 1, 3);
	assert_true(store_is_intact(s));
	assert_int_equal(rename(above, away), 0);
	assert_int_equal(symlink(away, above), 0);
	assert_true(store_is_intact(s));
	assert_true(store_is_intact(s));
	assert_int_equal(unlink(above), 0);
	assert_false(store_is_intact(s));
	assert_int_equal(rename(away, above), 0);
	assert_true(store_is_intact(s));
	store_close(s);
	assert_int_equal(unlink(deep), 0);
	*strrchr(deep, '/') = '\0';
	assert_int_equal(rmdir(deep), 0);
	assert_int_equal(rmdir(above), 0);
}

/* What happens next to it is no reason to rebuild it. */
static void what_lies_next_to_it_may_come_and_go(void **state)
{
	(void)state;
	struct store *s = store_of_lines(3);
	put("other", "text");
	assert_true(store_is_intact(s));
	move("other", "another");
	lose("another");
	assert_true(store_is_intact(s));
	move("chat.db-shm", "shm");
	assert_false(store_is_intact(s));
	move("shm", "chat.db-shm");
	assert_true(store_is_intact(s));
	store_close(s);
}

/* Amid talk there is no pause for such a look, so the files are also looked at by the clock. */
static void what_is_not_told_is_looked_at_now_and_then(void **state)
{
	(void)state;
	struct store *s = store_of_lines(3);
	struct file_id other = { .dev = 1, .ino = 1 };
	assert_true(store_is_intact(s));
	s->location.file = other;
	s->location.looked_ms -= LOCATION_CHECK_MS;
	assert_false(store_is_intact(s));
	store_close(s);
}

/* A look at what nobody has told, as of a folder that a mount hides. */
static void what_is_doubted_is_looked_at(void **state)
{
	(void)state;
	struct store *s = store_of_lines(3);
	struct file_id other = { .dev = 1, .ino = 1 };
	assert_true(store_is_intact(s));
	s->location.file = other;
	s->location.looked_ms = INT64_MAX; /* not for its time */
	assert_int_equal(store_is_intact(s), s->location.watched);
	store_check_again(s);
	assert_false(store_is_intact(s));
	assert_false(store_is_intact(s));
	store_close(s);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, store_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_removed_file_is_written_anew),
		IN_FOLDER(all_three_files_removed),
		IN_FOLDER(the_wal_alone_removed),
		IN_FOLDER(a_moved_file_is_whole_where_it_is),
		IN_FOLDER(a_wal_that_is_left_meets_no_new_file),
		IN_FOLDER(a_wal_that_cannot_be_removed_stops_the_rewriting),
		IN_FOLDER(what_a_running_chatd_rewrites_is_not_another_s),
		IN_FOLDER(what_was_left_and_cannot_be_removed_is_met_by_no_copy),
		IN_FOLDER(what_somebody_else_has_put_there_is_left),
		IN_FOLDER(a_backup_put_in_its_place_is_whole),
		IN_FOLDER(a_folder_that_is_gone_is_said_and_waited_for),
		IN_FOLDER(what_cannot_be_written_anew_stays_as_it_was),
		IN_FOLDER(a_reader_goes_on_with_the_new_file),
		IN_FOLDER(a_folder_above_that_is_moved_is_noticed),
		IN_FOLDER(a_link_in_place_of_a_folder_is_looked_at),
		IN_FOLDER(what_lies_next_to_it_may_come_and_go),
		IN_FOLDER(what_is_doubted_is_looked_at),
		IN_FOLDER(what_is_not_told_is_looked_at_now_and_then),
		WITH_LOOP(lines_go_on_and_are_read_from_the_new_file),
		WITH_LOOP(at_the_end_all_lies_where_the_next_chatd_finds_it),
		WITH_LOOP(a_replaced_file_fails_until_it_is_back),
		WITH_LOOP(where_nobody_talks_it_is_noticed_as_well),
		WITH_LOOP(a_reason_that_changes_is_told),
		WITH_LOOP(an_end_that_finds_another_file_loses_nothing_in_silence),
		WITH_LOOP(an_end_looks_whatever_was_reported),
	};
	return cmocka_run_group_tests_name("recovery", tests, group_setup, NULL);
}
