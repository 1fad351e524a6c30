/*
 * Several servers that are one chat, over one engine in memory.
 *
 * Each node is a server, a core, a store and people of its own, as in a run of one server; they run in turns, and all
 * have one clock. Nodes are killed and start again with what they had saved, are stopped in order, and lose their
 * lease; the engine goes away and comes back, sometimes without what it had last. At the end all comes to rest, and
 * all nodes must be the same.
 */
#include "sim_cluster.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/log.h"
#include "chatd/core/people/session.h"
#include "chatd/core/state/state.h"
#include "fake_writer.h"
#include "sim_model.h"

enum {
	SEEDS_PER_RESULT = 20,
	SEEDS_FOR_ALL = 200,    /* within this many, everything that may go wrong does */
	REST_ROUNDS_MAX = 20000,
	SETTLE_MS = 10 * SWEEP_MS, /* several servers pass it together */
};

struct sim_cluster *cluster;

static struct sim *whole; /* owned by sim.c: tokens, seed and sums of all nodes */
static uint32_t ntokens;
static struct {
	uint64_t kills, stops, starts, copies, restarts, tails, restored, acts, twice, cuts, lapses, ghosts, trims, rounds;
} sum;

static uint32_t rnd(uint32_t n)
{
	return prng_below(&cluster->prng, n);
}

static bool chance(uint32_t per_mille)
{
	return prng_chance(&cluster->prng, per_mille);
}

/* -- which node is on -------------------------------------------------------------------------- */

static void enter(struct sim_node *n)
{
	sim = n->sim;
	model = n->model;
	sim->ntokens = ntokens;
	sim->step = cluster->rounds;
	if (sim->ring != NULL)
		sim->ring->others_ms = cluster->now_ms - sim->ring->now_ms;
}

static void leave(struct sim_node *n)
{
	ntokens = sim->ntokens;
	if (sim->ring != NULL && sim->ring->now_ms > cluster->now_ms)
		cluster->now_ms = sim->ring->now_ms;
	n->model = model;
	sim = whole;
	model = NULL;
}

static void say(const struct sim_node *n, const char *what)
{
	if (whole->verbose)
		printf("# round %" PRIu64 ": node %c %s (entry %zu of %zu)\n", cluster->rounds, (char)('a' + (n - cluster->node)), what,
		       n->applied, cluster->stream->entries.n);
}

/* -- a node's life ----------------------------------------------------------------------------- */

static void on_ready(void *ctx, const char *id)
{
	(void)ctx;
	if (!writer_set_cluster(sim->writer, id))
		sim_fail("the store takes no positions of %s", id);
}

static void on_ended(void *ctx, const char *why)
{
	struct sim_node *n = ctx;

	(void)why;
	n->ended = true;
}

/* As the daemon does it. */
static void make_chat(void)
{
	const char *position = fake_writer_position(sim->writer), *rest;
	char id[ACT_ID_BYTES_MAX + 1] = "";

	sim->chat = chat_new(&sim->config, fake_writer_saved(sim->writer), fake_writer_last_room(sim->writer));
	chat_begin_cluster(sim->chat, cluster->stream->keys[sim->cluster.node].node);
	if (position != NULL) {
		rest = strchr(position, ' ');
		snprintf(id, sizeof id, "%.*s", (int)(rest - position), position);
		chat_load_cluster(sim->chat, rest + 1);
	}
	fake_writer_load(sim->writer, sim->chat);
	engine_begin(sim->cluster.engine, sim->writer->cluster, id);
}

