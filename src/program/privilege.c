/* Giving up root's privileges. Looks users up, so it is only for the start. */
#include "chatd/program/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chatd/base/log.h"

static bool become(const struct passwd *pw)
{
	/* Groups come first, while they can still be changed. */
	if (initgroups(pw->pw_name, pw->pw_gid) != 0 || setgid(pw->pw_gid) != 0 ||
	    setuid(pw->pw_uid) != 0)
		return false;
	/* Checks that root's privileges cannot be regained. */
	return setuid(0) != 0;
}

/* getpwnam(3) reports this in many ways; other errors may be temporary. */
static bool unknown(const char *user)
{
	if (errno == 0 || errno == ENOENT || errno == ESRCH || errno == EBADF || errno == EPERM) {
		log_errx("user = %s: this host has no such user", user);
		errno = 0;
	} else {
		log_err("user = %s", user);
	}
	return false;
}

bool privilege_drop(const char *user)
{
	const struct passwd *pw;

	errno = 0;
	pw = user ? getpwnam(user) : NULL;
	if (user && !pw)
		return unknown(user);
	if (geteuid() != 0) {
		if (!pw || pw->pw_uid == geteuid())
			return true;
		log_errx("user = %s: only root can switch to another user; start chatd as %s or as root",
		         user, user);
		errno = 0;
		return false;
	}
	if (!pw || pw->pw_uid == 0) {
		log_errx("chatd does not run as root. Name a user for it who may write to the database's "
		         "folder: user = NAME in the configuration, or --user NAME");
		errno = 0;
		return false;
	}
	if (!become(pw)) {
		log_err("cannot switch to the user %s", user);
		return false;
	}
	return true;
}

bool privilege_drop_to_owner(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0 || st.st_uid == 0)
		return privilege_drop(NULL);
	if (setgroups(0, NULL) != 0 || setgid(st.st_gid) != 0 || setuid(st.st_uid) != 0 ||
	    setuid(0) == 0) {
		log_err("cannot switch to the owner of %s", path);
		return false;
	}
	return true;
}
