/*
 * What must hold after every turn, whatever has happened.
 */
#include "sim_model.h"

#include <inttypes.h>
#include <string.h>

#include "chatd/core/people/session.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

/* -- the core -------------------------------------------------------------------------- */

/* There is an end to the time for a name. Of a cluster's nodes it begins anew for those who wait for the others. */
static void check_name_comes(const struct session *s)
{
	int64_t ms = sim->chat->cluster.self != NULL ? sim->chat->now_ms - s->presence.since_ms
	                                             : sim->ring->run_ms - model_peer(s->id)->came_ms;
	int64_t most_ms = (int64_t)sim->config.login_timeout_s * 1000 + 2 * SWEEP_MS;

	if (sim->config.login_timeout_s != 0 && ms > most_ms + sim->ring->tick_ms_max)
		sim_fail("%u.%u has no name for %" PRId64 " ms and is not ended", s->id.slot, s->id.gen, ms);
}

static void check_session(struct session *s, uint32_t slot)
{
	const struct room *r = s->room;

	if (s->id.slot != slot || s->id.gen == 0 || !model_knows(s->id))
		sim_fail("session %u.%u is of nobody", s->id.slot, s->id.gen);
	if (s->state == SESSION_LOGIN) {
		if (s->key != NULL || s->nick != NULL || r != NULL)
			sim_fail("session %u.%u has no name and more than that", slot, s->id.gen);
		if (s->unnamed.pos >= sim->chat->people.unnamed.n ||
		    sim->chat->people.unnamed.list[s->unnamed.pos] != s)
			sim_fail("session %u.%u is not among those without a name", slot, s->id.gen);
		check_name_comes(s);
		sim->stats.throttles += s->input.throttle.on;
		return;
	}
	if (r == NULL || s->member.pos >= r->members.n || r->members.list[s->member.pos] != s)
		sim_fail("session %u.%u is in a room that does not know it", slot, s->id.gen);
	if (session_by_key(sim->chat, s->key) != s)
		sim_fail("the nick of %u.%u is another's", slot, s->id.gen);
	sim->stats.throttles += s->input.throttle.on;
}

static void check_room(const struct room *r, uint32_t slot)
{
	uint32_t ncrlf = 0, nignorers = 0;

	if (r->slot != slot || room_by_key(sim->chat, r->key) != r ||
	    room_by_number(sim->chat, r->number) != r)
		sim_fail("room %s is not to be found", r->name);
	/* What is saved in groups is a cluster's, whose nodes know rooms without lines too. */
	if (r->members.n == 0 && r->lines.last_id == 0 && r->lines.gap.lines == 0 &&
	    r->watchers.n == 0 && r != sim->chat->rooms.lobby && !r->set.permanent && !r->closed &&
	    !(r->kept && (sim->chat->stopping || sim->store.file != NULL)) && !sim->store.grouped)
		sim_fail("room %s has nobody and no history", r->name);
	for (uint32_t i = 0; i < r->members.n; i++) {
		const struct session *s = r->members.list[i];

		if (s->room != r || s->member.pos != i || s->state != SESSION_CHAT)
			sim_fail("room %s has a member that is not in it", r->name);
		ncrlf += s->member.crlf;
		nignorers += s->presence.nignored > 0;
	}
	for (const struct session *s = r->members.ignorers; s != NULL; s = s->presence.next) {
		if (s->room != r || s->presence.nignored == 0)
			sim_fail("room %s has somebody in its list who ignores nobody", r->name);
		nignorers--;
	}
	if (ncrlf != r->members.ncrlf || nignorers != 0)
		sim_fail("room %s counts its members wrongly", r->name);
}

/* Each origin knows how many connections come from there, until the last of them is closed, how
 * many of them have no name, and how many wait. */
