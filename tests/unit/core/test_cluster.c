/*
 * Several cores that are one chat, over a stream in memory.
 */
#include "chat_help.h"

#include "chatd/core/people/session.h"
#include "chatd/core/state/state.h"

enum { NODES = 3, ACTS_MAX = 20000 };

struct peer {
	struct chat *chat;
	size_t applied;            /* acts of the stream */
	struct bytes out[8];       /* what each connection was sent */
	struct bytes published;
	uint64_t stored;
	struct query asked[64];    /* without their strings */
	size_t nasked;
	struct bytes records;      /* those of the last act */
	/* Its database: facts, by kind and key, and rooms. */
	struct kept_fact { int kind; char *key, *value; } facts[4096];
	size_t nfacts;
	struct { uint32_t number; char *name, *topic; uint64_t last_id; int64_t last_ms; } rooms[512];
	size_t nrooms;
	uint32_t last_room;
	char *done;                /* the last EFFECT_DONE */
	uint64_t incarnation;
	bool closed[8];            /* by the core */
	char *unfit;               /* owned; why it cannot take part; NULL: it can */
};

static struct peer peers[NODES];
static struct { char *text; int64_t at_ms; } stream[ACTS_MAX];
static size_t nstream;
static const char *const node_names[NODES] = {"a", "b", "c"};

static void keep_fact(struct peer *p, const struct record *r)
{
	size_t i = 0;

	while (i < p->nfacts && (p->facts[i].kind != (int)r->fact.kind || strcmp(p->facts[i].key, r->fact.key) != 0))
		i++;
	if (i < p->nfacts) {
		free(p->facts[i].value);
		free(p->facts[i].key);
		memmove(&p->facts[i], &p->facts[i + 1], (--p->nfacts - i) * sizeof p->facts[0]);
	}
	if (*r->fact.value == '\0')
		return;
	i = p->nfacts++;
	assert_true(p->nfacts <= 4096);
	p->facts[i].kind = (int)r->fact.kind;
	p->facts[i].key = mem_strdup(r->fact.key);
	p->facts[i].value = mem_strdup(r->fact.value);
}

static void keep_room(struct peer *p, const struct record *r)
{
	size_t i = 0;

	while (i < p->nrooms && p->rooms[i].number != r->room)
		i++;
	if (r->room > p->last_room)
		p->last_room = r->room;
	if (i == p->nrooms) {
		p->rooms[p->nrooms++].number = r->room;
		assert_true(p->nrooms <= 512);
		p->rooms[i].name = mem_strdup(r->room_name);
		p->rooms[i].topic = mem_strdup("");
	}
	if (r->kind == RECORD_TOPIC) {
		free(p->rooms[i].topic);
		p->rooms[i].topic = mem_strdup(r->topic.text);
	} else if (r->kind == RECORD_SAY || r->kind == RECORD_ACTION) {
		p->rooms[i].last_id = r->seq;
		p->rooms[i].last_ms = r->time_ms;
	} else if (r->kind == RECORD_REMOVE) {
		free(p->rooms[i].name);
		free(p->rooms[i].topic);
		memmove(&p->rooms[i], &p->rooms[i + 1], (--p->nrooms - i) * sizeof p->rooms[0]);
		memset(&p->rooms[p->nrooms], 0, sizeof p->rooms[0]);
	}
}

static uint64_t seed = 1;

static uint32_t next(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed % below);
}

static char *again; /* an act that will come once more; owned */

/* Some twice, and behind others, as after an answer that was lost. */
static void append(const char *text)
{
	assert_true(strlen(text) <= ACT_BYTES_MAX);
	stream[nstream].text = mem_strdup(text);
	stream[nstream++].at_ms = wall();
	if (again != NULL && next(3) == 0) {
		stream[nstream].text = again;
		stream[nstream++].at_ms = wall();
		again = NULL;
	}
	if (again == NULL && next(20) == 0)
		again = mem_strdup(text);
}

static char *told[64]; /* owned; what nodes tell each other, "NODE TEXT" */
static size_t ntold;
static size_t nunsubscribed;  /* connections that read their room no more */
static size_t ndropped;       /* connections that were ended to make way */

static void take_effects(struct peer *p)
{
	const struct effect *e;
	size_t n;

	e = chat_effects(p->chat, &n);
	for (; n > 0; n--, e++) {
		if (e->kind == EFFECT_PROPOSE) {
			append(e->text);
		} else if (e->kind == EFFECT_UNFIT) {
			free(p->unfit);
			p->unfit = mem_strdup(e->text);
		} else if (e->kind == EFFECT_TELL) {
			assert_true(ntold < 64);
			told[ntold++] = mem_strdup(e->text);
		} else if (e->kind == EFFECT_SEND && e->conn.gen != 0 && e->conn.slot < 8) {
			bytes_append(&p->out[e->conn.slot], e->text, e->len);
		} else if (e->kind == EFFECT_DROP && e->conn.gen != 0) {
			ndropped++;
		} else if (e->kind == EFFECT_UNSUBSCRIBE && e->conn.gen != 0) {
			nunsubscribed++;
		} else if (e->kind == EFFECT_CLOSE && e->conn.gen != 0 && e->conn.slot < 8) {
			p->closed[e->conn.slot] = true;
		} else if (e->kind == EFFECT_PUBLISH) {
			bytes_append(&p->published, e->text, e->len);
		} else if (e->kind == EFFECT_APPEND) {
			struct record_columns columns;

			record_columns(&e->record, &columns);
			if (e->record.kind == RECORD_FACT)
				keep_fact(p, &e->record);
			else if (e->record.room != 0)
				keep_room(p, &e->record);
			p->stored = e->record.seq;
			bytes_printf(&p->records, "  #%" PRIu64 " kind %d room %u %" PRIu64 " %s\n", e->record.seq, (int)e->record.kind,
			             e->record.room, columns.number, columns.text);
		} else if (e->kind == EFFECT_DONE) {
			free(p->done);
			p->done = mem_strdup(e->text);
		} else if (e->kind == EFFECT_QUERY && p->nasked < 64) {
			p->asked[p->nasked++] = e->query;
		}
	}
}

static void step_at(int node, struct event e)
{
	/* No two hosts' clocks are the same. */
	e.now_ms = now_ms + node * 987654;
	e.wall_ms = wall() + node * 4321;
	chat_step(peers[node].chat, &e);
	take_effects(&peers[node]);
}

static uint32_t which; /* of the hashes is right, from 0 */
static const char *line_body = "hello"; /* of the line that a store has */

static void answer(int node, const struct query *q)
{
	const struct row line = {.id = 103, .time_ms = 1795378445000, .kind = RECORD_SAY, .room = 6, .room_name = "general",
	                                .sender = "x1", .body = line_body};
	struct rows rows = {.kind = q->kind, .number = q->number, .conn = q->conn};

	if (q->kind == QUERY_CHECK)
		rows.check.matches = true, rows.check.which = which;
	else if (q->kind == QUERY_HASH)
		rows.hash.text = "$y$hash";
	else if (q->kind == QUERY_CODES)
		rows.codes.codes = "a b", rows.codes.hashes = "$y$a\n$y$b";
	else if (q->kind == QUERY_TOTP)
		rows.totp.secret = "SECRET";
	else if (q->kind == QUERY_LAST || q->kind == QUERY_FIRST)
		rows.row = &line, rows.n = 1;
	step_at(node, (struct event){.kind = EVENT_ROWS, .conn = q->conn, .rows = &rows});
}

/* Each node's store answers what it was asked. */
static bool answer_all(void)
{
	bool any = false;

	for (int i = 0; i < NODES; i++)
		while (peers[i].nasked > 0) {
			struct query q = peers[i].asked[--peers[i].nasked];

			answer(i, &q);
			any = true;
		}
	return any;
}

static bool forged; /* acts that no node has proposed: what only a person's own node has may differ from what they say of it */

static void dump(int node)
{
	const struct chat *c = peers[node].chat;

	printf("# node %s: seq %" PRIu64 " people %u records %" PRIx64 "\n", node_names[node], c->records.seq, c->people.n, c->cluster.records);
	for (const struct node *n = c->cluster.nodes; n != NULL; n = n->hh.next)
		for (const struct session *s = n->people; s != NULL; s = s->person.hh.next)
			printf("#  %s/%" PRIu64 " state %d %s in %s away %s voiced %d\n", n->name, s->person.number, (int)s->state, s->nick,
			       s->room != NULL ? s->room->name : "-", s->presence.away, s->member.voiced);
	for (uint32_t slot = 0; slot < c->rooms.top; slot++) {
		const struct room *r = c->rooms.slot[slot];
		if (r != NULL)
			printf("#  room %u %s topic %s n %u last %" PRIu64 "\n", r->number, r->name, r->topic, r->members.n, r->lines.last_id);
	}
}

/* What was told comes to its node, unless that is deaf. */
static int deaf = -1;

static bool tell_all(void)
{
	bool any = ntold > 0;

	for (size_t i = 0; i < ntold; i++) {
		int node = told[i][0] - 'a';

		if (node != deaf && node >= 0 && node < NODES && told[i][1] == ' ')
			step_at(node, (struct event){.kind = EVENT_TOLD, .told.text = told[i] + 2});
		free(told[i]);
	}
	ntold = 0;
	return any;
}

