/* Objects of JSON. Owns nothing. */

#include "chatd/base/json.h"

#include <inttypes.h>
#include <string.h>

#include "chatd/base/codepoint.h"
#include "chatd/base/guard.h"

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* Code points beyond the first 65,536 are two (RFC 8259, 7). */
static void put_escape(struct bytes *b, uint32_t cp)
{
	if (cp >= 0x10000)
		bytes_printf(b, "\\u%04x\\u%04x", 0xd800 + ((cp - 0x10000) >> 10), 0xdc00 + (cp & 0x3ff));
	else
		bytes_printf(b, "\\u%04x", cp);
}

/* One character that needs a look; n bytes at p. What controls a terminal, changes the direction of other
 * text or cannot be seen is escaped; and what ends a line for some readers (ECMAScript's). */
static bool put_character(struct bytes *b, const char *p, size_t n, int32_t cp)
{
	if (cp == CP_ILL)
		bytes_puts(b, "\xef\xbf\xbd");
	else if (cp == '"' || cp == '\\')
		bytes_printf(b, "\\%c", (char)cp);
	else if (guard_hides((uint32_t)cp))
		put_escape(b, (uint32_t)cp);
	else
		bytes_append(b, p, n);
	return cp != CP_ILL;
}

static bool put_string(struct bytes *b, const char *text)
{
	const char *p = text, *end = text + strlen(text);
	bool ok = true;

	bytes_puts(b, "\"");
	while (p < end) {
		const char *from = p;
		size_t n = 0;
		int32_t cp;

		while (p < end && is_plain((unsigned char)*p))
			p++;
		bytes_append(b, from, (size_t)(p - from));
		if (p == end)
			break;
		cp = cp_decode((const unsigned char *)p, (const unsigned char *)end, &n);
		ok = put_character(b, p, n, cp) && ok;
		p += n;
	}
	bytes_puts(b, "\"");
	return ok;
}

static void put_name(struct bytes *b, const char *name)
{
	if (b->len > 0 && b->data[b->len - 1] != '{')
		bytes_puts(b, ",");
	bytes_printf(b, "\"%s\":", name);
}

void json_begin(struct bytes *b, const char *name)
{
	if (name != NULL)
		put_name(b, name);
	bytes_puts(b, "{");
}

void json_end(struct bytes *b)
{
	bytes_puts(b, "}");
}

bool json_text(struct bytes *b, const char *name, const char *value)
{
	put_name(b, name);
	return put_string(b, value);
}

void json_number(struct bytes *b, const char *name, int64_t n)
{
	put_name(b, name);
	bytes_printf(b, "%" PRId64, n);
}

void json_bool(struct bytes *b, const char *name, bool value)
{
	put_name(b, name);
	bytes_puts(b, value ? "true" : "false");
}
