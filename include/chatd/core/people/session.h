/*
 * People: from the connection to the name to the end.
 */
#ifndef CHATD_CORE_PEOPLE_SESSION_H
#define CHATD_CORE_PEOPLE_SESSION_H

#include "chatd/core/state.h"

/* EVENT_CONNECTED, of one that may come (crowd_refuses): it is greeted (greeting.h). */
void session_begin(struct chat *c, const struct event *e);

/* An input line of len bytes was over the limit. */
void session_too_long(struct chat *c, struct session *s, uint64_t len);

/* Asks for the name, if it has none yet. */
void session_prompt(struct chat *c, const struct session *s);

/* One whole input line, valid UTF-8 without controls, in c->body. May end the
 * session. */
void session_line(struct chat *c, struct session *s, size_t len);

/*
 * The session is over: leaves its room (why, if not NULL, follows the notice),
 * forgets the name, waits for no answer. With close, EFFECT_CLOSE ends the connection after what
 * is queued; without, it is gone already. *s itself, with its nick and key, can be looked at until
 * the step ends (session_reap); session_lives says that it is over.
 */
void session_end(struct chat *c, struct session *s, const char *why, bool close);
/* At the end of each step: frees what is over. */
void session_reap(struct chat *c);
/* It is at the prompt, in the chat, or the host. */
bool session_lives(const struct session *s);

/* What its input waited for is there: the connection's kept bytes are offered again, and where
 * it has sent its last byte it may end. */
void session_go_on(struct chat *c, struct session *s);
/* It has sent its last byte: when the step ends, it is looked at whether it may end too. */
void session_finish(struct chat *c, struct session *s);

/* It waits for an answer. */
bool session_waits(const struct session *s);
/* Its input may be taken: nothing it waits for, nothing it must be slowed for. */
bool session_ready(const struct session *s);

/* Who bears the name with this key; NULL: nobody. */
struct session *session_by_key(const struct chat *c, const char *key);
/* The same for a name as typed; tells s why there is nobody. */
struct session *session_find(struct chat *c, struct session *s, const char *name);

/* Gives s a checked and free name; key as name_check made it. */
void session_name(struct chat *c, struct session *s, const char *nick, const char *key);

/* The same name under another key or case: those who ignore it go on doing so, the room
 * reads of it. key as name_check made it, and free. */
void session_rename(struct chat *c, struct session *s, const char *nick, const char *key);

/* A free name close to what was typed, into out; a number follows where the name itself is
 * taken, or looks like one that is registered. */
void session_name_suggest(const struct chat *c, const char *typed, char out[NAME_BYTES_MAX + 1],
                          char key[NAME_KEY_BYTES_MAX + 1]);

/* True, and key is filled, if s may bear it; otherwise why not, a sentence without its end. */
bool session_name_is_free(const struct chat *c, const struct session *s, const char *nick,
                          char key[NAME_KEY_BYTES_MAX + 1], char problem[NAME_PROBLEM_BYTES_MAX]);

/* Checks a wanted nick: true, and key is filled, if s may bear it. Otherwise
 * tells s why not and which it could take. */
bool session_may_bear(struct chat *c, struct session *s, const char *nick, char *key);

/* s ignores the bearer of this key. */
bool session_ignores(const struct session *s, const char *key);

/* Something is due: names not given in time, slowed input that may go on. */
void session_tick(struct chat *c);
int64_t session_due_ms(const struct chat *c);

#endif
