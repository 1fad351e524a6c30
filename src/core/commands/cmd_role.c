/* Commands that give others a role, or a way to sign in: /role /code. */

#include "chatd/core/commands/cmd_role.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/entry/login.h"
#include "chatd/core/moderation/undo.h"
#include "chatd/core/people/cert.h"
#include "chatd/core/people/name.h"
#include "chatd/core/people/account_act.h"
#include "chatd/core/state/question.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

static void role_list(struct chat *c, struct session *s)
{
	const struct account *a;
	bool any = false;

	for (a = c->people.accounts.keepers; a != NULL; a = a->next) {
		emit_reply(c, s, "  %s: %s%s", a->nick, role_name(a->role),
		           a->session != NULL ? ", here" : "");
		any = true;
	}
	if (!any)
		emit_reply(c, s, "No account has a role. %crole NAME admin gives one.",
		           c->config.command_prefix);
}

/* -- an account for someone who has none -------------------------------------------------- */

/* What an administrator asked for, while the code for it is made. */
struct wanted {
	int64_t made_ms;         /* when that account was made */
	struct account_ref account; /* whose code; none: an account is to be made */
	char *name;              /* owned; as typed */
	enum role role;          /* of an account that is to be made */
	bool status;             /* --status was given */
};

static void wanted_free(void *data)
{
	struct wanted *w = data;

	account_ref_clear(&w->account);
	free(w->name);
	free(w);
}

/* The data of an action that changed a role; to be released. */
static struct bytes role_undo(const struct account *a, enum role was, enum role is)
{
	struct bytes data = {0};

	undo_begin(&data, "role");
	undo_put_account(&data, "account", a);
	fields_put(&data, "was", role_name(was));
	fields_put(&data, "is", role_name(is));
	return data;
}

/* NULL: none. */
static const char *role_phrase(enum role role)
{
	return role == ROLE_ADMIN ? "an administrator" : role == ROLE_MODERATOR ? "a moderator" : NULL;
}

/* Tells s the account's new role; made: the account is new. n: the act that can be taken back; 0: it
 * cannot. */
static void now_is(struct chat *c, struct session *s, const struct account *a, bool made, uint64_t n)
{
	const char *phrase = role_phrase(a->role);
	char hint[64] = "";

	/* People who use the command line cannot type /undo, and those who gave up their own role may not. */
	if (n != 0 && s->state == SESSION_CHAT && s->account != a)
		snprintf(hint, sizeof hint, " %cundo #A%" PRIu64 " takes it back.",
		         c->config.command_prefix, n);
	if (phrase != NULL)
		emit_reply(c, s, "%s is now %s.%s", a->nick, phrase, hint);
	else
		emit_reply(c, s, "%s %s.%s", a->nick, made ? "now has an account" : "has no role any more",
		           hint);
}

static void already_is(struct chat *c, struct session *s, const struct account *a)
{
	const char *phrase = role_phrase(a->role);

	emit_reply(c, s, "%s %s %s. Nothing has changed.", a->nick,
	           phrase != NULL ? "is already" : "already has", phrase != NULL ? phrase : "no role");
}

/* Tells whoever has a new role that s gave it. */
static void you_are(struct chat *c, const struct session *s, const struct account *a)
{
	const char *phrase = role_phrase(a->role);
	bool host = s->state == SESSION_HOST;

	emit_reply(c, a->session, "You %s%s (set %s%s). %chelp%s lists what you can do.",
	           phrase != NULL ? "are now " : "have no role any more", phrase != NULL ? phrase : "",
	           host ? "from the server's command line" : "by ", host ? "" : s->nick,
	           c->config.command_prefix, a->role == ROLE_ADMIN ? " all"
	           : a->role == ROLE_MODERATOR ? " moderation" : "");
}

