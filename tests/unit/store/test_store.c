/*
 * The database as a file: what is kept over a restart, what is refused.
 */
#include "store_help.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include "chatd/store/db/tokenizer.h"
#include <sys/stat.h>
#include <sys/wait.h>

/* -- what is kept --------------------------------------------------------------- */

static void lines_are_there_after_a_restart(void **state)
{
	struct folder *f = *state;
	struct store *s = store_in(folder_file(f, "chat.db"));
	save_line(s, 1, 1, "Älice", "grüße 🙂 'quoted' \"too\" %s");
	struct record r = line_of(2, 1, "bob", "waves");
	r.kind = RECORD_ACTION;
	save_all(s, &r, 1);
	store_close(s);

	s = store_in(folder_file(f, "chat.db"));
	struct query q = query_of(QUERY_LAST, 1, 10);
	struct rows *rows = store_query(s, &q);
	assert_null(rows->error);
	assert_int_equal(rows->n, 2);
	assert_int_equal(rows->conn.slot, 7);
	assert_int_equal(rows->conn.gen, 3);
	assert_int_equal(rows->row[0].id, 1);
	assert_int_equal(rows->row[0].kind, RECORD_SAY);
	assert_int_equal(rows->row[0].room, 1);
	assert_int_equal(rows->row[0].time_ms, NOON_MS + 1000);
	assert_string_equal(rows->row[0].room_name, "lobby");
	assert_string_equal(rows->row[0].sender, "Älice");
	assert_string_equal(rows->row[0].body, "grüße 🙂 'quoted' \"too\" %s");
	assert_int_equal(rows->row[1].kind, RECORD_ACTION);
	assert_string_equal(rows->row[1].body, "waves");
	rows_release(rows);
	store_close(s);
}

static void closing_leaves_one_file(void **state)
{
	struct folder *f = *state;
	struct store *s = store_in(folder_file(f, "chat.db"));
	save_lines(s, 1, 1, 100);
	assert_true(folder_has(f, "chat.db-wal"));
	store_close(s);
	assert_true(folder_has(f, "chat.db"));
	assert_false(folder_has(f, "chat.db-wal"));
	assert_false(folder_has(f, "chat.db-shm"));
}

static void numbers_go_on_after_a_restart(void **state)
{
	struct folder *f = *state;
	struct store *s = store_in(folder_file(f, "chat.db"));
	assert_int_equal(store_last_seq(s), 0);
	assert_int_equal(store_last_room(s), 0);
	save_line(s, 1, 5, "a", "x");
	struct record room = line_of(2, 9, "", "");
	room.kind = RECORD_ROOM;
	save_all(s, &room, 1);
	assert_int_equal(store_last_seq(s), 2);
	store_close(s);
	/* Room 9 had no line, so it is gone; its number and the record's stay used. */
	for (int i = 0; i < 2; i++) {
		s = store_in(folder_file(f, "chat.db"));
		assert_int_equal(store_last_seq(s), 2);
		assert_int_equal(store_last_room(s), 9);
		store_close(s);
	}
}

static void note_room(void *ctx, const struct saved_room *r)
{
	char *text = ctx;
	sprintf(text + strlen(text), "%u %s [%s] %llu %lld;", r->room, r->name, r->topic,
	        (unsigned long long)r->last_id, (long long)(r->last_ms - NOON_MS));
}

static void rooms_with_lines_come_back(void **state)
{
	struct folder *f = *state;
	struct store_error err;
	char text[1000] = "";
	struct store *s = store_in(folder_file(f, "chat.db"));
	struct record r[] = {
		line_of(1, 2, "", ""), line_of(2, 1, "", ""), line_of(3, 3, "", ""),
		line_of(4, 2, "a", "x"), record_as(5, 2, RECORD_TOPIC, "b", 0, "all about 'ops'"),
		line_of(6, 1, "a", "y"), line_of(7, 2, "a", "z"),
	};
	r[0].kind = r[1].kind = r[2].kind = RECORD_ROOM;
	save_all(s, r, 7);
	store_close(s);
	s = store_in(folder_file(f, "chat.db"));
	assert_true(store_rooms(s, note_room, text, &err));
	assert_string_equal(text, "1 lobby [] 6 6000;2 ops [all about 'ops'] 7 7000;");
	r[4].seq = 8;
	r[4].topic.text = "";
	save_all(s, &r[4], 1);
	text[0] = '\0';
	assert_true(store_rooms(s, note_room, text, &err));
	assert_string_equal(text, "1 lobby [] 6 6000;2 ops [] 7 7000;");
	store_close(s);
}

