/*
 * Entering the chat: the name at the prompt, and signing in to an account.
 *
 * Signing in takes the place of a session that still has the name, so a dead
 * connection cannot keep it.
 */

#include "chatd/core/entry/login.h"
#include "chatd/core/entry/password.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/base/text.h"
#include "chatd/core/entry/dialogue.h"
#include "chatd/core/entry/naming.h"
#include "chatd/core/entry/terminal.h"
#include "chatd/core/entry/unread.h"
#include "chatd/core/entry/welcome.h"
#include "chatd/core/input/rate_limit.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/moderation/shutdown.h"
#include "chatd/core/people/cert.h"
#include "chatd/core/people/confusable.h"
#include "chatd/core/people/highlight.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/people/name.h"
#include "chatd/core/people/session.h"
#include "chatd/core/people/unnamed.h"
#include "chatd/core/people/account_act.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/eject.h"
#include "chatd/core/rooms/history.h"
#include "chatd/core/rooms/join.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

/* -- in ------------------------------------------------------------------------------- */

/* s is a guest, who may come back with a code; makes the code. */
static bool may_resume(const struct session *s, char code[RESUME_CODE_BYTES])
{
	resume_code(s, code);
	return s->account == NULL && !s->trusted;
}

/* How to get a better line to type in than nc's. */
static void tell_editor(struct chat *c, const struct session *s)
{
	if (c->config.telnet_port != 0 && s->account == NULL && s->input.telnet == NULL &&
	    s->input.console.editor == NULL)
		emit_reply(c, s, "To edit what you type, connect with: telnet HOST %u, or rlwrap nc.",
		           c->config.telnet_port);
}

static void tell_state(struct chat *c, struct session *s)
{
	if (*s->room->topic != '\0')
		emit_reply(c, s, "Topic: %s", s->room->topic);
	shutdown_tell(c, s);
	outage_tell(c, s);
}

/* The same for people who come in, and do not come back to what they have just left. */
static void tell_welcome(struct chat *c, struct session *s)
{
	welcome_tell(c, s);
	tell_state(c, s);
}

/* After the replay, because what matters should be last on the screen. */
static void settled(struct chat *c, struct session *s)
{
	const char *company = room_company(c, s->room, s, COMPANY_NAMED);
	char p = c->config.command_prefix, code[RESUME_CODE_BYTES];

	if (*company != '\0')
		emit_reply(c, s, "Here with you: %s. %chelp lists the commands.", company, p);
	else
		emit_reply(c, s, "Nobody else is here. %chelp lists the commands.", p);
	if (may_resume(s, code))
		emit_reply(c, s, "If your connection breaks, %cresume %s brings you back.", p, code);
	tell_editor(c, s);
	tell_state(c, s);
}

static void settled_welcome(struct chat *c, struct session *s)
{
	welcome_tell(c, s);
	settled(c, s);
}

/* The same for a room without history. */
static void greet(struct chat *c, struct session *s, const struct room *r)
{
	const char *company = room_company(c, r, s, COMPANY_NAMED);
	char p = c->config.command_prefix, code[RESUME_CODE_BYTES];

	emit_reply(c, s, "You are %s, in %s%s%s. %chelp lists the commands.", s->nick, r->name,
	           *company == '\0' ? "; nobody else is here yet" : " with ", company, p);
	if (may_resume(s, code))
		emit_reply(c, s, "If your connection breaks, %cresume %s brings you back.", p, code);
	tell_editor(c, s);
}

/* From the prompt into a room, under a name that s may use. back_seq: see struct session. resumed: a
 * connection broke, and s has read what there is to read on coming in. */
static void enter(struct chat *c, struct session *s, const char *nick, const char *key,
                  struct room *r, uint64_t back_seq, enum room_joining how, bool resumed)
{
	bool replayed = r->lines.last_id != 0;

