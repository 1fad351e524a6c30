/*
 * Several engines over a real Redis: one order, whatever breaks.
 */
#include "engine_help.h"

#include "chatd/cluster/engine_state.h"
#include "prng.h"

/* -- talking ------------------------------------------------------------------------------------------ */

static void all_read_one_order(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	b.options.connect = redis_connect_tcp;
	begin(&a);
	begin(&b);
	assert_string_equal(a.cluster, b.cluster);
	assert_int_equal(a.incarnation, 1);
	for (int i = 0; i < 200; i++) {
		assert_true(node_say(&a, 10, 20));
		assert_true(node_say(&b, 10, 20));
		nodes_take();
	}
	until(a.acts == 4000 && b.acts == 4000);
	same_history(&a, &b);
	assert_int_equal(a.repeats, 0);
	begin(&c);
	until(c.acts == 4000);
	same_history(&a, &c);
	assert_int_equal(redis_ask(&redis, "XLEN chatd")->integer, 4000);
}

static void a_node_reads_on(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	begin(&b);
	node_say(&a, 100, 10);
	until(b.acts == 100);
	end(&b);
	node_say(&a, 700, 10);
	begin(&b);
	assert_int_equal(b.incarnation, 2);
	until(b.acts == 800 && a.acts == 800);
	assert_int_equal(b.repeats, 0);
	same_history(&a, &b);
}

static long long reads_asked(void)
{
	const char *stat = strstr(redis_ask(&redis, "INFO commandstats")->str, "cmdstat_xread:calls=");
	return stat ? atoll(stat + sizeof("cmdstat_xread:calls=") - 1) : 0;
}

/* Of many who talk at the same time, what is said within some milliseconds comes in one answer. */
static void talk_at_one_time_is_read_together(void **state)
{
	enum { TIMES = 400, EACH = 8 };
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.anything = true;
	begin(&a);
	long long reads = reads_asked();
	int64_t begun = clock_ms(CLOCK_MONOTONIC);
	for (int i = 0; i < TIMES; i++)
		redis_ask(&redis, "EVAL %s 0 %d", "for i = 1, ARGV[1] do redis.call('xadd', 'chatd', '*', 'a', 'b 1 1 L') end",
		          EACH);
	until(a.acts == TIMES * EACH);
	assert_true(reads_asked() - reads <= (clock_ms(CLOCK_MONOTONIC) - begun) / 4 + 20);
}

/* While a node waits for more to come together, what it has not read may be taken out of the stream. */
static void what_is_trimmed_between_two_answers(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.anything = true;
	begin(&a);
	for (uint64_t acts = 9; !a.fatal[0]; acts += 9) {
		redis_ask(&redis, "EVAL %s 0", "for i = 1, 8 do redis.call('xadd', 'chatd', '*', 'a', 'b 1 1 L') end");
		until(a.acts == acts - 1);
		/* On a slow host it may have read this one before the next command. */
		redis_ask(&redis, "XADD chatd * a %s", "b 1 1 L");
		redis_ask(&redis, "XTRIM chatd MAXLEN 0");
		until(a.fatal[0] || a.acts == acts);
	}
	same_text(a.fatal, "what lies between is gone from Redis");
}

/* -- what breaks ------------------------------------------------------------------------------------- */

/* A proxy's end of a connection: after so many bytes in one of the directions it is cut. */
struct cut {
	int inner, outer;       /* the engine's side, and Redis's */
	uint32_t up, down;      /* bytes that still pass */
	bool appends, reads;    /* it has passed a command that does */
	redisContext *raw;      /* of the proxy's own; NULL: none */
};

static struct prng prng;
static _Atomic uint32_t cuts;
static _Atomic bool cutting;
static _Atomic uint32_t turns;  /* pieces of commands that append, after each of which Redis's memory is too
                                 * short, and enough, in turn */
static _Atomic bool deaf;       /* what is read from the stream does not come */
static _Atomic uint32_t losing; /* answers to commands that append, with which the connection is cut */

/* Between two pieces of a batch. The last turn leaves enough. */
static void memory_turn(struct cut *cut)
{
	uint32_t n = atomic_load(&turns);
	if (n == 0)
		return;
	if (!cut->raw)
		cut->raw = redisConnectUnix(redis.socket);
	freeReplyObject(redisCommand(cut->raw, "CONFIG SET maxmemory %d", (n - 1) & 1));
	atomic_store(&turns, n - 1);
}

