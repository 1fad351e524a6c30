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

/* Part of struct session: what others see of it. */
struct presence {
	int64_t since_ms;           /* connected, or named */
	int64_t said_ms;            /* said or did something last */
	char *away;                 /* owned; "" without a text, NULL while here */
	char **ignored;             /* owned keys, nignored of IGNORES_MAX; NULL while 0 */
	uint32_t nignored;
	struct session *prev, *next; /* in members.ignorers while nignored > 0 */
	uint32_t outage;            /* number of the outage in which it was connected; 0: in none */
	struct ejection *ejection;  /* owned; it is about to be ejected; NULL: it is not */
	bool superseded;            /* ends because its owner has come back: nobody is told */
	bool farewell;              /* it ends with words of its own, for the room */
};

/* Gives s another name. People who ignore it go on ignoring it, and the room is told. key: as
 * name_check made it, and not taken. */
void session_rename(struct chat *c, struct session *s, const char *nick, const char *key);

/*
 * The session is over: leaves its room (why, if not NULL, follows the notice),
 * forgets the name, waits for no answer. With close, EFFECT_CLOSE ends the connection after what
 * is queued; without, it is gone already. *s itself, with its nick and key, can be looked at until
 * the step ends (session_reap); session_lives says that it is over.
 */
void session_end(struct chat *c, struct session *s, const char *why, bool close);

#endif
