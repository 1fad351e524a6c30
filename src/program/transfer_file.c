/*
 * Exports and imports. Owns the descriptors and the line that is being read.
 *
 * Standard output may be a file, a pipe whose reader is slow or goes away, or closed. Progress is shown
 * only to a person who would otherwise see nothing: on a terminal, if the data goes elsewhere.
 */
#include "chatd/program/transfer_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chatd/base/clock.h"
#include "chatd/base/time_format.h"
#include "chatd/core/people/name.h"
#include "chatd/program/admin_list.h"
#include "chatd/program/daemon.h"
#include "chatd/store/db/import.h"
#include "chatd/store/db/outside.h"
#include "chatd/store/db/store.h"

#ifndef CHATD_VERSION
#define CHATD_VERSION "unknown"
#endif

enum {
	PROGRESS_MS = 500,       /* between two lines of progress */
	READ_BYTES = 256 << 10,
};

/* -- progress ------------------------------------------------------------------------------- */

struct progress {
	bool shown;              /* somebody sees it */
	bool begun;              /* a line of it is on the screen */
	int64_t begin_ms, next_ms;
};

static struct progress progress_begin(bool wanted)
{
	int64_t now_ms = clock_ms(CLOCK_MONOTONIC);

	return (struct progress){ .shown = wanted && isatty(STDERR_FILENO), .begin_ms = now_ms,
	                          .next_ms = now_ms + PROGRESS_MS };
}

