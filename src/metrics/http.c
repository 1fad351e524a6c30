/*
 * Serving HTTP, by libmicrohttpd; the only file that includes it. Owns the connections' deadlines.
 *
 * libmicrohttpd's own timeout begins again with each byte, so somebody who sends one now and then would keep a
 * connection for good; and at its limit it accepts nobody. Hence a table of connections here, and a shutdown(2) for
 * those whose time is up, after which libmicrohttpd closes them as it does if the peer goes.
 */
#include "chatd/metrics/http.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/clock.h"
#include "chatd/metrics/text.h"

enum {
	SPARE = 32,             /* accepted in one go before the silent ones are gone */
	SLOTS = METRICS_CONNECTIONS_MAX + SPARE,
	SWEEP_MS_EACH = 1000,   /* how often deadlines are checked */
};

/* A connection. */
struct client {
	int fd;                 /* libmicrohttpd's; -1: the slot is free */
	int64_t since_ms;       /* when it came, or was last answered */
	bool shut;              /* we have shut it down, and libmicrohttpd has not closed it yet */
};

struct http {
	struct MHD_Daemon *daemon;
	const struct vitals *vitals;
	struct client clients[SLOTS];
	uint32_t n;             /* slots in use, */
	uint32_t nshut;         /* and how many of them are shut */
	int64_t sweep_ms;       /* when to check deadlines again */
};

static int64_t now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

/* -- answers --------------------------------------------------------------------------------------- */

static enum MHD_Result answer(struct MHD_Connection *c, unsigned int status, const char *type, const char *allow,
                              struct bytes *body)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result done = MHD_NO;

	if (r != NULL && MHD_add_response_header(r, "Content-Type", type) == MHD_YES &&
	    MHD_add_response_header(r, "Cache-Control", "no-store") == MHD_YES &&
	    (allow == NULL || MHD_add_response_header(r, "Allow", allow) == MHD_YES))
		done = MHD_queue_response(c, status, r);
	if (r != NULL)
		MHD_destroy_response(r);
	return done;
}

static enum MHD_Result serve(const struct http *h, struct MHD_Connection *c, const char *path)
{
	const char *type = "text/plain; charset=utf-8";
	unsigned int status = MHD_HTTP_OK;
	struct bytes body = {0};
	struct vitals_copy v;
	enum MHD_Result done;

	vitals_copy(h->vitals, now_ms(), clock_ms(CLOCK_REALTIME), &v);
	if (strcmp(path, "/metrics") == 0) {
		type = METRICS_TYPE;
		metrics_text(&v, &body);
	} else if (strcmp(path, "/healthz") != 0) {
		status = MHD_HTTP_NOT_FOUND;
		bytes_puts(&body, "not found: there are /metrics and /healthz\n");
	} else if (metrics_healthy(&v, &body)) {
		bytes_puts(&body, "ok\n");
	} else {
		status = MHD_HTTP_SERVICE_UNAVAILABLE;
	}
	done = answer(c, status, type, NULL, &body);
	bytes_release(&body);
	return done;
}

static enum MHD_Result refuse_method(struct MHD_Connection *c)
{
	struct bytes body = {0};
	enum MHD_Result done;

	bytes_puts(&body, "only GET and HEAD are answered\n");
	done = answer(c, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", "GET, HEAD", &body);
	bytes_release(&body);
	return done;
}

/* Called when the head of a request is there, for each piece of a body, and at its end. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *path, const char *method,
                                  const char *version, const char *data, size_t *len, void **state)
{
	static char begun;

	(void)version;
	(void)data;
	if (*state == NULL) {
		*state = &begun;
		/* An answer before the body is the last one of the connection. */
		return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ? MHD_YES : refuse_method(c);
	}
	if (*len > 0) {
		*len = 0;
		return MHD_YES;
	}
	return serve(ctx, c, path);
}

/* -- connections ----------------------------------------------------------------------------------- */

