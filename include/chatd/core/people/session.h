/*
 * Sessions: from the connection to its end.
 */
#ifndef CHATD_CORE_PEOPLE_SESSION_H
#define CHATD_CORE_PEOPLE_SESSION_H

#include <stdbool.h>

#include "chatd/base/bounds.h"
#include "chatd/core/event.h"

struct chat;
struct session;

/* The name of the host's own session, which nobody else can have. */
#define HOST_NICK "the host"

/* EVENT_CONNECTED, of one that may come (admission_refuses). */
struct session *session_begin(struct chat *c, const struct event *e);

/* What its input waited for is there: takes its kept bytes, and lets it end if it has sent its last
 * byte. */
void session_go_on(struct chat *c, struct session *s);
/* It has sent its last byte: at the end of the step, checks whether it may end. */
void session_finish(struct chat *c, struct session *s);

/* Frees what it owns but its dialogue, when it has ended and the step is over; the slot is FREE. */
void session_free(struct session *s);

/* It waits for an answer. */
bool session_waits(const struct session *s);
/* Its input may be taken: it waits for nothing and is not being slowed down. */
bool session_ready(const struct session *s);

/* The session with a name as typed; NULL: none. */
struct session *session_named(const struct chat *c, const char *name);
/* The same; tells s if there is none. */
struct session *session_find(struct chat *c, struct session *s, const char *name);

/* Gives s a checked and free name; key as name_check made it. */
void session_name(struct chat *c, struct session *s, const char *nick, const char *key);

enum { RESUME_CODE_BYTES = 12 }; /* "k3v9x-2p7qa" and the NUL */
/* The session's code, from the random number that came with its connection. */
void resume_code(const struct session *s, char code[RESUME_CODE_BYTES]);

#endif
