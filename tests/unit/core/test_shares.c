/*
 * The table of bounds, walked: in each row somebody hostile takes all they can, and then another
 * and a moderator still succeed, and the command that empties the table does.
 *
 * docs/security.md has a row for each; tests/check/docs-check holds that.
 */
#include "chat_help.h"

#include "chatd/core/entry/resume.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/moderation/report.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/forget.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/membership.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/rooms/removal.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum {
	MALLORY,      /* slot of an attacker, from any address */
	OTHER,        /* of another person, */
	MODERATOR,    /* of a moderator, */
	VICTIM,
};

#define MALLORY_IS "192.0.2.1"

static uint32_t gens[SLOTS];

static struct session *of(uint32_t slot)
{
	return chat_session(chat, (struct conn_id){slot, gens[slot]});
}

/* Everything is saved at once; `seen` still has the effects of the step before. */
static void is_saved(void)
{
	chat_step(chat, &(struct event){.kind = EVENT_STORED, .now_ms = now_ms, .wall_ms = wall(),
	                               .stored.seq = chat->records.seq});
}

static void types(uint32_t slot, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void types(uint32_t slot, const char *fmt, ...)
{
	char text[1100];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text - 1, fmt, ap);
	va_end(ap);
	text[n++] = '\n';
	step((struct event){.kind = EVENT_BYTES, .conn = {slot, gens[slot]},
	                    .bytes = {.data = text, .len = (size_t)n}});
	is_saved();
}

static void goes(uint32_t slot)
{
	if (of(slot) != NULL)
		step((struct event){.kind = EVENT_CLOSED, .conn = {slot, gens[slot]}});
}

/* Somebody connects, in place of the session that had the slot. */
static void comes(uint32_t slot, const char *address, const char *name)
{
	goes(slot);
	gens[slot]++;
	step((struct event){.kind = EVENT_CONNECTED, .conn = {slot, gens[slot]},
	                    .connected = {.from = where(address), .token = (uint64_t)now_ms + gens[slot]}});
	types(slot, "%s", name);
	assert_non_null(of(slot)->nick);
}

/* The address number i of many. */
static const char *address(uint32_t i)
{
	static char text[ADDRESS_BYTES_MAX];

	snprintf(text, sizeof text, "10.%u.%u.1", i / 256, i % 256);
	return text;
}

static struct account *account(const char *name, const char *role)
{
	char value[128];

	snprintf(value, sizeof value, "nick=%s role=%s made=1 hash=x", name, role);
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_ACCOUNT, .key = name, .value = value});
	return account_by_key(chat, name);
}

/* Somebody connects and signs in. */
static struct account *signs_in(uint32_t slot, const char *address, const char *name,
                                const char *role)
{
	struct account *a = account_by_key(chat, name);

	comes(slot, address, "passing");
	if (a == NULL)
		a = account(name, role);
	session_rename(chat, of(slot), a->nick, a->key);
	account_bear(chat, of(slot), a);
	return a;
}

static int begin_all(void **state)
{
	begin(state);
	config.rate_burst = 1000000;
	chat_configure(chat, &config);
	memset(gens, 0, sizeof gens);
	/* People with /resume codes have a row of their own. */
	signs_in(MODERATOR, "192.0.2.3", "keeper", "moderator");
	comes(OTHER, "192.0.2.2", "other");
	comes(MALLORY, MALLORY_IS, "mallory");
	return 0;
}

/* Gives time to what is done in steps. */
static void rests(void)
{
	for (int i = 0; i < 100000 && chat_due_ms(chat) <= now_ms; i++) {
		tick(0);
		is_saved();
	}
}

/* -- rooms ------------------------------------------------------------------------------- */

/* The replay of the room that it has joined comes. */
static void reads(uint32_t slot)
{
	if (session_waits(of(slot)))
		rows_come((struct conn_id){slot, gens[slot]}, (struct rows){.kind = QUERY_REPLAY});
	assert_false(session_waits(of(slot)));
}

/* The session makes a room in which something is said. */
static bool makes_room(uint32_t slot, const char *name)
{
	types(slot, "/join %s", name);
	if (of(slot)->room == chat->rooms.lobby)
		return false;
	reads(slot);
	types(slot, "hello");
	types(slot, "/leave");
	reads(slot);
	return true;
}

static uint32_t makes_rooms(uint32_t slot, const char *stem)
{
	char name[64];
	uint32_t n = 0;

	do
		snprintf(name, sizeof name, "%s-%u", stem, n);
	while (makes_room(slot, name) && ++n <= ROOMS_MAX);
	return n;
}

static void test_rooms(void **state)
{
	char stem[32];
	uint32_t made = 0;

	(void)state;
	assert_int_equal(makes_rooms(MALLORY, "m"), ROOMS_EACH_MAX);
	/* A new name gives no new share, nor does a new connection. */
	types(MALLORY, "/nick mallory2");
	assert_int_equal(makes_rooms(MALLORY, "n"), 0);
	assert_has("Room not made: 20 rooms were already made from your address, the maximum.");
	comes(MALLORY, MALLORY_IS, "mallory3");
	assert_int_equal(makes_rooms(MALLORY, "n"), 0);
	assert_true(makes_room(OTHER, "other-1"));
	/* Many addresses: accounts can still have rooms. */
	for (uint32_t i = 0; made + ROOMS_EACH_MAX + 1 < ROOMS_GUESTS_MAX; i++) {
		comes(MALLORY, address(i), "many");
		snprintf(stem, sizeof stem, "a%u", i);
		made += makes_rooms(MALLORY, stem);
	}
	assert_false(makes_room(OTHER, "other-2"));
	assert_has("Room not made: guests have made 3000 rooms, the maximum.");
	signs_in(VICTIM, "192.0.2.9", "victim", "account");
	assert_true(makes_room(VICTIM, "victim-1"));
	/* Many accounts: moderators still can. */
	for (uint32_t i = 0; chat->rooms.n < ROOMS_GUESTS_MAX + ROOMS_ACCOUNTS_MAX; i++) {
		snprintf(stem, sizeof stem, "acc%u", i);
		signs_in(MALLORY, address(i), stem, "account");
		assert_in_range(makes_rooms(MALLORY, stem), 1, ROOMS_OWNED_MAX + ROOMS_EACH_MAX);
	}
	assert_false(makes_room(VICTIM, "victim-2"));
	assert_true(makes_room(MODERATOR, "order"));
	/* And they can make room. */
	types(MODERATOR, "/remove address 10.0.0.0/8 --yes");
	rests();
	assert_true(makes_room(OTHER, "other-2"));
	types(MODERATOR, "/remove account acc0 --yes");
	assert_has("Removed: the account acc0");
	rests();
	assert_true(makes_room(VICTIM, "victim-2"));
	types(MODERATOR, "/remove room victim-2 --yes");
	assert_has("The room victim-2 was removed.");
	assert_null(room_by_key(chat, "victim-2"));
}

