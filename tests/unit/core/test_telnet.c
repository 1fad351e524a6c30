/* Telnet clients: what is left of their bytes, and how they are answered. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/base/bytes.h"
#include "chatd/core/input/telnet.h"

#define IAC "\xFF"
#define DONT "\xFE"
#define DO "\xFD"
#define WONT "\xFC"
#define WILL "\xFB"
#define SB "\xFA"
#define SE "\xF0"
#define TM "\x06"
#define MSSP "\x46"
#define HERE "\r\n[chatd is here]\r\n"

/* Decodes one piece, from and to memory of exactly that size. */
static void feed(struct telnet *t, const char *in, size_t len, struct bytes *out,
                 struct bytes *reply)
{
	char *from = malloc(len ? len : 1), *to = malloc(len ? len : 1);
	size_t n;

	assert_non_null(from);
	assert_non_null(to);
	memcpy(from, in, len);
	n = telnet_decode(t, from, len, to, reply);
	assert_true(n <= len);
	bytes_append(out, to, n);
	free(from);
	free(to);
}

static void same(const struct bytes *b, const char *expected, size_t len)
{
	assert_int_equal(b->len, len);
	assert_memory_equal(b->data ? b->data : "", expected, len);
}

/* Wherever it is cut in two, and byte by byte. */
static void gives(const char *in, size_t len, const char *left, size_t left_len,
                  const char *told, size_t told_len)
{
	struct bytes out = { 0 }, reply = { 0 };
	struct telnet *t;
	size_t cut, i;

	for (cut = 0; cut <= len + 1; cut++) {
		t = telnet_new();
		bytes_clear(&out);
		bytes_clear(&reply);
		if (cut <= len) {
			feed(t, in, cut, &out, &reply);
			feed(t, in + cut, len - cut, &out, &reply);
		} else {
			for (i = 0; i < len; i++)
				feed(t, in + i, 1, &out, &reply);
		}
		same(&out, left, left_len);
		same(&reply, told, told_len);
		telnet_end(t);
	}
	bytes_release(&out);
	bytes_release(&reply);
}

#define GIVES(in, left, told) \
	gives(in, sizeof(in) - 1, left, sizeof(left) - 1, told, sizeof(told) - 1)

static void test_text_passes(void **state)
{
	(void)state;
	GIVES("", "", "");
	GIVES("hello\r\nyou\r\0", "hello\r\nyou\r\0", "");
	GIVES("\xC3\xA4\x1B[A\b\x7F\x03", "\xC3\xA4\x1B[A\b\x7F\x03", "");
	GIVES("a" IAC IAC "b", "a\xFF" "b", "");
	GIVES(IAC IAC IAC IAC, "\xFF\xFF", "");
	GIVES(IAC IAC "one\r\n" "t" IAC IAC IAC IAC "wo" IAC IAC "\r\n", "\xFFone\r\nt\xFF\xFFwo\xFF\r\n",
	      "");
	GIVES(IAC IAC IAC DO "\x03" IAC IAC WILL, "\xFF\xFF" WILL, IAC WONT "\x03");
	GIVES("a" IAC, "a", "");
}

static void test_commands(void **state)
{
	(void)state;
	GIVES("a" IAC "\xF4" "b", "a\x03" "b", "");     /* IP */
	GIVES("a" IAC "\xEE" "b", "a\x03" "b", "");     /* ABORT */
	GIVES("a" IAC "\xF3" "b", "a\x03" "b", "");     /* BRK */
	GIVES("a" IAC "\xF7" "b", "a\bb", "");          /* EC */
	GIVES("a" IAC "\xF8" "b", "a\x15" "b", "");     /* EL */
	GIVES("a" IAC "\xEC" "b", "a\x04" "b", "");     /* EOF */
	GIVES("a" IAC "\xF1" IAC "\xF9" IAC "\xF2" IAC "\xF5" "b", "ab", ""); /* NOP GA DM AO */
	GIVES("a" IAC "\xED" IAC "\xEF" IAC SE IAC "zb", "ab", "");
	GIVES("a" IAC "\xF6" "b", "ab", HERE);          /* AYT */
}

