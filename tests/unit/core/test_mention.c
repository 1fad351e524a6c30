/*
 * Whom a line mentions, who is told of it and when, and what bounds that.
 */
#define CHAT_SLOTS 128
#include "chat_help.h"

#include "chatd/base/text.h"
#include "chatd/core/people/name.h"
#include "chatd/core/rooms/mention.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

static struct session *of(uint32_t slot)
{
	return chat_session(chat, id(slot));
}

/* Somebody comes from an address of their own, under this name. */
static void comes(uint32_t slot, const char *name)
{
	char address[32], line[128];

	snprintf(address, sizeof address, "198.51.100.%u", slot + 1);
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(slot), .connected.from = where(address)});
	snprintf(line, sizeof line, "%s\n", name);
	sends(slot, line);
}

static void says(uint32_t slot, const char *text)
{
	struct bytes b = {0};

	bytes_printf(&b, "%s\n", text);
	sends(slot, b.data);
	bytes_release(&b);
}

/* Everything said so far is saved. */
static void all_stored(void)
{
	stored(chat->records.seq);
}

static size_t count(const char *part)
{
	size_t n = 0;

	for (const char *at = seen.data; (at = strstr(at, part)) != NULL; at++)
		n++;
	return n;
}

/* -- words ---------------------------------------------------------------------------- */

static void a_name_is_a_whole_word(void **state)
{
	static const char *const named[] = {
		"bob", "Bob", "BOB!", "@bob", "(bob)", "bob:", "bob, hi", "hi,bob", "bob's", "d'bob", "bob.",
		"bob...", "bob?!", "-bob-", "_bob_", "<bob>", "\"bob\"", "hi bob/carol", "ｂｏｂ", "«bob»",
		"…bob…", "bob’s", "—bob—",
	};
	static const char *const not_named[] = {
		"bobby", "2bob", "bob2", "bob-b", "a.bob", "bob_b", "b o b", "", "...", "bób", "bob\xcc\x81",
	};

	(void)state;
	comes(0, "bob");
	for (size_t i = 0; i < sizeof named / sizeof *named; i++)
		if (!mention_is(chat, of(0), named[i]))
			fail_msg("%s does not name bob", named[i]);
	for (size_t i = 0; i < sizeof not_named / sizeof *not_named; i++)
		if (mention_is(chat, of(0), not_named[i]))
			fail_msg("%s names bob", not_named[i]);
}

static void names_with_signs_are_one_word(void **state)
{
	(void)state;
	comes(0, "bob-2.x_");
	assert_true(mention_is(chat, of(0), "hi bob-2.x_"));
	assert_true(mention_is(chat, of(0), "hi Bob-2.X_..."));
	assert_false(mention_is(chat, of(0), "hi bob-2.x"));
	assert_false(mention_is(chat, of(0), "hi bob 2 x"));
	comes(1, "Élodie");
	assert_true(mention_is(chat, of(1), "merci ÉLODIE!"));
	assert_true(mention_is(chat, of(1), "merci E\xcc\x81lodie"));
	assert_false(mention_is(chat, of(1), "merci elodie"));
	comes(2, "s");
	assert_false(mention_is(chat, of(2), "it's, it’s"));
	assert_true(mention_is(chat, of(2), "'s' is a letter"));
	assert_true(mention_is(chat, of(2), "ask s"));
}

static void a_name_without_blanks_is_found_anywhere(void **state)
{
	(void)state;
	comes(0, "小明");
	assert_true(mention_is(chat, of(0), "谢谢小明你好"));
	assert_true(mention_is(chat, of(0), "小明"));
	assert_false(mention_is(chat, of(0), "小 明"));
	sends(0, "/nick 明\n");
	/* A single letter is a word of its own, or none. */
	assert_false(mention_is(chat, of(0), "明天"));
	assert_true(mention_is(chat, of(0), "明 天"));
	comes(1, "สมชาย");
	assert_true(mention_is(chat, of(1), "คุณสมชายครับ"));
	happens(EVENT_CLOSED, 1);
	assert_int_equal(chat->people.highlights.nruns, 0);
	assert_null(chat->people.highlights.by_word);
}

