/*
 * Lists of what a database has. Owns the table of rooms while it is made.
 *
 * Everything is put together before it is printed, so that the database is not held while somebody
 * reads: the largest list is that of accounts, of which there are at most 100,000.
 */
#include "chatd/program/admin_list.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/clock.h"
#include "chatd/base/fields.h"
#include "chatd/base/hash.h"
#include "chatd/base/json.h"
#include "chatd/base/text.h"
#include "chatd/base/time_format.h"
#include "chatd/program/daemon.h"
#include "chatd/program/tell.h"
#include "chatd/store/db/cluster.h"
#include "chatd/store/db/integrity.h"
#include "chatd/store/db/inventory.h"
#include "chatd/store/db/outside.h"
#include "chatd/store/db/store.h"

struct store *admin_read_begin(const struct conf *c, const struct admin_db *p, bool *running)
{
	struct store_error err;
	struct store *s;

	if (!admin_db_take(c, p))
		return NULL;
	s = outside_open(p->database, running, &err);
	if (!s)
		admin_tell("%s", err.text);
	return s;
}

bool admin_print(const struct bytes *b)
{
	if (b->len > 0 && fwrite(b->data, 1, b->len, stdout) != b->len)
		clearerr(stdout);
	else if (fflush(stdout) == 0)
		return true;
	admin_tell("cannot write to standard output: %s", strerror(errno));
	return false;
}

void admin_put_time(struct bytes *b, int64_t time_ms)
{
	struct stamp_cache stamp = { .text = "" };

	if (time_ms == 0)
		bytes_printf(b, "%*s", ADMIN_TIME_COLUMNS, "");
	else
		bytes_append(b, format_stamp(&stamp, time_ms) + 1, ADMIN_TIME_COLUMNS);
}

/* -- rows -------------------------------------------------------------------------------- */

static void json_end_line(struct bytes *out)
{
	json_end(out);
	bytes_puts(out, "\n");
}

/* A field of a fact as a text of the object, unless it is missing. */
static void json_field(struct bytes *out, const char *name, const char *fields, const char *field)
{
	char *text = fields_get(fields, field);

	if (*text != '\0')
		json_text(out, name, text);
	free(text);
}

static void json_time_field(struct bytes *out, const char *name, const char *fields, const char *field)
{
	int64_t ms = fields_get_time(fields, field);

	if (ms != 0)
		json_number(out, name, ms);
}

/* -- accounts ------------------------------------------------------------------------------ */

/* What a list is made into. */
struct listing {
	bool json;
	struct bytes out;       /* rows */
	uint64_t n;             /* how many things */
};

static void account_add(void *ctx, const struct saved_fact *f)
{
	struct listing *l = ctx;
	char *nick, *role;
	struct bytes row = { 0 };

	if (f->kind != FACT_ACCOUNT)
		return;
	nick = fields_get_text(f->value, "nick", NAME_BYTES_MAX);
	role = fields_get_text(f->value, "role", 16);
	l->n++;
	if (l->json) {
		json_begin(&l->out, NULL);
		json_text(&l->out, "name", nick);
		json_text(&l->out, "role", role);
		json_time_field(&l->out, "made_ms", f->value, "made");
		/* The time ends at a slash, behind which the address follows. */
		json_time_field(&l->out, "signed_in_ms", f->value, "last0");
		json_end_line(&l->out);
	} else {
		bytes_printf(&row, "%-9s  ", role);
		admin_put_time(&row, fields_get_time(f->value, "made"));
		bytes_puts(&row, "  ");
		admin_put_time(&row, fields_get_time(f->value, "last0"));
		bytes_printf(&row, "  %s", nick);
		tell_rows(&l->out, row.data);
		bytes_release(&row);
	}
	free(nick);
	free(role);
}

/* -- rooms ---------------------------------------------------------------------------------- */

struct room_item {
	uint32_t number;        /* the key */
	char *name;             /* owned */
	char *owner;            /* owned; the key of the account that owns it; "": none */
	uint64_t lines;
	int64_t last_ms;
	bool private, locked, permanent; /* locked: it has a password */
	UT_hash_handle hh;
};

struct rooms {
	struct room_item *by_number; /* owned */
	struct listing *list;   /* what they are for */
	int64_t now_ms;         /* since the epoch */
};

