/*
 * What a stranger's bytes meet first, with bytes that nobody would type.
 *
 * The input goes whole, and cut into pieces, through telnet_sign or
 * telnet_decode, line_next, text_sanitize, name_check and name_mend; both
 * ways have to come to the same, and what comes out has to be fit to be shown. Telnet's options are
 * offered or not. The first two bytes choose the mode and the cuts. Then it is a whole conversation
 * (fuzz_talk.h).
 *
 *	clang -fsanitize=fuzzer,...    a libFuzzer target
 *	fuzz_input [SECONDS [SEED]]    by itself: random input, built of tricky parts
 *	fuzz_input FILE...             and input that a fuzzer found
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <utf8proc.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/core/input/line.h"
#include "chatd/core/input/telnet.h"
#include "chatd/core/people/name.h"
#include "fuzz_talk.h"

enum { INPUT_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One connection and all that came of its bytes. */
struct way {
	struct telnet *telnet;  /* NULL: the bytes are taken as they are */
	struct line line;
	uint32_t line_bytes_max;
	bool held;              /* true exactly while an IAC waits for telnet_sign */
	bool telnet_seen;       /* true once telnet_sign said so */
	struct bytes log;       /* lines, as they are shown, and events */
	struct bytes reply;
};

static uint64_t rnd_state;

static uint32_t rnd(uint32_t below)
{
	rnd_state = rnd_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(rnd_state >> 33) % below;
}

/* No row of blanks, and marks upon them, so long that what is behind it would begin a line of a
 * terminal. */
static void check_blanks(const char *s, size_t len)
{
	size_t columns = 0, i;
	utf8proc_propval_t c;
	utf8proc_ssize_t n;
	int32_t cp;

	for (i = 0; i < len; i += (size_t)n) {
		n = utf8proc_iterate((const utf8proc_uint8_t *)s + i, (utf8proc_ssize_t)(len - i), &cp);
		c = utf8proc_get_property(cp)->category;
		if (c == UTF8PROC_CATEGORY_ZS || cp == 0x2800 || cp == 0x13441) {
			columns += cp == 0x3000 ? 2 : 1;
		} else if (c != UTF8PROC_CATEGORY_MN && c != UTF8PROC_CATEGORY_ME) {
			CHECK(columns <= 32);
			columns = 0;
		}
	}
}

/* Valid UTF-8; nothing that steers a terminal; what hides only where it has to be. */
static void check_shown(const char *s, size_t len)
{
	const utf8proc_property_t *p;
	utf8proc_ssize_t n;
	int32_t cp, before = 0;
	size_t i;

	for (i = 0; i < len; i += (size_t)n, before = cp) {
		n = utf8proc_iterate((const utf8proc_uint8_t *)s + i, (utf8proc_ssize_t)(len - i),
		                     &cp);
		CHECK(n > 0);
		p = utf8proc_get_property(cp);
		if (cp == 0x200C || cp == 0x200D || (cp >= 0xE0020 && cp <= 0xE007F)) {
			CHECK(before >= 0x80);
			CHECK(cp == 0x200C || cp == 0x200D || before == 0x1F3F4 ||
			      (before >= 0xE0030 && before <= 0xE007A));
			CHECK(before != 0x200C && before != 0x200D);
			continue;
		}
		CHECK(p->category != UTF8PROC_CATEGORY_CC && p->category != UTF8PROC_CATEGORY_CF);
		CHECK(p->category != UTF8PROC_CATEGORY_ZL && p->category != UTF8PROC_CATEGORY_ZP);
		if ((cp >= 0xFE00 && cp <= 0xFE0F) || (cp >= 0xE0100 && cp <= 0xE01EF))
			CHECK(before != 0 && !utf8proc_get_property(before)->ignorable);
		else
			CHECK(!p->ignorable);
	}
}

static void check_names(const char *s, size_t len)
{
	char key[NAME_KEY_BYTES_MAX + 1], found[NAME_KEY_BYTES_MAX + 1], out[NAME_BYTES_MAX + 1];
	char why[128];
	enum name_kind kind = rnd(2) ? NAME_NICK : NAME_ROOM;
	size_t chars_max = 1 + rnd(ROOM_CHARS_MAX);

	if (name_check(kind, s, len, key, why, sizeof why)) {
		CHECK(key[0] != '\0' && !memchr(s, ' ', len));
		CHECK(name_key(s, len, found) && strcmp(found, key) == 0);
		check_shown(key, strlen(key));
		check_shown(s, len);
	} else {
		check_shown(why, strlen(why));
	}
	name_mend(kind, s, len, chars_max, out);
	CHECK(name_check(kind, out, strlen(out), key, why, sizeof why));
	CHECK(text_chars(out, strlen(out)) <= chars_max);
}

