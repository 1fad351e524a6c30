/* Reports: /report, and /reports for moderators. */

#include "chatd/core/commands/cmd_report.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/report.h"
#include "chatd/core/moderation/undo.h"
#include "chatd/core/people/name.h"
#include "chatd/core/rooms/line_ref.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

/* -- making one ------------------------------------------------------------------------ */

static void tell_moderators(struct chat *c, const struct session *from, const struct report *r)
{
	struct session *s, *next;

	HASH_ITER(hh, c->people.by_key, s, next) {
		if (s == from || role_of(s) < ROLE_MODERATOR)
			continue;
		if (!emit_has_room(c))
			return;
		emit_reply(c, s, "Report #R%" PRIu64 ": %s reported %s in %s%s%s. %creports %" PRIu64
		           " shows it.", r->number, r->by, r->sender, r->room,
		           *r->why != '\0' ? ": " : "", r->why, c->config.command_prefix, r->number);
	}
}

/* Tells s which limit on reports is reached. */
static void tell_full(struct chat *c, const struct session *s, enum share_bar bar)
{
	char who[SHARE_WHO_BYTES];

	if (bar == SHARE_OWN && !share_is_address(share_who(c, s, who)))
		emit_reply(c, s, "Not reported: you already have %d open reports, the maximum. Wait "
		           "until a moderator has dealt with one.", REPORTS_OPEN_EACH_MAX);
	else if (bar == SHARE_OWN || bar == SHARE_SITE)
		emit_reply(c, s, "Not reported: there are already %d open reports from your %s, the maximum. "
		           "Wait until a moderator has dealt with one.",
		           bar == SHARE_SITE ? REPORTS_OPEN_EACH_MAX * SITE_SHARES : REPORTS_OPEN_EACH_MAX,
		           bar == SHARE_SITE ? "network" : "address");
	else if (bar == SHARE_CLASS && s->account == NULL)
		emit_reply(c, s, "Not reported: guests already have %d open reports, the maximum. Message "
		           "a moderator with %cmsg.", REPORTS_GUESTS_MAX, c->config.command_prefix);
	else if (role_of(s) < ROLE_MODERATOR)
		emit_reply(c, s, "Not reported: the report list is nearly full (%" PRIu32 "), and the rest is "
		           "reserved for moderators. Message one with %cmsg.", c->moderation.reports.n, c->config.command_prefix);
	else
		emit_reply(c, s, "Not reported: the report list is full (%" PRIu32 "). Resolve some first: "
		           "%creports lists them.", c->moderation.reports.n, c->config.command_prefix);
}

static void report_line(struct chat *c, struct session *s, const struct row *row, const char *why)
{
	const struct report *r = report_of(c, row->id, s->key);
	enum share_bar bar = share_bar(c, SHARE_REPORTS, s);

	if (r != NULL) {
		emit_reply(c, s, "You have already reported #%" PRIu64 ", as #R%" PRIu64 ".", row->id,
		           r->number);
		return;
	}
	if (bar != SHARE_FREE) {
		tell_full(c, s, bar);
		return;
	}
	if (!emit_can_save(c, s))
		return;
	r = report_new(c, s, row, why);
	if (r == NULL) {
		tell_full(c, s, SHARE_TABLE);
		return;
	}
	emit_reply(c, s, "Reported as #R%" PRIu64 ". Moderators will look at it.", r->number);
	tell_moderators(c, s, r);
}

static const struct line_act report_act[] = {{report_line, "report", &report_shared}, {0}};

static bool get(struct chat *c, struct question *q, const char *fields)
{
	(void)c;
	return line_ref_get(q, report_act, fields);
}

const struct shared_question report_shared = {"report", line_ref_answer, line_ref_put, get, NULL};

void cmd_report(struct chat *c, struct session *s, const struct args *a)
{
	uint64_t id = line_ref_number(a->arg[0]);

	if (id == 0)
		command_usage(c, s, "report");
	else
		line_ref_ask(c, s, id, &report_act[0], a->rest);
}

/* -- looking --------------------------------------------------------------------------- */

static void list_one(struct chat *c, struct session *s, const struct report *r)
{
	char age[AGE_BYTES_MAX];
	const char *kept = r->state == REPORT_CLAIMED    ? ", claimed by "
	                   : r->state == REPORT_RESOLVED ? ", resolved by "
	                                                 : "";

	emit_rows(c, s, 6, "  #R%" PRIu64 "  %s ago  about %s in %s, by %s%s%s", r->number,
	          format_age(age, c->wall_ms - r->at_ms), r->sender, r->room, r->by, kept,
	          r->state != REPORT_OPEN ? r->keeper : "");
}