static void check_origins(const struct chat *c)
{
	uint32_t nconnections = 0, nunnamed = 0, nwaiting = 0, of_sites = 0, unnamed_of_sites = 0;
	struct address site;

	for (uint32_t slot = 0; slot < c->config.connections_max; slot++) {
		const struct session *s = c->people.sessions[slot];

		if ((c->entry.admission.held[slot] != NULL) !=
		    (sim->server->conns.slot[slot].state != CONNECTION_FREE))
			sim_fail("slot %u is held for nobody, or not held", slot);
		if (s != NULL && s->origin != c->entry.admission.held[slot])
			sim_fail("session %u comes from elsewhere than its connection", slot);
		nconnections += c->entry.admission.held[slot] != NULL;
		nunnamed += s != NULL && s->state == SESSION_LOGIN;
		if (c->entry.admission.held[slot] != NULL &&
		    address_site(&c->entry.admission.held[slot]->address, &site)) {
			of_sites++;
			unnamed_of_sites += s != NULL && s->state == SESSION_LOGIN;
		}
		nwaiting += s != NULL && s->input.throttle.by_address;
		if (s != NULL && s->input.throttle.by_address && !s->input.throttle.on)
			sim_fail("session %u waits for its address and goes on", slot);
	}
	for (const struct origin *o = c->people.origins.all; o != NULL; o = o->hh.next) {
		/* An address is counted at its site too, which is no address. */
		if (address_site(&o->address, &site) && site.bits == o->address.bits) {
			of_sites -= o->connections;
			unnamed_of_sites -= o->nunnamed;
			continue;
		}
		nconnections -= o->connections;
		nunnamed -= o->nunnamed;
		nwaiting -= o->named.waiting + o->unnamed.waiting;
	}
	if (nconnections != 0 || nunnamed != 0 || of_sites != 0 || unnamed_of_sites != 0 ||
	    nwaiting != 0 || c->people.origins.nidle > ORIGINS_MAX)
		sim_fail("addresses count their connections wrongly");
}

/* Those who have no connection here. */
static uint32_t people_elsewhere(const struct chat *c)
{
	uint32_t n = 0;

	for (const struct node *at = c->cluster.nodes; at != NULL; at = at->hh.next)
		for (const struct session *s = at->people; s != NULL; s = s->person.hh.next)
			n += s->state == SESSION_CHAT && person_is_remote(s);
	return n;
}

static void check_chat(void)
{
	const struct chat *c = sim->chat;
	uint32_t people = 0, members = 0, nrooms = 0;

	for (uint32_t slot = 0; slot < c->config.connections_max; slot++) {
		struct session *s = c->people.sessions[slot];

		if (s == NULL)
			continue;
		check_session(s, slot);
		people += s->state == SESSION_CHAT;
	}
	people += people_elsewhere(c);
	for (uint32_t slot = 0; slot < c->rooms.top; slot++) {
		if (c->rooms.slot[slot] == NULL)
			continue;
		nrooms++;
		members += c->rooms.slot[slot]->members.n;
		check_room(c->rooms.slot[slot], slot);
	}
	if (people != c->people.n || people != HASH_CNT(hh, c->people.by_key) || people != members)
		sim_fail("%u people, %u counted, %u nicks, %u members", people, c->people.n,
		         HASH_CNT(hh, c->people.by_key), members);
	check_origins(c);
	if (nrooms != c->rooms.n)
		sim_fail("%u rooms, %u counted", nrooms, c->rooms.n);
}

/* -- the server ------------------------------------------------------------------------ */

static void check_output(const struct connection *c)
{
	uint64_t bytes = 0, held = 0;

	for (const struct outbuf *o = c->out.first; o != NULL; o = o->next) {
		bytes += o->len;
		held += sizeof *o + o->cap;
		if (o->len == 0 || o->len > o->cap || (o->next == NULL) != (o == c->out.last))
			sim_fail("%u.%u: its private text is in disorder", c->slot, c->gen);
	}
	bytes += c->out.made_len - c->out.made_sent;
	held += c->out.made_len;
	if (c->out.off > 0 && (c->out.first == NULL || c->out.off >= c->out.first->len))
		sim_fail("%u.%u: more is sent of a text than it has", c->slot, c->gen);
	if (bytes - c->out.off != c->out.bytes)
		sim_fail("%u.%u: %" PRIu64 " bytes of private text, %u counted", c->slot, c->gen,
		         bytes - c->out.off, c->out.bytes);
	if (held != c->out.held)
		sim_fail("%u.%u: its private text takes %" PRIu64 " bytes, %u counted", c->slot, c->gen,
		         held, c->out.held);
	if (c->state == CONNECTION_OPEN && c->out.bytes > SENDQ_BYTES_MAX)
		sim_fail("%u.%u: %u bytes of private text", c->slot, c->gen, c->out.bytes);
	/* Lines of rooms that a view has made ready are no private text, and are few: one send. */
	if (c->state == CONNECTION_OPEN && !c->slow &&
	    c->out.bytes - (c->out.made_len - c->out.made_sent) > SENDQ_SLOW_BYTES)
		sim_fail("%u.%u has %u bytes to read and may go on", c->slot, c->gen, c->out.bytes);
	if (c->stash.len > RECV_BUFFER_BYTES && c->stash.data != NULL)
		sim_fail("%u.%u: a stash of %u bytes", c->slot, c->gen, c->stash.len);
	if (!c->sending && c->out.pin_first != NULL)
		sim_fail("%u.%u: chunks are pinned by no send", c->slot, c->gen);
}

