/* Commands about rooms: /join /leave /rooms /topic /who. */

#include "chatd/core/commands/cmd_room.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/entry/room_entry.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/moderation/speech.h"
#include "chatd/core/people/name.h"
#include "chatd/core/state/question.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/join.h"
#include "chatd/core/rooms/making.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/entry/unread.h"
#include "chatd/core/state/state.h"

enum {
	WHO_SORTED_MAX = 1000,  /* /who sorts the names of no more people than that */
};

/* Takes s into r, which it has just made, and makes it the owner if it is signed in. */
static void make(struct chat *c, struct session *s, struct room *r)
{
	bool can_own = room_would_own(c, s);

	if (can_own) {
		setting_save(c, r);
		membership_give(c, r, s->account->key, ROOM_OWNER);
	}
	room_go(c, s, r, true);
	if (can_own)
		emit_reply(c, s, "You own it; %croom shows and changes its settings.",
		           c->config.command_prefix);
	else if (s->account != NULL && chat_outage(c) != NULL)
		emit_reply(c, s, "Nobody owns it, because nothing can be saved at present (%s).",
		           c->outage.reason);
	else if (s->account != NULL)
		emit_reply(c, s, "Nobody owns it: you already own %d rooms, the maximum. %ctransfer gives one "
		           "away.", ROOMS_OWNED_MAX, c->config.command_prefix);
}

void cmd_join(struct chat *c, struct session *s, const struct args *a)
{
	/* People who know IRC type #ops. */
	const char *name = a->arg[0] + (a->arg[0][0] == '#');
	char key[NAME_KEY_BYTES_MAX + 1], why[160], good[NAME_BYTES_MAX + 1];
	const char *word;
	struct room *r;

	r = room_typed(c, a->arg[0]);
	if (r == NULL && !name_check(NAME_ROOM, name, strlen(name), key, why, sizeof why)) {
		name_mend(NAME_ROOM, name, strlen(name), ROOM_CHARS_MAX, good);
		emit_reply(c, s, "You cannot use that name: %s. Try: %cjoin %s", why,
		           c->config.command_prefix, good);
		return;
	}
	if (r == NULL && *a->rest != '\0')
		emit_reply(c, s, "There is no room %s to give a password for, and a room's name has no spaces. "
		           "%cjoin %s makes the room.", name, c->config.command_prefix, name);
	else if (r == NULL && (word = moderation_bars_name(c, s, name)) != NULL)
		emit_reply(c, s, "That name contains a blocked word (%s).", word);
	else if (r != NULL && r == s->room)
		emit_reply(c, s, "You are already in %s.", r->name);
	else if (r != NULL && moderation_may_join(c, s, r))
		room_entry_ask(c, s, r, *a->rest != '\0' ? a->rest : NULL);
	else if (r == NULL && (r = room_make(c, s, name, key)) != NULL)
		make(c, s, r);
}

void cmd_leave(struct chat *c, struct session *s, const struct args *a)
{
	(void)a;
	if (s->room == c->rooms.lobby)
		emit_reply(c, s, "You are already in %s, the lobby. %cquit leaves the chat.",
		           c->rooms.lobby->name, c->config.command_prefix);
	else
		room_go(c, s, c->rooms.lobby, false);
}

/* -- lists ---------------------------------------------------------------------------------- */

/* Most people first, then by name. */
static int by_people(const void *a, const void *b)
{
	const struct room *x = *(const struct room *const *)a, *y = *(const struct room *const *)b;

	if (x->members.n != y->members.n)
		return x->members.n < y->members.n ? 1 : -1;
	return strcmp(x->key, y->key);
}

/* Adds what s has not read of r; rows NULL: not counted. In the room where it is, s has read everything
 * but what /catchup shows. */
static void put_unread(struct bytes *b, const struct chat *c, const struct session *s, const struct room *r,
                       const struct rows *rows)
{
	if (r == s->room && s->reading.gaps.n > 0)
		bytes_printf(b, "  unread: %ccatchup", c->config.command_prefix);
	for (size_t i = 0; rows != NULL && r != s->room && i < rows->n; i++)
		if (rows->row[i].room == r->number) {
			bytes_puts(b, "  unread: ");
			unread_put(b, &rows->row[i]);
		}
}

