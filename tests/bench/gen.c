/*
 * gen: a load of chat clients, and what their server does with it.
 *
 *     gen PROTO PORT MEMBERS WINDOW SECONDS PID [RATE [ROOMS]]
 *
 * MEMBERS clients come into each of ROOMS rooms (default 1) and talk. Closed loop: WINDOW
 * lines are in flight; a line that everybody has got is followed by the next. With
 * a RATE, open loop: lines a second at fixed times, and latency counts from the
 * time at which a line was due, so a stall is not hidden. PID is the server, whose
 * CPU time and memory are read from /proc (0: none). Prints one line of key=value.
 *
 * PROTO: chatd, irc (ngircd, InspIRCd), ncat (ncat --chat), bare (no login).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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

#include "proc.h"

enum {
	LINE_BYTES = 64,       /* payload of a line: "~~", eight hexadecimal digits, filling */
	READ_BYTES = 256 << 10,
	PER_ADDRESS = 20000,   /* clients from one loopback address */
	LOGINS_MAX = 500,      /* logins under way at one time */
	BUCKETS = 64 * 32,     /* histogram: 32 steps in each power of two of nanoseconds */
	STALL_MS = 2000,       /* without a delivery for so long: what is in flight is lost */
	SETTLE_NS = 700000000, /* after the last login: what it says to the others is read */
	WARM_PERCENT = 25,     /* of SECONDS, before anything is counted */
	LINES_MAX = 1 << 16,   /* lines that are in flight or may still come: a power of two */
};

enum proto { PROTO_CHATD, PROTO_IRC, PROTO_NCAT, PROTO_BARE };

struct client {
	int fd;
	uint32_t room;
	bool in;               /* has been greeted */
	bool registered;       /* irc: may join */
	char *rest;            /* owned; the unfinished line, nrest bytes */
	uint32_t nrest;
};

struct line {
	int64_t since_ns;      /* sent, or due */
	uint32_t left;         /* members who have not got it; 0: done */
};

struct gen {
	enum proto proto;
	uint16_t port;
	uint32_t members, window, rooms, nclients, nin;
	double seconds, rate;
	int epoll;
	struct client *client;
	struct line line[LINES_MAX];
	uint32_t next;         /* number of the next line */
	uint32_t flying;       /* lines in flight */
	bool counting;         /* true after the warm-up */
	uint64_t deliveries, sent, lost;
	uint64_t bucket[BUCKETS];
	int64_t max_ns, last_ns; /* greatest latency; last delivery */
};

static char buffer[READ_BYTES * 2];

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* -- latencies ------------------------------------------------------------------------- */

static uint32_t bucket_of(int64_t ns)
{
	uint64_t v = ns < 32 ? 32 : (uint64_t)ns;
	uint32_t top = 63 - (uint32_t)__builtin_clzll(v);

	return top * 32 + (uint32_t)(v >> (top - 5) & 31);
}

static double percentile_us(const struct gen *g, double p)
{
	uint64_t want = (uint64_t)((double)g->deliveries * p), seen = 0;

	for (uint32_t i = 0; i < BUCKETS; i++) {
		seen += g->bucket[i];
		if (seen > want)
			return (double)((32 + (uint64_t)(i % 32)) << (i / 32 - 5)) / 1000;
	}
	return (double)g->max_ns / 1000;
}

/* -- talking ----------------------------------------------------------------------------- */

static void put(struct client *c, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = send(c->fd, p, n, MSG_NOSIGNAL);

		if (done < 0 && errno == EAGAIN) {
			/* The server takes nothing at present; it is the measured one. */
			usleep(50);
			continue;
		}
		if (done < 0)
			die("send");
		p += done;
		n -= (size_t)done;
	}
}

static void say(struct gen *g, int64_t since_ns)
{
	uint32_t number = g->next++;
	struct client *c = &g->client[number % g->nclients];
	struct line *l = &g->line[number & (LINES_MAX - 1)];
	char text[LINE_BYTES + 64];
	int n = 0;

	*l = (struct line){since_ns, g->members - 1};
	if (g->proto == PROTO_IRC)
		n = sprintf(text, "PRIVMSG #bench%u :", c->room);
	n += sprintf(text + n, "~~%08x", number);
	memset(text + n, 'x', LINE_BYTES - 10);
	n += LINE_BYTES - 10;
	memcpy(text + n, "\r\n", 2);
	if (g->proto == PROTO_IRC)
		n += 2;
	else
		text[n++] = '\n';
	g->flying++;
	g->sent += g->counting;
	put(c, text, (size_t)n);
}

