/*
 * The whole core with people who type anything (fuzz_chat_people.c), and a world that does to it
 * all that the real one may. Lines come in pieces; the input ends at any moment, with a line begun
 * and a question out; answers come late, twice, in another order, never, and for somebody who is
 * gone; the store fails; all is loaded again now and then.
 *
 *	fuzz_chat [SECONDS [SEED]]    until then; a failure prints the seed of its round
 *	fuzz_chat --rounds N          the rounds 1 to N; prints TAP
 *	fuzz_chat --seed SEED         that round alone, and what happens in it
 *
 * Held against it after every step: what an account is and who is signed in to it has come by an
 * answer about it, as it is (fuzz_chat_book.c); secrets are seen by nobody whom they do not
 * concern; a feed that is held back waits for a replay; an answer that nobody asked for says
 * nothing; what a step says fits. And each time when all that can be answered has been: what was
 * sent is taken, and who has sent their last byte and waits for nothing is gone.
 */
#include "fuzz_chat.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chatd/core/people/session.h"
#include "chatd/core/rooms/membership.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"
#include "where.h"

enum {
	STEPS = 3000,
	FACTS_MAX = 4096,
	SETTLE_STEPS_MAX = 20000,
	SETTLE_TICKS_MAX = 2000, /* of half a second: longer than any pace makes somebody wait */
	CALM = 400,              /* a round comes to rest once in this many steps */
};

struct fact {
	enum fact_kind kind;
	char *key, *value;
};

struct fuzz fuzz;

static struct chat_config config;
static struct fact facts[FACTS_MAX];
static uint32_t nfacts;
static char spied[64];       /* a password that the core was told, and must forget; "": none */

/* -- what is wrong ------------------------------------------------------------------------------ */

static void say_again(void)
{
	printf("\n# again: fuzz_chat --seed %" PRIu64 "\n", fuzz.seed);
	fflush(stdout);
}

void fuzz_fail(const char *fmt, ...)
{
	va_list ap;

	printf("not ok - seed %" PRIu64 ", step %" PRIu64 ": ", fuzz.seed, fuzz.step);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	say_again();
	_Exit(1);
}

/* A sanitizer, which says what is wrong and not in which round. */
static void on_death(void)
{
	printf("not ok - seed %" PRIu64 ", step %" PRIu64 ": memory is misused", fuzz.seed, fuzz.step);
	say_again();
}

static void on_abort(int signal_number)
{
	(void)signal_number;
	fuzz_fail("aborted");
}

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

/* So that it comes to on_abort. */
const char *__ubsan_default_options(void);

const char *__ubsan_default_options(void)
{
	return "abort_on_error=1";
}

static void watch_for_death(void)
{
	signal(SIGABRT, on_abort);
	if (__sanitizer_set_death_callback != NULL)
		__sanitizer_set_death_callback(on_death);
}

static void tell(const char *what, struct conn_id id, const char *text, size_t len)
{
	if (!fuzz.tells)
		return;
	printf("%" PRIu64 ": %s %u.%u ", fuzz.step, what, id.slot, id.gen);
	for (size_t i = 0; i < len && i < 400; i++)
		printf(text[i] == '\n' ? "\\n" : text[i] == '\r' ? "\\r" : "%c", text[i]);
	printf("\n");
}

/* -- what comes of a step ------------------------------------------------------------------------ */

static void keep_fact(const struct record *r)
{
	uint32_t i = 0;

	while (i < nfacts && (facts[i].kind != r->fact.kind ||
	                      strcmp(facts[i].key, r->fact.key) != 0))
		i++;
	if (i == nfacts && *r->fact.value == '\0')
		return;
	CHECK(i < FACTS_MAX);
	if (i == nfacts)
		facts[nfacts++] = (struct fact){r->fact.kind, mem_strdup(r->fact.key), NULL};
	free(facts[i].value);
	facts[i].value = mem_strdup(r->fact.value);
	if (*r->fact.value == '\0') {
		free(facts[i].key);
		free(facts[i].value);
		facts[i] = facts[--nfacts];
	}
}

