/* Nodes, and their people. Owns struct node. */

#include "chatd/core/state/cluster.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

bool chat_defers(const struct chat *c)
{
	return c->cluster.self != NULL && !c->cluster.applying;
}

int64_t chat_shared_ms(const struct chat *c)
{
	return c->cluster.self != NULL ? c->cluster.at_ms : c->now_ms;
}

bool cluster_is_up(const struct chat *c)
{
	return c->cluster.self->up && c->cluster.self->incarnation == c->cluster.incarnation;
}

struct node *cluster_find(const struct chat *c, const char *name)
{
	struct node *n;

	HASH_FIND_STR(c->cluster.nodes, name, n);
	return n;
}

struct node *cluster_node(struct chat *c, const char *name)
{
	struct node *n = cluster_find(c, name);

	if (n != NULL)
		return n;
	n = mem_zero(1, sizeof *n);
	n->name = mem_strdup(name);
	HASH_ADD_KEYPTR(hh, c->cluster.nodes, n->name, strlen(n->name), n);
	return n;
}

void cluster_begin(struct chat *c, const char *node)
{
	c->cluster.self = cluster_node(c, node);
}

/* -- what they agree on -------------------------------------------------------------------- */

/* FNV-1a (Fowler, Noll, Vo). Not siphash, whose key differs from node to node. */
static uint64_t mix(uint64_t hash, const void *p, size_t n)
{
	const unsigned char *bytes = p;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	return mix(hash, text != NULL ? text : "", text != NULL ? strlen(text) + 1 : 1);
}

static uint64_t mix_number(uint64_t hash, uint64_t number)
{
	return mix(hash, &number, sizeof number);
}

enum { HASH_BASE = 0xcbf29ce4 };

uint64_t cluster_mix(uint64_t hash, const char *text)
{
	return mix_text(hash ^ HASH_BASE, text);
}

void cluster_note(struct chat *c, const struct record *r)
{
	struct record whole = *r;
	const char **string[RECORD_STRINGS_MAX];
	size_t n = record_strings(&whole, string);
	bool ordered = r->kind != RECORD_FACT;
	uint64_t hash = ordered ? mix_number(c->cluster.records, r->seq) : HASH_BASE;

	hash = mix_number(hash, r->kind);
	hash = mix_number(hash, r->room);
	hash = mix_number(hash, (uint64_t)r->time_ms);
	for (size_t i = 0; i < n; i++)
		hash = mix_text(hash, *string[i]);
	if (ordered)
		c->cluster.records = hash;
	else
		c->cluster.facts += hash;
}

void cluster_noted(struct chat *c)
{
	if (c->cluster.facts != 0)
		c->cluster.records = mix_number(c->cluster.records, c->cluster.facts);
	c->cluster.facts = 0;
}

void cluster_note_loaded(struct chat *c, const char *key, const char *value)
{
	c->cluster.loaded += mix_text(mix_text(HASH_BASE, key), value);
}

/* -- what is saved of them ----------------------------------------------------------------- */

void cluster_node_changed(struct node *n)
{
	bytes_clear(&n->saved);
}

static void number(struct bytes *b, uint64_t value)
{
	bytes_append(b, " ", 1);
	bytes_number(b, value);
}

/* This is done for each act, and each act changes one node. */
static void put_node(struct bytes *b, struct node *n)
{
	if (n->saved.len == 0) {
		bytes_append(&n->saved, " ", 1);
		bytes_puts(&n->saved, n->name);
		number(&n->saved, n->incarnation);
		number(&n->saved, n->number);
		number(&n->saved, n->up);
		number(&n->saved, (uint64_t)n->down_ms);
	}
	bytes_append(b, n->saved.data, n->saved.len);
}

void cluster_state(struct chat *c, struct bytes *b)
{
	const uint64_t numbers[] = {
		(uint64_t)c->cluster.at_ms, c->rooms.last_number, c->rooms.lobby->number, (uint64_t)c->people.accounts.made_ms,
		c->cluster.version, c->cluster.base,
	};

	bytes_number(b, c->cluster.records);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		number(b, numbers[i]);
	bytes_append(b, " ", 1);
	bytes_puts(b, c->cluster.settings != NULL ? c->cluster.settings : "-");
	for (struct node *n = c->cluster.nodes; n != NULL; n = n->hh.next)
		put_node(b, n);
}

/* The word at *p, which is moved behind it; the caller frees it. */
static char *word(char **p)
{
	size_t len;
	char *text;

	*p += strspn(*p, " ");
	len = strcspn(*p, " ");
	text = mem_strdup(*p);
	text[len] = '\0';
	*p += len;
	return text;
}

uint32_t cluster_load(struct chat *c, const char *text)
{
	uint32_t lobby;
	char *end;

	c->cluster.records = strtoull(text, &end, 10);
	c->cluster.at_ms = strtoll(end, &end, 10);
	c->rooms.last_number = (uint32_t)strtoul(end, &end, 10);
	lobby = (uint32_t)strtoul(end, &end, 10);
	c->people.accounts.made_ms = strtoll(end, &end, 10);
	c->cluster.version = (uint32_t)strtoul(end, &end, 10);
	c->cluster.base = strtoull(end, &end, 10);
	free(c->cluster.settings);
	c->cluster.settings = word(&end);
	while (*end == ' ') {
		char *name = word(&end);
		struct node *n = cluster_node(c, name);

		free(name);
		n->incarnation = strtoull(end, &end, 10);
		n->number = strtoull(end, &end, 10);
		n->up = strtoull(end, &end, 10) != 0;
		n->down_ms = strtoll(end, &end, 10);
	}
	return lobby;
}

