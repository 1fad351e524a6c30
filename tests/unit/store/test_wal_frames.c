/*
 * The WAL's frames of a transaction are written together.
 */
#include "store_help.h"

#include <fcntl.h>
#include <sqlite3.h>

#include "chatd/store/db/state.h"
#include "chatd/store/db/wal_frames.h"

#include "fake_disk.h"

enum { FILE_SALTS_AT = 16, MANY = 3000 };

static struct folder *folder;
static uint64_t saved;     /* the last line's number */

static struct store *begin(void **state)
{
	folder = *state;
	saved = 0;
	disk_begin(1);
	struct store *s = store_in(folder_file(folder, "chat.db"));
	/* The first commits make rooms, and mark the WAL. */
	save_lines(s, 1, 1, 5);
	save_lines(s, 1, 6, 10);
	saved = 10;
	return s;
}

static uint64_t writes_of(struct store *s, uint64_t n)
{
	uint64_t before = disk_count(DISK_WRITE);
	save_lines(s, 1, saved + 1, saved + n);
	saved += n;
	return disk_count(DISK_WRITE) - before;
}

/* What another connection finds, which has not this VFS. */
static uint64_t lines_seen(void)
{
	struct store_error err;
	struct store *s = store_open_reader(folder_file(folder, "chat.db"), &err);
	assert_non_null(s);
	uint64_t n = (uint64_t)db_number_of(&s->db, "SELECT count(*) FROM messages", -1);
	store_close(s);
	return n;
}

static void assert_integrity(struct store *s)
{
	assert_int_equal(db_number_of(&s->db, "SELECT count(*) FROM pragma_integrity_check"
	                              " WHERE integrity_check = 'ok'", -1), 1);
}

static void a_commit_is_one_write(void **state)
{
	struct store *s = begin(state);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(writes_of(s, 1), 1);
		assert_int_equal(lines_seen(), saved);
	}
	assert_int_equal(writes_of(s, 40), 1);
	assert_int_equal(lines_seen(), saved);
	store_close(s);
}

static void one_that_is_large_is_a_few(void **state)
{
	struct store *s = begin(state);
	int pages = store_wal_pages(s);
	uint64_t writes = writes_of(s, MANY);
	pages = store_wal_pages(s) - pages;
	assert_true(pages > 31);
	assert_true(writes <= (uint64_t)pages / 31 + 1);
	assert_int_equal(lines_seen(), saved);
	store_close(s);
}

/* Begins a transaction of lines in no order, so that pages that the cache has no room for are written early, needed
 * again, and changed again. */
static void begin_spilled(struct store *s)
{
	struct store_error err;
	assert_int_equal(sqlite3_exec(s->db.sqlite, "PRAGMA cache_size = 5", NULL, NULL, NULL), SQLITE_OK);
	assert_true(store_begin(s, &err));
	for (uint64_t i = 1; i <= MANY; i++) {
		uint64_t seq = saved + 1 + (i * 1009) % MANY;
		struct record r = line_of(seq, 1, "ann", "a line with some words in it, for its length");
		assert_true(store_save(s, &r, 1, &err));
	}
}

static void pages_that_are_written_early_are_read_again(void **state)
{
	struct store *s = begin(state);
	struct store_error err;
	begin_spilled(s);
	assert_int_equal(lines_seen(), saved);
	assert_true(store_commit(s, &err));
	assert_int_equal(lines_seen(), saved + MANY);
	assert_integrity(s);
	store_close(s);
}

static void copy_file(const char *from, const char *to)
{
	char part[4096];
	ssize_t n;
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, part, sizeof(part))) > 0)
		assert_int_equal(write(out, part, (size_t)n), n);
	assert_int_equal(n, 0);
	close(in);
	close(out);
}

/* What chatd would find at its next start if it were killed now. */
static uint64_t lines_left(void)
{
	char path[2][512];
	struct store_error err;
	for (int i = 0; i < 2; i++) {
		const char *end = i == 0 ? "" : "-wal";
		snprintf(path[0], sizeof(path[0]), "%s%s", folder_file(folder, "chat.db"), end);
		snprintf(path[1], sizeof(path[1]), "%s%s", folder_file(folder, "left.db"), end);
		copy_file(path[0], path[1]);
	}
	struct store *s = store_open_reader(folder_file(folder, "left.db"), &err);
	assert_non_null(s);
	uint64_t n = (uint64_t)db_number_of(&s->db, "SELECT count(*) FROM messages", -1);
	store_close(s);
	return n;
}

/* If pages that were written early have changed again, SQLite writes the headers of all frames once more, and does not
 * sync after the last one. */
static void a_header_written_again_is_not_held(void **state)
{
	struct store *s = begin(state);
	struct store_error err;
	begin_spilled(s);
	assert_true(store_commit(s, &err));
	assert_int_equal(lines_left(), saved + MANY);
	store_close(s);
}

