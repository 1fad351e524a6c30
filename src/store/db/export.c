/*
 * Exports. Owns the file in which all but the lines waits to be written.
 */
#include "chatd/store/db/export.h"

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/base/json.h"
#include "chatd/base/text.h"
#include "chatd/base/time_format.h"
#include "chatd/store/db/files.h"
#include "chatd/store/db/schema.h"
#include "chatd/store/db/state.h"
#include "chatd/store/db/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	RANGE_LINES = 4096,      /* lines looked at in one transaction, a few milliseconds, */
	RANGE_BYTES = 256 << 10, /* unless they become so many bytes before */
};

/* Columns as the members of "line", and the room's name. Rooms whose lines are being deleted have no
 * row any more. */
#define LINES(room) "SELECT m.id, " room ", m.time_ms, m.sender," \
	" CASE m.kind WHEN 2 THEN 'action' WHEN 10 THEN 'gap' ELSE 'say' END, m.body, r.name" \
	" FROM messages m CROSS JOIN rooms r ON r.id = m.room"
#define RANGE " AND m.id > ?1 AND m.id <= ?2 ORDER BY m.id LIMIT ?3"

enum column { COLUMN_ID, COLUMN_ROOM, COLUMN_TIME, COLUMN_SENDER, COLUMN_TYPE, COLUMN_BODY, COLUMN_ROOM_NAME };

/* "line" for the person who said it, who knows no numbers of rooms. */
static const struct transfer_kind own_line = {
	"line", NULL, NULL, NULL,
	{ { "id", TRANSFER_NUMBER, 0, 0 }, { "room", TRANSFER_TEXT, 0, 0 }, { "time_ms", TRANSFER_NUMBER, 0, 0 },
	  { "sender", TRANSFER_TEXT, 0, 0 }, { "type", TRANSFER_TEXT, 0, 0 }, { "body", TRANSFER_TEXT, 0, 0 } },
};

/* A row of erasing: these lines are being deleted. */
struct erased_lines {
	int64_t after, up_to, since_ms;
	char *key;               /* owned */
};

struct export {
	struct store *s;         /* borrowed */
	const struct export_wish *wish;
	struct export_result *r;
	struct store_error *err;
	struct bytes out;        /* whole lines to be written */
	int fd;                  /* the file without a name; -1: none */
	int64_t room;            /* the only one; 0: all */
	int64_t first_id, last_id; /* lines after the first and up to the last */
	uint64_t records;        /* written, without the header */
	struct erased_lines *erased; /* owned, nerased of them */
	size_t nerased;
	struct stamp_cache stamp;
};

static enum export_end export_fail(struct export *e)
{
	db_explain(&e->s->db, e->err);
	db_rollback(&e->s->db);
	return EXPORT_FAILED;
}

/* -- values ------------------------------------------------------------------------------ */

static bool is_name(const char *p, size_t n)
{
	return n > 0 && n <= TRANSFER_NAME_BYTES_MAX &&
	       strspn(p, TRANSFER_NAME_CHARS) == n;
}

/* The pairs of a fact's value, as members. False: it is not of that form, and text is to stand for it
 * as it is. */
static bool fields_members(const char *fields, struct bytes *members, bool *utf8)
{
	struct bytes again = { 0 };
	const char *p = fields;
	bool ok = true;
	while (ok && *p) {
		size_t n = strcspn(p, "= ");
		char name[TRANSFER_NAME_BYTES_MAX + 1], *value, *before;
		ok = p[n] == '=' && is_name(p, n);
		if (!ok)
			break;
		memcpy(name, p, n);
		name[n] = '\0';
		value = fields_get(p, name);
		before = fields_get(again.data ? again.data : "", name);
		ok = *before == '\0';
		fields_put(&again, name, value);
		*utf8 = json_text(members, name, value) && *utf8;
		free(before);
		free(value);
		p += strcspn(p, " ");
		p += *p == ' ';
	}
	ok = ok && again.data && strcmp(again.data, fields) == 0;
	bytes_release(&again);
	return ok;
}

static bool fields_put_json(struct bytes *out, const char *name, const char *fields)
{
	struct bytes members = { 0 };
	bool utf8 = true;
	json_begin(&members, NULL);
	if (fields_members(fields, &members, &utf8)) {
		json_begin(out, name);
		bytes_append(out, members.data + 1, members.len - 1);
		json_end(out);
	} else {
		utf8 = json_text(out, name, fields);
	}
	bytes_release(&members);
	return utf8;
}

