/*
 * The store while SQLite has no memory: each of its allocations fails in turn, alone and with all
 * that follow. Whatever is asked then is done, or reported as not done; nothing is half done.
 */
#include "store_help.h"

#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/core/people/name.h"

#include <sqlite3.h>

#include "chatd/store/db/export.h"
#include "chatd/store/db/import.h"
#include "chatd/store/db/outside.h"
#include "chatd/store/db/tokenizer.h"

/* There are thousands of rounds, and no power cut among them. */
int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}

/* -- SQLite's allocator ------------------------------------------------------------------ */

static sqlite3_mem_methods system_memory;
static struct {
	long at;      /* which allocation from now on fails; 0: none */
	bool all;     /* and those after it */
	bool met;     /* it was asked for */
} fault;

static bool faulty(void)
{
	if (fault.at == 0)
		return false;
	if (fault.at > 1) {
		fault.at--;
		return false;
	}
	fault.met = true;
	if (!fault.all)
		fault.at = 0;
	return true;
}

static void *faulty_malloc(int n)
{
	return faulty() ? NULL : system_memory.xMalloc(n);
}

static void *faulty_realloc(void *p, int n)
{
	return faulty() ? NULL : system_memory.xRealloc(p, n);
}

/* Without the small buffer that each connection has: every allocation is to be met. */
static int nomem_setup(void **state)
{
	sqlite3_mem_methods own;
	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system_memory);
	own = system_memory;
	own.xMalloc = faulty_malloc;
	own.xRealloc = faulty_realloc;
	return sqlite3_config(SQLITE_CONFIG_MALLOC, &own) == SQLITE_OK &&
	       sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK ? 0 : -1;
}

enum { EACH = 20 }; /* the first faults are all tried; of later ones every 20th */

/* Runs `body` with each fault, until there is no further allocation to fail. */
#define WITH_EACH_FAULT(step, body)                                               \
	do {                                                                      \
		for (int all_ = 0; all_ < 2; all_++) {                            \
			long n_ = 0;                                              \
			do {                                                      \
				fault.at = n_ += n_ < EACH ? 1 : (step);          \
				fault.all = all_;                                 \
				fault.met = false;                                \
				body;                                             \
				fault.at = 0;                                     \
			} while (fault.met);                                      \
			assert_true(n_ > 3);                                      \
		}                                                                 \
	} while (0)

static void no_more_faults(void)
{
	fault.at = 0;
}

/* -- a database with a bit of everything --------------------------------------------------- */

enum { LINES = 40, LAST_SEQ = LINES + 3, LAST_ROOM = 2 };

static void fill(struct folder *f)
{
	struct store *s = store_in(folder_file(f, "chat.db"));
	struct record seen = record_as(LINES + 1, 1, RECORD_SEEN, "bob", 10, "");
	struct record fact = record_as(LINES + 2, 0, RECORD_FACT, "alice", FACT_ACCOUNT, "role=admin");
	struct record topic = record_as(LINES + 3, 2, RECORD_TOPIC, "alice", 0, "all about ops");
	save_lines(s, 1, 1, LINES - 1);
	save_line(s, LINES, LAST_ROOM, "alice", "the only line of ops");
	save_all(s, &seen, 1);
	save_all(s, &topic, 1);
	save_all(s, &fact, 1);
	index_all(s);
	store_close(s);
}

static void note_room(void *ctx, const struct saved_room *r)
{
	assert_non_null(r->name);
	assert_non_null(r->topic);
	*(int *)ctx += 1;
}

static void note_fact(void *ctx, const struct saved_fact *f)
{
	assert_non_null(f->key);
	assert_non_null(f->value);
	*(int *)ctx += 1;
}

/* -- opening ----------------------------------------------------------------------------- */

static void open_once(const char *path)
{
	struct store_error err = { .text = "" };
	struct store *s = store_open(path, DURABILITY_COMMIT, &err);
	if (!s) {
		no_more_faults();
		assert_string_not_equal(err.text, "");
		return;
	}
	/* Numbers that were given once are not given again. */
	assert_int_equal(store_last_seq(s), LAST_SEQ);
	assert_int_equal(store_last_room(s), LAST_ROOM);
	store_close(s);
}

static void numbers_go_on_or_it_does_not_open(void **state)
{
	char path[512];
	fill(*state);
	strcpy(path, folder_file(*state, "chat.db"));
	WITH_EACH_FAULT(3, open_once(path));
	open_once(path);
}

static void make_once(struct folder *f)
{
	struct store_error err = { .text = "" };
	char path[512];
	strcpy(path, folder_file(f, "new.db"));
	struct store *s = store_open(path, DURABILITY_COMMIT, &err);
	bool met = fault.met;
	no_more_faults();
	fault.met = met;
	if (!s)
		assert_string_not_equal(err.text, "");
	store_close(s);
	/* Whatever has become of it, the next start can do with it. */
	s = store_in(path);
	save_line(s, 1, 1, "alice", "x");
	store_close(s);
	unlink(path);
}

static void a_new_one_is_made_or_not(void **state)
{
	WITH_EACH_FAULT(29, make_once(*state));
}

