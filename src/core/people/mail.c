/* Private messages kept for people who are not here. Owns struct mail. */

#include "chatd/core/people/mail.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/exempt.h"
#include "chatd/core/people/forget.h"
#include "chatd/core/people/session.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum { MAIL_ARRIVES_MS = 5000 }; /* how long a session that has closed its input waits for it before it ends */

enum { KEY_BYTES_MAX = NAME_KEY_BYTES_MAX + 32 };

/* Sorted as text, keys are in the order in which the mail came. */
static const char *key_of(const struct account *a, uint64_t number, char key[KEY_BYTES_MAX])
{
	snprintf(key, KEY_BYTES_MAX, "%s %020" PRIu64, a->key, number);
	return key;
}

/* The one place where a message comes to wait for a, as it was sent or saved; mail_end is where it
 * ends. The strings are copied. */
static struct mail *mail_apply(struct chat *c, struct account *a, const struct mail *like)
{
	struct mail *m = mem_alloc(sizeof *m);

	*m = *like;
	m->who = mem_strdup(like->who);
	m->from = mem_strdup(like->from);
	m->text = mem_strdup(like->text);
	m->to = a;
	m->share = share_take(c, SHARE_MAIL, m->who);
	DL_APPEND(a->mail.first, m);
	DL_APPEND2(c->people.mail.first, m, all_prev, all_next);
	a->mail.n++;
	c->people.mail.n++;
	return m;
}

/* -- room for more ------------------------------------------------------------------------- */

/* Where the account of s was made; unknown for a guest, and for an address that many share. */
static struct address made_from(const struct chat *c, const struct session *s)
{
	if (s->account == NULL || exempt_is(c, &s->account->made.from))
		return (struct address){0};
	return s->account->made.from;
}

/* Messages in a's box by who. Accounts made from one address count as one here, even after they are
 * deleted: otherwise each new one would have room for as many again. */
static uint32_t in_box(const struct account *a, const char *who, const struct address *from)
{
	const struct mail *m;
	uint32_t n = 0;

	DL_FOREACH(a->mail.first, m)
		n += strcmp(m->who, who) == 0 ||
		     (from->bits != 0 && memcmp(&m->made_from, from, sizeof *from) == 0);
	return n;
}

static uint32_t guests_in_box(const struct account *a)
{
	const struct mail *m;
	uint32_t n = 0;

	DL_FOREACH(a->mail.first, m)
		n += share_class_of(m->who) == SHARE_GUESTS;
	return n;
}

/* Whose messages fill the share, as the reply says it. */
static const char *senders(const struct account *a, const char *who)
{
	if (share_is_address(who))
		return "your address";
	return in_box(a, who, &(struct address){0}) >= MAIL_PAIR_MAX
	       ? "you" : "you and other accounts made at the same address";
}

/* a's box has room for a message of s; otherwise s has been told. */
static bool box_has_room(struct chat *c, const struct session *s, const struct account *a,
                         const char *who)
{
	bool keeps = role_of(s) >= ROLE_MODERATOR;
	uint32_t most = keeps ? MAIL_MAX : MAIL_OTHERS_MAX;
	struct address from = made_from(c, s);

	if (!keeps && in_box(a, who, &from) >= MAIL_PAIR_MAX)
		emit_reply(c, s, "Not sent: %s is not here, and already has %d unread messages from %s. No more are "
		           "kept until those are read.", a->nick, MAIL_PAIR_MAX, senders(a, who));
	else if (a->mail.n >= most)
		emit_reply(c, s, "Not sent: %s is not here, and no more messages can be kept until theirs are read.",
		           a->nick);
	else if (s->account == NULL && guests_in_box(a) >= MAIL_GUESTS_MAX)
		emit_reply(c, s, "Not sent: %s is not here, and no more messages from guests can be kept for them. "
		           "With an account (%cregister) you can still write.", a->nick,
		           c->config.command_prefix);
	else
		return true;
	return false;
}

