/*
 * Certificates that sign in: what they take the place of, what changes while a question about them is open, and what a
 * database may say of them. What people read is in cmd_cert.talk.
 */
#include "chat_help.h"

#include "chatd/core/people/account.h"
#include "chatd/core/people/cert.h"
#include "chatd/core/people/session.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

static struct fingerprint print_of(char letter)
{
	struct fingerprint f;

	memset(&f, letter, sizeof f);
	return f;
}

/* Over TLS; letter '\0': without a certificate. */
static void comes(uint32_t slot, char letter)
{
	struct fingerprint f = print_of(letter);

	step((struct event){.kind = EVENT_CONNECTED, .conn = id(slot),
	                    .connected = {.from = where("192.0.2.1"), .tls = true, .cert = letter != '\0' ? &f : NULL}});
}

static void registers(uint32_t slot)
{
	sends(slot, "/register correct horse\n");
	rows_come(id(slot), (struct rows){.kind = QUERY_HASH, .hash.text = "$hash"});
}

static void password_is(uint32_t slot, bool right)
{
	rows_come(id(slot), (struct rows){.kind = QUERY_CHECK, .check.matches = right});
}

/* The session of that slot, whose name is a letter's, has an account with its certificate. */
static struct account *has_certificate(uint32_t slot, char letter)
{
	char name[3] = {(char)('a' + slot), '\n', '\0'};

	comes(slot, letter);
	sends(slot, name);
	registers(slot);
	sends(slot, "/cert add\n");
	sends(slot, "correct horse\n");
	password_is(slot, true);
	assert_has("-- From now on this certificate signs you in");
	name[1] = '\0';
	return account_by_key(chat, name);
}

static void leaves(uint32_t slot)
{
	happens(EVENT_CLOSED, slot);
	happens(EVENT_RELEASED, slot);
}

static void test_no_second_step(void **state)
{
	struct account *a = has_certificate(0, 'x');
	struct account_terms t = account_terms(a);

	(void)state;
	t.totp = "SECRET";
	account_change(chat, a, &t);
	comes(1, 'x');
	sends(1, "a\n");
	assert_has_not("[PASSWORD]");
	assert_has_not("[AUTHENTICATOR CODE]");
	assert_has("-- You are a, in general");
	assert_has("signed in by the certificate 7878787878787878787878787878787878787878787878787878787878787878");
	assert_ptr_equal(a->session, chat_session(chat, id(1)));
	assert_true(a->session->presence.by_cert);
	assert_int_equal(a->secrets.certs->used_ms, wall());
	/* With the password it is asked for. */
	comes(2, '\0');
	sends(2, "a\n");
	sends(2, "correct horse\n");
	password_is(2, true);
	assert_has("[AUTHENTICATOR CODE]: ");
}

/* It signs in to one account, and to no other that is named. */
static void test_no_other_account(void **state)
{
	(void)state;
	has_certificate(0, 'x');
	has_certificate(1, 'y');
	comes(2, 'x');
	sends(2, "b\n");
	assert_has("-- b is registered.");
	assert_has("[PASSWORD]: ");
	sends(2, "\n");
	sends(2, "/login b\n");
	assert_has("[PASSWORD]: ");
	assert_int_equal(chat_session(chat, id(2))->state, SESSION_LOGIN);
}

/* A client that speaks first: the name may come before the greeting. */
static void test_a_script(void **state)
{
	(void)state;
	has_certificate(0, 'x');
	leaves(0);
	comes(1, 'x');
	sends(1, "a\nbackup done\n");
	assert_has("-- Your certificate signs you in.");
	/* The rest is a line. */
	assert_has("kind 1 room 6 ref 0 \"backup done\"");
}

static void test_what_cannot_be_added(void **state)
{
	struct account *a;

	(void)state;
	comes(0, '\0');
	sends(0, "a\n");
	registers(0);
	sends(0, "/cert add\n");
	assert_has("-- Your client has shown no certificate.");
	leaves(0);
	comes(1, 'x');
	sends(1, "b\n");
	registers(1);
	a = account_by_key(chat, "b");
	for (int i = 0; i < CERTS_MAX; i++) {
		struct fingerprint f = print_of((char)('1' + i));

		assert_true(cert_add(chat, a, &f, 1));
	}
	sends(1, "/cert add\n");
	assert_has("-- Your account has 5 certificates, the most it can have.");
	cert_remove(chat, a->secrets.certs);
	free(a->secrets.hash);
	a->secrets.hash = strdup("");
	sends(1, "/cert add\n");
	assert_has("-- Your account has no password to confirm this with.");
	assert_int_equal(cert_count(a), CERTS_MAX - 1);
}

