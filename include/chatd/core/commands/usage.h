/*
 * A command's usage, as a grammar: what may follow the words that were typed.
 *
 * The usage of a row of the table (command.h) is made of words: small letters are typed as they are,
 * capitals stand for something (NAME, ROOM), and 30m or #12 for what looks like that. "..." repeats a
 * word, | divides what can be chosen from, and brackets are around what can be left out.
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

/* Writes to next what may follow the len bytes of typed, which are whole words divided by blanks; returns how
 * many there are. Options (--yes) are passed over, in what was typed and in the usage. */
uint32_t usage_next(const char *usage, const char *typed, size_t len,
                    struct usage_word next[USAGE_NEXT_MAX]);

#endif
