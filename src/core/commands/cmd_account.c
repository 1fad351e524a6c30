/* Commands about people's own accounts: /register /login /passwd /drop /codes /totp /sessions /resume. */

#include "chatd/core/commands/cmd_account.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/entry/admission.h"
#include "chatd/core/entry/dialogue.h"
#include "chatd/core/entry/login.h"
#include "chatd/core/entry/password.h"
#include "chatd/core/entry/resume.h"
#include "chatd/core/entry/unread.h"
#include "chatd/core/state/exempt.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/moderation/report.h"
#include "chatd/core/people/cert.h"
#include "chatd/core/people/account_act.h"
#include "chatd/core/rooms/removal.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

static dialogue_take account_line;

static bool may_register(struct chat *c, struct session *s)
{
	/* How many accounts an address makes is counted where it connects. */
	int64_t wait_ms = c->cluster.applying ? 0 : admission_account_wait_ms(c, s);
	char age[AGE_BYTES_MAX];

	if (s->account != NULL)
		emit_reply(c, s, "You are signed in as %s; that name is already yours.", s->account->nick);
	else if (c->people.accounts.n >= ACCOUNTS_MAX - ACCOUNTS_RESERVE)
		emit_reply(c, s, "There are %d accounts, the most that people can register. An "
		           "administrator can still make one for you.", ACCOUNTS_MAX - ACCOUNTS_RESERVE);
	else if (wait_ms > 0)
		emit_reply(c, s, "Too many accounts were made from your address today. You can register "
		           "in %s, or ask an administrator to make your account.", format_age(age, wait_ms));
	else if (chat_outage(c) != NULL)
		emit_reply(c, s, "Nothing can be saved at present (%s). Try again in a minute.",
		           c->outage.reason);
	else
		return moderation_may_register(c, s);
	return false;
}

/* A dialogue about the account of s. */
static void start_own(struct chat *c, struct session *s, enum dialogue_aim aim)
{
	dialogue_start(c, s, aim, DIALOGUE_OLD, account_line);
	account_ref_set(&s->dialogue->account, s->account);
}

static void begin_own(struct chat *c, struct session *s, enum dialogue_aim aim,
                      enum dialogue_ask ask)
{
	start_own(c, s, aim);
	s->dialogue->ask = ask;
	dialogue_prompt(c, s);
}

/* -- what follows the answers ---------------------------------------------------------------- */

static void register_as(struct chat *c, struct session *s, const char *key, const char *hash)
{
	char why[NAME_PROBLEM_BYTES_MAX], p = c->config.command_prefix;
	bool same = strcmp(key, s->key) == 0;
	const char *bar = account_bars(c, s->nick, s->key, NULL, why);
	struct account *a;

	/* Things may have changed while the hash was made. */
	if (!same || bar != NULL)
		slip_secret(c, s);
	if (!same) {
		emit_reply(c, s, "Your name is %s now. Type %cregister again to make that one yours.",
		           s->nick, p);
		return;
	}
	if (bar != NULL) {
		emit_reply(c, s, "%s.", bar);
		return;
	}
	a = may_register(c, s) ? account_new(c, s->nick, s->key, hash, "") : NULL;
	if (a == NULL)
		return;
	if (!person_is_remote(s))
		admission_account_made(c, s);
	/* Checked for the whole address: many people may share an exempt one, but its /64 is not exempt. */
	account_registered(c, a, exempt_is(c, &s->from) ? (struct address){0}
	                                                   : address_counted(&s->from));
	account_sign_in(c, s, a);
	watch_doubt_session(s);
	unread_begin(c, s);
	emit_security(c, s, "register", "registered %s", a->nick);
	login_clear_name(c, a);
	emit_reply(c, s, "%s is yours now: nobody else can use that name, or one that looks like it, "
	           "and signing in needs your password. %ccodes gives you one-time codes for when others may "
	           "be listening, %ctotp adds a second step.", s->nick, p, p);
}

