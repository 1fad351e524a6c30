/*
 * The search: what is found, in which order, and that words are only words.
 */
#include "store_help.h"

#include "chatd/base/bounds.h"
#include "chatd/store/db/lines.h"
#include "chatd/store/db/state.h"
#include "chatd/store/db/tokenizer.h"

static struct store *store;

static int store_setup(void **state)
{
	(void)state;
	store = store_in(":memory:");
	return 0;
}

static int store_teardown(void **state)
{
	(void)state;
	store_close(store);
	return 0;
}

static const char *find_in(uint32_t room, uint32_t limit, const char *words)
{
	struct query q = query_of(QUERY_SEARCH, room, limit);
	q.search.words = words;
	return ids_of(store_query(store, &q));
}

static const char *find(const char *words)
{
	return find_in(0, SEARCH_HITS_MAX, words);
}

/* A line between two others of its own room, so that no hit is next to another. */
static void say(uint64_t seq, uint32_t room, const char *body)
{
	save_line(store, seq, room, "alice", body);
	index_all(store);
}

static void hits_come_newest_first_with_their_neighbours(void **state)
{
	(void)state;
	static const char *const body[] = { "one", "the apple", "three", "four", "an apple too" };
	for (uint64_t i = 0; i < 5; i++)
		say(i + 1, 1, body[i]);
	assert_string_equal(find("apple"), "4 5* 1 2* 3");
	assert_string_equal(find("one"), "1* 2");
	assert_string_equal(find("three"), "2 3* 4");
	assert_string_equal(find("melon"), "");
}

static void neighbours_are_of_the_hits_room(void **state)
{
	(void)state;
	say(1, 1, "lobby before");
	say(2, 2, "ops before");
	say(3, 1, "needle");
	say(4, 2, "ops after");
	say(5, 1, "lobby after");
	struct query q = query_of(QUERY_SEARCH, 0, 10);
	q.search.words = "needle";
	struct rows *rows = store_query(store, &q);
	assert_int_equal(rows->n, 3);
	assert_string_equal(rows->row[0].body, "lobby before");
	assert_string_equal(rows->row[1].body, "needle");
	assert_string_equal(rows->row[1].room_name, "lobby");
	assert_string_equal(rows->row[2].body, "lobby after");
	rows_release(rows);
}

static void a_room_is_searched_alone(void **state)
{
	(void)state;
	say(1, 1, "needle in lobby");
	say(2, 2, "needle in ops");
	say(3, 12, "needle elsewhere");
	assert_string_equal(find_in(2, 10, "needle"), "2*");
	assert_string_equal(find_in(1, 10, "needle"), "1*");
	assert_string_equal(find_in(0, 10, "needle"), "3* 2* 1*");
	assert_string_equal(find_in(3, 10, "needle"), "");
	/* A room's number is no word of its lines. */
	assert_string_equal(find("12"), "");
	assert_string_equal(find_in(12, 10, "12"), "");
}

static void all_words_must_be_there(void **state)
{
	(void)state;
	say(1, 1, "red green");
	say(2, 2, "green blue");
	say(3, 3, "blue green red");
	assert_string_equal(find("red green"), "3* 1*");
	assert_string_equal(find("  green\tblue "), "3* 2*");
	assert_string_equal(find("red yellow"), "");
}

static void letters_are_compared_without_case_and_accents(void **state)
{
	(void)state;
	say(1, 1, "Grüße aus KÖLN");
	say(2, 2, "привет МИР");
	assert_string_equal(find("koln"), "1*");
	assert_string_equal(find("GRÜSSE grüße"), "1*");
	assert_string_equal(find("grüße"), "1*");
	assert_string_equal(find("мир"), "2*");
}

static void words_of_other_scripts_are_found(void **state)
{
	(void)state;
	say(1, 1, "यह किताब काली है");
	say(2, 2, "قَرَأْتُ كِتَابًا");
	say(3, 3, "使用iPhone手机");
	say(4, 4, "ฉันกินข้าว ที่บ้าน");
	say(5, 5, "黒猫");
	assert_string_equal(find("किताब"), "1*");
	assert_string_equal(find("की"), "");
	assert_string_equal(find("كتابا"), "2*");
	assert_string_equal(find("iphone"), "3*");
	assert_string_equal(find("手机"), "3*");
	assert_string_equal(find("iPhone手"), "3*");
	assert_string_equal(find("用iPhone"), "3*");
	assert_string_equal(find("手iPhone"), "");
	assert_string_equal(find("กินข้าว"), "4*");
	assert_string_equal(find("ทาบ"), "");
	/* One letter, wherever it stands. */
	assert_string_equal(find("猫"), "5*");
	assert_string_equal(find("黒"), "5*");
}

