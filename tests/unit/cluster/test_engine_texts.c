/*
 * Texts for one node, past the stream: heard, known not to be heard, bounded, and never in the way of acts.
 */
#include "engine_help.h"

#include "chatd/cluster/engine_state.h"

/* A text that is under way when a session breaks is lost, so none breaks here because the machine is busy. */
static int texts_setup(void **state)
{
	int e = cluster_setup(state);
	a.options.lease_ms = b.options.lease_ms = c.options.lease_ms = 60000;
	return e;
}

static bool node_tell(struct chat_node *n, const char *node, const char *text, size_t bytes)
{
	bool taken = engine_tell(n->engine, node, text, bytes);
	node_wake(n);
	return taken;
}

static bool node_tell_text(struct chat_node *n, const char *node, const char *text)
{
	return node_tell(n, node, text, strlen(text));
}

static char *text_of(size_t bytes)
{
	static char text[TELL_BYTES_MAX + 2];
	memset(text, 'x', bytes);
	text[bytes] = '\0';
	return text;
}

/* -- talking ------------------------------------------------------------------------------------------ */

static void a_text_is_heard_by_its_node(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	begin(&b);
	begin(&c);
	assert_true(node_tell_text(&a, "b", "hello b"));
	until(b.texts.tolds == 1);
	assert_string_equal(b.texts.told, "hello b");
	assert_true(node_tell_text(&b, "a", "hello\r\na"));
	until(a.texts.tolds == 1);
	assert_string_equal(a.texts.told, "hello\r\na");
	assert_true(node_tell_text(&a, "a", "to myself"));
	until(a.texts.tolds == 2);
	assert_string_equal(a.texts.told, "to myself");
	assert_true(node_tell(&a, "b", text_of(TELL_BYTES_MAX), TELL_BYTES_MAX));
	until(b.texts.tolds == 2);
	assert_int_equal(strlen(b.texts.told), TELL_BYTES_MAX);
	/* In order, and nothing of it stays anywhere. */
	for (int i = 0; i < 1000; i++) {
		char text[20];
		snprintf(text, sizeof(text), "%d", i);
		assert_true(node_tell_text(&a, "b", text));
		nodes_take();
		assert_true(b.texts.tolds == 2 || atoi(b.texts.told) == (int)b.texts.tolds - 3);
	}
	until(b.texts.tolds == 1002);
	assert_string_equal(b.texts.told, "999");
	until_seen(atomic_load(&a.engine->texts.ours.n) == 0);
	assert_int_equal(atomic_load(&a.engine->texts.ours.bytes), 0);
	assert_int_equal(atomic_load(&b.engine->texts.n), 0);
	assert_int_equal(atomic_load(&b.engine->texts.bytes), 0);
	assert_int_equal(a.texts.unheards + b.texts.unheards + c.texts.unheards + c.texts.tolds, 0);
	assert_int_equal(redis_ask(&redis, "EXISTS chatd")->integer, 0);
}

static void a_text_that_nobody_hears_comes_back(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	assert_true(node_tell_text(&a, "b", "are you there"));
	until(a.texts.unheards == 1);
	assert_string_equal(a.texts.unheard, "are you there");
	begin(&b);
	assert_true(node_tell_text(&a, "b", "and now"));
	until(b.texts.tolds == 1);
	end(&b);
	assert_true(node_tell_text(&a, "b", "still"));
	until(a.texts.unheards == 2);
	assert_string_equal(a.texts.unheard, "still");
	until_seen(atomic_load(&a.engine->texts.ours.n) == 0);
}

static void what_is_no_text_is_not_taken(void **state)
{
	char name[NODE_BYTES_MAX + 2] = { 0 };
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	memset(name, 'n', NODE_BYTES_MAX + 1);
	assert_false(node_tell(&a, "b", "", 0));
	assert_false(node_tell(&a, "b", text_of(TELL_BYTES_MAX + 1), TELL_BYTES_MAX + 1));
	assert_false(node_tell(&a, "b", "x\0y", 3));
	assert_false(node_tell_text(&a, name, "x"));
	assert_false(node_tell_text(&a, "b x", "x"));
	assert_false(node_tell_text(&a, "", "x"));
	assert_int_equal(atomic_load(&a.engine->texts.ours.n), 0);
}

