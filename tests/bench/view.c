/*
 * How long view_render takes for a line: make .build/release/tests/bench/view, and run that. Prints
 * nanoseconds for each kind of text and of view; the least of many rounds, as others use the
 * machine.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "chatd/core/terminal/view.h"

enum { ROUNDS = 200, LINES = 500 };

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double line_ns(const struct view_style *style, const struct view_line *line)
{
	struct bytes out = {0};
	struct view_day day = {"2026-11-29"};
	double least = 1e12, begin, took;

	for (int round = 0; round < ROUNDS; round++) {
		begin = now_ns();
		for (int i = 0; i < LINES; i++) {
			bytes_clear(&out);
			view_render(style, &day, line, &out);
		}
		took = (now_ns() - begin) / LINES;
		least = took < least ? took : least;
	}
	bytes_release(&out);
	return least;
}

int main(void)
{
#define HEAD "[2026-11-29 20:14:05][bob]:"
	/* Each has 80 columns as a whole. */
	static const char *const texts[][2] = {
		{"ASCII", HEAD "the quick brown fox jumps over the lazy dog, and runs"},
		{"Latin", HEAD "thé qüick brøwn föx jümps över thé låzy dög, ând rüns"},
		{"Cyrillic", HEAD "съешь же ещё этих мягких французских булок да чаю ёёё"},
		{"Han", HEAD "我们今天下午三点在公园见面然后一起去看电影好吗明天啊"},
		{"Hindi", HEAD "हिन्दी में लिखा हुआ एक वाक्य जो बहुत लम्बा है और पढ़ना है तो है"},
		{"marks", HEAD "n\xCC\x83o\xCC\x81n\xCC\x83o\xCC\x81n\xCC\x83o\xCC\x81 n\xCC\x83o\xCC\x81n\xCC\x83o\xCC\x81"
		        "n\xCC\x83o\xCC\x81n\xCC\x83o\xCC\x81n\xCC\x83o\xCC\x81 n\xCC\x83o\xCC\x81n\xCC\x83o\xCC\x81"
		        "n\xCC\x83o\xCC\x81n\xCC\x83o\xCC\x81n\xCC\x83o\xCC\x81 n\xCC\x83o\xCC\x81n\xCC\x83o\xCC\x81"
		        "n\xCC\x83o\xCC\x81n\xCC\x83o\xCC\x81n\xCC\x83o\xCC\x81 n\xCC\x83o\xCC\x81n\xCC\x83o\xCC\x81"},
		{"emoji", HEAD "🎉🎉🔥🔥😂😂👍👍 🎉🎉🔥🔥😂😂👍👍 🎉🎉🔥🔥😂😂👍👍"},
		{"families", HEAD "👩\xE2\x80\x8D👩\xE2\x80\x8D👧👩\xE2\x80\x8D👩\xE2\x80\x8D👧👩\xE2\x80\x8D👩\xE2\x80\x8D👧"
		           " 👍🏽👍🏽👍🏽👍🏽 🇩🇪🇩🇪🇩🇪🇩🇪 👩\xE2\x80\x8D👩\xE2\x80\x8D👧👩\xE2\x80\x8D👩\xE2\x80\x8D👧"},
	};
	static const struct {
		const char *name;
		struct view_style style;
	} views[] = {
		{"plain", {.crlf = true}},
		{"full, 80 wide", {.columns = 80, .crlf = true}},
		{"full, 80, colour", {.columns = 80, .colour = VIEW_COLOUR_256, .crlf = true}},
		{"short, 80", {.columns = 80, .time = VIEW_TIME_SHORT, .crlf = true}},
		{"short, 80, colour", {.columns = 80, .time = VIEW_TIME_SHORT, .colour = VIEW_COLOUR_256, .crlf = true}},
		{"the same, zoned", {.columns = 80, .time = VIEW_TIME_SHORT, .colour = VIEW_COLOUR_256, .crlf = true,
		                     .zoned = true}},
		{"full, 40 wide", {.columns = 40, .colour = VIEW_COLOUR_256, .crlf = true}},
		{"Latin-1, 80", {.columns = 80, .colour = VIEW_COLOUR_16, .latin1 = true, .crlf = true}},
	};

	printf("%-18s", "ns per line");
	for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++)
		printf("%10s", texts[t][0]);
	for (size_t v = 0; v < sizeof views / sizeof views[0]; v++) {
		printf("\n%-18s", views[v].name);
		for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
			struct view_line line = {
				.text = texts[t][1], .len = strlen(texts[t][1]),
				.info = {.time_s = 1796069645, .kind = LINE_SAID, .name_bytes = 3},
			};

			printf("%10.0f", line_ns(&views[v].style, &line));
		}
	}
	printf("\n");
	return 0;
}
