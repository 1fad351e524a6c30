/*
 * Questions to the history, and how the answers are shown.
 */
#ifndef CHATD_CORE_ROOMS_HISTORY_H
#define CHATD_CORE_ROOMS_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/core/event.h"
#include "chatd/core/rooms/outage.h"
#include "chatd/core/state/question.h"

struct chat;
struct room;
struct session;

/* Part of struct session: its room's replay. */
struct replay {
	bool held;                  /* its feed is held back until the replay has come */
	bool of_other;              /* the replay that is under way was asked for under another name
	                             * that the session had */
	void (*settled)(struct chat *c, struct session *s); /* called once the replay has come, to tell
	                             * it more; NULL: nothing */
	void (*after)(struct chat *c, struct session *s); /* called after each replay, and after
	                             * `settled`; the session does not end before this is NULL again */
};

/* The value of room_lines.alone if more than one principal has spoken in the room, or if that is
 * not known. No principal has this name. */
#define ROOM_SEVERAL "several"

/* Part of struct room: its lines. */
struct room_lines {
	uint64_t last_id;           /* id of the newest line; 0: the room has no history */
	int64_t last_ms;            /* when that line was said, since the epoch */
	uint64_t deleted_seq;       /* newest record that deletes a line; 0: none */
	uint64_t emptied;           /* in a cluster: lines up to this record are no history any more (ACT_EMPTY) */
	struct gap gap;             /* lines that are missing, which the history does not say yet */
	char *alone;                /* owned; the only principal that ever spoke in the room
	                             * (share_who_address); "": nobody has; ROOM_SEVERAL: more than one,
	                             * or it is not known */
};

/* Shows s, which has just joined its room, the last lines, before any live ones. */
void history_replay(struct chat *c, struct session *s);

/* Shows s, which has just begun to watch r, the last lines said there, and then lets its live ones come. */
void history_watch(struct chat *c, struct session *s, const struct room *r);

/* s has changed its name since its room's replay was asked for: asks what the new name has missed.
 * s is told when the answer comes, and nothing waits for it. */
void history_recall(struct chat *c, struct session *s);

/* What the answer must cover while not everything can be saved. */
enum history_need {
	HISTORY_SAVED,   /* what is saved */
	HISTORY_ALL,     /* everything said or done so far; if that is not saved, an error */
};

/* Asks q on behalf of s, which waits for the answer; it goes to `then`. Fills in the asker and the
 * record to wait for; 0 and NULL in the other fields mean no limit. A question about the room of s
 * is dropped once s has left it. NULL: s may read none of this, and was told so. */
struct question *history_ask(struct chat *c, struct session *s, question_then *then,
                             enum history_need need, struct query q);

/* Show the answers to /history, /history with a time, /search, /mentions and /audit. */
question_then history_show, history_show_times, history_show_search, history_show_mentions,
	history_show_audit;

/* Shows s the oldest lines of its room that it has not been shown. There must be some. */
void history_catch_up(struct chat *c, struct session *s);

/* Notes, and tells s, that lines of the feed of its room, or of one that it watches, were skipped because its
 * connection was slow. first_id 0: they were only notices. */
void history_skipped(struct chat *c, struct session *s, uint32_t feed, uint32_t lines, uint64_t first_id);

#endif