static void test_options_are_refused(void **state)
{
	struct bytes out = { 0 }, reply = { 0 };
	struct telnet *t = telnet_new();
	char in[3] = IAC, expected[3] = IAC;
	int option, again;

	(void)state;
	for (again = 0; again < 2; again++) {
		for (option = 0; option < 256; option++) {
			if (option == MSSP[0])
				continue;
			in[2] = expected[2] = (char)option;
			in[1] = DO[0];
			expected[1] = option == TM[0] ? WILL[0] : WONT[0];
			bytes_clear(&reply);
			feed(t, in, 3, &out, &reply);
			same(&reply, expected, 3);
			in[1] = WILL[0];
			expected[1] = DONT[0];
			bytes_clear(&reply);
			feed(t, in, 3, &out, &reply);
			same(&reply, expected, 3);
			/* A refusal is not answered, or two such peers would talk forever. */
			bytes_clear(&reply);
			in[1] = WONT[0];
			feed(t, in, 3, &out, &reply);
			in[1] = DONT[0];
			feed(t, in, 3, &out, &reply);
			same(&reply, "", 0);
		}
	}
	same(&out, "", 0);
	bytes_release(&out);
	bytes_release(&reply);
	telnet_end(t);
}

/* What lists servers asks for MSSP by itself, on any port: it gets the option once for each change,
 * and the variables once. */
static void test_mssp(void **state)
{
	static const struct telnet_pair pairs[] = {
		{ "NAME", "chat\1\2\xFF d" }, { "PLAYERS", "52" }, { "EMPTY", "" },
	};
	static const char told[] = IAC SB MSSP "\1NAME\2chat d\1PLAYERS\00252\1EMPTY\2" IAC SE;
	struct bytes out = { 0 }, reply = { 0 };
	struct telnet *t = telnet_new();

	(void)state;
	telnet_mssp(t, &reply, pairs, 3);
	assert_false(telnet_facts(t)->mssp);
	assert_int_equal(telnet_changed(t), 0);
	same(&reply, "", 0);
	feed(t, IAC DO MSSP IAC DO MSSP IAC DO MSSP, 9, &out, &reply);
	same(&reply, IAC WILL MSSP, 3);
	assert_true(telnet_facts(t)->mssp);
	assert_int_equal(telnet_changed(t), TELNET_CHANGED_MSSP);
	bytes_clear(&reply);
	telnet_mssp(t, &reply, pairs, 3);
	telnet_mssp(t, &reply, pairs, 3);
	same(&reply, told, sizeof told - 1);
	assert_false(telnet_facts(t)->mssp);
	assert_int_equal(telnet_changed(t), TELNET_CHANGED_MSSP);
	bytes_clear(&reply);
	feed(t, IAC DONT MSSP IAC DONT MSSP IAC DO MSSP IAC WILL MSSP, 12, &out, &reply);
	same(&reply, IAC WONT MSSP IAC WILL MSSP IAC DONT MSSP, 9);
	bytes_clear(&reply);
	telnet_mssp(t, &reply, pairs, 3);
	same(&reply, "", 0);
	assert_int_equal(telnet_changed(t), 0);
	same(&out, "", 0);
	bytes_release(&out);
	bytes_release(&reply);
	telnet_end(t);
}

/* Nothing that belongs to an offer is sent before there was one. */
static void test_nothing_without_an_offer(void **state)
{
	static const char greeting[] = IAC WILL "\x18" IAC WILL "\x1F" IAC DO "\x01" IAC DO "\x19"
	                               IAC DO "\xC9";
	static const char subs[] = IAC SB "\x1F\0\x50\0\x18" IAC SE IAC SB "\x18\0XTERM" IAC SE;
	struct bytes out = { 0 }, reply = { 0 };
	struct telnet *t = telnet_new();

	(void)state;
	feed(t, greeting, sizeof greeting - 1, &out, &reply);
	bytes_clear(&reply);
	telnet_prompt_end(t, &reply);
	telnet_gmcp(t, &reply, "Comm.Channel.Text", "{}");
	telnet_give_up(t, &reply);
	telnet_mode_request(t, true, &reply);
	telnet_mode_request(t, false, &reply);
	feed(t, subs, sizeof subs - 1, &out, &reply);
	same(&reply, "", 0);
	same(&out, "", 0);
	assert_int_equal(telnet_facts(t)->mode, TELNET_PLAIN);
	assert_true(telnet_facts(t)->settled);
	assert_int_equal(telnet_facts(t)->columns, 0);
	assert_int_equal(telnet_changed(t), 0);
	bytes_release(&out);
	bytes_release(&reply);
	telnet_end(t);
}

