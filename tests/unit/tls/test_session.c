/* TLS sessions over memory, with a client of OpenSSL's: whole and in pieces, and with what no client should send. */
#include "tls_help.h"

#include "chatd/base/bounds.h"
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

/* -- the client's certificate ---------------------------------------------------------------- */

static const char *const versions[] = {"TLSv1.2", "TLSv1.3"};

static void speaks(struct both *b, const char *version)
{
	if (strcmp(version, "TLSv1.2") == 0)
		SSL_set_max_proto_version(b->client, TLS1_2_VERSION);
}

static void has(struct both *b, struct made *m)
{
	assert_int_equal(SSL_use_certificate(b->client, m->certificate), 1);
	assert_int_equal(SSL_use_PrivateKey(b->client, m->key), 1);
}

/* As many steps as it takes, however it ends. */
static void tries(struct both *b)
{
	for (int i = 0; i < 10 && b->result == TLS_GOES_ON; i++) {
		SSL_do_handshake(b->client);
		carry(b);
	}
}

/* What openssl x509 -fingerprint -sha256 says: over the DER. */
static struct fingerprint fingerprint_of(X509 *certificate)
{
	struct fingerprint f;
	unsigned char *der = NULL;
	int n = i2d_X509(certificate, &der);

	assert_true(n > 0);
	assert_int_equal(EVP_Digest(der, (size_t)n, f.sha256, NULL, EVP_sha256(), NULL), 1);
	OPENSSL_free(der);
	return f;
}

static void is_known(struct made *m)
{
	struct fingerprint f = fingerprint_of(m->certificate), got;

	for (int i = 0; i < 2; i++) {
		void *state;
		struct both *b;

		begin(&state);
		b = state;
		speaks(b, versions[i]);
		has(b, m);
		assert_false(tls_session_certificate(b->session, &got));
		talk(b, versions[i]);
		assert_true(tls_session_certificate(b->session, &got));
		assert_memory_equal(&got, &f, sizeof f);
		end(&state);
	}
	made_free(m);
}

/* Whoever has signed it, and whatever its dates are. */
static void test_certificates(void **state)
{
	struct made m[] = {
		make_certificate("alice"), certificate_for(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "a", 0, 60),
		certificate_for(EVP_RSA_gen(2048), "a", 0, 60), certificate_for(EVP_EC_gen("P-384"), "a", 0, 60),
		certificate_for(EVP_EC_gen("P-256"), "ended", 7200, -3600),
		certificate_for(EVP_EC_gen("P-256"), "to come", -3600, 7200),
	};

	(void)state;
	for (size_t i = 0; i < sizeof m / sizeof m[0]; i++)
		is_known(&m[i]);
}

static void test_no_certificate(void **state)
{
	struct both *b = *state;
	struct fingerprint got;

	talk(b, "TLSv1.3");
	assert_false(tls_session_certificate(b->session, &got));
}

/* It is asked for one of anybody's: a list of authorities would keep clients from showing theirs. */
static void test_no_authorities(void **state)
{
	struct both *b = *state;
	const STACK_OF(X509_NAME) *names;

	talk(b, "TLSv1.3");
	names = SSL_get0_peer_CA_list(b->client);
	assert_true(names == NULL || sk_X509_NAME_num(names) == 0);
}

static void is_turned_away(struct both *b)
{
	struct fingerprint got;

	tries(b);
	assert_int_equal(b->result, TLS_FAILED);
	assert_false(tls_session_is_open(b->session));
	assert_false(tls_session_certificate(b->session, &got));
}

/* Keys that others could compute, that cost too much, or that nobody has. */
static void test_keys_that_prove_nothing(void **state)
{
	struct made m[] = {
		certificate_for(EVP_RSA_gen(1024), "short", 0, 60),
		certificate_for(EVP_EC_gen("P-224"), "another curve", 0, 60),
		certificate_for(EVP_EC_gen("brainpoolP256r1"), "another curve", 0, 60),
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof m / sizeof m[0]; i++) {
		void *its;
		struct both *b;

		begin(&its);
		b = its;
		speaks(b, versions[i % 2]);
		SSL_set_security_level(b->client, 0);
		SSL_set1_groups_list(b->client, "P-256:P-224:brainpoolP256r1");
		has(b, &m[i / 2]);
		tries(b);
		/* A client that finds no signature that both know shows none. */
		if (b->result == TLS_GOES_ON)
			assert_false(tls_session_certificate(b->session, &(struct fingerprint){{0}}));
		else
			is_turned_away(b);
		end(&its);
	}
	for (size_t i = 0; i < sizeof m / sizeof m[0]; i++)
		made_free(&m[i]);
}

/* An RSA key whose public exponent is as long as the key: each signature of its would cost us many milliseconds. */
static void test_a_costly_key(void **state)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *e = BN_new();
	EVP_PKEY *key = NULL;
	struct made m;

	BN_set_bit(e, 40);
	BN_set_bit(e, 0);
	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048), 1);
	assert_int_equal(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e), 1);
	assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
	m = certificate_for(key, "costly", 0, 60);
	has(*state, &m);
	is_turned_away(*state);
	made_free(&m);
	BN_free(e);
	EVP_PKEY_CTX_free(ctx);
}

/* Somebody else's certificate, which is public, without its key: for OpenSSL's client both are one object, in which the
 * key is exchanged. */