/* A site of 65,536 addresses has the share of a few. */
static void test_rooms_of_a_site(void **state)
{
	char from[ADDRESS_BYTES_MAX], stem[32];
	uint32_t made = 0;

	(void)state;
	for (uint32_t i = 0; i < 2 * SITE_SHARES; i++) {
		snprintf(from, sizeof from, "2001:db8:1:%x::1", i);
		comes(MALLORY, from, "mallory");
		snprintf(stem, sizeof stem, "r%u", i);
		made += makes_rooms(MALLORY, stem);
	}
	assert_int_equal(made, SITE_SHARES * ROOMS_EACH_MAX);
	assert_has("Room not made: 320 rooms were already made from your network, the maximum.");
	comes(VICTIM, "2001:db8:2::1", "victim");
	assert_true(makes_room(VICTIM, "victims"));
	types(MODERATOR, "/remove address 2001:db8:1::/48 --yes");
	rests();
	assert_int_equal(share_has(chat, SHARE_ROOMS, "address 2001:db8:1::/48"), 0);
	assert_true(makes_room(MALLORY, "mine"));
}

/* -- reports ----------------------------------------------------------------------------- */

static uint64_t lines;

static bool reports_line(uint32_t slot)
{
	struct row row = {.id = ++lines, .time_ms = wall(), .kind = RECORD_SAY, .room = 6,
	                  .room_name = "general", .sender = "x", .body = "y"};

	types(slot, "/report #%" PRIu64 " spam", lines);
	rows_come((struct conn_id){slot, gens[slot]}, (struct rows){.kind = QUERY_LAST, .row = &row, .n = 1});
	is_saved();
	return report_of(chat, lines, of(slot)->key) != NULL;
}

static void test_reports(void **state)
{
	uint32_t n = 0;

	(void)state;
	while (reports_line(MALLORY))
		types(MALLORY, "/nick mallory%u", ++n);
	assert_int_equal(n, REPORTS_OPEN_EACH_MAX);
	assert_true(reports_line(OTHER));
	for (uint32_t i = 0; chat->moderation.reports.n < REPORTS_GUESTS_MAX; i++) {
		comes(MALLORY, address(i), "many");
		reports_line(MALLORY);
		reports_line(MALLORY);
		reports_line(MALLORY);
	}
	assert_false(reports_line(OTHER));
	signs_in(VICTIM, "192.0.2.9", "victim", "account");
	assert_true(reports_line(VICTIM));
	for (uint32_t i = 0; chat->moderation.reports.n < REPORTS_GUESTS_MAX + REPORTS_ACCOUNTS_MAX;
	     i++) {
		char name[32];

		snprintf(name, sizeof name, "acc%u", i);
		signs_in(MALLORY, address(i), name, "account");
		while (reports_line(MALLORY))
			continue;
	}
	assert_false(reports_line(VICTIM));
	assert_true(reports_line(MODERATOR));
	types(MODERATOR, "/reports resolve all of 10.0.0.0/8 --yes");
	rests();
	assert_true(reports_line(OTHER));
	types(MODERATOR, "/reports resolve all --yes");
	rests();
	assert_int_equal(reports_open(chat), 0);
	assert_true(reports_line(VICTIM));
	/* Resolved reports make room. */
	for (uint32_t i = 0; i < REPORTS_MAX; i++) {
		assert_true(reports_line(MODERATOR));
		types(MODERATOR, "/reports resolve all of keeper --yes");
	}
	assert_int_equal(chat->moderation.reports.n, REPORTS_MAX);
}

static void test_reports_of_one_address_go(void **state)
{
	(void)state;
	assert_true(reports_line(MALLORY));
	types(MALLORY, "/nick innocent");
	assert_true(reports_line(MALLORY));
	assert_true(reports_line(OTHER));
	types(MODERATOR, "/reports resolve all of mallory");
	assert_has("-- This would resolve 2 reports made by mallory; /reports lists them.");
	assert_has("-- Nothing has changed yet. /reports resolve all of mallory --yes does it.");
	types(MODERATOR, "/reports resolve all of mallory --yes");
	assert_has("Resolved 2 reports.");
	/* They are told about the one that is known to be theirs. */
	assert_has("-- One of your reports was resolved.");
	assert_true(reports_line(MALLORY));
	assert_true(reports_line(OTHER));
	types(MODERATOR, "/reports resolve all --yes");
	assert_has("-- 2 of your reports were resolved.");
	assert_true(reports_line(OTHER));
	assert_true(reports_line(MALLORY));
	types(MODERATOR, "/remove address " MALLORY_IS);
	assert_has("Made from 192.0.2.1: 1 open report.");
	types(MODERATOR, "/remove address " MALLORY_IS " --yes");
	assert_int_equal(reports_open(chat), 1);
}

/* -- mail -------------------------------------------------------------------------------- */

static bool writes(uint32_t slot, const char *to)
{
	uint32_t before = chat->people.mail.n;

	types(slot, "/msg %s hello", to);
	return chat->people.mail.n > before;
}

static void test_mail_of_one(void **state)
{
	struct account *a = account("absent", "account");
	uint32_t n = 0;

	(void)state;
	while (writes(MALLORY, "absent"))
		types(MALLORY, "/nick mallory%u", ++n);
	assert_int_equal(n, MAIL_PAIR_MAX);
	assert_true(writes(OTHER, "absent"));
	for (uint32_t i = 0; i < MAIL_GUESTS_MAX; i++) {
		comes(MALLORY, address(i), "many");
		writes(MALLORY, "absent");
	}
	assert_int_equal(a->mail.n, MAIL_GUESTS_MAX);
	assert_false(writes(OTHER, "absent"));
	signs_in(VICTIM, "192.0.2.9", "victim", "account");
	assert_true(writes(VICTIM, "absent"));
	for (uint32_t i = 0; i < MAIL_MAX; i++) {
		char name[32];

		snprintf(name, sizeof name, "acc%u", i);
		signs_in(MALLORY, address(i), name, "account");
		writes(MALLORY, "absent");
	}
	assert_false(writes(VICTIM, "absent"));
	while (a->mail.n < MAIL_MAX)
		assert_true(writes(MODERATOR, "absent"));
	assert_false(writes(MODERATOR, "absent"));
	types(MODERATOR, "/remove address 10.0.0.0/8 --yes");
	types(MODERATOR, "/remove address " MALLORY_IS " --yes");
	assert_true(writes(OTHER, "absent"));
	types(MODERATOR, "/remove account acc0 --yes");
	types(MODERATOR, "/remove account acc1 --yes");
	assert_true(writes(VICTIM, "absent"));
}

