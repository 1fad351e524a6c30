/*
 * crowd: many connections that do one thing as fast as they can, for attack and slow.
 *
 *     crowd PORT N KEY=VALUE...
 *
 * Each of the N says first=TEXT and then again=TEXT, again and again, until seconds=S have passed
 * or all its tries=T are made. In a text %i is the number of the connection, %u that of the try, %x
 * the same as eight hexadecimal digits, \n and \xHH are bytes. What else there is:
 *
 *     again*=B    the text is repeated up to B bytes, which is one try
 *     rate=R      tries a second of each; 0: as many as are taken
 *     wait=S      seconds before the first of them, where there is a rate
 *     tries=T     tries of each; 0: no end
 *     window=W    tries ahead of what was answered by a line with match; 0: no end
 *     match=TEXT  counts the lines that come with this in them
 *     noread      reads nothing, and has room for little
 *     sips        reads a byte a second
 *     stay        prints "tried" when all tries are made, and stays
 *     back        connects again where it is disconnected
 *     ready       prints "ready" when all are connected and have said what they say first
 *
 * Prints what was done as key=value. chatd's limits on lines are best off.
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

enum {
	PEOPLE_MAX = 20000,
	OUT_BYTES = 1 << 16,   /* of one try, and what is not sent of it */
	IN_BYTES = 1 << 16,
	RECEIVE_BYTES = 4096,  /* SO_RCVBUF of those that do not read */
	SEGMENT_BYTES = 536,   /* and their TCP_MAXSEG, by which the kernel keeps little for them too */
	TURN_MS = 5,
};

struct one {
	int fd;                /* -1: not connected */
	uint32_t tries;        /* made */
	uint32_t answered;     /* lines with match that came */
	int64_t due_ns;        /* of the next try, where there is a rate */
	char *out;             /* owned; OUT_BYTES, of which off to len is to be sent */
	size_t len, off;
	char line[4096];       /* the unfinished line, cut there */
	size_t nline;
	bool said;             /* all of what it says first */
};

struct crowd {
	uint16_t port;
	uint32_t n;
	double seconds, rate, wait;
	const char *first, *again, *match;
	size_t again_bytes;
	uint32_t tries, window;
	bool noread, sips, back, ready, stay;
	int64_t sip_ns;        /* when the next byte is read */

	int epoll;
	struct one *one;
	uint64_t connects, refused, closed, sent, got, matched;
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

/* -- what is said --------------------------------------------------------------------------- */

static void put(struct one *o, char c)
{
	if (o->len < OUT_BYTES)
		o->out[o->len++] = c;
}

static void put_number(struct one *o, const char *format, uint32_t n)
{
	char digits[12];

	snprintf(digits, sizeof digits, format[1] == 'x' ? "%08x" : "%u", n);
	for (const char *p = digits; *p != '\0'; p++)
		put(o, *p);
}

static void say(struct crowd *c, struct one *o, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '%' && p[1] != '\0') {
			put_number(o, p, p[1] == 'i' ? (uint32_t)(o - c->one) : o->tries);
			p++;
		} else if (*p == '\\' && p[1] == 'n') {
			put(o, '\n');
			p++;
		} else if (*p == '\\' && p[1] == 'x') {
			char hex[3] = {p[2], p[3], '\0'};

			put(o, (char)strtol(hex, NULL, 16));
			p += 3;
		} else {
			put(o, *p);
		}
	}
}

static void say_again(struct crowd *c, struct one *o)
{
	o->len = o->off = 0;
	do {
		say(c, o, c->again);
	} while (o->len < c->again_bytes);
	o->tries++;
}

/* -- connections ---------------------------------------------------------------------------- */

static void one_connect(struct crowd *c, struct one *o)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(c->port),
	                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event e = {.events = c->noread || c->sips ? 0 : EPOLLIN,
	                        .data.u32 = (uint32_t)(o - c->one)};
	int bytes = RECEIVE_BYTES, segment = SEGMENT_BYTES;

	o->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (o->fd < 0)
		die("socket");
	if (c->noread || c->sips) {
		setsockopt(o->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
		setsockopt(o->fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
	}
	if (connect(o->fd, (struct sockaddr *)&to, sizeof to) != 0) {
		c->refused++;
		close(o->fd);
		o->fd = -1;
		return;
	}
	fcntl(o->fd, F_SETFL, O_NONBLOCK);
	if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, o->fd, &e) != 0)
		die("epoll_ctl");
	c->connects++;
	o->len = o->off = o->nline = 0;
	o->said = false;
	o->due_ns = now_ns() + (int64_t)(c->wait * 1e9);
	say(c, o, c->first);
}

static void one_gone(struct crowd *c, struct one *o)
{
	close(o->fd);
	o->fd = -1;
	c->closed++;
}

static void one_read(struct crowd *c, struct one *o)
{
	static char in[IN_BYTES];
	ssize_t n = recv(o->fd, in, sizeof in, 0);

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			one_gone(c, o);
		return;
	}
	c->got += (uint64_t)n;
	for (ssize_t i = 0; i < n && c->match != NULL; i++) {
		if (in[i] != '\n') {
			if (o->nline < sizeof o->line)
				o->line[o->nline++] = in[i];
			continue;
		}
		if (memmem(o->line, o->nline, c->match, strlen(c->match)) != NULL) {
			o->answered++;
			c->matched++;
		}
		o->nline = 0;
	}
}

