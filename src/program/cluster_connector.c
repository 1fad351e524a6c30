/*
 * Connecting to the engine for the chat.
 *
 * Owns its end of the socket between the two, and connections until they are passed.
 */
#include "chatd/program/cluster_connector.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "chatd/net/passing.h"
#include "chatd/program/cluster_connect.h"
#include "chatd/program/conf/conf.h"
#include "chatd/program/conf/conf_cluster.h"

enum {
	KEEPALIVE_IDLE_S = 5,     /* after which TCP asks an engine that says nothing, */
	KEEPALIVE_EVERY_S = 2,    /* how often, */
	KEEPALIVE_TRIES = 3,      /* and how many answers may be missing: 11 s in all */
	UNACKNOWLEDGED_MS = 10000, /* how long what was sent may stay without an answer of TCP's */
};

void cluster_connector_init(struct cluster_connector *k)
{
	*k = (struct cluster_connector){.socket = -1};
	for (int i = 0; i < CLUSTER_CONNECTS_MAX; i++)
		k->attempts[i].fd = -1;
}

/* Only numbers are parsed: no name is looked up, at no time. */
static bool resolve(struct cluster_connector *k, const struct conf_cluster *e)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	struct addrinfo *ai = NULL;
	char port[8];

	if (e->kind == CLUSTER_UNIX) {
		memcpy(path.sun_path, e->path, sizeof e->path);
		memcpy(&k->address, &path, sizeof path);
		k->address_len = sizeof path;
		return true;
	}
	snprintf(port, sizeof port, "%u", e->port);
	if (getaddrinfo(e->host, port, &hints, &ai) != 0)
		return false;
	memcpy(&k->address, ai->ai_addr, ai->ai_addrlen);
	k->address_len = ai->ai_addrlen;
	freeaddrinfo(ai);
	return true;
}

bool cluster_connector_begin(struct cluster_connector *k, const char *engine, int socket, struct bytes *problems)
{
	struct conf_cluster e;
	char why[256];

	cluster_connector_init(k);
	if (!conf_cluster_parse(engine, &e, why, sizeof why)) {
		conf_tell(problems, "cluster = %s: %s", engine, why);
		return false;
	}
	if (!resolve(k, &e)) {
		conf_tell(problems, "cluster = %s: this host has no such network interface", engine);
		return false;
	}
	k->engine = engine;
	k->socket = socket;
	return true;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void cluster_connector_end(struct cluster_connector *k)
{
	close_fd(&k->socket);
	for (int i = 0; i < CLUSTER_CONNECTS_MAX; i++)
		close_fd(&k->attempts[i].fd);
}

/* -- answers -------------------------------------------------------------------------------------- */

/* fd -1: error says why there is none. If the chat takes no answers, this one is lost, and its thread gives up. */
static void answer(const struct cluster_connector *k, uint8_t request, int fd, int error)
{
	struct cluster_answer a = {.request = request};

	if (fd < 0)
		snprintf(a.why, sizeof a.why, "cannot connect to %s: %s", k->engine,
		         error == ETIMEDOUT ? "no answer" : error == EAGAIN ? "it takes no connection now" : strerror(error));
	(void)passing_send(k->socket, &a, sizeof a, &fd, fd >= 0 ? 1 : 0);
}

/* What a thread needs that knows only how to read and write. */
static void set_options(int fd, int family)
{
	const struct timeval io = {.tv_sec = CLUSTER_IO_MS / 1000, .tv_usec = CLUSTER_IO_MS % 1000 * 1000};
	const struct {
		int level, name, value;
	} options[] = {
		{IPPROTO_TCP, TCP_NODELAY, 1},
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
		{IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_EVERY_S},
		{IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_TRIES},
		{IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS},
	};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &io, sizeof io);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &io, sizeof io);
	for (size_t i = 0; i < sizeof options / sizeof options[0] && family != AF_UNIX; i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof options[i].value);
}

/* Where nobody listens on a port of this machine, TCP may choose that very port for the connection, which then leads to
 * itself; and the engine could not have its port any more. */
static bool leads_to_itself(int fd)
{
	struct sockaddr_storage here = {0}, there = {0};
	socklen_t here_len = sizeof here, there_len = sizeof there;

	return getsockname(fd, (struct sockaddr *)&here, &here_len) == 0 && here.ss_family != AF_UNIX &&
	       getpeername(fd, (struct sockaddr *)&there, &there_len) == 0 && here_len == there_len &&
	       memcmp(&here, &there, here_len) == 0;
}

