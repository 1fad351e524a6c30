/* Watched rooms. Owns the watches. */

#include "chatd/core/rooms/watch.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/core/input/console.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/ban.h"
#include "chatd/core/rooms/seen.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

struct watch *watch_find(const struct session *s, const struct room *r)
{
	for (uint32_t i = 0; i < s->member.watching.n; i++)
		if (s->member.watching.list[i]->room == r)
			return s->member.watching.list[i];
	return NULL;
}

static void set_ignores(struct watch *w)
{
	bool ignores = !w->rests && w->session->presence.nignored > 0;

	if (ignores && !w->ignores)
		DL_APPEND2(w->room->watchers.ignorers, w, iprev, inext);
	else if (!ignores && w->ignores)
		DL_DELETE2(w->room->watchers.ignorers, w, iprev, inext);
	w->ignores = ignores;
}

void watch_ignores(struct session *s)
{
	for (uint32_t i = 0; i < s->member.watching.n; i++)
		set_ignores(s->member.watching.list[i]);
}

/* Begins to read the room's lines; or ends that, and tells why (NULL: not). */
static void set_rests(struct chat *c, struct watch *w, bool rests, const char *told)
{
	if (rests == w->rests)
		return;
	w->rests = rests;
	w->room->watchers.nreading += rests ? -1u : 1u;
	set_ignores(w);
	emit_watch(c, rests ? EFFECT_UNWATCH : EFFECT_WATCH, w->session, w->room, told);
}

struct watch *watch_begin(struct chat *c, struct session *s, struct room *r)
{
	struct watching *all = &s->member.watching;
	struct watch *w = mem_zero(1, sizeof *w);

	assert(all->n < WATCHED_MAX);
	if (all->list == NULL)
		all->list = mem_alloc(WATCHED_MAX * sizeof(struct watch *));
	all->list[all->n++] = w;
	*w = (struct watch){.room = r, .session = s, .rests = true,
	                    .reading = {.joined_id = r->lines.last_id, .shown_from = r->lines.last_id + 1}};
	DL_APPEND(r->watchers.list, w);
	r->watchers.n++;
	if (s->room != r)
		set_rests(c, w, false, NULL);
	console_touch_channels(c, s);
	return w;
}

void watch_release(struct chat *c, struct watch *w)
{
	if (!w->rests)
		emit_watch(c, EFFECT_WATCH_RELEASE, w->session, w->room, NULL);
}

/* Uses one effect, or two if there is room. */
static void end(struct chat *c, struct watch *w, const char *told)
{
	struct session *s = w->session;
	struct watching *all = &w->session->member.watching;
	uint32_t i = 0;

	if (!w->rests && emit_has_room(c))
		seen_mark_watch(c, w);
	/* So many may be told at once that there is no room for the words. */
	set_rests(c, w, true, emit_has_room(c) ? told : NULL);
	DL_DELETE(w->room->watchers.list, w);
	w->room->watchers.n--;
	while (all->list[i] != w)
		i++;
	all->n--;
	for (; i < all->n; i++)
		all->list[i] = all->list[i + 1];
	if (all->n == 0) {
		free(all->list);
		all->list = NULL;
	}
	/* Whoever called may still need the room, if it is not needed by anybody else. */
	if (w->room->watchers.n == 0 && w->room->members.n == 0)
		c->rooms.left = w->room->watchers.left = true;
	free(w);
	console_touch_channels(c, s);
}

void watch_end(struct chat *c, struct watch *w)
{
	end(c, w, NULL);
}

void watch_end_all(struct chat *c, struct session *s)
{
	while (s->member.watching.n > 0)
		watch_end(c, s->member.watching.list[s->member.watching.n - 1]);
}

void watch_end_room(struct chat *c, struct room *r, const char *told)
{
	struct watch *w, *next;

	DL_FOREACH_SAFE(r->watchers.list, w, next)
		end(c, w, told);
}

void watch_rest(struct chat *c, struct session *s, struct room *r)
{
	struct watch *w = watch_find(s, r);

	if (w == NULL || w->rests)
		return;
	seen_mark_watch(c, w);
	set_rests(c, w, true, NULL);
}

void watch_resume(struct chat *c, struct session *s, struct room *r, const struct reading *reading)
{
	struct watch *w = watch_find(s, r);

	if (w == NULL)
		return;
	w->reading = *reading;
	set_rests(c, w, false, NULL);
	watch_release(c, w);
}

void watch_doubt_session(const struct session *s)
{
	for (uint32_t i = 0; i < s->member.watching.n; i++)
		s->member.watching.list[i]->room->watchers.unverified = true;
}

bool watch_may(const struct chat *c, const struct session *s, const struct room *r)
{
	struct bearer who = bearer_of(s);

	return access_enter(c, s, r) && ban_find(c, BAN_ENTRY, r, &who) == NULL;
}

void watch_verify(struct chat *c, struct room *r)
{
	char told[NAME_BYTES_MAX + 80];
	struct watch *w, *next;

	if (!r->watchers.unverified)
		return;
	r->watchers.unverified = false;
	snprintf(told, sizeof told, "You no longer watch %s: you may not read it any more.", r->name);
	DL_FOREACH_SAFE(r->watchers.list, w, next)
		if (!watch_may(c, w->session, r))
			end(c, w, told);
}
