/*
 * gen's clients: connecting, logging in, sending and reading.
 */
#include "gen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	READ_BYTES = 256 << 10,
	LONGEST = 64 << 10,    /* a line may have */
	PER_ADDRESS = 10000,   /* clients from one loopback address: where most of the ports of one
	                        * are taken, looking for a free one takes longer than the rest */
	COME_IN_S = 90,        /* until all are in */
	PATIENT_BYTES = 16 << 10, /* patient: what the kernel may keep of one client's lines */
	FULL_NS = 2000000,     /* how long a client that takes nothing is left alone */
};

static char buffer[READ_BYTES + LONGEST];

/* -- over TLS, or not ------------------------------------------------------------------ */

/* All clients accept any certificate. */
static SSL_CTX *tls_context(void)
{
	static SSL_CTX *made;

	if (made == NULL && (made = SSL_CTX_new(TLS_client_method())) == NULL)
		gen_die("SSL_CTX_new");
	SSL_CTX_set_mode(made, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	                       SSL_MODE_RELEASE_BUFFERS);
	return made;
}

/* As send(2) and recv(2). */
static ssize_t tls_result(struct client *c, int n)
{
	int error;

	if (n > 0)
		return n;
	error = SSL_get_error(c->tls, n);
	errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPIPE;
	return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static ssize_t client_send(struct client *c, const char *p, size_t n)
{
	return c->tls != NULL ? tls_result(c, SSL_write(c->tls, p, (int)n)) : send(c->fd, p, n, MSG_NOSIGNAL);
}

static ssize_t client_recv(struct client *c, char *p, size_t n)
{
	return c->tls != NULL ? tls_result(c, SSL_read(c->tls, p, (int)n)) : recv(c->fd, p, n, 0);
}

static void tls_begin(struct client *c)
{
	c->tls = SSL_new(tls_context());
	if (c->tls == NULL || SSL_set_fd(c->tls, c->fd) != 1 || SSL_connect(c->tls) != 1)
		gen_die("SSL_connect");
}

/* -- sending ------------------------------------------------------------------------- */

void client_put(struct client *c, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = client_send(c, p, n);

		if (done < 0 && errno == EAGAIN) {
			/* The server takes nothing at present; it is the measured one. */
			usleep(50);
			continue;
		}
		if (done < 0)
			gen_die("send");
		p += done;
		n -= (size_t)done;
	}
}

bool client_push(struct client *c)
{
	ssize_t done = c->nout > 0 ? client_send(c, c->out, c->nout) : 0;

	if (done < 0 && errno != EAGAIN)
		gen_die("send");
	if (done > 0) {
		c->nout -= (uint32_t)done;
		memmove(c->out, c->out + done, c->nout);
	}
	return c->nout == 0;
}

bool client_offer(struct client *c, const char *p, size_t n, int64_t now)
{
	ssize_t done = -1;

	if (now < c->full_until_ns)
		return false;
	errno = EAGAIN;
	if (client_push(c))
		done = client_send(c, p, n);
	if (done < 0) {
		if (errno != EAGAIN)
			gen_die("send");
		c->full_until_ns = now + FULL_NS;
		return false;
	}
	c->nout = (uint32_t)(n - (size_t)done);
	memcpy(c->out, p + done, c->nout);
	return true;
}

/* -- logging in ---------------------------------------------------------------------- */

static void greeted(struct gen *g, struct client *c, int64_t now)
{
	static const char view[] = "/set time short\n/set colour 256\n/set width 80\n", editor[] = "/tty\n";

	if (g->opt.views > 0)
		client_put(c, view, sizeof view - 1);
	if (g->opt.views > 1)
		client_put(c, editor, sizeof editor - 1);
	c->in = true;
	g->nin++;
	if (c->anew)
		stat_add(&g->stat, now - c->since_ns);
}

static bool has(const char *p, size_t n, const char *what)
{
	return memmem(p, n, what, strlen(what)) != NULL;
}

static void login_chatd(struct gen *g, struct client *c, const char *p, size_t n, int64_t now)
{
	char text[64];
	bool home = has(p, n, "-- You are ");

	if (home && c->room != 0 && !c->registered) {
		c->registered = true;
		client_put(c, text, (size_t)sprintf(text, "/join bench%u\n", c->room));
	} else if (g->opt.replay ? has(p, n, "-- End of history") : home) {
		greeted(g, c, now);
	}
}

static void login_irc(struct gen *g, struct client *c, const char *p, size_t n, int64_t now)
{
	char text[64];

	if (n > 5 && memcmp(p, "PING ", 5) == 0) {
		client_put(c, "PONG ", 5);
		client_put(c, p + 5, n - 5);
		client_put(c, "\r\n", 2);
	} else if (!c->registered && has(p, n, " 001 ")) {
		c->registered = true;
		client_put(c, text, (size_t)sprintf(text, "JOIN #bench%u\r\n", c->room));
	} else if (!c->in && has(p, n, " 366 ")) {
		greeted(g, c, now);
	}
}

/* A line to somebody who is not in yet, or irc's question whether one is still there. */
static void login_line(struct gen *g, struct client *c, const char *p, size_t n, int64_t now)
{
	if (g->proto == PROTO_CHATD)
		login_chatd(g, c, p, n, now);
	else if (g->proto == PROTO_IRC)
		login_irc(g, c, p, n, now);
	else
		greeted(g, c, now); /* ncat says who is there */
}