	delay_end(c, s);
	unnamed_remove(c, s);
	session_name(c, s, nick, key);
	s->resume.back_seq = back_seq;
	s->state = SESSION_CHAT;
	s->presence.since_ms = c->now_ms;
	if (++c->people.n > c->status.people_most)
		c->status.people_most = c->people.n;
	if (resumed)
		s->presence.rules = c->entry.welcome.rules_id;
	if (replayed)
		emit_reply(c, s, "You are %s, in %s.", s->nick, r->name);
	else
		greet(c, s, r);
	if (resumed)
		room_join(c, r, s, how, replayed ? settled : tell_state);
	else
		room_join(c, r, s, how, replayed ? settled_welcome : tell_welcome);
}

static void enter_guest(struct chat *c, struct session *s, const char *nick, const char *key)
{
	if (moderation_may_enter(c, s, NULL, key))
		enter(c, s, nick, key, c->rooms.lobby, c->records.seq, ROOM_CAME, false);
	else
		login_wrong(c, s);
}

/* Ends the session that has the account's name; its invitations go to s. Returns the number of its room
 * if s may be there. If s comes from the prompt it takes that place, and the room gets no notice. */
static uint32_t supersede(struct chat *c, struct session *s, struct account *a)
{
	struct session *old = session_by_key(c, a->key);
	char from[ADDRESS_BYTES_MAX];
	uint32_t number;

	if (old == NULL || old == s)
		return 0;
	access_copy_invites(s, old->invites.list, old->invites.n);
	number = access_bar(old->room, s, a) == BAR_NONE ? old->room->number : 0;
	emit_reply(c, old, "You signed in again from %s, so this connection ends here.",
	           address_show(&s->from, from));
	old->presence.superseded = s->state == SESSION_LOGIN && number != 0;
	session_end(c, old, "signed in again", true);
	return number;
}

void login_resume(struct chat *c, struct session *s, const char *nick, const char *key,
                  struct room *r, uint64_t back_seq)
{
	if (r != NULL && !access_enter(c, s, r)) {
		emit_reply(c, s, "You were in %s, but you cannot come back in without %s.", r->name,
		           r->set.private ? "an invitation" : "its password");
		r = NULL;
	}
	r = moderation_room(c, s, NULL, key, r != NULL ? r : s->room);
	if (s->state == SESSION_CHAT) {
		session_rename(c, s, nick, key);
		s->resume.back_seq = back_seq;
		emit_reply(c, s, "You are %s now.", nick);
		if (r != s->room)
			room_go(c, s, r, false);
		else
			history_recall(c, s);
		return;
	}
	enter(c, s, nick, key, r, back_seq, ROOM_CAME, true);
}

/* How s has signed in, for the log. */
static void log_sign_in(struct chat *c, const struct session *s)
{
	char print[FINGERPRINT_TEXT_BYTES];

	if (s->presence.by_cert)
		emit_security(c, s, "sign-in", "signed in by the certificate %s",
		              fingerprint_show(s->presence.cert, print));
	else
		emit_security(c, s, "sign-in", "signed in");
}

/* cert: what it signs in with; NULL: something else. back_to: number of the room that it returns to; 0: it does
 * not. */
static void sign_in(struct chat *c, struct session *s, struct account *a, struct cert *cert, uint32_t back_to)
{
	struct room *r, *was;
	uint32_t number;

	if (s->account != NULL)
		account_sign_out(c, s);
	if (cert != NULL)
		emit_reply(c, s, "Your certificate signs you in.");
	number = supersede(c, s, a);
	if (s->state == SESSION_CHAT) {
		session_rename(c, s, a->nick, a->key);
		emit_reply(c, s, "You are %s now.", a->nick);
		account_bear(c, s, a);
		terminal_preferred(c, s);
		r = moderation_room(c, s, a, NULL, s->room);
		if (r != s->room)
			room_go(c, s, r, false);
		else
			history_recall(c, s);
	} else {
		/* A room without history ends with its last member. */
		was = room_by_number(c, number != 0 ? number : back_to);
		if (was != NULL && access_bar(was, s, a) != BAR_NONE)
			was = NULL;
		r = moderation_room(c, s, a, NULL, was);
		account_bear(c, s, a);
		terminal_preferred(c, s);
		enter(c, s, a->nick, a->key, r, 0, number != 0 && r == was ? ROOM_CAME_BACK : ROOM_CAME, back_to != 0);
	}
	/* Saved with the sign-in. */
	s->presence.by_cert = cert != NULL;
	if (cert != NULL)
		cert->used_ms = c->wall_ms;
	account_sign_in(c, s, a);
	watch_doubt_session(s);
	unread_begin(c, s);
	log_sign_in(c, s);
}

