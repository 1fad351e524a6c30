/*
 * How fuzz_db.c changes a database: bytes of it, pages of it, and, as somebody with sqlite3 would,
 * what stands in its tables.
 */
#ifndef CHATD_TESTS_FUZZ_DB_MUTATE_H
#define CHATD_TESTS_FUZZ_DB_MUTATE_H

#include "prng.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

static size_t page_bytes(const uint8_t *data, size_t size)
{
	size_t n = size > 18 ? (size_t)data[16] << 8 | data[17] : 0;

	return n >= 512 && n <= size ? n : 512;
}

/* A window of one page, by libFuzzer's own means; or a page moved over another. */
static size_t mutate_page(struct prng *r, uint8_t *data, size_t size)
{
	size_t page = page_bytes(data, size), pages = size / page;
	size_t at, n;

	if (pages < 2 || size < page)
		return size;
	at = prng_below(r, (uint32_t)pages) * page;
	if (prng_chance(r, 100)) {
		memmove(data + at, data + prng_below(r, (uint32_t)pages) * page, page);
		return size;
	}
	/* The first bytes of a page say the most: its kind, its cells, where they are. */
	at += prng_chance(r, 500) ? prng_below(r, 24) : prng_below(r, (uint32_t)page - 32);
	n = 1 + prng_below(r, 16);
	for (size_t left = n; left > 0;)
		left = LLVMFuzzerMutate(data + at, n, n) > 0 ? left / 2 : 0;
	return size;
}

static void put_text(struct prng *r, struct bytes *b)
{
	static const char *const parts[] = {
		"\x1b[2J", "\x1b]0;t\x07", "\xc2\x9b", "\x9b", "\x7f", "\r\n", "\xe2\x80\xae", "\xe2\x80\x8b",
		"\xf3\xa0\x81\xa1", "\xcc\x81\xcc\x81\xcc\x81\xcc\x81", "\xff\xfb\x01", "%1B%5B2J", "%C2%9B",
		"%E2%80%AE", "%", "%0", "ann", "ops", "general", " ", "=", "role=admin ", "role=guest ", "nick=",
		"number=", "number=4294967295 ", "number=2 ", "at=9223372036854775807 ", "since=-1 ",
		"until=9223372036854775807 ", "until=1 ", "room=2 ", "room=4294967298 ", "made=1 ", "text=",
		"why=", "by=", "who=", "key=", "target=block ", "target=account ", "from=0.0.0.0/0 ",
		"from=::/0 ", "replay=4294967295 ", "slow=4294967295 ", "days=4294967295 ", "private=1 ",
		"last0=-9223372036854775808/::1 ", "last1=9223372036854775807/x ", "roles=255 ",
		"roles=128 ", "hash=", "failed=4294967295 ", "topic=", "state=resolved ", "lobby=yes ",
		"\xf0\x9f\x91\xa8\xe2\x80\x8d", "\xf0\x9f\x8f\xb4", "#", "--in=ops", "/", "undo #A9",
		"undo=ban room=2 number=7 ",
		"undo=role account=ann account_made=5 was=admin is=moderator ", "undo=setting setting=slow was=9 ",
		"undo=grant role=voice account=bob account_made=6 ", "was=target%3Dblock ", "undo=filter word=", "\xe2\x80\xa8", "\xef\xbf\xbe", "\xed\xa0\x80",
	};
	uint32_t n = prng_below(r, 12);

	while (n-- > 0) {
		const char *part = parts[prng_below(r, sizeof parts / sizeof *parts)];
		uint32_t times = prng_chance(r, 60) ? 1 + prng_below(r, 3000) : 1;

		while (times-- > 0)
			bytes_puts(b, part);
	}
	if (b->data == NULL)
		bytes_puts(b, "");
}

static int64_t odd_number(struct prng *r)
{
	static const int64_t odd[] = {
		0, 1, -1, 2, 3, INT64_MAX, INT64_MIN, INT64_MAX - 1, 4294967295, 4294967296, 4294967298,
		1700000000000, -1700000000000, 100, 1ll << 62,
	};

	return odd[prng_below(r, sizeof odd / sizeof *odd)];
}