static void check_text(const struct effect *e, const char *text, size_t len,
                       const struct asked_query *cause, bool hashes)
{
	struct conn_id conn = e->kind == EFFECT_SEND ? e->conn : (struct conn_id){0};
	const char *at = secret_in(text, len, conn, cause, hashes);

	/* What somebody types is shown to them, but not where they were asked for a secret. */
	if (e->kind == EFFECT_INPUT && memmem(text, e->input.prompt_bytes, "[ENTER YOUR NAME", 16) == NULL &&
	    memmem(text, e->input.prompt_bytes, "]: ", 3) != NULL)
		CHECK(len == e->input.prompt_bytes);
	if (at != NULL && e->kind != EFFECT_INPUT)
		fuzz_fail("effect %d, to %u.%u, has a secret in it: \"%.*s\"", (int)e->kind, conn.slot,
		          conn.gen, (int)(len - (size_t)(at - text) < 40 ? len - (size_t)(at - text) : 40),
		          at);
}

static void check_query(const struct effect *e)
{
	const struct query *q = &e->query;
	bool secret = q->kind >= QUERY_HASH;

	if (!secret)
		check_text(e, query_text(q), strlen(query_text(q)), NULL, false);
	if (q->kind != QUERY_CHECK && q->kind != QUERY_CHECK_TOTP)
		check_text(e, query_key(q), strlen(query_key(q)), NULL, false);
	/* What this step had to say it by is overwritten in the next. */
	if (secret && strncmp(query_text(q), "zq", 2) == 0)
		snprintf(spied, sizeof spied, "%s", query_text(q));
}

static void sent(const struct effect *e)
{
	struct actor *p = &fuzz.person[e->conn.slot];
	size_t n = e->len < FUZZ_SHOWN - 1 ? e->len : FUZZ_SHOWN - 1;

	memcpy(p->shown, e->text + e->len - n, n);
	p->shown[n] = '\0';
}

static void carry_out(const struct effect *e, const struct asked_query *cause)
{
	const struct record *r = &e->record;
	struct actor *p = &fuzz.person[e->conn.slot < FUZZ_PEOPLE ? e->conn.slot : 0];

	if (e->text != NULL)
		check_text(e, e->text, e->len, cause, false);
	if (e->kind == EFFECT_APPEND) {
		struct record_columns columns;

		record_columns(r, &columns);
		check_text(e, columns.text, strlen(columns.text), NULL, r->kind == RECORD_FACT);
		check_text(e, columns.who, strlen(columns.who), NULL, false);
		check_text(e, columns.name, strlen(columns.name), NULL, false);
		if (r->kind == RECORD_FACT)
			keep_fact(r);
	} else if (e->kind == EFFECT_QUERY) {
		check_query(e);
		store_ask(&e->query);
	} else if (e->kind == EFFECT_SEND) {
		CHECK(same_conn(e->conn, p->id));
		tell("  reads", e->conn, e->text, e->len);
		sent(e);
	} else if (e->kind == EFFECT_SUBSCRIBE) {
		p->held = true;
	} else if (e->kind == EFFECT_RELEASE || e->kind == EFFECT_UNSUBSCRIBE) {
		p->held = false;
	} else if (e->kind == EFFECT_RESUME) {
		p->resumed = true;
	} else if (e->kind == EFFECT_CLOSE || e->kind == EFFECT_DROP) {
		tell("  ends", e->conn, "", 0);
		p->held = false;
		bytes_clear(&p->rest);
	}
}

