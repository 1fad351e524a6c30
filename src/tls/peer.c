/*
 * Clients of the TLS process. Owns their slots.
 *
 * Whatever has happened to a peer, peer_advance decides in one place what comes next: what is sent, what is
 * received, which side is told of an end; and it frees the slot, as nothing else does, once the kernel holds
 * nothing of it.
 */

#include "chatd/tls/peer.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chatd/base/bounds.h"
#include "chatd/base/log.h"
#include "chatd/net/proxy_header.h"
#include "chatd/tls/endpoint.h"

enum {
	TLS_HANDSHAKE_BYTE = 0x16, /* what a client's first record begins with: RFC 8446, 5.1 */
	SIDES = 2,                /* slots of the ring for each peer */
	PENDING_MAX = 4 * TLS_BUFFER_BYTES, /* bytes for a client, beyond which nothing more is heard from it */
	DRAWN = 8,                /* peers that are drawn when one of them must make way */
};

static uint32_t ring_slot(const struct peer *p, const struct half *h)
{
	return p->slot * SIDES + (h == &p->chat ? 1 : 0);
}

/* The chat has never had it. */
static bool is_young(const struct peer *p)
{
	return p->state != PEER_FREE && p->state != PEER_OPEN && !p->handed;
}

/* -- slots ------------------------------------------------------------------------------------- */

static void young_remove(struct endpoint *e, struct peer *p)
{
	uint32_t last = e->young[--e->nyoung];

	e->young[p->at] = last;
	e->peers[last].at = p->at;
}

static void set_state(struct endpoint *e, struct peer *p, enum peer_state state)
{
	bool was = is_young(p);

	p->state = state;
	p->since_ms = e->now_ms;
	if (was && !is_young(p)) {
		young_remove(e, p);
	} else if (!was && is_young(p)) {
		p->at = e->nyoung;
		e->young[e->nyoung++] = p->slot;
	}
}

/* What somebody has typed may be a password. */
static void forget(struct bytes *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	bytes_release(b);
}

static void half_free(struct endpoint *e, struct half *h)
{
	if (h->fd >= 0)
		ring_close(e->ring, h->fd);
	forget(&h->next);
	forget(&h->flying);
	*h = (struct half){.fd = -1};
}

static void release(struct endpoint *e, struct peer *p)
{
	set_state(e, p, PEER_FREE);
	half_free(e, &p->client);
	half_free(e, &p->chat);
	tls_session_free(p->session);
	bytes_release(&p->held);
	if (p->counted)
		gate_left(&e->gate, &p->from, p->exempt);
	*p = (struct peer){.slot = p->slot, .gen = p->gen + 1, .client.fd = -1, .chat.fd = -1,
	                   .next_free = e->free_first};
	e->free_first = p->slot;
	e->nused--;
}

/* -- what has arrived -------------------------------------------------------------------------- */

/* Bytes for that side that wait here. */
static size_t pending(const struct half *h)
{
	return h->next.len + h->flying.len - h->sent;
}

static void mark(struct peer *p)
{
	struct peer_mark m = {.encrypted = p->client.total + pending(&p->client), .plain = p->plain};

	/* The older, the further apart: it is the latest that may be missing. */
	if (p->nmarks == PEER_MARKS) {
		p->nmarks = 0;
		for (uint32_t i = 1; i < PEER_MARKS; i += i < PEER_MARKS / 2 ? 2 : 1)
			p->mark[p->nmarks++] = p->mark[i];
	}
	p->mark[p->nmarks++] = m;
}

/* Tells the board how much of the text has arrived. */
static void settle(struct endpoint *e, struct peer *p)
{
	int unacked = 0;
	uint64_t arrived;
	uint32_t n = 0;

	if (p->acked == p->plain || p->client.fd < 0 || ioctl(p->client.fd, SIOCOUTQ, &unacked) != 0)
		return;
	arrived = p->client.total - ((uint64_t)unacked < p->client.total ? (uint64_t)unacked : p->client.total);
	while (n < p->nmarks && p->mark[n].encrypted <= arrived)
		p->acked = p->mark[n++].plain;
	p->nmarks -= n;
	memmove(p->mark, p->mark + n, p->nmarks * sizeof *p->mark);
	atomic_store(&e->options.board->slot[p->slot].acked, p->acked);
}

