/*
 * Listening sockets: TCP over IPv4 and IPv6, and unix.
 *
 * Sets sockets up, and words the reason if that fails. The ring does the accepting. Options of
 * accepted sockets are set on the listening one, from which Linux inherits them, so that a new
 * connection costs no further system call.
 */
#include "chatd/net/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "chatd/base/bounds.h"

enum {
	KEEPALIVE_PROBE_S = 15,    /* between one keepalive probe and the next */
	KEEPALIVE_PROBES = 4,      /* unanswered probes after which the peer is gone */
	BUSY_TRIES = 20,           /* tries for a port in use to become free */
	PROBES = 3,                /* connections to a unix socket, to see whether anybody
	                            * listens */
	BUSY_WAIT_MS = 50,         /* the time between two tries */
	USER_TIMEOUT_S_LEAST = 30, /* a short send_timeout must not break a connection that a bad
	                            * network merely delays */
};

/* An address with its length, as bind takes it. */
struct listener_address {
	struct sockaddr_storage sa;
	socklen_t len;
};

/* -- names ---------------------------------------------------------------------- */

/* Adds a note to the name: " (IPv4 only)", and after others ", telnet". */
static void listener_note(struct listener *l, const char *note)
{
	size_t len = strlen(l->name) - (l->noted ? 1 : 0); /* the parenthesis moves to the end */

	snprintf(l->name + len, sizeof(l->name) - len, "%s%s)", l->noted ? ", " : " (", note);
	l->noted = true;
}

void listener_set_telnet(struct listener *l)
{
	l->telnet = true;
	listener_note(l, "telnet");
}

void listener_set_proxy(struct listener *l)
{
	l->proxy = true;
	listener_note(l, "proxy");
}

void listener_set_tls(struct listener *l)
{
	l->tls = true;
	listener_note(l, "TLS");
}

/* -- problems ------------------------------------------------------------------- */

/* host is NULL if the listener is for all addresses. */
static void listener_explain(const struct listener *l, const char *host, uint16_t port, int error,
                             char *problem, size_t n)
{
	switch (error) {
	case EADDRINUSE:
		snprintf(problem, n, "port %u is in use%s%s: is another chatd running? If not, choose another port",
		         port, host ? " on " : "", host ? host : "");
		break;
	case EACCES:
		snprintf(problem, n, "cannot listen on %s: %s", l->name,
		         port < IPPORT_RESERVED ? "ports below 1024 need root or "
		                                  "CAP_NET_BIND_SERVICE" : strerror(error));
		break;
	case EADDRNOTAVAIL:
		snprintf(problem, n, "cannot listen on %s: this machine has no such address",
		         l->name);
		break;
	case EAFNOSUPPORT:
		snprintf(problem, n, "cannot listen on %s: this kernel has no IPv6", l->name);
		break;
	default:
		snprintf(problem, n, "cannot listen on %s: %s", l->name, strerror(error));
		break;
	}
}

/* -- TCP ------------------------------------------------------------------------ */

static bool listener_set(int fd, int level, int option, uint32_t value)
{
	int v = (int)value;

	return setsockopt(fd, level, option, &v, sizeof(v)) == 0;
}

/* Everything that accepted sockets inherit. */
static bool listener_set_inherited(int fd, const struct listener_options *o)
{
	uint32_t gone_s = o->send_timeout_s > USER_TIMEOUT_S_LEAST ? o->send_timeout_s
	                                                           : USER_TIMEOUT_S_LEAST;

	/* What is sent is already a whole turn's output; Nagle would only delay it. */
	if (!listener_set(fd, IPPROTO_TCP, TCP_NODELAY, 1) ||
	    !listener_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, gone_s * 1000) ||
	    /* Telnet marks an interrupt with urgent data, which otherwise gets lost. */
	    !listener_set(fd, SOL_SOCKET, SO_OOBINLINE, 1) ||
	    !listener_set(fd, SOL_SOCKET, SO_KEEPALIVE, o->keepalive_s > 0) ||
	    !listener_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_PROBE_S) ||
	    !listener_set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES)) {
		return false;
	}
	return o->keepalive_s == 0 || listener_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, o->keepalive_s);
}

void listener_set_options(struct listener *l, const struct listener_options *o)
{
	/* A unix socket has none of them and may refuse. */
	listener_set_inherited(l->fd, o);
}

/* The port that the kernel chose if port 0 was requested. */
static uint16_t listener_port(int fd)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
		return 0;
	/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): all of sa was set at first */
	return ntohs(sa.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&sa)->sin6_port
	                                      : ((struct sockaddr_in *)&sa)->sin_port);
}