/* All that was proposed comes to all nodes, and they make the same of it. */
static void spread(void)
{
	while (answer_all() || tell_all() || peers[0].applied < nstream) {
		size_t at = peers[0].applied;

		for (int i = 0; i < NODES && at < nstream; i++) {
			struct peer *p = &peers[i];

			bytes_clear(&p->records);
			bytes_puts(&p->records, "");
			step_at(i, (struct event){.kind = EVENT_ACT, .act = {stream[at].text, stream[at].at_ms}});
			while (chat_goes_on(p->chat))
				step_at(i, (struct event){.kind = EVENT_ACT});
			p->applied++;
			step_at(i, (struct event){.kind = EVENT_STORED, .stored.seq = p->stored});
			if (!forged && chat_digest(p->chat) != chat_digest(peers[0].chat)) {
				dump(0);
				dump(i);
				printf("# %s has\n%s# %s has\n%s", node_names[0], peers[0].records.data, node_names[i], p->records.data);
				fail_msg("nodes %s and %s differ after: %s", node_names[0], node_names[i], stream[at].text);
			}
		}
	}
}

static void say(int node, uint32_t slot, const char *text)
{
	for (int i = 0; i < NODES; i++) {
		bytes_clear(&peers[i].published);
		bytes_puts(&peers[i].published, "");
		for (int k = 0; k < 8; k++) {
			bytes_clear(&peers[i].out[k]);
			bytes_puts(&peers[i].out[k], "");
		}
	}
	step_at(node, (struct event){.kind = EVENT_BYTES, .conn = id(slot), .bytes = {text, strlen(text), 0}});
	spread();
}

static void comes(int node, uint32_t slot, const char *name)
{
	step_at(node, (struct event){.kind = EVENT_CONNECTED, .conn = id(slot), .connected = {.from = where("192.0.2.1"),
	        .token = (uint64_t)node * 8 + slot}});
	say(node, slot, name);
}

static void reads(int node, uint32_t slot, const char *part)
{
	if (!peers[node].out[slot].data || !strstr(peers[node].out[slot].data, part))
		fail_msg("no %s in:\n%s", part, peers[node].out[slot].data ? peers[node].out[slot].data : "");
}

static void hears(int node, const char *part)
{
	if (!peers[node].published.data || !strstr(peers[node].published.data, part))
		fail_msg("no %s in:\n%s", part, peers[node].published.data ? peers[node].published.data : "");
}

static void reads_not(int node, uint32_t slot, const char *part)
{
	if (strstr(peers[node].out[slot].data, part) != NULL)
		fail_msg("%s in:\n%s", part, peers[node].out[slot].data);
}

static void hears_not(int node, const char *part)
{
	if (strstr(peers[node].published.data, part) != NULL)
		fail_msg("%s in:\n%s", part, peers[node].published.data);
}

static void propose_node(int i)
{
	step_at(i, (struct event){.kind = EVENT_INCARNATION, .incarnation = ++peers[i].incarnation});
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct kept_fact *)a)->key, ((const struct kept_fact *)b)->key);
}

/* The node dies, and starts again with what its database has. */
static void dies(int node)
{
	struct peer *p = &peers[node];
	static const int order[] = {FACT_ACCOUNT, FACT_ROOM, FACT_BAN, FACT_MUTE, FACT_FILTER, FACT_INVITE, FACT_MAIL, FACT_REPORT,
	                            FACT_STATE, FACT_PERSON, FACT_RESUMABLE};

	chat_free(p->chat);
	p->nasked = 0;
	/* A database gives them in this order. */
	qsort(p->facts, p->nfacts, sizeof p->facts[0], by_key);
	p->chat = chat_new(&config, p->stored, p->last_room);
	chat_begin_cluster(p->chat, node_names[node]);
	chat_load_cluster(p->chat, p->done);
	/* As store_rooms: those that have lines. */
	for (size_t i = 0; i < p->nrooms; i++)
		if (p->rooms[i].last_id != 0)
			chat_load_room(p->chat, &(struct saved_room){p->rooms[i].number, p->rooms[i].name, p->rooms[i].topic,
			                                             p->rooms[i].last_id, p->rooms[i].last_ms});
	for (size_t k = 0; k < sizeof order / sizeof *order; k++)
		for (size_t i = 0; i < p->nfacts; i++)
			if (p->facts[i].kind == order[k])
				chat_load_fact(p->chat, &(struct saved_fact){(enum fact_kind)order[k], p->facts[i].key, p->facts[i].value});
	if (!forged && p->applied > 0 && peers[(node + 1) % NODES].applied == p->applied &&
	    chat_digest(p->chat) != chat_digest(peers[(node + 1) % NODES].chat)) {
		dump((node + 1) % NODES);
		dump(node);
		fail_msg("node %s is another one after its start", node_names[node]);
	}
	propose_node(node);
}

static int begin_nodes(void **state)
{
	begin(state);
	for (int i = 0; i < NODES; i++) {
		memset(&peers[i], 0, sizeof peers[i]);
		peers[i].chat = chat_new(&config, 100, 5);
		chat_begin_cluster(peers[i].chat, node_names[i]);
		peers[i].stored = 100;
		peers[i].last_room = 5;
		chat_load_fact(peers[i].chat, &(struct saved_fact){FACT_ACCOUNT, "x0", "nick=x0 role=admin made=1795378000000 hash=$y$hash"});
		chat_load_fact(peers[i].chat, &(struct saved_fact){FACT_ACCOUNT, "x1", "nick=x1 role=moderator made=1795378000001 hash=$y$hash"});
		keep_fact(&peers[i], &(struct record){.kind = RECORD_FACT, .fact = {FACT_ACCOUNT, "x0", "nick=x0 role=admin made=1795378000000 hash=$y$hash"}});
		keep_fact(&peers[i], &(struct record){.kind = RECORD_FACT, .fact = {FACT_ACCOUNT, "x1", "nick=x1 role=moderator made=1795378000001 hash=$y$hash"}});
		/* Who signs in to it is told of a wrong password, which changes the account. */
		chat_load_fact(peers[i].chat, &(struct saved_fact){FACT_ACCOUNT, "x2", "nick=x2 role=account made=1795378000002 "
		                                                   "failed=1 failed_since=1795378100000 hash=$y$hash"});
		keep_fact(&peers[i], &(struct record){.kind = RECORD_FACT, .fact = {FACT_ACCOUNT, "x2",
		          "nick=x2 role=account made=1795378000002 failed=1 failed_since=1795378100000 hash=$y$hash"}});
		propose_node(i);
	}
	spread();
	return 0;
}

static int end_nodes(void **state)
{
	for (int i = 0; i < NODES; i++) {
		chat_free(peers[i].chat);
		for (int k = 0; k < 8; k++)
			bytes_release(&peers[i].out[k]);
		bytes_release(&peers[i].published);
		bytes_release(&peers[i].records);
		free(peers[i].done);
		free(peers[i].unfit);
		for (size_t k = 0; k < peers[i].nfacts; k++) {
			free(peers[i].facts[k].key);
			free(peers[i].facts[k].value);
		}
		for (size_t k = 0; k < peers[i].nrooms; k++) {
			free(peers[i].rooms[k].name);
			free(peers[i].rooms[k].topic);
		}
	}
	while (nstream > 0)
		free(stream[--nstream].text);
	while (ntold > 0)
		free(told[--ntold]);
	deaf = -1;
	forged = false;
	free(again);
	again = NULL;
	return end(state);
}

static void test_two_talk(void **state)
{
	(void)state;
	comes(0, 0, "alice\n");
	reads(0, 0, "You are alice, in general");
	comes(1, 0, "bob\n");
	hears(0, "\"bob\" has joined our chat");
	say(0, 0, "hello bob\n");
	hears(1, "[alice]:hello bob");
	say(1, 0, "/who\n");
	reads(1, 0, "alice");
	say(1, 0, "/topic all of us\n");
	hears(0, "bob");
	step_at(0, (struct event){.kind = EVENT_CLOSED, .conn = id(0), .closed.reason = "connection lost"});
	say(1, 0, "gone\n");
	hears(1, "alice has left our chat: connection lost");
}

/* Somebody whose name was taken is known to all nodes, and still at the prompt. */
static void test_a_quit_ends_input(void **state)
{
	size_t before;

	(void)state;
	comes(1, 0, "eve\n");
	comes(0, 0, "eve\n");
	reads(0, 0, "eve is taken");
	before = nstream;
	step_at(0, (struct event){.kind = EVENT_BYTES, .conn = id(0), .bytes = {"/quit\nmallory\n", 14, 0}});
	assert_true(peers[0].closed[0]);
	spread();
	for (size_t i = before; i < nstream; i++)
		assert_null(strstr(stream[i].text, "mallory"));
}

