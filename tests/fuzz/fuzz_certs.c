/*
 * A client's certificates, with anything in them: the first byte says by which version of TLS, then comes the message.
 *
 * What is taken for plain costs OpenSSL little to decode, and nothing is read behind the message.
 *
 *	clang -fsanitize=fuzzer,...   a libFuzzer target
 */
#include <openssl/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chatd/base/bounds.h"
#include "chatd/tls/client_certs.h"

#define CHECK(is) do { if (!(is)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #is); abort(); } } while (0)

enum {
	MS_MAX = 200,  /* of CPU for all of them, with sanitizers; a curve of the client's own takes a second */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static size_t number(const uint8_t *p, size_t n)
{
	size_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | p[i];
	return value;
}

/* As OpenSSL does with a message that is right. */
static void decode(const uint8_t *message, size_t len, bool tls13)
{
	const uint8_t *p = message + HANDSHAKE_HEADER, *end = message + len;

	p += tls13 ? 1 + p[0] : 0;
	for (p += 3; p < end;) {
		size_t n = number(p, 3);
		const unsigned char *der = p + 3;
		X509 *certificate = d2i_X509(NULL, &der, (long)n);

		if (certificate != NULL)
			X509_get0_pubkey(certificate);
		X509_free(certificate);
		p += 3 + n;
		p += tls13 ? 2 + number(p, 2) : 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool tls13 = size > 0 && (data[0] & 1) != 0;
	size_t len = size > 0 ? size - 1 : 0;
	uint8_t *message = calloc(1, len + !len);

	CHECK(message != NULL);
	memcpy(message, data + (size > 0), len);
	if (len <= TLS_CERTS_BYTES_MAX + 64 && client_certs_are_cheap(message, len, tls13)) {
		int64_t begun_ms = cpu_ms();

		decode(message, len, tls13);
		CHECK(cpu_ms() - begun_ms <= MS_MAX);
	}
	free(message);
	return 0;
}