/* Sends what it can. */
static void one_push(struct crowd *c, struct one *o, int64_t now)
{
	while (o->fd >= 0) {
		ssize_t n;

		if (o->off == o->len) {
			o->said = true;
			if (c->again == NULL || (c->tries > 0 && o->tries >= c->tries) ||
			    (c->window > 0 && o->tries >= o->answered + c->window) ||
			    (c->rate > 0 && now < o->due_ns))
				return;
			o->due_ns += c->rate > 0 ? (int64_t)(1e9 / c->rate) : 0;
			say_again(c, o);
		}
		n = send(o->fd, o->out + o->off, o->len - o->off, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) {
			one_gone(c, o);
			return;
		}
		o->off += (size_t)n;
		c->sent += (uint64_t)n;
		/* The others have their turn. */
		if (c->rate == 0 && o->off == o->len && o->tries % 16 == 0)
			return;
	}
}

static void crowd_turn(struct crowd *c)
{
	struct epoll_event e[512];
	int n = epoll_wait(c->epoll, e, 512, TURN_MS);

	for (int i = 0; i < n; i++) {
		struct one *o = &c->one[e[i].data.u32];

		if (o->fd < 0)
			continue;
		if (c->noread || c->sips)
			one_gone(c, o); /* only its end is asked for */
		else
			one_read(c, o);
	}
}

static void all_sip(struct crowd *c, int64_t now)
{
	char byte;

	if (!c->sips || now < c->sip_ns)
		return;
	c->sip_ns = now + 1000000000;
	for (uint32_t i = 0; i < c->n; i++)
		if (c->one[i].fd >= 0 && recv(c->one[i].fd, &byte, 1, 0) > 0)
			c->got++;
}

static bool all_tried(const struct crowd *c)
{
	if (c->connects + c->refused < c->n)
		return false;
	for (uint32_t i = 0; i < c->n; i++)
		if (c->tries == 0 || (c->one[i].fd >= 0 && (c->one[i].tries < c->tries ||
		                                           c->one[i].off < c->one[i].len)))
			return false;
	return true;
}

static void crowd_run(struct crowd *c)
{
	int64_t begin = now_ns(), end = begin + (int64_t)(c->seconds * 1e9), now;
	uint32_t said = 0;
	bool tried = false;

	while ((now = now_ns()) < end && (c->stay || !all_tried(c))) {
		all_sip(c, now);
		for (uint32_t i = 0; i < c->n; i++) {
			struct one *o = &c->one[i];
			bool before = o->said;

			if (o->fd < 0 && (o->tries == 0 || c->back))
				one_connect(c, o);
			one_push(c, o, now);
			said += !before && o->said;
		}
		if (c->ready && said >= c->n) {
			printf("ready\n");
			fflush(stdout);
			c->ready = false;
		}
		if (c->stay && !tried && all_tried(c)) {
			printf("tried\n");
			fflush(stdout);
			tried = true;
		}
		crowd_turn(c);
	}
	printf("seconds=%.1f", (double)(now_ns() - begin) / 1e9);
}

static bool set(struct crowd *c, const char *key, const char *value)
{
	const struct { const char *key; const char **to; } text[] = {
		{"first", &c->first}, {"again", &c->again}, {"match", &c->match},
	};

	for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
		if (strcmp(key, text[i].key) == 0) {
			*text[i].to = value;
			return true;
		}
	}
	if (strcmp(key, "again*") == 0)
		c->again_bytes = (size_t)atoi(value);
	else if (strcmp(key, "rate") == 0)
		c->rate = atof(value);
	else if (strcmp(key, "wait") == 0)
		c->wait = atof(value);
	else if (strcmp(key, "seconds") == 0)
		c->seconds = atof(value);
	else if (strcmp(key, "tries") == 0)
		c->tries = (uint32_t)atoi(value);
	else if (strcmp(key, "window") == 0)
		c->window = (uint32_t)atoi(value);
	else if (strcmp(key, "noread") == 0)
		c->noread = true;
	else if (strcmp(key, "sips") == 0)
		c->sips = true;
	else if (strcmp(key, "stay") == 0)
		c->stay = true;
	else if (strcmp(key, "back") == 0)
		c->back = true;
	else if (strcmp(key, "ready") == 0)
		c->ready = true;
	else
		return false;
	return c->again_bytes <= OUT_BYTES;
}

int main(int argc, char **argv)
{
	struct crowd c = {.seconds = 1, .first = ""};
	struct rlimit files;
	uint64_t tries = 0;

	if (argc < 3 || (c.n = (uint32_t)atoi(argv[2])) < 1 || c.n > PEOPLE_MAX) {
		fprintf(stderr, "usage: crowd PORT N KEY=VALUE...\n");
		return 2;
	}
	c.port = (uint16_t)atoi(argv[1]);
	for (int i = 3; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (value != NULL)
			*value++ = '\0';
		if (!set(&c, argv[i], value != NULL ? value : "")) {
			fprintf(stderr, "crowd: what is %s?\n", argv[i]);
			return 2;
		}
	}
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	c.epoll = epoll_create1(EPOLL_CLOEXEC);
	c.one = calloc(c.n, sizeof *c.one);
	for (uint32_t i = 0; i < c.n; i++) {
		c.one[i].fd = -1;
		c.one[i].out = malloc(OUT_BYTES);
	}
	crowd_run(&c);
	for (uint32_t i = 0; i < c.n; i++)
		tries += c.one[i].tries;
	printf(" tries=%llu connects=%llu refused=%llu closed=%llu sent=%llu got=%llu matched=%llu\n",
	       (unsigned long long)tries, (unsigned long long)c.connects,
	       (unsigned long long)c.refused, (unsigned long long)c.closed,
	       (unsigned long long)c.sent, (unsigned long long)c.got, (unsigned long long)c.matched);
	return 0;
}
