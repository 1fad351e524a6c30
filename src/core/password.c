/* Passwords as the core handles them. Owns nothing. */

#include "chatd/core/password.h"

#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/crowd.h"
#include "chatd/core/emit.h"
#include "chatd/core/text.h"

char *password_prepare(const char *typed)
{
	char *nfc = text_form(typed, FORM_PASSWORD);

	return nfc != NULL ? nfc : mem_strdup(typed);
}

bool password_fits(struct chat *c, struct session *s, const char *password)
{
	size_t chars = text_chars(password, strlen(password));

	if (chars < PASSWORD_CHARS_LEAST)
		emit_reply(c, s, "Not taken: a password has at least %d characters; this has %zu. Several "
		           "words make a good one.", PASSWORD_CHARS_LEAST, chars);
	else if (strlen(password) > PASSWORD_BYTES_MAX)
		emit_reply(c, s, "Not taken: a password has at most %d bytes; this has %zu.",
		           PASSWORD_BYTES_MAX, strlen(password));
	else if (chars > PASSWORD_CHARS_MAX)
		emit_reply(c, s, "Not taken: a password has at most %d characters; this has %zu.",
		           PASSWORD_CHARS_MAX, chars);
	else if (strcasecmp(password, s->nick) == 0)
		emit_reply(c, s, "Not taken: your name is no password.");
	else
		return true;
	return false;
}

void password_ask(struct chat *c, struct session *s, enum session_asked asked, enum query_kind kind,
                const char *secret, const char *against)
{
	s->asked = asked;
	emit_query(c, (struct query){.kind = kind, .conn = s->id, .key = against, .words = secret,
	                             .since_ms = c->now_ms});
	c->secret = true;
}

/* Somebody comes from where the account's bearer has signed in: whoever guesses elsewhere
 * must not be able to keep them out. */
static bool is_familiar(const struct account *a, const struct session *s)
{
	struct address here = address_counted(&s->from);

	for (int i = 0; i < SIGN_INS_KEPT && a->last[i].at_ms != 0; i++) {
		struct address there = address_counted(&a->last[i].from);

		if (memcmp(&here, &there, sizeof here) == 0)
			return true;
	}
	return false;
}

static int64_t tries_wait_ms(struct chat *c, struct session *s, struct account *a)
{
	int64_t here_ms = slow_wait_ms(&origin_of(&c->origins, &s->from)->tries, c->now_ms,
	                               PASSWORD_TRIES_ORIGIN_BURST, PASSWORD_TRIES_PERIOD_MS);
	int64_t there_ms = 0;

	if (a != NULL && !is_familiar(a, s))
		there_ms = slow_wait_ms(&a->tries, c->now_ms, PASSWORD_TRIES_BURST,
		                        PASSWORD_TRIES_PERIOD_MS);
	return here_ms > there_ms ? here_ms : there_ms;
}

static bool may_try(struct chat *c, struct session *s, struct account *a)
{
	int64_t wait_ms = tries_wait_ms(c, s, a);
	char age[AGE_BYTES_MAX];

	if (wait_ms > 0) {
		emit_reply(c, s, "Not tried: there were too many wrong passwords. The next can be tried in "
		           "%s.", format_age(age, wait_ms + 999));
		return false;
	}
	/* However right they are: each takes a thread its time. */
	wait_ms = crowd_login_wait_ms(c, s);
	if (wait_ms > 0)
		emit_reply(c, s, "Not tried: many passwords have come from your address within a minute. The "
		           "next can be tried in %s.", format_age(age, wait_ms + 999));
	return wait_ms <= 0;
}

static void ask_whether(struct chat *c, struct session *s, enum session_asked asked,
                        const char *typed, const char *against)
{
	char *password = password_prepare(typed);

	password_ask(c, s, asked, QUERY_CHECK, password, against);
	explicit_bzero(password, strlen(password));
	free(password);
}

bool password_check_room(struct chat *c, struct session *s, enum session_asked asked,
                         const char *hash, const char *typed)
{
	if (!may_try(c, s, NULL))
		return false;
	ask_whether(c, s, asked, typed, hash);
	return true;
}

bool password_check(struct chat *c, struct session *s, enum session_asked asked,
                  struct account *a, const char *typed)
{
	struct bytes against = {0};

	if (!may_try(c, s, a))
		return false;
	/* An account without a password, or none, has a first line that nothing matches. */
	bytes_puts(&against, a != NULL && *a->hash != '\0' ? a->hash : "*");
	/* A code is good once, and that it was used could not be saved. */
	if (a != NULL && *a->codes != '\0' && c->store_failed == NULL)
		bytes_printf(&against, "\n%s", a->codes);
	ask_whether(c, s, asked, typed, against.data);
	explicit_bzero(against.data, against.len);
	bytes_release(&against);
	return true;
}

/* Takes the n-th line, from 0, out of the codes; returns how many are left. */
static unsigned code_use(struct account *a, uint64_t n)
{
	struct bytes left = {0};
	unsigned count = 0;

	for (const char *p = a->codes; *p != '\0'; n--) {
		size_t len = strcspn(p, "\n");

		if (n != 0) {
			bytes_puts(&left, count > 0 ? "\n" : "");
			bytes_append(&left, p, len);
			count++;
		}
		p += len + (p[len] == '\n');
	}
	account_set(&a->codes, left.len > 0 ? left.data : "");
	bytes_release(&left);
	return count;
}

bool password_was_right(struct chat *c, struct session *s, struct account *a,
                      const struct rows *rows)
{
	unsigned left;

	if (!rows->ok) {
		slow_take(&origin_of(&c->origins, &s->from)->tries, c->now_ms, PASSWORD_TRIES_PERIOD_MS);
		if (a == NULL)
			return false;
		if (c->store_failed != NULL && *a->codes != '\0')
			emit_reply(c, s, "While nothing can be saved no one-time code is taken, for it would "
			           "be good twice.");
		slow_take(&a->tries, c->now_ms, PASSWORD_TRIES_PERIOD_MS);
		/* One's own slips while signed in are no news. */
		if (s->account != a) {
			a->failed++;
			account_save(c, a);
		}
		return false;
	}
	if (rows->which == 0)
		return true;
	left = code_use(a, rows->which - 1);
	account_save(c, a);
	if (*a->hash == '\0')
		emit_reply(c, s, "That code is used up now. Your account has no password yet: %cpasswd sets one, "
		           "without which you cannot sign in again.", c->config.command_prefix);
	else
		emit_reply(c, s, "That code is used up now; %u %s left. %ccodes makes ten new ones.", left,
		           left == 1 ? "is" : "are", c->config.command_prefix);
	return true;
}