/* Passes on what has come. False: it is over. */
static bool pass(struct cut *cut, int from, int to, uint32_t *left)
{
	char buf[700];
	ssize_t n = recv(from, buf, *left < sizeof(buf) ? *left : sizeof(buf), 0);
	if (n > 0 && from == cut->inner)
		cut->appends |= memmem(buf, (size_t)n, "XADD", 4) != NULL;
	if (n > 0 && from == cut->inner)
		cut->reads |= memmem(buf, (size_t)n, "XREAD", 5) != NULL;
	if (n > 0 && from == cut->outer && cut->reads && atomic_load(&deaf))
		return true;
	if (n > 0 && from == cut->outer && cut->appends && atomic_load(&losing) > 0) {
		atomic_fetch_sub(&losing, 1);
		return false;
	}
	if (n <= 0 || send(to, buf, (size_t)n, MSG_NOSIGNAL) != n)
		return false;
	if (from == cut->inner && cut->appends)
		memory_turn(cut);
	*left -= atomic_load(&cutting) ? (uint32_t)n : 0;
	return *left > 0;
}

static void *cut_main(void *arg)
{
	struct cut *cut = arg;
	struct pollfd fds[2] = { { .fd = cut->inner, .events = POLLIN }, { .fd = cut->outer, .events = POLLIN } };
	bool goes_on = true;
	while (goes_on && poll(fds, 2, -1) > 0) {
		if (fds[0].revents)
			goes_on = pass(cut, cut->inner, cut->outer, &cut->up);
		if (goes_on && fds[1].revents)
			goes_on = pass(cut, cut->outer, cut->inner, &cut->down);
	}
	atomic_fetch_add(&cuts, 1);
	close(cut->inner);
	close(cut->outer);
	if (cut->raw)
		redisFree(cut->raw);
	free(cut);
	return NULL;
}

static int connect_cut(void *ctx, char *why, size_t bytes)
{
	int ends[2], outer = redis_connect_unix(ctx, why, bytes);
	pthread_t thread;
	if (outer < 0)
		return -1;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	struct cut *cut = malloc(sizeof(*cut));
	*cut = (struct cut){ .inner = ends[1], .outer = outer, .up = prng_range(&prng, 1000, 90000),
	                     .down = prng_range(&prng, 2500, 90000) };
	assert_int_equal(pthread_create(&thread, NULL, cut_main, cut), 0);
	pthread_detach(thread);
	return ends[0];
}

/* Proposes `times` acts on both, some at a time, as fast as they are taken. */
static void talk(uint32_t times)
{
	for (uint32_t i = 0; i < times; i += 100) {
		while (atomic_load(&a.engine->proposed.n) > 2000 || atomic_load(&b.engine->proposed.n) > 2000) {
			nodes_sleep();
			nodes_take();
		}
		assert_true(node_say(&a, 100, 30));
		assert_true(node_say(&b, 100, 30));
		nodes_take();
	}
}

/* In the same order, each once, though connections are cut between any two bytes. */
static void cut_connections_lose_nothing(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	prng.state = 1;
	atomic_store(&cuts, 0);
	atomic_store(&cutting, true);
	a.options.connect = connect_cut;
	a.options.lease_ms = b.options.lease_ms = 20000;
	begin(&a);
	begin(&b);
	talk(3000);
	until(number_of(&a, &b) == 3000 && number_of(&b, &b) == 3000);
	atomic_store(&cutting, false);
	until(number_of(&a, &a) == 3000 && number_of(&b, &a) == 3000);
	same_history(&a, &b);
	assert_int_equal(a.acts, 6000);
	assert_true(atomic_load(&cuts) > 10);
	assert_true(a.aways > 3);
	assert_int_equal(a.readies, 1);
	until(!a.away);
	end(&a);
}

