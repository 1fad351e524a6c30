/*
 * The database file with anything in it: what a disk, or somebody with sqlite3, has made of it.
 *
 * The input is the file. It is opened, loaded into a chat, in which an administrator and a guest ask
 * for all there is to read; queries of each kind are asked of the store itself; records of each
 * kind are saved, indexed, counted, pruned. Nothing of it may crash, take for ever, or come out as
 * what a terminal should not get; what cannot be done is told in a sentence.
 *
 *	clang -fsanitize=fuzzer,...   a libFuzzer target; its first inputs are those of fuzz_db_seed.c
 */
#include <ftw.h>
#include <fcntl.h>
#include <unistd.h>

#include <sqlite3.h>

#include "chatd/core/commands/command.h"
#include "chatd/core/state/state.h"
#include "chatd/store/db/store.h"
#include "chatd/store/secret.h"
#include "answers.h"
#include "fuzz_world.h"

enum { FILE_BYTES_MAX = 1 << 17, ROUNDS_MAX = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64], path[96];
static struct store *store, *reader;
static uint64_t saved_seq;

static int remove_one(const char *name, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(name);
}

static void folder_end(void)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void folder_begin(void)
{
	if (*folder != '\0')
		return;
	strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/chatd-fuzz-XXXXXX"
	                                            : "/tmp/chatd-fuzz-XXXXXX");
	CHECK(mkdtemp(folder) != NULL);
	snprintf(path, sizeof path, "%s/chatd.db", folder);
	atexit(folder_end);
}

