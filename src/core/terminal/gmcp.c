/* GMCP's Comm.Channel.Text. Owns nothing. */

#include "chatd/core/terminal/gmcp.h"

#include <arpa/telnet.h>
#include <string.h>

#include "chatd/core/terminal/iac.h"

void gmcp_message(const char *package, const char *json, struct bytes *out)
{
	iac_say(out, SB, OPTION_GMCP);
	iac_data(out, package, strlen(package));
	if (json != NULL) {
		bytes_append(out, " ", 1);
		iac_data(out, json, strlen(json));
	}
	iac_end(out);
}

void gmcp_string(const char *text, size_t len, struct bytes *json)
{
	bytes_append(json, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\\')
			bytes_append(json, "\\", 1);
		/* Sanitized text has no control characters; JSON could not have them as they are. */
		bytes_append(json, (unsigned char)text[i] < ' ' ? " " : text + i, 1);
	}
	bytes_append(json, "\"", 1);
}

/* Begins a member of an object: its name, and what it is. */
static void member(struct bytes *json, const char *name, const char *text, size_t len)
{
	bytes_puts(json, name);
	gmcp_string(text, len, json);
}

void gmcp_line(const struct view_line *line, const char *room, struct bytes *out)
{
	static const char layouts[][2][12] = {
		[LINE_SAID] = {"", ": "}, [LINE_ACTION] = {"* ", " "}, [LINE_PRIVATE] = {"[", " -> you] "},
	};
	size_t name = line->info.name_bytes, at, head;
	struct bytes text = {0}, json = {0};

	if (!view_speech(line, &at, &head))
		return;
	bytes_puts(&text, layouts[line->info.kind][0]);
	bytes_append(&text, line->text + at, name);
	bytes_puts(&text, layouts[line->info.kind][1]);
	bytes_append(&text, line->text + head, line->len - head);
	bytes_puts(&json, "{");
	member(&json, "\"channel\":", room, strlen(room));
	member(&json, ",\"talker\":", line->text + at, name);
	member(&json, ",\"text\":", text.data, text.len);
	bytes_puts(&json, "}");
	gmcp_message("Comm.Channel.Text", json.data, out);
	bytes_release(&json);
	bytes_release(&text);
}