/* A connection that ends reads its room no more, although others learn of it later. */
static void test_an_end_is_at_once(void **state)
{
	(void)state;
	comes(0, 0, "alice\n");
	comes(1, 0, "bob\n");
	nunsubscribed = 0;
	step_at(0, (struct event){.kind = EVENT_EOF, .conn = id(0)});
	assert_true(peers[0].closed[0]);
	assert_int_equal(nunsubscribed, 1);
	spread();
	hears(1, "alice has left our chat");
}

/* Somebody who makes way for others is ended here at once. */
static void test_one_makes_way(void **state)
{
	size_t gone = 0;

	(void)state;
	ndropped = 0;
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		char name[16];

		step_at(0, (struct event){.kind = EVENT_CONNECTED, .conn = id(slot),
		        .connected = {.from = where(slot < SLOTS - 4 ? "192.0.2.1" : "198.51.100.1"), .seed = slot * 7919u}});
		snprintf(name, sizeof name, "n%u\n", slot);
		step_at(0, (struct event){.kind = EVENT_BYTES, .conn = id(slot), .bytes = {name, strlen(name), 0}});
		spread();
	}
	for (uint32_t slot = 0; slot < SLOTS; slot++)
		gone += peers[0].chat->people.sessions[slot] == NULL;
	assert_true(gone > 0);
	assert_int_equal(ndropped, gone);
}

/* Each node limits the pace of its own people alone. */
static void test_a_mention_from_elsewhere(void **state)
{
	struct chat_config limited = config;

	(void)state;
	limited.rate_bytes = 4096;
	limited.rate_address = 3;
	limited.rate_burst = 1;
	for (int i = 0; i < NODES; i++)
		chat_configure(peers[i].chat, &limited);
	comes(0, 0, "alice\n");
	comes(1, 0, "bob\n");
	say(1, 0, "/join ops\n");
	now_ms += 10000;
	say(0, 0, "where is bob?\n");
	reads(1, 0, "alice mentioned you in general");
}

/* A node begins again. Whoever has given a name since then is in; a name from before is given again. */
static void test_names_at_a_new_beginning(void **state)
{
	(void)state;
	comes(1, 0, "eve\n");
	comes(0, 0, "eve\n");
	reads(0, 0, "eve is taken");
	step_at(0, (struct event){.kind = EVENT_INCARNATION, .incarnation = ++peers[0].incarnation});
	step_at(0, (struct event){.kind = EVENT_BYTES, .conn = id(0), .bytes = {"mallory\n", 8, 0}});
	step_at(0, (struct event){.kind = EVENT_CONNECTED, .conn = id(1), .connected.from = where("192.0.2.1")});
	step_at(0, (struct event){.kind = EVENT_BYTES, .conn = id(1), .bytes = {"alice\n", 6, 0}});
	spread();
	/* She has waited. */
	step_at(0, (struct event){.kind = EVENT_TICK});
	say(0, 1, "alice\n");
	say(0, 1, "hello\n");
	hears(1, "[alice]:hello");
	say(1, 0, "/who\n");
	reads_not(1, 0, "mallory");
	say(0, 0, "mallory\n");
	reads(0, 0, "You are mallory");
	say(0, 0, "and I\n");
	hears(1, "[mallory]:and I");
}

/* Who watches what is known to their own node alone; what they say there is said on all. */
static void test_a_watcher_speaks(void **state)
{
	(void)state;
	comes(0, 0, "alice\n");
	comes(1, 0, "bob\n");
	say(1, 0, "/join ops\n");
	say(0, 0, "/say --in=ops not yet\n");
	hears_not(1, "not yet");
	reads(0, 0, "Not sent: you can speak where you are");
	say(0, 0, "/watch ops\n");
	say(0, 0, "/say --in=ops over there\n");
	hears(1, "[alice]:over there");
	comes(2, 0, "carol\n");
	say(0, 0, "/say and here\n");
	hears(2, "[alice]:and here");
}

/* What somebody of another node is told goes to nobody here, and takes nothing of others along. */
static void test_text_for_elsewhere(void **state)
{
	(void)state;
	comes(0, 0, "alice\n");
	comes(1, 0, "bob\n");
	say(1, 0, "/msg alice just us\n");
	reads(1, 0, "To alice: just us");
	reads_not(0, 0, "To alice");
	say(0, 0, "/msg bob yes\n");
	reads(0, 0, "To bob: yes");
	reads_not(1, 0, "To bob");
	say(0, 0, "/msg nobody no\n");
	reads(0, 0, "Nobody in the chat is called nobody");
}

/* A room without a line has its number on a node that has started since, too. */
static void test_a_room_is_known_once(void **state)
{
	(void)state;
	comes(0, 0, "alice\n");
	say(0, 0, "/join ops\n");
	dies(1);
	spread();
	say(0, 0, "the first line\n");
	say(0, 0, "/leave\n");
	say(0, 0, "and in the lobby\n");
}

/* All that was said in a room is too old for one node, and the room goes on without a history on all, although the others
 * have not deleted it yet when they start. */
static void test_a_room_is_emptied_on_all(void **state)
{
	const struct room *r;

	(void)state;
	comes(0, 0, "alice\n");
	comes(1, 0, "bob\n");
	say(0, 0, "/join ops\n");
	say(0, 0, "the only line\n");
	r = room_by_key(peers[0].chat, "ops");
	assert_int_not_equal(r->lines.last_id, 0);
	step_at(0, (struct event){.kind = EVENT_ROOM_EMPTY, .empty = {r->number, peers[0].stored}});
	spread();
	assert_int_equal(r->lines.last_id, 0);
	/* What another node's store has found before comes later. */
	step_at(2, (struct event){.kind = EVENT_ROOM_EMPTY, .empty = {r->number, 1}});
	spread();
	dies(1);
	dies(2);
	spread();
	say(0, 0, "/leave\n");
	assert_null(room_by_key(peers[1].chat, "ops"));
}

/* After an answer that was lost an act is sent again: it is done once. */
static void test_an_act_is_done_once(void **state)
{
	uint64_t seq;
	char *text;

	(void)state;
	comes(0, 0, "alice\n");
	comes(1, 0, "bob\n");
	say(0, 0, "hello\n");
	text = NULL;
	for (size_t i = 0; i < nstream; i++)
		if (strstr(stream[i].text, " hello") != NULL)
			text = stream[i].text;
	assert_non_null(text);
	seq = peers[1].stored;
	stream[nstream].text = mem_strdup(text);
	stream[nstream++].at_ms = wall();
	spread();
	assert_int_equal(peers[1].stored, seq);
}

/* What is deleted is not said again on the way. */
static void test_a_deletion_quotes_nothing(void **state)
{
	size_t before;

	(void)state;
	comes(1, 0, "bob\n");
	comes(0, 0, "x1\n");
	say(0, 0, "correct horse\n");
	before = nstream;
	say(0, 0, "/delete #103\n");
	for (size_t i = before; i < nstream; i++)
		assert_null(strstr(stream[i].text, "body="));
	say(0, 0, "/reply #103 indeed\n");
	hears(1, "@x1 #103 \"hello\" indeed");
}

/* How much somebody sends is known to their own node alone, and all make the same record of a deletion and its reason. */
static void test_a_reason_is_the_same_on_all(void **state)
{
	struct session *s;

	(void)state;
	comes(1, 0, "bob\n");
	comes(0, 0, "x1\n");
	say(0, 0, "correct horse\n");
	s = session_named(peers[0].chat, "x1");
	assert_non_null(s);
	s->input.throttle.muted_until_ms = INT64_MAX;
	/* spread, in it, compares what the nodes have made of it. */
	say(0, 0, "/delete #103 because\n");
	hears(1, "x1 has deleted their own line #103");
	hears_not(1, "because");
	say(0, 0, "/quit never again\n");
	hears(1, "x1 has left our chat");
	hears_not(1, "never again");
}

static void test_one_name(void **state)
{
	(void)state;
	step_at(0, (struct event){.kind = EVENT_CONNECTED, .conn = id(0), .connected.from = where("192.0.2.1")});
	step_at(1, (struct event){.kind = EVENT_CONNECTED, .conn = id(0), .connected.from = where("192.0.2.2")});
	step_at(0, (struct event){.kind = EVENT_BYTES, .conn = id(0), .bytes = {"eve\n", 4, 0}});
	step_at(1, (struct event){.kind = EVENT_BYTES, .conn = id(0), .bytes = {"eve\n", 4, 0}});
	spread();
	reads(0, 0, "You are eve");
	reads(1, 0, "eve is taken");
}

/* Each is told on their own node, and nobody reads what is for somebody of another one. Both have the first slot. */
static void test_each_is_told_what_is_theirs(void **state)
{
	(void)state;
	comes(0, 0, "x1\n");
	say(0, 0, "correct horse\n");
	reads(0, 0, "You are x1");
	comes(1, 0, "bob\n");
	say(0, 0, "/mute bob 5m noise\n");
	reads(0, 0, "bob is muted in general");
	reads_not(0, 0, "muted you");
	reads(1, 0, "x1 has muted you in general");
	say(0, 0, "/unmute bob\n");
	say(0, 0, "/join ops\n");
	say(1, 0, "/join ops\n");
	say(0, 0, "/kick bob off you go\n");
	reads(0, 0, "bob was removed from ops.");
	reads_not(0, 0, "removed you");
	reads(1, 0, "x1 removed you");
	reads_not(1, 0, "-- bob was removed from ops.");
}