/* The current row as a record. False: memory ran out. */
static bool record_put(struct export *e, const struct transfer_kind *kind, sqlite3_stmt *row)
{
	bool utf8 = true;
	json_begin(&e->out, NULL);
	json_text(&e->out, "kind", kind->name);
	for (int i = 0; kind->member[i].name; i++) {
		const struct transfer_member *m = &kind->member[i];
		const char *text = NULL;
		if (m->type == TRANSFER_NUMBER) {
			json_number(&e->out, m->name, sqlite3_column_int64(row, i));
			continue;
		}
		text = db_text(&e->s->db, row, i);
		if (!text)
			return false;
		utf8 = (m->type == TRANSFER_FIELDS ? fields_put_json(&e->out, m->name, text)
		                                   : json_text(&e->out, m->name, text)) && utf8;
	}
	json_end(&e->out);
	bytes_puts(&e->out, "\n");
	e->r->mended += !utf8;
	e->records++;
	return true;
}

static void header_put(struct export *e)
{
	const struct export_wish *w = e->wish;
	json_begin(&e->out, NULL);
	json_text(&e->out, "kind", transfer_kinds[TRANSFER_HEADER].name);
	json_text(&e->out, "format", TRANSFER_FORMAT);
	json_number(&e->out, "version", TRANSFER_VERSION);
	json_number(&e->out, "schema", schema_version());
	json_text(&e->out, "by", w->by);
	json_number(&e->out, "time_ms", w->now_ms);
	json_text(&e->out, "scope", w->room_key || w->since ? TRANSFER_PART : TRANSFER_WHOLE);
	json_end(&e->out);
	bytes_puts(&e->out, "\n");
}

static void end_put(struct export *e)
{
	json_begin(&e->out, NULL);
	json_text(&e->out, "kind", "end");
	json_number(&e->out, "records", (int64_t)e->records);
	json_end(&e->out);
	bytes_puts(&e->out, "\n");
}

/* A line as the chat log has it; what others wrote into the database reaches no terminal as it is. */
static bool text_put(struct export *e, sqlite3_stmt *row)
{
	const char *sender = db_text(&e->s->db, row, COLUMN_SENDER), *body = db_text(&e->s->db, row, COLUMN_BODY);
	const char *room = db_text(&e->s->db, row, COLUMN_ROOM_NAME);
	const char *type = db_text(&e->s->db, row, COLUMN_TYPE);
	char *said = NULL, *who = NULL, *where = NULL;
	if (!sender || !body || !room || !type)
		return false;
	who = text_shown(sender, NAME_BYTES_MAX);
	where = text_shown(room, NAME_BYTES_MAX);
	said = text_is_shown(body, strlen(body)) ? NULL : text_shown(body, BODY_BYTES_MAX);
	bytes_printf(&e->out, "%s[%s][%s]:", format_stamp(&e->stamp, sqlite3_column_int64(row, COLUMN_TIME)),
	             who, where);
	if (*type == 'a')
		bytes_printf(&e->out, "* %s ", who);
	if (*type == 'g')
		bytes_puts(&e->out, " ");
	bytes_puts(&e->out, said ? said : body);
	bytes_puts(&e->out, "\n");
	free(said);
	free(who);
	free(where);
	return true;
}

/* -- all but the lines --------------------------------------------------------------------- */

/* Which room is meant. */
static bool room_find(struct export *e)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(e->s->db.sqlite, "SELECT id, name FROM rooms ORDER BY id", -1, &st, NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		const char *name;
		rc = sqlite3_step(st);
		if (rc != SQLITE_ROW)
			break;
		name = db_text(&e->s->db, st, 1);
		if (name && e->wish->same(name, e->wish->room_key))
			e->room = sqlite3_column_int64(st, 0);
	}
	if (rc != SQLITE_DONE)
		export_fail(e);
	else if (e->room == 0)
		store_error_set(e->err, "no room of that name has any lines");
	sqlite3_finalize(st);
	return rc == SQLITE_DONE && e->room != 0;
}

static bool erased_load(struct export *e)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(e->s->db.sqlite, "SELECT after, up_to, since_ms, key FROM erasing", -1, &st,
	                            NULL);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		const char *key;
		rc = sqlite3_step(st);
		if (rc != SQLITE_ROW || !(key = db_text(&e->s->db, st, 3)))
			break;
		e->erased = mem_resize(e->erased, (e->nerased + 1) * sizeof(*e->erased));
		e->erased[e->nerased++] = (struct erased_lines){
			.after = sqlite3_column_int64(st, 0), .up_to = sqlite3_column_int64(st, 1),
			.since_ms = sqlite3_column_int64(st, 2), .key = mem_strdup(key),
		};
	}
	if (rc != SQLITE_DONE)
		export_fail(e);
	sqlite3_finalize(st);
	return rc == SQLITE_DONE;
}

