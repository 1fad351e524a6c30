/*
 * The program's own log: one line on stderr for each thing worth telling.
 *
 * Owns nothing but level and format, whether journald reads us, and how many lines are missing. It
 * allocates nothing and takes no lock, so it can be called when memory is gone and from any thread:
 * a line is made on the stack and written with one write(2). If nobody reads stderr (a closed
 * pager, ctrl-S, a hanging journald), lines are dropped and counted, because the chat must not wait
 * for them. (log_answer alone uses stdio, and waits.)
 */
#include "chatd/base/log.h"

#include "chatd/base/guard.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	LOG_LINE_BYTES_MAX = 1024, /* of a line without its line end; of a message in JSON */
	LOG_OBJECT_BYTES_MAX = 2 * LOG_LINE_BYTES_MAX + 128, /* of JSON: each byte may be escaped */
};

static const struct {
	const char *name;     /* the level's name, if people read stderr */
	const char *priority; /* its prefix, if journald does, sd-daemon(3) */
} log_levels[] = {
	[LOG_LEVEL_ERROR] = { "error", "<3>" },
	[LOG_LEVEL_WARN] = { "warn", "<4>" },
	[LOG_LEVEL_INFO] = { "info", "<6>" },
	[LOG_LEVEL_DEBUG] = { "debug", "<7>" },
};

static _Atomic enum log_level log_level = LOG_LEVEL_INFO;
static _Atomic enum log_format log_format = LOG_FORMAT_TEXT;
static atomic_uint log_dropped; /* lines dropped since one could be written */
static atomic_bool log_to_journal;  /* true exactly while journald reads stderr */

void log_init(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t dev, ino;
	struct stat st;
	char after;

	/* The variable is inherited by whatever a service starts, so it says
	 * something about our stderr only if it names the same file. */
	atomic_store(&log_to_journal,
	             stream && sscanf(stream, "%ju:%ju%c", &dev, &ino, &after) == 2 &&
	             fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == ino);
}

void log_set_level(enum log_level level)
{
	atomic_store(&log_level, level);
}

enum log_level log_get_level(void)
{
	return atomic_load(&log_level);
}

void log_set_format(enum log_format format)
{
	atomic_store(&log_format, format);
}

/* Writes what every line of text begins with, and returns its length; nothing before a message for
 * JSON. */
static size_t log_head(char *line, size_t size, enum log_level level)
{
	struct tm tm;
	time_t now;
	size_t len;

	if (atomic_load(&log_format) == LOG_FORMAT_JSON)
		return 0;
	if (atomic_load(&log_to_journal)) {
		/* journald has a better clock of its own. */
		return (size_t)snprintf(line, size, "%s", log_levels[level].priority);
	}
	now = time(NULL);
	len = localtime_r(&now, &tm) ? strftime(line, size, "%Y-%m-%d %H:%M:%S ", &tm) : 0;
	return len + (size_t)snprintf(line + len, size - len, "%s: ", log_levels[level].name);
}

/* Shortens a line that did not fit, but not in the middle of a character. */
static size_t log_cut(char *line)
{
	size_t len = LOG_LINE_BYTES_MAX - 3;

	while (len > 0 && ((unsigned char)line[len] & 0xc0) == 0x80)
		len--;
	memcpy(line + len, "...", 3);
	return len + 3;
}

/* Writes the message as an object after the prefix, and returns its length. The message is UTF-8
 * without control characters, as guard_text leaves it. */
static size_t log_object(char object[LOG_OBJECT_BYTES_MAX], const char *prefix, enum log_level level,
                         const char *message, size_t len)
{
	char stamp[32] = "";
	struct timespec now;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &tm))
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	n = (size_t)snprintf(object, LOG_OBJECT_BYTES_MAX,
	                     "%s{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"message\":\"",
	                     prefix, stamp, now.tv_nsec / 1000000, log_levels[level].name);
	for (size_t i = 0; i < len; i++) {
		if (message[i] == '"' || message[i] == '\\')
			object[n++] = '\\';
		object[n++] = message[i];
	}
	object[n++] = '"';
	object[n++] = '}';
	return n;
}