/* What was typed behind it is nobody's any more. */
static void test_lines_behind_the_last(void **state)
{
	(void)state;
	comes(0, 0, "alice\n");
	comes(1, 0, "alice\n");
	reads(1, 0, "alice is taken");
	say(1, 0, "/quit\nhello\nhello\n");
	assert_true(peers[1].closed[0]);
	comes(0, 1, "alice\n");
	step_at(0, (struct event){.kind = EVENT_BYTES, .conn = id(1), .bytes = {"/quit\nhel", 9, 0}});
	step_at(0, (struct event){.kind = EVENT_EOF, .conn = id(1)});
	spread();
	assert_true(peers[0].closed[1]);
	comes(1, 2, "bob\n");
	say(0, 0, "/quit\nhello\n");
	hears(1, "alice has left our chat");
	hears_not(1, "hello");
}

/* A node is not heard of any more: its people leave, and what comes of it late is void. */
static void test_a_lease_ends(void **state)
{
	char late[64];
	uint64_t seq;

	(void)state;
	comes(0, 0, "alice\n");
	comes(1, 0, "bob\n");
	say(1, 0, "/who\n");
	reads(1, 0, "alice");
	snprintf(late, sizeof late, "a 1 %u L%" PRIu64 " too late", 1000u, (UINT64_C(1) << 32) + 1);
	say(0, 0, "in time\n");
	hears(1, "[alice]:in time");
	step_at(1, (struct event){.kind = EVENT_LEASE_OVER, .lease = {"a", 1}});
	append(late);
	say(1, 0, "/time\n");
	hears(1, "alice has left our chat: connection lost");
	hears_not(1, "too late");
	reads(0, 0, "This server was cut off from the others of this chat");
	say(1, 0, "/who\n");
	reads_not(1, 0, "alice");
	/* It comes back, and so does she, by herself. */
	step_at(0, (struct event){.kind = EVENT_TICK});
	spread();
	reads_not(0, 0, "You are alice");
	propose_node(0);
	spread();
	step_at(0, (struct event){.kind = EVENT_TICK});
	spread();
	reads(0, 0, "You are alice, in general");
	hears(1, "\"alice\" has joined our chat");
	seq = peers[1].stored;
	append("a 1 2000 P0 actor=alice what=nothing");
	spread();
	assert_int_equal(peers[1].stored, seq);
	say(0, 0, "here again\n");
	hears(1, "[alice]:here again");
}

/* A node that was away for so long that the others have forgotten it is one of them again. */
static void test_a_node_is_back_late(void **state)
{
	(void)state;
	comes(1, 0, "bob\n");
	step_at(1, (struct event){.kind = EVENT_LEASE_OVER, .lease = {"a", 1}});
	spread();
	now_ms += NODE_FORGOTTEN_MS + 1000;
	propose_node(0);
	spread();
	comes(0, 0, "alice\n");
	reads(0, 0, "You are alice, in general");
	hears(1, "\"alice\" has joined our chat");
	say(0, 0, "here again\n");
	hears(2, "[alice]:here again");
}

/* Nor does the node itself count as one of them meanwhile. */
static void test_all_forget_a_node(void **state)
{
	(void)state;
	step_at(1, (struct event){.kind = EVENT_LEASE_OVER, .lease = {"a", 1}});
	spread();
	now_ms += NODE_FORGOTTEN_MS + 1000;
	propose_node(1);
	spread();
	assert_null(cluster_find(peers[1].chat, "a"));
	assert_int_equal(peers[0].chat->cluster.self->incarnation, 0);
	propose_node(0);
	spread();
	assert_true(chat_is_up(peers[0].chat));
	assert_true(cluster_find(peers[1].chat, "a")->up);
}

/* All have lost their leases, because nobody could reach the engine: nobody leaves. */
static void test_an_outage_for_all(void **state)
{
	(void)state;
	comes(0, 0, "alice\n");
	comes(1, 0, "bob\n");
	say(0, 0, "/join ops\n");
	say(1, 0, "/join ops\n");
	/* These do not reach the stream any more. */
	step_at(0, (struct event){.kind = EVENT_BYTES, .conn = id(0), .bytes = {"one\ntwo\n", 8, 0}});
	while (nstream > peers[0].applied)
		free(stream[--nstream].text);
	free(again);
	again = NULL;
	for (int i = 0; i < NODES; i++)
		propose_node(i);
	/* Typed between the beginning of the incarnation and its act, it counts. */
	step_at(1, (struct event){.kind = EVENT_BYTES, .conn = id(0), .bytes = {"still here\n", 11, 0}});
	for (int i = 0; i < NODES; i++) {
		bytes_clear(&peers[i].published);
		bytes_puts(&peers[i].published, "");
	}
	spread();
	for (int i = 0; i < NODES; i++)
		step_at(i, (struct event){.kind = EVENT_TICK});
	spread();
	hears_not(2, "has left");
	hears(2, "[bob]:still here");
	reads(0, 0, "Not sent: the last 2 lines that you typed.");
	reads_not(1, 0, "Not sent");
	say(0, 0, "and I\n");
	hears(2, "[alice]:and I");
	say(2, 0, "");
}

/* With whom it does not agree, a node is none of them; and says why. */
static void test_agreement(void **state)
{
	uint64_t seq;

	(void)state;
	comes(0, 0, "alice\n");
	peers[2].chat->config.guest_room_days = 77;
	propose_node(2);
	spread();
	assert_non_null(peers[2].unfit);
	assert_non_null(strstr(peers[2].unfit, "guest_room_days is not what it is on node a"));
	assert_false(cluster_find(peers[0].chat, "c")->up);
	/* The others go on. */
	seq = peers[1].stored;
	say(0, 0, "hello\n");
	assert_true(peers[1].stored > seq);
	/* When nobody is there it may be another one. */
	step_at(1, (struct event){.kind = EVENT_LEASE_OVER, .lease = {"a", 1}});
	spread();
	append("b 1 5000 G0 b 1");
	spread();
	propose_node(2);
	spread();
	assert_true(cluster_find(peers[0].chat, "c")->up);
	propose_node(0);
	spread();
	assert_non_null(peers[0].unfit);
	assert_false(cluster_find(peers[1].chat, "a")->up);
}

/* A database of its own does not become this cluster's. */
static void test_another_base(void **state)
{
	(void)state;
	comes(0, 0, "alice\n");
	chat_free(peers[2].chat);
	peers[2].chat = chat_new(&config, 100, 5);
	chat_begin_cluster(peers[2].chat, "c");
	chat_load_fact(peers[2].chat, &(struct saved_fact){FACT_ACCOUNT, "x7", "nick=x7 role=admin made=1795378000000 hash=$y$hash"});
	peers[2].stored = 100;
	step_at(2, (struct event){.kind = EVENT_INCARNATION, .incarnation = ++peers[2].incarnation});
	/* It hears of the others from the beginning on. */
	for (size_t i = 0; i < peers[0].applied && peers[2].unfit == NULL; i++)
		step_at(2, (struct event){.kind = EVENT_ACT, .act = {stream[i].text, stream[i].at_ms}});
	assert_non_null(peers[2].unfit);
	assert_non_null(strstr(peers[2].unfit, "give it a backup of another node"));
	/* And they of it. */
	for (int i = 0; i < 2; i++)
		for (; peers[i].applied < nstream; peers[i].applied++)
			step_at(i, (struct event){.kind = EVENT_ACT, .act = {stream[peers[i].applied].text, stream[peers[i].applied].at_ms}});
	peers[2].applied = nstream;
	assert_false(cluster_find(peers[0].chat, "c")->up);
	assert_int_equal(chat_digest(peers[0].chat), chat_digest(peers[1].chat));
}

/* The name is somebody else's by then. And an account comes back to its room. */
static void test_others_meanwhile(void **state)
{
	(void)state;
	comes(0, 0, "alice\n");
	comes(0, 1, "x1\n");
	say(0, 1, "correct horse\n");
	reads(0, 1, "You are x1");
	say(0, 1, "/join ops\n");
	comes(1, 0, "bob\n");
	say(1, 0, "/join ops\n");
	/* Typed in vain. */
	step_at(1, (struct event){.kind = EVENT_LEASE_OVER, .lease = {"a", 1}});
	step_at(0, (struct event){.kind = EVENT_BYTES, .conn = id(0), .bytes = {"lost\n", 5, 0}});
	spread();
	reads(0, 0, "Not sent: the last line that you typed.");
	reads(0, 1, "You are being let back in.");
	comes(2, 0, "alice\n");
	reads(2, 0, "You are alice");
	propose_node(0);
	spread();
	say(1, 0, "/who\n");
	step_at(0, (struct event){.kind = EVENT_TICK});
	spread();
	reads(0, 0, "The name alice is no longer free, so you are alice");
	reads(0, 1, "You are x1, in ops");
	hears(1, "\"x1\" has joined our chat");
	say(0, 1, "hello ops\n");
	hears(1, "[x1]:hello ops");
}

