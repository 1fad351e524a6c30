/* What /stats and /whois say of a cluster, and whose connections count here. */
#include "chat_help.h"

#include "chatd/core/state/state.h"

#define CLUSTER "0123456789abcdef0123456789abcdef"

static struct figures figures;

static int begin_node(void **state)
{
	begin(state);
	chat_begin_cluster(chat, "a");
	chat_load_cluster(chat, "0 1795378445000 5 0 0 c 4 9 0 a 2 7 1 b 1 3 1");
	chat_load_fact(chat, &(struct saved_fact){FACT_PERSON, "b 4294967297", "nick=bob"});
	chat_load_fact(chat, &(struct saved_fact){FACT_PERSON, "b 4294967298", "nick=carl"});
	chat_load_fact(chat, &(struct saved_fact){FACT_PERSON, "a 8589934593", "nick=alice"});
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(0),
	                    .connected = {.from = {.kind = ADDRESS_HOST}, .control = true}});
	figures = (struct figures){.cluster = {
		.there = true, .open = true, .up = true, .since_ms = 60000, .id = CLUSTER, .incarnation = 2, .length = 1234,
		.append_us = 640, .n = 2, .node = {{"c", false, 0}, {"b", true, 3000}},
	}};
	return 0;
}

static void stats(void)
{
	sends(0, "/stats\n");
	step((struct event){.kind = EVENT_FIGURES, .conn = id(0), .figures = &figures});
	rows_come(id(0), (struct rows){.kind = QUERY_STATS});
}

static void test_a_healthy_cluster(void **state)
{
	(void)state;
	stats();
	assert_has("-- People: 3, 0 of them with an account");
	assert_has("-- Connections: 1 of 64, 0 of them");
	assert_has("-- Cluster: " CLUSTER "; incarnation 2 of this node.\\n"
	           "-- Engine: it answers; the last acts took it 0.6 ms. It keeps 1234 acts.\\n"
	           "-- Node a (this one): 1 person, up to date.\\n"
	           "-- Node b: 2 people, up to date.\\n"
	           "-- Node c: 0 people, down.\\n");
	assert_has_not("caught up");
}

static void test_nodes_behind(void **state)
{
	(void)state;
	figures.cluster.append_us = 2345678;
	figures.cluster.behind = 1;
	figures.cluster.behind_ms = 5000;
	figures.cluster.waiting = 1;
	figures.cluster.open = false;
	figures.cluster.node[1].behind_ms = 120000;
	stats();
	assert_has("took it 2.3 s.");
	assert_has("-- 1 act of this node waits for it.\\n"
	           "-- Node a (this one): 1 person, 1 act (5 seconds) behind.\\n"
	           "-- Node b: 2 people, up, 2 minutes behind.\\n");
	assert_has("-- This node has not caught up yet; nobody can come in here until then.");
	/* How many are missing may not be known. */
	figures.cluster.behind = -1;
	stats();
	assert_has("-- Node a (this one): 1 person, 5 seconds behind.\\n");
}

static void test_the_engine_is_away(void **state)
{
	(void)state;
	figures.cluster.up = false;
	strcpy(figures.cluster.why, "Redis cannot be reached: Connection refused.");
	figures.cluster.waiting = 12;
	stats();
	assert_has("-- Engine: away for 1 minute. Redis cannot be reached: Connection refused.\\n"
	           "-- 12 acts of this node wait for it.\\n"
	           "-- Node a (this one): 1 person, cut off from the engine.\\n");
}

/* An operator has taken c out. */
static void test_a_node_that_was_taken_out(void **state)
{
	(void)state;
	figures.cluster.node[0] = figures.cluster.node[1];
	figures.cluster.n = 1;
	stats();
	assert_has("-- Node b: 2 people");
	assert_has_not("Node c");
	/* But without the engine nobody knows. */
	figures.cluster.n = 0;
	stats();
	assert_has("-- Node c: 0 people, down.");
}

static void test_whois_tells_the_node(void **state)
{
	(void)state;
	sends(0, "/whois bob\n");
	assert_has("-- bob is connected to node b.");
	sends(0, "/whois alice\n");
	assert_has("-- alice is connected to node a.");
}

static void test_connections_are_those_of_this_node(void **state)
{
	struct chat_counts counts;

	(void)state;
	chat_count(chat, &counts);
	assert_int_equal(counts.named, 1);
	assert_int_equal(chat_people(chat), 3);
}

/* As ever. */
static void test_without_a_cluster(void **state)
{
	(void)state;
	joins(1);
	sends(1, "/whois u1\n");
	assert_has_not("node");
	sends(1, "/limits\n");
	assert_has("People: 1 of 64.");
}

int main(void)
{
#define node(test) cmocka_unit_test_setup_teardown(test, begin_node, end)
	const struct CMUnitTest tests[] = {
		node(test_a_healthy_cluster),
		node(test_nodes_behind),
		node(test_the_engine_is_away),
		node(test_a_node_that_was_taken_out),
		node(test_whois_tells_the_node),
		node(test_connections_are_those_of_this_node),
		cmocka_unit_test_setup_teardown(test_without_a_cluster, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
