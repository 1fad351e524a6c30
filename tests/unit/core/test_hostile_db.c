/*
 * Nothing that others have written to the database, or that the program reports itself, reaches a
 * terminal as more than text; and the checker (shown.h) finds what is wrong.
 */
#include "hostile_world.h"

/* Reasons for the end of a connection, and messages of the program and the store. */
static void test_events(void **state)
{
	begin();
	for (size_t i = 0; i < HOSTILES; i++) {
		const struct hostile *h = &hostiles[i];
		char text[256];

		if (h->nul)
			continue;
		snprintf(text, sizeof text, "%.*s", (int)h->len, h->s);
		note("an event", h->name);
		come();
		world_step(&w, (struct event){.kind = EVENT_STORE_FAILED, .failure = {text, text}});
		says(GUEST, "hello\n/topic x\n/nick bob9\n");
		says(HOST, "/ban bob\n/filter add x\n/stats\n");
		world_step(&w, (struct event){.kind = EVENT_STORE_BACK});
		types(GUEST, h->s, h->len);
		world_step(&w, (struct event){.kind = EVENT_EOF, .conn = world_conn(&w, GUEST)});
		world_settle(&w);
		if (chat_people(w.chat) > 0)
			world_step(&w, (struct event){.kind = EVENT_CLOSED, .conn = world_conn(&w, GUEST)});
		w.here[GUEST] = false;
	}
	read_all();
	end();
	(void)state;
}

/* -- a database that others have written to ---------------------------------------------------- */

/* %XX for each byte, as fields_put writes what is not plain. */
static void put_field(struct bytes *b, const char *name, const char *s, size_t len)
{
	bytes_printf(b, " %s=", name);
	for (size_t i = 0; i < len; i++)
		bytes_printf(b, "%%%02X", (unsigned char)s[i]);
}

static void load(enum fact_kind kind, const char *key, const char *s, size_t len, bool raw)
{
	static const char *const plain[FACT_KINDS] = {
		[FACT_ACCOUNT] = "role=account made=1 hash=x last0=1700000000000/192.0.2.1",
		[FACT_ROOM] = "number=77 history=1", [FACT_BAN] = "target=account at=1 lobby=yes",
		[FACT_MUTE] = "target=account at=1", [FACT_FILTER] = "at=1", [FACT_INVITE] = "room=77 made=1",
		[FACT_MAIL] = "at=1", [FACT_REPORT] = "line=2 said=1 at=1", [FACT_STATE] = "until=1795378465000",
		[FACT_PERSON] = "room=77", [FACT_RESUMABLE] = "until=1795378465000",
	};
	static const char *const texts[] = {
		"nick", "name", "topic", "who", "key", "by", "why", "from", "text", "room", "sender", "by_key",
		"keeper", "how", "state", "target", "hash", "codes", "role", "account", "away", "share", "invites",
	};
	struct bytes value = {0}, k = {0};

	bytes_puts(&value, plain[kind]);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (strstr(plain[kind], texts[i]) == NULL)
			put_field(&value, texts[i], s, len);
	if (raw) {
		bytes_puts(&value, " why=");
		bytes_append(&value, s, len);
	}
	bytes_append(&k, s, strcmp(key, "") == 0 ? len : 0);
	bytes_puts(&k, key);
	chat_load_fact(w.chat, &(struct saved_fact){kind, k.data, value.data});
	bytes_release(&value);
	bytes_release(&k);
}

static void load_all(const struct hostile *h)
{
	static const char *const keys[FACT_KINDS] = {
		[FACT_ACCOUNT] = "ann", [FACT_ROOM] = "den", [FACT_BAN] = "00000000000000000007",
		[FACT_MUTE] = "00000000000000000008", [FACT_FILTER] = "bad", [FACT_INVITE] = "den ann",
		[FACT_MAIL] = "ann 00000000000000000009", [FACT_REPORT] = "00000000000000000005",
		[FACT_STATE] = "lockdown", [FACT_PERSON] = "a 4294967297", [FACT_RESUMABLE] = "k3v9x-2p7qa",
	};
	struct bytes name = {0}, long_name = {0};

	bytes_append(&name, h->s, h->len);
	for (int i = 0; i < 400; i++)
		bytes_append(&long_name, h->s, h->len);
	chat_load_room(w.chat, &(struct saved_room){9, name.data, name.data, 2, INT64_MAX});
	chat_load_room(w.chat, &(struct saved_room){10, long_name.data, long_name.data, 2, INT64_MIN});
	for (int kind = FACT_ACCOUNT; kind < FACT_KINDS; kind++) {
		load((enum fact_kind)kind, keys[kind], h->s, h->len, false);
		load((enum fact_kind)kind, "", h->s, h->len, true);
		load((enum fact_kind)kind, "x", long_name.data, long_name.len, false);
	}
	bytes_release(&name);
	bytes_release(&long_name);
}

/* The contents of the tables, with the hostile text in each. */
static void save_raw(const struct hostile *h)
{
	struct bytes text = {0};

	bytes_append(&text, h->s, h->len);
	for (int i = 0; i < 12; i++) {
		struct record r = {.seq = ++w.seq, .kind = i % 2 == 0 ? RECORD_SAY : RECORD_ACTION, .room = 1,
		                   .time_ms = i % 3 == 0 ? INT64_MAX : 1, .room_name = "general",
		                   .line = {text.data, text.data}};

		if (i % 3 == 0) {
			record_set(&r, RECORD_AUDIT, text.data, 0, text.data);
			r.audit.changed = text.data;
			r.room = 0;
			r.room_name = "";
		}
		keep(&w, &r);
	}
	bytes_release(&text);
}

