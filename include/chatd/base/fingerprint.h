/*
 * Fingerprints of certificates: SHA-256 (FIPS 180-4) over the certificate as it is encoded (DER).
 */
#ifndef CHATD_BASE_FINGERPRINT_H
#define CHATD_BASE_FINGERPRINT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	FINGERPRINT_BYTES = 32,
	FINGERPRINT_TEXT_BYTES = 2 * FINGERPRINT_BYTES + 1, /* in hex, with the NUL */
};

struct fingerprint {
	uint8_t sha256[FINGERPRINT_BYTES];
};

/* Writes it in small letters without colons, 64 characters. Returns text. */
char *fingerprint_show(const struct fingerprint *f, char text[FINGERPRINT_TEXT_BYTES]);

/* Reads all of one, in hex. Capitals and colons between bytes are fine, as openssl x509 -fingerprint writes them. */
bool fingerprint_parse(const char *text, struct fingerprint *f);

/* How many hex digits text is the beginning of a fingerprint with, written in the same way; 0: it is no beginning of
 * one. */
int fingerprint_digits(const char *text);
/* Whether f begins so; text is one that fingerprint_digits takes. */
bool fingerprint_begins(const struct fingerprint *f, const char *text);

#endif