static void a_reader_sees_what_is_committed(void **state)
{
	struct folder *f = *state;
	struct store_error err;
	struct store *s = store_in(folder_file(f, "chat.db"));
	struct store *reader = store_open_reader(folder_file(f, "chat.db"), &err);
	assert_non_null(reader);
	save_lines(s, 1, 1, 3);
	struct query q = query_of(QUERY_LAST, 1, 10);
	assert_string_equal(ids_of(store_query(reader, &q)), "1 2 3");
	assert_true(store_wal_pages(s) > 0);
	store_checkpoint(reader);
	save_lines(s, 1, 4, 4); /* everything was checkpointed, so the WAL starts again with this */
	assert_in_range(store_wal_pages(s), 1, 4);
	assert_string_equal(ids_of(store_query(reader, &q)), "1 2 3 4");
	store_close(reader);
	store_close(s);
}

static void memory_is_a_database_too(void **state)
{
	(void)state;
	struct store *s = store_in(":memory:");
	save_lines(s, 1, 1, 3);
	index_all(s);
	struct query q = query_of(QUERY_LAST, 1, 10);
	assert_string_equal(ids_of(store_query(s, &q)), "1 2 3");
	store_close(s);
}

/* -- migration -------------------------------------------------------------------- */

/* What the first version wrote, as it stays in files that are out there. */
static const char version_1[] =
	"CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE rooms(id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
	" topic TEXT NOT NULL DEFAULT '');"
	"CREATE TABLE messages(id INTEGER PRIMARY KEY, room INTEGER NOT NULL,"
	" sender TEXT NOT NULL, time_ms INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" body TEXT NOT NULL);"
	"CREATE INDEX messages_room ON messages(room);"
	"INSERT INTO rooms VALUES(4, 'old', 'times');"
	"INSERT INTO messages VALUES(10, 4, 'ann', 1600000000000, 1, 'the first line');"
	"INSERT INTO messages VALUES(11, 4, 'ben', 1600000001000, 2, 'nods');"
	"PRAGMA application_id = 0x63686174; PRAGMA user_version = 1; PRAGMA journal_mode = WAL;";

/* What the second added; its index has come to the first line and not to the other. */
static const char version_2[] =
	"CREATE TABLE seen(key TEXT NOT NULL, room INTEGER NOT NULL, last_id INTEGER NOT NULL,"
	" PRIMARY KEY(key, room)) WITHOUT ROWID; CREATE INDEX seen_last ON seen(last_id);"
	"CREATE VIRTUAL TABLE search USING fts5(body, room, content='messages',"
	" content_rowid='id', columnsize=0, tokenize='unicode61 remove_diacritics 2');"
	"INSERT INTO search(rowid, body, room) SELECT id, body, room FROM messages WHERE id = 10;"
	"INSERT INTO meta VALUES('indexed', 10); PRAGMA user_version = 2;";

static void assert_old_file_is_read(struct folder *f, const char *name)
{
	struct store_error err;
	for (int i = 0; i < 2; i++) {
		struct store *s = store_in(folder_file(f, name));
		struct query q = query_of(QUERY_LAST, 4, 10);
		assert_string_equal(ids_of(store_query(s, &q)), "10 11");
		assert_int_equal(store_last_seq(s), 11);
		index_all(s);
		q = query_of(QUERY_SEARCH, 0, 10);
		q.search.words = "first";
		assert_string_equal(ids_of(store_query(s, &q)), "10* 11");
		q = query_of(QUERY_REPLAY, 4, 10);
		q.replay.key = "ann";
		struct rows *rows = store_query(s, &q);
		assert_null(rows->error);
		assert_int_equal(rows->replay.seen_id, 0);
		rows_release(rows);
		assert_true(store_facts(s, NULL, NULL, &err)); /* there is none to be told */
		store_close(s);
	}
}