void register_apply(struct chat *c, struct session *s, const char *fields)
{
	char *key = fields_get(fields, "key"), *hash = fields_get(fields, "hash");

	login_take_own(c, s, fields);
	register_as(c, s, key, hash);
	explicit_bzero(hash, strlen(hash));
	free(hash);
	free(key);
}

static void registered(struct chat *c, struct session *s, const char *hash)
{
	char *key = mem_strdup(s->dialogue->name);
	struct bytes b = {0};

	dialogue_end(c, s);
	if (!chat_defers(c)) {
		register_as(c, s, key, hash);
	} else {
		fields_put(&b, "key", key);
		fields_put(&b, "hash", hash);
		login_put_own(&b, s);
		act_propose(c, s, ACT_REGISTER, b.data);
		c->output.secret = true;
		explicit_bzero(b.data, b.len);
		bytes_release(&b);
	}
	free(key);
}

/* What signs in without the password, so that nobody forgets it when somebody else has been in the account. */
static void tell_certs(struct chat *c, struct session *s)
{
	int n = cert_count(s->account);

	if (n > 0)
		emit_reply(c, s, "%d %s in without the password. %ccert lists %s; %ccert remove N removes one.", n,
		           n == 1 ? "certificate signs you" : "certificates sign you", c->config.command_prefix,
		           n == 1 ? "it" : "them", c->config.command_prefix);
}

/* An outage may have begun while the answer was on its way, and what changes now could be lost. False: s was told, and
 * the dialogue is over. */
static bool may_change(struct chat *c, struct session *s)
{
	if (emit_can_save(c, s))
		return true;
	dialogue_end(c, s);
	return false;
}

/* -- changes, once they are made ------------------------------------------------------------- */

static void tell_password(struct chat *c, struct session *s)
{
	emit_security(c, s, "passwd", "changed the password");
	emit_reply(c, s, "Your password has been changed.");
	tell_certs(c, s);
}

static void tell_codes(struct chat *c, struct session *s)
{
	const char *p = s->person.kept != NULL ? s->person.kept : "";

	c->output.secret = true;
	emit_security(c, s, "codes", "made new one-time codes");
	emit_reply(c, s, "Ten codes, each good once in place of your password. Write them down: they "
	           "are not shown again, and your old codes no longer work.");
	while (*p != '\0') {
		size_t len = strcspn(p, " ");

		emit_reply(c, s, "  %.*s", (int)len, p);
		p += len + strspn(p + len, " ");
	}
	person_forget(s);
}

static void tell_totp(struct chat *c, struct session *s)
{
	emit_security(c, s, "totp", "began a second step");
	emit_reply(c, s, "From now on you are asked for such a code after your password. With a "
	           "one-time code (%ccodes) you are not.", c->config.command_prefix);
}

static void tell_totp_off(struct chat *c, struct session *s)
{
	emit_security(c, s, "totp", "ended the second step");
	emit_reply(c, s, "The second step is off: your password alone signs you in.");
}

/* By their names in the act. */
static const struct {
	const char *name;
	void (*tell)(struct chat *c, struct session *s);
} changes[] = {
	{"password", tell_password}, {"codes", tell_codes}, {"totp", tell_totp}, {"totp-off", tell_totp_off},
};

static void change(struct chat *c, struct session *s, struct account *a, const struct account_terms *t, size_t i)
{
	if (!account_change_told(c, s, a, t, changes[i].name))
		changes[i].tell(c, s);
}

enum { CHANGE_PASSWORD, CHANGE_CODES, CHANGE_TOTP, CHANGE_TOTP_OFF };

