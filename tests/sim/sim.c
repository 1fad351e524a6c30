/*
 * The simulation: the server and the core as they are, over a kernel and a
 * store that are memory, with people who do anything, in virtual time.
 *
 *	sim [crash] N          runs the seeds 1 to N and prints TAP
 *	sim [crash] --seed S   runs one seed and says what happened in it
 *	sim --fault S          runs one seed again and again, each operation failing in turn;
 *	                       prints TAP
 *	sim --digests N        runs the seeds 1 to N and prints a digest of each run: a change that
 *	                       alters no behaviour alters none of them
 *	sim cluster N [FIRST]  runs N seeds from FIRST (1) on, each of several servers that are one chat
 *	sim cluster --seed S   runs one of them and says what happened in it
 *	sim --for SECONDS [FIRST]
 *	                       runs seeds from FIRST on, which is else chosen by chance
 *
 * "crash" gives it a real file on a disk that stops, and N is how many times it does.
 *
 * One seed is one run, always the same. A failure names the seed and the step.
 */
#include "sim.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chatd/base/log.h"

enum {
	SEEDS_PER_RESULT = 100,
	SEEDS_FOR_ALL = 1000,   /* within this many, everything that may go wrong does */
	REST_TURNS_MAX = 50000,
	STOP_TURNS_MAX = 20000,
};

struct sim *sim;

void sim_fail(const char *fmt, ...)
{
	va_list ap;

	printf("not ok - seed %" PRIu64 ", step %" PRIu64 ": ", sim->seed, sim->step);
	if (sim->cluster.engine != NULL)
		printf("node %c: ", 'a' + sim->cluster.node);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	sim_say_again();
	fflush(stdout);
	/* Not exit: what is left over is no news now. */
	_Exit(1);
}

/* An assertion, or a sanitizer: these say what is wrong and not in which run. */
static void on_abort(int signal_number)
{
	(void)signal_number;
	sim_fail("aborted");
}

static void on_death(void)
{
	if (sim != NULL)
		sim_fail("memory is misused");
	printf("not ok - memory is leaked\n");
}

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void watch_for_death(void)
{
	signal(SIGABRT, on_abort);
	if (__sanitizer_set_death_callback != NULL)
		__sanitizer_set_death_callback(on_death);
}

/* -- one run --------------------------------------------------------------------------- */

uint32_t sim_pick(const uint32_t *from, uint32_t n)
{
	return from[prng_below(&sim->prng, n)];
}

/* FNV-1a (Fowler, Noll, Vo). */
void sim_digest(const void *p, size_t n)
{
	const unsigned char *bytes = p;

	for (size_t i = 0; i < n; i++)
		sim->digest = (sim->digest ^ bytes[i]) * UINT64_C(0x100000001b3);
}

void sim_reset(uint64_t seed)
{
	struct token *token = sim->token;
	struct sim_stats stats = sim->stats;

	*sim = (struct sim){.seed = seed, .verbose = sim->verbose, .token = token, .stats = stats,
	                    .prng = {.state = seed * UINT64_C(0x2545f4914f6cdd1d)}};
	memset(token, 0, SIM_TOKENS_MAX * sizeof *token);
}

void sim_configure(void)
{
	sim->options = (struct server_options){
		.connections_max = PICK(2, 8, 24, 24, SIM_SLOTS_MAX),
		.relaxed = PICK(0, 0, 1) == 1,
		.send_timeout_s = PICK(1, 5, 60),
	};
	sim->config = (struct chat_config){
		.connections_max = sim->options.connections_max,
		.line_bytes_max = PICK(LINE_BYTES_LEAST, 512, 1024, LINE_BYTES_LIMIT),
		.history_replay = PICK(0, 1, 10, 50),
		.rate_burst = PICK(1, 5, 20),
		.rate_lines = PICK(0, 0, 2, 20),
		.rate_bytes = PICK(0, 0, 0, 0, 0, 0, 300, 8192),
		.rate_address = PICK(0, 0, 0, 0, 1, 3),
		.rate_exempt = PICK(EXEMPT_NOBODY, EXEMPT_ACCOUNT),
		.flood_mute_s = PICK(0, 0, 0, 0, 0, 1, 20),
		.talks_unsaved = sim->seed % 2 == 0 && sim->store.file == NULL,
		.login_timeout_s = PICK(0, 1, 30),
		.address_connections = PICK(0, 0, 0, 6),
		.address_connects = PICK(0, 0, 0, 30),
		.command_prefix = '/',
	};
	sim->nclients = sim->options.connections_max + prng_below(&sim->prng, 8);
	sim->rooms = PICK(1, 2, 4, 9);
	sim->long_lines = PICK(0, 0, 20, 900);
}