/* ASCII takes a shorter way to the same key. */
static void keys_of_ascii_are_what_they_were(void **state)
{
	char name[2] = "", key[NAME_KEY_BYTES_MAX + 1];

	(void)state;
	for (int c = 1; c < 0x80; c++) {
		char *folded;

		name[0] = (char)c;
		folded = text_form(name, FORM_NAME);
		assert_int_equal(name_key(name, 1, key), c != ' ');
		assert_string_equal(key, c != ' ' ? folded : "");
		free(folded);
	}
}

/* What somebody types never makes a piece that is empty, or goes beyond the text. */
static void pieces_lie_in_the_text(void **state)
{
	static const char *const bits[] = {"a", ".", "-", " ", "é", "明", "\xcc\x81", "|", "'", "\xff", "…"};
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char text[64];
		size_t len = 0, at = 0, n, before = 0;

		for (int i = 0; i < 12; i++) {
			const char *bit = bits[(seed = seed * 1664525 + 1013904223) >> 16 & 7];

			memcpy(text + len, bit, strlen(bit));
			len += strlen(bit);
		}
		for (; (n = name_next(text, len, &at)) > 0; at += n) {
			assert_true(at >= before && at + n <= len);
			assert_true(name_signs_before(text + at, n) < n && name_signs_behind(text + at, n) < n);
			before = at + n;
		}
	}
}

/* -- when ----------------------------------------------------------------------------- */

static void nobody_is_told_before_the_line_is_saved(void **state)
{
	(void)state;
	comes(0, "alice");
	comes(1, "bob");
	says(1, "/join ops");
	says(0, "hi bob");
	assert_has_not("mentioned");
	stored(chat->records.seq - 1);
	assert_has_not("mentioned");
	all_stored();
	assert_has("SEND 1 \"-- alice mentioned you in general (#");
	assert_has(": hi bob\\n\"");
	all_stored();
	assert_has_not("mentioned");
}

/* Between the line and its saving things may change. */
static void what_changes_meanwhile_counts(void **state)
{
	(void)state;
	comes(0, "alice");
	comes(1, "bob");
	says(1, "/join ops");
	says(0, "hi bob");
	says(1, "/ignore alice");
	all_stored();
	assert_has_not("mentioned");
	says(1, "/unignore alice");
	says(0, "hi bob");
	says(1, "/leave"); /* the replay shows it */
	all_stored();
	assert_has_not("mentioned");
	says(1, "/join ops");
	says(0, "hi bob");
	happens(EVENT_CLOSED, 1);
	all_stored();
	assert_has_not("mentioned");
	assert_int_equal(chat->rooms.mentions.n, 0);
}

/* Nor may they read there once the room is private, whether that was before the line or comes before it is saved. */
static void who_may_not_read_there_is_not_told(void **state)
{
	struct room *den;

	(void)state;
	comes(0, "alice");
	comes(1, "bob");
	says(0, "/join den");
	den = of(0)->room;
	says(0, "hi bob");
	all_stored();
	assert_has("SEND 1 \"-- alice mentioned you in den (#");
	den->closed = den->set.private = true;
	says(0, "hi bob");
	all_stored();
	assert_has_not("mentioned");
	den->closed = den->set.private = false;
	says(0, "hi bob");
	den->closed = den->set.private = true;
	all_stored();
	assert_has_not("mentioned");
}

static void lines_shown_unsaved_are_told_at_once(void **state)
{
	(void)state;
	config.talks_unsaved = true;
	chat_configure(chat, &config);
	comes(0, "alice");
	comes(1, "bob");
	says(1, "/join ops");
	says(0, "waits bob");
	step((struct event){.kind = EVENT_STORE_FAILED, .failure.reason = "the disk is full"});
	assert_has("SEND 1 \"-- alice mentioned you in general (#");
	says(0, "kept bob");
	assert_has("SEND 1 \"-- alice mentioned you in general (#");
	happens(EVENT_STORE_FULL, 0);
	says(0, "lost bob");
	assert_has("SEND 1 \"-- alice mentioned you in general: lost bob\\n\"");
}

static void who_does_not_want_it_is_not_told(void **state)
{
	(void)state;
	comes(0, "alice");
	comes(1, "bob");
	says(1, "/join ops");
	of(1)->input.console.prefer.mentions = PREFER_OFF;
	says(0, "hi bob");
	all_stored();
	assert_has_not("mentioned");
}

/* -- marks ---------------------------------------------------------------------------- */