/* While the others cannot be reached nobody gets a name, and who comes is told. */
static void test_waiting_at_the_prompt(void **state)
{
	struct event bytes = {.kind = EVENT_BYTES, .conn = id(0), .bytes = {"alice\n", 6, 0}, .now_ms = now_ms, .wall_ms = wall()};

	(void)state;
	step_at(0, (struct event){.kind = EVENT_STORE_FAILED, .failure = {.reason = "this server cannot reach the others"}});
	step_at(0, (struct event){.kind = EVENT_CONNECTED, .conn = id(0), .connected.from = where("192.0.2.1")});
	chat_step(peers[0].chat, &bytes);
	take_effects(&peers[0]);
	assert_int_equal(bytes.bytes.taken, 0);
	reads(0, 0, "Nobody can come in here at present: this server cannot reach the others");
	reads_not(0, 0, "[ENTER YOUR NAME]");
	/* That is not slow typing. */
	for (int i = 0; i < 10; i++) {
		now_ms += 60000;
		step_at(0, (struct event){.kind = EVENT_TICK});
	}
	assert_false(peers[0].closed[0]);
	step_at(0, (struct event){.kind = EVENT_STORE_BACK});
	step_at(0, (struct event){.kind = EVENT_TICK});
	reads(0, 0, "[ENTER YOUR NAME]");
	say(0, 0, "alice\n");
	reads(0, 0, "You are alice");
}

/* Lines that are on their way to the others are bounded: the rest of what somebody types waits. */
static void test_lines_ahead(void **state)
{
	struct event bytes = {.kind = EVENT_BYTES, .conn = id(0), .now_ms = now_ms, .wall_ms = wall()};
	char text[2 * (LINES_AHEAD_MAX + 4)];
	size_t before;

	(void)state;
	comes(0, 0, "alice\n");
	comes(1, 0, "bob\n");
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 2 == 0 ? 'x' : '\n';
	bytes.bytes.data = text;
	bytes.bytes.len = sizeof text;
	before = peers[0].chat->cluster.number;
	chat_step(peers[0].chat, &bytes);
	take_effects(&peers[0]);
	assert_int_equal(bytes.bytes.taken, 2 * LINES_AHEAD_MAX);
	assert_int_equal(peers[0].chat->cluster.number - before, LINES_AHEAD_MAX);
	/* Nothing more is taken before some of them are done. */
	chat_step(peers[0].chat, &bytes);
	take_effects(&peers[0]);
	assert_int_equal(bytes.bytes.taken, 0);
	say(0, 0, "");
	bytes.bytes.data = text + 2 * LINES_AHEAD_MAX;
	bytes.bytes.len = sizeof text - 2 * LINES_AHEAD_MAX;
	chat_step(peers[0].chat, &bytes);
	take_effects(&peers[0]);
	assert_int_equal(bytes.bytes.taken, bytes.bytes.len);
	spread();
}

/* Past the acts, and no node keeps it. */
static void test_private(void **state)
{
	(void)state;
	comes(0, 0, "alice\n");
	comes(1, 0, "bob\n");
	comes(2, 0, "carol\n");
	say(0, 0, "/msg bob for you alone\n");
	reads(1, 0, "[alice -> you]:for you alone");
	reads(0, 0, "-- To bob: for you alone");
	assert_int_equal(strlen(peers[2].out[0].data), 0);
	say(1, 0, "/reply and for you\n");
	reads(0, 0, "[bob -> you]:and for you");
	reads(1, 0, "-- To alice: and for you");
	say(1, 0, "/ignore alice\n");
	say(0, 0, "/msg bob again\n");
	reads(0, 0, "Not sent: bob does not accept messages from you.");
	for (size_t i = 0; i < nstream; i++)
		assert_null(strstr(stream[i].text, "for"));
	say(2, 0, "/away at lunch\n");
	say(1, 0, "/msg carol hello\n");
	reads(1, 0, "carol is away (at lunch) and may read it later.");
	/* The connection is gone, which only their node knows. */
	step_at(2, (struct event){.kind = EVENT_CLOSED, .conn = id(0), .closed.reason = "connection lost"});
	step_at(0, (struct event){.kind = EVENT_BYTES, .conn = id(0), .bytes = {"/msg carol still there?\n", 24, 0}});
	tell_all();
	tell_all();
	reads(0, 0, "Not sent: carol has just left.");
	spread();
}

/* Without an answer the sender is told so, and goes on. */
static void test_private_unheard(void **state)
{
	struct event e = {.kind = EVENT_BYTES, .conn = id(0), .bytes = {"/msg bob two\n", 13, 0}, .wall_ms = wall()};
	char *text;

	(void)state;
	comes(0, 0, "alice\n");
	comes(1, 0, "bob\n");
	deaf = 1;
	say(0, 0, "/msg bob one\n");
	reads_not(0, 0, "bob");
	/* Meanwhile nothing more is read. */
	e.now_ms = now_ms;
	chat_step(peers[0].chat, &e);
	assert_int_equal(e.bytes.taken, 0);
	now_ms += 5000;
	step_at(0, (struct event){.kind = EVENT_TICK});
	reads(0, 0, "bob may not have got that: the server that they are on, b, does not answer.");
	deaf = -1;
	/* Or the engine knows. */
	step_at(0, (struct event){.kind = EVENT_BYTES, .conn = id(0), .bytes = {"/msg bob three\n", 15, 0}});
	text = mem_strdup(told[0]);
	free(told[--ntold]);
	bytes_clear(&peers[0].out[0]);
	step_at(0, (struct event){.kind = EVENT_UNHEARD, .told.text = text + 2});
	reads(0, 0, "bob may not have got that");
	/* Late, or twice: it was given up. */
	step_at(1, (struct event){.kind = EVENT_TOLD, .told.text = text + 2});
	spread();
	step_at(0, (struct event){.kind = EVENT_UNHEARD, .told.text = text + 2});
	reads_not(0, 0, "To bob");
	free(text);
	/* From nobody, to nobody, and no sense at all. */
	step_at(1, (struct event){.kind = EVENT_TOLD, .told.text = "what=text from=a by=1 to=1 text=x"});
	step_at(1, (struct event){.kind = EVENT_TOLD, .told.text = "what=text from=z by=1 to=1 text=x"});
	step_at(1, (struct event){.kind = EVENT_TOLD, .told.text = "what=answer from=a by=1 number=1 result=read"});
	step_at(1, (struct event){.kind = EVENT_TOLD, .told.text = "x"});
	spread();
}

/* Of two who give the same code at the same time, one comes in. */
static void test_one_code(void **state)
{
	(void)state;
	for (int i = 0; i < NODES; i++)
		chat_load_fact(peers[i].chat, &(struct saved_fact){FACT_ACCOUNT, "x9", "nick=x9 role=account made=1795378000002 hash=$y$hash codes=$y$a%0a$y$b"});
	which = 1;
	comes(0, 0, "x9\n");
	comes(1, 0, "x9\n");
	step_at(0, (struct event){.kind = EVENT_BYTES, .conn = id(0), .bytes = {"a\n", 2, 0}});
	step_at(1, (struct event){.kind = EVENT_BYTES, .conn = id(0), .bytes = {"a\n", 2, 0}});
	spread();
	which = 0;
	reads(0, 0, "You are x9");
	reads(0, 0, "1 is left");
	reads(1, 0, "That code was already used.");
	reads_not(1, 0, "You are x9");
}

/* A node took a lease, and died before anybody heard that it begins again: or heard it late. */
static void test_a_beginning_is_lost(void **state)
{
	(void)state;
	comes(0, 0, "alice\n");
	comes(1, 0, "bob\n");
	step_at(1, (struct event){.kind = EVENT_LEASE_OVER, .lease = {"a", 2}});
	say(1, 0, "/time\n");
	hears(1, "alice has left our chat: connection lost");
	append("a 2 1 N0 ");
	append("a 2 2 E8589934593 name=carol from=192.0.2.1");
	spread();
	say(1, 0, "/who\n");
	reads_not(1, 0, "carol");
}

/* Bans that end together go from the database bit by bit. A node that starts meanwhile has none of them again. */
static void test_bans_end_together(void **state)
{
	(void)state;
	comes(0, 0, "x0\ncorrect horse\n");
	comes(1, 0, "bob\n");
	say(0, 0, "/mute bob\n");
	say(1, 0, "not heard\n");
	reads(1, 0, "has muted you");
	say(0, 0, "/unmute all --yes\n");
	dies(2);
	spread();
	say(1, 0, "heard\n");
	hears(2, "[bob]:heard");
}

