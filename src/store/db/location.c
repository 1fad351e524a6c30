/*
 * The location of a database.
 */
#include "chatd/store/db/location.h"

#include "chatd/base/bytes.h"
#include "chatd/base/clock.h"
#include "chatd/store/db/files.h"
#include "chatd/store/db/state.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

enum {
	XFS_MAGIC = 0x58465342, /* statfs(2); linux/magic.h lacks it */
	EVENTS_READ_MAX = 16,   /* buffers of events read at one look; the next look hears of the others */
};

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

/* -- watching ----------------------------------------------------------------------------------- */

/* Other file systems, those on a network above all, change without telling us. */
static bool filesystem_tells(const char *folder)
{
	static const long told[] = {
		EXT4_SUPER_MAGIC, XFS_MAGIC, BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC, TMPFS_MAGIC, OVERLAYFS_SUPER_MAGIC,
	};
	struct statfs fs;
	if (statfs(folder, &fs) != 0)
		return false;
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if ((long)fs.f_type == told[i])
			return true;
	return false;
}

/* The folder, and all above it, whose moving takes the database along. False if one of them has become a symbolic link,
 * because removing that is not reported. */
static bool folders_watch(int fd, const char *folder)
{
	const uint32_t is_folder = IN_ONLYDIR | IN_DONT_FOLLOW;
	const uint32_t within = is_folder | IN_CREATE | IN_DELETE | IN_MOVE | IN_DELETE_SELF | IN_MOVE_SELF;
	char *above = mem_strdup(folder), *slash = above + strlen(above) - 1;
	bool ok;
	if (slash != above)
		*slash = '\0'; /* after it, a link would be followed */
	ok = inotify_add_watch(fd, above, within) >= 0;
	while (ok && (slash = strrchr(above, '/')) != NULL && slash != above) {
		*slash = '\0';
		ok = inotify_add_watch(fd, above, is_folder | IN_MOVE_SELF) >= 0;
	}
	free(above);
	return ok;
}

static void location_watch_folders(struct location *p)
{
	p->watched = folders_watch(p->watch, p->folder);
	if (!p->watched)
		close(p->watch);
}

void location_watch(struct location *p)
{
	if (!p->path || !filesystem_tells(p->folder))
		return;
	p->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (p->watch >= 0)
		location_watch_folders(p);
	p->doubted = true; /* what happened before is not told */
}

/* True: something has happened there. */
static bool location_heard(const struct location *p)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool heard = false;
	for (int i = 0; i < EVENTS_READ_MAX && read(p->watch, events, sizeof(events)) > 0; i++)
		heard = true;
	return heard || errno != EAGAIN;
}

bool location_is_kept(struct location *p)
{
	bool heard = p->path && p->watched && location_heard(p);
	int64_t now_ms = clock_ms(CLOCK_MONOTONIC);
	if (!p->path || (p->watched && !heard && !p->doubted && now_ms - p->looked_ms < LOCATION_CHECK_MS))
		return true;
	/* Others may be on the way to the database now. */
	if (heard)
		location_watch_folders(p);
	p->looked_ms = now_ms;
	p->doubted = location_check(p->path, &p->file) != LOCATION_SAME ||
	             location_check(p->wal_path, &p->wal) != LOCATION_SAME ||
	             location_check(p->shm_path, &p->shm) != LOCATION_SAME;
	return !p->doubted;
}

void location_release(struct store *s)
{
	if (s->location.watched)
		close(s->location.watch);
	free(s->location.path);
	free(s->location.wal_path);
	free(s->location.shm_path);
	free(s->location.folder);
	s->location = (struct location){ 0 };
}
