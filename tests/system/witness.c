/*
 * witness: ordinary people, watched while others misbehave; for attack and slow.
 *
 *     witness pair PORT [MS]      two people in a room of their own: one says a line each MS (20)
 *                                 milliseconds, the other reads it. When its input ends it prints
 *                                 lines=, lost= and the latencies max_ms= and p99_ms=; a line that
 *                                 does not come within 10 s is lost, and ends it
 *     witness late PORT LINES     somebody who comes in, prints "ready" and reads nothing until a
 *                                 line comes on its input; then reads all, and asks for what was
 *                                 skipped. The LINES lines are "~~" and eight hexadecimal digits,
 *                                 from 0 on. Prints got=, told= (skips= times), caught= (of which
 *                                 again= had come already), missing= and catchups=
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	WAIT_MS = 10000,       /* for anything that should come */
	QUIET_MS = 1500,       /* late: nothing for so long, and all that was to come live has */
	RECEIVE_BYTES = 4096,  /* of who is late: SO_RCVBUF, and TCP_MAXSEG, by which the kernel keeps */
	SEGMENT_BYTES = 536,   /* little too */
	PAIR_MAX = 1 << 20,
	LINE_BYTES_MAX = 1 << 15,
};

struct person {
	int fd;
	char line[LINE_BYTES_MAX]; /* the last whole line, without its end */
	char in[1 << 16];      /* from at to n is not looked at yet */
	size_t at, n;
};

static void __attribute__((noreturn)) die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void say(struct person *p, const char *text)
{
	if (send(p->fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text))
		die("send");
}

/* The next line; false: none within the time, or the end. */
static bool next_line(struct person *p, int wait_ms)
{
	size_t len = 0;

	for (;;) {
		while (p->at < p->n) {
			char c = p->in[p->at++];

			if (c == '\n') {
				p->line[len] = '\0';
				return true;
			}
			if (len < sizeof p->line - 1)
				p->line[len++] = c;
		}
		struct pollfd f = {.fd = p->fd, .events = POLLIN};
		ssize_t n = poll(&f, 1, wait_ms) > 0 ? recv(p->fd, p->in, sizeof p->in, 0) : 0;

		if (n <= 0)
			return false;
		p->at = 0;
		p->n = (size_t)n;
	}
}

static bool await(struct person *p, const char *text)
{
	while (next_line(p, WAIT_MS))
		if (strstr(p->line, text) != NULL)
			return true;
	return false;
}

static struct person *come_in(const char *port, const char *name, bool small)
{
	struct person *p = calloc(1, sizeof *p);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)),
	                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int bytes = RECEIVE_BYTES, segment = SEGMENT_BYTES;

	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (small) {
		setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
		setsockopt(p->fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
	}
	if (p->fd < 0 || connect(p->fd, (struct sockaddr *)&to, sizeof to) != 0)
		die("connect");
	say(p, name);
	say(p, "\n");
	if (!await(p, "-- You are ")) {
		fprintf(stderr, "witness: %s is not let in\n", name);
		exit(1);
	}
	return p;
}

/* -- pair ----------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static bool told_to_end(int wait_ms)
{
	struct pollfd f = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&f, 1, wait_ms) > 0;
}

static int pair(const char *port, int every_ms)
{
	static int64_t took[PAIR_MAX];
	struct person *a = come_in(port, "witness1", false), *b;
	size_t n = 0;
	bool lost = false;

	say(a, "/join witnesses\n");
	if (!await(a, "witnesses"))
		die("join");
	b = come_in(port, "witness2", false);
	say(b, "/join witnesses\n");
	if (!await(b, "You are in witnesses") || !await(a, "witness2"))
		die("join");
	printf("ready\n");
	fflush(stdout);
	do {
		char line[32], text[48];
		int64_t since = now_ns();

		snprintf(line, sizeof line, "line %zu.", n);
		snprintf(text, sizeof text, "%s\n", line);
		say(a, text);
		lost = !await(b, line);
		took[n++] = now_ns() - since;
	} while (!lost && n < PAIR_MAX && !told_to_end(every_ms));
	qsort(took, n, sizeof *took, by_size);
	printf("lines=%zu lost=%d p99_ms=%.1f max_ms=%.1f\n", n, lost,
	       (double)took[n * 99 / 100] / 1e6, (double)took[n - 1] / 1e6);
	return lost;
}

/* -- late ----------------------------------------------------------------------------------- */

struct late {
	uint8_t *seen;         /* how often each line came */
	uint32_t lines, got, told, skips, caught, again, catchups;
	bool skipped;          /* and all of that was not caught up yet */
};

/* True if the line is one of those that are counted. */
static bool take(struct late *l, const char *line)
{
	const char *mark = strstr(line, "~~");
	uint32_t number = mark != NULL ? (uint32_t)strtoul(mark + 2, NULL, 16) : UINT32_MAX;

	if (number >= l->lines)
		return false;
	l->again += l->seen[number]++ > 0;
	return true;
}

static void read_live(struct late *l, struct person *p)
{
	while (next_line(p, QUIET_MS)) {
		l->got += take(l, p->line);
		if (strstr(p->line, " skipped while your connection was slow") != NULL) {
			l->told += (uint32_t)strtoul(p->line + 3, NULL, 10);
			l->skips++;
		}
	}
}

static bool catch_up(struct late *l, struct person *p)
{
	say(p, "/catchup\n");
	l->catchups++;
	while (next_line(p, WAIT_MS)) {
		if (strstr(p->line, "-- There are more: /catchup again.") != NULL)
			return true;
		if (strstr(p->line, "-- That is all you missed.") != NULL)
			return false;
		l->caught += take(l, p->line);
	}
	die("catchup");
}

static int late(const char *port, uint32_t lines)
{
	struct late l = {.seen = calloc(lines, 1), .lines = lines};
	struct person *p = come_in(port, "late", true);
	uint32_t missing = 0;

	/* Notices of those who came before are behind it. */
	while (next_line(p, QUIET_MS))
		;
	printf("ready\n");
	fflush(stdout);
	told_to_end(-1);
	read_live(&l, p);
	while (l.told > 0 && catch_up(&l, p))
		;
	for (uint32_t i = 0; i < lines; i++)
		missing += l.seen[i] == 0;
	printf("got=%u told=%u skips=%u caught=%u again=%u missing=%u catchups=%u\n", l.got, l.told,
	       l.skips, l.caught, l.again, missing, l.catchups);
	return 0;
}

int main(int argc, char **argv)
{
	if ((argc == 3 || argc == 4) && strcmp(argv[1], "pair") == 0)
		return pair(argv[2], argc == 4 ? atoi(argv[3]) : 20);
	if (argc == 4 && strcmp(argv[1], "late") == 0)
		return late(argv[2], (uint32_t)atoi(argv[3]));
	fprintf(stderr, "usage: witness pair PORT [MS] | late PORT LINES\n");
	return 2;
}
