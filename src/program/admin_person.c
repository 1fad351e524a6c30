/*
 * What the chat has about one person. Owns what it has found of it.
 */
#include "chatd/program/admin_person.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/clock.h"
#include "chatd/base/fields.h"
#include "chatd/base/fingerprint.h"
#include "chatd/base/json.h"
#include "chatd/base/text.h"
#include "chatd/core/people/cert.h"
#include "chatd/core/people/name.h"
#include "chatd/core/people/share.h"
#include "chatd/program/admin_list.h"
#include "chatd/program/transfer_file.h"
#include "chatd/store/db/export.h"
#include "chatd/store/db/inventory.h"
#include "chatd/store/db/outside.h"
#include "chatd/store/db/store.h"

struct person {
	char key[NAME_KEY_BYTES_MAX + 1];
	char share[SHARE_WHO_BYTES]; /* the account, as what it made says whose it is */
	char *account;          /* owned; the value of its fact; NULL: there is none */
	int64_t now_ms;         /* since the epoch */
	struct bytes out;       /* records, for an export */
	uint64_t owned, memberships, mails, sent, reports, reported, open_reported, bans, actions;
};

static bool person_begin(struct person *w, const char *name)
{
	*w = (struct person){ .now_ms = clock_ms(CLOCK_REALTIME) };
	if (!name_key(name, strlen(name), w->key)) {
		admin_tell("\"%s\" cannot be a name", name);
		return false;
	}
	share_who_account(w->key, w->share);
	return true;
}

static void person_release(struct person *w)
{
	if (w->account)
		explicit_bzero(w->account, strlen(w->account));
	free(w->account);
	bytes_release(&w->out);
}

static bool field_is(const char *fields, const char *name, const char *value)
{
	char *text = fields_get(fields, name);
	bool is = strcmp(text, value) == 0;

	free(text);
	return is;
}

static bool field_is_name(const char *fields, const char *name, const char *key)
{
	char *text = fields_get(fields, name);
	bool is = name_is(text, key);

	free(text);
	return is;
}

/* -- records ------------------------------------------------------------------------------- */

static void record_begin(struct person *w, const char *kind)
{
	json_begin(&w->out, NULL);
	json_text(&w->out, "kind", kind);
}

static void record_end(struct person *w)
{
	json_end(&w->out);
	bytes_puts(&w->out, "\n");
}

static void put_field(struct person *w, const char *name, const char *fields, const char *field)
{
	char *text = fields_get(fields, field);

	if (*text != '\0')
		json_text(&w->out, name, text);
	free(text);
}

static void put_time(struct person *w, const char *name, const char *fields, const char *field)
{
	int64_t ms = fields_get_time(fields, field);

	if (ms != 0)
		json_number(&w->out, name, ms);
}

static void put_sign_ins(struct person *w)
{
	for (int i = 0; i < SIGN_INS_KEPT; i++) {
		char field[16], *text, *from;

		snprintf(field, sizeof(field), "last%d", i);
		text = fields_get(w->account, field);
		from = strchr(text, '/');
		if (from) {
			record_begin(w, "sign_in");
			put_time(w, "time_ms", w->account, field);
			json_text(&w->out, "address", from + 1);
			record_end(w);
		}
		free(text);
	}
}

/* A certificate that signs in. */
struct person_cert {
	struct fingerprint print;
	int64_t added_ms, used_ms; /* since the epoch; used 0: never */
};

/* The account's certificates, as the chat reads them; returns how many. */
static int person_certs(const struct person *w, struct person_cert certs[CERTS_MAX])
{
	int n = 0;

	for (int i = 0; i < CERTS_MAX; i++) {
		struct person_cert *next = &certs[n];
		char field[16], *text;

		snprintf(field, sizeof(field), "cert%d", i);
		text = fields_get(w->account, field);
		n += cert_parse(text, &next->print, &next->added_ms, &next->used_ms);
		free(text);
	}
	return n;
}