/* Its client is gone without an end. */
static void lose(struct endpoint *e, struct peer *p)
{
	settle(e, p);
	p->lost = p->client.eof = p->client.broken = true;
	atomic_store(&e->options.board->slot[p->slot].lost, true);
}

/* -- what comes next --------------------------------------------------------------------------- */

static void start_send(struct endpoint *e, struct peer *p, struct half *h)
{
	struct iovec iov;

	if (h->broken) {
		bytes_clear(&h->next);
		if (!h->sending)
			bytes_clear(&h->flying);
		h->sent = h->flying.len;
	}
	if (h->sending || h->fd < 0 || pending(h) == 0)
		return;
	if (h->sent == h->flying.len) {
		struct bytes empty = h->flying;

		bytes_clear(&empty);
		h->flying = h->next;
		h->next = empty;
		h->sent = 0;
	}
	iov = (struct iovec){.iov_base = h->flying.data + h->sent, .iov_len = h->flying.len - h->sent};
	h->sending = true;
	ring_send(e->ring, ring_slot(p, h), p->gen, h->fd, &iov, 1);
}

/* An idle one holds no buffers. */
static void give_back(struct half *h)
{
	if (h->sending || pending(h) > 0)
		return;
	forget(&h->next);
	forget(&h->flying);
	h->sent = 0;
}

/* That side is told that nothing more comes, once it has everything. */
static void shut_after(struct endpoint *e, struct half *h)
{
	if (h->fd < 0 || h->shut || pending(h) > 0 || h->sending)
		return;
	h->shut = true;
	ring_shutdown(e->ring, h->fd, SHUT_WR);
}

static void receive(struct endpoint *e, struct peer *p, struct half *h)
{
	if (h->fd < 0 || h->receiving || h->eof)
		return;
	h->receiving = true;
	ring_recv(e->ring, ring_slot(p, h), p->gen, h->fd);
}

static void start_receives(struct endpoint *e, struct peer *p)
{
	bool wants = p->state == PEER_HEADER || (p->state == PEER_HANDSHAKE && !p->queued) ||
	             p->state == PEER_OPEN || p->state == PEER_ENDING;

	/* What it makes us answer must be taken, too. */
	if (wants && pending(&p->chat) == 0 && pending(&p->client) <= PENDING_MAX)
		receive(e, p, &p->client);
	/* What comes from it in the end is dropped. */
	if (p->state == PEER_ENDING || (p->state == PEER_OPEN && pending(&p->client) == 0))
		receive(e, p, &p->chat);
}

static void cut_off(struct endpoint *e, struct peer *p)
{
	p->client.eof = p->client.broken = true;
	if (p->client.fd >= 0)
		ring_shutdown(e->ring, p->client.fd, SHUT_RDWR);
}

/* There is no chat for it, or none any more: it gets what is left, and that it is the end. */
static void end(struct endpoint *e, struct peer *p)
{
	if (p->state == PEER_ENDING)
		return;
	if (p->session != NULL)
		tls_session_close(p->session, &p->client.next);
	set_state(e, p, PEER_ENDING);
	bytes_release(&p->held);
}

static void peer_advance(struct endpoint *e, struct peer *p)
{
	if (p->state == PEER_OPEN && p->chat.eof)
		end(e, p);
	start_send(e, p, &p->chat);
	start_send(e, p, &p->client);
	if (p->client.eof)
		shut_after(e, &p->chat);
	if (p->state == PEER_ENDING)
		shut_after(e, &p->client);
	give_back(&p->chat);
	give_back(&p->client);
	start_receives(e, p);
	/* The chat closes its end only after it has looked at the board. */
	if (p->state != PEER_OPEN && p->client.eof && (p->client.shut || p->client.broken) && !p->queued &&
	    !p->client.receiving && !p->client.sending && !p->chat.receiving && !p->chat.sending &&
	    (p->chat.fd < 0 || p->chat.eof))
		release(e, p);
}

/* -- coming ------------------------------------------------------------------------------------ */

