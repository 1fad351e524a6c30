/*
 * What a client of a conversation sends and reads, and the report when it is something else.
 *
 * The patterns: [..] is a time stamp, #N an id, {x} a number that is kept, ... any
 * text or none; the rest is literal.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "talk.h"

/* -- reports ------------------------------------------------------------------ */

/* Adds text that may hold anything, in a form fit for a terminal and TAP. */
static void report_text(struct bytes *b, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == '\n')
			bytes_puts(b, "\\n");
		else if (c == '\r')
			bytes_puts(b, "\\r");
		else if (c < ' ' || c == 0x7f || c >= 0xf5)
			bytes_printf(b, "\\x%02x", c);
		else
			bytes_append(b, p + i, 1);
	}
}

/* What c has not read, a line each, for the report. */
static void report_unread(struct talk *t, const struct client *c, const char *head)
{
	const char *p = c->in.data, *end = p + c->in.len;
	int lines = 0;

	while (p < end && lines++ < 12) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = nl ? (size_t)(nl - p) : (size_t)(end - p);

		bytes_printf(&t->report, "  %s", head);
		report_text(&t->report, p, n);
		bytes_puts(&t->report, nl ? "\n" : " (no line end)\n");
		p += n + (nl ? 1 : 0);
	}
	if (p < end)
		bytes_printf(&t->report, "  %s... %td bytes more\n", head, end - p);
	if (c->in.len == 0)
		bytes_printf(&t->report, "  %s(%s)\n", head,
		             c->ended ? "the connection is closed" : "nothing");
}

bool fail_text(struct talk *t, const struct client *c, const char *expected, size_t n)
{
	const char *fault = t->world ? t->backend->fault(t->world) : NULL;

	bytes_printf(&t->report, "%s:%u: %s did not get what was expected\n", t->file, t->line,
	             c->label);
	bytes_puts(&t->report, "  expected: ");
	report_text(&t->report, expected, n);
	bytes_puts(&t->report, "\n");
	report_unread(t, c, "got:      ");
	if (fault)
		bytes_printf(&t->report, "  chatd:    %s\n", fault);
	return false;
}

bool fail(struct talk *t, const struct client *c, const char *expected)
{
	return fail_text(t, c, expected, strlen(expected));
}

bool fail_script(struct talk *t, const char *why)
{
	bytes_printf(&t->report, "%s:%u: %s\n", t->file, t->line, why);
	return false;
}

/* -- matching ------------------------------------------------------------------ */

static bool is_stamp(const char *s, size_t n)
{
	static const char form[] = "[dddd-dd-dd dd:dd:dd]";

	if (n < sizeof form - 1)
		return false;
	for (size_t i = 0; i < sizeof form - 1; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)s[i]) : s[i] != form[i])
			return false;
	return true;
}

/* Where the number is kept that p names as "{x}"; NULL: it names none. */
static uint64_t *kept_number(struct talk *t, const char *p)
{
	return p[0] == '{' && p[1] >= 'a' && p[1] <= 'z' && p[2] == '}' ? &t->kept[p[1] - 'a'] : NULL;
}

/* True if the whole of s is what the pattern says. */
static bool matches(struct talk *t, const char *pattern, const char *s, size_t n)
{
	uint64_t *kept = kept_number(t, pattern);
	size_t digits = 1;

	if (!*pattern)
		return n == 0;
	if (!strncmp(pattern, "...", 3)) {
		for (size_t i = 0; i <= n; i++)
			if (matches(t, pattern + 3, s + i, n - i))
				return true;
		/* Of four dots either the first or the last is one. */
		return pattern[3] == '.' && n > 0 && *s == '.' && matches(t, pattern + 1, s + 1, n - 1);
	}
	if (!strncmp(pattern, "[..]", 4))
		return is_stamp(s, n) && matches(t, pattern + 4, s + 21, n - 21);
	if (kept) {
		char number[24] = {0};

		for (digits = 0; digits < n && isdigit((unsigned char)s[digits]); digits++)
			if (digits < sizeof number - 1)
				number[digits] = s[digits];
		if (digits == 0 || !matches(t, pattern + 3, s + digits, n - digits))
			return false;
		*kept = strtoull(number, NULL, 10);
		return true;
	}
	if (!strncmp(pattern, "#N", 2)) {
		while (digits < n && isdigit((unsigned char)s[digits]))
			digits++;
		/* A usage writes it so. */
		if (n > 1 && !strncmp(s, "#N", 2))
			digits = 2;
		return n > 1 && s[0] == '#' && digits > 1 &&
		       matches(t, pattern + 2, s + digits, n - digits);
	}
	return n > 0 && *s == *pattern && matches(t, pattern + 1, s + 1, n - 1);
}

/* Length of c's next unread line with its end; waits for it. 0: none comes. */
static size_t line_wait(struct talk *t, struct client *c)
{
	for (;;) {
		const char *nl = c->in.len ? memchr(c->in.data, '\n', c->in.len) : NULL;

		if (nl)
			return (size_t)(nl - c->in.data) + 1;
		if (c->ended || !t->backend->more(t->world, c, TALK_WAIT_MS))
			return 0;
	}
}

