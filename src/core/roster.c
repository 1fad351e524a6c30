/* Who is here, in the database. Owns nothing. */

#include "chatd/core/roster.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/entry/login.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/name.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/join.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

static void put_invites(struct bytes *b, const struct invites *invites)
{
	struct bytes list = {0};

	for (uint32_t i = 0; i < invites->n; i++)
		bytes_printf(&list, "%" PRIu32 " %" PRIu64 " ", invites->list[i].room, invites->list[i].since);
	fields_put(b, "invites", list.len > 0 ? list.data : "");
	bytes_release(&list);
}

static void save(struct chat *c, const struct session *s)
{
	char key[PERSON_KEY_BYTES];
	struct bytes b = {0};

	fields_put(&b, "nick", s->nick);
	fields_put_number(&b, "room", s->room->number);
	if (s->account != NULL) {
		fields_put(&b, "account", s->account->key);
		fields_put_number(&b, "of", s->account->made.at_ms);
	}
	login_put_person(&b, s);
	if (s->presence.away != NULL) {
		fields_put_number(&b, "is_away", 1);
		fields_put(&b, "away", s->presence.away);
	}
	fields_put_number(&b, "voiced", s->member.voiced);
	fields_put_number(&b, "by_cert", s->presence.by_cert);
	fields_put_number(&b, "named", (int64_t)s->resume.named_seq);
	fields_put_number(&b, "back", (int64_t)s->resume.back_seq);
	put_invites(&b, &s->invites);
	emit_fact(c, FACT_PERSON, person_key(s, key), b.data);
	bytes_release(&b);
}

void roster_save(struct chat *c)
{
	for (struct node *n = c->cluster.nodes; n != NULL; n = n->hh.next)
		while (n->touched != NULL) {
			struct session *s = n->touched;

			person_touched(s);
			if (s->state == SESSION_CHAT)
				save(c, s);
		}
}

/* Rooms that are gone too, as those who have been here all the time have it. */
static void load_invites(struct session *s, const char *text)
{
	struct invite list[INVITES_MAX];
	uint32_t n = 0;
	char *end;

	for (const char *p = text; *p != '\0' && n < INVITES_MAX; p = end) {
		list[n].room = (uint32_t)strtoul(p, &end, 10);
		list[n].since = strtoull(end, &end, 10);
		end += strspn(end, " ");
		if (end == p)
			break;
		n++;
	}
	access_copy_invites(s, list, n);
}

static void load(struct chat *c, struct session *s, const char *value)
{
	char *nick = fields_get(value, "nick"), *account = fields_get(value, "account"), *away = fields_get(value, "away");
	char *invites = fields_get(value, "invites"), key[NAME_KEY_BYTES_MAX + 1];
	struct room *r = room_by_number(c, fields_get_count(value, "room", UINT32_MAX));
	struct account *a = account_by_key(c, account);

	if (name_kept(nick, NAME_BYTES_MAX) && name_key(nick, strlen(nick), key) && session_by_key(c, key) == NULL) {
		session_name(c, s, nick, key);
		s->state = SESSION_CHAT;
		c->people.n++;
		if (a != NULL && a->made.at_ms == fields_get_number(value, "of") && a->session == NULL)
			account_of_session(s, a);
		s->resume.named_seq = (uint64_t)fields_get_number(value, "named");
		s->resume.back_seq = (uint64_t)fields_get_number(value, "back");
		s->presence.by_cert = fields_get_number(value, "by_cert") != 0;
		if (fields_get_number(value, "is_away") != 0)
			s->presence.away = mem_strdup(away);
		load_invites(s, invites);
		room_put(r != NULL ? r : c->rooms.lobby, s);
		s->member.voiced = fields_get_number(value, "voiced") != 0;
	}
	free(nick);
	free(account);
	free(away);
	free(invites);
}

void roster_load(struct chat *c, const char *key, const char *value)
{
	const char *blank = strchr(key, ' ');
	char *name;
	uint64_t number;
	struct session *s;

	if (c->cluster.self == NULL || blank == NULL)
		return;
	name = mem_strdup(key);
	name[blank - key] = '\0';
	number = strtoull(blank + 1, NULL, 10);
	s = session_begin_remote(c, cluster_node(c, name), number, false, value);
	load(c, s, value);
	if (s->state != SESSION_CHAT)
		session_free(c, s);
	else
		person_touched(s);
	free(name);
}