/* Five accounts of one address count as five senders, but cannot fill a mailbox. */
static void test_mail_of_accounts_of_one_address(void **state)
{
	static const char *const made[] = {MALLORY_IS, MALLORY_IS, "2001:db8::1", "2001:db8::2",
	                                   "198.51.100.1", "198.51.100.1"};
	struct account *a = account("absent", "account");
	char name[32];
	uint32_t n = 0;

	(void)state;
	chat->entry.admission.nexempt =
		address_parse("198.51.100.0/24", &chat->entry.admission.exempt[0]);
	for (uint32_t i = 0; i < sizeof made / sizeof made[0]; i++) {
		struct address from = where(made[i]);

		snprintf(name, sizeof name, "sock%u", i);
		/* As /register leaves it. */
		signs_in(MALLORY, made[i], name, "account")->made.from = address_counted(&from);
		if (i % 2 == 0)
			n = a->mail.n;
		while (writes(MALLORY, "absent"))
			;
		if (i == 1 || i == 3) {
			assert_has("already has 3 unread messages from you and other accounts made at the same address");
			assert_int_equal(a->mail.n - n, MAIL_PAIR_MAX);
		}
		if (i == 1) {
			/* Nor can another account that replaces the first. */
			goes(MALLORY);
			account_drop(chat, account_by_key(chat, "sock0"));
			signs_in(MALLORY, MALLORY_IS, "sock9", "account")->made.from = address_counted(&from);
			assert_false(writes(MALLORY, "absent"));
		}
	}
	/* At an address that many people share, each account counts alone. */
	assert_int_equal(a->mail.n - n, 2 * MAIL_PAIR_MAX);
	/* The same goes after a restart. */
	mail_free(chat, a);
	for (uint32_t i = 0; i < MAIL_PAIR_MAX; i++) {
		snprintf(name, sizeof name, "absent %u", i + 1);
		chat_load_fact(chat, &(struct saved_fact){.kind = FACT_MAIL, .key = name,
		               .value = "from=m share=account%20gone text=x made_from=2001:db8::"});
	}
	signs_in(MALLORY, "2001:db8::7", "sock2", "account");
	assert_false(writes(MALLORY, "absent"));
	signs_in(VICTIM, "192.0.2.9", "victim", "account");
	assert_true(writes(VICTIM, "absent"));
}

/* Messages beyond the bounds are never read, so they are deleted from the database. */
static void test_mail_beyond_the_bounds_goes(void **state)
{
	struct account *a = account("absent", "account");
	char key[64];

	(void)state;
	for (uint32_t i = 0; i < MAIL_MAX + 2; i++) {
		snprintf(key, sizeof key, "absent %020u", i + 1);
		chat_load_fact(chat, &(struct saved_fact){.kind = FACT_MAIL, .key = key, .value = "text=x"});
	}
	assert_int_equal(a->mail.n, MAIL_MAX);
	assert_int_equal(forget_waiting(chat), 2);
}

/* How many of absent's messages and of the reports this step tells the store to forget. */
static uint32_t forgotten(void)
{
	const struct effect *effects;
	uint32_t gone = 0;
	size_t n;

	effects = chat_effects(chat, &n);
	for (size_t i = 0; i < n; i++) {
		const struct record *r = &effects[i].record;

		gone += effects[i].kind == EFFECT_APPEND && r->kind == RECORD_FACT &&
		        *r->fact.value == '\0' &&
		        (r->fact.kind == FACT_REPORT ||
		         (r->fact.kind == FACT_MAIL && strncmp(r->fact.key, "absent", 6) == 0));
	}
	return gone;
}

static void remove_answered(uint32_t slot, const char *what)
{
	char text[128];
	int n = snprintf(text, sizeof text, "/remove %s --yes\n", what);

	step((struct event){.kind = EVENT_BYTES, .conn = {slot, gens[slot]},
	                    .bytes = {.data = text, .len = (size_t)n}});
}

/* Messages that are deleted between two existing accounts do not come back after a restart, however
 * many there are and whatever else is to be removed. */
static void test_what_is_taken_does_not_come_back(void **state)
{
	enum { BOXES = 300 };
	char key[64], name[32];
	uint32_t gone;

	(void)state;
	for (uint32_t i = 0; i < BOXES * MAIL_MAX; i++) {
		snprintf(name, sizeof name, "absent%u", i / MAIL_MAX);
		if (i % MAIL_MAX == 0)
			account(name, "account");
		snprintf(key, sizeof key, "%s %020u", name, i + 1);
		chat_load_fact(chat, &(struct saved_fact){.kind = FACT_MAIL, .key = key,
		               .value = "from=m share=address%20" MALLORY_IS " text=x"});
	}
	for (uint32_t i = 0; i < 3; i++) {
		snprintf(key, sizeof key, "%020u", i + 1);
		chat_load_fact(chat, &(struct saved_fact){.kind = FACT_REPORT, .key = key,
		               .value = "state=open by=m share=address%20" MALLORY_IS});
	}
	assert_int_equal(chat->people.mail.n, BOXES * MAIL_MAX);
	for (uint32_t i = 0; i < FORGETS_MAX; i++) {
		snprintf(key, sizeof key, "nobody %020u", i + 1);
		chat_load_fact(chat, &(struct saved_fact){.kind = FACT_MAIL, .key = key, .value = "text=x"});
	}
	remove_answered(MODERATOR, "address " MALLORY_IS);
	gone = forgotten();
	assert_true(gone > 0);
	is_saved();
	gone += forgotten();
	assert_true(chat_owes(chat));
	step((struct event){.kind = EVENT_STOP});
	for (int i = 0; i < 100000 && chat_owes(chat); i++) {
		assert_true(chat_due_ms(chat) <= now_ms);
		tick(0);
		gone += forgotten();
		is_saved();
	}
	assert_false(chat_owes(chat));
	assert_int_equal(gone, BOXES * MAIL_MAX + 3);
}