void account_tell_done(struct chat *c, struct session *s, const char *fields)
{
	char *done = fields_get(fields, account_done_field);
	/* An act before this one may have removed it. */
	bool there = s->account != NULL && s->account == account_made_at(c, fields);

	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		if (strcmp(changes[i].name, done) != 0)
			continue;
		if (there) {
			changes[i].tell(c, s);
		} else {
			emit_reply(c, s, "Nothing was changed: your account no longer exists.");
			person_forget(s);
		}
	}
	free(done);
}

/* -- answers --------------------------------------------------------------------------------- */

/* The hash of a new password. */
static void hash_answer(struct chat *c, struct session *s, struct question *q, const struct event *e)
{
	struct account *a = account_at(c, &q->account);
	struct account_terms t;

	if (!dialogue_goes_on(c, s, e->rows))
		return;
	if (s->dialogue->aim == DIALOGUE_REGISTER) {
		registered(c, s, e->rows->hash.text);
		return;
	}
	if (!may_change(c, s))
		return;
	t = account_terms(a);
	t.hash = e->rows->hash.text;
	t.before = (struct wrong){0};
	change(c, s, a, &t, CHANGE_PASSWORD);
	dialogue_end(c, s);
}

static void codes_answer(struct chat *c, struct session *s, struct question *q,
                         const struct event *e)
{
	struct account *a = account_at(c, &q->account);
	struct account_terms t;

	c->output.secret = true;
	if (!dialogue_goes_on(c, s, e->rows) || !may_change(c, s))
		return;
	dialogue_end(c, s);
	t = account_terms(a);
	t.codes = e->rows->codes.hashes;
	person_forget(s);
	s->person.kept = mem_strdup(e->rows->codes.codes);
	change(c, s, a, &t, CHANGE_CODES);
}

/* As in an address of the web (RFC 3986, 2.1). */
static void put_encoded(struct bytes *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (isalnum((unsigned char)*text) || strchr("-._~", *text) != NULL)
			bytes_append(b, text, 1);
		else
			bytes_printf(b, "%%%02X", (unsigned char)*text);
	}
}

/* Authenticator apps list it under the server's name. */
static void show_totp_link(struct chat *c, struct session *s, const char *secret)
{
	struct bytes server = {0}, account = {0};

	put_encoded(&server, c->entry.welcome.name);
	put_encoded(&account, s->account->key);
	emit_reply(c, s, "  otpauth://totp/%s:%s?secret=%s&issuer=%s", server.data, account.data, secret,
	           server.data);
	bytes_release(&server);
	bytes_release(&account);
}

/* A new secret for the second step. */
static void totp_answer(struct chat *c, struct session *s, struct question *q, const struct event *e)
{
	const char *secret = e->rows->totp.secret;

	(void)q;
	c->output.secret = true;
	if (e->rows->error != NULL) {
		emit_reply(c, s, "%s", e->rows->error);
		return;
	}
	emit_reply(c, s, "Give this secret to your authenticator app (TOTP, 6 digits, 30 seconds):");
	emit_reply(c, s, "  %s", secret);
	show_totp_link(c, s, secret);
	emit_reply(c, s, "Then type the code that it shows; an empty line cancels.");
	start_own(c, s, DIALOGUE_SET_TOTP);
	s->dialogue->ask = DIALOGUE_TOTP;
	s->dialogue->secret = mem_strdup(secret);
	dialogue_prompt(c, s);
}

/* A code, which shows that the app has the secret. */
static void set_totp_answer(struct chat *c, struct session *s, struct question *q,
                            const struct event *e)
{
	struct account *a = account_at(c, &q->account);
	struct account_terms t;

	if (!dialogue_goes_on(c, s, e->rows))
		return;
	if (!e->rows->check_totp.matches) {
		dialogue_retry(c, s, DIALOGUE_TOTP, TOTP_WRONG);
		return;
	}
	if (!may_change(c, s))
		return;
	t = account_terms(a);
	t.totp = s->dialogue->secret;
	/* Each code counts once. */
	t.totp_step = e->rows->check_totp.step;
	change(c, s, a, &t, CHANGE_TOTP);
	dialogue_end(c, s);
}

