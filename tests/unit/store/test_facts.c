/*
 * Facts, which come back after a start, and lines that are taken out again.
 */
#include "store_file.h"

#include "chatd/base/bounds.h"

#include <sqlite3.h>

#include "chatd/store/db/tokenizer.h"
#include <sys/wait.h>

static struct record fact_of(uint64_t seq, enum fact_kind kind, const char *key, const char *value)
{
	return (struct record){
		.seq = seq,
		.kind = RECORD_FACT,
		.room_name = "",
		.fact = { kind, key, value },
	};
}

static void save_fact(uint64_t seq, enum fact_kind kind, const char *key, const char *value)
{
	struct record r = fact_of(seq, kind, key, value);
	save_all(store, &r, 1);
}

static struct record deletion_of(uint64_t seq, uint32_t room, uint64_t id)
{
	return record_as(seq, room, RECORD_DELETE, "", id, "");
}

static void delete_line(uint64_t seq, uint32_t room, uint64_t id)
{
	struct record r = deletion_of(seq, room, id);
	save_all(store, &r, 1);
}

static void note_fact(void *ctx, const struct saved_fact *f)
{
	char *text = ctx;
	sprintf(text + strlen(text), "%d %s=%s;", (int)f->kind, f->key, f->value);
}

static const char *facts(void)
{
	static char text[64 << 10];
	struct store_error err;
	text[0] = '\0';
	assert_true(store_facts(store, note_fact, text, &err));
	return text;
}

static const char *lines(uint32_t room)
{
	struct query q = query_of(QUERY_LAST, room, 500);
	return ids_of(store_query(store, &q));
}

static const char *find(const char *words)
{
	struct query q = query_of(QUERY_SEARCH, 0, 10);
	q.search.words = words;
	return ids_of(store_query(store, &q));
}

