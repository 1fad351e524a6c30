/* Commands about one's account: /register /login /passwd /drop /codes /totp /sessions /resume. */

#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/command.h"
#include "chatd/core/emit.h"
#include "chatd/core/login.h"
#include "chatd/core/order.h"
#include "chatd/core/password.h"
#include "chatd/core/resume.h"
#include "chatd/core/session.h"

enum {
	ORIGIN_ACCOUNTS_BURST = 5,          /* accounts made from one address, at once */
	ORIGIN_ACCOUNTS_PERIOD_MS = 86400000 / 5, /* then one in so long: as many a day */
	ORIGIN_RESUMES_BURST = 10,
	ORIGIN_RESUMES_PERIOD_MS = 30000,
};

/* s has an account; otherwise it is told how to get one. */
static bool has_account(struct chat *c, struct session *s)
{
	if (s->account != NULL)
		return true;
	emit_reply(c, s, "You are a guest. %cregister makes %s yours; %clogin NAME signs you in.",
	           c->config.command_prefix, s->nick, c->config.command_prefix);
	return false;
}

/* -- registering and changing the password ------------------------------------------------- */

static bool may_register(struct chat *c, struct session *s)
{
	int64_t wait_ms = slow_wait_ms(&origin_of(&c->origins, &s->from)->accounts, c->now_ms,
	                               ORIGIN_ACCOUNTS_BURST, ORIGIN_ACCOUNTS_PERIOD_MS);
	char age[AGE_BYTES_MAX];

	if (s->account != NULL)
		emit_reply(c, s, "You are signed in as %s; that name is yours already.", s->account->nick);
	else if (c->naccounts >= ACCOUNTS_MAX)
		emit_reply(c, s, "There are %d accounts, and that is the most.", ACCOUNTS_MAX);
	else if (wait_ms > 0 && !address_is_local(&s->from))
		emit_reply(c, s, "Enough accounts were made from your address today. The next can be made "
		           "in %s.", format_age(age, wait_ms));
	else if (c->store_failed != NULL)
		emit_reply(c, s, "Nothing can be saved at present (%s). Try again in a minute.",
		           c->store_failed);
	else
		return order_may_register(c, s);
	return false;
}

/* The new password has been typed: its hash is made; if `again`, it is asked for once more
 * before, for it could not be seen. */
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
		password_ask(c, s, ASKED_SECRET, QUERY_HASH, password, "");
		explicit_bzero(password, strlen(password));
		free(password);
	}
}

void cmd_register(struct chat *c, struct session *s, const struct args *a)
{
	if (!may_register(c, s))
		return;
	if (*a->rest == '\0') {
		emit_reply(c, s, "%s will be yours. Please choose a password; an empty line ends this.",
		           s->nick);
		dialogue_begin(c, s, DIALOGUE_REGISTER, DIALOGUE_NEW);
		return;
	}
	dialogue_start(c, s, DIALOGUE_REGISTER, DIALOGUE_NEW);
	s->dialogue->once = true;
	new_password(c, s, a->rest, false);
}

void cmd_passwd(struct chat *c, struct session *s, const struct args *a)
{
	if (!has_account(c, s) || !command_can_save(c, s))
		return;
	if (a->arg[0] == NULL) {
		/* Who came in with a code may have none yet. */
		dialogue_begin(c, s, DIALOGUE_PASSWD,
		               *s->account->hash != '\0' ? DIALOGUE_OLD : DIALOGUE_NEW);
		return;
	}
	if (*a->rest == '\0') {
		command_usage(c, s, "passwd");
		return;
	}
	if (!password_fits(c, s, a->rest))
		return;
	dialogue_start(c, s, DIALOGUE_PASSWD, DIALOGUE_OLD);
	s->dialogue->once = true;
	s->dialogue->secret = password_prepare(a->rest);
	if (!password_check(c, s, ASKED_SECRET, s->account, a->arg[0]))
		dialogue_end(c, s);
}

void cmd_drop(struct chat *c, struct session *s, const struct args *a)
{
	if (!has_account(c, s) || !command_can_save(c, s))
		return;
	if (s->account->host && *s->account->hash == '\0') {
		emit_reply(c, s, "Not done: your account is that of your login on this host, and has no "
		           "password to confirm it with. %cpasswd sets one.", c->config.command_prefix);
		return;
	}
	if (*a->rest == '\0') {
		emit_reply(c, s, "This takes away your account and all that belongs to it. To confirm:");
		dialogue_begin(c, s, DIALOGUE_DROP, DIALOGUE_OLD);
		return;
	}
	dialogue_start(c, s, DIALOGUE_DROP, DIALOGUE_OLD);
	s->dialogue->once = true;
	if (!password_check(c, s, ASKED_SECRET, s->account, a->rest))
		dialogue_end(c, s);
}

