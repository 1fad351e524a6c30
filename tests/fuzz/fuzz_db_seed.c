/*
 * Makes a small valid database with something of each kind in it: where fuzz_db.c begins.
 *
 *	fuzz_db_seed FILE      in pages of 512 bytes, so that it has few of them
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "chatd/store/db/store.h"

static struct store *store;
static uint64_t seq;

static void keep(struct record r)
{
	struct store_error err;

	r.seq = ++seq;
	if (r.time_ms == 0)
		r.time_ms = 1700000000000 + (int64_t)seq * 1000;
	if (!store_begin(store, &err) || !store_save(store, &r, 1, &err) || !store_commit(store, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
}

static void line(uint32_t room, const char *name, const char *sender, const char *body)
{
	keep((struct record){.kind = seq % 4 == 3 ? RECORD_ACTION : RECORD_SAY, .room = room,
	                     .room_name = name, .line = {sender, body}});
}

static void fact(enum fact_kind kind, const char *key, const char *value)
{
	keep((struct record){.kind = RECORD_FACT, .room_name = "", .fact = {kind, key, value}});
}

static void fill(void)
{
	line(1, "general", "ann", "a line by ann");
	line(1, "general", "bob", "hello ann");
	line(2, "ops", "ann", "a line in ops");
	line(2, "ops", "bob", "another line");
	line(3, "den", "bob", "a line in the den");
	keep((struct record){.kind = RECORD_TOPIC, .room = 2, .room_name = "ops",
	                     .topic = {"ann", "Release on Friday"}});
	keep((struct record){.kind = RECORD_SEEN, .room = 2, .room_name = "ops",
	                     .seen = {.key = "ann", .up_to_id = 3}});
	keep((struct record){.kind = RECORD_RETENTION, .room = 3, .room_name = "den",
	                     .retention = {.days = 7, .lines = 9}});
	keep((struct record){.kind = RECORD_AUDIT, .room_name = "",
	                     .audit = {0, "ann", "banned bob from ops",
	                               "undo=ban room=2 was=target%3Dguest%20who%3Deve%20key%3Deve "
	                               "number=7 actor=5"}});
	fact(FACT_ACCOUNT, "ann", "nick=ann role=moderator made=5 hash=$y$x codes=$5$y "
	     "last0=1700000000000/192.0.2.1 last1=1600000000000/2001:db8::1");
	fact(FACT_ACCOUNT, "bob", "nick=Bob role=account made=6 hash=$y$x totp=ABCDEFGH failed=2");
	fact(FACT_ROOM, "ops", "name=ops number=2 topic=Release%20on%20Friday moderated=1 history=1 "
	     "slow=5 replay=6");
	fact(FACT_ROOM, "den", "name=den number=3 private=1 history=1 open-history=1 permanent=1 hash=$y$x "
	     "days=7 lines=9");
	fact(FACT_BAN, "00000000000000000007", "target=guest who=eve key=eve from=192.0.2.9 room=2 by=ann "
	     "at=1700000000000 why=spam");
	fact(FACT_BAN, "00000000000000000010", "target=block who=203.0.113.0/24 from=203.0.113.0/24 by=ann "
	     "at=1700000000000 until=1800000000000");
	fact(FACT_MUTE, "00000000000000000008", "target=account who=bob key=bob lobby=yes by=ann at=1700000000");
	fact(FACT_FILTER, "bad*", "by=ann at=1700000000000");
	fact(FACT_INVITE, "den ann", "role=member roles=2 since=3 room=3 made=5");
	fact(FACT_INVITE, "ops bob", "role=owner roles=16 room=2 made=6");
	fact(FACT_MAIL, "ann 00000000000000000011", "from=bob at=1700000000000 text=lunch%3F");
	fact(FACT_REPORT, "00000000000000000012", "state=open line=3 said=1700000000000 room=ops sender=bob "
	     "text=a%20line by=ann by_key=ann at=1700000000000 why=spam");
	fact(FACT_STATE, "lockdown", "until=1795378446000 by=ann");
}

int main(int argc, char **argv)
{
	struct store_error err;
	sqlite3 *db;

	if (argc != 2)
		return 2;
	remove(argv[1]);
	store = store_open(argv[1], DURABILITY_COMMIT, &err);
	if (store == NULL) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	fill();
	while (store_index(store, 64, 0, &err) > 0)
		;
	store_close(store);
	return sqlite3_open(argv[1], &db) != SQLITE_OK ||
	       sqlite3_exec(db, "PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM", NULL, NULL,
	                    NULL) != SQLITE_OK ||
	       sqlite3_close(db) != SQLITE_OK;
}
