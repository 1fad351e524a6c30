/* Addresses. Owns nothing; looks nothing up. */

#include "chatd/base/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BITS_ALL = 128, BITS_MAPPED = 96, BITS_COUNTED = 64 };

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_mapped(const struct address *a)
{
	return a->bits >= BITS_MAPPED && memcmp(a->ip, mapped, sizeof mapped) == 0;
}

/* Bits that do not count are 0, so that equal blocks are equal bytes. */
static void cut(struct address *a)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned bits = a->bits <= i * 8 ? 0 : a->bits - i * 8;

		if (bits < 8)
			a->ip[i] &= (uint8_t)(0xff00 >> bits);
	}
}

/* The address alone. False: it is none. */
static bool parse_ip(const char *text, struct address *a)
{
	*a = (struct address){.bits = BITS_ALL, .network = 1};
	if (inet_pton(AF_INET6, text, a->ip) == 1)
		return true;
	memcpy(a->ip, mapped, sizeof mapped);
	return inet_pton(AF_INET, text, a->ip + 12) == 1;
}

struct address address_of_peer(const char *peer)
{
	char text[ADDRESS_BYTES_MAX];
	const char *end = strrchr(peer, ':');
	struct address a;

	if (end == NULL)
		return (struct address){0};
	if (*peer == '[' && end > peer + 1 && end[-1] == ']') {
		peer++;
		end--;
	}
	snprintf(text, sizeof text, "%.*s", (int)(end - peer), peer);
	return parse_ip(text, &a) ? a : (struct address){0};
}

bool address_parse(const char *text, struct address *a)
{
	char ip[ADDRESS_BYTES_MAX];
	size_t len = strcspn(text, "/");
	unsigned long bits, most;
	char *end;

	if (len == 0 || len >= sizeof ip)
		return false;
	memcpy(ip, text, len);
	ip[len] = '\0';
	if (!parse_ip(ip, a))
		return false;
	most = is_mapped(a) ? 32 : BITS_ALL;
	bits = is_mapped(a) ? 32 : BITS_COUNTED;
	if (text[len] == '/') {
		if (text[len + 1] < '0' || text[len + 1] > '9')
			return false;
		bits = strtoul(text + len + 1, &end, 10);
		if (*end != '\0' || bits > most)
			return false;
	}
	a->bits = (uint8_t)(bits + BITS_ALL - most);
	cut(a);
	return true;
}

const char *address_show(const struct address *a, char out[ADDRESS_BYTES_MAX])
{
	bool four = is_mapped(a);
	unsigned bits = four ? a->bits - BITS_MAPPED : a->bits;
	size_t n;

	if (address_is_local(a))
		return strcpy(out, "this host");
	inet_ntop(four ? AF_INET : AF_INET6, four ? a->ip + 12 : a->ip, out, ADDRESS_BYTES_MAX);
	n = strlen(out);
	if (a->bits < BITS_ALL)
		snprintf(out + n, ADDRESS_BYTES_MAX - n, "/%u", bits);
	return out;
}

struct address address_counted(const struct address *a)
{
	struct address counted = *a;

	if (!address_is_local(a) && !is_mapped(a) && a->bits > BITS_COUNTED) {
		counted.bits = BITS_COUNTED;
		cut(&counted);
	}
	return counted;
}

bool address_is_local(const struct address *a)
{
	return a->network == 0;
}

bool address_within(const struct address *a, const struct address *block)
{
	struct address same = *a;

	if (address_is_local(a) || address_is_local(block) || a->bits < block->bits)
		return false;
	same.bits = block->bits;
	cut(&same);
	return memcmp(&same, block, sizeof same) == 0;
}