/* from: NULL: starts with what it had itself. */
static void node_start(struct sim_node *n, const struct writer *from)
{
	static const struct listener listener = {.fd = FAKE_LISTENER_FD, .name = "here"};
	uint64_t digest = n->sim->digest, seed = prng_next(&cluster->prng);

	say(n, from != NULL ? "starts with another one's database" : "starts");
	enter(n);
	sim->prng.state = seed;
	sim->quiet = false;
	sim->pressed_ms = 0;
	memset(&sim->feeds, 0, sizeof sim->feeds);
	sim->digest = digest;
	sim_clients_begin();
	model_begin();
	n->model = model;
	sim->writer = fake_writer_new(prng_next(&sim->prng), PICK(8, 100, UNSTORED_HIGH), PICK(300, 300, 300, 8));
	fake_writer_keep(sim->writer);
	if (from != NULL)
		fake_writer_copy(sim->writer, from);
	if (n->kept != NULL && from == NULL)
		fake_writer_inherit(sim->writer, n->kept);
	else if (n->kept != NULL)
		fake_writer_free(n->kept);
	n->kept = NULL;
	sim->cluster.engine = fake_engine_new(cluster->stream, sim->cluster.node, prng_next(&sim->prng));
	sim->ring = fake_ring_new(prng_next(&sim->prng), sim->writer);
	sim->ring->engine = sim->cluster.engine;
	sim->ring->now_ms = sim->ring->run_ms = cluster->now_ms;
	/* No two connections of a run have the same. */
	sim->ring->nsocks = (uint32_t)(sim->cluster.node + FAKE_NODES_MAX * (int)n->lives) * 10000;
	make_chat();
	sim->options.cluster.engine = sim->cluster.engine;
	sim->options.cluster.ready = on_ready;
	sim->options.cluster.ended = on_ended;
	sim->options.cluster.ctx = n;
	sim->server = loop_new(&sim->options, sim->ring, sim->chat, sim->writer, &listener, 1);
	sim_limit_memory();
	if (cluster->stream->calm) {
		sim->quiet = sim->ring->calm = true;
		fake_writer_calm(sim->writer);
	}
	n->up = true;
	n->ended = false;
	n->lives++;
	n->applied = 0;
	sum.starts++;
	agree_started();
	leave(n);
}

/* What is left is what was saved. */
static void node_free(struct sim_node *n)
{
	sim->ring->ending = sim->ring->dead = true;
	loop_free(sim->server);
	chat_free(sim->chat);
	ring_free(sim->ring);
	n->kept = sim->writer;
	sim->server = NULL;
	sim->chat = NULL;
	sim->ring = NULL;
	sim->writer = NULL;
	sim->cluster.engine = NULL;
	sim_clients_end();
	model_end();
	n->up = false;
}

static void node_kill(struct sim_node *n)
{
	struct engine *engine = n->sim->cluster.engine;

	say(n, "is killed");
	enter(n);
	fake_engine_kill(engine);
	node_free(n);
	fake_engine_free(engine);
	leave(n);
	sum.kills++;
}

/* As the daemon ends: people are told, what is done is saved, and the engine gets what was proposed. */
static void node_stop(struct sim_node *n)
{
	struct engine *engine = n->sim->cluster.engine;

	say(n, n->ended ? "ends" : "stops");
	enter(n);
	sim_stop();
	if (cluster->rested)
		sim_check_empty();
	if (sim->ring->now_ms > cluster->now_ms)
		cluster->now_ms = sim->ring->now_ms;
	fake_writer_finish(sim->writer);
	engine_stop(engine, 1000);
	node_free(n);
	leave(n);
	sum.stops++;
}

/* -- trouble ----------------------------------------------------------------------------------- */

static struct sim_node *some_node(bool up)
{
	struct sim_node *n = &cluster->node[rnd((uint32_t)cluster->n)];

	return n->up == up ? n : NULL;
}

static const struct writer *saved_of(const struct sim_node *n)
{
	return n->up ? n->sim->writer : n->kept;
}

/* Of some node that the stream goes on for; NULL: there is none. */
static const struct writer *some_backup(const struct sim_node *but)
{
	int first = (int)rnd((uint32_t)cluster->n);

	for (int i = 0; i < cluster->n; i++) {
		const struct sim_node *n = &cluster->node[(first + i) % cluster->n];
		const struct writer *w = saved_of(n);

		if (n != but && !n->void_ && w != NULL && fake_writer_position(w) != NULL && agree_saved(w) != FAKE_NONE)
			return w;
	}
	return NULL;
}

