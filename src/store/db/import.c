/*
 * Imports. Owns what was read of the line, until its record is taken.
 *
 * SQLite's own JSON functions take a line apart: chatd needs SQLite anyway, its parser is strict and
 * widely used, and a file is read by the host's administrator, not by strangers. They accept what is not
 * UTF-8, and end a text at \u0000; so both are checked here.
 */
#include "chatd/store/db/import.h"

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/codepoint.h"
#include "chatd/base/fields.h"
#include "chatd/store/db/cluster.h"
#include "chatd/store/db/state.h"
#include "chatd/store/db/transfer.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 40 };    /* of a name that is quoted in an error */

/* A member of a line's object. */
struct import_member {
	char name[TRANSFER_NAME_BYTES_MAX + 1];
	enum transfer_type type; /* TEXT, NUMBER, or FIELDS for an object; NONE: something else */
	size_t at, len;          /* its text in import.text; of an object its JSON */
	int64_t number;
};

struct import {
	struct store *s;         /* borrowed */
	sqlite3_stmt *members;   /* owned; the members of an object */
	sqlite3_stmt *insert[TRANSFER_KINDS_MAX]; /* owned; prepared at first use, in the order of transfer_kinds */
	struct import_member member[TRANSFER_MEMBERS + 1]; /* of this line's object, nmembers of them */
	size_t nmembers;
	struct bytes text;       /* their texts, each with a NUL */
	struct bytes fields;     /* a fact's value */
	uint64_t line;           /* number of this line, from 1 */
	int64_t time_max_ms, time_back_ms; /* as in struct store_marks */
	bool ended;              /* "end" was read */
	struct import_result *result; /* borrowed */
};

/* -- what is wrong ------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4)))
static bool file_fail(struct import *i, struct store_error *err, const char *fmt, ...)
{
	char what[300];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	store_error_set(err, "line %" PRIu64 ": %s", i->line, what);
	i->result->blames_file = true;
	return false;
}

static bool store_says(struct import *i, struct store_error *err)
{
	db_explain(&i->s->db, err);
	return false;
}

/* -- text ---------------------------------------------------------------------------------- */

static bool is_utf8(const char *p, size_t n)
{
	const unsigned char *at = (const unsigned char *)p, *end = at + n;
	while (at < end) {
		size_t len = 1;
		if (*at >= 0x80 && cp_decode(at, end, &len) == CP_ILL)
			return false;
		at += len;
	}
	return true;
}

/* A string of the line has \u0000. */
static bool has_nul(const char *p, size_t n)
{
	const char *end = p + n;
	while ((p = memchr(p, '\\', (size_t)(end - p))) != NULL) {
		if (end - p >= 6 && memcmp(p, "\\u0000", 6) == 0)
			return true;
		p += end - p < 2 ? 1 : 2; /* what is escaped is not the beginning of another escape */
	}
	return false;
}

/* -- members ------------------------------------------------------------------------------- */

static const struct import_member *member_find(const struct import *i, const char *name)
{
	for (size_t k = 0; k < i->nmembers; k++)
		if (strcmp(i->member[k].name, name) == 0)
			return &i->member[k];
	return NULL;
}

/* The type and value of the current row. False: memory ran out. */
static bool value_take(struct import *i, struct import_member *m)
{
	const char *type = (const char *)sqlite3_column_text(i->members, 1), *text;
	m->type = TRANSFER_NONE;
	if (!type)
		return false;
	if (strcmp(type, "integer") == 0) {
		/* One that is too large for an integer of SQLite's is a real number. */
		if (sqlite3_column_type(i->members, 2) == SQLITE_INTEGER)
			m->type = TRANSFER_NUMBER;
		m->number = sqlite3_column_int64(i->members, 2);
		return true;
	}
	if (strcmp(type, "text") == 0)
		m->type = TRANSFER_TEXT;
	else if (strcmp(type, "object") == 0)
		m->type = TRANSFER_FIELDS;
	else
		return true;
	text = (const char *)sqlite3_column_text(i->members, 2);
	if (!text)
		return false;
	m->at = i->text.len;
	m->len = (size_t)sqlite3_column_bytes(i->members, 2);
	bytes_append(&i->text, text, m->len + 1);
	return true;
}

