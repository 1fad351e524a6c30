/*
 * Rooms, and what the System says in them.
 *
 * Owns struct room. A room is freed in one place (room_release) when its last
 * member has gone and it has no history; the lobby never is.
 */

#include "chatd/core/rooms/room.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/people/name.h"
#include "chatd/core/rooms/ban.h"
#include "chatd/core/rooms/membership.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/rooms/watch.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

struct room *room_typed(const struct chat *c, const char *name)
{
	char key[NAME_KEY_BYTES_MAX + 1];

	name += *name == '#';
	return name_key(name, strlen(name), key) ? room_by_key(c, key) : NULL;
}

bool rooms_can_count(const struct chat *c)
{
	return c->rooms.lobby == NULL || c->rooms.last_number < ROOM_NUMBER_MAX - ROOM_NUMBERS_LOBBY;
}

struct room *room_new(struct chat *c, const char *name, const char *key, uint32_t number)
{
	struct room *r;
	uint32_t slot = c->rooms.low;

	if (c->rooms.n == ROOMS_MAX || (number == 0 && !rooms_can_count(c)))
		return NULL;
	while (c->rooms.slot[slot] != NULL)
		slot++;
	c->rooms.low = slot + 1;
	r = mem_zero(1, sizeof *r);
	r->slot = slot;
	r->number = number != 0 ? number : ++c->rooms.last_number;
	r->name = mem_strdup(name);
	r->key = mem_strdup(key);
	r->topic = mem_strdup("");
	r->stored = number != 0;
	r->made.by = mem_strdup("");
	/* It is not known who spoke in a room from before the start. */
	r->lines.alone = mem_strdup(number != 0 ? ROOM_SEVERAL : "");
	setting_init(r);
	c->rooms.slot[slot] = r;
	c->rooms.unsorted |= number != 0;
	c->rooms.n++;
	if (slot >= c->rooms.top)
		c->rooms.top = slot + 1;
	HASH_ADD_KEYPTR(hh, c->rooms.by_key, r->key, strlen(r->key), r);
	HASH_ADD(hh_number, c->rooms.by_number, number, sizeof r->number, r);
	membership_count(c, r);
	return r;
}

void room_renumber(struct chat *c, struct room *r, uint32_t number)
{
	HASH_DELETE(hh_number, c->rooms.by_number, r);
	r->number = number;
	c->rooms.unsorted = true;
	HASH_ADD(hh_number, c->rooms.by_number, number, sizeof r->number, r);
}

static int by_number(const struct room *a, const struct room *b)
{
	return a->number < b->number ? -1 : a->number > b->number;
}

/* A new room has the highest number and comes last. */
struct room *rooms_in_order(struct chat *c)
{
	if (c->rooms.unsorted)
		HASH_SRT(hh_number, c->rooms.by_number, by_number);
	c->rooms.unsorted = false;
	return c->rooms.by_number;
}

void room_unlist(struct chat *c, struct room *r)
{
	if (!r->gone) {
		HASH_DELETE(hh, c->rooms.by_key, r);
		HASH_DELETE(hh_number, c->rooms.by_number, r);
	}
	r->gone = true;
}

static void room_free(struct chat *c, struct room *r)
{
	bool was_gone = r->gone;

	if (r->sum.due_ms != 0)
		DL_DELETE2(c->rooms.sums, r, sum.prev, sum.next);
	room_unlist(c, r);
	c->rooms.slot[r->slot] = NULL;
	if (r->slot < c->rooms.low)
		c->rooms.low = r->slot;
	c->rooms.n--;
	/* It was marked for removal (removal.h), but ends by itself first. */
	c->rooms.removal.ndoomed -= r->doom != NULL && !was_gone;
	membership_drop_room(c, r);
	membership_uncount(c, r);
	outage_forget(c, r);
	ban_room_gone(c, r);
	setting_release(c, r);
	free(r->name);
	free(r->key);
	free(r->topic);
	free(r->sum.nick);
	free(r->doom);
	free(r->made.by);
	free(r->lines.alone);
	free(r->members.list);
	free(r);
}