/* An IAC at the end of a piece means nothing yet, however many empty pieces follow. */
static void test_iac_ends_a_piece(void **state)
{
	static const struct {
		const char *next, *left, *told;
	} after[] = {
		{ IAC, "a\xFF", "" },
		{ "\xF4", "a\x03", "" },
		{ "\xF6", "a", HERE },
		{ DO "\x18", "a", IAC WONT "\x18" },
		{ WILL "\x18", "a", IAC DONT "\x18" },
		{ DONT "\x18" "b", "ab", "" },
		{ SB "\x18x" IAC SE "b", "ab", "" },
	};
	struct bytes out = { 0 }, reply = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof after / sizeof after[0]; i++) {
		struct telnet *t = telnet_new();

		bytes_clear(&out);
		bytes_clear(&reply);
		feed(t, "a" IAC, 2, &out, &reply);
		feed(t, "", 0, &out, &reply);
		same(&out, "a", 1);
		same(&reply, "", 0);
		feed(t, after[i].next, strlen(after[i].next), &out, &reply);
		same(&out, after[i].left, strlen(after[i].left));
		same(&reply, after[i].told, strlen(after[i].told));
		telnet_end(t);
	}
	bytes_release(&out);
	bytes_release(&reply);
}

/* The answer to our ECHO is not answered, or it would go on forever. */
static void test_answers_to_our_echo(void **state)
{
	struct bytes out = { 0 }, reply = { 0 };
	struct telnet *t = telnet_new();

	(void)state;
	feed(t, IAC DO "\x01", 3, &out, &reply);
	same(&reply, IAC WONT "\x01", 3);
	bytes_clear(&reply);
	telnet_hide(t, true, &reply);
	telnet_hide(t, true, &reply);
	same(&reply, IAC WILL "\x01", 3);
	feed(t, IAC DO "\x01", 3, &out, &reply);
	telnet_hide(t, false, &reply);
	feed(t, IAC DONT "\x01", 3, &out, &reply);
	same(&reply, IAC WILL "\x01" IAC WONT "\x01", 6);
	bytes_clear(&reply);
	feed(t, IAC WILL "\x01" IAC DO "\x03", 6, &out, &reply);
	same(&reply, IAC DONT "\x01" IAC WONT "\x03", 6);
	same(&out, "", 0);
	bytes_release(&out);
	bytes_release(&reply);
	telnet_end(t);
}

/* ^C in a telnet client: it shows nothing more until the timing mark is back, each time. */
static void test_interrupt(void **state)
{
	(void)state;
	GIVES("typed" IAC "\xF4" IAC DO TM "next" IAC "\xF4" IAC DO TM "\r\n",
	      "typed\x03next\x03\r\n", IAC WILL TM IAC WILL TM);
}

/* What Debian's telnet offers at its start, and PuTTY. */
static void test_greetings(void **state)
{
	(void)state;
	GIVES(IAC DO "\x03" IAC WILL "\x18" IAC WILL "\x1F" IAC WILL "\x20" IAC WILL "\x21"
	      IAC WILL "\x22" IAC WILL "\x27" IAC DO "\x05" "ann\r\n", "ann\r\n",
	      IAC WONT "\x03" IAC DONT "\x18" IAC DONT "\x1F" IAC DONT "\x20" IAC DONT "\x21"
	      IAC DONT "\x22" IAC DONT "\x27" IAC WONT "\x05");
}

static void test_subnegotiation_is_dropped(void **state)
{
	(void)state;
	GIVES("a" IAC SB "\x1F\0P\0\x18" IAC SE "b", "ab", "");
	GIVES("a" IAC SB "\x18\0xterm" IAC IAC IAC SE "b", "ab", "");
	GIVES("a" IAC SB "\x46\x01" IAC SE IAC SB "\x5D" IAC SE IAC SB "\x27" IAC SE "b", "ab", "");
	/* Another command ends it as well, and is obeyed. */
	GIVES("a" IAC SB "\x18\0x" IAC "\xF4" "b", "a\x03" "b", "");
	GIVES("a" IAC SB "\x18\0x" IAC DO TM "b", "ab", IAC WILL TM);
	GIVES("a" IAC SB "\x18\0x" IAC SB "\x18\0y" IAC SE "b", "ab", "");
	GIVES("a" IAC SB IAC SE "b", "ab", "");
}