static void put_certs(struct person *w)
{
	struct person_cert certs[CERTS_MAX];
	int n = person_certs(w, certs);
	char print[FINGERPRINT_TEXT_BYTES];

	for (int i = 0; i < n; i++) {
		record_begin(w, "certificate");
		json_text(&w->out, "sha256", fingerprint_show(&certs[i].print, print));
		json_number(&w->out, "added_ms", certs[i].added_ms);
		if (certs[i].used_ms != 0)
			json_number(&w->out, "used_ms", certs[i].used_ms);
		record_end(w);
	}
}

static void show_certs(struct person *w)
{
	struct person_cert certs[CERTS_MAX];
	int n = person_certs(w, certs);
	char print[FINGERPRINT_TEXT_BYTES];

	bytes_printf(&w->out, "Certificates that sign in: %d\n", n);
	for (int i = 0; i < n; i++) {
		bytes_printf(&w->out, "  %s\n    added ", fingerprint_show(&certs[i].print, print));
		admin_put_time(&w->out, certs[i].added_ms);
		bytes_puts(&w->out, certs[i].used_ms != 0 ? ", last used " : ", never used");
		if (certs[i].used_ms != 0)
			admin_put_time(&w->out, certs[i].used_ms);
		bytes_puts(&w->out, "\n");
	}
}

static bool has(const char *fields, const char *field)
{
	return !field_is(fields, field, "");
}

/* What is known of the account itself, as members of the object that was begun. */
static void put_account(struct person *w)
{
	put_field(w, "name", w->account, "nick");
	put_field(w, "role", w->account, "role");
	put_time(w, "made_ms", w->account, "made");
	put_field(w, "made_from", w->account, "made_from");
	put_time(w, "signed_in_ms", w->account, "last0");
	json_bool(&w->out, "password", has(w->account, "hash"));
	json_bool(&w->out, "second_step", has(w->account, "totp"));
	json_bool(&w->out, "host_user", fields_get_number(w->account, "host") != 0);
	put_field(w, "highlights", w->account, "highlights");
	put_field(w, "settings", w->account, "set");
}

static void put_membership(struct person *w, const struct saved_fact *f)
{
	char *room = mem_strdup(f->key);

	room[strcspn(room, " ")] = '\0';
	record_begin(w, "membership");
	json_text(&w->out, "room", room);
	put_field(w, "role", f->value, "role");
	record_end(w);
	free(room);
}

static void put_mail(struct person *w, const struct saved_fact *f, bool to)
{
	char *key = mem_strdup(f->key);

	key[strcspn(key, " ")] = '\0';
	record_begin(w, to ? "mail_received" : "mail_sent");
	if (to)
		put_field(w, "from", f->value, "from");
	else
		json_text(&w->out, "to", key);
	put_time(w, "time_ms", f->value, "at");
	put_field(w, "text", f->value, "text");
	record_end(w);
	free(key);
}

static void put_report(struct person *w, const struct saved_fact *f, bool by)
{
	record_begin(w, by ? "report_made" : "report_of_line");
	json_number(&w->out, "line", fields_get_number(f->value, "line"));
	put_field(w, "room", f->value, "room");
	put_time(w, "time_ms", f->value, by ? "at" : "said");
	put_field(w, "state", f->value, "state");
	put_field(w, by ? "why" : "text", f->value, by ? "why" : "text");
	record_end(w);
}

static void put_ban(struct person *w, const struct saved_fact *f)
{
	record_begin(w, f->kind == FACT_BAN ? "ban" : "mute");
	json_number(&w->out, "number", strtoll(f->key, NULL, 10));
	put_time(w, "at_ms", f->value, "at");
	put_time(w, "until_ms", f->value, "until");
	put_field(w, "by", f->value, "by");
	put_field(w, "why", f->value, "why");
	record_end(w);
}

/* -- what is found ---------------------------------------------------------------------------- */

