/* Passwords as the core handles them. Owns nothing. */

#include "chatd/core/entry/password.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/entry/dialogue.h"
#include "chatd/core/entry/guess.h"
#include "chatd/core/moderation/private.h"
#include "chatd/core/people/account_act.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

char *password_prepare(const char *typed)
{
	char *nfc = text_form(typed, FORM_PASSWORD);

	return nfc != NULL ? nfc : mem_strdup(typed);
}

bool password_fits(struct chat *c, struct session *s, const char *password)
{
	size_t chars = text_chars(password, strlen(password));

	if (chars < PASSWORD_CHARS_LEAST)
		emit_reply(c, s, "Too short: a password has at least %d characters, and this has %zu. Several "
		           "words make a good one.", PASSWORD_CHARS_LEAST, chars);
	else if (strlen(password) > PASSWORD_BYTES_MAX)
		emit_reply(c, s, "Too long: a password has at most %d bytes, and this has %zu.",
		           PASSWORD_BYTES_MAX, strlen(password));
	else if (chars > PASSWORD_CHARS_MAX)
		emit_reply(c, s, "Too long: a password has at most %d characters, and this has %zu.",
		           PASSWORD_CHARS_MAX, chars);
	else if (strcasecmp(password, s->nick) == 0)
		emit_reply(c, s, "Your name cannot be your password.");
	else
		return true;
	slip_secret(c, s);
	return false;
}

static struct question *ask_in(struct chat *c, struct session *s, question_then *then,
                               const struct account *a, enum query_kind kind, const char *secret,
                               const char *against, int64_t delay_ms)
{
	struct question *q = question_new(c, s, then);
	struct query query = {.kind = kind};

	if (kind == QUERY_HASH)
		query.hash.password = secret;
	else if (kind == QUERY_CHECK)
		query.check.secret = secret, query.check.hashes = against;
	else if (kind == QUERY_CHECK_TOTP)
		query.totp.digits = secret, query.totp.secret = against, query.totp.now_ms = c->wall_ms;
	question_about(q, a);
	question_ask_in(c, q, query, delay_ms);
	c->output.secret = true;
	return q;
}

struct question *password_ask(struct chat *c, struct session *s, question_then *then,
                              const struct account *a, enum query_kind kind, const char *secret,
                              const char *against)
{
	return ask_in(c, s, then, a, kind, secret, against, 0);
}

/* -- an account's ------------------------------------------------------------------------ */

static void codes_free(void *codes)
{
	if (codes != NULL)
		explicit_bzero(codes, strlen(codes));
	free(codes);
}

bool password_check(struct chat *c, struct session *s, question_then *then, struct account *a,
                    const char *typed)
{
	/* A code is good once, so it is not accepted while its use cannot be saved. */
	bool codes = a != NULL && *a->secrets.codes != '\0' && chat_can_save(c);
	struct bytes against = {0};
	struct question *q;
	int64_t delay_ms;
	char *password;

	if (!guess_account(c, s, GUESS_PASSWORD, a, &delay_ms))
		return false;
	/* Without an account, or a password of it, the first line is one that nothing matches. */
	bytes_puts(&against, a != NULL && *a->secrets.hash != '\0' ? a->secrets.hash : "*");
	if (codes)
		bytes_printf(&against, "\n%s", a->secrets.codes);
	password = password_prepare(typed);
	q = ask_in(c, s, then, a, QUERY_CHECK, password, against.data, delay_ms);
	/* The answer says which of these it was; by then the account may have others. */
	q->data = codes ? mem_strdup(a->secrets.codes) : NULL;
	q->free_data = codes_free;
	explicit_bzero(password, strlen(password));
	free(password);
	explicit_bzero(against.data, against.len);
	bytes_release(&against);
	return true;
}

/* The n-th line from 0, len bytes. */
static const char *line_of(const char *lines, uint64_t n, size_t *len)
{
	while (n-- > 0 && *lines != '\0') {
		lines += strcspn(lines, "\n");
		lines += *lines == '\n';
	}
	*len = strcspn(lines, "\n");
	return lines;
}

/* Removes the code with this hash; *left is how many remain. False: it is no longer there, because it
 * was used meanwhile or all codes were replaced. */
static bool code_use(struct chat *c, struct account *a, const char *hash, size_t n, unsigned *left)
{
	struct account_terms t = account_terms(a);
	struct bytes rest = {0};
	bool found = false;

	*left = 0;
	for (const char *p = a->secrets.codes; *p != '\0';) {
		size_t len = strcspn(p, "\n");

		if (!found && len == n && memcmp(p, hash, n) == 0) {
			found = true;
		} else {
			bytes_puts(&rest, *left > 0 ? "\n" : "");
			bytes_append(&rest, p, len);
			++*left;
		}
		p += len + (p[len] == '\n');
	}
	t.codes = rest.len > 0 ? rest.data : "";
	if (found)
		account_change(c, a, &t);
	bytes_release(&rest);
	return found;
}

static void was_wrong(struct chat *c, struct session *s, struct account *a)
{
	c->status.counts.login_failures += a == NULL || s->account != a;
	emit_security_about(c, s, "failed-sign-in", a != NULL ? a->nick : "-", "wrong password");
	if (a == NULL)
		return;
	if (!chat_can_save(c) && *a->secrets.codes != '\0')
		emit_reply(c, s, "While nothing can be saved, one-time codes are not accepted: each could be "
		           "used twice.");
	/* People need no report of their own slips while signed in. */
	if (s->account != a)
		account_wrong(c, a, false);
}

