/*
 * How many descriptors chatd needs for its connections, and getting them.
 */
#include "chatd/program/descriptors.h"

#include <sys/resource.h>

#include "chatd/base/log.h"

enum {
	DESCRIPTORS_TLS_KEPT = LISTENERS_MAX + 2, /* its listeners, and the sockets to the others */
	DESCRIPTORS_SPARE = 96,  /* the ring, the database, logs, the other processes, the cluster's engine, threads'
	                          * eventfds and epolls, and what libraries open: about 60 with TLS, metrics and a
	                          * cluster during a backup */
	DESCRIPTORS_TLS_EACH = 2, /* of a connection by TLS: its own, and that of the stream to the chat */
};

static rlim_t descriptors_needed(const struct conf *c, uint32_t connections)
{
	return (rlim_t)connections + CONTROL_SLOTS + LINGERERS + PROXIED_SLOTS + c->nlisten + DESCRIPTORS_SPARE;
}

void descriptors_cap(struct conf *c)
{
	rlim_t rest = descriptors_needed(c, 0);
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max > rest &&
	    limit.rlim_max - rest < c->connections_max) {
		c->connections_max = (uint32_t)(limit.rlim_max - rest);
	}
}

/* For what: which part needs them, for a message. */
static bool raise_to(rlim_t need, const struct conf *c, const char *what)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
		log_err("cannot read the descriptor limit");
		return false;
	}
	if (limit.rlim_cur >= need)
		return true;
	if (limit.rlim_max < need) {
		log_errx("max_connections = %u needs %llu descriptors%s; the hard limit is %llu: "
		         "raise LimitNOFILE= or ulimit -n, or lower max_connections",
		         c->connections_max, (unsigned long long)need, what,
		         (unsigned long long)limit.rlim_max);
		return false;
	}
	limit.rlim_cur = need;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0) {
		log_err("cannot raise the descriptor limit to %llu", (unsigned long long)need);
		return false;
	}
	return true;
}

bool descriptors_raise(const struct conf *c)
{
	return raise_to(descriptors_needed(c, c->connections_max), c, "");
}

static rlim_t needed_tls(const struct conf *c)
{
	return DESCRIPTORS_TLS_EACH * ((rlim_t)c->connections_max + 2 * TLS_HANDSHAKES_MAX) + DESCRIPTORS_SPARE;
}

bool descriptors_raise_tls(const struct conf *c)
{
	return raise_to(needed_tls(c), c, " for TLS");
}

int descriptors_tls_below(const struct conf *c)
{
	return (int)needed_tls(c) - DESCRIPTORS_TLS_KEPT;
}
