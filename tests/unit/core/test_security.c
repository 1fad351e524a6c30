/*
 * What the server's log says of moderation actions, and that nobody can forge a part of it.
 */
#include "chat_help.h"

#include "chatd/core/state/emit.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/session.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

static struct session *session(uint32_t slot)
{
	return chat_session(chat, id(slot));
}

static void signs_in(uint32_t slot, enum role role)
{
	struct session *s = session(slot);
	struct account *a = account_new(chat, s->nick, s->key, "", "");

	a->role = role;
	a->session = s;
	s->account = a;
}

static void begin_with_three(void)
{
	for (uint32_t slot = 0; slot < 3; slot++)
		joins(slot);
	signs_in(0, ROLE_ADMIN);
	signs_in(1, ROLE_ACCOUNT);
}

#define WHO "address=192.0.2.1 name=a account=a: "

static void acts_are_told_by_their_command(void **state)
{
	(void)state;
	begin_with_three();
	sends(0, "/mute c 1m\n");
	assert_has("LOG \"security: mute " WHO);
	sends(0, "/unmute c\n");
	assert_has("LOG \"security: unmute " WHO);
	sends(0, "/role b moderator\n");
	assert_has("LOG \"security: role " WHO "made b a moderator (#A");
	sends(0, "/disconnect c bye\n");
	assert_has("LOG \"security: disconnect " WHO "disconnected c: bye (#A");
	sends(0, "/ban 203.0.113.0/24\n");
	assert_has("LOG \"security: ban " WHO);
	sends(0, "/SHUTDOWN 5m\n");
	assert_has("LOG \"security: shutdown " WHO);
}

static void kicks_too(void **state)
{
	(void)state;
	begin_with_three();
	sends(0, "/join ops\n");
	sends(2, "/join ops\n");
	sends(0, "/kick c\n");
	assert_has("LOG \"security: kick " WHO "removed c from ops (#A");
}

/* There is exactly one line for each action. */
static void assert_one_line(const char *text)
{
	const char *at = strstr(seen.data, "LOG \"security: ");

	assert_has(text);
	assert_non_null(at);
	assert_null(strstr(at + 1, "LOG \"security: "));
}

static void what_is_removed_is_told_once(void **state)
{
	(void)state;
	begin_with_three();
	sends(2, "/join ops\n");
	sends(2, "mine\n");
	sends(0, "/remove room ops --yes\n");
	assert_one_line("LOG \"security: remove " WHO "removed the room ops, made by address 192.0.2.1 (#A");
	sends(2, "/join spam\n");
	sends(2, "mine\n");
	sends(0, "/remove address 192.0.2.1 --yes\n");
	assert_one_line("removed 1 room (spam), made from 192.0.2.1 (#A");
	assert_has("-- Removed: 1 room (spam), made from 192.0.2.1.");
	sends(0, "/remove account b --yes\n");
	assert_one_line("LOG \"security: remove " WHO "removed the account b (#A");
}

static void what_is_refused_is_no_act(void **state)
{
	(void)state;
	begin_with_three();
	sends(2, "/ban b\n");
	assert_has_not("LOG");
	sends(0, "/ban nobody-there\n");
	assert_has_not("LOG");
}

static void a_guest_has_no_account(void **state)
{
	(void)state;
	begin_with_three();
	step((struct event){.kind = EVENT_TICK});
	emit_security(chat, session(2), "failed-sign-in", "wrong password, %d left", 2);
	put_effect(chat_effects(chat, &(size_t){0}));
	assert_has("LOG \"security: failed-sign-in address=192.0.2.1 name=c account=-: wrong password, 2 left\"");
}

static void the_account_may_be_another(void **state)
{
	(void)state;
	begin_with_three();
	step((struct event){.kind = EVENT_TICK});
	emit_security_about(chat, session(2), "failed-sign-in", "alice", "wrong password");
	put_effect(chat_effects(chat, &(size_t){0}));
	assert_has("address=192.0.2.1 name=c account=alice: wrong password\"");
}

static void the_host_has_no_address(void **state)
{
	(void)state;
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(0),
	                    .connected = {.from = where("unix"), .control = true}});
	sends(0, "/shutdown 5m\n");
	assert_has("LOG \"security: shutdown address=host name=- account=-: scheduled a shutdown");
}

