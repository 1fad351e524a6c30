/*
 * Removing people from a room or from the chat.
 *
 * They are marked, and removed in one place: a ban may affect thousands, more than the effects of one
 * step have room for. Nothing more is read from a marked person, and what they asked about the room is
 * void when they leave it. Owns struct ejection.
 */

#include "chatd/core/rooms/eject.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/join.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

void eject_mark(struct chat *c, struct session *s, const struct room *r, const char *told,
                const char *why)
{
	struct ejection *o;

	/* Removal from the chat replaces removal from a room, and not the other way round. */
	if (s->presence.ejection != NULL && (s->presence.ejection->room == 0 || (r != NULL && s->presence.ejection->room == r->number)))
		return;
	eject_forget(c, s);
	o = mem_zero(1, sizeof *o);
	o->session = s;
	o->room = r != NULL ? r->number : 0;
	o->told = mem_strdup(told);
	o->why = mem_strdup(why);
	s->presence.ejection = o;
	DL_APPEND(c->rooms.ejections.first, o);
	c->rooms.ejections.unsorted = true;
}

static void eject_free(struct ejection *o)
{
	free(o->told);
	free(o->why);
	free(o);
}

static struct ejection *detach(struct chat *c, struct session *s)
{
	struct ejection *o = s->presence.ejection;

	DL_DELETE(c->rooms.ejections.first, o);
	s->presence.ejection = NULL;
	return o;
}

void eject_forget(struct chat *c, struct session *s)
{
	if (s->presence.ejection != NULL)
		eject_free(detach(c, s));
}

static void put_out(struct chat *c, struct session *s)
{
	struct ejection *o = detach(c, s);

	if (!session_lives(s)) {
		/* It ended by itself. */
	} else if (o->room == 0) {
		emit_reply(c, s, "%s", o->told);
		session_end(c, s, o->why, true);
	} else {
		if (s->room->number == o->room) {
			emit_reply(c, s, "%s", o->told);
			room_leave(c, s, ROOM_PUT_OUT, o->why);
			room_arrive(c, s, c->rooms.lobby, false);
		}
		session_go_on(c, s);
	}
	eject_free(o);
}

/* Nobody without a name is removed. */
static int by_name(const struct ejection *a, const struct ejection *b)
{
	return strcmp(a->session->key, b->session->key);
}

/* Rooms may end with them, and these must end in one order on all nodes of a cluster. */
static void sort(struct chat *c)
{
	if (c->cluster.self != NULL && c->rooms.ejections.unsorted)
		DL_SORT(c->rooms.ejections.first, by_name);
	c->rooms.ejections.unsorted = false;
}

void eject_run(struct chat *c)
{
	struct ejection *o, *next;

	sort(c);
	c->rooms.ejections.due = false;
	DL_FOREACH_SAFE(c->rooms.ejections.first, o, next) {
		if (!act_has_room(c)) {
			c->rooms.ejections.due = true;
			return;
		}
		put_out(c, o->session);
	}
}

int64_t eject_due_ms(const struct chat *c)
{
	return c->rooms.ejections.due ? c->now_ms : INT64_MAX;
}
