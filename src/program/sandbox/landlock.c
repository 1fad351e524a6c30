/*
 * The files that chatd may still use, each with what it may do to it.
 */
#include "chatd/program/sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "chatd/base/bytes.h"
#include "chatd/program/conf/conf_listen.h"
#include "chatd/program/conf/texts.h"

/* Rights that newer kernels know and the headers of 6.1 do not; landlock(7). */
enum {
	FS_EXECUTE_TO_MAKE_SYM = (1 << 13) - 1, /* ABI 1: all rights of that version */
	FS_REFER = 1 << 13,      /* ABI 2 */
	FS_TRUNCATE = 1 << 14,   /* ABI 3 */
	FS_IOCTL_DEV = 1 << 15,  /* ABI 5 */
	NET_ALL = 3,             /* ABI 4: bind and connect of TCP */
	SCOPE_ALL = 3,           /* ABI 6: abstract unix sockets and signals of others */
};

struct attributes {
	uint64_t fs;       /* accesses to files that are forbidden unless a rule allows them */
	uint64_t net;      /* the same for the network; no rule allows any */
	uint64_t scoped;   /* what cannot reach outside of the sandbox */
};

enum {
	READ = LANDLOCK_ACCESS_FS_READ_FILE,
	REMOVE = LANDLOCK_ACCESS_FS_REMOVE_FILE,
	WRITE = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | FS_TRUNCATE,
};

static int landlock_abi(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static struct attributes attributes_of(int abi)
{
	struct attributes a = { .fs = FS_EXECUTE_TO_MAKE_SYM };

	if (abi >= 2)
		a.fs |= FS_REFER;
	if (abi >= 3)
		a.fs |= FS_TRUNCATE;
	if (abi >= 4)
		a.net = NET_ALL;
	if (abi >= 5)
		a.fs |= FS_IOCTL_DEV;
	if (abi >= 6)
		a.scoped = SCOPE_ALL;
	return a;
}

static size_t attributes_size(int abi)
{
	return abi < 4 ? sizeof(uint64_t) : abi < 6 ? 2 * sizeof(uint64_t) : sizeof(struct attributes);
}

/* Allows these accesses to everything under a path. A path that does not exist needs no rule. */
static bool allow(int rules, const char *path, uint64_t how, const struct attributes *known)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = how & known->fs };
	bool ok;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == EACCES || errno == ENOTDIR;
	ok = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	close(rule.parent_fd);
	return ok;
}

/* The same for the folder of a file, because files may be replaced; and for the folder of what it
 * links to, if it is a link. */
static bool allow_beside(int rules, const char *file, uint64_t how, const struct attributes *known)
{
	char *copy = mem_strdup(file), *real = realpath(file, NULL);
	bool ok = allow(rules, dirname(copy), how, known) &&
	          (!real || allow(rules, dirname(real), how, known));

	free(copy);
	free(real);
	return ok;
}

static bool allow_all(int rules, const struct conf *c, const char *conf_path,
                      const char *users_path, const struct attributes *known)
{
	struct conf_listen where;
	char problem[256];

	if (!allow_beside(rules, c->database, READ | WRITE | REMOVE | LANDLOCK_ACCESS_FS_READ_DIR,
	                  known) ||
	    !allow(rules, "/usr/share/zoneinfo", READ, known) ||
	    !allow(rules, "/dev/urandom", READ, known) ||
	    (users_path && !allow_beside(rules, users_path, READ, known)) ||
	    !allow(rules, "/proc/self", READ | LANDLOCK_ACCESS_FS_READ_DIR, known) ||
	    (c->chat_log && !allow_beside(rules, c->chat_log, WRITE, known)) ||
	    (conf_path && !allow_beside(rules, conf_path, READ, known)))
		return false;
	for (enum text t = 0; t < TEXTS; t++) {
		if (texts_path(c, t) && !allow_beside(rules, texts_path(c, t), READ, known))
			return false;
	}
	for (uint32_t i = 0; i < c->nlisten; i++) {
		if (conf_listen_parse(c->listen[i], &where, problem, sizeof(problem)) &&
		    where.kind == LISTEN_UNIX && !allow_beside(rules, where.path, REMOVE, known))
			return false;
	}
	return true;
}

bool landlock_restrict(const struct conf *c, const char *conf_path, const char *users_path)
{
	int abi = landlock_abi(), rules, e;
	struct attributes known;
	bool ok;

	if (abi < 1)
		return false;
	known = attributes_of(abi);
	rules = (int)syscall(SYS_landlock_create_ruleset, &known, attributes_size(abi), 0);
	if (rules < 0)
		return false;
	ok = (c == NULL || allow_all(rules, c, conf_path, users_path, &known)) &&
	     prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	     syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	e = errno;
	close(rules);
	errno = e;
	return ok;
}