static void check_reader(const struct connection *c)
{
	const struct feed *f = c->out.reader.feed;
	const struct session *s = chat_session(sim->chat, (struct conn_id){c->slot, c->gen});
	const struct room *r = s != NULL && c->state == CONNECTION_OPEN ? s->room : NULL;

	if (r == NULL && f != NULL)
		sim_fail("%u.%u is in no room and reads a feed", c->slot, c->gen);
	if (r == NULL)
		return;
	if (f != &sim->server->fanout.feeds[r->slot * 2 + s->member.crlf])
		sim_fail("%u.%u does not read the feed of %s", c->slot, c->gen, r->name);
	if (c->out.reader.index >= f->nreaders || f->readers[c->out.reader.index] != c->slot)
		sim_fail("%u.%u is not where the feed has it", c->slot, c->gen);
	if (c->out.reader.cursor > f->end)
		sim_fail("%u.%u is beyond its feed", c->slot, c->gen);
	if (c->out.reader.held != s->replay.held)
		sim_fail("%u.%u is held back for nothing", c->slot, c->gen);
}

/* People who have waited for the disk since before that time, while it never caught up, have been
 * told why. */
static void check_waits(const struct connection *c, int64_t before_ms)
{
	const struct peer *p = model_peer((struct conn_id){c->slot, c->gen});

	if (p != NULL && c->wait.on && server_pressed(sim->server) &&
	    c->wait.since_ms + STORE_WAIT_MS < before_ms && sim->pressed_ms + STORE_WAIT_MS < before_ms &&
	    (p->told_ms == 0 || p->told_ms + STORE_WAIT_AGAIN_MS < before_ms))
		sim_fail("%u.%u waits for the disk and is not told", c->slot, c->gen);
}

/* Nobody holds a connection up for longer than documented. */
static void check_times(const struct connection *c, const struct fake_sock *k)
{
	int64_t slack_ms = 2 * SWEEP_MS + sim->ring->tick_ms_max, now_ms = sim->ring->run_ms;

	if (c->sending && c->state != CONNECTION_DEAD &&
	    now_ms - k->send.since_ms > (int64_t)sim->options.send_timeout_s * 1000 + slack_ms)
		sim_fail("%u.%u takes nothing for %" PRId64 " ms and is not closed", c->slot, c->gen,
		         now_ms - k->send.since_ms);
	if (c->state == CONNECTION_DRAINING &&
	    now_ms - c->drain_ms > (c->dropped ? DRAIN_DROPPED_MS : DRAIN_MS_MAX) + slack_ms)
		sim_fail("%u.%u takes its last lines for %" PRId64 " ms", c->slot, c->gen,
		         now_ms - c->drain_ms);
	if (c->state == CONNECTION_LINGERING && now_ms - k->linger_ms > LINGER_MS + slack_ms)
		sim_fail("%u.%u lingers for %" PRId64 " ms", c->slot, c->gen, now_ms - k->linger_ms);
	check_waits(c, now_ms - slack_ms);
}

static void check_conn(const struct connection *c)
{
	const struct fake_sock *k = c->fd < 0 ? NULL : sim->ring->by_fd[c->fd];
	bool known = model_knows((struct conn_id){c->slot, c->gen});

	if (known != (c->state == CONNECTION_OPEN))
		sim_fail("%u.%u: the server and the core disagree on whether it is there", c->slot,
		         c->gen);
	if (c->state == CONNECTION_FREE) {
		if (c->fd != -1 || c->out.first != NULL || c->stash.data != NULL || c->out.reader.feed != NULL ||
		    c->sending || c->receiving || c->out.pin_first != NULL || c->out.reader.cuts != NULL)
			sim_fail("slot %u is free and has something", c->slot);
		return;
	}
	if (k == NULL || k->send.on != c->sending || k->recv.on != c->receiving)
		sim_fail("%u.%u: what is in flight is counted wrongly", c->slot, c->gen);
	if (c->state == CONNECTION_DEAD && !c->sending && !c->receiving)
		sim_fail("%u.%u is dead, the kernel has let go, and nobody frees it", c->slot, c->gen);
	if (c->state == CONNECTION_LINGERING && c->eof)
		sim_fail("%u.%u has ended on both sides and lingers", c->slot, c->gen);
	check_times(c, k);
	check_output(c);
	check_reader(c);
}