static void test_a_stolen_certificate(void **state)
{
	struct made hers = make_certificate("alice");

	for (int i = 0; i < 2; i++) {
		EVP_PKEY *mine = EVP_EC_gen("P-256");
		void *its = *state;
		struct both *b;

		begin(&its);
		b = its;
		speaks(b, versions[i]);
		/* The client looks whether they belong together only when it is given them. */
		X509 *posed = X509_dup(hers.certificate);
		assert_int_equal(X509_set_pubkey(posed, mine), 1);
		assert_int_equal(SSL_use_certificate(b->client, posed), 1);
		assert_int_equal(SSL_use_PrivateKey(b->client, mine), 1);
		assert_int_equal(X509_set_pubkey(posed, hers.key), 1);
		is_turned_away(b);
		assert_string_equal(tls_session_why(b->session), "bad signature");
		X509_free(posed);
		EVP_PKEY_free(mine);
		end(&its);
	}
	made_free(&hers);
}

/* A client that shows its certificate with so many of its authorities'. */
static struct both *has_chain(struct made *m, int authorities)
{
	void *state;
	struct both *b;

	begin(&state);
	b = state;
	has(b, m);
	for (int i = 0; i < authorities; i++)
		assert_int_equal(SSL_add1_chain_cert(b->client, m->certificate), 1);
	return b;
}

/* Some of a chain is fine, more than is kept is not. */
static void test_a_long_chain(void **state)
{
	struct made m = make_certificate("alice");
	void *its = has_chain(&m, TLS_CERTS_MAX - 1);

	(void)state;
	talk(its, "TLSv1.3");
	assert_true(tls_session_certificate(((struct both *)its)->session, &(struct fingerprint){{0}}));
	end(&its);
	its = has_chain(&m, TLS_CERTS_MAX);
	is_turned_away(its);
	assert_string_equal(tls_session_why(((struct both *)its)->session),
	                    "the client's certificates are of a kind that chatd does not take");
	end(&its);
	its = has_chain(&m, TLS_CERTS_BYTES_MAX / 200);
	is_turned_away(its);
	assert_string_equal(tls_session_why(((struct both *)its)->session), "excessive message size");
	end(&its);
	made_free(&m);
}

/* -- what it costs ----------------------------------------------------------------------------- */

/* The client chooses the group: none may take long. */
static void test_groups(void **state)
{
	static const char *const good[] = {"X25519", "P-256", "P-384", "P-521", "X448"};
	static const char *const bad[] = {"ffdhe2048", "ffdhe8192"};
	void *its;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		begin(&its);
		assert_int_equal(SSL_set1_groups_list(((struct both *)its)->client, good[i]), 1);
		talk(its, "TLSv1.3");
		end(&its);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		begin(&its);
		assert_int_equal(SSL_set1_groups_list(((struct both *)its)->client, bad[i]), 1);
		is_turned_away(its);
		end(&its);
	}
}

/* -- how long a handshake is ------------------------------------------------------------------- */

/* A client whose hello has that many bytes, for its names of protocols. */
static struct both *greets_with(size_t bytes)
{
	unsigned char names[2 * TLS_HELLO_BYTES_MAX];
	void *state;
	struct both *b;
	size_t len;

	begin(&state);
	b = state;
	SSL_do_handshake(b->client);
	/* Without the record's header; each extension has one of four bytes, and this a length of two. */
	len = bytes - (BIO_ctrl_pending(b->from_client) - 5) - 6;
	SSL_free(b->client);
	b->client = SSL_new(b->context);
	b->to_client = BIO_new(BIO_s_mem());
	b->from_client = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(b->to_client, -1);
	SSL_set_bio(b->client, b->to_client, b->from_client);
	SSL_set_connect_state(b->client);
	/* Names of one byte, and one of two. */
	memset(names, 1, sizeof names);
	names[0] += len % 2;
	assert_int_equal(SSL_set_alpn_protos(b->client, names, (unsigned)len), 0);
	SSL_do_handshake(b->client);
	assert_int_equal(BIO_ctrl_pending(b->from_client), bytes + 5);
	return b;
}

static void test_a_long_hello(void **state)
{
	void *its = greets_with(TLS_HELLO_BYTES_MAX);

	(void)state;
	talk(its, "TLSv1.3");
	end(&its);
	its = greets_with(TLS_HELLO_BYTES_MAX + 1);
	is_turned_away(its);
	assert_string_equal(tls_session_why(((struct both *)its)->session), "the client's handshake is too long");
	end(&its);
}

/* A hello that would become as long as OpenSSL takes one, in pieces: no more than the bound is kept of it. */
static void test_a_hello_without_end(void **state)
{
	static const char head[] = "\x16\x03\x01\x04\x00\x01\x02\x00\x00";
	struct both *b = *state;
	char record[5 + 1024] = "\x16\x03\x01\x04";
	size_t sent = sizeof record;

	memcpy(record, head, sizeof head - 1);
	gets(b, record, sizeof record);
	memset(record + 5, 0, sizeof record - 5);
	for (; b->result == TLS_GOES_ON && sent <= 2 * TLS_HANDSHAKE_BYTES_MAX; sent += sizeof record)
		gets(b, record, sizeof record);
	assert_int_equal(b->result, TLS_FAILED);
	assert_in_range(sent, TLS_HANDSHAKE_BYTES_MAX, TLS_HANDSHAKE_BYTES_MAX + sizeof record);
	assert_string_equal(tls_session_why(b->session), "the client's handshake is too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_a_long_hello),
		cmocka_unit_test_setup_teardown(test_a_hello_without_end, begin, end),
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
		cmocka_unit_test(test_certificates),
		cmocka_unit_test_setup_teardown(test_no_certificate, begin, end),
		cmocka_unit_test_setup_teardown(test_no_authorities, begin, end),
		cmocka_unit_test(test_keys_that_prove_nothing),
		cmocka_unit_test_setup_teardown(test_a_costly_key, begin, end),
		cmocka_unit_test(test_a_stolen_certificate),
		cmocka_unit_test(test_a_long_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
