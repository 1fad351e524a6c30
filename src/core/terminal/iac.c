/* Telnet's bytes. Owns nothing. */

#include "chatd/core/terminal/iac.h"

#include <arpa/telnet.h>
#include <string.h>

void iac_say(struct bytes *out, unsigned char verb, unsigned char option)
{
	char said[] = {(char)IAC, (char)verb, (char)option};

	bytes_append(out, said, sizeof said);
}

void iac_data(struct bytes *out, const char *s, size_t len)
{
	static const char iac[] = {(char)IAC};
	const char *end = s + len, *p;

	for (; (p = memchr(s, IAC, (size_t)(end - s))) != NULL; s = p + 1) {
		bytes_append(out, s, (size_t)(p + 1 - s));
		bytes_append(out, iac, 1);
	}
	bytes_append(out, s, (size_t)(end - s));
}

void iac_end(struct bytes *out)
{
	static const char end[] = {(char)IAC, (char)SE};

	bytes_append(out, end, sizeof end);
}