/* What an operator does: a node that the stream does not go on for gets another one's database. */
static void start_again(struct sim_node *n)
{
	const struct writer *backup = n->void_ || chance(100) ? some_backup(n) : NULL;

	if (cluster->restoring || (n->void_ && backup == NULL))
		return;
	sum.copies += backup != NULL;
	node_start(n, backup);
}

static void nodes_step(void)
{
	struct sim_node *n;

	if (chance(whole->weight[0]) && (n = some_node(true)) != NULL)
		node_kill(n);
	if (chance(whole->weight[1]) && (n = some_node(true)) != NULL)
		node_stop(n);
	if (chance(15) && (n = some_node(false)) != NULL)
		start_again(n);
}

/* How far a node is: what its engine has read, or what it has saved. */
static size_t reach(const struct sim_node *n)
{
	size_t saved = n->up ? fake_engine_read(n->sim->cluster.engine) : n->kept != NULL ? agree_saved(n->kept) : 0;

	return n->void_ ? FAKE_NONE : saved;
}

/* It starts with the first `left` entries. Nodes that have more of them cannot go on. */
static void lose_tail(size_t left)
{
	for (int i = 0; i < cluster->n; i++) {
		size_t at = reach(&cluster->node[i]);

		cluster->node[i].void_ |= at == FAKE_NONE || at > left;
	}
	if (whole->verbose)
		printf("# round %" PRIu64 ": the engine has %zu of %zu entries\n", cluster->rounds, left,
		       cluster->stream->entries.n);
	fake_stream_lose(cluster->stream, left);
	sum.tails++;
}

/* One node at least goes on. */
static void lose_some(void)
{
	const struct sim_node *n = &cluster->node[rnd((uint32_t)cluster->n)];
	size_t at = reach(n), all = cluster->stream->entries.n;

	if (at == FAKE_NONE || at >= all || saved_of(n) == NULL)
		return;
	at = at > cluster->stream->trimmed + 1 ? at : cluster->stream->trimmed + 1;
	if (at >= all)
		return;
	lose_tail(at + rnd((uint32_t)(all - at)));
	agree_cut(cluster->stream->entries.n);
}

/* No node goes on, until it is restored. */
static void lose_all(void)
{
	size_t least = cluster->stream->entries.n, from = cluster->stream->trimmed + 1;

	for (int i = 0; i < cluster->n; i++)
		if (reach(&cluster->node[i]) < least)
			least = reach(&cluster->node[i]);
	if (least <= from)
		return;
	lose_tail(from + rnd((uint32_t)(least - from)));
	cluster->restoring = true;
}

static void restore_step(void)
{
	for (int i = 0; i < cluster->n; i++)
		if (cluster->node[i].up)
			return;
	fake_stream_restore(cluster->stream);
	for (int i = 0; i < cluster->n; i++)
		cluster->node[i].void_ = false;
	cluster->restoring = false;
	sum.restored++;
}

static void engine_step(void)
{
	struct fake_stream *s = cluster->stream;

	if (s->up && chance(whole->weight[2])) {
		fake_stream_stop(s);
		sum.restarts++;
	} else if (!s->up && chance(50)) {
		s->up = true;
		if (!cluster->restoring && chance(whole->weight[3]))
			(chance(300) ? lose_all : lose_some)();
	}
	if (cluster->restoring && chance(50))
		restore_step();
}

/* -- turns ------------------------------------------------------------------------------------- */

static void turn(struct sim_node *n)
{
	enter(n);
	sim_turn();
	leave(n);
	if (n->ended)
		node_stop(n);
}