static void read_once(const char *path)
{
	struct store_error err = { .text = "" };
	int rooms = 0, facts = 0;
	struct store *s = store_open_reader(path, &err);
	if (s && store_rooms(s, note_room, &rooms, &err))
		assert_int_equal(rooms, 2);
	else
		assert_string_not_equal(err.text, "");
	err.text[0] = '\0';
	if (s && store_facts(s, note_fact, &facts, &err))
		assert_int_equal(facts, 1);
	else if (s)
		assert_string_not_equal(err.text, "");
	store_close(s);
}

static void rooms_and_facts_come_whole(void **state)
{
	char path[512];
	fill(*state);
	strcpy(path, folder_file(*state, "chat.db"));
	struct store *s = store_in(path);
	WITH_EACH_FAULT(3, read_once(path));
	store_close(s);
}

/* -- asking ------------------------------------------------------------------------------ */

/* The answer without faults; the same with them, or one that says that there is none. */
static void ask_once(const char *path, const struct query *q, const char *whole)
{
	struct store_error err;
	long at = fault.at;
	fault.at = 0;
	struct store *s = store_open_reader(path, &err);
	assert_non_null(s);
	fault.at = at;
	struct rows *rows = store_query(s, q);
	bool met = fault.met;
	no_more_faults();
	if (!rows->error) {
		for (size_t i = 0; i < rows->n; i++) {
			assert_string_not_equal(rows->row[i].room_name, "");
			assert_string_not_equal(rows->row[i].body, "");
		}
		assert_true(q->kind != QUERY_REPLAY || (rows->replay.seen_id == 10 &&
		                                          rows->replay.missed == 20));
		assert_string_equal(ids_of(rows), whole);
	} else {
		assert_int_equal(rows->n, 0);
		rows_release(rows);
	}
	/* The next one is answered. */
	assert_string_equal(ids_of(store_query(s, q)), whole);
	store_close(s);
	fault.met = met;
}

static void answers_are_whole_or_none(void **state)
{
	struct query q[] = {
		query_of(QUERY_LAST, 1, 5), query_of(QUERY_FIRST, 1, 3),
		query_of(QUERY_LAST, 1, 3), query_of(QUERY_REPLAY, 1, 9),
		query_of(QUERY_SEARCH, 0, 5), query_of(QUERY_LAST, 2, 5),
	};
	enum { N = sizeof(q) / sizeof(q[0]) };
	char path[512], whole[N][512];
	q[2].since_ms = NOON_MS + 5000;
	q[2].until_ms = NOON_MS + 20000;
	q[3].replay.key = "bob";
	q[4].search.words = "17";
	fill(*state);
	strcpy(path, folder_file(*state, "chat.db"));
	struct store *s = store_in(path);
	for (int i = 0; i < N; i++)
		strcpy(whole[i], ids_of(store_query(s, &q[i])));
	for (int i = 0; i < N; i++)
		WITH_EACH_FAULT(5, ask_once(path, &q[i], whole[i]));
	store_close(s);
}

/* -- saving ------------------------------------------------------------------------------ */

static struct store *target;
static uint64_t next_seq;

static bool save_once(void)
{
	struct store_error err = { .text = "" };
	struct record r[3] = {
		line_of(next_seq, 1, "alice", "a"), line_of(next_seq + 1, 1, "bob", "b"),
		line_of(next_seq + 2, 1, "alice", "c"),
	};
	bool ok = store_begin(target, &err) && store_save(target, r, 3, &err) &&
	          store_commit(target, &err);
	assert_true(ok || err.text[0]);
	return ok;
}

/* As the writer does: what was not saved is tried again. */
static void save_until_saved(void)
{
	bool ok = save_once(), met = fault.met;
	no_more_faults();
	for (int tries = 0; !ok && tries < 3; tries++)
		ok = save_once();
	assert_true(ok);
	fault.met = met;
	next_seq += 3;
}

static void index_once(void)
{
	struct store_error err = { .text = "" };
	long at = fault.at;
	fault.at = 0;
	save_line(target, next_seq++, 1, "alice", "indexed");
	fault.at = at;
	if (store_index(target, 100, 0, &err) < 0)
		assert_string_not_equal(err.text, "");
}

static bool delete_line(uint64_t id)
{
	struct store_error err = { .text = "" };
	struct record r = record_as(next_seq, 1, RECORD_DELETE, "", id, "");
	bool ok = store_begin(target, &err) && store_save(target, &r, 1, &err) &&
	          store_commit(target, &err);
	assert_true(ok || err.text[0]);
	return ok;
}

/* FTS5 (3.40) says once after it had no memory that the index is damaged, which it is not. */
static void delete_once(void)
{
	uint64_t id = next_seq % LINES + 1;
	bool ok = delete_line(id), met = fault.met;
	no_more_faults();
	for (int tries = 0; !ok && tries < 3; tries++)
		ok = delete_line(id);
	assert_true(ok);
	fault.met = met;
	next_seq++;
}

