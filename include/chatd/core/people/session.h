/*
 * People: from the connection to the name to the end.
 */
#ifndef CHATD_CORE_PEOPLE_SESSION_H
#define CHATD_CORE_PEOPLE_SESSION_H

#include <stdbool.h>

#include "chatd/base/bounds.h"
#include "chatd/core/event.h"

struct chat;
struct session;

/* What the host's own session is called; it is no name that anybody could have. */
#define HOST_NICK "the host"

/* EVENT_CONNECTED, of one that may come (admission_refuses). */
struct session *session_begin(struct chat *c, const struct event *e);

/* What its input waited for is there: the connection's kept bytes are offered again, and where
 * it has sent its last byte it may end. */
void session_go_on(struct chat *c, struct session *s);
/* It has sent its last byte: when the step ends, it is looked at whether it may end too. */
void session_finish(struct chat *c, struct session *s);

/* Frees what it owns but its dialogue, when it has ended and the step is over; the slot is FREE. */
void session_free(struct session *s);

/* It waits for an answer. */
bool session_waits(const struct session *s);
/* Its input may be taken: nothing it waits for, nothing it must be slowed for. */
bool session_ready(const struct session *s);

/* Who bears the name as typed; NULL: nobody who is here. */
struct session *session_named(const struct chat *c, const char *name);
/* The same; tells s if there is nobody. */
struct session *session_find(struct chat *c, struct session *s, const char *name);

/* Gives s a checked and free name; key as name_check made it. */
void session_name(struct chat *c, struct session *s, const char *nick, const char *key);

enum { RESUME_CODE_BYTES = 12 }; /* "k3v9x-2p7qa" and the NUL */
/* The session's code, from the random number that came with its connection. */
void resume_code(const struct session *s, char code[RESUME_CODE_BYTES]);

#endif
