/*
 * A loop for the tests of the store's threads: it appends, wakes, sleeps on the
 * event fd and hears what comes. All waiting is without a time limit, so a
 * wake-up that is lost hangs the test, and the alarm ends it.
 */
#ifndef CHATD_TESTS_WRITER_HELP_H
#define CHATD_TESTS_WRITER_HELP_H

#include "store_help.h"

#include "chatd/base/bounds.h"
#include "chatd/base/histogram.h"
#include "chatd/base/log.h"
#include "chatd/core/people/name.h"
#include "chatd/core/state/state.h"
#include "chatd/store/threads/writer.h"

#include <poll.h>

enum {
	HANGING_S = 100,
	QUERIES_MAX = 40,
};

/* A loop without a ring: what it has heard so far. */
struct loop {
	struct folder *folder;  /* where the files lie */
	struct writer *w;       /* what is tested */
	bool grouped;           /* it saves groups */
	struct histogram commits; /* what it has counted */
	uint64_t seq;           /* last record appended */
	uint64_t stored;        /* last WRITER_STORED */
	char *heard;            /* kinds in order: S F B R E C N */
	size_t heard_n;         /* how many */
	char rows[8192];        /* ids of the last answer */
	char hash[512];         /* of the last answer that had one */
	enum old_lines_wait waits; /* of the last STATS */
	int ok;                 /* how many answers without lines were good */
	char reason[256];       /* of the last failure or notice */
	char advice[256];       /* of the last failure; "": none */
	bool low;               /* it was because of the disk's reserve */
	uint64_t empty_seq;     /* of the last WRITER_ROOM_EMPTY */
	uint32_t empty_room;    /* and its room */
};

static struct loop loop;

static inline struct writer *start(const char *chat_log, struct store_error *err)
{
	char database[512], log[512];
	strcpy(database, folder_file(loop.folder, "chat.db"));
	if (chat_log)
		strcpy(log, folder_file(loop.folder, chat_log));
	struct writer_options o = {
		.same = name_is,
		.database = database,
		.chat_log = chat_log ? log : NULL,
		.durability = DURABILITY_COMMIT,
		.commits = &loop.commits,
		.grouped = loop.grouped,
		.queries_max = QUERIES_MAX,
	};
	loop.w = writer_start(&o, err);
	return loop.w;
}

static inline int loop_setup_as(void **state, bool grouped)
{
	struct store_error err;
	memset(&loop, 0, sizeof(loop));
	loop.grouped = grouped;
	if (folder_setup(state) < 0)
		return -1;
	loop.folder = *state;
	loop.heard = calloc(1, 1 << 20);
	alarm(HANGING_S);
	return start("chat.log", &err) ? 0 : -1;
}

static inline int loop_setup(void **state)
{
	return loop_setup_as(state, false);
}

static inline int loop_teardown(void **state)
{
	if (loop.w)
		writer_stop(loop.w, 0);
	free(loop.heard);
	return folder_teardown(state);
}

static inline void hear(struct writer_event *e)
{
	loop.heard[loop.heard_n++] = "SFBRECN"[e->kind];
	if (e->kind == WRITER_STORED) {
		assert_true(e->seq > loop.stored);
		loop.stored = e->seq;
	} else if (e->kind == WRITER_FAILED || e->kind == WRITER_NOTICE) {
		snprintf(loop.reason, sizeof(loop.reason), "%s", e->reason);
		snprintf(loop.advice, sizeof(loop.advice), "%s", e->advice ? e->advice : "");
		loop.low = e->low;
	} else if (e->kind == WRITER_ROOM_EMPTY) {
		loop.empty_room = e->room;
		loop.empty_seq = e->seq;
	} else if (e->kind == WRITER_ROWS) {
		loop.ok += e->rows->kind >= QUERY_STATS && !e->rows->error &&
		           (e->rows->kind != QUERY_CHECK || e->rows->check.matches);
		if (e->rows->kind == QUERY_HASH && e->rows->hash.text)
			snprintf(loop.hash, sizeof(loop.hash), "%s", e->rows->hash.text);
		if (e->rows->kind == QUERY_STATS)
			loop.waits = e->rows->stats.waits;
		snprintf(loop.rows, sizeof(loop.rows), "%s", ids_of(e->rows));
		e->rows = NULL;
	}
	writer_event_release(e);
}

static inline void loop_wake(void)
{
	int fds[WRITER_WAKE_MAX];
	int n = writer_wake_fds(loop.w, fds);
	for (int i = 0; i < n; i++) {
		uint64_t one = 1;
		assert_int_equal(write(fds[i], &one, sizeof(one)), sizeof(one));
	}
}

/* One turn: wake the threads, sleep until something happened, take all of it. */
static inline void loop_turn(void)
{
	struct pollfd p = { .fd = writer_event_fd(loop.w), .events = POLLIN };
	struct writer_event e;
	uint64_t count;
	loop_wake();
	assert_int_equal(poll(&p, 1, -1), 1);
	assert_int_equal(read(p.fd, &count, sizeof(count)), sizeof(count));
	while (writer_next(loop.w, &e))
		hear(&e);
}

static inline void append(const char *body)
{
	struct record r = line_of(loop.seq + 1, 1, "alice", body);
	assert_true(writer_append(loop.w, &r));
	loop.seq++;
}

static inline void until_stored(void)
{
	while (loop.stored < loop.seq)
		loop_turn();
}

/* Turns until an event of this kind was heard after the first `from` ones. */
static inline void until_heard(char kind, size_t from)
{
	while (!memchr(loop.heard + from, kind, loop.heard_n - from))
		loop_turn();
}

/* The chat log is written after lines are told to be stored, and before the records
 * that come after them; so one more record says that it is written. What was reloaded
 * before it is in effect after it as well. */
static inline void until_logged(void)
{
	struct record r = line_of(++loop.seq, 1, "", "");
	r.kind = RECORD_ROOM;
	assert_true(writer_append(loop.w, &r));
	until_stored();
}

static inline void ask(enum query_kind kind, const char *words)
{
	struct query q = query_of(kind, 1, 5);
	query_set(&q, "", words);
	q.after_seq = loop.seq;
	assert_true(writer_query(loop.w, &q));
}

static inline bool stop(int wait_ms)
{
	bool ok = writer_stop(loop.w, wait_ms);
	loop.w = NULL;
	return ok;
}

/* The lines that a new start finds in room 1, and that their numbers have no gap. */
static inline uint64_t lines_saved(void)
{
	struct store *s = store_in(folder_file(loop.folder, "chat.db"));
	struct query q = query_of(QUERY_FIRST, 1, ROWS_MAX);
	uint64_t n = 0;
	for (bool more = true; more; ) {
		struct rows *rows = store_query(s, &q);
		for (size_t i = 0; i < rows->n; i++)
			assert_int_equal(rows->row[i].id, ++n);
		more = rows->more;
		q.after_id = n;
		rows_release(rows);
	}
	store_close(s);
	return n;
}

static inline int group_setup(void **state)
{
	(void)state;
	setenv("TZ", "XXX-1", 1); /* an hour east of UTC, without any zone file */
	log_set_level(LOG_LEVEL_ERROR);
	return 0;
}

#define WITH_LOOP(test) cmocka_unit_test_setup_teardown(test, loop_setup, loop_teardown)

#endif