/* What Redis has taken is sent again, and stands in the stream twice. */
static void lost_answers_are_sent_again(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.connect = connect_cut;
	begin(&a);
	atomic_store(&losing, 3);
	node_say(&a, 1, 30);
	until_seen(atomic_load(&losing) < 3);
	node_say(&a, 104, 30);
	until(a.acts == 105 && atomic_load(&losing) == 0);
	node_say(&a, 1, 30);
	until(a.acts == 106);
	assert_true(a.repeats >= 1); /* the first was alone, so Redis had taken it */
	assert_int_equal(redis_ask(&redis, "XLEN chatd")->integer, 106 + a.repeats);
	end(&a);
}

/* Redis has answered, and loses what nobody has read. */
static void an_answer_is_not_enough(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.connect = connect_cut;
	a.options.lease_ms = 20000;
	begin(&a);
	node_say(&a, 10, 30);
	until(a.acts == 10);
	shell("cp -r %s/appendonlydir %s/older", redis.folder, redis.folder);
	atomic_store(&deaf, true);
	node_say(&a, 10, 30);
	until_seen(redis_ask(&redis, "XLEN chatd")->integer == 20);
	assert_int_equal(a.acts, 10);
	uint32_t before = atomic_load(&cuts);
	redis_kill(&redis);
	until_seen(atomic_load(&cuts) == before + 3); /* what was on its way then is gone */
	atomic_store(&deaf, false);
	shell("rm -rf %s/appendonlydir && mv %s/older %s/appendonlydir", redis.folder, redis.folder, redis.folder);
	redis_start(&redis, NULL);
	node_say(&a, 10, 30);
	until(a.acts == 30);
	assert_int_equal(a.repeats, 0);
	until_seen(atomic_load(&a.engine->proposed.n) == 0);
}

static void killed_clients_lose_nothing(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.lease_ms = b.options.lease_ms = 20000;
	begin(&a);
	begin(&b);
	for (int i = 0; i < 20; i++) {
		uint32_t backs = a.backs;
		assert_true(node_say(&a, 500, 30));
		assert_true(node_say(&b, 500, 30));
		redis_ask(&redis, "CLIENT KILL TYPE normal SKIPME yes");
		until(a.backs > backs || number_of(&b, &a) >= (uint64_t)i * 500);
	}
	until(number_of(&a, &a) == 10000 && number_of(&b, &a) == 10000 && number_of(&a, &b) == 10000 &&
	      number_of(&b, &b) == 10000);
	same_history(&a, &b);
	assert_true(a.aways + b.aways > 5);
}

/* kill -9 while acts are under way, and a start with what its file has. */
static void a_killed_redis_loses_nothing_that_was_read(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.lease_ms = b.options.lease_ms = 20000;
	begin(&a);
	begin(&b);
	for (int i = 1; i <= 4; i++) {
		assert_true(node_say(&a, 1000, 30));
		assert_true(node_say(&b, 1000, 30));
		until(a.acts > (uint64_t)(2000 * i - 1500));
		redis_kill(&redis);
		until(a.away && b.away);
		same_text(a.away_why, "Redis cannot be reached: ");
		redis_start(&redis, NULL);
		until(!a.away && !b.away);
	}
	until(a.acts == 8000 && b.acts == 8000);
	same_history(&a, &b);
	assert_int_equal(a.readies, 1);
	begin(&c);
	until(c.acts == 8000);
	same_history(&a, &c);
}

/* An error that hits some of a batch holds back all that follow. */
static void an_error_amid_a_batch(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.connect = connect_cut;
	a.options.lease_ms = b.options.lease_ms = 20000;
	begin(&a);
	begin(&b);
	atomic_store(&turns, 20);
	assert_true(node_say(&a, 400, 30));
	until(a.acts == 400 && b.acts == 400);
	assert_int_equal(atomic_load(&turns), 0);
	same_history(&a, &b);
	assert_int_equal(a.repeats, 0);
	assert_true(a.aways > 0);
	same_text(a.away_why, "Redis is out of memory");
}

