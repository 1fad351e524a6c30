/*
 * Renaming a session and ending it, with the notices to its room.
 */
#ifndef CHATD_CORE_ROOMS_PRESENCE_H
#define CHATD_CORE_ROOMS_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

struct chat;
struct session;
struct ejection;
struct fingerprint;

/* Part of struct session: what others see of it. */
struct presence {
	int64_t since_ms;           /* when it connected or, once it has a name, got it */
	int64_t said_ms;            /* when it last said or did something */
	uint64_t skeletons[2];      /* skeleton_hash of its name: of the key, and as written */
	struct fingerprint *cert;   /* owned; of the certificate whose key its client holds; NULL: none */
	char *away;                 /* owned; its /away text, "" for none; NULL: it is not away */
	char **ignored;             /* owned; keys of the people it ignores; NULL while none */
	uint32_t nignored;          /* how many; at most IGNORES_MAX */
	uint32_t outage;            /* number of the outage during which it connected; 0: none */
	struct session *prev, *next; /* in members.ignorers while nignored > 0 */
	struct ejection *ejection;  /* owned; it is about to be removed; NULL: it is not */
	uint64_t rules;             /* welcome.rules_id of those that it was shown; 0: none */
	bool tls;                   /* its connection is encrypted */
	bool by_cert;               /* its certificate has signed it in to its account, without a password */
	bool superseded;            /* it ends because its owner has come back on another connection:
	                             * no notice is shown */
	bool farewell;              /* it ends with parting words of its own, for the room */
};

/* Gives s another name and tells its room. People who ignore s go on ignoring it. key comes from
 * name_check and must not be taken. */
void session_rename(struct chat *c, struct session *s, const char *nick, const char *key);

/*
 * Ends the session: it leaves its room (why, if not NULL, follows the notice), gives up its name
 * and waits for no answer any more. close: EFFECT_CLOSE ends the connection after what is queued
 * for it; otherwise it is gone already. *s, with its nick and key, remains readable until the step
 * ends (reap in chat.c), and session_lives is false for it.
 */
void session_end(struct chat *c, struct session *s, const char *why, bool close);

/* Why somebody has left whose connection, or whose node in a cluster, does not answer any more. */
#define CONNECTION_LOST "connection lost"

/* Ends it for everybody else, as session_end does for a connection that is lost; but s keeps its connection, and is at
 * the prompt again. Without a dialogue or an ejection. */
void session_cut(struct chat *c, struct session *s);

#endif
