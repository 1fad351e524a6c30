/* The engine's password. What was read is cleared, but for the one copy that the caller gets. */
#include "chatd/program/cluster_password.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chatd/program/conf/conf.h"

enum { FILE_BYTES = CLUSTER_PASSWORD_BYTES_MAX + 2 }; /* with the end of its line */

#define KEY "cluster_password_file = %s: "

/* -1: problems says why. */
static int open_file(const char *path, struct bytes *problems)
{
	/* A pipe must not hold up the start. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st = {0};

	if (fd < 0) {
		conf_tell(problems, KEY "it cannot be read: %s", path, strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		conf_tell(problems, KEY "this is not an ordinary file", path);
	else if ((st.st_mode & S_IRWXO) != 0)
		conf_tell(problems, KEY "other users of this host may use it (mode %04o); run chmod o= on it", path,
		          (unsigned int)st.st_mode & 07777U);
	else
		return fd;
	close(fd);
	return -1;
}

/* Cuts off the end of the line. NULL: the password is one; otherwise what is wrong. */
static const char *check_text(char *text, size_t *len)
{
	if (*len > 0 && text[*len - 1] == '\n')
		--*len;
	if (*len > 0 && text[*len - 1] == '\r')
		--*len;
	text[*len] = '\0';
	if (*len == 0)
		return "it has no password";
	for (size_t i = 0; i < *len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return "it must have one line, with the password alone";
	return NULL;
}

bool cluster_password_read(const char *path, char password[CLUSTER_PASSWORD_BYTES_MAX + 1], struct bytes *problems)
{
	int fd = open_file(path, problems);
	char text[FILE_BYTES + 2];
	const char *wrong = NULL;
	size_t len = 0;
	ssize_t n = 0;
	bool ok = false;

	memset(password, 0, CLUSTER_PASSWORD_BYTES_MAX + 1);
	if (fd < 0)
		return false;
	while (len < FILE_BYTES + 1 && (n = read(fd, text + len, FILE_BYTES + 1 - len)) > 0)
		len += (size_t)n;
	if (n >= 0)
		wrong = check_text(text, &len);
	if (n < 0) {
		conf_tell(problems, KEY "it cannot be read: %s", path, strerror(errno));
	} else if (wrong) {
		conf_tell(problems, KEY "%s", path, wrong);
	} else if (len > CLUSTER_PASSWORD_BYTES_MAX) {
		conf_tell(problems, KEY "the password has more than %d bytes", path, CLUSTER_PASSWORD_BYTES_MAX);
	} else {
		memcpy(password, text, len);
		ok = true;
	}
	explicit_bzero(text, sizeof text);
	close(fd);
	return ok;
}

bool cluster_password_check(const char *path, struct bytes *problems)
{
	char password[CLUSTER_PASSWORD_BYTES_MAX + 1];
	bool ok = cluster_password_read(path, password, problems);

	explicit_bzero(password, sizeof password);
	return ok;
}
