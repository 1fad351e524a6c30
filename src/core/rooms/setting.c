/* Settings of rooms. Owns what struct room_settings points to, and the offers of rooms. */

#include "chatd/core/rooms/setting.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/people/forget.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

#define AT(field) offsetof(struct room_settings, field)

const struct setting settings[] = {
	{"topic-lock", SETTING_SWITCH, AT(topic_lock), ROOM_OPERATOR, true, 0, 1, "off",
	 "only operators can set the topic"},
	{"moderated", SETTING_SWITCH, AT(moderated), ROOM_OPERATOR, true, 0, 1, "off",
	 "only people with a voice can speak"},
	{"slow", SETTING_NUMBER, AT(slow_s), ROOM_OPERATOR, true, 1, SLOW_S_MAX, "off",
	 "seconds between two lines of the same person"},
	{"private", SETTING_SWITCH, AT(private), ROOM_OWNER, false, 0, 1, "off",
	 "unlisted; only invited people can come in"},
	{"password", SETTING_PASSWORD, AT(hash), ROOM_OWNER, false, 0, 0, "-",
	 "asked of anyone who comes in without an invitation"},
	{"history", SETTING_SWITCH, AT(history), ROOM_OWNER, false, 0, 1, "off",
	 "lines are saved, shown on joining, and searchable"},
	{"open-history", SETTING_SWITCH, AT(open_history), ROOM_OWNER, false, 0, 1, "off",
	 "members can read what was said before they joined"},
	{"days", SETTING_NUMBER, AT(days), ROOM_OWNER, true, 1, RETENTION_DAYS_MAX, "-",
	 "days that lines are kept; - is the server's number"},
	{"lines", SETTING_NUMBER, AT(lines), ROOM_OWNER, true, 1, RETENTION_LINES_MAX, "-",
	 "lines that are kept; - is the server's number"},
	{"replay", SETTING_NUMBER, AT(replay), ROOM_OWNER, true, 0, REPLAY_MAX, "-",
	 "lines shown on joining; - is the server's number"},
	{"permanent", SETTING_SWITCH, AT(permanent), ROOM_OWNER, false, 0, 1, "off",
	 "stays when it is empty and has no history"},
	{0},
};

const struct setting *setting_find(const char *name)
{
	for (const struct setting *k = settings; k->name != NULL; k++)
		if (strcasecmp(k->name, name) == 0)
			return k;
	return NULL;
}

/* -- values ------------------------------------------------------------------------------ */

static void *field(struct room_settings *set, const struct setting *k)
{
	return (char *)set + k->at;
}

uint32_t setting_value(const struct room_settings *set, const struct setting *k)
{
	const void *p = (const char *)set + k->at;

	if (k->kind == SETTING_SWITCH)
		return *(const bool *)p;
	return k->kind == SETTING_NUMBER ? *(const uint32_t *)p : set->hash != NULL;
}

static void set_value(struct room_settings *set, const struct setting *k, uint32_t value)
{
	if (k->kind == SETTING_SWITCH)
		*(bool *)field(set, k) = value != 0;
	else if (k->kind == SETTING_NUMBER)
		*(uint32_t *)field(set, k) = value;
}

const char *setting_show(const struct room *r, const struct setting *k,
                         char out[SETTING_BYTES_MAX])
{
	uint32_t value = setting_value(&r->set, k);

	if (k->kind == SETTING_PASSWORD)
		return value != 0 ? "set" : "none";
	if (value == 0)
		return k->none;
	if (k->kind == SETTING_SWITCH)
		return "on";
	snprintf(out, SETTING_BYTES_MAX, "%" PRIu32, value + k->least - 1);
	return out;
}

bool setting_parse(const struct setting *k, const char *text, uint32_t *value)
{
	unsigned long n;
	char *end;

	*value = 0;
	if (strcasecmp(text, k->none) == 0)
		return true;
	if (k->kind == SETTING_SWITCH) {
		*value = 1;
		return strcasecmp(text, "on") == 0;
	}
	n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || n < k->least || n > k->most)
		return false;
	*value = (uint32_t)n - k->least + 1;
	return true;
}

uint32_t setting_replay(const struct chat *c, const struct room *r)
{
	return r->set.replay != 0 ? r->set.replay - 1 : c->config.history_replay;
}

/* -- what is saved of a room ------------------------------------------------------------- */

struct room_terms setting_terms(const struct room *r)
{
	return (struct room_terms){
		.topic = r->topic, .maker = r->made.by, .alone = r->lines.alone, .made_ms = r->made.at_ms,
		.set = r->set,
		.offer = {r->offer.key, r->offer.by, r->offer.made_ms, r->offer.at_ms},
	};
}

/* Sets an owned string to a copy of value, which may be *field itself. */
static void take(char **field, const char *value)
{
	char *old = *field;

	if (value == old)
		return;
	*field = value != NULL ? mem_strdup(value) : NULL;
	free(old);
}

