/*
 * One connection to Redis: commands go out in a buffer, replies come in whole.
 *
 * Redis answers in the order of the commands, so whoever sends knows what the next reply is to.
 * Nothing here waits: the socket does not block, and the thread polls it.
 */
#ifndef CHATD_CLUSTER_WIRE_H
#define CHATD_CLUSTER_WIRE_H

#include "chatd/base/bytes.h"

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

enum { WIRE_WHY_BYTES = 400 }; /* of why a connection was lost */

struct wire {
	int fd;                 /* -1: not connected */
	redisReader *reader;    /* what came and is no whole reply yet */
	struct bytes out;       /* commands not sent yet */
	size_t unread_bytes;    /* received since the last whole reply: at most ENGINE_REPLY_BYTES_MAX */
	uint32_t unanswered;    /* commands whose reply has not come */
	bool listens;           /* messages of a channel come, which were not asked for */
	int64_t quiet_since_ms; /* CLOCK_BOOTTIME: the last reply, or the first command after all were
	                         * answered */
	char why[WIRE_WHY_BYTES]; /* once it is lost: half a sentence */
};

/* Takes the socket and makes it not block. */
void wire_open(struct wire *w, int fd);
/* Closes it, if it is open, and forgets what was under way. The wire can be opened again. */
void wire_close(struct wire *w);

/* A command that goes out with the next wire_flush: wire_begin with how many words it has, and then
 * each of them. */
void wire_begin(struct wire *w, uint32_t words);
void wire_word(struct wire *w, const char *p, size_t bytes);
/* The same of strings, up to a NULL. */
void wire_command(struct wire *w, const char *word, ...) __attribute__((sentinel));
/* AUTH with these, at once, before any other command: no copy stays in memory. user NULL: none.
 * False: the connection is lost. */
bool wire_auth(struct wire *w, const char *user, const char *password);

/* Sends what the socket takes. False: the connection is lost. */
bool wire_flush(struct wire *w);
/* Receives what is there. False: the connection is lost, though replies that came whole can still be
 * taken. */
bool wire_receive(struct wire *w);
/* The next reply, which the caller gives to freeReplyObject. NULL: none is whole yet, or (w->why is not
 * empty) what came is no reply, and the connection is lost. */
redisReply *wire_reply(struct wire *w);

/* It is a message of a channel: a list of "message", the channel, and a text. */
bool wire_is_message(const redisReply *r);

/* What poll(2) should wait for; 0 if it is closed. */
short wire_events(const struct wire *w);

#endif