static void check_people(void)
{
	for (uint32_t slot = 0; slot < FUZZ_PEOPLE; slot++) {
		const struct session *s = session_at(slot);
		const struct actor *p = &fuzz.person[slot];

		if (s == NULL)
			continue;
		CHECK(same_conn(s->id, p->id));
		CHECK(!p->held || store_waits(p->id, QUERY_REPLAY));
		CHECK(s->account == NULL || s->account->session == s);
		CHECK((s->state == SESSION_CHAT) == (s->room != NULL));
	}
	for (uint32_t slot = 0; slot < fuzz.chat->rooms.top; slot++) {
		const struct room *r = fuzz.chat->rooms.slot[slot];

		for (const struct membership *g = r != NULL ? r->memberships.all : NULL; g != NULL;
		     g = g->hh.next)
			CHECK(account_by_key(fuzz.chat, g->key) != NULL);
	}
}

/* cause: the question that e answers; NULL: it answers none. How many effects it had. */
static size_t step(struct event *e, const struct asked_query *cause)
{
	static const struct figures f = {0};
	struct chat *c = fuzz.chat;
	size_t n, spied_len = c->output.arena_len;
	bool spies = *spied != '\0';
	struct effect wish = {0};
	struct conn_id asking[FUZZ_PEOPLE * 2];
	size_t nasking = 0;
	const struct effect *effects;
	char told[sizeof spied];

	memcpy(told, spied, sizeof told);
	*spied = '\0';
	e->now_ms = fuzz.now_ms;
	e->wall_ms = fuzz.wall_ms;
	book_before(cause);
	chat_step(c, e);
	effects = chat_effects(c, &n);
	CHECK(n <= EFFECTS_MAX + FUZZ_PEOPLE && c->output.arena_len <= ARENA_BYTES);
	for (size_t i = 0; i < n; i++) {
		carry_out(&effects[i], cause);
		if (effects[i].kind == EFFECT_RELOAD || effects[i].kind == EFFECT_FIGURES)
			wish = effects[i];
		if (effects[i].kind == EFFECT_ARRIVED) {
			CHECK(nasking < FUZZ_PEOPLE * 2);
			asking[nasking++] = effects[i].conn;
			if (!same_conn(effects[i].conn, effects[i].about))
				book_lets_in(effects[i].conn, session_at(effects[i].about.slot)->key);
		}
	}
	if (spies && spied_len > c->output.arena_len &&
	    memmem(c->output.arena + c->output.arena_len, spied_len - c->output.arena_len, told,
	           strlen(told)) != NULL)
		fuzz_fail("the password %s is still in memory", told);
	book_after(e, cause);
	check_people();
	if (wish.kind == EFFECT_RELOAD)
		step(&(struct event){.kind = EVENT_RELOADED, .conn = wish.conn,
		                     .reloaded = {below(2) != 0, "rate_lines\n\xff\n"}}, NULL);
	else if (wish.kind == EFFECT_FIGURES)
		step(&(struct event){.kind = EVENT_FIGURES, .conn = wish.conn, .figures = &f}, NULL);
	for (size_t i = 0; i < nasking; i++)
		step(&(struct event){.kind = EVENT_ARRIVED, .conn = asking[i],
		                     .arrived = {(enum arrived)below(3),
                                 below((uint32_t)c->records.seq + 2)}}, cause);
	return n;
}

/* -- what the world does --------------------------------------------------------------------------- */

static uint32_t lines_in(const char *data, size_t len)
{
	uint32_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += data[i] == '\n' || data[i] == '\r';
	return n;
}

/* Bytes, to somebody whose last ones were taken. What was asked before, or in the midst of them, is
 * answered by them. */
static void gives(uint32_t slot, const char *data, size_t len)
{
	struct actor *p = &fuzz.person[slot];
	struct event e = {.kind = EVENT_BYTES, .conn = p->id};
	char *in = mem_alloc(len);  /* of just their size: nothing behind them is read */

	memcpy(in, data, len);
	e.bytes.data = in;
	e.bytes.len = len;
	p->resumed = false;
	if (lines_in(data, len) > 0)
		*p->shown = '\0';
	step(&e, NULL);
	CHECK(e.bytes.taken <= len);
	if (lines_in(data, e.bytes.taken) > 1)
		*p->shown = '\0';
	if (session_at(slot) != NULL && e.bytes.taken < len)
		bytes_append(&p->rest, in + e.bytes.taken, len - e.bytes.taken);
	free(in);
}

