/*
 * What the store's tests share: a folder of their own, and records in few words.
 */
#ifndef CHATD_TESTS_STORE_HELP_H
#define CHATD_TESTS_STORE_HELP_H

#include "chatd/core/event.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <dirent.h>

#include <cmocka.h>

#define NOON_MS 1700000000000LL /* when the tests' first line is said */

/* A folder under TMPDIR, removed with all that lies in it. */
struct folder {
	char path[128];   /* of the folder */
	char file[512];   /* what folder_file returned last */
};

static inline const char *folder_file(struct folder *f, const char *name)
{
	snprintf(f->file, sizeof(f->file), "%s/%s", f->path, name);
	return f->file;
}

static inline int folder_setup(void **state)
{
	struct folder *f = calloc(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");
	snprintf(f->path, sizeof(f->path), "%s/chatd-test-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	*state = f;
	return mkdtemp(f->path) ? 0 : -1;
}

static inline int folder_teardown(void **state)
{
	struct folder *f = *state;
	DIR *d = opendir(f->path);
	for (struct dirent *e; d && (e = readdir(d)); )
		if (e->d_name[0] != '.')
			unlink(folder_file(f, e->d_name));
	if (d)
		closedir(d);
	rmdir(f->path);
	free(f);
	return 0;
}

static inline bool folder_has(struct folder *f, const char *name)
{
	return access(folder_file(f, name), F_OK) == 0;
}

static inline struct record line_of(uint64_t seq, uint32_t room, const char *sender,
                                    const char *body)
{
	return (struct record){
		.seq = seq,
		.kind = RECORD_SAY,
		.room = room,
		.time_ms = NOON_MS + (int64_t)seq * 1000,
		.room_name = room == 1 ? "lobby" : room == 2 ? "ops" : "other",
		.sender = sender,
		.body = body,
	};
}

/* A query for everything of a room. */
static inline struct query query_of(enum query_kind kind, uint32_t room, uint32_t limit)
{
	return (struct query){
		.kind = kind,
		.conn = { 7, 3 },
		.room = room,
		.limit = limit,
		.before_id = UINT64_MAX,
		.since_ms = INT64_MIN,
		.until_ms = INT64_MAX,
		.key = "",
		.words = "",
	};
}

#endif