static void a_view_gets_a_mark_behind_the_line(void **state)
{
	(void)state;
	comes(0, "alice");
	comes(1, "bob");
	says(0, "hi bob");
	assert_has_not("MARK");
	session_view(chat, of(0), true);
	session_view(chat, of(1), true);
	says(0, "hi bob, says alice to BOB");
	assert_int_equal(count("MARK"), 1);
	assert_has("hi bob, says alice to BOB\\n\"\nSKIP 0 feed 0\nMARK 1 feed 0\n");
	says(1, "/ignore alice");
	says(0, "hi bob");
	assert_has_not("MARK");
	all_stored();
	assert_has_not("mentioned");
}

static void a_view_of_telnet_reads_the_other_feed(void **state)
{
	(void)state;
	comes(0, "alice");
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(1), .connected.from = where("192.0.2.9")});
	sends(1, "\xff\xfd\x01" "bob\r\n");
	session_view(chat, of(1), true);
	says(0, "hi bob");
	assert_has("MARK 1 feed 1\n");
}

/* -- bounds --------------------------------------------------------------------------- */

/* Everybody but slot 0 is in another room. */
static void many_come(uint32_t n)
{
	char name[16];

	comes(0, "alice");
	for (uint32_t slot = 1; slot <= n; slot++) {
		snprintf(name, sizeof name, "p%u", slot);
		comes(slot, name);
		says(slot, "/join ops");
	}
}

static void a_line_tells_only_so_many(void **state)
{
	struct bytes line = {0};

	(void)state;
	many_come(MENTIONS_LINE_MAX + 4);
	bytes_puts(&line, "hi");
	for (uint32_t slot = 1; slot <= MENTIONS_LINE_MAX + 4; slot++)
		bytes_printf(&line, " p%u", slot);
	says(0, line.data);
	all_stored();
	assert_int_equal(count("mentioned you"), MENTIONS_LINE_MAX);
	assert_has_not("SEND 17 ");
	bytes_release(&line);
}

static void a_line_is_marked_for_only_so_many(void **state)
{
	uint32_t n = MARKS_LINE_MAX + 4;

	(void)state;
	many_come(n);
	for (uint32_t slot = 1; slot <= n; slot++) {
		says(slot, "/leave");
		says(slot, "/highlight tea");
		session_view(chat, of(slot), true);
	}
	says(0, "tea?");
	assert_int_equal(count("MARK "), MARKS_LINE_MAX);
	assert_has_not("MARK 68 ");
	/* In turn here too; a view less takes no place. */
	session_view(chat, of(1), false);
	says(0, "tea?");
	assert_int_equal(count("MARK "), MARKS_LINE_MAX);
	assert_has("MARK 65 ");
	assert_has("MARK 68 ");
	assert_has_not("MARK 1 ");
}

/* However many have the word, no more are looked at than so many. */
static void only_so_many_are_looked_at(void **state)
{
	struct highlight *three;

	(void)state;
	_Static_assert((int)MENTIONS_LOOKED_MAX < 3 * 100, "words that 100 people have");
	many_come(100);
	for (uint32_t slot = 1; slot <= 100; slot++) {
		of(slot)->input.console.prefer.mentions = PREFER_OFF;
		says(slot, "/highlight one");
		says(slot, "/highlight two");
		says(slot, "/highlight three");
	}
	says(0, "one two three");
	/* Of the third word, those after the 256th still come first. */
	HASH_FIND_STR(chat->people.highlights.by_word, "three", three);
	assert_non_null(three);
	assert_string_equal(three->first->session->nick, "p57");
}

/* Of those with a word, others are told each time; those who are named come first. */
static void who_highlights_a_word_is_told_in_turn(void **state)
{
	uint32_t n = MENTIONS_LINE_MAX + 4;

	(void)state;
	many_come(n + 1);
	for (uint32_t slot = 1; slot <= n; slot++)
		says(slot, "/highlight the");
	says(0, "the one for p21");
	all_stored();
	assert_int_equal(count("mentioned the in"), MENTIONS_LINE_MAX - 1);
	assert_has("SEND 21 \"-- alice mentioned you");
	says(0, "the other");
	all_stored();
	assert_int_equal(count("mentioned the in"), MENTIONS_LINE_MAX);
	for (uint32_t slot = MENTIONS_LINE_MAX; slot <= n; slot++) {
		char send[16];

		snprintf(send, sizeof send, "SEND %u ", slot);
		assert_has(send);
	}
}