/* A page that is written where one was read last has its header before it. */
static void a_page_is_written_where_one_was_read(void **state)
{
	enum { WAL_HEADER = 32, FRAME_HEADER = 24, PAGE = 4096 };
	struct store *s = begin(state);
	sqlite3_file *wal;
	char page[PAGE];
	int pages = store_wal_pages(s);
	/* A line's commit is two frames; this is where the second one's page will be. */
	sqlite3_int64 at = WAL_HEADER + (sqlite3_int64)(pages + 1) * (FRAME_HEADER + PAGE) + FRAME_HEADER;
	assert_int_equal(sqlite3_file_control(s->db.sqlite, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal), SQLITE_OK);
	assert_int_equal(wal->pMethods->xRead(wal, page, sizeof(page), at), SQLITE_IOERR_SHORT_READ);
	writes_of(s, 1);
	assert_int_equal(store_wal_pages(s), pages + 2);
	assert_int_equal(lines_left(), saved);
	store_close(s);
}

static void save_long_lines(struct store *s, uint64_t n, char letter)
{
	struct store_error err;
	char body[3001];
	memset(body, letter, 3000);
	body[3000] = '\0';
	for (uint64_t i = 1; i <= n; i++) {
		struct record r = line_of(saved + i, 1, "ann", body);
		assert_true(store_save(s, &r, 1, &err));
	}
}

/* Frames of a savepoint that was undone, some of which are held, are written over within the transaction. */
static void what_is_undone_in_part_is_written_over(void **state)
{
	struct store *s = begin(state);
	struct store_error err;
	assert_int_equal(sqlite3_exec(s->db.sqlite, "PRAGMA cache_size = 5", NULL, NULL, NULL), SQLITE_OK);
	assert_true(store_begin(s, &err));
	save_long_lines(s, 3, 'x');
	saved += 3;
	assert_int_equal(sqlite3_exec(s->db.sqlite, "SAVEPOINT a", NULL, NULL, NULL), SQLITE_OK);
	save_long_lines(s, 12, 'y');
	assert_int_equal(sqlite3_exec(s->db.sqlite, "ROLLBACK TO a; RELEASE a", NULL, NULL, NULL), SQLITE_OK);
	save_long_lines(s, 7, 'z');
	saved += 7;
	assert_true(store_commit(s, &err));
	assert_int_equal(lines_left(), saved);
	assert_int_equal(db_number_of(&s->db, "SELECT count(*) FROM messages WHERE body LIKE 'z%'", -1), 7);
	assert_int_equal(db_number_of(&s->db, "SELECT count(*) FROM messages WHERE body LIKE 'y%'", -1), 0);
	assert_integrity(s);
	store_close(s);
}

static void what_could_not_be_written_is_not_committed(void **state)
{
	struct store *s = begin(state);
	struct store_error err;
	struct record r = line_of(saved + 1, 1, "ann", "hello");
	disk_set_fault(DISK_FULL);
	assert_true(store_begin(s, &err));
	assert_true(store_save(s, &r, 1, &err));
	assert_false(store_commit(s, &err));
	assert_non_null(strstr(err.text, "full"));
	disk_set_fault(DISK_WELL);
	assert_int_equal(lines_seen(), saved);
	save_all(s, &r, 1);
	assert_int_equal(lines_seen(), saved + 1);
	store_close(s);
}

/* For a full disk SQLite may undo only the statement, but frames of those before it are lost too. */
static void what_a_read_could_not_write_ends_the_transaction(void **state)
{
	struct store *s = begin(state);
	struct store_error err;
	assert_int_equal(sqlite3_exec(s->db.sqlite, "PRAGMA cache_size = 5", NULL, NULL, NULL), SQLITE_OK);
	assert_true(store_begin(s, &err));
	save_long_lines(s, 12, 'x');
	disk_set_fault(DISK_FULL);
	assert_int_not_equal(sqlite3_exec(s->db.sqlite, "INSERT INTO rooms(id, name, topic)"
	                                  " SELECT id + 1000, 'r', body FROM messages", NULL, NULL, NULL), SQLITE_OK);
	assert_true(sqlite3_get_autocommit(s->db.sqlite));
	assert_false(store_fail(s, &err));
	assert_string_equal(err.text, "the disk is full");
	disk_set_fault(DISK_WELL);
	writes_of(s, 1);
	assert_int_equal(lines_left(), saved);
	assert_integrity(s);
	store_close(s);
}