/* One of those that are not open yet makes way for the next: of a few, the one whose address has the most. */
static void make_way(struct endpoint *e)
{
	struct peer *pick = NULL;
	uint32_t most = 0;

	for (int i = 0; i < DRAWN; i++) {
		struct peer *p = &e->peers[e->young[ring_random(e->ring) % e->nyoung]];
		uint32_t n = p->counted ? gate_count(&e->gate, &p->from) : 1;

		if (n > most && !p->client.broken) {
			most = n;
			pick = p;
		}
	}
	if (pick == NULL)
		return;
	log_debug("TLS: a connection made way for another before the end of its handshake");
	cut_off(e, pick);
	end(e, pick);
	peer_advance(e, pick);
}

/* As the chat does it (net/proxied.c), without a place for them. */
static void refuse_stranger(struct endpoint *e, int fd, uint32_t listener, const struct address *from)
{
	static const char text[] = PROXY_NOT_TRUSTED;
	char shown[ADDRESS_BYTES_MAX];

	if (slow_bucket_take_log(&e->gate.log, e->now_ms))
		log_info(PROXY_LOG_NOT_TRUSTED, address_show(from, shown), e->options.listeners[listener].name);
	ring_refuse(e->ring, fd, text, sizeof text - 1);
}

void peer_begin(struct endpoint *e, int fd, uint32_t listener, const struct address *from, uint16_t port)
{
	bool proxy = e->options.listeners[listener].proxy, exempt = false;
	struct peer *p;

	if (proxy && !address_is_local(from) &&
	    !address_within_any(from, e->settings.proxies, e->settings.nproxies)) {
		atomic_fetch_add(&e->options.board->refused, 1);
		refuse_stranger(e, fd, listener, from);
		return;
	}
	if (!proxy && !gate_enters(&e->gate, e->now_ms, from, &exempt)) {
		atomic_fetch_add(&e->options.board->refused, 1);
		ring_close(e->ring, fd);
		return;
	}
	if (e->nyoung >= TLS_HANDSHAKES_MAX)
		make_way(e);
	if (e->free_first == UINT32_MAX) {
		if (!proxy)
			gate_left(&e->gate, from, exempt);
		atomic_fetch_add(&e->options.board->refused, 1);
		ring_close(e->ring, fd);
		return;
	}
	p = &e->peers[e->free_first];
	e->free_first = p->next_free;
	e->nused++;
	p->client.fd = fd;
	p->listener = listener;
	p->from = *from;
	p->port = port;
	p->counted = !proxy;
	p->exempt = exempt;
	atomic_store(&e->options.board->slot[p->slot].acked, 0);
	atomic_store(&e->options.board->slot[p->slot].lost, false);
	set_state(e, p, proxy ? PEER_HEADER : PEER_HANDSHAKE);
	peer_advance(e, p);
}

/* It is no TLS, or not what may come: it is told so in plain text. */
static void refuse_plainly(struct endpoint *e, struct peer *p, const char *text)
{
	bytes_puts(&p->client.next, text);
	end(e, p);
}

static void queue_handshake(struct endpoint *e, struct peer *p)
{
	if (p->queued || p->held.len == 0)
		return;
	p->queued = true;
	e->queue[e->nqueue++] = p->slot;
}

static void heard_header(struct endpoint *e, struct peer *p)
{
	char shown[ADDRESS_BYTES_MAX];
	struct proxy_header h;
	const char *why;

	switch (proxy_header_parse(p->held.data, p->held.len, &h, &why)) {
	case PROXY_MORE:
		return;
	case PROXY_BAD:
		if (slow_bucket_take_log(&e->gate.log, e->now_ms))
			log_warnx(PROXY_LOG_NO_HEADER, address_show(&p->from, shown),
			          e->options.listeners[p->listener].name, why);
		refuse_plainly(e, p, PROXY_NO_HEADER);
		return;
	case PROXY_OK:
		break;
	}
	if (h.from.kind != ADDRESS_UNKNOWN) {
		p->from = h.from;
		p->port = h.port;
	}
	if (!gate_enters(&e->gate, e->now_ms, &p->from, &p->exempt)) {
		cut_off(e, p);
		end(e, p);
		return;
	}
	p->counted = true;
	bytes_drop(&p->held, h.len);
	set_state(e, p, PEER_HANDSHAKE);
	queue_handshake(e, p);
}

/* -- the handshake ----------------------------------------------------------------------------- */