/* What was kept is given again, if it was asked for. */
static bool offers(uint32_t slot)
{
	struct actor *p = &fuzz.person[slot];
	struct bytes rest = p->rest;

	if (session_at(slot) == NULL || !p->resumed || p->rest.len == 0)
		return false;
	p->rest = (struct bytes){0};
	gives(slot, rest.data, rest.len);
	bytes_release(&rest);
	return true;
}

static void types(uint32_t slot)
{
	struct bytes b = {0};

	people_type(slot, &b);
	if (b.len > 0) {
		tell("types", fuzz.person[slot].id, b.data, b.len);
		gives(slot, b.data, b.len);
	}
	bytes_release(&b);
}

/* Nothing of it is left anywhere: somebody else may have the slot. */
static void is_released(uint32_t slot)
{
	struct actor *p = &fuzz.person[slot];

	p->taken = false;
	tell("released", p->id, "", 0);
	step(&(struct event){.kind = EVENT_RELEASED, .conn = p->id}, NULL);
}

static void comes(uint32_t slot)
{
	static const char *const from[] = {"192.0.2.1", "192.0.2.2", "10.1.2.3", "unix", "unix",
	                                   "2001:db8::1", "127.0.0.1"};
	struct actor *p = &fuzz.person[slot];
	const char *addr = OF(from);
	bool host = strcmp(addr, "unix") == 0;
	struct event e = {.kind = EVENT_CONNECTED, .connected = {.from = where(addr), .token = below(4),
	                                                         .seed = below(1000)}};
	struct bytes name = {0}, rest = p->rest;
	struct fingerprint print;

	/* A few certificates, so that they meet. */
	memset(&print, (int)below(4), sizeof print);
	e.connected.tls = !host && below(2) == 0;
	if (e.connected.tls && below(2) == 0)
		e.connected.cert = &print;
	e.connected.control = host && below(2) == 0;
	if (host && !e.connected.control && below(5) == 0)
		e.connected.user = of(people_names, people_nnames);
	*p = (struct actor){.id = {slot, p->id.gen + 1}, .rest = rest, .telnet = below(4) == 0};
	bytes_clear(&p->rest);
	e.conn = p->id;
	tell("comes", p->id, addr, strlen(addr));
	step(&e, NULL);
	p->taken = e.connected.refused == NULL;
	if (session_at(slot) == NULL || fuzz.chat->people.sessions[slot]->state != SESSION_LOGIN ||
	    below(20) == 0)
		return;
	/* Enter signs in by a certificate. */
	if (e.connected.cert != NULL && below(2) == 0)
		bytes_puts(&name, "\n");
	else
		people_name(slot, &name);
	tell("types", p->id, name.data, name.len);
	gives(slot, name.data, name.len);
	bytes_release(&name);
}

static void answers(bool all)
{
	struct asked_query *q = store_answer(all);
	bool backup = q != NULL && q->query.kind == QUERY_BACKUP, here;
	size_t n;

	if (q == NULL)
		return;
	here = session_at(q->query.conn.slot) != NULL &&
	       same_conn(fuzz.person[q->query.conn.slot].id, q->query.conn);
	if (q->query.kind == QUERY_TOTP && here)
		fuzz.person[q->query.conn.slot].chosen = q->first;
	if (fuzz.tells)
		printf("%" PRIu64 ": question %" PRIu64 ", of kind %d, is answered: %s\n", fuzz.step,
		       q->query.number, (int)q->query.kind, q->rows.error != NULL ? q->rows.error : "");
	n = step(&(struct event){.kind = EVENT_ROWS, .conn = q->query.conn, .rows = &q->rows}, q);
	if (!here && !backup && n > 0)
		fuzz_fail("an answer of kind %d to %u.%u, which is gone, reaches somebody",
		          (int)q->query.kind, q->query.conn.slot, q->query.conn.gen);
	store_done(q);
}