static void take_line(struct way *w, const char *text, size_t len)
{
	char *out = malloc(len * TEXT_EXPANSION + 1);
	char *again;
	size_t n;

	CHECK(out && len <= w->line_bytes_max);
	n = text_sanitize(out, text, len);
	CHECK(n <= len * TEXT_EXPANSION && out[n] == '\0');
	check_shown(out, n);
	check_blanks(out, n);
	/* What is fit to be shown is left as it is. */
	again = malloc(n * TEXT_EXPANSION + 1);
	CHECK(again && text_sanitize(again, out, n) == n && memcmp(again, out, n) == 0);
	check_names(text, len);
	bytes_printf(&w->log, "[%s]\n", out);
	free(again);
	free(out);
}

static void take_result(struct way *w, enum line_result r, const char *text, uint64_t len)
{
	if (r == LINE_READY)
		take_line(w, text, len);
	else if (r != LINE_MORE)
		bytes_printf(&w->log, "%d %" PRIu64 "\n", (int)r, len);
}

static void feed_lines(struct way *w, const char *in, size_t len)
{
	const char *end = in + len, *text;
	enum line_result r;
	uint64_t n;

	do {
		r = line_next(&w->line, &in, end, w->line_bytes_max, w->telnet != NULL, &text, &n);
		take_result(w, r, text, n);
	} while (r != LINE_MORE);
	CHECK(in == end);
	CHECK(!w->line.partial || w->line.len <= w->line_bytes_max);
}

/* What is known of a telnet client, and may be shown. */
static void check_facts(const struct telnet_facts *f)
{
	size_t i, len = strlen(f->terminal);

	CHECK(f->mode <= TELNET_CHARACTER && !(f->mode == TELNET_CHARACTER && f->ga));
	CHECK(f->columns == 0 || f->columns >= TELNET_COLUMNS_LEAST);
	CHECK(f->columns <= TELNET_COLUMNS_MAX);
	CHECK(f->rows <= TELNET_ROWS_MAX);
	CHECK(len <= TELNET_NAME_BYTES_MAX);
	for (i = 0; i < len; i++)
		CHECK(f->terminal[i] >= ' ' && f->terminal[i] <= '~');
	CHECK(!(f->utf8 && f->latin1) && (f->gmcp || !f->channels));
}

/* One piece, in memory of just its size. */
static void feed(struct way *w, const uint8_t *data, size_t len)
{
	char *in = malloc(len + 1), *out = malloc(len ? len : 1);
	enum telnet_sign sign;
	size_t n = 0, replied = w->reply.len;

	CHECK(in && out);
	if (w->telnet) {
		memcpy(in, data, len);
		n = telnet_decode(w->telnet, in, len, out, &w->reply);
		CHECK(n <= len && w->reply.len - replied <= 10 * len + 100);
		check_facts(telnet_facts(w->telnet));
		feed_lines(w, out, n);
	} else {
		in[0] = (char)0xFF;
		memcpy(in + w->held, data, len);
		sign = telnet_sign(in, len + w->held);
		w->telnet_seen |= sign == TELNET_YES;
		w->held = sign == TELNET_MAYBE;
		memcpy(in, data, len);
		feed_lines(w, in, len);
	}
	free(in);
	free(out);
}

static void way_begin(struct way *w, uint8_t mode)
{
	*w = (struct way){ 0 };
	w->line_bytes_max = mode & 2 ? LINE_BYTES_LEAST : 1 + (uint32_t)(mode >> 2);
	if (mode & 1)
		w->telnet = telnet_new();
	if ((mode & 0x81) == 0x81)
		telnet_offer(w->telnet, &w->reply);
}

static void way_end(struct way *w)
{
	enum line_result r;
	const char *text;
	uint64_t len;

	r = line_last(&w->line, w->line_bytes_max, &text, &len);
	take_result(w, r, text, len);
	if (w->telnet) {
		/* What a caller may do, and what is framed for the client then. */
		bytes_printf(&w->log, "%x\n", telnet_changed(w->telnet));
		telnet_hide(w->telnet, true, &w->reply);
		telnet_mode_request(w->telnet, false, &w->reply);
		telnet_give_up(w->telnet, &w->reply);
		telnet_gmcp(w->telnet, &w->reply, "Core.Ping", "\xFF");
		telnet_mssp(w->telnet, &w->reply, &(struct telnet_pair){ "NAME", "\xFF" }, 1);
		telnet_prompt_end(w->telnet, &w->reply);
		check_facts(telnet_facts(w->telnet));
		CHECK(telnet_facts(w->telnet)->settled);
	}
	line_release(&w->line);
	telnet_end(w->telnet);
}