/* Adds the member in the current row. */
static bool member_take(struct import *i, struct store_error *err)
{
	struct import_member *m = &i->member[i->nmembers];
	const char *name = (const char *)sqlite3_column_text(i->members, 0);
	size_t n = (size_t)sqlite3_column_bytes(i->members, 0);
	if (!name && sqlite3_errcode(i->s->db.sqlite) == SQLITE_NOMEM)
		return store_says(i, err);
	if (sqlite3_column_type(i->members, 0) != SQLITE_TEXT || !name)
		return file_fail(i, err, "this is not a JSON object");
	if (n == 0 || n > TRANSFER_NAME_BYTES_MAX || strlen(name) != n ||
	    strspn(name, TRANSFER_NAME_CHARS) != n)
		return file_fail(i, err, "no record has a member \"%.*s\"", SHOWN_BYTES, name);
	if (i->nmembers == TRANSFER_MEMBERS + 1)
		return file_fail(i, err, "more members than any record has");
	if (member_find(i, name))
		return file_fail(i, err, "the member \"%.*s\" is there twice", SHOWN_BYTES, name);
	memcpy(m->name, name, n + 1);
	if (!value_take(i, m))
		return store_says(i, err);
	i->nmembers++;
	return true;
}

/* Takes an object apart into i->member. */
static bool object_take(struct import *i, const char *line, size_t n, struct store_error *err)
{
	int rc = sqlite3_bind_text(i->members, 1, line, (int)n, SQLITE_STATIC);
	bool ok = true;
	i->nmembers = 0;
	bytes_clear(&i->text);
	if (rc != SQLITE_OK)
		return store_says(i, err);
	while (ok && (rc = sqlite3_step(i->members)) == SQLITE_ROW)
		ok = member_take(i, err);
	if (ok && rc == SQLITE_NOMEM)
		ok = store_says(i, err);
	else if (ok && rc != SQLITE_DONE)
		ok = file_fail(i, err, "this is not a JSON object");
	sqlite3_reset(i->members);
	return ok;
}

/* -- a fact's value -------------------------------------------------------------------------- */

/* The current row as a field. */
static bool field_take(struct import *i, struct store_error *err)
{
	const char *name = (const char *)sqlite3_column_text(i->members, 0), *type, *text;
	size_t n = (size_t)sqlite3_column_bytes(i->members, 0);
	char *before;
	bool twice;
	if (!name || n == 0 || n > TRANSFER_NAME_BYTES_MAX || strlen(name) != n ||
	    strspn(name, TRANSFER_NAME_CHARS) != n)
		return file_fail(i, err, "the value has a member \"%.*s\", which is no name", SHOWN_BYTES,
		                 name ? name : "");
	type = (const char *)sqlite3_column_text(i->members, 1);
	text = (const char *)sqlite3_column_text(i->members, 2);
	if (!type || strcmp(type, "text") != 0 || !text || *text == '\0')
		return file_fail(i, err, "value: \"%.*s\" must be a text that is not empty", SHOWN_BYTES, name);
	if (!is_utf8(text, (size_t)sqlite3_column_bytes(i->members, 2)))
		return file_fail(i, err, "value: \"%.*s\" is not Unicode text", SHOWN_BYTES, name);
	before = fields_get(i->fields.data ? i->fields.data : "", name);
	twice = *before != '\0';
	free(before);
	if (twice)
		return file_fail(i, err, "value: the member \"%.*s\" is there twice", SHOWN_BYTES, name);
	fields_put(&i->fields, name, text);
	if (i->fields.len > BODY_BYTES_MAX)
		return file_fail(i, err, "the value is longer than %d bytes", BODY_BYTES_MAX);
	return true;
}