/* An error that hits single commands holds back all that follow. */
static void errors_keep_the_order(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.lease_ms = b.options.lease_ms = 20000;
	begin(&a);
	begin(&b);
	for (int i = 1; i <= 3; i++) {
		redis_ask(&redis, "CONFIG SET maxmemory 1");
		assert_true(node_say(&a, 1500, 30));
		until(a.away);
		same_text(a.away_why, "Redis is out of memory: raise its maxmemory.");
		redis_ask(&redis, "CONFIG SET maxmemory 0");
		until(!a.away && b.acts == 1500ul * (uint64_t)i);
	}
	/* While acts are under way, so that it hits some of a batch. */
	for (int i = 0; i < 40; i++) {
		assert_true(node_say(&a, 200, 30));
		nodes_take();
		redis_ask(&redis, "CONFIG SET maxmemory 1");
		redis_ask(&redis, "CONFIG SET maxmemory 0");
	}
	until(a.acts == 12500 && b.acts == 12500);
	redis_ask(&redis, "REPLICAOF 127.0.0.1 1");
	assert_true(node_say(&a, 1, 30));
	until(strstr(a.away_why, "read-only replica"));
	redis_ask(&redis, "REPLICAOF NO ONE");
	until(b.acts == 12501);
	assert_int_equal(a.readies, 1);
}

/* -- leases --------------------------------------------------------------------------------------------- */

static void a_lease_that_ends_ends_the_incarnation(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.lease_ms = b.options.lease_ms = 3000;
	begin(&a);
	begin(&b);
	node_say(&a, 10, 10);
	until(b.acts == 10);
	kill(redis.pid, SIGSTOP);
	node_say(&a, 5, 10);
	until(a.losts == 1 && b.losts == 1);
	assert_int_equal(a.lost, 1);
	assert_true(a.away);
	/* Of an incarnation that is over, so these are dropped. */
	assert_true(engine_propose(a.engine, 1, "a 1 16 L", 8));
	node_wake(&a);
	kill(redis.pid, SIGCONT);
	until(a.incarnation == 2 && b.incarnation == 2 && !a.away && !b.away);
	node_say(&a, 10, 10);
	until(number_of(&b, &a) == 10 && peer_of(&b, "a")->incarnation == 2);
	until(a.acts == b.acts);
	same_history(&a, &b);
	redisReply *r = redis_ask(&redis, "XRANGE chatd - +");
	for (size_t i = 0; i < r->elements; i++)
		assert_string_not_equal(r->element[i]->element[1]->element[1]->str, "a 1 16 L");
}

static int gate[2] = { -1, -1 };
static _Atomic bool waits;

/* Waits for the gate, as for a host that does not answer. */
static int connect_late(void *ctx, char *why, size_t bytes)
{
	char byte;
	if (atomic_load(&waits) && read(gate[0], &byte, 1) != 1)
		return -1;
	return redis_connect_unix(ctx, why, bytes);
}

/* Also while somebody waits for a connection to be made. */
static void a_lease_ends_in_time(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	assert_return_code(pipe(gate), errno);
	a.options.lease_ms = 3000;
	a.options.connect = connect_late;
	begin(&a);
	atomic_store(&waits, true);
	redis_kill(&redis);
	until(a.losts == 1);
	assert_int_equal(a.readies, 1);
	redis_start(&redis, NULL);
	atomic_store(&waits, false);
	assert_int_equal(write(gate[1], "x", 1), 1);
	until(a.readies == 2 && !a.away);
	/* A stop waits for no more than that, either. */
	atomic_store(&waits, true);
	redis_kill(&redis);
	until(a.away);
	close(gate[1]);
	assert_int_equal(node_stop(&a), 0);
	close(gate[0]);
}

static void others_hear_of_a_lease_that_is_over(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.lease_ms = b.options.lease_ms = c.options.lease_ms = 2000;
	begin(&a);
	begin(&b);
	/* Given back at once by one that stops, */
	end(&b);
	until(a.overs == 1);
	assert_string_equal(a.over.node, "b");
	assert_int_equal(a.over.incarnation, 1);
	/* which one that has just come says in a while: the other may be on its way back; */
	begin(&c);
	until(c.overs == 1);
	begin(&b);
	/* and over by itself if one is cut off. */
	redis_ask(&redis, "SET chatd:lease:b 2 PX 1");
	until(a.overs == 2);
	assert_string_equal(a.over.node, "b");
	assert_int_equal(a.over.incarnation, 2);
	until(b.losts == 1 && b.incarnation == 3);
}

