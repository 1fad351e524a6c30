/*
 * The core backend of the conversations, first half: events.
 *
 * A server in memory with real SQLite under it, in virtual time. With
 * talk_effect.c it says what a server owes the core:
 *
 *   - EVENT_STORED comes once the effects of the step that appended are done;
 *   - bytes that the core did not take are kept, and nothing more is offered of
 *     that connection until EFFECT_RESUME; its end (EVENT_EOF) comes after them;
 *   - the answer to a query comes after EVENT_STORED of what it had to see, and
 *     not at all if the connection is gone (QUERY_BACKUP: also then).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chatd/program/conf/texts.h"
#include "talk_core.h"

enum {
	STEPS_MAX = 100000,  /* steps after which the core should have come to rest */
	START_S = 1795378445, /* 2026-11-22 20:14:05 UTC: when every conversation begins */
	UP_MS = 5000000,      /* and the other clock then */
};

/* -- events --------------------------------------------------------------------------- */

static void step(struct world *w, struct event e)
{
	e.now_ms = w->now_ms;
	e.wall_ms = w->now_ms + w->ahead_ms;
	chat_step(w->chat, &e);
	effects_do(w);
}

static void peer_offer(struct world *w, struct peer *p)
{
	struct event e = {.kind = EVENT_BYTES, .now_ms = w->now_ms, .wall_ms = w->now_ms + w->ahead_ms,
	                  .conn = p->client->id};

	e.bytes.data = p->kept.data;
	e.bytes.len = p->kept.len;
	chat_step(w->chat, &e);
	if (e.bytes.taken > p->kept.len)
		fault(w, "took more bytes than there were", e.bytes.taken);
	else
		bytes_drop(&p->kept, e.bytes.taken);
	p->paused = p->kept.len > 0;
	effects_do(w);
}

static void rows_deliver(struct world *w)
{
	struct rows *rows = w->rows[0];

	w->nrows--;
	memmove(w->rows, w->rows + 1, w->nrows * sizeof *w->rows);
	if (peer_find(w, rows->conn) || rows->kind == QUERY_BACKUP)
		step(w, (struct event){.kind = EVENT_ROWS, .conn = rows->conn, .rows = rows});
	rows_release(rows);
}

/* Everybody who is still there is told and closed. */
static void world_stop(struct world *w)
{
	step(w, (struct event){.kind = EVENT_STOP});
	for (struct peer *p = w->peer; p < w->peer + TALK_CLIENTS_MAX; p++) {
		struct conn_id id = {(uint32_t)(p - w->peer), p->gen};

		if (!p->client)
			continue;
		step(w, (struct event){.kind = EVENT_CLOSED, .conn = id});
		peer_end(w, p);
	}
}

/* What a program does that has a file in which nothing changes. */
static void wanted_do(struct world *w)
{
	const struct figures f = {
		.up_ms = w->now_ms - UP_MS, .memory_bytes = 12345678,
		.memory_max = 1234567890, .descriptors = 30,
		.descriptors_max = 1024,
		.io = "none",
	};
	enum effect_kind wanted = w->wanted;

	w->wanted = EFFECT_SEND;
	if (wanted == EFFECT_STOP)
		world_stop(w);
	else if (wanted == EFFECT_RELOAD)
		step(w, (struct event){.kind = EVENT_RELOADED, .conn = w->wanted_for,
		                       .reloaded = {true, ""}});
	else
		step(w, (struct event){.kind = EVENT_FIGURES, .conn = w->wanted_for, .figures = &f});
}

/* Gives the core the next thing that has happened. False: nothing has. */
static bool step_next(struct world *w)
{
	if (w->nasking > 0) {
		struct conn_id asking = w->asking[0];

		memmove(w->asking, w->asking + 1, --w->nasking * sizeof w->asking[0]);
		step(w, (struct event){.kind = EVENT_ARRIVED, .conn = asking});
		return true;
	}
	if (w->wanted != EFFECT_SEND) {
		wanted_do(w);
		return true;
	}
	if (w->failing && !w->full && w->nwaiting >= TALK_WAITING_MAX) {
		w->full = true;
		step(w, (struct event){.kind = EVENT_STORE_FULL});
		return true;
	}
	if (w->told < w->saved) {
		w->told = w->saved;
		step(w, (struct event){.kind = EVENT_STORED, .stored.seq = w->told});
		return true;
	}
	if (w->nrows > 0) {
		rows_deliver(w);
		return true;
	}
	for (struct peer *p = w->peer; p < w->peer + TALK_CLIENTS_MAX; p++) {
		if (!p->client || p->paused)
			continue;
		if (p->kept.len > 0) {
			peer_offer(w, p);
			return true;
		}
		if (p->eof && !p->eof_told) {
			p->eof_told = true;
			step(w, (struct event){.kind = EVENT_EOF, .conn = p->client->id});
			return true;
		}
	}
	for (struct peer *p = w->peer; p < w->peer + TALK_CLIENTS_MAX; p++)
		if (!p->client && p->taken) {
			p->taken = false;
			step(w, (struct event){.kind = EVENT_RELEASED,
			                       .conn = {(uint32_t)(p - w->peer), p->gen}});
			return true;
		}
	if (chat_due_ms(w->chat) <= w->now_ms) {
		step(w, (struct event){.kind = EVENT_TICK});
		return true;
	}
	return false;
}

