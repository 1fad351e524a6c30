/* TLS sessions over memory, with a client of OpenSSL's: whole and in pieces, and with what no client should send. */
#include "tls_help.h"

#include "chatd/tls/session.h"

/* Both sides of one connection. */
struct both {
	struct made made;
	struct tls_engine engine;
	struct tls_session *session;
	SSL_CTX *context;
	SSL *client;            /* it reads from the first and writes to the second: */
	BIO *to_client, *from_client;
	struct bytes plain, out; /* what the session has heard, and has to send */
	size_t piece;           /* bytes that the session gets at once */
	enum tls_result result; /* of the last piece */
};

static int begin(void **state)
{
	struct both *b = calloc(1, sizeof *b);

	assert_non_null(b);
	b->made = make_certificate("server");
	b->engine = engine_of(&b->made, TLS_1_2);
	b->session = tls_session_new(&b->engine);
	b->context = SSL_CTX_new(TLS_client_method());
	b->client = SSL_new(b->context);
	b->to_client = BIO_new(BIO_s_mem());
	b->from_client = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(b->to_client, -1);
	SSL_set_bio(b->client, b->to_client, b->from_client);
	SSL_set_connect_state(b->client);
	b->piece = 65536;
	*state = b;
	return 0;
}

static int end(void **state)
{
	struct both *b = *state;

	tls_session_free(b->session);
	tls_engine_release(&b->engine);
	SSL_free(b->client);
	SSL_CTX_free(b->context);
	bytes_release(&b->plain);
	bytes_release(&b->out);
	made_free(&b->made);
	free(b);
	return 0;
}

/* What the session has to send reaches the client. */
static void deliver(struct both *b)
{
	if (b->out.len > 0)
		BIO_write(b->to_client, b->out.data, (int)b->out.len);
	bytes_clear(&b->out);
}

/* The session gets these bytes, in memory of exactly their size. */
static void gets(struct both *b, const char *data, size_t len)
{
	char *copy = malloc(len);

	memcpy(copy, data, len);
	b->result = tls_session_receive(b->session, copy, len, &b->plain, &b->out);
	free(copy);
}

/* What the client has written reaches the session. */
static void carry(struct both *b)
{
	char buffer[65536];
	int n = BIO_read(b->from_client, buffer, sizeof buffer);

	for (size_t at = 0, len; n > 0 && at < (size_t)n; at += len) {
		len = (size_t)n - at < b->piece ? (size_t)n - at : b->piece;
		gets(b, buffer + at, len);
	}
	deliver(b);
}

static void shake_hands(struct both *b)
{
	for (int i = 0; i < 10 && !(SSL_is_init_finished(b->client) && tls_session_is_open(b->session)); i++) {
		SSL_do_handshake(b->client);
		carry(b);
	}
	assert_true(SSL_is_init_finished(b->client));
	assert_true(tls_session_is_open(b->session));
	assert_int_equal(b->result, TLS_GOES_ON);
}

static void says(struct both *b, const char *text)
{
	assert_int_equal(SSL_write(b->client, text, (int)strlen(text)), (int)strlen(text));
	carry(b);
}

static void hears(struct both *b, const char *text)
{
	char buffer[65536];
	int n = SSL_read(b->client, buffer, sizeof buffer);

	assert_int_equal(n, (int)strlen(text));
	assert_memory_equal(buffer, text, strlen(text));
}

static void talk(struct both *b, const char *version)
{
	shake_hands(b);
	assert_string_equal(SSL_get_version(b->client), version);
	says(b, "hello\n");
	assert_string_equal(b->plain.data, "hello\n");
	assert_true(tls_session_send(b->session, "hi\n", 3, &b->out));
	deliver(b);
	hears(b, "hi\n");
}

static void test_versions(void **state)
{
	struct both *b = *state;

	talk(b, "TLSv1.3");
}

static void test_older(void **state)
{
	struct both *b = *state;

	SSL_set_max_proto_version(b->client, TLS1_2_VERSION);
	talk(b, "TLSv1.2");
}

static void test_byte_by_byte(void **state)
{
	struct both *b = *state;

	b->piece = 1;
	talk(b, "TLSv1.3");
}

static void test_too_old(void **state)
{
	struct both *b = *state;

	SSL_set_max_proto_version(b->client, TLS1_1_VERSION);
	SSL_set_cipher_list(b->client, "DEFAULT@SECLEVEL=0");
	SSL_do_handshake(b->client);
	carry(b);
	assert_int_equal(b->result, TLS_FAILED);
	assert_false(tls_session_is_open(b->session));
	/* It is told so, by an alert. */
	assert_true(SSL_do_handshake(b->client) <= 0);
	assert_int_equal(SSL_get_error(b->client, -1), SSL_ERROR_SSL);
	assert_string_equal(tls_session_why(b->session), "unsupported protocol");
}