static void drop(struct chat *c, struct session *s, struct account *a, bool lines)
{
	emit_security(c, s, "drop", "gave the account up");
	emit_reply(c, s, "Your account %s is deleted. You are a guest of that name now.", a->nick);
	if (lines) {
		account_erase(c, a);
		reports_erase(c, a);
		emit_reply(c, s, "What you said with it is being deleted.");
	}
	account_drop(c, a);
}

void drop_apply(struct chat *c, struct session *s, const char *fields)
{
	struct account *a = account_made_at(c, fields);

	if (a != NULL && s->account == a)
		drop(c, s, a, fields_get_number(fields, "lines") != 0);
}

static void give_up(struct chat *c, struct session *s, struct account *a, bool lines)
{
	struct bytes b = {0};

	if (!chat_defers(c)) {
		drop(c, s, a, lines);
		return;
	}
	act_put_account(&b, a);
	fields_put_number(&b, "lines", lines);
	act_propose(c, s, ACT_DROP, b.data);
	bytes_release(&b);
}

/* Whether the current password was right. */
static void old_answer(struct chat *c, struct session *s, struct question *q, const struct event *e)
{
	bool right = password_was_right(c, s, q, e->rows);
	struct account *a = account_at(c, &q->account);
	struct dialogue *d = s->dialogue;
	struct account_terms t;

	if (!dialogue_goes_on(c, s, e->rows))
		return;
	if (!right) {
		dialogue_retry(c, s, DIALOGUE_OLD, "Wrong password; nothing has changed.");
	} else if ((d->aim == DIALOGUE_TOTP_OFF || d->aim == DIALOGUE_DROP) && !may_change(c, s)) {
		return;
	} else if (d->aim == DIALOGUE_TOTP_OFF) {
		dialogue_end(c, s);
		t = account_terms(a);
		t.totp = "";
		change(c, s, a, &t, CHANGE_TOTP_OFF);
	} else if (d->aim == DIALOGUE_SET_CODES) {
		password_ask(c, s, codes_answer, a, QUERY_CODES, "", "");
	} else if (d->aim == DIALOGUE_DROP) {
		bool lines = d->lines;

		dialogue_end(c, s);
		give_up(c, s, a, lines);
	} else if (d->secret != NULL) {
		/* The new one came with the command. */
		d->ask = DIALOGUE_AGAIN;
		password_ask(c, s, hash_answer, a, QUERY_HASH, d->secret, "");
	} else {
		d->ask = DIALOGUE_NEW;
		dialogue_prompt(c, s);
	}
}

/* -- registering and changing the password ------------------------------------------------- */

/* The new password has been typed. If `again`, asks for it once more, because it could not be seen;
 * otherwise has its hash made. */
static void new_password(struct chat *c, struct session *s, const char *typed, bool again)
{
	struct dialogue *d = s->dialogue;

	if (!password_fits(c, s, typed)) {
		dialogue_retry(c, s, DIALOGUE_NEW, NULL);
	} else if (again) {
		dialogue_keep(d, password_prepare(typed));
		d->ask = DIALOGUE_AGAIN;
		dialogue_prompt(c, s);
	} else {
		char *password = password_prepare(typed);

		d->ask = DIALOGUE_AGAIN;
		password_ask(c, s, hash_answer, s->account, QUERY_HASH, password, "");
		explicit_bzero(password, strlen(password));
		free(password);
	}
}

void cmd_register(struct chat *c, struct session *s, const struct args *a)
{
	if (!may_register(c, s)) {
		if (*a->rest != '\0')
			slip_secret(c, s);
		return;
	}
	if (*a->rest == '\0') {
		emit_reply(c, s, "%s will be yours. Please choose a password; an empty line cancels.",
		           s->nick);
		dialogue_start(c, s, DIALOGUE_REGISTER, DIALOGUE_NEW, account_line);
		s->dialogue->name = mem_strdup(s->key);
		dialogue_prompt(c, s);
		return;
	}
	dialogue_start(c, s, DIALOGUE_REGISTER, DIALOGUE_NEW, account_line);
	s->dialogue->name = mem_strdup(s->key);
	s->dialogue->once = true;
	new_password(c, s, a->rest, false);
}

