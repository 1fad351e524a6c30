/* Commands that look after the running server: /reload /stats /prune /backup. */

#include "chatd/core/commands/cmd_maintenance.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/core/commands/cmd_cluster.h"
#include "chatd/core/entry/dialogue.h"
#include "chatd/core/moderation/shutdown.h"
#include "chatd/core/people/session.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/question.h"
#include "chatd/core/state/server_status.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum {
	SIZE_BYTES_MAX = 32, /* "12.3 MB" */
};

/* After a reply at the prompt, the prompt is shown again. */
static void answered(struct chat *c, struct session *s)
{
	if (s->state == SESSION_LOGIN)
		session_prompt(c, s);
}

/* -- /reload ---------------------------------------------------------------------------- */

/* One line of the program's answer, of len bytes, cut if it is too long. */
static void reloaded_line(struct chat *c, struct session *s, const char *line, size_t len)
{
	char text[RELOAD_LINE_BYTES_MAX * TEXT_EXPANSION + 1];
	bool cut = len > RELOAD_LINE_BYTES_MAX;

	text_sanitize(text, line, cut ? RELOAD_LINE_BYTES_MAX : len);
	emit_rows(c, s, 6, "  %s%s", text, cut ? "..." : "");
}

static void reload_answer(struct chat *c, struct session *s, struct question *q,
                          const struct event *e)
{
	const char *p = e->reloaded.lines;
	int n = 0;

	(void)q;
	if (!e->reloaded.ok && *p == '\0')
		emit_reply(c, s, "chatd was started without --config, so there is no file to read.");
	else if (!e->reloaded.ok)
		emit_reply(c, s, "The configuration stays as it was, because of this:");
	else
		emit_reply(c, s, *p != '\0' ? "The configuration was read again:"
		           : "The configuration was read again; nothing has changed in it.");
	for (; *p != '\0'; p += *p == '\n') {
		size_t len = strcspn(p, "\n");

		if (++n <= RELOAD_LINES_MAX)
			reloaded_line(c, s, p, len);
		p += len;
	}
	if (n > RELOAD_LINES_MAX)
		emit_reply(c, s, "and %d more lines, which are in the log.", n - RELOAD_LINES_MAX);
	if (e->reloaded.ok)
		emit_audit(c, s, "", "reloaded the configuration (%d %s)", n,
		           n == 1 ? "change" : "changes");
	answered(c, s);
}

void cmd_reload(struct chat *c, struct session *s, const struct args *a)
{
	(void)a;
	question_ask_program(c, question_new(c, s, reload_answer), EFFECT_RELOAD, EVENT_RELOADED,
	                     s->nick);
}

/* -- /stats ----------------------------------------------------------------------------- */