/* Part of a fact's key, before or behind its blank, is the person. */
static bool key_has(const struct saved_fact *f, const char *key, bool before)
{
	const char *blank = strchr(f->key, ' ');
	size_t n = strlen(key);

	if (!blank)
		return false;
	return before ? (size_t)(blank - f->key) == n && memcmp(f->key, key, n) == 0
	              : strcmp(blank + 1, key) == 0;
}

static void note_mail(struct person *w, const struct saved_fact *f)
{
	bool to = key_has(f, w->key, true), by = !to && strchr(f->key, ' ') && field_is(f->value, "share", w->share);

	w->mails += to;
	w->sent += by;
	if (to || by)
		put_mail(w, f, to);
}

static void note_report(struct person *w, const struct saved_fact *f)
{
	bool by = fields_get_number(f->value, "by_account") != 0 && field_is(f->value, "by_key", w->key);
	bool of = field_is_name(f->value, "sender", w->key);

	w->reports += by;
	w->reported += of;
	w->open_reported += of && !field_is(f->value, "state", "resolved");
	if (by)
		put_report(w, f, true);
	if (of)
		put_report(w, f, false);
}

static void note_ban(struct person *w, const struct saved_fact *f)
{
	int64_t until_ms = fields_get_time(f->value, "until");

	if ((until_ms != 0 && until_ms <= w->now_ms) || !field_is(f->value, "target", "account") ||
	    !field_is(f->value, "key", w->key))
		return;
	w->bans++;
	put_ban(w, f);
}

static void note_fact(void *ctx, const struct saved_fact *f)
{
	struct person *w = ctx;

	switch (f->kind) {
	case FACT_ACCOUNT:
		if (strcmp(f->key, w->key) == 0) {
			w->account = mem_strdup(f->value);
			record_begin(w, "account");
			put_account(w);
			record_end(w);
			put_sign_ins(w);
			put_certs(w);
		}
		break;
	case FACT_INVITE:
		if (key_has(f, w->key, false)) {
			w->memberships++;
			w->owned += field_is(f->value, "role", "owner");
			put_membership(w, f);
		}
		break;
	case FACT_MAIL:
		note_mail(w, f);
		break;
	case FACT_REPORT:
		note_report(w, f);
		break;
	case FACT_BAN:
	case FACT_MUTE:
		note_ban(w, f);
		break;
	default:
		break;
	}
}

/* The text has the name as a word. */
static bool names(const char *text, const char *key)
{
	size_t len = strlen(text), at = 0, n;

	while ((n = name_next(text, len, &at)) > 0) {
		char piece[NAME_BYTES_MAX + 1];
		size_t before = name_signs_before(text + at, n), bare = n - before;

		bare -= bare > 0 ? name_signs_behind(text + at + before, bare) : 0;
		for (int whole = 0; whole < 2; whole++) {
			size_t len_now = whole ? n : bare;

			if (len_now > NAME_BYTES_MAX)
				continue;
			memcpy(piece, text + at + (whole ? 0 : before), len_now);
			piece[len_now] = '\0';
			if (name_is(piece, key))
				return true;
		}
		at += n;
	}
	return false;
}

static void note_action(void *ctx, const struct inventory_action *a)
{
	struct person *w = ctx;

	if (!name_is(a->who, w->key) && !names(a->what, w->key))
		return;
	w->actions++;
	record_begin(w, "action");
	json_number(&w->out, "number", (int64_t)a->id);
	json_number(&w->out, "time_ms", a->time_ms);
	json_text(&w->out, "who", a->who);
	json_text(&w->out, "what", a->what);
	record_end(w);
}

static void note_mark(void *ctx, const struct inventory_mark *m)
{
	struct person *w = ctx;

	record_begin(w, "read_mark");
	json_text(&w->out, "room", m->room);
	json_number(&w->out, "last_id", (int64_t)m->last_id);
	record_end(w);
}