/* Two connections with one certificate, each in an account of its own: the one whose password is checked first has it. */
static void test_two_at_once(void **state)
{
	(void)state;
	for (uint32_t slot = 0; slot < 2; slot++) {
		comes(slot, 'x');
		sends(slot, slot == 0 ? "a\n" : "b\n");
		registers(slot);
		sends(slot, "/cert add\n");
		sends(slot, "correct horse\n");
	}
	password_is(1, true);
	assert_has("-- From now on this certificate signs you in");
	password_is(0, true);
	assert_has("-- This connection's certificate belongs to b,");
	assert_int_equal(cert_count(account_by_key(chat, "a")), 0);
	assert_int_equal(cert_count(account_by_key(chat, "b")), 1);
}

/* The account changes while the password is checked. */
static void test_late(void **state)
{
	struct account *a;
	struct account_terms t;

	(void)state;
	comes(0, 'x');
	sends(0, "a\n");
	registers(0);
	sends(0, "/cert add\n");
	sends(0, "correct horse\n");
	a = account_by_key(chat, "a");
	t = account_terms(a);
	t.hash = "$other";
	account_change(chat, a, &t);
	password_is(0, true);
	assert_has_not("From now on");
	assert_int_equal(cert_count(a), 0);
}

/* An outage that begins while the password is checked: what the person would be told is added could be lost. */
static void test_outage(void **state)
{
	struct account *a;

	(void)state;
	comes(0, 'x');
	sends(0, "a\n");
	registers(0);
	sends(0, "/cert add\n");
	sends(0, "correct horse\n");
	step((struct event){.kind = EVENT_STORE_FAILED, .failure.reason = "the disk is full"});
	password_is(0, true);
	assert_has("-- Nothing can be saved at present (the disk is full).");
	assert_has_not("From now on");
	a = account_by_key(chat, "a");
	assert_int_equal(cert_count(a), 0);
	happens(EVENT_STORE_BACK, 0);
	sends(0, "/cert add\n");
	sends(0, "correct horse\n");
	password_is(0, true);
	assert_has("-- From now on this certificate signs you in");
	assert_int_equal(cert_count(a), 1);
}

/* Someone who may not come in is told so once, and stays at the prompt. */
static void test_banned(void **state)
{
	(void)state;
	has_certificate(0, 'x');
	leaves(0);
	step((struct event){.kind = EVENT_CONNECTED, .conn = id(5), .connected = {.from = where("unix"), .control = true}});
	sends(5, "/ban --everywhere --name a\n");
	comes(1, 'x');
	sends(1, "\n");
	assert_has("[ENTER YOUR NAME]: ");
	assert_has_not("signs you in");
	assert_int_equal(chat_session(chat, id(1))->state, SESSION_LOGIN);
	sends(1, "/login a\n");
	assert_int_equal(chat_session(chat, id(1))->state, SESSION_LOGIN);
	assert_int_equal(chat_session(chat, id(1))->unnamed.wrong, 2);
	assert_false(chat_session(chat, id(1))->presence.by_cert);
}

/* What is saved comes back as it was. */
static void test_saved(void **state)
{
	struct account *a = has_certificate(0, 'x');
	const struct effect *effects;
	char value[1024] = "";
	size_t n;

	(void)state;
	leaves(0);
	comes(1, 'x');
	sends(1, "a\n");
	account_save(chat, a);
	effects = chat_effects(chat, &n);
	for (size_t i = 0; i < n; i++)
		if (effects[i].kind == EFFECT_APPEND && effects[i].record.kind == RECORD_FACT)
			snprintf(value, sizeof value, "%s", effects[i].record.fact.value);
	assert_non_null(strstr(value, "cert0="));
	chat_free(chat);
	chat = chat_new(&config, 100, 5);
	chat_load_fact(chat, &(struct saved_fact){FACT_ACCOUNT, "a", value});
	a = account_by_key(chat, "a");
	assert_int_equal(cert_count(a), 1);
	assert_int_equal(a->secrets.certs->added_ms, wall());
	assert_int_equal(a->secrets.certs->used_ms, wall());
	comes(2, 'x');
	sends(2, "\n");
	assert_has("-- You are a, in general");
}

