/*
 * What must be in the file after a crash.
 *
 * Keeps every record that the store was given, and who has seen what. A file that
 * is opened again must be what the records up to some number make of an empty one,
 * no more and no less; and that number must be at least what was promised.
 */
#include "sim.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct kept {
	uint64_t seq;           /* of the record */
	enum record_kind kind;
	uint32_t room;
	uint64_t ref;           /* like the next, as record_columns has it */
	char *sender, *body;    /* owned */
	bool seen;              /* some client has got some of the line */
	bool settled;           /* was in the file after an earlier crash */
	bool gone;              /* deleted or pruned, as of the prefix that is looked at */
};

static struct kept *kept;
static size_t nkept, kept_cap;

static bool is_line(const struct kept *k)
{
	return k->kind == RECORD_SAY || k->kind == RECORD_ACTION;
}

/* The others may be forgotten at the end of the file, unless a position says that they were there: see
 * store_last_seq. */
static bool binds(const struct kept *k)
{
	return sim->store.grouped || is_line(k) || k->kind == RECORD_FACT || k->kind == RECORD_DELETE ||
	       k->kind == RECORD_AUDIT;
}

void model_given(const struct record *r)
{
	struct record_columns columns;

	if (nkept > 0 && kept[nkept - 1].seq >= r->seq)
		sim_fail("record #%" PRIu64 " comes after #%" PRIu64, r->seq, kept[nkept - 1].seq);
	if (nkept == kept_cap) {
		kept_cap = kept_cap == 0 ? 256 : kept_cap * 2;
		kept = mem_resize(kept, kept_cap * sizeof *kept);
	}
	record_columns(r, &columns);
	kept[nkept++] = (struct kept){.seq = r->seq, .kind = r->kind, .room = r->room,
	                              .ref = columns.number, .sender = mem_strdup(columns.who),
	                              .body = mem_strdup(columns.text)};
}

static void kept_release(struct kept *k)
{
	free(k->sender);
	free(k->body);
}

/* The records are in order, with gaps where one was dropped. */
static struct kept *kept_find(uint64_t seq)
{
	size_t from = 0, to = nkept;

	while (from < to) {
		size_t middle = (from + to) / 2;

		if (kept[middle].seq < seq)
			from = middle + 1;
		else
			to = middle;
	}
	return from < nkept && kept[from].seq == seq ? &kept[from] : NULL;
}

void kept_seen(uint64_t seq)
{
	struct kept *k = kept_find(seq);

	if (k == NULL)
		sim_fail("line #%" PRIu64 " is seen and was never given to the store", seq);
	k->seen = true;
}

void kept_forget(void)
{
	for (size_t i = 0; i < nkept; i++)
		kept_release(&kept[i]);
	free(kept);
	kept = NULL;
	nkept = kept_cap = 0;
}

/* -- what was promised ----------------------------------------------------------------- */

static bool is_promised(const struct kept *k, enum disk_end end, uint64_t acked)
{
	if (k->settled)
		return true;
	if (end == DISK_POWER_CUT && sim->store.durability != DURABILITY_SYNC)
		return false;
	return k->seq <= acked || (k->seen && sim->store.durability != DURABILITY_RELAXED);
}

static void check_promise(enum disk_end end, uint64_t acked, uint64_t last)
{
	for (size_t i = 0; i < nkept; i++) {
		const struct kept *k = &kept[i];

		if (k->seq > last && binds(k) && is_promised(k, end, acked))
			sim_fail("after a %s record #%" PRIu64 " is lost, which was %s: \"%s\"; the file goes "
			         "up to #%" PRIu64, end == DISK_KILLED ? "kill" : "power cut", k->seq,
			         k->seen ? "seen" : "said to be saved", k->body, last);
	}
}

/* What was lost is as if it had never been; its numbers may come again. */
static void drop_after(uint64_t last)
{
	while (nkept > 0 && kept[nkept - 1].seq > last)
		kept_release(&kept[--nkept]);
	for (size_t i = 0; i < nkept; i++)
		kept[i].settled = true;
}

/* -- the file -------------------------------------------------------------------------- */

static sqlite3_stmt *ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *st;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		sim_fail("%s: %s", sql, sqlite3_errmsg(db));
	return st;
}

static const char *text(sqlite3_stmt *st, int column)
{
	return (const char *)sqlite3_column_text(st, column);
}

static void check_line(const struct kept *k, sqlite3_stmt *st)
{
	if (k == NULL || !is_line(k))
		sim_fail("line #%lld is in the file and was never said", sqlite3_column_int64(st, 0));
	if (k->room != sqlite3_column_int64(st, 1) || k->kind != sqlite3_column_int64(st, 2) ||
	    strcmp(k->sender, text(st, 3)) != 0 || strcmp(k->body, text(st, 4)) != 0)
		sim_fail("line #%" PRIu64 " is in the file as another: \"%s\"", k->seq, text(st, 4));
	if (k->gone)
		sim_fail("line #%" PRIu64 " is in the file and was deleted", k->seq);
}

