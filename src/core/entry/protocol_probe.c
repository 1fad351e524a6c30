/* Recognizes other protocols by their first bytes. Owns nothing. */

#include "chatd/core/entry/protocol_probe.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum {
	TLS_HANDSHAKE = 0x16,  /* RFC 8446, 5.1: ContentType, and then the major version 3 */
	TLS_MAJOR = 3,
	IAC = 0xff,            /* RFC 854 */
};

/* If a person might type the same, the rest of the packet decides. */
static const struct sign {
	const char *begin;     /* as they send it */
	const char *within;    /* and this behind it; NULL: nothing more */
	enum probe means;
} signs[] = {
	{"GET /", NULL, PROBE_HTTP},     {"POST /", NULL, PROBE_HTTP},
	{"HEAD /", NULL, PROBE_HTTP},    {"PUT /", NULL, PROBE_HTTP},
	{"OPTIONS /", NULL, PROBE_HTTP}, {"DELETE /", NULL, PROBE_HTTP},
	{"CONNECT ", " HTTP/", PROBE_HTTP}, {"PATCH /", NULL, PROBE_HTTP},
	{"TRACE /", NULL, PROBE_HTTP},   {"PRI * HTTP/", NULL, PROBE_HTTP},
	{"SSH-2.0-", NULL, PROBE_SSH},      {"EHLO ", NULL, PROBE_SMTP},
	{"HELO ", NULL, PROBE_SMTP},        {"CAP LS", NULL, PROBE_IRC},
	{"SSH-1.", NULL, PROBE_SSH},
	/* A load balancer, before whatever it brings. */
	{"PROXY TCP", NULL, PROBE_PROXY},   {"PROXY UNKNOWN", NULL, PROBE_PROXY},
	{"NICK ", "\nUSER ", PROBE_IRC},    {"PASS ", "\nNICK ", PROBE_IRC},
	{"USER ", "\nNICK ", PROBE_IRC},
};

static const char *const answers[] = {
	[PROBE_TLS] = "This port does not speak TLS. Connect with nc or telnet, or to the chat's TLS port, if it has one.\n",
	[PROBE_HTTP] =
		"HTTP/1.1 400 Bad Request\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Length: 69\r\n"
		"Connection: close\r\n"
		"\r\n"
		"This is a chat server, not a web server. Connect with nc or telnet.\r\n",
	[PROBE_SSH] = "This is a plain-text chat server, not SSH. Connect with nc or telnet.\r\n",
	[PROBE_SMTP] = "554 This is a chat server, not a mail server. Connect with nc or telnet.\r\n",
	[PROBE_IRC] = "ERROR :This is a plain-text chat server, not IRC. Connect with nc or telnet.\r\n",
	[PROBE_PROXY] = "This port is not for proxies: its listen line lacks the option proxy.\n",
	[PROBE_BINARY] = "This is a plain-text chat server. Connect with nc or telnet, and type.\n",
};

/* No terminal sends these in a line: not telnet's, not ctrl-C, not what edits a line. */
static bool is_binary(unsigned char c)
{
	return c == 0x01 || c == 0x02 || c == 0x05 || c == 0x06 || c == 0x0e || c == 0x0f ||
	       (c >= 0x10 && c <= 0x14) || c == 0x16 || c == 0x19 || c == 0x1a ||
	       (c >= 0x1c && c <= 0x1f);
}

/* "METHOD TARGET HTTP/1.1", whatever the method: a page may make up one (RFC 9112, 3). */
static bool is_request(const char *p, size_t n)
{
	static const char token[] = "!#$%&'*+-.^_`|~";
	size_t i = 0, target;

	while (i < n && (isalnum((unsigned char)p[i]) || (p[i] != '\0' && strchr(token, p[i]) != NULL)))
		i++;
	target = i + 1;
	if (i == 0 || target >= n || p[i] != ' ')
		return false;
	for (i = target; i < n && (unsigned char)p[i] > ' ';)
		i++;
	return i > target && n - i >= sizeof " HTTP/1" - 1 && strncasecmp(p + i, " HTTP/", 6) == 0 &&
	       isdigit((unsigned char)p[i + 6]);
}

/* A header of HTTP. A browser sends the request first, but no name has a colon. */
static bool is_header(const char *p, size_t n)
{
	static const char *const names[] = {
		"Accept:", "Accept-Encoding:", "Accept-Language:", "Connection:", "Content-Length:",
		"Content-Type:", "Cookie:", "Host:", "Origin:", "Referer:", "Sec-", "Transfer-Encoding:",
		"Upgrade:", "User-Agent:",
	};

	size_t len = 0;

	while (len < n && p[len] != '\r' && p[len] != '\n')
		len++;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (len >= strlen(names[i]) && strncasecmp(p, names[i], strlen(names[i])) == 0 &&
		    memchr(p, ':', len) != NULL)
			return true;
	return false;
}

enum probe probe_sign(const char *p, size_t n)
{
	static const char proxy[] = "\r\n\r\n\0\r\nQUIT\n"; /* version 2 */
	const unsigned char *u;

	if (n >= sizeof proxy - 1 && memcmp(p, proxy, sizeof proxy - 1) == 0)
		return PROBE_PROXY;
	/* A line's end before it is allowed (RFC 9112, 2.2). */
	for (; n > 1 && (*p == '\r' || *p == '\n'); n--)
		p++;
	u = (const unsigned char *)p;

	if (u[0] == TLS_HANDSHAKE && n > 1 && u[1] == TLS_MAJOR)
		return PROBE_TLS;
	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
		size_t len = strlen(signs[i].begin);

		if (n >= len && memcmp(p, signs[i].begin, len) == 0 &&
		    (signs[i].within == NULL ||
		     memmem(p, n, signs[i].within, strlen(signs[i].within)) != NULL))
			return signs[i].means;
	}
	if (is_request(p, n) || is_header(p, n))
		return PROBE_HTTP;
	/* A NUL may be telnet's, after a CR. */
	for (size_t i = 0; i < n && u[i] != '\n' && u[i] != IAC; i++)
		if (is_binary(u[i]) || (u[i] == 0 && (i == 0 || u[i - 1] != '\r')))
			return PROBE_BINARY;
	return PROBE_NO;
}

const char *probe_answer(enum probe f)
{
	return answers[f];
}
