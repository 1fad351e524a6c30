/* Accounts. Owns struct account; each is freed in one place (account_free). */

#include "chatd/core/people/account.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/people/cert.h"
#include "chatd/core/people/confusable.h"
#include "chatd/core/people/highlight.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/people/name.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

/* What address_show writes for people who come over a unix socket, and databases have. */
#define THIS_HOST "this host"

/* -- finding ------------------------------------------------------------------------- */

struct account *account_named(const struct chat *c, const char *name)
{
	char key[NAME_KEY_BYTES_MAX + 1];

	return name_key(name, strlen(name), key) ? account_by_key(c, key) : NULL;
}

/* The account whose name looks like this; NULL: none. */
static const struct account *looks_like(const struct chat *c, const char *nick, const char *key)
{
	char skeleton[2][NAME_SKELETON_BYTES_MAX + 1];
	const struct account *a = NULL;

	skeleton_of(key, false, skeleton[0]);
	skeleton_of(nick, true, skeleton[1]);
	for (int i = 0; i < 2 && a == NULL; i++) {
		HASH_FIND(hh_skeleton, c->people.accounts.by_skeleton, skeleton[i], strlen(skeleton[i]), a);
		if (a == NULL)
			HASH_FIND(hh_shown, c->people.accounts.by_shown, skeleton[i], strlen(skeleton[i]), a);
	}
	return a;
}

const struct account *account_alike(const struct chat *c, const char *nick, const char *key)
{
	const struct account *a = account_by_key(c, key);

	return a != NULL || c->people.accounts.by_key == NULL ? a : looks_like(c, nick, key);
}

const char *account_bars(const struct chat *c, const char *nick, const char *key,
                         const struct account *self, char why[NAME_PROBLEM_BYTES_MAX])
{
	const struct account *a = account_by_key(c, key);

	if (c->people.accounts.by_key == NULL || (a != NULL && a == self))
		return NULL;
	if (a != NULL) {
		snprintf(why, NAME_PROBLEM_BYTES_MAX, "%s is registered; %clogin %s signs you in",
		         a->nick, c->config.command_prefix, a->nick);
		return why;
	}
	a = looks_like(c, nick, key);
	if (a == NULL || a == self)
		return NULL;
	snprintf(why, NAME_PROBLEM_BYTES_MAX, "That name looks like %s, which is registered", a->nick);
	return why;
}

/* -- keeping -------------------------------------------------------------------------- */

/* Replaces a string that may hold a hash, and clears the old one. value may be NULL, for none.
 * False: it is *field itself, and nothing has changed. */
static bool take(char **field, const char *value)
{
	char *old = *field;

	if (value == old)
		return false;
	*field = value != NULL ? mem_strdup(value) : NULL;
	if (old != NULL)
		explicit_bzero(old, strlen(old));
	free(old);
	return true;
}

static void save_sign_ins(struct bytes *b, const struct signed_in last[SIGN_INS_KEPT])
{
	for (int i = 0; i < SIGN_INS_KEPT && last[i].at_ms != 0; i++) {
		char name[16], value[ADDRESS_BYTES_MAX + 32], from[ADDRESS_BYTES_MAX];

		snprintf(name, sizeof name, "last%d", i);
		snprintf(value, sizeof value, "%" PRId64 "/%s", last[i].at_ms, address_show(&last[i].from, from));
		fields_put(b, name, value);
	}
}

static void load_sign_ins(struct signed_in last[SIGN_INS_KEPT], const char *value)
{
	for (int i = 0; i < SIGN_INS_KEPT; i++) {
		char name[16], *text, *from;

		snprintf(name, sizeof name, "last%d", i);
		text = fields_get(value, name);
		last[i].at_ms = fields_get_time(value, name);
		strtoll(text, &from, 10);
		/* What is not an address counts as unknown, and nobody is familiar from there. */
		if (*from == '/' && !address_parse_one(from + 1, &last[i].from) &&
		    strcmp(from + 1, THIS_HOST) == 0)
			last[i].from = (struct address){.kind = ADDRESS_HOST};
		free(text);
	}
}

