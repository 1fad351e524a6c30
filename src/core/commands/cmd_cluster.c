/* What operators see of the cluster: its part of /stats. */

#include "chatd/core/commands/cmd_cluster.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/time_format.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"

enum {
	LATE_MS = 30000,         /* nodes say only every some seconds how far they are: less than this is no news */
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

static void put_other(struct bytes *b, const struct node *n, const struct node_figures *of)
{
	char age[AGE_BYTES_MAX];

	if (!n->up)
		bytes_puts(b, "down");
	else if (of == NULL)
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

static void show_nodes(struct chat *c, struct session *s, const struct cluster_figures *f)
{
	uint32_t n = 0;
	const struct node **nodes = mem_alloc(HASH_COUNT(c->cluster.nodes) * sizeof *nodes);

	for (const struct node *one = c->cluster.nodes; one != NULL; one = one->hh.next)
		nodes[n++] = one;
	qsort(nodes, n, sizeof *nodes, by_name);
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
			put_other(b, nodes[i], of);
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