/* An answer that has come already, or one that nobody has asked for. */
static void answers_again(void)
{
	struct asked_query *q = store_again();
	struct rows rows;

	if (q == NULL)
		return;
	rows = q->rows;
	if (below(3) == 0)
		rows.number = below(2) == 0 ? 0 : rows.number + 1000000;
	tell("again", q->query.conn, "", 0);
	if (step(&(struct event){.kind = EVENT_ROWS, .conn = q->query.conn, .rows = &rows}, NULL) > 0)
		fuzz_fail("an answer of kind %d to %u.%u that is not waited for says something",
		          (int)q->query.kind, q->query.conn.slot, q->query.conn.gen);
}

/* Something comes of a connection that had this slot before: it is gone, whoever is here now. */
static void comes_late(uint32_t slot)
{
	static const enum event_kind kinds[] = {EVENT_BYTES, EVENT_EOF, EVENT_CLOSED, EVENT_SLOW,
	                                        EVENT_DRAINED, EVENT_WAITS, EVENT_SKIPPED};
	struct actor *p = &fuzz.person[slot];
	const struct session *s = session_at(slot);
	struct event e = {.kind = kinds[below(sizeof kinds / sizeof *kinds)],
	                  .conn = {slot, p->id.gen - 1}};

	if (e.kind == EVENT_BYTES) {
		e.bytes.data = "a line for nobody\n";
		e.bytes.len = strlen(e.bytes.data);
	}
	tell("late", e.conn, "", 0);
	if (step(&e, NULL) > 0 || session_at(slot) != s)
		fuzz_fail("event %d of %u.%u, which is gone, reaches somebody", (int)e.kind, slot,
		          e.conn.gen);
}

/* Somebody sets the clock of the host, by up to two days. */
static void clock_is_set(void)
{
	fuzz.wall_ms += (int64_t)below(2 * 172800000) - 172800000;
}

static void ticks(int64_t ms)
{
	fuzz.now_ms += ms;
	fuzz.wall_ms += ms;
	if (below(50) == 0)
		clock_is_set();
	for (int i = 0; i < 20 && (i == 0 || chat_due_ms(fuzz.chat) <= fuzz.now_ms); i++)
		step(&(struct event){.kind = EVENT_TICK}, NULL);
	step(&(struct event){.kind = EVENT_STORED, .stored = {.seq = fuzz.chat->records.seq}}, NULL);
}

static void is_slow(uint32_t slot)
{
	struct actor *p = &fuzz.person[slot];

	p->slow = !p->slow;
	tell(p->slow ? "slow" : "drained", p->id, "", 0);
	step(&(struct event){.kind = p->slow ? EVENT_SLOW : EVENT_DRAINED, .conn = p->id}, NULL);
}

/* The server knows of an end when it has received what came before it, and given that on. */
static void goes(uint32_t slot)
{
	struct actor *p = &fuzz.person[slot];
	const struct session *s = session_at(slot);
	bool half = p->rest.len == 0 && !p->eof && below(3) != 0;
	bool waits = s->state == SESSION_CHAT && p->begun && !session_ready(s);
	size_t n;

	tell(half ? "half-closes" : "closes", p->id, "", 0);
	p->eof |= half;
	p->held &= half;
	n = step(&(struct event){.kind = half ? EVENT_EOF : EVENT_CLOSED, .conn = p->id}, NULL);
	CHECK(half || session_at(slot) == NULL);
	if (half && waits && n > 0)
		fuzz_fail("%u.%u sends its last byte while it waits, and is not waited for", slot, p->id.gen);
}

/* -- at rest --------------------------------------------------------------------------------------- */

