/* Certificates and keys. Owns what they are loaded into; reads no file. */

#include "chatd/tls/engine.h"

#include <assert.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "chatd/base/bounds.h"

/* What OpenSSL says of the last error. */
static const char *why(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	return reason != NULL ? reason : "OpenSSL does not say why";
}

/* A key that is encrypted has no password here: nobody is there to type it. */
static int no_password(char *buffer, int size, int writing, void *ctx)
{
	(void)size;
	(void)writing;
	*(bool *)ctx = true;
	buffer[0] = '\0';
	return -1;
}

static BIO *reader(const struct tls_pem *pem)
{
	assert(pem->len <= INT_MAX);
	return BIO_new_mem_buf(pem->text, (int)pem->len);
}

/* The certificates after the first. Their end is the end of the file, or what is no certificate. */
static bool load_chain(SSL_CTX *context, BIO *in)
{
	X509 *next;

	while ((next = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL)
		if (SSL_CTX_add0_chain_cert(context, next) != 1) {
			X509_free(next);
			return false;
		}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return false;
	ERR_clear_error();
	return true;
}

static bool until(const X509 *certificate, int64_t *until_s)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1)
		return false;
	*until_s = timegm(&tm);
	return true;
}

static bool load_certificate(struct tls_engine *e, const struct tls_pem *pem, char *problem, size_t n)
{
	BIO *in = reader(pem);
	X509 *first = in != NULL ? PEM_read_bio_X509_AUX(in, NULL, NULL, NULL) : NULL;
	bool ok = first != NULL && SSL_CTX_use_certificate(e->context, first) == 1 &&
	          until(first, &e->until_s) && load_chain(e->context, in);

	if (!ok && first == NULL)
		snprintf(problem, n, "%s has no certificate in PEM: %s", pem->path, why());
	else if (!ok)
		snprintf(problem, n, "the certificate in %s cannot be used: %s", pem->path, why());
	X509_free(first);
	BIO_free(in);
	return ok;
}

static bool load_key(struct tls_engine *e, const struct tls_pem *pem, char *problem, size_t n)
{
	bool encrypted = false;
	BIO *in = reader(pem);
	EVP_PKEY *key = in != NULL ? PEM_read_bio_PrivateKey(in, NULL, no_password, &encrypted) : NULL;
	bool ok = key != NULL && SSL_CTX_use_PrivateKey(e->context, key) == 1 &&
	          SSL_CTX_check_private_key(e->context) == 1;

	if (encrypted)
		snprintf(problem, n, "the key in %s is encrypted; chatd takes no password for it", pem->path);
	else if (key == NULL)
		snprintf(problem, n, "%s has no private key in PEM: %s", pem->path, why());
	else if (!ok)
		snprintf(problem, n, "the key in %s does not belong to the certificate", pem->path);
	EVP_PKEY_free(key);
	BIO_free(in);
	return ok;
}

/* -- the client's certificate -------------------------------------------------------------------- */

/* The signatures that it may prove its key with. */
static const char client_signatures[] =
	"ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ed25519:ed448:"
	"rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
	"rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512";

/* The client chooses its key: it must be one that others cannot compute, and whose signatures cost little to check. */
static bool key_is_usable(const EVP_PKEY *key)
{
	char group[32] = "";
	BIGNUM *exponent = NULL;
	int bits = EVP_PKEY_get_bits(key);
	bool ok;

	if (EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448"))
		return true;
	if (EVP_PKEY_is_a(key, "EC"))
		return EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
		       (strcmp(group, "prime256v1") == 0 || strcmp(group, "secp384r1") == 0 ||
		        strcmp(group, "secp521r1") == 0);
	ok = EVP_PKEY_is_a(key, "RSA") && bits >= TLS_RSA_BITS_LEAST && bits <= TLS_RSA_BITS_MAX &&
	     EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
	     BN_num_bits(exponent) <= TLS_RSA_EXPONENT_BITS_MAX;
	BN_free(exponent);
	return ok;
}

/*
 * Takes the place of OpenSSL's verification. Any certificate will do, whoever signed it, whatever names it has and
 * whenever it ends: what counts is that the client holds its key, which the protocol makes it prove, and which
 * certificate it is (its fingerprint). So no chain is built, and nothing in it is believed.
 */
static int accept_certificate(X509_STORE_CTX *store, void *ctx)
{
	const X509 *first = X509_STORE_CTX_get0_cert(store);
	const EVP_PKEY *key = first != NULL ? X509_get0_pubkey(first) : NULL;

	(void)ctx;
	if (sk_X509_num(X509_STORE_CTX_get0_untrusted(store)) > TLS_CERTS_MAX) {
		X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_CHAIN_TOO_LONG);
		return 0;
	}
	if (key != NULL && key_is_usable(key))
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

/* A client is asked for a certificate, and need not have one. The list of authorities stays empty: any. */
static bool ask_for_certificate(SSL_CTX *context)
{
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(context, accept_certificate, NULL);
	SSL_CTX_set_max_cert_list(context, TLS_CERTS_BYTES_MAX);
	return SSL_CTX_set1_client_sigalgs_list(context, client_signatures) == 1;
}

#define CURVES "X25519:P-256:X448:P-521:P-384"

/* In TLS 1.3 a client may choose any group that OpenSSL has. The curves take up to 2 ms; finite fields (RFC 7919) up to
 * 120, for a client that sends random bytes. */
static bool choose_groups(SSL_CTX *context)
{
	/* From OpenSSL 3.5 on. */
	if (SSL_CTX_set1_groups_list(context, "X25519MLKEM768:" CURVES) == 1)
		return true;
	ERR_clear_error();
	return SSL_CTX_set1_groups_list(context, CURVES) == 1;
}

static bool set_up(SSL_CTX *context, enum tls_version least)
{
	SSL_CTX_set_min_proto_version(context, least == TLS_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
	/* An idle session gives its buffers back, about 34 KiB. */
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
	                          SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
	                             SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
#ifdef SSL_OP_NO_RX_CERTIFICATE_COMPRESSION
	/* From OpenSSL 3.2 on, a client's certificates could come in another message, past client_certs.h. */
	SSL_CTX_set_options(context, SSL_OP_NO_RX_CERTIFICATE_COMPRESSION);
#endif
	/* People stay for hours; to resume a session would save nothing, and each would be kept. */
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(context, 0);
	return choose_groups(context) && ask_for_certificate(context);
}

bool tls_engine_init(struct tls_engine *e, const struct tls_pem *certificate, const struct tls_pem *key,
                     enum tls_version least, char *problem, size_t n)
{
	ERR_clear_error();
	*e = (struct tls_engine){.context = SSL_CTX_new(TLS_server_method())};
	if (e->context == NULL || !set_up(e->context, least)) {
		snprintf(problem, n, "OpenSSL cannot be used: %s", why());
		tls_engine_release(e);
		return false;
	}
	if (!load_certificate(e, certificate, problem, n) || !load_key(e, key, problem, n)) {
		tls_engine_release(e);
		return false;
	}
	return true;
}

void tls_engine_release(struct tls_engine *e)
{
	SSL_CTX_free(e->context);
	e->context = NULL;
}
