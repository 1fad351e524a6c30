/*
 * What all nodes of a cluster must agree on.
 *
 * Keeps, for each entry of the stream, the digest of the state after it, and for each record what it was and which
 * entry made it, as the first node has it that gets there; every other one is compared, and so is a node that
 * starts again. Says what a node may do between two acts: nothing that the others should know of.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/core/people/session.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"
#include "fake_writer.h"
#include "sim_cluster.h"

/* The state after so many entries. */
struct place {
	bool known;
	uint64_t digest, seq;
	const char *node;       /* which has it first */
};

struct made {
	bool known;
	uint64_t hash;
	enum record_kind kind;
	uint32_t room;
	int64_t time_ms;
	size_t entry;           /* that it is of */
};

static struct {
	struct { struct place *at; size_t n, cap; } places;  /* owned */
	struct { struct made *at; size_t n, cap; } records;  /* owned: by seq */
} agreed;

static struct sim_node *self(void)
{
	return &cluster->node[sim->cluster.node];
}

void agree_begin(void)
{
	memset(&agreed, 0, sizeof agreed);
}

void agree_end(void)
{
	free(agreed.places.at);
	free(agreed.records.at);
}

static struct place *place_at(size_t applied)
{
	while (agreed.places.n <= applied) {
		agreed.places.at = fake_grow(agreed.places.at, agreed.places.n, &agreed.places.cap, sizeof *agreed.places.at);
		agreed.places.at[agreed.places.n++] = (struct place){0};
	}
	return &agreed.places.at[applied];
}

static struct made *record_at(uint64_t seq)
{
	while (agreed.records.n <= seq) {
		agreed.records.at = fake_grow(agreed.records.at, agreed.records.n, &agreed.records.cap, sizeof *agreed.records.at);
		agreed.records.at[agreed.records.n++] = (struct made){0};
	}
	return &agreed.records.at[seq];
}

void agree_cut(size_t n)
{
	uint64_t seq = 0;

	for (size_t i = 0; i <= n && i < agreed.places.n; i++)
		if (agreed.places.at[i].known)
			seq = agreed.places.at[i].seq;
	if (agreed.places.n > n + 1)
		agreed.places.n = n + 1;
	for (size_t i = 0; i < agreed.records.n; i++)
		if (i > seq || agreed.records.at[i].entry >= n)
			agreed.records.at[i].known = false;
	for (uint32_t i = 0; i < SIM_TOKENS_MAX; i++)
		if (sim->token[i].said && sim->token[i].seq > seq)
			sim->token[i].seq = 0;
}

/* -- one order --------------------------------------------------------------------------------- */

static void applies(const struct event *e)
{
	const struct fake_stream *s = cluster->stream;
	size_t at = self()->applied++;

	if (at >= s->entries.n)
		sim_fail("an act is done that the stream does not have: %.100s", e->act.text);
	if (strcmp(s->entries.at[at].text, e->act.text) != 0 || s->entries.at[at].at_ms != e->act.at_ms)
		sim_fail("\"%.100s\" is done instead of entry %zu: %.100s", e->act.text, at, s->entries.at[at].text);
}

void agree_before(const struct chat *c, const struct event *e)
{
	(void)c;
	if (sim->verbose && e->kind == EVENT_ACT && e->act.text != NULL)
		printf("# round %" PRIu64 ": node %c does %zu: %s\n", cluster->rounds, 'a' + sim->cluster.node, self()->applied, e->act.text);
	if (e->kind == EVENT_ACT && e->act.text != NULL && !self()->void_)
		applies(e);
}