static void a_node_waits_for_the_lease_of_its_last_run(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.lease_ms = 10000;
	redis_ask(&redis, "SET chatd:lease:a 7 PX 10000");
	redis_ask(&redis, "HSET chatd:incarnation a 7");
	node_start(&a);
	until(a.away);
	same_text(a.away_why, "waiting for the end of that lease");
	redis_ask(&redis, "DEL chatd:lease:a");
	until(a.readies == 1 && !a.away);
	assert_int_equal(a.incarnation, 8);
}

static void a_name_is_used_once(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	node_new(&b, "a", &redis);
	node_start(&b);
	until(b.fatal[0]);
	same_text(b.fatal, "with the name a is already running");
	assert_int_equal(b.readies, 0);
	node_say(&a, 1, 1);
	until(a.acts == 1);
	assert_int_equal(a.readies, 1);
	assert_int_equal(a.losts, 0);
}

/* Started at the same time: one of them is it. */
static void a_name_is_taken_once(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	b.options.node = "a";
	strcpy(b.name, "a");
	a.options.lease_ms = b.options.lease_ms = 3000;
	node_start(&a);
	node_start(&b);
	until((a.readies == 1 && b.fatal[0]) || (b.readies == 1 && a.fatal[0]));
	struct chat_node *winner = a.readies == 1 ? &a : &b, *loser = winner == &a ? &b : &a;
	same_text(loser->fatal, "with the name a is already running in this cluster: each node needs a name of its own");
	assert_int_equal(loser->readies, 0);
	assert_int_equal(winner->incarnation, 1);
	node_say(winner, 1, 1);
	until(winner->acts == 1);
	assert_string_equal(winner->fatal, "");
	assert_int_equal(winner->losts, 0);
}

/* -- bounds ---------------------------------------------------------------------------------------------- */

static void what_waits_for_the_loop_is_bounded(void **state)
{
	enum { MANY = 1600, LONG = ACT_BYTES_MAX - 40 };
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	begin(&b);
	b.holds = true;
	for (int i = 0; i < MANY; i += 100) {
		assert_true(node_say(&a, 100, LONG));
		until(a.acts == (uint64_t)i + 100);
	}
	until_seen(atomic_load(&b.engine->waiting.paused));
	assert_true(atomic_load(&b.engine->waiting.bytes) <= ACTS_WAITING_BYTES_MAX);
	assert_true(atomic_load(&b.engine->waiting.bytes) > ACTS_WAITING_BYTES_MAX / 2);
	b.holds = false;
	until(b.acts == MANY);
	same_history(&a, &b);
	/* By number, too. */
	b.holds = true;
	for (int i = 1; i <= 4; i++) {
		assert_true(node_say(&a, 5000, 1));
		until(a.acts == MANY + 5000ul * (uint64_t)i);
	}
	until_seen(atomic_load(&b.engine->waiting.paused));
	assert_true(atomic_load(&b.engine->waiting.acts) <= ACTS_WAITING_MAX);
	assert_true(atomic_load(&b.engine->waiting.acts) > ACTS_WAITING_MAX / 2);
	b.holds = false;
	until(b.acts == a.acts);
	same_history(&a, &b);
}

/* Other news, too: whose lease is over, of nodes that begin again and again. */
static void news_for_the_loop_is_bounded(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.lease_ms = 300;
	begin(&a);
	a.holds = true;
	for (int i = 1; atomic_load(&a.engine->waiting.news) < ENGINE_NEWS_MAX; i++) {
		redis_ask(&redis, "EVAL %s 0 %d", "for i = 1, 60 do redis.call('hset', 'chatd:incarnation', 'n'..i, ARGV[1]) end", i);
		poll(NULL, 0, 2);
	}
	/* It lets its lease end, and does not come again. */
	until_seen(redis_ask(&redis, "EXISTS chatd:lease:a")->integer == 0);
	until_seen(redis_ask(&redis, "PUBSUB NUMSUB chatd:to:0:a")->element[1]->integer == 0);
	assert_true(atomic_load(&a.engine->waiting.news) <= ENGINE_NEWS_MAX + 2 * NODES_MAX);
	a.holds = false;
	until(a.away);
	same_text(a.away_why, "no news for long");
	until(!a.away && a.readies >= 2 && a.incarnation > 0);
	assert_true(a.losts >= 1);
	until(atomic_load(&a.engine->waiting.news) == 0);
}