static void test_mail_of_all(void **state)
{
	char name[32];
	uint32_t sent = 0, i;

	(void)state;
	for (i = 0; i < MAILS_MAX; i++) {
		snprintf(name, sizeof name, "to%u", i);
		account(name, "account");
	}
	for (i = 0; i < MAILS_MAX / MAIL_PAIR_MAX && sent < MAILS_MAX; i++) {
		snprintf(name, sizeof name, "to%u", i);
		sent += writes(MALLORY, name);
	}
	assert_int_equal(sent, MAILS_EACH_MAX);
	assert_has("Not sent: to3332 is not here, and 50 messages from your address are still "
	           "unread. No more are kept until some are read.");
	assert_true(writes(OTHER, "to9999"));
	/* All that guests may keep, and all that accounts may, as loaded at a start. */
	for (i = 0; chat->people.mail.n < MAILS_GUESTS_MAX + MAILS_ACCOUNTS_MAX; i++) {
		char key[64], value[96];

		snprintf(key, sizeof key, "to%u %020u", i, i);
		snprintf(value, sizeof value, "from=x at=1 share=%s%%20%s%u text=x",
		         i < MAILS_GUESTS_MAX - MAILS_EACH_MAX - 1 ? "address" : "account", "", i);
		chat_load_fact(chat, &(struct saved_fact){.kind = FACT_MAIL, .key = key, .value = value});
	}
	assert_false(writes(OTHER, "to9998"));
	signs_in(VICTIM, "192.0.2.9", "victim", "account");
	assert_false(writes(VICTIM, "to9998"));
	assert_true(writes(MODERATOR, "to9998"));
	types(MODERATOR, "/remove address " MALLORY_IS " --yes");
	assert_true(writes(OTHER, "to9998"));
	rests();
	assert_null(chat->people.forgets);
}

/* -- guests who come back ---------------------------------------------------------------- */

static void test_resumables(void **state)
{
	char code[RESUME_CODE_BYTES];

	(void)state;
	resume_code(of(OTHER), code);
	goes(OTHER);
	/* As fast as the prompt takes names from one address. */
	for (uint32_t i = 0; i < 2 * RESUMABLES_MAX; i++, now_ms += 100)
		comes(MALLORY, MALLORY_IS, "mallory");
	assert_int_equal(chat->entry.resumables.n, RESUMABLES_EACH_MAX + 1);
	/* Many addresses: those with the most lose first. */
	for (uint32_t i = 0; chat->entry.resumables.n < RESUMABLES_MAX; i++) {
		comes(MALLORY, address(i / 2), "mallory");
	}
	comes(MALLORY, MALLORY_IS, "mallory");
	assert_int_equal(chat->entry.resumables.n, RESUMABLES_MAX);
	comes(VICTIM, "192.0.2.9", "newcomer");
	types(VICTIM, "/resume %s", code);
	assert_has("You are other now.");
	types(MODERATOR, "/remove address 10.0.0.0/8 --yes");
	assert_in_range(chat->entry.resumables.n, 1, RESUMABLES_EACH_MAX + 1);
}

/* A room is made again for a guest who comes back before the guest has a name, and counts in the same
 * share as before. */
static void test_a_room_that_is_made_again(void **state)
{
	char code[RESUME_CODE_BYTES];

	(void)state;
	config.address_exempt = "127.0.0.0/8 ::1/128";
	chat_configure(chat, &config);
	now_ms += 1000; /* by which the codes are, here */
	comes(OTHER, "127.0.0.1", "other");
	types(OTHER, "/join nook");
	resume_code(of(OTHER), code);
	goes(OTHER);
	rests();
	assert_null(room_by_key(chat, "nook"));
	gens[OTHER]++;
	step((struct event){.kind = EVENT_CONNECTED, .conn = {OTHER, gens[OTHER]},
	                    .connected = {.from = where("127.0.0.1")}});
	types(OTHER, "/resume %s", code);
	assert_has("You are other, in nook");
	assert_string_equal(room_by_key(chat, "nook")->made.by, "guest other");
}

/* -- what accounts are in rooms ------------------------------------------------------------ */

static void test_memberships(void **state)
{
	char name[32];

	(void)state;
	for (uint32_t i = 0; i < MEMBERSHIPS_OWNER_MAX + 10; i++) {
		snprintf(name, sizeof name, "to%u", i);
		account(name, "account");
	}
	signs_in(MALLORY, MALLORY_IS, "owner", "account");
	for (uint32_t room = 0; room < ROOMS_OWNED_MAX; room++) {
		types(MALLORY, "/join r%u", room);
		types(MALLORY, "/room permanent on");
		for (uint32_t i = 0; i < MEMBERSHIPS_MAX; i++) {
			snprintf(name, sizeof name, "to%u", i);
			types(MALLORY, "/invite %s", name);
		}
	}
	assert_int_equal(chat->rooms.nmemberships, MEMBERSHIPS_OWNER_MAX + ROOMS_OWNED_MAX - MEMBERSHIPS_OWNER_MAX / MEMBERSHIPS_MAX - 1);
	assert_has("Cannot add anyone: 1000 people have a role or an invitation in the rooms of this owner");
	signs_in(OTHER, "192.0.2.2", "honest", "account");
	types(OTHER, "/join honest-room");
	types(OTHER, "/invite to0");
	assert_has("to0 is invited to honest-room.");
	/* The memberships of a room are removed with it, from the store too. */
	types(MODERATOR, "/remove account owner --yes");
	assert_int_equal(chat->rooms.nmemberships, 2);
	assert_in_range(forget_waiting(chat), 2, FORGETS_MAX);
	rests();
	assert_null(chat->people.forgets);
}

/* Makes accounts with the names acc0, acc1 and so on. */
static void accounts(uint32_t n)
{
	char name[32];

	for (uint32_t i = 0; i < n; i++) {
		snprintf(name, sizeof name, "acc%u", i);
		account(name, "account");
	}
}

/* A room that is transferred must not bring more than its new owner may have. */
static void test_memberships_of_accepted_rooms(void **state)
{
	uint32_t n = 0;
	struct account *boss;

	(void)state;
	accounts(MEMBERSHIPS_MAX);
	boss = account("boss", "account");
	for (uint32_t room = 0; room < 6; room++) {
		signs_in(MALLORY, MALLORY_IS, room < 3 ? "minion" : "minion2", "account");
		types(MALLORY, "/join r%u", room);
		types(MALLORY, "/room permanent on");
		for (uint32_t i = 0; i < 240; i++)
			types(MALLORY, "/invite acc%u", i);
		types(MALLORY, "/transfer boss");
		signs_in(OTHER, "192.0.2.2", "boss", "account");
		types(OTHER, "/accept r%u", room);
	}
	assert_has("With r5, 1209 people would have a role or an invitation in your rooms; the maximum is "
	           "1000.");
	assert_int_equal(membership_owned(chat, "boss"), 4);
	for (const struct membership *g = boss->memberships; g != NULL; g = g->next)
		n += g->role == ROOM_OWNER ? g->room->memberships.n : 0;
	assert_in_range(n, 1, MEMBERSHIPS_OWNER_MAX);
	/* Moderators may have more. */
	boss->role = ROLE_MODERATOR;
	types(OTHER, "/accept r5");
	assert_has("You now own r5.");
}

