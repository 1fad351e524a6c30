/*
 * Looking at leases, and trimming.
 *
 * Each node does both: whoever comes second finds nothing to do.
 */
#include "chatd/cluster/nodes.h"

#include "chatd/base/clock.h"
#include "chatd/cluster/engine_state.h"
#include "chatd/cluster/expecting.h"
#include "chatd/cluster/outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES = 24 }; /* of a number's text */

bool node_name_ok(const char *name, size_t bytes)
{
	if (bytes == 0 || bytes > NODE_BYTES_MAX)
		return false;
	for (size_t i = 0; i < bytes; i++)
		if ((name[i] < 'a' || name[i] > 'z') && (name[i] < '0' || name[i] > '9') && name[i] != '-')
			return false;
	return true;
}

void nodes_reset(struct nodes *nodes, int64_t now_ms, uint32_t grace_ms)
{
	nodes->judge_at_ms = now_ms + grace_ms;
	nodes->seen = nodes->leasing = nodes->trimming = false;
	nodes->leases_at_ms = nodes->trim_at_ms = now_ms;
	nodes->forgetting.exact = false;
}

void nodes_tell_again(struct nodes *nodes)
{
	for (uint32_t i = 0; i < nodes->n; i++)
		nodes->node[i].over = 0;
}

/* The node of that name, which is added; NULL: it is no name, or ours, or there are too many. */
static struct node *node_named(struct engine_thread *t, const redisReply *name)
{
	struct nodes *nodes = &t->nodes;
	if (name->type != REDIS_REPLY_STRING || !node_name_ok(name->str, name->len) ||
	    strcmp(name->str, t->e->node) == 0)
		return NULL;
	for (uint32_t i = 0; i < nodes->n; i++)
		if (strcmp(nodes->node[i].name, name->str) == 0)
			return &nodes->node[i];
	if (nodes->n == NODES_MAX)
		return NULL;
	struct node *node = &nodes->node[nodes->n++];
	*node = (struct node){ 0 };
	memcpy(node->name, name->str, name->len + 1);
	return node;
}

/* -- leases -------------------------------------------------------------------------------------- */

static void leases_ask(struct engine_thread *t)
{
	char key[KEY_BYTES];
	wire_begin(&t->writer, t->nodes.n + 1);
	wire_word(&t->writer, "MGET", 4);
	for (uint32_t i = 0; i < t->nodes.n; i++) {
		keys_lease(key, &t->e->keys, t->nodes.node[i].name);
		wire_word(&t->writer, key, strlen(key));
	}
	expect(t, EXPECT_LEASES);
}

void nodes_on_incarnations(struct engine_thread *t, const redisReply *r)
{
	for (size_t i = 0; i + 1 < r->elements; i += 2) {
		struct node *node = node_named(t, r->element[i]);
		if (node && r->element[i + 1]->str)
			node->incarnation = strtoull(r->element[i + 1]->str, NULL, 10);
	}
	if (t->nodes.n > 0) {
		leases_ask(t);
		return;
	}
	t->nodes.leasing = false;
	t->nodes.seen = true;
}

/* An incarnation and its lease are written together, so a node whose lease is missing after its
 * incarnation was read has lost it. */
void nodes_on_leases(struct engine_thread *t, const redisReply *r)
{
	/* After an outage all come back, and none should be given up by the first. */
	bool young = boot_ms() < t->nodes.judge_at_ms;
	for (uint32_t i = 0; i < t->nodes.n && i < r->elements; i++) {
		struct node *node = &t->nodes.node[i];
		node->up = r->element[i]->type == REDIS_REPLY_STRING;
		if (node->up || node->incarnation == 0 || node->over == node->incarnation || young)
			continue;
		node->over = node->incarnation;
		tell(t, ENGINE_LEASE_OVER, node->name, node->incarnation);
	}
	t->nodes.leasing = false;
	t->nodes.seen = true;
}

/* -- trimming --------------------------------------------------------------------------------------- */

static struct stream_id lower(struct stream_id a, struct stream_id b)
{
	return stream_id_compare(a, b) < 0 ? a : b;
}

struct stream_id nodes_trim_below(const struct nodes *nodes, struct stream_id ours, uint64_t now_ms)
{
	bool much = nodes->length > TRIM_ENTRIES_MAX;
	struct stream_id below = ours;
	if (!much)
		below = lower(below, (struct stream_id){ .ms = now_ms > TRIM_TAIL_MS ? now_ms - TRIM_TAIL_MS : 0 });
	for (uint32_t i = 0; i < nodes->n; i++) {
		const struct node *node = &nodes->node[i];
		bool waits = !much && node->at.ms + TRIM_DOWN_MS > now_ms;
		if (node->up || waits)
			below = lower(below, node->at);
	}
	return below;
}

/* -- forgetting ------------------------------------------------------------------------------------ */

static const struct stream_id nothing = { 0 };

void nodes_forget(struct nodes *nodes, struct stream_id id)
{
	struct forgetting *f = &nodes->forgetting;
	struct stream_id after = { .ms = id.ms, .seq = id.seq + 1 };
	if (stream_id_compare(after, f->to) <= 0)
		return;
	f->to = after;
	f->left = FORGET_ENTRIES;
}

void nodes_see_act(struct nodes *nodes, struct stream_id id)
{
	struct forgetting *f = &nodes->forgetting;
	if (f->left > 0 && stream_id_compare(id, f->to) >= 0 && --f->left == 0)
		f->to = id;
}

