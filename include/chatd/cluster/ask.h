/*
 * Waiting, while a session begins: for a connection, for answers, for a time. Each ends early if the
 * thread must stop, and watches over our lease meanwhile.
 */
#ifndef CHATD_CLUSTER_ASK_H
#define CHATD_CLUSTER_ASK_H

#include "chatd/cluster/engine_state.h"

/* Connects. */
enum outcome ask_connection(struct engine_thread *t, struct wire *w);
/* The next reply on a connection, which the caller gives to freeReplyObject; an error that Redis
 * answers with is an outcome. */
enum outcome ask_reply(struct engine_thread *t, struct wire *w, redisReply **reply);
/* A reply of no interest. */
enum outcome ask_done(struct engine_thread *t, struct wire *w);
/* A reply that is a text or nothing, copied and cut; "": nothing. */
enum outcome ask_text(struct engine_thread *t, struct wire *w, char *text, size_t bytes);
/* Waits. OK, or STOP. */
enum outcome ask_time(struct engine_thread *t, int64_t ms);

#endif
