/*
 * One TLS session, the server's side of it, over memory: encrypted bytes come in and go out, plain ones come
 * out and go in. It knows no socket.
 */
#ifndef CHATD_TLS_SESSION_H
#define CHATD_TLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fingerprint.h"
#include "chatd/tls/engine.h"

struct tls_session;

enum tls_result {
	TLS_GOES_ON,
	TLS_ENDED,      /* the client has said that nothing more comes from it (close_notify) */
	TLS_FAILED,     /* what came is no TLS, or not what the session may have; there is an alert to send */
};

/* NULL: there is no memory for one. */
struct tls_session *tls_session_new(const struct tls_engine *e);
void tls_session_free(struct tls_session *s);

/* Takes what the client sent. What it says is added to plain, and what is to be sent to it to out. A whole
 * handshake costs about 0.75 ms of CPU time (ECDSA), 1.2 ms with a client's certificate. */
enum tls_result tls_session_receive(struct tls_session *s, const char *data, size_t len, struct bytes *plain,
                                    struct bytes *out);
/* Why it failed: a phrase, static. */
const char *tls_session_why(const struct tls_session *s);

/* The handshake is done: only then is there anything to say, or to be heard. */
bool tls_session_is_open(const struct tls_session *s);

/* The certificate whose key an open session's client has proved to hold: nothing else about it was checked. False: it
 * has shown none. */
bool tls_session_certificate(const struct tls_session *s, struct fingerprint *print);

/* Adds data to out, encrypted. False: the session has failed. */
bool tls_session_send(struct tls_session *s, const char *data, size_t len, struct bytes *out);
/* Adds to out that nothing more comes (close_notify). */
void tls_session_close(struct tls_session *s, struct bytes *out);

#endif