/* The object m, as the text that a fact has, into i->fields. */
static bool fields_take(struct import *i, const struct import_member *m, struct store_error *err)
{
	int rc = sqlite3_bind_text(i->members, 1, i->text.data + m->at, (int)m->len, SQLITE_STATIC);
	bool ok = true;
	bytes_clear(&i->fields);
	while (ok && rc == SQLITE_OK && (rc = sqlite3_step(i->members)) == SQLITE_ROW) {
		ok = field_take(i, err);
		rc = SQLITE_OK;
	}
	sqlite3_reset(i->members);
	if (ok && rc != SQLITE_DONE)
		return store_says(i, err);
	return ok && (i->fields.len > 0 || file_fail(i, err, "the value is empty"));
}

/* -- records --------------------------------------------------------------------------------- */

static bool text_bind(struct import *i, sqlite3_stmt *st, int at, const struct transfer_member *want,
                      const char *text, size_t n, struct store_error *err)
{
	if (n < (size_t)want->least || n > (size_t)want->most)
		return file_fail(i, err, n == 0 ? "\"%s\" is empty" : "\"%s\" has more than %" PRId64 " bytes",
		                 want->name, want->most);
	if (strlen(text) != n || !is_utf8(text, n))
		return file_fail(i, err, "\"%s\" is not Unicode text", want->name);
	return !st || sqlite3_bind_text(st, at, text, (int)n, SQLITE_TRANSIENT) == SQLITE_OK ||
	       store_says(i, err);
}

/* Checks a member, and binds it to its parameter (st NULL: there is none). */
static bool member_bind(struct import *i, sqlite3_stmt *st, int at, const struct transfer_member *want,
                        const struct import_member *m, struct store_error *err)
{
	if (want->type == TRANSFER_NUMBER) {
		if (m->type != TRANSFER_NUMBER)
			return file_fail(i, err, "\"%s\" is not a whole number", want->name);
		if (m->number < want->least || m->number > want->most)
			return file_fail(i, err, "\"%s\" is %" PRId64 ", and must be %" PRId64 " to %" PRId64,
			                 want->name, m->number, want->least, want->most);
		return !st || sqlite3_bind_int64(st, at, m->number) == SQLITE_OK || store_says(i, err);
	}
	if (want->type == TRANSFER_FIELDS && m->type == TRANSFER_FIELDS)
		return fields_take(i, m, err) &&
		       text_bind(i, st, at, want, i->fields.data, i->fields.len, err);
	if (m->type != TRANSFER_TEXT)
		return file_fail(i, err, "\"%s\" is not a text", want->name);
	return text_bind(i, st, at, want, i->text.data + m->at, m->len, err);
}

/* Checks all members against the kind's, and binds them. */
static bool members_bind(struct import *i, const struct transfer_kind *kind, sqlite3_stmt *st,
                         struct store_error *err)
{
	size_t n = 0;
	for (; kind->member[n].name; n++) {
		const struct import_member *m = member_find(i, kind->member[n].name);
		if (!m)
			return file_fail(i, err, "the %s has no \"%s\"", kind->name, kind->member[n].name);
		if (!member_bind(i, st, (int)n + 1, &kind->member[n], m, err))
			return false;
	}
	for (size_t k = 0; i->nmembers != n + 1 && k < i->nmembers; k++) {
		const char *name = i->member[k].name;
		bool known = strcmp(name, "kind") == 0;
		for (size_t w = 0; w < n; w++)
			known |= strcmp(kind->member[w].name, name) == 0;
		if (!known)
			return file_fail(i, err, "the %s has a member \"%s\", which this chatd does not know",
			                 kind->name, name);
	}
	return true;
}