/* Replaces the line, twice a second. */
__attribute__((format(printf, 2, 3)))
static void progress_show(struct progress *g, const char *fmt, ...)
{
	int64_t now_ms = g->shown ? clock_ms(CLOCK_MONOTONIC) : 0;
	va_list ap;

	if (!g->shown || now_ms < g->next_ms)
		return;
	g->next_ms = now_ms + PROGRESS_MS;
	g->begun = true;
	fputs("\r\033[K", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
}

static void progress_end(struct progress *g)
{
	if (g->begun)
		fputs("\r\033[K", stderr);
	g->begun = false;
}

static uint64_t progress_rate(const struct progress *g, uint64_t n)
{
	int64_t ms = clock_ms(CLOCK_MONOTONIC) - g->begin_ms;

	return n * 1000 / (uint64_t)(ms > 0 ? ms : 1);
}

/* -- export ----------------------------------------------------------------------------------- */

struct output {
	struct progress progress;
	int error;               /* the errno of the write that failed; 0: none has */
	bool begun;              /* something was written */
};

static bool output_write(void *ctx, const char *p, size_t n)
{
	struct output *out = ctx;

	while (n > 0 && out->error == 0) {
		ssize_t done = write(STDOUT_FILENO, p, n);

		if (done >= 0) {
			out->begun = true;
			p += done;
			n -= (size_t)done;
		} else if (errno == EAGAIN) {
			/* Whoever gave us the descriptor made it so. */
			poll(&(struct pollfd){ .fd = STDOUT_FILENO, .events = POLLOUT }, 1, -1);
		} else if (errno != EINTR) {
			out->error = errno;
		}
	}
	return out->error == 0;
}

static void output_progress(void *ctx, uint64_t lines, unsigned percent)
{
	struct output *out = ctx;

	progress_show(&out->progress, "%u %%, %" PRIu64 " lines, %" PRIu64 " a second", percent, lines,
	              progress_rate(&out->progress, lines));
}

/* Some filesystems report only here that the disk is full. */
static void output_close(struct output *out)
{
	if (out->error == 0 && close(STDOUT_FILENO) != 0)
		out->error = errno;
}

static void output_tell(const struct output *out)
{
	if (out->error == EPIPE)
		admin_tell("the export is not complete: its reader closed the pipe");
	else if (out->error == EBADF)
		admin_tell("nothing was exported: standard output is closed");
	else
		admin_tell("the export is not complete: cannot write to standard output: %s",
		           strerror(out->error));
}

bool transfer_write(struct store *s, struct export_wish *wish, const struct bytes *first)
{
	struct output out = { .progress = progress_begin(!isatty(STDOUT_FILENO)) };
	struct export_result r = { .lines = 0 };
	enum export_end end = EXPORT_UNWRITTEN;
	struct store_error err;

	signal(SIGPIPE, SIG_IGN);
	wish->write = output_write;
	wish->progress = output_progress;
	wish->ctx = &out;
	if (first->len == 0 || output_write(&out, first->data, first->len))
		end = store_export(s, wish, &r, &err);
	progress_end(&out.progress);
	if (end == EXPORT_FAILED) {
		admin_tell("%s: %s", out.begun ? "the export is not complete" : "nothing was exported", err.text);
		return false;
	}
	output_close(&out);
	if (out.error != 0) {
		output_tell(&out);
		return false;
	}
	if (r.mended > 0)
		admin_tell("%" PRIu64 " record%s had text that is not UTF-8; U+FFFD stands for it", r.mended,
		           r.mended == 1 ? "" : "s");
	return true;
}

/* options_parse has checked that it is one of the two. */
static int64_t since_of(const char *since, int64_t now_ms)
{
	int64_t age_ms = format_parse_age(since), begin_ms = 0, end_ms;

	if (age_ms >= 0)
		return now_ms - age_ms;
	format_parse_day(since, &begin_ms, &end_ms);
	return begin_ms;
}

bool transfer_export(const struct conf *c, const struct admin_db *p, const struct options *o)
{
	const char *room = o->detail[DETAIL_ROOM], *format = o->detail[DETAIL_FORMAT];
	const char *since = o->detail[DETAIL_SINCE];
	int64_t now_ms = clock_ms(CLOCK_REALTIME);
	char key[NAME_KEY_BYTES_MAX + 1];
	struct export_wish wish = {
		.text = format && strcmp(format, "text") == 0, .room_key = room ? key : NULL,
		.since = since, .since_ms = since ? since_of(since, now_ms) : 0, .same = name_is,
		.by = "chatd " CHATD_VERSION, .now_ms = now_ms,
	};
	bool running, ok;
	struct store *s;

	if (room && !name_key(room, strlen(room), key)) {
		admin_tell("\"%s\" cannot be the name of a room", room);
		return false;
	}
	s = admin_read_begin(c, p, &running);
	ok = s && transfer_write(s, &wish, &(struct bytes){ 0 });
	store_close(s);
	return ok;
}

/* -- import ------------------------------------------------------------------------------------ */

/* A file of lines. */
struct input {
	int fd;
	const char *name;        /* as it was given */
	struct bytes held;       /* what was read, and not yet taken */
	uint64_t lines;          /* taken */
	bool ended;
};

/* Reads more. False: it cannot be read, which was told. */
static bool input_read(struct input *in)
{
	char *buf = mem_alloc(READ_BYTES);
	ssize_t n;

	do {
		n = read(in->fd, buf, READ_BYTES);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		admin_tell("cannot read %s: %s", in->name, strerror(errno));
	else if (n == 0)
		in->ended = true;
	else
		bytes_append(&in->held, buf, (size_t)n);
	free(buf);
	return n >= 0;
}

static void input_progress(void *ctx, unsigned percent)
{
	progress_show(ctx, "%u %% of the full-text index", percent);
}

/* Gives all whole lines that were read to the import; at the end of the file also one without an end. A
 * line that is too long is given as far as it goes, and refused. */
static bool input_take(struct input *in, struct import *i, struct store_error *err)
{
	size_t at = 0;
	bool ok = true;

	while (ok && at < in->held.len) {
		const char *line = in->held.data + at, *end = memchr(line, '\n', in->held.len - at);
		size_t n = end ? (size_t)(end - line) : in->held.len - at;

		if (!end && !in->ended && n <= IMPORT_LINE_BYTES_MAX)
			break;
		ok = import_line(i, line, n, err);
		in->lines += ok;
		at += n + (end != NULL);
	}
	if (ok && at > 0)
		bytes_drop(&in->held, at);
	return ok;
}

/* Returns an exit status. */
static int file_import(struct store *s, struct input *in, struct import_result *r)
{
	struct progress progress = progress_begin(true);
	struct store_error err = { .text = "" };
	struct import *i = import_begin(s, r, &err);
	bool ok = i;

	while (ok && !in->ended) {
		ok = input_read(in) && input_take(in, i, &err);
		progress_show(&progress, "%" PRIu64 " records, %" PRIu64 " a second", r->records,
		              progress_rate(&progress, r->records));
	}
	if (ok)
		ok = import_end(i, input_progress, &progress, &err);
	else
		import_abort(i);
	progress_end(&progress);
	if (!ok && r->blames_file)
		admin_tell("nothing was imported: %s: %s", in->name, err.text);
	else if (!ok && *err.text)
		admin_tell("nothing was imported: %s", err.text);
	return ok ? EXIT_SUCCESS : r->blames_file ? STATUS_DATA : EXIT_FAILURE;
}

static void import_tell(const struct import_result *r, const struct admin_db *p, bool new)
{
	admin_db_say(p, new);
	printf("Imported: %" PRIu64 " line%s, %" PRIu64 " room%s, %" PRIu64 " account%s; %" PRIu64
	       " records in all.\n", r->lines, r->lines == 1 ? "" : "s", r->rooms, r->rooms == 1 ? "" : "s",
	       r->accounts, r->accounts == 1 ? "" : "s", r->records);
}

static int import_into(const struct conf *c, const struct admin_db *p, struct input *in)
{
	struct import_result r;
	struct store_error err;
	struct store *s;
	int status;

	if ((p->there && p->owner == geteuid() && !admin_db_can_open(p)) || !admin_db_become(c, p) ||
	    !admin_db_can_open(p))
		return EXIT_FAILURE;
	s = store_open(p->database, DURABILITY_SYNC, &err);
	if (!s) {
		admin_tell("%s%s", err.text, err.in_use ? "; stop it first, or import into another database with "
		           "-d" : "");
		return EXIT_FAILURE;
	}
	status = file_import(s, in, &r);
	if (status == EXIT_SUCCESS)
		import_tell(&r, p, store_is_new(s));
	(status == EXIT_SUCCESS ? store_close : store_discard)(s);
	return status;
}

int transfer_import(const struct conf *c, const struct admin_db *p, const char *file)
{
	bool standard = strcmp(file, "-") == 0;
	struct input in = { .name = standard ? "standard input" : file };
	int status;

	/* Before root becomes somebody else, who may not be allowed to read it. */
	in.fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (in.fd < 0) {
		admin_tell("cannot open %s: %s", file, strerror(errno));
		return EXIT_FAILURE;
	}
	status = import_into(c, p, &in);
	if (!standard)
		close(in.fd);
	bytes_release(&in.held);
	return status;
}
