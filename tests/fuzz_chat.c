/*
 * The whole core with people who type anything: guests, holders of accounts, moderators,
 * administrators and users of the host, in a few rooms and under a few names, so that what they
 * do meets. Answers come late, wrong or never; the store fails; all is loaded again now and then.
 *
 *	fuzz_chat [SECONDS [SEED]]    until then; a failure prints the seed of its round
 *
 * Held against it after every step: who waits has a question out, a feed that is held back has
 * too, and what a step says fits.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chatd/base/bytes.h"
#include "chatd/core/command.h"
#include "chatd/core/grant.h"
#include "chatd/core/order.h"
#include "chatd/core/pointed.h"
#include "chatd/core/room.h"
#include "chatd/core/session.h"
#include "prng.h"
#include "fuzz_words.h"
#include "where.h"

enum { PEOPLE = 10, STEPS = 3000, FACTS_MAX = 4096, ASKED_MAX = 64, ROWS = 5 };

#define CHECK(fact) \
	do { \
		if (!(fact)) { \
			fprintf(stderr, "%s:%d: not so: %s\nseed %" PRIu64 ", last typed: %s\n", __FILE__, \
			        __LINE__, #fact, seed, typed); \
			abort(); \
		} \
	} while (0)

struct fact {
	enum fact_kind kind;
	char *key, *value;
};

/* A question that is out. */
struct waiting {
	enum query_kind kind;
	struct conn_id conn;
	uint32_t room;
	uint64_t number;
	uint64_t one;  /* the one line or act that was asked for; 0: more */
};

static struct chat *chat;
static struct chat_config config;
static struct prng prng;
static uint64_t seed;
static int64_t now_ms;
static char typed[8192];
static struct fact facts[FACTS_MAX];
static uint32_t nfacts;
static struct waiting asked[ASKED_MAX];
static uint32_t nasked;
static uint32_t gens[PEOPLE];
static bool held[PEOPLE];

static uint32_t below(uint32_t n)
{
	return prng_below(&prng, n);
}

static const char *of(const char *const *list, size_t n)
{
	return list[below((uint32_t)n)];
}

#define OF(list) of(list, sizeof(list) / sizeof *(list))

/* -- what comes of a step ------------------------------------------------------------------ */

static void keep_fact(const struct record *r)
{
	uint32_t i = 0;

	while (i < nfacts && (facts[i].kind != (enum fact_kind)r->ref ||
	                      strcmp(facts[i].key, r->sender) != 0))
		i++;
	if (i == nfacts && *r->body == '\0')
		return;
	CHECK(i < FACTS_MAX);
	if (i == nfacts)
		facts[nfacts++] = (struct fact){(enum fact_kind)r->ref, mem_strdup(r->sender), NULL};
	free(facts[i].value);
	facts[i].value = mem_strdup(r->body);
	if (*r->body == '\0') {
		free(facts[i].key);
		free(facts[i].value);
		facts[i] = facts[--nfacts];
	}
}

static void carry_out(const struct effect *e, struct effect *wish)
{
	if (e->kind == EFFECT_APPEND && e->record.kind == RECORD_FACT) {
		keep_fact(&e->record);
	} else if (e->kind == EFFECT_QUERY) {
		CHECK(nasked < ASKED_MAX);
		asked[nasked++] = (struct waiting){e->query.kind, e->query.conn, e->query.room, e->query.number,
		                                  e->query.limit == 1 ? e->query.before_id - 1 : 0};
	} else if (e->kind == EFFECT_RELOAD || e->kind == EFFECT_FIGURES) {
		*wish = *e;
	} else if (e->kind == EFFECT_SUBSCRIBE) {
		held[e->conn.slot] = true;
	} else if (e->kind == EFFECT_RELEASE || e->kind == EFFECT_UNSUBSCRIBE ||
	           e->kind == EFFECT_CLOSE || e->kind == EFFECT_DROP) {
		held[e->conn.slot] = false;
	}
}

static bool is_out(const struct session *s)
{
	for (uint32_t i = 0; i < nasked; i++)
		if (asked[i].conn.slot == s->id.slot && asked[i].conn.gen == s->id.gen &&
		    asked[i].kind != QUERY_UNREAD && asked[i].kind != QUERY_BACKUP)
			return true;
	return false;
}

static void check_people(void)
{
	for (uint32_t slot = 0; slot < PEOPLE; slot++) {
		const struct session *s = &chat->sessions[slot];

		if (s->state == SESSION_FREE)
			continue;
		CHECK(session_waits(s) == is_out(s));
		CHECK(held[slot] == s->held);
		CHECK(s->account == NULL || s->account->session == s);
		CHECK((s->state == SESSION_CHAT) == (s->room != NULL));
	}
	for (uint32_t slot = 0; slot < chat->rooms_top; slot++) {
		const struct room *r = chat->rooms[slot];

		for (const struct grant *g = r != NULL ? r->grants : NULL; g != NULL; g = g->next)
			CHECK(account_by_key(chat, g->key) != NULL);
	}
}

