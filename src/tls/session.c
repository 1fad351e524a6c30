/* TLS sessions over memory. Owns OpenSSL's part of each, and how it reads and writes. */

#include "chatd/tls/session.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/tls/client_certs.h"

enum {
	READ_BYTES = 16 << 10,  /* a record's at most (RFC 8446, 5.1) */
	CHATTER_MAX = 64,       /* key updates and the like in a session: each costs 40 us, and a client
	                         * needs one in some million records */
};

struct tls_session {
	SSL *ssl;
	const char *in;         /* in a call: in_len bytes that are not read yet */
	size_t in_len;
	struct bytes *out;      /* in a call: where it writes */
	bool open, failed, closed;
	bool odd_certificate;   /* the client's is none that chatd takes */
	bool long_hello;        /* what the client begins with is too long, or all of its handshake */
	size_t shaken;          /* bytes of the client's that OpenSSL has had before it was open */
	uint32_t chatter;       /* messages in the open session that were not talk */
	const char *why;        /* static; NULL: it has not failed */
};

/* -- how OpenSSL reads and writes -------------------------------------------------------------- */

static int bio_read(BIO *bio, char *buffer, size_t size, size_t *got)
{
	struct tls_session *s = BIO_get_data(bio);
	size_t n = s->in_len < size ? s->in_len : size;

	BIO_clear_retry_flags(bio);
	/* OpenSSL would go on with such messages for as long as there are any. */
	if (s->chatter > CHATTER_MAX)
		return 0;
	if (n == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	/* It is kept until the handshake is over. */
	if (!s->open && (s->shaken += n) > TLS_HANDSHAKE_BYTES_MAX) {
		s->long_hello = true;
		return 0;
	}
	memcpy(buffer, s->in, n);
	s->in += n;
	s->in_len -= n;
	*got = n;
	return 1;
}

static int bio_write(BIO *bio, const char *data, size_t len, size_t *put)
{
	struct tls_session *s = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	bytes_append(s->out, data, len);
	*put = len;
	return 1;
}

static long bio_ctrl(BIO *bio, int command, long number, void *p)
{
	(void)bio;
	(void)number;
	(void)p;
	return command == BIO_CTRL_FLUSH;
}

/* Made once, and never freed. */
static BIO_METHOD *method(void)
{
	static BIO_METHOD *made;

	if (made == NULL && (made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "memory")) != NULL) {
		BIO_meth_set_read_ex(made, bio_read);
		BIO_meth_set_write_ex(made, bio_write);
		BIO_meth_set_ctrl(made, bio_ctrl);
	}
	return made;
}

/* A message has come, and OpenSSL is about to decode it. The handshake cannot be ended from its callback, so a message
 * that must not be decoded is overwritten, and OpenSSL fails to decode it. It is part of the transcript's hash already. */
static void spoil(const void *message, size_t len)
{
	memset((uint8_t *)(uintptr_t)message + HANDSHAKE_HEADER, 0xff, len - HANDSHAKE_HEADER);
}

static void check_message(struct tls_session *s, const void *message, size_t len)
{
	int type = *(const uint8_t *)message;

	if (type == SSL3_MT_CLIENT_HELLO && len > TLS_HELLO_BYTES_MAX)
		s->long_hello = true;
	else if (type == SSL3_MT_CERTIFICATE && !client_certs_are_cheap(message, len, SSL_version(s->ssl) == TLS1_3_VERSION))
		s->odd_certificate = true;
	else
		return;
	spoil(message, len);
}

/* What is part of the protocol: in an open session a key update, or our answer to a client that wants another
 * handshake. */
static void on_message(int is_written, int version, int type, const void *data, size_t len, SSL *ssl, void *ctx)
{
	struct tls_session *s = ctx;

	(void)version;
	(void)ssl;
	if (!is_written && type == SSL3_RT_HANDSHAKE && len > HANDSHAKE_HEADER)
		check_message(s, data, len);
	if (s->open)
		s->chatter += type == (is_written ? SSL3_RT_ALERT : SSL3_RT_HANDSHAKE);
}