static void tell_left(struct chat *c, struct session *s, const struct account *a, unsigned left)
{
	if (*a->secrets.hash == '\0')
		emit_reply(c, s, "That code is used up. Your account has no password yet, and you cannot sign in "
		           "again without one: %cpasswd sets it.", c->config.command_prefix);
	else
		emit_reply(c, s, "That code is used up; %u %s left. %ccodes gives you ten new ones.", left,
		           left == 1 ? "is" : "are", c->config.command_prefix);
}

bool password_code_use(struct chat *c, struct session *s, struct account *a, const char *hash)
{
	unsigned left;

	if (!code_use(c, a, hash, strlen(hash), &left)) {
		emit_reply(c, s, "That code was already used.");
		return false;
	}
	tell_left(c, s, a, left);
	return true;
}

static const char hash_field[] = "hash";

void password_code_apply(struct chat *c, struct session *s, const char *fields)
{
	struct account *a = account_made_at(c, fields);
	char *hash = fields_get(fields, hash_field);

	if (a != NULL)
		password_code_use(c, s, a, hash);
	free(hash);
}

/* All nodes must find that it is used once. */
static void code_use_everywhere(struct chat *c, struct session *s, const struct account *a, const char *hash, size_t n)
{
	char *text = mem_strdup(hash);
	struct bytes b = {0};

	text[n] = '\0';
	if (s->dialogue != NULL && s->dialogue->aim == DIALOGUE_SIGN_IN) {
		free(s->dialogue->code);
		s->dialogue->code = text;
		return;
	}
	act_put_account(&b, a);
	fields_put(&b, hash_field, text);
	act_propose(c, s, ACT_CODE, b.data);
	bytes_release(&b);
	free(text);
}

bool password_was_right(struct chat *c, struct session *s, struct question *q,
                        const struct rows *rows)
{
	struct account *a = account_at(c, &q->account);
	const char *hash;
	unsigned left;
	size_t n;

	if (rows->error != NULL || rows->check.matches)
		guess_account_back(c, s, GUESS_PASSWORD, a);
	if (!rows->check.matches || a == NULL) {
		if (rows->error == NULL)
			was_wrong(c, s, a);
		return false;
	}
	if (rows->check.which == 0)
		return true;
	hash = q->data != NULL ? line_of(q->data, rows->check.which - 1, &n) : NULL;
	if (hash != NULL && n > 0 && chat_defers(c)) {
		code_use_everywhere(c, s, a, hash, n);
		return true;
	}
	if (hash == NULL || n == 0 || !code_use(c, a, hash, n, &left)) {
		emit_reply(c, s, "That code was already used.");
		was_wrong(c, s, a);
		return false;
	}
	tell_left(c, s, a, left);
	return true;
}

/* -- its second step ------------------------------------------------------------------------ */

bool password_check_code(struct chat *c, struct session *s, question_then *then, struct account *a,
                         const char *digits)
{
	int64_t delay_ms;

	if (!guess_account(c, s, GUESS_CODE, a, &delay_ms))
		return false;
	ask_in(c, s, then, a, QUERY_CHECK_TOTP, digits, a->secrets.totp, delay_ms);
	return true;
}

/* Someone who knows the password gave a wrong code. */
static void code_was_wrong(struct chat *c, struct session *s, struct account *a)
{
	char from[ADDRESS_BYTES_MAX], text[ADDRESS_BYTES_MAX + 160];

	emit_security_about(c, s, "failed-second-step", a->nick, "wrong code");
	if (s->account == a)
		return;
	c->status.counts.login_failures++;
	account_wrong(c, a, true);
	if (a->session == NULL)
		return;
	snprintf(text, sizeof text, "Someone at %s gave your password and a wrong code. If that was not you, "
	         "%cpasswd sets a new password.", address_show(&s->from, from), c->config.command_prefix);
	private_notice(c, a->session, text);
}

bool password_code_was_right(struct chat *c, struct session *s, struct question *q,
                             const struct rows *rows)
{
	struct account *a = account_at(c, &q->account);
	/* Each step counts once. */
	bool right = rows->error == NULL && rows->check_totp.matches && a != NULL &&
	             rows->check_totp.step > a->secrets.totp_step;

	if (right || rows->error != NULL)
		guess_account_back(c, s, GUESS_CODE, a);
	if (right && chat_defers(c)) {
		if (s->dialogue != NULL)
			s->dialogue->step = rows->check_totp.step;
	} else if (right) {
		struct account_terms t = account_terms(a);

		t.totp_step = rows->check_totp.step;
		account_change(c, a, &t);
	} else if (rows->error == NULL && a != NULL) {
		code_was_wrong(c, s, a);
	}
	return right;
}

/* -- a room's ------------------------------------------------------------------------------- */

bool password_check_room(struct chat *c, struct session *s, question_then *then, struct room *r,
                         const char *typed)
{
	struct question *q;
	int64_t delay_ms;
	char *password;

	if (!guess_room(c, s, r, &delay_ms))
		return false;
	password = password_prepare(typed);
	q = ask_in(c, s, then, NULL, QUERY_CHECK, password, r->set.hash != NULL ? r->set.hash : "*",
	           delay_ms);
	q->data = mem_alloc(sizeof r->set.lock);
	memcpy(q->data, &r->set.lock, sizeof r->set.lock);
	q->free_data = free;
	explicit_bzero(password, strlen(password));
	free(password);
	return true;
}

bool password_room_was_right(struct chat *c, struct session *s, struct question *q, struct room *r,
                             const struct rows *rows)
{
	bool same = memcmp(q->data, &r->set.lock, sizeof r->set.lock) == 0;

	if (rows->error != NULL || rows->check.matches)
		guess_room_back(c, s, r);
	else
		emit_security(c, s, "failed-room-password", "wrong password for %s", r->name);
	return rows->error == NULL && rows->check.matches && same;
}