/* Keeps the list of the accounts that have a role. */
static void note_role(struct chat *c, struct account *a, bool has)
{
	if (has && !a->listed)
		DL_APPEND(c->people.accounts.keepers, a);
	else if (!has && a->listed)
		DL_DELETE(c->people.accounts.keepers, a);
	a->listed = has;
}

struct account_terms account_terms(const struct account *a)
{
	struct account_terms t = {
		.role = a->role, .host = a->made.host, .made_ms = a->made.at_ms, .first_seq = a->made.first_seq,
		.made_seq = a->made.seq, .made_from = a->made.from, .hash = a->secrets.hash, .codes = a->secrets.codes,
		.totp = a->secrets.totp, .totp_step = a->secrets.totp_step, .wrong_ms = a->wrong.at_ms, .since = a->wrong.since,
		.before = a->wrong.before, .highlights = a->highlights, .prefer = a->prefer,
		.rules = a->rules,
	};

	memcpy(t.last, a->last, sizeof t.last);
	return t;
}

void account_apply(struct chat *c, struct account *a, const struct account_terms *t)
{
	bool other_hash = take(&a->secrets.hash, t->hash), other_totp = take(&a->secrets.totp, t->totp);

	/* What was asked about the old one is void. */
	if (other_hash || other_totp)
		a->secrets.number = ++c->people.accounts.number;
	take(&a->secrets.codes, t->codes);
	a->secrets.totp_step = t->totp_step;
	a->role = t->role;
	note_role(c, a, a->role > ROLE_ACCOUNT);
	a->made.host = t->host;
	a->made.at_ms = t->made_ms;
	a->made.first_seq = t->first_seq;
	a->made.seq = t->made_seq;
	a->made.from = t->made_from;
	memcpy(a->last, t->last, sizeof a->last);
	a->wrong.at_ms = t->wrong_ms;
	a->wrong.since = t->since;
	a->wrong.before = t->before;
	take(&a->highlights, t->highlights);
	take(&a->prefer, t->prefer);
	a->rules = t->rules;
}

void account_terms_put(struct bytes *b, const struct account_terms *t)
{
	char from[ADDRESS_BYTES_MAX];

	fields_put(b, "role", role_name(t->role));
	fields_put_number(b, "made", t->made_ms);
	fields_put_number(b, "made_seq", (int64_t)t->made_seq);
	if (t->first_seq != t->made_seq)
		fields_put_number(b, "first_seq", (int64_t)t->first_seq);
	if (t->made_from.bits != 0)
		fields_put(b, "made_from", address_show(&t->made_from, from));
	fields_put_number(b, "host", t->host);
	fields_put(b, "hash", t->hash);
	fields_put(b, "codes", t->codes);
	fields_put(b, "totp", t->totp);
	fields_put_number(b, "totp_step", (int64_t)t->totp_step);
	fields_put_number(b, "failed", t->since.passwords);
	fields_put_number(b, "failed_codes", t->since.codes);
	fields_put_number(b, "failed_before", t->before.passwords);
	fields_put_number(b, "failed_codes_before", t->before.codes);
	fields_put_number(b, "failed_since", t->wrong_ms);
	fields_put(b, "highlights", t->highlights);
	fields_put(b, "set", t->prefer);
	if (t->rules != 0)
		fields_put_number(b, "rules", (int64_t)t->rules);
	save_sign_ins(b, t->last);
}

void account_save(struct chat *c, const struct account *a)
{
	struct account_terms t = account_terms(a);
	struct bytes b = {0};

	fields_put(&b, "nick", a->nick);
	account_terms_put(&b, &t);
	certs_save(&b, a);
	emit_fact(c, FACT_ACCOUNT, a->key, b.data);
	c->output.secret = true;
	explicit_bzero(b.data, b.len);
	bytes_release(&b);
}