static void set_hash(struct room *r, const char *hash)
{
	char *old = r->set.hash;

	if (hash == old)
		return;
	r->set.hash = hash != NULL && *hash != '\0' ? mem_strdup(hash) : NULL;
	if (old != NULL)
		explicit_bzero(old, strlen(old));
	free(old);
	r->set.lock++;
}

static void note_closed(struct chat *c, struct room *r)
{
	bool closed = r->set.private || r->set.hash != NULL;

	if (closed != r->closed)
		c->rooms.nclosed += closed ? 1u : -1u;
	r->closed = closed;
}

void setting_apply(struct chat *c, struct room *r, const struct room_terms *t)
{
	bool other_maker = strcmp(t->maker, r->made.by) != 0;

	for (const struct setting *k = settings; k->name != NULL; k++)
		set_value(&r->set, k, setting_value(&t->set, k));
	set_hash(r, t->set.hash);
	note_closed(c, r);
	r->watchers.unverified = true;
	take(&r->topic, t->topic);
	take(&r->made.by, t->maker);
	take(&r->lines.alone, t->alone);
	r->made.at_ms = t->made_ms;
	take(&r->offer.key, t->offer.key);
	take(&r->offer.by, t->offer.by);
	r->offer.made_ms = t->offer.made_ms;
	r->offer.at_ms = t->offer.at_ms;
	if (other_maker)
		membership_recount(c, r);
}

/* -- setting ------------------------------------------------------------------------------- */

/* The people who are in the room when it becomes private may stay and come back. They could read
 * all of its history, and still can. */
static void admit_present(struct chat *c, struct room *r)
{
	/* Without an owner, an administrator made it private. */
	bool keeper = membership_owner(r) == NULL;

	for (uint32_t i = 0; i < r->members.n; i++) {
		struct session *s = r->members.list[i];

		if (s->account == NULL || !emit_has_room(c) ||
		    !membership_give_by(c, keeper, r, s->account->key, ROOM_MEMBER))
			access_invite(c, s, r, 0, true);
	}
}

/* Saves a record of r. The store must know the room's number already, or learn it from this
 * record. */
static uint64_t append_of(struct chat *c, const struct room *r, struct record what)
{
	what.room = r->number;
	what.room_name = r->name;
	what.time_ms = c->wall_ms;
	return emit_append(c, what);
}

static void append_retention(struct chat *c, const struct room *r)
{
	append_of(c, r, (struct record){.kind = RECORD_RETENTION, .retention = {r->set.days, r->set.lines}});
}

void setting_introduce(struct chat *c, struct room *r)
{
	if (r->stored)
		return;
	append_of(c, r, (struct record){.kind = RECORD_ROOM});
	r->stored = true;
	if (r->set.days != 0 || r->set.lines != 0)
		append_retention(c, r);
}

uint64_t setting_append(struct chat *c, struct room *r, struct record what)
{
	setting_introduce(c, r);
	return append_of(c, r, what);
}

void setting_put(struct chat *c, struct room *r, const struct setting *k, uint32_t value)
{
	uint32_t days = r->set.days, lines = r->set.lines;
	bool *private = &r->set.private;
	struct room_terms t;

	if (field(&r->set, k) == (void *)private && value != 0)
		admit_present(c, r);
	t = setting_terms(r);
	set_value(&t.set, k, value);
	setting_apply(c, r, &t);
	setting_save(c, r);
	if (r->set.days != days || r->set.lines != lines)
		append_retention(c, r);
}

void setting_lock(struct chat *c, struct room *r, const char *hash)
{
	struct room_terms t = setting_terms(r);

	t.set.hash = (char *)hash;
	setting_apply(c, r, &t);
	setting_save(c, r);
}

/* -- offers ------------------------------------------------------------------------------- */

void setting_offer(struct chat *c, struct room *r, const struct account *to, const char *by,
                   int64_t at_ms)
{
	struct room_terms t = setting_terms(r);

	t.offer = (struct room_offer){0};
	if (to != NULL)
		t.offer = (struct room_offer){to->key, by, to->made.at_ms, at_ms};
	setting_apply(c, r, &t);
	setting_save(c, r);
}

struct account *setting_offered(const struct chat *c, const struct room *r)
{
	struct account *a;

	if (r->offer.key == NULL || r->offer.at_ms + OFFER_MS <= c->wall_ms)
		return NULL;
	a = account_by_key(c, r->offer.key);
	return a != NULL && a->made.at_ms == r->offer.made_ms ? a : NULL;
}

void setting_tell_offer(struct chat *c, const struct session *s, const struct room *r)
{
	char p = c->config.command_prefix;

	emit_reply(c, s, "%s offers you the room %s: %caccept %s makes you its owner, %cdecline %s turns "
	           "it down.", r->offer.by, r->name, p, r->name, p, r->name);
}

