/*
 * The WAL's frames of a transaction, written together.
 *
 * SQLite writes each frame's header and page on their own, two pwrite(2) a page. This VFS holds what belongs together,
 * and writes it with the frame that commits, before SQLite shows that to other connections. Whatever it holds is written
 * before anything is read, synced or written elsewhere in the file. So the order on the disk is the same; only the
 * pieces are larger. Everything else goes to the VFS that is the default when the file is opened.
 */
#ifndef CHATD_STORE_DB_WAL_FRAMES_H
#define CHATD_STORE_DB_WAL_FRAMES_H

#include <sqlite3.h>
#include <stdbool.h>

enum { WAL_SALTS_BYTES = 8 };

/* The name of this VFS, for sqlite3_open_v2, on the connection that writes. NULL (which names the default VFS) if there
 * is no memory for it. */
const char *wal_frames_vfs(void);

/* Drops what is held, after a rollback: once the transaction has ended, another connection may write there. wal may be
 * any file. */
void wal_frames_drop(sqlite3_file *wal);

/* The salts of the WAL, which differ from one WAL to the next: those of the frame that was written last, from memory;
 * before the first, those in the file. False: there is no WAL, or it cannot be read. */
bool wal_frames_salts(sqlite3_file *wal, unsigned char salts[WAL_SALTS_BYTES]);

#endif