/* A room that nobody owns, silent for long, goes on all nodes at one point, whenever each of them started. */
static void test_a_silent_room_ends_on_all(void **state)
{
	(void)state;
	comes(0, 0, "alice\n");
	say(0, 0, "/join ops\n");
	say(0, 0, "the only line\n");
	say(0, 0, "/leave\n");
	for (int i = 0; i < 2; i++) {
		step_at(0, (struct event){.kind = EVENT_TICK});
		spread();
		now_ms += 1000;
	}
	now_ms += ROOM_ALONE_DAYS * INT64_C(86400000) - 60000;
	step_at(0, (struct event){.kind = EVENT_TICK});
	spread();
	assert_non_null(room_by_key(peers[0].chat, "ops"));
	now_ms += 120000;
	dies(1);
	spread();
	step_at(1, (struct event){.kind = EVENT_TICK});
	spread();
	now_ms += ROOMS_LOOK_MS;
	step_at(1, (struct event){.kind = EVENT_TICK});
	spread();
	assert_null(room_by_key(peers[0].chat, "ops"));
}

/* Guests whose names look like one that is registered get others, the same on all nodes, whatever the order in which
 * a node has loaded them. */
static void test_lookalikes_on_all(void **state)
{
	(void)state;
	comes(1, 0, "be1l\n");
	comes(0, 0, "bel1\n");
	comes(1, 1, "be11\n");
	comes(0, 1, "bell\n");
	dies(2);
	spread();
	say(0, 1, "/register\n");
	say(0, 1, "correct horse battery\n");
	say(0, 1, "correct horse battery\n");
	reads(0, 1, "is yours now");
}

/* Rooms that end together end in one order on all nodes. The first of them has the last one's place on a node that has
 * been here all the time. */
static void test_rooms_end_in_order(void **state)
{
	(void)state;
	comes(0, 0, "alice\n");
	comes(1, 0, "x0\ncorrect horse\n");
	say(0, 0, "/join one\n");
	comes(0, 1, "bob\n");
	say(0, 1, "/join two\n");
	say(0, 1, "a line\n");
	say(0, 0, "/join three\n");
	say(0, 0, "a line\n");
	comes(0, 2, "carol\n");
	say(0, 2, "/join four\n");
	say(0, 2, "a line\n");
	say(0, 0, "/leave\n");
	say(0, 1, "/leave\n");
	say(0, 2, "/leave\n");
	dies(2);
	spread();
	say(1, 0, "/remove address 192.0.2.1 --yes\n");
	reads(1, 0, "3 rooms");
}

/* The rooms of an account that is given up, and those that a ban empties. */
static void test_rooms_of_one_end_in_order(void **state)
{
	(void)state;
	comes(1, 0, "x2\ncorrect horse\n");
	say(1, 0, "/join zoo\n");
	say(1, 0, "/room permanent on\n");
	say(1, 0, "/join ape\n");
	say(1, 0, "/room permanent on\n");
	say(1, 0, "/leave\n");
	dies(2);
	spread();
	say(1, 0, "/drop correct horse\n");
	reads(1, 0, "is deleted");
	assert_null(room_by_key(peers[0].chat, "ape"));
}

static void test_a_ban_ends_rooms_in_order(void **state)
{
	(void)state;
	step_at(0, (struct event){.kind = EVENT_CONNECTED, .conn = id(3), .connected.from = where("198.51.100.1")});
	say(0, 3, "x0\ncorrect horse\n");
	comes(1, 0, "alice\n");
	comes(0, 0, "bob\n");
	comes(1, 1, "carol\n");
	say(1, 0, "/join one\n");
	say(0, 0, "/join two\n");
	say(1, 1, "/join three\n");
	dies(2);
	spread();
	say(0, 3, "/ban --everywhere --all 192.0.2.0/24\n");
	assert_null(room_by_key(peers[0].chat, "two"));
}

/* What is said where nothing is kept is not known to a node that starts. */
static void test_a_room_without_history_is_silent(void **state)
{
	(void)state;
	comes(0, 0, "x0\ncorrect horse\n");
	comes(1, 0, "bob\n");
	say(1, 0, "/join ops\n");
	say(1, 0, "a line\n");
	say(0, 0, "/room --in=ops history off\n");
	now_ms += ROOM_ALONE_DAYS * INT64_C(86400000) - 60000;
	say(1, 0, "another\n");
	say(1, 0, "/leave\n");
	dies(2);
	spread();
	now_ms += 2 * ROOMS_LOOK_MS;
	step_at(0, (struct event){.kind = EVENT_TICK});
	spread();
	now_ms += 2 * ROOMS_LOOK_MS;
	step_at(0, (struct event){.kind = EVENT_TICK});
	spread();
}

/* No fact is left of a role in a room that is gone, or of an account that is. */
static void test_roles_go_too(void **state)
{
	(void)state;
	comes(0, 0, "x2\ncorrect horse\n");
	say(0, 0, "/join ops\n");
	say(0, 0, "/invite x1\n");
	say(0, 0, "/join dev\n");
	say(0, 0, "/op x1\n");
	say(0, 0, "/leave\n");
	say(0, 0, "/drop correct horse\n");
	for (int i = 0; i < NODES; i++)
		for (size_t k = 0; k < peers[i].nfacts; k++)
			assert_int_not_equal(peers[i].facts[k].kind, FACT_INVITE);
}

/* More goes than a store is given at once: all of it goes in this act. */
static void test_much_goes_at_once(void **state)
{
	enum { BOXES = 400 };
	struct chat *c;

	(void)state;
	for (int i = 0; i < NODES; i++) {
		for (int k = 0; k < BOXES * 12; k++) {
			char key[64], value[160];

			snprintf(key, sizeof key, "m%d", k / 12);
			snprintf(value, sizeof value, "nick=m%d role=account made=%" PRId64 " hash=$y$hash", k / 12, INT64_C(1795378100000) + k / 12);
			if (k % 12 == 0)
				chat_load_fact(peers[i].chat, &(struct saved_fact){FACT_ACCOUNT, key, value});
			snprintf(key, sizeof key, "m%d %020d", k / 12, k + 1);
			snprintf(value, sizeof value, "from=eve at=1795378000000 share=address%%20192.0.2.%d text=buy", 1 + k % 200);
			chat_load_fact(peers[i].chat, &(struct saved_fact){FACT_MAIL, key, value});
		}
	}
	c = peers[0].chat;
	assert_int_equal(c->people.mail.n, BOXES * 12);
	comes(0, 0, "x0\ncorrect horse\n");
	say(0, 0, "/remove address 192.0.2.0/24 --yes\n");
	reads(0, 0, "4800 unread messages");
	assert_int_equal(c->people.mail.n, 0);
}

/* The code of somebody who is here, or was. */
static void some_code(char *text, size_t n)
{
	const struct chat *c = peers[0].chat;
	const struct resumable *g = c->entry.resumables.first;
	const struct session *s = c->people.by_key;
	char code[RESUME_CODE_BYTES] = "none";

	for (uint32_t k = next(10); k > 0 && s != NULL && s->hh.next != NULL; k--)
		s = s->hh.next;
	if (g != NULL && next(2) == 0)
		strcpy(code, g->code);
	else if (s != NULL)
		resume_code(s, code);
	snprintf(text, n, "/resume %s\n", code);
}

/* The host's administrator connects, gives a command, and goes. */
static void host_does(int node, uint32_t *gen)
{
	static const char *const lines[] = {"/role x%u moderator\n", "/ban --everywhere x%u\n", "/unban all --yes\n", "/announce hi\n",
	                                    "/remove account x%u --yes\n", "/lockdown off\n", "/code x%u\n", "/who\n",
	                                    "/topic --in=ops new\n", "/kick --in=general x%u\n", "/backup a%u.db\n"};
	struct conn_id conn = {SLOTS, ++*gen};
	char text[64];

	step_at(node, (struct event){.kind = EVENT_CONNECTED, .conn = conn,
	        .connected = {.from = {.kind = ADDRESS_HOST}, .control = true}});
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(text, sizeof text, lines[next(sizeof lines / sizeof *lines)], next(20));
#pragma GCC diagnostic pop
	step_at(node, (struct event){.kind = EVENT_BYTES, .conn = conn, .bytes = {text, strlen(text), 0}});
	if (next(2) == 0)
		spread();
	step_at(node, (struct event){.kind = EVENT_CLOSED, .conn = conn});
	step_at(node, (struct event){.kind = EVENT_RELEASED, .conn = conn});
}