static void an_old_file_is_brought_up_to_date(void **state)
{
	struct folder *f = *state;
	execute_in(folder_file(f, "1.db"), version_1);
	assert_old_file_is_read(f, "1.db");
	execute_in(folder_file(f, "2.db"), version_1);
	execute_in(folder_file(f, "2.db"), version_2);
	assert_old_file_is_read(f, "2.db");
}

/* -- what is refused ---------------------------------------------------------------- */

/* All bytes of a file and its length, to see that nothing touched it. */
static char *bytes_of(const char *path, size_t *n)
{
	char *p = calloc(1, 1 << 20);
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	*n = (size_t)read(fd, p, 1 << 20);
	close(fd);
	return p;
}

static void assert_refused(struct folder *f, const char *name, const char *because)
{
	char path[512], beside[600];
	struct store_error err = { .text = "" };
	size_t before_n, after_n;
	strcpy(path, folder_file(f, name));
	char *before = bytes_of(path, &before_n);
	assert_null(store_open(path, DURABILITY_COMMIT, &err));
	if (!strstr(err.text, because) || !strstr(err.text, path))
		fail_msg("\"%s\" does not say \"%s\" and \"%s\"", err.text, because, path);
	char *after = bytes_of(path, &after_n);
	assert_int_equal(before_n, after_n);
	assert_memory_equal(before, after, before_n);
	static const char *const suffix[] = { "-wal", "-shm", "-journal" };
	for (int i = 0; i < 3; i++) {
		snprintf(beside, sizeof(beside), "%s%s", path, suffix[i]);
		assert_int_equal(access(beside, F_OK), -1);
	}
	free(before);
	free(after);
}

static void files_of_others_are_left_alone(void **state)
{
	struct folder *f = *state;
	FILE *text = fopen(folder_file(f, "notes.txt"), "w");
	for (int i = 0; i < 100; i++)
		fputs("These are notes and no database.\n", text);
	fclose(text);
	assert_refused(f, "notes.txt", "is not a database");

	text = fopen(folder_file(f, "short.txt"), "w");
	fputs("x", text);
	fclose(text);
	assert_refused(f, "short.txt", "is not a database");

	execute_in(folder_file(f, "other.db"), "CREATE TABLE cats(name); PRAGMA application_id = 77;");
	assert_refused(f, "other.db", "another program");

	execute_in(folder_file(f, "plain.db"), "CREATE TABLE cats(name); PRAGMA journal_mode = WAL;"
	    "INSERT INTO cats VALUES('tom');");
	assert_refused(f, "plain.db", "another program");
}

static void a_newer_database_is_left_alone(void **state)
{
	struct folder *f = *state;
	store_close(store_in(folder_file(f, "chat.db")));
	execute_in(folder_file(f, "chat.db"), "PRAGMA user_version = 99;");
	assert_refused(f, "chat.db", "newer chatd");
}