/* In a room that nobody owns, an operator can add few people, and none from the reserve. */
static void test_memberships_where_nobody_owns(void **state)
{
	struct room *r;

	(void)state;
	accounts(MEMBERSHIPS_MAX);
	signs_in(MALLORY, MALLORY_IS, "owner", "account");
	types(MALLORY, "/join den");
	types(MALLORY, "/room permanent on");
	types(MALLORY, "/op acc0");
	r = room_by_key(chat, "den");
	membership_take(chat, r, "owner", ROOM_OWNER);
	signs_in(OTHER, "192.0.2.2", "acc0", "account");
	for (uint32_t i = 1; i < MEMBERSHIPS_MAX; i++)
		types(OTHER, "/invite --in=den acc%u", i);
	assert_int_equal(r->memberships.n, MEMBERSHIPS_OWNERLESS_MAX);
	assert_has("Cannot add anyone: nobody owns den, so 32 people at most can have a role or an "
	           "invitation there.");
	types(MODERATOR, "/invite --in=den acc200");
	assert_has("acc200 is invited to den.");
	types(OTHER, "/uninvite --in=den acc200");
	types(OTHER, "/uninvite --in=den acc1");
	chat->rooms.nmemberships += MEMBERSHIPS_ALL_MAX - MEMBERSHIPS_RESERVE;
	types(OTHER, "/invite --in=den acc1");
	assert_has("people have a role or an invitation on this server, the maximum.");
	types(MODERATOR, "/invite --in=den acc1");
	assert_has("acc1 is invited to den.");
	chat->rooms.nmemberships -= MEMBERSHIPS_ALL_MAX - MEMBERSHIPS_RESERVE;
}

static void test_invitations_of_a_guest(void **state)
{
	(void)state;
	signs_in(MALLORY, MALLORY_IS, "owner", "account");
	for (uint32_t room = 0; room < ROOMS_OWNED_MAX; room++) {
		types(MALLORY, "/join r%u", room);
		types(MALLORY, "/room permanent on");
		types(MALLORY, "/invite other");
	}
	assert_has("Cannot invite other: a guest can have 4 invitations to rooms of one owner");
	signs_in(VICTIM, "192.0.2.9", "honest", "account");
	types(VICTIM, "/join honest-room");
	types(VICTIM, "/invite other");
	assert_has("other is invited to honest-room.");
}

/* Four owners use up all invitations that one guest may have: other guests can still be invited. */
static void test_invitations_to_rooms_of_many(void **state)
{
	char name[32];

	(void)state;
	for (uint32_t i = 0; i < INVITES_MAX / INVITES_OWNER_MAX; i++) {
		snprintf(name, sizeof name, "owner%u", i);
		signs_in(MALLORY, MALLORY_IS, name, "account");
		for (uint32_t room = 0; room < INVITES_OWNER_MAX; room++) {
			types(MALLORY, "/join r%u-%u", i, room);
			types(MALLORY, "/room permanent on");
			types(MALLORY, "/invite other");
			assert_has("other is invited to");
		}
	}
	assert_int_equal(of(OTHER)->invites.n, INVITES_MAX);
	signs_in(VICTIM, "192.0.2.9", "honest", "account");
	types(VICTIM, "/join hers");
	types(VICTIM, "/invite other");
	assert_has("Cannot invite other: a guest can have 16 invitations");
	comes(7, "192.0.2.7", "another");
	types(VICTIM, "/invite another");
	assert_has("another is invited to hers.");
	types(MALLORY, "/uninvite other");
	types(VICTIM, "/invite other");
	assert_has("other is invited to hers.");
}

/* A guest whose connection is lost keeps the invitation until it is taken away. */
static void test_who_is_cut_off_is_uninvited(void **state)
{
	char code[RESUME_CODE_BYTES];

	(void)state;
	now_ms += 1000; /* by which the codes are, here */
	comes(OTHER, "192.0.2.8", "other");
	signs_in(MALLORY, MALLORY_IS, "owner", "account");
	types(MALLORY, "/join den");
	types(MALLORY, "/room private on");
	types(MALLORY, "/invite other");
	resume_code(of(OTHER), code);
	goes(OTHER);
	types(MALLORY, "/uninvite other");
	assert_has("-- other has left; their invitation to den is withdrawn.");
	types(MALLORY, "/uninvite other");
	assert_has("Nobody here is called other");
	comes(OTHER, "192.0.2.9", "again");
	types(OTHER, "/resume %s", code);
	assert_has("You are other now.");
	types(OTHER, "/join den");
	assert_has("den is private");
}

static void test_invitations_do_not_stay_in_the_store(void **state)
{
	uint32_t n = 0;

	(void)state;
	account("guest1", "account");
	signs_in(MALLORY, MALLORY_IS, "owner", "account");
	for (uint32_t i = 0; i < 500; i++) {
		types(MALLORY, "/join r%u", i);
		types(MALLORY, "/invite guest1");
		types(MALLORY, "/leave");
		n += forget_waiting(chat);
		rests();
	}
	assert_int_equal(n, 2 * 500);
	assert_int_equal(chat->rooms.nmemberships, 0);
	/* One that is given again before it was removed from the store stays. */
	types(MALLORY, "/join again");
	types(MALLORY, "/leave");
	types(MALLORY, "/join again");
	assert_null(chat->people.forgets);
	/* And those that an older chatd left there are removed. */
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_INVITE, .key = "r1 guest1",
	                                          .value = "role=member room=999 made=1"});
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_MAIL, .key = "nobody 0001",
	                                          .value = "from=x text=y"});
	tick(0);
	assert_has("kind 6 room 0 ref 6 \"\"\n");
	assert_has("kind 6 room 0 ref 7 \"\"\n");
	assert_null(chat->people.forgets);
}

/* A fact of FACT_INVITE as it would be in the store: for the account guest1, in the room r1. */
static void load_membership(const char *key, uint32_t room, int made)
{
	char value[64];

	snprintf(value, sizeof value, "role=member roles=2 room=%u made=%d", room, made);
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_INVITE, .key = key, .value = value});
}

/* Memberships that can never take effect are removed from memory and the store, whatever is wrong with
 * them. */
