/* Reports. Owns struct report; each is freed in one place (report_end). */

#include "chatd/core/moderation/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/forget.h"
#include "chatd/core/people/name.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum { KEY_BYTES_MAX = 32 };

static const char *const state_names[REPORT_STATES] = {
	[REPORT_OPEN] = "open",
	[REPORT_CLAIMED] = "claimed",
	[REPORT_RESOLVED] = "resolved",
};

const char *report_state_name(enum report_state state)
{
	return state_names[state];
}

/* -- finding --------------------------------------------------------------------------- */

struct report *report_find(const struct chat *c, uint64_t number)
{
	struct report *r;

	DL_FOREACH(c->moderation.reports.first, r)
		if (r->number == number)
			return r;
	return NULL;
}

const struct report *report_of(const struct chat *c, uint64_t line, const char *by_key)
{
	const struct report *r;

	DL_FOREACH(c->moderation.reports.first, r)
		if (r->line == line && strcmp(r->by_key, by_key) == 0)
			return r;
	return NULL;
}

uint32_t reports_open(const struct chat *c)
{
	const struct report *r;
	uint32_t n = 0;

	DL_FOREACH(c->moderation.reports.first, r)
		n += r->state == REPORT_OPEN;
	return n;
}

struct session *report_maker(const struct chat *c, const struct report *r)
{
	struct session *s = session_by_key(c, r->by_key);

	/* Another person may have a guest's name by now. */
	if (s == NULL || s->resume.named_seq < r->number)
		return s;
	return r->by_account && s->account != NULL && s->account->made.at_ms <= r->at_ms ? s : NULL;
}

/* -- keeping --------------------------------------------------------------------------- */

/* Sorted as text, keys are in the order in which the reports came. */
static const char *key_of(const struct report *r, char key[KEY_BYTES_MAX])
{
	snprintf(key, KEY_BYTES_MAX, "%020" PRIu64, r->number);
	return key;
}

static void save(struct chat *c, const struct report *r)
{
	char key[KEY_BYTES_MAX];
	struct bytes b = {0};

	fields_put(&b, "state", state_names[r->state]);
	fields_put_number(&b, "line", (int64_t)r->line);
	fields_put_number(&b, "action", r->action);
	fields_put_number(&b, "said", r->said_ms);
	fields_put(&b, "room", r->room);
	fields_put(&b, "sender", r->sender);
	fields_put(&b, "text", r->text);
	fields_put_number(&b, "at", r->at_ms);
	fields_put(&b, "by", r->by);
	fields_put(&b, "by_key", r->by_key);
	fields_put_number(&b, "by_account", r->by_account);
	fields_put(&b, "share", r->who);
	fields_put(&b, "why", r->why);
	fields_put_number(&b, "erased", r->erased);
	fields_put_number(&b, "kept", r->kept_ms);
	fields_put(&b, "keeper", r->keeper);
	fields_put(&b, "how", r->how);
	emit_fact(c, FACT_REPORT, key_of(r, key), b.data);
	bytes_release(&b);
}

/* Counts it for the person who made it, while it is not resolved. */
static void count(struct chat *c, struct report *r, bool counts)
{
	if (counts && !r->counted)
		r->share = share_take(c, SHARE_REPORTS, r->who);
	else if (!counts && r->counted)
		share_give_back(c, SHARE_REPORTS, r->share);
	r->counted = counts;
}

static void release(struct report *r)
{
	free(r->who);
	free(r->room);
	free(r->sender);
	free(r->text);
	free(r->by);
	free(r->by_key);
	free(r->why);
	free(r->keeper);
	free(r->how);
}

/* Only the memory. */
static void report_end(struct chat *c, struct report *r)
{
	count(c, r, false);
	DL_DELETE(c->moderation.reports.first, r);
	c->moderation.reports.n--;
	release(r);
	free(r);
}

/* Text of at most max bytes, cut between two characters. */
static char *keep(const char *text, size_t max)
{
	size_t len = strlen(text);
	char *copy;

	if (len > max)
		len = text_whole(text, max);
	copy = mem_zero(1, len + 1);
	memcpy(copy, text, len);
	return copy;
}

static struct report *report_add(struct chat *c, const struct report *like)
{
	struct report *r = mem_zero(1, sizeof *r);