static struct account *account_add(struct chat *c, const char *nick, const char *key)
{
	struct account *a = mem_zero(1, sizeof *a);
	char skeleton[NAME_SKELETON_BYTES_MAX + 1];

	a->nick = mem_strdup(nick);
	a->key = mem_strdup(key);
	skeleton_of(key, false, skeleton);
	a->skeleton = mem_strdup(skeleton);
	skeleton_of(nick, true, skeleton);
	a->shown = mem_strdup(skeleton);
	a->secrets.hash = mem_strdup("");
	a->secrets.codes = mem_strdup("");
	a->secrets.totp = mem_strdup("");
	a->highlights = mem_strdup("");
	a->prefer = mem_strdup("");
	a->role = ROLE_ACCOUNT;
	a->number = a->secrets.number = ++c->people.accounts.number;
	HASH_ADD_KEYPTR(hh, c->people.accounts.by_key, a->key, strlen(a->key), a);
	HASH_ADD_KEYPTR(hh_skeleton, c->people.accounts.by_skeleton, a->skeleton, strlen(a->skeleton),
	                a);
	HASH_ADD_KEYPTR(hh_shown, c->people.accounts.by_shown, a->shown, strlen(a->shown), a);
	c->people.accounts.n++;
	return a;
}

void account_free(struct chat *c, struct account *a)
{
	assert(a->memberships == NULL);
	if (a->session != NULL)
		account_sign_out(c, a->session);
	mail_free(c, a);
	certs_remove(c, a);
	note_role(c, a, false);
	HASH_DELETE(hh, c->people.accounts.by_key, a);
	HASH_DELETE(hh_skeleton, c->people.accounts.by_skeleton, a);
	HASH_DELETE(hh_shown, c->people.accounts.by_shown, a);
	c->people.accounts.n--;
	take(&a->secrets.hash, NULL);
	take(&a->secrets.codes, NULL);
	take(&a->secrets.totp, NULL);
	free(a->nick);
	free(a->key);
	free(a->skeleton);
	free(a->shown);
	free(a->highlights);
	free(a->prefer);
	free(a);
}

struct account *account_new(struct chat *c, const char *nick, const char *key, const char *hash,
                            const char *codes)
{
	struct account *a;

	if (c->people.accounts.n >= ACCOUNTS_MAX)
		return NULL;
	a = account_add(c, nick, key);
	/* This tells it from other accounts of its name, and its actions from theirs. */
	c->people.accounts.made_ms =
		c->people.accounts.made_ms < c->wall_ms ? c->wall_ms : c->people.accounts.made_ms + 1;
	account_change(c, a, &(struct account_terms){
		.role = ROLE_ACCOUNT, .made_ms = c->people.accounts.made_ms, .first_seq = c->records.seq, .hash = hash,
		.codes = codes, .totp = "", .highlights = "", .prefer = "",
	});
	return a;
}

void account_registered(struct chat *c, struct account *a, struct address from)
{
	struct account_terms t = account_terms(a);

	t.made_seq = c->records.seq;
	t.made_from = from;
	account_apply(c, a, &t);
}

bool account_is_last_admin(const struct chat *c, const struct account *one)
{
	const struct account *a;

	for (a = c->people.accounts.keepers; a != NULL; a = a->next)
		if (a->role == ROLE_ADMIN && a != one)
			return false;
	return one->role == ROLE_ADMIN;
}

void account_erase(struct chat *c, const struct account *a)
{
	emit_append(c, (struct record){
		.kind = RECORD_ERASE, .time_ms = c->wall_ms, .room_name = "",
		/* Earlier versions noted no record, but a time. */
		.erase = {a->key, a->made.first_seq, a->made.first_seq != 0 ? 0 : a->made.at_ms},
	});
}

