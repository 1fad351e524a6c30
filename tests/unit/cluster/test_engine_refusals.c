/*
 * What an engine must not go on with: a Redis that breaks the promise, a stream that is another one or has lost
 * something. Each is a sentence that says what to do.
 */
#include "engine_help.h"

#include "chatd/cluster/engine_state.h"
#include "chatd/cluster/settings.h"

/* Starts it, and expects a sentence with these parts. */
static void refused(struct chat_node *n, const char *part, const char *remedy)
{
	node_start(n);
	until(n->fatal[0]);
	same_text(n->fatal, part);
	same_text(n->fatal, remedy);
	assert_int_equal(n->readies, 0);
	node_stop(n);
}

/* -- settings ------------------------------------------------------------------------------------------ */

static void settings_that_break_the_promise(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, "--appendfsync", "everysec", NULL);
	refused(&a, "appendfsync is everysec", "CONFIG SET appendfsync always");
	redis_ask(&redis, "CONFIG SET appendfsync no");
	begin(&a);
	end(&a);
	a.options.sync = true;
	refused(&a, "appendfsync is no", "CONFIG SET appendfsync always");
	redis_ask(&redis, "CONFIG SET appendfsync always");
	redis_ask(&redis, "CONFIG SET no-appendfsync-on-rewrite yes");
	refused(&a, "no-appendfsync-on-rewrite is on", "CONFIG SET no-appendfsync-on-rewrite no");
	redis_ask(&redis, "CONFIG SET no-appendfsync-on-rewrite no");
	redis_ask(&redis, "CONFIG SET maxmemory-policy allkeys-lru");
	refused(&a, "maxmemory-policy is allkeys-lru", "CONFIG SET maxmemory-policy noeviction");
	redis_ask(&redis, "CONFIG SET maxmemory-policy noeviction");
	redis_ask(&redis, "CONFIG SET appendonly no");
	refused(&a, "appendonly is no", "CONFIG SET appendonly yes");
	redis_ask(&redis, "CONFIG SET appendonly yes");
	begin(&a);
}

/* A chat that runs goes on meanwhile. */
static void settings_that_change_later(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.lease_ms = 20000;
	begin(&a);
	redis_kill(&redis);
	redis_start(&redis, "--appendfsync", "everysec", NULL);
	until(strstr(a.away_why, "everysec"));
	assert_string_equal(a.fatal, "");
	assert_true(node_say(&a, 3, 3));
	redis_ask(&redis, "CONFIG SET appendfsync always");
	until(!a.away && a.acts == 3);
}

/* With nobody's connection broken: within the time of a lease. */
static void settings_that_change_while_all_goes_on(void **state)
{
	static const char *const changes[][3] = {
		{ "appendfsync everysec", "appendfsync always", "appendfsync is everysec" },
		{ "appendonly no", "appendonly yes", "appendonly is no" },
		{ "maxmemory-policy allkeys-lru", "maxmemory-policy noeviction", "maxmemory-policy is allkeys-lru" },
	};
	char command[100];
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.lease_ms = 2000;
	begin(&a);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		snprintf(command, sizeof(command), "CONFIG SET %s", changes[i][0]);
		redis_ask(&redis, command);
		until(strstr(a.away_why, changes[i][2]));
		assert_true(node_say(&a, 1, 3));
		snprintf(command, sizeof(command), "CONFIG SET %s", changes[i][1]);
		redis_ask(&redis, command);
		until(!a.away && a.incarnation > 0);
		assert_string_equal(a.fatal, "");
	}
	uint64_t acts = a.acts;
	assert_true(node_say(&a, 1, 3));
	until(a.acts > acts);
}

static void versions_that_are_too_old(void **state)
{
	static const char old[] = "# Server\r\nredis_version:6.2.14\r\n", new[] = "redis_version:7.0.15\r\n";
	char why[200];
	(void)state;
	assert_false(settings_check_version(old, sizeof(old) - 1, why, sizeof(why)));
	assert_string_equal(why, "Redis 6.2.14 is too old: a cluster needs version 7 or later.");
	assert_true(settings_check_version(new, sizeof(new) - 1, why, sizeof(why)));
	assert_false(settings_check_version("", 0, why, sizeof(why)));
}

/* -- who may ---------------------------------------------------------------------------------------------- */

