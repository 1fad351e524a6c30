/* Whole files. Owns the descriptor while it reads. */
#include "chatd/program/conf/plain_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Adds the bytes of fd. False: errno says why they cannot be read. */
static bool read_all(int fd, size_t max, struct bytes *out)
{
	char piece[4096];
	size_t taken = 0;
	ssize_t n = 0;

	while (taken <= max) {
		n = read(fd, piece, sizeof piece);
		if (n <= 0 && !(n < 0 && errno == EINTR))
			break;
		if (n > 0)
			bytes_append(out, piece, (size_t)n);
		taken += n > 0 ? (size_t)n : 0;
	}
	return n >= 0;
}

const char *plain_file_read(const char *path, size_t max, struct bytes *out, char why[PLAIN_FILE_WHY_BYTES])
{
	/* A pipe must not hold up the start. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), e = 0;
	size_t before = out->len;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		close(fd);
		errno = 0;
		return S_ISDIR(st.st_mode) ? "this is a folder, not a file" : "this is not an ordinary file";
	}
	if (fd < 0 || !read_all(fd, max, out)) {
		e = errno;
		snprintf(why, PLAIN_FILE_WHY_BYTES, "cannot be read: %s", strerror(e));
	} else if (out->len - before > max) {
		snprintf(why, PLAIN_FILE_WHY_BYTES, "it is longer than %zu bytes", max);
	} else {
		why = NULL;
	}
	if (fd >= 0)
		close(fd);
	errno = e;
	return why;
}