/* What a certificate has done for one account is not said of another. */
static void test_signed_out(void **state)
{
	const struct session *s;

	(void)state;
	has_certificate(0, 'x');
	leaves(0);
	comes(1, 'x');
	sends(1, "a\n");
	rows_come(id(1), (struct rows){.kind = QUERY_UNREAD});
	s = chat_session(chat, id(1));
	assert_true(s->presence.by_cert);
	sends(1, "/nick other\n");
	assert_has("-- You are signed out of a.");
	registers(1);
	assert_non_null(s->account);
	assert_false(s->presence.by_cert);
}

#define X "7878787878787878787878787878787878787878787878787878787878787878"
#define Y "7979797979797979797979797979797979797979797979797979797979797979"

/* A database that somebody has changed: nothing in it gives one certificate to two, or more than there may be. */
static void test_hostile_facts(void **state)
{
	const struct account *a, *b;
	struct fingerprint x = print_of('x'), y = print_of('y');

	(void)state;
	chat_load_fact(chat, &(struct saved_fact){FACT_ACCOUNT, "ann",
	               "nick=ann made=1 hash=x cert0=" X "/-5/99999999999999999999 cert1=" X "/1/1 cert2=zz cert3=" Y
	               " cert4=" Y "00/1/1 cert5=00" Y "/1/1 cert9=/1/2"});
	chat_load_fact(chat, &(struct saved_fact){FACT_ACCOUNT, "bob", "nick=bob made=2 hash=x cert0=" X "/7/8 cert1="});
	a = account_by_key(chat, "ann");
	b = account_by_key(chat, "bob");
	assert_int_equal(cert_count(a), 2);
	assert_int_equal(cert_count(b), 0);
	assert_ptr_equal(cert_find(chat, &x)->account, a);
	assert_ptr_equal(cert_find(chat, &y)->account, a);
	assert_int_equal(cert_find(chat, &x)->added_ms, 0);
	assert_int_equal(cert_find(chat, &x)->used_ms, 0);
	comes(1, 'x');
	sends(1, "ann\n");
	sends(1, "/cert\n");
	assert_has("  1  " X);
}

/* What the chat reads and what "chatd admin show" reads is the same. */
static void test_parsed(void **state)
{
	static const struct { const char *text; bool is; int64_t added_ms, used_ms; } cases[] = {
		{X "/7/8", true, 7, 8}, {X "/7", true, 7, 0}, {X, true, 0, 0}, {X "//8", true, 0, 8},
		{X "/-5/99999999999999999999", true, 0, 0}, {X "/7x/8", true, 7, 0},
		{"", false, 0, 0}, {"/7/8", false, 0, 0}, {"zz/7/8", false, 0, 0}, {X "00/7/8", false, 0, 0},
	};
	struct fingerprint x = print_of('x');

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct fingerprint print = {{0}};
		int64_t added_ms = -1, used_ms = -1;

		if (cert_parse(cases[i].text, &print, &added_ms, &used_ms) != cases[i].is)
			fail_msg("\"%s\"", cases[i].text);
		if (!cases[i].is)
			continue;
		assert_memory_equal(&print, &x, sizeof x);
		assert_int_equal(added_ms, cases[i].added_ms);
		assert_int_equal(used_ms, cases[i].used_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_second_step, begin, end),
		cmocka_unit_test_setup_teardown(test_no_other_account, begin, end),
		cmocka_unit_test_setup_teardown(test_a_script, begin, end),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_added, begin, end),
		cmocka_unit_test_setup_teardown(test_two_at_once, begin, end),
		cmocka_unit_test_setup_teardown(test_late, begin, end),
		cmocka_unit_test_setup_teardown(test_outage, begin, end),
		cmocka_unit_test_setup_teardown(test_banned, begin, end),
		cmocka_unit_test_setup_teardown(test_saved, begin, end),
		cmocka_unit_test_setup_teardown(test_signed_out, begin, end),
		cmocka_unit_test_setup_teardown(test_hostile_facts, begin, end),
		cmocka_unit_test(test_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