/* A Redis has channels for all of its databases. */
static void another_cluster_hears_nothing(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	b.options.node = "a";
	b.options.database = 1;
	strcpy(b.name, "a");
	begin(&a);
	begin(&b);
	assert_string_not_equal(a.cluster, b.cluster);
	assert_true(node_tell_text(&a, "a", "zero"));
	assert_true(node_tell_text(&b, "a", "one"));
	until(a.texts.tolds == 1 && b.texts.tolds == 1);
	assert_string_equal(a.texts.told, "zero");
	assert_string_equal(b.texts.told, "one");
}

/* -- what others may publish --------------------------------------------------------------------------- */

static void what_comes_is_hostile(void **state)
{
	static const char *const texts[] = {
		"EVAL return(redis.call('publish','chatd:to:0:a','x'..string.char(0)..'y')) 0",
		"EVAL return(redis.call('publish','chatd:to:0:a',string.rep('x',65537))) 0",
		"EVAL return(redis.call('publish','chatd:to:0:a',string.rep('x',9000000))) 0",
		"EVAL return(redis.call('publish','chatd:to:0:a','')) 0",
	};
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(redis_ask(&redis, texts[i])->integer, 1);
		assert_int_equal(redis_ask(&redis, "PUBLISH chatd:to:0:a %s", "good")->integer, 1);
		until(a.texts.tolds == i + 1);
		assert_string_equal(a.texts.told, "good");
	}
	assert_int_equal(a.aways, 0);
	/* What is too long for an answer ends the connection, and no more. */
	redis_ask(&redis, "EVAL return(redis.call('publish','chatd:to:0:a',string.rep('x',20000000))) 0");
	until(a.aways > 0 && !a.away);
	assert_int_equal(redis_ask(&redis, "PUBLISH chatd:to:0:a %s", "good")->integer, 1);
	until(a.texts.tolds == sizeof(texts) / sizeof(texts[0]) + 1);
	assert_int_equal(a.readies, 1);
}

/* A proxy's end of the connection that listens. */
struct liar {
	int inner, outer;       /* the engine's side, and Redis's */
};

static _Atomic bool mute;       /* nothing that comes over it passes */
static const char *_Atomic lie; /* comes in place of the answer to SUBSCRIBE; NULL: that comes */

static void *liar_main(void *arg)
{
	struct liar *l = arg;
	struct pollfd fds[2] = { { .fd = l->inner, .events = POLLIN }, { .fd = l->outer, .events = POLLIN } };
	bool listens = false, goes_on = true;
	char buf[4096];
	while (goes_on && poll(fds, 2, -1) > 0) {
		ssize_t n = fds[0].revents ? recv(l->inner, buf, sizeof(buf), 0) : 1;
		const char *says = NULL;
		if (fds[0].revents && n > 0 && memmem(buf, (size_t)n, "SUBSCRIBE", 9)) {
			listens = true;
			says = atomic_load(&lie);
		}
		if (fds[0].revents && n > 0 && !says)
			n = send(l->outer, buf, (size_t)n, MSG_NOSIGNAL);
		if (says)
			n = send(l->inner, says, strlen(says), MSG_NOSIGNAL);
		goes_on = n > 0;
		if (!goes_on || !fds[1].revents)
			continue;
		n = recv(l->outer, buf, sizeof(buf), 0);
		goes_on = n > 0 && ((listens && atomic_load(&mute)) || send(l->inner, buf, (size_t)n, MSG_NOSIGNAL) == n);
	}
	close(l->inner);
	close(l->outer);
	free(l);
	return NULL;
}

static int connect_liar(void *ctx, char *why, size_t bytes)
{
	int ends[2], outer = redis_connect_unix(ctx, why, bytes);
	pthread_t thread;
	if (outer < 0)
		return -1;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	struct liar *l = malloc(sizeof(*l));
	*l = (struct liar){ .inner = ends[1], .outer = outer };
	assert_int_equal(pthread_create(&thread, NULL, liar_main, l), 0);
	pthread_detach(thread);
	return ends[0];
}

