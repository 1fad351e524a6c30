/*
 * The core for its tests: events in, effects out as text.
 */
#ifndef CHATD_TESTS_CHAT_HELP_H
#define CHATD_TESTS_CHAT_HELP_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "chatd/base/bytes.h"
#include "chatd/core/chat.h"
#include "queries.h"
#include "records.h"
#include "where.h"

#ifndef CHAT_SLOTS
#define CHAT_SLOTS 64
#endif
enum { SLOTS = CHAT_SLOTS };

#define STAMP "[2026-11-22 20:14:05]"

static struct chat_config config;
static struct chat *chat;
static int64_t now_ms;     /* by the clock for durations */
static int64_t ahead_ms;   /* how far the wall clock is ahead of it */
static struct bytes seen;  /* the effects of the last step, a line each */
static size_t taken;       /* of the last bytes */
static uint64_t questions[SLOTS][QUERY_CHECK_TOTP + 1]; /* number of the last of each kind that a
                            * connection asked; the server's own are in slot 0 */
static struct event stepped; /* the last one, with what the core has set in it */

/* The date, in ms since the epoch. */
static inline int64_t wall(void)
{
	return now_ms + ahead_ms;
}

static inline int begin(void **state)
{
	(void)state;
	config = (struct chat_config){
		.connections_max = SLOTS, .line_bytes_max = 1024, .history_replay = 10,
		.rate_burst = 3, .login_timeout_s = 30, .command_prefix = '/',
	};
	now_ms = 5000000;
	ahead_ms = INT64_C(1795378445000) - now_ms;
	chat = chat_new(&config, 100, 5);
	return 0;
}

static inline int end(void **state)
{
	(void)state;
	chat_free(chat);
	bytes_release(&seen);
	return 0;
}

/* -- events in, effects out ---------------------------------------------------------- */

/* A reply of several rows is one line here: the conversations show how it wraps. */
static inline void put_text(const char *p, size_t n)
{
	static const char next_row[] = "\n--    ";
	size_t len = sizeof next_row - 1;

	bytes_puts(&seen, " \"");
	for (size_t i = 0; i < n; i++) {
		if (n - i > len && memcmp(p + i, next_row, len) == 0 && p[i + len] != ' ') {
			bytes_puts(&seen, " ");
			i += len - 1;
			continue;
		}
		bytes_printf(&seen, p[i] == '\n' ? "\\n" : p[i] == '\r' ? "\\r" : "%c", p[i]);
	}
	bytes_puts(&seen, "\"");
}

enum { ASKING_MAX = 64 };

/* The answer to EFFECT_ARRIVED. */
static struct arrival has_arrived;

static inline void put_append(const struct record *r)
{
	struct record_columns columns;

	record_columns(r, &columns);
	bytes_printf(&seen, " #%" PRIu64 " kind %d room %u ref %" PRIu64 " \"%s\"", r->seq,
	             (int)r->kind, r->room, columns.number, columns.text);
}

static inline void put_effect(const struct effect *e)
{
	static const char *const names[] = {
		"SEND", "SEND_ALL", "PUBLISH", "SKIP", "MARK", "VIEW", "PLAIN", "INPUT", "HOLD", "LET", "CUT", "FLOW", "WATCH",
		"WATCH_RELEASE", "UNWATCH", "SUBSCRIBE", "RELEASE", "UNSUBSCRIBE", "RESUME", "CLOSE", "DROP",
		"APPEND", "QUERY", "RELOAD", "FIGURES", "ARRIVED", "STOP", "SHOW", "DONE", "PROPOSE", "TELL", "LOG",
	};

	bytes_puts(&seen, names[e->kind]);
	if (e->kind == EFFECT_PUBLISH)
		bytes_printf(&seen, " feed %u #%" PRIu64, e->feed, e->seq);
	else if (e->kind == EFFECT_APPEND)
		put_append(&e->record);
	else if (e->kind == EFFECT_QUERY)
		bytes_printf(&seen, " %u kind %d room %u %" PRIu64 "..%" PRIu64 " after %" PRIu64,
		             e->query.conn.slot, (int)e->query.kind, e->query.room, e->query.after_id,
		             e->query.before_id, e->query.after_seq);
	else if (e->kind != EFFECT_SEND_ALL && e->kind != EFFECT_SHOW && e->kind != EFFECT_LOG)
		bytes_printf(&seen, " %u", e->conn.slot);
	if (e->kind == EFFECT_SKIP || e->kind == EFFECT_MARK || e->kind == EFFECT_SUBSCRIBE)
		bytes_printf(&seen, " feed %u", e->feed);
	if (e->text != NULL && (e->kind <= EFFECT_PUBLISH || e->kind == EFFECT_STOP ||
	                        e->kind == EFFECT_LOG))
		put_text(e->text, e->len);
	bytes_puts(&seen, "\n");
}