static void test_memberships_that_mean_nothing_go(void **state)
{
	char long_key[2 * NAME_KEY_BYTES_MAX + 24];
	struct room *r;

	(void)state;
	account("guest1", "account");
	signs_in(MALLORY, MALLORY_IS, "owner", "account");
	types(MALLORY, "/join r1");
	r = room_by_key(chat, "r1");
	assert_int_equal(r->memberships.n, 1);
	load_membership("r1 nobody", r->number, 1);      /* whose account is gone, */
	load_membership("r1 guest1", r->number, 2);      /* or is another of that name, */
	load_membership("r9 guest1", r->number, 1);      /* whose room is gone, */
	load_membership("r1 guest1", r->number + 1, 1);  /* or is another of that name, */
	load_membership("r1guest1", r->number, 1);       /* which has one name alone, */
	memset(long_key, 'r', NAME_KEY_BYTES_MAX + 9);
	strcpy(long_key + NAME_KEY_BYTES_MAX + 9, " guest1");
	load_membership(long_key, r->number, 1);         /* and a name that is none */
	assert_int_equal(r->memberships.n, 1);
	assert_int_equal(chat->rooms.nmemberships, 1);
	/* Two of them have one key. */
	assert_int_equal(forget_waiting(chat), 5);
	tick(0);
	assert_null(chat->people.forgets);
	/* A valid one is kept. */
	load_membership("r1 guest1", r->number, 1);
	assert_int_equal(r->memberships.n, 2);
	assert_null(chat->people.forgets);
}

/* A membership beyond the bounds is not loaded, and never would be, so it is deleted. */
static void test_memberships_beyond_the_bounds_go(void **state)
{
	char name[32], key[64];
	struct room *r;

	(void)state;
	signs_in(MALLORY, MALLORY_IS, "owner", "account");
	types(MALLORY, "/join r1");
	r = room_by_key(chat, "r1");
	for (uint32_t i = 0; i < MEMBERSHIPS_MAX; i++) {
		snprintf(name, sizeof name, "acc%u", i);
		snprintf(key, sizeof key, "r1 acc%u", i);
		account(name, "account");
		load_membership(key, r->number, 1);
	}
	assert_int_equal(r->memberships.n, MEMBERSHIPS_MAX);
	assert_int_equal(forget_waiting(chat), 1);
	tick(0);
	types(MALLORY, "/uninvite acc0");
	rests();
	/* Each room may have its owner in addition to the bound for all. */
	chat->rooms.nmemberships += MEMBERSHIPS_ALL_MAX + ROOMS_MAX - r->memberships.n - 1;
	load_membership("r1 acc0", r->number, 1);
	assert_int_equal(r->memberships.n, MEMBERSHIPS_MAX);
	assert_null(chat->people.forgets);
	types(MALLORY, "/uninvite acc1");
	rests();
	chat->rooms.nmemberships++;
	load_membership("r1 acc1", r->number, 1);
	assert_int_equal(r->memberships.n, MEMBERSHIPS_MAX - 1);
	assert_int_equal(forget_waiting(chat), 1);
	chat->rooms.nmemberships -= MEMBERSHIPS_ALL_MAX + ROOMS_MAX - MEMBERSHIPS_MAX;
}

/* -- accounts ------------------------------------------------------------------------------ */

static void test_accounts(void **state)
{
	uint32_t had = chat->people.accounts.n;

	(void)state;
	of(MODERATOR)->account->role = ROLE_ADMIN;
	chat->people.accounts.n = ACCOUNTS_MAX - ACCOUNTS_RESERVE;
	types(OTHER, "/register correct horse");
	assert_has("administrator can still make one for you.");
	types(MODERATOR, "/role carol account");
	assert_has("QUERY 2");
	chat->people.accounts.n = had;
}

/* -- filters, and ignored people ------------------------------------------------------------ */

static void test_filters(void **state)
{
	(void)state;
	signs_in(MALLORY, MALLORY_IS, "rich", "account");
	types(MALLORY, "/filter add mine");
	assert_has("Only moderators can use /filter.");
	for (uint32_t i = 0; i < FILTERS_MAX; i++)
		types(MODERATOR, "/filter add word%u", i);
	assert_int_equal(chat->moderation.filters.n, FILTERS_MAX);
	types(MODERATOR, "/filter add onemore");
	assert_has("The list of blocked words is full (200). /filter remove WORD");
	types(MODERATOR, "/filter remove word7");
	types(MODERATOR, "/filter add onemore");
	assert_has("onemore is blocked from now on.");
}

static void test_ignored(void **state)
{
	(void)state;
	comes(VICTIM, "192.0.2.9", "victim");
	for (uint32_t i = 0; i < IGNORES_MAX; i++) {
		types(OTHER, "/nick other%u", i);
		types(MALLORY, "/ignore other%u", i);
	}
	assert_int_equal(of(MALLORY)->presence.nignored, IGNORES_MAX);
	types(MALLORY, "/ignore victim");
	assert_has("You already ignore 32 people, the most you can. /unignore NAME");
	/* Each person has a list of their own, and a new name does not get round a full one. */
	types(VICTIM, "/ignore mallory");
	assert_has("You no longer see what mallory says");
	types(OTHER, "/nick yetanother");
	assert_true(session_ignores(of(MALLORY), "yetanother"));
	types(MALLORY, "/unignore yetanother");
	types(MALLORY, "/ignore victim");
	assert_has("You no longer see what victim says");
}

/* -- rooms end by themselves ----------------------------------------------------------------- */

static void test_silent_rooms_end(void **state)
{
	(void)state;
	assert_true(makes_room(MALLORY, "alone"));
	assert_true(makes_room(MALLORY, "together"));
	assert_true(makes_room(OTHER, "together"));
	signs_in(VICTIM, "192.0.2.9", "owner", "account");
	assert_true(makes_room(VICTIM, "owned"));
	tick(0);
	for (int64_t ms = 0; ms < 6 * DAY_MS; ms += ROOMS_LOOK_MS)
		tick(ROOMS_LOOK_MS);
	assert_non_null(room_by_key(chat, "alone"));
	for (int64_t ms = 0; ms < 2 * DAY_MS && room_by_key(chat, "alone") != NULL; ms += ROOMS_LOOK_MS)
		tick(ROOMS_LOOK_MS);
	assert_null(room_by_key(chat, "alone"));
	assert_has("kind 11 room");
	assert_has("LOG");
	for (int64_t ms = 0; ms < 30 * DAY_MS; ms += ROOMS_LOOK_MS)
		tick(ROOMS_LOOK_MS);
	assert_non_null(room_by_key(chat, "together"));
	config.guest_room_days = 90;
	chat_configure(chat, &config);
	for (int64_t ms = 0; ms < 100 * DAY_MS; ms += ROOMS_LOOK_MS)
		tick(ROOMS_LOOK_MS);
	assert_null(room_by_key(chat, "together"));
	assert_non_null(room_by_key(chat, "owned"));
	assert_non_null(room_by_key(chat, "general"));
}