static void delivered(struct gen *g, uint32_t number, int64_t now)
{
	struct line *l = &g->line[number & (LINES_MAX - 1)];

	if (l->left == 0)
		return;
	g->last_ns = now;
	if (g->counting) {
		int64_t ns = now - l->since_ns;

		g->deliveries++;
		g->bucket[bucket_of(ns)]++;
		if (ns > g->max_ns)
			g->max_ns = ns;
	}
	if (--l->left == 0)
		g->flying--;
}

/* -- logging in ---------------------------------------------------------------------------- */

static void greeted(struct gen *g, struct client *c)
{
	c->in = true;
	g->nin++;
}

static void login_line(struct gen *g, struct client *c, const char *p, size_t n)
{
	char text[64];

	if (g->proto == PROTO_CHATD) {
		bool home = memmem(p, n, "-- You are ", 11) != NULL;

		if (home && c->room != 0 && !c->registered) {
			c->registered = true;
			put(c, text, (size_t)sprintf(text, "/join bench%u\n", c->room));
		} else if (home) {
			greeted(g, c);
		}
		return;
	}
	if (n > 5 && memcmp(p, "PING ", 5) == 0) {
		put(c, "PONG ", 5);
		put(c, p + 5, n - 5);
		put(c, "\n", 1);
	} else if (!c->registered && memmem(p, n, " 001 ", 5) != NULL) {
		c->registered = true;
		put(c, text, (size_t)sprintf(text, "JOIN #bench%u\r\n", c->room));
	} else if (memmem(p, n, " 366 ", 5) != NULL) {
		greeted(g, c);
	}
}

static void hello(struct gen *g, struct client *c, uint32_t i)
{
	char text[64];

	if (g->proto == PROTO_CHATD)
		put(c, text, (size_t)sprintf(text, "u%u\n", i));
	else if (g->proto == PROTO_IRC)
		put(c, text, (size_t)sprintf(text, "NICK u%u\r\nUSER u 0 * :u\r\n", i));
	else
		greeted(g, c);
}

static void client_connect(struct gen *g, uint32_t i)
{
	struct client *c = &g->client[i];
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(g->port)};
	struct sockaddr_in from = {.sin_family = AF_INET};
	struct epoll_event ev = {.events = EPOLLIN, .data.u32 = i};
	int one = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i / PER_ADDRESS);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	c->room = i / g->members;
	if (c->fd < 0)
		die("socket");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(c->fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
	setsockopt(c->fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &one, sizeof one);
	if (bind(c->fd, (struct sockaddr *)&from, sizeof from) != 0 ||
	    connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0)
		die("connect");
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	if (epoll_ctl(g->epoll, EPOLL_CTL_ADD, c->fd, &ev) != 0)
		die("epoll_ctl");
	hello(g, c, i);
}

/* -- reading ---------------------------------------------------------------------------------- */

static void take_line(struct gen *g, struct client *c, const char *p, const char *end, int64_t now)
{
	static const char hex[] = "0123456789abcdef";
	const char *token;
	uint32_t number = 0;

	if (end > p && end[-1] == '\r')
		end--;
	token = end - LINE_BYTES;
	if (!c->in || token < p || token[0] != '~' || token[1] != '~') {
		if (!c->in || g->proto == PROTO_IRC)
			login_line(g, c, p, (size_t)(end - p));
		return;
	}
	for (int i = 2; i < 10; i++)
		number = number << 4 |
		         (uint32_t)(token[i] <= '9' ? token[i] - '0'
		                                    : (const char *)memchr(hex, token[i], 16) - hex);
	delivered(g, number, now);
}