/* -- codes ----------------------------------------------------------------------------------- */

void cmd_codes(struct chat *c, struct session *s, const struct args *a)
{
	(void)a;
	if (has_account(c, s) && command_can_save(c, s))
		password_ask(c, s, ASKED_CODES, QUERY_CODES, "", "");
}

void cmd_totp(struct chat *c, struct session *s, const struct args *a)
{
	if (!has_account(c, s) || !command_can_save(c, s))
		return;
	if (a->arg[0] != NULL && strcmp(a->arg[0], "off") != 0) {
		command_usage(c, s, "totp");
	} else if (a->arg[0] != NULL) {
		if (*s->account->totp == '\0') {
			emit_reply(c, s, "You have no second step.");
			return;
		}
		emit_reply(c, s, "To take the second step away:");
		dialogue_begin(c, s, DIALOGUE_TOTP_OFF, DIALOGUE_OLD);
	} else if (*s->account->totp != '\0') {
		emit_reply(c, s, "You have a second step already. %ctotp off takes it away.",
		           c->config.command_prefix);
	} else {
		password_ask(c, s, ASKED_TOTP, QUERY_TOTP, "", "");
	}
}

static void show_codes(struct chat *c, struct session *s, const struct rows *rows)
{
	const char *p = rows->text;

	account_set(&s->account->codes, rows->text2);
	account_save(c, s->account);
	emit_reply(c, s, "Ten codes, each good once in place of your password. Write them down: they are "
	           "not shown again, and those you had before are void.");
	while (*p != '\0') {
		size_t len = strcspn(p, " ");

		emit_reply(c, s, "  %.*s", (int)len, p);
		p += len + strspn(p + len, " ");
	}
}

static void show_totp(struct chat *c, struct session *s, const struct rows *rows)
{
	emit_reply(c, s, "Give this secret to your authenticator app (TOTP, 6 digits, 30 seconds):");
	emit_reply(c, s, "  %s", rows->text);
	emit_reply(c, s, "  otpauth://totp/chatd:%s?secret=%s&issuer=chatd", s->account->key, rows->text);
	emit_reply(c, s, "Then type the code that it shows; an empty line ends this.");
	dialogue_start(c, s, DIALOGUE_SET_TOTP, DIALOGUE_TOTP);
	s->dialogue->secret = mem_strdup(rows->text);
	dialogue_prompt(c, s);
}

void account_secrets_answer(struct chat *c, struct session *s, enum session_asked asked,
                            const struct rows *rows)
{
	s->asked = ASKED_NOTHING;
	c->secret = true;
	if (rows->error != NULL)
		emit_reply(c, s, "%s", rows->error);
	else if (s->account == NULL)
		emit_reply(c, s, "That account is gone.");
	else if (asked == ASKED_CODES)
		show_codes(c, s, rows);
	else
		show_totp(c, s, rows);
	emit_session(c, EFFECT_RESUME, s);
}

/* -- the dialogues ----------------------------------------------------------------------------- */

bool totp_was_right(struct chat *c, struct session *s, struct account *a, const struct rows *rows)
{
	/* It may have been dropped since its password was right. */
	if (a != NULL && rows->ok && rows->which > a->totp_step) {
		a->totp_step = rows->which;
		account_save(c, a);
		return true;
	}
	if (a != NULL)
		slow_take(&a->tries, c->now_ms, PASSWORD_TRIES_PERIOD_MS);
	slow_take(&origin_of(&c->origins, &s->from)->tries, c->now_ms, PASSWORD_TRIES_PERIOD_MS);
	return false;
}

void account_line(struct chat *c, struct session *s, struct account *a, char *text)
{
	struct dialogue *d = s->dialogue;

	if (*text == '\0') {
		emit_reply(c, s, "Nothing has changed.");
		dialogue_end(c, s);
	} else if (d->ask == DIALOGUE_OLD) {
		if (!password_check(c, s, ASKED_SECRET, a, text))
			dialogue_prompt(c, s);
	} else if (d->ask == DIALOGUE_NEW) {
		new_password(c, s, text, true);
	} else if (d->ask == DIALOGUE_AGAIN) {
		char *again = password_prepare(text);

		if (strcmp(again, d->secret) == 0) {
			password_ask(c, s, ASKED_SECRET, QUERY_HASH, again, "");
		} else {
			dialogue_retry(c, s, DIALOGUE_NEW, "The two are not the same.");
		}
		explicit_bzero(again, strlen(again));
		free(again);
	} else {
		password_ask(c, s, ASKED_SECRET, QUERY_CHECK_TOTP, text, d->secret);
	}
}

