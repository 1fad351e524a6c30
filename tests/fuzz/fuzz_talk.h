/*
 * A whole conversation of what came: a host, a guest and somebody by telnet type it, piece by piece,
 * over a world that answers with what they said.
 */
#ifndef CHATD_TESTS_FUZZ_TALK_H
#define CHATD_TESTS_FUZZ_TALK_H

#include "fuzz_world.h"

enum { TALK_ROWS = 8, TALK_BYTES_MAX = 4096 };

/* What was said last, to be read again; a ring. */
struct talk_line {
	struct row row;
	char sender[NAME_BYTES_MAX + 1], body[BODY_BYTES_MAX + 1], name[BODY_BYTES_MAX + 1];
};

static struct talk_line talk_lines[TALK_ROWS];
static size_t talk_nlines;
static struct row talk_rows[TALK_ROWS];
static struct rows talk_answer;

static inline void talk_keep(struct world *w, const struct record *r)
{
	struct talk_line *line = &talk_lines[talk_nlines % TALK_ROWS];
	struct record_columns columns;

	(void)w;
	if (r->kind != RECORD_SAY && r->kind != RECORD_ACTION && r->kind != RECORD_AUDIT)
		return;
	record_columns(r, &columns);
	snprintf(line->sender, sizeof line->sender, "%s", columns.who);
	snprintf(line->body, sizeof line->body, "%s", columns.text);
	snprintf(line->name, sizeof line->name, "%s", columns.name);
	line->row = (struct row){.id = r->seq, .time_ms = r->time_ms, .kind = r->kind, .room = r->room,
	                         .room_name = line->name, .sender = line->sender, .body = line->body,
	                         .changed = r->kind == RECORD_AUDIT ? "" : NULL};
	talk_nlines++;
}

static inline struct rows *talk_rows_for(struct world *w, const struct query *q)
{
	(void)w;
	talk_answer = (struct rows){.kind = q->kind, .number = q->number, .conn = q->conn,
	                            .row = talk_rows};
	for (size_t i = 0; i < TALK_ROWS && i < talk_nlines && q->kind <= QUERY_UNREAD; i++) {
		const struct row *row = &talk_lines[i].row;

		if ((row->kind == RECORD_AUDIT) == (q->kind == QUERY_AUDIT) && row->id < q->before_id &&
		    row->id > q->after_id && talk_answer.n < q->limit)
			talk_rows[talk_answer.n++] = *row;
		if (talk_answer.n > 0 && q->kind == QUERY_SEARCH)
			talk_rows[talk_answer.n - 1].hit = true;
		if (talk_answer.n > 0 && q->kind == QUERY_UNREAD)
			talk_rows[talk_answer.n - 1].unread.lines = 1;
	}
	if (q->kind == QUERY_HASH)
		talk_answer.hash.text = "one two";
	else if (q->kind == QUERY_CODES)
		talk_answer.codes.codes = "one two", talk_answer.codes.hashes = "a\nb";
	else if (q->kind == QUERY_TOTP)
		talk_answer.totp.secret = "one two";
	else if (q->kind == QUERY_CHECK)
		talk_answer.check.matches = q->check.secret[0] == 'a';
	else if (q->kind == QUERY_CHECK_TOTP)
		talk_answer.check_totp.matches = true;
	return &talk_answer;
}

static inline void talk_release(struct rows *rows)
{
	(void)rows;
}

/* mode and cuts, as in fuzz_input.c: who begins, and where it is cut. */
static inline void talk_run(const uint8_t *data, size_t size, uint8_t mode, uint8_t cuts)
{
	static const char *const first[] = {"", "boss\na\n", "bob\n"};
	struct world w = {
		.config = {.connections_max = WORLD_PEOPLE, .line_bytes_max = 1024, .history_replay = 5,
		           .rate_burst = 30, .rate_lines = mode & 0x40 ? 5 : 0, .login_timeout_s = 300,
		           .command_prefix = '/'},
		.now_ms = INT64_C(1795378445000), .telnet = true, .keep = talk_keep,
		.answer = talk_rows_for, .release = talk_release,
	};
	uint32_t slot = mode % 3;

	if (size > TALK_BYTES_MAX)
		size = TALK_BYTES_MAX;
	talk_nlines = 0;
	w.chat = chat_new(&w.config, 0, 0);
	chat_load_fact(w.chat, &(struct saved_fact){FACT_ACCOUNT, "boss", "nick=boss role=admin made=1 hash=x"});
	world_connect(&w, 0, "unix", true);
	world_type(&w, 0, "/nick host\n", 11);
	world_connect(&w, 1, "192.0.2.1", false);
	world_connect(&w, 2, "2001:db8::1", false);
	world_type(&w, 2, "\xff\xfd\x03tel\r\n", 8);
	if (mode & 0x80)
		world_type(&w, 1, first[cuts % 3], strlen(first[cuts % 3]));
	for (size_t at = 0, n; at < size; at += n) {
		/* The next person goes on where a line ends. */
		for (n = 0; at + n < size && n < 2u + cuts;)
			if (data[at + n++] == '\n')
				break;
		if (w.here[slot])
			world_type(&w, slot, (const char *)data + at, n);
		if (data[at + n - 1] == '\n')
			slot = (slot + 1) % 3;
	}
	for (slot = 0; slot < 3; slot++)
		if (w.here[slot])
			world_step(&w, (struct event){.kind = slot == 0 ? EVENT_CLOSED : EVENT_EOF,
			                              .conn = world_conn(&w, slot)});
	world_settle(&w);
	world_step(&w, (struct event){.kind = EVENT_STOP});
	world_end(&w);
}

#endif