/* The same for all boxes together. */
static bool boxes_have_room(struct chat *c, const struct session *s, const struct account *a,
                            const char *who)
{
	enum share_bar bar = share_bar(c, SHARE_MAIL, s);

	if (bar == SHARE_OWN || bar == SHARE_SITE)
		emit_reply(c, s, "Not sent: %s is not here, and %d messages from %s are still unread. No more are "
		           "kept until some are read.", a->nick,
		           bar == SHARE_SITE ? MAILS_EACH_MAX * SITE_SHARES : MAILS_EACH_MAX,
		           bar == SHARE_SITE ? "your network" : share_is_address(who) ? "your address" : "you");
	else if (bar != SHARE_FREE)
		emit_reply(c, s, "Not sent: %s is not here, and no more messages can be kept until others read "
		           "theirs.", a->nick);
	return bar == SHARE_FREE;
}

static void propose(struct chat *c, struct session *s, const struct account *a, const char *text)
{
	struct bytes b = {0};

	act_put_account(&b, a);
	fields_put(&b, "text", text);
	act_propose(c, s, ACT_MAIL, b.data);
	bytes_release(&b);
}

void mail_keep(struct chat *c, struct session *s, struct account *a, const char *text)
{
	char key[KEY_BYTES_MAX], who[SHARE_WHO_BYTES], at[ADDRESS_BYTES_MAX];
	struct address from = made_from(c, s);
	struct bytes b = {0};
	struct mail *m;

	if (chat_defers(c)) {
		propose(c, s, a, text);
		return;
	}
	share_who(c, s, who);
	if (!box_has_room(c, s, a, who) || !boxes_have_room(c, s, a, who))
		return;
	if (strlen(text) > MAIL_BYTES_MAX) {
		emit_reply(c, s, "Not sent: %s is not here, and a message that is kept has at most %d bytes; this "
		           "has %zu.", a->nick, MAIL_BYTES_MAX, strlen(text));
		return;
	}
	if (chat_outage(c) != NULL) {
		emit_reply(c, s, "Not sent: nothing can be saved at present (%s). Try again in a minute.",
		           c->outage.reason);
		return;
	}
	fields_put(&b, "from", s->nick);
	fields_put_number(&b, "at", c->wall_ms);
	fields_put(&b, "share", who);
	if (from.bits != 0)
		fields_put(&b, "made_from", address_show(&from, at));
	fields_put(&b, "text", text);
	/* A fact is no longer than that; as one, some characters take three bytes. */
	if (b.len > BODY_BYTES_MAX) {
		bytes_release(&b);
		emit_reply(c, s, "Not sent: %s is not here, and your message is too long to be kept. Please send "
		           "it in parts.", a->nick);
		return;
	}
	m = mail_apply(c, a, &(struct mail){.number = c->records.seq + 1, .at_ms = c->wall_ms, .who = who,
	                                    .made_from = from, .from = s->nick, .text = (char *)text});
	emit_fact(c, FACT_MAIL, key_of(a, m->number, key), b.data);
	bytes_release(&b);
	emit_reply(c, s, "%s is not here; the message is kept until they read it.", a->nick);
}

static void release(struct mail *m)
{
	free(m->who);
	free(m->from);
	free(m->text);
}

static void mail_end(struct chat *c, struct account *a, struct mail *m)
{
	share_give_back(c, SHARE_MAIL, m->share);
	DL_DELETE2(c->people.mail.first, m, all_prev, all_next);
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): m is in the list */
	DL_DELETE(a->mail.first, m);
	a->mail.n--;
	c->people.mail.n--;
	release(m);
	free(m);
}

void mail_forget_shown(struct chat *c, struct session *s)
{
	if (s->mail.shown != 0)
		c->people.mail.nshown--;
	s->mail.shown = 0;
}

void mail_deliver(struct chat *c, struct session *s, struct account *a)
{
	struct mail *m;

	if (a->mail.n == 0)
		return;
	emit_reply(c, s, "%" PRIu32 " %s for you came while you were away:", a->mail.n,
	           a->mail.n == 1 ? "message" : "messages");
	mail_forget_shown(c, s);
	DL_FOREACH(a->mail.first, m) {
		struct line_info info = emit_info(LINE_PRIVATE, m->at_ms, m->from);

		info.old = true;
		emit_line(c, s, info, "%s[%s -> you]:%s",
		          format_stamp(&c->stamp, m->at_ms), m->from, m->text);
		s->mail.shown = m->number;
	}
	c->people.mail.nshown++;
	s->mail.at = c->records.line_seq;
	s->mail.shown_ms = c->now_ms;
}

