/*
 * What comes out of the store: rooms, facts, and rows of answers.
 *
 * Owns only the copies of answers that it had to correct. The modules that facts belong to read
 * their values (account_load and the others); this file has what they have in common.
 */

#include "chatd/core/load.h"
#include "chatd/core/entry/resume.h"
#include "chatd/core/roster.h"

#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/base/text.h"
#include "chatd/core/moderation/filter.h"
#include "chatd/core/moderation/lockdown.h"
#include "chatd/core/moderation/report.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/forget.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/people/name.h"
#include "chatd/core/rooms/ban.h"
#include "chatd/core/rooms/membership.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum { FACT_KEY_BYTES_MAX = 2 * NAME_KEY_BYTES_MAX + 32 }; /* two names, or a name and a number */

static bool time_is_shown(int64_t ms)
{
	return ms >= 0 && ms <= TIME_MS_MAX;
}

/* -- at the start ------------------------------------------------------------------------ */

/* Turns the saved name into a valid name and its key: the same name if possible, or else the
 * nearest one. */
static void room_name(const char *saved, char name[NAME_BYTES_MAX + 1],
                      char key[NAME_KEY_BYTES_MAX + 1])
{
	size_t len = strnlen(saved, NAME_BYTES_MAX + 1);
	char why[160];

	if (len <= NAME_BYTES_MAX)
		memcpy(name, saved, len + 1);
	/* Keep it even if today's rules would no longer allow it. */
	if (name_kept(saved, NAME_BYTES_MAX) && name_key(name, len, key))
		return;
	name_mend(NAME_ROOM, saved, len, ROOM_CHARS_MAX, name);
	name_check(NAME_ROOM, name, strlen(name), key, why, sizeof why);
}

void chat_load_room(struct chat *c, const struct saved_room *saved)
{
	char name[NAME_BYTES_MAX + 1], key[NAME_KEY_BYTES_MAX + 1], *topic;
	struct room_terms t;
	struct room *r;

	if (saved->room == 0 || saved->room > ROOM_NUMBER_MAX)
		return;
	room_name(saved->name, name, key);
	r = room_by_key(c, key);
	if (r != NULL && r == c->rooms.lobby && !r->stored) {
		/* The lobby was made before its history is loaded. */
		room_renumber(c, r, saved->room);
	} else if (r != NULL || room_by_number(c, saved->room) != NULL ||
	           (r = room_new(c, name, key, saved->room)) == NULL) {
		return;
	}
	r->stored = true;
	topic = text_shown(saved->topic, TOPIC_BYTES_MAX);
	t = setting_terms(r);
	t.topic = topic;
	setting_apply(c, r, &t);
	free(topic);
	r->lines.last_id = saved->last_id;
	r->lines.last_ms = time_is_shown(saved->last_ms) ? saved->last_ms : 0;
	if (saved->last_id > c->records.line_seq)
		c->records.line_seq = saved->last_id;
}

/* The room that the fact is about: the lobby, a room that has lines, or a new one. NULL: by its
 * number the fact is about an earlier room, or there is no place for another room. */
static struct room *room_of_fact(struct chat *c, const char *key, const char *value)
{
	/* Rooms count on from it, so one that was not counted must leave them room. */
	uint32_t most = c->rooms.last_number > ROOM_NUMBER_IMPORT_MAX ? c->rooms.last_number : ROOM_NUMBER_IMPORT_MAX;
	uint32_t number = fields_get_count(value, "number", most);
	struct room *r = room_by_key(c, key), *same = room_by_number(c, number);
	char *name;

	if (number == 0)
		return NULL;
	if (r == c->rooms.lobby && !r->stored && same == NULL)
		room_renumber(c, r, number);
	if (r != NULL)
		return r->number == number ? r : NULL;
	if (same != NULL || !name_kept(key, NAME_KEY_BYTES_MAX))
		return NULL;
	name = fields_get(value, "name");
	/* A key may be longer than a name. */
	if (!name_kept(name, NAME_BYTES_MAX)) {
		free(name);
		name = text_shown(key, NAME_BYTES_MAX);
	}
	r = room_new(c, name, key, number);
	free(name);
	/* The store forgets rooms without lines when it starts. */
	if (r != NULL)
		r->stored = false;
	return r;
}

