/*
 * What must not reach a terminal: control characters as single bytes, in UTF-8, in ill-formed
 * UTF-8; sequences of terminals; what hides, turns the direction, stacks; and what becomes one of
 * these where it is cut.
 */
#ifndef CHATD_TESTS_HOSTILE_H
#define CHATD_TESTS_HOSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { HOSTILE_CUTS = 7, HOSTILE_CUT_BYTES = 3000 };

struct hostile {
	const char *name;
	const char *s;
	size_t len;
	bool nul;       /* it has a NUL in it, so it cannot stand in a database's text */
};

#define HOSTILE(n, text) { n, text, sizeof(text) - 1, false }

static const struct hostile hostiles[] = {
	{ "C0", "a\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19"
	  "\x1a\x1b\x1c\x1d\x1e\x1f" "b", 31, false },
	{ "NUL", "a\0b", 3, true },
	HOSTILE("CR", "a\rb"), HOSTILE("DEL", "a\x7f" "b"), HOSTILE("backspaces", "a\b\b\b\bzzzz"),
	HOSTILE("tab", "a\tb"),
	HOSTILE("C1 in UTF-8", "a\xc2\x80\xc2\x84\xc2\x85\xc2\x88\xc2\x8d\xc2\x8e\xc2\x90\xc2\x98\xc2\x9a"
	        "\xc2\x9b" "31m\xc2\x9c\xc2\x9d" "0;t\xc2\x9e\xc2\x9f"),
	HOSTILE("C1 as bytes", "a\x80\x84\x85\x88\x8d\x8e\x8f\x90\x98\x9a\x9b" "31m\x9c\x9d" "0;t\x9e\x9f"),
	HOSTILE("CSI", "\x1b[2J\x1b[31m"), HOSTILE("ESC c", "\x1b" "c"),
	HOSTILE("OSC", "\x1b]0;title\x07\x1b]52;c;aGk=\x1b\\"), HOSTILE("OSC 8", "\x1b]8;;http://x\x1b\\"),
	HOSTILE("DCS", "\x1bP$q\"p\x1b\\"), HOSTILE("APC, PM, SOS", "\x1b_x\x1b\\\x1b^x\x1b\\\x1bXx\x1b\\"),
	HOSTILE("shifts", "\x0e\x0f\x1bn\x1bo\x1b(0"),
	HOSTILE("bidi", "a\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x80\xae" "b"),
	HOSTILE("isolates", "a\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9" "b"),
	HOSTILE("bidi marks", "a\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c" "b"),
	HOSTILE("zero width", "a\xe2\x80\x8b\xe2\x80\x8c\xe2\x80\x8d\xe2\x81\xa0\xef\xbb\xbf\xe1\xa0\x8e" "b"),
	HOSTILE("soft hyphen", "a\xc2\xad" "b"), HOSTILE("grapheme joiner", "a\xcd\x8f" "b"),
	HOSTILE("fillers", "a\xe3\x85\xa4\xef\xbe\xa0\xe1\x85\x9f\xe1\x85\xa0" "b"),
	HOSTILE("annotation", "a\xef\xbf\xb9\xef\xbf\xba\xef\xbf\xbb" "b"),
	HOSTILE("tags", "a\xf3\xa0\x80\x81\xf3\xa0\x81\xa1\xf3\xa0\x81\xa2\xf3\xa0\x81\xbf" "b"),
	HOSTILE("a flag's tags without end", "\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa1\xf3\xa0\x81\xa2"),
	HOSTILE("selectors", "\xef\xb8\x8f\xef\xb8\x8f" "a\xf3\xa0\x84\x80"),
	HOSTILE("separators", "a\xe2\x80\xa8\xe2\x80\xa9" "b"),
	HOSTILE("marks", "a\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86\xcc\x87\xcc\x88\xcc\x89\xcc\x8a"
	        "\xcc\x8b\xcc\x8c\xcd\xa0\xe2\x83\x9d" "b"),
	HOSTILE("noncharacters", "a\xef\xbf\xbe\xef\xbf\xbf\xef\xb7\x90\xf0\x9f\xbf\xbe\xf4\x8f\xbf\xbf" "b"),
	HOSTILE("surrogates", "a\xed\xa0\x80\xed\xb0\x80" "b"),
	HOSTILE("overlong", "a\xc0\x9b\xe0\x80\x9b\xf0\x80\x80\x9b\xe0\x82\x9b\xc1\xbf" "b"),
	HOSTILE("beyond", "a\xf4\x90\x80\x80\xf8\x88\x80\x80\x80\xfe\xfe" "b"),
	HOSTILE("truncated", "a\xe2\x80"), HOSTILE("begun and left", "a\xf0\x9f\x98" "b\xc3"),
	HOSTILE("telnet", "a\xff\xfb\x01\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0\xff\xff" "b"),
	HOSTILE("shorthand", "a\xf0\x9b\xb2\xa0\xf0\x9d\x85\xb3" "b"),
};

enum { HOSTILES = sizeof hostiles / sizeof hostiles[0] };

/*
 * Harmless as a whole, hostile where it is cut: joined emoji, or flags of regions. They begin `at`
 * bytes later, so that a cut at any place falls on each byte of one.
 */
static inline size_t hostile_cut(char out[HOSTILE_CUT_BYTES + 1], bool flags, size_t at)
{
	static const char joined[] = "\xf0\x9f\x91\xa8\xe2\x80\x8d";
	static const char flag[] = "\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7\xf3\xa0\x81\xa2\xf3\xa0\x81\xbf";
	const char *part = flags ? flag : joined;
	size_t n = strlen(part), len = at;

	memset(out, 'x', at);
	for (; len + n + 4 <= HOSTILE_CUT_BYTES; len += n)
		memcpy(out + len, part, n);
	memcpy(out + len, joined, 4); /* nothing is left to join */
	return len + 4;
}

#endif