static int64_t number_of(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st;
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* Somebody with sqlite3(1) may have written there by then. */
static void what_is_rolled_back_is_not_written_later(void **state)
{
	struct store *s = begin(state);
	struct store_error err;
	sqlite3 *other;
	assert_int_equal(sqlite3_exec(s->db.sqlite, "PRAGMA cache_size = 5", NULL, NULL, NULL), SQLITE_OK);
	/* Then nothing of it is read from the WAL on the way back, before which it would be written. */
	assert_true(store_checkpoint(s));
	assert_true(store_begin(s, &err));
	save_long_lines(s, 12, 'x');
	db_rollback(&s->db);
	assert_int_equal(sqlite3_open(folder_file(folder, "chat.db"), &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "CREATE TABLE other(x); INSERT INTO other VALUES(randomblob(100000));"
	                              "INSERT INTO other SELECT x FROM other", NULL, NULL, NULL), SQLITE_OK);
	writes_of(s, 1);
	sqlite3_close(other);
	assert_int_equal(sqlite3_open(folder_file(folder, "chat.db"), &other), SQLITE_OK);
	assert_int_equal(number_of(other, "SELECT count(DISTINCT x) FROM other"), 1);
	sqlite3_close(other);
	assert_int_equal(lines_left(), saved);
	store_close(s);
}

/* A migration runs before the store's other parts are ready, and may fail as well. */
static void a_bare_connection_drops_it_too(void **state)
{
	struct db db = { .sqlite = NULL };
	struct store_error err;
	sqlite3 *other;
	store_close(begin(state));
	assert_true(db_open(&db, folder_file(folder, "chat.db"), true, &err));
	assert_int_equal(sqlite3_exec(db.sqlite, "PRAGMA cache_size = 5; BEGIN IMMEDIATE;"
	                              "WITH RECURSIVE n(i) AS (SELECT 100 UNION SELECT i + 1 FROM n WHERE i < 112)"
	                              " INSERT INTO messages SELECT i, 1, 'ann', 0, 0, hex(randomblob(1500)) FROM n;"
	                              "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_open(folder_file(folder, "chat.db"), &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "CREATE TABLE other(x); INSERT INTO other VALUES(randomblob(100000));"
	                              "INSERT INTO other SELECT x FROM other", NULL, NULL, NULL), SQLITE_OK);
	db_close(&db);
	sqlite3_close(other);
	assert_int_equal(sqlite3_open(folder_file(folder, "chat.db"), &other), SQLITE_OK);
	assert_int_equal(number_of(other, "SELECT count(DISTINCT x) FROM other"), 1);
	sqlite3_close(other);
	assert_int_equal(lines_seen(), saved);
}

static void assert_salts(struct store *s)
{
	unsigned char known[WAL_SALTS_BYTES], there[WAL_SALTS_BYTES];
	sqlite3_file *wal;
	int fd = open(folder_file(folder, "chat.db-wal"), O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, there, sizeof(there), FILE_SALTS_AT), sizeof(there));
	close(fd);
	assert_int_equal(sqlite3_file_control(s->db.sqlite, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal), SQLITE_OK);
	assert_true(wal_frames_salts(wal, known));
	assert_memory_equal(known, there, sizeof(known));
}

static void the_salts_are_those_of_the_file(void **state)
{
	unsigned char none[WAL_SALTS_BYTES];
	struct store *s = begin(state);
	for (int i = 0; i < 3; i++) {
		assert_salts(s);
		/* Then the next commit begins the WAL again. */
		assert_true(store_checkpoint(s));
		writes_of(s, 1);
	}
	assert_false(wal_frames_salts(NULL, none));
	store_close(s);
}

/* The writer decides by this how long a checkpoint of its own would take. */
static void a_checkpoint_that_failed_has_copied_nothing(void **state)
{
	struct store *s = begin(state);
	assert_true(store_checkpoint(s));
	assert_int_equal(store_wal_copied(s), store_wal_pages(s));
	writes_of(s, 1);
	disk_set_fault(DISK_BROKEN);
	store_checkpoint(s);
	disk_set_fault(DISK_WELL);
	assert_int_equal(store_wal_copied(s), 0);
	store_close(s);
}

static int group_setup(void **state)
{
	(void)state;
	disk_install();
	return 0;
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_commit_is_one_write),
		IN_FOLDER(one_that_is_large_is_a_few),
		IN_FOLDER(pages_that_are_written_early_are_read_again),
		IN_FOLDER(a_header_written_again_is_not_held),
		IN_FOLDER(a_page_is_written_where_one_was_read),
		IN_FOLDER(what_is_undone_in_part_is_written_over),
		IN_FOLDER(what_could_not_be_written_is_not_committed),
		IN_FOLDER(what_a_read_could_not_write_ends_the_transaction),
		IN_FOLDER(what_is_rolled_back_is_not_written_later),
		IN_FOLDER(a_bare_connection_drops_it_too),
		IN_FOLDER(the_salts_are_those_of_the_file),
		IN_FOLDER(a_checkpoint_that_failed_has_copied_nothing),
	};
	return cmocka_run_group_tests_name("wal_frames", tests, group_setup, NULL);
}
