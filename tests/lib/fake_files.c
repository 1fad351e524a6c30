/*
 * Files, and what a crash leaves of them.
 *
 * A file's `durable` bytes are those of its last sync. Writes and truncations
 * since then are kept in order; a power cut takes all of them, none, or for
 * each sector of each of them what chance says, so that what was written later
 * may be there and what was written before it not.
 */
#include "fake_files.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chatd/base/bytes.h"

enum { SECTOR_BYTES = 512 };

struct pending {
	struct pending *next;
	bool truncates;         /* to `at`; otherwise n bytes are written there */
	bool lost;              /* it never comes to the disk */
	size_t at, n;
	char data[];
};

struct file {
	struct file *next;
	char *path;             /* owned */
	bool durable_there;     /* its name is on the disk */
	bool deleted;           /* since then, in a folder that was not synced */
	struct bytes durable;   /* and this behind it */
	struct pending *first, **last; /* since the last sync */
	bool image_there;       /* frozen: there will be such a file */
	struct bytes image;     /* of these bytes */
};

static struct file *files;

static void pending_drop(struct file *f)
{
	while (f->first != NULL) {
		struct pending *p = f->first;

		f->first = p->next;
		free(p);
	}
	f->last = &f->first;
}

static struct file *file_find(const char *path)
{
	struct file *f = files;

	while (f != NULL && strcmp(f->path, path) != 0)
		f = f->next;
	return f;
}

struct file *file_of(const char *path)
{
	struct file *f = file_find(path);

	if (f != NULL && f->deleted) {
		/* A new file: it has nothing of the one of that name. */
		bytes_clear(&f->durable);
		f->durable_there = f->deleted = false;
	}
	if (f != NULL)
		return f;
	f = mem_zero(1, sizeof *f);
	f->path = mem_strdup(path);
	f->last = &f->first;
	f->next = files;
	files = f;
	return f;
}

static struct pending *pending_add(struct file *f, size_t n)
{
	struct pending *p = mem_zero(1, sizeof *p + n);

	p->n = n;
	*f->last = p;
	f->last = &p->next;
	return p;
}

void file_note_write(struct file *f, const void *from, size_t n, size_t at)
{
	struct pending *p = pending_add(f, n);

	p->at = at;
	memcpy(p->data, from, n);
}

void file_note_truncate(struct file *f, size_t size)
{
	struct pending *p = pending_add(f, 0);

	p->truncates = true;
	p->at = size;
}

static void resize(struct bytes *b, size_t size)
{
	static const char zeros[4096];

	while (b->len < size)
		bytes_append(b, zeros, size - b->len < sizeof zeros ? size - b->len : sizeof zeros);
	b->len = size;
}

static void apply_part(struct bytes *b, const struct pending *p, size_t from, size_t to)
{
	if (b->len < p->at + to)
		resize(b, p->at + to);
	memcpy(b->data + p->at + from, p->data + from, to - from);
}

static void apply(struct bytes *b, const struct pending *p)
{
	if (p->truncates && p->at < b->len)
		b->len = p->at;
	else if (!p->truncates)
		apply_part(b, p, 0, p->n);
}

void file_note_sync(struct file *f)
{
	for (const struct pending *p = f->first; p != NULL; p = p->next)
		if (!p->lost)
			apply(&f->durable, p);
	pending_drop(f);
	f->durable_there = true;
}

void file_lose_pending(struct file *f)
{
	for (struct pending *p = f->first; p != NULL; p = p->next)
		p->lost = true;
}

/* Where the folder is not synced the file may come back, as it was. */
void file_note_delete(const char *path, bool synced)
{
	struct file *f = file_find(path);

	if (f == NULL)
		return;
	pending_drop(f);
	f->deleted = !synced;
	if (synced) {
		f->durable_there = false;
		bytes_clear(&f->durable);
	}
}

void file_note_sync_of(const char *path)
{
	struct file *f = file_find(path);

	if (f != NULL)
		file_note_sync(f);
}

void file_note_rename(const char *from, const char *to)
{
	struct file *f = file_find(from), *old = file_find(to);

	if (f == NULL)
		return;
	/* Connections to the old file still know it; it has no name any more. */
	if (old != NULL) {
		free(old->path);
		old->path = mem_strdup("");
	}
	free(f->path);
	f->path = mem_strdup(to);
}

/* -- the end, and after it ------------------------------------------------------------- */

static bool read_file(const char *path, struct bytes *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buffer[65536];
	ssize_t n;

	if (fd < 0)
		return false;
	while ((n = read(fd, buffer, sizeof buffer)) > 0)
		bytes_append(b, buffer, (size_t)n);
	close(fd);
	return true;
}

/* Some of it, sector by sector; of one of them a part. */
static void apply_some(struct bytes *b, const struct pending *p, struct prng *prng)
{
	if (p->truncates || p->n == 0) {
		if (prng_chance(prng, 500))
			apply(b, p);
		return;
	}
	for (size_t from = 0, to; from < p->n; from = to) {
		to = from + SECTOR_BYTES - (p->at + from) % SECTOR_BYTES;
		if (to > p->n)
			to = p->n;
		if (prng_chance(prng, 500))
			apply_part(b, p, from, to);
		else if (prng_chance(prng, 100))
			apply_part(b, p, from, from + prng_below(prng, (uint32_t)(to - from)));
	}
}

static void freeze_cut(struct file *f, struct prng *prng)
{
	uint32_t how = prng_below(prng, 4);

	f->image_there = f->durable_there || (f->first != NULL && prng_chance(prng, 500));
	bytes_append(&f->image, f->durable.data, f->durable.len);
	for (const struct pending *p = f->first; p != NULL; p = p->next) {
		if (p->lost || how == 0)
			continue;
		if (how == 1)
			apply(&f->image, p);
		else
			apply_some(&f->image, p, prng);
	}
}

void files_freeze(bool power_cut, struct prng *prng)
{
	for (struct file *f = files; f != NULL; f = f->next) {
		if (*f->path == '\0')
			continue;
		bytes_clear(&f->image);
		if (power_cut)
			freeze_cut(f, prng);
		else
			f->image_there = read_file(f->path, &f->image);
	}
}

static void write_file(const char *path, const struct bytes *b)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || (b->len > 0 && write(fd, b->data, b->len) != (ssize_t)b->len))
		abort();
	close(fd);
}

void files_thaw(void)
{
	for (struct file *f = files; f != NULL; f = f->next) {
		if (*f->path == '\0')
			continue;
		if (f->image_there)
			write_file(f->path, &f->image);
		else
			remove(f->path);
		/* After a start what the disk shows is what it has. */
		pending_drop(f);
		bytes_clear(&f->durable);
		bytes_append(&f->durable, f->image.data, f->image.len);
		f->durable_there = f->image_there;
		f->deleted = false;
	}
}

void files_forget(void)
{
	while (files != NULL) {
		struct file *f = files;

		files = f->next;
		pending_drop(f);
		bytes_release(&f->durable);
		bytes_release(&f->image);
		free(f->path);
		free(f);
	}
}
