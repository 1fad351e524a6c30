/* Checks that this host has what a configuration names. Owns nothing. */
#include "chatd/program/check.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chatd/program/certificate.h"
#include "chatd/program/cluster_password.h"
#include "chatd/program/conf/conf_listen.h"
#include "chatd/program/privilege.h"
#include "chatd/program/conf/texts.h"
#include "chatd/program/unit.h"
#include "chatd/program/users.h"

/* A configuration being checked. */
struct check {
	const struct conf *c;
	const struct activation *passed; /* NULL: it is not known which sockets will be */
	struct bytes *problems;
	bool known;       /* the process runs as that user; otherwise only the existence of things
	                   * is checked */
};

/* The user whose permissions count, for messages. */
static const char *check_who(char who[USER_SHOWN_BYTES])
{
	return user_shown(geteuid(), who);
}

/* Reports why the path cannot be accessed, if the process runs as the user in question or the
 * reason is not permissions. */
static void check_unseen(const struct check *k, const char *key, const char *value,
                         const char *path)
{
	char who[USER_SHOWN_BYTES];

	if (k->known || (errno != EACCES && errno != EPERM))
		conf_tell(k->problems, "%s = %s: the user %s cannot access %s: %s", key, value,
		          check_who(who), path, strerror(errno));
}

/* Checks the folder in which a file is to be created. value is as in the configuration. */
static void check_folder(const struct check *k, const char *key, const char *value,
                         const char *file)
{
	char *copy = mem_strdup(file), *folder = dirname(copy), who[USER_SHOWN_BYTES];
	struct stat st;

	if (stat(folder, &st) != 0) {
		if (errno == ENOENT)
			conf_tell(k->problems, "%s = %s: the folder %s does not exist", key, value, folder);
		else if (errno == ENOTDIR)
			conf_tell(k->problems, "%s = %s: %s is not a folder", key, value, folder);
		else
			check_unseen(k, key, value, folder);
	} else if (!S_ISDIR(st.st_mode)) {
		conf_tell(k->problems, "%s = %s: %s is not a folder", key, value, folder);
	} else if (k->known && eaccess(folder, W_OK | X_OK) != 0) {
		conf_tell(k->problems, "%s = %s: the user %s cannot write to the folder %s: %s", key, value,
		          check_who(who), folder, strerror(errno));
	}
	free(copy);
}

static bool check_is_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static void check_database(const struct check *k)
{
	const char *path = k->c->database;
	char *real = realpath(path, NULL);
	struct store_error err;
	char who[USER_SHOWN_BYTES];
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		conf_tell(k->problems, "database = %s: this is a folder, not a database", path);
	} else if (stat(path, &st) == 0) {
		/* SQLite's other files are next to the file that a link leads to. */
		check_folder(k, "database", path, real ? real : path);
		if (k->known && st.st_uid == geteuid() && eaccess(path, R_OK | W_OK) != 0)
			conf_tell(k->problems, "database = %s: the user %s cannot read and write it: %s", path,
			          check_who(who), strerror(errno));
		else if (k->known && !store_look(path, &err))
			conf_tell(k->problems, "%s", err.text);
	} else if (errno == ENOENT && check_is_link(path)) {
		conf_tell(k->problems, "database = %s: this is a link to a file that does not exist", path);
	} else if (errno == ENOENT || errno == ENOTDIR) {
		check_folder(k, "database", path, path);
	} else {
		check_unseen(k, "database", path, path);
	}
	free(real);
}

/* Opens it as chatd will, except that it must exist. Not a pipe, whose reader would notice. */
static bool check_opens(const char *path, const struct stat *st)
{
	int fd;

	if (S_ISFIFO(st->st_mode))
		return eaccess(path, W_OK) == 0;
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void check_chat_log(const struct check *k)
{
	const char *path = k->c->chat_log;
	char who[USER_SHOWN_BYTES];
	struct stat st;

	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			conf_tell(k->problems, "chat_log = %s: this is a folder, not a file", path);
		else if (k->known && !check_opens(path, &st))
			conf_tell(k->problems, "chat_log = %s: the user %s cannot write to it: %s", path,
			          check_who(who), strerror(errno));
	} else if (errno != ENOENT && errno != ENOTDIR) {
		check_unseen(k, "chat_log", path, path);
	} else if (!check_is_link(path)) {
		check_folder(k, "chat_log", path, path);
	}
}