	r->number = like->number;
	r->line = like->line;
	r->action = like->action;
	r->said_ms = like->said_ms;
	r->room = mem_strdup(like->room);
	r->sender = mem_strdup(like->sender);
	r->text = keep(like->text, REPORT_LINE_BYTES_MAX);
	r->at_ms = like->at_ms;
	r->by = mem_strdup(like->by);
	r->by_key = mem_strdup(like->by_key);
	r->by_account = like->by_account;
	r->who = mem_strdup(like->who);
	r->why = keep(like->why, REPORT_WHY_BYTES_MAX);
	DL_APPEND(c->moderation.reports.first, r);
	c->moderation.reports.n++;
	return r;
}

/* The one place where reports come and change: by a command, or as they were saved. r becomes like
 * `like`, of which only state, keeper, how, kept_ms and erased ever change; NULL: a new one does. Strings
 * are copied. */
static struct report *report_apply(struct chat *c, struct report *r, const struct report *like)
{
	char *keeper = mem_strdup(like->keeper), *how = keep(like->how, REPORT_WHY_BYTES_MAX);

	if (r == NULL)
		r = report_add(c, like);
	free(r->keeper);
	free(r->how);
	r->keeper = keeper;
	r->how = how;
	r->state = like->state;
	r->kept_ms = like->kept_ms;
	r->erased = like->erased;
	if (r->erased && r->state == REPORT_RESOLVED) {
		free(r->text);
		r->text = mem_strdup("");
	}
	count(c, r, r->state != REPORT_RESOLVED);
	return r;
}

static bool make_place(struct chat *c)
{
	char key[KEY_BYTES_MAX];
	struct report *r;

	if (c->moderation.reports.n < REPORTS_MAX)
		return true;
	DL_FOREACH(c->moderation.reports.first, r)
		if (r->state == REPORT_RESOLVED)
			break;
	if (r == NULL)
		return false;
	emit_fact(c, FACT_REPORT, key_of(r, key), "");
	report_end(c, r);
	return true;
}

struct report *report_new(struct chat *c, const struct session *s, const struct row *row,
                          const char *why)
{
	char who[SHARE_WHO_BYTES];
	struct report *r;

	if (!make_place(c))
		return NULL;
	share_who(c, s, who);
	r = report_apply(c, NULL, &(struct report){
		.number = c->records.seq + 1, .line = row->id, .action = row->kind == RECORD_ACTION,
		.said_ms = row->time_ms, .room = (char *)row->room_name, .sender = (char *)row->sender,
		.text = (char *)row->body, .at_ms = c->wall_ms, .by = s->nick, .by_key = s->key,
		.by_account = s->account != NULL, .who = who, .why = (char *)why, .keeper = "", .how = "",
	});
	save(c, r);
	return r;
}

static void set(struct chat *c, struct report *r, enum report_state state, const char *keeper,
                const char *how)
{
	struct report like = *r;

	like.state = state;
	like.keeper = (char *)keeper;
	like.how = (char *)how;
	like.kept_ms = c->wall_ms;
	report_apply(c, r, &like);
}

void report_set(struct chat *c, struct report *r, enum report_state state, const char *keeper,
                const char *how)
{
	set(c, r, state, keeper, how);
	save(c, r);
	r->unsaved = false;
}

/* -- many at once ---------------------------------------------------------------------- */

bool report_is_by(const struct report *r, const char *who, const struct address *block)
{
	if (who != NULL)
		return *who != '\0' && strcmp(r->who, who) == 0;
	return block == NULL || share_is_within(r->who, block);
}

uint32_t reports_resolve(struct chat *c, const char *who, const struct address *block,
                         const char *keeper, const char *how)
{
	struct report *r;
	uint32_t n = 0;

	DL_FOREACH(c->moderation.reports.first, r) {
		if (r->state == REPORT_RESOLVED || !report_is_by(r, who, block))
			continue;
		set(c, r, REPORT_RESOLVED, keeper, how);
		r->unsaved = true;
		n++;
	}
	c->moderation.reports.unsaved = c->moderation.reports.unsaved || n > 0;
	return n;
}

