/*
 * The configuration's file. Owns its syntax. It opens only the file that it is told to read.
 */
#include "chatd/program/conf/conf_file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/program/conf/plain_file.h"

enum {
	CONF_LINE_BYTES_MAX = 4096, /* bytes of a line, plus one */
	CONF_BYTES_MAX = 1 << 20,   /* of a file: all keys with long values and comments are a tenth of it */
};

/* A file being read. */
struct conf_file {
	const char *path;        /* for messages */
	char *line;              /* borrowed, with a NUL instead of its end */
	unsigned int lineno;     /* number of that line, from 1 */
	unsigned int *first;     /* for each key, the line in which it was first given; 0: not yet */
	struct conf *c;
	struct bytes *problems;
};

/* True if name is, for example, "Max-Connections" for max_connections, which is then suggested. */
static bool conf_key_resembles(const struct conf_key *k, const char *name)
{
	size_t i;

	for (i = 0; name[i] && k->name[i]; i++) {
		char c = name[i] == '-' || name[i] == ' ' ? '_' : (char)tolower(name[i]);

		if (c != k->name[i])
			return false;
	}
	return name[i] == k->name[i];
}

static void conf_key_unknown(const struct conf_file *file, const char *name)
{
	for (const struct conf_key *k = conf_keys; k->name; k++) {
		if (conf_key_resembles(k, name)) {
			conf_tell(file->problems, "%s:%u: %s: unknown key; it is spelled %s",
			          file->path, file->lineno, name, k->name);
			return;
		}
	}
	conf_tell(file->problems, "%s:%u: %s: unknown key", file->path, file->lineno, name);
}

/* What is wrong with a value that other formats would allow, and that would end up in a file name
 * here. NULL: nothing. */
static const char *conf_value_habit(const char *value)
{
	size_t len = strlen(value);

	for (size_t i = 0; len > 1 && i < len; i++) {
		if ((value[i] == '#' || value[i] == ';') &&
		    (i == 0 || value[i - 1] == ' ' || value[i - 1] == '\t')) {
			return "a comment needs a line of its own";
		}
	}
	if (len > 1 && (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0])
		return "values are written without quotes";
	return NULL;
}

/* Removes the blanks around the text. */
static char *conf_trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	for (end = text + strlen(text); end > text && isspace((unsigned char)end[-1]);)
		end--;
	*end = '\0';
	return text;
}

static void conf_file_pair(struct conf_file *file, const char *name, const char *value)
{
	const struct conf_key *k = conf_key_find(name);
	unsigned int *first = k ? &file->first[k - conf_keys] : NULL;
	const char *habit = conf_value_habit(value);
	char why[256];

	if (!k) {
		conf_key_unknown(file, name);
		return;
	}
	if (k->type == CONF_LISTEN && *first == 0)
		conf_clear_listen(file->c);
	if (k->type != CONF_LISTEN && *first != 0) {
		conf_tell(file->problems, "%s:%u: %s: given twice (first at line %u)",
		          file->path, file->lineno, name, *first);
	} else if (habit) {
		conf_tell(file->problems, "%s:%u: %s: %s", file->path, file->lineno, name,
		          habit);
	} else if (!conf_value_read(file->c, k, value, why, sizeof(why))) {
		conf_tell(file->problems, "%s:%u: %s: %s", file->path, file->lineno, name, why);
	}
	if (*first == 0)
		*first = file->lineno;
}

/* Reads a line of len bytes, without its end. */
static void conf_file_line(struct conf_file *file, size_t len)
{
	char *text = file->line, *name, *separator;

	if (file->lineno == 1 && strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3; /* a byte order mark, as some editors leave it */
	if (strlen(file->line) < len) {
		conf_tell(file->problems, "%s:%u: NUL byte: this is not a text file",
		          file->path, file->lineno);
		return;
	}
	if (len >= CONF_LINE_BYTES_MAX) {
		conf_tell(file->problems, "%s:%u: the line is longer than %d bytes", file->path,
		          file->lineno, CONF_LINE_BYTES_MAX - 1);
		return;
	}
	text = conf_trim(text);
	if (*text == '[') {
		conf_tell(file->problems, "%s:%u: %s: there are no sections; remove this line",
		          file->path, file->lineno, text);
		return;
	}
	if (*text == '\0' || *text == '#' || *text == ';')
		return;
	separator = strpbrk(text, "=:");
	if (separator)
		*separator = '\0';
	name = conf_trim(text);
	if (!separator || *name == '\0') {
		conf_tell(file->problems, "%s:%u: %s%sthis is not \"key = value\"", file->path,
		          file->lineno, name, *name != '\0' ? ": " : "");
		return;
	}
	conf_file_pair(file, name, conf_trim(separator + 1));
}

bool conf_read(struct conf *c, const char *path, struct bytes *problems)
{
	struct conf_file file = { .path = path, .c = c, .problems = problems };
	size_t keys = 0;
	size_t before = problems->len;
	struct bytes text = { 0 };
	char why[PLAIN_FILE_WHY_BYTES];
	const char *wrong = plain_file_read(path, CONF_BYTES_MAX, &text, why);
	size_t len = wrong ? 0 : text.len;

	while (conf_keys[keys].name)
		keys++;
	file.first = mem_zero(keys, sizeof(*file.first));
	if (wrong)
		conf_tell(problems, "%s: %s", path, wrong);
	else
		bytes_append(&text, "", 1); /* the last line may have no end */
	for (size_t at = 0, n; at < len; at += n + 1) {
		char *end = memchr(text.data + at, '\n', len - at);

		file.line = text.data + at;
		n = end ? (size_t)(end - file.line) : len - at;
		file.line[n] = '\0';
		file.lineno++;
		conf_file_line(&file, n);
	}
	free(file.first);
	bytes_release(&text);
	return problems->len == before;
}