static void rooms_line(struct chat *c, struct session *s, const struct room *r, const struct rows *rows)
{
	char people[32], age[AGE_BYTES_MAX], last[AGE_BYTES_MAX + 32];
	size_t chars = text_chars(r->name, strlen(r->name));
	struct bytes *b = &c->scratch;

	snprintf(people, sizeof people, "%" PRIu32 " %s", r->members.n,
	         r->members.n == 1 ? "person" : "people");
	if (r->lines.last_id == 0)
		snprintf(last, sizeof last, r->set.history ? "nothing said yet" : "no history");
	else
		snprintf(last, sizeof last, "last line %s ago",
		         format_age(age, c->wall_ms - r->lines.last_ms));
	/* printf pads bytes; names are counted in characters. */
	bytes_clear(b);
	bytes_printf(b, "%c %s%*s  %-11s", r == s->room ? '*' : ' ', r->name,
	             chars < 16 ? (int)(16 - chars) : 0, "", people);
	put_unread(b, c, s, r, rows);
	bytes_printf(b, "  %s", last);
	if (r->closed)
		bytes_puts(b, r->set.private ? "  private" : "  needs a password");
	if (*r->topic != '\0')
		bytes_printf(b, "  Topic: %s", r->topic);
	emit_rows(c, s, 6, "%s", b->data);
}

/* The first ROOMS_LISTED_MAX of all rooms, in order: there may be thousands of which few are shown,
 * and to sort all of them would take a hundred times as long. */
struct first_rooms {
	struct room *room[ROOMS_LISTED_MAX];
	uint32_t n;          /* of them */
	uint32_t all;        /* that there are */
};

static void first_add(struct first_rooms *first, struct room *r)
{
	uint32_t low = 0, high = first->n, mid;

	first->all++;
	if (high == ROOMS_LISTED_MAX) {
		if (by_people(&r, &first->room[high - 1]) >= 0)
			return;
		high--;
	} else {
		first->n++;
	}
	/* All before low come before it, all from high on behind it. */
	while (low < high) {
		mid = low + (high - low) / 2;
		if (by_people(&r, &first->room[mid]) < 0)
			high = mid;
		else
			low = mid + 1;
	}
	memmove(first->room + low + 1, first->room + low,
	        (first->n - 1 - low) * sizeof first->room[0]);
	first->room[low] = r;
}

static void rooms_list(struct chat *c, struct session *s, const struct rows *rows)
{
	struct first_rooms first = {.n = 0};

	access_mark(c, s);
	for (uint32_t slot = 0; slot < c->rooms.top; slot++) {
		struct room *r = c->rooms.slot[slot];

		if (r != NULL && !r->gone &&
		    (r->members.n > 0 || r->lines.last_id != 0 || r == c->rooms.lobby || r->set.permanent ||
		     r->closed) &&
		    access_see_marked(c, s, r))
			first_add(&first, r);
	}
	emit_reply(c, s, "%" PRIu32 " %s%s:", first.all, first.all == 1 ? "room" : "rooms",
	           s->room != NULL ? " (* is the one you are in)" : "");
	for (uint32_t i = 0; i < first.n; i++)
		rooms_line(c, s, first.room[i], rows);
	if (first.n < first.all)
		emit_reply(c, s, "and %" PRIu32 " more.", first.all - first.n);
}

static void rooms_answer(struct chat *c, struct session *s, struct question *q, const struct event *e)
{
	(void)q;
	rooms_list(c, s, e->rows->error == NULL && s->account != NULL ? e->rows : NULL);
	if (e->rows->error != NULL)
		emit_reply(c, s, "Unread lines cannot be counted now: %s", e->rows->error);
}

void cmd_rooms(struct chat *c, struct session *s, const struct args *a)
{
	(void)a;
	if (s->account != NULL)
		unread_ask(c, s, question_new(c, s, rooms_answer), ROWS_MAX);
	else
		rooms_list(c, s, NULL);
}

static int by_key(const void *a, const void *b)
{
	const struct session *x = *(const struct session *const *)a;
	const struct session *y = *(const struct session *const *)b;

	return strcmp(x->key, y->key);
}