static struct room_item *room_of(struct rooms *rooms, uint32_t number)
{
	struct room_item *r;

	HASH_FIND(hh, rooms->by_number, &number, sizeof(number), r);
	if (r)
		return r;
	r = mem_zero(1, sizeof(*r));
	r->number = number;
	r->name = mem_strdup("");
	r->owner = mem_strdup("");
	HASH_ADD(hh, rooms->by_number, number, sizeof(r->number), r);
	return r;
}

static void rooms_release(struct rooms *rooms)
{
	struct room_item *r, *next;

	HASH_ITER(hh, rooms->by_number, r, next) {
		HASH_DEL(rooms->by_number, r); /* NOLINT(clang-analyzer-unix.Malloc): not freed yet */
		free(r->name);
		free(r->owner);
		free(r);
	}
}

static void room_note(void *ctx, const struct inventory_room *r)
{
	struct room_item *item = room_of(ctx, r->number);

	free(item->name);
	item->name = text_shown(r->name, NAME_BYTES_MAX);
	item->lines = r->lines;
	item->last_ms = r->last_ms;
}

static void settings_note(struct rooms *rooms, const struct saved_fact *f)
{
	uint32_t number = fields_get_count(f->value, "number", ROOM_NUMBER_MAX);
	struct room_item *r = number != 0 ? room_of(rooms, number) : NULL;
	char *hash;

	if (!r)
		return;
	/* Rooms without lines are saved as settings alone. */
	if (*r->name == '\0') {
		free(r->name);
		r->name = fields_get_text(f->value, "name", NAME_BYTES_MAX);
	}
	hash = fields_get(f->value, "hash");
	r->locked = *hash != '\0';
	r->private = fields_get_number(f->value, "private") != 0;
	r->permanent = fields_get_number(f->value, "permanent") != 0;
	free(hash);
}

/* Facts about rooms, in the order of their kinds: settings before memberships. */
static void room_fact_note(void *ctx, const struct saved_fact *f)
{
	struct rooms *rooms = ctx;
	const char *account = strchr(f->key, ' ');
	char *role;

	if (f->kind == FACT_ROOM)
		settings_note(rooms, f);
	if (f->kind != FACT_INVITE || !account)
		return;
	role = fields_get(f->value, "role");
	if (strcmp(role, "owner") == 0) {
		struct room_item *r = room_of(rooms, fields_get_count(f->value, "room", ROOM_NUMBER_MAX));

		free(r->owner);
		r->owner = text_shown(account + 1, NAME_BYTES_MAX);
	}
	free(role);
}

static int by_number(struct room_item *a, struct room_item *b)
{
	return a->number < b->number ? -1 : a->number > b->number;
}

static void room_add(struct listing *l, const struct room_item *r)
{
	struct bytes row = { 0 };

	l->n++;
	if (l->json) {
		json_begin(&l->out, NULL);
		json_text(&l->out, "name", r->name);
		json_number(&l->out, "number", r->number);
		json_number(&l->out, "lines", (int64_t)r->lines);
		if (r->last_ms != 0)
			json_number(&l->out, "last_ms", r->last_ms);
		if (*r->owner != '\0')
			json_text(&l->out, "owner", r->owner);
		json_bool(&l->out, "private", r->private);
		json_bool(&l->out, "password", r->locked);
		json_bool(&l->out, "permanent", r->permanent);
		json_end_line(&l->out);
		return;
	}
	bytes_printf(&row, "%9" PRIu64 "  ", r->lines);
	admin_put_time(&row, r->last_ms);
	bytes_printf(&row, "  %s", r->name);
	if (*r->owner != '\0')
		bytes_printf(&row, ", owned by %s", r->owner);
	bytes_puts(&row, r->private ? ", private" : "");
	bytes_puts(&row, r->locked ? ", with a password" : "");
	bytes_puts(&row, r->permanent ? ", permanent" : "");
	tell_rows(&l->out, row.data);
	bytes_release(&row);
}

static bool rooms_load(struct rooms *rooms, struct store *s, struct store_error *err)
{
	if (!inventory_rooms(s, room_note, rooms, err) || !store_facts(s, room_fact_note, rooms, err))
		return false;
	HASH_SORT(rooms->by_number, by_number);
	return true;
}