static const char *size_show(char out[SIZE_BYTES_MAX], uint64_t bytes)
{
	static const char *const units[] = {"bytes", "KB", "MB", "GB", "TB"};
	uint64_t tenths = bytes * 10;
	size_t i = 0;

	/* 1000 KB would have to be a MB. */
	for (; tenths >= 10000 && i + 1 < sizeof units / sizeof units[0]; i++)
		tenths = (tenths + 512) / 1024;
	if (i == 0)
		snprintf(out, SIZE_BYTES_MAX, "%" PRIu64 " bytes", bytes);
	else
		snprintf(out, SIZE_BYTES_MAX, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
		         units[i]);
	return out;
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void show_people(struct chat *c, struct session *s)
{
	const struct session *one, *next;
	uint32_t accounts = 0, unnamed = 0, here = cluster_people_here(c);

	HASH_ITER(hh, c->people.by_key, one, next)
		accounts += one->account != NULL;
	for (one = c->people.unnamed.login; one != NULL; one = one->next)
		unnamed++;
	emit_reply(c, s, "People: %" PRIu32 ", %" PRIu32 " of them with an account; at most %" PRIu32
	           " at once so far.", c->people.n, accounts, c->status.people_most);
	emit_reply(c, s, "Connections: %" PRIu32 " of %" PRIu32 ", %" PRIu32 " of them without a name "
	           "yet.", here + unnamed, c->config.connections_max, unnamed);
	emit_reply(c, s, "Rooms: %" PRIu32 " of %d. Accounts: %" PRIu32 " of %d. Lines said since the "
	           "start: %" PRIu64 ".", c->rooms.n, ROOMS_MAX, c->people.accounts.n, ACCOUNTS_MAX,
	           c->status.counts.lines);
}

static void show_saving(struct chat *c, struct session *s)
{
	uint64_t waiting = c->records.seq - c->records.stored_seq, lost = c->outage.lines;

	if (c->outage.talks)
		emit_reply(c, s, "Saving: nothing can be saved at present (%s), but talk goes on; %" PRIu64
		           " record%s waiting, and %" PRIu64 " line%s will be missing.", c->outage.reason,
		           waiting, waiting == 1 ? " is" : "s are", lost, plural(lost));
	else if (c->outage.reason != NULL)
		emit_reply(c, s, "Saving: nothing can be saved at present (%s); %" PRIu64 " record%s "
		           "waiting.", c->outage.reason, waiting, plural(waiting));
	else if (waiting > 0)
		emit_reply(c, s, "Saving: %" PRIu64 " record%s being saved.", waiting,
		           waiting == 1 ? " is" : "s are");
	else
		emit_reply(c, s, "Saving: everything is saved.");
}

/* Tells s why old lines are not deleted. False: nothing holds them back. */
static bool show_waits(struct chat *c, struct session *s, const struct rows *rows)
{
	const struct room *r = room_by_number(c, rows->stats.room);

	if (rows->stats.waits == OLD_LINES_WAIT_CLOCK)
		emit_reply(c, s, "Old lines are kept for now: the clock jumped ahead by over %d days.",
		           CLOCK_AHEAD_DAYS);
	else if (rows->stats.waits == OLD_LINES_WAIT_MUCH)
		emit_reply(c, s, "Old lines are kept for now: over a tenth of %s would be deleted.",
		           r != NULL ? r->name : "a room");
	return rows->stats.waits != OLD_LINES_GO;
}

static void show_database(struct chat *c, struct session *s, const struct rows *rows)
{
	char database[SIZE_BYTES_MAX], wal[SIZE_BYTES_MAX], disk[SIZE_BYTES_MAX];
	uint64_t left;

	if (rows->error != NULL) {
		emit_reply(c, s, "Database: unknown. %s", rows->error);
		return;
	}
	left = rows->stats.free_bytes;
	emit_reply(c, s, "Database: %s, and %s in its WAL%s%s%s.",
	           size_show(database, rows->stats.database_bytes),
	           size_show(wal, rows->stats.wal_bytes), left > 0 ? "; " : "",
	           left > 0 ? size_show(disk, left) : "", left > 0 ? " are free on its disk" : "");
	show_waits(c, s, rows);
}

static void show_program(struct chat *c, struct session *s)
{
	const struct figures *f = &c->status.figures;
	char memory[SIZE_BYTES_MAX], most[SIZE_BYTES_MAX];

	if (f->memory_bytes > 0)
		emit_reply(c, s, "Memory: %s of %s at most.", size_show(memory, f->memory_bytes),
		           size_show(most, f->memory_max));
	else
		emit_reply(c, s, "Memory: unknown, at most %s.", size_show(most, f->memory_max));
	if (f->descriptors > 0)
		emit_reply(c, s, "Descriptors: %" PRIu64 " of %" PRIu64 " are open.", f->descriptors,
		           f->descriptors_max);
	else
		emit_reply(c, s, "Descriptors: %" PRIu64 " may be open.", f->descriptors_max);
	if (f->io != NULL)
		emit_reply(c, s, "Input and output: %s.", f->io);
}

static void show_tls(struct chat *c, struct session *s)
{
	const struct figures *f = &c->status.figures;
	int64_t left_ms = f->tls.until_ms - c->wall_ms;
	char age[AGE_BYTES_MAX];

	if (f->tls.until_ms == 0)
		return;
	emit_reply(c, s, "TLS handshakes: %" PRIu64 " done, %" PRIu64 " failed. Connections refused before one: %" PRIu64
	           ".", f->tls.done, f->tls.failed, f->tls.refused);
	if (left_ms > 0)
		emit_reply(c, s, "The certificate is good for %s.", format_until(age, left_ms));
	else
		emit_reply(c, s, "The certificate has expired: clients refuse it.");
}

static void stats_answer(struct chat *c, struct session *s, struct question *q,
                         const struct event *e)
{
	const struct figures *f = &c->status.figures;
	char age[AGE_BYTES_MAX];

	(void)q;
	emit_reply(c, s, "chatd %s has run for %s, since %.19s.", CHATD_VERSION,
	           format_age(age, f->up_ms), format_stamp(&c->stamp, c->wall_ms - f->up_ms) + 1);
	show_people(c, s);
	show_saving(c, s);
	show_database(c, s, e->rows);
	show_program(c, s);
	show_tls(c, s);
	cluster_stats(c, s);
	if (c->status.backup != NULL)
		emit_reply(c, s, "A backup to %s has been running for %s.", c->status.backup,
		           format_age(age, c->now_ms - c->status.backup_ms));
	shutdown_tell(c, s);
	answered(c, s);
}

/* The program's figures are there; now those of the database. */
static void figures_answer(struct chat *c, struct session *s, struct question *q,
                           const struct event *e)
{
	(void)q;
	c->status.figures = *e->figures;
	question_ask(c, question_new(c, s, stats_answer),
	             (struct query){.kind = QUERY_STATS});
}

void cmd_stats(struct chat *c, struct session *s, const struct args *a)
{
	(void)a;
	question_ask_program(c, question_new(c, s, figures_answer), EFFECT_FIGURES, EVENT_FIGURES, "");
}

/* -- /prune ----------------------------------------------------------------------------- */

static void prune(struct chat *c, struct session *s, const struct event *e, bool yes)
{
	if (e->rows->error != NULL) {
		emit_reply(c, s, "Nothing was deleted: %s", e->rows->error);
	} else if (!show_waits(c, s, e->rows)) {
		emit_reply(c, s, "No old lines are waiting to be deleted.");
	} else if (!yes) {
		emit_reply(c, s, "%cprune --yes deletes them now. A day with a steady clock does too.",
		           c->config.command_prefix);
	} else {
		emit_audit(c, s, "", "deleted old lines that had been held back");
		if (chat_defers(c))
			act_propose(c, s, ACT_PRUNE, "");
		else
			emit_append(c, (struct record){.kind = RECORD_PRUNE, .time_ms = c->wall_ms,
			                               .room_name = ""});
		emit_reply(c, s, "Deleting them now. The log says how many.");
	}
	answered(c, s);
}

static void prune_asked(struct chat *c, struct session *s, struct question *q,
                        const struct event *e)
{
	(void)q;
	prune(c, s, e, false);
}

static void prune_ordered(struct chat *c, struct session *s, struct question *q,
                          const struct event *e)
{
	(void)q;
	prune(c, s, e, true);
}

void cmd_prune(struct chat *c, struct session *s, const struct args *a)
{
	question_ask(c, question_new(c, s, a->yes ? prune_ordered : prune_asked),
	             (struct query){.kind = QUERY_STATS});
}

/* -- /backup ---------------------------------------------------------------------------- */

const char *backup_bars(const char *name)
{
	/* SQLite and chatd would take it for a part of the database. */
	static const char *const sides[] = {"-wal", "-shm", "-journal", "-part", "-new", "-whole", "-ctl"};
	size_t len = strlen(name);

	if (len > BACKUP_NAME_BYTES_MAX)
		return "That name is too long";
	if (*name == '\0' || *name == '.' || *name == '-')
		return "A backup is made next to the database, under a name that begins with a letter or digit";
	for (const char *p = name; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr(".-_", *p) == NULL)
			return "A backup is made next to the database, under a name of letters, digits and . - _";
	for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++)
		if (len >= strlen(sides[i]) && strcmp(name + len - strlen(sides[i]), sides[i]) == 0)
			return "Names that end like that are reserved for parts of a database";
	return NULL;
}