static void shut(struct http *h, struct client *p)
{
	shutdown(p->fd, SHUT_RDWR);
	p->shut = true;
	h->nshut++;
}

/* The one that came, or was last answered, longest ago makes way. */
static void make_way(struct http *h)
{
	struct client *oldest = NULL;

	for (int i = 0; i < SLOTS; i++) {
		struct client *p = &h->clients[i];

		if (p->fd >= 0 && !p->shut && (oldest == NULL || p->since_ms < oldest->since_ms))
			oldest = p;
	}
	if (oldest != NULL)
		shut(h, oldest);
}

static void begin(struct http *h, struct MHD_Connection *c, void **context)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

	for (int i = 0; i < SLOTS && info != NULL; i++) {
		struct client *p = &h->clients[i];

		if (p->fd >= 0)
			continue;
		if (h->n - h->nshut >= METRICS_CONNECTIONS_MAX)
			make_way(h);
		*p = (struct client){.fd = info->connect_fd, .since_ms = now_ms()};
		*context = p;
		h->n++;
		return;
	}
}

static void on_connection(void *ctx, struct MHD_Connection *c, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
	struct http *h = ctx;
	struct client *p = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		begin(h, c, context);
	} else if (p != NULL) {
		h->n--;
		h->nshut -= p->shut;
		p->fd = -1;
		*context = NULL;
	}
}

static void on_answered(void *ctx, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct client *p = info != NULL ? info->socket_context : NULL;

	(void)ctx;
	(void)why;
	*state = NULL;
	if (p != NULL)
		p->since_ms = now_ms();
}

static void sweep(struct http *h, int64_t at_ms)
{
	for (int i = 0; i < SLOTS; i++) {
		struct client *p = &h->clients[i];

		if (p->fd >= 0 && !p->shut && at_ms - p->since_ms >= METRICS_REQUEST_MS_MAX)
			shut(h, p);
	}
}

/* -- life ------------------------------------------------------------------------------------------ */

struct http *http_new(const struct vitals *v, int listener)
{
	struct http *h = mem_zero(1, sizeof *h);
	unsigned int flags = MHD_USE_EPOLL | (listener < 0 ? MHD_USE_NO_LISTEN_SOCKET : 0);

	h->vitals = v;
	for (int i = 0; i < SLOTS; i++)
		h->clients[i].fd = -1;
	/* The table's deadline comes first; this is for what it does not know. */
	h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, h,
	                             MHD_OPTION_NOTIFY_CONNECTION, on_connection, h,
	                             MHD_OPTION_NOTIFY_COMPLETED, on_answered, h,
	                             MHD_OPTION_CONNECTION_LIMIT, (unsigned int)SLOTS,
	                             MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)METRICS_REQUEST_BYTES_MAX,
	                             MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)(2 * METRICS_REQUEST_MS_MAX / 1000),
	                             listener < 0 ? MHD_OPTION_END : MHD_OPTION_LISTEN_SOCKET, listener,
	                             MHD_OPTION_END);
	if (h->daemon != NULL)
		return h;
	free(h);
	return NULL;
}

void http_free(struct http *h)
{
	MHD_stop_daemon(h->daemon);
	free(h);
}

bool http_add(struct http *h, int fd)
{
	const struct sockaddr nobody = {.sa_family = AF_UNIX};

	return MHD_add_connection(h->daemon, fd, &nobody, sizeof nobody) == MHD_YES;
}

bool http_turn(struct http *h, int wait_ms)
{
	int64_t at_ms = now_ms();

	if (at_ms >= h->sweep_ms) {
		sweep(h, at_ms);
		h->sweep_ms = at_ms + SWEEP_MS_EACH;
	}
	/* Sockets that were shut are readable, so libmicrohttpd closes them in this call. */
	return MHD_run_wait(h->daemon, wait_ms < SWEEP_MS_EACH ? wait_ms : SWEEP_MS_EACH) == MHD_YES;
}

uint32_t http_connections(const struct http *h)
{
	return h->n;
}