void reports_erase(struct chat *c, const struct account *a)
{
	struct report *r;

	DL_FOREACH(c->moderation.reports.first, r) {
		struct report like = *r;

		/* Which lines are the account's: as account_erase has it. */
		if (r->erased || !name_is(r->sender, a->key) ||
		    (a->made.first_seq != 0 ? r->line <= a->made.first_seq : r->said_ms < a->made.at_ms))
			continue;
		like.erased = true;
		report_apply(c, r, &like);
		r->unsaved = c->moderation.reports.unsaved = true;
	}
}

uint32_t reports_by(struct chat *c, const char *who, const struct address *block, bool forget)
{
	char key[KEY_BYTES_MAX];
	struct report *r, *next;
	uint32_t n = 0;

	DL_FOREACH_SAFE(c->moderation.reports.first, r, next) {
		if (r->state == REPORT_RESOLVED || !report_is_by(r, who, block))
			continue;
		n++;
		if (!forget)
			continue;
		forget_taken(c, FACT_REPORT, key_of(r, key));
		report_end(c, r);
	}
	return n;
}

void report_tick(struct chat *c)
{
	struct report *r;

	if (!c->moderation.reports.unsaved || !chat_can_save(c))
		return;
	DL_FOREACH(c->moderation.reports.first, r) {
		if (!r->unsaved)
			continue;
		if (!act_has_room(c))
			return;
		save(c, r);
		r->unsaved = false;
	}
	c->moderation.reports.unsaved = false;
}

int64_t report_due_ms(const struct chat *c)
{
	return c->moderation.reports.unsaved && chat_can_save(c) ? c->now_ms : INT64_MAX;
}

/* -- from the store -------------------------------------------------------------------- */

/* The principal who made it; older reports say so only if they were made by an account. */
static char *load_who(const char *value, const struct report *r)
{
	char *who = fields_get_text(value, "share", SHARE_WHO_BYTES - 1), account[SHARE_WHO_BYTES];

	if (*who != '\0' || !r->by_account)
		return who;
	free(who);
	return mem_strdup(share_who_account(r->by_key, account));
}

void report_load(struct chat *c, const char *key, const char *value)
{
	char *state;
	struct report r;

	if (c->moderation.reports.n >= REPORTS_MAX)
		return;
	r = (struct report){
		.number = strtoull(key, NULL, 10),
		.line = (uint64_t)fields_get_number(value, "line"),
		.action = fields_get_number(value, "action") != 0,
		.said_ms = fields_get_time(value, "said"),
		.room = fields_get_text(value, "room", NAME_BYTES_MAX),
		.sender = fields_get_text(value, "sender", NAME_BYTES_MAX),
		.text = fields_get_text(value, "text", REPORT_LINE_BYTES_MAX),
		.at_ms = fields_get_time(value, "at"),
		.by = fields_get_text(value, "by", NAME_BYTES_MAX),
		.by_key = fields_get_text(value, "by_key", NAME_KEY_BYTES_MAX),
		.by_account = fields_get_number(value, "by_account") != 0,
		.why = fields_get_text(value, "why", REPORT_WHY_BYTES_MAX),
		.erased = fields_get_number(value, "erased") != 0,
		.kept_ms = fields_get_time(value, "kept"),
		.keeper = fields_get_text(value, "keeper", NAME_BYTES_MAX),
		.how = fields_get_text(value, "how", REPORT_WHY_BYTES_MAX),
	};
	state = fields_get(value, "state");
	for (int i = 0; i < REPORT_STATES; i++)
		if (strcmp(state_names[i], state) == 0)
			r.state = (enum report_state)i;
	free(state);
	r.who = load_who(value, &r);
	report_apply(c, NULL, &r);
	release(&r);
}

void reports_free(struct chat *c)
{
	while (c->moderation.reports.first != NULL)
		report_end(c, c->moderation.reports.first);
}

/* -- telling --------------------------------------------------------------------------- */

void report_remind(struct chat *c, const struct session *s)
{
	uint32_t n = role_of(s) >= ROLE_MODERATOR ? reports_open(c) : 0;

	if (n > 0)
		emit_reply(c, s, "%" PRIu32 " %s open: %creports", n, n == 1 ? "report is" : "reports are",
		           c->config.command_prefix);
}
