/* Certificates and keys: what is taken, and what is said of what is not. */
#include "tls_help.h"

#include <time.h>

static void refuses(const char *certificate, const char *key, const char *because)
{
	struct tls_pem c = pem("c.pem", certificate), k = pem("k.pem", key);
	struct tls_engine e;
	char problem[256] = "";

	assert_false(tls_engine_init(&e, &c, &k, TLS_1_2, problem, sizeof problem));
	assert_null(e.context);
	if (strstr(problem, because) == NULL)
		fail_msg("%s, and not %s", problem, because);
}

static void test_good(void **state)
{
	struct made m = make_certificate("chat.example.org");
	struct tls_engine e = engine_of(&m, TLS_1_2);

	(void)state;
	assert_in_range(e.until_s, time(NULL) + 29 * 86400, time(NULL) + 31 * 86400);
	tls_engine_release(&e);
	made_free(&m);
}

/* The second certificate is sent to clients as the first one's issuer. */
static void test_chain(void **state)
{
	struct made leaf = make_certificate("chat.example.org"), issuer = make_certificate("issuer");
	STACK_OF(X509) *chain = NULL;
	struct tls_pem certificate, key = pem("k.pem", leaf.key_pem);
	struct tls_engine e;
	char problem[256], *both;

	(void)state;
	assert_true(asprintf(&both, "%s\ntext between\n%s\n", leaf.certificate_pem, issuer.certificate_pem) > 0);
	certificate = pem("c.pem", both);
	assert_true(tls_engine_init(&e, &certificate, &key, TLS_1_2, problem, sizeof problem));
	SSL_CTX_get0_chain_certs(e.context, &chain);
	assert_int_equal(sk_X509_num(chain), 1);
	tls_engine_release(&e);
	/* A damaged second one is no end. */
	strstr(strstr(both, "text between"), "MII")[10] = '!';
	refuses(both, leaf.key_pem, "the certificate in c.pem cannot be used");
	free(both);
	made_free(&leaf);
	made_free(&issuer);
}

static void test_bad(void **state)
{
	struct made m = make_certificate("a"), other = make_certificate("b");
	BIO *b = BIO_new(BIO_s_mem());
	char *locked;

	(void)state;
	refuses("", m.key_pem, "c.pem has no certificate in PEM");
	refuses("junk\n", m.key_pem, "c.pem has no certificate in PEM");
	refuses(m.key_pem, m.key_pem, "c.pem has no certificate in PEM");
	refuses(m.certificate_pem, "", "k.pem has no private key in PEM");
	refuses(m.certificate_pem, m.certificate_pem, "k.pem has no private key in PEM");
	refuses(m.certificate_pem, other.key_pem, "the key in k.pem does not belong to the certificate");
	assert_int_equal(PEM_write_bio_PrivateKey(b, m.key, EVP_aes_128_cbc(), (const unsigned char *)"secret", 6,
	                                          NULL, NULL), 1);
	locked = pem_of(b);
	refuses(m.certificate_pem, locked, "the key in k.pem is encrypted");
	free(locked);
	made_free(&m);
	made_free(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
