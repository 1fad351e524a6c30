/* "chatd admin chat", between two pipes and a server that is a socket here. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "chatd/program/admin_chat.h"

enum { MUCH = 1 << 20 };

static int server[2], in[2], out[2]; /* ours is 0, 1 and 0 of them */
static pthread_t thread;

static void *relays(void *arg)
{
	static bool ok;

	(void)arg;
	ok = admin_chat(server[1], in[0], out[1]);
	close(out[1]);
	shutdown(server[1], SHUT_RDWR);
	return &ok;
}

static int begin(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_STREAM, 0, server) != 0 || pipe(in) != 0 || pipe(out) != 0 ||
	       pthread_create(&thread, NULL, relays, NULL) != 0;
}

static bool ends(void)
{
	void *ok;

	assert_int_equal(pthread_join(thread, &ok), 0);
	return *(bool *)ok;
}

static int end(void **state)
{
	(void)state;
	close(server[0]);
	close(server[1]);
	close(in[0]);
	close(in[1]);
	close(out[0]);
	return 0;
}

static void put(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* The next bytes are these. */
static void gets(int fd, const char *text)
{
	char got[512];
	size_t n = 0, want = strlen(text);

	while (n < want) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t more;

		assert_int_equal(poll(&p, 1, 20000), 1);
		more = read(fd, got + n, want - n);
		assert_true(more > 0);
		n += (size_t)more;
	}
	got[n] = '\0';
	assert_string_equal(got, text);
}

static void gets_end(int fd)
{
	char c;

	assert_int_equal(read(fd, &c, 1), 0);
}

static void answers_come_after_the_input_has_ended(void **state)
{
	(void)state;
	put(in[1], "/stats\n/quit\n");
	close(in[1]);
	gets(server[0], "/stats\n/quit\n");
	gets_end(server[0]);
	put(server[0], "-- People: 3.\n-- Good");
	put(server[0], "bye.\n");
	shutdown(server[0], SHUT_WR);
	gets(out[0], "-- People: 3.\n-- Goodbye.\n");
	gets_end(out[0]);
	assert_true(ends());
}

static void it_ends_when_the_server_does(void **state)
{
	(void)state;
	put(in[1], "/quit\n");
	gets(server[0], "/quit\n");
	put(server[0], "-- Goodbye.\r\nno end");
	shutdown(server[0], SHUT_RDWR);
	gets(out[0], "-- Goodbye.\nno end");
	gets_end(out[0]);
	assert_true(ends());
	close(in[1]);
}

static void what_has_no_end_is_shown_too(void **state)
{
	(void)state;
	put(server[0], "[PASSWORD]: ");
	gets(out[0], "[PASSWORD]: ");
	close(in[1]);
	gets_end(server[0]);
	shutdown(server[0], SHUT_WR);
	assert_true(ends());
}

static void what_a_terminal_would_obey_is_not_shown(void **state)
{
	(void)state;
	put(server[0], "\033]0;x\007a\033[2J\xc2\x9b" "b\xe2\x80\xae" "c\rd\xff\n");
	gets(out[0], "?]0;x?a?[2J??b???c?d?\n");
	/* A character in two pieces is one; half of one is none. */
	put(server[0], "gr\xc3");
	gets(out[0], "gr");
	put(server[0], "\xbc\xc3\x9f" "e\n\xc3\n");
	gets(out[0], "üße\n?\n");
	close(in[1]);
	shutdown(server[0], SHUT_WR);
	assert_true(ends());
}

static void nobody_reads_what_comes(void **state)
{
	(void)state;
	close(out[0]);
	put(server[0], "-- hello\n");
	assert_false(ends());
	close(in[1]);
}

static void *types_much(void *arg)
{
	char *much = calloc(1, MUCH);

	memset(much, 'x', MUCH);
	assert_int_equal(write(in[1], much, MUCH), MUCH);
	close(in[1]);
	free(much);
	return arg;
}

/* The server answers before it takes anything, more than any buffer holds. */
static void neither_side_waits_for_the_other(void **state)
{
	pthread_t typist;
	char *got = malloc(MUCH);
	size_t n = 0, shown = 0;

	(void)state;
	assert_int_equal(pthread_create(&typist, NULL, types_much, NULL), 0);
	while (shown < MUCH) {
		static const char line[] = "-- a line of an answer that goes on and on\n";
		ssize_t more;

		put(server[0], line);
		more = read(out[0], got, MUCH);
		assert_true(more > 0);
		shown += (size_t)more;
	}
	while (n < MUCH) {
		ssize_t more = read(server[0], got, MUCH);

		assert_true(more > 0);
		n += (size_t)more;
	}
	gets_end(server[0]);
	shutdown(server[0], SHUT_WR);
	while (read(out[0], got, MUCH) > 0) {
	}
	assert_true(ends());
	pthread_join(typist, NULL);
	free(got);
}

#define TALK(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TALK(answers_come_after_the_input_has_ended),
		TALK(it_ends_when_the_server_does),
		TALK(what_has_no_end_is_shown_too),
		TALK(what_a_terminal_would_obey_is_not_shown),
		TALK(nobody_reads_what_comes),
		TALK(neither_side_waits_for_the_other),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("admin_chat", tests, NULL, NULL);
}