static void check_same(const struct bytes *a, const struct bytes *b)
{
	CHECK(a->len == b->len);
	CHECK(a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct way whole, cut;
	uint8_t mode, cuts;
	size_t i, n;

	if (size < 2 || size > INPUT_MAX)
		return 0;
	mode = data[0];
	cuts = data[1];
	data += 2;
	size -= 2;
	rnd_state = cuts;
	way_begin(&whole, mode);
	feed(&whole, data, size);
	way_end(&whole);
	way_begin(&cut, mode);
	for (i = 0; i < size; i += n) {
		n = cuts & 1 ? rnd(4) : rnd(2 + cuts);
		n = n < size - i ? n : size - i;
		feed(&cut, data + i, n);
	}
	way_end(&cut);
	check_same(&whole.log, &cut.log);
	check_same(&whole.reply, &cut.reply);
	CHECK(whole.telnet_seen == cut.telnet_seen);
	CHECK(whole.held == cut.held || whole.telnet_seen);
	talk_run(data, size, mode, cuts);
	bytes_release(&whole.log);
	bytes_release(&whole.reply);
	bytes_release(&cut.log);
	bytes_release(&cut.reply);
	return 0;
}

#ifndef FUZZ_CORPUS
/* Random input of what is worth trying: line ends, commands, and characters that combine. */
static size_t compose(uint8_t *at, size_t max)
{
	static const struct { const char *s; size_t len; } parts[] = {
#define PART(s) { s, sizeof(s) - 1 }
		PART("\n"), PART("\r\n"), PART("\r\0"), PART("\r"), PART("\0"), PART("\b"),
		PART("\x7F"), PART("\x15"), PART("\x03"), PART("\x04"), PART("\t"), PART("\x1B[2J"),
		PART("hello, this is a longer run of ASCII text"), PART("op"), PART("system"),
		PART("          "), PART("                                 "), PART("\u3000"),
		PART("\u2800"), PART(" \u2D7F"), PART("\U00013441"), PART("5y5"), PART("tern"),
		PART("\u0441"), PART("\u1000"), PART("\u103B"), PART("\u102D"), PART("\u09EA"), PART("8"),
		PART("\xFF"), PART("\xFF\xFF"), PART("\xFF\xF4"), PART("\xFF\xF6"),
		PART("\xFF\xFD\x06"), PART("\xFF\xFB\x1F"), PART("\xFF\xFC\x01"),
		PART("\xFF\xFE\x03"), PART("\xFF\xFA\x1F"),
		PART("\xFF\xF0"), PART("\xFF\xFA\x18xterm\xFF\xF0"), PART("\xFF\xFA\x56\xFF\xF0"),
		PART("\xFF\xFB\x18"), PART("\xFF\xFC\x18"), PART("\xFF\xFD\x01"), PART("\xFF\xFE\x01"),
		PART("\xFF\xFD\x03"), PART("\xFF\xFD\x2A"), PART("\xFF\xFB\x2A"), PART("\xFF\xFD\xC9"),
		PART("\xFF\xFD\x46"), PART("\xFF\xFD\x19"), PART("\xFF\xFA\x18\0MTTS 79\xFF\xF0"),
		PART("\xFF\xFA\x18\0xterm\xFF\xF0"), PART("\xFF\xFA\x1F\0\x50\0\x18\xFF\xF0"),
		PART("\xFF\xFA\x2A\1;UTF-8;KOI8-R\xFF\xF0"), PART("\xFF\xFA\x2A\2ISO-8859-1\xFF\xF0"),
		PART("\xFF\xFA\xC9" "Core.Supports.Add [\"Comm.Channel 1\"]\xFF\xF0"),
		PART("👨"), PART("❤"), PART("\xEF\xB8\x8F"), PART("🏽"), PART("\xE2\x80\x8D"),
		PART("\xE2\x80\x8C"), PART("م"), PART("क"), PART("्"), PART("🏴"),
		PART("\xF3\xA0\x81\xA1"), PART("\xF3\xA0\x81\xBF"), PART("葛"),
		PART("\xF3\xA0\x84\x80"),
		PART("\xCC\x81"), PART("\xE2\x80\xAE"), PART("\xC2\x9B"), PART("ä"), PART("ﷺ"),
		PART("\xED\xA0\x80"), PART("\xF4\x90\x80\x80"), PART("\xE2\x82"), PART("\xC0\xAF"),
#undef PART
	};
	size_t len = 0, i;

	at[len++] = (uint8_t)rnd(256);
	at[len++] = (uint8_t)rnd(256);
	while (len + 64 < max && rnd(200) != 0) {
		if (rnd(5) == 0) {
			at[len++] = (uint8_t)rnd(256);
			continue;
		}
		i = rnd(sizeof parts / sizeof *parts);
		memcpy(at + len, parts[i].s, parts[i].len);
		len += parts[i].len;
	}
	return len;
}

static int run_file(const char *path)
{
	static uint8_t in[INPUT_MAX];
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		return 1;
	}
	LLVMFuzzerTestOneInput(in, fread(in, 1, sizeof in, f));
	fclose(f);
	return 0;
}

int main(int argc, char **argv);

/* libFuzzer's own takes its place. */
__attribute__((weak)) int main(int argc, char **argv)
{
	static uint8_t in[4096];
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	time_t until;
	size_t rounds;
	int i, failed = 0;

	if (argc > 1 && !isdigit((unsigned char)argv[1][0])) {
		for (i = 1; i < argc; i++)
			failed |= run_file(argv[i]);
		return failed;
	}
	until = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
	for (rounds = 0; rounds % 256 || time(NULL) < until; rounds++) {
		rnd_state = seed + rounds;
		LLVMFuzzerTestOneInput(in, compose(in, sizeof in));
	}
	printf("%zu rounds from seed %" PRIu64 "\n", rounds, seed);
	return 0;
}
#endif
