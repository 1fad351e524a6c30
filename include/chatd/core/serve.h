/*
 * Running the server from the chat: its end counted down, its backup, its figures.
 */
#ifndef CHATD_CORE_SERVE_H
#define CHATD_CORE_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/core/event.h"

struct chat;
struct session;

/* Part of struct chat. */
struct serve {
	int64_t stop_ms;         /* when chatd goes down; 0: nobody has ordered it */
	int64_t stop_at_ms;      /* and the date of that, as it was when it was ordered: what /undo
	                          * knows the order by */
	int64_t told_ms;         /* the time left that everybody was told last */
	char *stop_by;           /* owned, like the next: who has ordered it, or NULL */
	char *stop_why;          /* and why; "": no reason was given */
	bool stop_now;           /* the time has come, and EFFECT_STOP was left */
	char *backup;            /* owned; name of the copy that is being made; NULL: none is */
	int64_t backup_ms;       /* since when */
	struct conn_id backup_for; /* whom its end is told to */
	struct figures figures;  /* as of the last /stats */
	uint32_t people_most;    /* named at one time, since the start */
	uint64_t lines;          /* said since then */
};

enum { SHUTDOWN_LEFT_BYTES = 64 };

/* -- shutdown.c ---------------------------------------------------------------------- */

/* chatd goes down in ms (0: at once), by the order of s: everybody reads it. Takes the place
 * of an order that there is. why: "" for none. */
void shutdown_order(struct chat *c, struct session *s, int64_t ms, const char *why);
/* "1 hour 30 minutes" */
const char *shutdown_left(char out[SHUTDOWN_LEFT_BYTES], int64_t ms);
/* Called off by s: everybody reads it. There is an order. */
void shutdown_call_off(struct chat *c, struct session *s);
/* Tells s how much time is left, if chatd is to go down. */
void shutdown_tell(struct chat *c, struct session *s);
/* Its time comes nearer, or has come. */
void shutdown_tick(struct chat *c);
int64_t shutdown_due_ms(const struct chat *c);
/* EVENT_STOP has come: what everybody reads. */
void shutdown_farewell(struct chat *c);

/* -- cmd_serve.c --------------------------------------------------------------------- */

/* s has asked for a backup, and is not told of its end yet. */
bool serve_owes(const struct chat *c, const struct session *s);

/* Who is called so may have no name: "the host". */
const char *serve_who(const struct session *s);
void serve_free(struct serve *serve);

#endif