static void readable(struct gen *g, struct client *c)
{
	const char *p = buffer, *end, *nl;
	ssize_t n;
	int64_t now;

	if (c->nrest > 0)
		memcpy(buffer, c->rest, c->nrest);
	n = recv(c->fd, buffer + c->nrest, READ_BYTES, 0);
	if (n <= 0) {
		if (n < 0 && errno == EAGAIN)
			return;
		fprintf(stderr, "gen: the server closed a connection\n");
		exit(1);
	}
	now = now_ns();
	end = buffer + c->nrest + n;
	while ((nl = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		take_line(g, c, p, nl, now);
		p = nl + 1;
	}
	c->nrest = (uint32_t)(end - p);
	if (c->nrest > 8192) {
		fprintf(stderr, "gen: a line without an end\n");
		exit(1);
	}
	if (c->nrest > 0 && c->rest == NULL)
		c->rest = malloc(8192);
	if (c->nrest > 0)
		memcpy(c->rest, p, c->nrest);
}

static void turn(struct gen *g, int wait_ms)
{
	struct epoll_event ev[512];
	int n = epoll_wait(g->epoll, ev, 512, wait_ms);

	for (int i = 0; i < n; i++)
		readable(g, &g->client[ev[i].data.u32]);
}

/* -- the run ----------------------------------------------------------------------------------- */

static void come_in(struct gen *g)
{
	int64_t until = now_ns() + (int64_t)60 * 1000000000;
	uint32_t made = 0;

	while (g->nin < g->nclients) {
		while (made < g->nclients && made - g->nin < LOGINS_MAX)
			client_connect(g, made++);
		turn(g, 10);
		if (now_ns() > until) {
			fprintf(stderr, "gen: only %u of %u came in\n", g->nin, g->nclients);
			exit(1);
		}
	}
	for (until = now_ns() + SETTLE_NS; now_ns() < until;)
		turn(g, 10);
}

static void give_up_stalled(struct gen *g, int64_t now)
{
	if (g->flying == 0 || now - g->last_ns < (int64_t)STALL_MS * 1000000)
		return;
	for (uint32_t i = 0; i < LINES_MAX; i++) {
		g->lost += g->line[i].left;
		g->line[i].left = 0;
	}
	g->flying = 0;
	g->last_ns = now;
}

static void talk(struct gen *g, int64_t until, int64_t *due)
{
	int64_t now;

	while ((now = now_ns()) < until) {
		if (g->rate > 0) {
			while (*due <= now && g->flying < LINES_MAX / 2) {
				say(g, *due);
				*due += (int64_t)(1e9 / g->rate);
			}
			turn(g, *due - now > 2000000 ? 1 : 0);
		} else {
			while (g->flying < g->window)
				say(g, now_ns());
			turn(g, 100);
		}
		give_up_stalled(g, now);
	}
}

int main(int argc, char **argv)
{
	static const char *const protos[] = {"chatd", "irc", "ncat", "bare"};
	static struct gen g;
	struct rlimit files;
	struct proc_use before, after;
	int64_t start, begin, end, due;
	int pid;

	if (argc < 7) {
		fprintf(stderr, "usage: gen PROTO PORT MEMBERS WINDOW SECONDS PID [RATE [ROOMS]]\n");
		return 2;
	}
	while (g.proto < 4 && strcmp(argv[1], protos[g.proto]) != 0)
		g.proto++;
	g.port = (uint16_t)atoi(argv[2]);
	g.members = (uint32_t)atoi(argv[3]);
	g.window = (uint32_t)atoi(argv[4]);
	g.seconds = atof(argv[5]);
	pid = atoi(argv[6]);
	g.rate = argc > 7 ? atof(argv[7]) : 0;
	g.rooms = argc > 8 ? (uint32_t)atoi(argv[8]) : 1;
	g.nclients = g.members * g.rooms;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	g.epoll = epoll_create1(EPOLL_CLOEXEC);
	g.client = calloc(g.nclients, sizeof *g.client);
	come_in(&g);

	start = due = g.last_ns = now_ns();
	talk(&g, start + (int64_t)(g.seconds * 1e9 * WARM_PERCENT / 100), &due);
	g.counting = true;
	begin = now_ns();
	proc_read(pid, &before);
	talk(&g, begin + (int64_t)(g.seconds * 1e9), &due);
	proc_read(pid, &after);
	end = now_ns();

	printf("deliveries=%llu per_s=%.0f cpu_us=%.4f user_share=%.3f p50_us=%.0f p99_us=%.0f "
	       "p999_us=%.0f max_us=%.0f lost=%llu rss_kib=%ld\n",
	       (unsigned long long)g.deliveries,
	       (double)g.deliveries / ((double)(end - begin) / 1e9),
	       (double)(after.cpu_ns - before.cpu_ns) / 1e3 / (double)(g.deliveries ? g.deliveries : 1),
	       after.ticks > before.ticks ? (double)(after.user_ticks - before.user_ticks) /
	                                    (double)(after.ticks - before.ticks) : 0,
	       percentile_us(&g, 0.5), percentile_us(&g, 0.99), percentile_us(&g, 0.999),
	       (double)g.max_ns / 1000, (unsigned long long)g.lost, after.rss_kib);
	return 0;
}