/* We know now what has arrived at the connection that has a's name; the rest is still unread. */
static void old_arrived(struct chat *c, struct session *s, struct question *q, const struct event *e)
{
	struct account *a = account_at(c, &q->account);
	struct session *old = session_by_key(c, a->key);

	if (old != NULL && old != s) {
		old->reading.arrived = e->arrived;
		mail_arrived(c, old, &old->reading.arrived);
	}
	/* A certificate that was removed meanwhile has voided the question. */
	sign_in(c, s, a, q->data != NULL ? cert_of(c, s) : NULL, 0);
}

void login_put_person(struct bytes *b, const struct session *s)
{
	char from[ADDRESS_BYTES_MAX], print[FINGERPRINT_TEXT_BYTES];

	fields_put(b, "from", address_show(&s->from, from));
	fields_put_number(b, "token", (int64_t)s->resume.token);
	fields_put_number(b, "tls", s->presence.tls);
	if (s->presence.cert != NULL)
		fields_put(b, "print", fingerprint_show(s->presence.cert, print));
	fields_put_number(b, "host", s->trusted);
}

void login_put_own(struct bytes *b, const struct session *s)
{
	struct bytes words = {0}, set = {0};

	highlight_text(s, &words);
	fields_put(b, "words", words.len > 0 ? words.data : "");
	preferences_text(&s->input.console.prefer, &set);
	fields_put(b, "set", set.len > 0 ? set.data : "");
	fields_put_number(b, "rules", (int64_t)s->presence.rules);
	bytes_release(&words);
	bytes_release(&set);
}

void login_take_own(struct chat *c, struct session *s, const char *fields)
{
	char *set, *words;

	if (!person_is_remote(s))
		return;
	set = fields_get(fields, "set");
	words = fields_get(fields, "words");
	preferences_read(&s->input.console.prefer, set);
	s->presence.rules = (uint64_t)fields_get_number(fields, "rules");
	highlight_clear(c, s);
	highlight_load(c, s, words);
	free(set);
	free(words);
}

/* What somebody has proved that an account is theirs with. */
struct proof {
	struct cert *cert;          /* NULL: something else */
	char *code;                 /* owned; in a cluster: hash of a one-time code; NULL: none */
	uint64_t step;              /* in a cluster: the step of an authenticator code; 0: none */
	uint32_t room;              /* in a cluster: the number of the room that they return to; 0: they do not */
};

/* Takes what all nodes are to use up. */
static struct proof proof_of(struct dialogue *d)
{
	struct proof p = {.code = d->code, .step = d->step};

	d->code = NULL;
	return p;
}

static void propose_sign_in(struct chat *c, struct session *s, struct account *a, const struct proof *p)
{
	struct bytes b = {0};

	act_put_account(&b, a);
	fields_put_number(&b, "proved", account_secrets_mark(a));
	fields_put_number(&b, "cert", p->cert != NULL);
	if (p->code != NULL)
		fields_put(&b, "code", p->code);
	fields_put_number(&b, "step", (int64_t)p->step);
	fields_put_number(&b, "back_to", p->room);
	login_put_own(&b, s);
	login_put_person(&b, s);
	act_propose(c, s, ACT_SIGN_IN, b.data);
	bytes_release(&b);
}

