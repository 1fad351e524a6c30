/*
 * Certificates made for a test, and a client of OpenSSL's over memory.
 */
#ifndef CHATD_TESTS_TLS_HELP_H
#define CHATD_TESTS_TLS_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "chatd/tls/engine.h"

/* A key and a certificate for it, which signs itself, as PEM. */
struct made {
	EVP_PKEY *key;
	X509 *certificate;
	char *key_pem, *certificate_pem;
};

static inline char *pem_of(BIO *b)
{
	char *data, *copy;
	long n = BIO_get_mem_data(b, &data);

	copy = strndup(data, (size_t)n);
	BIO_free(b);
	return copy;
}

/* The same for a key, which it takes, that is good from `from` seconds before now to `until` after. */
static inline struct made certificate_for(EVP_PKEY *its, const char *name, long from, long until)
{
	struct made m = {.key = its, .certificate = X509_new()};
	X509_NAME *n = X509_get_subject_name(m.certificate);
	BIO *key = BIO_new(BIO_s_mem()), *certificate = BIO_new(BIO_s_mem());

	assert_non_null(m.key);
	X509_set_version(m.certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(m.certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(m.certificate), -from);
	X509_gmtime_adj(X509_getm_notAfter(m.certificate), until);
	X509_set_pubkey(m.certificate, m.key);
	X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(m.certificate, n);
	assert_true(X509_sign(m.certificate, m.key, EVP_PKEY_is_a(its, "ED25519") ? NULL : EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_PrivateKey(key, m.key, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(PEM_write_bio_X509(certificate, m.certificate), 1);
	m.key_pem = pem_of(key);
	m.certificate_pem = pem_of(certificate);
	return m;
}

static inline struct made make_certificate(const char *name)
{
	return certificate_for(EVP_EC_gen("P-256"), name, 0, 86400L * 30);
}

static inline void made_free(struct made *m)
{
	EVP_PKEY_free(m->key);
	X509_free(m->certificate);
	free(m->key_pem);
	free(m->certificate_pem);
}

static inline struct tls_pem pem(const char *path, const char *text)
{
	return (struct tls_pem){path, text, strlen(text)};
}

static inline struct tls_engine engine_of(const struct made *m, enum tls_version least)
{
	struct tls_pem certificate = pem("cert.pem", m->certificate_pem), key = pem("key.pem", m->key_pem);
	struct tls_engine e;
	char problem[256] = "";

	if (!tls_engine_init(&e, &certificate, &key, least, problem, sizeof problem))
		fail_msg("%s", problem);
	return e;
}

#endif