static bool rooms_list(struct store *s, struct listing *l, struct store_error *err)
{
	struct rooms rooms = { .by_number = NULL };
	bool ok = rooms_load(&rooms, s, err);

	for (struct room_item *r = rooms.by_number; ok && r; r = r->hh.next)
		if (*r->name != '\0')
			room_add(l, r);
	rooms_release(&rooms);
	return ok;
}

/* -- bans ------------------------------------------------------------------------------------ */

/* Where it holds: the name of a room; "": everywhere. The lobby has no number of its own there. */
static const char *ban_room(struct rooms *rooms, const char *value)
{
	char *lobby = fields_get(value, "lobby");
	uint32_t number = fields_get_count(value, "room", ROOM_NUMBER_MAX);
	const char *room = *lobby != '\0' ? "the lobby" : number != 0 ? room_of(rooms, number)->name : "";

	free(lobby);
	return room;
}

static void ban_json(struct rooms *rooms, const struct saved_fact *f, const char *room)
{
	struct bytes *out = &rooms->list->out;

	json_begin(out, NULL);
	json_text(out, "kind", f->kind == FACT_BAN ? "ban" : "mute");
	json_number(out, "number", strtoll(f->key, NULL, 10));
	json_field(out, "target", f->value, "target");
	json_field(out, "who", f->value, "who");
	json_field(out, "address", f->value, "from");
	if (*room != '\0')
		json_text(out, "room", room);
	json_field(out, "by", f->value, "by");
	json_time_field(out, "at_ms", f->value, "at");
	json_time_field(out, "until_ms", f->value, "until");
	json_field(out, "why", f->value, "why");
	json_end_line(out);
}

static void ban_row(struct rooms *rooms, const struct saved_fact *f, const char *room)
{
	int64_t until_ms = fields_get_time(f->value, "until");
	char *who = fields_get_text(f->value, "who", NAME_BYTES_MAX);
	char *from = fields_get_text(f->value, "from", ADDRESS_BYTES_MAX);
	char *by = fields_get_text(f->value, "by", NAME_BYTES_MAX);
	char *why = fields_get_text(f->value, "why", (size_t)BAN_WHY_CHARS_MAX * 4);
	struct bytes row = { 0 };

	bytes_printf(&row, "%-4s  ", f->kind == FACT_BAN ? "ban" : "mute");
	if (until_ms != 0)
		admin_put_time(&row, until_ms);
	else
		bytes_printf(&row, "%-*s", ADMIN_TIME_COLUMNS, "for good");
	bytes_printf(&row, "  %s", who);
	/* A ban of an address has no other name. */
	if (*from && strcmp(who, from) != 0)
		bytes_printf(&row, "%s%s", *who ? " " : "", from);
	bytes_printf(&row, "%s%s, by %s%s%s", *room ? " in " : " everywhere", room, by, *why ? ": " : "", why);
	tell_rows(&rooms->list->out, row.data);
	bytes_release(&row);
	free(who);
	free(from);
	free(by);
	free(why);
}

/* One that is over is still there until a chatd forgets it. */
static void ban_add(void *ctx, const struct saved_fact *f)
{
	struct rooms *rooms = ctx;
	int64_t until_ms = f->kind == FACT_BAN || f->kind == FACT_MUTE ? fields_get_time(f->value, "until") : 1;
	const char *room;

	if (until_ms != 0 && until_ms <= rooms->now_ms)
		return;
	room = ban_room(rooms, f->value);
	rooms->list->n++;
	if (rooms->list->json)
		ban_json(rooms, f, room);
	else
		ban_row(rooms, f, room);
}

static bool bans_list(struct store *s, struct listing *l, struct store_error *err)
{
	struct rooms rooms = { .list = l, .now_ms = clock_ms(CLOCK_REALTIME) };
	bool ok = rooms_load(&rooms, s, err) && store_facts(s, ban_add, &rooms, err);

	rooms_release(&rooms);
	return ok;
}

/* -- admin list --------------------------------------------------------------------------------- */

static bool listing_print(struct listing *l, const char *head, const char *what)
{
	struct bytes all = { 0 };
	bool ok;

	if (!l->json && l->n > 0)
		bytes_printf(&all, "%s\n", head);
	bytes_append(&all, l->out.data ? l->out.data : "", l->out.len);
	if (!l->json)
		bytes_printf(&all, "%" PRIu64 " %.*s%s\n", l->n, (int)strlen(what) - 1, what, l->n == 1 ? "" : "s");
	ok = admin_print(&all);
	bytes_release(&all);
	return ok;
}