/* dual: the socket accepts IPv4 as well. Returns a descriptor or -errno. */
static int listener_socket(const struct listener_address *a, bool dual,
                           const struct listener_options *o)
{
	bool v6 = a->sa.ss_family == AF_INET6;
	int fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	/* SO_REUSEADDR: a restart need not wait until old connections have died. A port that
	 * somebody listens on still fails, in bind or, if they have just begun, in listen. */
	if (listener_set(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
	    (!v6 || listener_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !dual)) &&
	    listener_set_inherited(fd, o) &&
	    bind(fd, (const struct sockaddr *)&a->sa, a->len) == 0 &&
	    listen(fd, LISTEN_BACKLOG) == 0) {
		return fd;
	}
	error = errno;
	close(fd);
	return -error;
}

/* Every address of the host. */
static int listener_socket_any(struct listener *l, uint16_t port,
                               const struct listener_options *o)
{
	struct sockaddr_in6 any6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in any4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct listener_address a = { .len = sizeof(any6) };
	int fd;

	memcpy(&a.sa, &any6, sizeof(any6));
	fd = listener_socket(&a, true, o);
	snprintf(l->name, sizeof(l->name), "[::]:%u (IPv4 and IPv6)",
	         fd >= 0 ? listener_port(fd) : port);
	l->noted = true;
	/* No IPv6 in the kernel, or switched off by ipv6.disable or disable_ipv6. */
	if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL) {
		memcpy(&a.sa, &any4, sizeof(any4));
		a.len = sizeof(any4);
		fd = listener_socket(&a, false, o);
		snprintf(l->name, sizeof(l->name), "0.0.0.0:%u (IPv4 only)",
		         fd >= 0 ? listener_port(fd) : port);
	}
	return fd;
}

/* One numeric address; in IPv6 with an interface if it needs one. */
static int listener_socket_at(struct listener *l, const char *host, uint16_t port,
                              const struct listener_options *o)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM,
	};
	struct listener_address a = { 0 };
	const char *format;
	struct addrinfo *ai;
	char service[8];
	int fd;

	snprintf(l->name, sizeof(l->name), "%s port %u", host, port);
	snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(host, service, &hints, &ai) != 0)
		return -EADDRNOTAVAIL;
	memcpy(&a.sa, ai->ai_addr, ai->ai_addrlen);
	a.len = ai->ai_addrlen;
	format = ai->ai_family == AF_INET6 ? "[%s]:%u" : "%s:%u";
	freeaddrinfo(ai);
	fd = listener_socket(&a, false, o);
	snprintf(l->name, sizeof(l->name), format, host, fd >= 0 ? listener_port(fd) : port);
	return fd;
}

/*
 * Waits before the next try for an address in use. The kernel ends the io_uring of a chatd that was
 * killed only after the process is gone, and its port or path stays busy until then: 5 to 50 ms,
 * and more on a loaded host.
 */
static void listener_wait_busy(void)
{
	const struct timespec t = { .tv_nsec = BUSY_WAIT_MS * 1000000L };

	nanosleep(&t, NULL);
}

bool listener_open_tcp(struct listener *l, const char *host, uint16_t port,
                       const struct listener_options *o, char *problem, size_t n)
{
	memset(l, 0, sizeof(*l));
	for (int tries = 0; tries < BUSY_TRIES; tries++) {
		l->fd = host ? listener_socket_at(l, host, port, o)
		             : listener_socket_any(l, port, o);
		if (l->fd != -EADDRINUSE)
			break;
		listener_wait_busy();
	}
	if (l->fd < 0) {
		listener_explain(l, host, port, -l->fd, problem, n);
		l->error = -l->fd;
		l->fd = -1;
		return false;
	}
	return true;
}

/* -- unix ----------------------------------------------------------------------- */

/* 0: somebody listens at sa's path; otherwise the errno of connecting to it. */
static int listener_probe(const struct sockaddr_un *sa)
{
	/* Non-blocking, in case somebody listens but does not accept. */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = fd < 0 || connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return error;
}

/*
 * Makes way for a socket at sa's path. Removes only a socket that nobody listens on any more:
 * anything else, or one that cannot be probed, belongs to somebody.
 */