/* An older chatd's index, and one that was made with another ICU, are made again, and searches say how
 * far that is. */
static void an_old_index_is_made_again(void **state)
{
	static const char *const old[] = {
		"DROP TABLE search; CREATE VIRTUAL TABLE search USING fts5(body, room, content='messages',"
		" content_rowid='id', columnsize=0, tokenize='unicode61 remove_diacritics 2');"
		"INSERT INTO search(rowid, body, room) SELECT id, body, room FROM messages;"
		"DELETE FROM meta WHERE key = 'fold'; ALTER TABLE seen DROP COLUMN gaps;"
		"ALTER TABLE seen DROP COLUMN seq; DROP TABLE erasing;"
		"ALTER TABLE rooms DROP COLUMN last_id; ALTER TABLE rooms DROP COLUMN last_ms; PRAGMA user_version = 8",
		"UPDATE meta SET value = 1 WHERE key = 'fold'",
	};
	struct query q = query_of(QUERY_SEARCH, 0, 10);
	struct store_error err;
	struct rows *rows;
	folder_setup(state);
	struct folder *f = *state;
	const char *path = folder_file(f, "chat.db");
	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		store_close(store);
		store = store_in(path);
		for (uint64_t n = 1; n <= 100; n++)
			say(100 * i + n, 1, n % 2 ? "Ørsted किताब" : "और कुछ");
		store_close(store);
		execute_in(path, old[i]);
		store = store_in(path);
		assert_true(store_reindexes(store));
		assert_true(lines_delete(store, 100 * i + 50, 1) == 1);
		assert_int_equal(store_index(store, 30, 0, &err), 30);
		q.search.words = "किताब";
		rows = store_query(store, &q);
		assert_int_equal(rows->search.unindexed, i == 0 ? 71 : 86);
		assert_true(rows->n > 0);
		rows_release(rows);
		index_all(store);
		assert_false(store_reindexes(store));
		q.search.words = "orsted";
		rows = store_query(store, &q);
		assert_int_equal(rows->search.unindexed, 0);
		assert_int_equal(rows->row[rows->n - 1].hit || rows->row[1].hit, true);
		rows_release(rows);
		execute_in(path, "INSERT INTO search(search, rank) VALUES('integrity-check', 1)");
	}
	store_close(store);
	store = store_in(":memory:");
	folder_teardown(state);
}

static void a_star_means_begins_with(void **state)
{
	(void)state;
	say(1, 1, "deployment done");
	say(2, 2, "deploy now");
	say(3, 3, "redeploy");
	assert_string_equal(find("deploy"), "2*");
	assert_string_equal(find("deploy*"), "2* 1*");
	assert_string_equal(find("deploy* don*"), "1*");
	assert_string_equal(find("dep**"), "2* 1*");
	assert_string_equal(find_in(1, 10, "dep*"), "1*");
	assert_string_equal(find("*deploy"), "2*"); /* only the end counts */
}

/* What is an operator to FTS5 is a word here, or separates words. */
static void words_are_only_words(void **state)
{
	(void)state;
	say(1, 1, "cats and dogs or mice not birds near the house");
	say(2, 2, "cats");
	say(3, 3, "it's \"quoted\" here");
	assert_string_equal(find("cats OR mice"), "1*");
	assert_string_equal(find("cats AND dogs"), "1*");
	assert_string_equal(find("cats NOT birds"), "1*");
	assert_string_equal(find("NEAR(cats mice)"), "");
	assert_string_equal(find("(cats)"), "2* 1*");
	assert_string_equal(find("(cats"), "2* 1*");
	assert_string_equal(find("cats)"), "2* 1*");
	assert_string_equal(find("^cats"), "2* 1*");
	assert_string_equal(find("-cats"), "2* 1*");
	assert_string_equal(find("+cats"), "2* 1*");
	assert_string_equal(find("body:cats"), "");
	assert_string_equal(find("{room}:1"), "");
	assert_string_equal(find("\"quoted\""), "3*");
	assert_string_equal(find("\"quoted"), "3*");
	assert_string_equal(find("quoted\""), "3*");
	assert_string_equal(find("quo\"ted"), "");
	assert_string_equal(find("it's"), "3*");
	assert_string_equal(find("cats\" OR \"it"), "");
	assert_string_equal(find("x'; DROP TABLE messages; --"),
	                    "Nothing to search for in \"--\": a word needs a letter or "
	                    "a digit.");
	assert_string_equal(find("%s %n"), "");
	assert_string_equal(find("cats"), "2* 1*");
}