static void node_forget(struct chat *c, struct node *n)
{
	HASH_DELETE(hh, c->cluster.nodes, n);
	bytes_release(&n->saved);
	LL_PREPEND2(c->cluster.forgotten, n, forgotten);
}

void cluster_node_drop(struct chat *c, struct node *n)
{
	HASH_DELETE(hh, c->cluster.nodes, n);
	bytes_release(&n->saved);
	free(n->name);
	free(n);
}

void cluster_free(struct chat *c)
{
	struct node *n, *next;

	HASH_ITER(hh, c->cluster.nodes, n, next)
		node_forget(c, n);
	LL_FOREACH_SAFE2(c->cluster.forgotten, n, next, forgotten) {
		free(n->name);
		free(n);
	}
	free(c->cluster.settings);
}

void cluster_forget_nodes(struct chat *c)
{
	struct node *n, *next;

	HASH_ITER(hh, c->cluster.nodes, n, next) {
		if (n->up || n->down_ms + NODE_FORGOTTEN_MS >= c->cluster.at_ms || n == c->cluster.ending.node)
			continue;
		if (n == c->cluster.self) {
			/* To all others it is a new one as well, whoever waits here at the prompt. */
			n->incarnation = n->number = 0;
			cluster_node_changed(n);
		} else if (n->people == NULL) {
			node_forget(c, n);
		}
	}
}

uint64_t cluster_digest(const struct chat *c)
{
	uint64_t sum = 0;
	const struct session *s;
	const struct node *n;

	for (n = c->cluster.nodes; n != NULL; n = n->hh.next)
		for (s = n->people; s != NULL; s = s->person.hh.next) {
			uint64_t hash = mix_text(HASH_BASE, n->name);

			if (s->state != SESSION_CHAT)
				continue;
			hash = mix_number(hash, s->person.number);
			hash = mix_text(hash, s->nick);
			hash = mix_text(hash, s->account != NULL ? s->account->key : NULL);
			hash = mix_number(hash, s->room->number);
			hash = mix_text(hash, s->presence.away);
			hash = mix_number(hash, s->member.voiced);
			sum += hash;
		}
	for (uint32_t slot = 0; slot < c->rooms.top; slot++) {
		const struct room *r = c->rooms.slot[slot];
		uint64_t hash = HASH_BASE;

		if (r == NULL)
			continue;
		hash = mix_text(hash, r->key);
		hash = mix_text(hash, r->topic);
		hash = mix_number(hash, r->number);
		hash = mix_number(hash, r->members.n);
		hash = mix_number(hash, r->lines.last_id);
		sum += hash;
	}
	return mix_number(mix_number(mix_number(c->cluster.records, sum), c->people.n), c->records.seq);
}

/* -- people -------------------------------------------------------------------------------- */

void person_join(struct node *node, struct session *s, uint64_t number)
{
	s->person.node = node;
	s->person.number = number;
	HASH_ADD(person.hh, node->people, person.number, sizeof s->person.number, s);
}

void person_forget(struct session *s)
{
	if (s->person.kept != NULL)
		explicit_bzero(s->person.kept, strlen(s->person.kept));
	free(s->person.kept);
	s->person.kept = NULL;
}

void person_leave(struct session *s)
{
	if (s->person.node == NULL)
		return;
	person_forget(s);
	free(s->person.end);
	s->person.end = NULL;
	person_touched(s);
	HASH_DELETE(person.hh, s->person.node->people, s);
	s->person.node = NULL;
}

struct session *person_of(struct node *node, uint64_t number)
{
	struct session *s;

	HASH_FIND(person.hh, node->people, &number, sizeof number, s);
	return s;
}

struct person_ref person_ref(const struct session *s)
{
	return (struct person_ref){s->id, s->person.node, s->person.number};
}

struct session *person_at(struct chat *c, const struct person_ref *ref)
{
	return ref->node != NULL ? person_of(ref->node, ref->number) : chat_session(c, ref->conn);
}

const char *person_key(const struct session *s, char key[PERSON_KEY_BYTES])
{
	snprintf(key, PERSON_KEY_BYTES, "%.*s %" PRIu64, NODE_BYTES_MAX, s->person.node->name, s->person.number);
	return key;
}

void person_touch(struct session *s)
{
	if (s->person.node == NULL || s->person.touched)
		return;
	s->person.touched = true;
	DL_APPEND2(s->person.node->touched, s, person.prev, person.next);
}

void person_touched(struct session *s)
{
	if (s->person.touched)
		DL_DELETE2(s->person.node->touched, s, person.prev, person.next);
	s->person.touched = false;
}

uint32_t cluster_people_of(const struct node *n)
{
	const struct session *s = n != NULL ? n->people : NULL;
	uint32_t people = 0;

	for (; s != NULL; s = s->person.hh.next)
		people += s->state == SESSION_CHAT;
	return people;
}

uint32_t cluster_people_here(const struct chat *c)
{
	uint32_t people = c->people.n;

	for (const struct node *n = c->cluster.nodes; n != NULL; n = n->hh.next)
		if (n != c->cluster.self)
			people -= cluster_people_of(n);
	return people;
}

bool person_is_remote(const struct session *s)
{
	return s->id.gen == 0;
}

/* -- acts ---------------------------------------------------------------------------------- */

void act_put_account(struct bytes *b, const struct account *a)
{
	fields_put(b, "key", a->key);
	fields_put_number(b, "of", a->made.at_ms);
}
