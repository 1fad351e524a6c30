/* The files with the certificate and its key. What was read is cleared before its memory is given back. */
#include "chatd/program/certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chatd/program/conf/conf_listen.h"

enum { PEM_BYTES_MAX = 256 << 10 }; /* of one file: a chain of certificates has some KiB each */

/* -1: problems says why. */
static int open_one(const char *key, const char *path, struct bytes *problems)
{
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
	struct stat st;

	if (path == NULL) {
		conf_tell(problems, "%s is not set, and a listener has the option tls", key);
	} else if (fd < 0) {
		conf_tell(problems, "%s = %s: it cannot be read: %s", key, path, strerror(errno));
	} else if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > PEM_BYTES_MAX) {
		conf_tell(problems, "%s = %s: it is no file, or has more than %d KiB", key, path, PEM_BYTES_MAX >> 10);
		close(fd);
		fd = -1;
	}
	return fd;
}

bool certificate_open(const struct conf *c, struct certificate_files *files, struct bytes *problems)
{
	files->certificate = open_one("tls_certificate", c->tls.certificate, problems);
	files->key = open_one("tls_key", c->tls.key, problems);
	if (files->certificate >= 0 && files->key >= 0)
		return true;
	certificate_close(files);
	return false;
}

void certificate_close(struct certificate_files *files)
{
	if (files->certificate >= 0)
		close(files->certificate);
	if (files->key >= 0)
		close(files->key);
	files->certificate = files->key = -1;
}

/* What is in one, from its beginning, wherever another process has read to: in one piece of memory, so that no
 * copy of it stays anywhere. NULL: errno says why not. */
static char *read_file(int fd, size_t *len)
{
	const size_t size = PEM_BYTES_MAX + 1;
	char *text = mem_zero(1, size);
	ssize_t n = 0;

	*len = 0;
	while (*len < size && (n = pread(fd, text + *len, size - *len, (off_t)*len)) > 0)
		*len += (size_t)n;
	if (n == 0)
		return text;
	/* It has grown since it was opened. */
	if (n > 0)
		errno = EFBIG;
	explicit_bzero(text, *len);
	free(text);
	return NULL;
}

static void clear(char *text, size_t len)
{
	if (text != NULL)
		explicit_bzero(text, len);
	free(text);
}

bool certificate_read(const struct certificate_files *files, enum tls_version least, struct tls_engine *e,
                      struct bytes *problems)
{
	size_t certificate_len = 0, key_len = 0;
	char *certificate = read_file(files->certificate, &certificate_len), *key = read_file(files->key, &key_len);
	const struct tls_pem pem[] = {
		{"tls_certificate", certificate, certificate_len}, {"tls_key", key, key_len},
	};
	char why[512];
	bool ok = certificate != NULL && key != NULL;

	if (!ok) {
		conf_tell(problems, "tls_certificate or tls_key cannot be read: %s", strerror(errno));
	} else {
		ok = tls_engine_init(e, &pem[0], &pem[1], least, why, sizeof why);
		if (!ok)
			conf_tell(problems, "%s", why);
	}
	clear(certificate, certificate_len);
	clear(key, key_len);
	return ok;
}

bool certificate_is_needed(const struct conf *c)
{
	struct conf_listen l;
	char problem[256];

	for (uint32_t i = 0; i < c->nlisten; i++)
		if (conf_listen_parse(c->listen[i], &l, problem, sizeof problem) && l.tls)
			return true;
	return false;
}

/* In the process of certificate_check_apart. */
static _Noreturn void check_in_child(const struct conf *c, int out)
{
	struct bytes told = {0};
	bool ok = certificate_check(c, &told);

	/* A pipe has room for it. */
	if (told.len > 0 && write(out, told.data, told.len) < 0)
		ok = false;
	_exit(ok ? EXIT_SUCCESS : EXIT_FAILURE);
}

bool certificate_check_apart(const struct conf *c, struct bytes *problems)
{
	char part[512];
	int ends[2], status = -1;
	ssize_t n = 0;
	pid_t pid = -1;

	if (pipe2(ends, O_CLOEXEC) == 0) {
		pid = fork();
		if (pid == 0)
			check_in_child(c, ends[1]);
		close(ends[1]);
		while (pid > 0 && ((n = read(ends[0], part, sizeof part)) > 0 || (n < 0 && errno == EINTR)))
			bytes_append(problems, part, n > 0 ? (size_t)n : 0);
		close(ends[0]);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status != 0 && problems->len == 0)
		conf_tell(problems, "tls_certificate and tls_key cannot be checked");
	return status == 0;
}

bool certificate_check(const struct conf *c, struct bytes *problems)
{
	struct certificate_files files;
	struct tls_engine e;
	bool ok = certificate_open(c, &files, problems);

	if (!ok)
		return false;
	ok = certificate_read(&files, c->tls.least, &e, problems);
	if (ok)
		tls_engine_release(&e);
	certificate_close(&files);
	return ok;
}