static void step(struct event *e)
{
	const struct effect *effects;
	struct effect wish = {0};
	size_t n;

	e->now_ms = now_ms;
	chat_step(chat, e);
	effects = chat_effects(chat, &n);
	CHECK(n <= EFFECTS_MAX && chat->arena_len <= ARENA_BYTES);
	for (size_t i = 0; i < n; i++)
		carry_out(&effects[i], &wish);
	if (wish.kind == EFFECT_RELOAD) {
		struct event answer = {.kind = EVENT_RELOADED, .conn = wish.conn,
		                       .reloaded = {below(2) != 0, "rate_lines\n\xff\n"}};
		step(&answer);
	} else if (wish.kind == EFFECT_FIGURES) {
		struct figures f = {0};
		struct event answer = {.kind = EVENT_FIGURES, .conn = wish.conn, .figures = &f};

		step(&answer);
	}
}

/* -- what people type ------------------------------------------------------------------------ */

static void put_arg(struct bytes *b)
{
	switch (below(9)) {
	case 0:
	case 1:
	case 2:
		bytes_puts(b, OF(names));
		break;
	case 3:
		bytes_puts(b, OF(rooms));
		break;
	case 4:
		bytes_printf(b, "#%u", below((uint32_t)chat->seq + 2));
		break;
	case 5:
		bytes_printf(b, "#%c%u", "AB"[below(2)], below((uint32_t)chat->seq + 2));
		break;
	case 6:
		if (below(40) == 0)
			for (int i = 0; i < 900; i++)
				bytes_puts(b, "w");
		/* fall through */
	default:
		bytes_puts(b, OF(words));
	}
}

static void put_line(struct bytes *b)
{
	static const char *const flags[] = {"--everywhere", "--preview", "--in=ops", "--in=den"};
	uint32_t n = 0, which;

	if (below(6) == 0) {
		put_arg(b);
		bytes_puts(b, "\n");
		return;
	}
	while (commands[n].name != NULL)
		n++;
	which = below(n);
	/* Who leaves is back soon, but nobody would be here. */
	if (strcmp(commands[which].name, "quit") == 0 && below(5) != 0)
		which = 0;
	bytes_printf(b, "/%s", commands[which].name);
	if (commands[which].flags != 0 && below(3) == 0)
		bytes_printf(b, " %s", OF(flags));
	for (uint32_t i = below(4); i > 0; i--) {
		bytes_puts(b, " ");
		put_arg(b);
	}
	bytes_puts(b, "\n");
}

static void types(uint32_t slot)
{
	struct event e = {.kind = EVENT_BYTES, .conn = {slot, gens[slot]}};
	struct bytes b = {0};

	for (uint32_t i = 1 + below(3); i > 0; i--)
		put_line(&b);
	snprintf(typed, sizeof typed, "%u: %s", slot, b.data);
	e.bytes.data = b.data;
	e.bytes.len = b.len;
	step(&e);
	bytes_release(&b);
}

static void comes(uint32_t slot)
{
	static const char *const from[] = {"192.0.2.1", "192.0.2.2", "10.1.2.3", "unix", "unix",
	                                   "2001:db8::1"};
	const char *addr = OF(from);
	bool host = strcmp(addr, "unix") == 0;
	char name[32];
	struct event e = {.kind = EVENT_CONNECTED, .conn = {slot, ++gens[slot]},
	                  .connected = {.from = where(addr), .control = host && below(3) == 0,
	                                .token = below(4), .chance = below(1000)}};

	if (host && !e.connected.control && below(2) == 0)
		e.connected.user = OF(names);
	held[slot] = false;
	step(&e);
	if (chat->sessions[slot].state != SESSION_LOGIN || below(20) == 0)
		return;
	snprintf(name, sizeof name, "%s\n", OF(names));
	e = (struct event){.kind = EVENT_BYTES, .conn = {slot, gens[slot]},
	                   .bytes = {.data = name, .len = strlen(name)}};
	step(&e);
}

/* -- what the world does --------------------------------------------------------------------- */

/* The line, or the act, that was pointed at. */
static void point(const struct waiting *q, struct rows *rows, struct row *row)
{
	if (rows->n == 0 || q->one == 0 || below(4) == 0)
		return;
	row->id = q->one;
	rows->n = 1;
}