static void file_write(const uint8_t *data, size_t size)
{
	char beside[sizeof path + 8];
	int fd;

	snprintf(beside, sizeof beside, "%s-wal", path);
	unlink(beside);
	snprintf(beside, sizeof beside, "%s-shm", path);
	unlink(beside);
	snprintf(beside, sizeof beside, "%s-journal", path);
	unlink(beside);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

/* -- errors and answers ---------------------------------------------------------------------- */

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

/* 0 to false: it could not be done, and was told so. */
static bool done(bool ok, const struct store_error *err)
{
	if (!ok)
		check_sentence(err->text);
	return ok;
}

static void check_rows(const struct rows *rows)
{
	if (rows->error != NULL)
		check_sentence(rows->error);
	CHECK(rows->n <= ROWS_MAX);
	for (size_t i = 0; i < rows->n; i++)
		CHECK(strlen(rows->row[i].body) <= BODY_BYTES_MAX &&
		      strlen(rows->row[i].sender) <= NAME_BYTES_MAX);
}

static struct rows *answer(struct world *w, const struct query *q)
{
	struct rows *rows;

	(void)w;
	if (query_is_secret(q->kind))
		return rows_that_please(q, "$5$secret", "$5$hash");
	if (q->kind == QUERY_BACKUP)
		return rows_sorry(q, "there is no backup here.");
	rows = store_query(reader, q);
	check_rows(rows);
	return rows;
}

static void keep(struct world *w, const struct record *r)
{
	struct store_error err;

	(void)w;
	if (done(store_begin(store, &err), &err) && done(store_save(store, r, 1, &err), &err))
		done(store_commit(store, &err), &err);
	saved_seq = r->seq;
}

/* -- the chat --------------------------------------------------------------------------------- */

static void load_room(void *chat, const struct saved_room *r)
{
	chat_load_room(chat, r);
}

static void load_fact(void *chat, const struct saved_fact *f)
{
	chat_load_fact(chat, f);
}

static void types(struct world *w, uint32_t slot, const char *line)
{
	world_type(w, slot, line, strlen(line));
}

static void ask_for_all(struct world *w)
{
	static const char *const lines[] = {
		"/help\n/who\n/bans\n/join x\nhello\n/nick adm\n", "/bans\n/bans --everywhere\n/filter\n/rooms\n/who\n/role\n/audit 100\n",
		"/reports all\n/reports 12\n/reports claim 12\n/reports resolve 12 done\n/stats\n",
		"/join ops\n/room\n/bans\n/history 100\n/topic\n/search line\n/search l*\n/catchup\n",
		"/whois ann\n/who ops\n/report #3 why\n/delete #4 why\n/undo #A9\n/undo #A10\n/code ann\n",
		"/join general\n/topic\n/history before #5\n/history 100w\n/unban #B7\n/unmute #B8\n",
		"/room replay 5\n/slow 5\n/room slow off\n/room topic-lock on\n/me waves\nhello\n",
		"/op ann\n/filter remove bad\n/lockdown off\n/msg ann hi\n/invite bob\n/voice bob\n",
	};

	world_connect(w, 0, "unix", true);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		types(w, 0, lines[i]);
	world_connect(w, 1, "192.0.2.1", false);
	types(w, 1, "ann\ncorrect horse\n123456\n/sessions\n/join ops\nhi\n/catchup\n/reply #3 yes\n");
	world_connect(w, 2, "198.51.100.7", false);
	types(w, 2, "bob\nwrong\n\nbob2\n/rooms\n/join den\npw\nbad words\n/who den\n/search a*\n");
	types(w, 0, "/kick ann bye\n/ban bob2 5m no\n/unban bob2\n/transfer ann\n/quit see you\n");
	w->now_ms += INT64_C(86400000);
	world_settle(w);
}

/* -- the store ---------------------------------------------------------------------------------- */

static void ask_each_kind(void)
{
	static const char *const words[] = {"line", "l*", "", "ann \"OR\" NEAR("};

	for (int kind = QUERY_REPLAY; kind <= QUERY_STATS; kind++)
		for (uint32_t room = 0; room < 4; room++) {
			struct query q = {
				.kind = (enum query_kind)kind, .conn = {1, 1}, .room = room, .limit = 1 + 9 * room,
				.after_id = room, .before_id = room == 3 ? 5 : UINT64_MAX,
				.since_ms = room == 2 ? 1 : INT64_MIN, .until_ms = room == 1 ? 1 << 30 : INT64_MAX,
			};
			struct rows *rows;

			query_set(&q, kind == QUERY_SEARCH ? "2" : "ann", words[room]);
			if (kind == QUERY_BACKUP)
				continue;
			rows = store_query(reader, &q);
			check_rows(rows);
			rows_release(rows);
		}
}

static void emptied(void *ctx, uint32_t room)
{
	(void)ctx;
	(void)room;
}

static void save_each_kind(void)
{
	struct store_error err;

	for (int kind = RECORD_SAY; kind <= RECORD_RETENTION; kind++) {
		struct record r = {
			.seq = ++saved_seq, .kind = (enum record_kind)kind, .room = 2, .time_ms = 1700000000000,
			.room_name = "ops",
		};

		record_set(&r, r.kind, "ann", kind == RECORD_FACT ? FACT_STATE : 3, "line by ann");
		if (kind == RECORD_FACT || kind == RECORD_AUDIT)
			r.room = 0;
		keep(NULL, &r);
	}
	for (int n, i = 0; (n = store_index(store, 64, 0, &err)) != 0; i++) {
		CHECK(i < ROUNDS_MAX);
		if (!done(n > 0, &err))
			break;
	}
	for (int n, i = 0; (n = store_count(store, 64, &err)) != 0; i++) {
		CHECK(i < ROUNDS_MAX);
		if (!done(n > 0, &err))
			break;
	}
	(void)store_has_room_retention(store);
	for (int n, i = 0; (n = store_prune(store, 1700000000000, 2, 16, emptied, NULL, &err)) >= 16; i++)
		CHECK(i < ROUNDS_MAX);
}

static void open_and_use(void)
{
	struct world w = {
		.config = {.connections_max = WORLD_PEOPLE, .line_bytes_max = 1024, .history_replay = 10,
		           .rate_burst = 1000, .command_prefix = '/'},
		.now_ms = INT64_C(1795378445000), .keep = keep, .answer = answer, .release = rows_release,
	};
	struct store_cluster cluster;
	struct store_error err;

	store = store_open(path, DURABILITY_COMMIT, &err);
	if (!done(store != NULL, &err))
		return;
	reader = store_open_reader(path, &err);
	if (!done(reader != NULL, &err)) {
		store_close(store);
		return;
	}
	if (done(store_cluster(reader, &cluster, &err), &err))
		CHECK(strlen(cluster.id) <= CLUSTER_ID_BYTES_MAX &&
		      strlen(cluster.position) <= POSITION_BYTES_MAX);
	saved_seq = store_last_seq(store);
	w.chat = chat_new(&w.config, saved_seq, store_last_room(store));
	if (done(store_rooms(store, load_room, w.chat, &err), &err) &&
	    done(store_facts(store, load_fact, w.chat, &err), &err))
		ask_for_all(&w);
	world_end(&w);
	ask_each_kind();
	save_each_kind();
	store_close(reader);
	store_close(store);
}

#ifndef FUZZ_CORPUS
#include "fuzz_db_mutate.h"
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > FILE_BYTES_MAX)
		return 0;
	folder_begin();
	file_write(data, size);
	open_and_use();
	return 0;
}
