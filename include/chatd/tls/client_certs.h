/*
 * A client's certificates, looked at before OpenSSL decodes them: the client chooses their keys, and OpenSSL decodes the
 * key of each in a chain while it reads the message. An elliptic curve with parameters of the client's own can take
 * seconds (a square root in a field of its choice), before anybody knows who asks.
 */
#ifndef CHATD_TLS_CLIENT_CERTS_H
#define CHATD_TLS_CLIENT_CERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a Certificate message of len bytes, header included (RFC 5246, 7.4.2; with tls13: RFC 8446, 4.4.2), has at most
 * TLS_CERTS_MAX certificates, each in DER as far as its key, and each key of a kind that is cheap to decode: RSA,
 * Ed25519, Ed448, or a point in full on the curves P-256, P-384 and P-521, by name. */
bool client_certs_are_plain(const uint8_t *message, size_t len, bool tls13);

#endif