static void some_turns(bool all)
{
	int at[FAKE_NODES_MAX], n = cluster->n;

	cluster->stream->now_ms = cluster->now_ms + INT64_C(1795378445000) - 5000000;
	fake_stream_step(cluster->stream);
	for (int i = 0; i < n; i++)
		at[i] = i;
	while (n > 0) {
		int i = (int)rnd((uint32_t)n), node = at[i];

		at[i] = at[--n];
		if (cluster->node[node].up && (all || !chance(200)))
			turn(&cluster->node[node]);
	}
	agree_check_names();
	cluster->rounds++;
	whole->step = cluster->rounds;
}

static bool all_rest(void)
{
	bool rest = true;

	for (int i = 0; i < cluster->n && rest; i++) {
		struct sim_node *n = &cluster->node[i];

		if (i == cluster->absent)
			continue;
		rest = n->up;
		if (!rest)
			break;
		enter(n);
		rest = sim_rests() && fake_writer_is_idle(sim->writer) && fake_engine_rests(sim->cluster.engine) &&
		       sim->server->acts.open;
		leave(n);
	}
	return rest;
}

static uint64_t bytes_sent(void)
{
	uint64_t n = 0;

	for (int i = 0; i < cluster->n; i++)
		n += cluster->node[i].sim->stats.bytes;
	return n;
}

static void check_each(void (*check)(void))
{
	for (int i = 0; i < cluster->n; i++) {
		if (!cluster->node[i].up)
			continue;
		enter(&cluster->node[i]);
		check();
		leave(&cluster->node[i]);
	}
}

/* As settle() of sim.c. */
static void settle(void)
{
	int64_t until_ms = cluster->now_ms + SETTLE_MS;
	uint64_t sent = bytes_sent();

	for (int i = 0; (i < 1000 && cluster->now_ms < until_ms) || !all_rest(); i++) {
		some_turns(true);
		if (bytes_sent() != sent)
			until_ms = cluster->now_ms + SETTLE_MS;
		sent = bytes_sent();
		if (i == REST_ROUNDS_MAX)
			sim_fail("it never rests");
	}
	check_each(sim_check_settled);
	agree_check_rest();
	cluster->rested = true;
}

static void say_unrest(void)
{
	printf("# node %c: the engine %s, the store %s, the ring %s, %s, %s\n", 'a' + sim->cluster.node, fake_engine_state(sim->cluster.engine),
	       fake_writer_is_idle(sim->writer) ? "rests" : "does not", fake_ring_rests(sim->ring) ? "rests" : "does not",
	       model_rests() ? "all is read" : "not all is read", sim->server->acts.open ? "open" : "not open");
	for (const struct fake_sock *k = sim->ring->socks; k != NULL; k = k->next) {
		const struct session *s = model_session(k);

		printf("#   connection %u: %zu bytes to the server%s%s%s%s", k->serial, k->in.len, k->in_end ? ", ended" : "",
		       k->reset ? ", reset" : "", k->send.on ? ", sending" : "", k->recv.on ? ", receiving" : "");
		if (s != NULL)
			printf("; %s, state %d, %u acts pending%s%s%s", s->nick != NULL ? s->nick : "no name", (int)s->state, s->person.pending,
			       session_waits(s) ? ", waits" : "", s->input.throttle.on ? ", throttled" : "",
			       s->dialogue != NULL ? ", in a dialogue" : s->unnamed.waiting.on ? ", waits for others" : "");
		if (k->user != NULL) {
			const struct connection *c = &sim->server->conns.slot[((struct peer *)k->user)->id.slot];

			printf("; connection state %d, %u bytes out, drain since %" PRId64 " ms, now %" PRId64 ", feed %d, sweep in %" PRId64,
			       (int)c->state, c->out.bytes, c->drain_ms, sim->server->now_ms, c->out.reader.feed != NULL,
			       sim->server->sweep_ms - sim->server->now_ms);
		}
		printf("\n");
	}
}

/* Its people must have left, if its lease was over. */
static int some_absent(void)
{
	int first = (int)rnd((uint32_t)cluster->n), nup = 0;

	for (int i = 0; i < cluster->n; i++)
		nup += cluster->node[i].up && !cluster->node[i].void_;
	for (int i = 0; i < cluster->n && nup > 0 && !cluster->restoring && chance(700); i++)
		if (!cluster->node[(first + i) % cluster->n].up)
			return (first + i) % cluster->n;
	return -1;
}