static void test_ends(void **state)
{
	struct both *b = *state;
	char c;

	shake_hands(b);
	/* The client's end: it may still be spoken to. */
	SSL_shutdown(b->client);
	carry(b);
	assert_int_equal(b->result, TLS_ENDED);
	assert_true(tls_session_send(b->session, "bye\n", 4, &b->out));
	tls_session_close(b->session, &b->out);
	deliver(b);
	hears(b, "bye\n");
	assert_int_equal(SSL_read(b->client, &c, 1), 0);
	assert_int_equal(SSL_get_error(b->client, 0), SSL_ERROR_ZERO_RETURN);
	/* Once is enough. */
	tls_session_close(b->session, &b->out);
	assert_int_equal(b->out.len, 0);
}

static void test_much(void **state)
{
	struct both *b = *state;
	size_t len = 100000, got = 0;
	char *text = malloc(len), buffer[65536];

	shake_hands(b);
	memset(text, 'x', len);
	assert_true(tls_session_send(b->session, text, len, &b->out));
	deliver(b);
	for (int n; (n = SSL_read(b->client, buffer, sizeof buffer)) > 0; got += (size_t)n)
		assert_memory_equal(buffer, text, (size_t)n);
	assert_int_equal(got, len);
	for (size_t at = 0; at < len; at += 10000)
		assert_int_equal(SSL_write(b->client, text + at, 10000), 10000);
	for (int i = 0; i < 10; i++)
		carry(b);
	assert_int_equal(b->plain.len, len);
	free(text);
}

/* Nothing of it is taken for talk, and the session is over for good. */
static void is_refused(struct both *b, const char *data, size_t len)
{
	gets(b, data, len);
	assert_int_equal(b->result, TLS_FAILED);
	assert_int_equal(b->plain.len, 0);
	gets(b, "more", 4);
	assert_int_equal(b->result, TLS_FAILED);
	bytes_clear(&b->out);
	assert_false(tls_session_send(b->session, "x", 1, &b->out));
	tls_session_close(b->session, &b->out);
	assert_int_equal(b->out.len, 0);
}

static void test_plain_text(void **state)
{
	is_refused(*state, "GET / HTTP/1.1\r\n\r\n", 18);
}

static void test_a_record_too_long(void **state)
{
	is_refused(*state, "\x16\x03\x01\xff\xff" "abc", 8);
}

static void test_junk_in_a_session(void **state)
{
	struct both *b = *state;

	shake_hands(b);
	is_refused(b, "\x17\x03\x03\x00\x20" "0123456789012345678901234567890123456789", 45);
}

static void test_renegotiation(void **state)
{
	struct both *b = *state;

	SSL_set_max_proto_version(b->client, TLS1_2_VERSION);
	SSL_clear_options(b->client, SSL_OP_NO_RENEGOTIATION);
	shake_hands(b);
	assert_int_equal(SSL_renegotiate(b->client), 1);
	SSL_do_handshake(b->client);
	carry(b);
	assert_true(SSL_do_handshake(b->client) <= 0);
	/* It is told that there is none, and may go on talking. */
	assert_int_equal(b->result, TLS_GOES_ON);
}

/* A client that asks for new keys all the time makes us work and answer, and says nothing. */
static void test_key_updates(void **state)
{
	struct both *b = *state;
	int n = 0;

	shake_hands(b);
	says(b, "hello\n");
	while (b->result == TLS_GOES_ON && n < 1000) {
		assert_int_equal(SSL_key_update(b->client, SSL_KEY_UPDATE_REQUESTED), 1);
		assert_true(SSL_do_handshake(b->client) == 1);
		carry(b);
		/* It takes our answers, or it could not ask again. */
		SSL_read(b->client, (char[64]){0}, 64);
		n++;
	}
	assert_int_equal(b->result, TLS_FAILED);
	assert_in_range(n, 10, 200);
	assert_string_equal(tls_session_why(b->session), "too many messages that say nothing");
}


int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_versions, begin, end),
		cmocka_unit_test_setup_teardown(test_older, begin, end),
		cmocka_unit_test_setup_teardown(test_byte_by_byte, begin, end),
		cmocka_unit_test_setup_teardown(test_too_old, begin, end),
		cmocka_unit_test_setup_teardown(test_ends, begin, end),
		cmocka_unit_test_setup_teardown(test_much, begin, end),
		cmocka_unit_test_setup_teardown(test_plain_text, begin, end),
		cmocka_unit_test_setup_teardown(test_a_record_too_long, begin, end),
		cmocka_unit_test_setup_teardown(test_junk_in_a_session, begin, end),
		cmocka_unit_test_setup_teardown(test_renegotiation, begin, end),
		cmocka_unit_test_setup_teardown(test_key_updates, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
