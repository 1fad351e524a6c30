/* Renaming and ending. Owns nothing. */

#include "chatd/core/rooms/presence.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/input/rate_limit.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/highlight.h"
#include "chatd/core/people/session.h"
#include "chatd/core/people/unnamed.h"
#include "chatd/core/state/question.h"
#include "chatd/core/rooms/join.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/rooms/seen.h"
#include "chatd/core/rooms/watch.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

/* People who ignore the old name ignore the new one as well, so renaming, to and fro, does not help. A
 * full list gives up the old name. */
static void follow_ignores(struct chat *c, const char *old_key, const char *new_key)
{
	struct session *s, *next;

	HASH_ITER(hh, c->people.by_key, s, next) {
		bool both = session_ignores(s, new_key);
		uint32_t i = 0;

		while (i < s->presence.nignored && strcmp(s->presence.ignored[i], old_key) != 0)
			i++;
		if (i == s->presence.nignored)
			continue;
		if (both)
			continue;
		if (s->presence.nignored < IGNORES_MAX) {
			i = s->presence.nignored++;
		} else {
			free(s->presence.ignored[i]);
		}
		s->presence.ignored[i] = mem_strdup(new_key);
	}
}

void session_rename(struct chat *c, struct session *s, const char *nick, const char *key)
{
	char *old_nick = mem_strdup(s->nick), *old_key = mem_strdup(s->key);

	if (strcmp(old_key, key) != 0)
		seen_mark(c, s);
	session_name(c, s, nick, key);
	if (strcmp(old_key, key) != 0) {
		/* Nothing is saved or known for this name so far. */
		s->reading.seen_id = 0;
		seen_unknown(s);
		seen_news(c);
		watch_doubt_session(s);
		follow_ignores(c, old_key, key);
	}
	room_notice_words(c, s->room, s, "%s is now known as %s", old_nick, s->nick);
	free(old_nick);
	free(old_key);
}

/* What belongs to its connection ends. */
static void end_here(struct chat *c, struct session *s)
{
	session_view(c, s, false);
	delay_end(c, s);
	unnamed_remove(c, s);
	question_drop_all(c, s);
	c->cluster.nlost -= s->person.lost > 0;
	s->person.lost = 0;
	if (s->input.finishing)
		DL_DELETE2(c->people.finishing, s, input.prev, input.next);
	s->input.finishing = false;
}

enum { WHY_BYTES_MAX = ACT_BYTES_MAX / 3 - 256 }; /* written %XX, an act has room for it */

/* For all but its connection it is over when all nodes have that it is. */
static void leave_later(struct chat *c, struct session *s, const char *why, bool close)
{
	struct bytes b = {0};
	bool fits = why != NULL && strlen(why) <= WHY_BYTES_MAX;

	if (s->state == SESSION_CHAT)
		seen_mark(c, s);
	fields_put(&b, "why", fits ? why : "");
	fields_put_number(&b, "keep", s->person.keeps);
	fields_put_number(&b, "farewell", s->presence.farewell && fits);
	s->person.end = mem_strdup(b.len > 0 ? b.data : "");
	bytes_release(&b);
	act_propose(c, s, ACT_END, s->person.end);
	watch_end_all(c, s);
	/* They stay in the room until then, and read no more of it. */
	if (s->state == SESSION_CHAT)
		emit_unsubscribe(c, s, "Some lines of %s were skipped: your connection was slow.", s->room->name);
	end_here(c, s);
	if (close)
		emit_session(c, EFFECT_CLOSE, s);
	session_detach(c, s);
}

/* It leaves the chat. */
static void leave(struct chat *c, struct session *s, const char *why)
{
	char key[PERSON_KEY_BYTES];

	if (s->person.node != NULL && !c->stopping)
		emit_fact(c, FACT_PERSON, person_key(s, key), "");
	watch_end_all(c, s);
	room_leave(c, s, ROOM_QUIT, why);
	session_unlist(c, s);
	c->people.n--;
}

void session_end(struct chat *c, struct session *s, const char *why, bool close)
{
	if (chat_defers(c) && s->person.node != NULL) {
		if (!person_is_remote(s))
			leave_later(c, s, why, close);
		return;
	}
	if (s->state == SESSION_CHAT)
		leave(c, s, why);
	end_here(c, s);
	if (s->account != NULL)
		account_sign_out(c, s);
	highlight_end(c, s);
	if (close)
		emit_session(c, EFFECT_CLOSE, s);
	s->state = SESSION_ENDED;
	DL_APPEND(c->people.ended, s);
}

void session_cut(struct chat *c, struct session *s)
{
	struct bytes words = {0};

	leave(c, s, CONNECTION_LOST);
	delay_end(c, s);
	question_drop_all(c, s);
	if (s->account != NULL)
		account_sign_out(c, s);
	highlight_text(s, &words);
	highlight_end(c, s);
	if (words.len > 0)
		highlight_load(c, s, words.data);
	bytes_release(&words);
	person_leave(s);
	s->person = (struct person){0};
	free(s->nick);
	free(s->key);
	s->nick = s->key = NULL;
	free(s->presence.away);
	s->presence.away = NULL;
	free(s->invites.list);
	s->invites = (struct invites){0};
	s->state = SESSION_LOGIN;
	s->presence.since_ms = c->now_ms;
	s->unnamed = (struct unnamed){.greeted = true};
	unnamed_add(c, s);
}
