/*
 * The database's files: whose they are, and what lies beside them.
 */
#ifndef CHATD_STORE_DB_FILES_H
#define CHATD_STORE_DB_FILES_H

#include "chatd/store/db/error.h"

#include <sys/stat.h>

enum { STORE_FILE_MODE = 0600 }; /* of each file that is made: for chatd's own user alone */

/* fd is the database at path, locked and not yet opened by SQLite. Narrows it and what lies beside
 * it to STORE_FILE_MODE. False: one of them is another user's, or stays open to others; err says
 * so. */
bool files_check(int fd, const char *path, struct store_error *err);
/* False: what was found at path is another user's, and err says so. */
bool files_owned(const char *path, const struct stat *st, struct store_error *err);

/* The path with `end` behind it, which the caller frees. */
char *files_beside(const char *path, const char *end);
/* The folder in which the path lies, with its slash, which the caller frees. */
char *files_folder(const char *path);
/* Brings to the disk which names are in the folder. False: errno says why not. */
bool files_sync_folder(const char *folder);
/* Renames a file, never over another one. An errno, or 0. */
int files_rename_new(const char *from, const char *to);

#endif