/* Until nothing more follows from what has happened. */
static void settle(struct world *w)
{
	int steps = 0;

	while (step_next(w))
		if (++steps == STEPS_MAX) {
			fault(w, "does not come to rest: steps", STEPS_MAX);
			return;
		}
	if (chat_unstored(w->chat) != 0 && !w->failing)
		fault(w, "counts records as not saved", chat_unstored(w->chat));
}

/* -- the backend ------------------------------------------------------------------------ */

static void room_load(void *ctx, const struct saved_room *r)
{
	chat_load_room(ctx, r);
}

static void fact_load(void *ctx, const struct saved_fact *f)
{
	chat_load_fact(ctx, f);
}

static bool world_open(struct world *w, struct bytes *problem)
{
	struct store_error err;
	struct texts texts;
	bool ok = texts_read(&texts, &w->conf, false, problem);
	struct chat_config config = {
		.connections_max = TALK_CLIENTS_MAX,
		.line_bytes_max = w->conf.line_bytes_max,
		.history_replay = w->conf.history.replay,
		.rate_burst = w->conf.rate.burst,
		.rate_lines = w->conf.rate.lines,
		.rate_bytes = w->conf.rate.bytes,
		.rate_address = w->conf.rate.address,
		.rate_exempt = w->conf.rate.exempt,
		.address_connections = w->conf.address.connections,
		.address_connects = w->conf.address.connects,
		.address_logins = w->conf.address.logins,
		.address_exempt = w->conf.address.exempt,
		.flood_mute_s = w->conf.rate.mute_s,
		.guest_room_days = w->conf.guest_room_days,
		.login_timeout_s = w->conf.login_timeout_s,
		.talks_unsaved = w->conf.store_failure == STORE_FAILURE_TALK,
		.command_prefix = w->conf.face.command_prefix,
		.face = {
			.server_name = w->conf.face.server_name, .lobby = w->conf.face.lobby,
			.banner = texts.text[TEXT_BANNER], .motd = texts.text[TEXT_MOTD],
			.rules = texts.text[TEXT_RULES],
		},
	};

	if (!ok)
		return false;
	w->store = store_open(w->path, w->conf.durability, &err);
	if (!w->store) {
		bytes_printf(problem, "%s\n", err.text);
		texts_release(&texts);
		return false;
	}
	w->given = w->saved = w->told = store_last_seq(w->store);
	w->failing = w->full = false;
	w->shown = 0;
	w->chat = chat_new(&config, w->saved, store_last_room(w->store));
	texts_release(&texts);
	if (!store_rooms(w->store, room_load, w->chat, &err) ||
	    !store_facts(w->store, fact_load, w->chat, &err)) {
		bytes_printf(problem, "%s\n", err.text);
		return false;
	}
	return true;
}

/* All is saved, nobody is left. */
static void world_close(struct world *w)
{
	if (w->chat) {
		world_stop(w);
		settle(w);
		chat_free(w->chat);
	}
	while (w->nrows > 0)
		rows_release(w->rows[--w->nrows]);
	waiting_free(w);
	store_close(w->store);
	w->chat = NULL;
	w->store = NULL;
}

static bool core_stop(void *world, struct bytes *problem)
{
	struct world *w = world;
	bool ok;

	world_close(w);
	ok = !w->fault[0];
	if (!ok)
		bytes_printf(problem, "the core: %s\n", w->fault);
	talk_dir_remove(w->dir);
	conf_release(&w->conf);
	free(w->feed_seq);
	free(w);
	return ok;
}

static void *core_start(const struct talk_conf *conf, size_t n, struct bytes *problem)
{
	struct world *w = mem_zero(1, sizeof *w);
	const char *tmp = getenv("TMPDIR");
	struct bytes value = {0};
	bool ok = true;

	log_set_level(LOG_LEVEL_ERROR);
	conf_init(&w->conf);
	w->now_ms = UP_MS;
	w->ahead_ms = (int64_t)START_S * 1000 - UP_MS;
	w->feed_seq = mem_zero(chat_feeds_max(), sizeof *w->feed_seq);
	snprintf(w->dir, sizeof w->dir, "%s/talk.XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	if (ok && !mkdtemp(w->dir)) {
		bytes_printf(problem, "%s: cannot be made\n", w->dir);
		ok = false;
	}
	for (size_t i = 0; i < n && ok; i++) {
		bytes_clear(&value);
		ok = conf_value(&conf[i], w->dir, &value) &&
		     conf_set(&w->conf, conf[i].key, value.len > 0 ? value.data : "", "conf", problem);
	}
	bytes_release(&value);
	snprintf(w->path, sizeof w->path, "%s/chatd.db", w->dir);
	if (ok && world_open(w, problem))
		return w;
	core_stop(w, problem);
	return NULL;
}

