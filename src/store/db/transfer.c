/*
 * The table of an export's records.
 *
 * The full-text index is not among them, nor what a start finds out by itself: an import makes them
 * again. Nor are lines whose deletion has begun (tables going and erasing): an export leaves those
 * out.
 */
#include "chatd/store/db/transfer.h"

#include "chatd/base/bounds.h"
#include "chatd/core/event.h"

#include <string.h>

#define STRING_OF(x) #x
#define STRING(x) STRING_OF(x)

#define NUMBER(name, least, most) { name, TRANSFER_NUMBER, least, most }
#define TEXT(name, least, most) { name, TRANSFER_TEXT, least, most }
#define ID(name) NUMBER(name, 1, RECORD_SEQ_IMPORT_MAX)
#define COUNT(name) NUMBER(name, 0, RECORD_SEQ_IMPORT_MAX)
#define ROOM(name) NUMBER(name, 1, ROOM_NUMBER_IMPORT_MAX)
#define TIME NUMBER("time_ms", 0, TIME_MS_MAX)

/* Two names, or a name and a number. */
enum { KEY_BYTES_MAX = 2 * NAME_KEY_BYTES_MAX + 32 };

#define FACT(name, number) \
	{ name, "SELECT key, value FROM facts WHERE kind = " STRING(number) " ORDER BY key", \
	  "INSERT INTO facts(kind, key, value) VALUES(" STRING(number) ", ?1, ?2)", NULL, \
	  { TEXT("key", 1, KEY_BYTES_MAX), { "value", TRANSFER_FIELDS, 1, BODY_BYTES_MAX } } }

/* The macro above needs the numbers themselves. */
_Static_assert(FACT_ACCOUNT == 1 && FACT_ROOM == 2 && FACT_BAN == 3 && FACT_MUTE == 4 &&
               FACT_FILTER == 5 && FACT_INVITE == 6 && FACT_MAIL == 7 && FACT_REPORT == 8 &&
               FACT_STATE == 9 && FACT_KINDS == 12, "each kind of fact is exported by its name, but for FACT_PERSON and "
               "FACT_RESUMABLE: who is here is nothing that another database needs");
_Static_assert(ROOM_NUMBER_IMPORT_MAX == 1 << 29, "the bound of a number whose name ends in room");
_Static_assert(RECORD_SAY == 1 && RECORD_ACTION == 2 && RECORD_GAP == 10, "and each kind of line");

#define META "'last_seq', 'last_room', 'pruned', 'time_back_ms'"

const struct transfer_kind transfer_kinds[] = {
	[TRANSFER_HEADER] = { "header", NULL, NULL, NULL,
	  { TEXT("format", 1, 64), NUMBER("version", 1, INT32_MAX), NUMBER("schema", 1, INT32_MAX),
	    TEXT("by", 1, 64), TIME, TEXT("scope", 1, 16) } },
	[TRANSFER_META] = { "meta", "SELECT key, value FROM meta WHERE key IN (" META ") ORDER BY key",
	  "INSERT INTO meta(key, value) SELECT ?1, ?2 WHERE ?1 IN (" META ")"
	  " AND (?1 NOT LIKE '%room' OR ?2 <= 1 << 29)", "there is no such name, or its value is too large",
	  { TEXT("name", 1, 64), COUNT("value") } },
	[TRANSFER_ROOM] = { "room", "SELECT id, name, topic, keep_days, keep_lines FROM rooms ORDER BY id",
	  "INSERT INTO rooms(id, name, topic, keep_days, keep_lines) VALUES(?1, ?2, ?3, ?4, ?5)", NULL,
	  { ROOM("id"), TEXT("name", 1, NAME_BYTES_MAX),
	    TEXT("topic", 0, BODY_BYTES_MAX), NUMBER("keep_days", 0, UINT32_MAX),
	    NUMBER("keep_lines", 0, UINT32_MAX) } },
	FACT("account", 1), FACT("room_settings", 2), FACT("ban", 3), FACT("mute", 4), FACT("filter", 5),
	FACT("membership", 6), FACT("mail", 7), FACT("report", 8), FACT("state", 9),
	/* Those of a later version, which this one keeps and does not know. */
	{ "fact", "SELECT kind, key, value FROM facts WHERE kind > 11 ORDER BY kind, key",
	  "INSERT INTO facts(kind, key, value) VALUES(?1, ?2, ?3)", NULL,
	  { NUMBER("number", FACT_KINDS, INT32_MAX), TEXT("key", 1, KEY_BYTES_MAX),
	    { "value", TRANSFER_FIELDS, 1, BODY_BYTES_MAX } } },
	{ "audit", "SELECT id, time_ms, who, what, undo, share FROM audit ORDER BY id",
	  "INSERT INTO audit(id, time_ms, who, what, undo, share) VALUES(?1, ?2, ?3, ?4, ?5, ?6)", NULL,
	  { ID("id"), TIME, TEXT("who", 1, NAME_BYTES_MAX), TEXT("what", 0, BODY_BYTES_MAX),
	    TEXT("undo", 0, BODY_BYTES_MAX), NUMBER("share", INT64_MIN, INT64_MAX) } },
	{ "seen", "SELECT key, room, last_id, gaps, seq FROM seen"
	  " WHERE room NOT IN (SELECT room FROM going) AND NOT EXISTS"
	  " (SELECT 1 FROM erasing e WHERE e.key = seen.key AND seen.seq <= e.up_to) ORDER BY key, room",
	  "INSERT INTO seen(key, room, last_id, gaps, seq) VALUES(?1, ?2, ?3, ?4, ?5)", NULL,
	  { TEXT("key", 1, KEY_BYTES_MAX), ROOM("room"), COUNT("last_id"),
	    TEXT("gaps", 0, BODY_BYTES_MAX), COUNT("seq") } },
	/* export.c reads these in ranges. */
	{ "line", NULL, "INSERT INTO messages(id, room, time_ms, sender, kind, body)"
	  " SELECT ?1, ?2, ?3, ?4, CASE ?5 WHEN 'say' THEN 1 WHEN 'action' THEN 2 WHEN 'gap' THEN 10 END, ?6"
	  " WHERE EXISTS (SELECT 1 FROM rooms WHERE id = ?2)", "its room does not come before it",
	  { ID("id"), ROOM("room"), TIME, TEXT("sender", 1, NAME_BYTES_MAX),
	    TEXT("type", 1, 8), TEXT("body", 0, BODY_BYTES_MAX) } },
	{ "end", NULL, NULL, NULL, { COUNT("records") } },
	{ NULL, NULL, NULL, NULL, { { NULL, TRANSFER_NONE, 0, 0 } } },
};

_Static_assert(sizeof(transfer_kinds) / sizeof(transfer_kinds[0]) <= TRANSFER_KINDS_MAX + 1,
               "an import has room for a statement of each");

/* They say what this machine's clock has shown, and what may be deleted because of that (retention.c):
 * whoever takes over the data decides that for itself. */
bool transfer_is_of_machine(const char *name)
{
	static const char *const names[] = {
		"clock", "clock_seen", "clock_agreed", "old_wait", "old_room", "old_granted",
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

int transfer_find(const char *name)
{
	for (int i = 0; transfer_kinds[i].name; i++)
		if (strcmp(transfer_kinds[i].name, name) == 0)
			return i;
	return -1;
}
