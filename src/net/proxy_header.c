/* The PROXY protocol's header. Owns nothing. */

#include "chatd/net/proxy_header.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "chatd/base/bounds.h"

enum {
	V1_BYTES_MAX = 107,     /* of its line, with CR LF (2.1) */
	V2_FIXED_BYTES = 16,    /* the signature, two bytes, and the length of what follows */
	V2_IPV4_BYTES = 12,     /* two addresses and two ports (2.2) */
	V2_IPV6_BYTES = 36,
	V2_UNIX_BYTES = 216,
	TLV_HEAD_BYTES = 3,     /* type and length */
	TLV_CRC32C = 0x03,
	CRC32C_BYTES = 4,
};

static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";

enum { SIGNATURE_BYTES = sizeof signature - 1 };

/* data begins as `begin` does, as far as both go. */
static bool begins(const char *data, size_t len, const char *begin, size_t n)
{
	return memcmp(data, begin, len < n ? len : n) == 0;
}

static enum proxy_answer bad(const char **why, const char *because)
{
	*why = because;
	return PROXY_BAD;
}

/* -- version 1 --------------------------------------------------------------------------------- */

/* Cuts the next word off, which ends with a single blank or the end; NULL: there is none. */
static char *next_word(char **rest)
{
	char *word = strsep(rest, " ");

	return word != NULL && *word != '\0' ? word : NULL;
}

/* A number up to 65535 as everybody writes it. */
static bool port_of(const char *word, uint16_t *port)
{
	uint32_t n = 0;

	if (word == NULL || word[0] == '\0' || strlen(word) > 5 || (word[0] == '0' && word[1] != '\0'))
		return false;
	for (; *word >= '0' && *word <= '9'; word++)
		n = n * 10 + (uint32_t)(*word - '0');
	*port = (uint16_t)n;
	return *word == '\0' && n <= UINT16_MAX;
}

/* "TCP4 192.0.2.1 192.0.2.2 56324 443". */
static bool parse_line(char *rest, struct proxy_header *h)
{
	const char *family = next_word(&rest), *from = next_word(&rest), *to = next_word(&rest);
	bool six = family != NULL && strcmp(family, "TCP6") == 0;
	uint8_t ip[sizeof(struct in6_addr)];
	uint16_t port;

	return family != NULL && (six || strcmp(family, "TCP4") == 0) && from != NULL && to != NULL &&
	       inet_pton(six ? AF_INET6 : AF_INET, to, ip) == 1 &&
	       inet_pton(six ? AF_INET6 : AF_INET, from, ip) == 1 && address_parse_one(from, &h->from) &&
	       port_of(next_word(&rest), &h->port) && port_of(next_word(&rest), &port) && rest == NULL;
}

static enum proxy_answer parse_v1(const char *data, size_t len, struct proxy_header *h, const char **why)
{
	static const char unknown[] = "PROXY UNKNOWN", head[] = "PROXY ";
	size_t most = len < V1_BYTES_MAX ? len : V1_BYTES_MAX;
	const char *end = memmem(data, most, "\r\n", 2);
	char line[V1_BYTES_MAX];
	size_t n;

	if (end == NULL && len >= V1_BYTES_MAX)
		return bad(why, "its line is longer than 107 bytes");
	if (end == NULL)
		return PROXY_MORE;
	n = (size_t)(end - data);
	h->len = n + 2;
	/* What follows UNKNOWN is to be ignored. */
	if (n >= sizeof unknown - 1 && memcmp(data, unknown, sizeof unknown - 1) == 0 &&
	    (n == sizeof unknown - 1 || data[sizeof unknown - 1] == ' '))
		return PROXY_OK;
	memcpy(line, data, n);
	line[n] = '\0';
	if (n < sizeof head || strlen(line) != n || !parse_line(line + sizeof head - 1, h))
		return bad(why, "its line is not as version 1 has it");
	return PROXY_OK;
}

/* What version 2 has in the two bytes behind its signature. */
enum { LOCAL = 0x20, PROXY = 0x21 };
enum { UNSPEC = 0x00, TCP4 = 0x11, TCP6 = 0x21, STREAM = 0x31 };

/* -- version 2 --------------------------------------------------------------------------------- */

static uint16_t number(const char *p)
{
	return (uint16_t)((uint8_t)p[0] << 8 | (uint8_t)p[1]);
}

/* The next field of the TLVs from *at on. False: they end there, or the field does not fit. */
static bool next_tlv(const struct proxy_header *h, size_t *at, uint8_t *type, const char **value, size_t *len)
{
	const char *p = h->tlvs + *at;

	if (h->tlvs == NULL || h->tlvs_len - *at < TLV_HEAD_BYTES)
		return false;
	*type = (uint8_t)p[0];
	*len = number(p + 1);
	*value = p + TLV_HEAD_BYTES;
	if (*len > h->tlvs_len - *at - TLV_HEAD_BYTES)
		return false;
	*at += TLV_HEAD_BYTES + *len;
	return true;
}

const char *proxy_header_tlv(const struct proxy_header *h, uint8_t type, size_t *len)
{
	const char *value;
	uint8_t its;

	for (size_t at = 0; next_tlv(h, &at, &its, &value, len);)
		if (its == type)
			return value;
	return NULL;
}

