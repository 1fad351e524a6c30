/* What nodes agree on. Owns cluster.settings. */

#include "chatd/core/agreement.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/base/time_format.h"
#include "chatd/core/state/state.h"

/* What acts mean. It goes up when an older chatd would make something else of an act. */
enum { ACTS_VERSION = 1 };

static const char version[] = "version", settings_field[] = "settings", base[] = "base";

static const char other_base[] = "this node's database is not one of this cluster's; give it a backup of another node "
                                 "(docs/cluster.md), or let it begin with none if all of them did";

/* Keys of the configuration, and the time zone. */
static const char *const names[] = {
	"line_bytes_max", "guest_room_days", "command_prefix", "lobby", "server_name", "address_exempt", "TZ", NULL,
};

static void put_exempt(const struct chat *c, struct bytes *b)
{
	char text[ADDRESS_BYTES_MAX];
	uint64_t hash = 0;

	for (int i = 0; i < c->entry.admission.nexempt; i++)
		hash = cluster_mix(hash, address_show(&c->entry.admission.exempt[i], text));
	fields_put_number(b, "address_exempt", (int64_t)(hash >> 1));
}

/* Some records have times of the day in them. */
static void put_zone(struct bytes *b)
{
	static const int64_t times_ms[] = {1767225600000, 1782864000000}; /* January and July 2026 */
	struct stamp_cache cache = {0};
	struct bytes zone = {0};

	for (size_t i = 0; i < sizeof times_ms / sizeof *times_ms; i++)
		bytes_puts(&zone, format_stamp(&cache, times_ms[i]));
	fields_put_number(b, "TZ", (int64_t)(cluster_mix(0, zone.data) >> 1));
	bytes_release(&zone);
}

static void put_settings(const struct chat *c, struct bytes *b)
{
	char prefix[] = {c->config.command_prefix, '\0'};

	fields_put_number(b, "line_bytes_max", c->config.line_bytes_max);
	fields_put_number(b, "guest_room_days", c->config.guest_room_days);
	fields_put(b, "command_prefix", prefix);
	fields_put(b, "lobby", c->rooms.lobby->key);
	fields_put(b, "server_name", c->entry.welcome.name);
	put_exempt(c, b);
	put_zone(b);
}

void agreement_put(struct chat *c, struct bytes *b)
{
	struct bytes own = {0};

	/* A database that has been in no cluster yet. */
	if (c->cluster.base == 0 && c->cluster.own_base == 0)
		c->cluster.own_base = (cluster_digest(c) + c->cluster.loaded) | 1;
	put_settings(c, &own);
	fields_put_number(b, version, ACTS_VERSION);
	fields_put(b, settings_field, own.data);
	bytes_printf(b, " %s=%016" PRIx64, base, c->cluster.own_base != 0 ? c->cluster.own_base : c->cluster.base);
	bytes_release(&own);
}

/* They are kept as they stand in the act: one word. */
static char *word_of(const char *fields)
{
	char *own = fields_get(fields, settings_field);
	struct bytes b = {0};

	fields_put(&b, settings_field, own);
	free(own);
	return b.data != NULL ? b.data : mem_strdup("-");
}

/* Which setting differs between two such words; NULL: none. */
static const char *differs(const char *a_word, const char *b_word)
{
	char *a = fields_get(a_word, settings_field), *b = fields_get(b_word, settings_field);
	const char *found = NULL;

	for (const char *const *name = names; *name != NULL && found == NULL; name++) {
		char *x = fields_get(a, *name), *y = fields_get(b, *name);

		if (strcmp(x, y) != 0)
			found = *name;
		free(x);
		free(y);
	}
	free(a);
	free(b);
	return found;
}

/* How many others there are, or have been. */
static int others(const struct chat *c, const struct node *node)
{
	int n = 0;

	for (const struct node *other = c->cluster.nodes; other != NULL; other = other->hh.next)
		n += other != node && other->incarnation > 0;
	return n;
}

/* Whether any other node is up; which one. */
static const struct node *other_up(const struct chat *c, const struct node *node)
{
	const struct node *n = c->cluster.nodes;

	while (n != NULL && (n == node || !n->up))
		n = n->hh.next;
	return n;
}

bool agreement_takes(struct chat *c, const struct node *node, const char *fields, char why[AGREEMENT_WHY_BYTES])
{
	char *its = word_of(fields), *began = fields_get(fields, base);
	uint64_t its_base = strtoull(began, NULL, 16);
	const struct node *other = other_up(c, node);
	bool known = c->cluster.settings != NULL && strchr(c->cluster.settings, '=') != NULL;
	const char *name = other != NULL && known ? differs(c->cluster.settings, its) : NULL;
	bool takes = false;

	if (its_base == 0 || (c->cluster.base != 0 && its_base != c->cluster.base))
		snprintf(why, AGREEMENT_WHY_BYTES, "%s", other_base);
	else if (others(c, node) >= NODES_MAX)
		snprintf(why, AGREEMENT_WHY_BYTES, "the cluster has had %d nodes, the most there can be; give this one the name of "
		         "one that is gone", NODES_MAX);
	else if (other != NULL && fields_get_number(fields, version) != c->cluster.version)
		snprintf(why, AGREEMENT_WHY_BYTES, "node %s runs another version of chatd, which does not mix with this one; stop "
		         "all nodes, and start them with the same", other->name);
	else if (name != NULL)
		snprintf(why, AGREEMENT_WHY_BYTES, "%s is not what it is on node %s; it must be the same on all nodes. To change "
		         "it, stop them all", name, other->name);
	else
		takes = true;
	if (takes) {
		c->cluster.base = its_base;
		c->cluster.version = (uint32_t)fields_get_number(fields, version);
		free(c->cluster.settings);
		c->cluster.settings = its;
		its = NULL;
	}
	free(its);
	free(began);
	return takes;
}

const char *agreement_other_base(const struct chat *c)
{
	return c->cluster.own_base != 0 && c->cluster.base != 0 && c->cluster.base != c->cluster.own_base ? other_base : NULL;
}