static void the_speaker_pays(void **state)
{
	uint64_t before, after;

	(void)state;
	config.rate_lines = 5;
	config.rate_bytes = 2048;
	config.rate_burst = 100;
	chat_configure(chat, &config);
	many_come(3);
	says(0, "hi to all p1p");
	before = bucket_left(&of(0)->input.throttle.rate.bytes, now_ms, 2048 * FLOOD_BYTES_BURST_S, 2048);
	says(0, "p1 p2 p3 px");
	after = bucket_left(&of(0)->input.throttle.rate.bytes, now_ms, 2048 * FLOOD_BYTES_BURST_S, 2048);
	assert_int_equal(before - after, 3 * MENTION_BYTES + strlen("p1 p2 p3 px\n"));
	/* But not for words that others chose, nor for those who are not told. */
	says(1, "/highlight the");
	for (int i = 0; i < MENTION_SPEAKER_BURST; i++)
		says(0, "p2");
	before = bucket_left(&of(0)->input.throttle.rate.bytes, now_ms, 2048 * FLOOD_BYTES_BURST_S, 2048);
	says(0, "the p2");
	after = bucket_left(&of(0)->input.throttle.rate.bytes, now_ms, 2048 * FLOOD_BYTES_BURST_S, 2048);
	assert_int_equal(before - after, strlen("the p2\n"));
}

/* One speaker cannot take what others may tell somebody. */
static void nobody_is_flooded_and_others_get_through(void **state)
{
	(void)state;
	comes(0, "alice");
	comes(1, "bob");
	comes(2, "carol");
	says(1, "/join ops");
	for (int i = 0; i < MENTION_SPEAKER_BURST + 3; i++)
		says(0, "bob!");
	all_stored();
	assert_int_equal(count("mentioned you"), MENTION_SPEAKER_BURST);
	assert_int_equal(of(1)->mentioned.untold, 3);
	says(2, "bob?");
	all_stored();
	assert_has("carol mentioned you in general");
	assert_has("-- (3 more lines mentioned you since the last one: /mentions.)");
	assert_int_equal(of(1)->mentioned.untold, 0);
	tick(MENTION_SPEAKER_PERIOD_MS);
	says(0, "bob!");
	says(0, "bob!");
	all_stored();
	assert_int_equal(count("alice mentioned you"), 1);
}

/* Many speakers together are bounded too. */
static void many_speakers_do_not_flood_either(void **state)
{
	(void)state;
	comes(0, "bob");
	says(0, "/join ops");
	for (uint32_t slot = 1; slot <= MENTION_BURST + 5; slot++) {
		char name[16];

		snprintf(name, sizeof name, "p%u", slot);
		comes(slot, name);
	}
	for (uint32_t slot = 1; slot <= MENTION_BURST + 5; slot++)
		says(slot, "bob");
	all_stored();
	assert_int_equal(count("mentioned you"), MENTION_BURST);
	assert_int_equal(of(0)->mentioned.untold, 5);
}

/* The list of those who wait has an end. */
static void the_list_of_tellings_is_bounded(void **state)
{
	uint64_t first;

	(void)state;
	comes(0, "alice");
	comes(1, "bob");
	says(1, "/join ops");
	says(0, "hello"); /* with which the room is saved */
	first = chat->records.seq + 1;
	while (chat->rooms.mentions.n < TELLINGS_MAX) {
		says(0, "bob");
		now_ms += MENTION_SPEAKER_PERIOD_MS;
	}
	says(0, "bob");
	assert_int_equal(chat->rooms.mentions.n, TELLINGS_MAX);
	assert_int_equal(of(1)->mentioned.untold, 1);
	/* A step tells as many as it has room for; the others come in the next. */
	stored(first);
	assert_int_equal(count("mentioned you"), 1);
	all_stored();
	while (chat->rooms.mentions.n > 0) {
		assert_int_equal(chat_due_ms(chat), now_ms);
		tick(0);
	}
}

static void a_slow_reader_is_not_told_more(void **state)
{
	(void)state;
	comes(0, "alice");
	comes(1, "bob");
	says(1, "/join ops");
	happens(EVENT_SLOW, 1);
	says(0, "bob");
	all_stored();
	assert_has_not("mentioned");
	assert_int_equal(of(1)->mentioned.untold, 1);
}

/* -- words of one's own --------------------------------------------------------------- */

