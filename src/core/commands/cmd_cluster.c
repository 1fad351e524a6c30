/* What operators see of the cluster: its part of /stats; /compare. */

#include "chatd/core/commands/cmd_cluster.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/time_format.h"
#include "chatd/core/commands/command.h"
#include "chatd/core/people/session.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum {
	LATE_MS = 1000,          /* what a node is behind counts as up to date up to here */
	DURATION_BYTES = 32,     /* "12.3 ms" */
};

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static const char *duration_show(char out[DURATION_BYTES], int64_t us)
{
	if (us < 1000000)
		snprintf(out, DURATION_BYTES, "%" PRId64 ".%" PRId64 " ms", us / 1000, us / 100 % 10);
	else
		snprintf(out, DURATION_BYTES, "%" PRId64 ".%" PRId64 " s", us / 1000000, us / 100000 % 10);
	return out;
}

/* -- the engine ----------------------------------------------------------------------------- */

static void show_engine(struct chat *c, struct session *s, const struct cluster_figures *f)
{
	char age[AGE_BYTES_MAX], took[DURATION_BYTES];

	if (f->up && f->append_us > 0)
		emit_reply(c, s, "Engine: it answers; the last acts took it %s. It keeps %" PRIu64 " act%s.",
		           duration_show(took, f->append_us), f->length, plural(f->length));
	else if (f->up)
		emit_reply(c, s, "Engine: it answers. It keeps %" PRIu64 " act%s.", f->length, plural(f->length));
	else if (f->since_ms > 0)
		emit_rows(c, s, 2, "Engine: away for %s. %s", format_age(age, f->since_ms), f->why);
	else
		emit_rows(c, s, 2, "Engine: not reached yet. %s", f->why);
	if (f->waiting > 0)
		emit_reply(c, s, "%" PRIu32 " act%s of this node %s for it.", f->waiting, plural(f->waiting),
		           f->waiting == 1 ? "waits" : "wait");
}

/* -- nodes ---------------------------------------------------------------------------------- */

static const struct node_figures *figures_of(const struct cluster_figures *f, const char *name)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (strcmp(f->node[i].name, name) == 0)
			return &f->node[i];
	return NULL;
}

/* How far this node is, in words. */
static void put_own(struct bytes *b, const struct cluster_figures *f)
{
	char age[AGE_BYTES_MAX];

	if (!f->up)
		bytes_puts(b, "cut off from the engine");
	else if (f->behind == 0 || (f->behind < 0 && f->behind_ms == 0 && f->open))
		bytes_puts(b, "up to date");
	else if (f->behind > 0)
		bytes_printf(b, "%" PRId64 " act%s (%s) behind", f->behind, plural((uint64_t)f->behind),
		             format_age(age, f->behind_ms));
	else
		bytes_printf(b, "%s behind", format_age(age, f->behind_ms));
}

/* What the engine last said of another node says nothing about it while the engine is away. */
static void put_other(struct bytes *b, const struct node *n, const struct node_figures *of, bool engine_up)
{
	char age[AGE_BYTES_MAX];

	if (!n->up)
		bytes_puts(b, "down");
	else if (!engine_up)
		bytes_puts(b, "not heard of since");
	else if (of == NULL || of->behind_ms < 0)
		bytes_puts(b, "up");
	else if (of->behind_ms > LATE_MS)
		bytes_printf(b, "up, %s behind", format_age(age, of->behind_ms));
	else
		bytes_puts(b, "up to date");
}

