/*
 * Sockets passed by the service manager. Owns none: they belong to the listeners made of them.
 */
#include "chatd/program/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chatd/base/log.h"
#include "chatd/net/listener.h"
#include "chatd/program/conf/conf_listen.h"

enum { PASSED_FIRST = 3 }; /* the descriptor of the first one; the others follow it */

/* A socket as it was passed. */
struct passed {
	int fd;
	char name[64];        /* FileDescriptorName=, or that of its unit */
	char where[160];      /* as `listen` would say it */
};

/* A number from the environment, written with digits alone. False: it is not one. */
static bool passed_number(const char *value, uint64_t *n)
{
	errno = 0;
	*n = strtoull(value, NULL, 10);
	return *value != '\0' && value[strspn(value, "0123456789")] == '\0' && errno == 0;
}

/* The number of sockets passed to this process, and not to another one with the same environment.
 * False: nobody can tell, and the log says so. */
static bool passed_count(uint32_t *count)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t its, n = 0;

	*count = 0;
	if (!pid || !fds || !passed_number(pid, &its) || its != (uint64_t)getpid())
		return true;
	if (!passed_number(fds, &n)) {
		log_errx("LISTEN_FDS is \"%s\", not the number of sockets that the service manager passes", fds);
		return false;
	}
	if (n > LISTENERS_MAX) {
		log_errx("the service manager passes %" PRIu64 " sockets; chatd takes %d at most", n, LISTENERS_MAX);
		return false;
	}
	*count = (uint32_t)n;
	return true;
}

/* The i-th of the names in LISTEN_FDNAMES, which has colons between them. */
static void passed_name(struct passed *p, uint32_t i)
{
	const char *names = getenv("LISTEN_FDNAMES"), *at = names ? names : "";

	for (; i > 0 && *at != '\0'; i--) {
		at += strcspn(at, ":");
		at += *at == ':';
	}
	if (*at == ':' || *at == '\0')
		snprintf(p->name, sizeof(p->name), "descriptor %d", p->fd);
	else
		snprintf(p->name, sizeof(p->name), "%.*s", (int)strcspn(at, ":"), at);
}

/* An IPv6 socket for all addresses that takes no IPv4: no `listen` line means that. */
static bool passed_takes_only_ipv6(const struct passed *p, const struct conf_listen *l)
{
	int only = 0;
	socklen_t len = sizeof(only);

	return l->kind == LISTEN_DUAL &&
	       getsockopt(p->fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &len) == 0 && only;
}

/* Finds p's line. False: the log says why there is none. */
static bool passed_match(struct activation *a, const struct conf *c, const struct passed *p)
{
	struct conf_listen there, line;
	char problem[256];

	if (!conf_listen_parse(p->where, &there, problem, sizeof(problem))) {
		log_errx("the service manager passes a socket for %s (%s), which chatd cannot use: %s",
		         p->where, p->name, problem);
		return false;
	}
	if (passed_takes_only_ipv6(p, &there)) {
		log_errx("the service manager passes a socket for %s (%s) that takes IPv6 alone: set "
		         "BindIPv6Only=both in its unit", p->where, p->name);
		return false;
	}
	/* Without IPv6 in the kernel, every address is 0.0.0.0. */
	if (strcmp(there.host, "0.0.0.0") == 0 && access("/proc/net/if_inet6", F_OK) != 0)
		there.kind = LISTEN_DUAL;
	for (uint32_t i = 0; i < c->nlisten; i++) {
		if (a->fd[i] < 0 && conf_listen_parse(c->listen[i], &line, problem, sizeof(problem)) &&
		    conf_listen_same_address(&there, &line)) {
			a->fd[i] = p->fd;
			return true;
		}
	}
	log_errx("the service manager passes a socket for %s (%s), but no listen line has that address: "
	         "add listen = %s, or remove it from the unit", p->where, p->name, p->where);
	return false;
}

static bool passed_read(struct activation *a, const struct conf *c, uint32_t i)
{
	struct passed p = { .fd = PASSED_FIRST + (int)i };
	int flags = fcntl(p.fd, F_GETFL);

	passed_name(&p, i);
	if (!listener_where(p.fd, p.where, sizeof(p.where))) {
		log_errx("the service manager passes something (%s) that is not a listening socket of TCP "
		         "or unix: its unit needs ListenStream= with a port, an address or a path, and "
		         "Accept=no", p.name);
		return false;
	}
	/* The ring waits itself. */
	if (fcntl(p.fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(p.fd, F_SETFL, flags & ~O_NONBLOCK) < 0) {
		log_err("cannot use the socket that the service manager passes (%s)", p.name);
		return false;
	}
	return passed_match(a, c, &p);
}

bool activation_read(struct activation *a, const struct conf *c)
{
	uint32_t n;
	bool ok = passed_count(&n);

	for (uint32_t i = 0; i < LISTENERS_MAX; i++)
		a->fd[i] = -1;
	for (uint32_t i = 0; i < n; i++)
		ok = passed_read(a, c, i) && ok;
	return ok;
}
