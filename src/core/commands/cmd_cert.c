/* /cert: the certificates that sign in to one's account. Owns nothing. */

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/commands/cmd_cert.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chatd/core/entry/dialogue.h"
#include "chatd/core/entry/password.h"
#include "chatd/core/people/cert.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

/* -- listing ----------------------------------------------------------------------------------- */

static void show(struct chat *c, struct session *s, const struct cert *cert, int n)
{
	char print[FINGERPRINT_TEXT_BYTES], added[AGE_BYTES_MAX], used[AGE_BYTES_MAX];

	emit_reply(c, s, "  %d  %s", n, fingerprint_show(&cert->print, print));
	format_age(added, c->wall_ms - cert->added_ms);
	format_age(used, c->wall_ms - cert->used_ms);
	emit_reply(c, s, "     added %s ago, %s%s%s%s", added, cert->used_ms != 0 ? "last used " : "never used",
	           cert->used_ms != 0 ? used : "", cert->used_ms != 0 ? " ago" : "",
	           cert == cert_of(c, s) ? "; this connection's" : "");
}

/* What s could add. */
static void show_unbound(struct chat *c, struct session *s)
{
	char print[FINGERPRINT_TEXT_BYTES];

	if (s->presence.cert == NULL || cert_of(c, s) != NULL)
		return;
	emit_reply(c, s, "You are connected with one that does not sign you in. %ccert add adds it:",
	           c->config.command_prefix);
	emit_reply(c, s, "     %s", fingerprint_show(s->presence.cert, print));
}

static void list(struct chat *c, struct session *s)
{
	const struct cert *cert = s->account->secrets.certs;

	if (cert == NULL && s->presence.cert == NULL)
		emit_reply(c, s, "No certificate signs in to your account. If you connect over TLS with one, %ccert "
		           "add makes it sign you in.", c->config.command_prefix);
	else if (cert == NULL)
		emit_reply(c, s, "No certificate signs in to your account.");
	else
		emit_reply(c, s, "These certificates sign in to %s without a password:", s->account->nick);
	for (int n = 1; cert != NULL; cert = cert->next)
		show(c, s, cert, n++);
	show_unbound(c, s);
}

/* -- adding ------------------------------------------------------------------------------------ */

/* s may bind its certificate to its account; otherwise it is told why not. */
static bool may_add(struct chat *c, struct session *s)
{
	const struct cert *bound = cert_of(c, s);

	if (!s->presence.tls)
		emit_reply(c, s, "You are not connected over TLS, so there is no certificate to add.");
	else if (s->presence.cert == NULL)
		emit_reply(c, s, "Your client has shown no certificate. Connect with one and its key: openssl s_client "
		           "-cert FILE -key FILE, or ncat --ssl-cert FILE --ssl-key FILE.");
	else if (bound != NULL && bound->account == s->account)
		emit_reply(c, s, "This connection's certificate already signs you in.");
	/* That is no secret: the same connection could sign in there. */
	else if (bound != NULL)
		emit_reply(c, s, "This connection's certificate belongs to %s, and can belong to one account alone. "
		           "Use another one, or sign in as %s and remove it there.", bound->account->nick,
		           bound->account->nick);
	else if (cert_count(s->account) >= CERTS_MAX)
		emit_reply(c, s, "Your account has %d certificates, the most it can have. %ccert remove N removes one.",
		           CERTS_MAX, c->config.command_prefix);
	else
		return true;
	return false;
}

static void add_to(struct chat *c, struct session *s, struct account *a, const struct fingerprint *print)
{
	char shown[FINGERPRINT_TEXT_BYTES];

	if (!cert_add(c, a, print, c->wall_ms))
		return;
	account_save(c, a);
	emit_security(c, s, "cert", "added the certificate %s", fingerprint_show(print, shown));
	emit_reply(c, s, "From now on this certificate signs you in: at the prompt press Enter, or give the name %s.",
	           a->nick);
}

static void remove_from(struct chat *c, struct session *s, struct cert *cert)
{
	char print[FINGERPRINT_TEXT_BYTES];

	fingerprint_show(&cert->print, print);
	cert_remove(c, cert);
	account_save(c, s->account);
	emit_security(c, s, "cert", "removed the certificate %s", print);
	emit_reply(c, s, "This certificate no longer signs in to your account:");
	emit_reply(c, s, "     %s", print);
}

static void propose(struct chat *c, struct session *s, const char *what, const struct fingerprint *print)
{
	char shown[FINGERPRINT_TEXT_BYTES];
	struct bytes b = {0};

	fields_put(&b, "what", what);
	fields_put(&b, "print", fingerprint_show(print, shown));
	act_propose(c, s, ACT_CERT, b.data);
	bytes_release(&b);
}

