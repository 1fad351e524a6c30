/* The operator's own texts. Owns nothing: what it reads is the caller's. */
#include "chatd/program/conf/texts.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/text.h"
#include "chatd/base/wrap.h"
#include "chatd/program/conf/plain_file.h"

enum { WHAT_BYTES_MAX = 96 }; /* a phrase about a line */

static const struct {
	const char *key;
	size_t path;       /* offset of the file's name in struct conf */
	size_t bytes_max;  /* of the file */
	bool drawn;        /* its lines are shown as they are, to everyone who connects */
} kinds[TEXTS] = {
	[TEXT_BANNER] = {"banner", offsetof(struct conf, face.banner), BANNER_BYTES_MAX, true},
	[TEXT_MOTD] = {"motd", offsetof(struct conf, face.motd), WELCOME_BYTES_MAX, false},
	[TEXT_RULES] = {"rules", offsetof(struct conf, face.rules), WELCOME_BYTES_MAX, false},
};

const char *texts_key(enum text t)
{
	return kinds[t].key;
}

const char *texts_path(const struct conf *c, enum text t)
{
	const char *path = *(char *const *)((const char *)c + kinds[t].path);

	return t == TEXT_BANNER && path != NULL && strcmp(path, CONF_BANNER_BUILT_IN) == 0 ? NULL : path;
}

/* -- lines ---------------------------------------------------------------------- */

/* What is in a line that would not be shown as it is, a phrase behind "line 3"; NULL: nothing. */
static const char *line_unshown(const char *line, size_t len, char why[WHAT_BYTES_MAX])
{
	char *plain = mem_alloc(len + 1), *shown = mem_alloc(len * TEXT_EXPANSION + 1);
	size_t i = 0, n;

	/* People's lines may not have many blanks in a row; drawings may. */
	for (size_t j = 0; j < len; j++)
		plain[j] = line[j] == ' ' ? '_' : line[j];
	n = text_sanitize(shown, plain, len);
	while (i < len && i < n && plain[i] == shown[i])
		i++;
	if (i == len && i == n)
		why = NULL;
	else if (line[i] == '\t')
		snprintf(why, WHAT_BYTES_MAX, "has a tab; write blanks instead");
	else if (iscntrl((unsigned char)line[i]))
		snprintf(why, WHAT_BYTES_MAX, "has a control character (%.2s)", shown + i);
	else if (strncmp(shown + i, "\xEF\xBF\xBD", 3) == 0)
		snprintf(why, WHAT_BYTES_MAX, "is not UTF-8");
	else
		snprintf(why, WHAT_BYTES_MAX, "has something that is not shown as it is (%.*s)",
		         (int)strcspn(shown + i, ">") + 1, shown + i);
	free(plain);
	free(shown);
	return why;
}

