/*
 * A chat with the world round it, for the fuzzers and for test_hostile.c: what it asks is answered,
 * what it wants kept is handed over, and every byte that comes out of it is looked at (shown.h).
 */
#ifndef CHATD_TESTS_FUZZ_WORLD_H
#define CHATD_TESTS_FUZZ_WORLD_H

#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/chat.h"
#include "queries.h"
#include "records.h"
#include "shown.h"
#include "where.h"

#define CHECK(fact) \
	do { \
		if (!(fact)) { \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #fact); \
			abort(); \
		} \
	} while (0)

enum { WORLD_PEOPLE = 4, WORLD_ASKED_MAX = 64, WORLD_STEPS_MAX = 4096 };

struct world {
	struct chat *chat;
	struct chat_config config;
	int64_t now_ms;
	struct query asked[WORLD_ASKED_MAX]; /* nasked questions; their strings are owned */
	size_t nasked;
	bool here[WORLD_PEOPLE];      /* true until an EFFECT_CLOSE or the end of its connection */
	uint32_t gen[WORLD_PEOPLE];
	bool telnet;                  /* commands of telnet may be among what is sent */
	struct conn_id asking[WORLD_ASKED_MAX]; /* nasking who asked what has arrived */
	size_t nasking;
	uint64_t seq;                 /* of the newest record */
	uint64_t texts;               /* that were looked at */
	const char *doing;            /* for messages: what led to what is wrong; NULL: not known */
	void (*keep)(struct world *w, const struct record *r); /* NULL: nobody keeps it */
	struct rows *(*answer)(struct world *w, const struct query *q); /* owned by who gave it */
	void (*release)(struct rows *rows);
};

/* Text to a terminal. Telnet's commands are ours alone: IAC, WILL or WONT, ECHO or TIMING-MARK. */
static inline void world_shown(const struct world *w, const char *text, size_t len)
{
	char *plain = malloc(len + 1);
	size_t n = 0, at;
	const char *why;

	CHECK(plain != NULL);
	for (size_t i = 0; i < len; i++) {
		if (w->telnet && (unsigned char)text[i] == 0xFF) {
			CHECK(i + 2 < len && (unsigned char)text[i + 1] >= 0xFB);
			i += 2;
			continue;
		}
		plain[n++] = text[i];
	}
	why = shown_problem(plain, n, &at);
	if (why != NULL) {
		shown_tell(w->doing != NULL ? w->doing : "sent", why, plain, n, at);
		abort();
	}
	free(plain);
}

static inline int world_hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Of a fact also what is written %XX in it is text that somebody will read. */
static inline void world_kept(const struct world *w, const struct record *r)
{
	struct record_columns columns;
	char *plain, *out;

	record_columns(r, &columns);
	out = plain = malloc(strlen(columns.text) + 1);
	CHECK(plain != NULL);
	world_shown(w, columns.name, strlen(columns.name));
	world_shown(w, columns.who, strlen(columns.who));
	world_shown(w, columns.text, strlen(columns.text));
	for (const char *p = columns.text; *p != '\0'; p++)
		/* Hashes of codes are no text; nobody is shown them. */
		if (strncmp(p, " codes=", 7) == 0)
			p += strcspn(p + 1, " ");
		else if (r->kind == RECORD_FACT && *p == '%' && world_hex(p[1]) >= 0 && world_hex(p[2]) >= 0) {
			*out++ = (char)(world_hex(p[1]) << 4 | world_hex(p[2]));
			p += 2;
		} else {
			*out++ = *p;
		}
	if (r->kind == RECORD_FACT)
		world_shown(w, plain, (size_t)(out - plain));
	free(plain);
}

static inline void world_step(struct world *w, struct event e);

