/* Telling other protocols by their first bytes. Owns nothing. */

#include "chatd/core/foreign.h"

#include <string.h>

enum {
	TLS_HANDSHAKE = 0x16,  /* RFC 8446, 5.1: ContentType, and then the major version 3 */
	TLS_MAJOR = 3,
	IAC = 0xff,            /* RFC 854 */
};

static const struct sign {
	const char *begin;     /* in capitals, as all of these send it */
	enum foreign means;
} signs[] = {
	{"GET ", FOREIGN_HTTP},     {"POST ", FOREIGN_HTTP},  {"HEAD ", FOREIGN_HTTP},
	{"PUT ", FOREIGN_HTTP},     {"OPTIONS ", FOREIGN_HTTP}, {"DELETE ", FOREIGN_HTTP},
	{"CONNECT ", FOREIGN_HTTP}, {"PATCH ", FOREIGN_HTTP}, {"TRACE ", FOREIGN_HTTP},
	{"PRI * HTTP/", FOREIGN_HTTP},
	{"SSH-", FOREIGN_SSH},      {"EHLO ", FOREIGN_SMTP},  {"HELO ", FOREIGN_SMTP},
	{"CAP LS", FOREIGN_IRC},    {"NICK ", FOREIGN_IRC},   {"USER ", FOREIGN_IRC},
	{"PASS ", FOREIGN_IRC},
};

static const char *const answers[] = {
	[FOREIGN_TLS] = "This is a chat in plain text, without TLS. Connect with nc or telnet.\n",
	[FOREIGN_HTTP] =
		"HTTP/1.1 400 Bad Request\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Length: 65\r\n"
		"Connection: close\r\n"
		"\r\n"
		"This is a chat and not a web server. Connect with nc or telnet.\r\n",
	[FOREIGN_SSH] = "This is a chat in plain text and not SSH. Connect with nc or telnet.\r\n",
	[FOREIGN_SMTP] = "554 This is a chat and no mail server. Connect with nc or telnet.\r\n",
	[FOREIGN_IRC] = "ERROR :This is a chat in plain text and not IRC. Connect with nc or telnet.\r\n",
	[FOREIGN_BINARY] = "This is a chat in plain text. Connect with nc or telnet, and type.\n",
};

/* No terminal sends these in a line: not telnet's, not ctrl-C, not what edits a line. */
static bool is_binary(unsigned char c)
{
	return c == 0x01 || c == 0x02 || c == 0x05 || c == 0x06 || c == 0x0e || c == 0x0f ||
	       (c >= 0x10 && c <= 0x14) || c == 0x16 || c == 0x19 || c == 0x1a ||
	       (c >= 0x1c && c <= 0x1f);
}

enum foreign foreign_sign(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;

	if (n == 0)
		return FOREIGN_MAYBE;
	if (u[0] == TLS_HANDSHAKE)
		return n == 1 ? FOREIGN_MAYBE : u[1] == TLS_MAJOR ? FOREIGN_TLS : FOREIGN_BINARY;
	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
		size_t len = strlen(signs[i].begin);

		if (memcmp(p, signs[i].begin, n < len ? n : len) == 0)
			return n < len ? FOREIGN_MAYBE : signs[i].means;
	}
	/* A NUL may be telnet's, after a CR. */
	for (size_t i = 0; i < n && u[i] != '\n' && u[i] != IAC; i++)
		if (is_binary(u[i]) || (u[i] == 0 && (i == 0 || u[i - 1] != '\r')))
			return FOREIGN_BINARY;
	return FOREIGN_NO;
}

const char *foreign_answer(enum foreign f)
{
	return answers[f];
}
