/*
 * What is on the disk that fails: for each file what was synced, and what was
 * done to it since. Private to fake_disk.c.
 */
#ifndef CHATD_TESTS_FAKE_FILES_H
#define CHATD_TESTS_FAKE_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "prng.h"

struct file;

/* The file of that path, which is there. */
struct file *file_of(const char *path);
void file_note_write(struct file *f, const void *p, size_t n, size_t at);
void file_note_truncate(struct file *f, size_t size);
void file_note_sync(struct file *f);
/* What was not synced never will be. */
void file_lose_pending(struct file *f);
void file_note_delete(const char *path, bool synced);
/* These go by the name, and do nothing where there is no such file. */
void file_note_sync_of(const char *path);
void file_note_rename(const char *from, const char *to);

/* Decides what each file will be. */
void files_freeze(bool power_cut, struct prng *prng);
/* Makes the files what was decided. */
void files_thaw(void);
void files_forget(void);

#endif