bool backup_owes(const struct chat *c, const struct session *s)
{
	return c->status.backup_for.gen == s->id.gen && c->status.backup_for.slot == s->id.slot;
}

/* The person who asked may have left. */
static void backup_answer(struct chat *c, struct session *none, struct question *q,
                          const struct event *e)
{
	struct session *s = chat_session(c, c->status.backup_for);
	const struct rows *rows = e->rows;
	char size[SIZE_BYTES_MAX], *name = c->status.backup;
	int64_t ms = c->now_ms - c->status.backup_ms;

	(void)none;
	(void)q;
	c->status.backup = NULL;
	c->status.backup_for = (struct conn_id){0, 0};
	if (s != NULL) {
		/* Behind the prompt it would not begin a line. */
		if (s->state == SESSION_LOGIN)
			emit_raw(c, s, "\n", 1);
		if (rows->error != NULL)
			emit_reply(c, s, "Not backed up to %s: %s", name, rows->error);
		else
			emit_reply(c, s, "Backed up to %s: %s in %" PRId64 ".%" PRId64 " seconds.%s", name,
			           size_show(size, rows->backup.bytes), ms / 1000, ms / 100 % 10,
			           c->outage.reason != NULL && c->records.seq > c->records.stored_seq
			                   ? " It lacks what could not be saved yet." : "");
		command_tell_status(c, s, rows->error == NULL && c->status.backup_status);
		if (s->state == SESSION_LOGIN && !s->input.eof)
			session_prompt(c, s);
		if (s->input.eof)
			session_finish(c, s);
	}
	free(name);
}

void cmd_backup(struct chat *c, struct session *s, const struct args *a)
{
	const char *bar = backup_bars(a->arg[0]);
	char age[AGE_BYTES_MAX];

	if (bar != NULL) {
		emit_reply(c, s, "%s.", bar);
	} else if (c->status.backup != NULL) {
		emit_reply(c, s, "A backup to %s has been running for %s; wait until it is done.",
		           c->status.backup, format_age(age, c->now_ms - c->status.backup_ms));
	} else {
		c->status.backup = mem_strdup(a->arg[0]);
		c->status.backup_ms = c->now_ms;
		c->status.backup_for = s->id;
		c->status.backup_status = a->status;
		emit_audit(c, s, "", "started a backup to %s", a->arg[0]);
		question_ask(c, question_new(c, NULL, backup_answer),
		             (struct query){.kind = QUERY_BACKUP, .backup = {a->arg[0]}});
		/* A program waits for the result. */
		if (!a->status)
			emit_reply(c, s, "Making a backup to %s. You will be told here when it is done.", a->arg[0]);
	}
}
