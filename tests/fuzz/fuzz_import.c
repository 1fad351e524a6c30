/*
 * A file that is imported, with anything in it.
 *
 * What is wrong is told in a sentence that a terminal can show, with the line, and nothing of the file is
 * left in the database. What is taken is as much as the file has, is found in the index, and can be
 * loaded by a chat.
 *
 *	clang -fsanitize=fuzzer,...   a libFuzzer target
 */
#include "chatd/core/chat.h"
#include "chatd/store/db/import.h"
#include "chatd/store/db/store.h"
#include "fuzz_world.h"
#include "queries.h"

enum { FILE_BYTES_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Stays open until something was imported, for to open one takes longer than all the rest. */
static struct store *s;

static void check_sentence(const char *text)
{
	size_t len = strlen(text), at;
	const char *why = shown_problem(text, len, &at);

	CHECK(len > 0);
	if (why != NULL) {
		shown_tell("an error", why, text, len, at);
		abort();
	}
}

/* What the database has, as far as a chat is told. */
struct loaded {
	struct chat *chat;      /* NULL: it is only counted, for a chat takes long to make */
	uint64_t rooms, facts;
};

static void load_room(void *ctx, const struct saved_room *r)
{
	struct loaded *l = ctx;

	l->rooms++;
	if (l->chat != NULL)
		chat_load_room(l->chat, r);
}

static void load_fact(void *ctx, const struct saved_fact *f)
{
	struct loaded *l = ctx;

	l->facts++;
	if (l->chat != NULL)
		chat_load_fact(l->chat, f);
}

static struct loaded load(bool into_chat)
{
	const struct chat_config config = {.connections_max = 1, .line_bytes_max = 1024, .rate_burst = 1,
	                                   .command_prefix = '/'};
	struct loaded l = {.chat = NULL};
	struct store_error err;

	if (into_chat)
		l.chat = chat_new(&config, store_last_seq(s), store_last_room(s));
	CHECK(store_rooms(s, load_room, &l, &err));
	CHECK(store_facts(s, load_fact, &l, &err));
	if (into_chat)
		chat_free(l.chat);
	return l;
}

static bool take_lines(struct import *i, const uint8_t *data, size_t size, struct store_error *err)
{
	const char *p = (const char *)data, *end = p + size;

	while (p < end) {
		const char *line_end = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((line_end != NULL ? line_end : end) - p);

		if (!import_line(i, p, n, err))
			return false;
		p += n + (line_end != NULL);
	}
	return true;
}

static void store_end(void)
{
	store_close(s);
	s = NULL;
}

static void store_begin_empty(void)
{
	struct store_error err;
	static bool begun;

	if (!begun)
		atexit(store_end);
	begun = true;
	if (s == NULL)
		s = store_open(":memory:", DURABILITY_COMMIT, &err);
	CHECK(s != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store_error err = {.text = ""};
	struct import_result r;
	struct import *i;
	struct loaded l;
	bool ok;

	if (size > FILE_BYTES_MAX)
		return 0;
	store_begin_empty();
	i = import_begin(s, &r, &err);
	CHECK(i != NULL);
	ok = take_lines(i, data, size, &err);
	if (ok)
		ok = import_end(i, NULL, NULL, &err);
	else
		import_abort(i);
	if (!ok) {
		check_sentence(err.text);
		CHECK(r.blames_file && strncmp(err.text, "line ", 5) == 0);
	}
	l = load(ok);
	CHECK(ok ? l.rooms <= r.rooms && l.facts <= r.records : l.rooms == 0 && l.facts == 0);
	if (ok)
		store_end();
	return 0;
}