static void test_database(void **state)
{
	(void)state;
	for (size_t i = 0; i < HOSTILES; i++) {
		char undo[64];

		if (hostiles[i].nul)
			continue;
		note("the database", hostiles[i].name);
		begin();
		save_raw(&hostiles[i]);
		w.now_ms += 60000;
		chat_free(w.chat);
		w.chat = chat_new(&w.config, w.seq, 100);
		memset(w.here, 0, sizeof w.here);
		memset(w.gen, 0, sizeof w.gen);
		chat_load_fact(w.chat, &(struct saved_fact){FACT_ACCOUNT, "boss",
		                                            "nick=boss role=admin made=1 hash=x"});
		load_all(&hostiles[i]);
		chat_load_room(w.chat, &(struct saved_room){1, "general", "a topic", w.seq, 1});
		come();
		says(TELNET, "/nick ann\r\npassword\r\n");
		snprintf(undo, sizeof undo, "/undo #A%llu\n/reply #%llu x\n/delete #%llu\n/report #%llu\n",
		         (unsigned long long)w.seq - 2, (unsigned long long)w.seq, (unsigned long long)w.seq - 1,
		         (unsigned long long)w.seq);
		says(HOST, undo);
		read_all();
		says(HOST, "/join den\n/room\n/bans\n/mute ann\n/unban #B7\n/join 10\n");
		says(GUEST, "/join den\n/reply x\n/msg ann hi\n");
		says(ADMIN, "/reports resolve 5 yes\n/join den\n/history 20\n/quit\n");
		end();
	}
}

/* More or longer entries than are allowed are left out or cut: no buffer overflows. */
static void test_too_much(void **state)
{
	static char nick[20001], value[BODY_BYTES_MAX + 2];
	char key[64];

	(void)state;
	note("the database", "too much of it");
	begin();
	memset(nick, 'n', sizeof nick - 1);
	snprintf(value, sizeof value, "role=account made=1 hash=x nick=%.16000s", nick);
	chat_load_fact(w.chat, &(struct saved_fact){FACT_ACCOUNT, "zoe", value});
	chat_load_fact(w.chat, &(struct saved_fact){FACT_ACCOUNT, nick, "role=admin"});
	chat_load_room(w.chat, &(struct saved_room){5, nick, nick, 2, 1});
	chat_load_fact(w.chat, &(struct saved_fact){FACT_ACCOUNT, "ann", "role=account made=1 hash=x"});
	for (int i = 0; i < 12000; i++) {
		snprintf(key, sizeof key, "zoe %d", i);
		chat_load_fact(w.chat, &(struct saved_fact){FACT_MAIL, key, "from=a text=b"});
		snprintf(key, sizeof key, "%020d", i);
		chat_load_fact(w.chat, &(struct saved_fact){FACT_BAN, key, "target=account who=x key=x"});
		chat_load_fact(w.chat, &(struct saved_fact){FACT_MUTE, key, "target=account who=x key=x room=-1"});
		chat_load_fact(w.chat, &(struct saved_fact){FACT_REPORT, key, "line=2 text=x"});
		snprintf(key, sizeof key, "word%d", i);
		chat_load_fact(w.chat, &(struct saved_fact){FACT_FILTER, key, "by=a"});
		snprintf(key, sizeof key, "room%d", i);
		chat_load_room(w.chat, &(struct saved_room){(uint32_t)i + 6, key, "", 2, 1});
		chat_load_room(w.chat, &(struct saved_room){(uint32_t)i + 6, "again", "", 2, 1});
	}
	says(GUEST, "/quit\n");
	world_connect(&w, GUEST, "192.0.2.8", false);
	says(GUEST, "zoe\npassword\n");
	memset(value, 'v', 4000);
	types(GUEST, value, 4000);
	says(GUEST, "\n");
	assert_true(w.here[GUEST]);
	read_all();
	says(HOST, "/ban zoe\n/unban zoe\n/kick zoe\n/rooms\n/join room7\n/room private on\n");
	end();
}

/* -- the checker ------------------------------------------------------------------------------ */

/* It finds each of them if it was not made harmless, and allows what the docs do. */
static void test_checker(void **state)
{
	static const char fine[] = "Grüße\r\n👨‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 می‌خواهم ❤️ e\xcc\x81\n^[[2J <U+202E>\n";
	size_t at;

	(void)state;
	for (size_t i = 0; i < HOSTILES; i++)
		if (shown_problem(hostiles[i].s, hostiles[i].len, &at) == NULL)
			fail_msg("%s passes", hostiles[i].name);
	if (shown_problem(fine, sizeof fine - 1, &at) != NULL)
		fail_msg("byte %zu of what is fine", at);
}

/* Each code point alone is shown as it is, or by its number. */
static void test_every_code_point(void **state)
{
	char in[8], *out;
	size_t at;

	(void)state;
	for (int32_t cp = 1; cp <= 0x10FFFF; cp++) {
		int n = 0;

		if (cp < 0x80) {
			in[n++] = (char)cp;
		} else {
			int more = cp < 0x800 ? 1 : cp < 0x10000 ? 2 : 3;

			in[n++] = (char)((0xFF00 >> (more + 1) & 0xFF) | cp >> (6 * more));
			while (more-- > 0)
				in[n++] = (char)(0x80 | (cp >> (6 * more) & 0x3F));
		}
		in[n] = '\0';
		out = text_shown(in, 100);
		if (shown_problem(out, strlen(out), &at) != NULL)
			fail_msg("U+%04X comes out", (unsigned)cp);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checker),
		cmocka_unit_test(test_every_code_point),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_database),
		cmocka_unit_test(test_too_much),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	printf("# %llu effects were looked at\n", (unsigned long long)(looked_at + w.texts));
	return failed;
}
