/*
 * Listen addresses, as they are written in the configuration.
 *
 * Only parses them; it opens nothing and looks up no names, so that a configuration can be checked
 * anywhere.
 */
#include "chatd/program/conf/conf_listen.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_port(const char *s, uint16_t *port, char *problem, size_t n)
{
	size_t digits = strspn(s, "0123456789");
	long value = digits > 0 && digits <= 5 && s[digits] == '\0' ? strtol(s, NULL, 10) : -1;

	if (value < 0 || value > UINT16_MAX) {
		snprintf(problem, n, "\"%s\" is not a port: it must be a number up to 65535", s);
		return false;
	}
	*port = (uint16_t)value;
	return true;
}

/* host is not NUL-terminated. */
static bool parse_host(const char *host, size_t len, int family, struct conf_listen *l,
                       char *problem, size_t n)
{
	char plain[sizeof(l->host)];
	unsigned char address[sizeof(struct in6_addr)];

	if (len < sizeof(plain)) {
		memcpy(plain, host, len);
		plain[len] = '\0';
		memcpy(l->host, plain, len + 1);
		/* The interface of a link-local address is left to the listener to check. */
		plain[family == AF_INET6 ? strcspn(plain, "%") : len] = '\0';
		if (inet_pton(family, plain, address) == 1)
			return true;
	}
	snprintf(problem, n, "\"%.*s\" is not an IP address (names are not looked up)%s",
	         (int)len, host,
	         family == AF_INET && memchr(host, ':', len)
	         ? "; IPv6 is written in brackets: [::1]:8989" : "");
	return false;
}

bool conf_listen_parse(const char *s, struct conf_listen *l, char *problem, size_t n)
{
	const char *colon = strrchr(s, ':');

	memset(l, 0, sizeof(*l));
	if (strncmp(s, "unix:", 5) == 0) {
		l->kind = LISTEN_UNIX;
		if (s[5] == '\0' || strlen(s + 5) >= sizeof(l->path)) {
			snprintf(problem, n, "a unix socket's path must have 1 to %zu bytes",
			         sizeof(l->path) - 1);
			return false;
		}
		strcpy(l->path, s + 5);
		return true;
	}
	if (!colon) {
		l->kind = LISTEN_DUAL;
		return parse_port(s, &l->port, problem, n);
	}
	l->kind = LISTEN_IP;
	if (s[0] == '[') {
		const char *end = strchr(s, ']');

		if (!end || end[1] != ':') {
			snprintf(problem, n, "\"%s\" has no port after the brackets; write [::1]:8989", s);
			return false;
		}
		/* [::] means both families, unless bindv6only was changed. */
		if (strncmp(s, "[::]:", 5) == 0)
			l->kind = LISTEN_DUAL;
		return parse_host(s + 1, (size_t)(end - s - 1), AF_INET6, l, problem, n) &&
		       parse_port(end + 2, &l->port, problem, n);
	}
	return parse_host(s, (size_t)(colon - s), AF_INET, l, problem, n) &&
	       parse_port(colon + 1, &l->port, problem, n);
}