static void test_a_clock_that_jumps_ends_few_rooms(void **state)
{
	(void)state;
	makes_rooms(MALLORY, "m");
	tick(ROOMS_LOOK_FIRST_MS);
	/* The store has not looked at the clock yet. */
	ahead_ms += 365 * DAY_MS;
	tick(ROOMS_LOOK_MS);
	assert_int_equal(chat->rooms.n, ROOMS_EACH_MAX + 1);
	step((struct event){.kind = EVENT_STORE_CLOCK, .doubted = true});
	for (int64_t ms = 0; ms < DAY_MS; ms += ROOMS_LOOK_MS)
		tick(ROOMS_LOOK_MS);
	assert_int_equal(chat->rooms.n, ROOMS_EACH_MAX + 1);
	/* The clock was right. */
	step((struct event){.kind = EVENT_STORE_CLOCK, .doubted = false});
	tick(ROOMS_LOOK_MS);
	assert_int_equal(chat->rooms.n, ROOMS_EACH_MAX + 1 - ROOMS_END_MAX);
	tick(ROOMS_LOOK_AGAIN_MS - 1);
	assert_int_equal(chat->rooms.n, ROOMS_EACH_MAX + 1 - ROOMS_END_MAX);
	tick(1);
	assert_int_equal(chat->rooms.n, ROOMS_EACH_MAX + 1 - 2 * ROOMS_END_MAX);
}

static void test_who_made_a_room_outlives_a_restart(void **state)
{
	static const char value[] = "name=r number=77 history=1 made=5 maker=address%20192.0.2.1 "
	                            "alone=address%20192.0.2.1";
	const struct room *r;

	(void)state;
	chat_load_room(chat, &(struct saved_room){.room = 77, .name = "r", .topic = "", .last_id = 9,
	                                          .last_ms = wall()});
	chat_load_room(chat, &(struct saved_room){.room = 50, .name = "old", .topic = "", .last_id = 9,
	                                          .last_ms = wall()});
	chat_load_fact(chat, &(struct saved_fact){.kind = FACT_ROOM, .key = "r", .value = value});
	r = room_by_key(chat, "r");
	assert_int_equal(removal_days(chat, r), ROOM_ALONE_DAYS);
	assert_int_equal(share_has(chat, SHARE_ROOMS, "address 192.0.2.1"), 1);
	assert_int_equal(makes_rooms(MALLORY, "m"), ROOMS_EACH_MAX - 1);
	/* Nothing is known about an older one. */
	assert_int_equal(removal_days(chat, room_by_key(chat, "old")), 0);
	assert_true(makes_room(OTHER, "r"));
	assert_string_equal(r->lines.alone, ROOM_SEVERAL);
	assert_int_equal(removal_days(chat, r), 0);
}

/* -- what a dropped account leaves ------------------------------------------------------------ */

/* What /drop with the right password does. */
static void drops(uint32_t slot)
{
	account_drop(chat, of(slot)->account);
	rests();
}

/* Signs the account in, which makes as many rooms with that setting as it can. */
static void makes_set(const char *name, const char *stem, const char *setting)
{
	signs_in(MALLORY, MALLORY_IS, name, "account");
	for (int i = 0; i < ROOMS_OWNED_MAX; i++) {
		types(MALLORY, "/join %s-%d", stem, i);
		types(MALLORY, "/room %s", setting);
		types(MALLORY, "/leave");
	}
	assert_int_equal(membership_owned(chat, name), ROOMS_OWNED_MAX);
}

static void test_rooms_of_a_dropped_account_end(void **state)
{
	static const char *const setting[] = {"permanent on", "private on"};

	(void)state;
	for (int round = 0; round < 4; round++) {
		makes_set("cuckoo", "c", setting[round % 2]);
		drops(MALLORY);
		assert_int_equal(chat->rooms.n, 1);
		assert_int_equal(share_has(chat, SHARE_ROOMS, "account cuckoo"), 0);
	}
	/* Somebody is in the room: it is removed once nobody has been there for long. */
	signs_in(MALLORY, MALLORY_IS, "cuckoo", "account");
	types(MALLORY, "/join den");
	types(MALLORY, "/room private on");
	types(MALLORY, "/room permanent on");
	drops(MALLORY);
	assert_non_null(room_by_key(chat, "den"));
	goes(MALLORY);
	for (int64_t ms = 0; ms < (ROOM_ALONE_DAYS + 1) * DAY_MS; ms += ROOMS_LOOK_MS)
		tick(ROOMS_LOOK_MS);
	assert_null(room_by_key(chat, "den"));
}

static void test_what_an_owner_decided_ends_with_the_owner(void **state)
{
	const struct room *r;

	(void)state;
	signs_in(MALLORY, MALLORY_IS, "owner", "account");
	types(MALLORY, "/join den");
	types(MALLORY, "/room permanent on");
	types(MALLORY, "hello");
	types(MALLORY, "/leave");
	assert_true(makes_room(OTHER, "den"));
	config.guest_room_days = 90;
	chat_configure(chat, &config);
	r = room_by_key(chat, "den");
	assert_int_equal(removal_days(chat, r), 0);
	drops(MALLORY);
	assert_ptr_equal(room_by_key(chat, "den"), r);
	assert_int_equal(removal_days(chat, r), 90);
	/* Administrators may change that. */
	of(MODERATOR)->account->role = ROLE_ADMIN;
	types(MODERATOR, "/room --in=den permanent on");
	assert_int_equal(removal_days(chat, r), 0);
}

static void test_an_offer_ends_with_the_owner(void **state)
{
	(void)state;
	account("accomplice", "account");
	signs_in(MALLORY, MALLORY_IS, "spammer", "account");
	types(MALLORY, "/join den");
	types(MALLORY, "hello");
	types(MALLORY, "/transfer accomplice");
	assert_has("den is offered to accomplice");
	assert_true(makes_room(OTHER, "den"));
	types(MODERATOR, "/remove account spammer --yes");
	rests();
	signs_in(VICTIM, "192.0.2.9", "accomplice", "account");
	types(VICTIM, "/accept den");
	assert_has("No room den is offered to you.");
	assert_null(room_by_key(chat, "den")->memberships.owner);
}

static void test_what_a_dropped_account_left_can_be_removed(void **state)
{
	account("absent", "account");
	(void)state;
	signs_in(MALLORY, MALLORY_IS, "cuckoo", "account");
	for (int i = 0; i < ROOMS_OWNED_MAX; i++) {
		char name[32];

		snprintf(name, sizeof name, "c-%d", i);
		assert_true(makes_room(MALLORY, name));
	}
	assert_true(makes_room(OTHER, "c-0"));
	assert_true(writes(MALLORY, "absent"));
	drops(MALLORY);
	assert_int_equal(chat->rooms.n, 1 + ROOMS_OWNED_MAX);
	types(MODERATOR, "/remove account cuckoo");
	assert_has("19 rooms (");
	assert_has("1 unread message");
	assert_has("Nothing has changed yet. /remove account cuckoo --yes does it; that cannot be undone.");
	types(MODERATOR, "/remove account cuckoo --yes");
	assert_has("Removed: 19 rooms (");
	assert_has(", left by the former account cuckoo.");
	rests();
	/* Other people have spoken in the room that is left. */
	assert_int_equal(chat->rooms.n, 2);
	assert_int_equal(chat->people.mail.n, 0);
	types(MODERATOR, "/remove account cuckoo --yes");
	assert_has("There is no account cuckoo.");
}