/* s has proved that the account is its own: it takes the name, and the place of the session that has it. */
static void login_signed_in(struct chat *c, struct session *s, struct account *a, struct proof p)
{
	struct session *old = session_by_key(c, a->key);
	struct question *q;

	if (chat_defers(c)) {
		propose_sign_in(c, s, a, &p);
		free(p.code);
		return;
	}
	if (!moderation_may_enter(c, s, a, NULL)) {
		if (s->state == SESSION_LOGIN)
			login_wrong(c, s);
	} else if (old == NULL || old == s || c->cluster.self != NULL) {
		sign_in(c, s, a, p.cert, p.room);
	} else {
		q = question_new(c, s, old_arrived);
		question_about(q, a);
		q->data = p.cert;
		question_ask_arrived(c, q, old->id);
	}
}

/* Whether what s has proved to its node still holds, now that it is its turn; uses up what is good once. s was told. */
static bool proof_holds(struct chat *c, struct session *s, struct account *a, const char *fields, struct proof *p)
{
	struct account_terms t;
	bool used;

	p->room = fields_get_count(fields, "back_to", UINT32_MAX);
	p->step = (uint64_t)fields_get_number(fields, "step");
	p->cert = fields_get_number(fields, "cert") != 0 ? cert_of(c, s) : NULL;
	if (fields_get_number(fields, "proved") != account_secrets_mark(a) ||
	    (fields_get_number(fields, "cert") != 0 && (p->cert == NULL || p->cert->account != a))) {
		emit_reply(c, s, "The password of that account was just changed. Please start again.");
		return false;
	}
	p->code = fields_get(fields, "code");
	used = *p->code != '\0' && !password_code_use(c, s, a, p->code);
	free(p->code);
	p->code = NULL;
	if (p->step == 0 || used)
		return !used;
	if (p->step <= a->secrets.totp_step) {
		emit_reply(c, s, "%s", TOTP_WRONG);
		return false;
	}
	t = account_terms(a);
	t.totp_step = p->step;
	account_change(c, a, &t);
	return true;
}

void login_sign_in_apply(struct chat *c, struct session *s, const char *fields)
{
	struct account *a = account_made_at(c, fields);
	struct proof p = {0};

	if (!session_lives(s))
		return;
	if (a == NULL)
		emit_reply(c, s, "That account no longer exists.");
	if (a == NULL || !proof_holds(c, s, a, fields, &p)) {
		if (s->state == SESSION_LOGIN && !person_is_remote(s))
			login_wrong(c, s);
		return;
	}
	login_take_own(c, s, fields);
	login_signed_in(c, s, a, p);
}

void login_return(struct chat *c, struct session *s, struct account *a, uint32_t room)
{
	propose_sign_in(c, s, a, &(struct proof){.room = room});
}

/* This step has no room to rename g, whose name looks like a's: it is disconnected later. */
static void clear_later(struct chat *c, struct session *g, const struct account *a)
{
	struct bytes told = {0}, why = {0};

	bytes_printf(&told, "%s is now a registered name, and yours looks like it, so this connection "
	             "ends here. Connect again with another name.", a->nick);
	bytes_printf(&why, "%s was registered, and their name looks like it", a->nick);
	eject_mark(c, g, NULL, told.data, why.data);
	c->rooms.ejections.due = true;
	bytes_release(&told);
	bytes_release(&why);
}

static bool looks_like(const struct session *g, const struct account *a)
{
	uint64_t skeleton = skeleton_hash(a->skeleton), shown = skeleton_hash(a->shown);
	const uint64_t *its = g->presence.skeletons;

	return its[0] == skeleton || its[0] == shown || its[1] == skeleton || its[1] == shown;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct session *const *)a)->key, (*(struct session *const *)b)->key);
}

