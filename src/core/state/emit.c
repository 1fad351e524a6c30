/*
 * The effects of a step: an array and the text that belongs to it.
 *
 * Both are bounded; chat.c stops taking input lines while one more might not
 * fit (emit_has_room), so running over is a mistake of ours and asserted.
 */

#include "chatd/core/state/emit.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/clock.h"
#include "chatd/base/fields.h"
#include "chatd/base/text.h"
#include "chatd/base/wrap.h"
#include "chatd/core/people/account.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

static const char reply_mark[] = "-- ";

enum {
	REPLY_COLUMNS = WRAP_COLUMNS - (sizeof reply_mark - 1),
	REPLY_COLUMNS_LEAST = 20, /* for a screen that is narrower, they are broken by the view */
	REPLY_INDENT = 3, /* of the further rows of a reply */
};

bool emit_has_room(const struct chat *c)
{
	return c->output.n < EFFECTS_MAX - EFFECTS_PER_LINE_MAX &&
	       c->output.arena_len < ARENA_BYTES - ARENA_PER_LINE_MAX;
}

/* Each yes is followed by at most a line's effects. */
enum { DONE_MAX = EFFECTS_MAX / EFFECTS_PER_LINE_MAX - 2 };

bool act_has_room(struct chat *c)
{
	return c->cluster.self == NULL ? emit_has_room(c) : c->cluster.done++ < DONE_MAX;
}

static struct effect *emit(struct chat *c, enum effect_kind kind)
{
	struct effect *e = &c->output.effects[c->output.n++];

	assert(e != NULL && c->output.n <= (size_t)EFFECTS_MAX + EFFECTS_ROWS_MAX + c->people.nslots);
	/* The big members are set by whoever needs them. */
	e->kind = kind;
	e->text = NULL;
	e->len = 0;
	e->seq = 0;
	e->line = (struct line_info){0};
	e->waits = false;
	return e;
}

static const char *keep(struct chat *c, const char *p, size_t n)
{
	char *at = c->output.arena + c->output.arena_len;

	assert(c->output.arena_len + n + 1 <= ARENA_BYTES);
	memcpy(at, p, n);
	at[n] = '\0';
	c->output.arena_len += n + 1;
	return at;
}

/* What s is sent now is unasked: it is on its way into a room. Matters to views alone. */
static bool is_unasked(const struct session *s)
{
	return s->input.console.view && (s->state != SESSION_CHAT || s->replay.held);
}

/* Somebody of another node has no connection, and slot 0. */
static bool is_to(const struct effect *e, struct conn_id conn)
{
	return e->kind == EFFECT_SEND && e->conn.slot == conn.slot && e->conn.gen == conn.gen;
}

/* The SEND at the arena's end if it is text to this session, else a new one there. */
static struct effect *send_open(struct chat *c, const struct session *s)
{
	struct effect *e = c->output.n == 0 ? NULL : &c->output.effects[c->output.n - 1];

	if (e != NULL && is_to(e, s->id) && e->line.kind == LINE_TEXT && !e->waits && e->line.unasked == is_unasked(s) &&
	    e->text + e->len == c->output.arena + c->output.arena_len)
		return e;
	e = emit(c, EFFECT_SEND);
	e->conn = s->id;
	e->text = c->output.arena + c->output.arena_len;
	e->line.unasked = is_unasked(s);
	return e;
}

/* A SEND for one line. Without a view there is no difference between lines and text. */
static struct effect *send_line(struct chat *c, const struct session *s, struct line_info info)
{
	struct effect *e;

	if (!s->input.console.view || info.kind == LINE_TEXT)
		return send_open(c, s);
	e = emit(c, EFFECT_SEND);
	e->conn = s->id;
	e->text = c->output.arena + c->output.arena_len;
	e->line = info;
	e->line.unasked = info.unasked || is_unasked(s);
	return e;
}

