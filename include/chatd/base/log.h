/*
 * The program's own log: stderr, one line each.
 *
 * Under systemd (JOURNAL_STREAM names our stderr) each line carries journald's priority prefix,
 * sd-daemon(3), and no time stamp; otherwise a local time stamp and the level's name. As JSON each line
 * is an object (RFC 8259), also after a prefix for journald:
 *
 *	{"time":"2026-11-29T11:42:07.123Z","level":"info","message":"listening on [::]:8989"}
 *
 * Text from peers must be sanitized before it is logged; as a last safeguard, control bytes are
 * printed as '?'. A line, or a message in JSON, longer than 1024 bytes is cut and ends in "...".
 *
 * Names after OpenBSD's daemons: the forms with an x do not add strerror(errno). Safe to call from
 * any thread; it writes one line with one write(2), and never waits: if nobody reads stderr the
 * line is dropped, and a later line says how many were.
 */
#ifndef CHATD_BASE_LOG_H
#define CHATD_BASE_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR,  /* chatd cannot go on, or has lost something */
	LOG_LEVEL_WARN,   /* the operator should look */
	LOG_LEVEL_INFO,   /* starts, stops, reloads */
	LOG_LEVEL_DEBUG,  /* each connection */
};

enum log_format {
	LOG_FORMAT_TEXT,  /* at first */
	LOG_FORMAT_JSON,
};

/* Decides on prefixes; call once before the others. */
void log_init(void);
void log_set_format(enum log_format format);
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/*
 * Says on standard output what answers the command, for people and for scripts that wait for it: as text
 * it is head and the text; as JSON it is the text alone in an object as above, of level info and with no
 * prefix. Waits for its reader. False: errno says why it could not be written.
 */
bool log_answer(const char *head, const char *text);

void log_err(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_errx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
