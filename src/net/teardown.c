/*
 * Ending a connection.
 *
 * Any code may mark it (teardown_kill, EFFECT_CLOSE); it is freed in one place
 * (release), when the kernel has let go of it.
 */

#include "chatd/net/teardown.h"

#include <assert.h>
#include <sys/socket.h>

#include "chatd/base/log.h"
#include "chatd/net/display.h"
#include "chatd/net/server.h"

/* The one place where a connection is freed. */
static void release(struct server *s, struct connection *c)
{
	bool known = c->slot < s->conns.max + CONTROL_SLOTS;
	struct event e = {.kind = EVENT_RELEASED, .conn = connection_id(c)};

	assert(!c->receiving && !c->sending && c->out.reader.feed == NULL && c->out.watched == NULL &&
	       c->out.pin_first == NULL);
	ring_close(s->ring, c->fd);
	log_debug("connection %u.%u closed", c->slot, c->gen);
	outqueue_release(&c->out);
	connection_drop_stash(c);
	c->gen++;
	c->eof = c->slow = c->deaf = c->wait.on = c->dropped = false;
	c->out.sent_bytes = 0;
	outqueue_forget_marks(&c->out);
	display_free(c);
	outqueue_view(&c->out, false);
	outqueue_hold(&c->out, false);
	c->wait.told_ms = 0;
	c->handed = 0;
	connections_give_back(&s->conns, c);
	if (known)
		effects_step(s, &e);
}

void teardown_kill(struct server *s, struct connection *c, const char *reason)
{
	bool known = c->state == CONNECTION_OPEN;
	struct arrival arrived = {0};

	if (c->state == CONNECTION_DEAD || c->state == CONNECTION_FREE)
		return;
	if (known)
		arrived = connection_arrived(s, c);
	connection_shut(s, c);
	if (known)
		effects_step(s, &(struct event){.kind = EVENT_CLOSED, .conn = connection_id(c),
		                                .closed = {reason, arrived}});
}

void teardown_advance(struct server *s, struct connection *c)
{
	if (c->state == CONNECTION_DRAINING && !c->sending && !outqueue_has_output(&c->out) &&
	    !display_owes(c)) {
		if (c->eof || c->dropped) {
			connection_shut(s, c);
		} else {
			/* Closing with input unread would cut off what was sent: RFC 1122, 4.2.2.13. */
			ring_shutdown(s->ring, c->fd, SHUT_WR);
			c->state = CONNECTION_LINGERING;
			c->since_ms = s->now_ms;
			s->conns.nlingering++;
			server_expect_sweep(s);
			connection_receive(s, c);
		}
	}
	if (c->state == CONNECTION_LINGERING && c->eof)
		connection_shut(s, c);
	if (c->state == CONNECTION_DEAD && !c->receiving && !c->sending)
		release(s, c);
}
