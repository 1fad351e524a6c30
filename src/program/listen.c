/* What chatd listens on. Opens the sockets; the server accepts from them. */
#include "chatd/program/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chatd/base/address.h"
#include "chatd/base/log.h"
#include "chatd/program/conf/conf_listen.h"

/* Not of what a link leads to: whoever owns the folder could have put one there, and this may be root. */
static void permit(const char *path, mode_t mode)
{
	if (fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW) != 0)
		log_warn("cannot set the permissions of %s", path);
}

/* connect(2) needs write permission for the socket; its folder decides who can reach it. */
static void listen_to_users(const struct listener *listeners, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const char *path = listeners[i].unix_path;

		if (*path != '\0')
			permit(path, S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH);
	}
}

bool listen_all(struct listener *listeners, uint32_t *n, const struct conf *c,
                const struct activation *passed, const struct listener_options *options, bool tls)
{
	struct conf_listen where;
	char problem[512];
	bool ok;

	for (uint32_t i = 0; i < c->nlisten; i++) {
		struct listener *l = &listeners[*n];

		ok = conf_listen_parse(c->listen[i], &where, problem, sizeof(problem));
		if (ok && where.tls != tls)
			continue;
		if (ok && passed->fd[i] >= 0)
			listener_open_passed(l, passed->fd[i], options);
		else if (ok && where.kind == LISTEN_UNIX)
			ok = listener_open_unix(l, where.path, problem, sizeof(problem));
		else if (ok)
			ok = listener_open_tcp(l, where.kind == LISTEN_DUAL ? NULL : where.host,
			                       where.port, options, problem, sizeof(problem));
		if (!ok) {
			log_errx("%s", problem);
			return false;
		}
		if (where.telnet)
			listener_set_telnet(l);
		if (where.tls)
			listener_set_tls(l);
		if (where.proxy)
			listener_set_proxy(l);
		(*n)++;
	}
	if (c->host_accounts == CONF_YES)
		listen_to_users(listeners, *n);
	return true;
}

/* The parent may be root, and then this makes it the socket of chatd's user. */
static void metrics_permit(const char *path, const char *user)
{
	const struct passwd *pw = geteuid() == 0 && user ? getpwnam(user) : NULL;

	if (pw && lchown(path, pw->pw_uid, pw->pw_gid) != 0)
		log_warn("cannot give %s to the user %s", path, user);
	permit(path, S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP);
}

bool listen_metrics(struct listener *l, const struct conf *c)
{
	struct listener_options options = { 0 };
	struct conf_listen where;
	char problem[512];
	bool ok = conf_listen_parse(c->metrics, &where, problem, sizeof(problem));

	if (ok && where.kind == LISTEN_UNIX)
		ok = listener_open_unix(l, where.path, problem, sizeof(problem));
	else if (ok)
		ok = listener_open_tcp(l, where.kind == LISTEN_DUAL ? NULL : where.host, where.port, &options, problem,
		                       sizeof(problem));
	if (!ok && where.kind != LISTEN_UNIX && l->error == EADDRINUSE)
		log_errx("metrics = %s: port %u is in use, perhaps by another chatd; choose another port", c->metrics,
		         where.port);
	else if (!ok)
		log_errx("metrics = %s: %s", c->metrics, problem);
	else if (where.kind == LISTEN_UNIX)
		metrics_permit(where.path, c->user);
	return ok;
}

/* Others than this machine's users can connect. */
static bool is_open_to_others(const struct conf_listen *l)
{
	struct address a, loopback[2];

	if (l->kind == LISTEN_UNIX)
		return false;
	address_parse("127.0.0.0/8", &loopback[0]);
	address_parse("::1/128", &loopback[1]);
	return l->kind == LISTEN_DUAL || !address_parse_one(l->host, &a) ||
	       (!address_within(&a, &loopback[0]) && !address_within(&a, &loopback[1]));
}

void listen_tell_exposed(const struct conf *c)
{
	struct bytes exposed = { 0 };
	struct conf_listen l;
	char problem[256];

	for (uint32_t i = 0; i < c->nlisten; i++) {
		/* Nothing encrypts what passes there, and it leaves this machine. */
		if (conf_listen_parse(c->listen[i], &l, problem, sizeof(problem)) && !l.tls && is_open_to_others(&l))
			bytes_printf(&exposed, "%s%s", exposed.len > 0 ? ", " : "", c->listen[i]);
	}
	if (exposed.len > 0)
		log_warnx("listen = %s: other machines can connect, and nothing is encrypted, not even "
		          "passwords; use the option tls, or listen on 127.0.0.1:PORT for this machine alone", exposed.data);
	bytes_release(&exposed);
	if (c->metrics && conf_listen_parse(c->metrics, &l, problem, sizeof(problem)) && is_open_to_others(&l))
		log_warnx("metrics = %s: other machines can read them, and nobody is asked for a password; listen on "
		          "127.0.0.1:PORT or unix:/PATH, or let a firewall decide", c->metrics);
}

bool listen_control_path(const char *database, char *path, size_t n)
{
	return (size_t)snprintf(path, n, "%s-ctl", database) < n;
}

bool listen_control(struct listener *l, const char *database)
{
	char path[sizeof(l->unix_path)], problem[512];

	if (!listen_control_path(database, path, sizeof(path))) {
		log_warnx("the database's path is too long for a control socket next to it: \"chatd admin\" "
		          "works only while chatd is not running");
		return false;
	}
	if (!listener_open_unix(l, path, problem, sizeof(problem))) {
		log_warnx("%s; \"chatd admin\" cannot reach this chatd", problem);
		return false;
	}
	l->control = true;
	if (chmod(path, S_IRUSR | S_IWUSR) != 0)
		log_warn("cannot set the permissions of %s", path);
	return true;
}