/* All but the lines. */
static bool person_load(struct person *w, struct store *s)
{
	struct store_error err;

	if (store_facts(s, note_fact, w, &err) && inventory_actions(s, note_action, w, &err) &&
	    inventory_marks(s, w->key, note_mark, w, &err))
		return true;
	admin_tell("%s", err.text);
	return false;
}

/* The store, with what it has about the account of that name. NULL: stderr says why not. */
static struct store *person_open(struct person *w, const struct conf *c, const struct admin_db *p,
                                 const char *name)
{
	bool running;
	struct store *s = person_begin(w, name) ? admin_read_begin(c, p, &running) : NULL;

	if (s && person_load(w, s) && w->account)
		return s;
	if (s && !w->account)
		admin_tell("there is no account %s", name);
	store_close(s);
	return NULL;
}

/* -- the commands ------------------------------------------------------------------------------- */

static void show_json(struct person *w)
{
	struct person_cert certs[CERTS_MAX];

	bytes_clear(&w->out);
	json_begin(&w->out, NULL);
	put_account(w);
	json_number(&w->out, "certificates", person_certs(w, certs));
	json_number(&w->out, "rooms_owned", (int64_t)w->owned);
	json_number(&w->out, "memberships", (int64_t)w->memberships);
	json_number(&w->out, "mail", (int64_t)w->mails);
	json_number(&w->out, "mail_sent", (int64_t)w->sent);
	json_number(&w->out, "reports_made", (int64_t)w->reports);
	json_number(&w->out, "reports_of_lines", (int64_t)w->reported);
	json_number(&w->out, "bans", (int64_t)w->bans);
	json_number(&w->out, "actions", (int64_t)w->actions);
	record_end(w);
}

static void show_text(struct person *w)
{
	char *nick = fields_get_text(w->account, "nick", NAME_BYTES_MAX);
	char *role = fields_get_text(w->account, "role", 16);
	struct bytes *b = &w->out;

	bytes_clear(b);
	bytes_printf(b, "Account: %s\nRole: %s\nMade: ", nick, role);
	admin_put_time(b, fields_get_time(w->account, "made"));
	bytes_puts(b, "\nLast signed in: ");
	if (fields_get_time(w->account, "last0") != 0)
		admin_put_time(b, fields_get_time(w->account, "last0"));
	else
		bytes_puts(b, "never");
	bytes_printf(b, "\nSigns in with: %s%s%s\n", has(w->account, "hash") ? "a password" : "no password yet",
	             has(w->account, "totp") ? " and an authenticator" : "",
	             fields_get_number(w->account, "host") != 0 ? ", or as a user of the host" : "");
	show_certs(w);
	bytes_printf(b, "Rooms: owns %" PRIu64 ", and has a role or an invitation in %" PRIu64 "\n", w->owned,
	             w->memberships - w->owned);
	bytes_printf(b, "Messages that wait: %" PRIu64 " for it, %" PRIu64 " by it\n", w->mails, w->sent);
	bytes_printf(b, "Reports: %" PRIu64 " by it, %" PRIu64 " of lines under its name\n", w->reports,
	             w->reported);
	bytes_printf(b, "Bans and mutes: %" PRIu64 "\n", w->bans);
	bytes_printf(b, "Moderation actions that name it: %" PRIu64 "\n", w->actions);
	free(nick);
	free(role);
}

bool admin_person_show(const struct conf *c, const struct admin_db *p, const char *name, bool json)
{
	struct person w = { .account = NULL };
	struct store *s = person_open(&w, c, p, name);
	bool ok = s;

	store_close(s);
	if (ok) {
		(json ? show_json : show_text)(&w);
		ok = admin_print(&w.out);
	}
	person_release(&w);
	return ok;
}

/* The number of the newest line when the account was made; 0: an earlier version noted only the time. */
static uint64_t person_first_seq(const struct person *w)
{
	uint64_t seq = (uint64_t)fields_get_number(w->account, "first_seq");

	return seq != 0 ? seq : (uint64_t)fields_get_number(w->account, "made_seq");
}

