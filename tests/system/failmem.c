/*
 * failmem: memory that cannot be had, by LD_PRELOAD.
 *
 *     FAILMEM_FROM=1000 FAILMEM_CALLS=1 FAILMEM_LOG=file LD_PRELOAD=failmem.so chatd ...
 *
 * Counts the allocations of the whole process, also those that its libraries make (malloc, calloc,
 * realloc, aligned ones, what strdup and the like ask for, and anonymous mmap, which libcrypt
 * uses), and lets FAILMEM_CALLS of them fail (1, unless it is given) from the FAILMEM_FROM-th on;
 * 0: none. Each that failed is a line of FAILMEM_LOG: its number, its size and who asked. At the
 * program's end a last line says how many there were.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc's own, under the names that it keeps for this. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);

static atomic_ulong calls;
static unsigned long from, many = 1;
static int log_fd = -1;
static atomic_bool ready; /* true once the settings are read */

__attribute__((constructor)) static void begin(void)
{
	const char *value = getenv("FAILMEM_FROM"), *path = getenv("FAILMEM_LOG");

	from = value != NULL ? strtoul(value, NULL, 10) : 0;
	value = getenv("FAILMEM_CALLS");
	if (value != NULL)
		many = strtoul(value, NULL, 10);
	if (path != NULL)
		log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	atomic_store(&ready, true);
}

__attribute__((destructor)) static void end(void)
{
	char line[64];
	int n = snprintf(line, sizeof line, "all %lu\n", atomic_load(&calls));

	if (log_fd >= 0 && write(log_fd, line, (size_t)n) < 0)
		_exit(99);
}

/* True: this one is to fail. Must allocate nothing itself. */
static bool fails(size_t size, const void *who)
{
	unsigned long n;
	char line[512];
	Dl_info info = {0};
	int saved = errno, len;

	if (!atomic_load(&ready))
		return false;
	n = atomic_fetch_add(&calls, 1) + 1;
	if (from == 0 || n < from || n - from >= many)
		return false;
	if (log_fd >= 0) {
		dladdr(who, &info);
		len = snprintf(line, sizeof line, "failed %lu: %zu bytes for %s %s+%#lx\n", n, size,
		               info.dli_fname != NULL ? info.dli_fname : "?",
		               info.dli_sname != NULL ? info.dli_sname : "?",
		               (unsigned long)((uintptr_t)who - (uintptr_t)info.dli_fbase));
		if (write(log_fd, line, (size_t)len) < 0)
			_exit(99);
	}
	errno = saved;
	return true;
}

void *malloc(size_t n)
{
	if (!fails(n, __builtin_return_address(0)))
		return __libc_malloc(n);
	errno = ENOMEM;
	return NULL;
}

void *calloc(size_t count, size_t size)
{
	if (!fails(count * size, __builtin_return_address(0)))
		return __libc_calloc(count, size);
	errno = ENOMEM;
	return NULL;
}

void *realloc(void *p, size_t n)
{
	if (!fails(n, __builtin_return_address(0)))
		return __libc_realloc(p, n);
	errno = ENOMEM;
	return NULL;
}

void *aligned_alloc(size_t align, size_t n)
{
	if (!fails(n, __builtin_return_address(0)))
		return __libc_memalign(align, n);
	errno = ENOMEM;
	return NULL;
}

int posix_memalign(void **p, size_t align, size_t n)
{
	if (fails(n, __builtin_return_address(0)))
		return ENOMEM;
	*p = __libc_memalign(align, n);
	return *p != NULL ? 0 : ENOMEM;
}

void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	if ((flags & MAP_ANONYMOUS) == 0 || !fails(n, __builtin_return_address(0)))
		return (void *)syscall(SYS_mmap, at, n, prot, flags, fd, offset);
	errno = ENOMEM;
	return MAP_FAILED;
}
