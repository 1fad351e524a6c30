/*
 * The chat log file. Owns its descriptor and the bytes not yet written.
 */
#include "chatd/store/chatlog.h"

#include "chatd/base/bytes.h"
#include "chatd/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	WAITING_BYTES_MAX = 16 << 20, /* bytes kept while the file cannot be written to */
};

struct chatlog {
	int fd;               /* open to append */
	char *path;           /* for messages, and to reopen it */
	struct bytes out;     /* whole lines not yet written; the first may be cut at its start */
	bool failing;         /* true while the last write failed, so that it is logged once */
	uint64_t lost_lines;  /* lines that found no room in out since writing fails */
	int64_t stamp_s;      /* the second that stamp shows */
	char stamp[24];       /* "[YYYY-MM-DD HH:MM:SS]" */
};

static int chatlog_open_fd(const char *path)
{
	/* Non-blocking, so that a pipe nobody reads does not hold up saving. */
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
}

struct chatlog *chatlog_open(const char *path, struct store_error *err)
{
	int fd = chatlog_open_fd(path);
	if (fd < 0) {
		snprintf(err->text, sizeof(err->text), "cannot open the chat log %s: %s", path,
		         strerror(errno));
		return NULL;
	}
	struct chatlog *c = mem_zero(1, sizeof(*c));
	c->fd = fd;
	c->path = mem_strdup(path);
	c->stamp_s = INT64_MIN;
	return c;
}

static const char *chatlog_stamp(struct chatlog *c, int64_t time_ms)
{
	int64_t second = time_ms / 1000;
	if (second == c->stamp_s)
		return c->stamp;
	time_t t = (time_t)second;
	struct tm tm;
	if (!localtime_r(&t, &tm) ||
	    !strftime(c->stamp, sizeof(c->stamp), "[%Y-%m-%d %H:%M:%S]", &tm))
		strcpy(c->stamp, "[0000-00-00 00:00:00]");
	c->stamp_s = second;
	return c->stamp;
}

/* The file cannot forget, so it says what was deleted from the history. */
static void add_deleted(struct chatlog *c, const struct record *r)
{
	bytes_printf(&c->out, "%s[System][%s]: line #%" PRIu64 " was deleted\n",
	             chatlog_stamp(c, r->time_ms), r->room_name, r->deletion.line_id);
}

static void add_erased(struct chatlog *c, const struct record *r)
{
	bytes_printf(&c->out, "%s[System]: all lines of %s were deleted\n", chatlog_stamp(c, r->time_ms),
	             r->erase.key);
}

void chatlog_add(struct chatlog *c, const struct record *r)
{
	if (r->kind == RECORD_ERASE && c->out.len <= WAITING_BYTES_MAX)
		add_erased(c, r);
	if (r->kind == RECORD_DELETE && c->out.len <= WAITING_BYTES_MAX)
		add_deleted(c, r);
	if (r->kind != RECORD_SAY && r->kind != RECORD_ACTION && r->kind != RECORD_GAP)
		return;
	if (c->out.len > WAITING_BYTES_MAX) {
		c->lost_lines++;
		return;
	}
	bytes_puts(&c->out, chatlog_stamp(c, r->time_ms));
	bytes_puts(&c->out, "[");
	bytes_puts(&c->out, r->line.sender);
	bytes_puts(&c->out, "][");
	bytes_puts(&c->out, r->room_name);
	bytes_puts(&c->out, "]:");
	if (r->kind == RECORD_ACTION) {
		bytes_puts(&c->out, "* ");
		bytes_puts(&c->out, r->line.sender);
		bytes_puts(&c->out, " ");
	}
	if (r->kind == RECORD_GAP)
		bytes_puts(&c->out, " ");
	bytes_puts(&c->out, r->line.body);
	bytes_puts(&c->out, "\n");
}

void chatlog_flush(struct chatlog *c)
{
	size_t done = 0;
	while (done < c->out.len) {
		ssize_t n = write(c->fd, c->out.data + done, c->out.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (done < c->out.len) {
		if (!c->failing)
			log_warn("cannot write to the chat log %s, and will keep trying",
			         c->path);
		c->failing = true;
		bytes_drop(&c->out, done);
		return;
	}
	bytes_clear(&c->out);
	if (c->failing)
		log_warnx("writing to the chat log %s again; %llu lines are missing from it", c->path,
		          (unsigned long long)c->lost_lines);
	c->failing = false;
	c->lost_lines = 0;
}

void chatlog_reopen(struct chatlog *c, const char *path)
{
	chatlog_flush(c);
	int fd = chatlog_open_fd(path);
	if (fd < 0) {
		log_warnx("cannot open the chat log %s, and still using %s: %s%s", path, c->path, strerror(errno),
		          errno == EACCES ? " (in the sandbox, a file in another folder needs a restart)" : "");
		return;
	}
	close(c->fd);
	c->fd = fd;
	char *own = mem_strdup(path); /* path may be c->path */
	free(c->path);
	c->path = own;
}

void chatlog_close(struct chatlog *c)
{
	if (!c)
		return;
	chatlog_flush(c);
	close(c->fd);
	bytes_release(&c->out);
	free(c->path);
	free(c);
}