static void load_room(void *ctx, const struct saved_room *r)
{
	chat_load_room(ctx, r);
}

static void load_fact(void *ctx, const struct saved_fact *f)
{
	chat_load_fact(ctx, f);
}

/* As the daemon does it. */
static bool make_chat(void)
{
	struct store *store = fake_writer_store(sim->writer);
	struct store_error err;

	sim->chat = chat_new(&sim->config, store == NULL ? 0 : store_last_seq(store),
	                     store == NULL ? 0 : store_last_room(store));
	return store == NULL || (store_rooms(store, load_room, sim->chat, &err) &&
	                         store_facts(store, load_fact, sim->chat, &err));
}

bool sim_begin(void)
{
	static const struct listener listener = {.fd = FAKE_LISTENER_FD, .name = "here"};

	sim_clients_begin();
	model_begin();
	sim->writer = fake_writer_new(prng_next(&sim->prng), PICK(8, 100, UNSTORED_HIGH),
	                              PICK(300, 300, 300, 8));
	sim->ring = fake_ring_new(prng_next(&sim->prng), sim->writer);
	if (sim->earlier.now_ms != 0) {
		sim->ring->now_ms = sim->ring->run_ms = sim->earlier.now_ms;
		sim->ring->nsocks = sim->earlier.nsocks;
	}
	if (sim->store.file != NULL && !fake_writer_open(sim->writer, sim->store.file, sim->store.durability,
	                                           sim->store.prunes, sim->store.lines_kept, &sim->store.problem))
		return false;
	if (sim->store.grouped) {
		fake_writer_group(sim->writer);
		writer_set_cluster(sim->writer, SIM_CLUSTER);
	}
	if (!make_chat())
		return false;
	sim->server = loop_new(&sim->options, sim->ring, sim->chat, sim->writer, &listener, 1);
	sim_limit_memory();
	return true;
}

void sim_limit_memory(void)
{
	if (PICK(0, 0, 1) == 1) {
		sim->server->conns.queues.max = PICK(20000, 200000);
		sim->server->conns.queues.high = sim->server->conns.queues.max / PICK(2, 20);
	}
	if (PICK(0, 0, 1) == 1) {
		sim->server->fanout.logs.high = PICK(0, 5000, 50000);
		sim->server->fanout.logs.max = PICK(150000, 1000000);
	}
}

/* A turn of the loop, as an act of a cluster. */
static bool turn(void)
{
	bool goes_on = loop_turn(sim->server);
	char position[POSITION_BYTES_MAX + 1];

	/* Now and then several turns are one, or one has nothing else to save. */
	if (sim->store.grouped && (!goes_on || sim->quiet || PICK(0, 1, 1) == 1)) {
		snprintf(position, sizeof position, "seq %" PRIu64 " step %" PRIu64 "%*s",
		         fake_writer_given(sim->writer), sim->step, (int)PICK(0, 0, 0, 900, 4000), "");
		writer_mark(sim->writer, position);
	}
	return goes_on;
}

void sim_turn(void)
{
	sim_clients_step();
	if (!turn())
		sim_fail("the server ends by itself");
	sim->stats.turns++;
	sim_check();
	sim->step++;
}

bool sim_rests(void)
{
	for (uint32_t i = 0; i < sim->server->conns.top; i++)
		if (sim->server->conns.slot[i].stash.data != NULL)
			return false;
	return fake_ring_rests(sim->ring) && fake_writer_rests(sim->writer) && model_rests();
}

/* Time for a look at what all have read, counted from the last that was sent: somebody's time to
 * sign in may end just now, and the others be told of it. */