/* In one order on all nodes of a cluster, for each takes the next name that is free. */
void login_clear_name(struct chat *c, const struct account *a)
{
	char nick[NAME_BYTES_MAX + 1], key[NAME_KEY_BYTES_MAX + 1];
	struct session *g, *next, **list = mem_alloc((c->people.n + 1) * sizeof(struct session *));
	size_t n = 0;

	HASH_ITER(hh, c->people.by_key, g, next)
		if (g->account == NULL && looks_like(g, a))
			list[n++] = g;
	qsort(list, n, sizeof *list, by_name);
	for (size_t i = 0; i < n; i++) {
		g = list[i];
		if (!act_has_room(c)) {
			if (!g->trusted)
				clear_later(c, g, a);
			continue;
		}
		session_name_suggest(c, g->nick, nick, key);
		emit_reply(c, g, "%s is now a registered name, and yours looks like it, so you are %s now.",
		           a->nick, nick);
		session_rename(c, g, nick, key);
		history_recall(c, g);
	}
	free(list);
}

/* -- the name ------------------------------------------------------------------------- */

/* A name with more lines in the same packet comes from a script, which reads no questions. If the
 * name is not free, its next line must not become its name: it gets a free one. */
static void enter_script(struct chat *c, struct session *s, const char *text)
{
	char problem[NAME_PROBLEM_BYTES_MAX], nick[NAME_BYTES_MAX + 1], key[NAME_KEY_BYTES_MAX + 1];

	if (!session_name_is_free(c, s, text, key, problem)) {
		session_name_suggest(c, text, nick, key);
		emit_reply(c, s, "%s. More lines came with it, so you are %s now.", problem, nick);
		text = nick;
	}
	enter_guest(c, s, text, key);
}

static void name_empty(struct chat *c, struct session *s)
{
	int left = NAME_TRIES_MAX - ++s->unnamed.tries;

	if (left == 0) {
		emit_reply(c, s, "You gave no name, so this connection ends here. Connect again any "
		           "time.");
		session_end(c, s, NULL, true);
		return;
	}
	emit_reply(c, s, "That was empty. Type a name and press Enter; %d %s left.", left,
	           left == 1 ? "try" : "tries");
	session_prompt(c, s);
}

/* -- certificates ----------------------------------------------------------------------- */

void login_offer(struct chat *c, const struct session *s)
{
	const struct cert *cert = cert_of(c, s);

	/* Nobody is signed in unasked: a script's first line is its name, and a person may want to be a guest. */
	if (cert != NULL)
		emit_reply(c, s, "Your certificate belongs to %s. Press Enter to sign in, or type a name.",
		           cert->account->nick);
}

/* Signs s in by its certificate, if that belongs to this account, or to any at all. False: it does not. */
static bool login_by_cert(struct chat *c, struct session *s, const struct account *a, bool any)
{
	struct cert *cert = cert_of(c, s);

	if (cert == NULL || (!any && cert->account != a))
		return false;
	login_signed_in(c, s, cert->account, (struct proof){.cert = cert});
	return true;
}

/* Whether text could be a name; if not, tells s. That is the same on all nodes, so none else needs to hear of it. A script
 * gets the nearest name. */
static bool is_name(struct chat *c, struct session *s, const char *text)
{
	char key[NAME_KEY_BYTES_MAX + 1], why[160];

	if (c->input.more || name_check(NAME_NICK, text, strlen(text), key, why, sizeof why) ||
	    session_may_be_named(c, s, text, key))
		return true;
	login_wrong(c, s);
	return false;
}

/* A guest's name is a claim: who is first has it. */
static void propose_enter(struct chat *c, struct session *s, const char *name)
{
	struct bytes b = {0};

	fields_put(&b, "name", name);
	fields_put_number(&b, "more", c->input.more);
	login_put_person(&b, s);
	act_propose(c, s, ACT_ENTER, b.data);
	bytes_release(&b);
}