bool admin_person_export(const struct conf *c, const struct admin_db *p, const char *name)
{
	struct person w = { .account = NULL };
	struct store *s = person_open(&w, c, p, name);
	struct export_wish wish = { .sender_key = w.key, .same = name_is };
	bool ok = s;

	if (ok) {
		/* As when they are erased: what was said under the name before is somebody else's. */
		wish.after_id = person_first_seq(&w);
		wish.since = wish.after_id == 0;
		wish.since_ms = fields_get_number(w.account, "made");
		ok = transfer_write(s, &wish, &w.out);
	}
	store_close(s);
	person_release(&w);
	return ok;
}

bool admin_person_before(const struct conf *c, const struct admin_db *p, const char *name,
                         struct admin_said_before *before)
{
	struct person w = { .account = NULL };
	struct store_error err;
	bool running;
	struct store *s = person_begin(&w, name) ? admin_read_begin(c, p, &running) : NULL;
	bool ok = s && person_load(&w, s);

	before->known = ok && w.account;
	if (before->known && !inventory_said(s, name_is, w.key, person_first_seq(&w),
	                                     fields_get_number(w.account, "made"), &before->lines, &err)) {
		admin_tell("%s", err.text);
		ok = false;
	}
	store_close(s);
	person_release(&w);
	return ok;
}

/* Lines that the erasure does not reach, and how to delete them. */
static void left_lines(struct bytes *out, const struct admin_said_before *before, bool lines)
{
	bool some = !before->known || before->lines > 0;

	if (!lines)
		bytes_puts(out, "  what was said from it, because --lines was not given\n");
	if (!before->known)
		bytes_puts(out, "  what was said under that name before the account was made, if anything was\n");
	else if (some)
		bytes_printf(out, "  %" PRIu64 " line%s said under that name before the account was made\n", before->lines,
		             before->lines == 1 ? "" : "s");
	if (!lines || some)
		bytes_puts(out, "    (\"chatd export\" has such lines, with their numbers; /delete #N deletes one)\n");
}

void admin_person_left(const struct conf *c, const struct admin_db *p, const char *name, bool lines,
                       const struct admin_said_before *before)
{
	struct person w;
	struct bytes out = { 0 };
	bool running;
	struct store *s = person_begin(&w, name) ? admin_read_begin(c, p, &running) : NULL;

	if (s && person_load(&w, s)) {
		bytes_puts(&out, "What stays:\n");
		left_lines(&out, before, lines);
		if (w.open_reported > 0)
			bytes_printf(&out, "  %" PRIu64 " open report%s of lines under that name, with their text, until "
			             "resolved\n", w.open_reported, w.open_reported == 1 ? "" : "s");
		if (w.reported > w.open_reported)
			bytes_printf(&out, "  %" PRIu64 " resolved report%s of such lines%s\n",
			             w.reported - w.open_reported, w.reported - w.open_reported == 1 ? "" : "s",
			             lines ? ", without their text" : "");
		if (w.bans > 0)
			bytes_printf(&out, "  %" PRIu64 " ban%s or mute%s of it\n", w.bans, w.bans == 1 ? "" : "s",
			             w.bans == 1 ? "" : "s");
		if (w.actions > 0)
			bytes_printf(&out, "  %" PRIu64 " moderation action%s that name%s it, for up to five years\n",
			             w.actions, w.actions == 1 ? "" : "s", w.actions == 1 ? "s" : "");
		/* Nobody notes who has set a topic. */
		bytes_puts(&out, "  topics that it set, and names of rooms that it made, where others spoke\n");
		bytes_puts(&out, "  the chat log file, backups and exports, which chatd does not change\n");
		admin_print(&out);
	}
	store_close(s);
	bytes_release(&out);
	person_release(&w);
}