struct stream_id nodes_forget_below(const struct nodes *nodes, struct stream_id ours, uint64_t now_ms)
{
	struct stream_id below = lower(nodes->forgetting.to, ours);
	for (uint32_t i = 0; i < nodes->n; i++) {
		const struct node *node = &nodes->node[i];
		if (node->up || node->at.ms + TRIM_DOWN_MS > now_ms)
			below = lower(below, node->at);
	}
	return below;
}

/* The place to trim below now; 0-0: none. */
static struct stream_id forget_due(struct engine_thread *t)
{
	struct forgetting *f = &t->nodes.forgetting;
	struct stream_id below = nodes_forget_below(&t->nodes, t->saved, t->reading.at.ms);
	if (f->held.ms != 0)
		f->held = lower(f->held, below); /* a node has come, or come back, that is not as far */
	if (f->to.ms == 0 || stream_id_compare(below, f->done) <= 0)
		return nothing;
	if (f->held.ms == 0) {
		f->held = below;
		f->since_ms = boot_ms();
	}
	return boot_ms() - f->since_ms >= t->e->times.settle ? f->held : nothing;
}

/* XTRIM has freed all blocks below the place, and what is left are at most the entries of one. */
static void forget_exactly(struct engine_thread *t)
{
	char id[STREAM_ID_BYTES];
	stream_id_text(id, t->nodes.forgetting.held);
	wire_command(&t->writer, "XTRIM", t->e->keys.stream, "MINID", id, NULL);
	expect(t, EXPECT_TRIM);
	t->nodes.forgetting.exact = t->nodes.trimming = true;
}

static void forgotten(struct forgetting *f)
{
	f->exact = false;
	f->done = f->held;
	f->held = nothing;
	if (f->left == 0 && stream_id_compare(f->done, f->to) >= 0)
		f->to = nothing;
}

/* -- asking and trimming ------------------------------------------------------------------------------ */

static void positions_ask(struct engine_thread *t)
{
	char id[STREAM_ID_BYTES];
	if (stream_id_compare(t->known.position, t->saved) != 0) {
		t->saved = t->known.position;
		stream_id_text(id, t->saved);
		wire_command(&t->writer, "HSET", t->e->keys.at, t->e->node, id, NULL);
		expect(t, EXPECT_SAVED);
	}
	wire_command(&t->writer, "HGETALL", t->e->keys.at, NULL);
	expect(t, EXPECT_POSITIONS);
	wire_command(&t->writer, "XLEN", t->e->keys.stream, NULL);
	expect(t, EXPECT_LENGTH);
	t->nodes.trimming = true;
}

void nodes_on_positions(struct engine_thread *t, const redisReply *r)
{
	for (uint32_t i = 0; i < t->nodes.n; i++)
		t->nodes.node[i].at = (struct stream_id){ 0 };
	for (size_t i = 0; i + 1 < r->elements; i += 2) {
		struct node *node = node_named(t, r->element[i]);
		if (node && r->element[i + 1]->str)
			stream_id_read(&node->at, r->element[i + 1]->str, r->element[i + 1]->len);
	}
}

void nodes_on_length(struct engine_thread *t, const redisReply *r)
{
	char id[STREAM_ID_BYTES], limit[NUMBER_BYTES];
	t->nodes.length = r->type == REDIS_REPLY_INTEGER ? (uint64_t)r->integer : 0;
	struct stream_id below = nodes_trim_below(&t->nodes, t->saved, t->reading.at.ms), forget = forget_due(t);
	if (stream_id_compare(below, forget) < 0)
		below = forget;
	if (!t->nodes.seen || below.ms == 0) {
		t->nodes.trimming = false;
		return;
	}
	stream_id_text(id, below);
	snprintf(limit, sizeof(limit), "%d", TRIM_ENTRIES);
	/* About: Redis frees blocks of a hundred entries, and does no more than that at once. */
	wire_command(&t->writer, "XTRIM", t->e->keys.stream, "MINID", "~", id, "LIMIT", limit, NULL);
	expect(t, EXPECT_TRIM);
}

void nodes_on_trim(struct engine_thread *t, const redisReply *r)
{
	struct forgetting *f = &t->nodes.forgetting;
	bool more = r->type == REDIS_REPLY_INTEGER && r->integer >= TRIM_ENTRIES / 2;
	t->nodes.trimming = false;
	if (f->exact)
		forgotten(f);
	else if (more)
		t->nodes.trim_at_ms = boot_ms();
	else if (forget_due(t).ms != 0)
		forget_exactly(t);
}

/* -- when -------------------------------------------------------------------------------------------- */

/* Who is there matters to those who know what the others have done. */
void nodes_turn(struct engine_thread *t, int64_t now_ms)
{
	struct nodes *nodes = &t->nodes;
	if (!t->reading.caught_up)
		return;
	if (!nodes->leasing && now_ms >= nodes->leases_at_ms) {
		wire_command(&t->writer, "HGETALL", t->e->keys.incarnation, NULL);
		expect(t, EXPECT_NODES);
		nodes->leasing = true;
		nodes->leases_at_ms = now_ms + t->e->times.nodes;
	}
	if (!nodes->trimming && nodes->seen && now_ms >= nodes->trim_at_ms) {
		nodes->trim_at_ms = now_ms + t->e->times.renew;
		positions_ask(t);
	}
}
