/*
 * Entering the sandbox, and what the log says about it.
 *
 * Owns nothing; what it sets holds until the process ends.
 */
#include "chatd/program/sandbox/sandbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/program/sandbox/landlock.h"
#include "chatd/program/sandbox/syscalls.h"
#include "chatd/program/conf/texts.h"

/* Everything in the folder of a file that a reload reads stays readable, because a rule for the file
 * alone would not last: editors replace the file. what: what the file is. Returns the folder, which the
 * caller frees; NULL: nothing was told, or told is that folder. */
static char *tell_shared(const char *path, const char *what, const char *told)
{
	char *real = realpath(path, NULL), *folder = real ? mem_strdup(dirname(real)) : NULL;

	free(real);
	if (!folder || (told && strcmp(folder, told) == 0) || !sandbox_is_shared(folder)) {
		free(folder);
		return NULL;
	}
	log_warnx("sandbox: chatd can read everything under %s, because its %s is there; better give that a "
	          "folder of its own, such as /etc/chatd/", folder, what);
	return folder;
}

/* Each folder once, if the files in it follow each other. */
static void tell_all_shared(const struct conf *c, const char *conf_path)
{
	char *told = conf_path ? tell_shared(conf_path, "configuration", NULL) : NULL, *next;

	for (enum text t = 0; t < TEXTS; t++) {
		if (!texts_path(c, t))
			continue;
		next = tell_shared(texts_path(c, t), texts_key(t), told);
		if (next) {
			free(told);
			told = next;
		}
	}
	free(told);
}

bool sandbox_is_shared(const char *folder)
{
	DIR *d = opendir(folder);
	bool shared = false;
	struct stat st;

	for (struct dirent *e = NULL; d && !shared && (e = readdir(d));)
		shared = strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		         fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		         S_ISDIR(st.st_mode);
	if (d)
		closedir(d);
	return shared;
}

/* What is restricted, and whether the host let that happen. False: it did not, and it must. */
static bool check_part(const struct conf *c, const char *what, bool done)
{
	if (done)
		return true;
	if (c->sandbox == SANDBOX_REQUIRE) {
		log_err("sandbox = require, but this host does not let chatd restrict its %s", what);
		return false;
	}
	log_warn("this host does not let chatd restrict its %s; continuing without (sandbox = require would "
	         "stop here)", what);
	return true;
}

static const char files[] = "access to files (Landlock)", system_calls[] = "system calls (seccomp)";

bool sandbox_enter(const struct conf *c, const char *conf_path, const char *users_path,
                   const struct syscalls_loop *loop, int handover, int cluster)
{
	bool ok;

	if (c->sandbox == SANDBOX_NO)
		return true;
	/* No core dumps, and no debugger of the same user: the memory holds what people typed. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	tell_all_shared(c, conf_path);
	ok = check_part(c, files, landlock_restrict(c, conf_path, users_path));
	return check_part(c, system_calls, syscalls_restrict(loop, handover, cluster)) && ok;
}

/* For processes that need no files. */
static bool enter_without_files(const struct conf *c)
{
	/* The memory holds the key, or what passes through. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return check_part(c, files, landlock_restrict(NULL, NULL, NULL));
}

bool sandbox_enter_metrics(const struct conf *c, int listener)
{
	return c->sandbox == SANDBOX_NO ||
	       (enter_without_files(c) && check_part(c, system_calls, syscalls_restrict_metrics(listener)));
}

bool sandbox_enter_tls(const struct conf *c, const struct syscalls_loop *loop, int handover, int control, int below)
{
	return c->sandbox == SANDBOX_NO ||
	       (enter_without_files(c) &&
	        check_part(c, system_calls, syscalls_restrict_tls(loop, handover, control, below)));
}