static void answers(void)
{
	static const char *const undos[] = {
		"", "unban --in=ops #B5", "undo=ban room=7 number=5", "undo=ban number=5",
		"undo=ban was=target%3Dguest%20who%3Dbob%20key%3Dbob%20from%3D192.0.2.1%20by%3Dann",
		"undo=ban mute=yes lobby=yes was=target%3Daccount%20who%3Dann%20key%3Dann",
		"undo=setting room=7 setting=private is=1", "undo=setting room=7 setting=slow was=9",
		"undo=lockdown was=9999999999999", "undo=role account=ann was=account is=admin",
		"undo=filter word=spam added=yes", "undo=filter word=spam by=ann at=5",
		"undo=owner room=7 is=ann", "undo=offer room=7 account=bob", "undo=report number=5 was=claimed",
		"undo=grant room=7 role=member account=cat given=yes", "undo=grant room=7 role=voice slot=2 gen=1",
		"undo=grant room=7 role=operator account=bob since=3", "undo=shutdown was=9999999999999 why=no",
	};
	uint32_t i = below(nasked);
	struct waiting q = asked[i];
	struct row row[ROWS];
	struct rows rows = {.kind = q.kind, .number = q.number, .conn = q.conn, .row = row, .ok = below(4) != 0,
	                    .more = below(2) != 0, .text = "one two", .text2 = "h1\nh2",
	                    .seen_id = below(5), .missed = below(3)};
	struct event e = {.kind = EVENT_ROWS, .conn = q.conn, .rows = &rows};

	asked[i] = asked[--nasked];
	if (below(8) == 0)
		rows.error = "No.";
	rows.n = rows.error != NULL ? 0 : below(ROWS);
	rows.which = q.kind == QUERY_CHECK ? 0 : below(2) * chat->seq;
	for (size_t k = 0; k < rows.n; k++)
		row[k] = (struct row){
			.id = 1 + below((uint32_t)chat->seq + 1), .time_ms = now_ms - below(2000000),
			.kind = q.kind == QUERY_AUDIT ? RECORD_AUDIT : RECORD_SAY + below(2),
			.room = q.room != 0 ? q.room : 1 + below(20), .hit = below(2) != 0, .lines = below(5),
			.room_name = q.kind == QUERY_AUDIT ? OF(undos) : "ops", .sender = OF(names),
			.body = OF(words)};
	point(&q, &rows, row);
	step(&e);
}

static void ticks(int64_t ms)
{
	struct event e = {.kind = EVENT_TICK};

	now_ms += ms;
	for (int i = 0; i < 20 && (i == 0 || chat_due_ms(chat) <= now_ms); i++)
		step(&e);
	e = (struct event){.kind = EVENT_STORED, .stored = {.seq = chat->seq}};
	step(&e);
}

static void gone(uint32_t slot)
{
	struct event e = {.kind = below(3) == 0 ? EVENT_EOF : EVENT_CLOSED,
	                  .conn = {slot, gens[slot]}};

	step(&e);
}

static void starts(void)
{
	uint64_t seq = chat != NULL ? chat->seq : 0;
	uint32_t last_room = chat != NULL ? chat->last_room : 0;

	if (chat != NULL)
		chat_free(chat);
	chat = chat_new(&config, seq, last_room);
	nasked = 0;
	for (int kind = 1; kind < FACT_KINDS; kind++)
		for (uint32_t i = 0; i < nfacts; i++)
			if (facts[i].kind == (enum fact_kind)kind)
				chat_load_fact(chat, &(struct saved_fact){facts[i].kind, facts[i].key,
				                                          facts[i].value});
	memset(held, 0, sizeof held);
}

static void round_run(void)
{
	static const char admin[] = "nick=zoe role=admin made=1 hash=x";

	prng.state = seed;
	memset(gens, 0, sizeof gens);
	now_ms = INT64_C(1795378445000);
	config = (struct chat_config){
		.connections_max = PEOPLE, .line_bytes_max = 1024, .history_replay = 3,
		.login_timeout_s = 30, .command_prefix = '/', .rate_burst = 20, .rate_lines = below(2) * 5,
		.rate_bytes = 8192, .rate_address = 10, .flood_mute_s = 10,
		.talks_unsaved = below(2) == 0,
	};
	facts[0] = (struct fact){FACT_ACCOUNT, mem_strdup("zoe"), mem_strdup(admin)};
	nfacts = 1;
	starts();
	for (int i = 0; i < STEPS; i++) {
		uint32_t slot = below(PEOPLE), what = below(100);
		bool here = chat->sessions[slot].state != SESSION_FREE;

		if (!here)
			comes(slot);
		else if (what < 50)
			types(slot);
		else if (what < 85 && nasked > 0)
			answers();
		else if (what < 95)
			ticks(below(50) == 0 ? 700000 : below(3000));
		else if (what < 97)
			gone(slot);
		else if (what == 97)
			step(&(struct event){.kind = (enum event_kind)(EVENT_STORE_FAILED + below(4)),
			                     .reason = "full"}); /* or FULL, BACK, NOTICE */
		else if (below(20) == 0)
			starts();
		check_people();
	}
	chat_free(chat);
	chat = NULL;
	while (nfacts > 0) {
		free(facts[--nfacts].key);
		free(facts[nfacts].value);
	}
	nasked = 0;
}

int main(int argc, char **argv)
{
	time_t until = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, n = 0;

	for (seed = first; n == 0 || time(NULL) < until; seed++, n++)
		round_run();
	printf("%" PRIu64 " rounds from seed %" PRIu64 "\n", n, first);
	return 0;
}