static void calm_down(void)
{
	cluster->stream->up = cluster->stream->calm = true;
	cluster->absent = some_absent();
	for (int i = 0; i < cluster->n; i++)
		if (cluster->node[i].up) {
			cluster->node[i].sim->quiet = cluster->node[i].sim->ring->calm = true;
			fake_writer_calm(cluster->node[i].sim->writer);
		}
	for (int i = 0; i < REST_ROUNDS_MAX; i++) {
		some_turns(true);
		if (cluster->restoring)
			restore_step();
		for (int k = 0; k < cluster->n; k++)
			if (!cluster->node[k].up && k != cluster->absent)
				start_again(&cluster->node[k]);
		if (all_rest()) {
			check_each(model_check_rest);
			settle();
			return;
		}
	}
	check_each(say_unrest);
	for (size_t i = cluster->stream->entries.n; i-- > 0 && i + 20 > cluster->stream->entries.n;)
		printf("# entry %zu: %.150s\n", i, cluster->stream->entries.at[i].text);
	check_each(model_check_rest);
	sim_fail("does not come to rest");
}

/* -- a run ------------------------------------------------------------------------------------- */

static void configure(void)
{
	sim_configure();
	whole->options.connections_max = whole->config.connections_max = PICK(2, 8, 16);
	whole->options.relaxed = whole->config.talks_unsaved = false;
	whole->nclients = whole->options.connections_max + rnd(4);
	whole->weight[0] = PICK(0, 1, 3, 10);  /* how often nodes are killed, */
	whole->weight[1] = PICK(0, 0, 1, 3);   /* are stopped, */
	whole->weight[2] = PICK(0, 1, 5, 10);  /* and the engine starts again; */
	whole->weight[3] = PICK(0, 300, 600);  /* how often without its tail */
	cluster->n = (int)PICK(2, 3, 3, 4);
	cluster->now_ms = 5000000;
	cluster->stream = fake_stream_new(prng_next(&cluster->prng), cluster->n, cluster->now_ms);
	for (int i = 0; i < cluster->n; i++) {
		struct sim *s = cluster->node[i].sim = mem_zero(1, sizeof *s);

		s->seed = whole->seed;
		s->cluster.node = i;
		s->verbose = whole->verbose;
		s->token = whole->token;
		s->config = whole->config;
		s->options = whole->options;
		s->nclients = whole->nclients;
		s->rooms = whole->rooms;
		s->long_lines = whole->long_lines;
	}
}

static void add_stats(struct sim_stats *to, const struct sim_stats *from)
{
	uint64_t *a = (uint64_t *)to;
	const uint64_t *b = (const uint64_t *)from;

	for (size_t i = 0; i < sizeof *to / sizeof *a; i++)
		a[i] += b[i];
}

static void end(void)
{
	for (int i = 0; i < cluster->n; i++) {
		struct sim_node *n = &cluster->node[i];

		if (n->up)
			node_kill(n);
		if (n->kept != NULL)
			fake_writer_free(n->kept);
		add_stats(&whole->stats, &n->sim->stats);
		sim_digest(&n->sim->digest, sizeof n->sim->digest);
		free(n->sim);
	}
	sum.acts += cluster->stream->count.acts;
	sum.twice += cluster->stream->count.twice;
	sum.cuts += cluster->stream->count.cuts;
	sum.lapses += cluster->stream->count.lapses;
	sum.ghosts += cluster->stream->count.ghosts;
	sum.trims += cluster->stream->count.trims;
	sum.rounds += cluster->rounds;
	agree_end();
	fake_stream_free(cluster->stream);
	free(cluster);
	cluster = NULL;
}

