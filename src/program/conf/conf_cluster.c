/*
 * The engine's address and the names of a cluster, as they are written in the configuration.
 *
 * Only parses and shows: it connects to nothing and looks up no names, so that a configuration can be checked
 * anywhere.
 */
#include "chatd/program/conf/conf_cluster.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"

enum { QUOTED_BYTES_MAX = 100 }; /* of a wrong value in a message: the rule behind it must fit, too */

/* -- the address ----------------------------------------------------------------- */

/* A number of these digits, or -1: it is none, or more than most. */
static long parse_number(const char *s, long most)
{
	size_t digits = strspn(s, "0123456789");
	long value = digits > 0 && digits <= 5 && s[digits] == '\0' ? strtol(s, NULL, 10) : -1;

	return value <= most ? value : -1;
}

static bool parse_port(const char *s, struct conf_cluster *e, char *problem, size_t n)
{
	long port = parse_number(s, UINT16_MAX);

	if (port < 1) {
		snprintf(problem, n, "\"%.*s\" is not a port: it must be 1 to 65535", QUOTED_BYTES_MAX, s);
		return false;
	}
	e->port = (uint16_t)port;
	return true;
}

static bool parse_db(const char *s, struct conf_cluster *e, char *problem, size_t n)
{
	long db = parse_number(s, CLUSTER_DB_MAX);

	if (db < 0) {
		snprintf(problem, n, "\"%.*s\" is not the number of a database: it must be at most %d", QUOTED_BYTES_MAX,
		         s, CLUSTER_DB_MAX);
		return false;
	}
	e->db = (uint32_t)db;
	return true;
}

static bool parse_host(const char *host, int family, struct conf_cluster *e, char *problem, size_t n)
{
	unsigned char address[sizeof(struct in6_addr)];
	char plain[sizeof e->host];
	size_t len = strlen(host);

	if (len < sizeof plain) {
		strcpy(plain, host);
		strcpy(e->host, host);
		/* Whether there is the interface of a link-local address shows when chatd starts. */
		if (family == AF_INET6)
			plain[strcspn(plain, "%")] = '\0';
		if (inet_pton(family, plain, address) == 1)
			return true;
	}
	if (family == AF_INET && strchr(host, ':'))
		snprintf(problem, n, "\"%.*s\" is not an IPv4 address; IPv6 is written in brackets: redis://[::1]:6379",
		         QUOTED_BYTES_MAX, host);
	else
		snprintf(problem, n, "\"%.*s\" is not an IP%s address, and names are not looked up", QUOTED_BYTES_MAX, host,
		         family == AF_INET6 ? "v6" : "");
	return false;
}

/* s is what follows "redis://", and is taken apart. */
static bool parse_ip(char *s, struct conf_cluster *e, char *problem, size_t n)
{
	bool brackets = s[0] == '[';
	char *slash = strchr(s, '/'), *end, *colon;

	e->kind = CLUSTER_IP;
	if (slash)
		*slash = '\0';
	end = brackets ? strchr(s, ']') : NULL;
	colon = brackets ? (end && end[1] == ':' ? end + 1 : NULL) : strrchr(s, ':');
	if (!colon) {
		snprintf(problem, n, "\"%.*s\" has no port; write redis://%s:6379", QUOTED_BYTES_MAX, s,
		         brackets ? "[::1]" : "127.0.0.1");
		return false;
	}
	*(brackets ? end : colon) = '\0';
	return parse_host(s + (brackets ? 1 : 0), brackets ? AF_INET6 : AF_INET, e, problem, n) &&
	       parse_port(colon + 1, e, problem, n) &&
	       (!slash || slash[1] == '\0' || parse_db(slash + 1, e, problem, n));
}

/* s is what follows "unix:", and is taken apart. */
static bool parse_unix(char *s, struct conf_cluster *e, char *problem, size_t n)
{
	char *query = strchr(s, '?');

	e->kind = CLUSTER_UNIX;
	if (query && strncmp(query, "?db=", 4) != 0) {
		snprintf(problem, n, "behind ? there can only be db=DATABASE");
		return false;
	}
	if (query)
		*query = '\0';
	if (s[0] != '/' || strlen(s) >= sizeof e->path) {
		snprintf(problem, n, "a unix socket's path must begin with / and have at most %zu bytes",
		         sizeof e->path - 1);
		return false;
	}
	strcpy(e->path, s);
	return !query || parse_db(query + 4, e, problem, n);
}

bool conf_cluster_parse(const char *s, struct conf_cluster *e, char *problem, size_t n)
{
	char *copy = mem_strdup(s);
	bool ok = false;

	memset(e, 0, sizeof *e);
	if (strncmp(s, "unix:", 5) == 0)
		ok = parse_unix(copy + 5, e, problem, n);
	else if (strncmp(s, "redis", 5) == 0 && strchr(s, '@'))
		snprintf(problem, n, "the user and the password have keys of their own: cluster_user and "
		         "cluster_password_file");
	else if (strncmp(s, "redis://", 8) == 0)
		ok = parse_ip(copy + 8, e, problem, n);
	else if (strncmp(s, "rediss:", 7) == 0)
		snprintf(problem, n, "chatd does not speak TLS to the engine; use a tunnel, such as stunnel, on this host");
	else
		snprintf(problem, n, "it must be redis://ADDRESS:PORT/DATABASE or unix:/PATH?db=DATABASE");
	free(copy);
	return ok;
}

void conf_cluster_show(const struct conf_cluster *e, struct bytes *out)
{
	if (e->kind == CLUSTER_IP)
		bytes_printf(out, strchr(e->host, ':') ? "redis://[%s]:%u/%u" : "redis://%s:%u/%u", e->host, e->port, e->db);
	else
		bytes_printf(out, "unix:%s", e->path);
	if (e->kind == CLUSTER_UNIX && e->db > 0)
		bytes_printf(out, "?db=%u", e->db);
}

/* -- names ------------------------------------------------------------------------ */

bool conf_cluster_check_name(const char *s, char *problem, size_t n)
{
	size_t len = strlen(s);

	if (len > 0 && len <= NODE_BYTES_MAX && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == len)
		return true;
	snprintf(problem, n, "it must be 1 to %d of a-z, 0-9 and -", NODE_BYTES_MAX);
	return false;
}

bool conf_cluster_check_user(const char *s, char *problem, size_t n)
{
	size_t len = strlen(s);
	bool ok = len > 0 && len <= CLUSTER_USER_BYTES_MAX;

	for (size_t i = 0; i < len && ok; i++)
		ok = s[i] > ' ' && s[i] < 0x7f;
	if (!ok)
		snprintf(problem, n, "it must be 1 to %d ASCII characters without blanks", CLUSTER_USER_BYTES_MAX);
	return ok;
}