void setting_tell_offers(struct chat *c, struct session *s)
{
	uint32_t n = 0;

	for (uint32_t slot = 0; slot < c->rooms.top; slot++) {
		const struct room *r = c->rooms.slot[slot];

		if (r == NULL || r->offer.key == NULL || setting_offered(c, r) != s->account)
			continue;
		if (n++ < OFFERS_TOLD_MAX)
			setting_tell_offer(c, s, r);
	}
	if (n > OFFERS_TOLD_MAX)
		emit_reply(c, s, "And %" PRIu32 " more rooms are offered to you.", n - OFFERS_TOLD_MAX);
}

void setting_init(struct room *r)
{
	r->set.history = true;
}

void setting_release(struct chat *c, struct room *r)
{
	set_hash(r, NULL);
	take(&r->offer.key, NULL);
	take(&r->offer.by, NULL);
	r->set.private = false;
	note_closed(c, r);
}

/* -- keeping -------------------------------------------------------------------------------- */

void setting_save(struct chat *c, struct room *r)
{
	struct bytes b = {0};

	/* If only a fact mentioned the number, it might be given to another room after a restart. */
	setting_introduce(c, r);
	forget_not(c, FACT_ROOM, r->key);
	fields_put(&b, "name", r->name);
	fields_put_number(&b, "number", r->number);
	fields_put(&b, "topic", r->topic);
	fields_put_number(&b, "made", r->made.at_ms);
	fields_put(&b, "maker", r->made.by);
	fields_put(&b, "alone", r->lines.alone);
	if (c->cluster.self != NULL)
		fields_put_number(&b, "emptied", (int64_t)r->lines.emptied);
	for (const struct setting *k = settings; k->name != NULL; k++)
		if (k->kind != SETTING_PASSWORD)
			fields_put_number(&b, k->name, setting_value(&r->set, k));
	fields_put(&b, "hash", r->set.hash != NULL ? r->set.hash : "");
	if (r->offer.key != NULL) {
		fields_put(&b, "offer", r->offer.key);
		fields_put(&b, "offer_by", r->offer.by);
		fields_put_number(&b, "offer_made", r->offer.made_ms);
		fields_put_number(&b, "offer_at", r->offer.at_ms);
	}
	emit_fact(c, FACT_ROOM, r->key, b.data);
	r->kept = true;
	c->output.secret = true;
	explicit_bzero(b.data, b.len);
	bytes_release(&b);
}

void setting_drop(struct chat *c, struct room *r)
{
	if (r->kept)
		emit_fact(c, FACT_ROOM, r->key, "");
	r->kept = false;
}

static void load_offer(struct room_offer *o, const char *value)
{
	char *key = fields_get_text(value, "offer", NAME_KEY_BYTES_MAX);

	*o = (struct room_offer){0};
	if (*key == '\0') {
		free(key);
		return;
	}
	o->key = key;
	o->by = fields_get_text(value, "offer_by", NAME_BYTES_MAX);
	o->made_ms = fields_get_number(value, "offer_made");
	o->at_ms = fields_get_time(value, "offer_at");
}

/* Reads who made the room and who spoke in it. Older versions did not save that. */
static void load_maker(struct room_terms *t, bool has_lines, bool exact, const char *value)
{
	char *maker = fields_get_text(value, "maker", SHARE_WHO_BYTES - 1);
	char *alone = fields_get_text(value, "alone", SHARE_WHO_BYTES - 1);

	/* Earlier versions did not note who speaks; in a cluster there is none. */
	if (!exact && (*maker == '\0' || (*alone == '\0' && has_lines))) {
		free(alone);
		alone = mem_strdup(ROOM_SEVERAL);
	}
	t->made_ms = fields_get_time(value, "made");
	t->maker = maker;
	t->alone = alone;
}

void setting_load(struct chat *c, struct room *r, const char *value)
{
	char *hash = fields_get_text(value, "hash", BODY_BYTES_MAX);
	struct room_terms t = {.set.hash = hash};

	r->lines.emptied = (uint64_t)fields_get_number(value, "emptied");
	if (c->cluster.self != NULL && r->lines.last_id <= r->lines.emptied)
		r->lines.last_id = 0;
	for (const struct setting *k = settings; k->name != NULL; k++)
		set_value(&t.set, k, fields_get_count(value, k->name, k->most - k->least + 1));
	t.topic = fields_get_text(value, "topic", TOPIC_BYTES_MAX);
	load_offer(&t.offer, value);
	load_maker(&t, r->lines.last_id != 0, c->cluster.self != NULL, value);
	setting_apply(c, r, &t);
	r->kept = true;
	explicit_bzero(hash, strlen(hash));
	free(hash);
	free((char *)t.topic);
	free((char *)t.maker);
	free((char *)t.alone);
	free((char *)t.offer.key);
	free((char *)t.offer.by);
}