/* A room that has nothing but settings has its number there, and rooms count on from it. */
static bool settings_check(struct import *i, struct store_error *err)
{
	const struct import_member *m = member_find(i, "value");
	int64_t number;
	assert(m);
	number = fields_get_number(m->type == TRANSFER_FIELDS ? i->fields.data : i->text.data + m->at, "number");
	return (number >= 0 && number <= ROOM_NUMBER_IMPORT_MAX) ||
	       file_fail(i, err, "value: \"number\" is %" PRId64 ", and must be 1 to %d", number,
	                 ROOM_NUMBER_IMPORT_MAX);
}

/* Why a row was not inserted. */
static bool insert_fail(struct import *i, const struct transfer_kind *kind, struct store_error *err)
{
	int rc = sqlite3_extended_errcode(i->s->db.sqlite);
	if (rc == SQLITE_CONSTRAINT_NOTNULL)
		return file_fail(i, err, "the %s has an unknown type", kind->name);
	if ((rc & 0xff) == SQLITE_CONSTRAINT)
		return file_fail(i, err, "there is another %s with this %s before it", kind->name,
		                 kind->member[0].name);
	return store_says(i, err);
}

static bool record_insert(struct import *i, int number, struct store_error *err)
{
	const struct transfer_kind *kind = &transfer_kinds[number];
	sqlite3_stmt **st = &i->insert[number];
	bool ok;
	if (!*st && sqlite3_prepare_v3(i->s->db.sqlite, kind->insert, -1, SQLITE_PREPARE_PERSISTENT, st, NULL) !=
	    SQLITE_OK)
		return store_says(i, err);
	if (!members_bind(i, kind, *st, err) ||
	    (strcmp(kind->name, "room_settings") == 0 && !settings_check(i, err)))
		return false;
	ok = sqlite3_step(*st) == SQLITE_DONE || insert_fail(i, kind, err);
	sqlite3_reset(*st);
	sqlite3_clear_bindings(*st);
	if (ok && kind->misfit && sqlite3_changes(i->s->db.sqlite) == 0)
		return file_fail(i, err, "%s: %s", kind->name, kind->misfit);
	return ok;
}

/* Lines of the past are later than lines of the future, where a clock was set back: readers must know by
 * how much. */
static void line_note(struct import *i)
{
	const struct import_member *m = member_find(i, "time_ms");
	int64_t time_ms;
	assert(m);
	time_ms = m->number;
	if (i->time_max_ms < time_ms)
		i->time_max_ms = time_ms;
	else if (i->time_back_ms < i->time_max_ms - time_ms)
		i->time_back_ms = i->time_max_ms - time_ms;
}

/* The text of a member that members_bind has found. */
static const char *member_text(const struct import *i, const char *name)
{
	const struct import_member *m = member_find(i, name);
	assert(m);
	return i->text.data + m->at;
}

/* Checks a number that is not imported. True: it is one, and *ok says whether it is well formed. */
static bool meta_passes(struct import *i, bool *ok, struct store_error *err)
{
	const struct import_member *m = member_find(i, "name"), *value = member_find(i, "value");
	if (!m || m->type != TRANSFER_TEXT || !transfer_is_of_machine(i->text.data + m->at))
		return false;
	*ok = (value && value->type == TRANSFER_NUMBER) || file_fail(i, err, "\"value\" is not a whole number");
	return true;
}

static bool header_take(struct import *i, struct store_error *err)
{
	if (!members_bind(i, &transfer_kinds[TRANSFER_HEADER], NULL, err))
		return false;
	if (strcmp(member_text(i, "format"), TRANSFER_FORMAT) != 0)
		return file_fail(i, err, "this is not an export of chatd's");
	if (strcmp(member_text(i, "scope"), TRANSFER_WHOLE) == 0)
		return true;
	if (strcmp(member_text(i, "scope"), TRANSFER_PART) == 0)
		return file_fail(i, err, "this export has only some lines (--room or --since), and no accounts");
	return file_fail(i, err, "the header has an unknown scope");
}

