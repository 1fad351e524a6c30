/*
 * The database's files: their owners and modes, and the files next to them.
 */
#ifndef CHATD_STORE_DB_FILES_H
#define CHATD_STORE_DB_FILES_H

#include "chatd/store/db/error.h"

#include <sys/stat.h>

enum { STORE_FILE_MODE = 0600 }; /* for each new file: only chatd's own user may use it */

/* fd is the database at path, locked and not yet opened by SQLite. Restricts it and SQLite's files
 * next to it to STORE_FILE_MODE. False: one of them belongs to another user, or stays open to
 * others; err says so. */
bool files_check(int fd, const char *path, struct store_error *err);
/* False: the file found at path (st) belongs to another user, and err says so. */
bool files_owned(const char *path, const struct stat *st, struct store_error *err);

/* The path with `end` appended, which the caller frees. */
char *files_beside(const char *path, const char *end);
/* The folder of the path, with its slash, which the caller frees. */
char *files_folder(const char *path);
/* Removes a file that may not be there. Returns an errno, or 0 if there is none now. */
int files_remove(const char *path);
/* Flushes the folder's entries to the disk. False: errno says why it could not. */
bool files_sync_folder(const char *folder);
/* Renames a file, but never over another one. Returns an errno, or 0. */
int files_rename_new(const char *from, const char *to);

#endif