static int by_name(const void *a, const void *b)
{
	const struct node *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* All nodes by name, for the caller to free. */
static const struct node **nodes_sorted(const struct chat *c, uint32_t *n)
{
	const struct node **nodes = mem_alloc(HASH_COUNT(c->cluster.nodes) * sizeof *nodes);

	*n = 0;
	for (const struct node *one = c->cluster.nodes; one != NULL; one = one->hh.next)
		nodes[(*n)++] = one;
	qsort(nodes, *n, sizeof *nodes, by_name);
	return nodes;
}

static void show_nodes(struct chat *c, struct session *s, const struct cluster_figures *f)
{
	uint32_t n;
	const struct node **nodes = nodes_sorted(c, &n);

	for (uint32_t i = 0; i < n; i++) {
		const struct node_figures *of = figures_of(f, nodes[i]->name);
		bool own = nodes[i] == c->cluster.self;
		uint32_t people = cluster_people_of(nodes[i]);
		struct bytes *b = &c->scratch;

		/* An operator may have taken one out for good. */
		if (!own && !nodes[i]->up && of == NULL && f->n > 0)
			continue;
		bytes_clear(b);
		if (own)
			put_own(b, f);
		else
			put_other(b, nodes[i], of, f->up);
		emit_reply(c, s, "Node %s%s: %" PRIu32 " %s, %s.", nodes[i]->name, own ? " (this one)" : "", people,
		           people == 1 ? "person" : "people", b->data);
	}
	free(nodes);
}

void cluster_stats(struct chat *c, struct session *s)
{
	const struct cluster_figures *f = &c->status.figures.cluster;

	if (!f->there || c->cluster.self == NULL)
		return;
	emit_reply(c, s, "Cluster: %s; incarnation %" PRIu64 " of this node.", *f->id != '\0' ? f->id : "not known yet",
	           f->incarnation);
	show_engine(c, s, f);
	show_nodes(c, s, f);
	if (!f->open)
		emit_reply(c, s, "This node has not caught up yet; nobody can come in here until then.");
}

/* -- /compare ------------------------------------------------------------------------------- */

/*
 * Nodes that work are never at the same act at the same time, so what they have cannot be compared by asking one after
 * the other. But an act comes to all of them at the same place: there each makes a digest, and says it by an act of its
 * own.
 */

void cmd_compare(struct chat *c, struct session *s, const struct args *a)
{
	struct comparison *k = &c->cluster.comparison;

	if (c->cluster.self == NULL) {
		emit_reply(c, s, "This chatd is not in a cluster.");
	} else if (chat_session(c, k->asker) != NULL) {
		emit_reply(c, s, "The nodes are being compared already; wait until that is done.");
	} else if (c->outage.reason != NULL) {
		emit_rows(c, s, 2, "The nodes cannot be compared now: %s.", c->outage.reason);
	} else {
		for (struct node *n = c->cluster.nodes; n != NULL; n = n->hh.next)
			n->compared = false, n->asked = n->incarnation;
		act_propose(c, s, ACT_COMPARE, "");
		/* Until all have answered: so nothing else is read from s, a goodbye included. */
		s->person.pending++;
		*k = (struct comparison){.asker = s->id, .number = c->cluster.number, .status = a->status};
	}
}

void compare_apply(struct chat *c, const struct node *by, uint64_t incarnation, uint64_t number)
{
	struct comparison *k = &c->cluster.comparison;
	char text[NODE_BYTES_MAX + 80];

	if (by == c->cluster.self && incarnation == c->cluster.incarnation && number == k->number) {
		k->begun = true;
		k->seq = c->records.seq;
	}
	/* A node that reads on, after it was away, has nothing to say of the past. */
	if (!c->cluster.self->up || c->cluster.self->incarnation != c->cluster.incarnation)
		return;
	snprintf(text, sizeof text, "%s %" PRIu64 " %" PRIu64 " %016" PRIx64, by->name, incarnation, number,
	         cluster_digest(c));
	act_propose(c, NULL, ACT_DIGEST, text);
}

void compare_answered(struct chat *c, struct node *by, const char *text)
{
	const struct comparison *k = &c->cluster.comparison;
	const char *name = c->cluster.self->name, *blank = strchr(text, ' ');
	uint64_t incarnation, number;
	char *end;

	if (k->asker.gen == 0 || blank == NULL || strlen(name) != (size_t)(blank - text) ||
	    strncmp(name, text, strlen(name)) != 0)
		return;
	incarnation = strtoull(blank + 1, &end, 10);
	number = strtoull(end, &end, 10);
	if (incarnation != c->cluster.incarnation || number != k->number)
		return;
	by->digest = strtoull(end, NULL, 16);
	by->compared = true;
}

static void tell_same(struct chat *c, struct session *s, uint32_t up, uint64_t digest)
{
	if (up == 1)
		emit_reply(c, s, "Only this node is up, so there is nothing to compare it with.");
	else
		emit_reply(c, s, "All %" PRIu32 " nodes that are up have the same, after #%" PRIu64 ": %016" PRIx64 ".", up,
		           c->cluster.comparison.seq, digest);
}

static void tell_differences(struct chat *c, struct session *s, const struct node **nodes, uint32_t n)
{
	emit_reply(c, s, "The nodes differ, after #%" PRIu64 ":", c->cluster.comparison.seq);
	for (uint32_t i = 0; i < n; i++)
		if (nodes[i]->compared)
			emit_reply(c, s, "  %016" PRIx64 "  %s%s", nodes[i]->digest, nodes[i]->name,
			           nodes[i] == c->cluster.self ? " (this one)" : "");
	emit_reply(c, s, "Give the node that differs a backup of another one (/backup there).");
	emit_security(c, s, "nodes-differ", "the nodes of the cluster differ");
}

static void tell_compared(struct chat *c, struct session *s)
{
	uint32_t n, up = 0;
	const struct node **nodes = nodes_sorted(c, &n);
	uint64_t digest = c->cluster.self->digest;
	bool same = true;

	for (uint32_t i = 0; i < n; i++)
		if (nodes[i]->compared) {
			up++;
			same &= nodes[i]->digest == digest;
		}
	if (same)
		tell_same(c, s, up, digest);
	else
		tell_differences(c, s, nodes, n);
	for (uint32_t i = 0; i < n; i++)
		if (!nodes[i]->compared)
			emit_reply(c, s, "Node %s is down, and was not compared.", nodes[i]->name);
	command_tell_status(c, s, c->cluster.comparison.status && same);
	if (c->cluster.comparison.status && !same)
		emit_reply(c, s, "status: differ");
	free(nodes);
}

void compare_settle(struct chat *c)
{
	struct comparison *k = &c->cluster.comparison;
	struct session *s;

	if (k->asker.gen == 0)
		return;
	s = chat_session(c, k->asker);
	if (s != NULL) {
		for (const struct node *n = c->cluster.nodes; n != NULL; n = n->hh.next)
			if (n->up && !n->compared && n->asked == n->incarnation)
				return;
		if (!k->begun)
			return;
		tell_compared(c, s);
		if (--s->person.pending == 0)
			session_go_on(c, s);
	}
	k->asker = (struct conn_id){0};
}