/* Somebody is not through with what was sent. */
static bool is_late(uint32_t slot)
{
	const struct actor *p = &fuzz.person[slot];

	return session_at(slot) != NULL && !store_lost(p->id) && (p->rest.len > 0 || p->eof || p->held);
}

static bool settles(void)
{
	uint32_t offered = 0;

	for (uint32_t slot = 0; slot < FUZZ_PEOPLE; slot++) {
		if (session_at(slot) != NULL && fuzz.person[slot].slow)
			is_slow(slot);
		offered += offers(slot);
	}
	answers(true);
	return offered > 0;
}

/* All that can be answered is, and what was sent must be taken. */
static void rest(void)
{
	uint32_t nticks = 0;
	bool late = true;

	tell("rest", (struct conn_id){0}, "", 0);
	for (uint32_t i = 0; late && nticks < SETTLE_TICKS_MAX; i++) {
		CHECK(i < SETTLE_STEPS_MAX);
		late = settles();
		for (uint32_t slot = 0; slot < FUZZ_PEOPLE; slot++)
			late |= store_waits(fuzz.person[slot].id, -1) && !store_lost(fuzz.person[slot].id);
		if (late)
			continue;
		for (uint32_t slot = 0; slot < FUZZ_PEOPLE; slot++)
			late |= is_late(slot);
		if (late && nticks++ < SETTLE_TICKS_MAX)
			ticks(500);
	}
	for (uint32_t slot = 0; slot < FUZZ_PEOPLE; slot++) {
		const struct actor *p = &fuzz.person[slot];

		if (!is_late(slot))
			continue;
		if (p->rest.len > 0)
			fuzz_fail("%u.%u waits for nothing, and what it sent is not taken: \"%.*s\"", slot,
			          p->id.gen, (int)p->rest.len, p->rest.data);
		fuzz_fail("%u.%u waits for nothing and %s", slot, p->id.gen,
		          p->eof ? "has sent its last byte, and does not end" : "is shown nothing");
	}
}

/* -- a round ------------------------------------------------------------------------------------------ */

static void starts(void)
{
	uint64_t seq = fuzz.chat != NULL ? fuzz.chat->records.seq : 0;
	uint32_t last_room = fuzz.chat != NULL ? fuzz.chat->rooms.last_number : 0;

	if (fuzz.chat != NULL)
		chat_free(fuzz.chat);
	fuzz.chat = chat_new(&config, seq, last_room);
	store_begin();
	for (int kind = 1; kind < FACT_KINDS; kind++)
		for (uint32_t i = 0; i < nfacts; i++)
			if (facts[i].kind == (enum fact_kind)kind)
				chat_load_fact(fuzz.chat, &(struct saved_fact){facts[i].kind, facts[i].key,
				                                               facts[i].value});
	book_begin();
	for (uint32_t slot = 0; slot < FUZZ_PEOPLE; slot++)
		fuzz.person[slot].taken = false;
	*spied = '\0';
}

static void configure(void)
{
	config = (struct chat_config){
		.connections_max = FUZZ_PEOPLE, .line_bytes_max = 1024, .history_replay = 3,
		.login_timeout_s = below(4) == 0 ? 30 : 3600, .command_prefix = '/', .rate_burst = 20, .rate_lines = below(2) * 5,
		.rate_bytes = 8192, .rate_address = 10, .flood_mute_s = 10,
		.talks_unsaved = below(2) == 0, .address_exempt = below(2) == 0 ? "0.0.0.0/0 ::/0" : NULL,
		.face = {.server_name = "eve", .motd = "hello\n\n  all\n", .rules = "1. Be kind.\n", .banner = ""},
	};
}

static void begins(void)
{
	static const char admin[] = "nick=zoe role=admin made=1 hash=zqh0-1";

	fuzz.prng.state = fuzz.seed;
	fuzz.step = 0;
	fuzz.now_ms = 5000000;
	fuzz.wall_ms = INT64_C(1795378445000);
	for (uint32_t slot = 0; slot < FUZZ_PEOPLE; slot++)
		bytes_release(&fuzz.person[slot].rest);
	memset(fuzz.person, 0, sizeof fuzz.person);
	people_begin();
	secret_begin();
	secret_new();
	configure();
	facts[0] = (struct fact){FACT_ACCOUNT, mem_strdup("zoe"), mem_strdup(admin)};
	nfacts = 1;
	starts();
}