/* CRC-32C (RFC 9260, appendix A) of the header as if the checksum in it were 0. */
static uint32_t crc32c(const char *data, size_t len, const char *checksum)
{
	enum { POLYNOMIAL = 0x82f63b78 };
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		bool zero = data + i >= checksum && data + i < checksum + CRC32C_BYTES;

		crc ^= zero ? 0 : (uint8_t)data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? (uint32_t)POLYNOMIAL : 0);
	}
	return ~crc;
}

/* The TLVs fill their place, and the checksum among them, if there is one, is right. */
static enum proxy_answer check_tlvs(const char *data, struct proxy_header *h, const char **why)
{
	size_t at = 0, n;
	const char *value;
	uint32_t sum;
	uint8_t type;

	while (next_tlv(h, &at, &type, &value, &n)) {
		if (type != TLV_CRC32C)
			continue;
		if (n != CRC32C_BYTES)
			return bad(why, "its checksum has not four bytes");
		sum = (uint32_t)number(value) << 16 | number(value + 2);
		if (sum != crc32c(data, h->len, value))
			return bad(why, "its checksum is wrong");
	}
	return at == h->tlvs_len ? PROXY_OK : bad(why, "a field of it is longer than what is left");
}

static void set_from(struct proxy_header *h, int family, const char *ip, const char *port)
{
	struct sockaddr_storage sa = {.ss_family = (sa_family_t)family};

	if (family == AF_INET)
		memcpy(&((struct sockaddr_in *)(void *)&sa)->sin_addr, ip, sizeof(struct in_addr));
	else
		memcpy(&((struct sockaddr_in6 *)(void *)&sa)->sin6_addr, ip, sizeof(struct in6_addr));
	h->from = address_of_sockaddr((struct sockaddr *)&sa);
	h->port = number(port);
}

static enum proxy_answer parse_v2(const char *data, size_t len, struct proxy_header *h, const char **why)
{
	const char *addresses = data + V2_FIXED_BYTES;
	size_t body, taken = 0;
	uint8_t command, family;

	if (len < V2_FIXED_BYTES)
		return PROXY_MORE;
	command = (uint8_t)data[SIGNATURE_BYTES];
	family = (uint8_t)data[SIGNATURE_BYTES + 1];
	body = number(data + SIGNATURE_BYTES + 2);
	if (command != LOCAL && command != PROXY)
		return bad(why, "its version or command is unknown");
	h->len = V2_FIXED_BYTES + body;
	if (h->len > PROXY_HEADER_BYTES_MAX)
		return bad(why, "it is too long");
	if (len < h->len)
		return PROXY_MORE;
	/* What comes with LOCAL is to be ignored, and so is what comes for an unknown family. */
	if (command == LOCAL || family == UNSPEC)
		return PROXY_OK;
	taken = family == TCP4 ? V2_IPV4_BYTES : family == TCP6 ? V2_IPV6_BYTES : V2_UNIX_BYTES;
	if (family != TCP4 && family != TCP6 && family != STREAM)
		return bad(why, "it is not for a TCP or a unix connection");
	if (body < taken)
		return bad(why, "its addresses are cut off");
	if (family == TCP4)
		set_from(h, AF_INET, addresses, addresses + 8);
	else if (family == TCP6)
		set_from(h, AF_INET6, addresses, addresses + 32);
	h->tlvs = addresses + taken;
	h->tlvs_len = body - taken;
	return check_tlvs(data, h, why);
}

enum proxy_answer proxy_header_parse(const char *data, size_t len, struct proxy_header *h, const char **why)
{
	static const char head[] = "PROXY ";

	memset(h, 0, sizeof *h);
	if (len == 0)
		return PROXY_MORE;
	if (begins(data, len, signature, SIGNATURE_BYTES))
		return parse_v2(data, len, h, why);
	if (begins(data, len, head, sizeof head - 1))
		return len < sizeof head ? PROXY_MORE : parse_v1(data, len, h, why);
	return bad(why, "it begins with something else");
}

/* -- making one -------------------------------------------------------------------------------- */

/* The length of what follows the fixed part. */
static void set_length(struct bytes *out)
{
	size_t body = out->len - V2_FIXED_BYTES;

	out->data[V2_FIXED_BYTES - 2] = (char)(body >> 8);
	out->data[V2_FIXED_BYTES - 1] = (char)(body & UINT8_MAX);
}

void proxy_header_begin(struct bytes *out, const struct address *from, uint16_t port)
{
	uint8_t family = from->kind == ADDRESS_IPV4 ? TCP4 : from->kind == ADDRESS_IPV6 ? TCP6 : STREAM;
	size_t ip = family == TCP4 ? sizeof(struct in_addr) : sizeof(struct in6_addr);
	char fixed[4] = {PROXY, (char)family, 0, 0}, to[V2_UNIX_BYTES] = {0};
	uint16_t ports[2] = {htons(port), 0};

	bytes_append(out, signature, SIGNATURE_BYTES);
	bytes_append(out, fixed, sizeof fixed);
	if (family == STREAM) {
		bytes_append(out, to, V2_UNIX_BYTES);
	} else {
		bytes_append(out, from->ip, ip);
		bytes_append(out, to, ip);
		bytes_append(out, ports, sizeof ports);
	}
	set_length(out);
}

void proxy_header_add(struct bytes *out, uint8_t type, const void *value, size_t len)
{
	char head[TLV_HEAD_BYTES] = {(char)type, (char)(len >> 8), (char)(len & UINT8_MAX)};

	bytes_append(out, head, sizeof head);
	bytes_append(out, value, len);
	set_length(out);
}