/* A file that nobody else can open, and that is gone with this process. */
static bool spool_open(struct export *e)
{
	char *name;
	e->fd = open(e->s->location.folder, O_TMPFILE | O_RDWR | O_CLOEXEC, STORE_FILE_MODE);
	/* Not every filesystem has such files. */
	if (e->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
		name = files_beside(e->s->location.path, "-export-XXXXXX");
		e->fd = mkostemp(name, O_CLOEXEC);
		if (e->fd >= 0)
			unlink(name);
		free(name);
	}
	if (e->fd < 0)
		store_error_set(e->err, "cannot create a file in the folder of the database, %s: %s",
		                e->s->location.folder, strerror(errno));
	return e->fd >= 0;
}

static bool spool_flush(struct export *e)
{
	size_t done = 0;
	while (done < e->out.len) {
		ssize_t n = write(e->fd, e->out.data + done, e->out.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			store_error_set(e->err, "cannot write to a file in the folder of the database, %s: %s",
			                e->s->location.folder, n < 0 ? strerror(errno) : "the disk is full");
			return false;
		}
		done += (size_t)n;
	}
	bytes_clear(&e->out);
	return true;
}

static bool spool_table(struct export *e, const struct transfer_kind *kind)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(e->s->db.sqlite, kind->select, -1, &st, NULL);
	bool ok = rc == SQLITE_OK;
	while (ok && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (kind == &transfer_kinds[TRANSFER_ROOM] && e->room != 0 &&
		    sqlite3_column_int64(st, 0) != e->room)
			continue;
		ok = record_put(e, kind, st);
		if (!ok)
			rc = SQLITE_NOMEM;
		else if (e->out.len > RANGE_BYTES && !spool_flush(e)) {
			sqlite3_finalize(st);
			return false;
		}
	}
	if (rc != SQLITE_DONE)
		export_fail(e);
	sqlite3_finalize(st);
	return rc == SQLITE_DONE;
}

/* One read transaction, in which nobody is waited for. */
static bool moment_take(struct export *e)
{
	const struct export_wish *w = e->wish;
	bool whole = !w->room_key && !w->since;
	if (!db_begin(&e->s->db, SQL_BEGIN_READ)) {
		export_fail(e);
		return false;
	}
	e->s->db.error = SQLITE_OK;
	e->last_id = db_number_of(&e->s->db, "SELECT max(id) FROM messages", 0);
	e->first_id = db_number_of(&e->s->db, "SELECT min(id) - 1 FROM messages", 0);
	if (e->first_id < db_id(w->after_id))
		e->first_id = db_id(w->after_id);
	if (e->s->db.error) {
		export_fail(e);
		return false;
	}
	if ((w->room_key && !room_find(e)) || !erased_load(e))
		return false;
	if (!w->text && !w->sender_key) {
		if (!spool_open(e))
			return false;
		header_put(e);
		for (int i = 0; transfer_kinds[i].name; i++)
			if (transfer_kinds[i].select && (whole || i == TRANSFER_ROOM) &&
			    !spool_table(e, &transfer_kinds[i]))
				return false;
		if (!spool_flush(e))
			return false;
	}
	return db_run(db_stmt(&e->s->db, SQL_COMMIT)) || (export_fail(e), false);
}

static enum export_end spool_write(struct export *e)
{
	char *buf = mem_alloc(RANGE_BYTES);
	enum export_end end = EXPORT_DONE;
	off_t at = 0;
	while (end == EXPORT_DONE) {
		ssize_t n = pread(e->fd, buf, RANGE_BYTES, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			store_error_set(e->err, "cannot read a file in the folder of the database again: %s",
			                strerror(errno));
			end = EXPORT_FAILED;
		}
		if (n <= 0)
			break;
		at += n;
		if (!e->wish->write(e->wish->ctx, buf, (size_t)n))
			end = EXPORT_UNWRITTEN;
	}
	free(buf);
	return end;
}

/* -- lines -------------------------------------------------------------------------------- */

