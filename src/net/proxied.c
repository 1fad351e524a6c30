/* Connections from a proxy that has not said yet for whom they are. Owns their slots. */

#include "chatd/net/proxied.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <utlist.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/net/proxy_header.h"
#include "chatd/net/server.h"

static uint32_t first_slot(const struct server *s)
{
	return s->conns.max + CONTROL_SLOTS + LINGERERS;
}

static struct proxied *proxied_of(struct server *s, const struct ring_completion *done)
{
	return &s->proxies.slot[done->slot - first_slot(s)];
}

static void receive(struct server *s, const struct proxied *p)
{
	ring_recv(s->ring, first_slot(s) + (uint32_t)(p - s->proxies.slot), 1, p->fd);
}

/* The slot is free again, once nothing of it is in flight. What becomes of the descriptor is the
 * caller's business. */
static void free_slot(struct server *s, struct proxied *p)
{
	if (!p->closing) {
		DL_DELETE(s->proxies.first, p);
		s->proxies.nwaiting--;
	}
	if (p->data != NULL)
		explicit_bzero(p->data, p->len);
	free(p->data);
	*p = (struct proxied){.fd = -1};
	s->proxies.nslots--;
}

/* A proxy's mistake: nothing that its address should be banned for. */
static void log_refused(struct server *s, const struct proxied *p, const char *why)
{
	char shown[ADDRESS_BYTES_MAX];

	if (slow_bucket_take_log(&s->proxies.log, s->now_ms))
		log_warnx(PROXY_LOG_NO_HEADER, address_show(&p->proxy, shown), s->listeners[p->listener].name, why);
}

/* Ends one whose receive is in flight, which now ends, too. */
static void shut(struct server *s, struct proxied *p, const char *why)
{
	log_refused(s, p, why);
	DL_DELETE(s->proxies.first, p);
	s->proxies.nwaiting--;
	p->closing = true;
	ring_shutdown(s->ring, p->fd, SHUT_RD);
}

/* -- coming ------------------------------------------------------------------------------------ */

void proxied_init(struct server *s)
{
	for (int i = 0; i < PROXIED_SLOTS; i++)
		s->proxies.slot[i].fd = -1;
}

void proxied_trust(struct server *s, const char *blocks)
{
	char wrong[ADDRESS_BYTES_MAX];

	s->proxies.nfrom = address_parse_list(blocks != NULL ? blocks : "", s->proxies.from, EXEMPT_MAX, wrong);
	assert(s->proxies.nfrom >= 0 && s->proxies.nfrom <= EXEMPT_MAX);
}

static struct proxied *free_one(struct server *s)
{
	for (int i = 0; i < PROXIED_SLOTS; i++)
		if (s->proxies.slot[i].fd < 0)
			return &s->proxies.slot[i];
	return NULL;
}

const char *proxied_begin(struct server *s, uint32_t listener, const struct ring_completion *accepted)
{
	struct proxies *all = &s->proxies;
	char shown[ADDRESS_BYTES_MAX];
	struct proxied *p;

	/* The folder of a unix socket decides who may come there. */
	if (!address_is_local(&accepted->from) && !address_within_any(&accepted->from, all->from, all->nfrom)) {
		if (slow_bucket_take_log(&s->proxies.log, s->now_ms))
			log_info(PROXY_LOG_NOT_TRUSTED, address_show(&accepted->from, shown),
			         s->listeners[listener].name);
		return PROXY_NOT_TRUSTED;
	}
	if (all->nwaiting == PROXIED_MAX)
		shut(s, all->first, "its PROXY header did not come, and others wait");
	p = free_one(s);
	if (p == NULL)
		return "-- Too many connections wait for their proxy. Please try again.\n";
	*p = (struct proxied){
		.fd = accepted->res, .listener = listener, .proxy = accepted->from, .port = accepted->port,
		.since_ms = s->now_ms,
	};
	DL_APPEND(all->first, p);
	all->nwaiting++;
	all->nslots++;
	server_expect_sweep(s);
	receive(s, p);
	return NULL;
}

