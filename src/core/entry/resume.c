/* Guests whose connections broke. Owns struct resumable; there are at most RESUMABLES_MAX. */

#include "chatd/core/entry/resume.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/entry/dialogue.h"
#include "chatd/core/entry/login.h"
#include "chatd/core/entry/naming.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/people/highlight.h"
#include "chatd/core/people/name.h"
#include "chatd/core/state/question.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/making.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

static void resumable_free(struct chat *c, struct resumable *g)
{
	share_give_back(c, SHARE_RESUMABLES, g->share);
	DL_DELETE(c->entry.resumables.first, g);
	c->entry.resumables.n--;
	free(g->nick);
	free(g->key);
	free(g->room);
	free(g->invited);
	free(g->highlights);
	free(g);
}

/* Ends it; in a cluster, where it is saved, on all nodes. */
static void resumable_end(struct chat *c, struct resumable *g)
{
	if (c->cluster.self != NULL)
		emit_fact(c, FACT_RESUMABLE, g->code, "");
	resumable_free(c, g);
}

/* The first to end comes first, whatever the order in which they were loaded. */
static int by_end(const struct resumable *a, const struct resumable *b)
{
	return a->until_ms != b->until_ms ? (a->until_ms < b->until_ms ? -1 : 1) : strcmp(a->code, b->code);
}

static void add(struct chat *c, struct resumable *g)
{
	DL_INSERT_INORDER(c->entry.resumables.first, g, by_end);
	c->entry.resumables.n++;
}

static void resumable_save(struct chat *c, const struct resumable *g)
{
	struct bytes b = {0}, list = {0};

	if (c->cluster.self == NULL)
		return;
	fields_put(&b, "share", g->share->who);
	fields_put(&b, "nick", g->nick);
	fields_put(&b, "key", g->key);
	fields_put(&b, "room", g->room);
	fields_put_number(&b, "back", (int64_t)g->back_seq);
	fields_put_number(&b, "until", g->until_ms);
	for (uint32_t i = 0; i < g->ninvited; i++)
		bytes_printf(&list, "%" PRIu32 " %" PRIu64 " ", g->invited[i].room, g->invited[i].since);
	fields_put(&b, "invites", list.len > 0 ? list.data : "");
	emit_fact(c, FACT_RESUMABLE, g->code, b.data);
	bytes_release(&b);
	bytes_release(&list);
}

/* A principal with a full share gives up its oldest entry; in a full table, the one with the most
 * does. */
static void make_place(struct chat *c, const char *who)
{
	struct resumable *g, *most = NULL;
	bool full = c->entry.resumables.n == RESUMABLES_MAX;

	if (!full && share_has(c, SHARE_RESUMABLES, who) < RESUMABLES_EACH_MAX)
		return;
	DL_FOREACH(c->entry.resumables.first, g) {
		if (full ? most == NULL || share_weight(SHARE_RESUMABLES, g->share) >
		                           share_weight(SHARE_RESUMABLES, most->share)
		         : most == NULL && strcmp(g->share->who, who) == 0)
			most = g;
	}
	resumable_end(c, most);
}

/* The entry with the code; NULL: there is none. */
static struct resumable *resumable_with(const struct chat *c, const char *code)
{
	struct resumable *g;

	DL_FOREACH(c->entry.resumables.first, g)
		if (strcasecmp(g->code, code) == 0)
			break;
	return g;
}

