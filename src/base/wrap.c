/* Rows that fit a terminal. Owns nothing. */

#include "chatd/base/wrap.h"

#include <stdbool.h>
#include <string.h>

#include "chatd/base/text.h"

/* Bytes of the blanks and the word that text begins with. A stamp is one word. */
static size_t word_bytes(const char *text)
{
	size_t begin = strspn(text, " "), n = begin + strcspn(text + begin, " ");
	bool stamp = text[begin] == '[' && n - begin == sizeof "[2026-11-24" - 1 && text[n] != '\0';

	return stamp ? n + 1 + strcspn(text + n + 1, " ") : n;
}

/* The word before text + n ends a sentence, or a clause. */
static bool ends_sentence(const char *text, size_t n)
{
	return n > 1 && strchr(".?!", text[n - 1]) != NULL && text[n - 2] != '.';
}

static bool ends_clause(const char *text, size_t n)
{
	return ends_sentence(text, n) || (n > 0 && strchr(";:", text[n - 1]) != NULL);
}

size_t wrap_row(const char *text, size_t len, size_t columns)
{
	size_t fit = text_fit(text, len, columns), n = word_bytes(text), fields = 0, clause = 0;

	if (fit == len)
		return len;
	for (size_t next; (next = n + word_bytes(text + n)) <= fit; n = next) {
		if (strncmp(text + n, "  ", 2) == 0)
			fields = n;
		else if (ends_clause(text, n))
			clause = n;
	}
	if (fields > columns / 3)
		return fields;
	if (clause > columns / 3 && !ends_sentence(text, n) &&
	    text_fit(text + clause, len - clause, columns - WRAP_INDENT_MAX) == len - clause)
		return clause;
	return n;
}