void login_enter(struct chat *c, struct session *s, const char *name, bool more)
{
	c->input.more = more;
	login_name(c, s, name);
}

void login_name(struct chat *c, struct session *s, const char *text)
{
	struct account *a = account_named(c, text);
	char key[NAME_KEY_BYTES_MAX + 1];

	if (login_by_cert(c, s, a, *text == '\0'))
		return;
	if (*text == '\0') {
		name_empty(c, s);
	} else if (a != NULL) {
		emit_reply(c, s, "%s is registered. Please type its password, or a one-time code; an empty "
		           "line lets you choose another name.", a->nick);
		login_as(c, s, a->nick, NULL);
	} else if (chat_defers(c)) {
		if (is_name(c, s, text))
			propose_enter(c, s, text);
	} else if (c->input.more) {
		enter_script(c, s, text);
	} else if (session_may_be_named(c, s, text, key)) {
		enter_guest(c, s, text, key);
	} else {
		login_wrong(c, s);
	}
}

/* -- the password ------------------------------------------------------------------------ */

/* The password was right: asks for the second step, if there is one. */
static void password_right(struct chat *c, struct session *s, struct account *a, bool by_code)
{
	struct proof p;

	/* A one-time code is a second step by itself. */
	if (*a->secrets.totp != '\0' && !by_code) {
		s->dialogue->once = false;
		s->dialogue->ask = DIALOGUE_CODE;
		dialogue_prompt(c, s);
		return;
	}
	p = proof_of(s->dialogue);
	dialogue_end(c, s);
	login_signed_in(c, s, a, p);
}

static void password_answer(struct chat *c, struct session *s, struct question *q,
                            const struct event *e)
{
	bool right = password_was_right(c, s, q, e->rows);

	if (!dialogue_goes_on(c, s, e->rows))
		return;
	if (right)
		password_right(c, s, account_at(c, &q->account), e->rows->check.which != 0);
	else
		dialogue_retry(c, s, DIALOGUE_PASSWORD, s->dialogue->once
		               ? "Wrong name or password." : "Wrong password.");
}

static void code_answer(struct chat *c, struct session *s, struct question *q,
                        const struct event *e)
{
	bool right = password_code_was_right(c, s, q, e->rows);
	struct account *a = account_at(c, &q->account);
	struct proof p;

	if (!dialogue_goes_on(c, s, e->rows))
		return;
	if (!right) {
		dialogue_retry(c, s, DIALOGUE_CODE, TOTP_WRONG);
		return;
	}
	p = proof_of(s->dialogue);
	dialogue_end(c, s);
	login_signed_in(c, s, a, p);
}

/* Has the password of the account, as it is now, checked. False: not now, and s has been told. */
static bool check(struct chat *c, struct session *s, struct account *a, const char *password)
{
	account_ref_set(&s->dialogue->account, a);
	return password_check(c, s, password_answer, a, password);
}

/* The next line of a dialogue that signs in. a: NULL if there is no such account. */
static void take_password(struct chat *c, struct session *s, struct account *a, char *text)
{
	if (*text == '\0' && s->state == SESSION_CHAT)
		emit_reply(c, s, "Nothing has changed.");
	if (*text == '\0')
		login_give_up(c, s);
	else if (s->dialogue->ask == DIALOGUE_CODE ? !password_check_code(c, s, code_answer, a, text)
	                                           : !check(c, s, a, text))
		dialogue_prompt(c, s);
}

void login_as(struct chat *c, struct session *s, const char *name, const char *password)
{
	struct account *a = account_named(c, name);

	if (a != NULL && s->account == a) {
		emit_reply(c, s, "You are already signed in as %s.", a->nick);
		return;
	}
	/* A password that is given is checked. */
	if (password == NULL && login_by_cert(c, s, a, false))
		return;
	/* If there is no such account everything looks the same, but no password is right. */
	dialogue_start(c, s, DIALOGUE_SIGN_IN, DIALOGUE_PASSWORD, take_password);
	account_ref_set(&s->dialogue->account, a);
	s->dialogue->once = password != NULL;
	if (password == NULL && s->state == SESSION_CHAT)
		emit_reply(c, s, "Type the password of %.*s, or a one-time code; an empty line cancels.",
		           (int)text_prefix(name, strlen(name), NICK_CHARS_MAX), name);
	if (password == NULL)
		dialogue_prompt(c, s);
	else if (!check(c, s, a, password))
		dialogue_end(c, s);
}

