/* What systemd's unit says of how chatd is started. Owns nothing. */
#include "chatd/program/unit.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"

/* systemd.unit(5); the first with a file of that name counts. */
static const char *const folders[] = {
	"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
	"/lib/systemd/system",
};

enum {
	FOLDERS = sizeof(folders) / sizeof(folders[0]),
	LINE_BYTES = 4096, /* more than a line of ours has */
};

/* Whether path is a word of the line. */
static bool has_word(const char *line, const char *path)
{
	size_t n = strlen(path);

	for (const char *at = line; (at = strstr(at, path)) != NULL; at += n)
		if (at > line && strchr(" \t=", at[-1]) && strchr(" \t\n", at[n]))
			return true;
	return false;
}

/* Reads ExecStart= and User=; the last of each counts. False: there is no such file. */
static bool unit_read(const char *file, const char *conf_path, const char *user, bool *starts, bool *as)
{
	FILE *f = fopen(file, "re");
	char line[LINE_BYTES];

	if (!f)
		return false;
	*starts = *as = false;
	while (fgets(line, sizeof(line), f)) {
		if (strncmp(line, "ExecStart=", 10) == 0)
			*starts = has_word(line, conf_path);
		else if (strncmp(line, "User=", 5) == 0)
			*as = strcspn(line + 5, " \t\n") == strlen(user) && strncmp(line + 5, user, strlen(user)) == 0;
	}
	fclose(f);
	return true;
}

static bool sets_one(const char *file)
{
	FILE *f = fopen(file, "re");
	char line[LINE_BYTES];
	bool sets = false;

	while (f && !sets && fgets(line, sizeof(line), f))
		sets = strncmp(line, "ExecStart=", 10) == 0 || strncmp(line, "User=", 5) == 0;
	if (f)
		fclose(f);
	return sets;
}

static bool drop_in_sets_one(const char *root, const char *folder)
{
	struct bytes pattern = { 0 };
	glob_t found = { 0 };
	bool sets = false;

	bytes_printf(&pattern, "%s%s/chatd.service.d/*.conf", root, folder);
	if (glob(pattern.data, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc && !sets; i++)
			sets = sets_one(found.gl_pathv[i]);
	globfree(&found);
	bytes_release(&pattern);
	return sets;
}

bool unit_starts_as(const char *root, const char *conf_path, const char *user)
{
	char *real = realpath(conf_path, NULL);
	bool found = false, starts = false, as = false, changed = false;
	struct bytes file = { 0 };

	for (int i = 0; i < FOLDERS && real; i++) {
		bytes_clear(&file);
		bytes_printf(&file, "%s%s/chatd.service", root, folders[i]);
		found = found || unit_read(file.data, real, user, &starts, &as);
		changed = changed || drop_in_sets_one(root, folders[i]);
	}
	bytes_release(&file);
	free(real);
	return found && starts && as && !changed;
}
