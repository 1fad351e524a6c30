/* Joining rooms that are private or have a password. Owns nothing. */

#include "chatd/core/entry/room_entry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/entry/dialogue.h"
#include "chatd/core/entry/password.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/join.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

/* -- coming in ------------------------------------------------------------------------------ */

/* Tells s why it cannot come into r, which is private. */
static void tell_private(struct chat *c, const struct session *s, const struct room *r)
{
	emit_reply(c, s, "%s is private. Ask one of its operators to %cinvite you.", r->name,
	           c->config.command_prefix);
}

/* The room that the dialogue is about; NULL: it no longer exists, and the dialogue has ended. */
static struct room *about(struct chat *c, struct session *s)
{
	struct room *r = s->dialogue != NULL ? room_by_number(c, s->dialogue->room) : NULL;

	if (r == NULL) {
		dialogue_end(c, s);
		emit_reply(c, s, "That room no longer exists.");
	}
	return r;
}

/* Which password it is that somebody knows; 0: there is none. */
static int64_t lock_mark(const struct room *r)
{
	return r->set.hash != NULL ? (int64_t)(cluster_mix(0, r->set.hash) >> 1) : 0;
}

/* s may go there: by its password, or without one. */
static void go(struct chat *c, struct session *s, struct room *r)
{
	char text[64];

	if (!chat_defers(c)) {
		room_go(c, s, r, false);
		return;
	}
	snprintf(text, sizeof text, "room=%" PRIu32 " knows=%" PRId64, r->number, lock_mark(r));
	act_propose(c, s, ACT_JOIN, text);
}

void room_entry_apply(struct chat *c, struct session *s, const char *fields)
{
	struct room *r = room_by_number(c, fields_get_count(fields, "room", UINT32_MAX));

	if (r == NULL)
		emit_reply(c, s, "That room no longer exists.");
	else if (access_bar(r, s, s->account) == BAR_PRIVATE)
		tell_private(c, s, r);
	else if (access_bar(r, s, s->account) == BAR_PASSWORD && fields_get_number(fields, "knows") != lock_mark(r))
		emit_reply(c, s, "The password of %s was just changed. Please start again.", r->name);
	else if (r != s->room && moderation_may_join(c, s, r))
		room_go(c, s, r, false);
}

static void enter_answer(struct chat *c, struct session *s, struct question *q,
                         const struct event *e)
{
	struct room *asked = s->dialogue != NULL ? room_by_number(c, s->dialogue->room) : NULL;
	/* This comes first: a password that was never looked at does not count as a guess. */
	bool right = asked != NULL && password_room_was_right(c, s, q, asked, e->rows);
	struct room *r = dialogue_goes_on(c, s, e->rows) ? about(c, s) : NULL;

	if (r == NULL)
		return;
	/* Things may have changed meanwhile. */
	if (!right && access_bar(r, s, s->account) == BAR_PASSWORD) {
		dialogue_retry(c, s, DIALOGUE_PASSWORD, "Wrong password.");
		return;
	}
	dialogue_end(c, s);
	if (access_bar(r, s, s->account) == BAR_PRIVATE)
		tell_private(c, s, r);
	else if (r != s->room && moderation_may_join(c, s, r))
		go(c, s, r);
}

static void take_password(struct chat *c, struct session *s, struct account *none, char *text)
{
	struct room *r = about(c, s);

	(void)none;
	if (r == NULL)
		return;
	if (*text == '\0') {
		dialogue_end(c, s);
		emit_reply(c, s, "You are still in %s.", s->room->name);
	} else if (!password_check_room(c, s, enter_answer, r, text)) {
		dialogue_prompt(c, s);
	}
}

void room_entry_ask(struct chat *c, struct session *s, struct room *r, const char *password)
{
	enum access_bar bar = access_bar(r, s, s->account);

	if (bar == BAR_NONE) {
		go(c, s, r);
	} else if (bar == BAR_PRIVATE) {
		tell_private(c, s, r);
	} else {
		dialogue_start(c, s, DIALOGUE_ENTER, DIALOGUE_PASSWORD, take_password);
		s->dialogue->room = r->number;
		s->dialogue->once = password != NULL;
		if (password == NULL) {
			emit_reply(c, s, "%s has a password. Please type it; with an empty line you stay in %s.", r->name,
			           s->room->name);
			dialogue_prompt(c, s);
		} else if (!password_check_room(c, s, enter_answer, r, password)) {
			dialogue_end(c, s);
		}
	}
}

/* -- the password ----------------------------------------------------------------------------- */

static void propose_lock(struct chat *c, struct session *s, const struct room *r, const char *hash)
{
	struct bytes b = {0};

	fields_put_number(&b, "room", r->number);
	fields_put(&b, "hash", hash != NULL ? hash : "");
	act_propose(c, s, ACT_LOCK, b.data);
	bytes_release(&b);
}

static void lock(struct chat *c, struct session *s, struct room *r, const char *hash)
{
	setting_lock(c, r, hash);
	emit_audit(c, s, "", "set a password for %s", r->name);
	emit_reply(c, s, "%s has a password now. People who join are asked for it, unless they are "
	           "invited.", r->name);
	room_notice(c, r, s, "%s has set a password for this room", s->nick);
}

static void unlock(struct chat *c, struct session *s, struct room *r)
{
	setting_lock(c, r, NULL);
	emit_audit(c, s, "", "removed the password of %s", r->name);
	emit_reply(c, s, "%s no longer asks for a password.", r->name);
	room_notice(c, r, s, "%s has removed the password of this room", s->nick);
	room_release(c, r);
}

void room_lock(struct chat *c, struct session *s, struct room *r, const char *hash)
{
	if (!access_power(c, s, r, ROOM_OWNER))
		return;
	if (hash == NULL && r->set.hash == NULL)
		emit_reply(c, s, "%s has no password. Nothing has changed.", r->name);
	else if (chat_defers(c))
		propose_lock(c, s, r, hash);
	else if (hash != NULL)
		lock(c, s, r, hash);
	else
		unlock(c, s, r);
}

void room_lock_apply(struct chat *c, struct session *s, const char *fields)
{
	struct room *r = room_by_number(c, fields_get_count(fields, "room", UINT32_MAX));
	char *hash = fields_get(fields, "hash");

	if (r == NULL)
		emit_reply(c, s, "That room no longer exists.");
	else
		room_lock(c, s, r, *hash != '\0' ? hash : NULL);
	free(hash);
}

static void lock_answer(struct chat *c, struct session *s, struct question *q,
                        const struct event *e)
{
	struct room *r = room_by_number(c, *(const uint32_t *)q->data);

	if (e->rows->error != NULL || r == NULL) {
		emit_reply(c, s, "%s", e->rows->error != NULL ? e->rows->error : "That room no longer exists.");
		return;
	}
	room_lock(c, s, r, e->rows->hash.text);
}

void room_entry_set_password(struct chat *c, struct session *s, struct room *r, const char *typed)
{
	struct question *q;
	char *password;

	if (!password_fits(c, s, typed))
		return;
	password = password_prepare(typed);
	q = password_ask(c, s, lock_answer, NULL, QUERY_HASH, password, "");
	q->data = mem_alloc(sizeof r->number);
	memcpy(q->data, &r->number, sizeof r->number);
	q->free_data = free;
	explicit_bzero(password, strlen(password));
	free(password);
}
