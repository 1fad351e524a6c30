/* Other protocols by their first bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "chatd/core/entry/protocol_probe.h"

static enum probe sign(const char *text)
{
	return probe_sign(text, strlen(text));
}

static void test_protocols(void **state)
{
	(void)state;
	assert_int_equal(sign("GET / HTTP/1.1\r\n"), PROBE_HTTP);
	assert_int_equal(sign("POST /a HTTP/1.0\r\n"), PROBE_HTTP);
	assert_int_equal(sign("OPTIONS /a HTTP/1.0\r\n"), PROBE_HTTP);
	assert_int_equal(sign("CONNECT a:1 HTTP/1.0\r\n"), PROBE_HTTP);
	assert_int_equal(sign("PRI * HTTP/2.0\r\n\r\n"), PROBE_HTTP);
	assert_int_equal(sign("SSH-2.0-x\r\n"), PROBE_SSH);
	assert_int_equal(sign("EHLO a\r\n"), PROBE_SMTP);
	assert_int_equal(sign("CAP LS\r\n"), PROBE_IRC);
	assert_int_equal(sign("NICK a\r\nUSER a 0 * :a\r\n"), PROBE_IRC);
	assert_int_equal(sign("\x16\x03\x01"), PROBE_TLS);
	assert_int_equal(sign("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"), PROBE_PROXY);
	assert_int_equal(probe_sign("\r\n\r\n\0\r\nQUIT\n\x21\x11", 14), PROBE_PROXY);
	assert_int_equal(sign("\x01\x02"), PROBE_BINARY);
	assert_int_equal(probe_sign("a\0b", 3), PROBE_BINARY);
}

/* A browser's request line may be longer than what is received at once. */
static void test_long_request(void **state)
{
	char line[2048] = "POST /";

	(void)state;
	memset(line + 6, 'x', sizeof line - 7);
	assert_int_equal(sign(line), PROBE_HTTP);
}

static void test_people(void **state)
{
	(void)state;
	assert_int_equal(sign("GET\n"), PROBE_NO);
	assert_int_equal(sign("GET lost\n"), PROBE_NO);
	assert_int_equal(sign("nick bob\n"), PROBE_NO);
	assert_int_equal(sign("NICK bob\n"), PROBE_NO);
	assert_int_equal(sign("s"), PROBE_NO);
	/* What edits a line, leaves a client, or ends one of telnet's. */
	assert_int_equal(sign("bo\x7f" "b\x08\x03\x04\x15\x17\x1b[A\n"), PROBE_NO);
	assert_int_equal(probe_sign("bob\r\0", 5), PROBE_NO);
	assert_int_equal(sign("\xff\xfd\x03\x01"), PROBE_NO);
	assert_int_equal(sign("bob\n\x01"), PROBE_NO);
}

/* RFC 9110, 8.6: the length is that of the text behind the empty line. */
static void test_length(void **state)
{
	const char *answer = probe_answer(PROBE_HTTP);
	const char *length = strstr(answer, "Content-Length: "), *text = strstr(answer, "\r\n\r\n");

	(void)state;
	assert_non_null(length);
	assert_non_null(text);
	assert_int_equal(strtol(length + 16, NULL, 10), strlen(text + 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_protocols),
		cmocka_unit_test(test_long_request),
		cmocka_unit_test(test_people),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