void account_terms_get(const char *value, struct account_terms *t)
{
	char *text = fields_get(value, "role");

	if (!role_parse(text, &t->role))
		t->role = ROLE_ACCOUNT;
	free(text);
	t->made_ms = fields_get_time(value, "made");
	t->made_seq = (uint64_t)fields_get_number(value, "made_seq");
	t->first_seq = (uint64_t)fields_get_number(value, "first_seq");
	if (t->first_seq == 0)
		t->first_seq = t->made_seq;
	text = fields_get(value, "made_from");
	if (!address_parse(text, &t->made_from))
		t->made_from = (struct address){0};
	free(text);
	t->host = fields_get_number(value, "host") != 0;
	t->hash = fields_get_text(value, "hash", BODY_BYTES_MAX);
	t->codes = fields_get(value, "codes");
	t->totp = fields_get_text(value, "totp", BODY_BYTES_MAX);
	t->totp_step = (uint64_t)fields_get_number(value, "totp_step");
	t->since.passwords = fields_get_count(value, "failed", UINT32_MAX);
	t->since.codes = fields_get_count(value, "failed_codes", UINT32_MAX);
	t->before.passwords = fields_get_count(value, "failed_before", UINT32_MAX);
	t->before.codes = fields_get_count(value, "failed_codes_before", UINT32_MAX);
	t->wrong_ms = fields_get_time(value, "failed_since");
	load_sign_ins(t->last, value);
	t->highlights = fields_get_text(value, "highlights", HIGHLIGHTS_BYTES_MAX);
	t->prefer = fields_get_text(value, "set", PREFERENCES_BYTES_MAX);
	t->rules = (uint64_t)fields_get_number(value, "rules");
}

void account_terms_free(struct account_terms *t)
{
	/* They are secrets. */
	take((char **)&t->hash, NULL);
	take((char **)&t->codes, NULL);
	take((char **)&t->totp, NULL);
	free((char *)(uintptr_t)t->highlights);
	free((char *)(uintptr_t)t->prefer);
}

void account_load(struct chat *c, const char *key, const char *value)
{
	struct account_terms t = {0};
	char *nick = fields_get(value, "nick");
	struct account *a;

	if (!name_kept(key, NAME_KEY_BYTES_MAX) || account_by_key(c, key) != NULL ||
	    c->people.accounts.n >= ACCOUNTS_MAX) {
		free(nick);
		return;
	}
	/* A key may be longer than a name. */
	if (!name_kept(nick, NAME_BYTES_MAX)) {
		free(nick);
		nick = text_shown(key, NAME_BYTES_MAX);
	}
	account_terms_get(value, &t);
	a = account_add(c, nick, key);
	account_apply(c, a, &t);
	certs_load(c, a, value);
	account_terms_free(&t);
	free(nick);
}

/* What may differ between two terms of an account. */
const char *const account_term_names[] = {
	"role", "made", "made_seq", "first_seq", "made_from", "host", "hash", "codes", "totp", "totp_step", "failed",
	"failed_codes", "failed_before", "failed_codes_before", "failed_since", "highlights", "set", "rules", "last0", "last1",
	"last2", "last3", "last4", NULL,
};

_Static_assert(SIGN_INS_KEPT <= 5, "each has a name");

const char account_done_field[] = "done";

/* In a cluster: proposes what is different in t. Which names these are is said as well, because empty values are left
 * out. */
static void propose(struct chat *c, struct session *s, const struct account *a, const struct account_terms *t,
                    const char *done)
{
	struct account_terms is = account_terms(a);
	struct bytes before = {0}, after = {0}, act = {0}, names = {0};

	account_terms_put(&before, &is);
	account_terms_put(&after, t);
	act_put_account(&act, a);
	for (const char *const *name = account_term_names; *name != NULL; name++) {
		char *old = fields_get(before.data, *name), *new = fields_get(after.data, *name);

		if (strcmp(old, new) != 0) {
			bytes_printf(&names, "%s,", *name);
			fields_put(&act, *name, new);
		}
		explicit_bzero(old, strlen(old));
		explicit_bzero(new, strlen(new));
		free(old);
		free(new);
	}
	if (names.len > 0) {
		bytes_printf(&act, " changes=,%s", names.data);
		fields_put(&act, account_done_field, done);
		act_propose(c, s, ACT_ACCOUNT, act.data);
	}
	c->output.secret = true;
	explicit_bzero(before.data, before.len);
	explicit_bzero(after.data, after.len);
	explicit_bzero(act.data, act.len);
	bytes_release(&before);
	bytes_release(&after);
	bytes_release(&act);
	bytes_release(&names);
}