#define SUBSCRIBED "*3\r\n$9\r\nsubscribe\r\n$12\r\nchatd:to:0:a\r\n:1\r\n"

static void a_subscription_is_answered_with_lies(void **state)
{
	/* What each leads to: that Redis is away, and nothing else. */
	static const char *const lies[] = {
		":1\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n", "+OK\r\n", "*3\r\n$-1\r\n$-1\r\n:1\r\n", "*3\r\n:1\r\n:1\r\n:1\r\n",
		"*3\r\n$7\r\nmessage\r\n$12\r\nchatd:to:0:a\r\n$1\r\nx\r\n", "-ERR no\r\n", "junk\r\n",
		"*2\r\n*1\r\n*0\r\n:1\r\n", "*1000000\r\n", "$1000000000\r\n",
		SUBSCRIBED "*0\r\n", SUBSCRIBED "*-1\r\n", SUBSCRIBED "-ERR no\r\n", SUBSCRIBED ":1\r\n",
		SUBSCRIBED "+PONG\r\n", SUBSCRIBED "*2\r\n$-1\r\n$-1\r\n", SUBSCRIBED "*2\r\n$4\r\npong\r\n$0\r\n\r\njunk\r\n",
		SUBSCRIBED "*3\r\n$-1\r\n$-1\r\n$-1\r\n", SUBSCRIBED "*3\r\n$8\r\nmessages\r\n$1\r\nc\r\n$1\r\nx\r\n",
		/* Texts that are none. */
		SUBSCRIBED "*3\r\n$7\r\nmessage\r\n$-1\r\n$-1\r\n*3\r\n$7\r\nmessage\r\n:1\r\n:2\r\n"
		"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n*1\r\n$1\r\nx\r\n*0\r\n",
	};
	uint32_t readies = 0;
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.connect = connect_liar;
	a.options.lease_ms = 6000;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		atomic_store(&lie, lies[i]);
		node_start(&a);
		until(a.away || a.fatal[0]);
		assert_string_equal(a.fatal, "");
		atomic_store(&lie, NULL);
		until(!a.away && a.caught_up);
		node_tell_text(&a, "a", "true");
		until(a.texts.tolds == i + 1);
		assert_string_equal(a.texts.told, "true");
		readies += a.readies;
		end(&a);
	}
	assert_int_equal(readies, sizeof(lies) / sizeof(lies[0]));
}

/* -- what breaks ---------------------------------------------------------------------------------------- */

static void without_redis_nobody_hears(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	begin(&b);
	redis_kill(&redis);
	until(a.away && b.away);
	for (uint32_t i = 1; i <= 100; i++) {
		assert_true(node_tell_text(&a, "b", "are you there"));
		until(a.texts.unheards == i);
	}
	redis_start(&redis, NULL);
	until(!a.away && !b.away);
	assert_true(node_tell_text(&a, "b", "now"));
	until(b.texts.tolds == 1);
	assert_string_equal(b.texts.told, "now");
	assert_int_equal(a.texts.unheards, 100);
}

static void a_subscription_that_breaks_is_made_again(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	begin(&b);
	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(redis_ask(&redis, "CLIENT KILL TYPE pubsub")->integer, 2);
		until(a.aways == i && b.aways == i && !a.away && !b.away);
		assert_true(node_tell_text(&a, "b", "again"));
		until(b.texts.tolds == i);
	}
	assert_int_equal(a.readies + b.readies, 2);
	node_say(&a, 10, 10);
	until(b.acts == 10);
}

/* One that is there and brings nothing. */
static void a_subscription_that_is_silent_is_made_again(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.connect = connect_liar;
	a.options.lease_ms = 3000;
	begin(&a);
	atomic_store(&mute, true);
	until(a.away);
	assert_string_equal(a.away_why, "Redis does not answer.");
	until_seen(redis_ask(&redis, "PUBSUB NUMSUB chatd:to:0:a")->element[1]->integer == 0);
	atomic_store(&mute, false);
	until(!a.away);
	assert_true(node_tell_text(&a, "a", "again"));
	until(a.texts.tolds == 1);
	assert_int_equal(a.texts.unheards, 0);
}

/* -- bounds ---------------------------------------------------------------------------------------------- */