static void check_texts(const struct check *k)
{
	for (enum text t = 0; t < TEXTS; t++) {
		const char *path = texts_path(k->c, t);

		/* The user in question may be able to read it. */
		if (path && !k->known && access(path, R_OK) != 0 && (errno == EACCES || errno == EPERM))
			continue;
		if (path)
			free(texts_read_one(k->c, t, false, k->problems));
	}
}

static void check_of_files(const struct check *k)
{
	check_database(k);
	if (k->c->chat_log)
		check_chat_log(k);
	check_texts(k);
}

static void check_socket(const struct check *k, const char *key, const char *value)
{
	struct conf_listen where;
	char problem[256];
	struct stat st;

	if (!conf_listen_parse(value, &where, problem, sizeof(problem)) || where.kind != LISTEN_UNIX)
		return;
	if (lstat(where.path, &st) == 0 && !S_ISSOCK(st.st_mode))
		conf_tell(k->problems, "%s = %s: a file of that name exists, and is not a socket", key, value);
	else
		check_folder(k, key, value, where.path);
}

bool check_metrics_port(const struct conf *c, struct bytes *problems)
{
	size_t before = problems->len;
	struct conf_listen ours, where;
	char problem[256];

	if (!c->metrics || !conf_listen_parse(c->metrics, &ours, problem, sizeof(problem)))
		return true;
	for (uint32_t i = 0; i < c->nlisten; i++) {
		if (!conf_listen_parse(c->listen[i], &where, problem, sizeof(problem)) ||
		    !conf_listen_overlap(&ours, &where))
			continue;
		conf_tell(problems, "metrics = %s: it is the same %s as listen = %s; choose another port", c->metrics,
		          conf_listen_same_address(&ours, &where) ? "address" : "port", c->listen[i]);
	}
	return problems->len == before;
}

bool check_cluster_allows(const struct conf *c, struct bytes *problems)
{
	size_t before = problems->len;

	if (c->durability == DURABILITY_RELAXED)
		conf_tell(problems, "durability = relaxed: in a cluster nothing is seen before it is saved; choose commit or "
		          "sync, or leave cluster out");
	if (c->store_failure == STORE_FAILURE_TALK)
		conf_tell(problems, "store_failure = talk: in a cluster nothing is seen before it is saved; choose refuse, or "
		          "leave cluster out");
	if (c->host_accounts == CONF_YES)
		conf_tell(problems, "host_accounts = yes: in a cluster another machine's users could have the same names; "
		          "choose no, or leave cluster out");
	return problems->len == before;
}

bool check_cluster(const struct conf *c, struct bytes *problems)
{
	size_t before = problems->len;

	if (!c->cluster.engine)
		return true;
	if (!c->cluster.node)
		conf_tell(problems, "cluster = %s: node is not set; give this chatd a name that no other one in the cluster "
		          "has: node = a", c->cluster.engine);
	if (c->cluster.user && !c->cluster.password_file)
		conf_tell(problems, "cluster_user = %s: cluster_password_file is not set", c->cluster.user);
	check_cluster_allows(c, problems);
	return problems->len == before;
}

/* It does nothing, which is not what was meant. */
static void check_lone_node(const struct conf *c, struct bytes *notes)
{
	if (c->cluster.node && !c->cluster.engine)
		conf_tell(notes, "node = %s: cluster is not set, so this chatd is in none", c->cluster.node);
}

