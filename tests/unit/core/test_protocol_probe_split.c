/*
 * A browser cannot be made to speak here: a request, in whatever pieces it arrives, with chat in its
 * head or its body, says nothing, takes no name, and ends the connection. So do clients of other
 * protocols.
 */
#include "chat_help.h"

enum { BYTE_BY_BYTE = 1 << 20 };

#define BODY "mallory\r\nhello from a browser\r\n/join ops\r\n/msg a hi\r\n"

static const struct {
	const char *name, *text;
} requests[] = {
	{"POST", "POST /x HTTP/1.1\r\nHost: localhost:8989\r\nContent-Type: text/plain\r\n"
	         "Content-Length: 60\r\n\r\n" BODY},
	{"lower case", "post /x http/1.1\r\nhost: localhost\r\n\r\n" BODY},
	{"patch, which fetch does not write large", "patch /x HTTP/1.1\r\nHost: localhost\r\n\r\n" BODY},
	{"a method of its own", "MALLORY /x HTTP/1.1\r\nHost: localhost\r\n\r\n" BODY},
	{"no path", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n" BODY},
	{"CONNECT", "CONNECT localhost:8989 HTTP/1.1\r\nHost: localhost:8989\r\n\r\n" BODY},
	{"by a proxy", "POST http://localhost:8989/ HTTP/1.1\r\nHost: localhost\r\n\r\n" BODY},
	{"an empty line first", "\r\nPOST /x HTTP/1.1\r\nHost: localhost\r\n\r\n" BODY},
	{"empty lines first", "\n\nPOST /x HTTP/1.1\nHost: localhost\n\n" BODY},
	{"HTTP/0.9", "GET /x\r\n" BODY},
	{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" BODY},
	{"websocket", "GET /chat HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
	              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" BODY},
	{"headers first", "Host: localhost\r\nPOST / HTTP/1.1\r\n\r\n" BODY},
	{"an upload", "Content-Type: multipart/form-data; boundary=x\r\n\r\n" BODY},
	{"SSH", "SSH-2.0-OpenSSH_9.2p1\r\n" BODY},
	{"mail", "EHLO example.org\r\n" BODY},
	{"TLS", "\x16\x03\x01\x02\x01\x01\x01\xfc\x03\x03" "bob\r\n" BODY},
};

static void connects(uint32_t slot)
{
	connected(id(slot));
	tick(100);
}

/* Whether the last step sent anything to others or saved anything. */
static bool spoke(void)
{
	return strstr(seen.data, "PUBLISH") != NULL || strstr(seen.data, "APPEND") != NULL ||
	       strstr(seen.data, "SUBSCRIBE") != NULL || strstr(seen.data, "QUERY") != NULL;
}

/* In pieces: the first n bytes, then the rest, each in memory of its size. True: it was ended. */
static bool gives(uint32_t slot, uint32_t gen, const char *text, size_t n, const char *name)
{
	size_t len = strlen(text), at = 0;
	bool ended = false;

	while (at < len && !ended) {
		size_t piece = n == BYTE_BY_BYTE ? 1 : at == 0 && n > 0 ? n : len - at;
		char *copy = malloc(piece);

		memcpy(copy, text + at, piece);
		step((struct event){.kind = EVENT_BYTES, .conn = {slot, gen},
		                    .bytes = {.data = copy, .len = piece}});
		free(copy);
		if (spoke())
			fail_msg("%s, cut at %zu: %s", name, n, seen.data);
		ended = strstr(seen.data, "CLOSE") != NULL;
		at += ended ? piece : taken;
	}
	return ended;
}

static void test_every_split(void **state)
{
	uint32_t gen = 1;

	(void)state;
	joins(0);
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		size_t len = strlen(requests[i].text);

		for (size_t n = 0; n <= len; n++) {
			struct conn_id conn = {5, ++gen};

			connected(conn);
			/* In every second one the banner has already been sent. */
			tick(n % 2 == 0 ? 1 : 100);
			if (!gives(5, gen, requests[i].text, n == len ? BYTE_BY_BYTE : n, requests[i].name))
				fail_msg("%s, cut at %zu, goes on", requests[i].name, n);
		}
	}
	assert_int_equal(chat_people(chat), 1);
}

/* Its first line is longer than a line may be: what follows is not looked at. */
static void test_long_line(void **state)
{
	char text[4000];
	uint32_t gen = 1;

	(void)state;
	joins(0);
	for (size_t n = 1; n < 40; n++) {
		struct conn_id conn = {5, ++gen};

		snprintf(text, sizeof text, "POST /%02000d HTTP/1.1\r\nHost: x\r\n\r\n%s", 0, BODY);
		connected(conn);
		assert_true(gives(5, gen, text, n, "a long line"));
	}
	assert_int_equal(chat_people(chat), 1);
}

/* At once and complete if the request came in one piece: RFC 9112, 4. */
static void test_answer(void **state)
{
	(void)state;
	joins(0);
	for (size_t i = 0; i < 9; i++) {
		connected(id((uint32_t)i + 1));
		sends((uint32_t)i + 1, requests[i].text);
		if (strstr(seen.data, "\"HTTP/1.1 400 Bad Request\\r\\n") == NULL)
			fail_msg("%s: %s", requests[i].name, seen.data);
	}
}

/* People in the chat may write such lines, and have such names. */
static void test_people(void **state)
{
	static const char *const names[] = {"GET\n", "post\n", "HTTP\n", "Hosts\n", "PRI\n", "helo\n"};

	(void)state;
	for (uint32_t i = 0; i < sizeof names / sizeof *names; i++) {
		connects(i);
		sends(i, names[i]);
		assert_int_equal(chat_people(chat), i + 1);
	}
	sends(0, "POST / HTTP/1.1\nHost: x\n");
	assert_has("kind 1 room");
	assert_has("\"Host: x\"");
	assert_has_not("CLOSE");
	connects(20);
	sends(20, "Bob the builder\n");
	assert_has_not("CLOSE");
	sends(20, "bob: hello\n");
	assert_has_not("CLOSE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_split, begin, end),
		cmocka_unit_test_setup_teardown(test_long_line, begin, end),
		cmocka_unit_test_setup_teardown(test_answer, begin, end),
		cmocka_unit_test_setup_teardown(test_people, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