static void what_waits_to_be_heard_is_bounded(void **state)
{
	uint32_t n = 0;
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	begin(&b);
	kill(redis.pid, SIGSTOP);
	while (node_tell_text(&a, "b", "x"))
		n++;
	assert_int_equal(n, TELLS_MAX);
	kill(redis.pid, SIGCONT);
	until(b.texts.tolds == n);
	until_seen(node_tell_text(&a, "b", "y"));
	until(b.texts.tolds == n + 1);
	/* By bytes, too. */
	kill(redis.pid, SIGSTOP);
	uint32_t before = n + 1;
	for (n = 0; node_tell(&a, "b", text_of(TELL_BYTES_MAX), TELL_BYTES_MAX); n++) {
	}
	assert_int_equal(n, TELLS_BYTES_MAX / (TELL_BYTES_MAX + sizeof("") + sizeof("b")));
	kill(redis.pid, SIGCONT);
	until(b.texts.tolds == before + n);
	/* What comes back counts until it is taken. */
	a.texts.deaf = true;
	until_seen(atomic_load(&a.engine->texts.ours.n) == 0);
	for (n = 0; node_tell_text(&a, "c", "x"); n++) {
	}
	assert_true(n >= TELLS_MAX);
	until_seen(atomic_load(&a.engine->texts.ours.n) == TELLS_MAX);
	a.texts.deaf = false;
	until(a.texts.unheards == n);
	assert_true(node_tell_text(&a, "b", "z"));
}

static void what_waits_for_the_loop_is_bounded(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	a.texts.deaf = true;
	redis_ask(&redis, "EVAL %s 0 %d %d", "for i = 1, ARGV[1] do redis.call('publish', 'chatd:to:0:a', "
	          "string.rep('x', ARGV[2])) end", TELLS_WAITING_MAX + 10, 1);
	until_seen(atomic_load(&a.engine->texts.n) == TELLS_WAITING_MAX);
	/* Everything up to there was read, and acts go on. */
	node_say(&a, 1, 1);
	until(a.acts == 1);
	a.texts.deaf = false;
	until(a.texts.tolds == TELLS_WAITING_MAX);
	redis_ask(&redis, "PUBLISH chatd:to:0:a last");
	until(strcmp(a.texts.told, "last") == 0);
	assert_in_range(a.texts.tolds, TELLS_WAITING_MAX + 1, TELLS_WAITING_MAX + 11);
	a.texts.deaf = true;
	redis_ask(&redis, "EVAL %s 0 %d %d", "for i = 1, ARGV[1] do redis.call('publish', 'chatd:to:0:a', "
	          "string.rep('x', ARGV[2])) end", 2 * TELLS_WAITING_BYTES_MAX / TELL_BYTES_MAX, TELL_BYTES_MAX);
	until_seen(atomic_load(&a.engine->texts.bytes) > TELLS_WAITING_BYTES_MAX - TELL_BYTES_MAX - 1);
	assert_true(atomic_load(&a.engine->texts.bytes) <= TELLS_WAITING_BYTES_MAX);
}

/* -- acts come first ------------------------------------------------------------------------------------ */

static _Atomic int published;   /* texts that have passed before the act; -1: nothing is counted */
static _Atomic bool appended;   /* it has passed */

/* Counts commands on their way, of whatever connection. */
static void count(const char *p, size_t n)
{
	const char *end = p + n, *at;
	for (; (at = memmem(p, (size_t)(end - p), "$4\r\nXADD", 8)) == NULL || at > p; ) {
		const char *next = memmem(p, (size_t)(end - p), "$7\r\nPUBLISH", 11);
		if (at && (!next || at < next))
			break;
		if (!next)
			return;
		if (!atomic_load(&appended))
			atomic_fetch_add(&published, 1);
		p = next + 11;
	}
	atomic_store(&appended, true);
}