/* Makes it one that blocks, and passes it. */
static void pass(const struct cluster_connector *k, uint8_t request, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (leads_to_itself(fd))
		answer(k, request, -1, ECONNREFUSED);
	else if (flags >= 0 && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0)
		answer(k, request, fd, 0);
	else
		answer(k, request, -1, errno);
}

/* -- attempts ------------------------------------------------------------------------------------- */

static struct cluster_attempt *find_free(struct cluster_connector *k)
{
	for (int i = 0; i < CLUSTER_CONNECTS_MAX; i++)
		if (k->attempts[i].fd < 0)
			return &k->attempts[i];
	return NULL;
}

static void begin_attempt(struct cluster_connector *k, uint8_t request, int64_t now_ms)
{
	int family = k->address.ss_family, fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct cluster_attempt *a = find_free(k);

	if (fd < 0) {
		answer(k, request, -1, errno);
		return;
	}
	set_options(fd, family);
	if (connect(fd, (const struct sockaddr *)&k->address, k->address_len) == 0) {
		pass(k, request, fd);
	} else if (errno == EINPROGRESS) {
		*a = (struct cluster_attempt){.fd = fd, .request = request, .until_ms = now_ms + CLUSTER_CONNECT_MS};
		return;
	} else {
		answer(k, request, -1, errno);
	}
	close(fd);
}

static void end_attempt(struct cluster_connector *k, struct cluster_attempt *a, int64_t now_ms)
{
	struct pollfd p = {.fd = a->fd, .events = POLLOUT};
	int error = 0;
	socklen_t len = sizeof error;

	if (poll(&p, 1, 0) == 0) {
		if (now_ms < a->until_ms)
			return;
		error = ETIMEDOUT;
	} else if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
		error = errno;
	}
	if (error == 0)
		pass(k, a->request, a->fd);
	else
		answer(k, a->request, -1, error);
	close_fd(&a->fd);
}

/* -- the chat's requests -------------------------------------------------------------------------- */

/* When the next request can be taken; INT64_MAX: not before an attempt has ended, or never. */
static int64_t ready_ms(struct cluster_connector *k, int64_t now_ms)
{
	if (k->socket < 0 || find_free(k) == NULL)
		return INT64_MAX;
	return now_ms + bucket_wait_ms(&k->requests, now_ms, CLUSTER_CONNECTS_BURST, CLUSTER_CONNECTS_PER_S);
}

static void take_requests(struct cluster_connector *k, int64_t now_ms)
{
	while (ready_ms(k, now_ms) <= now_ms) {
		uint8_t request[2];
		/* Descriptors that come with it are closed by the kernel. */
		ssize_t n = recv(k->socket, request, sizeof request, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0) {
			/* The chat has ended. */
			close_fd(&k->socket);
			return;
		}
		/* A message of another form, which only an intruder would send, costs as much. */
		bucket_take(&k->requests, now_ms, CLUSTER_CONNECTS_PER_S);
		if (n == 1)
			begin_attempt(k, request[0], now_ms);
	}
}

int cluster_connector_watch(struct cluster_connector *k, struct pollfd fds[CLUSTER_CONNECTOR_FDS], int64_t now_ms)
{
	int n = 0;

	if (ready_ms(k, now_ms) <= now_ms)
		fds[n++] = (struct pollfd){.fd = k->socket, .events = POLLIN};
	for (int i = 0; i < CLUSTER_CONNECTS_MAX; i++)
		if (k->attempts[i].fd >= 0)
			fds[n++] = (struct pollfd){.fd = k->attempts[i].fd, .events = POLLOUT};
	return n;
}

int64_t cluster_connector_until_ms(struct cluster_connector *k, int64_t now_ms)
{
	int64_t at_ms = ready_ms(k, now_ms), until_ms = at_ms > now_ms ? at_ms : INT64_MAX;

	for (int i = 0; i < CLUSTER_CONNECTS_MAX; i++)
		if (k->attempts[i].fd >= 0 && k->attempts[i].until_ms < until_ms)
			until_ms = k->attempts[i].until_ms;
	return until_ms;
}

void cluster_connector_turn(struct cluster_connector *k, int64_t now_ms)
{
	for (int i = 0; i < CLUSTER_CONNECTS_MAX; i++)
		if (k->attempts[i].fd >= 0)
			end_attempt(k, &k->attempts[i], now_ms);
	take_requests(k, now_ms);
}
