/*
 * A client's certificates, checked before OpenSSL decodes them: the client chooses their keys, and OpenSSL decodes the
 * key of each in a chain while it reads the message. An elliptic curve with explicit parameters, which the client
 * chooses too, can take seconds (a square root in a field of its choice), before the client has proved anything.
 */
#ifndef CHATD_TLS_CLIENT_CERTS_H
#define CHATD_TLS_CLIENT_CERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HANDSHAKE_HEADER = 4 }; /* bytes before the body of a handshake message (RFC 8446, 4) */

/* Whether a Certificate message of len bytes, header included (RFC 5246, 7.4.2; with tls13: RFC 8446, 4.4.2), has at
 * most TLS_CERTS_MAX certificates, each well-formed as far as its key, and each key of a kind that is cheap to decode:
 * RSA, Ed25519, Ed448, or an uncompressed point on one of the named curves P-256, P-384 and P-521. How long an RSA key
 * may be is checked later (engine.c). */
bool client_certs_are_cheap(const uint8_t *message, size_t len, bool tls13);

#endif
