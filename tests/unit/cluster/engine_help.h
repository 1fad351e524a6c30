/*
 * A node for the tests of the cluster's engine: a loop without a ring, that applies acts as the core does. All waiting
 * is without a time limit, so a wake-up that is lost hangs the test, and the alarm ends it.
 */
#ifndef CHATD_TESTS_ENGINE_HELP_H
#define CHATD_TESTS_ENGINE_HELP_H

#include "redis_help.h"

#include "chatd/base/bounds.h"
#include "chatd/base/clock.h"
#include "chatd/cluster/engine.h"

#include <inttypes.h>

enum {
	HANGING_S = 100,
	FORMAT = 1,
	PEERS_MAX = 8,
	LEASE_MS = 5000,        /* unless a test is about leases: machines stand still for a second */
};

/* How far the acts of a node have been applied. */
struct peer {
	char name[NODE_BYTES_MAX + 1];
	uint64_t incarnation;
	uint64_t number;        /* the last one that was applied */
};

struct chat_node {
	struct engine *engine;  /* NULL: it does not run */
	struct engine_options options;
	char name[NODE_BYTES_MAX + 1];
	char cluster[64];       /* what its database knows, */
	char position[64];      /* and how far */
	uint64_t incarnation;   /* 0: it may not propose */
	uint64_t number;        /* of the last act that it proposed */
	struct peer peers[PEERS_MAX];
	struct {
		char *text;     /* the texts that were applied, a line each */
		size_t bytes, cap;
	} applied;
	uint64_t acts;          /* how many, */
	uint64_t repeats;       /* and how many were skipped */
	bool caught_up, away;
	bool holds;             /* does not take events */
	uint32_t readies, aways, backs, losts; /* events */
	uint64_t lost;          /* the last incarnation that was lost */
	struct {
		char node[NODE_BYTES_MAX + 1];
		uint64_t incarnation;
	} over;                 /* the last node whose lease was over */
	uint32_t overs;
	char away_why[ENGINE_WHY_BYTES_MAX];
	char fatal[ENGINE_WHY_BYTES_MAX];
	struct {
		uint32_t tolds, unheards; /* texts, */
		char told[TELL_BYTES_MAX + 1], unheard[TELL_BYTES_MAX + 1]; /* and the last of each */
		bool deaf;      /* does not take them */
	} texts;
	bool anything;          /* acts are not looked into */
};

static struct redis redis;
static struct chat_node a, b, c;

static inline void node_new(struct chat_node *n, const char *name, struct redis *r)
{
	memset(n, 0, sizeof(*n));
	snprintf(n->name, sizeof(n->name), "%s", name);
	n->options = (struct engine_options){ .node = n->name, .stream = "chatd", .lease_ms = LEASE_MS,
	                                      .format = FORMAT, .connect = redis_connect_unix, .ctx = r };
}

static inline void node_start(struct chat_node *n)
{
	char why[200];
	n->engine = engine_start(&n->options, why, sizeof(why));
	assert_non_null(n->engine);
	n->incarnation = n->number = 0;
	n->caught_up = n->away = false;
	n->fatal[0] = n->away_why[0] = n->over.node[0] = '\0';
	n->readies = n->aways = n->backs = n->losts = n->overs = 0;
	engine_begin(n->engine, n->cluster, n->position);
}

static inline void node_wake(struct chat_node *n)
{
	int fds[ENGINE_WAKE_MAX], k = engine_wake_fds(n->engine, fds);
	for (int i = 0; i < k; i++) {
		uint64_t one = 1;
		assert_int_equal(write(fds[i], &one, sizeof(one)), sizeof(one));
	}
}

static inline uint32_t node_stop(struct chat_node *n)
{
	uint32_t left = n->engine ? engine_stop(n->engine, 2000) : 0;
	n->engine = NULL;
	return left;
}

static inline void node_free(struct chat_node *n)
{
	if (n->engine)
		engine_stop(n->engine, 0);
	n->engine = NULL;
	free(n->applied.text);
	memset(n, 0, sizeof(*n));
}

