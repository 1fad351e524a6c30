/*
 * The HTTP of the metrics, with anything that a client may send.
 *
 * Whatever comes, in one piece or in several: each answer is well-formed and one of those that there can be, only
 * GET and HEAD of what there is are answered with 200, and when the client has gone nothing of it stays.
 *
 *	clang -fsanitize=fuzzer,...   a libFuzzer target
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chatd/base/bounds.h"
#include "chatd/metrics/http.h"

#define CHECK(is) do { if (!(is)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #is); abort(); } } while (0)

enum {
	TURNS_MAX = 300,         /* in which everything is over */
	INPUT_BYTES_MAX = 16384,
	OUTPUT_BYTES_MAX = 4 << 20, /* of the answers to that many bytes of short requests */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *output;
static size_t output_len;

static void hear(int fd)
{
	ssize_t n;

	while ((n = recv(fd, output + output_len, OUTPUT_BYTES_MAX - output_len, MSG_DONTWAIT)) > 0)
		output_len += (size_t)n;
	CHECK(output_len < OUTPUT_BYTES_MAX);
}

/* -- answers ------------------------------------------------------------------------------------ */

static bool is_status(int status)
{
	static const int all[] = {100, 200, 400, 404, 405, 411, 413, 414, 417, 431, 500, 501, 503, 505};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (status == all[i])
			return true;
	return false;
}

/* The end of the line at p, which ends with CR LF and has nothing else below a blank in it. */
static const char *line_end(const char *p, const char *end)
{
	const char *stop = p;

	while (stop < end && (unsigned char)*stop >= ' ' && *stop != 0x7f)
		stop++;
	CHECK(end - stop >= 2 && stop[0] == '\r' && stop[1] == '\n');
	return stop;
}

static bool is_field(const char *line, const char *stop, const char *name)
{
	return (size_t)(stop - line) > strlen(name) && strncmp(line, name, strlen(name)) == 0;
}

/* One answer, at p; returns where the next one begins. */
static const char *check_answer(const char *p, const char *end)
{
	const char *stop = line_end(p, end), *type = NULL;
	size_t length = 0;
	bool has_length = false, has_allow = false;
	int status;

	CHECK(stop - p > 12 && (strncmp(p, "HTTP/1.1 ", 9) == 0 || strncmp(p, "HTTP/1.0 ", 9) == 0));
	status = atoi(p + 9);
	CHECK(is_status(status));
	for (p = stop + 2; (stop = line_end(p, end)) > p; p = stop + 2) {
		CHECK(memchr(p, ':', (size_t)(stop - p)) != NULL);
		if (is_field(p, stop, "Content-Length: ")) {
			CHECK(!has_length);
			has_length = true;
			length = (size_t)strtoul(p + 16, NULL, 10);
		} else if (is_field(p, stop, "Content-Type: ")) {
			type = p;
		} else if (is_field(p, stop, "Allow: ")) {
			has_allow = true;
		}
	}
	p += 2;
	CHECK(has_length == (status != 100));
	CHECK((status == 405) == has_allow);
	CHECK(status != 200 || type != NULL);
	/* None of our texts begins like an answer, so this was one to HEAD. */
	if (p == end || (end - p >= 7 && strncmp(p, "HTTP/1.", 7) == 0))
		return p;
	CHECK((size_t)(end - p) >= length);
	return p + length;
}

/* -- a client ----------------------------------------------------------------------------------- */

static void say(struct http *h, int fd, const uint8_t *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = send(fd, data + done, size - done, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			return;
		done += n > 0 ? (size_t)n : 0;
		CHECK(http_turn(h, 0));
		hear(fd);
	}
}

/* The first byte says how long each piece is. */
static void talk(struct http *h, int fd, const uint8_t *data, size_t size)
{
	size_t piece = size > 0 && data[0] < 128 ? (size_t)data[0] + 1 : INPUT_BYTES_MAX;

	for (size_t at = 1; at < size; at += piece)
		say(h, fd, data + at, size - at < piece ? size - at : piece);
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < TURNS_MAX && http_connections(h) > 0; i++) {
		CHECK(http_turn(h, 0));
		hear(fd);
	}
	hear(fd);
	/* If an end comes with the last bytes, libmicrohttpd (0.9.75) may miss it, and the deadline has to close the
	 * connection; but not that the other end is closed. */
	close(fd);
	for (int i = 0; i < TURNS_MAX && http_connections(h) > 0; i++)
		CHECK(http_turn(h, 0));
	CHECK(http_connections(h) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vitals *vitals;
	static struct http *h;
	const char *p;
	int pair[2];

	if (h == NULL) {
		vitals = vitals_new();
		CHECK(vitals != NULL);
		h = http_new(vitals, -1);
		output = malloc(OUTPUT_BYTES_MAX);
		CHECK(h != NULL && output != NULL);
	}
	output_len = 0;
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
	CHECK(http_add(h, pair[0]));
	talk(h, pair[1], data, size < INPUT_BYTES_MAX ? size : INPUT_BYTES_MAX);
	for (p = output; p < output + output_len;)
		p = check_answer(p, output + output_len);
	return 0;
}