/* The header's version comes before all else that may be different in another version. */
static bool version_check(struct import *i, struct store_error *err)
{
	const struct import_member *m = member_find(i, "version");
	if (m && m->type == TRANSFER_NUMBER && m->number != TRANSFER_VERSION)
		return file_fail(i, err, "this export is of version %" PRId64 "; this chatd knows version %d",
		                 m->number, TRANSFER_VERSION);
	return true;
}

static bool end_take(struct import *i, const struct transfer_kind *kind, struct store_error *err)
{
	const struct import_member *m;
	if (!members_bind(i, kind, NULL, err))
		return false;
	m = member_find(i, kind->member[0].name);
	assert(m);
	if ((uint64_t)m->number != i->result->records)
		return file_fail(i, err, "the file should have %" PRId64 " records before its end, and has %"
		                 PRIu64, m->number, i->result->records);
	i->ended = true;
	return true;
}

static bool record_take(struct import *i, struct store_error *err)
{
	const struct import_member *m = member_find(i, "kind");
	const char *name = m && m->type == TRANSFER_TEXT ? i->text.data + m->at : "";
	int number = transfer_find(name);
	bool ok = false;
	if (i->line == 1)
		return number == TRANSFER_HEADER
		       ? version_check(i, err) && header_take(i, err)
		       : file_fail(i, err, "this is not an export of chatd's: it has no header");
	if (!m || m->type != TRANSFER_TEXT)
		return file_fail(i, err, "the record has no kind");
	if (number < 0)
		return file_fail(i, err, "unknown kind \"%.*s\"", SHOWN_BYTES, name);
	if (number == TRANSFER_HEADER)
		return file_fail(i, err, "a second header");
	if (strcmp(name, "end") == 0)
		return end_take(i, &transfer_kinds[number], err);
	if (!(number == TRANSFER_META && meta_passes(i, &ok, err)))
		ok = record_insert(i, number, err);
	if (!ok)
		return false;
	i->result->records++;
	i->result->rooms += number == TRANSFER_ROOM;
	i->result->accounts += strcmp(name, "account") == 0;
	if (strcmp(name, "line") == 0) {
		i->result->lines++;
		line_note(i);
	}
	return true;
}

bool import_line(struct import *i, const char *line, size_t n, struct store_error *err)
{
	i->line++;
	if (i->ended)
		return file_fail(i, err, "something follows the end of the export");
	if (n > IMPORT_LINE_BYTES_MAX)
		return file_fail(i, err, "longer than %d bytes", IMPORT_LINE_BYTES_MAX);
	if (memchr(line, '\0', n) || !is_utf8(line, n))
		return file_fail(i, err, "this is not UTF-8 text");
	if (has_nul(line, n))
		return file_fail(i, err, "no text may have a NUL (\\u0000)");
	return object_take(i, line, n, err) && record_take(i, err);
}

/* -- from first to last ------------------------------------------------------------------------ */

/* Nothing that anybody said or made. Numbers that chatd notes about itself are replaced. */
static bool is_empty(struct import *i, struct store_error *err)
{
	struct db *db = &i->s->db;
	bool of_cluster;
	if (!store_is_of_cluster(i->s, &of_cluster, err))
		return false;
	if (of_cluster) {
		store_error_set(err, "this database belongs to a cluster");
		store_error_advise(err, "import into a new one: all nodes of a cluster have the same");
		return false;
	}
	db->error = SQLITE_OK;
	int64_t some = db_number_of(db, "SELECT EXISTS (SELECT 1 FROM messages) OR EXISTS (SELECT 1 FROM facts)"
	                            " OR EXISTS (SELECT 1 FROM audit) OR EXISTS (SELECT 1 FROM seen)"
	                            " OR EXISTS (SELECT 1 FROM going) OR EXISTS (SELECT 1 FROM erasing)", -1);
	if (some < 0)
		return store_says(i, err);
	if (some > 0) {
		store_error_set(err, "the database is not empty");
		store_error_advise(err, "import into a new one, and nothing is lost");
	}
	return some == 0;
}