static bool is_erased(const struct export *e, sqlite3_stmt *row)
{
	int64_t id = sqlite3_column_int64(row, COLUMN_ID), time_ms = sqlite3_column_int64(row, COLUMN_TIME);
	for (size_t i = 0; i < e->nerased; i++) {
		const struct erased_lines *x = &e->erased[i];
		const char *sender;
		if (id <= x->after || id > x->up_to || time_ms < x->since_ms)
			continue;
		sender = db_text(&e->s->db, row, COLUMN_SENDER);
		if (sender && e->wish->same(sender, x->key))
			return true;
	}
	return false;
}

static bool is_wanted(struct export *e, sqlite3_stmt *row)
{
	const struct export_wish *w = e->wish;
	const char *sender;
	if (w->since && sqlite3_column_int64(row, COLUMN_TIME) < w->since_ms)
		return false;
	if (!w->sender_key)
		return true;
	sender = db_text(&e->s->db, row, COLUMN_SENDER);
	return sender && w->same(sender, w->sender_key);
}

static bool line_put(struct export *e, const struct transfer_kind *kind, sqlite3_stmt *row)
{
	if (!is_wanted(e, row) || is_erased(e, row))
		return true;
	e->r->lines++;
	return e->wish->text ? text_put(e, row) : record_put(e, kind, row);
}

/* The lines after *id, as many as a transaction may take; *id is then the last of them, or the last of
 * all. False: error. */
static bool range_read(struct export *e, sqlite3_stmt *st, const struct transfer_kind *kind, int64_t *id)
{
	int n = 0, rc = SQLITE_ROW;
	bool ok = true;
	sqlite3_bind_int64(st, 1, *id);
	sqlite3_bind_int64(st, 2, e->last_id);
	sqlite3_bind_int(st, 3, RANGE_LINES);
	if (e->room != 0)
		sqlite3_bind_int64(st, 4, e->room);
	while (ok && e->out.len < RANGE_BYTES && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		n++;
		*id = sqlite3_column_int64(st, COLUMN_ID);
		ok = line_put(e, kind, st);
	}
	if (!ok || (rc != SQLITE_ROW && rc != SQLITE_DONE)) {
		export_fail(e);
		sqlite3_reset(st);
		return false;
	}
	sqlite3_reset(st);
	if (rc == SQLITE_DONE && n < RANGE_LINES)
		*id = e->last_id;
	return true;
}

static enum export_end lines_write(struct export *e)
{
	const char *sql = e->wish->sender_key ? LINES("r.name") " WHERE true" RANGE
	                : e->room != 0        ? LINES("m.room") " WHERE m.room = ?4" RANGE
	                                      : LINES("m.room") " WHERE true" RANGE;
	const struct transfer_kind *kind = e->wish->sender_key ? &own_line
	                                                       : &transfer_kinds[transfer_find("line")];
	enum export_end end = EXPORT_DONE;
	sqlite3_stmt *st = NULL;
	int64_t id = e->first_id, all = e->last_id - e->first_id;
	if (sqlite3_prepare_v2(e->s->db.sqlite, sql, -1, &st, NULL) != SQLITE_OK)
		return export_fail(e);
	while (end == EXPORT_DONE && id < e->last_id) {
		if (!range_read(e, st, kind, &id))
			end = EXPORT_FAILED;
		else if (e->out.len > 0 && !e->wish->write(e->wish->ctx, e->out.data, e->out.len))
			end = EXPORT_UNWRITTEN;
		bytes_clear(&e->out);
		if (e->wish->progress && all > 0)
			e->wish->progress(e->wish->ctx, e->r->lines,
			                  (unsigned)((double)(id - e->first_id) * 100 / (double)all));
	}
	sqlite3_finalize(st);
	return end;
}

enum export_end store_export(struct store *s, const struct export_wish *w, struct export_result *r,
                             struct store_error *err)
{
	struct export e = { .s = s, .wish = w, .r = r, .err = err, .fd = -1 };
	enum export_end end;
	*r = (struct export_result){ .lines = 0 };
	end = moment_take(&e) ? EXPORT_DONE : EXPORT_FAILED;
	db_rollback(&s->db);
	if (end == EXPORT_DONE && e.fd >= 0)
		end = spool_write(&e);
	if (end == EXPORT_DONE)
		end = lines_write(&e);
	if (end == EXPORT_DONE && !w->text && !w->sender_key) {
		end_put(&e);
		if (!w->write(w->ctx, e.out.data, e.out.len))
			end = EXPORT_UNWRITTEN;
	}
	if (e.fd >= 0)
		close(e.fd);
	for (size_t i = 0; i < e.nerased; i++)
		free(e.erased[i].key);
	free(e.erased);
	bytes_release(&e.out);
	return end;
}