static void check_feed(uint32_t number, uint32_t readers)
{
	const struct feed *f = &sim->server->fanout.feeds[number];
	uint64_t at = f->start, *marks = sim->feeds.marks;

	/* A new life begins. */
	if (f->end < marks[number])
		marks[number] = 0;
	/* Within a turn the mark moves last: what is behind may be more there than at its end. */
	if (f->end - marks[number] > sim->feeds.behind_most)
		sim->feeds.behind_most = f->end - marks[number];
	marks[number] = f->mark;
	if (f->nreaders != readers)
		sim_fail("feed %u has %u readers and counts %u", number, readers, f->nreaders);
	if (f->mark > f->end || f->start > f->end)
		sim_fail("feed %u is in disorder", number);
	for (const struct feed_chunk *chunk = f->head; chunk != NULL; chunk = chunk->next) {
		if (chunk->base != at || chunk->refs == 0 || (chunk->next == NULL) != (chunk == f->tail))
			sim_fail("feed %u: its chunks are in disorder", number);
		at += chunk->used;
	}
	if (f->head != NULL && at != f->end)
		sim_fail("feed %u: its chunks end too early", number);
	if (f->head != NULL && f->end - f->start > FEED_BYTES_MAX + 2 * FEED_CHUNK_BYTES + sim->feeds.behind_most)
		sim_fail("feed %u has %" PRIu64 " bytes", number, f->end - f->start);
}

void sim_check_line(const struct effect *e)
{
	size_t body = e->len - (e->feed % 2 == 1 ? 2 : 1);

	if (e->len < 3 || memcmp(e->text + body, &"\r\n"[e->feed % 2 == 0],
	                         e->len - body) != 0)
		sim_fail("published without a line end: \"%.*s\"", (int)e->len, e->text);
	for (size_t i = 0; i < body; i++)
		if ((unsigned char)e->text[i] < ' ' || e->text[i] == 0x7f)
			sim_fail("published with a byte %02x: \"%.*s\"", (unsigned)e->text[i],
			         (int)e->len, e->text);
}

/* Told that the disk is slow: only who has typed something that waits, for a second, and
 * not again within the minute. */
void sim_check_wait(const struct event *e)
{
	const struct connection *c = &sim->server->conns.slot[e->conn.slot];
	struct peer *p = model_peer(e->conn);

	if (!server_pressed(sim->server) || c->stash.data == NULL || !c->wait.on)
		sim_fail("%u.%u is told that the store is behind, and waits for nothing", e->conn.slot,
		         e->conn.gen);
	if (sim->server->now_ms - c->wait.since_ms < STORE_WAIT_MS ||
	    (p->told_ms != 0 && sim->server->now_ms - p->told_ms < STORE_WAIT_AGAIN_MS))
		sim_fail("%u.%u is told too soon that the store is behind", e->conn.slot, e->conn.gen);
	p->told_ms = sim->server->now_ms;
	sim->stats.waits++;
}

void sim_check_slow(const struct event *e)
{
	const struct connection *c = &sim->server->conns.slot[e->conn.slot];
	const struct fake_sock *k = sim->ring->by_fd[c->fd];
	struct peer *p = model_peer(e->conn);
	int64_t age_ms = sim->ring->run_ms - k->send.since_ms;

	if (strcmp(e->closed.reason, "connection too slow") == 0 && c->out.bytes <= SENDQ_BYTES_MAX &&
	    sim->server->conns.queues.bytes <= sim->server->conns.queues.max &&
	    (!k->send.on || age_ms <= (int64_t)sim->options.send_timeout_s * 1000))
		sim_fail("%u.%u is closed as too slow, and is not", c->slot, c->gen);
	/* What it has said and was not taken yet goes with it. */
	if (p != NULL && sim->server->conns.queues.bytes > sim->server->conns.queues.max)
		p->put_out = true;
}

/* Chunks that only a send still reads may come twice in a look at the sends, so that it is only
 * known that all the rest is counted. */
