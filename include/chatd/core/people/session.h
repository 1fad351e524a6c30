/*
 * Sessions: from the connection to its end.
 */
#ifndef CHATD_CORE_PEOPLE_SESSION_H
#define CHATD_CORE_PEOPLE_SESSION_H

#include <stdbool.h>

#include "chatd/core/event.h"

struct chat;
struct node;
struct session;

/* The name of the host's own session, which nobody else can have. */
#define HOST_NICK "the host"

/* Begins the session of an EVENT_CONNECTED that was let in (admission_refuses). */
struct session *session_begin(struct chat *c, const struct event *e);

/* Begins the session of somebody at the prompt of another node, or of its host, whose person it is by that number, from
 * what that node says of them. */
struct session *session_begin_remote(struct chat *c, struct node *node, uint64_t number, bool host,
                                     const char *fields);

/* Their connection is gone, or they have left: s stays what it is to others, without a connection, until all nodes have
 * that they leave. */
void session_detach(struct chat *c, struct session *s);

/* Continues with the input of s after a wait: its kept bytes are offered again, and if it has sent
 * its last byte, it may end. */
void session_go_on(struct chat *c, struct session *s);
/* s has sent its last byte: the end of the step checks whether it may end. */
void session_finish(struct chat *c, struct session *s);

/* Frees s, and what it owns except its dialogue. Call it when s has ended and the step is over. */
void session_free(struct chat *c, struct session *s);

/* Whether s waits for an answer that holds its input. */
bool session_waits(const struct session *s);
/* Whether input from s may be handled: it waits for nothing and is not being slowed down. */
bool session_ready(const struct session *s);

/* The session with that name, as typed; NULL: none. */
struct session *session_named(const struct chat *c, const char *name);
/* The same, but tells s if there is none. */
struct session *session_find(struct chat *c, struct session *s, const char *name);

/* The connection of s has a view, or has none any more. */
void session_view(struct chat *c, struct session *s, bool view);

/* Gives s a name that was checked and is free; key comes from name_check. */
void session_name(struct chat *c, struct session *s, const char *nick, const char *key);

enum { RESUME_CODE_BYTES = 12 }; /* "k3v9x-2p7qa" and the NUL */
/* Writes the session's /resume code, made from the random number that came with its connection. */
void resume_code(const struct session *s, char code[RESUME_CODE_BYTES]);

#endif