/* The same for something that s has not asked for. */
static struct effect *send_told(struct chat *c, const struct session *s, struct line_info info)
{
	struct effect *e;

	if (!s->input.console.hold && !s->input.console.view)
		return send_line(c, s, info);
	e = emit(c, EFFECT_SEND);
	e->conn = s->id;
	e->text = c->output.arena + c->output.arena_len;
	e->line = s->input.console.view ? info : (struct line_info){0};
	e->waits = true;
	return e;
}

struct line_info emit_info(enum line_kind kind, int64_t at_ms, const char *nick)
{
	return (struct line_info){
		.time_s = at_ms > 0 ? (uint32_t)(at_ms / SECOND_MS) : 0, .kind = (uint8_t)kind,
		.name_bytes = nick != NULL ? (uint8_t)strlen(nick) : 0,
	};
}

/* Adds to the text of the last effect, which lies at the arena's end. */
static void add(struct chat *c, struct effect *e, const char *p, size_t n)
{
	assert(c->output.arena_len + n <= ARENA_BYTES);
	memcpy(c->output.arena + c->output.arena_len, p, n);
	c->output.arena_len += n;
	e->len += n;
}

/* Adds formatted text. Returns its length. */
static size_t add_text(struct chat *c, struct effect *e, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static size_t add_text(struct chat *c, struct effect *e, const char *fmt, va_list ap)
{
	size_t left = ARENA_BYTES - c->output.arena_len;
	int n = vsnprintf(c->output.arena + c->output.arena_len, left, fmt, ap);

	assert(n >= 0 && (size_t)n < left);
	c->output.arena_len += (size_t)n;
	e->len += (size_t)n;
	return (size_t)n;
}

/* The line end that s takes. */
static void add_end(struct chat *c, const struct session *s, struct effect *e)
{
	if (s->member.crlf || s->input.telnet != NULL)
		add(c, e, "\r\n", 2);
	else
		add(c, e, "\n", 1);
}

/* Columns of a row of a reply, without its mark: as many as a narrow screen has, so that it is not broken
 * again. */
static size_t reply_columns(const struct session *s)
{
	size_t columns = s->input.console.view ? s->input.console.style.columns : 0;

	return columns > REPLY_COLUMNS_LEAST + sizeof reply_mark && columns - sizeof reply_mark < REPLY_COLUMNS
	       ? columns - sizeof reply_mark : REPLY_COLUMNS;
}

/* Replaces the last n bytes of e, a text that is too wide for its row, by rows. */
static void add_rows(struct chat *c, const struct session *s, struct effect *e, size_t n, int indent)
{
	static const char blanks[WRAP_INDENT_MAX + 1] = "      ";
	struct bytes whole = {0};
	const char *text, *end;

	assert((size_t)indent < sizeof blanks);
	c->output.arena_len -= n;
	e->len -= n;
	bytes_append(&whole, c->output.arena + c->output.arena_len, n);
	end = whole.data + n;
	for (text = whole.data; *text != '\0'; text += strspn(text, " ")) {
		size_t blank = text == whole.data ? 0 : (size_t)indent;
		size_t row = wrap_row(text, (size_t)(end - text), reply_columns(s) - blank);

		if (text > whole.data) {
			add_end(c, s, e);
			add(c, e, reply_mark, sizeof reply_mark - 1);
			add(c, e, blanks, blank);
		}
		add(c, e, text, row);
		text += row;
	}
	explicit_bzero(whole.data, whole.len); /* it may be a password or a code (output.secret) */
	bytes_release(&whole);
}

/* Adds a reply to the text of e. */
static void add_reply(struct chat *c, const struct session *s, struct effect *e, int indent,
                      const char *fmt, va_list ap) __attribute__((format(printf, 5, 0)));

static void add_reply(struct chat *c, const struct session *s, struct effect *e, int indent,
                      const char *fmt, va_list ap)
{
	const char *text;
	size_t n;

	add(c, e, reply_mark, sizeof reply_mark - 1);
	text = c->output.arena + c->output.arena_len;
	n = add_text(c, e, fmt, ap);
	if (n > reply_columns(s) && text_fit(text, n, reply_columns(s)) < n)
		add_rows(c, s, e, n, indent);
	add_end(c, s, e);
}

void emit_raw(struct chat *c, const struct session *s, const char *p, size_t n)
{
	add(c, send_open(c, s), p, n);
}

void emit_reply(struct chat *c, const struct session *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_reply(c, s, send_open(c, s), REPLY_INDENT, fmt, ap);
	va_end(ap);
}

void emit_rows(struct chat *c, const struct session *s, int indent, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_reply(c, s, send_open(c, s), indent, fmt, ap);
	va_end(ap);
}

void emit_protocol(struct chat *c, const struct session *s, const char *p, size_t n)
{
	add(c, send_line(c, s, (struct line_info){.kind = LINE_RAW}), p, n);
}

void emit_line(struct chat *c, const struct session *s, struct line_info info, const char *fmt, ...)
{
	struct effect *e = send_line(c, s, info);
	va_list ap;

	va_start(ap, fmt);
	add_text(c, e, fmt, ap);
	va_end(ap);
	add_end(c, s, e);
}

size_t emit_echo(struct chat *c, const struct session *s, const char *fmt, ...)
{
	size_t at = c->output.n;
	struct effect *e = emit(c, EFFECT_SEND);
	va_list ap;

	e->conn = s->id;
	e->text = c->output.arena + c->output.arena_len;
	va_start(ap, fmt);
	add_text(c, e, fmt, ap);
	va_end(ap);
	add_end(c, s, e);
	/* A NUL behind it, so that no reply becomes part of it. */
	keep(c, "", 0);
	return at;
}

void emit_echo_settle(struct chat *c, size_t at)
{
	struct effect *echo = &c->output.effects[at];

	for (const struct effect *e = echo + 1; e < c->output.effects + c->output.n; e++)
		if (e->kind == EFFECT_PUBLISH || e->kind == EFFECT_APPEND || e->kind == EFFECT_PROPOSE ||
		    (e->kind == EFFECT_SEND && !is_to(e, echo->conn)))
			echo->len = 0;
}

void emit_told(struct chat *c, const struct session *s, struct line_info info, const char *fmt, ...)
{
	struct effect *e = send_told(c, s, info);
	va_list ap;

	va_start(ap, fmt);
	add_text(c, e, fmt, ap);
	va_end(ap);
	add_end(c, s, e);
}

void emit_notice(struct chat *c, const struct session *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_reply(c, s, send_told(c, s, (struct line_info){0}), REPLY_INDENT, fmt, ap);
	va_end(ap);
}

void emit_all(struct chat *c, const char *text)
{
	struct effect *e = emit(c, EFFECT_SEND_ALL);
	int n = snprintf(c->output.arena + c->output.arena_len, ARENA_BYTES - c->output.arena_len,
	                 "-- %s\n", text);

	assert(n >= 0 && (size_t)n < ARENA_BYTES - c->output.arena_len);
	e->text = c->output.arena + c->output.arena_len;
	e->len = (size_t)n;
	e->waits = true;
	c->output.arena_len += (size_t)n;
}

static void emit_skip(struct chat *c, uint32_t feed, const struct session *s)
{
	struct effect *e = emit(c, EFFECT_SKIP);

	e->conn = s->id;
	e->feed = feed;
}

/* It left the editor of whoever said it, and comes back in the room's order. */
static bool is_for_speaker(const struct published *p)
{
	return p->from->input.console.editor != NULL && (p->info.kind == LINE_SAID || p->info.kind == LINE_ACTION);
}

static bool watches(const struct session *s, const struct room *r)
{
	for (uint32_t i = 0; i < s->member.watching.n; i++)
		if (s->member.watching.list[i]->room == r)
			return !s->member.watching.list[i]->rests;
	return false;
}

/* One of a room's two feeds: the same lines with LF, and with CR LF for telnet. */
static void publish_as(struct chat *c, struct room *r, const struct published *p, bool crlf)
{
	struct effect *e = emit(c, EFFECT_PUBLISH);
	char *at = c->output.arena + c->output.arena_len;
	const struct session *from = p->from;
	size_t len = p->len;

	assert(c->output.arena_len + len + 2 <= ARENA_BYTES);
	memcpy(at, p->line, len);
	if (crlf)
		at[len++] = '\r';
	at[len++] = '\n';
	c->output.arena_len += len;
	e->feed = r->slot * 2 + crlf;
	e->text = at;
	e->len = len;
	e->seq = p->seq;
	e->line = p->info;
	if (from != NULL && !is_for_speaker(p) &&
	    (from->room == r ? from->member.crlf == crlf : !crlf && watches(from, r)))
		emit_skip(c, r->slot * 2 + crlf, from);
	if (from == NULL || !p->words)
		return;
	for (const struct session *s = r->members.ignorers; s != NULL; s = s->presence.next)
		if (s != from && s->member.crlf == crlf && session_ignores(s, from->key))
			emit_skip(c, r->slot * 2 + crlf, s);
	for (const struct watch *w = crlf ? NULL : r->watchers.ignorers; w != NULL; w = w->inext)
		if (w->session != from && session_ignores(w->session, from->key))
			emit_skip(c, r->slot * 2, w->session);
}

void emit_publish(struct chat *c, struct room *r, const struct published *p)
{
	bool in = p->from != NULL && p->from->room == r && !is_for_speaker(p);
	uint32_t ncrlf = r->members.ncrlf - (in && p->from->member.crlf);
	uint32_t nlf = r->members.n - r->members.ncrlf - (in && !p->from->member.crlf) + r->watchers.nreading;

	if (nlf > 0)
		publish_as(c, r, p, false);
	if (ncrlf > 0)
		publish_as(c, r, p, true);
}

void emit_input(struct chat *c, const struct session *s, const char *prompt, const char *line,
                size_t len, size_t cursor, bool clear)
{
	struct effect *e = emit(c, EFFECT_INPUT);
	size_t prompt_bytes = strlen(prompt);

	e->conn = s->id;
	e->text = c->output.arena + c->output.arena_len;
	e->input.prompt_bytes = (uint32_t)prompt_bytes;
	e->input.cursor = (uint32_t)cursor;
	e->input.clear = clear;
	add(c, e, prompt, prompt_bytes);
	add(c, e, line, len);
	c->output.secret = true; /* it may be a password that was typed where none was asked for */
}

void emit_watch(struct chat *c, enum effect_kind kind, const struct session *s, const struct room *r,
                const char *told)
{
	struct effect *e = emit(c, kind);

	e->conn = s->id;
	e->feed = r->slot * 2;
	if (kind == EFFECT_WATCH) {
		e->text = keep(c, r->name, strlen(r->name));
		e->len = strlen(r->name);
	} else if (told != NULL) {
		e->text = c->output.arena + c->output.arena_len;
		add(c, e, reply_mark, sizeof reply_mark - 1);
		add(c, e, told, strlen(told));
		add_end(c, s, e);
	}
}

void emit_cut(struct chat *c, const struct session *s, const char *reply)
{
	struct effect *e = emit(c, EFFECT_CUT);

	e->conn = s->id;
	e->text = c->output.arena + c->output.arena_len;
	if (*reply == '\0')
		return;
	add(c, e, reply_mark, sizeof reply_mark - 1);
	add(c, e, reply, strlen(reply));
	add_end(c, s, e);
}

void emit_view(struct chat *c, const struct session *s, const struct view_style *style)
{
	struct effect *e = emit(c, EFFECT_VIEW);

	e->conn = s->id;
	e->view = *style;
	if (style->channels && s->room != NULL)
		e->text = keep(c, s->room->name, strlen(s->room->name));
}

void emit_mark(struct chat *c, const struct session *s, const struct room *r)
{
	struct effect *e = emit(c, EFFECT_MARK);

	e->conn = s->id;
	e->feed = r->slot * 2 + (s->room == r && s->member.crlf);
}

void emit_show(struct chat *c)
{
	emit(c, EFFECT_SHOW);
}

void emit_subscribe(struct chat *c, const struct session *s, const struct room *r)
{
	struct effect *e = emit(c, EFFECT_SUBSCRIBE);

	e->conn = s->id;
	e->feed = r->slot * 2 + s->member.crlf;
	if (s->input.console.style.channels)
		e->text = keep(c, r->name, strlen(r->name));
}

void emit_unsubscribe(struct chat *c, const struct session *s, const char *missing, ...)
{
	struct effect *e = emit(c, EFFECT_UNSUBSCRIBE);
	va_list ap;

	e->conn = s->id;
	e->text = c->output.arena + c->output.arena_len;
	va_start(ap, missing);
	add_reply(c, s, e, REPLY_INDENT, missing, ap);
	va_end(ap);
}

void emit_session(struct chat *c, enum effect_kind kind, const struct session *s)
{
	emit(c, kind)->conn = s->id;
}

void emit_drop(struct chat *c, struct conn_id conn)
{
	emit(c, EFFECT_DROP)->conn = conn;
}

uint64_t emit_append(struct chat *c, struct record r)
{
	struct effect *e = emit(c, EFFECT_APPEND);
	const char **string[RECORD_STRINGS_MAX];
	size_t n = record_strings(&r, string);

	/* What changes between two acts, changes on this node alone. */
	assert(!chat_defers(c));
	r.seq = ++c->records.seq;
	for (size_t i = 0; i < n; i++)
		*string[i] = keep(c, *string[i], strlen(*string[i]));
	e->record = r;
	if (c->cluster.self != NULL)
		cluster_note(c, &e->record);
	return r.seq;
}

void emit_fact(struct chat *c, enum fact_kind kind, const char *key, const char *value)
{
	emit_append(c, (struct record){
		.kind = RECORD_FACT, .time_ms = c->wall_ms, .room_name = "", .fact = {kind, key, value},
	});
}

bool emit_can_save(struct chat *c, const struct session *s)
{
	if (chat_can_save(c))
		return true;
	emit_reply(c, s, "Nothing can be saved at present (%s). Try again in a minute.",
	           c->outage.reason);
	return false;
}

/* What happened, as one phrase; cut if it is too long. */
static void phrase(char out[AUDIT_BYTES_MAX + 1], const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void phrase(char out[AUDIT_BYTES_MAX + 1], const char *fmt, va_list ap)
{
	if (vsnprintf(out, AUDIT_BYTES_MAX + 1, fmt, ap) > AUDIT_BYTES_MAX)
		out[text_whole(out, AUDIT_BYTES_MAX)] = '\0';
}

uint64_t emit_audit_share(const struct session *s)
{
	if (role_of(s) >= ROLE_MODERATOR)
		return 0;
	return s->account != NULL && s->account->made.at_ms > 0 ? (uint64_t)s->account->made.at_ms
	                                                     : AUDIT_SHARE_OTHERS;
}

/* What somebody has done to this node alone is recorded on all, and other nodes have no part in it to undo. Returns 0. */
static uint64_t propose_audit(struct chat *c, const struct session *s, const char *what)
{
	struct bytes b = {0};

	fields_put_number(&b, "share", (int64_t)emit_audit_share(s));
	fields_put(&b, "actor", s->nick);
	fields_put(&b, "what", what);
	act_propose(c, NULL, ACT_AUDIT, b.data);
	bytes_release(&b);
	return 0;
}

void audit_apply(struct chat *c, const char *fields)
{
	char *actor = fields_get_text(fields, "actor", NAME_BYTES_MAX), *what = fields_get_text(fields, "what", AUDIT_BYTES_MAX);

	emit_append(c, (struct record){
		.kind = RECORD_AUDIT, .time_ms = c->wall_ms, .room_name = "",
		.audit = {(uint64_t)fields_get_number(fields, "share"), actor, what, ""},
	});
	free(actor);
	free(what);
}

uint64_t emit_audit(struct chat *c, const struct session *s, const char *undo, const char *fmt, ...)
{
	char what[AUDIT_BYTES_MAX + 1];
	struct bytes data = {0};
	uint64_t number;
	va_list ap;

	va_start(ap, fmt);
	phrase(what, fmt, ap);
	va_end(ap);
	bytes_puts(&data, strlen(undo) <= UNDO_BYTES_MAX ? undo : "");
	if (s->account != NULL)
		fields_put_number(&data, "actor", s->account->made.at_ms);
	number = chat_defers(c) ? propose_audit(c, s, what) : emit_append(c, (struct record){
		.kind = RECORD_AUDIT, .time_ms = c->wall_ms, .room_name = "",
		.audit = {emit_audit_share(s), s->nick != NULL ? s->nick : "the host", what,
		          data.len > 0 ? data.data : ""},
	});
	bytes_release(&data);
	if (number == 0) {
		emit_security(c, s, s->input.command != NULL ? s->input.command : "act", "%s", what);
		return 0;
	}
	/* The command stands for the kind of action, even if its answer came later: s could give no other
	 * meanwhile. */
	emit_security(c, s, s->input.command != NULL ? s->input.command : "act", "%s (#A%" PRIu64 ")", what, number);
	return number;
}

void emit_own_action(struct chat *c, const char *fmt, ...)
{
	char what[AUDIT_BYTES_MAX + 1];
	struct effect *e;
	va_list ap;

	va_start(ap, fmt);
	phrase(what, fmt, ap);
	va_end(ap);
	emit_append(c, (struct record){
		.kind = RECORD_AUDIT, .time_ms = c->wall_ms, .room_name = "",
		.audit = {AUDIT_SHARE_OTHERS, "System", what, ""},
	});
	e = emit(c, EFFECT_LOG);
	e->len = strlen(what);
	e->text = keep(c, what, e->len);
}

/* name, account: NULL if there is none. */
static void emit_event(struct chat *c, const char *event, const struct address *a, const char *name,
                       const char *account, const char *fmt, va_list ap)
	__attribute__((format(printf, 6, 0)));

static void emit_event(struct chat *c, const char *event, const struct address *a, const char *name,
                       const char *account, const char *fmt, va_list ap)
{
	struct effect *e = emit(c, EFFECT_LOG);
	char from[ADDRESS_BYTES_MAX], what[AUDIT_BYTES_MAX + 1],
		*at = c->output.arena + c->output.arena_len;
	size_t left = ARENA_BYTES - c->output.arena_len;
	int n;

	phrase(what, fmt, ap);
	n = snprintf(at, left, "security: %s address=%s name=%s account=%s: %s", event,
	             address_is_local(a) ? "host" : address_show(a, from), name != NULL ? name : "-",
	             account != NULL ? account : "-", what);
	assert(n >= 0 && (size_t)n < left);
	e->text = at;
	e->len = (size_t)n;
	c->output.arena_len += (size_t)n + 1;
}

static void emit_security_at(struct chat *c, const struct session *s, const char *event,
                             const char *account, const char *fmt, va_list ap)
	__attribute__((format(printf, 5, 0)));

static void emit_security_at(struct chat *c, const struct session *s, const char *event,
                             const char *account, const char *fmt, va_list ap)
{
	/* What people of other nodes do is logged there; and once, not again by a node that catches up. */
	if (c->cluster.applying && person_is_remote(s))
		return;
	emit_event(c, event, &s->from, s->state != SESSION_HOST ? s->nick : NULL, account, fmt, ap);
}

void emit_security(struct chat *c, const struct session *s, const char *event, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit_security_at(c, s, event, s->account != NULL ? s->account->nick : NULL, fmt, ap);
	va_end(ap);
}

void emit_security_about(struct chat *c, const struct session *s, const char *event,
                         const char *account, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit_security_at(c, s, event, account, fmt, ap);
	va_end(ap);
}

void emit_refused(struct chat *c, const struct address *from, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit_event(c, "refused", from, NULL, NULL, fmt, ap);
	va_end(ap);
}

void emit_program(struct chat *c, enum effect_kind kind, const struct session *s, const char *text)
{
	struct effect *e = emit(c, kind);

	e->conn = s->id;
	e->len = strlen(text);
	e->text = keep(c, text, e->len);
}

void emit_arrived(struct chat *c, const struct session *s, struct conn_id about)
{
	struct effect *e = emit(c, EFFECT_ARRIVED);

	e->conn = s->id;
	e->about = about;
}

void emit_stop(struct chat *c, const char *why)
{
	struct effect *e = emit(c, EFFECT_STOP);

	e->len = strlen(why);
	e->text = keep(c, why, e->len);
}

static void emit_text(struct chat *c, enum effect_kind kind, const char *text, size_t len)
{
	struct effect *e = emit(c, kind);

	e->len = len;
	e->text = keep(c, text, len);
}

void emit_done(struct chat *c, const char *text, size_t len)
{
	emit_text(c, EFFECT_DONE, text, len);
}

void emit_propose(struct chat *c, const char *text, size_t len)
{
	emit_text(c, EFFECT_PROPOSE, text, len);
}

void emit_unfit(struct chat *c, const char *why)
{
	emit_text(c, EFFECT_UNFIT, why, strlen(why));
}

void emit_tell(struct chat *c, const char *text, size_t len)
{
	emit_text(c, EFFECT_TELL, text, len);
}

/* Before it stand names and numbers. */
enum { ACT_TEXT_MAX = ACT_BYTES_MAX - 256 };

static void propose(struct chat *c, struct session *s, enum act_kind kind, const char *text, bool said)
{
	struct bytes b = {0};

	/* What was typed is written %XX in most acts, and tabs are blanks by now. */
	if (strlen(text) > ACT_TEXT_MAX) {
		if (s != NULL)
			emit_reply(c, s, "Not sent: that is too long for the servers of this chat. Please send it in parts.");
		return;
	}
	if (s != NULL && s->person.node == NULL)
		person_join(c->cluster.self, s, ++c->cluster.people | (s->state == SESSION_HOST ? PERSON_HOST : 0));
	if (s != NULL && said)
		s->person.said++;
	else if (s != NULL)
		s->person.pending++;
	bytes_printf(&b, "%s %" PRIu64 " %" PRIu64 " %c%" PRIu64 " %s", c->cluster.self->name, c->cluster.incarnation,
	             ++c->cluster.number, (char)kind, s != NULL ? s->person.number : 0, text);
	emit_propose(c, b.data, b.len);
	bytes_release(&b);
}

void act_propose(struct chat *c, struct session *s, enum act_kind kind, const char *text)
{
	propose(c, s, kind, text, false);
}

void act_say(struct chat *c, struct session *s, const char *text)
{
	propose(c, s, ACT_LINE, text, true);
}

void emit_query(struct chat *c, struct query q)
{
	struct effect *e = emit(c, EFFECT_QUERY);
	const char **string[QUERY_STRINGS_MAX];
	size_t n = query_strings(&q, string);

	for (size_t i = 0; i < n; i++)
		*string[i] = keep(c, *string[i], strlen(*string[i]));
	e->query = q;
}