void cmd_passwd(struct chat *c, struct session *s, const struct args *a)
{
	if (!command_has_account(c, s) || !emit_can_save(c, s))
		return;
	if (a->arg[0] == NULL) {
		/* People who signed in with a code may have no password yet. */
		emit_reply(c, s, *s->account->secrets.hash != '\0'
		           ? "Type your current password first; an empty line cancels."
		           : "Your account has no password yet. Please choose one; an empty line cancels.");
		begin_own(c, s, DIALOGUE_PASSWD, *s->account->secrets.hash != '\0' ? DIALOGUE_OLD : DIALOGUE_NEW);
		return;
	}
	if (*a->rest == '\0') {
		command_usage(c, s, "passwd");
		slip_secret(c, s);
		return;
	}
	if (!password_fits(c, s, a->rest))
		return;
	start_own(c, s, DIALOGUE_PASSWD);
	s->dialogue->once = true;
	s->dialogue->secret = password_prepare(a->rest);
	if (!password_check(c, s, old_answer, s->account, a->arg[0]))
		dialogue_end(c, s);
}

/* Names the rooms that it owns, if any: afterwards nobody but administrators can change what only owners may. */
static void tell_owned(struct chat *c, struct session *s)
{
	const struct membership *m;
	struct bytes rooms = {0};

	DL_FOREACH(s->account->memberships, m)
		if (membership_owner(m->room) == m)
			bytes_printf(&rooms, "%s%s", rooms.len > 0 ? ", " : "", m->room->name);
	if (rooms.len > 0)
		emit_reply(c, s, "Nobody will own these rooms then: %s. %ctransfer gives one away first.", rooms.data,
		           c->config.command_prefix);
	bytes_release(&rooms);
}

void cmd_drop(struct chat *c, struct session *s, const struct args *a)
{
	if (!command_has_account(c, s) || !emit_can_save(c, s))
		return;
	if (s->account->made.host && *s->account->secrets.hash == '\0') {
		emit_reply(c, s, "You sign in by your login on this host, so you have no password to "
		           "confirm this with. %cpasswd sets one.", c->config.command_prefix);
		return;
	}
	if (*a->rest == '\0') {
		if (a->lines) {
			emit_reply(c, s, "This deletes your account and everything that you said with it.");
			tell_owned(c, s);
			emit_reply(c, s, "It cannot be undone. Type your password to confirm; an empty line cancels.");
		} else {
			emit_reply(c, s, "This deletes your account. What you said stays; %cdrop --lines deletes it too.",
			           c->config.command_prefix);
			tell_owned(c, s);
			emit_reply(c, s, "Type your password to confirm; an empty line cancels.");
		}
		begin_own(c, s, DIALOGUE_DROP, DIALOGUE_OLD);
		s->dialogue->lines = a->lines;
		return;
	}
	start_own(c, s, DIALOGUE_DROP);
	s->dialogue->lines = a->lines;
	s->dialogue->once = true;
	if (!password_check(c, s, old_answer, s->account, a->rest))
		dialogue_end(c, s);
}

/* -- codes ----------------------------------------------------------------------------------- */

void cmd_codes(struct chat *c, struct session *s, const struct args *a)
{
	(void)a;
	if (!command_has_account(c, s) || !emit_can_save(c, s))
		return;
	if (*s->account->secrets.hash == '\0') {
		emit_reply(c, s, "Your account has no password to confirm this with. %cpasswd sets one.",
		           c->config.command_prefix);
		return;
	}
	/* They open the account as the password does, so someone who finds a terminal open must not get
	 * them. */
	emit_reply(c, s, "You get ten new codes; earlier ones stop working.");
	emit_reply(c, s, "Type your password to confirm; an empty line cancels.");
	begin_own(c, s, DIALOGUE_SET_CODES, DIALOGUE_OLD);
}