static inline struct peer *peer_of(struct chat_node *n, const char *name)
{
	for (int i = 0; i < PEERS_MAX; i++) {
		if (n->peers[i].name[0] == '\0')
			strcpy(n->peers[i].name, name);
		if (strcmp(n->peers[i].name, name) == 0)
			return &n->peers[i];
	}
	fail_msg("too many nodes");
	return NULL;
}

/* As the core: what is not new is skipped; what is new must be the next. */
static inline void node_apply(struct chat_node *n, const struct engine_act *act)
{
	char name[NODE_BYTES_MAX + 1];
	uint64_t incarnation, number;
	assert_int_equal(act->bytes, strlen(act->text));
	strcpy(n->position, act->id);
	if (n->anything) {
		n->acts++;
		return;
	}
	assert_int_equal(sscanf(act->text, "%32s %" SCNu64 " %" SCNu64, name, &incarnation, &number), 3);
	struct peer *p = peer_of(n, name);
	if (incarnation > p->incarnation) {
		p->incarnation = incarnation;
		p->number = 0;
	}
	if (incarnation < p->incarnation || number <= p->number) {
		n->repeats++;
		return;
	}
	assert_int_equal(number, p->number + 1);
	p->number = number;
	if (n->applied.bytes + act->bytes + 1 > n->applied.cap) {
		n->applied.cap = n->applied.cap * 2 + act->bytes + 4096;
		n->applied.text = realloc(n->applied.text, n->applied.cap);
	}
	memcpy(n->applied.text + n->applied.bytes, act->text, act->bytes);
	n->applied.bytes += act->bytes;
	n->applied.text[n->applied.bytes++] = '\n';
	n->acts++;
}

static inline void node_hear(struct chat_node *n, const struct engine_event *e)
{
	switch (e->kind) {
	case ENGINE_READY:
		assert_true(e->incarnation > n->incarnation);
		assert_int_equal(strlen(e->cluster), 32);
		strcpy(n->cluster, e->cluster);
		n->incarnation = e->incarnation;
		n->number = 0;
		n->readies++;
		break;
	case ENGINE_ACT:
		assert_true(n->readies > 0);
		node_apply(n, &e->act);
		break;
	case ENGINE_CAUGHT_UP:
		assert_true(n->readies > 0 && !n->caught_up);
		n->caught_up = true;
		break;
	case ENGINE_AWAY:
		n->away = true;
		n->aways++;
		strcpy(n->away_why, e->reason);
		break;
	case ENGINE_BACK:
		assert_true(n->away);
		n->away = false;
		n->backs++;
		break;
	case ENGINE_LEASE_OVER:
		strcpy(n->over.node, e->node);
		n->over.incarnation = e->incarnation;
		n->overs++;
		break;
	case ENGINE_LEASE_LOST:
		assert_int_equal(e->incarnation, n->incarnation);
		n->lost = e->incarnation;
		n->incarnation = 0;
		n->losts++;
		break;
	case ENGINE_FATAL:
		strcpy(n->fatal, e->reason);
		break;
	case ENGINE_TOLD:
		strcpy(n->texts.told, e->text);
		n->texts.tolds++;
		break;
	case ENGINE_UNHEARD:
		strcpy(n->texts.unheard, e->text);
		n->texts.unheards++;
		break;
	}
}

/* Takes what there is. */
static inline void node_take(struct chat_node *n)
{
	struct engine_event e;
	uint64_t acts = n->acts + n->repeats;
	if (!n->engine || n->holds)
		return;
	while (engine_next(n->engine, &e)) {
		assert_string_equal(n->fatal, "");
		assert_true(e.kind != ENGINE_TOLD && e.kind != ENGINE_UNHEARD);
		node_hear(n, &e);
	}
	while (!n->texts.deaf && engine_next_text(n->engine, &e)) {
		assert_true(e.kind == ENGINE_TOLD || e.kind == ENGINE_UNHEARD);
		node_hear(n, &e);
	}
	if (n->acts + n->repeats != acts)
		engine_applied(n->engine, n->position);
	node_wake(n);
}