/* Whoever prunes leaves at least this many lines. */
static bool may_be_pruned(sqlite3 *db, const struct kept *k)
{
	sqlite3_stmt *st = ask(db, "SELECT count(*) FROM messages WHERE room = ?1 AND id > ?2");
	bool may;

	sqlite3_bind_int64(st, 1, k->room);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)k->seq);
	may = sqlite3_step(st) == SQLITE_ROW && sqlite3_column_int64(st, 0) >= 5;
	sqlite3_finalize(st);
	return sim->store.prunes && may;
}

static void check_lines(sqlite3 *db)
{
	sqlite3_stmt *st = ask(db, "SELECT id, room, kind, sender, body FROM messages ORDER BY id");
	size_t i = 0;
	int rc;

	for (size_t k = 0; k < nkept; k++) {
		struct kept *of = kept[k].kind == RECORD_DELETE ? kept_find(kept[k].ref) : NULL;

		if (of != NULL && of->room == kept[k].room)
			of->gone = true;
	}
	do {
		uint64_t id = UINT64_MAX;

		rc = sqlite3_step(st);
		if (rc == SQLITE_ROW)
			id = (uint64_t)sqlite3_column_int64(st, 0);
		else if (rc != SQLITE_DONE)
			sim_fail("the file cannot be read: %s", sqlite3_errmsg(db));
		for (; i < nkept && kept[i].seq < id; i++) {
			if (!is_line(&kept[i]) || kept[i].gone)
				continue;
			if (!may_be_pruned(db, &kept[i]))
				sim_fail("line #%" PRIu64 " is missing, and later ones are there", kept[i].seq);
			kept[i].gone = true;
		}
		if (rc == SQLITE_ROW)
			check_line(i < nkept && kept[i].seq == id ? &kept[i++] : NULL, st);
	} while (rc == SQLITE_ROW);
	sqlite3_finalize(st);
}

/* Each is what the last record about it says. */
static void check_facts(sqlite3 *db)
{
	sqlite3_stmt *st = ask(db, "SELECT value FROM facts WHERE kind = ?1 AND key = ?2");
	sqlite3_stmt *all = ask(db, "SELECT count(*) FROM facts");
	int64_t n = 0;

	for (size_t i = nkept; i-- > 0;) {
		const char *value = "";
		bool newer = false;

		for (size_t k = i + 1; kept[i].kind == RECORD_FACT && k < nkept && !newer; k++)
			newer = kept[k].kind == RECORD_FACT && kept[k].ref == kept[i].ref &&
			        strcmp(kept[k].sender, kept[i].sender) == 0;
		if (kept[i].kind != RECORD_FACT || newer)
			continue;
		sqlite3_reset(st);
		sqlite3_bind_int64(st, 1, (sqlite3_int64)kept[i].ref);
		sqlite3_bind_text(st, 2, kept[i].sender, -1, SQLITE_STATIC);
		if (sqlite3_step(st) == SQLITE_ROW)
			value = text(st, 0);
		if (strcmp(value, kept[i].body) != 0)
			sim_fail("fact %" PRIu64 " of \"%s\" is \"%s\" instead of \"%s\"", kept[i].ref,
			         kept[i].sender, value, kept[i].body);
		n += *value != '\0';
	}
	if (sqlite3_step(all) != SQLITE_ROW || sqlite3_column_int64(all, 0) != n)
		sim_fail("%lld facts are in the file, and there were %" PRId64,
		         sqlite3_column_int64(all, 0), n);
	sqlite3_finalize(all);
	sqlite3_finalize(st);
}

static void check_whole(sqlite3 *db)
{
	sqlite3_stmt *st = ask(db, "PRAGMA integrity_check");

	if (sqlite3_step(st) != SQLITE_ROW)
		sim_fail("the file cannot be examined: %s", sqlite3_errmsg(db));
	if (strcmp(text(st, 0), "ok") != 0)
		sim_fail("the file is damaged: %s", text(st, 0));
	sqlite3_finalize(st);
}

/* The position is that of the last record: no group is there in part, nor without its position. */
static void check_position(uint64_t last)
{
	struct store_cluster c;
	struct store_error err;
	uint64_t seq = 0;

	if (!store_cluster(fake_writer_store(sim->writer), &c, &err))
		sim_fail("the position cannot be read: %s", err.text);
	if (c.position[0] != '\0' && sscanf(c.position, "seq %" SCNu64, &seq) != 1)
		sim_fail("\"%s\" is no position", c.position);
	if (strcmp(c.id, c.position[0] != '\0' ? SIM_CLUSTER : "") != 0)
		sim_fail("the database is of the cluster \"%s\"", c.id);
	if (seq != last)
		sim_fail("the position is \"%s\", and the file goes up to #%" PRIu64, c.position, last);
}

void kept_check(enum disk_end end, uint64_t acked)
{
	uint64_t last = store_last_seq(fake_writer_store(sim->writer));
	sqlite3 *db;

	check_promise(end, acked, last);
	if (sim->store.grouped)
		check_position(last);
	drop_after(last);
	if (sqlite3_open_v2(sim->store.file, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		sim_fail("the file cannot be opened alongside chatd: %s", sqlite3_errmsg(db));
	check_whole(db);
	check_lines(db);
	check_facts(db);
	sqlite3_close(db);
}