/* Lists the open reports, oldest first; or (all) the newest of all, in the same order. */
static void list(struct chat *c, struct session *s, bool all)
{
	uint32_t n = 0, skip, at = 0;
	const struct report *r;

	DL_FOREACH(c->moderation.reports.first, r)
		n += all || r->state != REPORT_RESOLVED;
	if (n == 0) {
		emit_reply(c, s, all ? "Nothing has been reported." : "There are no open reports.");
		return;
	}
	emit_reply(c, s, "%" PRIu32 " %s%s; %creports N shows one:", n, all ? "" : "open ",
	           n == 1 ? "report" : "reports", c->config.command_prefix);
	skip = all && n > REPORTS_LISTED_MAX ? n - REPORTS_LISTED_MAX : 0;
	if (skip > 0)
		emit_reply(c, s, "(%" PRIu32 " older ones are not shown.)", skip);
	DL_FOREACH(c->moderation.reports.first, r) {
		if (!all && r->state == REPORT_RESOLVED)
			continue;
		if (at >= skip && at < skip + REPORTS_LISTED_MAX)
			list_one(c, s, r);
		at++;
	}
	if (!all && n > REPORTS_LISTED_MAX)
		emit_reply(c, s, "and %" PRIu32 " more.", n - REPORTS_LISTED_MAX);
}

static void show(struct chat *c, struct session *s, const struct report *r)
{
	char age[AGE_BYTES_MAX];
	const char *state = report_state_name(r->state);
	const char *stamp = format_stamp(&c->stamp, r->said_ms);

	emit_reply(c, s, "#R%" PRIu64 " (%s): %s%s reported %s in %s, %s ago:", r->number, state,
	           r->by, r->by_account ? "" : " (a guest)", r->sender, r->room,
	           format_age(age, c->wall_ms - r->at_ms));
	if (r->erased && r->state == REPORT_RESOLVED)
		emit_reply(c, s, "What was said was deleted with the account.");
	else
		emit_line(c, s, (struct line_info){0}, r->action ? "#%" PRIu64 " %s* %s %s" : "#%" PRIu64 " %s[%s]:%s", r->line,
		          stamp, r->sender, r->text);
	emit_reply(c, s, "Reason: %s", *r->why != '\0' ? r->why : "none given");
	if (r->state != REPORT_OPEN)
		emit_reply(c, s, "%c%s by %s %s ago%s%s", toupper((unsigned char)*state), state + 1,
		           r->keeper, format_age(age, c->wall_ms - r->kept_ms),
		           *r->how != '\0' ? ": " : ".", r->how);
}

/* -- looking after it ------------------------------------------------------------------- */

/* Changes the state of a report, records that, and tells s. */
static void change(struct chat *c, struct session *s, struct report *r, enum report_state state,
                   const char *keeper, const char *how)
{
	static const char *const did[REPORT_STATES] = {
		[REPORT_OPEN] = "reopened", [REPORT_CLAIMED] = "claimed", [REPORT_RESOLVED] = "resolved",
	};
	struct bytes undo = {0};
	uint64_t act;

	undo_begin(&undo, "report");
	fields_put_number(&undo, "number", (int64_t)r->number);
	fields_put(&undo, "was", report_state_name(r->state));
	fields_put(&undo, "keeper", r->keeper);
	fields_put(&undo, "how", r->how);
	report_set(c, r, state, keeper, how);
	fields_put(&undo, "is", report_state_name(r->state));
	fields_put_number(&undo, "at", r->kept_ms);
	act = emit_audit(c, s, undo.data, "%s report #R%" PRIu64 " about %s in %s", did[state],
	                 r->number, r->sender, r->room);
	bytes_release(&undo);
	emit_reply(c, s, "#R%" PRIu64 " is %s. %cundo #A%" PRIu64 " takes it back.", r->number,
	           report_state_name(r->state), c->config.command_prefix, act);
}

/* The person who made the report was told that it is resolved. */
static void tell_open_again(struct chat *c, const struct session *s, const struct report *r)
{
	struct session *maker = report_maker(c, r);

	if (maker != NULL && maker != s)
		emit_reply(c, maker, "Your report #R%" PRIu64 " about %s in %s is open again.", r->number,
		           r->sender, r->room);
}