static void what_is_proposed_is_bounded(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.lease_ms = 20000;
	begin(&a);
	redis_kill(&redis);
	until(a.away);
	while (node_say(&a, 1, 10)) {
	}
	assert_int_equal(a.number, PROPOSALS_MAX);
	assert_false(engine_propose(a.engine, 1, "a", 1));
	redis_start(&redis, NULL);
	until(a.acts == PROPOSALS_MAX);
	assert_true(node_say(&a, 1, 10));
	until(a.acts == PROPOSALS_MAX + 1);
	assert_true(node_say(&a, 1000, ACT_BYTES_MAX - 40));
	assert_int_equal(node_stop(&a), 0);
	assert_int_equal(redis_ask(&redis, "XLEN chatd")->integer, PROPOSALS_MAX + 1001);
	/* By bytes, too. */
	redis_kill(&redis);
	node_start(&a);
	uint64_t n = 0;
	static char text[ACT_BYTES_MAX];
	memset(text, 'x', sizeof(text));
	while (engine_propose(a.engine, 1, text, sizeof(text)))
		n++;
	assert_int_equal(n, PROPOSALS_BYTES_MAX / ACT_BYTES_MAX);
	node_stop(&a);
}

/* -- trimming --------------------------------------------------------------------------------------------- */

/* n entries of two days ago, as if a node named old had appended them. Returns the ms of their ids; the
 * rest counts from 1. */
static int64_t stream_of_old(int n)
{
	int64_t ms = clock_ms(CLOCK_REALTIME) - 2 * DAY_MS;
	redis_ask(&redis, "EVAL %s 0 %lld %d", "for i = 1, ARGV[2] do redis.call('xadd', 'chatd', ARGV[1]..'-'..i, 'a', "
	          "'old 1 1 L') end", (long long)ms, n);
	redis_ask(&redis, "SET chatd:id 0123456789abcdef0123456789abcdef");
	return ms;
}

static void what_all_have_read_is_trimmed(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	char id[64];
	/* b has read about half of it, and is down. */
	snprintf(id, sizeof(id), "%" PRId64 "-550", stream_of_old(1000));
	redis_ask(&redis, "HSET chatd:at b %s", id);
	redis_ask(&redis, "HSET chatd:incarnation b 1");
	a.options.lease_ms = b.options.lease_ms = 300;
	a.anything = b.anything = true;
	begin(&a);
	until(a.acts == 1000);
	node_say(&a, 1, 1);
	until(a.acts == 1001);
	until_seen(redis_ask(&redis, "XLEN chatd")->integer <= 600);
	assert_int_equal(redis_ask(&redis, "XRANGE chatd %s %s", id, id)->elements, 1);
	strcpy(b.position, id);
	strcpy(b.cluster, a.cluster);
	begin(&b);
	until(b.acts == 451);
	until_seen(redis_ask(&redis, "XLEN chatd")->integer <= 101);
	assert_true(redis_ask(&redis, "XLEN chatd")->integer > 0);
}

int main(void)
{
#define with_redis(test) cmocka_unit_test_setup_teardown(test, cluster_setup, cluster_teardown)
	const struct CMUnitTest tests[] = {
		with_redis(all_read_one_order),
		with_redis(a_node_reads_on),
		with_redis(talk_at_one_time_is_read_together),
		with_redis(what_is_trimmed_between_two_answers),
		with_redis(cut_connections_lose_nothing),
		with_redis(lost_answers_are_sent_again),
		with_redis(an_answer_is_not_enough),
		with_redis(killed_clients_lose_nothing),
		with_redis(a_killed_redis_loses_nothing_that_was_read),
		with_redis(an_error_amid_a_batch),
		with_redis(errors_keep_the_order),
		with_redis(a_lease_that_ends_ends_the_incarnation),
		with_redis(a_lease_ends_in_time),
		with_redis(others_hear_of_a_lease_that_is_over),
		with_redis(a_node_waits_for_the_lease_of_its_last_run),
		with_redis(a_name_is_used_once),
		with_redis(a_name_is_taken_once),
		with_redis(what_waits_for_the_loop_is_bounded),
		with_redis(news_for_the_loop_is_bounded),
		with_redis(what_is_proposed_is_bounded),
		with_redis(what_all_have_read_is_trimmed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
