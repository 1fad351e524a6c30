/* Rows that fit a terminal. Owns nothing. */

#include "chatd/core/state/wrap.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"

enum { MARK_COLUMNS = 3 }; /* of "-- " */

/* Bytes of the blanks and the word that text begins with. A stamp, "[2026-11-24 20:14:05]", is one. */
static size_t word_bytes(const char *text)
{
	size_t begin = strspn(text, " "), n = begin + strcspn(text + begin, " ");
	bool stamp = text[begin] == '[' && n - begin == sizeof "[2026-11-24" - 1 && text[n] != '\0';

	return stamp ? n + 1 + strcspn(text + n + 1, " ") : n;
}

/* Bytes of text that a row of so many columns takes: all of it; or as far as the last two blanks,
 * which divide its fields, if they are not too near its beginning; or whole words, one at least. */
static size_t row_bytes(const char *text, size_t columns)
{
	size_t n = word_bytes(text), fields = 0;

	while (text[n] != '\0') {
		size_t next = n + word_bytes(text + n);

		if (text_fit(text, next, columns) < next)
			return fields > columns / 3 ? fields : n;
		if (strncmp(text + n, "  ", 2) == 0)
			fields = n;
		n = next;
	}
	return n;
}

void wrap_reply(struct chat *c, const struct session *s, int indent, const char *fmt, ...)
{
	int blanks = 0;
	struct bytes whole = {0};
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	bytes_vprintf(&whole, fmt, ap);
	va_end(ap);
	text = whole.len > 0 ? whole.data : "";
	do {
		size_t n = row_bytes(text, (size_t)(WRAP_COLUMNS - MARK_COLUMNS - blanks));

		emit_reply(c, s, "%*s%.*s", blanks, "", (int)n, text);
		text += n + strspn(text + n, " ");
		blanks = indent;
	} while (*text != '\0');
	bytes_release(&whole);
}