static void test_who_has_a_name_again_has_no_second_share(void **state)
{
	uint32_t made = 0;
	char stem[32];

	(void)state;
	for (int round = 0; round < 4; round++) {
		signs_in(MALLORY, MALLORY_IS, "cuckoo", "account");
		snprintf(stem, sizeof stem, "c%d", round);
		made += makes_rooms(MALLORY, stem);
		drops(MALLORY);
	}
	assert_int_equal(made, ROOMS_OWNED_MAX + ROOMS_EACH_MAX);
}

static void test_in_an_outage_rooms_have_shares_too(void **state)
{
	uint32_t before = chat->rooms.n;

	(void)state;
	config.talks_unsaved = true;
	chat_configure(chat, &config);
	signs_in(MALLORY, MALLORY_IS, "rich", "account");
	step((struct event){.kind = EVENT_STORE_FAILED, .failure.reason = "disk full"});
	step((struct event){.kind = EVENT_STORE_FULL});
	for (int i = 0; i < 100; i++) {
		types(MALLORY, "/join o%d", i);
		types(MALLORY, "x");
	}
	types(MALLORY, "/join more");
	assert_has("Room not made: you own");
	assert_int_equal(chat->rooms.n, before + ROOMS_EACH_MAX);
	assert_int_equal(share_has(chat, SHARE_ROOMS, "account rich"), ROOMS_EACH_MAX);
	/* And their maker is still known after a restart, even though no line was saved. */
	step((struct event){.kind = EVENT_STORE_BACK});
	is_saved();
	rests();
	assert_int_not_equal(room_by_key(chat, "o1")->lines.last_id, 0);
	assert_true(room_by_key(chat, "o1")->kept);
}

/* -- exempt addresses, and other bounds ------------------------------------------------------ */

static void test_names_count_where_addresses_do_not(void **state)
{
	(void)state;
	config.address_exempt = "192.0.2.0/24";
	chat_configure(chat, &config);
	assert_int_equal(makes_rooms(MALLORY, "m"), ROOMS_EACH_MAX);
	assert_has("Room not made: 20 rooms were already made by you");
	assert_true(makes_room(OTHER, "o"));
}

static void test_a_removed_room_is_no_longer_known(void **state)
{
	struct row rows[2] = {
		{.id = 1, .kind = RECORD_SAY, .room = 6, .hit = true, .room_name = "general", .sender = "x",
		 .body = "shown"},
		{.id = 2, .kind = RECORD_SAY, .room = 7, .hit = true, .room_name = "r", .sender = "x",
		 .body = "purged soon"},
	};

	(void)state;
	types(MALLORY, "/join r");
	types(MALLORY, "purged soon");
	rows[1].room = of(MALLORY)->room->number;
	types(MODERATOR, "/remove room r");
	assert_has("Nothing has changed yet. /remove room r --yes does it; that cannot be undone.");
	types(MODERATOR, "/remove --preview room r");
	assert_has("Made a moment ago by address 192.0.2.1");
	assert_non_null(room_by_key(chat, "r"));
	types(OTHER, "/remove room r --yes");
	assert_has("Only moderators can use /remove");
	types(MODERATOR, "/remove room r --yes");
	assert_ptr_equal(of(MALLORY)->room, chat->rooms.lobby);
	assert_null(room_by_number(chat, rows[1].room));
	types(OTHER, "/search soon");
	rows_come((struct conn_id){OTHER, gens[OTHER]},
	          (struct rows){.kind = QUERY_SEARCH, .row = rows, .n = 2});
	assert_has("shown");
	assert_has_not("purged soon");
	types(MODERATOR, "/remove room general --yes");
	assert_has("general is the lobby");
}

static void test_ranks_hold_for_accounts(void **state)
{
	(void)state;
	account("boss", "admin");
	signs_in(VICTIM, "192.0.2.9", "owner", "account");
	types(MODERATOR, "/remove account boss --yes");
	assert_has("You cannot do that to boss, who is an administrator.");
	types(MODERATOR, "/remove account keeper --yes");
	assert_has("You cannot remove your own account this way; /drop");
	types(MODERATOR, "/remove account owner --yes");
	assert_has("keeper removed your account. You are a guest now, still called owner.");
	assert_null(of(VICTIM)->account);
	assert_null(account_by_key(chat, "owner"));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin_all, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rooms),
		TEST(test_rooms_of_a_site),
		TEST(test_reports),
		TEST(test_reports_of_one_address_go),
		TEST(test_mail_of_one),
		TEST(test_mail_of_accounts_of_one_address),
		TEST(test_mail_beyond_the_bounds_goes),
		TEST(test_mail_of_all),
		TEST(test_what_is_taken_does_not_come_back),
		TEST(test_resumables),
		TEST(test_a_room_that_is_made_again),
		TEST(test_memberships),
		TEST(test_memberships_of_accepted_rooms),
		TEST(test_memberships_where_nobody_owns),
		TEST(test_invitations_of_a_guest),
		TEST(test_invitations_to_rooms_of_many),
		TEST(test_who_is_cut_off_is_uninvited),
		TEST(test_invitations_do_not_stay_in_the_store),
		TEST(test_memberships_that_mean_nothing_go),
		TEST(test_memberships_beyond_the_bounds_go),
		TEST(test_accounts),
		TEST(test_filters),
		TEST(test_ignored),
		TEST(test_silent_rooms_end),
		TEST(test_a_clock_that_jumps_ends_few_rooms),
		TEST(test_who_made_a_room_outlives_a_restart),
		TEST(test_rooms_of_a_dropped_account_end),
		TEST(test_what_an_owner_decided_ends_with_the_owner),
		TEST(test_an_offer_ends_with_the_owner),
		TEST(test_what_a_dropped_account_left_can_be_removed),
		TEST(test_who_has_a_name_again_has_no_second_share),
		TEST(test_in_an_outage_rooms_have_shares_too),
		TEST(test_names_count_where_addresses_do_not),
		TEST(test_a_removed_room_is_no_longer_known),
		TEST(test_ranks_hold_for_accounts),
	};

	return cmocka_run_group_tests_name("shares", tests, NULL, NULL);
}