/* Writes line, whose length is len and which has room for its end. False: it would have to wait. */
static bool log_write(char *line, size_t len)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	/* A pipe that can be written to has room for a whole line. */
	if (poll(&p, 1, 0) == 0)
		return false;
	line[len] = '\n';
	/* If stderr is gone there is nobody left to tell. */
	while (write(STDERR_FILENO, line, len + 1) < 0 && errno == EINTR) {
	}
	return true;
}

/* The same for a line of text with its head, or, if that is empty, for a message. */
static bool log_put(enum log_level level, char *line, size_t head, size_t len)
{
	char object[LOG_OBJECT_BYTES_MAX];
	const char *prefix = atomic_load(&log_to_journal) ? log_levels[level].priority : "";

	if (head > 0)
		return log_write(line, len);
	return log_write(object, log_object(object, prefix, level, line, len));
}

/* Says how many lines are missing, if any are. */
static void log_missing(void)
{
	unsigned int missing = atomic_exchange(&log_dropped, 0);
	char line[256];
	size_t head, len;

	if (missing == 0)
		return;
	head = len = log_head(line, sizeof(line) - 1, LOG_LEVEL_WARN);
	len += (size_t)snprintf(line + len, sizeof(line) - 1 - len, "%u line%s of this log %s missing "
	                        "here: nobody was reading it", missing, missing == 1 ? "" : "s",
	                        missing == 1 ? "is" : "are");
	if (!log_put(LOG_LEVEL_WARN, line, head, len))
		atomic_fetch_add(&log_dropped, missing);
}

static void log_line(enum log_level level, int error, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

/* error: an errno to be explained at the line's end, or 0. */
static void log_line(enum log_level level, int error, const char *fmt, va_list ap)
{
	char line[LOG_LINE_BYTES_MAX + 2];
	const size_t size = LOG_LINE_BYTES_MAX + 1;
	size_t head, len;
	int n;

	if (level > atomic_load(&log_level))
		return;
	head = len = log_head(line, size, level);
	n = vsnprintf(line + len, size - len, fmt, ap);
	len += n > 0 ? (size_t)n : 0;
	if (error != 0 && len < size) {
		char buf[128];

		n = snprintf(line + len, size - len, ": %s",
		             strerror_r(error, buf, sizeof(buf)));
		len += n > 0 ? (size_t)n : 0;
	}
	if (len > LOG_LINE_BYTES_MAX)
		len = log_cut(line);
	/* Text from peers has been sanitized before; this is for what slipped through and for
	 * paths and system messages, which nobody sanitizes. */
	guard_text(line + head, len - head);
	log_missing();
	if (!log_put(level, line, head, len))
		atomic_fetch_add(&log_dropped, 1);
}

bool log_answer(const char *head, const char *text)
{
	char line[LOG_LINE_BYTES_MAX + 2], object[LOG_OBJECT_BYTES_MAX];
	size_t len = strlen(text);

	if (atomic_load(&log_format) == LOG_FORMAT_TEXT)
		return printf("%s%s\n", head, text) >= 0 && fflush(stdout) == 0;
	snprintf(line, sizeof(line), "%s", text);
	if (len > LOG_LINE_BYTES_MAX)
		len = log_cut(line);
	guard_text(line, len);
	len = log_object(object, "", LOG_LEVEL_INFO, line, len);
	object[len] = '\n';
	return fwrite(object, 1, len + 1, stdout) == len + 1 && fflush(stdout) == 0;
}

#define LOG_FUNCTION(name, level, error)                   \
	void name(const char *fmt, ...)                    \
	{                                                  \
		int saved = errno;                         \
		va_list ap;                                \
		                                           \
		va_start(ap, fmt);                         \
		log_line(level, error, fmt, ap);           \
		va_end(ap);                                \
		errno = saved;                             \
	}

LOG_FUNCTION(log_err, LOG_LEVEL_ERROR, saved)
LOG_FUNCTION(log_errx, LOG_LEVEL_ERROR, 0)
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN, saved)
LOG_FUNCTION(log_warnx, LOG_LEVEL_WARN, 0)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO, 0)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG, 0)