/* The stream to the chat. False: there are no descriptors, or the like. */
static bool make_stream(struct peer *p, int *theirs)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	p->chat.fd = pair[0];
	*theirs = pair[1];
	return true;
}

/* Offers the connection to the chat; if that is full of others, again with the next sweep. */
static void hand_over(struct endpoint *e, struct peer *p)
{
	struct handed h = {
		.from = p->from, .port = p->port, .slot = p->slot,
		.telnet = e->options.listeners[p->listener].telnet,
	};
	int theirs = -1;
	bool ok;

	h.certified = tls_session_certificate(p->session, &h.cert);
	if (p->state != PEER_HANDING)
		set_state(e, p, PEER_HANDING);
	if (!make_stream(p, &theirs)) {
		log_warn("TLS: no stream to the chat for a connection");
		return;
	}
	ok = handover_send(e->options.handover, theirs, &h);
	ring_close(e->ring, theirs);
	if (ok) {
		set_state(e, p, PEER_OPEN);
		p->handed = true;
		return;
	}
	ring_close(e->ring, p->chat.fd);
	p->chat.fd = -1;
}

static void failed(struct endpoint *e, struct peer *p)
{
	char from[ADDRESS_BYTES_MAX];

	log_debug("TLS: a connection from %s, port %u: %s", address_show(&p->from, from), p->port,
	          tls_session_why(p->session));
	atomic_fetch_add(&e->options.board->failed, 1);
	end(e, p);
}

static const char tls_only[] = "-- This port speaks TLS. Connect with openssl s_client -quiet -connect HOST:PORT,\n"
                               "--    or ncat --ssl HOST PORT.\n";

/* One step of a handshake with what has come. */
static void shake_hands(struct endpoint *e, struct peer *p)
{
	enum tls_result result;

	if (p->session == NULL && (uint8_t)p->held.data[0] != TLS_HANDSHAKE_BYTE) {
		refuse_plainly(e, p, tls_only);
		return;
	}
	if (p->session == NULL && (p->session = tls_session_new(&e->engine)) == NULL) {
		cut_off(e, p);
		end(e, p);
		return;
	}
	result = tls_session_receive(p->session, p->held.data, p->held.len, &p->chat.next, &p->client.next);
	bytes_release(&p->held);
	if (result == TLS_FAILED) {
		failed(e, p);
		return;
	}
	if (tls_session_is_open(p->session)) {
		atomic_fetch_add(&e->options.board->handshakes, 1);
		hand_over(e, p);
	}
	p->client.eof |= result == TLS_ENDED;
}

void peers_shake_hands(struct endpoint *e)
{
	uint32_t n = e->nqueue < TLS_HANDSHAKES_TURN ? e->nqueue : TLS_HANDSHAKES_TURN;

	for (uint32_t i = 0; i < n; i++) {
		struct peer *p = &e->peers[e->queue[i]];

		p->queued = false;
		if (p->state == PEER_HANDSHAKE && !p->client.broken)
			shake_hands(e, p);
		peer_advance(e, p);
	}
	e->nqueue -= n;
	memmove(e->queue, e->queue + n, e->nqueue * sizeof *e->queue);
}

bool peers_wait(const struct endpoint *e)
{
	return e->nqueue > 0;
}

/* -- talk -------------------------------------------------------------------------------------- */

static void heard_client(struct endpoint *e, struct peer *p, const char *data, size_t len)
{
	switch (p->state) {
	case PEER_HEADER:
	case PEER_HANDSHAKE:
		bytes_append(&p->held, data, len);
		if (p->state == PEER_HEADER)
			heard_header(e, p);
		else
			queue_handshake(e, p);
		break;
	case PEER_OPEN:
		switch (tls_session_receive(p->session, data, len, &p->chat.next, &p->client.next)) {
		case TLS_GOES_ON:
			break;
		case TLS_ENDED:
			p->client.eof = true;
			break;
		case TLS_FAILED:
			failed(e, p);
			lose(e, p);
			break;
		}
		break;
	default:
		p->ignored += (uint32_t)len;
		if (p->ignored > ENDING_BYTES_MAX)
			cut_off(e, p);
		break;
	}
}