static void registered(struct chat *c, struct session *s, const char *hash)
{
	char why[NAME_PROBLEM_BYTES_MAX], p = c->config.command_prefix;
	const char *bar = account_bars(c, s->nick, s->key, NULL, why);
	struct account *a;

	dialogue_end(c, s);
	/* Things may have changed while the hash was made. */
	if (bar != NULL) {
		emit_reply(c, s, "%s.", bar);
		return;
	}
	a = may_register(c, s) ? account_new(c, s->nick, s->key, hash, "") : NULL;
	if (a == NULL)
		return;
	slow_take(&origin_of(&c->origins, &s->from)->accounts, c->now_ms, ORIGIN_ACCOUNTS_PERIOD_MS);
	account_sign_in(c, s, a);
	login_clear_name(c, a);
	emit_reply(c, s, "%s is yours: nobody else can bear that name, or one that looks like it, and it "
	           "will ask for your password. %ccodes gives you codes to use instead where others may "
	           "listen, %ctotp a second step.", s->nick, p, p);
}

/* The password that holds was right, or not. */
static void old_answer(struct chat *c, struct session *s, struct account *a,
                       const struct rows *rows)
{
	struct dialogue *d = s->dialogue;

	if (!password_was_right(c, s, a, rows)) {
		dialogue_retry(c, s, DIALOGUE_OLD, "That is not your password; nothing has changed.");
	} else if (d->aim == DIALOGUE_TOTP_OFF) {
		dialogue_end(c, s);
		account_set(&a->totp, "");
		account_save(c, a);
		emit_reply(c, s, "The second step is off: your password alone signs you in.");
	} else if (d->aim == DIALOGUE_DROP) {
		dialogue_end(c, s);
		emit_reply(c, s, "The account %s is gone. You are a guest of that name now.", a->nick);
		account_drop(c, a);
	} else if (d->secret != NULL) {
		/* The new one came with the command. */
		d->ask = DIALOGUE_AGAIN;
		password_ask(c, s, ASKED_SECRET, QUERY_HASH, d->secret, "");
	} else {
		d->ask = DIALOGUE_NEW;
		dialogue_prompt(c, s);
	}
}

void account_answer(struct chat *c, struct session *s, struct account *a, const struct rows *rows)
{
	struct dialogue *d = s->dialogue;

	if (d->ask == DIALOGUE_OLD) {
		old_answer(c, s, a, rows);
	} else if (d->aim == DIALOGUE_REGISTER) {
		registered(c, s, rows->text);
	} else if (d->aim == DIALOGUE_PASSWD) {
		account_set(&a->hash, rows->text);
		account_save(c, a);
		dialogue_end(c, s);
		emit_reply(c, s, "Your password is changed.");
	} else if (!totp_was_right(c, s, a, rows)) {
		dialogue_retry(c, s, DIALOGUE_TOTP, TOTP_WRONG);
	} else {
		account_set(&a->totp, d->secret);
		account_save(c, a);
		dialogue_end(c, s);
		emit_reply(c, s, "From now on you are asked for such a code after your password. A one-time "
		           "code of %ccodes needs none.", c->config.command_prefix);
	}
}

/* -- signing in --------------------------------------------------------------------------------- */

void cmd_login(struct chat *c, struct session *s, const struct args *a)
{
	login_as(c, s, a->arg[0], *a->rest != '\0' ? a->rest : NULL);
}

void cmd_resume(struct chat *c, struct session *s, const struct args *a)
{
	struct limit *tries = &origin_of(&c->origins, &s->from)->tries;

	if (slow_wait_ms(tries, c->now_ms, ORIGIN_RESUMES_BURST, ORIGIN_RESUMES_PERIOD_MS) > 0)
		emit_reply(c, s, "Too many wrong codes came from your address; try again in a minute.");
	else if (s->account != NULL)
		emit_reply(c, s, "You are signed in; only guests need that.");
	else if (resume_take(c, s, a->arg[0]))
		return;
	else
		emit_reply(c, s, "No guest has left such a code within the last %d minutes.",
		           RESUME_MS / 60000);
	slow_take(tries, c->now_ms, ORIGIN_RESUMES_PERIOD_MS);
}

void cmd_sessions(struct chat *c, struct session *s, const struct args *a)
{
	char age[AGE_BYTES_MAX], from[ADDRESS_BYTES_MAX];

	(void)a;
	if (!has_account(c, s))
		return;
	emit_reply(c, s, "%s is signed in here, from %s, for %s. A new sign-in ends this one.",
	           s->account->nick, address_show(&s->from, from),
	           format_age(age, c->now_ms - s->account->last[0].at_ms));
	for (int i = 1; i < SIGN_INS_KEPT && s->account->last[i].at_ms != 0; i++)
		emit_reply(c, s, "  before: %s ago, from %s",
		           format_age(age, c->now_ms - s->account->last[i].at_ms),
		           address_show(&s->account->last[i].from, from));
}
