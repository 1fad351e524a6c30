/*
 * How large the database is, and how large it may become: QUERY_STATS, the disk's reserve.
 */
#include "chatd/store/db/store_db.h"

#include "chatd/base/bytes.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

int64_t store_bytes(struct store *s)
{
	return db_number_of(&s->db, "PRAGMA page_count", 0) * db_number_of(&s->db, "PRAGMA page_size", 0);
}

uint64_t store_free_bytes(struct store *s)
{
	struct statvfs disk;
	if (s->lock_fd < 0 || fstatvfs(s->lock_fd, &disk) < 0)
		return UINT64_MAX;
	int64_t inside = db_number_of(&s->db, "PRAGMA freelist_count", 0) *
	                 db_number_of(&s->db, "PRAGMA page_size", 0);
	return (uint64_t)disk.f_bavail * disk.f_frsize + (uint64_t)inside;
}

struct rows *store_figures(struct store *s, const struct query *q)
{
	const char *path = sqlite3_db_filename(s->db.sqlite, "main");
	struct bytes text = { 0 }, wal = { 0 };
	struct statvfs disk;
	struct stat st;
	struct rows *rows;
	bytes_printf(&text, "database=%lld", (long long)store_bytes(s));
	bytes_printf(&wal, "%s-wal", path ? path : "");
	if (stat(wal.data, &st) == 0)
		bytes_printf(&text, " wal=%lld", (long long)st.st_size);
	if (path && statvfs(path, &disk) == 0)
		bytes_printf(&text, " free=%llu",
		             (unsigned long long)disk.f_bavail * (unsigned long long)disk.f_frsize);
	int64_t why = db_meta(&s->db, "old_wait", RETENTION_GOES);
	if (why != RETENTION_GOES)
		bytes_printf(&text, " waits=%s", why == RETENTION_CLOCK ? "clock" : "much");
	if (why == RETENTION_MUCH)
		bytes_printf(&text, " room=%lld", (long long)db_meta(&s->db, "old_room", 0));
	rows = rows_of_secret(q, true, 0, text.data, NULL);
	bytes_release(&text);
	bytes_release(&wal);
	return rows;
}