static void *counter_main(void *arg)
{
	struct liar *l = arg;
	struct pollfd fds[2] = { { .fd = l->inner, .events = POLLIN }, { .fd = l->outer, .events = POLLIN } };
	static char buf[2][1 << 20];
	bool goes_on = true;
	while (goes_on && poll(fds, 2, -1) > 0) {
		for (int i = 0; i < 2 && goes_on; i++) {
			if (!fds[i].revents)
				continue;
			ssize_t n = recv(fds[i].fd, buf[i], sizeof(buf[i]), 0);
			if (n > 0 && i == 0)
				count(buf[i], (size_t)n);
			goes_on = n > 0 && send(fds[1 - i].fd, buf[i], (size_t)n, MSG_NOSIGNAL) == n;
		}
	}
	close(l->inner);
	close(l->outer);
	free(l);
	return NULL;
}

/* The first connection, which is the one that writes, is counted. */
static int connect_counted(void *ctx, char *why, size_t bytes)
{
	int ends[2], outer = redis_connect_unix(ctx, why, bytes);
	pthread_t thread;
	static bool counts;
	if (counts || outer < 0)
		return outer;
	counts = true;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	struct liar *l = malloc(sizeof(*l));
	*l = (struct liar){ .inner = ends[1], .outer = outer };
	assert_int_equal(pthread_create(&thread, NULL, counter_main, l), 0);
	pthread_detach(thread);
	return ends[0];
}

static void texts_do_not_delay_acts(void **state)
{
	enum { MANY = 3000 };
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.connect = connect_counted;
	begin(&a);
	begin(&b);
	atomic_store(&published, 0);
	for (int i = 0; i < MANY; i++)
		assert_true(engine_tell(a.engine, "b", "text", 4));
	node_say(&a, 1, 1);
	until(a.acts == 1 && b.texts.tolds == MANY);
	assert_true(atomic_load(&appended));
	assert_in_range(atomic_load(&published), 0, TELLS_BATCH_MAX);
}

/* -- who may ---------------------------------------------------------------------------------------------- */

static void channels_must_be_allowed(void **state)
{
	static const char *const less[] = { "resetchannels", "-publish", "-subscribe" };
	char rules[800];
	(void)state;
	needs_redis();
	redis_start(&redis, "--requirepass", "sesame", NULL);
	strcpy(redis.password, "sesame");
	a.options.user = "chatd";
	a.options.password = "open";
	for (size_t i = 0; i < sizeof(less) / sizeof(less[0]); i++) {
		snprintf(rules, sizeof(rules), "ACL SETUSER chatd reset on >open " KEYS_RULES " %s", "chatd", "chatd",
		         "chatd", less[i]);
		assert_int_equal(redis_ask(&redis, rules)->type, REDIS_REPLY_STATUS);
		node_start(&a);
		until(a.fatal[0]);
		same_text(a.fatal, "Redis does not allow what chatd needs");
		same_text(a.fatal, "&chatd:to:*");
		same_text(a.fatal, "+publish +subscribe");
		node_stop(&a);
		/* It has had a lease already; the next one need not wait for its end. */
		redis_ask(&redis, "DEL chatd:lease:a");
	}
	snprintf(rules, sizeof(rules), "ACL SETUSER chatd reset on >open " KEYS_RULES, "chatd", "chatd", "chatd");
	redis_ask(&redis, rules);
	begin(&a);
	assert_true(node_tell_text(&a, "a", "heard"));
	assert_true(node_tell_text(&a, "b", "not heard"));
	until(a.texts.tolds == 1 && a.texts.unheards == 1);
	assert_int_equal(a.aways, 0);
}

int main(void)
{
#define with_redis(test) cmocka_unit_test_setup_teardown(test, texts_setup, cluster_teardown)
	const struct CMUnitTest tests[] = {
		with_redis(a_text_is_heard_by_its_node),
		with_redis(a_text_that_nobody_hears_comes_back),
		with_redis(what_is_no_text_is_not_taken),
		with_redis(another_cluster_hears_nothing),
		with_redis(what_comes_is_hostile),
		with_redis(a_subscription_is_answered_with_lies),
		with_redis(without_redis_nobody_hears),
		with_redis(a_subscription_that_breaks_is_made_again),
		with_redis(a_subscription_that_is_silent_is_made_again),
		with_redis(what_waits_to_be_heard_is_bounded),
		with_redis(what_waits_for_the_loop_is_bounded),
		with_redis(texts_do_not_delay_acts),
		with_redis(channels_must_be_allowed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