static void hello(struct gen *g, struct client *c, uint32_t i)
{
	char text[64];

	c->since_ns = now_ns();
	if (g->opt.unnamed || g->proto == PROTO_NCAT)
		return;
	if (g->proto == PROTO_CHATD)
		client_put(c, text, (size_t)sprintf(text, "%s%u\n", g->name, i));
	else if (g->proto == PROTO_IRC)
		client_put(c, text, (size_t)sprintf(text, "NICK %s%u\r\nUSER u 0 * :u\r\n", g->name, i));
	else
		greeted(g, c, c->since_ns);
}

static void client_connect(struct gen *g, uint32_t i)
{
	struct client *c = &g->client[i];
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(g->port)};
	struct sockaddr_in from = {.sin_family = AF_INET};
	struct epoll_event ev = {.events = EPOLLIN, .data.u32 = i};
	int one = 1, bytes = PATIENT_BYTES;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (g->nodes > 0 ? 1 + i % g->nodes : 0));
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i / PER_ADDRESS);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		gen_die("socket");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(c->fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
	setsockopt(c->fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &one, sizeof one);
	if (g->opt.patient)
		setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	if (bind(c->fd, (struct sockaddr *)&from, sizeof from) != 0 ||
	    connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0)
		gen_die("connect");
	if (g->opt.tls)
		tls_begin(c);
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	if (epoll_ctl(g->epoll, EPOLL_CTL_ADD, c->fd, &ev) != 0)
		gen_die("epoll_ctl");
	hello(g, c, i);
}

bool gen_come_in(struct gen *g, uint32_t n)
{
	int64_t until = now_ns() + (int64_t)COME_IN_S * 1000000000;
	uint32_t made = g->nin;

	while (g->nin < n) {
		while (made < n && made - g->nin < g->opt.logins)
			client_connect(g, made++);
		gen_turn(g, g->nin < n ? 10 : 0);
		if (now_ns() > until) {
			fprintf(stderr, "gen: only %u of %u came in within %d s\n", g->nin, n,
			        COME_IN_S);
			return false;
		}
	}
	return true;
}

/* -- reading ------------------------------------------------------------------------- */

/* The number that ends a line, if the line is one of ours that was said to others. */
static bool line_number(const struct gen *g, const char *p, const char *end, uint32_t *number)
{
	const char *token = end - LINE_BYTES;

	if (token < p || token[0] != '~' || token[1] != '~')
		return false;
	/* "-- To u1: ..." confirms to who said it; that is no delivery. */
	if (g->opt.direct && g->proto == PROTO_CHATD && p[0] == '-')
		return false;
	*number = 0;
	for (int i = 2; i < 10; i++)
		*number = *number << 4 |
		          (uint32_t)(token[i] <= '9' ? token[i] - '0' : token[i] - 'a' + 10);
	return true;
}

static void take_line(struct gen *g, struct client *c, const char *p, const char *end, int64_t now)
{
	uint32_t number;

	if (end > p && end[-1] == '\r')
		end--;
	if (!c->in)
		login_line(g, c, p, (size_t)(end - p), now);
	else if (line_number(g, p, end, &number))
		gen_delivered(g, number, now);
	else if (g->proto == PROTO_IRC)
		login_line(g, c, p, (size_t)(end - p), now);
	else if (g->other != NULL)
		g->other(g, c, p, (size_t)(end - p), now);
}

static void rest_keep(struct client *c, const char *p, size_t n)
{
	if (n > LONGEST) {
		fprintf(stderr, "gen: a line without an end\n");
		exit(1);
	}
	if (n > c->rest_max) {
		c->rest_max = n < 64 ? 64 : n < 512 ? 512 : LONGEST;
		free(c->rest);
		c->rest = malloc(c->rest_max);
	}
	c->nrest = (uint32_t)n;
	if (n > 0)
		memcpy(c->rest, p, n);
}

/* False: nothing more is there. */
static bool read_some(struct gen *g, struct client *c)
{
	const char *p = buffer, *end, *nl;
	ssize_t n;
	int64_t now;

	if (c->nrest > 0)
		memcpy(buffer, c->rest, c->nrest);
	n = client_recv(c, buffer + c->nrest, READ_BYTES);
	if (n <= 0) {
		if (n < 0 && errno == EAGAIN)
			return false;
		fprintf(stderr, "gen: the server closed a connection\n");
		exit(1);
	}
	now = now_ns();
	if (g->opt.unnamed) {
		if (!c->in)
			greeted(g, c, now);
		return true;
	}
	end = buffer + c->nrest + n;
	while ((nl = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		take_line(g, c, p, nl, now);
		p = nl + 1;
	}
	rest_keep(c, p, (size_t)(end - p));
	return true;
}

/* What OpenSSL has read already makes no descriptor readable. */
static void readable(struct gen *g, struct client *c)
{
	while (read_some(g, c) && c->tls != NULL) {
	}
}

void gen_turn(struct gen *g, int wait_ms)
{
	struct epoll_event ev[512];
	int n = epoll_wait(g->epoll, ev, 512, wait_ms);

	for (int i = 0; i < n; i++)
		readable(g, &g->client[ev[i].data.u32]);
}

void gen_read_for(struct gen *g, int64_t ns)
{
	int64_t until = now_ns() + ns;

	while (now_ns() < until)
		gen_turn(g, 10);
}
