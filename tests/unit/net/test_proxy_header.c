/* The PROXY protocol's header: haproxy's doc/proxy-protocol.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "chatd/base/bounds.h"
#include "chatd/net/proxy_header.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V2_IPV4_AND(length) SIGNATURE "\x21\x11\0" length "\xc0\0\2\1" "\xc0\0\2\2" "\x30\x39\x23\x1d"
#define V2_IPV4 V2_IPV4_AND("\x0c")
#define BYTES(literal) literal, sizeof literal - 1

static struct proxy_header header;
static const char *problem;

/* Each beginning of it, in memory of exactly that size, is MORE; all of it, and all of it with more behind it, is OK. */
static void is_header(const char *data, size_t len, const char *from, uint16_t port)
{
	char shown[ADDRESS_BYTES_MAX];

	for (size_t n = 0; n <= len + 3; n++) {
		char *copy = malloc(n + !n);

		memcpy(copy, data, n < len ? n : len);
		memcpy(copy + (n < len ? n : len), "bob", n < len ? 0 : n - len);
		assert_int_equal(proxy_header_parse(copy, n, &header, &problem), n < len ? PROXY_MORE : PROXY_OK);
		free(copy);
		if (n < len)
			continue;
		assert_int_equal(header.len, len);
		assert_int_equal(header.port, port);
		if (from == NULL)
			assert_int_equal(header.from.kind, ADDRESS_UNKNOWN);
		else
			assert_string_equal(address_show(&header.from, shown), from);
	}
}

static void is_bad(const char *data, size_t len, const char *why)
{
	char *copy = malloc(len + !len);

	memcpy(copy, data, len);
	assert_int_equal(proxy_header_parse(copy, len, &header, &problem), PROXY_BAD);
	assert_string_equal(problem, why);
	free(copy);
}

static void test_lines(void **state)
{
	(void)state;
	is_header(BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"), "192.0.2.1", 56324);
	is_header(BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), "255.255.255.255", 65535);
	is_header(BYTES("PROXY TCP6 2001:db8::1 2001:db8::2 1 0\r\n"), "2001:db8::1", 1);
	is_header(BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535);
	is_header(BYTES("PROXY TCP6 ::ffff:192.0.2.1 ::1 7 8\r\n"), "192.0.2.1", 7);
	is_header(BYTES("PROXY UNKNOWN\r\n"), NULL, 0);
	is_header(BYTES("PROXY UNKNOWN ffff:f...f:ffff 1 whatever\r\n"), NULL, 0);
}

static void test_bad_lines(void **state)
{
	static const char wrong[] = "its line is not as version 1 has it";
	static const char *const lines[] = {
		"PROXY TCP4 192.0.2.1 192.0.2.2 56324\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443 1\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443 \r\n",
		"PROXY TCP4  192.0.2.1 192.0.2.2 56324 443\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 65536 443\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 -1 443\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 0443 443\r\n",
		"PROXY TCP4 192.0.2.1 192.0.2.2 443a 443\r\n",
		"PROXY TCP4 192.0.2.256 192.0.2.2 443 443\r\n",
		"PROXY TCP4 192.0.2 192.0.2.2 443 443\r\n",
		"PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
		"PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
		"PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
		"PROXY UNKNOWNS\r\n",
		"PROXY \r\n",
		"PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n",
	};
	char longest[160];

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		is_bad(lines[i], strlen(lines[i]), wrong);
	is_bad(BYTES("PROXY TCP4 192.0.2.1\0192.0.2.2 192.0.2.2 1 2\r\n"), wrong);
	is_bad(BYTES("bob\r\n"), "it begins with something else");
	is_bad(BYTES("PROXX"), "it begins with something else");
	is_bad(BYTES("\r\n\r\n\r"), "it begins with something else");
	memset(longest, 'x', sizeof longest);
	memcpy(longest, "PROXY UNKNOWN ", 14);
	assert_int_equal(proxy_header_parse(longest, 106, &header, &problem), PROXY_MORE);
	is_bad(longest, 107, "its line is longer than 107 bytes");
	memcpy(longest + 105, "\r\n", 2);
	is_header(longest, 107, NULL, 0);
}

