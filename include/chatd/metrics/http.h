/*
 * The HTTP that Prometheus, load balancers and the like speak to chatd: GET and HEAD of /metrics and /healthz.
 *
 * One thread, and bounds for everything: METRICS_CONNECTIONS_MAX connections, METRICS_REQUEST_BYTES_MAX for what one
 * asks, METRICS_REQUEST_MS_MAX for how long that may take or a connection may be idle. A newcomer beyond the first
 * bound takes the place of the one that came, or was last answered, longest ago.
 */
#ifndef CHATD_METRICS_HTTP_H
#define CHATD_METRICS_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/net/vitals.h"

struct http;

/* Serves what v says; borrowed. Takes listener, an open one that does not block (-1: there is none). NULL: there is no
 * memory for it, or libmicrohttpd cannot; listener is still the caller's. */
struct http *http_new(const struct vitals *v, int listener);
/* Closes everything, the listener too. */
void http_free(struct http *h);

/* Serves fd, which becomes its own, like a connection that was accepted. False: it could not, and fd is closed. */
bool http_add(struct http *h, int fd);

/* Does what is to be done, and waits up to wait_ms for that. False: it can serve no more. */
bool http_turn(struct http *h, int wait_ms);

/* How many connections are open. */
uint32_t http_connections(const struct http *h);

#endif