void cmd_totp(struct chat *c, struct session *s, const struct args *a)
{
	if (!command_has_account(c, s) || !emit_can_save(c, s))
		return;
	if (a->arg[0] != NULL && strcmp(a->arg[0], "off") != 0) {
		command_usage(c, s, "totp");
	} else if (a->arg[0] != NULL) {
		if (*s->account->secrets.totp == '\0') {
			emit_reply(c, s, "You have no second step. %ctotp adds one.", c->config.command_prefix);
			return;
		}
		emit_reply(c, s, "Type your password to remove the second step; an empty line cancels.");
		begin_own(c, s, DIALOGUE_TOTP_OFF, DIALOGUE_OLD);
	} else if (*s->account->secrets.totp != '\0') {
		emit_reply(c, s, "You already have a second step. %ctotp off removes it.",
		           c->config.command_prefix);
	} else {
		password_ask(c, s, totp_answer, s->account, QUERY_TOTP, "", "");
	}
}

/* -- the dialogues ----------------------------------------------------------------------------- */

static void account_line(struct chat *c, struct session *s, struct account *a, char *text)
{
	struct dialogue *d = s->dialogue;

	if (*text == '\0') {
		emit_reply(c, s, "Nothing has changed.");
		dialogue_end(c, s);
	} else if (d->ask == DIALOGUE_OLD) {
		/* The answer is about the account as it is now. */
		account_ref_set(&d->account, a);
		if (!password_check(c, s, old_answer, a, text))
			dialogue_prompt(c, s);
	} else if (d->ask == DIALOGUE_NEW) {
		new_password(c, s, text, true);
	} else if (d->ask == DIALOGUE_AGAIN) {
		char *again = password_prepare(text);

		if (d->secret != NULL && strcmp(again, d->secret) == 0)
			password_ask(c, s, hash_answer, a, QUERY_HASH, again, "");
		else
			dialogue_retry(c, s, DIALOGUE_NEW, "The two passwords are not the same.");
		explicit_bzero(again, strlen(again));
		free(again);
	} else {
		password_ask(c, s, set_totp_answer, a, QUERY_CHECK_TOTP, text, d->secret);
	}
}

/* -- signing in --------------------------------------------------------------------------------- */

void cmd_login(struct chat *c, struct session *s, const struct args *a)
{
	login_as(c, s, a->arg[0], *a->rest != '\0' ? a->rest : NULL);
}

void cmd_resume(struct chat *c, struct session *s, const struct args *a)
{
	if (s->account != NULL)
		emit_reply(c, s, "You are signed in; only guests need %cresume.", c->config.command_prefix);
	else
		resume_take(c, s, a->arg[0]);
}

void cmd_sessions(struct chat *c, struct session *s, const struct args *a)
{
	char age[AGE_BYTES_MAX], from[ADDRESS_BYTES_MAX];

	(void)a;
	if (!command_has_account(c, s))
		return;
	emit_reply(c, s, "%s is signed in here, from %s, for %s%s.", s->account->nick,
	           address_show(&s->from, from),
	           format_age(age, c->wall_ms - s->account->last[0].at_ms),
	           s->presence.by_cert ? ", by a certificate" : "");
	emit_reply(c, s, "If you sign in again elsewhere, this connection ends.");
	for (int i = 1; i < SIGN_INS_KEPT && s->account->last[i].at_ms != 0; i++)
		emit_rows(c, s, 6, "  before: %s ago, from %s",
		          format_age(age, c->wall_ms - s->account->last[i].at_ms),
		          address_show(&s->account->last[i].from, from));
	tell_certs(c, s);
}
