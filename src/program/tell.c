/* What a command tells people on standard error. Owns nothing. */
#include "chatd/program/tell.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chatd/base/guard.h"
#include "chatd/base/wrap.h"

void tell_rows(struct bytes *out, const char *text)
{
	size_t len = strlen(text), n = wrap_row(text, len, WRAP_COLUMNS);

	bytes_append(out, text, n);
	bytes_puts(out, "\n");
	for (text += n, len -= n; len > 0; text += n, len -= n) {
		while (*text == ' ') {
			text++;
			len--;
		}
		n = wrap_row(text, len, WRAP_COLUMNS - WRAP_INDENT_MAX);
		bytes_printf(out, "%*s%.*s\n", WRAP_INDENT_MAX, "", (int)n, text);
	}
}

void tell_line(const char *head, const char *text)
{
	struct bytes line = { 0 }, rows = { 0 };

	bytes_printf(&line, "%s%s", head, text);
	guard_text(line.data, line.len);
	if (isatty(STDERR_FILENO))
		tell_rows(&rows, line.data);
	else
		bytes_printf(&rows, "%s\n", line.data);
	fputs(rows.data, stderr);
	bytes_release(&line);
	bytes_release(&rows);
}

void tell_lines(const char *head, char *lines)
{
	char *rest = NULL;

	for (char *line = lines ? strtok_r(lines, "\n", &rest) : NULL; line; line = strtok_r(NULL, "\n", &rest))
		tell_line(head, line);
}