static void what_is_no_word_is_told_so(void **state)
{
	(void)state;
	say(1, 1, "hello");
	static const char *const bad[] = { "", "   ", "*", "hello *", "\"", "!!!", "hello …", "🙂",
	                                   "(", "\"\"", "hello \xff" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct query q = query_of(QUERY_SEARCH, 0, 10);
		q.search.words = bad[i];
		struct rows *rows = store_query(store, &q);
		assert_non_null(rows->error);
		assert_int_equal(rows->n, 0);
		rows_release(rows);
	}
	assert_string_equal(find("a b c d e f g h i j k l m n o p q"),
	                    "A search can have at most 16 words.");
	assert_string_equal(find("a b c d e f g h i j k l m n o p"), "");
}

static void hits_are_bounded(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= SEARCH_HITS_MAX + 2; i++)
		say(i, (uint32_t)i, "needle");
	assert_string_equal(find_in(0, 2, "needle"), "12* 11* more");
	assert_string_equal(find_in(0, 500, "needle"), "12* 11* 10* 9* 8* 7* 6* 5* 4* 3* more");
	struct query q = query_of(QUERY_SEARCH, 0, 10);
	q.search.words = "needle";
	q.before_id = 3;
	assert_string_equal(ids_of(store_query(store, &q)), "2* 1*");
}

static const char *find_hidden(const char *hidden, const char *words, uint32_t limit)
{
	struct query q = query_of(QUERY_SEARCH, 0, limit);
	query_set(&q, hidden, words);
	return ids_of(store_query(store, &q));
}

static void hidden_rooms_are_not_found(void **state)
{
	(void)state;
	say(1, 1, "needle");
	say(2, 2, "needle");
	say(3, 12, "needle");
	say(4, 3, "needle");
	assert_string_equal(find_hidden("2", "needle", 10), "4* 3* 1*");
	assert_string_equal(find_hidden("2 3 12", "needle", 10), "1*");
	assert_string_equal(find_hidden("1 2 3 12", "needle", 10), "");
	/* Rooms that do not exist, alone or together with one that does. */
	assert_string_equal(find_hidden("11 13 400", "needle", 10), "4* 3* 2* 1*");
}

static void what_is_hidden_up_to_a_line_is_not_beside_a_hit_either(void **state)
{
	(void)state;
	say(1, 1, "needle one");
	say(2, 1, "two");
	say(3, 1, "needle three");
	say(4, 1, "four");
	assert_string_equal(find_hidden("1:1", "needle", 10), "2 3* 4");
	assert_string_equal(find_hidden("1:2", "needle", 10), "3* 4");
	assert_string_equal(find_hidden("1:3", "needle", 10), "");
	assert_string_equal(find_hidden("1:2", "four", 10), "3 4*");
	assert_string_equal(find_hidden("1:3", "four", 10), "4*");
}

static void hidden_hits_are_not_counted(void **state)
{
	(void)state;
	say(1, 1, "needle");
	say(2, 1, "needle");
	for (uint64_t i = 3; i < 40; i++)
		say(i, 2, "needle");
	assert_string_equal(find_hidden("2", "needle", 2), "1 2* 1* 2");
	say(40, 3, "needle");
	assert_string_equal(find_hidden("2", "needle", 2), "40* 1 2* more");
	assert_string_equal(find_hidden("2", "needle", 3), "40* 1 2* 1* 2");
}

static void what_is_not_indexed_is_not_found(void **state)
{
	(void)state;
	struct store_error err;
	save_lines(store, 1, 1, 10);
	assert_int_equal(store_indexed(store), 0);
	assert_int_equal(store_index(store, 4, 0, &err), 4);
	assert_int_equal(store_indexed(store), 4);
	assert_string_equal(find("4"), "3 4* 5");
	assert_string_equal(find("5"), "");
	assert_int_equal(store_index(store, 100, 0, &err), 6);
	assert_int_equal(store_indexed(store), 10);
	assert_int_equal(store_index(store, 100, 0, &err), 0);
	assert_string_equal(find("5"), "4 5* 6");
	/* A record that is no line has nothing to be indexed. */
	struct record r = record_as(11, 1, RECORD_SEEN, "bob", 0, "");
	save_all(store, &r, 1);
	assert_int_equal(store_indexed(store), 11);
}