static void anything(int steps)
{
	static const char *const lines[] = {
		"hello\n", "/me waves\n", "/join ops\n", "/join general\n", "/leave\n", "/topic news\n", "/away lunch\n", "/back\n",
		"/nick x%u\n", "/nick y%u\n", "/who\n", "/whois x%u\n", "/rooms\n", "/ignore x%u\n", "/room private on\n", "/slow 5\n",
		"/kick x%u\n", "/mute x%u\n", "/ban y%u\n", "/msg x%u hi\n", "/help\n", "/quit\n", "/highlight word%u\n", "/set time short\n",
		"/invite x%u\n", "/op x%u\n", "/watch general\n", "/say --in=general there\n", "/unwatch all\n", "/announce hi\n", "/report #105\n", "/delete #103\n",
		"/register correct horse\n", "/register correct horse\n", "/login x%u correct horse\n", "/login x%u correct horse\n",
		"/passwd correct horse\n", "/resume\n", "/resume\n", "/join ops correct horse\n", "/room password correct horse\n", "/room password off\n",
		"/remove account x%u --yes --lines\n", "/remove room ops --yes\n", "/code x%u\n", "/totp\n", "/codes\n", "/cert list\n",
		"/prune --yes\n", "/backup b%u.db\n", "/shutdown 5m\n", "/shutdown off\n", "/reports resolve all\n", "/ban 192.0.2.0/24 1m\n", "/highlight term%u\n", "/set zone UTC\n", "/transfer x%u\n", "/accept ops\n", "/room mods%u on\n",
		"/role x%u moderator\n", "/drop correct horse\n", "/cert\n", "/sessions\n", "/slow off\n", "/voice x%u\n", "/undo #A%u\n",
		"/lockdown 5m\n", "/filter add word%u\n", "/filter remove word%u\n", "/unban all --yes\n", "/history\n", "/mentions\n", "/compare\n",
	};
	bool there[NODES][8] = {{false}};
	uint32_t gen[NODES][8] = {{0}}, host_gen = 0;
	char text[64];

	for (int i = 0; i < steps && nstream < ACTS_MAX - 50; i++) {
		int node = (int)next(NODES);
		uint32_t slot = next(8);
		struct conn_id conn = {slot, gen[node][slot]};

		now_ms += next(2000);
		if (peers[node].closed[slot]) {
			peers[node].closed[slot] = there[node][slot] = false;
			step_at(node, (struct event){.kind = EVENT_RELEASED, .conn = conn});
		}
		if (!there[node][slot] && next(4) == 0) {
			conn.gen = ++gen[node][slot];
			there[node][slot] = true;
			step_at(node, (struct event){.kind = EVENT_CONNECTED, .conn = conn, .connected = {.from = where("192.0.2.1"),
			        .control = false, .token = next(1u << 30)}});
			snprintf(text, sizeof text, next(8) == 0 ? "x0\ncorrect horse\n" : next(8) == 0 ? "x1\ncorrect horse\n" : "x%u\n", next(20));
			step_at(node, (struct event){.kind = EVENT_BYTES, .conn = conn, .bytes = {text, strlen(text), 0}});
		} else if (there[node][slot] && next(30) == 0) {
			there[node][slot] = false;
			step_at(node, (struct event){.kind = EVENT_CLOSED, .conn = conn});
			step_at(node, (struct event){.kind = EVENT_RELEASED, .conn = conn});
			peers[node].closed[slot] = false;
		} else if (there[node][slot]) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(text, sizeof text, lines[next(sizeof lines / sizeof *lines)], next(20));
#pragma GCC diagnostic pop
			if (strcmp(text, "/resume\n") == 0)
				some_code(text, sizeof text);
			step_at(node, (struct event){.kind = EVENT_BYTES, .conn = conn, .bytes = {text, strlen(text), 0}});
		}
		if (next(200) == 0) {
			if (next(2) == 0)
				spread();
			dies(node);
			memset(there[node], 0, sizeof there[node]);
			memset(peers[node].closed, 0, sizeof peers[node].closed);
		}
		/* Cut off: the others say that it is gone, and it begins again. */
		if (next(150) == 0) {
			int other = (node + 1) % NODES;

			step_at(other, (struct event){.kind = EVENT_LEASE_OVER, .lease = {node_names[node], peers[node].incarnation}});
			if (next(2) == 0)
				spread();
			propose_node(node);
			if (next(2) == 0)
				spread();
		}
		if (next(30) == 0)
			host_does(node, &host_gen);
		if (next(3) == 0)
			spread();
		if (next(10) == 0)
			step_at(node, (struct event){.kind = EVENT_TICK});
	}
	spread();
}

static void test_anything(void **state)
{
	const char *from = getenv("SEED"), *many = getenv("SEEDS");
	uint64_t first = from != NULL ? strtoull(from, NULL, 10) : 1, n = many != NULL ? strtoull(many, NULL, 10) : 5;

	for (uint64_t i = first; i < first + n; i++) {
		seed = i * 88172645463325252u + 1;
		printf("# seed %" PRIu64 "\n", i);
		begin_nodes(state);
		anything(3000);
		end_nodes(state);
	}
}

/* What is a slip, and may have a password in it, is no act. */
static void test_slips_stay_here(void **state)
{
	static const char *const slips[] = {
		"/room pasword s3cret\n", "/room --in=ops pass s3cret\n", "/room set password s3cret\n", "/nick x1 s3cret\n", "/invite x1 s3cret\n",
		"/leave s3cret\n", "/resume s3cret\n", "/kick --x x1 s3cret\n", "/announce s3cret\n", "/room --in=nowhere private s3cret\n",
	};

	(void)state;
	comes(0, 0, "alice s3cret\n");
	reads(0, 0, "a name cannot have spaces");
	say(0, 0, "alice\n");
	say(0, 0, "/join ops\n");
	for (size_t i = 0; i < sizeof slips / sizeof *slips; i++)
		say(0, 0, slips[i]);
	reads(0, 0, "There is no room nowhere");
	for (size_t i = 0; i < nstream; i++)
		assert_null(strstr(stream[i].text, "s3cret"));
	/* A name that is only nearly one, from a script, whose next line must not become its name. */
	comes(1, 0, "a name\nhello\n");
	reads(1, 0, "so you are");
}

/* Somebody knew a room's password when their node looked, but no longer when it is their turn. */
static void test_a_password_was_changed(void **state)
{
	char *at;

	(void)state;
	comes(0, 0, "x2\ncorrect horse\n");
	comes(1, 0, "bob\n");
	say(0, 0, "/join ops\n");
	say(0, 0, "/room password correct horse\n");
	step_at(0, (struct event){.kind = EVENT_BYTES, .conn = id(0), .bytes = {"/room password battery staple\n", 30, 0}});
	answer_all();
	at = strstr(stream[nstream - 1].text, "hash");
	assert_non_null(at);
	at[strlen(at) - 1] = '2';
	step_at(1, (struct event){.kind = EVENT_BYTES, .conn = id(0), .bytes = {"/join ops correct horse\n", 24, 0}});
	spread();
	reads(1, 0, "was just changed");
	say(1, 0, "/join ops battery staple\n");
	reads(1, 0, "You are in ops");
}

/* The act that removes an account stands before the one that changes it. */
static void test_an_account_was_removed(void **state)
{
	(void)state;
	comes(0, 0, "x2\ncorrect horse\n");
	comes(1, 0, "x1\ncorrect horse\n");
	say(0, 0, "/passwd\n");
	say(0, 0, "correct horse\n");
	say(0, 0, "battery staple\n");
	step_at(1, (struct event){.kind = EVENT_BYTES, .conn = id(0), .bytes = {"/remove account x2 --yes\n", 25, 0}});
	step_at(0, (struct event){.kind = EVENT_BYTES, .conn = id(0), .bytes = {"battery staple\n", 15, 0}});
	answer_all();
	spread();
	reads(1, 0, "Removed: the account x2.");
	reads(0, 0, "Nothing was changed: ");
	reads_not(0, 0, "has been changed");
}

/* The longest lines, of which each byte becomes several in an act: what does not fit is refused, and an end comes anyway. */
static void test_long_lines(void **state)
{
	static char line[LINE_BYTES_LIMIT + 64], body[BODY_BYTES_MAX + 1];
	static const char *const begins[] = {"/reply #103 x", "/msg x1 x", "/delete #103 x", "/report #103 x", "x", "/away x", "/topic x", "/quit x"};
	(void)state;
	memset(body, '%', sizeof body - 1);
	line_body = body;
	comes(1, 0, "bob\n");
	for (uint32_t max = LINE_BYTES_DEFAULT; max <= LINE_BYTES_LIMIT; max += LINE_BYTES_LIMIT - LINE_BYTES_DEFAULT) {
		for (int i = 0; i < NODES; i++)
			peers[i].chat->config.line_bytes_max = max;
		comes(0, 0, "alice\n");
		for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
			size_t n = strlen(begins[i]);

			strcpy(line, begins[i]);
			for (; n < max - 1; n++)
				line[n] = n % 9 == 0 ? 'a' : '\t';
			strcpy(line + n, "\n");
			now_ms += 60000;
			say(0, 0, line);
			if (i == 0 && max == LINE_BYTES_DEFAULT)
				hears(1, "@x1 #103");
		}
		assert_true(peers[0].closed[0]);
		peers[0].closed[0] = false;
		step_at(0, (struct event){.kind = EVENT_RELEASED, .conn = id(0)});
		assert_int_equal(peers[1].chat->people.n, 1);
	}
	line_body = "hello";
}

/* Each node shows its people its own rules, and it alone says that they know them. */
static void test_rules_are_each_nodes(void **state)
{
	struct chat_config own = config;
	size_t before, n = 0;

	(void)state;
	for (int i = 0; i < NODES; i++) {
		own.face.rules = i == 0 ? "Be nice.\n" : "Be nicer.\n";
		chat_configure(peers[i].chat, &own);
	}
	before = nstream;
	comes(1, 0, "x2\ncorrect horse\n");
	reads(1, 0, "Be nicer.");
	for (size_t i = before; i < nstream; i++)
		n += strstr(stream[i].text, "changes=,rules,") != NULL;
	assert_int_equal(n, 1);
}