void account_change(struct chat *c, struct account *a, const struct account_terms *t)
{
	if (chat_defers(c)) {
		propose(c, NULL, a, t, "");
		return;
	}
	account_apply(c, a, t);
	account_save(c, a);
}

bool account_change_told(struct chat *c, struct session *s, struct account *a, const struct account_terms *t,
                         const char *done)
{
	if (chat_defers(c)) {
		propose(c, s, a, t, done);
		return true;
	}
	account_change(c, a, t);
	return false;
}

void account_change_later(struct chat *c, struct account *a, const struct account_terms *t)
{
	if (c->cluster.self != NULL)
		propose(c, NULL, a, t, "");
	else
		account_change(c, a, t);
}

void accounts_free(struct chat *c)
{
	struct account *a, *next;

	HASH_ITER(hh, c->people.accounts.by_key, a, next)
		account_free(c, a);
}

/* -- signing in ------------------------------------------------------------------------ */

bool account_same_place(const struct address *a, const struct address *b)
{
	struct address x = address_counted(a), y = address_counted(b);

	return memcmp(&x, &y, sizeof x) == 0;
}

bool account_was_at(const struct account *a, const struct address *from)
{
	for (int i = 0; i < SIGN_INS_KEPT && a->last[i].at_ms != 0; i++)
		if (account_same_place(&a->last[i].from, from))
			return true;
	return false;
}

void account_wrong(struct chat *c, struct account *a, bool code)
{
	struct account_terms t = account_terms(a);

	if (t.since.passwords + t.since.codes + t.before.passwords + t.before.codes == 0)
		t.wrong_ms = c->wall_ms;
	t.since.passwords += !code;
	t.since.codes += code;
	account_change(c, a, &t);
}

/* The account's settings become those of s; an account without any takes those of s. */
static void bear_preferences(struct chat *c, struct session *s, struct account *a)
{
	struct account_terms t = account_terms(a);
	struct bytes own = {0};

	if (*a->prefer != '\0') {
		preferences_read(&s->input.console.prefer, a->prefer);
		return;
	}
	preferences_text(&s->input.console.prefer, &own);
	t.prefer = own.len > 0 ? own.data : "";
	account_apply(c, a, &t);
	bytes_release(&own);
}

void account_of_session(struct session *s, struct account *a)
{
	a->session = s;
	s->account = a;
	person_touch(s);
}

void account_bear(struct chat *c, struct session *s, struct account *a)
{
	struct account_terms t;
	struct bytes own = {0};

	if (s->account == a)
		return;
	account_of_session(s, a);
	bear_preferences(c, s, a);
	t = account_terms(a);
	if (s->presence.rules != 0)
		t.rules = s->presence.rules;
	account_apply(c, a, &t);
	if (*a->highlights == '\0') {
		highlight_text(s, &own);
		t.highlights = own.len > 0 ? own.data : "";
		account_apply(c, a, &t);
		bytes_release(&own);
		return;
	}
	highlight_clear(c, s);
	highlight_load(c, s, a->highlights);
}

void account_sign_in(struct chat *c, struct session *s, struct account *a)
{
	struct account_terms t;

	account_bear(c, s, a);
	t = account_terms(a);
	memmove(t.last + 1, t.last, (SIGN_INS_KEPT - 1) * sizeof *t.last);
	t.last[0] = (struct signed_in){c->wall_ms, s->from};
	account_change(c, a, &t);
}

void account_sign_out(struct chat *c, struct session *s)
{
	mail_forget_shown(c, s);
	highlight_clear(c, s);
	s->account->session = NULL;
	s->account = NULL;
	person_touch(s);
	s->presence.by_cert = false;
}
