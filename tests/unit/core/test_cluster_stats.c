/* What /stats, /whois and /compare say of a cluster, and whose connections count here. */
#include "chat_help.h"

#include "chatd/core/state/state.h"

#define CLUSTER "0123456789abcdef0123456789abcdef"
/* As nodes agree on them: as the configuration of these tests has it, and of some database. */
#define SETTINGS "settings=line_bytes_max=1024%20command_prefix=/%20lobby=general%20server_name=chatd"
#define AGREED "version=1 " SETTINGS " base=000000000000004d"
/* What was saved before: up to then, of three nodes, of which c is down. */
#define SAVED(number) "0 1795378445000 5 0 0 1 77 " SETTINGS " c 4 9 0 1795378445000 a 2 " number " 1 0 b 1 3 1 0"

static struct figures figures;

static int begin_node(void **state)
{
	begin(state);
	chat_begin_cluster(chat, "a");
	chat_load_cluster(chat, SAVED("7"));
	chat_load_fact(chat, &(struct saved_fact){FACT_PERSON, "b 4294967297", "nick=bob"});
	chat_load_fact(chat, &(struct saved_fact){FACT_PERSON, "b 4294967298", "nick=carl"});
	chat_load_fact(chat, &(struct saved_fact){FACT_PERSON, "a 8589934593", "nick=alice"});
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(0),
	                    .connected = {.from = {.kind = ADDRESS_HOST}, .control = true}});
	figures = (struct figures){.cluster = {
		.there = true, .open = true, .up = true, .since_ms = 60000, .id = CLUSTER, .incarnation = 2, .length = 1234,
		.append_us = 640, .n = 2, .node = {{"c", false, 0}, {"b", true, 900}},
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
	assert_has("-- bob is in general.\\n"); /* since when, node b alone knows */
	assert_has("-- bob is connected to node b.");
	sends(0, "/connections\n");
	assert_has("-- 1 of 3 people is connected to this node:");
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

/* -- /compare ------------------------------------------------------------------------------- */

/* What this node has proposed, in order. */
static char proposed[8][256];
static size_t nproposed;

static void note_proposals(void)
{
	size_t n;
	const struct effect *e = chat_effects(chat, &n);

	for (; n > 0; n--, e++)
		if (e->kind == EFFECT_PROPOSE) {
			assert_true(nproposed < 8);
			snprintf(proposed[nproposed++], sizeof proposed[0], "%s", e->text);
		}
}

static void act(const char *text)
{
	step((struct event){.kind = EVENT_ACT, .act = {text, 1795378446000}});
	note_proposals();
}

/* Node a is in its incarnation 2, and the host has asked. */
static void ask(const char *line)
{
	nproposed = 0;
	step((struct event){.kind = EVENT_INCARNATION, .incarnation = 2});
	note_proposals();
	act("c 5 1 N0 " AGREED);
	act("c 5 2 T0 ");
	sends(0, line);
	note_proposals();
	assert_int_equal(nproposed, 2); /* its start comes late here, and counts no more */
	act(proposed[1]);
}

/* As that node. */
static void answers(const char *who, const char *text)
{
	char line[256];

	snprintf(line, sizeof line, "%s Y0 %s", who, text);
	act(line);
}

static const char *own_answer(void)
{
	const char *text = strstr(proposed[2], " Y0 ");

	assert_int_equal(nproposed, 3);
	assert_non_null(text);
	return text + 4;
}

static int begin_compare(void **state)
{
	begin_node(state);
	/* Its acts are numbered from 1: those of this incarnation have not begun. */
	chat_load_cluster(chat, SAVED("0"));
	return 0;
}

static void test_nodes_that_have_the_same(void **state)
{
	(void)state;
	ask("/compare\n");
	act(proposed[2]);
	answers("b 1 4", own_answer());
	assert_has_not("compared");
	answers("c 5 3", own_answer());
	assert_has("-- All 3 nodes that are up have the same, after #102: ");
	assert_has_not("status");
	/* And another time, with what programs read. */
	sends(0, "/compare --status\n");
	note_proposals();
	act(proposed[3]);
	act(proposed[4]);
	answers("b 1 5", strstr(proposed[4], " Y0 ") + 4);
	answers("c 5 4", strstr(proposed[4], " Y0 ") + 4);
	assert_has("-- All 3 nodes");
	assert_has("-- status: done");
}

static void test_a_node_that_differs(void **state)
{
	char other[128];

	(void)state;
	ask("/compare --status\n");
	act(proposed[2]);
	answers("c 5 3", own_answer());
	snprintf(other, sizeof other, "%.*s0123456789abcdef", (int)(strrchr(own_answer(), ' ') + 1 - own_answer()),
	         own_answer());
	answers("b 1 4", other);
	assert_has("-- The nodes differ, after #102:");
	assert_has("--   0123456789abcdef  b\\n");
	assert_has("  a (this one)\\n");
	assert_has("-- status: differ");
	assert_has("nodes-differ");
	assert_has_not("status: done");
}

/* It is not waited for, once its lease is over. */
static void test_a_node_that_dies_meanwhile(void **state)
{
	(void)state;
	ask("/compare\n");
	act(proposed[2]);
	answers("c 5 3", own_answer());
	/* Answers to something else. */
	answers("b 1 4", "a 1 1 0123456789abcdef");
	answers("b 1 5", "b 1 1 0123456789abcdef");
	answers("b 1 6", "");
	assert_has_not("nodes");
	act("c 5 4 G0 b 1");
	assert_has("-- All 2 nodes that are up have the same");
	assert_has("-- Node b is down, and was not compared.");
}

static void test_whoever_asked_has_gone(void **state)
{
	(void)state;
	ask("/compare\n");
	sends(0, "/compare\n"); /* it waits for the first */
	assert_int_equal(taken, 0);
	step((struct event){.kind = EVENT_CLOSED, .conn = id(0)});
	act(proposed[2]);
	answers("b 1 4", own_answer());
	answers("c 5 3", own_answer());
	assert_has_not("All 3 nodes");
}

/* What this node did in an earlier incarnation it does not answer for, nor is a past of others its own. */
static void test_a_past_is_not_answered(void **state)
{
	(void)state;
	nproposed = 0;
	step((struct event){.kind = EVENT_INCARNATION, .incarnation = 3});
	note_proposals();
	act("b 1 4 X0 ");
	assert_int_equal(nproposed, 1);
	assert_string_equal(proposed[0], "a 3 1 N0 " AGREED);
	act(proposed[0]);
	act("b 1 5 X0 ");
	assert_int_equal(nproposed, 2);
	assert_non_null(strstr(proposed[1], "a 3 2 Y0 b 1 5 "));
}

static void test_while_the_engine_is_away(void **state)
{
	(void)state;
	step((struct event){.kind = EVENT_STORE_FAILED, .failure = {.reason = "Redis does not answer", .advice = "Wait."}});
	sends(0, "/compare\n");
	assert_has("-- The nodes cannot be compared now: Redis does not answer.");
	assert_has_not("PROPOSE");
}

static void test_a_single_chatd(void **state)
{
	(void)state;
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(0),
	                    .connected = {.from = {.kind = ADDRESS_HOST}, .control = true}});
	sends(0, "/compare\n");
	assert_has("-- This chatd is not in a cluster.");
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
#define compare(test) cmocka_unit_test_setup_teardown(test, begin_compare, end)
	const struct CMUnitTest tests[] = {
		node(test_a_healthy_cluster),
		node(test_nodes_behind),
		node(test_the_engine_is_away),
		node(test_a_node_that_was_taken_out),
		node(test_whois_tells_the_node),
		node(test_connections_are_those_of_this_node),
		cmocka_unit_test_setup_teardown(test_without_a_cluster, begin, end),
		compare(test_nodes_that_have_the_same),
		compare(test_a_node_that_differs),
		compare(test_a_node_that_dies_meanwhile),
		compare(test_whoever_asked_has_gone),
		compare(test_a_past_is_not_answered),
		compare(test_while_the_engine_is_away),
		cmocka_unit_test_setup_teardown(test_a_single_chatd, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
