/*
 * The database that a command works on. Owns nothing.
 */
#include "chatd/program/admin_db.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "chatd/base/guard.h"
#include "chatd/program/check.h"
#include "chatd/program/listen.h"
#include "chatd/program/privilege.h"
#include "chatd/program/tell.h"
#include "chatd/program/users.h"

/* Where the packages and "make install" put the service's. */
#define SERVICE_CONF "/etc/chatd/chatd.conf"

void admin_tell(const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tell_line(TELL_CHATD, text);
}

static bool admin_is_missing(const char *path)
{
	struct stat st;

	return lstat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

struct admin_db admin_db_find(const char *database, bool configured)
{
	char *cwd = *database == '/' ? NULL : getcwd(NULL, 0);
	struct admin_db p = { .owner = geteuid(), .configured = configured };
	struct bytes path = { 0 }, whole = { 0 };
	struct stat st;

	if (strncmp(database, "./", 2) == 0 && cwd)
		database += 2;
	bytes_printf(&path, "%s%s%s", cwd ? cwd : "", cwd ? "/" : "", database);
	/* A rebuild that was interrupted counts too: the next start finishes it. */
	bytes_printf(&whole, "%s-whole", path.data);
	p.database = path.data;
	p.there = !admin_is_missing(path.data) || !admin_is_missing(whole.data);
	if (p.there && stat(path.data, &st) == 0)
		p.owner = st.st_uid;
	bytes_release(&whole);
	free(cwd);
	return p;
}

const char *admin_db_hint(const struct admin_db *p)
{
	return !p->configured && access(SERVICE_CONF, F_OK) == 0 ? "try -c " SERVICE_CONF ", or " : "";
}

void admin_db_release(struct admin_db *p)
{
	free(p->database);
	p->database = NULL;
}

void admin_db_say(const struct admin_db *p, bool new)
{
	char *shown = mem_strdup(p->database);

	guard_text(shown, strlen(shown));
	printf("%s: %s\n", new ? "New database" : "Database", shown);
	/* Before what follows on standard error, if both go to one place. */
	fflush(stdout);
	free(shown);
}

/* -- a running chatd --------------------------------------------------------------- */

int admin_db_connect(const char *database)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = -1;

	if (listen_control_path(database, sa.sun_path, sizeof(sa.sun_path)))
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	else
		errno = ENAMETOOLONG;
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) != 0) {
		int e = errno;

		close(fd);
		errno = e;
		return -1;
	}
	return fd;
}

const char *admin_db_unreached(const char *database, struct bytes *why)
{
	if (errno == ENOENT || errno == ENOTDIR)
		bytes_printf(why, "the socket %s-ctl does not exist", database);
	else if (errno == ECONNREFUSED)
		bytes_printf(why, "nothing listens on %s-ctl", database);
	else if (errno == EACCES || errno == EPERM)
		bytes_printf(why, "only root and the user that chatd runs as may use %s-ctl", database);
	else if (errno == ENAMETOOLONG)
		bytes_printf(why, "the path %s-ctl is too long for a socket", database);
	else
		bytes_printf(why, "%s-ctl: %s", database, strerror(errno));
	return why->data;
}

/* -- whose it is -------------------------------------------------------------------- */

static void admin_tell_roots(const struct admin_db *p, const char *user)
{
	admin_tell("the database %s belongs to root, but chatd does not run as root; give it to the "
	           "user chatd runs as: chown %s %s", p->database, user, p->database);
}

bool admin_db_become(const struct conf *c, const struct admin_db *p)
{
	char owner[USER_SHOWN_BYTES], me[USER_SHOWN_BYTES];

	if (geteuid() == 0 && !c->user) {
		if (!p->there)
			admin_tell("there is no database %s; %sto create one as root, name the user that chatd "
			           "runs as: --user NAME", p->database, admin_db_hint(p));
		else if (p->owner == 0)
			admin_tell_roots(p, "USER");
		return p->there && p->owner != 0 && privilege_drop_to_owner(p->database);
	}
	if (!privilege_drop(c->user))
		return false;
	if (!p->there || p->owner == geteuid())
		return true;
	if (p->owner == 0) {
		admin_tell_roots(p, user_shown(geteuid(), me));
		return false;
	}
	user_shown(p->owner, owner);
	admin_tell("the database %s belongs to the user %s; run this as %s or as root, not as %s",
	           p->database, owner, owner, user_shown(geteuid(), me));
	return false;
}

/* Who may go where this user may not: the owner of the folder that is closed. Tells what to do. */
static bool admin_db_is_closed(const struct admin_db *p)
{
	char owner[USER_SHOWN_BYTES], me[USER_SHOWN_BYTES], *folder = mem_strdup(p->database);
	struct stat st;
	bool closed = stat(p->database, &st) != 0 && errno == EACCES, found = false;

	for (char *slash; closed && !found && (slash = strrchr(folder, '/')) != NULL && slash > folder;) {
		*slash = '\0';
		found = stat(folder, &st) == 0;
	}
	if (closed && found) {
		user_shown(st.st_uid, owner);
		admin_tell("the user %s cannot go to the database %s, in a folder of the user %s; run this as %s%s",
		           user_shown(geteuid(), me), p->database, owner, owner, st.st_uid == 0 ? "" : " or as root");
	}
	free(folder);
	return closed && found;
}

bool admin_db_can_open(const struct admin_db *p)
{
	const struct conf c = { .database = p->database };
	struct bytes problems = { 0 };
	bool ok = !admin_db_is_closed(p) && check_files(&c, &problems);

	tell_lines(TELL_CHATD, problems.data);
	bytes_release(&problems);
	return ok;
}

bool admin_db_take(const struct conf *c, const struct admin_db *p)
{
	if (!p->there) {
		admin_tell("there is no database %s; %schoose another with -c or -d", p->database, admin_db_hint(p));
		return false;
	}
	return (p->owner != geteuid() || admin_db_can_open(p)) && admin_db_become(c, p) &&
	       admin_db_can_open(p);
}
