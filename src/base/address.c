/* Addresses. Owns nothing; looks nothing up. */

#include "chatd/base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BITS_IPV4 = 32,
	BITS_IPV6 = 128,
	BITS_MAPPED = 96,   /* before an IPv4 address in an IPv6 one */
	BITS_COUNTED = 64,
	BITS_SITE = 48,
};

/* The bits of one address of the family. */
static unsigned bits_of(const struct address *a)
{
	return a->kind == ADDRESS_IPV4 ? BITS_IPV4 : BITS_IPV6;
}

/* Clears the bits that do not count, so that equal blocks are equal bytes. */
static void cut(struct address *a)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned bits = a->bits <= i * 8 ? 0 : a->bits - i * 8;

		if (bits < 8)
			a->ip[i] &= (uint8_t)(0xff00 >> bits);
	}
}

static struct address of_ipv4(const void *ip)
{
	struct address a = {.bits = BITS_IPV4, .kind = ADDRESS_IPV4};

	memcpy(a.ip, ip, 4);
	return a;
}

/* Also handles an IPv4 address in an IPv6 one. */
static struct address of_ipv6(const struct in6_addr *ip)
{
	struct address a = {.bits = BITS_IPV6, .kind = ADDRESS_IPV6};

	if (IN6_IS_ADDR_V4MAPPED(ip))
		return of_ipv4(ip->s6_addr + BITS_MAPPED / 8);
	memcpy(a.ip, ip, sizeof a.ip);
	return a;
}

struct address address_of_sockaddr(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_UNIX)
		return (struct address){.kind = ADDRESS_HOST};
	if (sa->sa_family == AF_INET)
		return of_ipv4(&((const struct sockaddr_in *)(const void *)sa)->sin_addr);
	if (sa->sa_family == AF_INET6)
		return of_ipv6(&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr);
	return (struct address){.kind = ADDRESS_UNKNOWN};
}

uint16_t address_port_of(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)(const void *)sa)->sin_port);
	if (sa->sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)(const void *)sa)->sin6_port);
	return 0;
}

bool address_parse_one(const char *text, struct address *a)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET6, text, &six) == 1)
		*a = of_ipv6(&six);
	else if (inet_pton(AF_INET, text, &four) == 1)
		*a = of_ipv4(&four);
	else
		*a = (struct address){.kind = ADDRESS_UNKNOWN};
	return a->kind != ADDRESS_UNKNOWN;
}

/* Parses the prefix, the number of bits that count. False: it is not one. */
static bool parse_prefix(const char *text, const struct address *a, bool mapped, unsigned long *bits)
{
	unsigned long before = mapped ? BITS_MAPPED : 0;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*bits = strtoul(text, &end, 10);
	if (*end != '\0' || *bits < before || *bits > before + bits_of(a))
		return false;
	*bits -= before;
	return true;
}

bool address_parse(const char *text, struct address *a)
{
	char ip[ADDRESS_BYTES_MAX];
	size_t len = strcspn(text, "/");
	unsigned long bits;

	if (len == 0 || len >= sizeof ip)
		return false;
	memcpy(ip, text, len);
	ip[len] = '\0';
	if (!address_parse_one(ip, a))
		return false;
	bits = a->kind == ADDRESS_IPV6 ? BITS_COUNTED : BITS_IPV4;
	if (text[len] == '/' &&
	    !parse_prefix(text + len + 1, a, a->kind == ADDRESS_IPV4 && strchr(ip, ':') != NULL, &bits))
		return false;
	a->bits = (uint8_t)bits;
	cut(a);
	return true;
}

int address_parse_list(const char *text, struct address *list, int max, char wrong[ADDRESS_BYTES_MAX])
{
	static const char between[] = " ,";
	int n = 0;

	while (*(text += strspn(text, between)) != '\0') {
		size_t len = strcspn(text, between);

		if (n == max)
			return max + 1;
		snprintf(wrong, ADDRESS_BYTES_MAX, "%.*s", (int)len, text);
		if (len >= ADDRESS_BYTES_MAX || !address_parse(wrong, &list[n]))
			return -1;
		text += len;
		n++;
	}
	return n;
}

const char *address_show(const struct address *a, char out[ADDRESS_BYTES_MAX])
{
	size_t n;

	if (a->kind == ADDRESS_HOST)
		return strcpy(out, "this host");
	if (!address_is_network(a))
		return strcpy(out, "an unknown address");
	inet_ntop(a->kind == ADDRESS_IPV4 ? AF_INET : AF_INET6, a->ip, out, ADDRESS_BYTES_MAX);
	n = strlen(out);
	if (a->bits < bits_of(a))
		snprintf(out + n, ADDRESS_BYTES_MAX - n, "/%u", a->bits);
	return out;
}

struct address address_counted(const struct address *a)
{
	struct address counted = *a;

	if (a->kind == ADDRESS_IPV6 && a->bits > BITS_COUNTED) {
		counted.bits = BITS_COUNTED;
		cut(&counted);
	}
	return counted;
}

bool address_site(const struct address *a, struct address *site)
{
	if (a->kind != ADDRESS_IPV6 || a->bits < BITS_SITE)
		return false;
	*site = *a;
	site->bits = BITS_SITE;
	cut(site);
	return true;
}

bool address_is_local(const struct address *a)
{
	return a->kind == ADDRESS_HOST;
}

bool address_is_network(const struct address *a)
{
	return a->kind == ADDRESS_IPV4 || a->kind == ADDRESS_IPV6;
}

bool address_within(const struct address *a, const struct address *block)
{
	struct address same = *a;

	if (!address_is_network(a) || a->kind != block->kind || a->bits < block->bits)
		return false;
	same.bits = block->bits;
	cut(&same);
	return memcmp(&same, block, sizeof same) == 0;
}

bool address_within_any(const struct address *a, const struct address *blocks, int n)
{
	for (int i = 0; i < n; i++)
		if (address_within(a, &blocks[i]))
			return true;
	return false;
}