static void the_barred_are_told_of(void **state)
{
	(void)state;
	begin_with_three();
	sends(0, "/ban --everywhere 198.51.100.7 spam\n");
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(3), .connected.from = where("198.51.100.7")});
	sends(3, "zed\n");
	assert_has("LOG \"security: barred address=198.51.100.7 name=- account=-: may not come in as zed: "
	           "banned\"");
	sends(0, "/lockdown 5m\n");
	connected(id(4));
	sends(4, "guest\n");
	assert_has("LOG \"security: barred address=192.0.2.1 name=- account=-: may not come in as guest: "
	           "the chat is locked down\"");
	/* Not of people who are here: their command is refused, and that is all. */
	sends(2, "/nick guest\n");
	assert_has("Name not changed");
	assert_has_not("LOG ");
}

/* A reason may say anything; the fields come before it. */
static void no_field_is_forged(void **state)
{
	const char *at;

	(void)state;
	begin_with_three();
	sends(0, "/disconnect c x\rsecurity: failed-sign-in address=198.51.100.7 name=c account=c: x\n");
	at = strstr(seen.data, "LOG \"security: ");
	assert_non_null(at);
	assert_memory_equal(at, "LOG \"security: disconnect " WHO, strlen("LOG \"security: disconnect " WHO));
	assert_null(strstr(at, "\\r"));
	assert_null(strstr(at + 1, "LOG "));
	/* A name has no blank, of any kind. */
	connected(id(3));
	sends(3, "x account=b\n");
	assert_has("spaces");
	sends(3, "x\u00a0account=b\n");
	assert_has_not("You are");
	sends(3, "x\u2003account=b\n");
	assert_has_not("You are");
}

/* Only an administrator can make administrators, and must still be one when the command takes
 * effect. */
static void a_role_that_is_gone_confers_none(void **state)
{
	(void)state;
	begin_with_three();
	sends(0, "/role mole admin\n");
	session(0)->account->role = ROLE_ACCOUNT;
	rows_come(id(0), (struct rows){.kind = QUERY_CODES, .codes = {"a b", "x\ny"}});
	assert_has("Only administrators can use /role.");
	assert_null(account_named(chat, "mole"));
}

static void what_owners_do_with_their_accounts(void **state)
{
	(void)state;
	joins(0);
	sends(0, "/register correct horse\n");
	rows_come(id(0), (struct rows){.kind = QUERY_HASH, .hash.text = "$y$hash"});
	assert_has("LOG \"security: register " WHO "registered a\"");
	sends(0, "/passwd\n");
	sends(0, "correct horse\n");
	rows_come(id(0), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	sends(0, "wrong horse\n");
	sends(0, "wrong horse\n");
	rows_come(id(0), (struct rows){.kind = QUERY_HASH, .hash.text = "$y$hash2"});
	assert_has("LOG \"security: passwd " WHO "changed the password\"");
	sends(0, "/codes\n");
	sends(0, "wrong horse\n");
	rows_come(id(0), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	rows_come(id(0), (struct rows){.kind = QUERY_CODES, .codes = {"a b", "x\ny"}});
	assert_has("LOG \"security: codes " WHO "made new one-time codes\"");
	happens(EVENT_CLOSED, 0);
	connected(id(1));
	sends(1, "a\n");
	sends(1, "wrong horse\n");
	rows_come(id(1), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	assert_has("LOG \"security: sign-in " WHO "signed in\"");
	sends(1, "/drop\n");
	sends(1, "wrong horse\n");
	rows_come(id(1), (struct rows){.kind = QUERY_CHECK, .check.matches = true});
	assert_has("LOG \"security: drop " WHO "gave the account up\"");
}

#define IN_CHAT(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_CHAT(acts_are_told_by_their_command),
		IN_CHAT(kicks_too),
		IN_CHAT(what_is_removed_is_told_once),
		IN_CHAT(what_is_refused_is_no_act),
		IN_CHAT(a_guest_has_no_account),
		IN_CHAT(the_account_may_be_another),
		IN_CHAT(the_host_has_no_address),
		IN_CHAT(the_barred_are_told_of),
		IN_CHAT(no_field_is_forged),
		IN_CHAT(a_role_that_is_gone_confers_none),
		IN_CHAT(what_owners_do_with_their_accounts),
	};

	return cmocka_run_group_tests_name("security", tests, NULL, NULL);
}