static void emptied(void *ctx, uint32_t room)
{
	(void)ctx;
	/* Only ops, by its only line, may ever be. */
	assert_int_equal(room, LAST_ROOM);
}

static void prune_once(void)
{
	struct store_error err = { .text = "" };
	if (store_count(target, 1000, &err) < 0 ||
	    store_prune(target, NOON_MS + 1000 * (int64_t)(next_seq % 30), 1000000, 1, emptied, NULL,
	                &err) < 0)
		assert_string_not_equal(err.text, "");
	next_seq++;
}

static void nothing_is_lost_or_damaged(void **state)
{
	char path[512];
	uint64_t before = LAST_SEQ + 1, lines;
	fill(*state);
	strcpy(path, folder_file(*state, "chat.db"));
	target = store_in(path);
	next_seq = before;
	WITH_EACH_FAULT(1, save_until_saved());
	lines = next_seq - before;
	assert_int_equal(number_in(path, "SELECT count(*) FROM messages WHERE id > 43"), lines);
	WITH_EACH_FAULT(1, index_once());
	index_all(target);
	WITH_EACH_FAULT(1, delete_once());
	WITH_EACH_FAULT(1, prune_once());
	store_close(target);
	assert_int_equal(number_in(path, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
	/* An index that was told another text than it had says so here. */
	assert_int_equal(number_in(path, "INSERT INTO search(search, rank) VALUES('integrity-check', 1)"),
	                 -1);
	assert_int_equal(number_in(path, "SELECT count(*) FROM messages m WHERE NOT EXISTS "
	                              "(SELECT 1 FROM search WHERE rowid = m.id)"), 0);
}

/* -- exports and imports ------------------------------------------------------------------ */

static bool take(void *ctx, const char *p, size_t n)
{
	bytes_append(ctx, p, n);
	return true;
}

/* NULL: it was refused or broken off, and said why. */
static char *export_once(const char *path)
{
	struct bytes out = { 0 };
	struct export_wish w = { .same = name_is, .by = "a test", .now_ms = 1, .write = take, .ctx = &out };
	struct store_error err = { .text = "" };
	struct export_result r;
	bool running;
	struct store *s = outside_open(path, &running, &err);
	bool done = s && store_export(s, &w, &r, &err) == EXPORT_DONE;
	assert_true(done || err.text[0]);
	store_close(s);
	if (done)
		return out.data;
	bytes_release(&out);
	return NULL;
}

static void export_whole_or_not(const char *path, const char *whole)
{
	char *text = export_once(path);
	if (text)
		assert_string_equal(text, whole);
	free(text);
}

/* FTS5 says once after it had no memory that the index is damaged, so a second time may be needed. */
static bool import_once(const char *path, const char *text)
{
	struct store_error err = { .text = "" };
	struct import_result r = { .lines = 0 };
	struct store *s = store_open(path, DURABILITY_COMMIT, &err);
	struct import *i = s ? import_begin(s, &r, &err) : NULL;
	bool ok = i;
	for (const char *end; ok && *text; text = end + 1) {
		end = strchr(text, '\n');
		ok = import_line(i, text, (size_t)(end - text), &err);
	}
	if (ok)
		ok = import_end(i, NULL, NULL, &err);
	else
		import_abort(i);
	assert_true(ok || err.text[0]);
	/* It is never the file that is wrong. */
	assert_false(r.blames_file);
	store_close(s);
	return ok;
}

static void import_all_or_nothing(const char *path, const char *text)
{
	bool ok = import_once(path, text), met = fault.met;
	no_more_faults();
	if (!ok && access(path, F_OK) == 0)
		assert_int_equal(number_in(path, "SELECT count(*) FROM messages"), 0);
	if (!ok)
		assert_true(import_once(path, text));
	assert_int_equal(number_in(path, "SELECT count(*) FROM messages"), LINES);
	unlink(path);
	fault.met = met;
}

static void what_goes_out_and_in_is_whole(void **state)
{
	char path[512], copy[512], *whole;
	fill(*state);
	strcpy(path, folder_file(*state, "chat.db"));
	strcpy(copy, folder_file(*state, "copy.db"));
	whole = export_once(path);
	assert_non_null(whole);
	WITH_EACH_FAULT(5, export_whole_or_not(path, whole));
	WITH_EACH_FAULT(37, import_all_or_nothing(copy, whole));
	free(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(numbers_go_on_or_it_does_not_open, folder_setup,
		                                folder_teardown),
		cmocka_unit_test_setup_teardown(a_new_one_is_made_or_not, folder_setup,
		                                folder_teardown),
		cmocka_unit_test_setup_teardown(rooms_and_facts_come_whole, folder_setup,
		                                folder_teardown),
		cmocka_unit_test_setup_teardown(answers_are_whole_or_none, folder_setup,
		                                folder_teardown),
		cmocka_unit_test_setup_teardown(nothing_is_lost_or_damaged, folder_setup,
		                                folder_teardown),
		cmocka_unit_test_setup_teardown(what_goes_out_and_in_is_whole, folder_setup,
		                                folder_teardown),
	};
	return cmocka_run_group_tests(tests, nomem_setup, NULL);
}