/* Somebody has begun a line and waits: at no other moment does an end surprise so much. It is known
 * by what has befallen them: input waits behind a question of one's own. */
static bool surprises(void)
{
	uint32_t at = below(FUZZ_PEOPLE);

	for (uint32_t i = 0; i < FUZZ_PEOPLE; i++) {
		uint32_t slot = (at + i) % FUZZ_PEOPLE;
		const struct actor *p = &fuzz.person[slot];

		if (session_at(slot) == NULL || !p->begun || p->eof || p->rest.len > 0 ||
		    !store_waits(p->id, -1) || below(6) != 0)
			continue;
		goes(slot);
		return true;
	}
	return false;
}

/* It fails, is full, is back or has a notice; mostly it is back soon. */
static void store_changes(void)
{
	enum event_kind kind = (enum event_kind)(EVENT_STORE_FAILED + below(4));

	if (fuzz.chat->outage.reason != NULL && below(2) == 0)
		kind = EVENT_STORE_BACK;
	step(&(struct event){.kind = kind, .failure.reason = "full"}, NULL);
}

static void does(uint32_t slot, uint32_t what)
{
	struct actor *p = &fuzz.person[slot];

	if (surprises())
		return;
	if (session_at(slot) == NULL && p->taken && below(2) == 0)
		is_released(slot);
	else if (session_at(slot) == NULL && !p->taken)
		comes(slot);
	else if (session_at(slot) == NULL)
		answers(false);
	else if (what < 40 && p->rest.len == 0 && !p->eof)
		types(slot);
	else if (what < 50)
		offers(slot);
	else if (what < 80)
		answers(false);
	else if (what < 83)
		answers_again();
	else if (what < 92)
		ticks(below(50) == 0 ? 700000 : below(8000));
	else if (what < 94)
		goes(slot);
	else if (what < 98 && (p->slow || below(6) == 0))
		is_slow(slot);
	else if (p->id.gen > 1 && below(4) == 0)
		comes_late(slot);
	else if (what == 98 && (fuzz.chat->outage.reason != NULL || below(3) == 0))
		store_changes();
	else if (below(20) == 0)
		starts();
}

static void ends(void)
{
	chat_free(fuzz.chat);
	fuzz.chat = NULL;
	while (nfacts > 0) {
		free(facts[--nfacts].key);
		free(facts[nfacts].value);
	}
	store_begin();
	book_begin();
}

static void round_run(void)
{
	begins();
	for (fuzz.step = 1; fuzz.step <= STEPS; fuzz.step++) {
		does(below(FUZZ_PEOPLE), below(100));
		if (below(CALM) == 0)
			rest();
	}
	rest();
	ends();
}

static int rounds(uint64_t n)
{
	printf("1..1\n");
	for (fuzz.seed = 1; fuzz.seed <= n; fuzz.seed++)
		round_run();
	printf("ok 1 - %" PRIu64 " rounds\n", n);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t number = argc > 2 ? strtoull(argv[2], NULL, 10) : 1, n = 0;
	time_t until;

	watch_for_death();
	if (argc > 2 && strcmp(argv[1], "--rounds") == 0)
		return rounds(number);
	if (argc > 2 && strcmp(argv[1], "--seed") == 0) {
		fuzz.tells = true;
		fuzz.seed = number;
		round_run();
		return 0;
	}
	until = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
	for (fuzz.seed = number; n == 0 || time(NULL) < until; fuzz.seed++, n++)
		round_run();
	printf("%" PRIu64 " rounds from seed %" PRIu64 "\n", n, number);
	return 0;
}