/* What somebody with sqlite3 writes into the tables. */
static void mutate_tables(struct prng *r, sqlite3 *db)
{
	static const char *const statements[] = {
		"UPDATE facts SET value = ?1 WHERE kind = ?3 AND ?2 = ?2",
		"UPDATE facts SET value = CAST(?1 || value AS TEXT) WHERE kind = ?3",
		"UPDATE facts SET value = value || ' ' || ?1 WHERE kind = ?3",
		"UPDATE OR REPLACE facts SET key = ?1 WHERE kind = ?3",
		"INSERT OR REPLACE INTO facts VALUES(?3, ?1, 'number=' || ?2)",
		"INSERT OR REPLACE INTO facts VALUES(?3, 'ops ann', ?1)",
		"INSERT OR REPLACE INTO facts SELECT kind, key || ' ' || ?2, value FROM facts WHERE kind = ?3",
		"UPDATE rooms SET name = ?1 WHERE id % 2 = ?3 % 2",
		"UPDATE rooms SET topic = ?1",
		"UPDATE OR REPLACE rooms SET id = ?2 WHERE id = 2",
		"UPDATE rooms SET keep_days = ?2, keep_lines = ?2 + 1",
		"UPDATE messages SET body = ?1 WHERE id % 5 = ?3 % 5",
		"UPDATE messages SET body = CAST(?1 AS BLOB)",
		"UPDATE messages SET sender = ?1",
		"UPDATE messages SET time_ms = ?2 WHERE id % 3 = ?3 % 3",
		"UPDATE messages SET kind = ?2",
		"UPDATE messages SET room = ?2 WHERE id % 2 = 0",
		"UPDATE OR REPLACE messages SET id = ?2 WHERE id = 3",
		"UPDATE audit SET what = ?1, undo = ?1", "UPDATE audit SET who = ?1, time_ms = ?2",
		"UPDATE OR REPLACE audit SET id = ?2 WHERE id = (SELECT max(id) FROM audit)",
		"UPDATE meta SET value = ?2 WHERE key = 'last_seq'",
		"UPDATE meta SET value = ?2 WHERE key = 'last_room'",
		"UPDATE meta SET value = ?2 WHERE key = 'indexed'",
		"INSERT OR REPLACE INTO meta VALUES('time_back_ms', ?2)",
		"UPDATE meta SET value = ?1", "UPDATE seen SET last_id = ?2",
		"DELETE FROM messages", "DELETE FROM facts WHERE kind = ?3", "DELETE FROM meta",
		"DELETE FROM search_data", "UPDATE search_data SET block = ?1", "DROP TABLE audit",
		"UPDATE search_config SET v = ?2", "DROP INDEX messages_room", "DROP TABLE seen",
		"CREATE TRIGGER t AFTER INSERT ON messages BEGIN DELETE FROM messages; END",
		"CREATE TRIGGER t BEFORE DELETE ON messages BEGIN SELECT RAISE(FAIL, 'x\x1b[2J'); END",
		"ALTER TABLE audit RENAME TO seen2", "PRAGMA user_version = 3", "PRAGMA user_version = 1",
	};
	struct bytes text = {0};
	sqlite3_stmt *st = NULL;

	put_text(r, &text);
	if (sqlite3_prepare_v2(db, statements[prng_below(r, sizeof statements / sizeof *statements)], -1,
	                       &st, NULL) == SQLITE_OK && st != NULL) {
		int n = sqlite3_bind_parameter_count(st);

		if (n >= 1)
			sqlite3_bind_text(st, 1, text.data, (int)text.len, SQLITE_STATIC);
		if (n >= 2)
			sqlite3_bind_int64(st, 2, odd_number(r));
		if (n >= 3)
			sqlite3_bind_int(st, 3, 1 + (int)prng_below(r, FACT_KINDS - 1));
		sqlite3_step(st);
	}
	sqlite3_finalize(st);
	bytes_release(&text);
}

static size_t mutate_sql(struct prng *r, uint8_t *data, size_t size, size_t max)
{
	unsigned char *copy = sqlite3_malloc64(size + 1), *out;
	sqlite3_int64 n = 0;
	sqlite3 *db = NULL;

	memcpy(copy, data, size);
	/* A database in memory has no WAL. */
	if (size > 19)
		copy[18] = copy[19] = 1;
	CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
	sqlite3_deserialize(db, "main", copy, (sqlite3_int64)size, (sqlite3_int64)size,
	                    SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
	for (uint32_t i = prng_below(r, 3) + 1; i > 0; i--)
		mutate_tables(r, db);
	out = sqlite3_serialize(db, "main", &n, 0);
	if (out != NULL && n > 0 && (size_t)n <= max) {
		memcpy(data, out, (size_t)n);
		size = (size_t)n;
	}
	sqlite3_free(out);
	sqlite3_close(db);
	return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	struct prng r = {.state = seed};
	uint32_t what = prng_below(&r, 10);

	if (what < 6)
		return mutate_sql(&r, data, size, max);
	return what < 9 ? mutate_page(&r, data, size) : LLVMFuzzerMutate(data, size, max);
}

#endif