static void claim(struct chat *c, struct session *s, struct report *r)
{
	if (r->state != REPORT_OPEN) {
		emit_reply(c, s, "#R%" PRIu64 " is already %s by %s. %creports reopen %" PRIu64
		           " opens it again.", r->number, report_state_name(r->state), r->keeper,
		           c->config.command_prefix, r->number);
		return;
	}
	change(c, s, r, REPORT_CLAIMED, s->nick, "");
}

static void resolve(struct chat *c, struct session *s, struct report *r, const char *how)
{
	struct session *maker = report_maker(c, r);

	if (r->state == REPORT_RESOLVED) {
		emit_reply(c, s, "#R%" PRIu64 " was already resolved by %s.", r->number, r->keeper);
		return;
	}
	change(c, s, r, REPORT_RESOLVED, s->nick, how);
	if (maker != NULL && maker != s)
		emit_reply(c, maker, "Your report #R%" PRIu64 " about %s in %s was resolved%s%s",
		           r->number, r->sender, r->room, *r->how != '\0' ? ": " : ".", r->how);
}

static void reopen(struct chat *c, struct session *s, struct report *r)
{
	enum report_state was;

	if (r->state == REPORT_OPEN) {
		emit_reply(c, s, "#R%" PRIu64 " is already open.", r->number);
		return;
	}
	was = r->state;
	change(c, s, r, REPORT_OPEN, "", "");
	if (was == REPORT_RESOLVED)
		tell_open_again(c, s, r);
}

static enum report_state state_of(const char *data, const char *field)
{
	char *name = fields_get(data, field);
	enum report_state state = REPORT_OPEN;

	for (int i = 0; i < REPORT_STATES; i++)
		if (strcmp(report_state_name((enum report_state)i), name) == 0)
			state = (enum report_state)i;
	free(name);
	return state;
}

void undo_report(struct chat *c, struct session *s, const struct row *act)
{
	const char *data = act->changed;
	struct report *r = report_find(c, (uint64_t)fields_get_number(data, "number"));
	char *keeper = fields_get_text(data, "keeper", NAME_BYTES_MAX);
	char *how = fields_get_text(data, "how", REPORT_WHY_BYTES_MAX);
	enum report_state was = r != NULL ? r->state : REPORT_OPEN;

	if (r == NULL)
		undo_late(c, s, "that report is gone");
	else if (r->state != state_of(data, "is") || r->kept_ms != fields_get_time(data, "at"))
		undo_late(c, s, "someone has since worked on that report");
	else
		change(c, s, r, state_of(data, "was"), keeper, how);
	if (r != NULL && was == REPORT_RESOLVED && r->state != REPORT_RESOLVED)
		tell_open_again(c, s, r);
	free(keeper);
	free(how);
}

/* The report with that number: "12", "#12", "R12" or "#R12"; NULL: s was told. */
static struct report *named(struct chat *c, struct session *s, const char *word)
{
	const char *digits = word + (*word == '#');
	uint64_t number;
	struct report *r;

	digits += *digits == 'R' || *digits == 'r';
	number = *digits == '#' ? 0 : line_ref_number(digits);
	if (number == 0) {
		command_usage(c, s, "reports");
		return NULL;
	}
	r = report_find(c, number);
	if (r == NULL)
		emit_reply(c, s, "There is no report #R%" PRIu64 ". %creports all lists them all.",
		           number, c->config.command_prefix);
	return r;
}

/* The principal who last reported under that name; "": nobody. */
static const char *who_reported(struct chat *c, const char *name)
{
	char key[NAME_KEY_BYTES_MAX + 1];
	const struct report *r, *last = NULL;

	if (name_key(name, strlen(name), key))
		DL_FOREACH(c->moderation.reports.first, r)
			if (strcmp(r->by_key, key) == 0)
				last = r;
	return last != NULL ? last->who : "";
}

/* Whether --yes is the last word of rest; if so, cuts it off. */
static bool says_yes(char *rest)
{
	size_t len = strlen(rest);

	if (len < 5 || strcmp(rest + len - 5, "--yes") != 0 || (len > 5 && rest[len - 6] != ' '))
		return false;
	len -= 5;
	while (len > 0 && rest[len - 1] == ' ')
		len--;
	rest[len] = '\0';
	return true;
}

static int by_slot(const void *a, const void *b)
{
	uint32_t x = (*(struct session *const *)a)->id.slot, y = (*(struct session *const *)b)->id.slot;

	return (x > y) - (x < y);
}

/* The people here who made the reports of who and from, once for each report. */
static size_t makers_of(struct chat *c, const char *who, const struct address *from,
                        struct session *makers[REPORTS_MAX])
{
	const struct report *r;
	size_t n = 0;