static void settle(void)
{
	int64_t until_ms = sim->ring->run_ms + 2 * SWEEP_MS;
	uint64_t sent = sim->stats.bytes;

	/* At rest the clock stands still if there is nothing that is to come. */
	for (int i = 0; i < 1000 && sim->ring->run_ms < until_ms; i++) {
		sim_turn();
		if (sim->stats.bytes != sent)
			until_ms = sim->ring->run_ms + 2 * SWEEP_MS;
		sent = sim->stats.bytes;
	}
	sim_check_settled();
}

void sim_calm_down(void)
{
	sim->quiet = sim->ring->calm = true;
	fake_writer_calm(sim->writer);
	for (uint32_t i = 0; i < REST_TURNS_MAX; i++) {
		sim_turn();
		if (sim_rests()) {
			model_check_rest();
			settle();
			return;
		}
	}
	model_check_rest();
	sim_fail("does not come to rest: the ring %s, the store %s",
	         fake_ring_rests(sim->ring) ? "rests" : "does not",
	         fake_writer_rests(sim->writer) ? "rests" : "does not");
}

void sim_stop(void)
{
	int64_t begin_ms = sim->ring->run_ms;
	uint64_t stops = fault_total(FAULT_STOPPED);

	sim->quiet = true;
	loop_stop(sim->server);
	for (uint32_t i = 0; i < STOP_TURNS_MAX; i++) {
		sim_clients_step();
		if (!turn()) {
			/* A stop counts a second each time. */
			if (sim->ring->run_ms - begin_ms > STOP_MS_MAX + 1200 +
			    1000 * (int64_t)(fault_total(FAULT_STOPPED) - stops))
				sim_fail("the end takes %" PRId64 " ms", sim->ring->run_ms - begin_ms);
			return;
		}
		sim_check();
		sim->step++;
	}
	sim_fail("the server does not end");
}

void sim_end(void)
{
	sim->stats.failures += fake_writer_failures(sim->writer);
	sim->ring->ending = true;
	if (sim->server != NULL)
		loop_free(sim->server);
	if (sim->chat != NULL)
		chat_free(sim->chat);
	ring_free(sim->ring);
	fake_writer_free(sim->writer);
	sim->server = NULL;
	sim->chat = NULL;
	sim_clients_end();
	model_end();
}

static void run(uint64_t seed)
{
	uint32_t steps;
	bool calm;

	sim_reset(seed);
	sim_configure();
	sim_begin();
	steps = PICK(100, 300, 600, 1500);
	calm = PICK(0, 1, 1) == 1;
	if (fault_plan()->op > 0) {
		steps = 100;
		calm = true;
	}
	while (steps-- > 0)
		sim_turn();
	if (calm)
		sim_calm_down();
	sim_stop();
	if (calm)
		sim_check_empty();
	sim_end();
}

/* -- the program ----------------------------------------------------------------------- */

static void say_stats(const char *head)
{
	const struct sim_stats *s = &sim->stats;

	printf("# %s: %" PRIu64 " turns, %" PRIu64 " connections and %" PRIu64 " refused, %" PRIu64
	       " resets, %" PRIu64 " lines said and %" PRIu64 " times read, %" PRIu64 " MB sent\n",
	       head, s->turns, s->connections, s->refused, s->resets, s->said, s->delivered,
	       s->bytes >> 20);
	printf("# %" PRIu64 " readers skipped %" PRIu64 " lines, %" PRIu64 " store failures, %" PRIu64
	       " rooms emptied, %" PRIu64 " turns throttled, %" PRIu64 " words about waiting, %" PRIu64
	       " about floods, %" PRIu64 " marks of what was seen, %" PRIu64 " told of mentions, %" PRIu64 " lines marked, %" PRIu64
	       " rooms watched and %" PRIu64 " lines of them read, %" PRIu64 " lines with other times\n", s->skips, s->skipped, s->failures,
	       s->rooms_emptied,
	       s->throttles, s->waits, s->floods, s->marks, s->mentions, s->marked, s->watches, s->watched, s->timed);
	fault_say();
}