static void role_answer(struct chat *c, struct session *s, struct question *q,
                        const struct event *e)
{
	const struct rows *rows = e->rows;
	char key[NAME_KEY_BYTES_MAX + 1], why[160], problem[NAME_PROBLEM_BYTES_MAX];
	const struct wanted *wanted = q->data;
	const char *name = wanted->name;
	enum role role = wanted->role;
	/* A code is for the account that existed then, if one did. */
	struct account *a = account_at(c, &wanted->account);
	bool made = wanted->account.key == NULL, certs = false;
	struct account_terms t;
	struct bytes undo;
	char *hash;
	uint64_t n;

	if (rows->error != NULL) {
		emit_reply(c, s, "%s", rows->error);
		return;
	}
	/* The person who asked may have lost the role since. */
	if (!command_may(c, s, command_find(c, made ? "role" : "code")))
		return;
	if (a != NULL) {
		hash = strndup(rows->codes.hashes, strcspn(rows->codes.hashes, "\n"));
		t = account_terms(a);
		t.codes = hash != NULL ? hash : "";
		account_apply(c, a, &t);
		free(hash);
		/* Whoever signs in by one needs no code; they may be an intruder's. */
		certs = cert_count(a) > 0;
		certs_remove(c, a);
	} else if (made && name_check(NAME_NICK, name, strlen(name), key, why, sizeof why) &&
	           account_bars(c, name, key, NULL, problem) == NULL && session_by_key(c, key) == NULL) {
		/* One of the ten is enough for the first time. */
		hash = strndup(rows->codes.hashes, strcspn(rows->codes.hashes, "\n"));
		a = hash != NULL ? account_new(c, name, key, "", hash) : NULL;
		free(hash);
	}
	if (a != NULL) {
		if (made) {
			t = account_terms(a);
			t.role = role;
			account_apply(c, a, &t);
			login_clear_name(c, a);
			undo = role_undo(a, ROLE_ACCOUNT, role);
			n = emit_audit(c, s, role > ROLE_ACCOUNT ? undo.data : "", "made an account for %s%s%s",
			               a->nick, role_phrase(role) != NULL ? ", " : "",
			               role_phrase(role) != NULL ? role_phrase(role) : "");
			bytes_release(&undo);
			now_is(c, s, a, true, role > ROLE_ACCOUNT ? n : 0);
		} else {
			emit_audit(c, s, "", "made a code for %s", a->nick);
		}
		account_save(c, a);
		c->output.secret = true;
		if (!made)
			emit_reply(c, s, "Earlier codes%s of %s no longer work; a password still does.",
			           certs ? " and the certificates" : "", a->nick);
		emit_reply(c, s, "To sign in, connect, enter the name %s, and type this code as the", a->nick);
		emit_reply(c, s, "password. It is good once: %.*s", (int)strcspn(rows->codes.codes, " "),
		           rows->codes.codes);
		command_tell_status(c, s, wanted->status);
	} else {
		emit_reply(c, s, made ? "Someone has since taken that name." : "That account is gone.");
	}
}

static void put(const struct question *q, struct bytes *b)
{
	const struct wanted *w = q->data;

	fields_put(b, "name", w->name);
	fields_put(b, "role", role_name(w->role));
	fields_put_number(b, "status", w->status);
	if (w->account.key != NULL) {
		fields_put(b, "key", w->account.key);
		fields_put_number(b, "of", w->made_ms);
	}
}

static bool get(struct chat *c, struct question *q, const char *fields)
{
	char *key = fields_get(fields, "key"), *role = fields_get(fields, "role");
	struct account *a = account_made_at(c, fields);
	struct wanted *w = mem_zero(1, sizeof *w);
	bool gone = *key != '\0' && a == NULL;

	account_ref_set(&w->account, a);
	w->name = fields_get_text(fields, "name", NAME_BYTES_MAX);
	w->status = fields_get_number(fields, "status") != 0;
	if (!role_parse(role, &w->role))
		w->role = ROLE_ACCOUNT;
	q->data = w;
	q->free_data = wanted_free;
	free(key);
	free(role);
	return !gone;
}

const struct shared_question code_shared = {"code", role_answer, put, get, NULL};

/* Has a code made; role_answer does the rest. */
static void ask_code(struct chat *c, struct session *s, const struct account *a, const char *name,
                     enum role role, bool status)
{
	struct question *q = question_new(c, s, role_answer);
	struct wanted *w = mem_zero(1, sizeof *w);

	account_ref_set(&w->account, a);
	w->made_ms = a != NULL ? a->made.at_ms : 0;
	w->name = mem_strdup(name);
	w->role = role;
	w->status = status;
	q->data = w;
	q->free_data = wanted_free;
	q->shared = &code_shared;
	question_ask(c, q, (struct query){.kind = QUERY_CODES});
}

