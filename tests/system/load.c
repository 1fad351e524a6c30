/*
 * load: many clients at once, for the tests.
 *
 *     load port                       prints a free port of 127.0.0.1
 *     load order PORT N               N people in one room each say one line; everybody must
 *                                     get every line of the others once, all in the same
 *                                     order. Prints TAP
 *     load talk PORT N FILE PID LINES N people talk without a pause. Each line that one of
 *                                     them gets is added to FILE; at LINES lines PID is
 *                                     killed with SIGKILL. Ends when all are disconnected
 *
 * chatd must have no limit on lines and bytes and no replay. Addresses are 127.0.0.1, and more
 * of 127.0.0.0/8 to connect from where one does not have ports enough.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "chatd/base/bytes.h"

enum {
	PEOPLE_MAX = 50000,
	PER_ADDRESS = 20000,   /* connections from one source address */
	CONNECTING_MAX = 1000, /* logins under way at one time: stays within the backlog */
	PORT_FIRST = 10000,    /* free ports are sought below those that clients get */
	PORTS = 20000,
	BUFFER_BYTES = 1 << 18,
	SAID_HEAD_BYTES = 30,  /* "[2026-11-22 20:14:05][p00042]:" */
	SECONDS_MAX = 50,      /* for the whole run */
};

struct person {
	int fd;           /* -1: disconnected */
	bool in;          /* true once its greeting has come */
	struct bytes line; /* the unfinished line */
	uint16_t *got;    /* order: who said the lines that it got, in order; ngot of them */
	uint32_t ngot;
	uint32_t said;    /* talk: lines said */
};

struct load {
	int epoll;
	uint16_t port;
	uint32_t people, in;     /* how many there are; how many have been greeted */
	uint32_t connected;      /* connections made so far */
	uint32_t gone;           /* connections that have ended */
	uint64_t lines;          /* lines got by all */
	uint64_t faults;         /* order: lines that should not have come */
	struct person *person;
	char *buffer;            /* of BUFFER_BYTES */
	int file;                /* talk: where lines go; -1: order */
};

static void __attribute__((noreturn)) die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int port_print(void)
{
	for (unsigned i = 0; i < PORTS; i++) {
		unsigned port = PORT_FIRST + ((unsigned)getpid() * 7 + i) % PORTS;
		struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6,
		                            .sin6_port = htons((uint16_t)port)};
		struct sockaddr_in sin = {.sin_family = AF_INET,
		                          .sin_port = htons((uint16_t)port)};
		int fd = socket(AF_INET, SOCK_STREAM, 0), fd6 = socket(AF_INET6, SOCK_STREAM, 0);
		int one = 1;
		bool ok;

		setsockopt(fd6, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
		ok = bind(fd, (struct sockaddr *)&sin, sizeof sin) == 0 && listen(fd, 1) == 0 &&
		     (fd6 < 0 || bind(fd6, (struct sockaddr *)&sin6, sizeof sin6) == 0);
		close(fd);
		close(fd6);
		if (ok) {
			printf("%u\n", port);
			return 0;
		}
	}
	return 1;
}

/* -- connections ------------------------------------------------------------------ */

static void person_send(struct person *p, const char *text, size_t n)
{
	/* What the socket's buffer does not take is not said. */
	if (p->fd >= 0 && send(p->fd, text, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
	    errno != EAGAIN && errno != EPIPE && errno != ECONNRESET)
		die("send");
}

static void person_connect(struct load *l, uint32_t i)
{
	struct person *p = &l->person[i];
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(l->port),
	                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in from = {.sin_family = AF_INET,
	                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK + i / PER_ADDRESS)};
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};
	int one = 1;
	char name[32];
	int n = snprintf(name, sizeof name, "p%05u\n", i);

	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->fd < 0)
		die("socket");
	setsockopt(p->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
	if (bind(p->fd, (struct sockaddr *)&from, sizeof from) != 0)
		die("bind");
	if (connect(p->fd, (struct sockaddr *)&to, sizeof to) != 0)
		die("connect");
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, p->fd, &e) != 0)
		die("epoll_ctl");
	l->connected++;
	person_send(p, name, (size_t)n);
}

static void person_gone(struct load *l, struct person *p)
{
	close(p->fd);
	p->fd = -1;
	l->gone++;
}

/* -- what they read --------------------------------------------------------------- */