void resume_keep(struct chat *c, struct session *s)
{
	char who[SHARE_WHO_BYTES], code[RESUME_CODE_BYTES];
	struct bytes words = {0};
	struct resumable *g;

	/* People from the control socket may have names that nobody else may, so they cannot resume them. */
	if (s->state != SESSION_CHAT || s->account != NULL || s->trusted || (c->stopping && c->cluster.self == NULL))
		return;
	if (chat_defers(c)) {
		s->person.keeps = true;
		return;
	}
	make_place(c, share_who(c, s, who));
	resume_code(s, code);
	g = c->cluster.self != NULL ? resumable_with(c, code) : NULL;
	if (g != NULL)
		resumable_end(c, g);
	g = mem_zero(1, sizeof *g);
	g->share = share_take(c, SHARE_RESUMABLES, who);
	strcpy(g->code, code);
	g->nick = mem_strdup(s->nick);
	g->key = mem_strdup(s->key);
	g->room = mem_strdup(s->room->name);
	g->back_seq = s->resume.back_seq;
	if (s->invites.n > 0) {
		g->invited = mem_alloc(s->invites.n * sizeof *g->invited);
		memcpy(g->invited, s->invites.list, s->invites.n * sizeof *g->invited);
		g->ninvited = s->invites.n;
	}
	/* Other nodes do not know a guest's words. */
	if (c->cluster.self == NULL)
		highlight_text(s, &words);
	g->highlights = mem_strdup(words.len > 0 ? words.data : "");
	bytes_release(&words);
	g->until_ms = chat_shared_ms(c) + RESUME_MS;
	add(c, g);
	resumable_save(c, g);
}

static void load_invited(struct resumable *g, const char *text)
{
	char *end;

	g->invited = mem_zero(INVITES_MAX, sizeof *g->invited);
	for (const char *p = text; *p != '\0' && g->ninvited < INVITES_MAX; p = end) {
		uint32_t room = (uint32_t)strtoul(p, &end, 10);
		uint64_t since = strtoull(end, &end, 10);

		end += strspn(end, " ");
		if (end == p)
			return;
		g->invited[g->ninvited++] = (struct invite){room, since};
	}
}

void resume_load(struct chat *c, const char *code, const char *value)
{
	char *who = fields_get(value, "share"), *invites = fields_get(value, "invites");
	struct resumable *g;

	if (c->cluster.self != NULL && strlen(code) < RESUME_CODE_BYTES && c->entry.resumables.n < RESUMABLES_MAX) {
		g = mem_zero(1, sizeof *g);
		g->share = share_take(c, SHARE_RESUMABLES, who);
		strcpy(g->code, code);
		g->nick = fields_get_text(value, "nick", NAME_BYTES_MAX);
		g->key = fields_get_text(value, "key", NAME_KEY_BYTES_MAX);
		g->room = fields_get_text(value, "room", NAME_BYTES_MAX);
		g->highlights = mem_strdup("");
		g->back_seq = (uint64_t)fields_get_number(value, "back");
		g->until_ms = fields_get_time(value, "until");
		load_invited(g, invites);
		add(c, g);
	}
	free(who);
	free(invites);
}

uint32_t resume_from(struct chat *c, const struct address *block, bool forget)
{
	struct resumable *g, *next;
	uint32_t n = 0;

	DL_FOREACH_SAFE(c->entry.resumables.first, g, next) {
		if (!share_is_within(g->share->who, block))
			continue;
		n++;
		if (forget)
			resumable_end(c, g);
	}
	return n;
}

bool resume_uninvite(struct chat *c, const char *key, const struct room *r)
{
	struct resumable *g;
	bool found = false;

	DL_FOREACH(c->entry.resumables.first, g) {
		for (uint32_t i = 0; i < g->ninvited && strcmp(g->key, key) == 0; i++) {
			if (g->invited[i].room != r->number)
				continue;
			memmove(g->invited + i, g->invited + i + 1, (--g->ninvited - i) * sizeof *g->invited);
			found = true;
		}
	}
	return found;
}

void resume_tick(struct chat *c)
{
	while (c->entry.resumables.first != NULL && c->entry.resumables.first->until_ms <= chat_shared_ms(c) &&
	       act_has_room(c))
		resumable_end(c, c->entry.resumables.first);
}

int64_t resume_due_ms(const struct chat *c)
{
	return c->entry.resumables.first == NULL ? INT64_MAX : c->entry.resumables.first->until_ms;
}

void resume_free(struct chat *c)
{
	while (c->entry.resumables.first != NULL)
		resumable_free(c, c->entry.resumables.first);
}

/* The room that g was in; NULL: it cannot be made again, and s has been told. */
static struct room *room_again(struct chat *c, struct session *s, const struct resumable *g)
{
	char key[NAME_KEY_BYTES_MAX + 1];
	struct room *r = NULL;

	if (name_key(g->room, strlen(g->room), key))
		r = room_by_key(c, key);
	return r != NULL || *key == '\0' ? r : room_make_again(c, s, g->share->who, g->room, key);
}