bool admin_list(const struct conf *c, const struct admin_db *p, const char *what, bool json)
{
	struct listing l = { .json = json };
	const char *head;
	struct store_error err;
	bool running, ok;
	struct store *s = admin_read_begin(c, p, &running);

	if (!s)
		return false;
	if (strcmp(what, "accounts") == 0) {
		head = "ROLE       MADE              SIGNED IN         NAME";
		ok = store_facts(s, account_add, &l, &err);
	} else if (strcmp(what, "rooms") == 0) {
		head = "    LINES  LAST LINE         NAME";
		ok = rooms_list(s, &l, &err);
	} else {
		head = "KIND  UNTIL             WHO";
		ok = bans_list(s, &l, &err);
	}
	store_close(s);
	if (!ok)
		admin_tell("%s", err.text);
	ok = ok && listing_print(&l, head, what);
	bytes_release(&l.out);
	return ok;
}

/* -- sessions ------------------------------------------------------------------------------------ */

static void session_json(struct bytes *out, const char *fields)
{
	json_begin(out, NULL);
	json_field(out, "name", fields, "name");
	json_field(out, "account", fields, "account");
	json_field(out, "role", fields, "role");
	json_field(out, "room", fields, "room");
	json_field(out, "address", fields, "from");
	json_time_field(out, "since_ms", fields, "since");
	json_number(out, "idle_ms", fields_get_number(fields, "idle"));
	json_bool(out, "away", fields_get_number(fields, "away") != 0);
	json_bool(out, "tls", fields_get_number(fields, "tls") != 0);
	json_end_line(out);
}

static void session_row(struct bytes *out, const char *fields)
{
	char *name = fields_get_text(fields, "name", NAME_BYTES_MAX);
	char *room = fields_get_text(fields, "room", NAME_BYTES_MAX);
	char *role = fields_get_text(fields, "role", 16);
	char *from = fields_get_text(fields, "from", ADDRESS_BYTES_MAX);
	char idle[AGE_BYTES_MAX];
	struct bytes row = { 0 };

	bytes_printf(&row, "%-9s  ", *role ? role : "guest");
	admin_put_time(&row, fields_get_time(fields, "since"));
	bytes_printf(&row, "  %-12s  %s in %s, from %s", format_age(idle, fields_get_number(fields, "idle")),
	             name, room, from);
	tell_rows(out, row.data);
	bytes_release(&row);
	free(name);
	free(room);
	free(role);
	free(from);
}

bool admin_list_session_page(struct admin_list_sessions *list, uint32_t from, char *answer)
{
	static const char row[] = "-- connection ", more[] = "-- status: more from ";
	struct bytes out = { 0 };
	bool known = false, ok;

	for (char *line = strtok(answer, "\r\n"); line; line = strtok(NULL, "\r\n")) {
		if (strncmp(line, row, sizeof(row) - 1) == 0) {
			if (!list->json && list->n++ == 0)
				bytes_puts(&out, "ROLE       SINCE             IDLE          NAME\n");
			(list->json ? session_json : session_row)(&out, line + sizeof(row) - 1);
		} else if (strncmp(line, more, sizeof(more) - 1) == 0) {
			list->next = (uint32_t)strtoul(line + sizeof(more) - 1, NULL, 10);
			known = list->next > from;
		} else if (strcmp(line, "-- status: done") == 0) {
			list->ended = known = true;
		}
	}
	if (!list->json && list->ended)
		bytes_printf(&out, "%" PRIu64 " session%s\n", list->n, list->n == 1 ? "" : "s");
	ok = known && admin_print(&out);
	bytes_release(&out);
	return ok;
}

/* -- admin stats ---------------------------------------------------------------------------------- */

struct fact_numbers {
	uint64_t accounts, admins, moderators, bans, mutes, mails, reports, open_reports;
	int64_t now_ms;
};