void room_release(struct chat *c, struct room *r)
{
	/* People who leave because chatd stops will be back. A closed room must still be closed, and
	 * not belong to whoever joins first. */
	bool one = c->cluster.self == NULL;

	if (r->members.n > 0 || (one && r->watchers.n > 0) || r == c->rooms.lobby ||
	    (!r->gone && (r->lines.last_id != 0 || r->set.permanent || r->closed ||
	                  r->lines.gap.lines > 0 || (r->kept && c->stopping))))
		return;
	/* Other nodes do not know who watches it here, so nobody keeps a room by that. */
	watch_end_room(c, r, "The room that you watch is gone: nobody is in it any more.");
	/* A single chatd's store forgets it at its next start; what all nodes know must not depend on starts. */
	if (!one && r->stored && !r->gone)
		emit_append(c, (struct record){
			.kind = RECORD_REMOVE, .room = r->number, .time_ms = c->wall_ms, .room_name = r->name,
			.removal.ended = true,
		});
	setting_drop(c, r);
	room_free(c, r);
}

void rooms_release_left(struct chat *c)
{
	if (!c->rooms.left || c->cluster.self != NULL)
		return;
	c->rooms.left = false;
	for (uint32_t slot = 0; slot < c->rooms.top; slot++)
		if (c->rooms.slot[slot] != NULL && c->rooms.slot[slot]->watchers.left) {
			c->rooms.slot[slot]->watchers.left = false;
			room_release(c, c->rooms.slot[slot]);
		}
}

void rooms_free(struct chat *c)
{
	for (uint32_t slot = 0; slot < c->rooms.top; slot++)
		if (c->rooms.slot[slot] != NULL)
			room_free(c, c->rooms.slot[slot]);
}

void room_emptied(struct chat *c, uint32_t number, uint64_t up_to_seq)
{
	struct room *r = room_by_number(c, number);

	/* A line may have been said since the store looked. */
	if (r == NULL || r->lines.last_id > up_to_seq)
		return;
	/* Another node's store was emptied earlier, and that node heard of it later. */
	if (c->cluster.self != NULL && up_to_seq <= r->lines.emptied)
		return;
	r->lines.last_id = 0;
	r->stored = c->cluster.self != NULL;
	/* A node that still has lines of it counts them no more, also after a start. */
	r->lines.emptied = up_to_seq;
	if (c->cluster.self != NULL)
		setting_save(c, r);
	room_release(c, r);
}

/* -- notices ----------------------------------------------------------------------- */

static void notice(struct chat *c, struct room *r, struct published p, const char *fmt, va_list ap)
	__attribute__((format(printf, 4, 0)));

static void notice(struct chat *c, struct room *r, struct published p, const char *fmt, va_list ap)
{
	UNCLEARED char line[LINE_HEAD_BYTES_MAX + BODY_BYTES_MAX];
	int n = snprintf(line, sizeof line, "%s[System]: ", format_stamp(&c->stamp, c->wall_ms)), m;

	m = vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
	assert(m >= 0 && n + m < (int)sizeof line);
	p.line = line;
	p.len = (size_t)n + (size_t)m;
	watch_verify(c, r);
	emit_publish(c, r, &p);
}

void room_notice(struct chat *c, struct room *r, const struct session *except, const char *fmt, ...)
{
	struct published p = {.from = except, .info = emit_info(LINE_NOTICE, c->wall_ms, NULL)};
	va_list ap;

	va_start(ap, fmt);
	notice(c, r, p, fmt, ap);
	va_end(ap);
}

void room_notice_words(struct chat *c, struct room *r, const struct session *s, const char *fmt, ...)
{
	struct published p = {.from = s, .words = true, .info = emit_info(LINE_NOTICE, c->wall_ms, NULL)};
	va_list ap;

	va_start(ap, fmt);
	notice(c, r, p, fmt, ap);
	va_end(ap);
}

void room_passage(struct chat *c, struct room *r, const struct session *farewell, const char *fmt, ...)
{
	struct published p = {.from = farewell, .words = farewell != NULL,
	                      .info = emit_info(LINE_PASSAGE, c->wall_ms, NULL)};
	va_list ap;

	va_start(ap, fmt);
	notice(c, r, p, fmt, ap);
	va_end(ap);
}

/* -- joins and leaves ------------------------------------------------------------------ */
