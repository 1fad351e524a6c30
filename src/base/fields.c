/* "name=value" pairs. Owns nothing. */

#include "chatd/base/fields.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/base/text.h"

static bool is_plain(unsigned char c)
{
	return c > ' ' && c != '%' && c != 0x7f;
}

void fields_put(struct bytes *b, const char *name, const char *value)
{
	if (*value == '\0')
		return;
	bytes_printf(b, "%s%s=", b->len > 0 ? " " : "", name);
	for (const char *p = value; *p != '\0'; p++) {
		if (is_plain((unsigned char)*p))
			bytes_append(b, p, 1);
		else
			bytes_printf(b, "%%%02X", (unsigned char)*p);
	}
}

void fields_put_number(struct bytes *b, const char *name, int64_t n)
{
	if (n != 0)
		bytes_printf(b, "%s%s=%" PRId64, b->len > 0 ? " " : "", name, n);
}

/* The value's text, len bytes; NULL if the name is missing. */
static const char *find(const char *fields, const char *name, size_t *len)
{
	size_t n = strlen(name);

	for (const char *p = fields; *p != '\0'; p += strspn(p, " ")) {
		size_t pair = strcspn(p, " ");

		if (pair > n && memcmp(p, name, n) == 0 && p[n] == '=') {
			*len = pair - n - 1;
			return p + n + 1;
		}
		p += pair;
	}
	return NULL;
}

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : -1;
}

char *fields_get(const char *fields, const char *name)
{
	size_t len = 0;
	const char *p = find(fields, name, &len), *end = p != NULL ? p + len : p;
	char *value = mem_alloc(len + 1), *out = value;

	while (p < end) {
		if (*p == '%' && end - p > 2 && hex(p[1]) >= 0 && hex(p[2]) >= 0) {
			*out++ = (char)((unsigned)hex(p[1]) << 4 | (unsigned)hex(p[2]));
			p += 3;
		} else {
			*out++ = *p++;
		}
	}
	*out = '\0';
	return value;
}

char *fields_get_text(const char *fields, const char *name, size_t bytes_max)
{
	char *value = fields_get(fields, name), *shown = text_shown(value, bytes_max);

	free(value);
	return shown;
}

int64_t fields_get_number(const char *fields, const char *name)
{
	size_t len;
	const char *p = find(fields, name, &len);

	return p == NULL ? 0 : strtoll(p, NULL, 10);
}

uint32_t fields_get_count(const char *fields, const char *name, uint32_t most)
{
	int64_t n = fields_get_number(fields, name);

	return n < 0 || n > most ? 0 : (uint32_t)n;
}

int64_t fields_get_time(const char *fields, const char *name)
{
	int64_t ms = fields_get_number(fields, name);

	return ms < 0 || ms > TIME_MS_MAX ? 0 : ms;
}