/* FTS5 compares its index with every line that is there. */
static void assert_index_agrees(void)
{
	sqlite3 *db;
	char *message = NULL;
	assert_int_equal(sqlite3_open(folder_file(folder, "chat.db"), &db), SQLITE_OK);
	assert_true(tokenizer_register(db, NULL));
	if (sqlite3_exec(db, "INSERT INTO search(search, rank) VALUES('integrity-check', 1);"
	                 "PRAGMA integrity_check", NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s", message);
	sqlite3_close(db);
}

/* -- facts ------------------------------------------------------------------------ */

static void facts_come_back_in_order(void **state)
{
	(void)state;
	assert_string_equal(facts(), "");
	save_fact(1, FACT_REPORT, "1", "noise");
	save_fact(2, FACT_BAN, "mallory", "for ever");
	save_fact(3, FACT_ACCOUNT, "bob", "x");
	save_fact(4, FACT_ACCOUNT, "alice", "y");
	static const char all[] = "1 alice=y;1 bob=x;3 mallory=for ever;8 1=noise;";
	assert_string_equal(facts(), all);
	for (int i = 0; i < 2; i++) {
		restart();
		assert_string_equal(facts(), all);
		assert_int_equal(store_last_seq(store), 4);
		assert_int_equal(store_last_room(store), 0);
	}
}

static void a_fact_is_replaced_and_goes(void **state)
{
	(void)state;
	save_fact(1, FACT_BAN, "mallory", "a day");
	save_fact(2, FACT_MUTE, "mallory", "an hour");
	save_fact(3, FACT_BAN, "mallory", "for ever");
	assert_string_equal(facts(), "3 mallory=for ever;4 mallory=an hour;");
	save_fact(4, FACT_BAN, "mallory", "");
	save_fact(5, FACT_BAN, "nobody", "");
	assert_string_equal(facts(), "4 mallory=an hour;");
	restart();
	assert_string_equal(facts(), "4 mallory=an hour;");
}

static void facts_and_lines_are_saved_in_their_order(void **state)
{
	(void)state;
	struct record r[] = {
		fact_of(1, FACT_ROOM, "ops", "one"), line_of(2, 1, "a", "x"),
		line_of(3, 1, "a", "y"), fact_of(4, FACT_ROOM, "ops", ""),
		fact_of(5, FACT_ROOM, "ops", "two"), line_of(6, 2, "a", "z"),
		fact_of(7, FACT_BAN, "b", "one"), fact_of(8, FACT_BAN, "b", ""),
	};
	save_all(store, r, sizeof(r) / sizeof(r[0]));
	restart();
	assert_string_equal(facts(), "2 ops=two;");
	assert_string_equal(lines(1), "2 3");
	assert_string_equal(lines(2), "6");
	assert_int_equal(store_last_seq(store), 8);
	assert_int_equal(store_last_room(store), 2);
}

static void any_text_is_a_fact(void **state)
{
	(void)state;
	char value[BODY_BYTES_MAX + 1], wanted[BODY_BYTES_MAX + 200];
	for (size_t i = 0; i < BODY_BYTES_MAX; i++)
		value[i] = (char)('a' + i % 26);
	value[BODY_BYTES_MAX] = '\0';
	save_fact(1, FACT_FILTER, "it's \"quoted\"; DROP TABLE facts;--", "100% 'off'\ttwo\nlines");
	save_fact(2, FACT_FILTER, "grüße 🙂", "日本語");
	save_fact(3, FACT_MAIL, "long", value);
	restart();
	sprintf(wanted, "5 grüße 🙂=日本語;5 it's \"quoted\"; DROP TABLE facts;--="
	        "100%% 'off'\ttwo\nlines;7 long=%s;", value);
	assert_string_equal(facts(), wanted);
}

static void a_newer_chatds_facts_are_kept_and_not_told(void **state)
{
	(void)state;
	save_fact(1, (enum fact_kind)99, "x", "to come");
	save_fact(2, FACT_BAN, "a", "known");
	assert_string_equal(facts(), "3 a=known;");
	restart();
	assert_string_equal(facts(), "3 a=known;");
}

/* -- deletions ---------------------------------------------------------------------- */

static void a_deleted_line_is_in_no_history_and_no_search(void **state)
{
	(void)state;
	save_lines(store, 1, 1, 5);
	index_all(store);
	delete_line(6, 1, 3);
	assert_string_equal(lines(1), "1 2 4 5");
	assert_string_equal(find("3"), "");
	assert_string_equal(find("4"), "2 4* 5");
	delete_line(7, 1, 3);  /* again */
	delete_line(8, 1, 99); /* never said */
	delete_line(9, 2, 4);  /* said elsewhere */
	assert_string_equal(lines(1), "1 2 4 5");
	assert_index_agrees();
	restart();
	assert_string_equal(lines(1), "1 2 4 5");
	assert_int_equal(store_last_seq(store), 9);
	assert_int_equal(store_last_room(store), 1); /* room 2 has not come to be */
}

static void a_line_goes_before_the_index_has_come_to_it(void **state)
{
	(void)state;
	struct store_error err;
	save_lines(store, 1, 1, 6);
	assert_int_equal(store_index(store, 3, 0, &err), 3);
	delete_line(7, 1, 2);
	delete_line(8, 1, 5);
	delete_line(9, 1, 6);
	index_all(store);
	assert_int_equal(store_indexed(store), 9);
	assert_string_equal(find("line"), "3 4* 1 3* 4 1* 3");
	assert_index_agrees();
}

static void a_line_goes_in_the_batch_that_brought_it(void **state)
{
	(void)state;
	struct record r[] = {
		line_of(1, 1, "a", "stays"), line_of(2, 1, "a", "goes"), deletion_of(3, 1, 2),
		line_of(4, 1, "a", "comes"), deletion_of(5, 1, 2),
	};
	save_all(store, r, sizeof(r) / sizeof(r[0]));
	index_all(store);
	assert_string_equal(lines(1), "1 4");
	assert_string_equal(find("goes"), "");
	assert_index_agrees();
}

static void nobody_emptied(void *ctx, uint32_t room)
{
	(void)ctx;
	fail_msg("room %u has lines", room);
}

static void a_deleted_line_does_not_count(void **state)
{
	(void)state;
	struct store_error err;
	save_lines(store, 1, 1, 10);
	delete_line(11, 1, 4);
	assert_int_equal(store_count(store, 100, &err), 0);
	assert_int_equal(store_prune(store, INT64_MIN, 9, 10, nobody_emptied, NULL, &err), 0);
	restart();
	assert_int_equal(store_count(store, 5, &err), 1); /* half of them, then one goes */
	delete_line(12, 1, 2);
	while (store_count(store, 5, &err) > 0)
		;
	assert_int_equal(store_prune(store, INT64_MIN, 8, 10, nobody_emptied, NULL, &err), 0);
	assert_int_equal(store_prune(store, INT64_MIN, 7, 10, nobody_emptied, NULL, &err), 1);
	assert_string_equal(lines(1), "3 5 6 7 8 9 10");
}

/* -- numbers ------------------------------------------------------------------------ */

/* Opens the database in a process that saves n records and is killed. */
static void save_and_crash(const struct record *r, size_t n)
{
	store_close(store);
	store = NULL;
	pid_t pid = fork();
	if (pid == 0) {
		struct store_error err;
		struct store *s = store_open(folder_file(folder, "chat.db"), DURABILITY_COMMIT, &err);
		bool ok = s && store_begin(s, &err) && store_save(s, r, n, &err) &&
		          store_commit(s, &err);
		while (ok && store_index(s, 100, 0, &err) > 0)
			;
		_exit(ok ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	store = store_in(folder_file(folder, "chat.db"));
}

static void the_number_of_a_fact_never_comes_again(void **state)
{
	(void)state;
	struct record r[] = { line_of(1, 1, "a", "x"), fact_of(2, FACT_MAIL, "bob 2", "hello") };
	save_and_crash(r, 2);
	assert_int_equal(store_last_seq(store), 2);
	r[1] = fact_of(3, FACT_MAIL, "bob 2", "");
	save_and_crash(&r[1], 1);
	assert_int_equal(store_last_seq(store), 3);
}

/* The index has seen the highest line, which is gone; the next must still be found. */
static void the_number_of_a_deleted_line_never_comes_again(void **state)
{
	(void)state;
	struct record r[] = { line_of(1, 1, "a", "x"), line_of(2, 1, "a", "last") };
	save_all(store, r, 2);
	index_all(store);
	r[0] = deletion_of(3, 1, 2);
	save_and_crash(r, 1);
	assert_int_equal(store_last_seq(store), 3);
	save_line(store, 4, 1, "a", "next");
	index_all(store);
	assert_string_equal(find("next"), "1 4*");
	assert_index_agrees();
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(facts_come_back_in_order),
		WITH_STORE(a_fact_is_replaced_and_goes),
		WITH_STORE(facts_and_lines_are_saved_in_their_order),
		WITH_STORE(any_text_is_a_fact),
		WITH_STORE(a_newer_chatds_facts_are_kept_and_not_told),
		WITH_STORE(a_deleted_line_is_in_no_history_and_no_search),
		WITH_STORE(a_line_goes_before_the_index_has_come_to_it),
		WITH_STORE(a_line_goes_in_the_batch_that_brought_it),
		WITH_STORE(a_deleted_line_does_not_count),
		WITH_STORE(the_number_of_a_fact_never_comes_again),
		WITH_STORE(the_number_of_a_deleted_line_never_comes_again),
	};
	return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