static void heard_chat(struct peer *p, const char *data, size_t len)
{
	p->plain += len;
	if (p->client.broken || p->state != PEER_OPEN)
		return;
	if (tls_session_send(p->session, data, len, &p->client.next))
		mark(p);
	else
		p->client.broken = true;
}

static void received(struct endpoint *e, struct peer *p, struct half *h, const struct ring_completion *done)
{
	h->receiving = false;
	if (done->res == -ENOBUFS || done->res == -EINTR || done->res == -EAGAIN)
		return;
	if (done->res > 0) {
		if (h == &p->client && !h->eof)
			heard_client(e, p, done->data, (size_t)done->res);
		else if (h == &p->chat)
			heard_chat(p, done->data, (size_t)done->res);
		return;
	}
	if (h == &p->client && p->state == PEER_OPEN && (done->res < 0 || h->broken))
		lose(e, p);
	h->eof = true;
	/* Nothing more is to be said to one that goes within its handshake. */
	h->broken |= done->res < 0 || (h == &p->client && (p->state == PEER_HEADER || p->state == PEER_HANDSHAKE));
}

static void sent(struct endpoint *e, struct peer *p, struct half *h, int res)
{
	h->sending = false;
	if (res > 0) {
		h->sent += (size_t)res;
		h->total += (uint64_t)res;
	} else if (res != -EINTR && res != -EAGAIN && res != -ENOBUFS && res != -ENOMEM) {
		if (h == &p->client && p->state == PEER_OPEN)
			settle(e, p);
		h->broken = true;
	}
}

void peer_done(struct endpoint *e, const struct ring_completion *done)
{
	struct peer *p = &e->peers[done->slot / SIDES];
	struct half *h = done->slot % SIDES == 0 ? &p->client : &p->chat;

	if (done->op == RING_RECV)
		received(e, p, h, done);
	else
		sent(e, p, h, done->res);
	peer_advance(e, p);
}

/* -- time -------------------------------------------------------------------------------------- */

/* The chat has closed its end, which is not received from while the client has something to read. */
static bool is_closed(const struct peer *p)
{
	struct pollfd fd = {.fd = p->chat.fd, .events = POLLRDHUP};

	return pending(&p->client) > 0 && poll(&fd, 1, 0) > 0 && (fd.revents & (POLLRDHUP | POLLHUP)) != 0;
}

static void sweep_open(struct endpoint *e, struct peer *p)
{
	settle(e, p);
	if (!is_closed(p))
		p->closed_ms = 0;
	else if (p->closed_ms == 0)
		p->closed_ms = e->now_ms;
	else if (e->now_ms - p->closed_ms > DRAIN_MS_MAX)
		cut_off(e, p);
}

static void sweep_one(struct endpoint *e, struct peer *p)
{
	int64_t age_ms = e->now_ms - p->since_ms;

	if (p->state == PEER_OPEN) {
		sweep_open(e, p);
	} else if (p->state == PEER_HANDING && age_ms < TLS_HANDSHAKE_MS) {
		hand_over(e, p);
	} else if (p->state == PEER_HANDSHAKE && p->session == NULL && p->held.len == 0 && age_ms > TLS_SILENT_MS) {
		refuse_plainly(e, p, tls_only);
	} else if (p->state == PEER_ENDING
	           ? age_ms > (pending(&p->client) > 0 ? DRAIN_MS_MAX : LINGER_MS)
	           : age_ms > (p->state == PEER_HEADER ? PROXY_HEADER_MS : TLS_HANDSHAKE_MS)) {
		cut_off(e, p);
		end(e, p);
	} else {
		return;
	}
	peer_advance(e, p);
}

void peers_sweep(struct endpoint *e)
{
	for (uint32_t i = 0; i < e->npeers; i++)
		if (e->peers[i].state != PEER_FREE)
			sweep_one(e, &e->peers[i]);
}

void peers_end(struct endpoint *e)
{
	for (uint32_t i = 0; i < e->npeers; i++) {
		struct peer *p = &e->peers[i];

		if (p->state == PEER_FREE)
			continue;
		cut_off(e, p);
		end(e, p);
		p->chat.eof = p->chat.broken = true;
		if (p->chat.fd >= 0)
			ring_shutdown(e->ring, p->chat.fd, SHUT_RDWR);
		peer_advance(e, p);
	}
}