static void check_budgets(const struct server *s)
{
	uint64_t queues = 0, going = 0, logs = 0;

	for (uint32_t i = 0; i < s->conns.top; i++) {
		const struct connection *c = &s->conns.slot[i];

		queues += c->out.held;
		going += c->state == CONNECTION_DEAD ? c->out.held : 0;
		logs += c->out.reader.cuts_cap * sizeof(struct feed_cut);
		for (const struct watched *w = c->out.watched; w != NULL; w = w->next)
			logs += w->reader.cuts_cap * sizeof(struct feed_cut);
	}
	for (uint32_t i = 0; i < SIM_FEEDS_MAX && i < sim->chat->rooms.top * 2; i++)
		for (const struct feed_chunk *at = s->fanout.feeds[i].head; at != NULL; at = at->next)
			logs += sizeof *at + at->size;
	if (queues != s->conns.queues.bytes)
		sim_fail("private text takes %" PRIu64 " bytes, %" PRIu64 " are counted", queues,
		         s->conns.queues.bytes);
	if (logs > s->fanout.logs.bytes || (s->conns.nsending == 0 && logs < s->fanout.logs.bytes))
		sim_fail("the logs take %" PRIu64 " bytes, %" PRIu64 " are counted", logs,
		         s->fanout.logs.bytes);
	if (queues - going > s->conns.queues.max)
		sim_fail("private text takes %" PRIu64 " bytes, %" PRIu64 " without those that are closing", queues,
		         queues - going);
}

/* Each accept is out, or is asked for again in a while. */
static void check_accepts(const struct server *s)
{
	for (uint32_t n = 0; n < ACCEPTS_EACH; n++)
		if (s->accepts.out[n] != sim->ring->accept[n].armed ||
		    (!s->accepts.out[n] && s->accepts.again_ms == INT64_MAX && !s->stop.begun))
			sim_fail("accept %u is %sout", n, s->accepts.out[n] ? "" : "not ");
}

static void check_server(void)
{
	const struct server *s = sim->server;
	uint32_t nconns = 0, nsending = 0, nlingering = 0, readers[SIM_FEEDS_MAX] = {0};

	for (uint32_t i = 0; i < s->conns.top; i++) {
		const struct connection *c = &s->conns.slot[i];

		check_conn(c);
		nconns += c->state != CONNECTION_FREE;
		nsending += c->sending;
		nlingering += c->state == CONNECTION_LINGERING;
		if (c->out.reader.feed != NULL)
			readers[c->out.reader.feed - s->fanout.feeds]++;
		for (const struct watched *w = c->out.watched; w != NULL; w = w->next)
			readers[w->reader.feed - s->fanout.feeds]++;
	}
	if (nconns != s->conns.n || nsending != s->conns.nsending || nlingering != s->conns.nlingering)
		sim_fail("%u connections, %u sending, %u lingering; %u, %u, %u are counted", nconns,
		         nsending, nlingering, s->conns.n, s->conns.nsending, s->conns.nlingering);
	for (uint32_t i = 0; i < SIM_FEEDS_MAX && i < sim->chat->rooms.top * 2; i++)
		check_feed(i, readers[i]);
	check_budgets(s);
	check_accepts(s);
	if (sim->ring->nlent != 0)
		sim_fail("%u buffers are not given back", sim->ring->nlent);
}

void sim_check(void)
{
	if (sim->server->now_ms != sim->ring->run_ms)
		sim_fail("the server reckons by another clock");
	if (!server_pressed(sim->server))
		sim->pressed_ms = sim->ring->run_ms;
	check_chat();
	check_server();
}

/* Somebody has it held back. */
static bool is_held(const struct feed *f)
{
	for (uint32_t i = 0; i < f->nreaders; i++)
		if (sim->server->conns.slot[f->readers[i]].out.hold)
			return true;
	return false;
}

void sim_check_settled(void)
{
	for (uint32_t i = 0; i < chat_feeds_max(); i++)
		if (sim->server->fanout.feeds[i].head != NULL && !is_held(&sim->server->fanout.feeds[i]))
			sim_fail("feed %u is read by all and keeps memory", i);
}

void sim_check_empty(void)
{
	const struct server *s = sim->server;

	sim_check_settled();
	for (uint32_t i = 0; i < chat_feeds_max(); i++)
		if (s->fanout.feeds[i].readers != NULL)
			sim_fail("feed %u has no reader and keeps memory", i);
	if (s->conns.n != 0 || (sim->cluster.engine == NULL && sim->chat->people.n != 0))
		sim_fail("%u connections and %u people are left", s->conns.n, sim->chat->people.n);
	if (s->fanout.first != s->fanout.next)
		sim_fail("%" PRIu64 " lines are never shown", s->fanout.next - s->fanout.first);
	if (s->conns.queues.bytes != 0 || s->fanout.logs.bytes != 0)
		sim_fail("%" PRIu64 " bytes of private text and %" PRIu64 " of logs are left",
		         s->conns.queues.bytes, s->fanout.logs.bytes);
}