/* Makes an account for someone who has none, once its code is made (role_answer). */
static void invite(struct chat *c, struct session *s, const char *name, enum role role, bool status)
{
	char key[NAME_KEY_BYTES_MAX + 1], problem[NAME_PROBLEM_BYTES_MAX], why[160];
	const struct session *bearer;

	if (!name_check(NAME_NICK, name, strlen(name), key, why, sizeof why)) {
		emit_reply(c, s, "You cannot use that name: %s.", why);
		return;
	}
	bearer = session_by_key(c, key);
	if (bearer != NULL) {
		emit_reply(c, s, "%s is a guest. Ask them to %cregister first, so that you know who gets "
		           "the role.", bearer->nick, c->config.command_prefix);
	} else if (account_bars(c, name, key, NULL, problem) != NULL) {
		emit_reply(c, s, "%s.", problem);
	} else if (c->people.accounts.n >= ACCOUNTS_MAX) {
		emit_reply(c, s, "Cannot make the account: there are %d, the maximum. %cremove account NAME "
		           "removes one.", ACCOUNTS_MAX, c->config.command_prefix);
	} else {
		ask_code(c, s, NULL, name, role, status);
	}
}

void cmd_code(struct chat *c, struct session *s, const struct args *a)
{
	struct account *account = account_named(c, a->arg[0]);
	char hint[48] = "";

	if (account == NULL) {
		/* People who use the command line cannot type it. */
		if (!a->status)
			snprintf(hint, sizeof hint, " %crole NAME account makes one.", c->config.command_prefix);
		emit_reply(c, s, "There is no account %.*s.%s",
		           (int)text_prefix(a->arg[0], strlen(a->arg[0]), NICK_CHARS_MAX), a->arg[0], hint);
		return;
	}
	if (!emit_can_save(c, s))
		return;
	ask_code(c, s, account, account->nick, account->role, a->status);
}

/* False: it was refused. */
static bool role_set(struct chat *c, struct session *s, struct account *account, enum role role)
{
	struct account_terms t = account_terms(account);
	struct bytes undo;

	/* The last administrator stays one, so that there is always one. */
	if (account_is_last_admin(c, account) && !s->trusted) {
		emit_reply(c, s, "%s is the last administrator. Make someone else one first.",
		           account->nick);
		return false;
	}
	undo = role_undo(account, account->role, role);
	t.role = role;
	account_change(c, account, &t);
	now_is(c, s, account, false,
	       role_phrase(role) != NULL
	               ? emit_audit(c, s, undo.data, "made %s %s", account->nick, role_phrase(role))
	               : emit_audit(c, s, undo.data, "removed the role of %s", account->nick));
	bytes_release(&undo);
	if (account->session != NULL && account->session != s)
		you_are(c, s, account);
	return true;
}

void undo_role(struct chat *c, struct session *s, const struct row *act)
{
	struct account *a = undo_account(c, act->changed, "account");
	char *was_name = fields_get(act->changed, "was"), *is_name = fields_get(act->changed, "is");
	enum role was, is;

	if (a == NULL)
		undo_late(c, s, "that account is gone");
	else if (!role_parse(was_name, &was) || !role_parse(is_name, &is) || was == ROLE_GUEST)
		undo_late(c, s, "that role no longer exists");
	else if (a->role != is)
		undo_late(c, s, "the role has since been changed");
	else
		role_set(c, s, a, was);
	free(was_name);
	free(is_name);
}

void cmd_role(struct chat *c, struct session *s, const struct args *a)
{
	struct account *account;
	enum role role;

	if (a->arg[0] == NULL) {
		role_list(c, s);
		return;
	}
	if (a->arg[1] == NULL || !role_parse(a->arg[1], &role) || role == ROLE_GUEST) {
		command_usage(c, s, "role");
		emit_reply(c, s, "A role is one of: admin, moderator, account.");
		return;
	}
	if (!emit_can_save(c, s))
		return;
	account = account_named(c, a->arg[0]);
	if (account == NULL) {
		invite(c, s, a->arg[0], role, a->status);
		return;
	}
	if (account->role == role) {
		already_is(c, s, account);
		command_tell_status(c, s, a->status);
		return;
	}
	command_tell_status(c, s, role_set(c, s, account, role) && a->status);
}
