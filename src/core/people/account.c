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
#include "chatd/core/people/confusable.h"
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

void account_set(char **field, const char *value)
{
	char *new = mem_strdup(value);

	if (*field != NULL)
		explicit_bzero(*field, strlen(*field));
	free(*field);
	*field = new;
}

void account_set_secret(struct chat *c, struct account *a, char **field, const char *value)
{
	account_set(field, value);
	if (field == &a->secrets.hash)
		a->wrong.before = (struct wrong){0};
	a->secrets.number = ++c->people.accounts.number;
}

static void save_sign_ins(struct bytes *b, const struct account *a)
{
	for (int i = 0; i < SIGN_INS_KEPT && a->last[i].at_ms != 0; i++) {
		char name[16], value[ADDRESS_BYTES_MAX + 32], from[ADDRESS_BYTES_MAX];

		snprintf(name, sizeof name, "last%d", i);
		snprintf(value, sizeof value, "%" PRId64 "/%s", a->last[i].at_ms,
		         address_show(&a->last[i].from, from));
		fields_put(b, name, value);
	}
}

static void load_sign_ins(struct account *a, const char *value)
{
	for (int i = 0; i < SIGN_INS_KEPT; i++) {
		char name[16], *text, *from;

		snprintf(name, sizeof name, "last%d", i);
		text = fields_get(value, name);
		a->last[i].at_ms = fields_get_time(value, name);
		strtoll(text, &from, 10);
		/* What is not an address counts as unknown, and nobody is familiar from there. */
		if (*from == '/' && !address_parse_one(from + 1, &a->last[i].from) &&
		    strcmp(from + 1, THIS_HOST) == 0)
			a->last[i].from = (struct address){.kind = ADDRESS_HOST};
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

void account_save(struct chat *c, struct account *a)
{
	char from[ADDRESS_BYTES_MAX];
	struct bytes b = {0};

	note_role(c, a, a->role > ROLE_ACCOUNT);
	fields_put(&b, "nick", a->nick);
	fields_put(&b, "role", role_name(a->role));
	fields_put_number(&b, "made", a->made.at_ms);
	fields_put_number(&b, "made_seq", (int64_t)a->made.seq);
	if (a->made.first_seq != a->made.seq)
		fields_put_number(&b, "first_seq", (int64_t)a->made.first_seq);
	if (a->made.from.bits != 0)
		fields_put(&b, "made_from", address_show(&a->made.from, from));
	fields_put_number(&b, "host", a->host);
	fields_put(&b, "hash", a->secrets.hash);
	fields_put(&b, "codes", a->secrets.codes);
	fields_put(&b, "totp", a->secrets.totp);
	fields_put_number(&b, "totp_step", (int64_t)a->secrets.totp_step);
	fields_put_number(&b, "failed", a->wrong.since.passwords);
	fields_put_number(&b, "failed_codes", a->wrong.since.codes);
	fields_put_number(&b, "failed_before", a->wrong.before.passwords);
	fields_put_number(&b, "failed_codes_before", a->wrong.before.codes);
	fields_put_number(&b, "failed_since", a->wrong.at_ms);
	save_sign_ins(&b, a);
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
	account_set(&a->secrets.hash, "");
	account_set(&a->secrets.codes, "");
	account_set(&a->secrets.totp, "");
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
	note_role(c, a, false);
	HASH_DELETE(hh, c->people.accounts.by_key, a);
	HASH_DELETE(hh_skeleton, c->people.accounts.by_skeleton, a);
	HASH_DELETE(hh_shown, c->people.accounts.by_shown, a);
	c->people.accounts.n--;
	account_set(&a->secrets.hash, "");
	account_set(&a->secrets.codes, "");
	account_set(&a->secrets.totp, "");
	free(a->secrets.hash);
	free(a->secrets.codes);
	free(a->secrets.totp);
	free(a->nick);
	free(a->key);
	free(a->skeleton);
	free(a->shown);
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
	a->made.at_ms = c->people.accounts.made_ms < c->wall_ms ? c->wall_ms : c->people.accounts.made_ms + 1;
	c->people.accounts.made_ms = a->made.at_ms;
	account_set(&a->secrets.hash, hash);
	account_set(&a->secrets.codes, codes);
	a->made.first_seq = c->records.seq;
	account_save(c, a);
	return a;
}

void account_registered(const struct chat *c, struct account *a, struct address from)
{
	a->made.seq = c->records.seq;
	a->made.from = from;
}

void account_erase(struct chat *c, const struct account *a)
{
	char since[24];

	/* Earlier versions noted no record, but a time. */
	snprintf(since, sizeof since, "%" PRId64, a->made.first_seq != 0 ? 0 : a->made.at_ms);
	emit_append(c, (struct record){
		.kind = RECORD_ERASE, .time_ms = c->wall_ms, .ref = a->made.first_seq, .room_name = "",
		.sender = a->key, .body = since,
	});
}

void account_load(struct chat *c, const char *key, const char *value)
{
	char *nick = fields_get(value, "nick"), *text;
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
	a = account_add(c, nick, key);
	text = fields_get(value, "role");
	if (!role_parse(text, &a->role))
		a->role = ROLE_ACCOUNT;
	note_role(c, a, a->role > ROLE_ACCOUNT);
	free(text);
	a->made.at_ms = fields_get_number(value, "made");
	a->made.seq = (uint64_t)fields_get_number(value, "made_seq");
	a->made.first_seq = (uint64_t)fields_get_number(value, "first_seq");
	if (a->made.first_seq == 0)
		a->made.first_seq = a->made.seq;
	text = fields_get(value, "made_from");
	if (!address_parse(text, &a->made.from))
		a->made.from = (struct address){0};
	free(text);
	a->host = fields_get_number(value, "host") != 0;
	free(a->secrets.hash);
	a->secrets.hash = fields_get_text(value, "hash", BODY_BYTES_MAX);
	free(a->secrets.codes);
	a->secrets.codes = fields_get(value, "codes");
	free(a->secrets.totp);
	a->secrets.totp = fields_get_text(value, "totp", BODY_BYTES_MAX);
	a->secrets.totp_step = (uint64_t)fields_get_number(value, "totp_step");
	a->wrong.since.passwords = fields_get_count(value, "failed", UINT32_MAX);
	a->wrong.since.codes = fields_get_count(value, "failed_codes", UINT32_MAX);
	a->wrong.before.passwords = fields_get_count(value, "failed_before", UINT32_MAX);
	a->wrong.before.codes = fields_get_count(value, "failed_codes_before", UINT32_MAX);
	a->wrong.at_ms = fields_get_time(value, "failed_since");
	load_sign_ins(a, value);
	free(nick);
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

void account_wrong(const struct chat *c, struct account *a, bool code)
{
	if (a->wrong.since.passwords + a->wrong.since.codes + a->wrong.before.passwords +
	        a->wrong.before.codes ==
	    0)
		a->wrong.at_ms = c->wall_ms;
	a->wrong.since.passwords += !code;
	a->wrong.since.codes += code;
}

void account_bear(struct session *s, struct account *a)
{
	a->session = s;
	s->account = a;
}

void account_sign_in(struct chat *c, struct session *s, struct account *a)
{
	memmove(a->last + 1, a->last, (SIGN_INS_KEPT - 1) * sizeof *a->last);
	a->last[0] = (struct signed_in){c->wall_ms, s->from};
	account_bear(s, a);
	account_save(c, a);
}

void account_sign_out(struct chat *c, struct session *s)
{
	mail_forget_shown(c, s);
	s->account->session = NULL;
	s->account = NULL;
}