/* A newer chatd was killed: its version stands in the WAL alone. */
static void a_newer_database_is_known_by_its_wal(void **state)
{
	struct folder *f = *state;
	struct store_error err;
	char path[512], wal[600];
	size_t n, wal_n, n2, wal_n2;
	strcpy(path, folder_file(f, "chat.db"));
	snprintf(wal, sizeof(wal), "%s-wal", path);
	store_close(store_in(path));
	pid_t pid = fork();
	if (pid == 0) {
		sqlite3 *db;
		sqlite3_open(path, &db);
		assert_true(tokenizer_register(db, NULL));
		sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	char *file = bytes_of(path, &n), *log = bytes_of(wal, &wal_n);
	assert_true(wal_n > 0);
	assert_null(store_open(path, DURABILITY_COMMIT, &err));
	assert_non_null(strstr(err.text, "newer chatd"));
	char *file2 = bytes_of(path, &n2), *log2 = bytes_of(wal, &wal_n2);
	assert_int_equal(n, n2);
	assert_int_equal(wal_n, wal_n2);
	assert_memory_equal(file, file2, n);
	assert_memory_equal(log, log2, wal_n);
	free(file);
	free(file2);
	free(log);
	free(log2);
}

static void a_folder_that_is_not_there_is_named(void **state)
{
	struct folder *f = *state;
	struct store_error err;
	assert_null(store_open(folder_file(f, "none/chat.db"), DURABILITY_COMMIT, &err));
	assert_non_null(strstr(err.text, "none/chat.db"));
	assert_non_null(strstr(err.text, "folder"));
	assert_null(store_open(f->path, DURABILITY_COMMIT, &err));
	assert_non_null(strstr(err.text, "is a folder"));
}

/* Runs open in a process of its own, as user uid, and checks the sentence. */
static void assert_refused_elsewhere(const char *path, uid_t uid, const char *because)
{
	pid_t pid = fork();
	if (pid == 0) {
		struct store_error err = { .text = "" };
		if (uid && setuid(uid) < 0)
			_exit(4);
		struct store *s = store_open(path, DURABILITY_COMMIT, &err);
		if (s)
			_exit(2);
		_exit(strstr(err.text, because) ? 0 : 3);
	}
	int status = 0;
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* What an import that failed leaves: not a file, but also none that was there before. */
static void only_what_was_made_is_discarded(void **state)
{
	struct folder *f = *state;
	struct store *s = store_in(folder_file(f, "chat.db"));
	assert_true(store_is_new(s));
	save_line(s, 1, 1, "bob", "hi");
	assert_true(folder_has(f, "chat.db-wal"));
	store_discard(s);
	assert_false(folder_has(f, "chat.db"));
	assert_false(folder_has(f, "chat.db-wal"));
	assert_false(folder_has(f, "chat.db-shm"));

	store_close(store_in(folder_file(f, "chat.db")));
	s = store_in(folder_file(f, "chat.db"));
	assert_false(store_is_new(s));
	store_discard(s);
	assert_true(folder_has(f, "chat.db"));

	/* An empty file is somebody's, too. */
	unlink(folder_file(f, "chat.db"));
	close(open(folder_file(f, "chat.db"), O_WRONLY | O_CREAT | O_EXCL, 0600));
	store_discard(store_in(folder_file(f, "chat.db")));
	assert_true(folder_has(f, "chat.db"));

	/* One of that name that took its place stays. */
	unlink(folder_file(f, "chat.db"));
	s = store_in(folder_file(f, "chat.db"));
	unlink(folder_file(f, "chat.db"));
	close(open(folder_file(f, "chat.db"), O_WRONLY | O_CREAT | O_EXCL, 0600));
	store_discard(s);
	assert_true(folder_has(f, "chat.db"));
}

static void a_second_chatd_is_told_so(void **state)
{
	struct folder *f = *state;
	struct store *s = store_in(folder_file(f, "chat.db"));
	save_lines(s, 1, 1, 3);
	assert_refused_elsewhere(folder_file(f, "chat.db"), 0, "already used by another chatd");
	save_lines(s, 1, 4, 4);
	store_close(s);
	s = store_in(folder_file(f, "chat.db"));
	assert_int_equal(store_last_seq(s), 4);
	store_close(s);
}

/* The store's flock: what others do before its tries for the lock. */
static int tries;
static void (*before_try)(void);
static int shared_fd;
static const char *lost_path;

int flock(int fd, int how)
{
	if ((how & LOCK_EX) && before_try) {
		tries++;
		before_try();
	}
	return (int)syscall(SYS_flock, fd, how);
}

static void unlock(void)
{
	if (tries == 5)
		syscall(SYS_flock, shared_fd, LOCK_UN);
}

/* The lock is shared, as a command that reads has it for a moment. */
static void a_reader_does_not_keep_chatd_from_starting(void **state)
{
	struct folder *f = *state;
	struct store_error err;
	struct store *s;
	store_close(store_in(folder_file(f, "chat.db")));
	shared_fd = open(folder_file(f, "chat.db"), O_RDONLY);
	assert_int_equal(flock(shared_fd, LOCK_SH), 0);
	tries = 0;
	before_try = unlock;
	s = store_open(folder_file(f, "chat.db"), DURABILITY_COMMIT, &err);
	before_try = NULL;
	assert_non_null(s);
	assert_int_equal(tries, 5);
	store_close(s);
	/* One that keeps it is in the way. */
	assert_int_equal(flock(shared_fd, LOCK_SH), 0);
	assert_null(store_open(folder_file(f, "chat.db"), DURABILITY_COMMIT, &err));
	assert_true(err.in_use);
	close(shared_fd);
}

static void delete(void)
{
	if (tries == 1)
		unlink(lost_path);
}

/* Whoever deletes a file under its lock leaves those who wait for it a file without a name. */
static void a_file_that_is_gone_is_made_again(void **state)
{
	struct folder *f = *state;
	struct store *s;
	struct stat st;
	store_close(store_in(folder_file(f, "chat.db")));
	lost_path = f->file;
	tries = 0;
	before_try = delete;
	s = store_in(lost_path);
	before_try = NULL;
	assert_true(store_is_new(s));
	assert_int_equal(stat(lost_path, &st), 0);
	assert_true(st.st_size > 0);
	store_close(s);
}

static void a_locked_database_is_told_so(void **state)
{
	struct folder *f = *state;
	sqlite3 *db;
	store_close(store_in(folder_file(f, "chat.db")));
	assert_int_equal(sqlite3_open(folder_file(f, "chat.db"), &db), SQLITE_OK);
	assert_true(tokenizer_register(db, NULL));
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_refused_elsewhere(folder_file(f, "chat.db"), 0, "another program has locked");
	sqlite3_close(db);
}

static void an_unwritable_database_is_told_so(void **state)
{
	struct folder *f = *state;
	uid_t nobody = geteuid() == 0 ? 65534 : 0;
	store_close(store_in(folder_file(f, "chat.db")));
	assert_int_equal(chmod(f->path, 0755), 0);
	assert_int_equal(chmod(folder_file(f, "chat.db"), 0444), 0);
	assert_refused_elsewhere(f->file, nobody, "cannot write to the database");
	/* The file may be written to, but not its folder, where the WAL is to lie. */
	assert_int_equal(chmod(f->file, 0600), 0);
	if (nobody)
		assert_int_equal(chown(f->file, nobody, nobody), 0);
	assert_int_equal(chmod(f->path, 0555), 0);
	assert_refused_elsewhere(f->file, nobody, "cannot write to the database");
	assert_refused_elsewhere(folder_file(f, "new.db"), nobody, "cannot write to the database");
	assert_int_equal(chmod(f->path, 0700), 0);
	assert_false(folder_has(f, "new.db"));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(lines_are_there_after_a_restart),
		IN_FOLDER(closing_leaves_one_file),
		IN_FOLDER(numbers_go_on_after_a_restart),
		IN_FOLDER(rooms_with_lines_come_back),
		IN_FOLDER(a_reader_sees_what_is_committed),
		cmocka_unit_test(memory_is_a_database_too),
		IN_FOLDER(an_old_file_is_brought_up_to_date),
		IN_FOLDER(files_of_others_are_left_alone),
		IN_FOLDER(a_newer_database_is_left_alone),
		IN_FOLDER(a_newer_database_is_known_by_its_wal),
		IN_FOLDER(a_folder_that_is_not_there_is_named),
		IN_FOLDER(only_what_was_made_is_discarded),
		IN_FOLDER(a_second_chatd_is_told_so),
		IN_FOLDER(a_reader_does_not_keep_chatd_from_starting),
		IN_FOLDER(a_file_that_is_gone_is_made_again),
		IN_FOLDER(a_locked_database_is_told_so),
		IN_FOLDER(an_unwritable_database_is_told_so),
	};
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