/* A step has as many lines as took its time before. */
static void a_step_has_what_its_time_allows(void **state)
{
	(void)state;
	struct store_error err;
	save_lines(store, 1, 1, 1000);
	/* A few are taken whatever they take, so that it comes to an end. */
	assert_int_equal(store_index(store, 1000, 1, &err), 8);
	assert_in_range(store->index.line_ns, 1, 1000000000);
	store->index.line_ns = 10000;
	assert_int_equal(store_index(store, 1000, 1000, &err), 100);
	store->index.line_ns = 10000;
	assert_int_equal(store_index(store, 10, 1000, &err), 10);
	/* One that took long is followed by a short one. */
	store->index.line_ns = INT64_C(1000000000000);
	assert_int_equal(store_index(store, 1000, 1000, &err), 8);
	assert_in_range(store->index.line_ns, INT64_C(875000000000), INT64_C(876000000000));
	store->index.line_ns = 1;
	assert_int_equal(store_index(store, 1000, 1000, &err), 1000 - 126);
	assert_in_range(store->index.line_ns, 2, 1000000000);
	assert_int_equal(store_indexed(store), 1000);
	assert_int_equal(store_index(store, 1000, 1000, &err), 0);
	assert_string_equal(find("299"), "298 299* 300");
}

/* -- what is unread ------------------------------------------------------------------- */

static void seen(uint64_t seq, uint32_t room, const char *key, uint64_t id)
{
	struct record r = record_as(seq, room, RECORD_SEEN, key, id, "");
	save_all(store, &r, 1);
}

/* "room:lines/mentions ...", and "more" at the end. */
static void expect_unread(const struct query *q, const char *wanted)
{
	char text[512] = "";
	struct rows *rows = store_query(store, q);
	size_t at = 0;
	assert_null(rows->error);
	for (size_t i = 0; i < rows->n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s:%u/%u", i ? " " : "",
		                       rows->row[i].room_name, rows->row[i].unread.lines,
		                       rows->row[i].unread.mentions);
	snprintf(text + at, sizeof(text) - at, "%s", rows->more ? " more" : "");
	rows_release(rows);
	assert_string_equal(text, wanted);
}

static void unread_lines_are_counted_room_by_room(void **state)
{
	(void)state;
	struct query q = query_of(QUERY_UNREAD, 0, 10);
	q.unread.key = "bob";
	q.unread.nick = "Bob";
	say(1, 1, "bob was told this before");
	say(2, 2, "in ops");
	expect_unread(&q, "");
	seen(3, 1, "bob", 1);
	seen(4, 2, "bob", 2);
	seen(5, 1, "carol", 1);
	expect_unread(&q, "");
	say(6, 1, "news for BOB, and bob");
	say(7, 2, "bobby's news");
	say(8, 2, "and news");
	say(9, 12, "bob was never here");
	expect_unread(&q, "ops:2/0 lobby:1/1");
	/* Another room's number is no room of the nick's. */
	say(10, 2, "bob 1");
	expect_unread(&q, "ops:3/1 lobby:1/1");
	q.limit = 1;
	expect_unread(&q, "ops:3/1 more");
	/* Of the room where one is only what was said before one came. */
	q.limit = 10;
	q.room = 2;
	q.before_id = 8;
	expect_unread(&q, "lobby:1/1 ops:1/0");
	q.before_id = 7;
	expect_unread(&q, "lobby:1/1");
	/* Of others what was said before the question, however late it is counted. */
	q.after_seq = 7;
	q.room = 12;
	expect_unread(&q, "lobby:1/1 ops:1/0");
	q.unread.key = "nobody";
	expect_unread(&q, "");
}

/* What is hidden from somebody is not counted for them, and what was seen under their name before it was
 * theirs is not theirs. */
static void hidden_lines_are_not_counted(void **state)
{
	(void)state;
	struct query q = query_of(QUERY_UNREAD, 0, 10);
	q.unread.key = "bob";
	seen(1, 1, "bob", 1);
	seen(2, 2, "bob", 1);
	seen(3, 12, "bob", 1);
	for (uint64_t id = 10; id < 20; id++)
		say(id, id % 2 ? 1 : 2, "of bob");
	say(20, 12, "of bob");
	q.unread.nick = "bob";
	expect_unread(&q, "lobby:5/5 ops:5/5 other:1/1");
	q.unread.hidden = "2:16 12";
	expect_unread(&q, "lobby:5/5 ops:1/1");
	q.unread.hidden = "1 2:12";
	expect_unread(&q, "ops:3/3 other:1/1");
	q.unread.hidden = "";
	q.unread.marked_after = 2;
	expect_unread(&q, "other:1/1");
}