static void load_room(struct chat *c, const char *key, const char *value)
{
	struct room *r = room_of_fact(c, key, value);

	if (r == NULL) {
		/* The fact belongs to a room that is gone, and another room has its name now. */
		if (room_by_key(c, key) != NULL)
			forget_fact(c, FACT_ROOM, key);
		return;
	}
	/* In a cluster the store forgets none: all nodes know the same. */
	if (c->cluster.self != NULL)
		r->stored = true;
	if (r->number > c->rooms.last_number)
		c->rooms.last_number = r->number;
	setting_load(c, r, value);
}

void chat_load_fact(struct chat *c, const struct saved_fact *f)
{
	if (strlen(f->key) > FACT_KEY_BYTES_MAX || strlen(f->value) > BODY_BYTES_MAX)
		return;
	cluster_note_loaded(c, f->key, f->value);
	if (f->kind == FACT_ACCOUNT)
		account_load(c, f->key, f->value);
	else if (f->kind == FACT_ROOM)
		load_room(c, f->key, f->value);
	else if (f->kind == FACT_MAIL)
		mail_load(c, f->key, f->value);
	else if (f->kind == FACT_BAN)
		ban_load(c, BAN_ENTRY, f->key, f->value);
	else if (f->kind == FACT_MUTE)
		ban_load(c, BAN_SPEECH, f->key, f->value);
	else if (f->kind == FACT_FILTER)
		filter_load(c, f->key, f->value);
	else if (f->kind == FACT_INVITE)
		membership_load(c, f->key, f->value);
	else if (f->kind == FACT_REPORT)
		report_load(c, f->key, f->value);
	else if (f->kind == FACT_STATE)
		lockdown_load(c, f->key, f->value);
	else if (f->kind == FACT_PERSON)
		roster_load(c, f->key, f->value);
	else if (f->kind == FACT_RESUMABLE)
		resume_load(c, f->key, f->value);
}

const char *chat_lobby_bar(const struct chat *c)
{
	const struct room *r = c->rooms.lobby;

	if (r->set.private)
		return "that room is private";
	if (r->set.hash != NULL)
		return "that room has a password";
	if (r->memberships.owner != NULL)
		return "that room has an owner";
	return r->set.history ? NULL : "that room keeps no history";
}

/* -- answers ------------------------------------------------------------------------------- */

static bool fits(const char *text, size_t bytes_max)
{
	size_t len = strnlen(text, bytes_max + 1);

	return len <= bytes_max && text_is_shown(text, len);
}

static bool row_fits(const struct row *row)
{
	return time_is_shown(row->time_ms) && fits(row->room_name, NAME_BYTES_MAX) &&
	       fits(row->sender, NAME_BYTES_MAX) && fits(row->body, BODY_BYTES_MAX) &&
	       (row->changed == NULL || fits(row->changed, BODY_BYTES_MAX));
}

/* A search may find lines of a removed room until the store has deleted them all. */
static bool is_known(const struct chat *c, const struct rows *rows, const struct row *row)
{
	return rows->kind != QUERY_SEARCH || row->room == 0 || room_by_number(c, row->room) != NULL;
}

struct loaded_rows *load_rows(const struct chat *c, const struct rows *rows)
{
	struct loaded_rows *loaded;
	size_t i = 0;

	while (i < rows->n && row_fits(&rows->row[i]) && is_known(c, rows, &rows->row[i]))
		i++;
	if (i == rows->n)
		return NULL;
	loaded = mem_zero(1, sizeof *loaded);
	loaded->rows = *rows;
	loaded->rows.row = loaded->row = mem_zero(rows->n, sizeof *loaded->row);
	loaded->rows.n = 0;
	for (i = 0; i < rows->n; i++) {
		const struct row *from = &rows->row[i];
		struct row *row = &loaded->row[loaded->rows.n];

		if (!is_known(c, rows, from))
			continue;
		loaded->rows.n++;
		*row = *from;
		row->time_ms = time_is_shown(from->time_ms) ? from->time_ms : 0;
		row->room_name = text_shown(from->room_name, NAME_BYTES_MAX);
		row->sender = text_shown(from->sender, NAME_BYTES_MAX);
		row->body = text_shown(from->body, BODY_BYTES_MAX);
		if (from->changed != NULL)
			row->changed = text_shown(from->changed, BODY_BYTES_MAX);
	}
	return loaded;
}

void load_rows_free(struct loaded_rows *loaded)
{
	if (loaded == NULL)
		return;
	for (size_t i = 0; i < loaded->rows.n; i++) {
		free((char *)loaded->row[i].room_name);
		free((char *)loaded->row[i].sender);
		free((char *)loaded->row[i].body);
		free((char *)loaded->row[i].changed);
	}
	free(loaded->row);
	free(loaded);
}