/* The session that has the code and is still here, because its connection is not known to be dead yet.
 * NULL: none. */
static struct session *living(const struct chat *c, const struct session *s, const char *code)
{
	struct session *old, *next;
	char its[RESUME_CODE_BYTES];

	HASH_ITER(hh, c->people.by_key, old, next) {
		resume_code(old, its);
		if (old != s && old->account == NULL && strcasecmp(its, code) == 0)
			return old;
	}
	return NULL;
}

static void take(struct chat *c, struct session *s, struct resumable *g)
{
	char problem[NAME_PROBLEM_BYTES_MAX], key[NAME_KEY_BYTES_MAX + 1], nick[NAME_BYTES_MAX + 1];

	if (g == NULL) {
		emit_reply(c, s, "No broken connection has that code: it is wrong, used, too old, or ended by %cquit.",
		           c->config.command_prefix);
		return;
	}
	strcpy(nick, g->nick);
	if (!session_name_is_free(c, s, nick, key, problem)) {
		session_name_suggest(c, g->nick, nick, key);
		emit_reply(c, s, "The name %s is no longer free, so you are %s now.", g->nick, nick);
	}
	if (s->state == SESSION_CHAT ? strcmp(key, s->key) != 0 && !moderation_may_rename(c, s, key)
	                             : !moderation_may_enter(c, s, NULL, key))
		return;
	access_copy_invites(s, g->invited, g->ninvited);
	if (s->account == NULL)
		highlight_load(c, s, g->highlights);
	login_resume(c, s, nick, key, room_again(c, s, g), g->back_seq);
	resumable_end(c, g);
}

/* The session that has the code ends, and can be resumed. */
static void end_living(struct chat *c, struct session *old)
{
	resume_keep(c, old);
	emit_reply(c, old, "You came back on another connection, so this one ends here.");
	/* If it cannot come back to its room, the room gets a notice. */
	old->presence.superseded = access_bar(old->room, old, NULL) == BAR_NONE;
	session_end(c, old, NULL, true);
}

/* We know now what has arrived at the session that has the code: it ends, and can be resumed. */
static void old_arrived(struct chat *c, struct session *s, struct question *q, const struct event *e)
{
	struct session *old = living(c, s, q->data);

	if (old != NULL) {
		old->reading.arrived = e->arrived;
		end_living(c, old);
	}
	take(c, s, resumable_with(c, q->data));
	if (s->state == SESSION_LOGIN)
		login_wrong(c, s);
}

static const char code_field[] = "code"; /* of an act; no fact has it */

static void propose(struct chat *c, struct session *s, const char *code)
{
	struct bytes b = {0};

	fields_put(&b, code_field, code);
	login_put_own(&b, s);
	login_put_person(&b, s);
	act_propose(c, s, ACT_RESUME, b.data);
	bytes_release(&b);
}

void resume_return(struct chat *c, struct session *s)
{
	char code[RESUME_CODE_BYTES];

	resume_code(s, code);
	propose(c, s, code);
}

void resume_apply(struct chat *c, struct session *s, const char *fields)
{
	char *code = fields_get(fields, code_field);
	struct session *old = living(c, s, code);

	login_take_own(c, s, fields);
	if (old != NULL)
		end_living(c, old);
	take(c, s, resumable_with(c, code));
	if (s->state == SESSION_LOGIN && !person_is_remote(s))
		login_wrong(c, s);
	free(code);
}

static bool is_code(const char *text)
{
	return strlen(text) == RESUME_CODE_BYTES - 1 && text[5] == '-';
}

void resume_take(struct chat *c, struct session *s, const char *code)
{
	struct session *old = living(c, s, code);
	struct question *q;

	if (chat_defers(c)) {
		/* What is none is a slip, and no other node reads it. */
		if (is_code(code))
			propose(c, s, code);
		else
			take(c, s, NULL);
		return;
	}
	if (old == NULL) {
		take(c, s, resumable_with(c, code));
		return;
	}
	q = question_new(c, s, old_arrived);
	q->data = mem_strdup(code);
	q->free_data = free;
	question_ask_arrived(c, q, old->id);
}