/* One step; its effects are appended to `seen`. asking: the sessions that asked what had arrived;
 * returns how many. */
static inline size_t step_once(struct event *e, struct conn_id asking[ASKING_MAX])
{
	const struct effect *effects;
	size_t n, nasking = 0;

	e->now_ms = now_ms;
	e->wall_ms = wall();
	chat_step(chat, e);
	effects = chat_effects(chat, &n);
	for (size_t i = 0; i < n; i++) {
		/* The core asks now and then what has arrived: tests do not see that. */
		if (effects[i].kind != EFFECT_ARRIVED)
			put_effect(&effects[i]);
		if (effects[i].kind == EFFECT_QUERY)
			questions[effects[i].query.conn.slot][effects[i].query.kind] = effects[i].query.number;
		if (effects[i].kind == EFFECT_ARRIVED && nasking < ASKING_MAX)
			asking[nasking++] = effects[i].conn;
	}
	return nasking;
}

static inline void step(struct event e)
{
	struct conn_id asking[ASKING_MAX], none[ASKING_MAX];
	size_t n;

	bytes_clear(&seen);
	bytes_puts(&seen, "");
	n = step_once(&e, asking);
	taken = e.bytes.taken;
	stepped = e;
	/* As the server does, at once. */
	for (size_t i = 0; i < n; i++)
		step_once(&(struct event){.kind = EVENT_ARRIVED, .conn = asking[i], .arrived = has_arrived},
		          none);
}

static inline struct conn_id id(uint32_t slot)
{
	return (struct conn_id){slot, 1};
}

static inline void connected(struct conn_id conn)
{
	step((struct event){.kind = EVENT_CONNECTED, .conn = conn,
	                    .connected.from = where("192.0.2.1")});
}

static inline void sends(uint32_t slot, const char *text)
{
	step((struct event){.kind = EVENT_BYTES, .conn = id(slot),
	                    .bytes = {.data = text, .len = strlen(text)}});
}

static inline void happens(enum event_kind kind, uint32_t slot)
{
	step((struct event){.kind = kind, .conn = id(slot)});
}

static inline void stored(uint64_t seq)
{
	step((struct event){.kind = EVENT_STORED, .stored = {.seq = seq}});
}

static inline void tick(int64_t ms)
{
	now_ms += ms;
	step((struct event){.kind = EVENT_TICK});
}

/* The answer to the last question of this kind, unless the rows have a number. */
static inline void rows_come(struct conn_id conn, struct rows rows)
{
	rows.conn = conn;
	if (rows.number == 0)
		rows.number = questions[conn.slot][rows.kind];
	step((struct event){.kind = EVENT_ROWS, .conn = conn, .rows = &rows});
}

/* Connects and takes the name a, b, c, ...; the lobby is room 6, its feeds are 0 and 1. */
static inline void joins(uint32_t slot)
{
	char name[3] = {(char)('a' + slot), '\n', '\0'};

	connected(id(slot));
	sends(slot, name);
}

/* A literal, with the NULs in it. */
#define sends_all(slot, text) \
	step((struct event){.kind = EVENT_BYTES, .conn = id(slot), .bytes = {text, sizeof text - 1, 0}})

/* tintin++, which says what it is when it is asked, comes to a telnet port. */
static inline void mud_client_comes(uint32_t slot, const char *from)
{
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(slot),
	                    .connected = {.from = where(from), .telnet = true}});
	sends(slot, "\xFF\xFB\x18\xFF\xFC\x1F");
	sends_all(slot, "\xFF\xFA\x18\x00TINTIN++\xFF\xF0");
	sends_all(slot, "\xFF\xFA\x18\x00XTERM\xFF\xF0");
	sends_all(slot, "\xFF\xFA\x18\x00MTTS 13\xFF\xF0");
	sends(slot, "\xFF\xFD\x19\xFF\xFD\xC9\xFF\xFE\x2A");
}

/* inetutils' telnet comes to a telnet port, and sends each key. */
static inline void terminal_comes(uint32_t slot, const char *from)
{
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(slot),
	                    .connected = {.from = where(from), .telnet = true}});
	sends_all(slot, "\xFF\xFB\x18\xFF\xFB\x1F\xFF\xFA\x1F\x00\x50\x00\x18\xFF\xF0");
	sends_all(slot, "\xFF\xFA\x18\x00XTERM\xFF\xF0");
	sends(slot, "\xFF\xFD\x01\xFF\xFD\x03\xFF\xFE\x2A");
}

#define assert_effects(text) assert_string_equal(seen.data, text)

static inline void assert_has(const char *part)
{
	if (strstr(seen.data, part) == NULL)
		fail_msg("no %s in:\n%s", part, seen.data);
}

static inline void assert_has_not(const char *part)
{
	if (strstr(seen.data, part) != NULL)
		fail_msg("%s in:\n%s", part, seen.data);
}

#endif