/* A said line: "[2026-11-22 20:14:05][p00042]:text". No scanf: there are millions. */
static void said_take(struct load *l, struct person *p, const char *s, size_t n)
{
	uint32_t who = 0;

	for (size_t i = 23; i < SAID_HEAD_BYTES - 2; i++)
		who = who * 10 + (uint32_t)(s[i] - '0');
	l->lines++;
	if (l->file >= 0) {
		if (write(l->file, s + SAID_HEAD_BYTES, n - SAID_HEAD_BYTES) < 0)
			die("write");
	} else if (who >= l->people || p->ngot == l->people) {
		l->faults++;
	} else {
		p->got[p->ngot++] = (uint16_t)who;
	}
}

/* A whole line with its end. */
static void line_take(struct load *l, struct person *p, const char *s, size_t n)
{
	if (n > SAID_HEAD_BYTES && s[0] == '[' && !memcmp(s + 20, "][p", 3) &&
	    !memcmp(s + SAID_HEAD_BYTES - 2, "]:", 2)) {
		said_take(l, p, s, n);
	} else if (!p->in && memmem(s, n, "-- You are ", 11)) {
		p->in = true;
		l->in++;
	}
}

static void person_read(struct load *l, struct person *p)
{
	ssize_t got = recv(p->fd, l->buffer, BUFFER_BYTES, MSG_DONTWAIT);
	const char *s = l->buffer, *end = s + got, *nl;

	if (got <= 0) {
		if (got == 0 || errno != EAGAIN)
			person_gone(l, p);
		return;
	}
	while ((nl = memchr(s, '\n', (size_t)(end - s))) != NULL) {
		nl++;
		if (p->line.len > 0) {
			bytes_append(&p->line, s, (size_t)(nl - s));
			line_take(l, p, p->line.data, p->line.len);
			bytes_clear(&p->line);
		} else {
			line_take(l, p, s, (size_t)(nl - s));
		}
		s = nl;
	}
	bytes_append(&p->line, s, (size_t)(end - s));
}

static void load_read(struct load *l, int wait_ms)
{
	struct epoll_event e[512];
	int n = epoll_wait(l->epoll, e, 512, wait_ms);

	for (int i = 0; i < n; i++)
		if (l->person[e[i].data.u32].fd >= 0)
			person_read(l, &l->person[e[i].data.u32]);
}

/* Brings all of them in. */
static void load_join(struct load *l, int64_t end_ms)
{
	while (l->in < l->people && l->gone == 0 && now_ms() < end_ms) {
		while (l->connected < l->people && l->connected - l->in < CONNECTING_MAX)
			person_connect(l, l->connected);
		load_read(l, 100);
	}
	if (l->in < l->people) {
		printf("not ok 1 - all came in\n# %u of %u, %u were disconnected\n1..1\n", l->in,
		       l->people, l->gone);
		exit(1);
	}
}

static void load_init(struct load *l, const char *port, const char *people)
{
	struct rlimit files;

	*l = (struct load){.port = (uint16_t)atoi(port), .people = (uint32_t)atoi(people),
	                   .file = -1};
	if (l->people < 3 || l->people > PEOPLE_MAX) {
		fprintf(stderr, "load: 3 to %d people\n", PEOPLE_MAX);
		exit(2);
	}
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->person = mem_zero(l->people, sizeof *l->person);
	l->buffer = mem_alloc(BUFFER_BYTES);
}

/* -- order -------------------------------------------------------------------------- */

static uint32_t order_find(const struct person *p, uint16_t who)
{
	uint32_t i = 0;

	while (i < p->ngot && p->got[i] != who)
		i++;
	return i;
}

/*
 * The order in which all lines were said: what the first person got, and the
 * first person's own line where the second one got it. Whether the second
 * one's own line was before that, the third knows.
 */
static void order_make(const struct load *l, uint16_t *order)
{
	const struct person *a = &l->person[0], *b = &l->person[1], *c = &l->person[2];
	uint32_t own = order_find(b, 0) + (order_find(c, 1) < order_find(c, 0)), n = 0;

	for (uint32_t i = 0; i < a->ngot; i++) {
		if (i == own)
			order[n++] = 0;
		order[n++] = a->got[i];
	}
	if (n < l->people)
		order[n] = 0;
}

