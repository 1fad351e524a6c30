/*
 * A certificate and its key, ready for sessions (OpenSSL's SSL_CTX).
 */
#ifndef CHATD_TLS_ENGINE_H
#define CHATD_TLS_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ssl_ctx_st;

enum tls_version {
	TLS_1_2,
	TLS_1_3,
};

/* What was read from a file, in PEM; borrowed for the call. */
struct tls_pem {
	const char *path;   /* for messages */
	const char *text;
	size_t len;
};

struct tls_engine {
	struct ssl_ctx_st *context; /* owned; each session holds it as well */
	int64_t until_s;    /* the end of the certificate, since the epoch */
};

/*
 * The certificate may have its chain behind it. True: the caller gives e to tls_engine_release in the end, and
 * sessions that are open may live on. False: there is nothing to release, and problem (of size n) says which file
 * is wrong and why.
 */
bool tls_engine_init(struct tls_engine *e, const struct tls_pem *certificate, const struct tls_pem *key,
                     enum tls_version least, char *problem, size_t n);
void tls_engine_release(struct tls_engine *e);

#endif