static inline void world_carry_out(struct world *w, const struct effect *e, struct event *then)
{
	w->texts++;
	if (e->kind == EFFECT_SEND || e->kind == EFFECT_SEND_ALL || e->kind == EFFECT_PUBLISH) {
		world_shown(w, e->text, e->len);
	} else if (e->kind == EFFECT_STOP) {
		world_shown(w, e->text, e->len);
	} else if (e->kind == EFFECT_APPEND) {
		w->seq = e->record.seq;
		world_kept(w, &e->record);
		if (w->keep != NULL)
			w->keep(w, &e->record);
	} else if (e->kind == EFFECT_QUERY) {
		/* What a password is compared with is never shown. */
		if (e->query.kind < QUERY_HASH)
			world_shown(w, query_key(&e->query), strlen(query_key(&e->query)));
		world_shown(w, query_text(&e->query), strlen(query_text(&e->query)));
		CHECK(w->nasked < WORLD_ASKED_MAX);
		w->asked[w->nasked++] = query_copy(&e->query);
	} else if (e->kind == EFFECT_CLOSE || e->kind == EFFECT_DROP) {
		w->here[e->conn.slot] = false;
	} else if (e->kind == EFFECT_RELOAD) {
		world_shown(w, e->text, e->len);
		*then = (struct event){.kind = EVENT_RELOADED, .conn = e->conn,
		                       .reloaded = {true, "rate_lines: \x1b[2J\xc2\x9b -> \xff\n"}};
	} else if (e->kind == EFFECT_ARRIVED) {
		CHECK(w->nasking < WORLD_ASKED_MAX);
		w->asking[w->nasking++] = e->conn;
	} else if (e->kind == EFFECT_FIGURES) {
		static const struct figures f = {.memory_bytes = 1 << 20, .descriptors = 9};

		*then = (struct event){.kind = EVENT_FIGURES, .conn = e->conn, .figures = &f};
	}
}

static inline void world_step(struct world *w, struct event e)
{
	struct event then = {.kind = EVENT_TICK};
	const struct effect *effects;
	size_t n;

	e.now_ms = e.wall_ms = w->now_ms;
	chat_step(w->chat, &e);
	effects = chat_effects(w->chat, &n);
	for (size_t i = 0; i < n; i++)
		world_carry_out(w, &effects[i], &then);
	if (then.kind != EVENT_TICK)
		world_step(w, then);
	while (w->nasking > 0) {
		struct conn_id asking = w->asking[--w->nasking];

		world_step(w, (struct event){.kind = EVENT_ARRIVED, .conn = asking});
	}
}

/* All that was asked is answered, and what the answers make it ask; time goes on. */
static inline void world_settle(struct world *w)
{
	int steps = 0;

	while (w->nasked > 0) {
		struct query q = w->asked[0];
		struct rows *rows = w->answer(w, &q);

		CHECK(++steps < WORLD_STEPS_MAX);
		w->nasked--;
		memmove(w->asked, w->asked + 1, w->nasked * sizeof *w->asked);
		world_step(w, (struct event){.kind = EVENT_ROWS, .conn = q.conn, .rows = rows});
		w->release(rows);
		query_release(&q);
	}
	w->now_ms += 1500;
	world_step(w, (struct event){.kind = EVENT_STORED, .stored = {.seq = w->seq}});
	world_step(w, (struct event){.kind = EVENT_TICK});
}

static inline struct conn_id world_conn(const struct world *w, uint32_t slot)
{
	return (struct conn_id){slot, w->gen[slot]};
}

static inline void world_connect(struct world *w, uint32_t slot, const char *addr, bool control)
{
	w->gen[slot]++;
	w->here[slot] = true;
	world_step(w, (struct event){.kind = EVENT_CONNECTED, .conn = world_conn(w, slot),
	                             .connected = {.from = where(addr), .control = control,
	                                           .token = 7}});
}

/* Types it all; what has to wait waits for its answers and for the time. */
static inline void world_type(struct world *w, uint32_t slot, const char *data, size_t len)
{
	for (int i = 0; len > 0 && w->here[slot]; i++) {
		char *in = malloc(len);  /* of just its size: nothing behind it is read */
		struct event e = {.kind = EVENT_BYTES, .now_ms = w->now_ms, .wall_ms = w->now_ms,
		                  .conn = world_conn(w, slot),
		                  .bytes = {.data = in, .len = len}};
		const struct effect *effects;
		struct event then = {.kind = EVENT_TICK};
		size_t n;

		CHECK(in != NULL && i < WORLD_STEPS_MAX);
		memcpy(in, data, len);
		chat_step(w->chat, &e);
		effects = chat_effects(w->chat, &n);
		for (size_t k = 0; k < n; k++)
			world_carry_out(w, &effects[k], &then);
		CHECK(e.bytes.taken <= len);
		data += e.bytes.taken;
		len -= e.bytes.taken;
		free(in);
		if (then.kind != EVENT_TICK)
			world_step(w, then);
		world_settle(w);
	}
}

static inline void world_end(struct world *w)
{
	while (w->nasked > 0)
		query_release(&w->asked[--w->nasked]);
	chat_free(w->chat);
}

#endif