static void check_of_sockets(const struct check *k)
{
	for (uint32_t i = 0; i < k->c->nlisten; i++) {
		if (!k->passed || k->passed->fd[i] < 0)
			check_socket(k, "listen", k->c->listen[i]);
	}
	if (k->c->metrics) {
		check_metrics_port(k->c, k->problems);
		check_socket(k, "metrics", k->c->metrics);
	}
}

bool check_sockets(const struct conf *c, const struct activation *passed, struct bytes *problems)
{
	size_t before = problems->len;
	struct check k = { .c = c, .passed = passed, .problems = problems, .known = true };

	check_of_sockets(&k);
	return problems->len == before;
}

bool check_files(const struct conf *c, struct bytes *problems)
{
	size_t before = problems->len;
	struct check k = { .c = c, .problems = problems, .known = true };

	check_of_files(&k);
	return problems->len == before;
}

/* Whether it can be found out what the user may do: root can switch to the user for that. */
static bool check_user(const struct conf *c, struct bytes *problems, struct bytes *notes)
{
	const struct passwd *pw = c->user ? getpwnam(c->user) : NULL;

	if (c->user && !pw)
		conf_tell(problems, "user = %s: this host has no such user", c->user);
	else if (pw && pw->pw_uid == 0)
		conf_tell(problems, "user = %s: chatd does not run as root; choose another user", c->user);
	else if (pw && geteuid() != 0 && geteuid() != pw->pw_uid)
		conf_tell(notes, "not checked: what the user %s may read and write, which only root can find "
		          "out",
		          c->user);
	else if (!pw && geteuid() == 0)
		conf_tell(notes, "not checked: what chatd may read and write, for it gives root up and no user is set: "
		          "give --user NAME, or set user in the configuration file");
	else
		return true;
	return false;
}

/* A file that the parent reads: as root, if root starts it, but otherwise as the user that this process has become.
 * unit: chatd.service starts it so. */
static void check_readable(const struct check *k, bool unit, const char *key, const char *path, struct bytes *notes)
{
	const struct conf *c = k->c;

	if (!path || access(path, R_OK) == 0 || (errno != EACCES && errno != EPERM))
		return;
	if (unit)
		conf_tell(k->problems, "%s = %s: the user %s cannot read it, as which chatd.service starts chatd: %s", key,
		          path, c->user, strerror(errno));
	else
		conf_tell(notes, "%s = %s: the user %s cannot read it (%s); that is fine if root starts chatd, but "
		          "chatd.service does not", key, path, c->user, strerror(errno));
}

bool check_all(const struct conf *c, const char *conf_path, struct bytes *problems,
               struct bytes *notes)
{
	size_t before = problems->len;
	bool known = check_user(c, problems, notes), root = geteuid() == 0;
	const char *password = c->cluster.engine ? c->cluster.password_file : NULL;
	struct check k = { .c = c, .problems = problems };
	char who[USER_SHOWN_BYTES];

	check_cluster(c, problems);
	check_lone_node(c, notes);
	/* The parent reads them, which stays who it is. */
	if (certificate_is_needed(c) && (known || root))
		certificate_check(c, problems);
	if (password && (known || root))
		cluster_password_check(password, problems);
	/* Root makes the sockets before it switches users. */
	k.known = known || root;
	check_of_sockets(&k);
	if (known && root && !privilege_drop(c->user))
		return false;
	if (known && root) {
		bool unit = conf_path && unit_starts_as("", conf_path, c->user), tls = certificate_is_needed(c);

		check_readable(&k, unit, "tls_certificate", tls ? c->tls.certificate : NULL, notes);
		check_readable(&k, unit, "tls_key", tls ? c->tls.key : NULL, notes);
		check_readable(&k, unit, "cluster_password_file", password, notes);
	}
	k.known = known;
	check_of_files(&k);
	if (known && conf_path && eaccess(conf_path, R_OK) != 0)
		conf_tell(problems, "%s: the user %s cannot read it, which a reload needs: %s", conf_path,
		          check_who(who), strerror(errno));
	return problems->len == before;
}