static void passwords(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, "--requirepass", "sesame", NULL);
	strcpy(redis.password, "sesame");
	refused(&a, "wants a password", "none is configured here");
	a.options.password = "wrong";
	refused(&a, "refuses the password", "refuses");
	a.options.password = "sesame";
	begin(&a);
	end(&a);
	redis_ask(&redis, "ACL SETUSER chatd on >open +@all -config ~*");
	a.options.user = "chatd";
	a.options.password = "open";
	refused(&a, "config|get", "ACL SETUSER chatd ~chatd ~chatd:* &chatd:to:* +auth");
	/* With exactly what it says, all goes. */
	char rules[600], command[800];
	redis_ask(&redis, "ACL SETUSER chatd reset");
	snprintf(rules, sizeof(rules), KEYS_RULES, "chatd", "chatd", "chatd");
	snprintf(command, sizeof(command), "ACL SETUSER chatd on >open %s", rules);
	assert_int_equal(redis_ask(&redis, command)->type, REDIS_REPLY_STATUS);
	redis_ask(&redis, "ACL LOG RESET");
	a.options.lease_ms = 3000;
	begin(&a);
	node_say(&a, 600, 10);
	until(a.acts == 600);
	redis_ask(&redis, "HSET chatd:incarnation b 1");
	until(a.overs == 1);
	until_seen(strcmp(redis_ask(&redis, "HGET chatd:at a")->str, a.position) == 0);
	end(&a);
	assert_int_equal(redis_ask(&redis, "ACL LOG")->elements, 0);
	redis_ask(&redis, "CONFIG SET requirepass %s", "");
	a.options.user = NULL;
	refused(&a, "A password is configured here, but Redis has none", "requirepass");
}

static void a_password_that_changes_later(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, "--requirepass", "sesame", NULL);
	strcpy(redis.password, "sesame");
	a.options.password = "sesame";
	a.options.lease_ms = 20000;
	begin(&a);
	redis_ask(&redis, "CONFIG SET requirepass other");
	redis_ask(&redis, "CLIENT KILL TYPE normal SKIPME yes");
	until(strstr(a.away_why, "refuses the password"));
	assert_string_equal(a.fatal, "");
	redis_ask(&redis, "CONFIG SET requirepass sesame");
	until(!a.away);
	assert_int_equal(a.readies, 1);
}

/* -- while it loads ------------------------------------------------------------------------------------------ */

static void loading_is_away(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.lease_ms = 20000;
	begin(&a);
	assert_true(node_say(&a, 10, 10));
	until(a.acts == 10);
	redis_ask(&redis, "DEBUG POPULATE 2000");
	/* So that the populated keys are in the file. */
	redis_ask(&redis, "BGREWRITEAOF");
	until_seen(strstr(redis_ask(&redis, "INFO persistence")->str, "aof_rewrite_in_progress:0"));
	redis_kill(&redis);
	until(a.away);
	redis_start_with(&redis, false, (char *[]){ "--key-load-delay", "300",
	                                            "--loading-process-events-interval-bytes", "1024", NULL });
	/* Also for one that starts. */
	node_start(&b);
	until(strstr(a.away_why, "still loading its file") && strstr(b.away_why, "still loading its file"));
	assert_true(node_say(&a, 10, 10));
	until(!a.away && a.acts == 20);
	until(!b.away && b.caught_up && b.acts == 20);
	assert_int_equal(a.readies, 1);
	assert_int_equal(b.readies, 1);
}

/* -- whose stream --------------------------------------------------------------------------------------------- */

static void another_stream(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	end(&a);
	strcpy(b.cluster, "00000000000000000000000000000000");
	refused(&b, "has another cluster", "let `cluster` name the right one");
	b.cluster[0] = '\0';
	b.options.format = FORMAT + 1;
	refused(&b, "acts of format 1, and this chatd writes 2", "run one version of chatd on all nodes");
	b.options.format = FORMAT;
	b.options.stream = "others";
	redis_ask(&redis, "SET others 1");
	refused(&b, "has a key others that is not chatd's", "choose another database or stream");
	redis_ask(&redis, "DEL others");
	begin(&b);
	assert_string_not_equal(a.cluster, b.cluster);
	end(&b);
	b.options.database = 99;
	refused(&b, "no database of that number", "databases");
}

static void what_is_no_act(void **state)
{
	static const char *const entries[] = {
		"XADD chatd * b text", "XADD chatd * a x b y", "XADD chatd 253402214400001-0 a x",
		"EVAL return(redis.call('xadd','chatd','*','a',string.rep('x',16385))) 0",
		"EVAL return(redis.call('xadd','chatd','*','a','x'..string.char(0)..'y')) 0",
		"EVAL return(redis.call('xadd','chatd','*','a','')) 0",
	};
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		node_free(&a);
		node_new(&a, "a", &redis);
		redis_ask(&redis, "FLUSHALL");
		begin(&a);
		node_say(&a, 1, 1);
		until(a.acts == 1);
		assert_int_not_equal(redis_ask(&redis, entries[i])->type, REDIS_REPLY_ERROR);
		until(a.fatal[0]);
		same_text(a.fatal, "is not an act that this chatd can read");
		assert_int_equal(a.acts, 1);
	}
}

/* -- a stream that has lost something ------------------------------------------------------------------------- */

static void redis_restarts_empty(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.lease_ms = 20000;
	begin(&a);
	node_say(&a, 10, 10);
	until(a.acts == 10);
	redis_kill(&redis);
	shell("rm -rf %s/appendonlydir", redis.folder);
	redis_start(&redis, NULL);
	until(a.fatal[0]);
	same_text(a.fatal, "Redis has no stream chatd, but this node has read it up to");
	same_text(a.fatal, "restore its appendonlydir");
	assert_int_equal(redis_ask(&redis, "DBSIZE")->integer, 0);
	node_stop(&a);
	refused(&a, "Redis has no stream chatd", "restore");
	/* Nor with the other keys of the cluster alone. */
	redis_ask(&redis, "SET chatd:id %s", a.cluster);
	refused(&a, "Redis has no stream chatd", "restore");
}