/* Whether the password was right. */
static void password_answer(struct chat *c, struct session *s, struct question *q, const struct event *e)
{
	bool right = password_was_right(c, s, q, e->rows);
	struct account *a = account_at(c, &q->account);

	if (!dialogue_goes_on(c, s, e->rows))
		return;
	if (!right) {
		dialogue_retry(c, s, DIALOGUE_OLD, "Wrong password; nothing has changed.");
		return;
	}
	dialogue_end(c, s);
	/* Meanwhile another connection may have bound it, or an outage begun. */
	if (!may_add(c, s) || !emit_can_save(c, s))
		return;
	if (chat_defers(c))
		propose(c, s, "add", s->presence.cert);
	else
		add_to(c, s, a, s->presence.cert);
}

static void take_line(struct chat *c, struct session *s, struct account *a, char *text)
{
	if (*text == '\0') {
		emit_reply(c, s, "Nothing has changed.");
		dialogue_end(c, s);
		return;
	}
	/* The answer is about the account as it is now. */
	account_ref_set(&s->dialogue->account, a);
	if (!password_check(c, s, password_answer, a, text))
		dialogue_prompt(c, s);
}

/* Someone who finds a terminal open must not get a way in that stays. */
static void add(struct chat *c, struct session *s)
{
	char print[FINGERPRINT_TEXT_BYTES];

	if (!may_add(c, s))
		return;
	if (*s->account->secrets.hash == '\0') {
		emit_reply(c, s, "Your account has no password to confirm this with. %cpasswd sets one.",
		           c->config.command_prefix);
		return;
	}
	emit_reply(c, s, "Whoever holds the key of this certificate can then sign in as %s, without the password or "
	           "a second step:", s->account->nick);
	emit_reply(c, s, "     %s", fingerprint_show(s->presence.cert, print));
	emit_reply(c, s, "Type your password to confirm; an empty line cancels.");
	dialogue_start(c, s, DIALOGUE_ADD_CERT, DIALOGUE_OLD, take_line);
	account_ref_set(&s->dialogue->account, s->account);
	dialogue_prompt(c, s);
}

/* -- removing ---------------------------------------------------------------------------------- */

/* The n-th of the account; NULL: there is none. */
static struct cert *nth(const struct account *a, unsigned long n)
{
	struct cert *cert = a->secrets.certs;

	while (cert != NULL && --n > 0)
		cert = cert->next;
	return cert;
}

/* The one that text names; NULL: none or several, and s was told so. */
static struct cert *cert_typed(struct chat *c, struct session *s, const char *text)
{
	int digits = fingerprint_digits(text), n = 0;
	unsigned long number = strtoul(text, NULL, 10);
	struct cert *found = NULL;

	if (digits > 0 && digits < CERT_DIGITS_LEAST) {
		found = number > 0 && strspn(text, "0123456789") == strlen(text) ? nth(s->account, number) : NULL;
	} else {
		for (struct cert *cert = s->account->secrets.certs; cert != NULL; cert = cert->next)
			if (fingerprint_begins(&cert->print, text)) {
				found = cert;
				n++;
			}
	}
	if (n > 1) {
		emit_reply(c, s, "%d of your certificates start with that. Type more of the fingerprint.", n);
		return NULL;
	}
	if (found == NULL)
		emit_reply(c, s, "You have no such certificate. %ccert lists them: give its number, or the first %d "
		           "digits or more of its fingerprint.", c->config.command_prefix, CERT_DIGITS_LEAST);
	return found;
}

/* It asks for nothing: whoever sees a strange certificate must be quick, and the password still signs in. */
static void remove_one(struct chat *c, struct session *s, const char *text)
{
	struct cert *cert = cert_typed(c, s, text);

	if (cert == NULL)
		return;
	if (chat_defers(c))
		propose(c, s, "remove", &cert->print);
	else
		remove_from(c, s, cert);
}

void cert_apply(struct chat *c, struct session *s, const char *fields)
{
	char *text = fields_get(fields, "print"), *what = fields_get(fields, "what");
	struct fingerprint print;
	struct cert *cert;

	if (s->account != NULL && fingerprint_parse(text, &print)) {
		cert = cert_find(c, &print);
		if (strcmp(what, "add") == 0 && cert == NULL)
			add_to(c, s, s->account, &print);
		else if (strcmp(what, "add") == 0)
			emit_reply(c, s, "That certificate was just added to %s.", cert->account->nick);
		else if (cert != NULL && cert->account == s->account)
			remove_from(c, s, cert);
	}
	free(text);
	free(what);
}

void cmd_cert(struct chat *c, struct session *s, const struct args *a)
{
	const char *what = a->arg[0] != NULL ? a->arg[0] : "list";
	bool remove = strcasecmp(what, "remove") == 0;

	if (!command_has_account(c, s))
		return;
	if (remove != (a->arg[1] != NULL))
		command_usage(c, s, "cert");
	else if (strcasecmp(what, "list") == 0)
		list(c, s);
	else if (!remove && strcasecmp(what, "add") != 0)
		command_usage(c, s, "cert");
	else if (!emit_can_save(c, s))
		return;
	else if (remove)
		remove_one(c, s, a->arg[1]);
	else
		add(c, s);
}
