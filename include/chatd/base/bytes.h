/*
 * Memory that must be had, and a growing byte buffer.
 *
 * An allocation that fails ends the program with a message: chatd sizes its
 * pools at start, and a chat server that cannot get a few bytes later has
 * nothing better to do than to be restarted with its history intact.
 */
#ifndef CHATD_BASE_BYTES_H
#define CHATD_BASE_BYTES_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* For a large array on the stack that is written before it is read: the release build clears all
 * others, which would cost more here than what is done with the array. */
#if defined(__has_attribute) && __has_attribute(uninitialized)
#define UNCLEARED __attribute__((uninitialized))
#else
#define UNCLEARED
#endif

/* The caller owns what these return and gives it to free(). mem_zero clears it. */
void *mem_alloc(size_t n) __attribute__((returns_nonnull));
void *mem_zero(size_t count, size_t size) __attribute__((returns_nonnull));
void *mem_resize(void *p, size_t n) __attribute__((returns_nonnull));
char *mem_strdup(const char *s) __attribute__((returns_nonnull));
/* align is a power of two, and n a multiple of it. */
void *mem_aligned(size_t align, size_t n) __attribute__((returns_nonnull));

/* Ends the program in the same way, when a library is out of memory and no answer without it would
 * be right. */
_Noreturn void mem_fail(void);

/* A byte buffer that grows. All zero is a valid empty one. */
struct bytes {
	char *data;  /* NULL exactly while cap is 0; otherwise NUL-terminated at data[len] */
	size_t len;  /* bytes in use, without the NUL */
	size_t cap;  /* bytes allocated */
};

void bytes_append(struct bytes *b, const void *p, size_t n);
void bytes_puts(struct bytes *b, const char *s);
/* The number's digits. */
void bytes_number(struct bytes *b, uint64_t n);
void bytes_printf(struct bytes *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void bytes_vprintf(struct bytes *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* Empties it and keeps the memory. */
void bytes_clear(struct bytes *b);

/* Drops the first n bytes (n <= len). */
void bytes_drop(struct bytes *b, size_t n);

/* Gives the memory back; the buffer is empty and valid afterwards. */
void bytes_release(struct bytes *b);

#endif