static void redis_restarts_with_an_older_file(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.lease_ms = b.options.lease_ms = 20000;
	begin(&a);
	begin(&b);
	node_say(&a, 10, 10);
	until(a.acts == 10 && b.acts == 10);
	end(&b); /* it is down while the rest is said */
	shell("cp -r %s/appendonlydir %s/older", redis.folder, redis.folder);
	node_say(&a, 10, 10);
	until(a.acts == 20);
	redis_kill(&redis);
	shell("rm -rf %s/appendonlydir && mv %s/older %s/appendonlydir", redis.folder, redis.folder, redis.folder);
	redis_start(&redis, NULL);
	until(a.fatal[0]);
	same_text(a.fatal, "The stream chatd ends at");
	same_text(a.fatal, "was started with an older file");
	node_stop(&a);
	/* And also once others have gone on, with ids above its own. */
	begin(&b);
	node_say(&b, 10, 10);
	until(b.acts == 20);
	refused(&a, "The stream chatd no longer has the act", "restore its appendonlydir");
	assert_int_equal(a.acts, 20);
}

static void the_stream_was_trimmed_above_a_node(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.lease_ms = b.options.lease_ms = 20000;
	begin(&a);
	begin(&b);
	node_say(&a, 10, 10);
	until(a.acts == 10 && b.acts == 10);
	end(&b);
	node_say(&a, 10, 10);
	until(a.acts == 20);
	redis_ask(&redis, "XTRIM chatd MAXLEN 5");
	refused(&b, "The stream chatd begins at", "/backup");
	assert_int_equal(b.acts, 10);
	/* Nor can a new node begin there. */
	refused(&c, "The stream chatd begins at", "/backup");
	/* With everything gone there is still nothing that a has not read. */
	redis_ask(&redis, "XTRIM chatd MAXLEN 0");
	end(&a);
	begin(&a);
	node_say(&a, 1, 10);
	until(number_of(&a, &a) == 1 && a.acts == 21);
}

/* While it runs, but has not read so far. */
static void the_stream_is_trimmed_above_a_reader(void **state)
{
	enum { MANY = 1600, LONG = ACT_BYTES_MAX - 40 };
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.lease_ms = b.options.lease_ms = 20000;
	begin(&a);
	begin(&b);
	b.holds = true;
	for (int i = 0; i < MANY; i += 100) {
		assert_true(node_say(&a, 100, LONG));
		until(a.acts == (uint64_t)i + 100);
	}
	until_seen(atomic_load(&b.engine->waiting.paused));
	redis_ask(&redis, "XTRIM chatd MAXLEN 5");
	b.holds = false;
	until(b.fatal[0]);
	same_text(b.fatal, "what lies between is gone from Redis");
	same_text(b.fatal, "/backup");
	assert_true(b.acts < MANY);
}

static void the_database_is_emptied(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.lease_ms = 300;
	begin(&a);
	node_say(&a, 10, 10);
	until(a.acts == 10);
	redis_ask(&redis, "FLUSHALL");
	until(a.fatal[0]);
	same_text(a.fatal, "Redis has no stream chatd, but this node has read it up to");
}

/* An incarnation that Redis has forgotten is not begun again. */
static void incarnations_never_go_back(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.lease_ms = 300;
	begin(&a);
	end(&a);
	begin(&a);
	assert_int_equal(a.incarnation, 2);
	redis_ask(&redis, "DEL chatd:incarnation chatd:lease:a");
	until(a.readies == 2);
	assert_int_equal(a.incarnation, 3);
}

static void there_are_too_many_nodes(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	for (int i = 0; i < NODES_MAX; i++)
		redis_ask(&redis, "HSET chatd:incarnation n%d 1", i);
	refused(&a, "has had 64 nodes", "HDEL chatd:incarnation NAME");
	redis_ask(&redis, "HDEL chatd:incarnation n7");
	begin(&a);
	until(a.overs == NODES_MAX - 1);
}

int main(void)
{
#define with_redis(test) cmocka_unit_test_setup_teardown(test, cluster_setup, cluster_teardown)
	const struct CMUnitTest tests[] = {
		with_redis(settings_that_break_the_promise),
		with_redis(settings_that_change_later),
		with_redis(settings_that_change_while_all_goes_on),
		cmocka_unit_test(versions_that_are_too_old),
		with_redis(passwords),
		with_redis(a_password_that_changes_later),
		with_redis(loading_is_away),
		with_redis(another_stream),
		with_redis(what_is_no_act),
		with_redis(redis_restarts_empty),
		with_redis(redis_restarts_with_an_older_file),
		with_redis(the_stream_was_trimmed_above_a_node),
		with_redis(the_stream_is_trimmed_above_a_reader),
		with_redis(the_database_is_emptied),
		with_redis(incarnations_never_go_back),
		with_redis(there_are_too_many_nodes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
