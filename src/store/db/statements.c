/*
 * The text of every statement that is prepared once and kept.
 */
#include "chatd/store/db/statements.h"

#define LINE "SELECT id, time_ms, kind, room, sender, body FROM messages "
#define ACTS "SELECT id, time_ms, ?4, 0, who, what, undo FROM audit WHERE id < ?1 "
#define OF_WORD "AND (?2 = '' OR lower(who) = lower(?2) OR instr(lower(what), lower(?2)) > 0) "
#define RANGE "WHERE room = ?1 AND id > ?2 AND id < ?3 AND time_ms >= ?4 AND time_ms < ?5 "

static const char *const texts[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_BEGIN_READ] = "BEGIN",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_META_GET] = "SELECT value FROM meta WHERE key = ?1",
	[SQL_META_SET] = "INSERT INTO meta(key, value) VALUES(?1, ?2)"
	                 " ON CONFLICT(key) DO UPDATE SET value = excluded.value",
	[SQL_CLUSTER_GET] = "SELECT key, value FROM meta WHERE key IN ('cluster', 'position')",
	[SQL_ROOM_ADD] = "INSERT OR IGNORE INTO rooms(id, name) VALUES(?1, ?2)",
	[SQL_ROOM_NAME] = "SELECT name FROM rooms WHERE id = ?1",
	[SQL_ROOM_TOPIC] = "UPDATE rooms SET topic = ?2 WHERE id = ?1",
	[SQL_ROOM_RETENTION] = "UPDATE rooms SET keep_days = ?2, keep_lines = ?3 WHERE id = ?1",
	[SQL_ROOM_RETENTIONS] = "SELECT id, keep_days, keep_lines FROM rooms"
	                   " WHERE keep_days > 0 OR keep_lines > 0 ORDER BY id",
	[SQL_ROOM_IDS] = "SELECT id FROM rooms WHERE id >= ?1 ORDER BY id",
	[SQL_ROOM_LIST] = "SELECT r.id, r.name, r.topic, max(r.last_id, coalesce(m.id, 0)),"
	                  " iif(r.last_id > coalesce(m.id, 0), r.last_ms, m.time_ms) FROM rooms r"
	                  " LEFT JOIN messages m ON m.id = (SELECT max(id) FROM messages WHERE room = r.id)"
	                  /* Only the nodes of a cluster know rooms without lines. */
	                  " WHERE m.id IS NOT NULL OR EXISTS (SELECT 1 FROM meta WHERE key = 'cluster')"
	                  " ORDER BY r.id",
	[SQL_ROOM_WAS_LAST] = "UPDATE rooms SET last_id = ?2, last_ms = ?3 WHERE id = ?1 AND last_id < ?2"
	                      " AND NOT EXISTS (SELECT 1 FROM messages WHERE room = ?1 AND id > ?2)"
	                      " AND EXISTS (SELECT 1 FROM meta WHERE key = 'cluster')",
	[SQL_ROOM_NEWEST] = "SELECT max(id) FROM messages WHERE room = ?1",
	[SQL_ROOM_COUNT] = "SELECT count(*) FROM messages WHERE room = ?1",
	[SQL_ROOM_LAST] = "SELECT max(id) FROM rooms",
	[SQL_ROOM_DROP] = "DELETE FROM rooms WHERE id = ?1",
	[SQL_GOING_ADD] = "INSERT OR IGNORE INTO going(room) VALUES(?1)",
	[SQL_GOING_HAS] = "SELECT 1 FROM going WHERE room = ?1",
	[SQL_GOING_ROOMS] = "SELECT room FROM going ORDER BY room",
	[SQL_GOING_LINES] = "SELECT m.id FROM going g CROSS JOIN messages m ON m.room = g.room"
	                    " LIMIT ?1",
	[SQL_GOING_SEEN] = "SELECT key, room, room IN (SELECT room FROM going) FROM seen"
	                   " WHERE (key, room) > (?1, ?2) ORDER BY key, room LIMIT ?3",
	[SQL_GOING_END] = "DELETE FROM going",
	[SQL_LINE_ADD] = "INSERT INTO messages(id, room, sender, time_ms, kind, body)"
	                 " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_LINES_ADD] = "INSERT INTO messages(id, room, sender, time_ms, kind, body)"
	                  " SELECT id, room, sender, time_ms, kind, body FROM lines",
	[SQL_LINE_GET] = LINE "WHERE id = ?1",
	[SQL_LINE_LAST] = "SELECT id, time_ms FROM messages ORDER BY id DESC LIMIT 1",
	[SQL_LINE_DELETE] = "DELETE FROM messages WHERE id = ?1",
	[SQL_LINE_COUNT] = "SELECT count(*), max(id) FROM (SELECT id FROM messages"
	                   " WHERE room = ?1 AND id > ?2 ORDER BY id LIMIT ?3)",
	[SQL_LINE_AT] = "SELECT time_ms FROM messages WHERE room = ?1 ORDER BY id LIMIT 1 OFFSET ?2",
	[SQL_LINE_ROOM_NEXT] = "SELECT id, time_ms FROM messages WHERE room = ?1 AND id >= ?2"
	                       " ORDER BY id LIMIT 1",
	[SQL_LINES_FIRST] = LINE RANGE "ORDER BY id LIMIT ?6",
	[SQL_LINES_LAST] = LINE RANGE "ORDER BY id DESC LIMIT ?6",
	[SQL_LINES_OLDEST] = "SELECT id, time_ms, room FROM messages WHERE id > ?2"
	                     " ORDER BY id LIMIT ?1",
	[SQL_LINES_MISSED] = "SELECT min(count(*), ?4) FROM (SELECT sender FROM messages"
	                     " WHERE room = ?1 AND id > ?2 AND id < ?3 LIMIT ?4 * 10)"
	                     " WHERE sender <> ?5 COLLATE NOCASE",
	[SQL_SEEN_GET] = "SELECT last_id, gaps, seq FROM seen WHERE key = ?1 AND room = ?2",
	[SQL_SEEN_ROOMS] = "SELECT room, last_id, gaps FROM seen WHERE key = ?1 AND seq > ?2"
	                   " AND room NOT IN (SELECT room FROM going)",
	[SQL_SEEN_DROP] = "DELETE FROM seen WHERE key = ?1 AND room = ?2",
	[SQL_SEEN_ERASE] = "DELETE FROM seen WHERE key = ?1 AND seq <= ?2",
	[SQL_ERASING_ADD] = "INSERT INTO erasing(up_to, key, after, since_ms) VALUES(?1, ?2, ?3, ?4)",
	[SQL_ERASING_GET] = "SELECT up_to, key, after, since_ms FROM erasing ORDER BY up_to LIMIT 1",
	[SQL_ERASING_LINES] = "SELECT id, sender, time_ms FROM messages WHERE id > ?1 AND id <= ?2"
	                      " ORDER BY id LIMIT ?3",
	[SQL_ERASING_MOVE] = "UPDATE erasing SET after = ?2 WHERE up_to = ?1",
	[SQL_ERASING_END] = "DELETE FROM erasing WHERE up_to = ?1",
	[SQL_SEEN_ROW] = "SELECT last_id, 0, 0, room, '', '' FROM seen WHERE key = ?1 AND room = ?2",
	[SQL_SEEN_SET] = "INSERT INTO seen(key, room, last_id, gaps, seq)"
	                 " VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(key, room) DO UPDATE SET"
	                 " last_id = excluded.last_id, gaps = excluded.gaps, seq = excluded.seq"
	                 " WHERE excluded.last_id >= last_id",
	[SQL_SEEN_PRUNE] = "DELETE FROM seen WHERE (key, room) IN (SELECT key, room FROM seen"
	                   " WHERE last_id < (SELECT coalesce(min(id), 0) FROM messages)"
	                   " AND last_id < (SELECT value FROM meta WHERE key = 'pruned')"
	                   " ORDER BY last_id LIMIT ?1)",
	[SQL_FACT_SET] = "INSERT INTO facts(kind, key, value) VALUES(?1, ?2, ?3)"
	                 " ON CONFLICT(kind, key) DO UPDATE SET value = excluded.value",
	[SQL_AUDIT_ADD] = "INSERT INTO audit(id, time_ms, who, what, undo, share)"
	                  " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_AUDIT_TRIM] = "DELETE FROM audit WHERE share = ?1 AND id <= (SELECT id FROM audit"
	                   " WHERE share = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
	[SQL_AUDIT_END] = "DELETE FROM audit WHERE id IN (SELECT id FROM audit"
	                  " WHERE share <> 0 AND time_ms < ?1 ORDER BY time_ms LIMIT ?2)",
	[SQL_AUDIT_OLD] = "DELETE FROM audit WHERE time_ms < ?1 AND id IN (SELECT id FROM audit"
	                  " WHERE share = 0 ORDER BY id LIMIT ?2)",
	[SQL_AUDIT_LAST] = ACTS OF_WORD "ORDER BY id DESC LIMIT ?3",
	[SQL_AUDIT_SHARE] = ACTS "AND share = ?5 " OF_WORD "ORDER BY id DESC LIMIT ?3",
	[SQL_FACT_DROP] = "DELETE FROM facts WHERE kind = ?1 AND key = ?2",
	[SQL_FACTS] = "SELECT kind, key, value FROM facts WHERE kind > 0 AND kind < ?1"
	              " ORDER BY kind, key",
	[SQL_FTS_ADD] = "INSERT INTO search(rowid, body, room) SELECT id, body, room FROM messages"
	                " WHERE id > ?1 ORDER BY id LIMIT ?2",
	[SQL_FTS_DELETE] = "INSERT INTO search(search, rowid, body, room)"
	                   " VALUES('delete', ?1, ?2, ?3)",
	[SQL_FTS_MERGE] = "INSERT INTO search(search, rank) VALUES('merge', ?1)",
	[SQL_FTS_USERMERGE] = "INSERT INTO search(search, rank) VALUES('usermerge', ?1)",
	[SQL_FTS_LEVELS] = "SELECT block FROM search_data WHERE id = 10",
	[SQL_FTS_SET_LEVELS] = "UPDATE search_data SET block = ?1 WHERE id = 10",
	[SQL_FTS_FIND] = "SELECT rowid FROM search WHERE search MATCH ?1 AND rowid < ?2"
	                 " ORDER BY rowid DESC LIMIT ?3",
	[SQL_FTS_COUNT] = "SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH ?1"
	                  " AND rowid > ?2 AND rowid < ?3 LIMIT ?4)",
};

const char *statement_text(enum statement sql)
{
	return texts[sql];
}