	DL_FOREACH(c->moderation.reports.first, r) {
		struct session *maker = r->state != REPORT_RESOLVED && report_is_by(r, who, from)
		                      ? report_maker(c, r) : NULL;

		if (maker != NULL && n < REPORTS_MAX)
			makers[n++] = maker;
	}
	qsort(makers, n, sizeof makers[0], by_slot);
	return n;
}

/* Tells each of them once. */
static void tell_makers(struct chat *c, const struct session *but, struct session *const *makers,
                        size_t n)
{
	size_t same;

	for (size_t i = 0; i < n && emit_has_room(c); i += same) {
		same = 1;
		while (i + same < n && makers[i + same] == makers[i])
			same++;
		if (makers[i] != but && same == 1)
			emit_reply(c, makers[i], "One of your reports was resolved.");
		else if (makers[i] != but)
			emit_reply(c, makers[i], "%zu of your reports were resolved.", same);
	}
}

/* "/reports resolve all", "/reports resolve all of WHO": an address, or a name, which stands for
 * everything that the same principal reported under any name. Without --yes it only says how many. */
static void resolve_all(struct chat *c, struct session *s, char *rest)
{
	bool yes = says_yes(rest);
	const char *whose = strncasecmp(rest, "of ", 3) == 0 ? rest + 3 : NULL, *who = NULL;
	struct session *makers[REPORTS_MAX];
	struct address block, *from = NULL;
	const char *made;
	size_t nmakers;
	uint32_t n;

	if (*rest != '\0' && whose == NULL) {
		command_usage(c, s, "reports");
		return;
	}
	if (!emit_can_save(c, s))
		return;
	if (whose != NULL && strpbrk(whose, ".:/") != NULL && address_parse(whose, &block))
		from = &block;
	else if (whose != NULL)
		who = who_reported(c, whose);
	made = whose == NULL ? "" : from != NULL ? " made from " : " made by ";
	nmakers = yes ? makers_of(c, who, from, makers) : 0;
	n = yes ? reports_resolve(c, who, from, s->nick, "") : reports_by(c, who, from, false);
	if (n > 0 && !yes) {
		emit_reply(c, s, "This would resolve %" PRIu32 " %s%s%s; %creports lists them.", n,
		           n == 1 ? "report" : "reports", made, whose != NULL ? whose : "",
		           c->config.command_prefix);
		emit_reply(c, s, "Nothing has changed yet. %creports resolve all%s%s --yes does it.",
		           c->config.command_prefix, whose != NULL ? " of " : "",
		           whose != NULL ? whose : "");
		return;
	}
	if (n == 0) {
		emit_reply(c, s, "There is no open report%s%s.", made, whose != NULL ? whose : "");
		return;
	}
	emit_audit(c, s, "", "resolved %" PRIu32 " %s%s%s", n, n == 1 ? "report" : "reports",
	           made, whose != NULL ? whose : "");
	emit_reply(c, s, "Resolved %" PRIu32 " %s. %creports reopen N opens one again.", n,
	           n == 1 ? "report" : "reports", c->config.command_prefix);
	tell_makers(c, s, makers, nmakers);
	report_tick(c);
}

void cmd_reports(struct chat *c, struct session *s, const struct args *a)
{
	const char *verb = a->arg[0];
	bool claims, resolves, reopens;
	struct report *r;

	if (verb == NULL || (strcasecmp(verb, "all") == 0 && a->arg[1] == NULL)) {
		list(c, s, verb != NULL);
		return;
	}
	claims = strcasecmp(verb, "claim") == 0;
	resolves = strcasecmp(verb, "resolve") == 0;
	reopens = strcasecmp(verb, "reopen") == 0;
	if ((claims || resolves || reopens) != (a->arg[1] != NULL) ||
	    (!resolves && *a->rest != '\0')) {
		command_usage(c, s, "reports");
		return;
	}
	if (resolves && strcasecmp(a->arg[1], "all") == 0) {
		resolve_all(c, s, a->rest);
		return;
	}
	r = named(c, s, a->arg[1] != NULL ? a->arg[1] : verb);
	if (r == NULL)
		return;
	if (a->arg[1] == NULL)
		show(c, s, r);
	else if (!emit_can_save(c, s))
		return;
	else if (claims)
		claim(c, s, r);
	else if (resolves)
		resolve(c, s, r, a->rest);
	else
		reopen(c, s, r);
}