static void run(uint64_t seed)
{
	uint32_t rounds;

	whole = sim;
	sim_reset(seed);
	cluster = mem_zero(1, sizeof *cluster);
	cluster->prng.state = seed * UINT64_C(0x9e3779b97f4a7c15) + 7;
	cluster->absent = -1;
	ntokens = 0;
	configure();
	agree_begin();
	for (int i = 0; i < cluster->n; i++)
		if (i == 0 || !chance(200))
			node_start(&cluster->node[i], NULL);
	rounds = PICK(100, 300, 600, 1200);
	while (rounds-- > 0) {
		some_turns(false);
		nodes_step();
		engine_step();
	}
	if (!chance(200))
		calm_down();
	for (int i = 0; i < cluster->n; i++)
		if (cluster->node[i].up && chance(800))
			node_stop(&cluster->node[i]);
	end();
}

/* -- the program ------------------------------------------------------------------------------- */

static void say_sums(void)
{
	const struct sim_stats *s = &whole->stats;

	printf("# %" PRIu64 " turns in %" PRIu64 " rounds, %" PRIu64 " connections, %" PRIu64 " lines said, %" PRIu64
	       " read\n", s->turns, sum.rounds, s->connections, s->said, s->delivered);
	printf("# %" PRIu64 " acts, %" PRIu64 " of them twice, %" PRIu64 " batches late, %" PRIu64 " connections cut, %"
	       PRIu64 " leases over, %" PRIu64 " times trimmed\n", sum.acts, sum.twice, sum.ghosts, sum.cuts, sum.lapses,
	       sum.trims);
	printf("# %" PRIu64 " starts, %" PRIu64 " kills, %" PRIu64 " stops, %" PRIu64 " with another one's database; the engine: %"
	       PRIu64 " restarts, %" PRIu64 " without its tail, %" PRIu64 " restored\n", sum.starts, sum.kills, sum.stops,
	       sum.copies, sum.restarts, sum.tails, sum.restored);
}

/* What has never happened; NULL: all has. */
static const char *missing(void)
{
	const struct {
		uint64_t n;
		const char *what;
	} all[] = {
		{sum.twice, "act twice"}, {sum.ghosts, "batch late"}, {sum.cuts, "connection cut"}, {sum.lapses, "lease over"},
		{sum.trims, "stream trimmed"}, {sum.kills, "kill"}, {sum.stops, "stop"}, {sum.copies, "copy of a database"},
		{sum.restarts, "restart of the engine"}, {sum.tails, "tail lost"}, {sum.restored, "tail restored"},
	};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i].n == 0)
			return all[i].what;
	return NULL;
}

static int run_one(uint64_t seed)
{
	sim->verbose = true;
	log_set_level(LOG_LEVEL_WARN);
	run(seed);
	printf("# seed %" PRIu64 ", digest %016" PRIx64 "\n", seed, sim->digest);
	say_sums();
	return EXIT_SUCCESS;
}

static int run_many(uint64_t n, uint64_t first)
{
	printf("1..%" PRIu64 "\n", (n + SEEDS_PER_RESULT - 1) / SEEDS_PER_RESULT);
	fflush(stdout);
	for (uint64_t i = 0; i < n; i++) {
		run(first + i);
		if ((i + 1) % SEEDS_PER_RESULT != 0 && i + 1 != n)
			continue;
		printf("ok %" PRIu64 " - seeds %" PRIu64 " to %" PRIu64 "\n", i / SEEDS_PER_RESULT + 1,
		       first + i / SEEDS_PER_RESULT * SEEDS_PER_RESULT, first + i);
		fflush(stdout);
	}
	say_sums();
	fault_say();
	if (n >= SEEDS_FOR_ALL && missing() != NULL) {
		printf("not ok - everything that may go wrong has: no %s\n", missing());
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int sim_cluster_main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, n = argc > 0 ? strtoull(argv[0], NULL, 10) : 0;

	if (argc == 2 && strcmp(argv[0], "--seed") == 0)
		return run_one(first);
	return (argc == 1 || argc == 2) && n > 0 ? run_many(n, first) : -1;
}
