/*
 * A growing text that leaves nothing behind: memory that it gives up is cleared, because a password
 * may have been in it.
 */
#ifndef CHATD_CORE_TERMINAL_CLEARED_H
#define CHATD_CORE_TERMINAL_CLEARED_H

#include <stddef.h>
#include <stdint.h>

/* All zero is a valid empty one. */
struct cleared {
	char *data;    /* owned; NULL exactly while len is 0, otherwise NUL-terminated at data[len] */
	uint32_t len;  /* bytes in use, without the NUL */
	uint32_t cap;  /* bytes allocated: at most CLEARED_SPARE more than len ever was */
};

enum { CLEARED_SPARE = 576 };

/* Puts n bytes from p, which is elsewhere, before the byte at (at <= len). */
void cleared_insert(struct cleared *c, size_t at, const char *p, size_t n);

/* Takes away the bytes from `from` to `to` (from <= to <= len). */
void cleared_remove(struct cleared *c, size_t from, size_t to);

/* Gives the memory back; it is empty and valid afterwards. */
void cleared_release(struct cleared *c);

/* Moves what is in `from` to `to`, and releases what was there. from is empty afterwards. */
void cleared_move(struct cleared *to, struct cleared *from);

#endif