/* -- users of the host -------------------------------------------------------------------- */

/* They come over a unix socket: the kernel has said who they are, so they need no password. */

/* A new account of that login name; NULL: it cannot be, and s was told. */
static struct account *host_account(struct chat *c, struct session *s, const char *user,
                                    const char *key)
{
	char problem[NAME_PROBLEM_BYTES_MAX];
	struct account_terms t;
	struct account *a;

	if (account_bars(c, user, key, NULL, problem) != NULL) {
		emit_reply(c, s, "%s; your login name cannot be an account here.", problem);
		return NULL;
	}
	if (c->outage.reason != NULL) {
		emit_reply(c, s, "Your login name has no account yet, and none can be made: nothing can be saved "
		           "at present (%s). Try again in a minute.", c->outage.reason);
		return NULL;
	}
	a = c->people.accounts.n < ACCOUNTS_MAX - ACCOUNTS_RESERVE ? account_new(c, user, key, "", "") : NULL;
	if (a == NULL) {
		emit_reply(c, s, "Your login name has no account yet, and none can be made: there are %d, the "
		           "maximum. Ask an administrator to remove one.", ACCOUNTS_MAX - ACCOUNTS_RESERVE);
		return NULL;
	}
	/* Saved with the sign-in that follows. */
	t = account_terms(a);
	t.host = true;
	account_apply(c, a, &t);
	login_clear_name(c, a);
	return a;
}

bool login_host(struct chat *c, struct session *s, const char *user)
{
	char key[NAME_KEY_BYTES_MAX + 1], why[160];
	struct account *a = account_named(c, user);

	if (a == NULL && !name_check(NAME_NICK, user, strlen(user), key, why, sizeof why)) {
		emit_reply(c, s, "You cannot use your login name here: %s.", why);
		return false;
	}
	if (a == NULL && welcome_bars_name(c, key)) {
		emit_reply(c, s, "You cannot use your login name here: it looks like the name of this server.");
		return false;
	}
	/* To the host Bob and bob are two, to us one name: the first has it. */
	if (a != NULL && (!a->made.host || strcmp(a->nick, user) != 0)) {
		emit_reply(c, s, "%s is registered, but not as your login on this host. If it is yours, type "
		           "the name and its password; otherwise choose another name.", a->nick);
		return false;
	}
	if (a == NULL)
		a = host_account(c, s, user, key);
	if (a == NULL)
		return false;
	login_signed_in(c, s, a, (struct proof){0});
	return true;
}

/* -- time ------------------------------------------------------------------------------- */

int64_t login_due_ms(const struct chat *c)
{
	if (c->people.unnamed.login == NULL || c->config.login_timeout_s == 0)
		return INT64_MAX;
	return c->people.unnamed.login->presence.since_ms + (int64_t)c->config.login_timeout_s * 1000;
}

void login_tick(struct chat *c)
{
	while (login_due_ms(c) <= c->now_ms && emit_has_room(c)) {
		struct session *s = c->people.unnamed.login;

		/* It has given a name, and waits for the other nodes. */
		if (s->unnamed.waiting.on || s->person.pending > 0) {
			unnamed_again(c, s);
			continue;
		}

		emit_raw(c, s, "\n", 1);
		emit_reply(c, s, "You gave no name for %" PRIu32 " seconds, so this connection ends here. "
		           "Connect again any time.", c->config.login_timeout_s);
		session_end(c, s, NULL, true);
	}
}