/* A prompt: capitals in brackets, and a colon. */
static bool has_prompt(const char *line)
{
	while ((line = strchr(line, '[')) != NULL) {
		size_t n = strspn(++line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ ");

		if (n > 0 && strncmp(line + n, "]:", 2) == 0)
			return true;
	}
	return false;
}

/* Programs wait for the prompt, and take lines apart by their beginnings (docs/protocol.md): a banner
 * must have neither. */
static bool is_misleading(const char *line)
{
	const char *p = line + strspn(line, " >");

	return has_prompt(line) || strncmp(line, "-- ", 3) == 0 || strcmp(line, "--") == 0 ||
	       (*line == '#' && isdigit((unsigned char)line[1])) ||
	       (*p == '[' && isdigit((unsigned char)p[1]));
}

/* What is wrong with a line of a drawing; NULL: nothing. */
static const char *line_undrawable(const char *line, size_t len, char why[WHAT_BYTES_MAX])
{
	if (text_fit(line, len, WRAP_COLUMNS) < len)
		snprintf(why, WHAT_BYTES_MAX, "is wider than %d columns", WRAP_COLUMNS);
	else if (is_misleading(line))
		snprintf(why, WHAT_BYTES_MAX, "could be taken for a prompt, a reply or something said");
	else
		return NULL;
	return why;
}

/* Adds the lines of a whole file to out. Returns what is wrong with them, or NULL. */
static const char *lines_take(enum text t, const char *text, size_t len, struct bytes *out,
                              char why[PLAIN_FILE_WHY_BYTES])
{
	const char *end = text + len, *wrong = NULL;
	struct bytes line = {0};
	unsigned lines = 0, shown = 0;
	char what[WHAT_BYTES_MAX];

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3; /* a byte order mark, as some editors leave it */
	for (const char *next; text < end && wrong == NULL; text = next) {
		const char *lf = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((lf != NULL ? lf : end) - text);

		next = lf != NULL ? lf + 1 : end;
		lines++;
		n -= n > 0 && text[n - 1] == '\r';
		while (n > 0 && text[n - 1] == ' ')
			n--;
		bytes_clear(&line);
		bytes_append(&line, text, n);
		bytes_append(&line, "", 1);
		wrong = line_unshown(line.data, n, what);
		if (wrong == NULL && kinds[t].drawn)
			wrong = line_undrawable(line.data, n, what);
		if (n == 0)
			continue;
		/* Empty lines at the end are left out. */
		for (; shown < lines - 1; shown++)
			bytes_puts(out, "\n");
		bytes_printf(out, "%s\n", line.data);
		shown++;
	}
	bytes_release(&line);
	if (wrong != NULL)
		snprintf(why, PLAIN_FILE_WHY_BYTES, "line %u %s", lines, wrong);
	else if (kinds[t].drawn && shown > BANNER_LINES_MAX)
		snprintf(why, PLAIN_FILE_WHY_BYTES, "it has %u lines, and the limit is %d", shown, BANNER_LINES_MAX);
	else
		return NULL;
	return why;
}

/* -- files ----------------------------------------------------------------------- */

char *texts_read_one(const struct conf *c, enum text t, bool again, struct bytes *problems)
{
	const char *path = texts_path(c, t), *wrong;
	struct bytes file = {0}, text = {0};
	char why[PLAIN_FILE_WHY_BYTES], *taken = NULL;
	const char *note = "";

	wrong = plain_file_read(path, kinds[t].bytes_max, &file, why);
	if (wrong != NULL && again && errno == EACCES)
		note = " (in the sandbox, a file in another folder needs a restart)";
	else if (wrong == NULL)
		wrong = lines_take(t, file.data != NULL ? file.data : "", file.len, &text, why);
	if (wrong != NULL)
		conf_tell(problems, "%s = %s: %s%s", kinds[t].key, path, wrong, note);
	else
		taken = mem_strdup(text.len > 0 ? text.data : "");
	bytes_release(&file);
	bytes_release(&text);
	return taken;
}

bool texts_read(struct texts *x, const struct conf *c, bool again, struct bytes *problems)
{
	bool ok = true;

	*x = (struct texts){0};
	for (enum text t = 0; t < TEXTS; t++) {
		if (texts_path(c, t) != NULL) {
			x->text[t] = texts_read_one(c, t, again, problems);
			ok = ok && x->text[t] != NULL;
		}
	}
	if (c->face.banner == NULL)
		x->text[TEXT_BANNER] = mem_strdup("");
	if (!ok)
		texts_release(x);
	return ok;
}

void texts_release(struct texts *x)
{
	for (enum text t = 0; t < TEXTS; t++)
		free(x->text[t]);
	*x = (struct texts){0};
}

void texts_compare(const struct conf *was, const struct texts *old, const struct conf *is,
                   const struct texts *new, struct bytes *said)
{
	for (enum text t = 0; t < TEXTS; t++) {
		const char *before = texts_path(was, t), *now = texts_path(is, t);

		if (before != NULL && now != NULL && strcmp(before, now) == 0 &&
		    strcmp(old->text[t], new->text[t]) != 0)
			conf_tell(said, "%s: the text in %s has changed", kinds[t].key, now);
	}
}