static void words_are_few_and_short(void **state)
{
	(void)state;
	comes(0, "alice");
	for (int i = 0; i < HIGHLIGHTS_MAX; i++) {
		char line[32];

		snprintf(line, sizeof line, "/highlight word%d", i);
		says(0, line);
		assert_has("from now on");
	}
	says(0, "/highlight more");
	assert_has("the most you can");
	assert_int_equal(of(0)->mentioned.words.n, HIGHLIGHTS_MAX);
	/* A guest who goes leaves nothing in the table. */
	happens(EVENT_CLOSED, 0);
	assert_null(chat->people.highlights.by_word);
}

static void words_are_short_together(void **state)
{
	(void)state;
	comes(0, "alice");
	for (int i = 0; i < 4; i++) {
		char line[256] = "/highlight ";

		for (int k = 0; k < 30; k++)
			strcat(line, "яжди" + 2 * (i == k % 4));
		line[strlen("/highlight ") + 64] = '\0';
		says(0, line);
	}
	assert_true(of(0)->mentioned.words.bytes <= HIGHLIGHTS_BYTES_MAX);
	says(0, "/highlight жжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжж");
	says(0, "/highlight жжжжжжжжжжжжжжжжжжжжжжжжжжжжжжж");
	says(0, "/highlight жжжжжжжжжжжжжжжжжжжжжжжжжжжжжж");
	assert_has("too long together");
	assert_true(of(0)->mentioned.words.bytes <= HIGHLIGHTS_BYTES_MAX);
}

/* What is in a database is checked as what is typed. */
static void words_of_a_hostile_database(void **state)
{
	struct account *a;

	(void)state;
	chat_load_fact(chat, &(struct saved_fact){
		.kind = FACT_ACCOUNT, .key = "alice",
		.value = "nick=alice role=account made=1 hash=x highlights=%20tea%20%20a%20TEA%20b-c%20%1b[31m%20w1%20w2"
		         "%20w3%20w4%20w5%20w6%20w7%20w8%20w9%20w10%20w11",
	});
	a = account_by_key(chat, "alice");
	assert_non_null(a);
	comes(0, "bob");
	account_bear(chat, of(0), a);
	assert_int_equal(of(0)->mentioned.words.n, HIGHLIGHTS_MAX);
	assert_true(mention_is(chat, of(0), "tea"));
	assert_true(mention_is(chat, of(0), "W9"));
	assert_false(mention_is(chat, of(0), "w10 b-c a"));
	account_sign_out(chat, of(0));
	assert_null(chat->people.highlights.by_word);
}

static void words_come_back_with_resume(void **state)
{
	char line[64], code[RESUME_CODE_BYTES];

	(void)state;
	comes(0, "alice");
	says(0, "/highlight tea");
	resume_code(of(0), code);
	happens(EVENT_CLOSED, 0);
	comes(1, "bob");
	snprintf(line, sizeof line, "/resume %s", code);
	says(1, line);
	assert_has("You are alice now");
	assert_true(mention_is(chat, of(1), "tea?"));
}

static int begin_words(void **state)
{
	begin(state);
	config.history_replay = 0;
	chat_configure(chat, &config);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin_words, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_is_a_whole_word),
		TEST(names_with_signs_are_one_word),
		TEST(a_name_without_blanks_is_found_anywhere),
		TEST(keys_of_ascii_are_what_they_were),
		TEST(pieces_lie_in_the_text),
		TEST(nobody_is_told_before_the_line_is_saved),
		TEST(what_changes_meanwhile_counts),
		TEST(who_may_not_read_there_is_not_told),
		TEST(lines_shown_unsaved_are_told_at_once),
		TEST(who_does_not_want_it_is_not_told),
		TEST(a_view_gets_a_mark_behind_the_line),
		TEST(a_view_of_telnet_reads_the_other_feed),
		TEST(a_line_tells_only_so_many),
		TEST(a_line_is_marked_for_only_so_many),
		TEST(only_so_many_are_looked_at),
		TEST(who_highlights_a_word_is_told_in_turn),
		TEST(the_speaker_pays),
		TEST(nobody_is_flooded_and_others_get_through),
		TEST(many_speakers_do_not_flood_either),
		TEST(the_list_of_tellings_is_bounded),
		TEST(a_slow_reader_is_not_told_more),
		TEST(words_are_few_and_short),
		TEST(words_are_short_together),
		TEST(words_of_a_hostile_database),
		TEST(words_come_back_with_resume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