/* -- life -------------------------------------------------------------------------------------- */

struct tls_session *tls_session_new(const struct tls_engine *e)
{
	struct tls_session *s = mem_zero(1, sizeof *s);
	BIO *bio = method() != NULL ? BIO_new(method()) : NULL;

	s->ssl = SSL_new(e->context);
	if (s->ssl == NULL || bio == NULL) {
		BIO_free(bio);
		tls_session_free(s);
		return NULL;
	}
	BIO_set_data(bio, s);
	BIO_set_init(bio, 1);
	SSL_set_bio(s->ssl, bio, bio);
	SSL_set_accept_state(s->ssl);
	SSL_set_msg_callback(s->ssl, on_message);
	SSL_set_msg_callback_arg(s->ssl, s);
	return s;
}

void tls_session_free(struct tls_session *s)
{
	if (s == NULL)
		return;
	SSL_free(s->ssl);
	free(s);
}

/* -- what comes -------------------------------------------------------------------------------- */

static enum tls_result fail(struct tls_session *s)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	s->failed = true;
	s->why = s->odd_certificate          ? "the client's certificates are of a kind that chatd does not take"
	         : s->long_hello            ? "the client's handshake is too long"
	         : s->chatter > CHATTER_MAX ? "too many messages that say nothing"
	         : reason != NULL         ? reason : "the protocol was broken";
	return TLS_FAILED;
}

/* After a call of OpenSSL's that did not succeed. */
static enum tls_result explain(struct tls_session *s)
{
	switch (SSL_get_error(s->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		return TLS_GOES_ON;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_ENDED;
	default:
		return fail(s);
	}
}

static enum tls_result read_all(struct tls_session *s, struct bytes *plain)
{
	UNCLEARED char buffer[READ_BYTES];
	size_t n, most = 0;

	while (SSL_read_ex(s->ssl, buffer, sizeof buffer, &n) == 1) {
		bytes_append(plain, buffer, n);
		most = n > most ? n : most;
	}
	/* It may have been a password. */
	explicit_bzero(buffer, most);
	return explain(s);
}

enum tls_result tls_session_receive(struct tls_session *s, const char *data, size_t len, struct bytes *plain,
                                    struct bytes *out)
{
	enum tls_result result = TLS_GOES_ON;

	if (s->failed)
		return TLS_FAILED;
	ERR_clear_error();
	s->in = data;
	s->in_len = len;
	s->out = out;
	if (!s->open) {
		s->open = SSL_do_handshake(s->ssl) == 1;
		if (!s->open)
			result = explain(s);
	}
	if (s->open)
		result = read_all(s, plain);
	s->out = NULL;
	/* What follows the end is dropped. */
	s->in_len = 0;
	return result;
}

const char *tls_session_why(const struct tls_session *s)
{
	return s->why != NULL ? s->why : "it has not failed";
}

bool tls_session_is_open(const struct tls_session *s)
{
	return s->open;
}

bool tls_session_certificate(const struct tls_session *s, struct fingerprint *print)
{
	const X509 *certificate = s->open ? SSL_get0_peer_certificate(s->ssl) : NULL;
	unsigned n;

	return certificate != NULL && X509_digest(certificate, EVP_sha256(), print->sha256, &n) == 1 &&
	       n == sizeof print->sha256;
}

/* -- what goes --------------------------------------------------------------------------------- */

bool tls_session_send(struct tls_session *s, const char *data, size_t len, struct bytes *out)
{
	size_t n;

	if (s->failed || !s->open)
		return false;
	ERR_clear_error();
	s->out = out;
	for (; len > 0; data += n, len -= n)
		if (SSL_write_ex(s->ssl, data, len, &n) != 1) {
			fail(s);
			break;
		}
	s->out = NULL;
	return !s->failed;
}

void tls_session_close(struct tls_session *s, struct bytes *out)
{
	if (s->failed || s->closed || !s->open)
		return;
	ERR_clear_error();
	s->closed = true;
	s->out = out;
	SSL_shutdown(s->ssl);
	s->out = NULL;
}