static void fact_count(void *ctx, const struct saved_fact *f)
{
	struct fact_numbers *n = ctx;
	char *role = f->kind == FACT_ACCOUNT ? fields_get(f->value, "role") : NULL;
	char *state = f->kind == FACT_REPORT ? fields_get(f->value, "state") : NULL;
	int64_t until_ms = fields_get_time(f->value, "until");
	bool over = until_ms != 0 && until_ms <= n->now_ms;

	n->accounts += role != NULL;
	n->admins += role && strcmp(role, "admin") == 0;
	n->moderators += role && strcmp(role, "moderator") == 0;
	n->bans += f->kind == FACT_BAN && !over;
	n->mutes += f->kind == FACT_MUTE && !over;
	n->mails += f->kind == FACT_MAIL;
	n->reports += state != NULL;
	n->open_reports += state && strcmp(state, "resolved") != 0;
	free(role);
	free(state);
}

static void stats_json(struct bytes *out, const struct inventory_numbers *n, const struct fact_numbers *f,
                       bool running)
{
	json_begin(out, NULL);
	json_bool(out, "running", running);
	json_number(out, "lines", (int64_t)n->lines);
	json_number(out, "unindexed", (int64_t)n->unindexed);
	json_number(out, "first_ms", n->first_ms);
	json_number(out, "last_ms", n->last_ms);
	json_number(out, "rooms", (int64_t)n->rooms);
	json_number(out, "accounts", (int64_t)f->accounts);
	json_number(out, "admins", (int64_t)f->admins);
	json_number(out, "moderators", (int64_t)f->moderators);
	json_number(out, "bans", (int64_t)f->bans);
	json_number(out, "mutes", (int64_t)f->mutes);
	json_number(out, "mail", (int64_t)f->mails);
	json_number(out, "reports", (int64_t)f->reports);
	json_number(out, "open_reports", (int64_t)f->open_reports);
	json_number(out, "audit", (int64_t)n->actions);
	json_number(out, "database_bytes", (int64_t)n->database_bytes);
	json_number(out, "wal_bytes", (int64_t)n->wal_bytes);
	json_end_line(out);
}

static void stats_text(struct bytes *out, const struct inventory_numbers *n, const struct fact_numbers *f,
                       bool running, const char *database)
{
	bytes_printf(out, "Database: %s\n", database);
	bytes_printf(out, "A chatd is running on it: %s\n", running ? "yes" : "no");
	bytes_printf(out, "Lines: %" PRIu64, n->lines);
	if (n->lines > 0) {
		bytes_puts(out, ", from ");
		admin_put_time(out, n->first_ms);
		bytes_puts(out, " to ");
		admin_put_time(out, n->last_ms);
	}
	if (n->unindexed > 0)
		bytes_printf(out, "; %" PRIu64 " of them not in the full-text index yet", n->unindexed);
	bytes_printf(out, "\nRooms with lines: %" PRIu64 "\n", n->rooms);
	bytes_printf(out, "Accounts: %" PRIu64 " (%" PRIu64 " administrator%s, %" PRIu64 " moderator%s)\n", f->accounts,
	             f->admins, f->admins == 1 ? "" : "s", f->moderators, f->moderators == 1 ? "" : "s");
	bytes_printf(out, "Bans: %" PRIu64 ", mutes: %" PRIu64 "\n", f->bans, f->mutes);
	bytes_printf(out, "Private messages that wait: %" PRIu64 "\n", f->mails);
	bytes_printf(out, "Reports: %" PRIu64 ", %" PRIu64 " of them not resolved\n", f->reports, f->open_reports);
	bytes_printf(out, "Moderation actions: %" PRIu64 "\n", n->actions);
	bytes_printf(out, "Size: %" PRIu64 " KiB, and %" PRIu64 " KiB in the WAL\n", n->database_bytes / 1024,
	             n->wal_bytes / 1024);
}

bool admin_stats(const struct conf *c, const struct admin_db *p, bool json)
{
	struct fact_numbers facts = { .now_ms = clock_ms(CLOCK_REALTIME) };
	struct inventory_numbers n;
	struct store_error err;
	struct bytes out = { 0 };
	char *database = text_shown(p->database, strlen(p->database) * TEXT_EXPANSION + 1);
	bool running = false, ok = false;
	struct store *s = admin_read_begin(c, p, &running);

	if (s) {
		ok = inventory_numbers(s, &n, &err) && store_facts(s, fact_count, &facts, &err);
		if (!ok)
			admin_tell("%s", err.text);
		store_close(s);
	}
	if (ok && json)
		stats_json(&out, &n, &facts, running);
	else if (ok)
		stats_text(&out, &n, &facts, running, database);
	ok = ok && admin_print(&out);
	bytes_release(&out);
	free(database);
	return ok;
}