/* Sleeps until any of the nodes hears something. */
static inline void nodes_sleep(void)
{
	struct chat_node *const all[] = { &a, &b, &c };
	struct pollfd fds[3];
	nfds_t n = 0;
	for (int i = 0; i < 3; i++)
		if (all[i]->engine && !all[i]->holds)
			fds[n++] = (struct pollfd){ .fd = engine_event_fd(all[i]->engine), .events = POLLIN };
	assert_true(poll(fds, n, -1) > 0);
	for (nfds_t i = 0; i < n; i++)
		if (fds[i].revents) {
			uint64_t count;
			assert_int_equal(read(fds[i].fd, &count, sizeof(count)), sizeof(count));
		}
}

static inline void nodes_take(void)
{
	node_take(&a);
	node_take(&b);
	node_take(&c);
}

/* Goes on until something is true. */
#define until(condition) \
	do { \
		for (nodes_take(); !(condition); nodes_take()) \
			nodes_sleep(); \
	} while (0)

/* The same for what nodes hear nothing of: Redis is asked again and again. */
#define until_seen(condition) \
	do { \
		for (nodes_take(); !(condition); nodes_take()) \
			poll(NULL, 0, 2); \
	} while (0)

/* Proposes n acts, each with `bytes` more. False: full. */
static inline bool node_say(struct chat_node *n, uint32_t times, uint32_t bytes)
{
	char text[ACT_BYTES_MAX + 1];
	for (uint32_t i = 0; i < times; i++) {
		int head = snprintf(text, sizeof(text), "%s %" PRIu64 " %" PRIu64 " L ", n->name, n->incarnation,
		                    n->number + 1);
		memset(text + head, 'x', bytes);
		if (!engine_propose(n->engine, n->incarnation, text, (size_t)head + bytes))
			return false;
		n->number++;
	}
	node_wake(n);
	return true;
}

static inline uint64_t number_of(struct chat_node *n, const struct chat_node *whose)
{
	return peer_of(n, whose->name)->number;
}

static inline void same_history(const struct chat_node *x, const struct chat_node *y)
{
	assert_int_equal(x->acts, y->acts);
	assert_int_equal(x->applied.bytes, y->applied.bytes);
	assert_memory_equal(x->applied.text, y->applied.text, x->applied.bytes);
}

#define same_text(text, part) \
	do { \
		if (!strstr((text), (part))) \
			fail_msg("\"%s\" has no \"%s\"", (text), (part)); \
	} while (0)

/* -- setting up ----------------------------------------------------------------------------------------- */

/* Says so, for whoever looks whether a test has failed. */
static inline void it_hangs(int signo)
{
	static const char text[] = "\n[  FAILED  ] it hangs\n";

	(void)signo;
	if (write(STDOUT_FILENO, text, sizeof(text) - 1) >= 0)
		_exit(1);
	_exit(2);
}

static inline int cluster_setup(void **state)
{
	(void)state;
	signal(SIGALRM, it_hangs);
	alarm(HANGING_S);
	signal(SIGPIPE, SIG_IGN);
	if (!redis_find())
		return 0;
	redis_new(&redis);
	node_new(&a, "a", &redis);
	node_new(&b, "b", &redis);
	node_new(&c, "c", &redis);
	return 0;
}

static inline int cluster_teardown(void **state)
{
	(void)state;
	if (redis.pid > 0)
		kill(redis.pid, SIGCONT);
	node_free(&a);
	node_free(&b);
	node_free(&c);
	redis_free(&redis);
	return 0;
}

/* Redis as it should be, and nodes that are ready: as many as are named. */
#define needs_redis() \
	do { \
		if (!redis_find()) { \
			print_message("redis-server cannot be had here\n"); \
			skip(); \
		} \
	} while (0)

static inline void begin(struct chat_node *n)
{
	node_start(n);
	until(n->caught_up || n->fatal[0]);
	assert_string_equal(n->fatal, "");
}

static inline void end(struct chat_node *n)
{
	assert_int_equal(node_stop(n), 0);
}

#endif