static void a_nick_of_several_words_is_mentioned_whole(void **state)
{
	(void)state;
	struct query q = query_of(QUERY_UNREAD, 0, 10);
	q.unread.key = "mary_ann";
	q.unread.nick = "mary_ann";
	seen(1, 1, "mary_ann", 1);
	say(2, 1, "mary, and ann");
	say(3, 1, "ask mary_ann");
	expect_unread(&q, "lobby:2/1");
	/* Nothing in it is an operator; and a name that is no word is mentioned nowhere. */
	q.unread.nick = "\" OR body:*";
	expect_unread(&q, "lobby:2/0");
	q.unread.nick = "__";
	expect_unread(&q, "lobby:2/0");
}

static void unread_lines_are_counted_to_a_thousand(void **state)
{
	(void)state;
	struct query q = query_of(QUERY_UNREAD, 0, 10);
	q.unread.key = "bob";
	q.unread.nick = "line";
	seen(1, 1, "bob", 1);
	save_lines(store, 1, 2, MISSED_MAX + 10);
	index_all(store);
	expect_unread(&q, "lobby:1000/1000");
}

static const char *find_any(uint32_t limit, const char *words, const char *not_by, const char *hidden)
{
	struct query q = query_of(QUERY_SEARCH, 0, limit);
	q.search.words = words;
	q.search.any = true;
	q.search.not_by = not_by;
	q.search.hidden = hidden;
	return ids_of(store_query(store, &q));
}

static void one_of_the_words_may_be_enough(void **state)
{
	(void)state;
	say(1, 1, "the apple");
	say(2, 1, "a pear");
	say(3, 2, "mary, and ann");
	say(4, 2, "ask mary_ann");
	say(5, 1, "pears and apples");
	save_line(store, 6, 1, "bob", "bob wants an apple");
	index_all(store);
	/* Newest first, without the lines around; those by somebody are left out. */
	assert_string_equal(find_any(100, "apple pear mary_ann", "", ""), "6* 4* 2* 1*");
	assert_string_equal(find_any(100, "apple pear mary_ann", "bob", ""), "4* 2* 1*");
	assert_string_equal(find_any(100, "mary_ann", "alice", ""), "");
	assert_string_equal(find_any(2, "apple pear", "bob", ""), "2* 1*");
	assert_string_equal(find_any(1, "apple pear", "bob", ""), "2* more");
	/* What is hidden does not count; words without a letter are passed over. */
	assert_string_equal(find_any(1, "apple mary_ann", "", "1"), "4*");
	assert_string_equal(find_any(1, "__ mary_ann \"", "", "1"), "4*");
	assert_string_equal(find_any(9, "__", "", ""), "");
	/* Nothing of them is an operator. */
	assert_string_equal(find_any(9, "nothing NOT OR apple\"OR\"pear (", "", ""), "");
}

static void any_word_finds_only_so_many(void **state)
{
	(void)state;
	save_lines(store, 1, 1, MENTIONS_ASKED_MAX + 5);
	index_all(store);
	struct query q = query_of(QUERY_SEARCH, 0, ROWS_MAX);
	q.search.words = "line";
	q.search.any = true;
	struct rows *rows = store_query(store, &q);
	assert_int_equal(rows->n, MENTIONS_ASKED_MAX);
	assert_true(rows->more);
	rows_release(rows);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, store_setup, store_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(hits_come_newest_first_with_their_neighbours),
		WITH_STORE(neighbours_are_of_the_hits_room),
		WITH_STORE(a_room_is_searched_alone),
		WITH_STORE(all_words_must_be_there),
		WITH_STORE(letters_are_compared_without_case_and_accents),
		WITH_STORE(words_of_other_scripts_are_found),
		WITH_STORE(an_old_index_is_made_again),
		WITH_STORE(a_star_means_begins_with),
		WITH_STORE(words_are_only_words),
		WITH_STORE(what_is_no_word_is_told_so),
		WITH_STORE(hits_are_bounded),
		WITH_STORE(hidden_rooms_are_not_found),
		WITH_STORE(what_is_hidden_up_to_a_line_is_not_beside_a_hit_either),
		WITH_STORE(hidden_hits_are_not_counted),
		WITH_STORE(what_is_not_indexed_is_not_found),
		WITH_STORE(a_step_has_what_its_time_allows),
		WITH_STORE(unread_lines_are_counted_room_by_room),
		WITH_STORE(hidden_lines_are_not_counted),
		WITH_STORE(a_nick_of_several_words_is_mentioned_whole),
		WITH_STORE(unread_lines_are_counted_to_a_thousand),
		WITH_STORE(one_of_the_words_may_be_enough),
		WITH_STORE(any_word_finds_only_so_many),
	};
	return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