bool mail_is_late(const struct chat *c, const struct session *s)
{
	return s->input.eof && c->now_ms - s->mail.shown_ms >= MAIL_ARRIVES_MS;
}

void mail_read(struct chat *c, struct account *a, uint64_t number)
{
	char key[KEY_BYTES_MAX];

	while (a->mail.first != NULL && a->mail.first->number <= number) {
		emit_fact(c, FACT_MAIL, key_of(a, a->mail.first->number, key), "");
		mail_end(c, a, a->mail.first);
	}
}

static void propose_read(struct chat *c, const struct account *a, uint64_t number)
{
	struct bytes b = {0};

	if (a->mail.first == NULL || a->mail.first->number > number)
		return;
	act_put_account(&b, a);
	bytes_printf(&b, " read=%" PRIu64, number);
	act_propose(c, NULL, ACT_READ, b.data);
	bytes_release(&b);
}

void mail_arrived(struct chat *c, struct session *s, const struct arrival *arrived)
{
	struct account *a = s->account;

	/* What was said later arrives after it. */
	if (a == NULL || arrived->what == ARRIVED_NOTHING ||
	    (arrived->what == ARRIVED_UP_TO && arrived->seq <= s->mail.at))
		return;
	if (chat_defers(c))
		propose_read(c, a, s->mail.shown);
	else
		mail_read(c, a, s->mail.shown);
	mail_forget_shown(c, s);
	if (s->input.eof)
		session_finish(c, s);
}

void mail_load(struct chat *c, const char *key, const char *value)
{
	const char *number = strrchr(key, ' ');
	uint64_t n = number != NULL ? strtoull(number + 1, NULL, 10) : 0;
	char *owner = number == NULL ? mem_strdup(key) : strndup(key, (size_t)(number - key));
	struct account *a = owner != NULL && n != 0 ? account_by_key(c, owner) : NULL;
	struct mail m;
	char *made;

	free(owner);
	if (a == NULL || a->mail.n >= MAIL_MAX || c->people.mail.n >= MAILS_MAX) {
		/* Its account is gone, it is one too many, or it has no number: nobody will ever read it. */
		forget_fact(c, FACT_MAIL, key);
		return;
	}
	m = (struct mail){
		.number = n, .at_ms = fields_get_time(value, "at"),
		.who = fields_get_text(value, "share", SHARE_WHO_BYTES - 1),
		.from = fields_get_text(value, "from", NAME_BYTES_MAX),
		.text = fields_get_text(value, "text", MAIL_BYTES_MAX),
	};
	made = fields_get(value, "made_from");
	if (!address_parse(made, &m.made_from))
		m.made_from = (struct address){0};
	free(made);
	mail_apply(c, a, &m);
	release(&m);
}

uint32_t mail_by(struct chat *c, const char *who, const struct address *block, bool forget)
{
	struct mail *m, *next;
	char key[KEY_BYTES_MAX];
	uint32_t n = 0;

	DL_FOREACH_SAFE2(c->people.mail.first, m, next, all_next) {
		if (who != NULL ? strcmp(m->who, who) != 0 : !share_is_within(m->who, block))
			continue;
		n++;
		if (!forget)
			continue;
		forget_taken(c, FACT_MAIL, key_of(m->to, m->number, key));
		mail_end(c, m->to, m);
	}
	return n;
}

void mail_drop(struct chat *c, struct account *a)
{
	char key[KEY_BYTES_MAX];

	for (struct mail *m = a->mail.first; m != NULL; m = m->next)
		emit_fact(c, FACT_MAIL, key_of(a, m->number, key), "");
	mail_free(c, a);
}

void mail_free(struct chat *c, struct account *a)
{
	while (a->mail.first != NULL)
		mail_end(c, a, a->mail.first);
}