/* True if p got all lines but its own, in this order. */
static bool order_same(const struct load *l, uint32_t p, const uint16_t *order)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->people; i++) {
		if (order[i] == p)
			continue;
		if (n == l->person[p].ngot || l->person[p].got[n++] != order[i])
			return false;
	}
	return n == l->person[p].ngot;
}

/* True if p got a line of everybody else once. */
static bool order_complete(const struct load *l, uint32_t p, uint8_t *seen)
{
	memset(seen, 0, l->people);
	for (uint32_t i = 0; i < l->person[p].ngot; i++)
		if (seen[l->person[p].got[i]]++)
			return false;
	return l->person[p].ngot == l->people - 1 && !seen[p];
}

static int order_report(const struct load *l)
{
	uint16_t *order = mem_zero(l->people, sizeof *order);
	uint8_t *seen = mem_zero(l->people, 1);
	uint32_t wrong = 0, other = 0;

	order_make(l, order);
	for (uint32_t p = 0; p < l->people; p++) {
		wrong += !order_complete(l, p, seen);
		other += !order_same(l, p, order);
	}
	printf("%s 1 - each of %u got every other's line once\n", wrong || l->faults ? "not ok" : "ok",
	       l->people);
	if (wrong || l->faults)
		printf("# %u did not; %llu lines of %llu, %llu unknown, %u disconnected\n", wrong,
		       (unsigned long long)l->lines,
		       (unsigned long long)l->people * (l->people - 1),
		       (unsigned long long)l->faults, l->gone);
	printf("%s 2 - all in the same order\n1..2\n", other ? "not ok" : "ok");
	if (other)
		printf("# not so for %u\n", other);
	free(order);
	free(seen);
	return wrong || other || l->faults;
}

static int order_run(struct load *l)
{
	int64_t start_ms = now_ms(), end_ms = start_ms + SECONDS_MAX * 1000, said_ms;
	uint64_t want = (uint64_t)l->people * (l->people - 1);
	int failed;

	for (uint32_t i = 0; i < l->people; i++)
		l->person[i].got = mem_zero(l->people, sizeof *l->person[i].got);
	load_join(l, end_ms);
	said_ms = now_ms();
	for (uint32_t i = 0; i < l->people; i++) {
		char line[32];
		int n = snprintf(line, sizeof line, "this is %u\n", i);

		person_send(&l->person[i], line, (size_t)n);
		load_read(l, 0);
	}
	while (l->lines < want && l->gone == 0 && now_ms() < end_ms)
		load_read(l, 100);
	failed = order_report(l);
	printf("# %.1f s to come in, %.1f s for %llu lines\n", (double)(said_ms - start_ms) / 1000,
	       (double)(now_ms() - said_ms) / 1000, (unsigned long long)l->lines);
	return failed;
}

/* -- talk --------------------------------------------------------------------------- */

static int talk_run(struct load *l, const char *file, pid_t victim, uint64_t lines)
{
	int64_t end_ms = now_ms() + SECONDS_MAX * 1000;
	bool killed = false;

	l->file = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (l->file < 0)
		die(file);
	load_join(l, end_ms);
	while (l->gone < l->people && now_ms() < end_ms) {
		for (uint32_t i = 0; i < l->people && !killed; i++) {
			char line[64];
			int n = snprintf(line, sizeof line, "%d p%u says %u\n", (int)victim, i,
			                 l->person[i].said++);

			person_send(&l->person[i], line, (size_t)n);
		}
		load_read(l, 1);
		if (!killed && l->lines >= lines)
			killed = kill(victim, SIGKILL) == 0;
	}
	printf("%llu\n", (unsigned long long)l->lines);
	return l->gone < l->people || !killed;
}

int main(int argc, char **argv)
{
	struct load l;

	if (argc == 2 && !strcmp(argv[1], "port"))
		return port_print();
	if (argc == 4 && !strcmp(argv[1], "order")) {
		load_init(&l, argv[2], argv[3]);
		return order_run(&l);
	}
	if (argc == 7 && !strcmp(argv[1], "talk")) {
		load_init(&l, argv[2], argv[3]);
		return talk_run(&l, argv[4], atoi(argv[5]), strtoull(argv[6], NULL, 10));
	}
	fprintf(stderr, "usage: load port | order PORT N | talk PORT N FILE PID LINES\n");
	return 2;
}
