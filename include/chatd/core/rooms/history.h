/*
 * Asking the history, and showing what it answers.
 */
#ifndef CHATD_CORE_ROOMS_HISTORY_H
#define CHATD_CORE_ROOMS_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/core/event.h"
#include "chatd/core/rooms/outage.h"
#include "chatd/core/state/question.h"

struct chat;
struct session;

/* Part of struct session: its room's replay. */
struct replay {
	bool held;                  /* its feed is held back until the replay is there */
	bool of_other;              /* the replay that is on its way was asked for another name of its */
	void (*settled)(struct chat *c, struct session *s); /* what it is told once the replay is there;
	                             * NULL: nothing more */
	void (*after)(struct chat *c, struct session *s); /* what follows each replay, behind what
	                             * `settled` says; until it is NULL again the session does not end */
};

/* More than one has spoken in a room (room_lines.alone), or it is not known. No principal is called
 * so. */
#define ROOM_SEVERAL "several"

/* Part of struct room: its lines. */
struct room_lines {
	uint64_t last_id;           /* of the newest; 0: it has no history */
	int64_t last_ms;            /* when that was said */
	uint64_t deleted_seq;       /* newest record that deletes one; 0: none */
	struct gap gap;             /* what the history is to say that it lacks */
	char *alone;                /* owned; the one who ever spoke in it (share_who_address); "": nobody
	                             * has; ROOM_SEVERAL: more than one, or it is not known */
};

/* s has just joined its room: the last lines, before the live ones flow. */
void history_replay(struct chat *c, struct session *s);

/* s has changed its name since its room's replay was asked for. Asks what the new name has missed; s
 * is told when the answer comes, and nothing waits for it. */
void history_recall(struct chat *c, struct session *s);

/* What the answer must cover while not everything can be saved. */
enum history_need {
	HISTORY_SAVED,   /* what is saved */
	HISTORY_ALL,     /* all that was said or done so far; otherwise the answer is an error */
};

/* Asks q; s waits for the answer, which goes to `then`. Fills in who asks and after which record; 0 and
 * NULL in the other fields mean no limit. A question about its room is void once s has left it. NULL: s
 * may read none of it, and was told. */
struct question *history_ask(struct chat *c, struct session *s, question_then *then,
                             enum history_need need, struct query q);

/* Show the answers to /history, to /history of a time, to /search and to /audit. */
question_then history_show, history_show_times, history_show_search, history_show_audit;

/* Shows the oldest lines of its room that s has not been shown. There must be some. */
void history_catch_up(struct chat *c, struct session *s);

/* Lines of s's room were skipped because its connection was slow. */
void history_skipped(struct chat *c, struct session *s, uint32_t lines, uint64_t first_id);

#endif
