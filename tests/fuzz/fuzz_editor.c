/*
 * The line editor of terminals, with bytes that no terminal would send.
 *
 * The input goes whole, and cut into pieces, through an editor; both ways have to come to the same. A third
 * time it goes with pauses, and with all that may be called in between. Lines and what is shown are always
 * valid UTF-8 without control characters, and within their bounds. The first two bytes choose how.
 *
 *	clang -fsanitize=fuzzer,...    a libFuzzer target
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/codepoint.h"
#include "chatd/core/terminal/editor.h"
#include "prng.h"

enum { INPUT_MAX = 1 << 16 };

/* Unlike assert, it also checks in a build with NDEBUG. */
#define CHECK(x) ((x) ? (void)0 : check_failed(#x, __LINE__))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Noreturn void check_failed(const char *what, int line)
{
	fprintf(stderr, "fuzz_editor.c:%d: %s\n", line, what);
	abort();
}

/* One editor and all that came of its bytes. */
struct way {
	struct editor *e;
	uint32_t bytes_max;
	bool hidden;
	int64_t now_ms;
	struct bytes log;     /* results, and the line after each */
	bool full;            /* the last was EDITOR_FULL */
};

static void check_text(const char *s, size_t len, bool lines)
{
	const unsigned char *at = (const unsigned char *)s, *end = at + len;
	int32_t cp;

	CHECK(s[len] == '\0');
	for (size_t n; at < end; at += n) {
		cp = cp_decode(at, end, &n);
		CHECK(cp != CP_ILL && ((cp >= 0x20 && !cp_within(cp, 0x7F, 0x9F)) || (lines && cp == '\n')));
	}
}

/* A paste of several lines is held, or what is left of it. */
static bool is_held(const struct way *w)
{
	size_t len, cursor;

	return !w->hidden && strcmp(editor_text(w->e, &len, &cursor), editor_shown(w->e, &len, &cursor)) != 0;
}

static void check_state(const struct way *w)
{
	size_t len, cursor;
	const char *text = editor_text(w->e, &len, &cursor);

	check_text(text, len, true);
	CHECK(len <= PASTE_BYTES_MAX && cursor <= len);
	CHECK(cursor == len || (text[cursor] & 0xC0) != 0x80);
	CHECK(len <= LINE_BYTES_LIMIT || is_held(w));
	CHECK(len == 0 || editor_begun(w->e));
	text = editor_shown(w->e, &len, &cursor);
	check_text(text, len, false);
	CHECK(len <= LINE_BYTES_LIMIT && cursor <= len && (!w->hidden || len == 0));
}

static void log_state(struct way *w)
{
	size_t len, cursor;
	const char *text = editor_text(w->e, &len, &cursor);

	bytes_printf(&w->log, "%zu '%s' %d\n", cursor, text, editor_begun(w->e));
}

static void take_result(struct way *w, enum editor_result r, const char *text, size_t len)
{
	/* A run that does not fit is one result, or more if it is cut. */
	if (r == EDITOR_FULL && w->full)
		return;
	w->full = r == EDITOR_FULL;
	bytes_printf(&w->log, "%d ", (int)r);
	if (r == EDITOR_LINE) {
		check_text(text, len, false);
		CHECK(strlen(text) == len && len <= PASTE_BYTES_MAX);
		bytes_printf(&w->log, "[%s] ", text);
		editor_taken(w->e);
	}
	if (!w->full)
		log_state(w);
	check_state(w);
}

/* What a caller may do at any time. */
static void disturb(struct way *w, struct prng *prng, const char *text, size_t len)
{
	size_t n, cursor;

	switch (prng_below(prng, 24)) {
	case 0:
		editor_clear(w->e);
		break;
	case 1:
		w->hidden = !w->hidden;
		editor_hide(w->e, w->hidden);
		break;
	case 2:
		editor_latin1(w->e, prng_chance(prng, 500));
		break;
	case 3:
		w->bytes_max = prng_below(prng, 2 * LINE_BYTES_LIMIT);
		break;
	case 4:
		w->now_ms += prng_below(prng, 2000);
		break;
	case 5:
		editor_text(w->e, &n, &cursor);
		CHECK(is_held(w) != editor_replace(w->e, cursor, n, "", 0, w->bytes_max));
		editor_replace(w->e, 0, 0, "ü", 2, w->bytes_max);
		break;
	default:
		if (text != NULL)
			editor_remember(w->e, text, len);
		break;
	}
}

/* One piece, in memory of just its size. */
static void feed(struct way *w, const uint8_t *data, size_t len, struct prng *prng)
{
	char *piece = malloc(len + !len);
	const char *in = piece, *end = piece + len, *text, *before;
	enum editor_result r;
	size_t n;

	CHECK(piece);
	memcpy(piece, data, len);
	do {
		before = in;
		r = editor_take(w->e, &in, end, w->bytes_max, w->now_ms, &text, &n);
		CHECK(in >= before && in <= end && (r != EDITOR_LINE) == (text == NULL));
		if (prng != NULL)
			disturb(w, prng, text, n);
		else if (r == EDITOR_LINE && n % 3 == 0)
			editor_remember(w->e, text, n);
		if (r != EDITOR_MORE)
			take_result(w, r, text, n);
	} while (r != EDITOR_MORE);
	CHECK(in == end);
	check_state(w);
	free(piece);
}

static void way_begin(struct way *w, uint8_t mode)
{
	*w = (struct way){.e = editor_new(), .now_ms = 1};
	w->bytes_max = mode & 2 ? LINE_BYTES_LEAST : 1 + (uint32_t)(mode >> 3) * 100;
	w->hidden = (mode & 5) == 5;
	editor_hide(w->e, w->hidden);
	editor_latin1(w->e, (mode & 5) == 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct way ways[3];
	struct prng prng;
	uint8_t mode, cuts;

	if (size < 2 || size > INPUT_MAX)
		return 0;
	mode = data[0];
	cuts = data[1];
	data += 2;
	size -= 2;
	for (int i = 0; i < 3; i++) {
		prng.state = cuts;
		way_begin(&ways[i], mode);
		for (size_t at = 0, n; at < size; at += n) {
			n = i == 0 ? size : 1 + prng_below(&prng, cuts & 1 ? 4 : 2 + (uint32_t)cuts);
			n = n < size - at ? n : size - at;
			feed(&ways[i], data + at, n, i == 2 ? &prng : NULL);
		}
		log_state(&ways[i]);
	}
	CHECK(ways[0].log.len == ways[1].log.len);
	CHECK(memcmp(ways[0].log.data, ways[1].log.data, ways[0].log.len) == 0);
	for (int i = 0; i < 3; i++) {
		editor_free(ways[i].e);
		bytes_release(&ways[i].log);
	}
	return 0;
}