struct import *import_begin(struct store *s, struct import_result *result, struct store_error *err)
{
	struct import *i = mem_zero(1, sizeof(*i));
	sqlite3 *db = s->db.sqlite;
	*result = (struct import_result){ .lines = 0 };
	i->s = s;
	i->result = result;
	if (!store_begin(s, err)) {
		free(i);
		return NULL;
	}
	if (is_empty(i, err) &&
	    ((sqlite3_exec(db, "DELETE FROM rooms; DELETE FROM meta WHERE key NOT IN"
	                   " ('wal', 'fold', 'indexed', 'reindex_to')", NULL, NULL, NULL) == SQLITE_OK &&
	      sqlite3_prepare_v3(db, "SELECT key, type, value FROM json_each(?1)", -1,
	                         SQLITE_PREPARE_PERSISTENT, &i->members, NULL) == SQLITE_OK) ||
	     store_says(i, err)))
		return i;
	import_abort(i);
	return NULL;
}

static void import_free(struct import *i)
{
	sqlite3_finalize(i->members);
	for (int k = 0; k < TRANSFER_KINDS_MAX; k++)
		sqlite3_finalize(i->insert[k]);
	bytes_release(&i->text);
	bytes_release(&i->fields);
	free(i);
}

void import_abort(struct import *i)
{
	struct store *s = i ? i->s : NULL;
	if (!i)
		return;
	import_free(i);
	db_rollback(&s->db);
}

/* Adds all lines to the index. */
static bool index_build(struct import *i, void (*progress)(void *ctx, unsigned percent), void *ctx,
                        struct store_error *err)
{
	struct db *db = &i->s->db;
	sqlite3_stmt *st = db_stmt(db, SQL_FTS_ADD);
	int64_t last = db_number_of(db, "SELECT max(id) FROM messages", 0), done = 0;
	uint64_t n = 0;
	while (st && done < last) {
		sqlite3_bind_int64(st, 1, done);
		sqlite3_bind_int(st, 2, BATCH_RECORDS_MAX);
		if (!db_run(st) || sqlite3_changes(db->sqlite) == 0)
			return store_says(i, err);
		n += (uint64_t)sqlite3_changes(db->sqlite);
		done = sqlite3_last_insert_rowid(db->sqlite);
		if (progress)
			progress(ctx, (unsigned)(n * 100 / i->result->lines));
	}
	return (st && db_meta_set(db, "indexed", last) && db_meta_set(db, "reindex_to", 0)) || store_says(i, err);
}

/* Records count on from the highest number that anything has. */
static bool numbers_end(struct import *i, struct store_error *err)
{
	struct db *db = &i->s->db;
	int64_t last = db_number_of(db, "SELECT max((SELECT coalesce(max(id), 0) FROM audit),"
	                            " (SELECT coalesce(max(max(seq, last_id)), 0) FROM seen))", -1);
	if (last < 0 || (last > db_meta(db, "last_seq", 0) && !db_meta_set(db, "last_seq", last)))
		return store_says(i, err);
	return i->time_back_ms <= db_meta(db, "time_back_ms", 0) ||
	       db_meta_set(db, "time_back_ms", i->time_back_ms) || store_says(i, err);
}

bool import_end(struct import *i, void (*progress)(void *ctx, unsigned percent), void *ctx,
                struct store_error *err)
{
	struct store *s = i->s;
	bool ok = i->ended;
	if (!ok)
		file_fail(i, err, "the file ends here, without its end record: it is not complete");
	ok = ok && index_build(i, progress, ctx, err) && numbers_end(i, err) &&
	     (db_run(db_stmt(&s->db, SQL_COMMIT)) || store_says(i, err));
	if (ok)
		import_free(i);
	else
		import_abort(i);
	return ok;
}
