/* Which certificates of clients are plain. */
#include <time.h>
#include <openssl/core_names.h>

#include "chatd/base/bounds.h"
#include "chatd/tls/client_certs.h"
#include "tls_help.h"

/* A Certificate message with n times this certificate. The caller frees it. */
static uint8_t *message_of(X509 *certificate, int n, bool tls13, size_t *len)
{
	unsigned char *der = NULL;
	size_t bytes = (size_t)i2d_X509(certificate, &der), each = 3 + bytes + (tls13 ? 2U : 0);
	size_t list = (size_t)n * each, at = 0;
	uint8_t *m;

	*len = 4 + (tls13 ? 1U : 0) + 3 + list;
	m = calloc(1, *len);
	assert_non_null(m);
	m[at] = SSL3_MT_CERTIFICATE;
	at += 4 + (tls13 ? 1U : 0);
	m[at++] = (uint8_t)(list >> 16);
	m[at++] = (uint8_t)(list >> 8);
	m[at++] = (uint8_t)list;
	for (int i = 0; i < n; i++) {
		m[at] = (uint8_t)(bytes >> 16);
		m[at + 1] = (uint8_t)(bytes >> 8);
		m[at + 2] = (uint8_t)bytes;
		memcpy(m + at + 3, der, bytes);
		at += each;
	}
	OPENSSL_free(der);
	return m;
}

static bool is_plain(X509 *certificate, int n)
{
	bool plain[2];

	for (int tls13 = 0; tls13 < 2; tls13++) {
		size_t len;
		uint8_t *m = message_of(certificate, n, tls13, &len);

		plain[tls13] = client_certs_are_cheap(m, len, tls13);
		/* Cut anywhere, or read as the other version's, it is none; nothing is read behind its end. */
		for (size_t cut = 0; cut < len; cut++) {
			uint8_t *part = malloc(cut + !cut);

			assert_non_null(part);
			memcpy(part, m, cut);
			assert_false(client_certs_are_cheap(part, cut, tls13));
			free(part);
		}
		assert_false(client_certs_are_cheap(m, len, !tls13) && n > 0);
		free(m);
	}
	assert_int_equal(plain[0], plain[1]);
	return plain[0];
}

static bool is_plain_with(EVP_PKEY *key)
{
	struct made m = make_certificate("a");
	bool plain;

	assert_int_equal(X509_set_pubkey(m.certificate, key), 1);
	assert_true(X509_sign(m.certificate, m.key, EVP_sha256()) > 0);
	plain = is_plain(m.certificate, 1);
	EVP_PKEY_free(key);
	made_free(&m);
	return plain;
}

static EVP_PKEY *point(const char *curve, const char *parameter, const char *value)
{
	EVP_PKEY *key = EVP_EC_gen(curve);

	assert_int_equal(EVP_PKEY_set_utf8_string_param(key, parameter, value), 1);
	return key;
}

static void test_keys(void **state)
{
	(void)state;
	assert_true(is_plain_with(EVP_EC_gen("P-256")));
	assert_true(is_plain_with(EVP_EC_gen("P-384")));
	assert_true(is_plain_with(EVP_EC_gen("P-521")));
	assert_true(is_plain_with(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")));
	assert_true(is_plain_with(EVP_PKEY_Q_keygen(NULL, NULL, "ED448")));
	assert_true(is_plain_with(EVP_RSA_gen(2048)));
	assert_false(is_plain_with(EVP_EC_gen("P-224")));
	assert_false(is_plain_with(EVP_EC_gen("brainpoolP256r1")));
	assert_false(is_plain_with(EVP_EC_gen("sect283k1")));
	assert_false(is_plain_with(point("P-256", OSSL_PKEY_PARAM_EC_ENCODING, "explicit")));
	assert_false(is_plain_with(point("P-256", OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed")));
	assert_false(is_plain_with(point("P-256", OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "hybrid")));
	assert_false(is_plain_with(EVP_PKEY_Q_keygen(NULL, NULL, "X25519")));
}

static void test_many(void **state)
{
	struct made m = make_certificate("a");

	(void)state;
	assert_true(is_plain(m.certificate, 0));
	assert_true(is_plain(m.certificate, TLS_CERTS_MAX));
	assert_false(is_plain(m.certificate, TLS_CERTS_MAX + 1));
	made_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