/* -- whatever stands in the stream ---------------------------------------------------------- */

/* A number as somebody would write it who wants to see what happens. */
static void put_number(struct bytes *b, uint64_t right)
{
	static const char *const wrong[] = {"0", "-1", "18446744073709551615", "9223372036854775807", "99999999999999999999999", "4294967296",
	                                    "4611686018427387904", "x", ""};

	if (next(6) == 0)
		bytes_puts(b, wrong[next(sizeof wrong / sizeof *wrong)]);
	else
		bytes_printf(b, "%" PRIu64, right);
}

/* Somebody of that node. */
static uint64_t some_person(const struct node *n)
{
	const struct session *s = n != NULL ? n->people : NULL;

	for (uint32_t k = next(8); k > 0 && s != NULL && s->person.hh.next != NULL; k--)
		s = s->person.hh.next;
	if (next(8) == 0)
		return PERSON_HOST | next(4);
	return s != NULL && next(8) > 0 ? s->person.number : (n != NULL ? n->incarnation << 32 : 0) + next(16);
}

/* What some act or other says, perhaps of another kind, and not quite. */
static void put_words(struct bytes *b)
{
	static const char *const lines[] = {"/register x", "/login x0 pw", "/passwd a b", "/join ops pw", "/room password pw", "/history", "/watch ops",
	                                    "/ignore x1", "/set zone UTC", "/tty", "/hold", "/more", "/codes", "/totp", "/cert add", "/drop x", "/msg x1 hi",
	                                    "/reply hi", "/search a", "/mentions", "/highlight word", "/quit why", "/nick host", "/shutdown now", "/reload",
	                                    "/backup x", "/compare", "/stats", "/connections", "/prune --yes", "/resume 22222-22222", "/catchup", "/code x1",
	                                    "/sessions", "/whois x0", "/unwatch all", "/limits", "/audit", "/undo #A1", "/report #1 why", "/delete #1", "/who",
	                                    "nick x9", "nick host", "role x1 admin", "role x3 admin", "backup y", "code x1", "quit", "shutdown off", "who"};
	const char *text = stream[next((uint32_t)nstream)].text, *p = text;
	size_t at;

	if (next(4) == 0) {
		bytes_puts(b, lines[next(sizeof lines / sizeof *lines)]);
		return;
	}
	for (int i = 0; i < 4 && p != NULL; i++)
		p = strchr(p + (i > 0), ' ');
	at = b->len;
	/* Of several of one name the first counts. */
	if (next(4) > 0)
		bytes_puts(b, p != NULL ? p + 1 : text);
	for (uint32_t n = next(3) == 0 ? next(4) : 0; n > 0 && b->len > at; n--)
		b->data[at + next((uint32_t)(b->len - at))] = (char)(1 + next(255));
	if (next(8) == 0) {
		static const char *const fields[] = {"why", "name", "hash", "text", "actor", "what", "key", "nick", "gaps", "code", "print", "words", "set",
		                                     "room", "from", "codes", "totp", "reason", "body", "sender", "error", "changed", "hashes", "share", "x"};

		bytes_printf(b, " %s=", fields[next(sizeof fields / sizeof *fields)]);
		for (uint32_t n = next(15000); n > 0; n--)
			bytes_puts(b, next(200) == 0 ? " keep=1 farewell=1 why=" : next(3) == 0 ? "\xff" : next(3) == 0 ? "%1B" : "a");
	}
}

static void append_hostile(void)
{
	static const char *const names[] = {"a", "b", "c", "z", "", "a-name-that-is-longer-than-names-of-nodes-are", "A B"};
	static const char kinds[] = "NGELBHJKCPOVQWAUIFDMmRTXY?";
	const char *name = next(20) == 0 ? names[next(sizeof names / sizeof *names)] : names[next(4)];
	const struct node *n = cluster_find(peers[0].chat, name);
	struct bytes b = {0};

	if (next(20) == 0) {
		put_words(&b);
	} else {
		bytes_printf(&b, "%s ", name);
		put_number(&b, n != NULL ? n->incarnation + (next(40) == 0) : 1);
		bytes_puts(&b, " ");
		put_number(&b, n != NULL ? n->number + 1 : 1);
		bytes_printf(&b, " %c", kinds[next(sizeof kinds - 1)]);
		put_number(&b, next(5) == 0 ? 0 : some_person(n));
		bytes_puts(&b, " ");
		put_words(&b);
	}
	assert_true(nstream < ACTS_MAX);
	stream[nstream].text = b.data != NULL ? b.data : mem_strdup("");
	stream[nstream++].at_ms = next(100) == 0 ? (int64_t)(next(2) == 0 ? 0 : INT64_MAX - next(3)) : wall();
}

/* Text for people here, past the stream. */
static void tell_hostile(void)
{
	static const char *const texts[] = {"", "what", "what=text", "what=text from=b by=1 number=1 to=4294967297 text=hi", "what=answer from=b by=1 number=1",
	                                    "what=notice from=b to=4294967297 text=%1b%5b2J", "what=notice from=zz to=1", "what=answer from=a by=4294967297 number=1 result=read"};
	struct bytes b = {0};

	bytes_puts(&b, texts[next(sizeof texts / sizeof *texts)]);
	if (next(2) == 0)
		put_words(&b);
	step_at(0, (struct event){.kind = next(2) == 0 ? EVENT_TOLD : EVENT_UNHEARD, .told.text = b.data != NULL ? b.data : ""});
	bytes_release(&b);
}

/* A name given by somebody who has one, a farewell that is longer than a line, and a time that is none. */
static void test_forged(void **state)
{
	struct bytes b = {0};
	uint64_t person;

	(void)state;
	comes(0, 0, "alice\n");
	comes(1, 0, "bob\n");
	person = peers[0].chat->people.sessions[0]->person.number;
	bytes_printf(&b, "a 1 100 E%" PRIu64 " name=carol from=192.0.2.1", person);
	append(b.data);
	bytes_clear(&b);
	bytes_printf(&b, "a 1 101 A%" PRIu64 " key=alice of=1 done=password", person);
	append(b.data);
	bytes_clear(&b);
	bytes_printf(&b, "a 1 102 Q%" PRIu64 " farewell=1 why=", person);
	while (b.len < 16000)
		bytes_puts(&b, "bye");
	append(b.data);
	stream[nstream - 1].at_ms = INT64_MAX;
	spread();
	hears(1, "alice has left our chat: bye");
	step_at(1, (struct event){.kind = EVENT_TICK});
	bytes_release(&b);
}

/* Whoever writes to the stream can do all that people can, but no node ends of it. */
static void test_hostile(void **state)
{
	const char *from = getenv("SEED"), *many = getenv("SEEDS");
	uint64_t first = from != NULL ? strtoull(from, NULL, 10) : 1, n = many != NULL ? strtoull(many, NULL, 10) : 5;

	for (uint64_t i = first; i < first + n; i++) {
		seed = i * 88172645463325252u + 7;
		printf("# hostile seed %" PRIu64 "\n", i);
		begin_nodes(state);
		anything(300);
		forged = true;
		append("z 1 1 N0 ");
		for (int k = 0; k < 400; k++) {
			now_ms += next(2000);
			append_hostile();
			tell_hostile();
			spread();
			for (int node = 0; next(10) == 0 && node < NODES; node++) {
				step_at(node, (struct event){.kind = EVENT_TICK});
				chat_due_ms(peers[node].chat);
			}
			if (next(50) == 0) {
				dies((int)next(NODES));
				spread();
			}
		}
		end_nodes(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_two_talk, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_a_quit_ends_input, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_an_end_is_at_once, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_one_makes_way, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_a_mention_from_elsewhere, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_names_at_a_new_beginning, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_a_beginning_is_lost, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_a_watcher_speaks, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_text_for_elsewhere, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_a_room_is_known_once, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_a_room_is_emptied_on_all, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_an_act_is_done_once, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_a_deletion_quotes_nothing, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_a_reason_is_the_same_on_all, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_one_name, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_each_is_told_what_is_theirs, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_lines_behind_the_last, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_a_lease_ends, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_a_node_is_back_late, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_all_forget_a_node, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_an_outage_for_all, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_agreement, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_another_base, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_others_meanwhile, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_waiting_at_the_prompt, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_lines_ahead, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_private, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_private_unheard, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_one_code, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_bans_end_together, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_a_silent_room_ends_on_all, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_lookalikes_on_all, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_rooms_end_in_order, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_rooms_of_one_end_in_order, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_a_ban_ends_rooms_in_order, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_a_room_without_history_is_silent, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_roles_go_too, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_much_goes_at_once, begin_nodes, end_nodes),
		cmocka_unit_test(test_anything),
		cmocka_unit_test_setup_teardown(test_slips_stay_here, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_forged, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_a_password_was_changed, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_an_account_was_removed, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_long_lines, begin_nodes, end_nodes),
		cmocka_unit_test_setup_teardown(test_rules_are_each_nodes, begin_nodes, end_nodes),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