static void test_binary(void **state)
{
	char six[64] = SIGNATURE "\x21\x21\0\x24", local[] = V2_IPV4, path[240] = SIGNATURE "\x21\x31\0\xd8";

	(void)state;
	is_header(BYTES(V2_IPV4), "192.0.2.1", 12345);
	six[16] = 0x20;
	six[17] = 1;
	six[31] = 7;
	six[48] = 1;
	six[49] = 2;
	is_header(six, 52, "2001::7", 258);
	/* A health check, with whatever comes with it. */
	local[12] = 0x20;
	is_header(local, sizeof local - 1, NULL, 0);
	is_header(BYTES(SIGNATURE "\x20\0\0\0"), NULL, 0);
	is_header(BYTES(SIGNATURE "\x21\0\0\0"), NULL, 0);
	is_header(BYTES(SIGNATURE "\x21\0\0\3abc"), NULL, 0);
	/* From a unix socket. */
	is_header(path, 16 + 216, NULL, 0);
}

static void test_bad_binary(void **state)
{
	char data[16] = SIGNATURE;

	(void)state;
	is_bad(BYTES(SIGNATURE "\x11\x11\0\0"), "its version or command is unknown");
	is_bad(BYTES(SIGNATURE "\x22\x11\0\0"), "its version or command is unknown");
	is_bad(BYTES(SIGNATURE "\x21\x12\0\0"), "it is not for a TCP or a unix connection");
	is_bad(BYTES(SIGNATURE "\x21\x11\0\x0b" "12345678901"), "its addresses are cut off");
	is_bad(BYTES(SIGNATURE "\x21\x21\0\x0c" "123456789012"), "its addresses are cut off");
	is_bad(BYTES(SIGNATURE "\x21\x11\xff\xff"), "it is too long");
	data[12] = 0x20;
	data[14] = (PROXY_HEADER_BYTES_MAX - 16) >> 8;
	data[15] = (char)((PROXY_HEADER_BYTES_MAX - 16) & 255);
	assert_int_equal(proxy_header_parse(data, 16, &header, &problem), PROXY_MORE);
	data[15]++;
	is_bad(data, 16, "it is too long");
	/* The rule of RFC 1122 to be generous does not apply to what names addresses. */
	is_bad(BYTES(SIGNATURE "\x21\x11\0\x0e" "123456789012" "\1\0"),
	       "a field of it is longer than what is left");
	is_bad(BYTES(SIGNATURE "\x21\x11\0\x10" "123456789012" "\1\0\2x"),
	       "a field of it is longer than what is left");
}

static void test_fields(void **state)
{
	static const char with[] = V2_IPV4_AND("\x18") "\xe2\0\2ab" "\4\0\0" "\xe2\0\1c";
	size_t len;

	(void)state;
	is_header(BYTES(with), "192.0.2.1", 12345);
	assert_int_equal(proxy_header_parse(BYTES(with), &header, &problem), PROXY_OK);
	assert_memory_equal(proxy_header_tlv(&header, 0xe2, &len), "ab", 2);
	assert_int_equal(len, 2);
	assert_non_null(proxy_header_tlv(&header, 4, &len));
	assert_int_equal(len, 0);
	assert_null(proxy_header_tlv(&header, 0xe1, &len));
	assert_int_equal(proxy_header_parse(BYTES("PROXY UNKNOWN\r\n"), &header, &problem), PROXY_OK);
	assert_null(proxy_header_tlv(&header, 4, &len));
}

/* CRC-32C, whose check value for "123456789" is e3069283. */
static void test_checksum(void **state)
{
	char data[] = SIGNATURE "\x21\x11\0\x13" "\x7f\0\0\1" "\x7f\0\0\1" "\x9c\x40\x23\x1d" "\3\0\4\0\0\0\0";
	static const uint8_t sum[] = {0x90, 0x0f, 0x6c, 0x24};

	(void)state;
	memcpy(data + 31, sum, 4);
	is_header(data, sizeof data - 1, "127.0.0.1", 40000);
	data[20]++;
	is_bad(data, sizeof data - 1, "its checksum is wrong");
	data[20]--;
	data[34]++;
	is_bad(data, sizeof data - 1, "its checksum is wrong");
	is_bad(BYTES(SIGNATURE "\x21\x11\0\x12" "123456789012" "\3\0\3abc"), "its checksum has not four bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_bad_binary),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