/* Commands work from here on. A prompt that was not looked at is before it on the line. */
static bool is_greeting(const char *s, size_t n)
{
	const char *at = memmem(s, n, "-- You are ", 11);

	return at && memmem(at, n - (size_t)(at - s), ", in ", 5) != NULL;
}

bool line_expect(struct talk *t, struct client *c, const char *pattern)
{
	struct bytes passed = {0};
	bool found = false;
	size_t n;

	while (!found && (n = line_wait(t, c)) > 0) {
		found = matches(t, pattern, c->in.data, n - 1);
		if (!found && !c->skipping)
			break;
		if (is_greeting(c->in.data, n))
			c->named = true;
		bytes_append(&passed, c->in.data, n);
		bytes_drop(&c->in, n);
	}
	if (found) {
		c->skipping = false;
	} else if (passed.len > 0) {
		bytes_append(&passed, c->in.data ? c->in.data : "", c->in.len);
		bytes_clear(&c->in);
		bytes_append(&c->in, passed.data, passed.len);
	}
	bytes_release(&passed);
	return found;
}

bool text_expect(struct talk *t, struct client *c, const char *want, size_t n)
{
	for (;;) {
		const char *at = n == 0 || c->in.len < n ? NULL : memmem(c->in.data, c->in.len, want, n);

		if (at && (at == c->in.data || c->skipping)) {
			bytes_drop(&c->in, (size_t)(at - c->in.data) + n);
			c->skipping = false;
			if (!c->named)
				c->unsure = false;
			return true;
		}
		if ((c->in.len >= n && !c->skipping) || c->ended ||
		    !t->backend->more(t->world, c, TALK_WAIT_MS))
			return false;
	}
}

/* -- what is sent ---------------------------------------------------------------- */

size_t unescape(char *s)
{
	static const char from[] = "nrt0\\", to[] = "\n\r\t\0\\";
	char *out = s;

	for (const char *p = s; *p; p++) {
		const char *at = p[0] == '\\' && p[1] ? strchr(from, p[1]) : NULL;

		if (at) {
			*out++ = to[at - from];
			p++;
		} else if (p[0] == '\\' && p[1] == 'x' && isxdigit((unsigned char)p[2]) &&
		           isxdigit((unsigned char)p[3])) {
			char hex[3] = {p[2], p[3], 0};

			*out++ = (char)strtol(hex, NULL, 16);
			p += 3;
		} else {
			*out++ = *p;
		}
	}
	return (size_t)(out - s);
}

void line_send(struct talk *t, struct client *c, const char *text)
{
	struct bytes b = {0};

	for (const char *p = text; *p; p++) {
		uint64_t *kept = kept_number(t, p);

		if (kept && *kept) {
			bytes_printf(&b, "%" PRIu64, *kept);
			p += 2;
		} else {
			bytes_append(&b, p, 1);
		}
	}
	bytes_puts(&b, "\n");
	t->backend->send(t->world, c, b.data, b.len);
	bytes_release(&b);
	c->unsure = true;
}

/* -- order ---------------------------------------------------------------------- */

unsigned sync_send(struct talk *t, struct client *c)
{
	char line[64];
	int n = snprintf(line, sizeof line, "%csync-%u\n", t->prefix, ++t->syncs);

	t->backend->send(t->world, c, line, (size_t)n);
	return t->syncs;
}

/* Takes the answer to that command out of what c has not read. False: it is not there. */
static bool sync_take(struct client *c, unsigned number)
{
	char name[32];
	char *at, *end, *begin;

	snprintf(name, sizeof name, "sync-%u", number);
	at = c->in.len ? memmem(c->in.data, c->in.len, name, strlen(name)) : NULL;
	end = at ? memchr(at, '\n', c->in.len - (size_t)(at - c->in.data)) : NULL;
	if (!end)
		return false;
	for (begin = at; begin > c->in.data && begin[-1] != '\n';)
		begin--;
	end++;
	memmove(begin, end, c->in.len - (size_t)(end - c->in.data));
	c->in.len -= (size_t)(end - begin);
	return true;
}

/* Waits until c, who has typed a name, is greeted or asked again. */
static void greeting_wait(struct talk *t, struct client *c)
{
	static const char greeting[] = "-- You are ", prompt[] = "NAME]: ";
	size_t n = strlen(prompt);

	while (!c->named && !(c->in.len >= n && !memcmp(c->in.data + c->in.len - n, prompt, n))) {
		if (c->in.len && memmem(c->in.data, c->in.len, greeting, strlen(greeting)))
			c->named = true;
		else if (c->ended || !t->backend->more(t->world, c, TALK_WAIT_MS))
			return;
	}
}

void others_wait(struct talk *t, const struct client *c)
{
	for (size_t i = 0; i < t->nclients; i++) {
		struct client *o = &t->client[i];
		unsigned number;

		if (o == c || !o->unsure)
			continue;
		o->unsure = false;
		if (!t->backend->late || o->half || !o->open || o->ended)
			continue;
		greeting_wait(t, o);
		if (!o->named)
			continue;
		number = sync_send(t, o);
		/* One who is disconnected meanwhile has been heard as well. */
		while (!sync_take(o, number) && !o->ended &&
		       t->backend->more(t->world, o, TALK_WAIT_MS))
			continue;
	}
}
