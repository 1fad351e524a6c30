/*
 * The chat of the tests of hostile text: four people of each kind, over a real store in memory.
 */
#ifndef CHATD_TESTS_HOSTILE_WORLD_H
#define CHATD_TESTS_HOSTILE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chatd/base/text.h"
#include "chatd/core/commands/command.h"
#include "chatd/store/db/store.h"
#include "chatd/store/secret.h"
#include "answers.h"
#include "fuzz_world.h"
#include "hostile.h"

enum { HOST, ADMIN, GUEST, TELNET };  /* connections */

static struct world w;
static struct store *store;
static char doing[512];
static uint64_t looked_at;  /* effects */
static uint64_t line_id, report_number, act_id; /* the newest ones */

/* -- the world --------------------------------------------------------------------------------- */

static inline void keep(struct world *world, const struct record *r)
{
	struct store_error err;

	(void)world;
	if (r->kind == RECORD_SAY)
		line_id = r->seq;
	else if (r->kind == RECORD_FACT && r->fact.kind == FACT_REPORT &&
	         *r->fact.value != '\0')
		report_number = strtoull(r->fact.key, NULL, 10);
	else if (r->kind == RECORD_AUDIT && *r->audit.changed != '\0')
		act_id = r->seq;
	if (!store_begin(store, &err) || !store_save(store, r, 1, &err) || !store_commit(store, &err))
		fail_msg("%s: %s", doing, err.text);
}

static inline struct rows *answer(struct world *world, const struct query *q)
{
	struct store_error err;

	(void)world;
	if (query_is_secret(q->kind))
		return rows_that_please(q, "one two", "$5$a");
	if (q->kind == QUERY_BACKUP || q->kind == QUERY_STATS)
		return rows_of(q, &(struct rows){.kind = q->kind});
	while (query_needs_index(q->kind) && store_index(store, 512, 0, &err) > 0)
		;
	return store_query(store, q);
}

static inline void types(uint32_t slot, const char *text, size_t len)
{
	world_type(&w, slot, text, len);
}

static inline void says(uint32_t slot, const char *text)
{
	types(slot, text, strlen(text));
}

/* People who are gone, by /quit or /ban, come back. */
static inline void come(void)
{
	if (!w.here[HOST])
		world_connect(&w, HOST, "unix", true), says(HOST, "/nick host\n");
	if (!w.here[ADMIN])
		world_connect(&w, ADMIN, "192.0.2.1", false), says(ADMIN, "boss\npassword\n");
	if (!w.here[GUEST])
		world_connect(&w, GUEST, "192.0.2.2", false), says(GUEST, "bob\n");
	if (!w.here[TELNET])
		world_connect(&w, TELNET, "192.0.2.3", false), says(TELNET, "\xff\xfd\x03tel\r\n");
}

static inline void begin(void)
{
	static const char admin[] = "nick=boss role=admin made=1 hash=$y$x";
	struct store_error err;

	store = store_open(":memory:", DURABILITY_RELAXED, &err);
	assert_non_null(store);
	looked_at += w.texts;
	w = (struct world){
		.config = {.connections_max = WORLD_PEOPLE, .line_bytes_max = LINE_BYTES_LIMIT,
		           .history_replay = 20, .rate_burst = 1000, .command_prefix = '/'},
		.now_ms = INT64_C(1795378445000), .telnet = true, .keep = keep, .answer = answer,
		.release = rows_release, .doing = doing,
	};
	w.chat = chat_new(&w.config, store_last_seq(store), store_last_room(store));
	chat_load_fact(w.chat, &(struct saved_fact){FACT_ACCOUNT, "boss", admin});
	come();
	says(GUEST, "a line\n");
	says(HOST, "/ban eve\n/report #2 why\n");
}

static inline void end(void)
{
	world_end(&w);
	store_close(store);
}

/* -- one string in one place -------------------------------------------------------------------- */

static inline void note(const char *what, const char *name)
{
	snprintf(doing, sizeof doing, "%s, with %s", what, name);
}

/* Everybody who may read what is saved reads it again. */
static inline void read_all(void)
{
	static const char *const lines[] = {
		"/history 50\n", "/search b*\n", "/catchup\n", "/who\n", "/whois bob\n", "/rooms\n", "/topic\n",
		"/audit 50\n", "/bans\n", "/bans --everywhere\n", "/reports all\n", "/reports 5\n", "/filter\n",
		"/room\n", "/role\n", "/sessions\n", "/stats\n", "/ignore\n", "/limits\n", "/shutdown\n",
	};

	come();
	for (uint32_t slot = HOST; slot <= TELNET; slot++)
		for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
			says(slot, lines[i]);
	says(TELNET, "/join ops\r\n/leave\r\n");
}

#endif
