/*
 * What was deleted leaves the stream, as soon as no node needs it.
 */
#include "engine_help.h"

#include "chatd/cluster/engine_state.h"

#define SECRET "sesame-open-sesame"

/* Leases are short, so that it is looked at often. */
static int forget_setup(void **state)
{
	int e = cluster_setup(state);
	a.options.lease_ms = b.options.lease_ms = c.options.lease_ms = 1000;
	a.options.sync = b.options.sync = c.options.sync = true;
	a.anything = b.anything = c.anything = true;
	return e;
}

/* Proposes an act with a text. */
static void node_say_text(struct chat_node *n, const char *text)
{
	uint64_t acts = n->acts;
	assert_true(engine_propose(n->engine, n->incarnation, text, strlen(text)));
	node_wake(n);
	until(n->acts > acts);
}

static void say(struct chat_node *n, uint32_t times)
{
	uint64_t acts = n->acts;
	assert_true(node_say(n, times, 10));
	until(n->acts >= acts + times); /* or more, if it had others to read */
}

/* The id of the stream's first entry. */
static const char *first_id(void)
{
	redisReply *r = redis_ask(&redis, "XRANGE chatd - + COUNT 1");
	return r->elements == 1 ? r->element[0]->element[0]->str : "";
}

/* A value that a key has in Redis's memory has the secret in it, as it would be written to its file. */
static bool memory_has_secret(void)
{
	const redisReply *r = redis_ask(&redis, "DUMP chatd");
	assert_int_equal(r->type, REDIS_REPLY_STRING);
	return memmem(r->str, r->len, SECRET, strlen(SECRET)) != NULL;
}

static bool file_has_secret(void)
{
	char command[300];
	snprintf(command, sizeof(command), "grep -rqa %s %s/appendonlydir", SECRET, redis.folder);
	return system(command) == 0;
}

static bool stream_has_secret(void)
{
	const redisReply *r = redis_ask(&redis, "XRANGE chatd - +");
	for (size_t i = 0; i < r->elements; i++)
		if (strstr(r->element[i]->element[1]->element[1]->str, SECRET))
			return true;
	return false;
}

static void what_was_deleted_leaves_the_stream(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, "--rdbcompression", "no", NULL);
	begin(&a);
	begin(&b);
	say(&a, 30);
	node_say_text(&a, SECRET);
	say(&b, 30);
	until(a.acts == 61 && b.acts == 61);
	assert_true(stream_has_secret() && memory_has_secret() && file_has_secret());
	node_say_text(&a, "delete " SECRET); /* an act may have the text again */
	until(b.acts == 62);
	/* Each node does it by itself. */
	engine_forget(a.engine, a.position);
	engine_forget(b.engine, b.position);
	until_seen(strcmp(first_id(), a.position) == 0);
	assert_int_equal(redis_ask(&redis, "XLEN chatd")->integer, 1);
	assert_true(stream_has_secret());
	say(&b, 1);
	until(a.acts == 63);
	until_seen(!stream_has_secret());
	assert_int_equal(redis_ask(&redis, "XLEN chatd")->integer, 1);
	/* Once its block is over, it is no longer in Redis's memory; and then a rewrite takes it out of the file. */
	say(&a, FORGET_ENTRIES);
	until_seen(!memory_has_secret());
	assert_true(file_has_secret());
	redis_ask(&redis, "BGREWRITEAOF");
	until_seen(!file_has_secret());
	/* Then the tail is kept again. */
	until(b.acts == a.acts);
	long long left = redis_ask(&redis, "XLEN chatd")->integer;
	assert_in_range(left, 1, 2);
	say(&a, 500);
	until_seen(strcmp(redis_ask(&redis, "HGET chatd:at a")->str, a.position) == 0);
	assert_int_equal(redis_ask(&redis, "XLEN chatd")->integer, left + 500);
	/* And nobody misses anything. */
	end(&b);
	begin(&b);
	until(b.acts == a.acts);
	assert_string_equal(a.fatal, "");
}