static void who_list(struct chat *c, struct session *s, const struct room *r)
{
	uint32_t n = r->members.n, shown = n < NAMES_LISTED_MAX ? n : NAMES_LISTED_MAX;
	struct session **list = mem_alloc((n + 1) * sizeof(struct session *));
	struct bytes *b = &c->scratch;

	memcpy(list, r->members.list, n * sizeof(struct session *));
	/* A crowd is shown only in part, and is not worth sorting. */
	if (n <= WHO_SORTED_MAX)
		qsort(list, n, sizeof(struct session *), by_key);
	bytes_clear(b);
	for (uint32_t i = 0; i < shown; i++)
		bytes_printf(b, "%s%s%s%s", i == 0 ? "" : ", ", list[i]->nick,
		             list[i] == s ? " (you)" : "", list[i]->presence.away != NULL ? " (away)" : "");
	if (shown < n)
		bytes_printf(b, " and %" PRIu32 " more", n - shown);
	emit_reply(c, s, "%" PRIu32 " %s in %s: %s", n, n == 1 ? "person" : "people", r->name,
	           b->data);
	free(list);
}

/* Who reads the room from another one. */
static void watchers_list(struct chat *c, struct session *s, const struct room *r)
{
	struct bytes *b = &c->scratch;
	const struct watch *w;
	uint32_t n = 0;

	bytes_clear(b);
	DL_FOREACH(r->watchers.list, w) {
		if (w->rests)
			continue;
		if (n++ < NAMES_LISTED_MAX)
			bytes_printf(b, "%s%s", n == 1 ? "" : ", ", w->session->nick);
	}
	if (n > NAMES_LISTED_MAX)
		bytes_printf(b, " and %" PRIu32 " more", n - NAMES_LISTED_MAX);
	emit_reply(c, s, "Watching from other rooms: %s", b->data);
}

void cmd_who(struct chat *c, struct session *s, const struct args *a)
{
	const struct room *r = s->room;

	/* The host is in no room. */
	if (a->arg[0] == NULL && r == NULL) {
		command_usage(c, s, "who");
		return;
	}
	if (a->arg[0] != NULL)
		r = args_room(c, s, a->arg[0]);
	if (r == NULL)
		return;
	if (r->members.n == 0)
		emit_reply(c, s, "Nobody is in %s.", r->name);
	else
		who_list(c, s, r);
	if (r->watchers.nreading > 0)
		watchers_list(c, s, r);
}

void cmd_topic(struct chat *c, struct session *s, const struct args *a)
{
	const char *text = strcmp(a->rest, "-") == 0 ? "" : a->rest;
	struct room *r = s->room;

	if (*a->rest == '\0' || (*text == '\0' && *r->topic == '\0')) {
		if (*r->topic == '\0')
			emit_reply(c, s, "%s has no topic. %ctopic TEXT sets one.", r->name,
			           c->config.command_prefix);
		else
			emit_reply(c, s, "Topic of %s: %s", r->name, r->topic);
		return;
	}
	if (r->set.topic_lock && membership_role(r, s) < ROOM_OPERATOR) {
		emit_reply(c, s, "Not set: the topic of %s is locked; only its operators can change it.", r->name);
		return;
	}
	/* Everyone reads a topic, so the rules for lines apply. */
	if (!access_speak(c, s, s->room))
		return;
	if (text_chars(text, strlen(text)) > TOPIC_CHARS_MAX) {
		emit_reply(c, s, "Not set: that topic is too long: %zu characters, and the limit is %d.",
		           text_chars(text, strlen(text)), TOPIC_CHARS_MAX);
		return;
	}
	if (!room_set_topic(c, s, text))
		return;
	access_spoke(c, s, s->room);
	if (*text == '\0') {
		emit_reply(c, s, "The topic of %s was removed.", r->name);
		room_notice(c, r, s, "%s has removed the topic", s->nick);
	} else {
		emit_reply(c, s, "Topic of %s: %s", r->name, text);
		room_notice_words(c, r, s, "%s has set the topic: %s", s->nick, text);
	}
}