/* -- admin check ------------------------------------------------------------------------------------ */

static void problem_add_line(struct listing *l, const char *line)
{
	char *shown = text_shown(line, 400);

	l->n++;
	if (l->json) {
		bytes_puts(&l->out, l->n > 1 ? "," : "");
		json_begin(&l->out, NULL);
		json_text(&l->out, "problem", shown);
		json_end(&l->out);
	} else {
		tell_rows(&l->out, shown);
	}
	free(shown);
}

/* SQLite puts several lines into one: "*** in database main ***", and what is wrong there. */
static void problem_add(void *ctx, const char *what)
{
	char *copy = mem_strdup(what), *rest = copy, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0' && strncmp(line, "*** in database ", 16) != 0)
			problem_add_line(ctx, line);
	free(copy);
}

/* The nodes of a cluster, for people or as JSON. */
static enum admin_nodes nodes_put(const struct conf *c, const struct admin_db *p, bool json, admin_compare *compare,
                                  struct bytes *out)
{
	struct bytes said = { 0 };
	enum admin_nodes nodes = compare(c, p, &said);

	if (json && nodes != ADMIN_NODES_UNKNOWN)
		bytes_printf(out, ",\"nodes\":\"%s\"", nodes == ADMIN_NODES_SAME ? "same" : "differ");
	else if (!json && said.len > 0)
		bytes_append(out, said.data, said.len);
	bytes_release(&said);
	return nodes;
}

/* Where a node is that does not run. The position begins with the id of an act. */
static void position_put(const struct store_cluster *k, struct bytes *out)
{
	bytes_printf(out, "It is of the cluster %s, up to the act %.*s.\nNodes are compared while chatd runs.\n",
	             *k->id != '\0' ? k->id : "-", (int)strcspn(k->position, " "), k->position);
}

/* Checks the store, and reads whose it is. */
static enum integrity check_store(struct store *s, struct listing *l, struct store_cluster *of, struct store_error *err)
{
	enum integrity found = integrity_check(s, problem_add, l, err);

	/* What is damaged may lack it. */
	if (found != INTEGRITY_SOUND || !store_cluster(s, of, err))
		*of = (struct store_cluster){ .id = "" };
	return found;
}

int admin_check(const struct conf *c, const struct admin_db *p, bool json, admin_compare *compare)
{
	struct listing l = { .json = json };
	enum admin_nodes nodes = ADMIN_NODES_SAME;
	struct store_cluster of;
	struct store_error err;
	struct bytes out = { 0 };
	enum integrity found;
	bool running, ok;
	struct store *s = admin_read_begin(c, p, &running);

	if (!s)
		return EXIT_FAILURE;
	found = check_store(s, &l, &of, &err);
	store_close(s);
	if (found == INTEGRITY_UNKNOWN) {
		admin_tell("%s", err.text);
		bytes_release(&l.out);
		return EXIT_FAILURE;
	}
	if (json)
		bytes_printf(&out, "{\"sound\":%s,\"problems\":[", found == INTEGRITY_SOUND ? "true" : "false");
	bytes_append(&out, l.out.data ? l.out.data : "", l.out.len);
	if (json)
		bytes_puts(&out, "]");
	else
		bytes_puts(&out, found == INTEGRITY_SOUND ? "The database and its full-text index are sound.\n"
		                                          : "The database is damaged.\n");
	if (*of.position != '\0' && running)
		nodes = nodes_put(c, p, json, compare, &out);
	else if (*of.position != '\0' && !json)
		position_put(&of, &out);
	if (json)
		bytes_puts(&out, "}\n");
	ok = admin_print(&out);
	bytes_release(&out);
	bytes_release(&l.out);
	if (!ok || (found == INTEGRITY_SOUND && nodes == ADMIN_NODES_UNKNOWN))
		return EXIT_FAILURE;
	return found == INTEGRITY_SOUND && nodes == ADMIN_NODES_SAME ? EXIT_SUCCESS : STATUS_DATA;
}