/* IAC SB COMPRESS2 IAC SE says that all that follows is compressed. */
static void test_compression_is_dropped(void **state)
{
	(void)state;
	GIVES("a" IAC SB "\x56" IAC SE "\x78\x9C\x4B\xCC\x4B\x02" IAC "\xF6" "\n", "a", "");
	GIVES("a" IAC SB "\x56" IAC "\xF6" "b\n", "a", "");
	GIVES("a" IAC SB "\x57" IAC SE "b\n", "a", "");
	GIVES("a" IAC DO "\x56" IAC WILL "\x56" "b\n", "ab\n",
	      IAC WONT "\x56" IAC DONT "\x56");
}

/* With ASan, which has an allocator of its own, the C library counts nothing. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t heap_bytes(void)
{
	struct mallinfo2 m = mallinfo2();

	return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes()
	                                               : m.uordblks + m.hblkhd;
}

/* 1 MiB of everything that a sub-negotiation may hold, in pieces of every length: nothing of it is
 * kept, which the heap shows. */
static void test_endless_subnegotiation(void **state)
{
	static const char some[] = "x" IAC IAC "\r\n\0" IAC IAC IAC IAC SE;
	struct bytes out = { 0 }, reply = { 0 };
	size_t total = ((size_t)1 << 20) / (sizeof some - 1) * (sizeof some - 1), i, len, at, n;
	char *in = malloc(total);

	(void)state;
	assert_non_null(in);
	for (i = 0; i < total; i += sizeof some - 1)
		memcpy(in + i, some, sizeof some - 1);
	for (len = 1; len <= 4096; len = len < 16 ? len + 1 : len * 4 + 1) {
		struct telnet *t = telnet_new();
		size_t before;

		feed(t, "a" IAC SB "\x18", 4, &out, &reply);
		before = heap_bytes();
		for (at = 0; at < total; at += n) {
			n = total - at < len ? total - at : len;
			feed(t, in + at, n, &out, &reply);
		}
		/* What malloc(3) keeps of feed's own pieces, to use it again, may count. */
		assert_true(heap_bytes() <= before + 65536);
		same(&out, "a", 1);
		feed(t, IAC SE "still here", 12, &out, &reply);
		same(&out, "astill here", 11);
		same(&reply, "", 0);
		bytes_clear(&out);
		telnet_end(t);
	}
	free(in);
	bytes_release(&out);
	bytes_release(&reply);
	telnet_end(NULL);
}

static void test_sign(void **state)
{
	char command[3] = "\xFF";
	int c;

	(void)state;
	assert_int_equal(telnet_sign("", 0), TELNET_NO);
	assert_int_equal(telnet_sign("hello\n", 6), TELNET_NO);
	assert_int_equal(telnet_sign("hello" IAC, 6), TELNET_MAYBE);
	assert_int_equal(telnet_sign("y\xFF is Latin-1" IAC, 14), TELNET_MAYBE);
	assert_int_equal(telnet_sign("y\xFF is" IAC DO, 7), TELNET_YES);
	for (c = 0; c < 256; c++) {
		command[1] = (char)c;
		assert_int_equal(telnet_sign(command, 2), c == 251 || c == 253 ? TELNET_YES
		                                          : c == 255 ? TELNET_MAYBE : TELNET_NO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_passes),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_options_are_refused),
		cmocka_unit_test(test_mssp),
		cmocka_unit_test(test_nothing_without_an_offer),
		cmocka_unit_test(test_iac_ends_a_piece),
		cmocka_unit_test(test_answers_to_our_echo),
		cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_greetings),
		cmocka_unit_test(test_subnegotiation_is_dropped),
		cmocka_unit_test(test_compression_is_dropped),
		cmocka_unit_test(test_endless_subnegotiation),
		cmocka_unit_test(test_sign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