static uint64_t mix(uint64_t hash, const void *p, size_t n)
{
	const unsigned char *bytes = p;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* In which order facts of one act are saved may differ. */
static uint64_t hash_of(const struct record *r)
{
	uint64_t hash = mix(0xcbf29ce4, &r->kind, sizeof r->kind);
	struct record_columns columns;

	if (r->kind == RECORD_FACT)
		return hash;
	record_columns(r, &columns);
	hash = mix(hash, &r->room, sizeof r->room);
	hash = mix(hash, &r->time_ms, sizeof r->time_ms);
	hash = mix(hash, &columns.number, sizeof columns.number);
	hash = mix(hash, columns.who, strlen(columns.who) + 1);
	hash = mix(hash, columns.text, strlen(columns.text) + 1);
	return mix(hash, columns.name, strlen(columns.name) + 1);
}

static void say_record(const struct record *r)
{
	struct record_columns columns;

	record_columns(r, &columns);
	printf("# round %" PRIu64 ":   node %c makes #%" PRIu64 ", kind %d, room %u, %" PRIu64 " %s %s\n", cluster->rounds,
	       'a' + sim->cluster.node, r->seq, (int)r->kind, r->room, columns.number, columns.who, columns.text);
}

static void appends(const struct record *r)
{
	struct made *m = record_at(r->seq);
	size_t entry = self()->applied - 1;
	uint64_t hash = hash_of(r);

	if (!m->known) {
		*m = (struct made){.known = true, .hash = hash, .kind = r->kind, .room = r->room, .time_ms = r->time_ms,
		                   .entry = entry};
		return;
	}
	if (m->hash != hash || m->entry != entry)
		sim_fail("record #%" PRIu64 " is of entry %zu, kind %d, room %u, time %" PRId64 ", and on other nodes of entry %zu, "
		         "kind %d, room %u, time %" PRId64 ": %.200s", r->seq, entry, (int)r->kind, r->room, r->time_ms, m->entry,
		         (int)m->kind, m->room, m->time_ms, cluster->stream->entries.at[entry].text);
}

static void say_state(const struct chat *c)
{
	printf("# node %s: #%" PRIu64 ", %u people, records %" PRIx64 "\n", c->cluster.self->name, c->records.seq,
	       c->people.n, c->cluster.records);
	for (const struct node *n = c->cluster.nodes; n != NULL; n = n->hh.next)
		for (const struct session *s = n->people; s != NULL; s = s->person.hh.next)
			printf("#   %s/%" PRIu64 " state %d %s in %s away %s voiced %d\n", n->name, s->person.number, (int)s->state,
			       s->nick != NULL ? s->nick : "-", s->room != NULL ? s->room->name : "-",
			       s->presence.away != NULL ? s->presence.away : "-", s->member.voiced);
	for (uint32_t slot = 0; slot < c->rooms.top; slot++) {
		const struct room *r = c->rooms.slot[slot];

		if (r != NULL)
			printf("#   room %u %s, topic %s, %u in it, last #%" PRIu64 "\n", r->number, r->name, r->topic,
			       r->members.n, r->lines.last_id);
	}
}

static void say_states(size_t applied)
{
	for (int i = 0; i < cluster->n; i++)
		if (cluster->node[i].up && (cluster->node[i].applied == applied || i == sim->cluster.node))
			say_state(cluster->node[i].sim->chat);
}

static void compare(const struct chat *c, const char *when)
{
	struct place *p = place_at(self()->applied);
	uint64_t digest = chat_digest(c), seq = c->records.seq;

	if (!p->known) {
		*p = (struct place){.known = true, .digest = digest, .seq = seq,
		                    .node = cluster->stream->keys[sim->cluster.node].node};
		return;
	}
	if (p->digest == digest && p->seq == seq)
		return;
	say_states(self()->applied);
	sim_fail("%s entry %zu it has #%" PRIu64 " and digest %" PRIx64 ", node %s had #%" PRIu64 " and %" PRIx64
	         ": %.200s", when, self()->applied, seq, digest, p->node, p->seq, p->digest,
	         self()->applied > 0 ? cluster->stream->entries.at[self()->applied - 1].text : "");
}

/* What is said in it is not lost if its speaker goes before it comes back. */
static void proposes(const struct effect *e)
{
	for (const char *p = strchr(e->text, '~'), *end; p != NULL; p = strchr(p + 1, '~')) {
		unsigned long number = strtoul(p + 1, (char **)(uintptr_t)&end, 10);

		if (end != p + 1 && *end == '~' && number < sim->ntokens)
			sim->token[number].proposed = true;
	}
}

/* (Who has come and gone is summed up by each node.) */
static bool is_line(const struct effect *e)
{
	return e->kind == EFFECT_PUBLISH && (e->seq != 0 || e->line.kind == LINE_SAID || e->line.kind == LINE_ACTION);
}

/* The people of a node whose lease is over have left. */
static void check_gone(const struct chat *c)
{
	for (const struct node *n = c->cluster.nodes; n != NULL; n = n->hh.next)
		for (const struct session *s = n->people; s != NULL && !n->up; s = s->person.hh.next)
			if (s->state == SESSION_CHAT)
				sim_fail("%s is here, and node %s is not", s->nick, n->name);
}

void agree_after(const struct chat *c, const struct event *e)
{
	const struct effect *effects;
	size_t n;

	effects = chat_effects(c, &n);
	for (size_t i = 0; i < n; i++) {
		const struct effect *at = &effects[i];

		if (at->kind == EFFECT_PROPOSE)
			proposes(at);
		if (sim->verbose && at->kind == EFFECT_PROPOSE)
			printf("# round %" PRIu64 ": node %c proposes %.*s\n", cluster->rounds, 'a' + sim->cluster.node, (int)at->len, at->text);
		if (e->kind != EVENT_ACT && (at->kind == EFFECT_APPEND || at->kind == EFFECT_DONE || is_line(at)))
			sim_fail("event %d changes what all share, outside of an act: effect %d: %.*s", (int)e->kind, (int)at->kind,
			         (int)at->len, at->text != NULL ? at->text : "");
		if (sim->verbose && at->kind == EFFECT_APPEND)
			say_record(&at->record);
		if (self()->void_)
			continue;
		if (at->kind == EFFECT_APPEND)
			appends(&at->record);
		else if (at->kind == EFFECT_DONE)
			compare(c, "after");
		if (at->kind == EFFECT_DONE)
			check_gone(c);
	}
}

void agree_token(struct token *t, unsigned long number, uint64_t seq)
{
	if (self()->void_)
		return;
	if (t->said && t->seq != 0 && t->seq != seq)
		sim_fail("line ~%lu~ is said twice: as #%" PRIu64 " and #%" PRIu64, number, t->seq, seq);
	t->seq = seq;
}

/* -- what is saved ----------------------------------------------------------------------------- */

size_t agree_saved(const struct writer *w)
{
	const char *position = fake_writer_position(w);
	char id[ACT_ID_BYTES_MAX + 1];
	size_t entry;

	if (position == NULL)
		return 0;
	snprintf(id, sizeof id, "%.*s", (int)strcspn(position, " "), position);
	entry = fake_stream_find(cluster->stream, id);
	if (entry == FAKE_NONE)
		return FAKE_NONE;
	return entry + 1;
}

void agree_applied(int node, size_t entry)
{
	size_t saved;

	if (cluster->node[node].void_)
		return;
	saved = agree_saved(cluster->node[node].sim->writer);
	if (saved == FAKE_NONE || saved <= entry)
		sim_fail("the engine is told that entry %zu is saved, and the store is at %zu", entry, saved);
}

void agree_started(void)
{
	size_t saved = agree_saved(sim->writer);
	const struct place *p;

	self()->void_ = saved == FAKE_NONE;
	if (saved == FAKE_NONE)
		return;
	self()->applied = saved;
	p = place_at(saved);
	if (p->known && p->seq != fake_writer_saved(sim->writer))
		sim_fail("the store is at entry %zu and has #%" PRIu64 ", which belongs to #%" PRIu64, saved,
		         fake_writer_saved(sim->writer), p->seq);
	if (saved > 0)
		compare(sim->chat, "started at");
}

/* -- names ------------------------------------------------------------------------------------- */

static void check_names(const struct sim_node *a, const struct sim_node *b)
{
	const struct chat *c = a->sim->chat;

	for (uint32_t slot = 0; slot < c->config.connections_max; slot++) {
		const struct session *s = c->people.sessions[slot], *other;

		if (s == NULL || s->state != SESSION_CHAT)
			continue;
		other = session_by_key(b->sim->chat, s->key);
		if (other == NULL || !person_is_remote(other) || other->person.number != s->person.number ||
		    strcmp(other->person.node->name, c->cluster.self->name) != 0)
			sim_fail("%s is on node %s, and node %s has %s", s->nick, c->cluster.self->name,
			         b->sim->chat->cluster.self->name, other == NULL ? "nobody of that name" : "another one");
	}
}

void agree_check_names(void)
{
	for (int i = 0; i < cluster->n; i++)
		for (int k = 0; k < cluster->n; k++) {
			const struct sim_node *a = &cluster->node[i], *b = &cluster->node[k];

			if (i != k && a->up && b->up && !a->void_ && !b->void_ && a->applied == b->applied)
				check_names(a, b);
		}
}

/* -- at rest ----------------------------------------------------------------------------------- */

static bool is_pruned(const struct writer *w, const struct fake_line *l)
{
	for (size_t i = 0; i < w->start->pruned.n; i++)
		if (w->start->pruned.at[i].room == l->room && w->start->pruned.at[i].up_to >= l->id)
			return true;
	return false;
}

static bool same_line(const struct fake_line *a, const struct fake_line *b)
{
	return a->id == b->id && a->time_ms == b->time_ms && a->kind == b->kind && a->room == b->room &&
	       strcmp(a->room_name, b->room_name) == 0 && strcmp(a->sender, b->sender) == 0 && strcmp(a->body, b->body) == 0;
}

/* Each line that a has b has too, but for those that b has deleted for their age. */
static void compare_lines(const struct writer *a, const struct writer *b, int node)
{
	size_t k = 0;

	for (size_t i = 0; i < a->lines.n; i++) {
		const struct fake_line *l = &a->lines.at[i];

		while (k < b->lines.n && b->lines.at[k].id < l->id)
			k++;
		if (k < b->lines.n && same_line(l, &b->lines.at[k]))
			continue;
		if (!is_pruned(b, l))
			sim_fail("line #%" PRIu64 " of room %u is missing on node %c, or another one: [%s]:%s", l->id, l->room,
			         'a' + node, l->sender, l->body);
	}
}

static void compare_facts(const struct writer *a, const struct writer *b, int node)
{
	size_t n = a->start->facts.n < b->start->facts.n ? a->start->facts.n : b->start->facts.n;

	for (size_t i = 0; i < n; i++) {
		const struct saved_fact *x = &a->start->facts.at[i], *y = &b->start->facts.at[i];

		if (x->kind != y->kind || strcmp(x->key, y->key) != 0 || strcmp(x->value, y->value) != 0)
			sim_fail("fact %d of %s is \"%s\", node %c has %d of %s: \"%s\"", (int)x->kind, x->key, x->value, 'a' + node,
			         (int)y->kind, y->key, y->value);
	}
	if (a->start->facts.n != b->start->facts.n)
		sim_fail("%zu facts are saved, node %c has %zu", a->start->facts.n, 'a' + node, b->start->facts.n);
}

/* Whom a node has as people of another one are connected there: of one that stays away, nobody. */
static void check_people(const struct chat *c)
{
	for (const struct node *n = c->cluster.nodes; n != NULL; n = n->hh.next) {
		bool absent = cluster->absent >= 0 && strcmp(n->name, cluster->stream->keys[cluster->absent].node) == 0;

		for (const struct session *s = n->people; s != NULL; s = s->person.hh.next)
			if (s->state == SESSION_CHAT && (absent || (n == c->cluster.self && person_is_remote(s))))
				sim_fail("%s is on node %s, and has no connection there", s->nick, n->name);
	}
}

static void check_same(int node, const struct sim_node *first)
{
	const struct sim_node *at = &cluster->node[node];

	if (!at->up || at->applied != cluster->stream->entries.n)
		sim_fail("node %c has done %zu of %zu entries", 'a' + node, at->applied, cluster->stream->entries.n);
	if (chat_digest(at->sim->chat) != chat_digest(first->sim->chat)) {
		say_states(at->applied);
		sim_fail("node %c is not what another one is", 'a' + node);
	}
	if (agree_saved(at->sim->writer) != at->applied)
		sim_fail("node %c has saved %zu of %zu entries", 'a' + node, agree_saved(at->sim->writer), at->applied);
	check_people(at->sim->chat);
	compare_lines(at->sim->writer, first->sim->writer, (int)(first - cluster->node));
	compare_lines(first->sim->writer, at->sim->writer, node);
	compare_facts(first->sim->writer, at->sim->writer, node);
}

void agree_check_rest(void)
{
	const struct sim_node *first = &cluster->node[cluster->absent == 0 ? 1 : 0];

	for (int i = 0; i < cluster->n; i++)
		if (i != cluster->absent)
			check_same(i, first);
	agree_check_names();
}