static int crash_one(uint64_t seed)
{
	uint32_t ends;

	sim->verbose = true;
	log_set_level(LOG_LEVEL_WARN);
	ends = sim_crash_run(seed);
	printf("# seed %" PRIu64 ", %s, ended %u times\n", seed,
	       (const char *[]){"relaxed", "commit", "sync"}[sim->store.durability], ends);
	say_stats("all lives");
	sim_crash_say();
	return EXIT_SUCCESS;
}

static int crash_many(uint64_t n)
{
	uint64_t ends = 0, seed = 0, told = 0;

	printf("1..%" PRIu64 "\n", (n + SEEDS_PER_RESULT - 1) / SEEDS_PER_RESULT);
	while (ends < n) {
		ends += sim_crash_run(++seed);
		while (told * SEEDS_PER_RESULT < n && (told + 1) * SEEDS_PER_RESULT <= ends) {
			told++;
			printf("ok %" PRIu64 " - %" PRIu64 " crashes\n", told, told * SEEDS_PER_RESULT);
			fflush(stdout);
		}
	}
	say_stats("all lives");
	sim_crash_say();
	return EXIT_SUCCESS;
}

static int run_one(uint64_t seed)
{
	char head[64];

	sim->verbose = true;
	log_set_level(LOG_LEVEL_WARN);
	run(seed);
	snprintf(head, sizeof head, "seed %" PRIu64 ", digest %016" PRIx64, seed, sim->digest);
	printf("# %u connections at most, lines of %u bytes, %u a second, %s\n",
	       sim->options.connections_max, sim->config.line_bytes_max, sim->config.rate_lines,
	       sim->options.relaxed ? "relaxed" : "commit");
	say_stats(head);
	return EXIT_SUCCESS;
}

static int run_many(uint64_t n)
{
	char head[64];

	bool all = n >= SEEDS_FOR_ALL;

	printf("1..%" PRIu64 "\n", (n + SEEDS_PER_RESULT - 1) / SEEDS_PER_RESULT + all);
	for (uint64_t seed = 1; seed <= n; seed++) {
		run(seed);
		if (seed % SEEDS_PER_RESULT != 0 && seed != n)
			continue;
		printf("ok %" PRIu64 " - seeds %" PRIu64 " to %" PRIu64 "\n",
		       (seed + SEEDS_PER_RESULT - 1) / SEEDS_PER_RESULT,
		       (seed - 1) / SEEDS_PER_RESULT * SEEDS_PER_RESULT + 1, seed);
		fflush(stdout);
	}
	snprintf(head, sizeof head, "%" PRIu64 " seeds", n);
	say_stats(head);
	if (all && fault_missing() != NULL) {
		printf("not ok - every fault has happened: none \"%s\"\n", fault_missing());
		return EXIT_FAILURE;
	}
	if (all)
		printf("ok - every fault has happened\n");
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	bool crash = argc > 1 && strcmp(argv[1], "crash") == 0, cluster = argc > 1 && strcmp(argv[1], "cluster") == 0;
	uint64_t n;
	int status;

	argc -= crash;
	argv += crash;
	setenv("TZ", "UTC", 1);
	tzset();
	log_set_level(LOG_LEVEL_ERROR);
	watch_for_death();
	sim = mem_zero(1, sizeof *sim);
	sim->token = mem_zero(SIM_TOKENS_MAX, sizeof *sim->token);
	n = argc > 1 ? strtoull(argv[argc - 1], NULL, 10) : 0;
	status = crash ? -1 : cluster ? sim_cluster_main(argc - 2, argv + 2) : sim_more(argc, argv, run);
	if (status < 0 && !cluster && (argc == 2 || (argc == 3 && strcmp(argv[1], "--seed") == 0))) {
		if (crash)
			disk_install();
		status = crash ? argc == 3 ? crash_one(n) : crash_many(n)
		               : argc == 3 ? run_one(n) : run_many(n);
		if (crash)
			disk_begin(0);
	}
	if (status < 0)
		fprintf(stderr, "usage: sim [crash] N | [crash] --seed S | cluster N [FIRST] | cluster --seed S | "
		        "--fault S | --digests N | --for SECONDS [FIRST]\n");
	free(sim->token);
	free(sim);
	sim = NULL;
	return status < 0 ? 2 : status;
}
