/*
 * The location of a database.
 */
#include "chatd/store/db/location.h"

#include "chatd/base/bytes.h"
#include "chatd/store/db/files.h"
#include "chatd/store/db/state.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

enum location_check location_check(const char *path, const struct file_id *id)
{
	struct stat st;
	if (id->ino == 0)
		return LOCATION_SAME;
	if (stat(path, &st) == 0)
		return st.st_dev == id->dev && st.st_ino == id->ino ? LOCATION_SAME : LOCATION_OTHER;
	return errno == ENOENT || errno == ENOTDIR ? LOCATION_EMPTY : LOCATION_SAME;
}

struct file_id location_file(const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return (struct file_id){ 0 };
	return (struct file_id){ .dev = st.st_dev, .ino = st.st_ino };
}

void location_note(struct store *s)
{
	struct location *p = &s->location;
	const char *path = sqlite3_db_filename(s->db.sqlite, "main");
	location_release(s);
	if (!path || *path == '\0')
		return;
	p->path = mem_strdup(path);
	p->wal_path = files_beside(path, "-wal");
	p->shm_path = files_beside(path, "-shm");
	p->folder = files_folder(path);
	p->file = location_file(path);
	p->wal = location_file(p->wal_path);
	p->shm = location_file(p->shm_path);
	p->in = location_file(p->folder);
}

void location_release(struct store *s)
{
	free(s->location.path);
	free(s->location.wal_path);
	free(s->location.shm_path);
	free(s->location.folder);
	s->location = (struct location){ 0 };
}
