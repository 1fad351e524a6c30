/*
 * Listen addresses and their options, as they are written in the configuration.
 *
 * Owns the table of options. Only parses and shows; it opens nothing and looks up no names, so that a
 * configuration can be checked anywhere.
 */
#include "chatd/program/conf/conf_listen.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMS "it must be PORT, ADDRESS:PORT or unix:/PATH"

/* As conf.c trims values. */
static const char blanks[] = " \t\n\v\f\r";

static const struct listen_option {
	const char *name;
	size_t field;        /* offset of its bool in struct conf_listen */
} listen_options[] = {
	{ "telnet", offsetof(struct conf_listen, telnet) },
	{ "tls", offsetof(struct conf_listen, tls) },
	{ "proxy", offsetof(struct conf_listen, proxy) },
};

enum {
	LISTEN_OPTIONS = sizeof(listen_options) / sizeof(listen_options[0]),
	QUOTED_BYTES_MAX = 100, /* of a wrong value in a message: the rule behind it must fit, too */
};

/* -- addresses ------------------------------------------------------------------- */

static bool parse_port(const char *s, uint16_t *port, char *problem, size_t n)
{
	size_t digits = strspn(s, "0123456789");
	long value = digits > 0 && digits <= 5 && s[digits] == '\0' ? strtol(s, NULL, 10) : -1;

	if (value < 0 || value > UINT16_MAX) {
		snprintf(problem, n, "\"%.*s\" is not a port: it must be a number up to 65535",
		         QUOTED_BYTES_MAX, s);
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
	const char *hint = "";

	if (len < sizeof(plain)) {
		memcpy(plain, host, len);
		plain[len] = '\0';
		memcpy(l->host, plain, len + 1);
		/* The interface of a link-local address is left to the listener to check. */
		plain[family == AF_INET6 ? strcspn(plain, "%") : len] = '\0';
		if (inet_pton(family, plain, address) == 1)
			return true;
	}
	if (family == AF_INET && memchr(host, ':', len))
		hint = "; IPv6 is written in brackets: [::1]:8989";
	else if (len == 0 || (len == 1 && *host == '*'))
		hint = "; for every address, write PORT alone";
	snprintf(problem, n, "\"%.*s\" is not an IP address (names are not looked up)%s",
	         (int)(len < QUOTED_BYTES_MAX ? len : QUOTED_BYTES_MAX), host, hint);
	return false;
}

static bool parse_path(const char *path, struct conf_listen *l, char *problem, size_t n)
{
	l->kind = LISTEN_UNIX;
	if (path[0] == '\0' || strlen(path) >= sizeof(l->path)) {
		snprintf(problem, n, "a unix socket's path must have 1 to %zu bytes",
		         sizeof(l->path) - 1);
		return false;
	}
	strcpy(l->path, path);
	return true;
}

/* s begins with a bracket. */
static bool parse_ipv6(const char *s, struct conf_listen *l, char *problem, size_t n)
{
	const char *end = strchr(s, ']');

	if (!end || end[1] != ':') {
		snprintf(problem, n, "\"%.*s\" has no port after the brackets; write [::1]:8989",
		         QUOTED_BYTES_MAX, s);
		return false;
	}
	/* [::] means both families, unless bindv6only was changed. */
	l->kind = strncmp(s, "[::]:", 5) == 0 ? LISTEN_DUAL : LISTEN_IP;
	return parse_host(s + 1, (size_t)(end - s - 1), AF_INET6, l, problem, n) &&
	       parse_port(end + 2, &l->port, problem, n);
}

/* word is the first one of the value. */
static bool parse_address(const char *word, struct conf_listen *l, char *problem, size_t n)
{
	const char *colon = strrchr(word, ':');

	if (strncmp(word, "unix:", 5) == 0)
		return parse_path(word + 5, l, problem, n);
	if (word[0] == '[')
		return parse_ipv6(word, l, problem, n);
	if (colon) {
		l->kind = LISTEN_IP;
		return parse_host(word, (size_t)(colon - word), AF_INET, l, problem, n) &&
		       parse_port(colon + 1, &l->port, problem, n);
	}
	l->kind = LISTEN_DUAL;
	if (word[0] != '\0' && word[strspn(word, "0123456789")] == '\0')
		return parse_port(word, &l->port, problem, n);
	if (word[0] == '\0')
		snprintf(problem, n, "the address is missing: " FORMS);
	else if (conf_listen_is_option(word))
		snprintf(problem, n, "the address is missing before \"%s\": " FORMS, word);
	else
		snprintf(problem, n, "\"%.*s\" is not an address: " FORMS, QUOTED_BYTES_MAX, word);
	return false;
}

/* -- options --------------------------------------------------------------------- */

static bool *option_field(const struct conf_listen *l, const struct listen_option *option)
{
	return (bool *)((char *)l + option->field);
}

/* NULL: there is none. */
static const struct listen_option *option_find(const char *word)
{
	for (int i = 0; i < LISTEN_OPTIONS; i++) {
		if (strcmp(listen_options[i].name, word) == 0)
			return &listen_options[i];
	}
	return NULL;
}

bool conf_listen_is_option(const char *word)
{
	return option_find(word) != NULL;
}

void conf_listen_options(struct bytes *out)
{
	for (int i = 0; i < LISTEN_OPTIONS; i++)
		bytes_printf(out, "%s%s", i > 0 ? ", " : "", listen_options[i].name);
}

bool conf_listen_add_option(struct conf_listen *l, const char *word, char *problem, size_t n)
{
	const struct listen_option *option = option_find(word);
	struct bytes known = { 0 };

	if (!option) {
		conf_listen_options(&known);
		snprintf(problem, n, "\"%.*s\" is not an option of a listener; the options are: %s%s",
		         QUOTED_BYTES_MAX, word, known.data,
		         l->kind == LISTEN_UNIX ? " (a path must not contain blanks)" : "");
		bytes_release(&known);
		return false;
	}
	if (*option_field(l, option)) {
		snprintf(problem, n, "the option %s is given twice", option->name);
		return false;
	}
	*option_field(l, option) = true;
	return true;
}

/* -- values ---------------------------------------------------------------------- */

/* The next word, which ends with a NUL from now on; NULL: there is none. */
static char *next_word(char **rest)
{
	char *word;

	do {
		word = strsep(rest, blanks);
	} while (word && *word == '\0');
	return word;
}

bool conf_listen_parse(const char *s, struct conf_listen *l, char *problem, size_t n)
{
	char *copy = mem_strdup(s), *rest = copy, *word = next_word(&rest);
	bool ok;

	memset(l, 0, sizeof(*l));
	ok = parse_address(word ? word : "", l, problem, n);
	while (ok && (word = next_word(&rest)) != NULL)
		ok = conf_listen_add_option(l, word, problem, n);
	free(copy);
	return ok;
}

void conf_listen_show(const struct conf_listen *l, struct bytes *out)
{
	if (l->kind == LISTEN_UNIX)
		bytes_printf(out, "unix:%s", l->path);
	else if (l->host[0] == '\0')
		bytes_printf(out, "%u", l->port);
	else
		bytes_printf(out, strchr(l->host, ':') ? "[%s]:%u" : "%s:%u", l->host, l->port);
	for (int i = 0; i < LISTEN_OPTIONS; i++) {
		if (*option_field(l, &listen_options[i]))
			bytes_printf(out, " %s", listen_options[i].name);
	}
}

/* Numeric addresses can be written in several ways: ::1 and 0:0::1. */
static bool same_host(const char *a, const char *b)
{
	unsigned char in_a[sizeof(struct in6_addr)], in_b[sizeof(struct in6_addr)];

	return strcmp(a, b) == 0 ||
	       (inet_pton(AF_INET6, a, in_a) == 1 && inet_pton(AF_INET6, b, in_b) == 1 &&
	        memcmp(in_a, in_b, sizeof(in_a)) == 0);
}

bool conf_listen_same_address(const struct conf_listen *a, const struct conf_listen *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == LISTEN_UNIX)
		return strcmp(a->path, b->path) == 0;
	return a->port == b->port && a->port != 0 &&
	       (a->kind == LISTEN_DUAL || same_host(a->host, b->host));
}

static bool is_ipv4(const struct conf_listen *l)
{
	return l->kind == LISTEN_IP && !strchr(l->host, ':');
}

/* On a host without IPv6, LISTEN_DUAL means all IPv4 addresses. */
static bool covers(const struct conf_listen *all, const struct conf_listen *one)
{
	return all->kind == LISTEN_DUAL || (strcmp(all->host, "0.0.0.0") == 0 && is_ipv4(one));
}

bool conf_listen_overlap(const struct conf_listen *a, const struct conf_listen *b)
{
	if (a->kind == LISTEN_UNIX || b->kind == LISTEN_UNIX)
		return conf_listen_same_address(a, b);
	return a->port == b->port && a->port != 0 &&
	       (covers(a, b) || covers(b, a) || conf_listen_same_address(a, b));
}