/* -- its header -------------------------------------------------------------------------------- */

bool proxied_is(const struct server *s, const struct ring_completion *done)
{
	return done->slot >= first_slot(s);
}

/* All that has come: what is kept, and with it what comes now. */
static const char *gather(struct proxied *p, const struct ring_completion *done, size_t *len)
{
	size_t n = (size_t)done->res;

	*len = p->len + n;
	if (p->data == NULL)
		return done->data;
	p->data = mem_resize(p->data, *len);
	memcpy(p->data + p->len, done->data, n);
	p->len = *len;
	return p->data;
}

static void keep(struct proxied *p, const char *data, size_t len)
{
	if (p->data != NULL)
		return;
	p->data = mem_alloc(len);
	memcpy(p->data, data, len);
	p->len = len;
}

/* The slot's descriptor goes to the caller, who refuses it with the text. */
static bool refuse(struct server *s, struct proxied *p, const char *text, struct proxied_peer *peer)
{
	*peer = (struct proxied_peer){.fd = p->fd, .listener = p->listener, .refused = text};
	free_slot(s, p);
	return true;
}

/* Something has come. */
static bool grew(struct server *s, struct proxied *p, const struct ring_completion *done,
                 struct proxied_peer *peer)
{
	const char *why = NULL, *data;
	struct proxy_header h;
	size_t len;

	data = gather(p, done, &len);
	switch (proxy_header_parse(data, len, &h, &why)) {
	case PROXY_BAD:
		log_refused(s, p, why);
		return refuse(s, p, PROXY_NO_HEADER, peer);
	case PROXY_MORE:
		keep(p, data, len);
		receive(s, p);
		return false;
	case PROXY_OK:
		break;
	}
	*peer = (struct proxied_peer){
		.fd = p->fd, .listener = p->listener, .from = h.from, .port = h.port,
		.data = data + h.len, .len = len - h.len, .held = p->data,
	};
	if (h.from.kind == ADDRESS_UNKNOWN) {
		peer->from = p->proxy;
		peer->port = p->port;
	}
	p->data = NULL;
	free_slot(s, p);
	return true;
}

bool proxied_received(struct server *s, const struct ring_completion *done, struct proxied_peer *peer)
{
	struct proxied *p = proxied_of(s, done);

	if (p->closing)
		return refuse(s, p, "-- No PROXY header came. This port is for a proxy. Connect to another one.\n",
		              peer);
	if (done->res > 0)
		return grew(s, p, done, peer);
	if (done->res == -ENOBUFS || done->res == -EINTR || done->res == -EAGAIN) {
		receive(s, p);
		return false;
	}
	/* A proxy may look whether anybody listens, and say nothing. */
	if (p->data != NULL)
		log_refused(s, p, "it ended within its PROXY header");
	ring_close(s->ring, p->fd);
	free_slot(s, p);
	return false;
}

void proxied_release(struct proxied_peer *peer)
{
	if (peer->held != NULL)
		explicit_bzero((char *)peer->data, peer->len);
	free(peer->held);
	peer->held = NULL;
}

/* -- the end ----------------------------------------------------------------------------------- */

void proxied_sweep(struct server *s)
{
	while (s->proxies.first != NULL &&
	       (s->stop.begun || s->now_ms - s->proxies.first->since_ms >= PROXY_HEADER_MS))
		shut(s, s->proxies.first, s->stop.begun ? "chatd is shutting down" : "its PROXY header did not come");
}

void proxied_free(struct server *s)
{
	for (int i = 0; i < PROXIED_SLOTS; i++) {
		struct proxied *p = &s->proxies.slot[i];

		if (p->fd >= 0) {
			ring_close(s->ring, p->fd);
			free_slot(s, p);
		}
	}
}
