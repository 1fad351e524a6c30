/*
 * Clients that took the port for something else.
 *
 * A name has no blanks and no control characters, so what these protocols begin with is
 * nobody's name, and a browser that is made to send a form here says nothing to anybody.
 */
#ifndef CHATD_CORE_ENTRY_PROTOCOL_PROBE_H
#define CHATD_CORE_ENTRY_PROTOCOL_PROBE_H

#include <stdbool.h>
#include <stddef.h>

enum probe {
	PROBE_NO,      /* a person, or a script that knows us */
	PROBE_TLS,
	PROBE_HTTP,
	PROBE_SSH,
	PROBE_SMTP,
	PROBE_IRC,
	PROBE_PROXY,   /* a proxy's header (PROXY protocol), on a port that takes none */
	PROBE_BINARY,  /* nothing that people type */
};

/* What a connection's first n bytes, at least 1, are; or a whole line where a name is asked for, as
 * the first bytes may be any part of it: the network cuts where it likes. */
enum probe probe_sign(const char *p, size_t n);

/* What such a client is told: one sentence, for HTTP within an answer of RFC 9112. */
const char *probe_answer(enum probe f);

#endif