static void a_node_that_is_down_is_waited_for(void **state)
{
	char at[64];
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	begin(&b);
	say(&a, 30);
	until(b.acts == 30);
	until_seen(strcmp(redis_ask(&redis, "HGET chatd:at b")->str, b.position) == 0);
	strcpy(at, b.position);
	end(&b);
	node_say_text(&a, SECRET);
	say(&a, 30);
	node_say_text(&a, "delete");
	engine_forget(a.engine, a.position);
	/* It needs what follows on this one, and not what was before. */
	until_seen(strcmp(first_id(), at) == 0);
	assert_true(stream_has_secret());
	assert_int_equal(redis_ask(&redis, "XLEN chatd")->integer, 33);
	begin(&b);
	until(b.acts == a.acts);
	engine_forget(b.engine, b.position);
	until_seen(strcmp(first_id(), b.position) == 0);
	assert_string_equal(a.position, b.position);
}

/* A deletion of which Redis has seen the last node: that one alone is left to do it. */
static void the_last_node_to_hear_of_it_does_it(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	begin(&b);
	say(&a, 10);
	until(b.acts == 10);
	until_seen(strcmp(redis_ask(&redis, "HGET chatd:at b")->str, b.position) == 0);
	end(&b);
	node_say_text(&a, SECRET);
	node_say_text(&a, "delete");
	engine_forget(a.engine, a.position);
	end(&a);
	begin(&b);
	until(b.acts == 12);
	engine_forget(b.engine, b.position);
	end(&b);
	begin(&a);
	until_seen(strcmp(redis_ask(&redis, "HGET chatd:at a")->str, a.position) == 0);
	assert_true(stream_has_secret());
	begin(&b);
	engine_forget(b.engine, b.position);
	until_seen(!stream_has_secret());
}

/* What a power cut could take back from a node stays for a while; and who comes meanwhile is waited for. */
static void a_place_settles_first(void **state)
{
	char at[64];
	int64_t before, after;
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.sync = false;
	begin(&a);
	say(&a, 10);
	strcpy(at, a.position);
	say(&a, 10);
	before = clock_ms(CLOCK_BOOTTIME);
	engine_forget(a.engine, a.position);
	until_seen(strcmp(first_id(), a.position) == 0);
	after = clock_ms(CLOCK_BOOTTIME);
	assert_true(after - before >= 3 * a.options.lease_ms);
	node_free(&a);
	node_new(&a, "a", &redis);
	a.options.lease_ms = 1000;
	a.anything = true;
	redis_ask(&redis, "FLUSHALL");
	begin(&a);
	say(&a, 10);
	strcpy(at, a.position);
	say(&a, 10);
	engine_forget(a.engine, a.position);
	until_seen(strcmp(redis_ask(&redis, "HGET chatd:at a")->str, a.position) == 0);
	redis_ask(&redis, "HSET chatd:at x %s", at);
	redis_ask(&redis, "HSET chatd:incarnation x 1");
	until_seen(strcmp(first_id(), at) == 0);
	redis_ask(&redis, "HDEL chatd:at x");
	until_seen(strcmp(first_id(), a.position) == 0);
}

/* A long stream goes in pieces, of which each takes Redis no time. */
static void much_goes_in_pieces(void **state)
{
	enum { PIECES = 4 };
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	for (int i = 0; i < PIECES; i++)
		say(&a, TRIM_ENTRIES);
	engine_forget(a.engine, a.position);
	until_seen(strcmp(first_id(), a.position) == 0);
	assert_int_equal(redis_ask(&redis, "XLEN chatd")->integer, 1);
	const char *stats = strstr(redis_ask(&redis, "INFO commandstats")->str, "cmdstat_xtrim:calls=");
	assert_non_null(stats);
	assert_true(atoi(stats + strlen("cmdstat_xtrim:calls=")) >= PIECES);
}

int main(void)
{
#define with_redis(test) cmocka_unit_test_setup_teardown(test, forget_setup, cluster_teardown)
	const struct CMUnitTest tests[] = {
		with_redis(what_was_deleted_leaves_the_stream),
		with_redis(a_node_that_is_down_is_waited_for),
		with_redis(the_last_node_to_hear_of_it_does_it),
		with_redis(a_place_settles_first),
		with_redis(much_goes_in_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
