/*
 * A command's usage, as a grammar: what may follow the words that were typed.
 *
 * The usage in a row of the table (command.h) is made of words: lowercase ones are typed as they are, uppercase
 * ones stand for something (NAME, ROOM), and 30m or #12 for anything that looks like it. "..." repeats a word,
 * | separates alternatives, and brackets enclose what is optional.
 */
#ifndef CHATD_CORE_COMMANDS_USAGE_H
#define CHATD_CORE_COMMANDS_USAGE_H

#include <stddef.h>
#include <stdint.h>

enum { USAGE_NEXT_MAX = 16 };

/* A word of a usage, without "..."; borrowed from it. */
struct usage_word {
	const char *p;
	size_t len;
};

/* Writes to next the words that may follow the len bytes of typed (whole words separated by blanks), at most
 * USAGE_NEXT_MAX; returns how many. Skips options (--yes), both those typed and those in the usage. The usage's
 * brackets must match. */
uint32_t usage_next(const char *usage, const char *typed, size_t len,
                    struct usage_word next[USAGE_NEXT_MAX]);

#endif