static void core_disk(void *world, bool works)
{
	struct world *w = world;

	w->now_ms += 1000;
	w->failing = !works;
	w->full = false;
	if (works)
		waiting_save(w);
	step(w, works ? (struct event){.kind = EVENT_STORE_BACK}
	              : (struct event){.kind = EVENT_STORE_FAILED, .failure.reason = "the disk is full"});
	settle(w);
}

static void core_end(void *world)
{
	world_close(world);
}

static bool core_again(void *world, struct bytes *problem)
{
	struct world *w = world;

	w->now_ms += 1000;
	memset(w->feed_seq, 0, chat_feeds_max() * sizeof *w->feed_seq);
	return world_open(w, problem);
}

/* A refused client reads why, and is gone. */
static void comes(struct world *w, struct client *c, struct event e)
{
	e.now_ms = w->now_ms;
	e.wall_ms = w->now_ms + w->ahead_ms;
	chat_step(w->chat, &e);
	if (e.connected.refused != NULL)
		bytes_puts(&c->in, e.connected.refused);
	effects_do(w);
	if (e.connected.refused != NULL)
		peer_end(w, &w->peer[c->id.slot]);
	else
		w->peer[c->id.slot].taken = true;
	settle(w);
}

/* "cert.ab": a fingerprint of abab..., in ASCII. False: it comes without a certificate. */
static bool certificate_of(const char *label, struct fingerprint *print)
{
	const char *letters = label + 5;
	size_t n;

	if (strncmp(label, "cert.", 5) != 0 || (n = strcspn(letters, ".")) == 0)
		return false;
	for (size_t i = 0; i < sizeof print->sha256; i++)
		print->sha256[i] = (uint8_t)letters[i % n];
	return true;
}

static bool core_connect(void *world, struct client *c, struct bytes *problem)
{
	struct world *w = world;
	char addr[64];

	for (uint32_t slot = 0; slot < TALK_CLIENTS_MAX; slot++) {
		struct peer *p = &w->peer[slot];

		if (p->client)
			continue;
		p->client = c;
		c->id = (struct conn_id){slot, ++p->gen};
		bool host = strcmp(c->label, "host") == 0;
		const char *user = strncmp(c->label, "user.", 5) == 0 ? c->label + 5 : NULL;
		struct fingerprint print;
		bool certified = certificate_of(c->label, &print);

		/* Near is where the program's clients all come from. */
		if (strncmp(c->label, "near", 4) == 0)
			strcpy(addr, "127.0.0.1");
		else
			snprintf(addr, sizeof addr, "192.0.2.%" PRIu32, slot + 1);
		comes(w, c, (struct event){.kind = EVENT_CONNECTED, .conn = c->id,
		                           .connected = {.from = where(host || user ? "unix" : addr),
		                                         .control = host, .user = user,
		                                         .tls = certified, .cert = certified ? &print : NULL,
		                                         .token = ++w->tokens}});
		return true;
	}
	bytes_puts(problem, "too many connections for a test\n");
	return false;
}

static void core_send(void *world, struct client *c, const char *data, size_t n)
{
	struct world *w = world;
	struct peer *p = peer_find(w, c->id);

	if (p) {
		w->now_ms++;
		bytes_append(&p->kept, data, n);
		settle(w);
	}
}

static void core_hang_up(void *world, struct client *c, bool half)
{
	struct world *w = world;
	struct peer *p = peer_find(w, c->id);

	if (!p)
		return;
	if (half) {
		p->eof = true;
	} else {
		step(w, (struct event){.kind = EVENT_CLOSED, .conn = c->id});
		peer_end(w, p);
	}
	settle(w);
}

static void core_wait(void *world, int64_t ms)
{
	struct world *w = world;
	int64_t end_ms = w->now_ms + ms, due_ms;

	while ((due_ms = chat_due_ms(w->chat)) <= end_ms && !w->fault[0]) {
		if (due_ms > w->now_ms)
			w->now_ms = due_ms;
		settle(w);
	}
	w->now_ms = end_ms;
}

/* In virtual time waiting means going to where something is due. */
static bool core_more(void *world, struct client *c, int64_t wait_ms)
{
	struct world *w = world;
	int64_t end_ms = w->now_ms + wait_ms, due_ms;
	size_t had = c->in.len;
	bool ended = c->ended;

	while (w->chat && c->in.len == had && c->ended == ended && !w->fault[0] &&
	       (due_ms = chat_due_ms(w->chat)) <= end_ms)
		core_wait(w, due_ms > w->now_ms ? due_ms - w->now_ms : 0);
	return c->in.len > had || c->ended != ended;
}

static const char *core_fault(void *world)
{
	struct world *w = world;

	return w->fault[0] ? w->fault : NULL;
}

const struct backend talk_core = {
	.name = "core",
	.start = core_start,
	.stop = core_stop,
	.end = core_end,
	.again = core_again,
	.connect = core_connect,
	.send = core_send,
	.hang_up = core_hang_up,
	.more = core_more,
	.disk = core_disk,
	.wait = core_wait,
	.fault = core_fault,
};