static bool listener_remove_stale(const struct sockaddr_un *sa, char *problem, size_t n)
{
	struct stat st;
	int error;

	if (lstat(sa->sun_path, &st) < 0) {
		if (errno == ENOENT)
			return true;
		snprintf(problem, n, "cannot listen on unix:%s: %s", sa->sun_path,
		         strerror(errno));
		return false;
	}
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(problem, n, "cannot listen on unix:%s: a file of that name exists, and is "
		         "not a socket", sa->sun_path);
		return false;
	}
	error = listener_probe(sa);
	for (int tries = 1; error == 0 && tries < PROBES; tries++) {
		listener_wait_busy();
		error = listener_probe(sa);
	}
	if (error == ECONNREFUSED && unlink(sa->sun_path) == 0)
		return true;
	if (error == 0 || error == EAGAIN || error == EPROTOTYPE) {
		snprintf(problem, n, "unix:%s is in use, probably by another chatd", sa->sun_path);
	} else {
		snprintf(problem, n, "cannot replace the existing socket unix:%s: %s", sa->sun_path,
		         strerror(error == ECONNREFUSED ? errno : error));
	}
	return false;
}

bool listener_open_unix(struct listener *l, const char *path, char *problem, size_t n)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	struct stat st;
	int error;

	memset(l, 0, sizeof(*l));
	l->fd = -1;
	if (path[0] == '\0' || strlen(path) >= sizeof(sa.sun_path)) {
		snprintf(problem, n, "a unix socket's path must have 1 to %zu bytes; this one has %zu",
		         sizeof(sa.sun_path) - 1, strlen(path));
		return false;
	}
	strcpy(sa.sun_path, path);
	if (!listener_remove_stale(&sa, problem, n))
		return false;
	snprintf(l->name, sizeof(l->name), "unix:%s", path);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd >= 0 && bind(l->fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0) {
		strcpy(l->unix_path, path);
		if (lstat(path, &st) == 0) {
			l->unix_ino = st.st_ino;
			l->unix_dev = st.st_dev;
		}
	}
	if (l->unix_path[0] == '\0' || listen(l->fd, LISTEN_BACKLOG) < 0) {
		error = errno;
		snprintf(problem, n, "cannot listen on unix:%s: %s", path,
		         error == ENOENT ? "its folder does not exist" : strerror(error));
		listener_close(l);
		return false;
	}
	return true;
}

/* -- made by others -------------------------------------------------------------- */

/* An address of TCP, with its interface if it needs one. */
static bool listener_where_tcp(const struct listener_address *a, char *name, size_t n)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getnameinfo((const struct sockaddr *)&a->sa, a->len, host, sizeof(host), port, sizeof(port),
	                NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return false;
	snprintf(name, n, a->sa.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	return true;
}

bool listener_where(int fd, char *name, size_t n)
{
	struct listener_address a = { .len = sizeof(a.sa) };
	int type = 0, listens = 0;
	socklen_t len = sizeof(int);

	/* A unix socket's path need not have a NUL, but all of sa is 0 at first. */
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_STREAM ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 || !listens ||
	    getsockname(fd, (struct sockaddr *)&a.sa, &a.len) < 0)
		return false;
	if (a.sa.ss_family == AF_UNIX) {
		const char *path = ((const struct sockaddr_un *)&a.sa)->sun_path;

		/* An abstract one, or one without a name. */
		if (path[0] == '\0')
			return false;
		snprintf(name, n, "unix:%.*s", (int)sizeof(((struct sockaddr_un *)0)->sun_path), path);
		return true;
	}
	return (a.sa.ss_family == AF_INET || a.sa.ss_family == AF_INET6) &&
	       listener_where_tcp(&a, name, n);
}

void listener_open_passed(struct listener *l, int fd, const struct listener_options *o)
{
	memset(l, 0, sizeof(*l));
	l->fd = fd;
	if (!listener_where(fd, l->name, sizeof(l->name)))
		snprintf(l->name, sizeof(l->name), "descriptor %d", fd);
	listener_note(l, "passed by the service manager");
	/* A unix socket has none of them and may refuse. */
	listener_set_inherited(fd, o);
}

/* -- the end --------------------------------------------------------------------- */

void listener_close(struct listener *l)
{
	struct stat st;

	if (l->fd >= 0)
		close(l->fd);
	/* Another program may have put its own there. */
	if (l->unix_path[0] != '\0' && lstat(l->unix_path, &st) == 0 && st.st_ino == l->unix_ino &&
	    st.st_dev == l->unix_dev)
		unlink(l->unix_path);
	l->fd = -1;
	l->unix_path[0] = '\0';
}
